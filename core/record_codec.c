/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record_codec.h"

#include <string.h>

static const uint64_t magic = 0x43524248; /* "HBRC" in little-endian order */

void hb_record_codec_put(struct hb_record_out *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        *out->at++ = (uint8_t)(value >> (8 * i));
    }
}

void hb_record_codec_put_f64(struct hb_record_out *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    hb_record_codec_put(out, bits, sizeof bits);
}

void hb_record_codec_put_f32(struct hb_record_out *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    hb_record_codec_put(out, bits, sizeof bits);
}

void hb_record_codec_put_varint(struct hb_record_out *out, uint64_t value)
{
    while (value >= 0x80) {
        *out->at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *out->at++ = (uint8_t)value;
}

uint64_t hb_record_codec_take(struct hb_record_in *in, size_t bytes)
{
    if (in->is_bad || (size_t)(in->end - in->at) < bytes) {
        in->is_bad = 1;
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)*in->at++ << (8 * i);
    }
    return value;
}

double hb_record_codec_take_f64(struct hb_record_in *in)
{
    uint64_t bits = hb_record_codec_take(in, sizeof bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float hb_record_codec_take_f32(struct hb_record_in *in)
{
    uint32_t bits = (uint32_t)hb_record_codec_take(in, sizeof bits);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint64_t hb_record_codec_take_varint(struct hb_record_in *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint64_t byte = hb_record_codec_take(in, 1);
        int is_lost = shift == 63 && byte > 1; /* beyond 64 bits */
        if (is_lost) {
            break;
        }
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    in->is_bad = 1;
    return 0;
}

uint32_t hb_record_codec_take_u32(struct hb_record_in *in)
{
    uint64_t value = hb_record_codec_take_varint(in);
    if (value > UINT32_MAX) {
        in->is_bad = 1;
        return 0;
    }
    return (uint32_t)value;
}

/* FNV-1a: each step is a bijection of the state, so that two texts that differ
 * in one byte never share a sum. Source: Fowler, Noll, Vo; 64-bit constants. */
static uint64_t checksum(const uint8_t *bytes, size_t size)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}

void hb_record_codec_seal(uint8_t *block, const struct hb_record_head *head)
{
    struct hb_record_out out = { block };
    hb_record_codec_put(&out, magic, 4);
    hb_record_codec_put(&out, HB_RECORD_VERSION, 2);
    hb_record_codec_put(&out, head->type, 2);
    hb_record_codec_put(&out, head->item_count, 4);
    hb_record_codec_put(&out, head->payload_bytes, 8);
    size_t summed = HB_RECORD_HEAD_BYTES + (size_t)head->payload_bytes;
    out.at = block + summed;
    hb_record_codec_put(&out, checksum(block, summed), HB_RECORD_TAIL_BYTES);
}

enum hb_status hb_record_codec_open(const uint8_t *bytes, size_t size,
    struct hb_record_head *out)
{
    const size_t frame = HB_RECORD_HEAD_BYTES + HB_RECORD_TAIL_BYTES;
    if (size < frame) {
        return HB_ERR_FORMAT;
    }
    struct hb_record_in in = { .at = bytes, .end = bytes + size };
    uint64_t found_magic = hb_record_codec_take(&in, 4);
    uint64_t version = hb_record_codec_take(&in, 2);
    struct hb_record_head head = { .type = (uint32_t)hb_record_codec_take(&in, 2) };
    head.item_count = (uint32_t)hb_record_codec_take(&in, 4);
    head.payload_bytes = hb_record_codec_take(&in, 8);
    if (found_magic != magic) {
        return HB_ERR_FORMAT;
    }
    if (version != HB_RECORD_VERSION) {
        return HB_ERR_VERSION;
    }
    if (head.payload_bytes > size - frame) {
        return HB_ERR_FORMAT;
    }
    size_t summed = HB_RECORD_HEAD_BYTES + (size_t)head.payload_bytes;
    in.at = bytes + summed;
    if (hb_record_codec_take(&in, HB_RECORD_TAIL_BYTES) != checksum(bytes, summed)) {
        return HB_ERR_FORMAT;
    }
    *out = head;
    return HB_OK;
}
