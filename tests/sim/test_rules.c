/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds between attributes: of the world's time and cities, of commands and their time-outs,
 * of every value of a sweep. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/run/scenario.h"
#include "tests/support/program.h"

/* The pieces that a case replaces; each stands on a line of its own, from 2 on. */
enum piece { WORLD, CITIES, SERVICE, PREDICTOR, POLICY, SWEEP, PIECES };

static const char *const good[PIECES] = {
    [WORLD] = "<world clients=\"7\">",
    [CITIES] = "<city name=\"Genève\"/><city name=\"Lyon\"/><city name=\"Bern\"/>",
    [SERVICE] = "</world><service/><sites><edge/></sites>",
    [PREDICTOR] = "<predictors><predictor name=\"m\" kind=\"markov\"/></predictors>",
    [POLICY] = "<policies><policy name=\"p\" kind=\"predictive\" predictor=\"m\"/></policies>",
    [SWEEP] = "",
};

struct fault {
    enum piece piece;
    const char *instead, *message; /* message: what follows the file's name; NULL: none */
};

static const struct fault faults[] = {
    { WORLD, "<world clients=\"7\" history_h=\"8760\">", NULL },
    { WORLD, "<world clients=\"7\" history_h=\"8760.5\">",
        ":2: history_h=\"8760.5\": expected at most 8784 hours (a year) with duration_h" },
    { WORLD, "<world clients=\"7\" start=\"1970-01-02T00:00:00Z\" history_h=\"24\">", NULL },
    { WORLD, "<world clients=\"7\" start=\"1970-01-02T00:00:00Z\" history_h=\"24.5\">",
        ":2: history_h=\"24.5\": expected a history that begins after 1970" },
    { WORLD, "<world clients=\"7\" stay_min_h=\"24.5\">",
        ":2: stay_min_h=\"24.5\": expected hours from 0.01 to 24" },
    { WORLD, "<world clients=\"7\" intercity_trips_day=\"1.5\">",
        ":2: intercity_trips_day=\"1.5\": expected a number from 0 to 1" },
    { CITIES, "<city name=\"Genève\"/><city name=\"Geneva\" country=\"CH\"/>",
        ":3: name=\"Geneva\": expected a city that is not in the world yet" },
    { CITIES, "<city name=\"Lyon\"/><city name=\"Bern\"/><corridor from=\"Lyon\" to=\"Bern\" "
              "speed_km_h=\"1001\"/>",
        ":3: speed_km_h=\"1001\": expected a speed from 1 to 1000 km/h" },
    { CITIES, "<city name=\"Lyon\"/><city name=\"Bern\"/><city name=\"Genève\"/>"
              "<corridor from=\"Lyon\" to=\"Bern\" commuter_share=\"0.75\"/>"
              "<corridor from=\"Bern\" to=\"Lyon\" commuter_share=\"0.5\"/>"
              "<corridor from=\"Lyon\" to=\"Genève\" commuter_share=\"0.25\"/>",
        NULL },
    { CITIES, "<city name=\"Lyon\"/><city name=\"Bern\"/><city name=\"Genève\"/>"
              "<corridor from=\"Lyon\" to=\"Bern\" commuter_share=\"0.75\"/>\n"
              "<corridor from=\"Lyon\" to=\"Genève\" commuter_share=\"0.3\"/>",
        ":4: commuter_share=\"0.3\": expected at most 1 in all corridors from this city" },
    { SERVICE, "</world><service fence_s=\"10\"/><sites><edge/></sites>",
        ":6: fence_timeout_s=\"10\": expected more than fence_s of the service: else no fence "
        "ever holds" },
    { SERVICE, "</world><service/><sites><edge/></sites><network publish_s=\"59\"/>",
        ":6: dns_timeout_s=\"60\": expected more than update_delay_s and publish_s of the "
        "network: else no update is ever done" },
    { SERVICE, "</world><service/><sites><edge/></sites><network publish_s=\"58.5\"/>", NULL },
    { PREDICTOR, "<predictors><predictor name=\"m\" kind=\"markov\" latency_s=\"19199.95\"/>"
                 "</predictors>", NULL },
    { PREDICTOR, "<predictors><predictor name=\"m\" kind=\"markov\" latency_s=\"19201\"/>"
                 "</predictors>",
        ":5: latency_s=\"19201\": expected latency_s and batch_s together at most 64 times the "
        "interval_s of a policy that asks" },
    { POLICY, "<policies><policy name=\"p\" kind=\"static\" backup=\"yes\"/></policies>",
        ":6: backup=\"yes\": expected no: a static policy has one endpoint" },
    { POLICY, "<policies><policy name=\"p\" kind=\"nearest\" retry_max=\"101\"/></policies>",
        ":6: retry_max=\"101\": expected a whole number from 0 to 100" },
    { POLICY, "<policies><policy name=\"p\" kind=\"nearest\" dns_ttl_s=\"604801\"/></policies>",
        ":6: dns_ttl_s=\"604801\": expected seconds from 0 to 604800" },
    { SWEEP, "<sweep parameter=\"prices.busy_hour\" values=\"2 0.0104\"/>", NULL },
    { SWEEP, "<sweep parameter=\"prices.busy_hour\" values=\"2 0.01\"/>",
        ":7: values=\"2 0.01\": expected off_hour <= standby_hour <= idle_hour <= busy_hour" },
    { SWEEP, "<sweep parameter=\"service.dirty_mb_s\" values=\"0 1250\"/>",
        ":7: values=\"0 1250\": expected less than link_mb_s of the sites: else no copy ever "
        "ends" },
    { SWEEP, "<sweep parameter=\"policy.interval_s\" values=\"0.1 300\"/>", NULL },
    { SWEEP, "<sweep parameter=\"predictor.latency_s\" values=\"1 86400\"/>",
        ":7: values=\"1 86400\": expected latency_s and batch_s together at most 64 times the "
        "interval_s of a policy that asks" },
};

