/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>

#include "core/record.h"
#include "core/record_codec.h"
#include "core/units.h"
#include "tests/core/fake_host.h"

static struct host host;
static uint8_t buffer[1 << 16];

static const struct hb_prediction prediction = { .horizon_s = 917.5f, .elsewhere = 0.125f,
    .guess_count = 2, .guesses = { { 3, 0.625f }, { 200000, 0.25f } } };

static const struct hb_event events[] = {
    { .kind = HB_EVENT_CONNECTED, .at_ns = -731, .client = 7, .place = 3, .site = 2 },
    { .kind = HB_EVENT_SEEN, .at_ns = 0, .client = 0, .place = 4000000000u, .site = HB_NONE },
    { .kind = HB_EVENT_DONE, .at_ns = 5 * HB_NS_PER_S, .req = UINT64_C(0xfedcba9876543210),
        .client = HB_NONE, .place = HB_NONE, .site = 1, .value = 51.7e6,
        .result = HB_RESULT_TIMED_OUT },
    { .kind = HB_EVENT_PREDICTED, .at_ns = 5 * HB_NS_PER_S, .req = 77, .client = 5,
        .place = HB_NONE, .site = HB_NONE, .prediction = &prediction },
    { .kind = HB_EVENT_CONSENT, .at_ns = INT64_MAX, .client = 1, .place = HB_NONE,
        .site = HB_NONE, .value = -0.0 },
};

static const struct hb_command commands[] = {
    { .kind = HB_COMMAND_WAKE_AT, .req = 1, .at_ns = INT64_MIN, .wake_ns = INT64_MAX,
        .client = HB_NONE, .site = HB_NONE, .from = HB_NONE },
    { .kind = HB_COMMAND_FENCE, .req = UINT64_MAX, .at_ns = 9, .epoch = UINT64_MAX - 3,
        .client = 4, .site = 2, .from = HB_NONE },
    { .kind = HB_COMMAND_COPY, .req = 3, .at_ns = 9, .client = 4, .site = 2, .from = 0 },
    { .kind = HB_COMMAND_DNS_POINT, .req = 4, .at_ns = 9, .client = 4, .site = 2,
        .from = HB_NONE, .value = 30.25 },
    { .kind = HB_COMMAND_ROUTE_ANNOUNCE, .req = 5, .at_ns = 10, .client = HB_NONE, .site = 2,
        .from = HB_NONE, .route = { 100, 20, 3, 0xffff0001u, 1 } },
};

enum { EVENT_COUNT = sizeof events / sizeof events[0],
    COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void assert_same_event(const struct hb_event *got, const struct hb_event *want)
{
    assert_int_equal(got->kind, want->kind);
    assert_true(got->at_ns == want->at_ns);
    assert_true(got->req == want->req);
    assert_int_equal(got->client, want->client);
    assert_int_equal(got->place, want->place);
    assert_int_equal(got->site, want->site);
    assert_int_equal(got->result, want->result);
    assert_memory_equal(&got->value, &want->value, sizeof got->value);
    assert_int_equal(got->prediction != NULL, want->prediction != NULL);
    if (want->prediction != NULL) {
        assert_memory_equal(got->prediction, want->prediction, sizeof *want->prediction);
    }
}

static size_t write_items(void)
{
    struct hb_record_writer writer;
    hb_record_writer_init(&writer, buffer, sizeof buffer);
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        assert_int_equal(hb_record_put_event(&writer, &events[i]), HB_OK);
        assert_int_equal(hb_record_put_command(&writer, &commands[i]), HB_OK);
    }
    return hb_record_seal(&writer);
}

static void items_come_back_as_they_went_in(void **state)
{
    (void)state;
    size_t size = write_items();
    struct hb_record_reader reader;
    hb_record_reader_init(&reader, buffer, size);
    struct hb_record_item item;
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        assert_int_equal(hb_record_next(&reader, &item), HB_OK);
        assert_false(item.is_command);
        assert_same_event(&item.event, &events[i]);
        assert_int_equal(hb_record_next(&reader, &item), HB_OK);
        assert_true(item.is_command);
        assert_true(hb_record_is_same_command(&item.command, &commands[i]));
    }
    assert_int_equal(hb_record_next(&reader, &item), HB_ERR_NOT_FOUND);
}

static void an_item_is_refused_when_the_block_is_full_and_fits_the_next(void **state)
{
    (void)state;
    struct hb_record_writer writer;
    size_t total = 0, sent = 0;
    hb_record_writer_init(&writer, buffer, HB_RECORD_BLOCK_MIN);
    assert_int_equal(hb_record_seal(&writer), 0); /* nothing to seal */
    for (int i = 0; i < 300; i++) {
        struct hb_event event = events[i % EVENT_COUNT];
        if (hb_record_put_event(&writer, &event) == HB_ERR_FULL) {
            size_t bytes = hb_record_seal(&writer);
            assert_true(bytes <= HB_RECORD_BLOCK_MIN);
            total += bytes;
            hb_record_writer_init(&writer, buffer + total, HB_RECORD_BLOCK_MIN);
            assert_int_equal(hb_record_put_event(&writer, &event), HB_OK);
        }
        sent++;
    }
    total += hb_record_seal(&writer);
    struct hb_record_reader reader;
    struct hb_record_item item;
    hb_record_reader_init(&reader, buffer, total);
    for (size_t i = 0; i < sent; i++) {
        assert_int_equal(hb_record_next(&reader, &item), HB_OK);
        assert_same_event(&item.event, &events[i % EVENT_COUNT]);
    }
    assert_int_equal(hb_record_next(&reader, &item), HB_ERR_NOT_FOUND);
}

