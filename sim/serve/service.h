/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_SERVICE_H
#define SIM_SERVE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/problem.h"
#include "sim/serve/rate.h"

/* `harbinger serve`: options of its command line, in its words. Paths may be NULL
 * where the comment says so. */
struct sim_service_config {
    const char *places;     /* trace file; NULL with a model that knows where its places are */
    const char *predictor;  /* persistence, frequency or markov; unused with model */
    const char *model;      /* NULL: none */
    const char *tokens;     /* NULL: nobody is asked for a token; loopback only */
    const char *salt;
    const char *snapshot;   /* NULL: nothing outlives the process */
    const char *cert, *key; /* NULL: plain HTTP; loopback only unless is_plain */
    const char *address;
    bool is_plain;
    double port, clients, connections, threads, batch; /* whole numbers */
    double snapshot_s, epoch_s, grace_s, request_s, delay_ms, place_km;
    struct sim_rate_limit connection_rate, client_rate;
};

/* Serves until SIGTERM or SIGINT. Says "listening on URL" on standard output once it
 * does. HB_ERR_RANGE, HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_VERSION, HB_ERR_DENIED, ... with the
 * sentence; the last snapshot's failure, too. */
enum hb_status sim_service_run(const struct sim_service_config *config,
    struct data_problem *problem);

#endif
