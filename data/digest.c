/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/digest.h"

#include <string.h>

#include "core/identity.h"

void data_digest_block(struct data_digest *digest, const void *bytes, size_t count)
{
    struct data_digest next;
    hb_identity_blake2b((struct hb_identity_text) { digest->state, sizeof digest->state },
        (struct hb_identity_text) { bytes, count }, next.state, sizeof next.state);
    *digest = next;
}

void data_digest_text(const struct data_digest *digest, char text[33])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 16; i++) {
        text[2 * i] = digits[digest->state[i] >> 4];
        text[2 * i + 1] = digits[digest->state[i] & 15];
    }
    text[32] = '\0';
}
