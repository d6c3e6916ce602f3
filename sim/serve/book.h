/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_BOOK_H
#define SIM_SERVE_BOOK_H

#include "sim/serve/body.h"
#include "sim/serve/nearest.h"
#include "sim/serve/rate.h"

#define SIM_BOOK_RECENT 128 /* observations kept of a client */

/* All that the service knows of clients, behind one lock: who they are (only
 * keyed hashes), what the predictor has learned, and each one's recent
 * observations. Safe to call from any thread. */
struct sim_book;

struct sim_book_config {
    uint8_t salt[HB_IDENTITY_KEY_BYTES];
    uint32_t client_capacity;
    double epoch_s, grace_s;          /* of ids, see core/identity.h */
    double place_km;                  /* a point further from all places is refused */
    struct sim_rate_limit rate;       /* observations of one client */
    const struct sim_nearest *places; /* kept */
    uint32_t place_count;
    struct hb_predictor *predictor;   /* kept, used by nobody else */
    const char *model_digest; /* kept; of an LSTM's model: a snapshot then has its records */
};

/* HB_ERR_RANGE, HB_ERR_MEMORY, HB_ERR_UNSUPPORTED, as hb_identity_create. */
enum hb_status sim_book_create(const struct sim_book_config *config, struct sim_book **out);
void sim_book_free(struct sim_book *book);

struct sim_book_seen {
    struct hb_client_id id; /* valid for this epoch and the grace period after it */
    uint32_t place;         /* HB_NONE: out of sight */
    double distance_km;     /* of the point from the place; 0 if the place was given */
};

/* now_ns is Unix time.
 *   HB_ERR_DENIED     no consent; what was known of the client is erased
 *   HB_ERR_FULL       client_capacity are known
 *   HB_ERR_NOT_FOUND  no such id
 *   HB_ERR_RANGE      no such place, or none within place_km
 *   HB_ERR_EXISTS     a later observation is known, or the instant is over 400 days ago
 *                     or over 5 minutes ahead
 *   HB_ERR_STATE      the client's rate is used up */
enum hb_status sim_book_observe(struct sim_book *book, int64_t now_ns,
    const struct sim_body_observe *seen, struct sim_book_seen *out);

/* One of the questions answered together. */
struct sim_book_question {
    struct sim_body_predict asked;
    enum hb_status status; /* HB_OK or HB_ERR_NOT_FOUND */
    struct hb_prediction answer;
};
#define SIM_BOOK_BATCH_MAX 256
/* count <= SIM_BOOK_BATCH_MAX; one call of hb_predict_location. */
void sim_book_predict(struct sim_book *book, int64_t now_ns,
    struct sim_book_question *const *questions, size_t count);

/* Erases a client. HB_ERR_NOT_FOUND. */
enum hb_status sim_book_forget(struct sim_book *book, int64_t now_ns,
    const struct hb_client_id *id);

struct sim_book_size {
    uint32_t client_count;
    size_t predictor_bytes;
    uint64_t erased_count; /* clients erased so far: a snapshot older than this still has them */
};
struct sim_book_size sim_book_size(struct sim_book *book);

/* The book as bytes: magic, version, digests of places and model, clients by keyed hash with
 * their observations and, of an LSTM, their records; and a keyed BLAKE2b over all. The caller
 * frees. HB_ERR_MEMORY. */
enum hb_status sim_book_save(struct sim_book *book, uint8_t **bytes, size_t *count);

/* Into an empty book: the records of the same model, so that answers are as before, bit for bit;
 * else the observations, replayed in order of time. Also version 1, without records.
 * HB_ERR_FORMAT (damaged, or made with another salt), HB_ERR_VERSION, HB_ERR_RANGE (other places),
 * HB_ERR_FULL, HB_ERR_MEMORY. Nothing is taken unless the bytes are whole. */
enum hb_status sim_book_load(struct sim_book *book, int64_t now_ns, const uint8_t *bytes,
    size_t count, struct data_problem *problem);

#endif
