/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_DOOR_H
#define SIM_SERVE_DOOR_H

#include "sim/serve/book.h"
#include "sim/serve/secrets.h"
#include "sim/serve/tally.h"

#define SIM_DOOR_BODY_BYTES_MAX 4096
#define SIM_DOOR_HEAD_BYTES_MAX 16384 /* request line and headers, and the answer's */

/* The HTTP side: routes, bearer tokens, limits, batching of predictions. Owner of
 * libmicrohttpd. */
struct sim_door;

struct sim_door_config {
    const char *address; /* IPv4 or IPv6 */
    uint16_t port;       /* 0: any free one */
    const char *certificate, *key; /* PEM texts; NULL: plain HTTP */
    const struct sim_secrets *secrets; /* kept; NULL: no token is asked for */
    struct sim_book *book;   /* kept */
    struct sim_tally *tally; /* kept */
    const struct hb_place *places; /* [place_count], kept */
    const char *predictor_name, *openapi; /* kept */
    struct sim_rate_limit rate; /* requests of one connection */
    uint32_t connection_max, thread_count, batch_max;
    double batch_delay_s;
    double request_s; /* within which a connection must bring each whole request */
};

/* HB_ERR_IO (address in use, certificate of no use), HB_ERR_RANGE (no such address),
 * HB_ERR_MEMORY, HB_ERR_UNSUPPORTED. */
enum hb_status sim_door_open(const struct sim_door_config *config, struct data_problem *problem,
    struct sim_door **out);
uint16_t sim_door_port(const struct sim_door *door);

/* To be called a few times a second: cuts connections that are too slow. */
void sim_door_sweep(struct sim_door *door);

/* Lets nobody in, answers what is asked for at most drain_s, closes, frees. */
void sim_door_close(struct sim_door *door, double drain_s);

#endif
