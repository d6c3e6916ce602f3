/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_INFRA_PAIRS_H
#define SIM_INFRA_PAIRS_H

/* The inside of sim/infra/transfer.h: transfers by pairs of sites. */
#include "sim/engine/timer.h"
#include "sim/infra/transfer.h"

#define SIM_PAIRS_NONE UINT32_MAX

/* All transfers between two sites (a pair) run at one rate, so they share one
 * virtual clock: `served_mb`, what each of them has been given since the pair
 * became busy. A transfer ends when that reaches its `finish_mb`, whatever the
 * rates were in between; each pair keeps its transfers in a leftist heap by
 * (finish_mb, tag), and the pairs stand in one heap by (deadline, from, to),
 * whose first deadline is the module's only timer. */

enum sim_pairs_state {
    SIM_PAIRS_MOVING,
    SIM_PAIRS_ABORTED, /* still in the heap */
    SIM_PAIRS_ARRIVING /* out of it, its owner not yet told */
};

struct sim_pairs_transfer {
    double finish_mb, mb;
    uint64_t tag;
    sim_transfer_arrived_fn *arrived;
    void *ctx;
    uint32_t pair, left, right; /* left is the free list's link too */
    uint16_t depth;             /* of the shortest way down to a leaf */
    uint16_t state;             /* enum sim_pairs_state */
};

struct sim_pairs_pair {
    double served_mb, rate_mb_s;
    int64_t updated_ns, deadline_ns;
    uint32_t from, to;         /* lines; the registry is line site_count */
    uint32_t count;            /* of living transfers */
    uint32_t root;             /* of the heap of transfers */
    uint32_t slot;             /* in the heap of pairs */
    uint32_t next_out, next_in; /* of the same line; next_out is the free list's link too */
};

struct sim_pairs_direction {
    double capacity_mb_s, stream_mb_s, backlog_mb;
    int64_t updated_ns;
    uint32_t count;        /* transfers */
    uint32_t stream_count;
    uint32_t pairs;        /* first of the list */
    uint32_t is_cut;       /* it carries nothing */
};

struct sim_transfer {
    struct sim_transfer_config config;
    struct sim_pairs_transfer *transfers;
    struct sim_pairs_pair *pairs;
    uint32_t *heap; /* of pairs */
    struct sim_pairs_direction *out, *in; /* [site_count + 1] */
    uint32_t pair_capacity, heap_count, count;
    uint32_t free_transfer, fresh_transfer; /* from fresh on none was ever used */
    uint32_t free_pair, fresh_pair;
    struct sim_timer timer;
    struct sim_timer_set timers;
};

/* The pair of lines, made if there is none. */
uint32_t sim_pairs_between(struct sim_transfer *self, uint32_t from, uint32_t to);
/* Brings a pair's virtual clock up to now. */
void sim_pairs_serve(struct sim_pairs_pair *pair, int64_t now_ns);
void sim_pairs_push(struct sim_transfer *self, uint32_t p, uint32_t t);
/* Takes the first transfer if its finish is at most due_mb, else NONE. */
uint32_t sim_pairs_pop(struct sim_transfer *self, uint32_t p, double due_mb);
/* count transfers of the pair have left; the pair goes with the last. */
void sim_pairs_leave(struct sim_transfer *self, uint32_t p, uint32_t count);
/* The two lines' numbers have changed: so have the rates of all their pairs. */
void sim_pairs_set_rates(struct sim_transfer *self, uint32_t from, uint32_t to);
void sim_pairs_release(struct sim_transfer *self, uint32_t t);
/* What streams leave of a line, MB/s. */
double sim_pairs_bulk_mb_s(const struct sim_pairs_direction *line);

#endif
