/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_OUTAGE_IMPL_H
#define SIM_RUN_OUTAGE_IMPL_H

#include "sim/run/episode_impl.h"

/* Inside outages; shared by failure.c, outage.c and outage_rows.c only. */

/* One client's outage, and where its packets go. 48 bytes. */
struct sim_outage_client {
    int64_t began_ns;       /* HB_NEVER_NS: none under way */
    int64_t said_ns;        /* all authoritative servers have its last record since then */
    float part_s[SIM_OUTAGE_PARTS];
    float lag_mb;           /* of its mirror when the primary died; < 0: no mirror in sync */
    float lost_mb;
    uint32_t site;          /* outage: that its requests went to */
    uint32_t heading;       /* now: that its packets head for; HB_NONE */
    uint8_t part, failover; /* enum sim_outage_part; enum data_failover */
    uint8_t by_record : 1, is_routed : 1; /* heading: by its own record; by anycast, settled */
    uint8_t is_crashed : 1; /* its instance has died, not the site */
    uint8_t is_late : 1;    /* violator: has sent a request after the bound */
};

/* What struck a site last, and what the controller made of it. */
struct sim_outage_site {
    int64_t began_ns, ended_ns, detected_ns, withdrawn_ns; /* HB_NEVER_NS: not */
    double loss;              /* of probes */
    uint32_t crashed, severed, silenced; /* failures now: of servers, of the line, silently */
    uint32_t struck, clients; /* failures now; clients at the last one */
    uint32_t strikes;         /* drawn so far */
    uint32_t rows;
    uint8_t kind, has_row;    /* a row is open: enum data_failure */
};

struct sim_outage {
    const struct sim_scenario *scenario;
    struct sim_outage_client *clients; /* [client_count] */
    struct sim_outage_site *sites;     /* [site_count] */
    uint8_t *scope;   /* [failure_count][site_count] 1: it strikes there, 3: it does now */
    uint32_t site_count, misses;
    uint32_t dns_outages, resolver_outages; /* now */
    int64_t dns_back_ns; /* the authoritative servers; HB_NEVER_NS: not yet */
    bool has_begun;
    uint32_t failures, detected, false_positives, violators;
    double detection_s, late_requests, violator_requests, lost_mb;
    double length_s, part_s[SIM_OUTAGE_PARTS];
    uint64_t count, censored;
    struct data_histogram lengths; /* s, in a histogram made for ms */
};

/* outage_rows.c */
/* The client's outage ends now; is_censored: without its being served again. */
void sim_outage_add_row(struct sim_episode *episode, uint32_t client, bool is_censored);
void sim_outage_add_failure(struct sim_episode *episode, uint32_t site, int64_t back_ns);

#endif
