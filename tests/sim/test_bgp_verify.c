/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net/bgp/bgp_verify.h"
#include "tests/support/paths.h"

/* Real daemons against the simulator, on every experiment of the folder, with a few
 * seeds; the times are judged with the first. */
static const uint64_t seeds[] = { 20260101, 1, 2, 11, 15 };
enum { SEED_COUNT = sizeof seeds / sizeof seeds[0] };
static struct sim_bgp_verify_report reports[SEED_COUNT];

static int is_experiment(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int all_compared(const char *folder)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_experiment, alphasort);
    for (int i = 0; i < count; i++) {
        char path[1200];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        struct data_bgp_experiment *experiment = NULL;
        struct data_problem problem = { "" };
        enum hb_status status = data_bgp_experiment_load(path, &experiment, &problem);
        for (int seed = 0; seed < SEED_COUNT && status == HB_OK; seed++) {
            status = sim_bgp_verify_add(&reports[seed], experiment, seeds[seed], &problem);
        }
        data_bgp_experiment_free(experiment);
        free(names[i]);
        if (status != HB_OK) {
            fail_msg("%s: %s", path, problem.text);
        }
    }
    free(names);
    return count;
}

static void final_paths_are_those_of_the_daemons(void **state)
{
    (void)state;
    for (int i = 0; i < SEED_COUNT * DATA_BGP_EVENT_COUNT; i++) {
        const struct sim_bgp_verify_event *event
            = &reports[i / DATA_BGP_EVENT_COUNT].events[i % DATA_BGP_EVENT_COUNT];
        assert_int_equal(event->paths_equal, event->pairs);
    }
}

static void message_counts_are_exact_where_the_daemons_repeat_themselves(void **state)
{
    (void)state;
    for (int i = 0; i < SEED_COUNT * DATA_BGP_EVENT_COUNT; i++) {
        const struct sim_bgp_verify_event *event
            = &reports[i / DATA_BGP_EVENT_COUNT].events[i % DATA_BGP_EVENT_COUNT];
        assert_int_equal(event->counts_exact, event->counts_fixed);
    }
}

/* Elsewhere the daemons disagree with themselves. (With an order of sessions by lot, not
 * read from the messages, seeds 1, 2, 11 and 15 of 1 to 20 left the range once.) */
static void message_counts_elsewhere_are_in_range(void **state)
{
    (void)state;
    for (int i = 0; i < SEED_COUNT * DATA_BGP_EVENT_COUNT; i++) {
        const struct sim_bgp_verify_event *event
            = &reports[i / DATA_BGP_EVENT_COUNT].events[i % DATA_BGP_EVENT_COUNT];
        assert_int_equal(event->counts_within, event->counts_ranged);
    }
}

static void assert_quantile(const enum data_bgp_event *kinds, size_t kind_count, double p,
    double limit_ms)
{
    double error_ms = sim_bgp_verify_quantile_ms(&reports[0], kinds, kind_count, p);
    if (!(error_ms <= limit_ms)) {
        fail_msg("%s: p%.0f error %.3f ms, expected at most %.3f",
            data_bgp_event_text(kinds[0]), 100.0 * p, error_ms, limit_ms);
    }
}

static void routes_appear_when_they_did(void **state)
{
    (void)state;
    static const enum data_bgp_event kinds[]
        = { DATA_BGP_ANNOUNCE, DATA_BGP_ANYCAST2, DATA_BGP_REJOIN_O1 };
    assert_quantile(kinds, 3, 0.50, 0.2);
    assert_quantile(kinds, 3, 0.99, 2.0);
    for (size_t i = 0; i < 3; i++) {
        assert_quantile(&kinds[i], 1, 0.50, 0.2);
        assert_quantile(&kinds[i], 1, 0.99, 2.0);
    }
}

static void fail_over_takes_as_long_as_it_did(void **state)
{
    (void)state;
    static const enum data_bgp_event kinds[] = { DATA_BGP_FAIL_O1, DATA_BGP_LINKFAIL };
    for (size_t i = 0; i < 2; i++) {
        assert_quantile(&kinds[i], 1, 0.50, 0.3);
        assert_quantile(&kinds[i], 1, 0.90, 2.0);
    }
}

static void withdrawal_takes_as_long_as_it_did(void **state)
{
    (void)state;
    static const enum data_bgp_event kinds[] = { DATA_BGP_WITHDRAW, DATA_BGP_WITHDRAW_O2 };
    for (size_t i = 0; i < 2; i++) {
        assert_quantile(&kinds[i], 1, 0.50, 2.0);
        assert_quantile(&kinds[i], 1, 0.90, 15.0);
    }
}

int main(void)
{
    const char *folder = path_of_shared("bgp-emulation");
    if (folder == NULL) {
        return 77;
    }
    if (all_compared(folder) <= 0) {
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(final_paths_are_those_of_the_daemons),
        cmocka_unit_test(message_counts_are_exact_where_the_daemons_repeat_themselves),
        cmocka_unit_test(message_counts_elsewhere_are_in_range),
        cmocka_unit_test(routes_appear_when_they_did),
        cmocka_unit_test(fail_over_takes_as_long_as_it_did),
        cmocka_unit_test(withdrawal_takes_as_long_as_it_did),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (int seed = 0; seed < SEED_COUNT; seed++) {
        sim_bgp_verify_fini(&reports[seed]);
    }
    return failed;
}
