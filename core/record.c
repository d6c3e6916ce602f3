/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include <assert.h>
#include <string.h>

#include "core/record_codec.h"

/* An item is tag u8, mask u8, the instant as a zigzag varint against the item
 * before (the first of a block against 0), then the fields that the mask names.
 * Tag: kind of event, or command_tag + kind of command. A field that is not
 * named is zero (client, place, site, from: HB_NONE). */
enum { COMMAND_TAG = 64, ITEM_BYTES_MAX = 192 };

enum event_field {
    EVENT_REQ = 1,
    EVENT_CLIENT = 2,
    EVENT_PLACE = 4,
    EVENT_SITE = 8,
    EVENT_VALUE = 16,
    EVENT_RESULT = 32,
    EVENT_PREDICTION = 64,
};

enum command_field {
    COMMAND_CLIENT = 1,
    COMMAND_SITE = 2,
    COMMAND_FROM = 4,
    COMMAND_VALUE = 8,
    COMMAND_WAKE = 16,
    COMMAND_EPOCH = 32,
    COMMAND_ROUTE = 64,
};

static unsigned flag_if(int condition, unsigned flag)
{
    return condition ? flag : 0;
}

static int has_bits(double value)
{
    const double zero = 0.0;
    return memcmp(&value, &zero, sizeof value) != 0;
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t value)
{
    uint64_t bits = value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
    int64_t out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

/* a - b and a + b as the machine's words do, without the undefined overflow. */
static int64_t minus(int64_t a, int64_t b)
{
    uint64_t bits = (uint64_t)a - (uint64_t)b;
    int64_t out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

static int64_t plus(int64_t a, int64_t b)
{
    uint64_t bits = (uint64_t)a + (uint64_t)b;
    int64_t out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

void hb_record_writer_init(struct hb_record_writer *writer, uint8_t *buffer, size_t capacity)
{
    assert(capacity >= HB_RECORD_BLOCK_MIN);
    *writer = (struct hb_record_writer) { .buffer = buffer, .capacity = capacity };
}

/* item [bytes] joins the block, if there is room for it and the checksum. */
static enum hb_status join(struct hb_record_writer *writer, const uint8_t *item, size_t bytes,
    int64_t at_ns)
{
    if (writer->used == 0) {
        writer->used = HB_RECORD_HEAD_BYTES;
    }
    if (bytes + HB_RECORD_TAIL_BYTES > writer->capacity - writer->used) {
        return HB_ERR_FULL;
    }
    memcpy(writer->buffer + writer->used, item, bytes);
    writer->used += bytes;
    writer->last_ns = at_ns;
    writer->item_count++;
    return HB_OK;
}

static void put_prediction(struct hb_record_out *out, const struct hb_prediction *prediction)
{
    assert(prediction->guess_count <= HB_GUESS_MAX);
    hb_record_codec_put_f32(out, prediction->horizon_s);
    hb_record_codec_put_f32(out, prediction->elsewhere);
    hb_record_codec_put(out, prediction->guess_count, 1);
    for (uint32_t i = 0; i < prediction->guess_count; i++) {
        hb_record_codec_put_varint(out, prediction->guesses[i].place);
        hb_record_codec_put_f32(out, prediction->guesses[i].confidence);
    }
}

enum hb_status hb_record_put_event(struct hb_record_writer *writer, const struct hb_event *event)
{
    assert(event->kind < HB_EVENT_COUNT);
    uint8_t item[ITEM_BYTES_MAX];
    struct hb_record_out out = { item };
    unsigned mask = flag_if(event->req != 0, EVENT_REQ)
        | flag_if(event->client != HB_NONE, EVENT_CLIENT)
        | flag_if(event->place != HB_NONE, EVENT_PLACE)
        | flag_if(event->site != HB_NONE, EVENT_SITE)
        | flag_if(has_bits(event->value), EVENT_VALUE)
        | flag_if(event->result != 0, EVENT_RESULT)
        | flag_if(event->prediction != NULL, EVENT_PREDICTION);
    hb_record_codec_put(&out, event->kind, 1);
    hb_record_codec_put(&out, mask, 1);
    hb_record_codec_put_varint(&out, zigzag(minus(event->at_ns, writer->last_ns)));
    if (mask & EVENT_REQ) {
        hb_record_codec_put(&out, event->req, 8);
    }
    if (mask & EVENT_CLIENT) {
        hb_record_codec_put_varint(&out, event->client);
    }
    if (mask & EVENT_PLACE) {
        hb_record_codec_put_varint(&out, event->place);
    }
    if (mask & EVENT_SITE) {
        hb_record_codec_put_varint(&out, event->site);
    }
    if (mask & EVENT_VALUE) {
        hb_record_codec_put_f64(&out, event->value);
    }
    if (mask & EVENT_RESULT) {
        hb_record_codec_put(&out, event->result, 2);
    }
    if (mask & EVENT_PREDICTION) {
        put_prediction(&out, event->prediction);
    }
    return join(writer, item, (size_t)(out.at - item), event->at_ns);
}

static void put_route(struct hb_record_out *out, const struct hb_route *route)
{
    hb_record_codec_put_varint(out, route->local_pref);
    hb_record_codec_put_varint(out, route->med);
    hb_record_codec_put_varint(out, route->prepend_count);
    hb_record_codec_put_varint(out, route->community);
    hb_record_codec_put_varint(out, route->more_specific);
}

enum hb_status hb_record_put_command(struct hb_record_writer *writer,
    const struct hb_command *command)
{
    assert(command->kind < HB_COMMAND_COUNT);
    uint8_t item[ITEM_BYTES_MAX];
    struct hb_record_out out = { item };
    unsigned mask = flag_if(command->client != HB_NONE, COMMAND_CLIENT)
        | flag_if(command->site != HB_NONE, COMMAND_SITE)
        | flag_if(command->from != HB_NONE, COMMAND_FROM)
        | flag_if(has_bits(command->value), COMMAND_VALUE)
        | flag_if(command->wake_ns != 0, COMMAND_WAKE)
        | flag_if(command->epoch != 0, COMMAND_EPOCH)
        | flag_if(command->kind == HB_COMMAND_ROUTE_ANNOUNCE, COMMAND_ROUTE);
    hb_record_codec_put(&out, COMMAND_TAG + command->kind, 1);
    hb_record_codec_put(&out, mask, 1);
    hb_record_codec_put_varint(&out, zigzag(minus(command->at_ns, writer->last_ns)));
    hb_record_codec_put(&out, command->req, 8);
    if (mask & COMMAND_CLIENT) {
        hb_record_codec_put_varint(&out, command->client);
    }
    if (mask & COMMAND_SITE) {
        hb_record_codec_put_varint(&out, command->site);
    }
    if (mask & COMMAND_FROM) {
        hb_record_codec_put_varint(&out, command->from);
    }
    if (mask & COMMAND_VALUE) {
        hb_record_codec_put_f64(&out, command->value);
    }
    if (mask & COMMAND_WAKE) {
        hb_record_codec_put_varint(&out, zigzag(minus(command->wake_ns, command->at_ns)));
    }
    if (mask & COMMAND_EPOCH) {
        hb_record_codec_put_varint(&out, command->epoch);
    }
    if (mask & COMMAND_ROUTE) {
        put_route(&out, &command->route);
    }
    return join(writer, item, (size_t)(out.at - item), command->at_ns);
}

size_t hb_record_seal(struct hb_record_writer *writer)
{
    if (writer->item_count == 0) {
        return 0;
    }
    struct hb_record_head head = { .type = HB_RECORD_BLOCK_ITEMS,
        .item_count = writer->item_count,
        .payload_bytes = writer->used - HB_RECORD_HEAD_BYTES };
    hb_record_codec_seal(writer->buffer, &head);
    size_t bytes = writer->used + HB_RECORD_TAIL_BYTES;
    hb_record_writer_init(writer, writer->buffer, writer->capacity);
    return bytes;
}

void hb_record_reader_init(struct hb_record_reader *reader, const uint8_t *bytes, size_t size)
{
    *reader = (struct hb_record_reader) { .bytes = bytes, .size = size };
}

static enum hb_status open_block(struct hb_record_reader *reader)
{
    if (reader->at == reader->size) {
        return HB_ERR_NOT_FOUND;
    }
    struct hb_record_head head;
    enum hb_status status = hb_record_codec_open(reader->bytes + reader->at,
        reader->size - reader->at, &head);
    if (status != HB_OK) {
        return status;
    }
    if (head.type != HB_RECORD_BLOCK_ITEMS || head.item_count == 0) {
        return HB_ERR_FORMAT;
    }
    reader->at += HB_RECORD_HEAD_BYTES;
    reader->block_end = reader->at + (size_t)head.payload_bytes;
    reader->items_left = head.item_count;
    reader->last_ns = 0;
    return HB_OK;
}

static void take_prediction(struct hb_record_in *in, struct hb_prediction *out)
{
    *out = (struct hb_prediction) { .horizon_s = hb_record_codec_take_f32(in) };
    out->elsewhere = hb_record_codec_take_f32(in);
    uint64_t count = hb_record_codec_take(in, 1);
    if (count > HB_GUESS_MAX) {
        in->is_bad = 1;
        return;
    }
    out->guess_count = (uint32_t)count;
    for (uint32_t i = 0; i < out->guess_count; i++) {
        out->guesses[i].place = hb_record_codec_take_u32(in);
        out->guesses[i].confidence = hb_record_codec_take_f32(in);
    }
}

static void take_event(struct hb_record_in *in, unsigned mask, struct hb_prediction *prediction,
    struct hb_event *out)
{
    out->req = mask & EVENT_REQ ? hb_record_codec_take(in, 8) : 0;
    out->client = mask & EVENT_CLIENT ? hb_record_codec_take_u32(in) : HB_NONE;
    out->place = mask & EVENT_PLACE ? hb_record_codec_take_u32(in) : HB_NONE;
    out->site = mask & EVENT_SITE ? hb_record_codec_take_u32(in) : HB_NONE;
    out->value = mask & EVENT_VALUE ? hb_record_codec_take_f64(in) : 0.0;
    out->result = mask & EVENT_RESULT ? (uint16_t)hb_record_codec_take(in, 2) : 0;
    if (mask & EVENT_PREDICTION) {
        take_prediction(in, prediction);
        out->prediction = prediction;
    }
}

static void take_command(struct hb_record_in *in, unsigned mask, struct hb_command *out)
{
    out->req = hb_record_codec_take(in, 8);
    out->client = mask & COMMAND_CLIENT ? hb_record_codec_take_u32(in) : HB_NONE;
    out->site = mask & COMMAND_SITE ? hb_record_codec_take_u32(in) : HB_NONE;
    out->from = mask & COMMAND_FROM ? hb_record_codec_take_u32(in) : HB_NONE;
    out->value = mask & COMMAND_VALUE ? hb_record_codec_take_f64(in) : 0.0;
    if (mask & COMMAND_WAKE) {
        out->wake_ns = plus(out->at_ns, unzigzag(hb_record_codec_take_varint(in)));
    }
    out->epoch = mask & COMMAND_EPOCH ? hb_record_codec_take_varint(in) : 0;
    if (mask & COMMAND_ROUTE) {
        out->route.local_pref = hb_record_codec_take_u32(in);
        out->route.med = hb_record_codec_take_u32(in);
        out->route.prepend_count = hb_record_codec_take_u32(in);
        out->route.community = hb_record_codec_take_u32(in);
        out->route.more_specific = hb_record_codec_take_u32(in);
    }
}

static void take_item(struct hb_record_in *in, struct hb_record_reader *reader,
    struct hb_record_item *item)
{
    uint32_t tag = (uint32_t)hb_record_codec_take(in, 1);
    unsigned mask = (unsigned)hb_record_codec_take(in, 1);
    int64_t at_ns = plus(reader->last_ns, unzigzag(hb_record_codec_take_varint(in)));
    *item = (struct hb_record_item) { .is_command = tag >= COMMAND_TAG };
    uint32_t kind = item->is_command ? tag - COMMAND_TAG : tag;
    in->is_bad |= kind >= (item->is_command ? (uint32_t)HB_COMMAND_COUNT : HB_EVENT_COUNT);
    if (item->is_command) {
        item->command.kind = kind;
        item->command.at_ns = at_ns;
        take_command(in, mask, &item->command);
    } else {
        item->event.kind = (uint16_t)kind;
        item->event.at_ns = at_ns;
        take_event(in, mask, &reader->prediction, &item->event);
    }
    reader->last_ns = at_ns;
}

enum hb_status hb_record_next(struct hb_record_reader *reader, struct hb_record_item *out)
{
    if (reader->items_left == 0) {
        enum hb_status status = open_block(reader);
        if (status != HB_OK) {
            return status;
        }
    }
    struct hb_record_in in = { .at = reader->bytes + reader->at,
        .end = reader->bytes + reader->block_end };
    struct hb_record_item item;
    take_item(&in, reader, &item);
    int is_last = reader->items_left == 1;
    int is_over = in.at == in.end;
    if (in.is_bad || is_last != is_over) {
        return HB_ERR_FORMAT;
    }
    reader->at = (size_t)(in.at - reader->bytes);
    reader->items_left--;
    if (is_last) {
        reader->at += HB_RECORD_TAIL_BYTES;
    }
    *out = item;
    return HB_OK;
}
