/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_BATCH_H
#define SIM_SERVE_BATCH_H

#include "sim/serve/book.h"

/* Gathers the questions that are outstanding and has them answered in one call,
 * on a thread of its own: when count_max wait, when everybody who is connected
 * waits, or delay_s after the first. */
struct sim_batch;

struct sim_batch_item {
    struct sim_book_question question;
    void *ctx;                   /* the asker's */
    struct sim_batch_item *next; /* the batch's */
};

struct sim_batch_config {
    struct sim_book *book; /* kept */
    uint32_t count_max;    /* 1..SIM_BOOK_BATCH_MAX */
    double delay_s;        /* 0..1 */
    /* How many could ask at all at this instant; called under the batch's lock. */
    size_t (*askers)(void *host);
    /* Each answered item, on the batch's thread; together: how many were
     * answered in one call, for its first item; 0 for the others. */
    void (*answered)(void *host, struct sim_batch_item *item, size_t together);
    void *host;
};

/* HB_ERR_MEMORY, HB_ERR_UNSUPPORTED if no thread starts. */
enum hb_status sim_batch_create(const struct sim_batch_config *config, struct sim_batch **out);
/* Answers what waits, then ends the thread; nothing is taken from then on. */
void sim_batch_end(struct sim_batch *batch);
void sim_batch_free(struct sim_batch *batch); /* ended */

/* item lives until it is answered. false: ended, not taken. */
bool sim_batch_put(struct sim_batch *batch, struct sim_batch_item *item);

#endif
