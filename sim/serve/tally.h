/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_TALLY_H
#define SIM_SERVE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "sim/serve/book.h"

#define SIM_TALLY_ROUTE_LIST(X) \
    X(observe) X(predict) X(forget) X(health) X(metrics) X(openapi) X(other)

enum sim_tally_route {
#define X(name) SIM_TALLY_##name,
    SIM_TALLY_ROUTE_LIST(X)
#undef X
        SIM_TALLY_ROUTE_COUNT
};

/* Counters of the service, written from any thread, read as Prometheus text. */
struct sim_tally;

/* NULL: no memory. */
struct sim_tally *sim_tally_create(void);
void sim_tally_free(struct sim_tally *tally);

void sim_tally_answer(struct sim_tally *tally, enum sim_tally_route route, unsigned code,
    double seconds);
void sim_tally_batch(struct sim_tally *tally, size_t together);
void sim_tally_cut(struct sim_tally *tally); /* a connection that was too slow */
void sim_tally_snapshot(struct sim_tally *tally, int is_good);

/* The exposition (text format 0.0.4); the caller frees. NULL: no memory. */
char *sim_tally_text(const struct sim_tally *tally, const struct sim_book_size *book,
    size_t connection_count);

#endif
