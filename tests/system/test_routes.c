/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs under routing changes and failures that no author would wish for. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/paths.h"
#include "tests/support/program.h"

#define CALL(...) (const char *const[]) { __VA_ARGS__, NULL }
#define HUB "site=\"hub\""
#define KOELN "site=\"edge/Köln-1\""
#define FRANKFURT "site=\"edge/Frankfurt-am-Main-1\""

static struct program_run said;

static int call(const char *folder, const char *const *arguments)
{
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &said);
    return said.exit_status;
}

/* An hour of 60 people in two cities with a topology, as t.xml. */
static void write_scenario(const char *folder, const char *topology)
{
    static char text[8192];
    int length = snprintf(text, sizeof text,
        "<?xml version=\"1.0\"?>\n<scenario version=\"1\" name=\"t\" seed=\"7\">\n"
        "<world start=\"2026-03-02T06:00:00Z\" duration_h=\"1\" history_h=\"1\" clients=\"60\">\n"
        "<city name=\"Köln\" country=\"DE\"/><city name=\"Frankfurt am Main\" country=\"DE\"/>\n"
        "</world>\n%s\n<sites><edge per_city=\"1\"/>\n"
        "<site name=\"hub\" lat_deg=\"48.85\" lon_deg=\"2.35\"/></sites>\n"
        "<policies><policy name=\"anycast\" kind=\"anycast\"/>\n"
        "<policy name=\"nearest\" kind=\"nearest\"/></policies>\n</scenario>\n", topology);
    assert_true(length > 0 && (size_t)length < sizeof text);
    program_write(folder, "t.xml", text);
}

static void digest_of(char digest[64])
{
    const char *at = strstr(said.out, "\ndigest ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\ndigest %63s", digest), 1);
}

static int run(const char *folder, const char *threads)
{
    return call(folder, CALL("run", "t.xml", "--check", "--quiet", "--no-report", "-o", "t.h5",
        "-j", threads, "--record", "t.rec", "--record-policy", "nearest"));
}

/* Changes that overlap, undo what was not done, lie at the start and beyond the end. */
static const char overlapping[]
    = "<topology ases=\"60\">"
      "<change at_s=\"0\" " KOELN " kind=\"restore\"/><change at_s=\"0\" " KOELN " kind=\"reset\"/>"
      "<change at_s=\"600\" for_s=\"600\" " FRANKFURT " kind=\"cut\"/>"
      "<change at_s=\"700\" for_s=\"100\" " FRANKFURT " kind=\"silence\"/>"
      "<change at_s=\"750\" " FRANKFURT " kind=\"reset\"/>"
      "<change at_s=\"760\" for_s=\"0\" " FRANKFURT " kind=\"withdraw\"/>"
      "<change at_s=\"770\" " HUB " kind=\"announce\" prepend=\"1000000\" med=\"1000000\""
      " community=\"4294901760\"/>"
      "<change at_s=\"770\" " HUB " kind=\"withdraw\"/><change at_s=\"770\" " HUB
      " kind=\"withdraw\"/>"
      "<change at_s=\"31622400\" " HUB " kind=\"cut\"/></topology>";

static void threads_and_replay_do_not_change_a_routed_run(void **state)
{
    (void)state;
    char *folder = program_folder(), one[64], two[64];
    write_scenario(folder, overlapping);
    assert_int_equal(run(folder, "1"), 0);
    digest_of(one);
    assert_int_equal(run(folder, "2"), 0);
    digest_of(two);
    assert_string_equal(one, two);
    assert_int_equal(call(folder, CALL("replay", "t.rec")), 0);
    assert_non_null(strstr(said.out, "identical to the recording"));
    program_remove(folder);
    free(folder);
}

/* Nobody is ever answered: no latency is told, and all requests as failed. */
static void a_run_without_any_line_answers_nobody(void **state)
{
    (void)state;
    char *folder = program_folder();
    write_scenario(folder, "<topology ases=\"60\"><change at_s=\"0\" " HUB " kind=\"cut\"/>"
                           "<change at_s=\"0\" " KOELN " kind=\"cut\"/>"
                           "<change at_s=\"0\" " FRANKFURT " kind=\"cut\"/></topology>");
    assert_int_equal(run(folder, "1"), 0);
    assert_null(strstr(said.out, "latency ms"));
    assert_non_null(strstr(said.out, "failed %"));
    const char *row = strstr(said.out, "\nanycast");
    double failed = 0.0;
    assert_non_null(row);
    assert_int_equal(sscanf(row, "\nanycast %lf", &failed), 1);
    assert_near(failed, 100.0, 1e-9);
    program_remove(folder);
    free(folder);
}

