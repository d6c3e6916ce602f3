/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/mrt.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/part.h"

/* RFC 6396: type 17 BGP4MP_ET, subtype 4 BGP4MP_MESSAGE_AS4, AFI 1 IPv4. */
#define TYPE_BGP4MP_ET 17U
#define SUBTYPE_MESSAGE_AS4 4U
#define AFI_IPV4 1U
/* RFC 4271: an UPDATE is type 2 behind 16 bytes of ones; a message has 4096 at most. */
#define MESSAGE_UPDATE 2U
#define RECORD_BYTES_MAX 4200U
#define TRANSITIVE 0x40U
#define OPTIONAL 0x80U
#define LONG 0x10U

struct data_mrt {
    struct data_part *part;
    FILE *file; /* the part's */
};

struct bytes {
    uint8_t all[RECORD_BYTES_MAX];
    size_t count;
};

static void put(struct bytes *bytes, uint32_t value, unsigned width)
{
    assert(bytes->count + width <= sizeof bytes->all);
    for (unsigned i = width; i-- > 0;) {
        bytes->all[bytes->count++] = (uint8_t)(value >> (8 * i));
    }
}

/* Writes into two bytes at `at` how many follow them. */
static void close_length(struct bytes *bytes, size_t at)
{
    size_t length = bytes->count - at - 2;
    bytes->all[at] = (uint8_t)(length >> 8);
    bytes->all[at + 1] = (uint8_t)length;
}

static void put_prefix(struct bytes *bytes, const struct data_mrt_update *update)
{
    put(bytes, update->prefix_bits, 1);
    for (unsigned i = 0; i < (update->prefix_bits + 7U) / 8U; i++) {
        put(bytes, update->prefix >> (24 - 8 * i) & 255U, 1);
    }
}

static void put_attributes(struct bytes *bytes, const struct data_mrt_update *update)
{
    put(bytes, TRANSITIVE << 16 | 1U << 8 | 1U, 3); /* ORIGIN, one byte */
    put(bytes, update->origin, 1);
    uint32_t path_bytes = 2 + 4 * update->path_count;
    bool is_long = path_bytes > 255;
    put(bytes, TRANSITIVE | (is_long ? LONG : 0U), 1); /* AS_PATH */
    put(bytes, 2, 1);
    put(bytes, path_bytes, is_long ? 2 : 1);
    put(bytes, 2, 1); /* AS_SEQUENCE */
    put(bytes, update->path_count, 1);
    for (uint32_t i = 0; i < update->path_count; i++) {
        put(bytes, update->path[i], 4);
    }
    put(bytes, TRANSITIVE << 16 | 3U << 8 | 4U, 3); /* NEXT_HOP, four bytes */
    put(bytes, update->next_hop, 4);
    if (update->has_med) {
        put(bytes, OPTIONAL << 16 | 4U << 8 | 4U, 3);
        put(bytes, update->med, 4);
    }
    if (update->has_community) {
        put(bytes, (OPTIONAL | TRANSITIVE) << 16 | 8U << 8 | 4U, 3);
        put(bytes, update->community, 4);
    }
}

static void put_message(struct bytes *bytes, const struct data_mrt_update *update)
{
    size_t start = bytes->count;
    for (int i = 0; i < 4; i++) {
        put(bytes, UINT32_MAX, 4);
    }
    put(bytes, 0, 2); /* of the whole message, below */
    put(bytes, MESSAGE_UPDATE, 1);
    size_t withdrawn = bytes->count;
    put(bytes, 0, 2);
    if (update->is_withdrawal) {
        put_prefix(bytes, update);
    }
    close_length(bytes, withdrawn);
    size_t attributes = bytes->count;
    put(bytes, 0, 2);
    if (!update->is_withdrawal) {
        put_attributes(bytes, update);
    }
    close_length(bytes, attributes);
    if (!update->is_withdrawal) {
        put_prefix(bytes, update);
    }
    size_t length = bytes->count - start;
    bytes->all[start + 16] = (uint8_t)(length >> 8);
    bytes->all[start + 17] = (uint8_t)length;
}

enum hb_status data_mrt_write(struct data_mrt *mrt, const struct data_mrt_update *update)
{
    assert(update->prefix_bits <= 32);
    assert(update->prefix_bits == 32 || (update->prefix << update->prefix_bits) == 0
        || update->prefix_bits == 0);
    assert(update->is_withdrawal || update->path_count >= 1);
    assert(update->is_withdrawal || update->path_count <= DATA_MRT_PATH_MAX);
    int64_t seconds = update->at_ns / 1000000000;
    if (update->at_ns < 0 || seconds > UINT32_MAX) {
        return HB_ERR_RANGE;
    }
    struct bytes bytes = { .count = 0 };
    put(&bytes, (uint32_t)seconds, 4);
    put(&bytes, TYPE_BGP4MP_ET, 2);
    put(&bytes, SUBTYPE_MESSAGE_AS4, 2);
    put(&bytes, 0, 4); /* the length of what follows, below */
    put(&bytes, (uint32_t)(update->at_ns % 1000000000 / 1000), 4);
    put(&bytes, update->peer_as, 4);
    put(&bytes, update->local_as, 4);
    put(&bytes, 0, 2); /* interface */
    put(&bytes, AFI_IPV4, 2);
    put(&bytes, update->peer_ip, 4);
    put(&bytes, update->local_ip, 4);
    put_message(&bytes, update);
    close_length(&bytes, 10); /* under 2^16, so the upper half stays 0 */
    return fwrite(bytes.all, 1, bytes.count, mrt->file) == bytes.count ? HB_OK : HB_ERR_IO;
}

enum hb_status data_mrt_create(
    const char *path, struct data_mrt **out, struct data_problem *problem)
{
    struct data_mrt *mrt = calloc(1, sizeof *mrt);
    if (mrt == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = data_part_create(path, DATA_PART_PUBLIC, &mrt->part, problem);
    mrt->file = status == HB_OK ? data_part_stream(mrt->part) : NULL;
    if (mrt->file == NULL) {
        data_part_free(mrt->part);
        free(mrt);
        return status != HB_OK ? status : HB_ERR_MEMORY;
    }
    *out = mrt;
    return HB_OK;
}

enum hb_status data_mrt_close(struct data_mrt *mrt, bool keep, struct data_problem *problem)
{
    if (mrt == NULL) {
        return HB_OK;
    }
    enum hb_status status = HB_OK;
    if (keep) {
        status = data_part_commit(mrt->part, problem);
    } else {
        data_part_free(mrt->part);
    }
    free(mrt);
    return status;
}
