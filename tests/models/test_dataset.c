/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/h5.h"
#include "models/dataset_file.h"
#include "models/pieces.h"

/* Second 0 is 100 s after a slot's begin, so slots begin at 800, 1700, 2600, ... */
#define SLOT0 ((int32_t)1900000)
#define EPOCH ((int64_t)SLOT0 * 900 + 100)

/* One client that is at place 0, then 1, in the air, then 2; one that is never seen. */
static struct data_trace_store *walk(void)
{
    struct data_trace_sizes sizes = { .visit_count = 6, .client_count = 2, .place_count = 3,
        .region_count = 0 };
    struct data_trace_store *store = NULL;
    assert_int_equal(data_trace_create(&sizes, &store), HB_OK);
    struct data_trace_arrays arrays = data_trace_arrays(store);
    arrays.places[0] = (struct hb_place) { { 48.0, 11.0 }, HB_NONE, 3600 };
    arrays.places[1] = (struct hb_place) { { 48.01, 11.0 }, HB_NONE, 3600 };
    arrays.places[2] = (struct hb_place) { { 35.0, 139.0 }, HB_NONE, 32400 };
    const uint64_t first[] = { 0, 5, 6 };
    memcpy(arrays.first, first, sizeof first);
    arrays.visits[0] = (struct data_visit) { 700, 0, DATA_ACTIVITY_HOME };
    arrays.visits[1] = (struct data_visit) { 1700, 1, DATA_ACTIVITY_WALK }; /* just in time */
    arrays.visits[2] = (struct data_visit) { 2601, 0, DATA_ACTIVITY_HOME }; /* just too late */
    arrays.visits[3] = (struct data_visit) { 3600, DATA_NOWHERE, DATA_ACTIVITY_AIR };
    arrays.visits[4] = (struct data_visit) { 5200, 2, DATA_ACTIVITY_WORK };
    arrays.visits[5] = (struct data_visit) { 0, DATA_NOWHERE, DATA_ACTIVITY_AIR };
    data_trace_span(store, EPOCH, 7100);
    return store;
}

/* By hand: 800 at 0, 1700 at 1, 2600 still at 1, 3500 at 0, 4400 in the air, 5300 and 6200 at
 * 2, 7100 the last instant that is known. */
static void a_slot_has_the_place_at_its_begin(void **state)
{
    (void)state;
    struct data_trace_store *store = walk();
    struct model_dataset *dataset = NULL;
    assert_int_equal(model_dataset_of_trace(data_trace_view(store),
        &(struct model_dataset_plan) { .seed = 1, .warm_slots = 7 }, &dataset), HB_OK);
    const int32_t slots[] = { 1, 2, 3, 4, 6, 7, 8 };
    const uint32_t places[] = { 0, 1, 1, 0, 2, 2, 2 };
    const uint8_t flags[] = { 3, 1, 1, 1, 3, 1, 1 };
    /* 7 slots: the first 5 (4.9) train, the sixth validates, from 5.6 on they test */
    const uint8_t parts[] = { 0, 0, 0, 0, 0, 1, 2 };
    assert_int_equal(dataset->client_count, 2);
    assert_int_equal(dataset->slot_count, 7);
    assert_int_equal(dataset->first[1], 7);
    assert_int_equal(dataset->first[2], 7);
    assert_int_equal(dataset->warm_slots, 7);
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(dataset->slot[i], SLOT0 + slots[i]);
        assert_int_equal(dataset->place[i], places[i]);
        assert_int_equal(dataset->flags[i], flags[i]);
        assert_int_equal(dataset->part[i], parts[i]);
    }
    assert_int_equal(dataset->clock_slots[0], 4);
    assert_int_equal(dataset->clock_slots[2], 36);
    assert_near(dataset->lon_deg[2], 139.0, 0.0);
    assert_int_equal(dataset->vocabulary_count, 3);
    model_dataset_free(dataset);
    data_trace_free(store);
}

/* Clients that stay for 12 slots, each at a place of its own. */
static struct data_trace_store *crowd(uint32_t count)
{
    struct data_trace_sizes sizes = { .visit_count = count, .client_count = count,
        .place_count = count };
    struct data_trace_store *store = NULL;
    assert_int_equal(data_trace_create(&sizes, &store), HB_OK);
    struct data_trace_arrays arrays = data_trace_arrays(store);
    for (uint32_t i = 0; i < count; i++) {
        arrays.places[i] = (struct hb_place) { { 0.001 * i, 0.0 }, HB_NONE, 0 };
        arrays.visits[i] = (struct data_visit) { 0, i & 0x3ffffff, DATA_ACTIVITY_HOME };
        arrays.first[i + 1] = i + 1;
    }
    data_trace_span(store, 900 * 1000, 900 * 11);
    return store;
}

/* Binomial: of 1,000 clients 700, 100 and 200, +- 4 standard errors; fixed seed. */
static void a_client_is_whole_in_one_part(void **state)
{
    (void)state;
    struct data_trace_store *store = crowd(1000);
    struct model_dataset *dataset = NULL;
    assert_int_equal(model_dataset_of_trace(data_trace_view(store),
        &(struct model_dataset_plan) { .seed = 731, .by_client = 1 }, &dataset), HB_OK);
    uint32_t clients[MODEL_PART_COUNT] = { 0 };
    for (uint32_t c = 0; c < 1000; c++) {
        assert_int_equal(dataset->first[c + 1] - dataset->first[c], 12);
        for (uint64_t i = dataset->first[c]; i < dataset->first[c + 1]; i++) {
            assert_int_equal(dataset->part[i], dataset->part[dataset->first[c]]);
        }
        clients[dataset->part[dataset->first[c]]]++;
    }
    assert_in_range(clients[MODEL_PART_TRAIN], 642, 758);
    assert_in_range(clients[MODEL_PART_VALID], 62, 138);
    assert_in_range(clients[MODEL_PART_TEST], 149, 251);
    assert_int_equal(dataset->vocabulary_count, clients[MODEL_PART_TRAIN]);
    assert_int_equal(dataset->warm_slots, 4);
    model_dataset_free(dataset);
    data_trace_free(store);
}

