/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_EPISODE_IMPL_H
#define SIM_RUN_EPISODE_IMPL_H

/* Inside an episode; shared by its files only:
 *   episode.c   create, run, free
 *   presence.c  visits and sessions: who is connected where
 *   serve.c     which endpoint a client's requests reach; anycast's state pull
 *   account.c   latency, failures and money of segments of constant conditions
 *   ports.c     the controller's commands carried out
 *   ask.c       predictors: observing, asking in batches, judging
 *   routes.c    with a topology: routing changes and whom they concern
 *   harvest.c   telemetry, hourly rows, summary */
#include "core/controller.h"
#include "core/predictor.h"
#include "core/record.h"
#include "core/units.h"
#include "sim/engine/loop.h"
#include "sim/infra/infra.h"
#include "sim/net/catchment.h"
#include "sim/net/dns.h"
#include "sim/run/episode.h"
#include "sim/run/outage.h"
#include "sim/run/session.h"

/* Kinds of events; infra's follow. Ranks within an instant: the truth first,
 * then what machines answer, then what the controller learns. */
enum sim_episode_kind {
    SIM_EPISODE_VISIT,
    SIM_EPISODE_SESSION,
    SIM_EPISODE_VISIBLE, /* the client's resolver has another answer */
    SIM_EPISODE_ANSWER,  /* DONE of a command that the ports answer themselves */
    SIM_EPISODE_ROUTED,  /* the same of a route's */
    SIM_EPISODE_CAPACITY, /* a site's free slots have changed */
    SIM_EPISODE_TIMER,
    SIM_EPISODE_BATCH, /* questions to the predictor are due */
    SIM_EPISODE_HOUR,
    SIM_EPISODE_WINDOW, /* visits of the next minutes are to be pending */
    SIM_EPISODE_ROUTING, /* routers have something to do */
    SIM_EPISODE_CHANGE,  /* a routing change that the scenario schedules */
    SIM_EPISODE_FAILURE, /* strikes or is repaired */
    SIM_EPISODE_MISSED,  /* a site's supervisor misses an endpoint */
    SIM_EPISODE_PROBED,  /* a site's answer to the controller's probe */
    SIM_EPISODE_INFRA
};

/* What is not numbered by clients has this bit in its entity. */
#define SIM_EPISODE_SITE_BIT (UINT32_C(1) << 27)

enum sim_episode_rank {
    SIM_RANK_VISIT,
    SIM_RANK_SESSION,
    SIM_RANK_VISIBLE,
    SIM_RANK_CHANGE,
    SIM_RANK_ROUTING,
    SIM_RANK_INFRA, /* and the next of infra's */
    SIM_RANK_ANSWER = SIM_RANK_INFRA + SIM_INFRA_KINDS,
    SIM_RANK_ROUTED,
    SIM_RANK_CAPACITY,
    SIM_RANK_BATCH,
    SIM_RANK_TIMER,
    SIM_RANK_HOUR
};

/* One client of the trace: a line of the cache. A site that is none: HB_NONE. */
struct sim_rider {
    int64_t segment_ns; /* conditions have been constant since */
    int64_t visible_ns; /* of the VISIBLE event that is awaited; HB_NEVER_NS: none */
    double wait_mark_s, loss_mark; /* integrals of the serving site at segment_ns */
    uint32_t visit;  /* number of the next visit of this client */
    uint32_t place;  /* HB_NONE: absent */
    uint32_t serve;  /* site whose instance answers */
    uint32_t home;   /* instance that the host opened for anycast */
    uint32_t source; /* while home pulls the state: the site that has it */
    uint32_t primary; /* the controller's, as it last said */
    float base_ms;    /* access, path and service: latency without waiting */
    uint32_t anew : 22; /* counts VISIBLE events */
    uint32_t fate : 4;  /* enum sim_catchment_fate of its packets */
    uint32_t is_on : 1; /* wants to be connected: the session */
    uint32_t is_connected : 1, is_failing : 1, is_stale : 1, is_dirty : 1;
    uint32_t has_met : 1; /* has ever connected */
};
_Static_assert(sizeof(struct sim_rider) == 64, "a client's state takes 64 bytes");

