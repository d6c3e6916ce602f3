/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_CONTROLLER_IMPL_H
#define HB_CONTROLLER_IMPL_H

#include "core/controller.h"
#include "core/select.h"
#include "core/units.h"

/* The inside of the controller, shared by its files; not installed.
 *   controller.c        create, the way in, what can be asked of it
 *   controller_rules.c  phase x input -> what to do
 *   lane.c              requests, timers, retries
 *   primary.c           STARTING, SERVED, LINGERING; the loss of a primary
 *   decide.c            forecasts and policies: whether, where to
 *   mirror.c            PROVISIONING to STEERING, and how a mirror ends
 *   monitor.c           MONITORING, PROMOTING, REVERTING
 *   spare.c             the instance that is neither primary nor mirror
 *   dns.c               the client's record
 *   sites.c             capacity, routes, going down and coming up
 *   announce.c          routes: attributes by where the endpoints are, draining
 *   watch.c             health: probes and what they say */

/* What a req belongs to. A client waits for at most one req on each lane; of
 * the same lane only the latest counts. A req is sequence << 32 | lane << 28 |
 * client, so that its owner is found at once. */
enum hb_lane {
    HB_LANE_PREDICT,
    HB_LANE_TICK,        /* timer: decide again, look after DNS */
    HB_LANE_PHASE,       /* timer: time-out, back-off or end of the phase */
    HB_LANE_SPARE_TIMER,
    HB_LANE_PRIMARY,
    HB_LANE_MIRROR,
    HB_LANE_DNS,
    HB_LANE_SPARE,
    HB_LANE_COUNT,       /* of those that a client waits on */
    HB_LANE_NONE = HB_LANE_COUNT, /* nobody waits for the answer */
    HB_LANE_ROUTE,       /* client: the site; so of all that follow */
    HB_LANE_PROBE,
    HB_LANE_BEAT,        /* timer: the next probe */
    HB_LANE_VERDICT,     /* timer: missed, or silent for too long */
    HB_LANE_HOLD,        /* timer: up for long enough */
    HB_LANE_STEER,       /* timer: a site is drained; site_count: weigh the sites again */
};

#define HB_LANE_CLIENT_BITS 28

/* Inputs of the state machine: an event once its req has found its lane. */
#define HB_INPUT_LIST(X)                                                              \
    X(CONNECTED) X(SEEN) X(SERVED) X(DISCONNECTED) X(CONSENTED) X(WITHDRAWN)          \
    X(FORECAST) X(PRIMARY_DONE) X(MIRROR_DONE) X(DNS_DONE) X(SPARE_DONE)              \
    X(PHASE_DUE) X(TICK_DUE) X(SPARE_DUE) X(PRIMARY_DOWN) X(MIRROR_DOWN)

enum hb_input {
#define X(name) HB_INPUT_##name,
    HB_INPUT_LIST(X)
#undef X
        HB_INPUT_COUNT
};

enum hb_spare_state {
    HB_SPARE_NONE,
    HB_SPARE_DRAINING, /* runs until stale DNS answers have expired */
    HB_SPARE_STANDBY,
    HB_SPARE_STOPPING,
};

#define HB_HORIZON_BACKUP (UINT8_MAX - 1) /* no decision: the mirror that is always kept */
#define HB_HORIZON_NONE UINT8_MAX /* the decision was about the present place */

/* The course of a mirror under way; instants are HB_NEVER_NS until reached. */
struct hb_controller_course {
    int64_t decided_ns, provisioned_ns, synced_ns, steered_ns, arrived_ns, connected_ns;
    double bytes;  /* of state, copied to the mirror */
};

/* One client: 112 bytes. */
struct hb_controller_client {
    int64_t calm_ns;    /* no new mirror (or new primary after a failure) before */
    int64_t asked_ns;   /* the latest forecast */
    int64_t debt_at_ns; /* debt is accrued up to here */
    double debt;        /* ski_rental: regret, money; lyapunov: ms x s */
    uint32_t waiting[HB_LANE_COUNT]; /* sequence waited for; 0: none */
    uint32_t sequence;               /* of the latest req */
    uint32_t place, served, primary;
    uint32_t mirror; /* policy static, which has none: the home site */
    uint32_t spare;
    uint32_t epoch;
    uint32_t course; /* index of the mirror's; HB_NONE: there is no mirror */
    float confidence;                /* of the mirror's decision */
    float spare_confidence;          /* that the spare is needed again */
    uint8_t phase, attempts, spare_state, spare_attempts;
    uint8_t horizon_index; /* of the mirror's decision */
    uint8_t asked_index;   /* of the latest question */
    uint8_t is_connected : 1, has_consent : 1;
    uint8_t is_backing_off : 1; /* the PHASE timer ends a pause, not a time-out */
    uint8_t is_resuming : 1;    /* STARTING, PROVISIONING: resume instead of provision */
    uint8_t is_fencing : 1;     /* STARTING: the instance runs, its fence is under way */
    uint8_t is_sustaining : 1;  /* MONITORING: served by the mirror at present */
    uint8_t has_record : 1;     /* DNS may hold a record of the client */
    uint8_t is_record_stale : 1; /* the latest DNS command failed */
    uint8_t is_taking_over : 1;  /* STARTING, is_resuming: the standby replaces a dead primary */
    uint8_t misses : 7;          /* probes in a row that its instance has not answered */
};

