/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost.h"
#include "sim/infra/infra.h"
#include "sim/net/dns.h"
#include "sim/run/scenario.h"
#include "sim/world/world.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

/* A whole scenario by line number; each fault replaces one piece of it. */
static const char good[]
    = "<?xml version=\"1.0\"?>\n"                                                /* 1 */
      "<scenario version=\"1\" name=\"t\" seed=\"31\">\n"                        /* 2 */
      "  <world clients=\"73\" zone_km=\"0.9\">\n"                               /* 3 */
      "    <city name=\"Berlin\" country=\"DE\"/>\n"                             /* 4 */
      "    <city name=\"Hamburg\"/>\n"                                           /* 5 */
      "    <corridor from=\"Berlin\" to=\"Hamburg\"/>\n"                         /* 6 */
      "  </world>\n"                                                             /* 7 */
      "  <service request_rate_hz=\"2.5\"\n"                                     /* 8 */
      "           state_mb=\"20\"\n"                                             /* 9 */
      "           working_set_mb=\"3\"/>\n"                                      /* 10 */
      "  <sites standby_w=\"2\"><edge per_city=\"2\"/></sites>\n"                /* 11 */
      "  <predictors><predictor name=\"p\" kind=\"markov\"/></predictors>\n"     /* 12 */
      "  <policies>\n"                                                           /* 13 */
      "    <policy name=\"a\" kind=\"static\"/>\n"                               /* 14 */
      "    <policy name=\"b\" kind=\"predictive\" predictor=\"p\"/>\n"           /* 15 */
      "  </policies>\n"                                                          /* 16 */
      "</scenario>\n";                                                           /* 17 */

struct fault {
    const char *found, *instead, *message; /* message: what follows the file's name */
};

