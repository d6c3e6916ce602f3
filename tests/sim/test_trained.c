/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>

#include "sim/run/trained.h"
#include "tests/support/paths.h"

/* The cities of metro-day.xml, for which the shipped model is. */
enum { metro_places = 24221 };

static struct sim_scenario_predictor predictors[3];
static struct sim_scenario scenario = { .predictors = predictors, .predictor_count = 3 };

static void prepare(const char *model)
{
    memset(predictors, 0, sizeof predictors);
    predictors[0].kind = SIM_PREDICTOR_MARKOV;
    predictors[1].kind = SIM_PREDICTOR_LSTM;
    predictors[2].kind = SIM_PREDICTOR_PERSISTENCE;
    (void)strcpy(predictors[1].at, "study.xml:12");
    (void)strcpy(predictors[1].model, model);
}

static void refused(const char *model, uint32_t places, const char *want)
{
    struct sim_trained *trained = NULL;
    struct data_problem problem = { "" };
    prepare(model);
    assert_int_not_equal(sim_trained_read(&scenario, places, &problem, &trained), HB_OK);
    if (strstr(problem.text, want) == NULL) {
        fail_msg("'%s' does not say '%s'", problem.text, want);
    }
    assert_null(trained);
}

static void the_shipped_model_is_read_for_the_predictor_that_names_it(void **state)
{
    (void)state;
    struct sim_trained *trained = NULL;
    struct data_problem problem = { "" };
    prepare(path_of_source("models/metro-day.model"));
    assert_int_equal(sim_trained_read(&scenario, metro_places, &problem, &trained), HB_OK);
    assert_null(sim_trained_model(trained, 0));
    assert_non_null(sim_trained_model(trained, 1));
    assert_null(sim_trained_model(trained, 2));
    assert_null(sim_trained_model(trained, 3));
    const struct hb_lstm_model *model = sim_trained_model(trained, 1);
    const char *what = NULL;
    assert_int_equal(hb_lstm_check(model, &what), HB_OK);
    assert_int_equal(model->tables.place_count, metro_places);
    /* what metro-day.xml sets: less than 1 KiB a client */
    struct hb_lstm_config config = { .visit_count = 56, .is_compact = 1 };
    assert_true(hb_lstm_client_bytes(model, &config) < 1024);
    sim_trained_free(trained);
    sim_trained_free(NULL);
}

static void what_does_not_fit_is_told_with_its_place(void **state)
{
    (void)state;
    refused("", metro_places, "study.xml:12: kind=\"lstm\": expected model=\"FILE\"");
    refused(path_of_source("models/metro-day.model"), metro_places + 1,
        "found a model of 24221 places: expected one trained on this world's 24222");
    refused("/no/such.model", metro_places, "/no/such.model");
    refused(path_of_source("scenarios/smoke.xml"), metro_places, "smoke.xml");
}

static void without_lstm_nothing_is_read(void **state)
{
    (void)state;
    struct sim_trained *trained = NULL;
    struct data_problem problem = { "" };
    prepare("/no/such.model");
    predictors[1].kind = SIM_PREDICTOR_FREQUENCY;
    assert_int_equal(sim_trained_read(&scenario, 5, &problem, &trained), HB_OK);
    assert_null(sim_trained_model(trained, 1));
    sim_trained_free(trained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_model_is_read_for_the_predictor_that_names_it),
        cmocka_unit_test(what_does_not_fit_is_told_with_its_place),
        cmocka_unit_test(without_lstm_nothing_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