_Static_assert(sizeof(struct hb_controller_client) <= 112, "a client stays small");

struct hb_controller {
    struct hb_controller_setup setup;
    struct hb_ports ports;
    struct hb_select *select;
    struct hb_select_site *sites;
    struct hb_watch *watch; /* core/watch.c */
    struct hb_controller_client *clients;
    /* Of the mirrors under way: those that were never used are address space only. */
    struct hb_controller_course *courses; /* [client_capacity] */
    uint32_t *free_courses;               /* stack of those given back */
    uint32_t free_count, fresh_course;    /* from fresh_course on none was ever used */
    int64_t now_ns;
    double weight_max;       /* of the sites, see announce.c */
    uint32_t steer_sequence; /* of the timers on HB_LANE_STEER */
    int is_steering;
};

typedef void hb_rule(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event);

/* Never NULL: HB_PHASE x HB_INPUT is total. */
hb_rule *hb_controller_rule(enum hb_phase phase, enum hb_input input);
/* The rule that does nothing, on purpose. */
hb_rule hb_controller_ignore;

static inline struct hb_controller_client *hb_client(struct hb_controller *controller,
    uint32_t client)
{
    return &controller->clients[client];
}

/* Of a client that has a mirror. */
static inline struct hb_controller_course *hb_course(const struct hb_controller *controller,
    uint32_t client)
{
    return &controller->courses[controller->clients[client].course];
}

/* RTT between the client's place and a site, as believed. */
static inline double hb_client_rtt_ms(const struct hb_controller *controller, uint32_t client,
    uint32_t site)
{
    return hb_map_rtt_ms(controller->setup.map, controller->clients[client].place, site);
}

/* From PROVISIONING to REVERTING there is a mirror. */
static inline int hb_phase_has_mirror(uint32_t phase)
{
    return phase >= HB_PHASE_PROVISIONING && phase <= HB_PHASE_REVERTING;
}

/* controller.c */
void hb_controller_enter(struct hb_controller *controller, uint32_t client, enum hb_phase phase);
void hb_controller_emit(struct hb_controller *controller, uint32_t client,
    struct hb_sample *sample);
/* ... with another place than the client's own. */
void hb_controller_emit_at(struct hb_controller *controller, uint32_t client, uint32_t place,
    struct hb_sample *sample);
void hb_controller_emit_primary(struct hb_controller *controller, uint32_t client, uint32_t site);

/* lane.c */
uint64_t hb_lane_open(struct hb_controller *controller, uint32_t client, enum hb_lane lane);
/* req of what the lane waits for; 0: nothing. */
uint64_t hb_lane_req(const struct hb_controller *controller, uint32_t client, enum hb_lane lane);
/* Whether req is what its lane waits for; if so the lane is free again. */
int hb_lane_close(struct hb_controller *controller, uint64_t req);
void hb_lane_drop(struct hb_controller *controller, uint32_t client, enum hb_lane lane);
/* Restarts the lane's timer. */
void hb_lane_arm(struct hb_controller *controller, uint32_t client, enum hb_lane lane,
    double after_s);
void hb_lane_disarm(struct hb_controller *controller, uint32_t client, enum hb_lane lane);
double hb_lane_backoff_s(const struct hb_policy *policy, uint32_t attempt);
/* Pauses before the phase's command is given again, unless its attempts are
 * used up: then 0 and nothing is done. */
int hb_lane_retry(struct hb_controller *controller, uint32_t client, uint32_t attempt_max);

static inline uint32_t hb_lane_client(uint64_t req)
{
    return (uint32_t)req & ((UINT32_C(1) << HB_LANE_CLIENT_BITS) - 1);
}

static inline enum hb_lane hb_lane_of(uint64_t req)
{
    return (enum hb_lane)((uint32_t)req >> HB_LANE_CLIENT_BITS);
}

static inline uint32_t hb_lane_sequence(uint64_t req)
{
    return (uint32_t)(req >> 32);
}

/* primary.c */
hb_rule hb_primary_connected, hb_primary_reconnected, hb_primary_seen_unserved,
    hb_primary_disconnected_unserved, hb_primary_disconnected_starting,
    hb_primary_disconnected, hb_primary_withdrawn, hb_primary_done, hb_primary_standby_done,
    hb_primary_due, hb_primary_linger_due, hb_primary_down, hb_primary_failback;
/* Tells that the mirror takes over from the dead primary. */
void hb_primary_report_mirror(struct hb_controller *controller, uint32_t client);
/* After a mirror has ended: SERVED, or LINGERING if the client has gone. */
void hb_primary_settle(struct hb_controller *controller, uint32_t client);

/* decide.c */
hb_rule hb_decide_seen, hb_decide_forecast, hb_decide_tick;
/* On becoming SERVED: the tick, before DNS would want one of its own; then the first question
 * or decision. */
