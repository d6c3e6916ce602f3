/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/core/predicting.h"

#include <string.h>

#include "core/markov.h"

static struct hb_predictor *created(struct hb_markov_config config)
{
    struct hb_predictor *predictor = NULL;
    assert_int_equal(hb_markov_create(&config, &predictor), HB_OK);
    return predictor;
}

static struct hb_predictor *of_order(uint32_t order)
{
    return created((struct hb_markov_config){ .client_capacity = 40, .order = order });
}

/* places [count], one every 15 minutes from start_s on. */
static double walk(struct hb_predictor *predictor, uint32_t client, double start_s,
    const char *places)
{
    double at_s = start_s;
    for (const char *p = places; *p != '\0'; p++, at_s += 900.0) {
        see(predictor, client, at_s, (uint32_t)*p);
    }
    return at_s - 900.0;
}

/* By hand for A B A B A, 15 minutes on. Moved: own places B 2/3, elsewhere 1/3; all
 * moves from A are 2 to B: 8/9, 1/9; own moves the same: 26/27, 1/27. Stay: usual 1/6,
 * this dwell 2/15, this clock 8/75; A 2/15; A after this dwell 64/951; own 16/135;
 * with odds moved by 64/887 x 13/2: 16/119 x 64/887 x 13/2 = 6656/105553.
 * Calibration changes the first guess (B) and scales the others alike, so
 * their ratio is free of it. */
static void shares_follow_the_hand_count(void **state)
{
    (void)state;
    struct hb_predictor *predictor = of_order(1);
    double now_s = walk(predictor, 3, 0.0, "ABABA");
    struct hb_prediction got = ask(predictor, 3, now_s, 900.0);
    assert_int_equal(got.guess_count, 2);
    assert_int_equal(got.guesses[0].place, 'B');
    assert_int_equal(got.guesses[1].place, 'A');
    assert_near((double)got.guesses[1].confidence / (double)got.elsewhere, 27.0 * 6656.0 / 105553.0,
        1e-5);
    hb_predictor_free(predictor);
}

/* The same count with the own rate of staying, 16/135, as it is. */
static void a_plain_chain_ignores_dwell_and_hour(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created((struct hb_markov_config){ .client_capacity = 40,
        .order = 1, .ignores_dwell = 1 });
    double now_s = walk(predictor, 3, 0.0, "ABABA");
    struct hb_prediction got = ask(predictor, 3, now_s, 900.0);
    assert_int_equal(got.guesses[0].place, 'B');
    assert_near((double)got.guesses[1].confidence / (double)got.elsewhere, 27.0 * 16.0 / 119.0,
        1e-5);
    hb_predictor_free(predictor);
}

/* One client goes A to B three times as often as to C, 15 minutes later. By
 * hand, population only: B 9, C 3, kinds 2: 9/14 and 3/14 of those that moved. */
static void moves_are_shared_by_their_counts(void **state)
{
    (void)state;
    struct hb_predictor *predictor
        = created((struct hb_markov_config){ .client_capacity = 40, .population_only = 1 });
    for (uint32_t i = 0; i < 12; i++) {
        double start_s = 86400.0 * i;
        walk(predictor, 5, start_s, i % 4 == 0 ? "AC" : "AB");
        see(predictor, 5, start_s + 1000.0, HB_NONE);
    }
    see(predictor, 6, 86400.0 * 20, 'A');
    struct hb_prediction got = ask(predictor, 6, 86400.0 * 20, 900.0);
    assert_int_equal(got.guesses[0].place, 'B');
    assert_near(confidence_of(&got, 'C') / (double)got.elsewhere, 3.0 / 2.0, 1e-5);
    hb_predictor_free(predictor);
}

static void who_was_never_here_is_told_by_everybody(void **state)
{
    (void)state;
    struct hb_predictor *predictor = of_order(2);
    for (uint32_t client = 0; client < 9; client++) {
        walk(predictor, client, 0.0, "XYXYXYXY");
    }
    double now_s = walk(predictor, 30, 0.0, "KLKLX");
    struct hb_prediction got = ask(predictor, 30, now_s, 900.0);
    assert_int_equal(got.guesses[0].place, 'Y');
    assert_true(confidence_of(&got, 'K') > 0.0); /* its own places, at the bottom */
    hb_predictor_free(predictor);
}

