/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_BODY_H
#define SIM_SERVE_BODY_H

#include <stdbool.h>

#include "core/identity.h"
#include "core/predictor.h"
#include "data/problem.h"

/* Once, before the first request: from then on memory that held a part of a request is cleared
 * when it is given back. */
void sim_body_start(void);

/* Requests as JSON texts (openapi.json says what each member means). */
struct sim_body_observe {
    uint8_t device[HB_IDENTITY_DEVICE_BYTES_MAX]; /* device_bytes 0: id is given instead */
    size_t device_bytes;
    struct hb_client_id id;
    bool has_consent;
    bool has_point;
    struct hb_point at;  /* if has_point */
    uint32_t place;      /* else; HB_NONE: out of sight */
    double at_unix_s;    /* NaN: now */
    struct hb_context context;
};

struct sim_body_predict {
    struct hb_client_id id;
    double timeframe_s; /* 900..3600 */
    uint32_t guess_max; /* 1..HB_GUESS_MAX */
};

/* Nothing of text is trusted. HB_ERR_FORMAT: not JSON, a member missing, unknown, twice
 * or of another type; HB_ERR_RANGE: a value outside its bounds; HB_ERR_MEMORY. */
enum hb_status sim_body_observe_parse(const char *text, size_t bytes,
    struct sim_body_observe *out, struct data_problem *problem);
enum hb_status sim_body_predict_parse(const char *text, size_t bytes,
    struct sim_body_predict *out, struct data_problem *problem);

/* 32 hexadecimal digits, nothing after them. */
bool sim_body_id_parse(const char *text, struct hb_client_id *out);
void sim_body_id_text(const struct hb_client_id *id, char text[33]);

/* {"error": sentence}, escaped; the caller frees. NULL: no memory. */
char *sim_body_error(const char *sentence);

#endif
