/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_BGP_EXPERIMENT_H
#define DATA_BGP_EXPERIMENT_H

#include <stdbool.h>

#include "data/topology.h"

/* Convergence of real BGP daemons as measured in an emulated network: one
 * topology, one implementation, events repeated several times. */
#define DATA_BGP_EVENT_LIST(X)                                                        \
    X(ANNOUNCE, "announce") X(ANYCAST2, "anycast2") X(FAIL_O1, "fail_o1")             \
    X(REJOIN_O1, "rejoin_o1") X(WITHDRAW_O2, "withdraw_o2") X(LINKFAIL, "linkfail")   \
    X(LINKUP, "linkup") X(WITHDRAW, "withdraw") X(SILENT, "silent") X(UNSILENT, "unsilent")

enum data_bgp_event {
#define X(name, text) DATA_BGP_##name,
    DATA_BGP_EVENT_LIST(X)
#undef X
        DATA_BGP_EVENT_COUNT
};

const char *data_bgp_event_text(enum data_bgp_event event);

#define DATA_BGP_HOPS_MAX 64

/* One node in one run. Times since T0; NaN: its best route did not change. */
struct data_bgp_outcome {
    double first_ms, last_ms;
    uint32_t changes, announcements, withdrawals;
    bool has_route;                       /* at the end; hop_count 0: its own */
    uint32_t hop_count;
    uint16_t hops[DATA_BGP_HOPS_MAX];     /* node numbers, nearest first */
};

struct data_bgp_wire { /* one UPDATE as it was seen to leave */
    double at_ms; /* since T0 */
    uint32_t from, to;
};

struct data_bgp_run {
    enum data_bgp_event event;
    uint32_t repetition, announcements, withdrawals;
    bool from_first_message; /* T0 is the origin's first message, not its decision */
    struct data_bgp_outcome *nodes; /* [node_count], node number - 1 */
    uint32_t wire_count; /* 0: left out */
    struct data_bgp_wire *wire; /* [wire_count], ascending instants */
};

struct data_bgp_experiment {
    char name[128], implementation[32];
    double mrai_s, hold_s;
    bool by_router_id; /* ties; else the oldest route is kept */
    uint32_t node_count, link_count, run_count;
    uint32_t origin1, origin2, fail_a, fail_b; /* node numbers, 1..node_count */
    uint32_t local_pref[DATA_RELATION_COUNT];
    struct data_link *links; /* [link_count], node numbers */
    struct data_bgp_run *runs; /* [run_count], as they followed each other */
};

/* HB_ERR_IO, HB_ERR_FORMAT (file, line or member: found, expected), HB_ERR_MEMORY. */
enum hb_status data_bgp_experiment_load(const char *path, struct data_bgp_experiment **out,
    struct data_problem *problem);
/* The same from text [length], name being the file's for messages. */
enum hb_status data_bgp_experiment_parse(const char *text, size_t length, const char *name,
    struct data_bgp_experiment **out, struct data_problem *problem);
void data_bgp_experiment_free(struct data_bgp_experiment *experiment);

#endif
