/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/record.h"
#include "core/record_codec.h"

enum { controller_bytes_max = 1 << 26 };

static void feed(const struct hb_controller_setup *setup, const uint8_t *bytes, size_t size)
{
    struct hb_controller *controller = NULL;
    struct hb_record_tap tap = { .ctx = NULL };
    struct hb_ports ports = hb_record_tap_ports(&tap);
    struct hb_record_reader reader;
    struct hb_record_item item;
    if (setup->client_capacity > controller_bytes_max / 1024
        || hb_controller_create(setup, &ports, &controller) != HB_OK) {
        return;
    }
    hb_record_reader_init(&reader, bytes, size);
    enum hb_status status = HB_OK;
    while (status == HB_OK && hb_record_next(&reader, &item) == HB_OK) {
        if (!item.is_command) {
            hb_record_tap_event(&tap, &item.event);
            status = hb_controller_handle(controller, &item.event);
        }
    }
    hb_controller_free(controller);
}

/* Gives every block that is there in full the checksum that it should have:
 * without it no change would reach the decoders. */
static void seal_again(uint8_t *bytes, size_t size)
{
    const size_t frame = HB_RECORD_HEAD_BYTES + HB_RECORD_TAIL_BYTES;
    while (size >= frame) {
        struct hb_record_in in = { .at = bytes + 6, .end = bytes + size };
        struct hb_record_head head = { .type = (uint32_t)hb_record_codec_take(&in, 2) };
        head.item_count = (uint32_t)hb_record_codec_take(&in, 4);
        head.payload_bytes = hb_record_codec_take(&in, 8);
        if (head.payload_bytes > size - frame) {
            return;
        }
        hb_record_codec_seal(bytes, &head);
        bytes += frame + head.payload_bytes;
        size -= frame + (size_t)head.payload_bytes;
    }
}

/* A recording that somebody has changed may tell the controller anything: it
 * refuses, or lives with it. */
static void try_recording(const uint8_t *bytes, size_t size)
{
    uint32_t places = 0, sites = 0;
    size_t setup_bytes = 0;
    if (hb_record_setup_size(bytes, size, &places, &sites, &setup_bytes) != HB_OK) {
        return;
    }
    assert(setup_bytes <= size);
    assert((uint64_t)places * sites <= size);
    struct hb_controller_setup setup;
    struct hb_record_tables tables = { .places = calloc(places + 1u, sizeof *tables.places),
        .sites = calloc(sites + 1u, sizeof *tables.sites),
        .rtt_ms = calloc((size_t)places * sites + 1, sizeof *tables.rtt_ms) };
    int is_whole = tables.places != NULL && tables.sites != NULL && tables.rtt_ms != NULL;
    if (is_whole && hb_record_setup_read(bytes, size, &tables, &setup) == HB_OK) {
        feed(&setup, bytes + setup_bytes, size - setup_bytes);
    }
    free(tables.rtt_ms);
    free(tables.sites);
    free(tables.places);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    try_recording(bytes, size);
    uint8_t *sealed = malloc(size + 1);
    if (sealed != NULL) {
        memcpy(sealed, bytes, size);
        seal_again(sealed, size);
        try_recording(sealed, size);
    }
    free(sealed);
    return 0;
}
