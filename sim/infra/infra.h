/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_INFRA_INFRA_H
#define SIM_INFRA_INFRA_H

#include "sim/infra/ledger.h"
#include "sim/infra/provision.h"
#include "sim/infra/queueing.h"
#include "sim/infra/transfer.h"

/* All endpoints of a run: who has an instance where, in which power state,
 * how it is started, copied and kept in step, what it costs. The simulated
 * ports hand their commands over one to one; every answer comes by done, in
 * the loop, with the command's req, never from inside the call. A client with
 * two instances takes 76 bytes, an operation under way about 150 more. */
struct sim_infra;

#define SIM_INFRA_KINDS 4

/* What comes back. done: see core/ports.h for value; capacity: a site's free
 * slots changed (only told where slots are limited). */
struct sim_infra_host {
    void *ctx;
    void (*done)(void *ctx, uint64_t req, uint32_t client, uint32_t site,
        enum hb_result result, double value);
    void (*capacity)(void *ctx, uint32_t site, uint32_t free_slots);
};

struct sim_infra_service {
    double state_mb;          /* of one session: round 0 of the copy */
    double working_set_mb;    /* most that a round re-sends */
    double dirty_mb_s;        /* writes of a busy primary, also the live stream's rate */
    double lag_target_mb;     /* in sync: no more than this is on the way */
    uint32_t copy_rounds;     /* at most */
    double stop_s, standby_s, resume_s; /* until these commands are done */
    double stall_timeout_s;   /* copies and streams that stand still so long break */
    double request_rate_hz, service_time_s; /* of a connected client; of one request */
    uint32_t servers_per_slot, waiting_room; /* workers of one instance's share of its site */
    bool shared;              /* one instance a site for all clients, reference-counted */
};

struct sim_infra_config {
    struct sim_loop *loop;
    uint8_t first_kind; /* this and the next SIM_INFRA_KINDS - 1 event kinds are infra's */
    uint8_t first_rank; /* likewise */
    uint64_t seed;
    uint32_t client_count;
    const struct hb_site *sites; /* [site_count], borrowed */
    uint32_t site_count;
    const struct sim_transfer_line *lines; /* [site_count], copied */
    double registry_mb_s;
    struct sim_provision_config provision; /* loop, kinds, sites, transfer, done: filled by infra */
    struct sim_infra_service service;
    struct hb_prices prices;
    double bgp_message; /* price of a BGP message */
    struct sim_ledger_power power;
    /* At once; memory is only touched when used. A full table ends the run with HB_ERR_FULL. */
    uint32_t instance_capacity;  /* 0: 4 a client and 64 */
    uint32_t operation_capacity; /* commands not yet answered; 0: 2 a client and 1024 */
    bool has_cuts; /* lines may be cut: 8 bytes an instance that takes a stream */
    struct sim_infra_host host;
};

/* State 50 MB, working set 10 MB, writes 0.1 MB/s, in sync at 0.5 MB, 8 rounds,
 * broken after 60 s without progress, stop 1 s, standby 1 s, resume 0.5 s,
 * 1 request/s of 5 ms, 1 server a slot. */
void sim_infra_default(struct sim_infra_config *out);

/* HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status sim_infra_create(const struct sim_infra_config *config, struct sim_infra **out);
void sim_infra_free(struct sim_infra *infra);

/* The instance that a client finds when it connects: from the site's warm pool,
 * idle at once, slot taken even if the site is full (that is counted). Nothing
 * happens if the client has one there, but one that is being stopped runs on (who
 * had it stopped hears that it is). HB_ERR_FULL: no instance record left. */
enum hb_status sim_infra_open(struct sim_infra *infra, uint32_t client, uint32_t site);

/* The commands of core/ports.h. provision answers NO_ROOM at once if the site
 * is full, OK at once if the client has a running instance there. stop of an
 * instance that is being provisioned cancels that (its req is answered with
 * ABORTED). What does not exist is answered with FAILED, stop with OK. */
