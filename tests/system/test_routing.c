/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Routing inside scenario runs: the published closed form, what other programs read, and
 * what is said of networks that cannot be. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/results.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

static char *folder;
static struct program_run run;

static void play(const char *const *arguments)
{
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &run);
}

struct changes {
    double took_s[16], unreachable_s[16];
    uint64_t messages[16];
    uint16_t setting[16];
    uint8_t change[16];
    size_t count;
};

static enum hb_status keep(void *ctx, const void *of)
{
    struct changes *all = ctx;
    const struct data_bgp_row *row = of;
    if (all->count < 16) {
        all->took_s[all->count] = row->converged_s;
        all->unreachable_s[all->count] = (double)row->unreachable_s;
        all->messages[all->count] = row->messages;
        all->setting[all->count] = row->setting;
        all->change[all->count] = row->change;
        all->count++;
    }
    return HB_OK;
}

static void read_changes(const char *name, struct changes *out)
{
    char file[1024];
    struct data_result_file *results = NULL;
    struct data_problem problem = { .text = "" };
    (void)snprintf(file, sizeof file, "%s/%s", folder, name);
    *out = (struct changes) { .count = 0 };
    assert_int_equal(data_results_open(file, &results, &problem), HB_OK);
    assert_int_equal(data_results_each(results, DATA_TABLE_BGP, keep, out, &problem), HB_OK);
    data_results_close(results);
}

/* Published: a clique of n takes (n - 3) x MRAI (Labovitz et al. 2000), n = 8 here; FRR adds
 * a batch of 50 ms a round. */
static void a_cliques_withdrawal_takes_five_intervals(void **state)
{
    (void)state;
    static const double mrai_s[] = { 0.0, 5.0, 10.0, 15.0, 30.0, 60.0 };
    const char *const arguments[] = { "run", path_of_source("scenarios/bgp-convergence.xml"),
        "--check", "--no-report", "--quiet", "-o", "clique.h5", NULL };
    struct changes all;
    play(arguments);
    assert_int_equal(run.exit_status, 0);
    read_changes("clique.h5", &all);
    assert_int_equal(all.count, 12); /* six settings, withdrawn and announced */
    for (size_t i = 0; i < all.count; i += 2) {
        assert_int_equal(all.change[i], DATA_CHANGE_WITHDRAW);
        assert_near(all.took_s[i], 5.0 * mrai_s[all.setting[i]], 0.5);
        assert_int_equal(all.change[i + 1], DATA_CHANGE_ANNOUNCE);
        assert_true(all.took_s[i + 1] < 0.5);
    }
}

/* No other path, no round: the news runs down the tree once. */
static void a_tree_takes_no_interval(void **state)
{
    (void)state;
    const char *const arguments[] = { "run", path_of_source("scenarios/bgp-convergence.xml"),
        "--set", "topology.shape=hierarchy", "--check", "--no-report", "--quiet", "-o", "tree.h5",
        NULL };
    struct changes all;
    play(arguments);
    assert_int_equal(run.exit_status, 0);
    read_changes("tree.h5", &all);
    for (size_t i = 0; i < all.count; i++) {
        assert_true(all.took_s[i] < 0.5);
    }
}

static void preferences_that_never_settle_are_reported(void **state)
{
    (void)state;
    const char *const arguments[] = { "run", path_of_source("scenarios/bgp-convergence.xml"),
        "--set", "topology.shape=bad_gadget", "--no-report", "--quiet", "-o", "bad.h5", NULL };
    play(arguments);
    assert_int_equal(run.exit_status, 1);
    assert_non_null(strstr(run.err, "expected policies with a stable solution, they oscillate"));
    assert_int_equal(program_entry_count(folder) > 0 && strstr(run.out, "results") != NULL, 0);
}

static void a_graph_that_is_not_there_is_asked_for(void **state)
{
    (void)state;
    const char *const none[] = { "run", path_of_source("scenarios/internet-anycast.xml"), NULL };
    play(none);
    assert_int_equal(run.exit_status, 1);
    assert_non_null(strstr(run.err, "internet-anycast.xml:"));
    assert_non_null(strstr(run.err, "--set topology.file=FILE"));
    const char *const missing[] = { "run", path_of_source("scenarios/internet-anycast.xml"),
        "--set", "topology.file=/nowhere/as-rel.txt", NULL };
    play(missing);
    assert_int_equal(run.exit_status, 1);
    assert_non_null(strstr(run.err, "expected a readable file"));
}