/* Waiting at a site, integrated over time, so that a segment's mean wait is a
 * difference of two marks however often the load changed. */
struct sim_site_load {
    int64_t at_ns;
    double wait_sum, loss_sum; /* integrals over s */
    double wait_s, loss;       /* since at_ns */
    uint32_t version, told_count;
    bool is_known, is_told;
    float busy_max, refused;
    double requests, waited; /* of the present hour */
    struct sim_ledger_account last; /* at the last hour */
};

struct sim_question {
    uint64_t req;
    uint32_t client; /* the core's */
    float horizon_s;
    int64_t asked_ns;
};

/* Session of a sampled client under way. */
struct sim_sampled {
    double requests, failed, latency_sum, latency_max;
    int64_t connected_ns;
    uint32_t place, site;
    uint32_t mirror; /* one under way: its site; outlives the session */
};

struct sim_episode_sums {
    double requests, failed, stale, latency_sum, over_target, latency_money;
    double latency_amount, penalty_amount, failed_booked;
    double failure_money; /* of failed requests, beyond their price: see account.c */
    double correct, error_km, judged;
    uint64_t connections, mirrors, outcomes[HB_OUTCOME_COUNT], promotions, predictions;
    uint64_t decisions[HB_REASON_COUNT]; /* of the hour */
    uint64_t dns_refused, stale_answers; /* of the hour: clients kept on an old address */
    double stale_s;
    double fate_s[SIM_CATCHMENT_FATE_COUNT]; /* of connected clients */
};

struct sim_episode {
    const struct sim_stage *stage;
    const struct sim_scenario *scenario;
    const struct sim_scenario_policy *policy;
    struct sim_episode_options options;
    struct data_problem *problem;
    struct sim_loop *loop;
    struct sim_dns *dns;
    struct sim_infra *infra;
    struct sim_catchment *catchment;
    struct sim_routes *routes; /* NULL: no topology */
    struct sim_outage *outage; /* NULL: nothing fails */
    struct sim_team *team; /* the predictor's; NULL: none */
    bool predictor_is_oracle;
    struct hb_controller *controller;
    struct hb_prices prices;
    int64_t end_ns, window_end_ns; /* see presence.c */

    struct sim_rider *riders; /* [client_count] */
    const uint32_t *trace_of; /* [client_count] the core's index -> the trace's; the stage's */
    const uint32_t *core_of;  /* and back; HB_NONE: has not opted in */
    uint32_t *dirty;          /* stack of clients to look at again */
    uint32_t dirty_count;
    struct sim_site_load *loads; /* [site_count] */

    struct sim_question *questions;
    uint32_t question_count, question_capacity, batch_count;
    bool is_batch_due;

    uint32_t sample_stride; /* every so many-th client is sampled; 0: none */
    struct sim_sampled *sampled;

    struct data_histogram *histograms; /* [region_count + 1][hour_count], last: no region */
    uint32_t hour_count, hour;
    struct sim_dns_counts dns_last;
    struct sim_episode_sums sums;

    struct hb_record_tap tap;
    struct hb_record_writer writer;
    uint8_t *record_buffer;
};

static inline int64_t sim_episode_now_ns(const struct sim_episode *episode)
{
    return sim_loop_now_ns(episode->loop);
}

static inline bool sim_episode_is_sampled(const struct sim_episode *episode, uint32_t client)
{
    return episode->sample_stride != 0 && client % episode->sample_stride == 0;
}

/* Of a sampled client. */
static inline struct sim_sampled *sim_episode_sampled(const struct sim_episode *episode,
    uint32_t client)
{
    return &episode->sampled[client / episode->sample_stride];
}