static void own_moves_overrule_everybodys(void **state)
{
    (void)state;
    struct hb_predictor *predictor = of_order(1);
    for (uint32_t client = 0; client < 9; client++) {
        walk(predictor, client, 0.0, "XYXYXYXYXYXY");
    }
    double now_s = walk(predictor, 30, 0.0, "XZXZXZXZXZXZX");
    struct hb_prediction got = ask(predictor, 30, now_s, 900.0);
    assert_int_equal(got.guesses[0].place, 'Z');
    assert_true(confidence_of(&got, 'Y') > 0.0);
    hb_predictor_free(predictor);
}

/* After A B comes C, after D B comes E: one place of context cannot tell. */
static void two_places_of_context_tell_what_one_cannot(void **state)
{
    (void)state;
    for (uint32_t order = 1; order <= 3; order++) {
        struct hb_predictor *predictor = created((struct hb_markov_config){
            .client_capacity = 40, .order = order, .population_only = 1 });
        for (uint32_t client = 0; client < 20; client++) {
            walk(predictor, client, 0.0, client % 2 == 0 ? "QABC" : "QDBE");
        }
        double now_s = walk(predictor, 30, 90000.0, "QAB");
        struct hb_prediction got = ask(predictor, 30, now_s, 900.0);
        double ratio = confidence_of(&got, 'C') / confidence_of(&got, 'E');
        if (order == 1) {
            assert_true(ratio < 1.5); /* 1, but for the calibration of the first guess */
        } else {
            assert_true(ratio > 9.0);
        }
        assert_string_equal(hb_predictor_name(predictor),
            order == 1 ? "markov-1" : order == 2 ? "markov-2" : "markov-3");
        hb_predictor_free(predictor);
    }
}

static void who_is_unknown_or_lost_gets_no_guess(void **state)
{
    (void)state;
    struct hb_predictor *predictor = of_order(1);
    walk(predictor, 3, 0.0, "ABAB");
    struct hb_prediction got = ask(predictor, 4, 5000.0, 900.0);
    assert_int_equal(got.guess_count, 0);
    assert_near((double)got.elsewhere, 1.0, 0.0);
    see(predictor, 3, 5000.0, HB_NONE);
    assert_int_equal(ask(predictor, 3, 5000.0, 900.0).guess_count, 0);
    hb_predictor_free(predictor);
}

static void a_forgotten_client_is_as_a_new_one(void **state)
{
    (void)state;
    struct hb_predictor *predictor = of_order(2);
    walk(predictor, 3, 0.0, "ABABABAB");
    hb_predictor_forget(predictor, 3);
    assert_int_equal(ask(predictor, 3, 9000.0, 900.0).guess_count, 0);
    see(predictor, 3, 9000.0, 'A');
    see(predictor, 9, 9000.0, 'A');
    struct hb_prediction again = ask(predictor, 3, 9000.0, 2300.0);
    struct hb_prediction new = ask(predictor, 9, 9000.0, 2300.0);
    assert_memory_equal(&again, &new, sizeof new);
    hb_predictor_free(predictor);
}

static const double chain[4][4] = {
    { 0.61, 0.19, 0.13, 0.07 },
    { 0.23, 0.44, 0.11, 0.22 },
    { 0.09, 0.27, 0.37, 0.27 },
    { 0.31, 0.03, 0.15, 0.51 },
};

static uint32_t next_of(uint32_t place, uint64_t *seed)
{
    double u = drawn(seed), sum = 0.0;
    for (uint32_t to = 0; to < 3; to++) {
        sum += chain[place][to];
        if (u < sum) {
            return to;
        }
    }
    return 3;
}

/* Oracle: powers of the matrix. */
static void power_of_chain(int exponent, double out[4][4])
{
    memcpy(out, chain, sizeof chain);
    for (int k = 1; k < exponent; k++) {
        double product[4][4] = { { 0.0 } };
        for (int i = 0; i < 64; i++) {
            product[i / 16][i % 4] += out[i / 16][i / 4 % 4] * chain[i / 4 % 4][i % 4];
        }
        memcpy(out, product, sizeof product);
    }
}

static void learn_chain(struct hb_predictor *predictor, uint32_t client_count, int slots)
{
    uint64_t seed = 731;
    for (uint32_t client = 0; client < client_count; client++) {
        uint32_t place = client % 4;
        for (int slot = 0; slot < slots; slot++, place = next_of(place, &seed)) {
            see(predictor, client, 900.0 * slot, place);
        }
    }
}