void sim_infra_provision(struct sim_infra *infra, uint64_t req, uint32_t client, uint32_t site);
void sim_infra_stop(struct sim_infra *infra, uint64_t req, uint32_t client, uint32_t site);
void sim_infra_standby(struct sim_infra *infra, uint64_t req, uint32_t client, uint32_t site);
void sim_infra_resume(struct sim_infra *infra, uint64_t req, uint32_t client, uint32_t site);

/* The client's instance at site dies with its state: what is under way at it fails,
 * its streams stall, and nobody is told. Nothing if there is none. */
void sim_infra_kill(struct sim_infra *infra, uint32_t client, uint32_t site);
/* While a site is dead nothing starts there (FAILED, sim_infra_open: HB_ERR_STATE).
 * It does not kill what runs. */
void sim_infra_set_dead(struct sim_infra *infra, uint32_t site, bool is_dead);
bool sim_infra_is_dead(const struct sim_infra *infra, uint32_t site);
/* Seconds that the client's instance at site has been in its power state; 0: none. */
double sim_infra_resting_s(const struct sim_infra *infra, uint32_t client, uint32_t site);

/* Pre-copy rounds, each over the shared lines at the rate they have then, until
 * what is left fits lag_target_mb; then DONE with the bytes sent, and a live
 * stream of dirty_mb_s from `from` to `to`. FAILED if the rounds do not shrink, or stand
 * still for stall_timeout_s; a stream whose line is cut for so long breaks: a second DONE,
 * FAILED (with has_cuts). */
struct sim_infra_copy {
    uint64_t req;
    uint32_t client, from, to;
};
void sim_infra_copy(struct sim_infra *infra, const struct sim_infra_copy *order);
/* The site's line carries nothing, or does again: pulls of images, copies and streams over
 * it stand still, all that runs there runs on. Needs has_cuts. Nothing if it is so already. */
void sim_infra_cut(struct sim_infra *infra, uint32_t site, bool is_cut);
/* Ends copy or stream to that site (HB_NONE: to any); bytes sent for nothing
 * are booked as wasted unless kept. */
void sim_infra_copy_end(struct sim_infra *infra, uint32_t client, uint32_t to, bool kept);

/* Only site may write now: the live stream to it ends and its bytes are kept. */
static inline void sim_infra_fence(struct sim_infra *infra, uint32_t client, uint32_t site)
{
    sim_infra_copy_end(infra, client, site, true);
}

/* The client's requests go to site from now on (HB_NONE: nowhere): that
 * instance is busy, the others idle, and the site's offered load follows. A
 * client without an instance there loads the site all the same (anycast). */
void sim_infra_serve(struct sim_infra *infra, uint32_t client, uint32_t site);

/* Whether the client has an instance at site that can answer (idle or busy). */
bool sim_infra_is_running(const struct sim_infra *infra, uint32_t client, uint32_t site);
/* What is lost if the primary dies now, MB; 0 if nothing streams to site. */
double sim_infra_lag_mb(struct sim_infra *infra, uint32_t client, uint32_t site);

/* Queueing at the site under its present offered load: M/M/c with servers_per_slot
 * x slots servers; no wait where slots are unlimited. load_version changes when
 * the load does. */
void sim_infra_delay(struct sim_infra *infra, uint32_t site,
    struct sim_queueing_delay *out);
uint32_t sim_infra_load_version(const struct sim_infra *infra, uint32_t site);

uint32_t sim_infra_free_slots(const struct sim_infra *infra, uint32_t site);
uint32_t sim_infra_used_slots(const struct sim_infra *infra, uint32_t site);

/* Books every open interval up to now; call it before reading the ledger. */
void sim_infra_settle(struct sim_infra *infra);
struct sim_ledger *sim_infra_ledger(struct sim_infra *infra);

struct sim_infra_counts {
    uint64_t opened, provisioned, failed, cancelled, copies, copies_failed, overbooked, refused;
};
struct sim_infra_counts sim_infra_counts(const struct sim_infra *infra);

/* For sim_loop_add_check (ctx = the infra): slots, instances, load and ledger agree. */
bool sim_infra_is_consistent(void *infra, char *why, size_t why_bytes);

/* Heap touched so far, transfers and provisioning included. */
size_t sim_infra_bytes(const struct sim_infra *infra);

#endif
