/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clairvoyance is a lower bound: over random small scenarios with prices that
 * make failing, staying, moving or waiting cheap or dear, no policy pays less. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>

#include "data/results.h"
#include "tests/support/program.h"

enum { scenario_count = 40, routed_count = 24, runs_min = 440, cheap_failures_min = 20 };

/* xorshift64: Marsaglia, J. Stat. Softw. 8 (2003). Fixed seed: a failure repeats. */
static uint64_t state = UINT64_C(0x731731731731);

static uint32_t below(uint32_t count)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % count;
}

static double one_of(const double *values, uint32_t count)
{
    return values[below(count)];
}
#define ONE_OF(...) \
    one_of((const double[]) { __VA_ARGS__ }, sizeof((double[]) { __VA_ARGS__ }) / sizeof(double))

static const char *const pairs[][2] = { { "Köln", "Bonn" }, { "Düsseldorf", "Frankfurt am Main" },
    { "Leverkusen", "Düsseldorf" } };

/* A network whose routes may be quicker, or slower, than those to a site's own address:
 * whole ASes or routers in cities, sites with few providers in common, one that comes and goes. */
static void write_topology(char *text, size_t text_bytes)
{
    (void)snprintf(text, text_bytes,
        "<topology ases=\"%u\" routers=\"%s\" profile=\"%s\" upstreams=\"%u\"\n"
        " common_upstreams=\"%u\" access_ases=\"%u\">\n"
        "<change at_s=\"%u\" for_s=\"%u\" kind=\"%s\" site=\"far\"/></topology>\n",
        below(2) == 0 ? 1000 : 40 + below(200),
        below(2) == 0 ? "as" : "city", below(2) == 0 ? "frr" : "internet",
        1 + below(3), below(2), 1 + below(4), 1000 + below(5000), 60 + below(5000),
        below(2) == 0 ? "withdraw" : "cut");
}

static double write_scenario(const char *folder, int has_routes)
{
    static const char *const routes[] = { "plain", "local_pref", "med", "prepend", "community",
        "more_specific" };
    char text[8192], topology[512] = "";
    if (has_routes) {
        write_topology(topology, sizeof topology);
    }
    double failed_request = ONE_OF(0.0, 0.0001, 0.01);
    const char *const *cities = pairs[below(3)];
    double idle_hour = ONE_OF(0.0, 0.0104, 3.0);
    (void)snprintf(text, sizeof text,
        "<scenario version=\"1\" name=\"small\" seed=\"%u\">\n"
        "<world start=\"2026-03-02T06:00:00Z\" duration_h=\"5\" history_h=\"1\" clients=\"%u\">\n"
        "<city name=\"%s\" country=\"DE\"/><city name=\"%s\" country=\"DE\"/>\n"
        "<corridor from=\"%s\" to=\"%s\" commuter_share=\"0.4\"/></world>\n"
        "<service request_rate_hz=\"%g\" shared=\"%s\" state_mb=\"%g\" working_set_mb=\"0\"\n"
        "  image_mb=\"%g\" sessions=\"%s\" session_min=\"%g\" gap_min=\"%g\"\n"
        "  service_ms=\"%g\" failure_share=\"%g\"/>\n"
        "<network suboptimal=\"%g\"/>\n%s"
        "<sites slots=\"%u\" waiting_room=\"%u\">%s<edge per_city=\"2\"/>\n"
        "<site name=\"far\" lat_deg=\"-33\" lon_deg=\"151\"/></sites>\n"
        "<prices request_ms=\"%g\" target_ms=\"%g\" over_target_request_ms=\"%g\"\n"
        "  state_gb=\"%g\" dns_update=\"%g\" failed_request=\"%g\" idle_hour=\"%g\"\n"
        "  standby_hour=\"0\" busy_hour=\"%g\"/>\n"
        "<consent share=\"%g\"/>\n"
        "<predictors><predictor name=\"oracle\" kind=\"oracle\"/></predictors>\n"
        "<policies><policy name=\"static\" kind=\"static\"/>\n"
        "<policy name=\"anycast\" kind=\"anycast\" route=\"%s\" route_interval_s=\"600\"/>\n"
        "<policy name=\"nearest\" kind=\"nearest\"/>\n"
        "<policy name=\"reactive\" kind=\"reactive\" gain_ms=\"0.5\" worth_factor=\"0\"/>\n"
        "<policy name=\"foresight\" kind=\"predictive\" predictor=\"oracle\" gain_ms=\"0.5\"\n"
        "  worth_factor=\"0\" sustain_s=\"%g\" steer_early=\"yes\"/>\n"
        "<policy name=\"hasty\" kind=\"reactive\" gain_ms=\"0\" worth_factor=\"0\"\n"
        "  hysteresis=\"0\" cooldown_s=\"0\"\n  interval_s=\"10\" sustain_s=\"%g\" "
        "dns_ttl_s=\"%g\"/>\n"
        "<policy name=\"ski-rental\" kind=\"ski_rental\" predictor=\"oracle\"/></policies>\n"
        "<sweep parameter=\"service.lead_s\" values=\"0 900\"/>\n</scenario>\n",
        below(1000000), 1 + below(12), cities[0], cities[1], cities[0], cities[1],
        ONE_OF(0.05, 1.0, 20.0), below(2) == 0 ? "no" : "yes", ONE_OF(0.0, 1.0, 50.0),
        ONE_OF(0.0, 200.0), below(2) == 0 ? "drawn" : "always_on", ONE_OF(2.0, 60.0),
        ONE_OF(0.5, 30.0), ONE_OF(5.0, 400.0), ONE_OF(0.0, 0.3), ONE_OF(0.0, 0.2, 1.0),
        topology, 1 + below(12), below(3) == 0 ? 0 : 1000,
        has_routes ? "<cloud provider=\"aws\" near_km=\"2500\"/>" : "", ONE_OF(1e-6, 1e-6, 1e-4),
        ONE_OF(0.0, 20.0), ONE_OF(0.0, 1e-5), ONE_OF(0.0, 0.02, 5.0),
        ONE_OF(0.0, 0.001, 1.0), failed_request, idle_hour, idle_hour + ONE_OF(0.0, 0.5),
        ONE_OF(0.0, 0.5, 1.0), has_routes ? routes[below(6)] : routes[0], ONE_OF(60.0, 600.0),
        ONE_OF(60.0, 1800.0), ONE_OF(1.0, 30.0));
    program_write(folder, "small.xml", text);
    return failed_request;
}

