/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_INFRA_TRANSFER_H
#define SIM_INFRA_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/map.h"
#include "sim/engine/loop.h"

/* Bulk transfers and live streams over the sites' shared lines. A line's
 * capacity, less what the streams on it need (a tenth of it is always left),
 * is divided equally among its transfers; a transfer runs at the smaller of
 * its two shares. All transfers between the same two sites therefore run at
 * one rate: a start or an end costs O(pairs of the two sites + log n), exactly. */
struct sim_transfer;

/* Access lines of one site, MB/s (1e6 bytes), > 0. */
struct sim_transfer_line {
    double egress_mb_s, ingress_mb_s;
};

/* A transfer has arrived whole. tag is the owner's. */
typedef void sim_transfer_arrived_fn(void *ctx, uint32_t transfer, uint64_t tag);

struct sim_transfer_config {
    struct sim_loop *loop;
    uint8_t kind, rank;
    uint32_t site_count;
    const struct sim_transfer_line *lines; /* [site_count], copied */
    double registry_mb_s;  /* the image registry's line: HB_NONE as a source */
    uint32_t capacity;     /* transfers under way at once, 1..2^24 */
};

enum hb_status sim_transfer_create(const struct sim_transfer_config *config,
    struct sim_transfer **out);
void sim_transfer_free(struct sim_transfer *transfer);

struct sim_transfer_order {
    uint32_t from, to; /* sites; from HB_NONE: the registry; equal: 0 s */
    double mb;         /* >= 0 */
    uint64_t tag;      /* also breaks ties of transfers that end together */
    sim_transfer_arrived_fn *arrived;
    void *ctx;
};

/* HB_ERR_FULL. */
enum hb_status sim_transfer_start(struct sim_transfer *transfer,
    const struct sim_transfer_order *order, uint32_t *id);
/* Ends it without arrival; returns the MB that had been moved. */
double sim_transfer_abort(struct sim_transfer *transfer, uint32_t id);
/* What its rate is now, MB/s. */
double sim_transfer_rate_mb_s(const struct sim_transfer *transfer, uint32_t id);
/* What a transfer more between the two would get, MB/s. */
double sim_transfer_share_mb_s(const struct sim_transfer *transfer, uint32_t from, uint32_t to);

/* A live stream of mb_s more (or less, negative) from one site to another. */
void sim_transfer_stream(struct sim_transfer *transfer, uint32_t from, uint32_t to, double mb_s);
/* What a stream of mb_s between the two has not delivered yet, MB: its part of
 * the backlog of both lines (fluid: backlog' = sum of streams - capacity). */
double sim_transfer_lag_mb(struct sim_transfer *transfer, uint32_t from, uint32_t to,
    double mb_s);

/* The site's line carries nothing, or does again, in both directions: its transfers stand
 * still (but those within the site), and what its streams bring piles up. A stream both of
 * whose lines are cut waits once: its lag is then the larger of the two parts. */
void sim_transfer_cut(struct sim_transfer *transfer, uint32_t site, bool is_cut);

uint32_t sim_transfer_len(const struct sim_transfer *transfer);
/* Heap that transfers have touched so far. */
size_t sim_transfer_bytes(const struct sim_transfer *transfer);

#endif