static const struct fault faults[] = {
    { "state_mb=\"20\"", "state_mb=\"-3\"",
        ":9: state_mb=\"-3\": expected megabytes from 0 to 10000000" },
    { "state_mb=\"20\"", "state_mb=\"1e3\"",
        ":9: state_mb=\"1e3\": expected megabytes from 0 to 10000000" },
    { "state_mb=\"20\"", "state_mb=\"NaN\"",
        ":9: state_mb=\"NaN\": expected megabytes from 0 to 10000000" },
    { "state_mb=\"20\"", "state_mb=\"INF\"",
        ":9: state_mb=\"INF\": expected megabytes from 0 to 10000000" },
    { "state_mb=\"20\"", "state_mb=\"\"",
        ":9: state_mb=\"\": expected megabytes from 0 to 10000000" },
    { "working_set_mb=\"3\"", "working_set_mb=\"33\"",
        ":10: working_set_mb=\"33\": expected at most state_mb" },
    { "request_rate_hz=\"2.5\"", "request_rate_hz=\"0\"",
        ":8: request_rate_hz=\"0\": expected a rate per second > 0, at most 1000000" },
    { "state_mb=\"20\"", "dirty_mb_s=\"1250\"",
        ":9: dirty_mb_s=\"1250\": expected less than link_mb_s of the sites: else no copy ever "
        "ends" },
    { "name=\"t\"", "name=\"t/../u\"",
        ":2: name=\"t/../u\": expected a name of 1 to 31 letters, digits, '-', '_' or '.'" },
    { "version=\"1\" name", "version=\"2\" name",
        ":2: version=\"2\": expected 1, the version of the format" },
    { "seed=\"31\"", "seed=\"x\"", ":2: seed=\"x\": expected a whole number from 0 to "
                                   "9007199254740991" },
    { "seed=\"31\"", "replications=\"0\"",
        ":2: replications=\"0\": expected a whole number from 1 to 1000" },
    { "clients=\"73\"", "clients=\"73.5\"",
        ":3: clients=\"73.5\": expected a whole number from 1 to 2000000" },
    { "clients=\"73\"", "clients=\"99999999999999999999\"",
        ":3: clients=\"99999999999999999999\": expected a whole number from 1 to 2000000" },
    { "clients=\"73\" ", "", ":3: <world> without clients: expected a whole number from 1 to "
                             "2000000" },
    { "zone_km=\"0.9\"", "zone_km=\"9\"", ":3: zone_km=\"9\": expected kilometres from 0.25 to 5" },
    { "zone_km=\"0.9\"", "start=\"2026-02-30T00:00:00Z\"",
        ":3: start=\"2026-02-30T00:00:00Z\": expected an instant as 2026-03-02T00:00:00Z, years "
        "1970 to 2099" },
    { "zone_km=\"0.9\"", "zone=\"0.9\"", ":3: zone=\"0.9\": expected an attribute of <world>: " },
    { "country=\"DE\"", "country=\"Germany\"",
        ":4: country=\"Germany\": expected a country code of two capital letters (ISO 3166)" },
    { "\"Hamburg\"/>", "\"Hambrug\"/>", ":5: found no city \"Hambrug\": expected one of " },
    { "to=\"Hamburg\"", "to=\"Bremen\"",
        ":6: to=\"Bremen\": expected the name of a city of this world" },
    { "to=\"Hamburg\"", "to=\"Berlin\"", ":6: to=\"Berlin\": expected another city than from" },
    { "standby_w=\"2\"", "standby_w=\"9\"",
        ":11: idle_w=\"5.9375\": expected off_w <= standby_w <= idle_w <= busy_w" },
    { "<edge per_city=\"2\"/>", "", ":11: <sites>: expected inside: cloud, edge, site or cells" },
    { "<edge per_city=\"2\"/>", "<edge per_city=\"65\"/>",
        ":11: per_city=\"65\": expected a whole number from 1 to 64" },
    { "<edge per_city=\"2\"/>", "<edgy/>",
        ":11: <edgy>: expected here: cloud, edge, site, cells" },
    { "<edge per_city=\"2\"/>", "some text", ":11: <sites>: expected no text here" },
    { "<edge per_city=\"2\"/>", "<site name=\"s\" lat_deg=\"91\" lon_deg=\"0\"/>",
        ":11: lat_deg=\"91\": expected degrees from -90 to 90" },
    { "<edge per_city=\"2\"/>", "<cells file=\"none.csv\"/><edge link_mb_s=\"0.05\"/>",
        ":11: link_mb_s=\"0.05\": expected more than dirty_mb_s of the service: else no copy ever "
        "ends" },
    { "kind=\"markov\"", "kind=\"crystal_ball\"",
        ":12: kind=\"crystal_ball\": expected persistence, frequency, markov, lstm or oracle" },
    { "kind=\"markov\"", "kind=\"markov\" order=\"4\"",
        ":12: order=\"4\": expected a whole number from 1 to 3" },
    { "name=\"b\"", "name=\"a\"", ":15: name=\"a\": expected a name that no other policy has" },
    { "kind=\"predictive\" predictor=\"p\"", "kind=\"predictive\" predictor=\"q\"",
        ":15: predictor=\"q\": expected the name of a predictor element" },
    { "kind=\"predictive\" predictor=\"p\"", "kind=\"predictive\"",
        ":15: <policy> without predictor: expected the name of a predictor: this kind asks one" },
    { "kind=\"static\"", "kind=\"static\" predictor=\"p\"",
        ":14: predictor=\"p\": expected none: this kind does not ask one" },
    { "predictor=\"p\"/>", "predictor=\"p\" horizon_s=\"900 0\"/>",
        ":15: horizon_s=\"900 0\": expected one to four times in seconds, each above 0 and at "
        "most 86400" },
    { "predictor=\"p\"/>", "predictor=\"p\" confidence_min=\"1.01\"/>",
        ":15: confidence_min=\"1.01\": expected a share from 0 to 1" },
    { "</policies>", "</policies><policies/>", ":16: <policies>: expected " },
    { "</scenario>", "<sweep parameter=\"service.lead\" values=\"1\"/></scenario>",
        ":17: parameter=\"service.lead\": expected ELEMENT.ATTRIBUTE of a number" },
    { "</scenario>", "<sweep parameter=\"world.clients\" values=\"1\"/></scenario>",
        ":17: parameter=\"world.clients\": expected an attribute of service, network, topology, "
        "prices, consent, predictor or policy" },
    { "</scenario>", "<sweep parameter=\"consent.share\" values=\"0.5 1.5\"/></scenario>",
        ":17: values=\"0.5 1.5\": expected a share from 0 to 1" },
    { "</scenario>", "<trace file=\"x.h5\"/></scenario>",
        ":17: <trace>: expected either <world> or <trace>" },
    { "</scenario>", "<network matrix=\"m.csv\"/></scenario>",
        ":17: <network> without matrix_nodes: expected a file: matrix and matrix_nodes together" },
    { "</scenario>", "<network publish_s=\"86400.5\"/></scenario>",
        ":17: publish_s=\"86400.5\": expected seconds from 0 to 86400" },
    { "</scenario>", "<network resolvers_per_region=\"10001\"/></scenario>",
        ":17: resolvers_per_region=\"10001\": expected a whole number from 1 to 10000" },
    { "</scenario>", "<topology kind=\"as_rel\"/></scenario>",
        ":17: <topology> without file: expected the network's file, here or by " },
    { "</policies>", "<policy name=\"h\" kind=\"nearest\" probe_interval_s=\"0.0005\"/></policies>",
        ":16: probe_interval_s=\"0.0005\": expected seconds from 0.001 to 100" },
    { "</policies>", "<policy name=\"h\" kind=\"nearest\" probe_interval_s=\"1.5\"/></policies>",
        ":16: probe_timeout_s=\"2\": expected at most probe_interval_s" },
    { "</policies>", "<policy name=\"h\" kind=\"nearest\" probe_fall=\"128\"/></policies>",
        ":16: probe_fall=\"128\": expected a whole number from 1 to 127" },
    { "</scenario>", "<prices idle_hour=\"0.5\"/></scenario>",
        ":17: busy_hour=\"0.0104\": expected off_hour <= standby_hour <= idle_hour <= busy_hour" },
    { "</scenario>", "<network><access activity=\"home\" technology=\"4g\"/>"
                     "<access activity=\"home\" technology=\"5g\"/></network></scenario>",
        ":17: activity=\"home\": expected an activity that has no access element yet" },
    { "</world>", "", ":17: " /* the parser's own words follow */ },
    { "<scenario version", "<!DOCTYPE scenario [<!ENTITY a \"aaaa\">]>\n<scenario version",
        ":2: <!DOCTYPE: expected no document type declaration (entities are refused)" },
    { "<edge per_city=\"2\"/>",
        "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"http://a.example/s\"/>",
        ":11: include: " },
    { "<edge per_city=\"2\"/>",
        "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"/dev/zero\"/>",
        ":11: include: " },
};