static void fewer_clients_are_chosen_by_the_seed(void **state)
{
    (void)state;
    struct data_trace_store *store = crowd(60);
    struct model_dataset *sets[3] = { NULL };
    const uint64_t seeds[] = { 5, 5, 6 };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(model_dataset_of_trace(data_trace_view(store),
            &(struct model_dataset_plan) { .seed = seeds[i], .client_max = 17 }, &sets[i]), HB_OK);
        assert_int_equal(sets[i]->client_count, 17);
    }
    size_t bytes = sets[0]->slot_count * sizeof *sets[0]->place;
    assert_memory_equal(sets[0]->place, sets[1]->place, bytes);
    assert_true(memcmp(sets[0]->place, sets[2]->place, bytes) != 0);
    for (uint32_t c = 1; c < 17; c++) { /* in the trace's order, nobody twice */
        assert_true(sets[0]->place[sets[0]->first[c]] > sets[0]->place[sets[0]->first[c - 1]]);
    }
    for (int i = 0; i < 3; i++) {
        model_dataset_free(sets[i]);
    }
    data_trace_free(store);
}

static void nobody_ever_seen_is_refused(void **state)
{
    (void)state;
    struct data_trace_store *store = crowd(1);
    struct model_dataset *dataset = NULL;
    data_trace_arrays(store).visits[0].place = DATA_NOWHERE;
    assert_int_equal(model_dataset_of_trace(data_trace_view(store),
        &(struct model_dataset_plan) { .seed = 1 }, &dataset), HB_ERR_RANGE);
    assert_null(dataset);
    data_trace_free(store);
}

static void warm_slots_live_in_the_file_and_rule_the_questions(void **state)
{
    (void)state;
    char path[] = "/tmp/test_dataset_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    struct data_trace_store *store = crowd(40);
    struct model_dataset_origin origin = { .source = "crowd", .split = "by client", .seed = 3 };
    for (uint32_t warm = 1; warm <= 11; warm += 5) {
        struct model_dataset *dataset = NULL, *copy = NULL;
        struct model_pieces pieces;
        struct data_problem problem = { "" };
        uint8_t asked[12 * 40];
        assert_int_equal(model_dataset_of_trace(data_trace_view(store),
            &(struct model_dataset_plan) { .seed = 3, .by_client = 1, .warm_slots = warm },
            &dataset), HB_OK);
        assert_int_equal(model_dataset_write(path, dataset, &origin, &problem), HB_OK);
        assert_int_equal(model_dataset_read(path, &copy, &origin, &problem), HB_OK);
        assert_int_equal(copy->warm_slots, warm);
        assert_int_equal(model_pieces_init(&pieces, copy), HB_OK);
        model_pieces_ask(&pieces, copy, asked);
        /* a stay of 12 slots: asked from its warm-th on, unless it is too short for warm + 2 */
        for (uint32_t i = 0; i < 12; i++) {
            uint32_t left = 11 - i, far = left < 4 ? left : 4;
            assert_int_equal(asked[i], warm + 2 <= 12 && i + 1 >= warm ? far : 0);
        }
        model_pieces_fini(&pieces);
        model_dataset_free(copy);
        model_dataset_free(dataset);
    }
    data_trace_free(store);
    (void)unlink(path);
}

/* Of 400 instants about 100, by chance: 4 standard errors are 35; other parts keep theirs. */
static void thinning_keeps_about_as_many_as_wanted(void **state)
{
    (void)state;
    struct data_trace_store *store = crowd(400);
    struct model_dataset *dataset = NULL;
    assert_int_equal(model_dataset_of_trace(data_trace_view(store),
        &(struct model_dataset_plan) { .seed = 1 }, &dataset), HB_OK);
    uint8_t *asked = calloc(dataset->slot_count, 1), *all = calloc(dataset->slot_count, 1);
    assert_non_null(asked);
    assert_non_null(all);
    uint64_t wanted_part = 0, kept = 0;
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        asked[i] = all[i] = 2;
        wanted_part += dataset->part[i] == MODEL_PART_VALID;
    }
    assert_int_equal(wanted_part, 400); /* 12 slots: 9 train, 1 validates, 2 test */
    model_pieces_thin(dataset, MODEL_PART_VALID, 0, 9, asked);
    assert_memory_equal(asked, all, dataset->slot_count);
    model_pieces_thin(dataset, MODEL_PART_VALID, 100, 9, asked);
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        if (dataset->part[i] == MODEL_PART_VALID) {
            kept += asked[i] > 0;
        } else {
            assert_int_equal(asked[i], 2);
        }
    }
    assert_in_range(kept, 65, 135);
    free(all);
    free(asked);
    model_dataset_free(dataset);
    data_trace_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_has_the_place_at_its_begin),
        cmocka_unit_test(a_client_is_whole_in_one_part),
        cmocka_unit_test(fewer_clients_are_chosen_by_the_seed),
        cmocka_unit_test(nobody_ever_seen_is_refused),
        cmocka_unit_test(warm_slots_live_in_the_file_and_rule_the_questions),
        cmocka_unit_test(thinning_keeps_about_as_many_as_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
