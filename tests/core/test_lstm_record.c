/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/lstm.h"

#include <stdlib.h>
#include <string.h>

#include "core/persistence.h"
#include "core/units.h"
#include "tests/core/lstm_world.h"
#include "tests/support/assert_near.h"

enum { client_count = 5, event_count = 900, record_max = 8192 };

struct pair {
    struct lstm_world world;
    struct hb_predictor *one, *other;
    int64_t at_ns;
};

static struct hb_predictor *made(const struct lstm_world *world, struct hb_lstm_config config)
{
    struct hb_predictor *predictor;
    config.client_capacity = client_count;
    assert_int_equal(hb_lstm_create(&world->model, &config, &predictor), HB_OK);
    return predictor;
}

static void ask(struct pair *pair, struct hb_predictor *predictor, struct hb_prediction *out)
{
    struct hb_question questions[client_count];
    for (uint32_t i = 0; i < client_count; i++) {
        questions[i] = (struct hb_question) { .at_ns = pair->at_ns, .client = i,
            .horizon_s = 900.0F + 731.0F * (float)i };
    }
    hb_predict_location(predictor, questions, client_count, out);
}

static void assert_alike(struct pair *pair)
{
    struct hb_prediction a[client_count], b[client_count];
    ask(pair, pair->one, a);
    ask(pair, pair->other, b);
    for (uint32_t i = 0; i < client_count; i++) {
        assert_int_equal(a[i].guess_count, b[i].guess_count);
        assert_memory_equal(&a[i].elsewhere, &b[i].elsewhere, sizeof a[i].elsewhere);
        assert_memory_equal(a[i].guesses, b[i].guesses,
            a[i].guess_count * sizeof a[i].guesses[0]);
    }
}

/* Some client is seen somewhere, or lost from sight, up to a day later. */
static void live_on(struct pair *pair)
{
    uint32_t places = pair->world.model.tables.place_count;
    struct hb_observation seen = { .client = lstm_world_draw(&pair->world, client_count - 1),
        .place = lstm_world_draw(&pair->world, 15) == 0
            ? HB_NONE
            : lstm_world_draw(&pair->world, places + 2) };
    pair->at_ns += hb_units_ns(900.0 * lstm_world_draw(&pair->world, 9) / 4.0);
    seen.at_ns = pair->at_ns;
    hb_predictor_observe(pair->one, &seen);
    if (pair->other != NULL) {
        hb_predictor_observe(pair->other, &seen);
    }
}

static void hand_over(struct pair *pair)
{
    static uint8_t record[record_max];
    assert_true(hb_lstm_record_bytes(pair->one) <= sizeof record);
    assert_int_equal(hb_lstm_record_bytes(pair->other), hb_lstm_record_bytes(pair->one));
    for (uint32_t i = 0; i < client_count; i++) {
        hb_lstm_record_save(pair->one, i, record);
        assert_int_equal(hb_lstm_record_load(pair->other, i, record), HB_OK);
    }
}

/* Three hundred observations and more a client: far beyond what a trail holds. The last client is
 * never seen. */
static void go_through(const struct lstm_world_shape *shape, struct hb_lstm_config config)
{
    struct pair pair = { .other = NULL };
    lstm_world_init(&pair.world, 41, shape);
    pair.one = made(&pair.world, config);
    for (int i = 0; i < event_count; i++) {
        if (i % 300 == 299) {
            hb_predictor_free(pair.other);
            pair.other = made(&pair.world, config);
            hand_over(&pair);
            assert_alike(&pair);
        }
        live_on(&pair);
        if (pair.other != NULL && i % 7 == 0) {
            assert_alike(&pair);
        }
    }
    hb_predictor_free(pair.other);
    hb_predictor_free(pair.one);
    lstm_world_fini(&pair.world);
}

static void whoever_takes_the_records_answers_alike(void **state)
{
    (void)state;
    go_through(&lstm_world_full, (struct hb_lstm_config) { 0 });
    go_through(&lstm_world_deep, (struct hb_lstm_config) { .is_tracked = 1 });
    go_through(&lstm_world_sparse, (struct hb_lstm_config) { .is_compact = 1 });
    go_through(&lstm_world_plain, (struct hb_lstm_config) { .is_int8 = 1, .visit_count = 16 });
}

/* Every byte changed in two ways: refused, and then unknown, or taken and answered. */
static void what_no_client_can_be_is_refused(void **state)
{
    (void)state;
    static uint8_t good[record_max], bad[record_max];
    struct pair pair = { .other = NULL };
    lstm_world_init(&pair.world, 42, &lstm_world_full);
    pair.one = made(&pair.world, (struct hb_lstm_config) { .visit_count = 16 });
    for (int i = 0; i < 200; i++) {
        live_on(&pair);
    }
    pair.other = made(&pair.world, (struct hb_lstm_config) { .visit_count = 16 });
    hb_lstm_record_save(pair.one, 0, good);
    size_t bytes = hb_lstm_record_bytes(pair.one), refused = 0;
    static const uint8_t flips[] = { 0x80, 0xff };
    for (size_t i = 0; i < 2 * bytes; i++) {
        struct hb_prediction out[client_count];
        memcpy(bad, good, bytes);
        bad[i / 2] = (uint8_t)(bad[i / 2] ^ flips[i % 2]);
        enum hb_status status = hb_lstm_record_load(pair.other, 0, bad);
        assert_true(status == HB_OK || status == HB_ERR_FORMAT);
        refused += status != HB_OK;
        ask(&pair, pair.other, out);
        assert_true(status == HB_OK || out[0].guess_count == 0);
    }
    print_message("%zu of %zu spoiled records refused\n", refused, 2 * bytes);
    assert_true(refused >= 12);
    assert_int_equal(hb_lstm_record_load(pair.other, 0, good), HB_OK);
    hb_predictor_free(pair.other);
    hb_predictor_free(pair.one);
    lstm_world_fini(&pair.world);
}

static void others_have_no_records(void **state)
{
    (void)state;
    struct hb_predictor *predictor;
    assert_int_equal(hb_persistence_create(3, &predictor), HB_OK);
    assert_int_equal(hb_lstm_record_bytes(predictor), 0);
    hb_predictor_free(predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_takes_the_records_answers_alike),
        cmocka_unit_test(what_no_client_can_be_is_refused),
        cmocka_unit_test(others_have_no_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