/* 65 policies, each on a line of its own. */
static const char *many(void)
{
    static char text[65 * 40 + 64] = "<policies>\n";
    size_t length = strlen(text);
    for (int i = 0; i < 65; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length,
            "<policy name=\"p%d\" kind=\"static\"/>\n", i);
    }
    strcat(text, "</policies>");
    return text;
}

static enum hb_status load(const char *folder, const struct fault *fault,
    struct sim_scenario **scenario, struct data_problem *problem)
{
    char text[4096] = "<scenario version=\"1\" name=\"t\">\n", path[1024];
    for (enum piece i = 0; i < PIECES; i++) {
        strcat(text, fault->piece == i ? fault->instead : good[i]);
        strcat(text, "\n");
    }
    strcat(text, "</scenario>\n");
    program_write(folder, "t.xml", text);
    snprintf(path, sizeof path, "%s/t.xml", folder);
    struct sim_scenario_source source = { .path = path };
    return sim_scenario_load(&source, scenario, problem);
}

static void both_sides_of_every_rule(void **state)
{
    (void)state;
    char *folder = program_folder();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct sim_scenario *scenario = NULL;
        struct data_problem problem = { .text = "" };
        char expected[1536];
        enum hb_status status = load(folder, &faults[i], &scenario, &problem);
        snprintf(expected, sizeof expected, "%s/t.xml%s", folder, faults[i].message);
        bool is_as_told = faults[i].message == NULL
            ? status == HB_OK : status == HB_ERR_FORMAT && strcmp(problem.text, expected) == 0;
        if (!is_as_told) {
            fail_msg("case %zu (%s): said\n  %s", i, faults[i].instead, problem.text);
        }
        sim_scenario_free(scenario);
    }
    program_remove(folder);
    free(folder);
}

static void a_report_tells_all_policies_apart(void **state)
{
    (void)state;
    const struct fault too_many = { POLICY, many(), "" };
    char *folder = program_folder();
    struct sim_scenario *scenario = NULL;
    struct data_problem problem = { .text = "" };
    assert_int_equal(load(folder, &too_many, &scenario, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "t.xml:71: name=\"p64\": expected at most 64 policies"));
    program_remove(folder);
    free(folder);
}

/* Trying the values changes nothing: each policy keeps its own. */
static void a_sweep_is_tried_and_taken_back(void **state)
{
    (void)state;
    static const struct fault sweep = { SWEEP,
        "<sweep parameter=\"policy.interval_s\" values=\"71 73\"/>", NULL };
    char *folder = program_folder();
    struct sim_scenario *scenario = NULL;
    struct data_problem problem = { .text = "" };
    assert_int_equal(load(folder, &sweep, &scenario, &problem), HB_OK);
    assert_near(scenario->policies[0].set.interval_s, 300.0, 1e-15);
    assert_int_equal(scenario->policies[0].predictor_index, 0);
    assert_string_equal(scenario->policies[0].name, "p");
    sim_scenario_free(scenario);
    program_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_of_every_rule),
        cmocka_unit_test(a_report_tells_all_policies_apart),
        cmocka_unit_test(a_sweep_is_tried_and_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