/* 300 walkers of 300 slots, 22,000 moves from each place: a share has a
 * standard error under 0.0034, widened by the overlap of windows and by bins
 * of the calibration; 0.02 stands for 5 of them (error rate below 1e-4; seed fixed). */
static void everybodys_chain_tends_to_the_matrix_power(void **state)
{
    (void)state;
    struct hb_predictor *predictor
        = created((struct hb_markov_config){ .client_capacity = 400, .population_only = 1 });
    learn_chain(predictor, 300, 300);
    for (int step = 1; step <= 4; step++) {
        double want[4][4];
        power_of_chain(step, want);
        for (uint32_t from = 0; from < 4; from++) {
            see(predictor, 390, 1e6, from);
            struct hb_prediction got = ask(predictor, 390, 1e6, 900.0 * step);
            for (uint32_t to = 0; to < 4; to++) {
                assert_near(confidence_of(&got, to), want[from][to], 0.02);
            }
        }
    }
    hb_predictor_free(predictor);
}

/* One walker's own counts fade, so they stay noisy: at 255 moves of a kind
 * shares have standard errors to 0.03; 0.12 is 4 of them. */
static void a_clients_own_chain_is_near_the_matrix_power(void **state)
{
    (void)state;
    struct hb_predictor *predictor = of_order(2);
    learn_chain(predictor, 1, 5000);
    for (int step = 1; step <= 4; step++) {
        double want[4][4];
        power_of_chain(step, want);
        for (uint32_t from = 0; from < 4; from++) {
            see(predictor, 0, 900.0 * 5000 + 7.0, from);
            struct hb_prediction got = ask(predictor, 0, 900.0 * 5000 + 7.0, 900.0 * step);
            for (uint32_t to = 0; to < 4; to++) {
                assert_near(confidence_of(&got, to), want[from][to], 0.12);
            }
        }
    }
    hb_predictor_free(predictor);
}

static void any_horizon_lies_between_its_steps(void **state)
{
    (void)state;
    struct hb_predictor *predictor
        = created((struct hb_markov_config){ .client_capacity = 400, .population_only = 1 });
    learn_chain(predictor, 300, 200);
    see(predictor, 390, 1e6, 1);
    struct hb_prediction at_30 = ask(predictor, 390, 1e6, 1800.0);
    struct hb_prediction at_45 = ask(predictor, 390, 1e6, 2700.0);
    struct hb_prediction between = ask(predictor, 390, 1e6, 1800.0 + 0.3 * 900.0);
    for (uint32_t to = 0; to < 4; to++) {
        assert_near(confidence_of(&between, to),
            0.7 * confidence_of(&at_30, to) + 0.3 * confidence_of(&at_45, to), 0.015);
    }
    assert_near(asked(predictor, 390, 1e6, 0.7, 1), 1.0,
        0.001);
    struct hb_prediction at_60 = ask(predictor, 390, 1e6, 3600.0);
    struct hb_prediction beyond = ask(predictor, 390, 1e6, 9000.0);
    beyond.horizon_s = at_60.horizon_s;
    assert_memory_equal(&beyond, &at_60, sizeof at_60);
    hb_predictor_free(predictor);
}

static void alone_or_in_a_batch_the_bits_are_the_same(void **state)
{
    (void)state;
    struct hb_predictor *predictor = of_order(3);
    learn_chain(predictor, 40, 60);
    struct hb_question questions[40];
    struct hb_prediction batch[40];
    for (uint32_t i = 0; i < 40; i++) {
        questions[i] = (struct hb_question){ hb_units_ns(54000.0 + i), (i * 7) % 40,
            (float)(137.0 + 113.0 * i) };
    }
    hb_predict_location(predictor, questions, 40, batch);
    for (uint32_t i = 0; i < 40; i++) {
        struct hb_prediction alone;
        hb_predict_location(predictor, &questions[i], 1, &alone);
        assert_memory_equal(&alone, &batch[i], sizeof alone);
    }
    hb_predictor_free(predictor);
}

static void tables_stay_bounded_when_full(void **state)
{
    (void)state;
    struct hb_predictor *predictor = created((struct hb_markov_config){
        .client_capacity = 40, .order = 3, .context_capacity = 8 });
    size_t bytes = hb_predictor_bytes(predictor);
    uint64_t seed = 17;
    for (int i = 0; i < 60000; i++) {
        see(predictor, (uint32_t)i % 40, 211.3 * i, (uint32_t)(1e6 * drawn(&seed)));
        if (i % 500 == 0) {
            (void)ask(predictor, (uint32_t)i % 40, 211.3 * i, 2222.0);
        }
    }
    assert_int_equal(hb_predictor_bytes(predictor), bytes);
    hb_predictor_free(predictor);
}

