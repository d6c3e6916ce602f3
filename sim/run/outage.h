/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_OUTAGE_H
#define SIM_RUN_OUTAGE_H

/* What breaks, and what clients feel of it; part of an episode's inside, and only
 * there if the scenario has failures. failure.c strikes and repairs and answers probes;
 * outage.c accounts; outage_rows.c makes rows of it. */
#include "sim/run/scenario.h"

struct sim_episode;
struct sim_event;
struct hb_sample;

/* What a failing client waits for. */
enum sim_outage_part {
    SIM_OUTAGE_DETECTION,   /* the controller does not know yet */
    SIM_OUTAGE_REACTION,    /* it makes an endpoint, or DNS is being told */
    SIM_OUTAGE_CONVERGENCE, /* anycast leads to nowhere */
    SIM_OUTAGE_DNS,         /* an old answer is cached, or there is none */
    SIM_OUTAGE_PARTS
};

struct sim_outage; /* opaque */

static inline bool sim_outage_is_possible(const struct sim_scenario *scenario)
{
    return scenario->failure_count > 0;
}

/* 56 bytes a client. HB_ERR_FORMAT: a site that is not there; HB_ERR_MEMORY. */
enum hb_status sim_outage_create(struct sim_episode *episode);
void sim_outage_free(struct sim_outage *outage);

/* failure.c */
void sim_failure_begin(struct sim_episode *episode);
void sim_failure_strike(void *ctx, const struct sim_event *event);
void sim_failure_missed(void *ctx, const struct sim_event *event);
/* The controller's probe of site: the answer, if there will be one, comes by an event. */
void sim_failure_probe(struct sim_episode *episode, uint64_t req, uint32_t site);
/* Whether site's servers are dead or out of reach, by a failure or by a change of the
 * topology that cuts its line. */
bool sim_failure_is_struck(const struct sim_episode *episode, uint32_t site);

/* outage.c: each does nothing where episode->outage is NULL.
 * The segment that ends now, then what holds from now on. */
void sim_outage_segment(struct sim_episode *episode, uint32_t client, int64_t from_ns);
struct sim_outage_view {
    uint32_t site;   /* that the packets head for; HB_NONE */
    bool is_anycast, is_failed, is_proxied; /* by anycast; no DNS answer; passed on by a front */
};
void sim_outage_look(struct sim_episode *episode, uint32_t client,
    const struct sim_outage_view *view);
void sim_outage_sample(struct sim_episode *episode, const struct hb_sample *sample);
/* All authoritative servers have the client's record from effective_ns on. */
void sim_outage_said(struct sim_episode *episode, uint32_t client, int64_t effective_ns);
/* The client is not connected any more. */
void sim_outage_close(struct sim_episode *episode, uint32_t client);
void sim_outage_finish(struct sim_episode *episode);
/* For sim_loop_add_check: no request after its bound, but of TTL violators. */
bool sim_outage_check(void *ctx, char *why, size_t why_bytes);

#endif