static void replace(const char *text, const struct fault *fault, char *out, size_t out_bytes)
{
    const char *at = strstr(text, fault->found);
    assert_non_null(at);
    snprintf(out, out_bytes, "%.*s%s%s", (int)(at - text), text, fault->instead,
        at + strlen(fault->found));
}

static enum hb_status load(const char *folder, const char *text, struct sim_scenario **scenario,
    struct data_problem *problem)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/t.xml", folder);
    program_write(folder, "t.xml", text);
    problem->text[0] = '\0';
    struct sim_scenario_source source = { .path = path };
    return sim_scenario_load(&source, scenario, problem);
}

static void every_fault_is_told_with_file_and_line(void **state)
{
    (void)state;
    char *folder = program_folder();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char text[8192], expected[2048];
        struct sim_scenario *scenario = NULL;
        struct data_problem problem;
        replace(good, &faults[i], text, sizeof text);
        assert_int_equal(load(folder, text, &scenario, &problem), HB_ERR_FORMAT);
        snprintf(expected, sizeof expected, "%s/t.xml%s", folder, faults[i].message);
        if (strncmp(problem.text, expected, strlen(expected)) != 0) {
            fail_msg("case %zu (%s): said\n  %s\nexpected\n  %s", i, faults[i].instead,
                problem.text, expected);
        }
    }
    program_remove(folder);
    free(folder);
}

