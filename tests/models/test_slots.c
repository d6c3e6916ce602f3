/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/counts.h"
#include "models/pieces.h"
#include "tests/support/assert_near.h"
#include "tests/support/paths.h"

static char path[64];

static enum hb_status read_text(const char *text, struct data_problem *problem,
    struct model_dataset **out)
{
    strcpy(path, "/tmp/harbinger_slots_XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(file);
    enum hb_status status = model_slots_read(path, 100, problem, out);
    (void)unlink(path);
    return status;
}

#define HEADER "user,session,slot,cell,observed\n"

static void a_bad_line_is_named(void **state)
{
    (void)state;
    const struct {
        const char *text, *told;
    } bad[] = { { "user,slot\n", ":1:" }, { HEADER, "expected at least one" },
        { HEADER "0,0,5,7,1\n0,0,7,7,1\n", ":3: slot 7 after 5 in session 0" },
        { HEADER "0,0,5,7,1\n0,1,5,7,1\n", ":3: slot 5 after 5" },
        { HEADER "1,0,5,7,1\n0,0,9,7,1\n", ":3: user 0 after 1" },
        { HEADER "0,0,5,7,2\n", ":2:" }, { HEADER "0,0,5,7000000,1\n", ":2:" },
        { HEADER "0,0,5,7\n", ":2:" }, { HEADER "0,0,x,7,1\n", ":2:" } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct data_problem problem = { "" };
        struct model_dataset *dataset = NULL;
        assert_int_equal(read_text(bad[i].text, &problem, &dataset), HB_ERR_FORMAT);
        assert_null(dataset);
        assert_non_null(strstr(problem.text, path));
        if (strstr(problem.text, bad[i].told) == NULL) {
            fail_msg("%s: not in \"%s\"", bad[i].told, problem.text);
        }
    }
}

/* 11 slots: ceil(7.7) = 8 train, ceil(8.8) = 9, so 1 validates, 2 test. */
static void parts_places_and_moves_are_those_counted_by_hand(void **state)
{
    (void)state;
    const char *text = HEADER "4,0,100,950,1\n4,0,101,950,0\n4,0,102,951,1\n4,0,103,950,1\n"
                              "4,1,200,951,1\n4,1,201,951,1\n4,1,202,9000,1\n4,1,203,951,1\n"
                              "4,2,300,950,1\n4,2,301,8000,1\n4,2,302,950,1\n";
    struct data_problem problem = { "" };
    struct model_dataset *dataset = NULL;
    struct model_counts *counts = NULL;
    assert_int_equal(read_text(text, &problem, &dataset), HB_OK);
    assert_int_equal(dataset->client_count, 1);
    assert_int_equal(dataset->place_count, 4);
    assert_int_equal(dataset->vocabulary_count, 3); /* 8000 only in the test */
    const uint8_t parts[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2 };
    assert_memory_equal(dataset->part, parts, sizeof parts);
    assert_int_equal(dataset->flags[0], MODEL_SLOT_OBSERVED | MODEL_SLOT_FIRST);
    assert_int_equal(dataset->flags[1], 0);
    assert_near((double)(dataset->east_km[1] - dataset->east_km[0]), 0.5, 2e-3);
    assert_int_equal(dataset->near_first[1] - dataset->near_first[0], 1); /* 951 */
    assert_int_equal(model_counts_create(dataset, 0, &counts), HB_OK);
    const struct hb_candidates_counts *all = model_counts_everybody(counts);
    assert_int_equal(all->slot_counts[0], 3);
    assert_int_equal(all->slot_counts[1], 4);
    /* from 950: itself at lags 1, 2 (100 -> 102 is 951), 3; 951 at lags 1, 2 */
    assert_int_equal(all->move_first[1] - all->move_first[0], 2);
    const uint32_t to_self[4] = { 1, 1, 1, 0 }, to_951[4] = { 1, 1, 0, 0 };
    assert_int_equal(all->move_places[0], 0);
    assert_memory_equal(all->move_counts, to_self, sizeof to_self);
    assert_memory_equal(all->move_counts + 4, to_951, sizeof to_951);
    model_counts_free(counts);
    model_dataset_free(dataset);
}

static void published_counts_of_the_protocol_come_out(void **state)
{
    (void)state;
    const char *file = path_of_shared("geolife-slots/slots.csv.gz");
    if (file == NULL) {
        print_message("skipped: geolife-slots is not here\n");
        skip();
    }
    struct data_problem problem = { "" };
    struct model_dataset *dataset = NULL;
    struct model_pieces pieces;
    assert_int_equal(model_slots_read(file, 100, &problem, &dataset), HB_OK);
    assert_int_equal(dataset->vocabulary_count, 2420);
    assert_int_equal(model_pieces_init(&pieces, dataset), HB_OK);
    uint8_t *asked = malloc(dataset->slot_count);
    uint32_t tests[5] = { 0 };
    model_pieces_ask(&pieces, dataset, asked);
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        for (uint32_t lag = 1; dataset->part[i] == MODEL_PART_TEST && lag <= asked[i]; lag++) {
            tests[lag]++;
        }
    }
    const uint32_t published[5] = { 0, 14295, 13429, 12563, 11700 };
    assert_memory_equal(tests, published, sizeof tests);
    free(asked);
    model_pieces_fini(&pieces);
    model_dataset_free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_line_is_named),
        cmocka_unit_test(parts_places_and_moves_are_those_counted_by_hand),
        cmocka_unit_test(published_counts_of_the_protocol_come_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