static void a_client_takes_256_bytes(void **state)
{
    (void)state;
    struct hb_predictor *few = created((struct hb_markov_config){ .client_capacity = 1000 });
    struct hb_predictor *many = created((struct hb_markov_config){ .client_capacity = 3000 });
    assert_true(hb_predictor_bytes(many) - hb_predictor_bytes(few) <= 2000 * 256);
    hb_predictor_free(many);
    hb_predictor_free(few);
}

/* Two places, the far one six hours ahead: stays of the night and of the day
 * are told apart by local time, so a night-time question at the far place
 * is answered as the near place's nights, not its days. */
static void clocks_are_those_of_the_place(void **state)
{
    (void)state;
    static const struct hb_place places[] = { { .utc_offset_s = 0 }, { .utc_offset_s = 21600 },
        { .utc_offset_s = 0 } };
    static const float rtt_ms[3];
    static const struct hb_site site;
    struct hb_map map = { .place_count = 3, .site_count = 1, .places = places, .sites = &site,
        .rtt_ms = rtt_ms };
    struct hb_predictor *predictor = created((struct hb_markov_config){ .client_capacity = 40,
        .map = &map, .population_only = 1, .unix_epoch_s = 4 * 86400 });
    for (uint32_t client = 0; client < 30; client++) {
        for (int day = 0; day < 5; day++) {
            double midnight_s = 86400.0 * day;
            see(predictor, client, midnight_s, 0); /* stays all night, moves all day */
            for (int slot = 48; slot < 96; slot++) {
                see(predictor, client, midnight_s + 900.0 * slot, slot % 2 == 0 ? 2 : 0);
            }
        }
    }
    see(predictor, 35, 86400.0 + 21600.0, 1);
    see(predictor, 36, 86400.0 + 64800.0, 1);
    double at_noon = asked(predictor, 35, 86400.0 + 21600.0, 900.0, 1);
    double at_midnight = asked(predictor, 36, 86400.0 + 64800.0, 900.0, 1);
    assert_true(at_midnight > at_noon + 0.2);
    hb_predictor_free(predictor);
}

/* The table grows with the map; a huge one is capped. */
static void tables_follow_the_map(void **state)
{
    (void)state;
    struct hb_map map = { .place_count = 40000 };
    struct hb_predictor *small = of_order(2);
    struct hb_predictor *large = created((struct hb_markov_config){ .client_capacity = 40,
        .order = 2, .map = &map });
    assert_true(hb_predictor_bytes(large) > 4 * hb_predictor_bytes(small));
    hb_predictor_free(large);
    hb_predictor_free(small);
}

static void impossible_configs_are_refused(void **state)
{
    (void)state;
    struct hb_predictor *predictor = NULL;
    assert_int_equal(hb_markov_create(&(struct hb_markov_config){ .order = 1 }, &predictor),
        HB_ERR_RANGE);
    struct hb_markov_config config = { .client_capacity = 7, .order = 4 };
    assert_int_equal(hb_markov_create(&config, &predictor), HB_ERR_RANGE);
    assert_null(predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_follow_the_hand_count),
        cmocka_unit_test(a_plain_chain_ignores_dwell_and_hour),
        cmocka_unit_test(moves_are_shared_by_their_counts),
        cmocka_unit_test(who_was_never_here_is_told_by_everybody),
        cmocka_unit_test(own_moves_overrule_everybodys),
        cmocka_unit_test(two_places_of_context_tell_what_one_cannot),
        cmocka_unit_test(who_is_unknown_or_lost_gets_no_guess),
        cmocka_unit_test(a_forgotten_client_is_as_a_new_one),
        cmocka_unit_test(everybodys_chain_tends_to_the_matrix_power),
        cmocka_unit_test(a_clients_own_chain_is_near_the_matrix_power),
        cmocka_unit_test(any_horizon_lies_between_its_steps),
        cmocka_unit_test(alone_or_in_a_batch_the_bits_are_the_same),
        cmocka_unit_test(tables_stay_bounded_when_full),
        cmocka_unit_test(a_client_takes_256_bytes),
        cmocka_unit_test(clocks_are_those_of_the_place),
        cmocka_unit_test(tables_follow_the_map),
        cmocka_unit_test(impossible_configs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