static void values_arrive_under_their_names(void **state)
{
    (void)state;
    char *folder = program_folder();
    struct sim_scenario *scenario = NULL;
    struct data_problem problem;
    assert_int_equal(load(folder, good, &scenario, &problem), HB_OK);
    assert_string_equal(scenario->name, "t");
    assert_true(scenario->seed == 31);
    assert_int_equal(scenario->world.clients, 73);
    assert_int_equal(scenario->world.city_count, 2);
    assert_string_equal(scenario->world.cities[0].country, "DE");
    assert_near(scenario->world.zone_km, 0.9, 1e-15);
    assert_true(scenario->world.start == 1772409600); /* date -u -d 2026-03-02 +%s */
    assert_near(scenario->service.request_rate_hz, 2.5, 1e-15);
    assert_true(isnan(scenario->service.lead_s));
    assert_int_equal(scenario->sites.groups[0].group, SIM_SITE_GROUP_EDGE);
    assert_int_equal(scenario->sites.groups[0].per_city, 2);
    assert_int_equal(scenario->sites.groups[0].size.slots, SIM_SCENARIO_ABSENT);
    assert_int_equal(scenario->policies[1].predictor_index, 0);
    assert_int_equal(scenario->sweep.value_count, 1);
    sim_scenario_free(scenario);
    program_remove(folder);
    free(folder);
}

/* The schema's defaults against those that the libraries state themselves. */
static void defaults_are_those_of_the_libraries(void **state)
{
    (void)state;
    char *folder = program_folder();
    struct sim_scenario *scenario = NULL;
    struct data_problem problem;
    assert_int_equal(load(folder, good, &scenario, &problem), HB_OK);
    for (size_t i = 0; i < 2; i++) {
        struct hb_policy policy;
        const struct hb_policy *read = &scenario->policies[i].set;
        hb_policy_default((enum hb_policy_kind)read->kind, &policy);
    policy.probe_interval_s = 10.0; /* the library leaves probing to its host */
        assert_int_equal(memcmp(&policy, read, sizeof policy), 0);
    }
    struct hb_prices prices;
    struct hb_service service;
    hb_cost_default(&prices, &service);
    assert_near(scenario->prices.request_ms, prices.request_ms, 1e-15);
    assert_near(scenario->prices.busy_hour, prices.hour[HB_POWER_BUSY], 1e-15);
    assert_near(scenario->prices.standby_hour, prices.hour[HB_POWER_STANDBY], 1e-15);
    assert_near(scenario->prices.state_gb, prices.state_gb, 1e-15);
    assert_near(scenario->prices.dns_update * 1e6, prices.dns_update * 1e6, 1e-12);
    assert_near(scenario->prices.failed_request, prices.failed_request, 1e-15);
    struct sim_world_config world = sim_world_defaults();
    assert_near(scenario->world.tau_h, world.epr.tau_h, 1e-15);
    assert_near(scenario->world.gamma, world.epr.gamma, 1e-15);
    assert_near(scenario->world.rail_km_h, world.modes.rail_km_h, 1e-15);
    struct sim_dns_config dns;
    sim_dns_default(&dns);
    assert_near(scenario->network.extend_share, dns.extend_share, 1e-15);
    assert_near(scenario->network.anycast_ttl_s, dns.anycast_ttl_s, 1e-15);
    struct sim_infra_config infra;
    sim_infra_default(&infra);
    assert_near(scenario->service.state_mb + 30.0, infra.service.state_mb, 1e-12); /* 20 */
    assert_near(scenario->service.dirty_mb_s, infra.service.dirty_mb_s, 1e-15);
    sim_scenario_free(scenario);
    program_remove(folder);
    free(folder);
}

static void an_included_file_is_named_in_its_faults(void **state)
{
    (void)state;
    static const struct fault include = { "<edge per_city=\"2\"/>",
        "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"part.xml\"/>", "" };
    char *folder = program_folder(), text[8192], expected[2048];
    struct sim_scenario *scenario = NULL;
    struct data_problem problem;
    replace(good, &include, text, sizeof text);
    program_write(folder, "part.xml", "<edge\n  per_city=\"3\"/>\n");
    assert_int_equal(load(folder, text, &scenario, &problem), HB_OK);
    assert_int_equal(scenario->sites.groups[0].per_city, 3);
    sim_scenario_free(scenario);
    program_write(folder, "part.xml", "<edge\n  per_city=\"-3\"/>\n");
    assert_int_equal(load(folder, text, &scenario, &problem), HB_ERR_FORMAT);
    snprintf(expected, sizeof expected, "%s/part.xml:2: per_city=\"-3\": expected a whole number "
                                        "from 1 to 64", folder);
    assert_string_equal(problem.text, expected);
    program_write(folder, "part.xml",
        "<!DOCTYPE edge [<!ENTITY n \"2\">]><edge per_city=\"&n;\"/>");
    assert_int_equal(load(folder, text, &scenario, &problem), HB_ERR_FORMAT);
    program_remove(folder);
    free(folder);
}