/* Oracle: bgpdump. Messages of the file are those of /bgp; the origin is the sites' AS. */
static void updates_are_read_by_bgpdump(void **state)
{
    (void)state;
    if (system("command -v bgpdump > /dev/null 2>&1") != 0) {
        print_message("skipped: no bgpdump\n");
        skip();
    }
    char command[2048], line[512], set[1100];
    (void)snprintf(set, sizeof set, "topology.mrt=%s/updates.mrt", folder);
    const char *const arguments[] = { "run", path_of_source("scenarios/bgp-convergence.xml"),
        "--set", set, "--no-report", "--quiet", "-o", "mrt.h5", NULL };
    struct changes all;
    uint64_t count = 0;
    play(arguments);
    assert_int_equal(run.exit_status, 0);
    read_changes("mrt.h5", &all);
    (void)snprintf(command, sizeof command, "bgpdump -m '%s/updates.mrt' 2>/dev/null", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe) != NULL) {
        count++;
        assert_non_null(strstr(line, "203.0.0.0/24"));
        assert_true(strstr(line, "|W|") != NULL || strstr(line, " 64500|IGP") != NULL
            || strstr(line, "|64500|IGP") != NULL);
    }
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(count, all.messages[0] + all.messages[1]);
}

/* A generated network of routers in cities: silence costs the hold time (FRR: 180 s) more
 * than a cut that routers see. */
static const char failing[] = "<?xml version=\"1.0\"?>\n"
    "<scenario version=\"1\" name=\"failing\" seed=\"7\">\n"
    "<world start=\"2026-03-02T06:00:00Z\" duration_h=\"2\" clients=\"300\">\n"
    "<city name=\"Köln\" country=\"DE\"/><city name=\"Paris\" country=\"FR\"/></world>\n"
    "<topology ases=\"200\" routers=\"city\" profile=\"frr\">\n"
    "<change at_s=\"1000\" for_s=\"1000\" kind=\"cut\" site=\"edge/Köln-1\"/>\n"
    "<change at_s=\"4000\" for_s=\"1000\" kind=\"silence\" site=\"edge/Köln-1\"/>\n"
    "</topology><sites><edge per_city=\"1\"/></sites>\n"
    "<policies><policy name=\"anycast\" kind=\"anycast\"/>\n"
    "<policy name=\"near\" kind=\"reactive\" route=\"prepend\" route_interval_s=\"600\"/>\n"
    "</policies></scenario>\n";

static void silence_lasts_until_the_hold_timer(void **state)
{
    (void)state;
    program_write(folder, "failing.xml", failing);
    const char *const arguments[] = { "run", "failing.xml", "--check", "--no-report", "--quiet",
        "-o", "failing.h5", "--record", "failing.rec", "--record-policy", "near", NULL };
    struct changes all;
    play(arguments);
    assert_string_equal(run.err, "");
    assert_int_equal(run.exit_status, 0);
    read_changes("failing.h5", &all);
    assert_true(all.count >= 4);
    assert_int_equal(all.change[0], DATA_CHANGE_LINK_DOWN);
    assert_true(all.unreachable_s[0] < 5.0);
    assert_int_equal(all.change[2], DATA_CHANGE_LINK_DOWN);
    assert_in_range((uintmax_t)all.unreachable_s[2], 115, 185);
    const char *const replay[] = { "replay", "failing.rec", NULL };
    play(replay);
    assert_int_equal(run.exit_status, 0); /* routes are recorded like the rest: bit for bit */
}

int main(void)
{
#define T(name) \
    cmocka_unit_test_prestate_setup_teardown(name, program_make_folder, \
        program_remove_folder, &folder)
    const struct CMUnitTest tests[] = {
        T(a_cliques_withdrawal_takes_five_intervals),
        T(a_tree_takes_no_interval),
        T(preferences_that_never_settle_are_reported),
        T(a_graph_that_is_not_there_is_asked_for),
        T(updates_are_read_by_bgpdump),
        T(silence_lasts_until_the_hold_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
