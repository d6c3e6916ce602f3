/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_SECRETS_H
#define SIM_SERVE_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

#define SIM_SECRETS_TEXT_BYTES 128

/* Bearer tokens that are let in. The file holds, a line each, a name and the
 * BLAKE2b-256 of the token in hexadecimal digits; '#' starts a comment. A token
 * is 256 random bits, so its hash needs no slow function. */
struct sim_secrets;

/* HB_ERR_IO, HB_ERR_FORMAT (a bad line, no token at all, over 1024), HB_ERR_MEMORY. */
enum hb_status sim_secrets_read(const char *path, struct data_problem *problem,
    struct sim_secrets **out);
void sim_secrets_free(struct sim_secrets *secrets);

/* In time that does not depend on which token it is. */
bool sim_secrets_holds(const struct sim_secrets *secrets, const char *token, size_t bytes);

/* A new token, and the line of the file that lets it in. name: letters, digits, - and _,
 * at most 32. HB_ERR_RANGE for another name, HB_ERR_IO if there is no randomness. */
enum hb_status sim_secrets_new(const char *name, char token[SIM_SECRETS_TEXT_BYTES],
    char line[SIM_SECRETS_TEXT_BYTES]);

/* The 32 secret bytes of a file that only its owner can read; made, from the system's
 * randomness, if there is no such file. HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_DENIED. */
enum hb_status sim_secrets_salt(const char *path, struct data_problem *problem,
    uint8_t salt[32]);

#endif
