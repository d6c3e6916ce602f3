/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_BOOK_IMPL_H
#define SIM_SERVE_BOOK_IMPL_H

#include <pthread.h>

#include "sim/serve/book.h"

#define SIM_BOOK_HANDLE_BYTES 32

struct sim_book_recent {
    int64_t at_ns;
    uint32_t place;
};

/* handle = BLAKE2b-256(key of the salt, device): what stands for the device
 * from the moment it is read, and all that a snapshot knows of it. */
struct sim_book_row {
    uint8_t handle[SIM_BOOK_HANDLE_BYTES];
    struct sim_book_recent recent[SIM_BOOK_RECENT]; /* the oldest at next when it is full */
    uint32_t recent_count, next;
    bool is_used;
    struct sim_rate rate;
};

struct sim_book {
    pthread_mutex_t lock;
    struct sim_book_config config;
    uint8_t key[HB_IDENTITY_KEY_BYTES];     /* of handles */
    uint8_t seal_key[HB_IDENTITY_KEY_BYTES]; /* of snapshots */
    struct hb_identity *identity;
    struct sim_book_row *rows; /* by client index */
    int64_t now_ns;            /* never goes back, whatever the clock does */
    uint64_t erased_count;
};

/* Appends to what is kept of a client. */
void sim_book_row_note(struct sim_book_row *row, struct sim_book_recent seen);

/* Finds or makes the client of a handle. HB_ERR_DENIED, HB_ERR_FULL. */
enum hb_status sim_book_admit(struct sim_book *book, const uint8_t *handle, int has_consent,
    uint32_t *client);

#endif