/* Percent of the requests of both policies that fail; 0: too few for a column. */
static double failed_percent(const char *folder, const char *failures)
{
    static const char *const policies[] = { "\nanycast", "\nnearest" };
    double sum = 0.0;
    write_scenario(folder, failures);
    assert_int_equal(run(folder, "1"), 0);
    for (int i = 0; i < 2; i++) {
        double latency = 0.0, p95 = 0.0, failed = 0.0;
        const char *row = strstr(said.out, policies[i]);
        assert_non_null(row);
        row += strlen(policies[i]);
        assert_int_equal(sscanf(row, "%lf %lf %lf", &latency, &p95, &failed), 3);
        sum += strstr(said.out, "failed %") != NULL ? failed : 0.0;
    }
    return sum;
}

#define FAILURE(kind, from_h, for_s) \
    "<failure kind=\"" kind "\" " FRANKFURT " at_h=\"" from_h "\" duration_s=\"" for_s "\"/>"

/* Oracle: the site is down from the first beginning to the last end, no longer. */
static void failures_that_overlap_end_each_for_itself(void **state)
{
    (void)state;
    char *folder = program_folder();
    double whole = failed_percent(folder,
        "<failures>" FAILURE("site_crash", "0.1", "1200") "</failures>");
    static const char *const overlaps[] = {
        "<failures>" FAILURE("server_crash", "0.1", "1200") FAILURE("partition", "0.2", "300")
        "</failures>",
        "<failures>" FAILURE("partition", "0.1", "1200") FAILURE("server_crash", "0.2", "300")
        "</failures>",
        "<failures>" FAILURE("partition", "0.1", "600") FAILURE("server_crash", "0.2", "840")
        "</failures>",
        "<failures>" FAILURE("server_crash", "0.1", "600") FAILURE("partition", "0.2", "840")
        "</failures>"
    };
    for (size_t i = 0; i < sizeof overlaps / sizeof overlaps[0]; i++) {
        assert_true(failed_percent(folder, overlaps[i]) < whole + 0.5);
    }
    program_remove(folder);
    free(folder);
}

/* Oracle: an outage that ends before probes notice it costs no more than one of a minute
 * that they do notice, for the site's supervisor finds the dead endpoints. */
static void endpoints_that_died_in_a_short_outage_are_replaced(void **state)
{
    (void)state;
    char *folder = program_folder();
    double minute = failed_percent(folder,
        "<failures>" FAILURE("server_crash", "0.2", "60") "</failures>");
    double instant = failed_percent(folder,
        "<failures>" FAILURE("server_crash", "0.2", "1") "</failures>");
    assert_true(instant < minute + 1.0);
    program_remove(folder);
    free(folder);
}

struct fault {
    const char *topology, *message;
};

static const struct fault faults[] = {
    { "<topology shape=\"ring\" ases=\"1001\"/>",
        "t.xml:6: ases=\"1001\": expected at most 1000 in a ring" },
    { "<topology ases=\"3\"/>", "t.xml:6: found no AS with customers: expected one for a site" },
    { "<topology><change at_s=\"5\" site=\"x\" kind=\"cut\"/></topology>",
        "t.xml:6: site=\"x\": expected the name of one of the 3 sites: edge/Köln-1, "
        "edge/Frankfurt-am-Main-1, hub\n" },
    { "<topology kind=\"as_rel\" file=\"empty.txt\"/>",
        "empty.txt: found 0 links: expected 1 to " },
    { "<topology kind=\"as_rel\" file=\"cycle.txt\"/>",
        "cycle.txt:3: found 3 to be, through its customers, a provider of itself" },
    { "<topology shape=\"bad_gadget\"/>", "expected policies with a stable solution" },
    { "<topology mrt=\"none/t.mrt\"/>", "none/t.mrt: cannot be created: No such file" },
    { "<topology mrt=\"t.mrt\" mrt_as=\"999999\"/>",
        "t.xml:6: mrt_as=\"999999\": expected the number of an AS of the topology" },
};

static void every_fault_of_a_topology_is_told(void **state)
{
    (void)state;
    char *folder = program_folder();
    program_write(folder, "empty.txt", "");
    program_write(folder, "cycle.txt", "1|2|-1\n2|3|-1\n3|1|-1\n");
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        write_scenario(folder, faults[i].topology);
        assert_int_equal(run(folder, "1"), 1);
        if (strstr(said.err, faults[i].message) == NULL) {
            print_error("%s: said\n%s", faults[i].topology, said.err);
        }
        assert_non_null(strstr(said.err, faults[i].message));
    }
    assert_int_equal(program_entry_count(folder), 3); /* nothing half-written */
    program_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_replay_do_not_change_a_routed_run),
        cmocka_unit_test(a_run_without_any_line_answers_nobody),
        cmocka_unit_test(failures_that_overlap_end_each_for_itself),
        cmocka_unit_test(endpoints_that_died_in_a_short_outage_are_replaced),
        cmocka_unit_test(every_fault_of_a_topology_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
