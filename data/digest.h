/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_DIGEST_H
#define DATA_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* A running 256-bit digest: state = BLAKE2b-256(key = state, block) for each
 * block of bytes in turn, from an all-zero state. Depends on the bytes and on
 * where the blocks end, so the caller fixes both. */
struct data_digest {
    uint8_t state[32];
};

void data_digest_block(struct data_digest *digest, const void *bytes, size_t count);
/* The first 16 bytes of the state as 32 hexadecimal digits and NUL. */
void data_digest_text(const struct data_digest *digest, char text[33]);

#endif
