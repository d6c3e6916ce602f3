/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "sim/run/oracle.h"

enum { clients = 300, visits_each = 12 };

static struct data_visit visits[clients * visits_each];
static uint64_t first[clients + 1];
static const struct data_trace trace = { .end_s = 20000, .client_count = clients,
    .place_count = 9000, .first = first, .visits = visits };

/* Client i makes 12 visits, each of its own length; the 8th is nowhere. */
static int invent(void **state)
{
    (void)state;
    for (uint32_t i = 0; i <= clients; i++) {
        first[i] = (uint64_t)i * visits_each;
    }
    for (uint32_t i = 0; i < clients * visits_each; i++) {
        uint32_t k = i % visits_each, client = i / visits_each;
        visits[i].start_s = 100 + k * (900 + client) + k * k * 3;
        visits[i].place = (k == 7 ? DATA_NOWHERE : client * 30 + k * 2) & DATA_NOWHERE;
    }
    return 0;
}

/* Oracle: walk the visits from the first. */
static uint32_t truth_of(uint32_t client, double at_s)
{
    uint32_t place = DATA_NOWHERE;
    for (uint32_t k = 0; k < visits_each; k++) {
        const struct data_visit *visit = &visits[client * visits_each + k];
        place = visit->start_s <= at_s ? visit->place : place;
    }
    return place;
}

static struct hb_predictor *created(double accuracy, uint64_t seed)
{
    struct sim_oracle_config config = { &trace, 7 * HB_NS_PER_S, accuracy, seed };
    struct hb_predictor *oracle = NULL;
    assert_int_equal(sim_oracle_create(&config, &oracle), HB_OK);
    return oracle;
}

static struct hb_prediction ask(struct hb_predictor *oracle, uint32_t client, double at_s,
    double horizon_s)
{
    struct hb_question question = { hb_units_ns(at_s + 7.0), client, (float)horizon_s };
    struct hb_prediction got;
    hb_predict_location(oracle, &question, 1, &got);
    return got;
}

static void the_oracle_says_what_will_be(void **state)
{
    (void)state;
    struct hb_predictor *oracle = created(1.0, 5);
    for (uint32_t client = 0; client < clients; client += 7) {
        for (double at_s = 0.0; at_s < 15000.0; at_s += 611.5) {
            struct hb_prediction got = ask(oracle, client, at_s, 1231.0);
            uint32_t truth = truth_of(client, at_s + 1231.0);
            assert_int_equal(got.guess_count, truth != DATA_NOWHERE);
            if (truth != DATA_NOWHERE) {
                assert_int_equal(got.guesses[0].place, truth);
                assert_near((double)got.guesses[0].confidence, 1.0, 0.0);
            }
        }
    }
    assert_string_equal(hb_predictor_name(oracle), "oracle");
    hb_predictor_free(oracle);
}

static void outside_the_trace_there_is_no_guess(void **state)
{
    (void)state;
    struct hb_predictor *oracle = created(1.0, 5);
    assert_int_equal(ask(oracle, 3, 10.0, 60.0).guess_count, 0); /* before its first visit */
    assert_int_equal(ask(oracle, 3, 19000.0, 1000.0).guess_count, 0); /* at the end */
    assert_int_equal(ask(oracle, 3, 19000.0, 999.0).guess_count, 1);
    assert_int_equal(ask(oracle, clients, 5000.0, 900.0).guess_count, 0);
    assert_int_equal(ask(oracle, 3, -900.0, 60.0).guess_count, 0);
    hb_predictor_free(oracle);
}

/* 0.73 of 6,000 independent answers: standard error 0.0057, 5 of them (error
 * rate 6e-7; seed fixed). */
static void the_noisy_one_is_right_as_often_as_it_says(void **state)
{
    (void)state;
    struct hb_predictor *noisy = created(0.73, 20260801);
    int right = 0, count = 0;
    for (uint32_t client = 0; client < clients; client++) {
        for (int i = 0; i < 20; i++) {
            double at_s = 150.0 + 301.0 * i;
            struct hb_prediction got = ask(noisy, client, at_s, 900.0);
            uint32_t truth = truth_of(client, at_s + 900.0);
            if (truth == DATA_NOWHERE) {
                continue;
            }
            assert_near((double)got.guesses[0].confidence, 0.73, 1e-6);
            assert_int_equal(got.guesses[0].place / 30, client); /* a place of its own */
            right += got.guesses[0].place == truth;
            count++;
        }
    }
    assert_true(count > 5000);
    assert_near((double)right / count, 0.73, 0.0285);
    hb_predictor_free(noisy);
}

static void its_errors_do_not_depend_on_the_order_of_questions(void **state)
{
    (void)state;
    struct hb_predictor *one = created(0.5, 99), *two = created(0.5, 99), *other = created(0.5, 98);
    int differing = 0;
    for (uint32_t i = 0; i < 200; i++) {
        (void)ask(two, 7, 100.0 * i, 1800.0);
        struct hb_prediction a = ask(one, i, 4000.0, 900.0), b = ask(two, i, 4000.0, 900.0);
        assert_memory_equal(&a, &b, sizeof a);
        b = ask(other, i, 4000.0, 900.0);
        differing += a.guesses[0].place != b.guesses[0].place;
    }
    assert_true(differing > 20);
    hb_predictor_free(other);
    hb_predictor_free(two);
    hb_predictor_free(one);
}

static void accuracy_lies_within_0_and_1(void **state)
{
    (void)state;
    struct hb_predictor *oracle = NULL;
    static const double bad[] = { -0.001, 1.001, NAN };
    for (int i = 0; i < 3; i++) {
        struct sim_oracle_config config = { .trace = &trace, .accuracy = bad[i] };
        assert_int_equal(sim_oracle_create(&config, &oracle), HB_ERR_RANGE);
    }
    assert_null(oracle);
    oracle = created(0.0, 1);
    assert_int_not_equal(ask(oracle, 3, 4000.0, 900.0).guesses[0].place, truth_of(3, 4900.0));
    hb_predictor_observe(oracle, &(struct hb_observation){ .client = 3 });
    hb_predictor_forget(oracle, 3);
    assert_true(hb_predictor_bytes(oracle) < 200);
    hb_predictor_free(oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oracle_says_what_will_be),
        cmocka_unit_test(outside_the_trace_there_is_no_guess),
        cmocka_unit_test(the_noisy_one_is_right_as_often_as_it_says),
        cmocka_unit_test(its_errors_do_not_depend_on_the_order_of_questions),
        cmocka_unit_test(accuracy_lies_within_0_and_1),
    };
    return cmocka_run_group_tests(tests, invent, NULL);
}