static void changes_of_the_command_line_are_checked_like_the_file(void **state)
{
    (void)state;
    char *folder = program_folder(), path[1024];
    struct data_problem problem = { .text = "" };
    struct sim_scenario *scenario = NULL;
    program_write(folder, "t.xml", good);
    snprintf(path, sizeof path, "%s/t.xml", folder);
    const struct sim_scenario_change changes[] = { { "policy:b.gain_ms=7.25" },
        { "service.lead_s=41" }, { "scenario.seed=12" } };
    struct sim_scenario_source source = { .path = path, .changes = changes, .change_count = 3 };
    assert_int_equal(sim_scenario_load(&source, &scenario, &problem), HB_OK);
    assert_near(scenario->policies[0].set.gain_ms, 5.0, 1e-15);
    assert_near(scenario->policies[1].set.gain_ms, 7.25, 1e-15);
    assert_near(scenario->service.lead_s, 41.0, 1e-15);
    assert_true(scenario->seed == 12);
    assert_non_null(strstr(scenario->text, "gain_ms=\"7.25\""));
    sim_scenario_free(scenario);
    static const char *const wrong[][2] = {
        { "policy:c.gain_ms=7", "no such element" }, { "gain_ms=7", "ELEMENT.ATTRIBUTE=VALUE" },
        { "service.lead_s=-1", "expected seconds from 0 to 2592000" },
        { "service.leed_s=1", "an attribute of" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct sim_scenario_change change = { wrong[i][0] };
        source.changes = &change;
        source.change_count = 1;
        problem.text[0] = '\0';
        assert_int_equal(sim_scenario_load(&source, &scenario, &problem), HB_ERR_FORMAT);
        assert_non_null(strstr(problem.text, wrong[i][1]));
    }
    program_remove(folder);
    free(folder);
}

static void a_sweep_sets_its_value_and_nothing_else(void **state)
{
    (void)state;
    static const struct fault sweep = { "</scenario>",
        "<sweep parameter=\"policy.gain_ms\" values=\"2 11.5\"/></scenario>", "" };
    char *folder = program_folder(), text[8192];
    struct sim_scenario *scenario = NULL;
    struct data_problem problem;
    replace(good, &sweep, text, sizeof text);
    assert_int_equal(load(folder, text, &scenario, &problem), HB_OK);
    assert_int_equal(scenario->sweep.value_count, 2);
    sim_scenario_apply(scenario, 1);
    assert_near(scenario->policies[0].set.gain_ms, 11.5, 1e-15);
    assert_near(scenario->policies[1].set.gain_ms, 11.5, 1e-15);
    sim_scenario_apply(scenario, 0);
    assert_near(scenario->policies[1].set.gain_ms, 2.0, 1e-15);
    assert_near(scenario->policies[1].set.hysteresis, 0.1, 1e-15);
    sim_scenario_free(scenario);
    program_remove(folder);
    free(folder);
}

static void shipped_scenarios_are_valid(void **state)
{
    (void)state;
    static const char *const names[]
        = { "metro-day", "smoke", "commute-corridor", "lead-time", "metro-study" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char relative[128];
        struct sim_scenario *scenario = NULL;
        struct data_problem problem = { .text = "" };
        snprintf(relative, sizeof relative, "scenarios/%s.xml", names[i]);
        struct sim_scenario_source source = { .path = path_of_source(relative) };
        if (sim_scenario_load(&source, &scenario, &problem) != HB_OK) {
            fail_msg("%s", problem.text);
        }
        assert_string_equal(scenario->name, names[i]);
        sim_scenario_free(scenario);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_told_with_file_and_line),
        cmocka_unit_test(values_arrive_under_their_names),
        cmocka_unit_test(defaults_are_those_of_the_libraries),
        cmocka_unit_test(an_included_file_is_named_in_its_faults),
        cmocka_unit_test(changes_of_the_command_line_are_checked_like_the_file),
        cmocka_unit_test(a_sweep_sets_its_value_and_nothing_else),
        cmocka_unit_test(shipped_scenarios_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
