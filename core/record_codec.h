/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_RECORD_CODEC_H
#define HB_RECORD_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* Bytes of a recording; not installed. A block is
 *   magic u32, version u16, type u16, item_count u32, payload_bytes u64,
 *   payload, FNV-1a u64 of all that stands before it. */
#define HB_RECORD_HEAD_BYTES 20
#define HB_RECORD_TAIL_BYTES 8
#define HB_RECORD_VERSION 3

enum hb_record_block { HB_RECORD_BLOCK_SETUP = 1, HB_RECORD_BLOCK_ITEMS = 2 };

/* A place to write to; the caller has made sure of the room. */
struct hb_record_out {
    uint8_t *at;
};

void hb_record_codec_put(struct hb_record_out *out, uint64_t value, size_t bytes);
void hb_record_codec_put_f64(struct hb_record_out *out, double value);
void hb_record_codec_put_f32(struct hb_record_out *out, float value);
void hb_record_codec_put_varint(struct hb_record_out *out, uint64_t value); /* <= 10 bytes */

/* A place to read from; past the end, and after any other fault, it reads
 * zeros and is_bad stays set. */
struct hb_record_in {
    const uint8_t *at, *end;
    int is_bad;
};

uint64_t hb_record_codec_take(struct hb_record_in *in, size_t bytes);
double hb_record_codec_take_f64(struct hb_record_in *in);
float hb_record_codec_take_f32(struct hb_record_in *in);
uint64_t hb_record_codec_take_varint(struct hb_record_in *in);
/* ... that must fit 32 bits. */
uint32_t hb_record_codec_take_u32(struct hb_record_in *in);

struct hb_record_head {
    uint32_t type, item_count;
    uint64_t payload_bytes;
};

/* Head before and checksum behind payload_bytes that stand at block + HEAD_BYTES. */
void hb_record_codec_seal(uint8_t *block, const struct hb_record_head *head);

/* The head of the block at bytes, once all of the block is there and its
 * checksum right. HB_ERR_FORMAT, HB_ERR_VERSION. */
enum hb_status hb_record_codec_open(const uint8_t *bytes, size_t size,
    struct hb_record_head *out);

#endif