/* Instant of the run at which the visit starts. */
static inline int64_t sim_episode_visit_ns(const struct sim_stage *stage, uint64_t visit)
{
    int64_t start_s = (int64_t)stage->trace->visits[visit].start_s - stage->origin_s;
    return start_s * HB_NS_PER_S;
}

/* episode.c: tells the controller (and the recording), then looks again at
 * every client that its commands have touched. */
void sim_episode_tell(struct sim_episode *episode, const struct hb_event *event);
/* The same of a client: the core's index is filled in; nothing if it has not opted in. */
void sim_episode_tell_of(struct sim_episode *episode, uint32_t client, struct hb_event event);

/* presence.c */
void sim_presence_begin(struct sim_episode *episode);
void sim_presence_window(void *ctx, const struct sim_event *event);
void sim_presence_visit(void *ctx, const struct sim_event *event);
void sim_presence_session(void *ctx, const struct sim_event *event);
void sim_presence_finish(struct sim_episode *episode);

/* serve.c */
void sim_serve_touch(struct sim_episode *episode, uint32_t client);
/* Those who are connected and share the client's record. */
void sim_serve_touch_subnet(struct sim_episode *episode, uint32_t client);
void sim_serve_settle(struct sim_episode *episode);
/* Returns the site that the packets reach first. */
uint32_t sim_serve_open(struct sim_episode *episode, uint32_t client);
void sim_serve_close(struct sim_episode *episode, uint32_t client);
void sim_serve_visible(void *ctx, const struct sim_event *event);
/* The pull of the state to anycast's instance at site has ended. */
void sim_serve_pulled(struct sim_episode *episode, uint32_t client, uint32_t site,
    enum hb_result result);
void sim_serve_primary(struct sim_episode *episode, uint32_t client, uint32_t site);
bool sim_serve_check(void *ctx, char *why, size_t why_bytes);

/* account.c */
void sim_account_begin(struct sim_episode *episode, uint32_t client);
void sim_account_end(struct sim_episode *episode, uint32_t client);
void sim_account_advance(struct sim_episode *episode, uint32_t site);
/* Requests that fail in no segment: counted with the others. */
void sim_account_book_failures(struct sim_episode *episode);

/* ports.c */
#define SIM_PORTS_LANE_HOST 15u
struct hb_ports sim_ports(struct sim_episode *episode);
void sim_ports_answer(void *ctx, const struct sim_event *event);
void sim_ports_timer(void *ctx, const struct sim_event *event);
void sim_ports_done(void *ctx, uint64_t req, uint32_t client, uint32_t site,
    enum hb_result result, double value);
void sim_ports_capacity(void *ctx, uint32_t site, uint32_t free_slots);
void sim_ports_room(void *ctx, const struct sim_event *event);
uint64_t sim_ports_host_req(uint32_t client, uint32_t sequence);

void sim_ports_probe_answered(void *ctx, const struct sim_event *event);
void sim_ports_probed(struct sim_episode *episode, uint64_t req, uint32_t site, int64_t at_ns);

/* ask.c */
enum hb_status sim_ask_create(struct sim_episode *episode);
void sim_ask_history(struct sim_episode *episode);
void sim_ask_observe(struct sim_episode *episode, uint32_t client);
void sim_ask_lose(struct sim_episode *episode, uint32_t client);
void sim_ask_question(struct sim_episode *episode, uint64_t req, uint32_t core, double horizon_s);
void sim_ask_batch(void *ctx, const struct sim_event *event);
void sim_ask_free(struct sim_episode *episode);

/* harvest.c */
void sim_harvest_sample(struct sim_episode *episode, const struct hb_sample *sample);
void sim_harvest_hour(void *ctx, const struct sim_event *event);
void sim_harvest_path(struct sim_episode *episode, uint32_t client);
void sim_harvest_connection(struct sim_episode *episode, uint32_t client);
void sim_harvest_finish(struct sim_episode *episode, struct data_summary_row *summary);

#endif