struct judge {
    double failed_request;
    uint32_t count, bad, cheap_failures;
};

/* The books round failures to whole requests; the simulator's latencies are
 * floats. Beyond that the bound must hold. */
static enum hb_status judge(void *context, const void *row)
{
    struct judge *judge = context;
    const struct data_summary_row *it = row;
    double slack = judge->failed_request + 1e-6 * it->optimum_cost + 1e-12;
    if (it->cost < it->optimum_cost - slack) {
        print_message("policy %u, setting %u: pays %.9g, clairvoyance %.9g\n", it->policy,
            it->setting, it->cost, it->optimum_cost);
    }
    judge->bad += it->cost < it->optimum_cost - slack;
    judge->cheap_failures += it->requests_failed > 1.0 && !(judge->failed_request > 0.0);
    judge->count++;
    return HB_OK;
}

/* Runs so many random scenarios. */
static struct judge judged(int count, int has_routes)
{
    static struct program_run run;
    struct judge all = { .count = 0 };
    char *folder = program_folder(), path[1200];
    (void)snprintf(path, sizeof path, "%s/small.h5", folder);
    static const char *const arguments[] = { "run", "--quiet", "--no-report", "--check", "-j1",
        "-o", "small.h5", "small.xml", NULL };
    for (int i = 0; i < count; i++) {
        all.failed_request = write_scenario(folder, has_routes);
        struct data_problem problem = { "" };
        struct data_result_file *file = NULL;
        program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &run);
        if (run.exit_status != 0) {
            print_message("scenario %d: %s", i, run.err);
        }
        assert_int_equal(run.exit_status, 0);
        assert_int_equal(data_results_open(path, &file, &problem), HB_OK);
        assert_int_equal(data_results_each(file, DATA_TABLE_SUMMARY, judge, &all, &problem), HB_OK);
        data_results_close(file);
    }
    program_remove(folder);
    free(folder);
    return all;
}

static void no_policy_pays_less_than_clairvoyance(void **unused)
{
    (void)unused;
    struct judge all = judged(scenario_count, 0);
    assert_int_equal(all.bad, 0);
    assert_true(all.count >= runs_min);
    assert_true(all.cheap_failures >= cheap_failures_min); /* the case is really tried */
}

static void nor_where_routes_are_quicker_than_the_map(void **unused)
{
    (void)unused;
    struct judge all = judged(routed_count, 1);
    assert_int_equal(all.bad, 0);
    assert_true(all.count >= 11 * routed_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_policy_pays_less_than_clairvoyance),
        cmocka_unit_test(nor_where_routes_are_quicker_than_the_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
