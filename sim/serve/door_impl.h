/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_DOOR_IMPL_H
#define SIM_SERVE_DOOR_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "sim/serve/batch.h"
#include "sim/serve/door.h"

/* One TCP connection. */
struct sim_door_line {
    struct sim_door_line *next, *previous;
    int socket;
    int64_t waiting_since_ns; /* for a whole request, or for an answer to be taken; 0: it is the
                               * service's turn */
    struct sim_rate rate;
    bool is_cut;
};

struct sim_door {
    struct sim_door_config config;
    void *daemon; /* libmicrohttpd's */
    struct sim_batch *batch;
    pthread_mutex_t lock; /* of the lines */
    struct sim_door_line *lines;
    atomic_size_t line_count, call_count;
    atomic_bool is_closing;
    uint16_t port;
};

/* One request, from its head to the end of its answer. */
struct sim_door_call {
    struct sim_door *door;
    struct sim_door_line *line;
    void *connection; /* libmicrohttpd's */
    enum sim_tally_route route;
    struct hb_client_id id; /* of the path */
    bool is_head_done, is_asked, is_answered;
    int64_t started_ns;
    struct sim_batch_item item;
    size_t body_bytes;
    char body[SIM_DOOR_BODY_BYTES_MAX];
};

/* An answer on its way out; text is owned by it. code 0: none yet, a prediction
 * has been asked for and comes back through the batch. */
struct sim_door_answer {
    unsigned code;
    char *text;
    const char *type; /* NULL: JSON */
};

/* What a whole request is answered with (door_routes.c). */
struct sim_door_answer sim_door_answer_of(struct sim_door_call *call);
/* The answer to a prediction that has come back. */
struct sim_door_answer sim_door_prediction_of(const struct sim_door_call *call);
struct sim_door_answer sim_door_refusal(unsigned code, const char *sentence);

int64_t sim_door_now_ns(int is_calendar);

#endif