void hb_decide_start_ticking(struct hb_controller *controller, uint32_t client);
void hb_decide_begin(struct hb_controller *controller, uint32_t client);
/* Adds what has passed since the last call to the client's regret or debt. */
void hb_decide_accrue(struct hb_controller *controller, uint32_t client);

/* mirror.c */
struct hb_mirror_plan {
    uint32_t site;
    float confidence;
    uint8_t horizon_index;
};
void hb_mirror_endpoint(struct hb_controller *controller, uint32_t client,
    const struct hb_mirror_plan *plan);
hb_rule hb_mirror_done, hb_mirror_stream_done, hb_mirror_dns_done, hb_mirror_due,
    hb_mirror_ready_due, hb_mirror_seen, hb_mirror_disconnected, hb_mirror_down,
    hb_mirror_primary_down, hb_mirror_withdrawn;
/* Gives (again) the command of the phase the client is in. */
void hb_mirror_issue(struct hb_controller *controller, uint32_t client);
/* A course for the client's mirror begins now; it ends with the mirror (hb_controller_enter). */
void hb_mirror_begin_course(struct hb_controller *controller, uint32_t client);
/* Ends the mirror: telemetry, stream, instance, DNS. The caller chooses the next phase. */
void hb_mirror_close(struct hb_controller *controller, uint32_t client, enum hb_cause cause);
/* The mirror under way is the backup that policy.backup asks for. */
static inline int hb_mirror_is_backup(const struct hb_controller *controller, uint32_t client)
{
    return controller->clients[client].horizon_index == HB_HORIZON_BACKUP;
}
/* A decision has chosen the backup's site: it becomes an ordinary mirror. */
void hb_mirror_adopt(struct hb_controller *controller, uint32_t client,
    const struct hb_mirror_plan *plan);
/* How far ahead the decision looked. */
double hb_mirror_horizon_s(const struct hb_controller *controller, uint32_t client);
/* The client is where the mirror serves it better than the primary. */
int hb_mirror_is_better(const struct hb_controller *controller, uint32_t client);
void hb_mirror_note_arrival(struct hb_controller *controller, uint32_t client);

/* monitor.c */
void hb_monitor_client(struct hb_controller *controller, uint32_t client);
void hb_monitor_begin(struct hb_controller *controller, uint32_t client);
void hb_monitor_promote(struct hb_controller *controller, uint32_t client);
hb_rule hb_monitor_served, hb_monitor_served_early, hb_monitor_seen, hb_monitor_due,
    hb_monitor_disconnected, hb_monitor_primary_down, hb_monitor_fence_done,
    hb_monitor_fence_due, hb_monitor_revert_done, hb_monitor_mirror_down,
    hb_monitor_primary_down_reverting;

/* spare.c */
void hb_spare_put(struct hb_controller *controller, uint32_t client, uint32_t site,
    double confidence, int is_draining);
/* The instance is no longer wanted: stopped, and asked again until it is. */
void hb_spare_stop(struct hb_controller *controller, uint32_t client, uint32_t site);
/* If the spare is at site, it is the caller's: its state; else HB_SPARE_NONE. */
enum hb_spare_state hb_spare_take(struct hb_controller *controller, uint32_t client,
    uint32_t site);
void hb_spare_evict(struct hb_controller *controller, uint32_t client);
hb_rule hb_spare_done, hb_spare_due;

/* dns.c */
void hb_dns_point(struct hb_controller *controller, uint32_t client, uint32_t site);
void hb_dns_clear(struct hb_controller *controller, uint32_t client);
/* Gives the latest wish again if it failed or was not answered. */
void hb_dns_refresh(struct hb_controller *controller, uint32_t client);
int hb_dns_is_settled(const struct hb_controller *controller, uint32_t client);
hb_rule hb_dns_done;

/* announce.c */
void hb_announce_begin(struct hb_controller *controller);
void hb_announce_send(struct hb_controller *controller, uint32_t site);
void hb_announce_drain(struct hb_controller *controller, const struct hb_event *event);
void hb_announce_due(struct hb_controller *controller, const struct hb_event *event);

/* sites.c */
void hb_sites_take(struct hb_controller *controller, uint32_t site);
void hb_sites_give(struct hb_controller *controller, uint32_t site);
void hb_sites_capacity(struct hb_controller *controller, const struct hb_event *event);
void hb_sites_route_done(struct hb_controller *controller, const struct hb_event *event);
/* The site is no longer, or again, announced and used; heard_ns: last sign of life. */
void hb_sites_turn(struct hb_controller *controller, const struct hb_event *event, uint32_t site,
    int64_t heard_ns);

/* watch.c */
enum hb_status hb_watch_create(const struct hb_controller_setup *setup, struct hb_watch **out);
void hb_watch_free(struct hb_watch *watch);
size_t hb_watch_bytes(const struct hb_watch *watch);
/* Sends the first probes, once, if the policy wants any. */
void hb_watch_begin(struct hb_controller *controller);
void hb_watch_probe(struct hb_controller *controller, const struct hb_event *event);
void hb_watch_due(struct hb_controller *controller, const struct hb_event *event);

#endif