static int read_all(const uint8_t *bytes, size_t size)
{
    struct hb_record_reader reader;
    struct hb_record_item item;
    hb_record_reader_init(&reader, bytes, size);
    for (int i = 0; i <= EVENT_COUNT + COMMAND_COUNT; i++) {
        enum hb_status status = hb_record_next(&reader, &item);
        if (status != HB_OK) {
            return status == HB_ERR_NOT_FOUND ? i : -1;
        }
    }
    return -1;
}

static void a_truncated_recording_is_refused_at_every_length(void **state)
{
    (void)state;
    size_t size = write_items();
    assert_int_equal(read_all(buffer, size), EVENT_COUNT + COMMAND_COUNT);
    for (size_t cut = 1; cut < size; cut++) {
        uint8_t *exact = malloc(cut); /* so that a sanitizer sees a read beyond it */
        assert_non_null(exact);
        memcpy(exact, buffer, cut);
        assert_int_equal(read_all(exact, cut), -1);
        free(exact);
    }
}

static void any_flipped_bit_is_refused(void **state)
{
    (void)state;
    size_t size = write_items();
    for (size_t bit = 0; bit < 8 * size; bit++) {
        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(read_all(buffer, size), -1);
        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A block with a right checksum around a payload that is not right. */
static enum hb_status read_forged(const uint8_t *payload, size_t bytes, uint32_t type,
    uint32_t items)
{
    memcpy(buffer + HB_RECORD_HEAD_BYTES, payload, bytes);
    struct hb_record_head head = { type, items, bytes };
    hb_record_codec_seal(buffer, &head);
    struct hb_record_reader reader;
    struct hb_record_item item;
    hb_record_reader_init(&reader, buffer, bytes + HB_RECORD_HEAD_BYTES + HB_RECORD_TAIL_BYTES);
    return hb_record_next(&reader, &item);
}

static void a_malformed_payload_is_refused_though_its_checksum_is_right(void **state)
{
    (void)state;
    const uint8_t good[] = { HB_EVENT_SEEN, 2 | 4, 0, 5, 6 };
    assert_int_equal(read_forged(good, sizeof good, 2, 1), HB_OK);
    assert_int_equal(read_forged(good, sizeof good, 2, 2), HB_ERR_FORMAT); /* one too few */
    assert_int_equal(read_forged(good, sizeof good, 2, 0), HB_ERR_FORMAT);
    assert_int_equal(read_forged(good, sizeof good, 1, 1), HB_ERR_FORMAT); /* a setup */
    assert_int_equal(read_forged(good, sizeof good - 1, 2, 1), HB_ERR_FORMAT);
    const uint8_t kind[] = { HB_EVENT_COUNT, 0, 0 };
    assert_int_equal(read_forged(kind, sizeof kind, 2, 1), HB_ERR_FORMAT);
    const uint8_t command[] = { 64 + HB_COMMAND_COUNT, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    assert_int_equal(read_forged(command, sizeof command, 2, 1), HB_ERR_FORMAT);
    const uint8_t wide[] = { HB_EVENT_SEEN, 2, 0, 0xff, 0xff, 0xff, 0xff, 0x7f };
    assert_int_equal(read_forged(wide, sizeof wide, 2, 1), HB_ERR_FORMAT); /* > 32 bits */
    const uint8_t endless[] = { HB_EVENT_SEEN, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 2 };
    assert_int_equal(read_forged(endless, sizeof endless, 2, 1), HB_ERR_FORMAT); /* > 64 bits */
    const uint8_t guesses[] = { HB_EVENT_PREDICTED, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11 };
    assert_int_equal(read_forged(guesses, sizeof guesses, 2, 1), HB_ERR_FORMAT);
}

static void another_version_is_told_apart(void **state)
{
    (void)state;
    size_t size = write_items();
    buffer[4] = 9;
    struct hb_record_reader reader;
    struct hb_record_item item;
    hb_record_reader_init(&reader, buffer, size);
    assert_int_equal(hb_record_next(&reader, &item), HB_ERR_VERSION);
}

static struct hb_record_tables tables;
static struct hb_place places[HOST_PLACES];
static struct hb_site sites[HOST_SITES];
static float rtt_ms[HOST_PLACES * HOST_SITES];

static enum hb_status read_setup(const uint8_t *bytes, size_t size,
    struct hb_controller_setup *setup)
{
    uint32_t place_count, site_count;
    size_t block;
    enum hb_status status = hb_record_setup_size(bytes, size, &place_count, &site_count, &block);
    if (status != HB_OK) {
        return status;
    }
    assert_int_equal(place_count, HOST_PLACES);
    assert_int_equal(site_count, HOST_SITES);
    tables = (struct hb_record_tables) { .places = places, .sites = sites, .rtt_ms = rtt_ms };
    return hb_record_setup_read(bytes, size, &tables, setup);
}

static void a_setup_comes_back_as_it_went_in(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_SKI_RENTAL);
    host.setup.policy.trust_lambda = 0.7313;
    host.setup.policy.horizon_s[3] = 0.25;
    host.setup.policy.backoff_max_s = 61.5;
    host.setup.policy.probe_fall = 5;
    host.setup.policy.react = 1;
    host.setup.prices.hour[HB_POWER_STANDBY] = 0.00137;
    host.setup.service.state_mb = 17.25;
    host.places[2].utc_offset_s = -19800;
    host.sites[1].slots = UINT32_MAX;
    size_t size = hb_record_setup_bytes(&host.setup);
    assert_true(size <= sizeof buffer);
    hb_record_setup_put(&host.setup, buffer);
    struct hb_controller_setup got;
    assert_int_equal(read_setup(buffer, size, &got), HB_OK);
    assert_ptr_equal(got.map, &tables.map);
    assert_int_equal(got.client_capacity, HOST_CLIENTS);
    assert_int_equal(got.has_predictor, 1);
    assert_memory_equal(&got.prices, &host.setup.prices, sizeof got.prices);
    assert_memory_equal(&got.service, &host.setup.service, sizeof got.service);
    assert_memory_equal(places, host.places, sizeof places);
    assert_memory_equal(sites, host.sites, sizeof sites);
    assert_memory_equal(rtt_ms, host.rtt_ms, sizeof rtt_ms);
    assert_memory_equal(&got.policy, &host.setup.policy, sizeof got.policy);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(read_setup(buffer, cut, &got), HB_ERR_FORMAT);
    }
    for (size_t bit = 0; bit < 8 * size; bit++) {
        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(read_setup(buffer, size, &got) != HB_OK);
        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void counts_that_do_not_match_the_bytes_are_refused(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_STATIC);
    size_t size = hb_record_setup_bytes(&host.setup);
    size_t payload = size - HB_RECORD_HEAD_BYTES - HB_RECORD_TAIL_BYTES;
    const uint32_t counts[][2] = { { 0, 3 }, { 4, 0 }, { 5, 3 }, { UINT32_MAX, UINT32_MAX },
        { 3, 5 } };
    for (size_t i = 0; i < 5; i++) {
        hb_record_setup_put(&host.setup, buffer);
        struct hb_record_out out = { buffer + HB_RECORD_HEAD_BYTES };
        hb_record_codec_put(&out, counts[i][0], 4);
        hb_record_codec_put(&out, counts[i][1], 4);
        struct hb_record_head head = { HB_RECORD_BLOCK_SETUP, 1, payload };
        hb_record_codec_seal(buffer, &head);
        struct hb_controller_setup got;
        assert_int_equal(read_setup(buffer, size, &got), HB_ERR_FORMAT);
    }
}

static void every_field_of_a_command_counts(void **state)
{
    (void)state;
    const struct hb_command base = commands[1];
    uint64_t digest = hb_record_digest(0, &base);
    for (int field = 0; field < 13; field++) {
        struct hb_command other = base;
        uint32_t *const words[] = { &other.kind, &other.client, &other.site, &other.from,
            &other.route.local_pref, &other.route.med, &other.route.prepend_count,
            &other.route.community, &other.route.more_specific };
        if (field < 9) {
            *words[field] ^= 1;
        }
        other.req ^= field == 9;
        other.at_ns ^= field == 10;
        other.wake_ns ^= field == 11;
        other.epoch ^= field == 12;
        assert_false(hb_record_is_same_command(&base, &other));
        assert_true(hb_record_digest(0, &other) != digest);
    }
    struct hb_command other = base;
    other.value = -0.0; /* equal as a number, another as bits */
    assert_false(hb_record_is_same_command(&base, &other));
    assert_true(hb_record_digest(0, &other) != digest);
    assert_true(hb_record_is_same_command(&base, &base));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_back_as_they_went_in),
        cmocka_unit_test(an_item_is_refused_when_the_block_is_full_and_fits_the_next),
        cmocka_unit_test(a_truncated_recording_is_refused_at_every_length),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(a_malformed_payload_is_refused_though_its_checksum_is_right),
        cmocka_unit_test(another_version_is_told_apart),
        cmocka_unit_test(a_setup_comes_back_as_it_went_in),
        cmocka_unit_test(counts_that_do_not_match_the_bytes_are_refused),
        cmocka_unit_test(every_field_of_a_command_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
