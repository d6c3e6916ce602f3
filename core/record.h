/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_RECORD_H
#define HB_RECORD_H

#include "core/controller.h"

/* Recording of what went into a controller and what came out, as bytes; the
 * host reads and writes them. A recording is a sequence of blocks: the first
 * holds the setup with the whole map, the others events and commands in the
 * order in which they happened. Little-endian; every block carries its length
 * and checksum; the format has a version.
 *
 * Write: hb_record_setup_bytes and hb_record_setup_put once; then a writer over
 * the host's buffer: put events and commands until HB_ERR_FULL, seal, write the
 * bytes, put again. Read: a reader over the bytes (all, or block by block). */

#define HB_COMMAND_LIST(X)                                                      \
    X(WAKE_AT, "wake_at") X(WAKE_CANCEL, "wake_cancel") X(PREDICT, "predict")   \
    X(PROVISION, "provision") X(STOP, "stop") X(STANDBY, "standby")             \
    X(RESUME, "resume") X(COPY, "copy") X(COPY_ABORT, "copy_abort")             \
    X(FENCE, "fence") X(DNS_POINT, "dns_point") X(DNS_CLEAR, "dns_clear")       \
    X(ROUTE_ANNOUNCE, "route_announce") X(ROUTE_WITHDRAW, "route_withdraw")     \
    X(PROBE, "probe")

enum hb_command_kind {
#define X(name, text) HB_COMMAND_##name,
    HB_COMMAND_LIST(X)
#undef X
        HB_COMMAND_COUNT
};

/* One call of a port as a value; what a kind does not have is zero (client,
 * site, from: HB_NONE). */
struct hb_command {
    uint64_t req;
    int64_t at_ns;   /* of the event during which it was given */
    int64_t wake_ns; /* WAKE_AT */
    uint64_t epoch;  /* FENCE */
    double value;    /* PREDICT: horizon_s; DNS_POINT: ttl_s */
    uint32_t kind;   /* enum hb_command_kind */
    uint32_t client, site, from; /* COPY: from -> site */
    struct hb_route route;       /* ROUTE_ANNOUNCE */
};

HB_API const char *hb_record_command_name(enum hb_command_kind kind);

/* digest with one more command folded in; every field counts. Start at 0. */
HB_API uint64_t hb_record_digest(uint64_t digest, const struct hb_command *command);

/* Both are equal in every field that the kind has, bit for bit. */
HB_API int hb_record_is_same_command(const struct hb_command *a, const struct hb_command *b);

/* Tap: ports that turn each command into a value, fold it into a running digest, show it
 * to on_command (may be NULL) and passes it to the inner ports (replay: .inner all
 * NULL, nothing is owed back). Call hb_record_tap_event before each event. */
struct hb_record_tap {
    struct hb_ports inner;
    void *ctx;
    void (*on_command)(void *ctx, const struct hb_command *command);
    uint64_t digest; /* of all commands so far; start at 0 */
    uint64_t command_count;
    int64_t at_ns;
};

/* Ports of tap, which is kept for as long as they are used. */
HB_API struct hb_ports hb_record_tap_ports(struct hb_record_tap *tap);
HB_API void hb_record_tap_event(struct hb_record_tap *tap, const struct hb_event *event);

/* The first block. put: bytes as hb_record_setup_bytes says (asserted). */
HB_API size_t hb_record_setup_bytes(const struct hb_controller_setup *setup);
HB_API void hb_record_setup_put(const struct hb_controller_setup *setup, uint8_t *out);

/* Writer of one block after another into the host's buffer of capacity bytes
 * (>= HB_RECORD_BLOCK_MIN, asserted). */
#define HB_RECORD_BLOCK_MIN 1024

struct hb_record_writer {
    uint8_t *buffer;
    size_t capacity, used;
    int64_t last_ns;
    uint32_t item_count;
};

HB_API void hb_record_writer_init(struct hb_record_writer *writer, uint8_t *buffer,
    size_t capacity);
/* HB_ERR_FULL: seal, write the bytes out, put again. */
HB_API enum hb_status hb_record_put_event(struct hb_record_writer *writer,
    const struct hb_event *event);
HB_API enum hb_status hb_record_put_command(struct hb_record_writer *writer,
    const struct hb_command *command);
/* Ends the block: buffer[0 .. returned) is whole; 0 if it holds nothing. The
 * next put starts a new one. */
HB_API size_t hb_record_seal(struct hb_record_writer *writer);

/* Reader. */
struct hb_record_reader {
    const uint8_t *bytes;
    size_t size, at, block_end;
    int64_t last_ns;
    uint32_t items_left;
    struct hb_prediction prediction;
};

struct hb_record_item {
    int is_command;
    struct hb_event event; /* its prediction is the reader's, valid until the next call */
    struct hb_command command;
};

/* Decodes the setup at the start of bytes: sizes first (out of a checked
 * block), then into the caller's tables: map->places [place_count], sites
 * [site_count], rtt_ms [place_count * site_count].
 *   HB_ERR_FORMAT   truncated, altered or malformed
 *   HB_ERR_VERSION  another version of the format */
HB_API enum hb_status hb_record_setup_size(const uint8_t *bytes, size_t size,
    uint32_t *place_count, uint32_t *site_count, size_t *block_bytes);

struct hb_record_tables {
    struct hb_place *places;
    struct hb_site *sites;
    float *rtt_ms;
    struct hb_map map; /* set to the three */
};

/* setup->map is &tables->map. */
HB_API enum hb_status hb_record_setup_read(const uint8_t *bytes, size_t size,
    struct hb_record_tables *tables, struct hb_controller_setup *setup);

/* bytes: after the setup block. */
HB_API void hb_record_reader_init(struct hb_record_reader *reader, const uint8_t *bytes,
    size_t size);
/* HB_ERR_NOT_FOUND: the end. HB_ERR_FORMAT: truncated, altered or malformed. */
HB_API enum hb_status hb_record_next(struct hb_record_reader *reader,
    struct hb_record_item *out);

#endif
