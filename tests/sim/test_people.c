/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/units.h"
#include "data/trace_file.h"
#include "sim/run/people.h"
#include "sim/run/seen.h"
#include "sim/run/session.h"
#include "tests/support/paths.h"

static struct sim_scenario *smoke(void)
{
    struct data_problem problem = { "" };
    struct sim_scenario_source source = { .path = path_of_source("scenarios/smoke.xml") };
    struct sim_scenario *scenario = NULL;
    assert_int_equal(sim_scenario_load(&source, &scenario, &problem), HB_OK);
    return scenario;
}

static struct data_trace_store *written(const struct sim_scenario *scenario,
    const struct sim_people_options *options)
{
    char path[] = "/tmp/test_people_XXXXXX";
    struct data_problem problem = { "" };
    struct sim_people_written sizes;
    struct data_trace_store *store = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(sim_people_write(scenario, options, path, &problem, &sizes), HB_OK);
    assert_int_equal(data_trace_file_read(path, &problem, &store), HB_OK);
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(sizes.client_count, trace->client_count);
    assert_int_equal(sizes.place_count, trace->place_count);
    assert_true(sizes.visit_count == trace->first[trace->client_count]);
    (void)unlink(path);
    return store;
}

static void assert_same(const struct data_trace *a, const struct data_trace *b)
{
    assert_int_equal(a->client_count, b->client_count);
    assert_int_equal(a->place_count, b->place_count);
    assert_int_equal(a->region_count, b->region_count);
    assert_true(a->epoch_unix_s == b->epoch_unix_s);
    assert_int_equal(a->end_s, b->end_s);
    assert_memory_equal(a->first, b->first, (a->client_count + 1) * sizeof *a->first);
    assert_memory_equal(a->visits, b->visits, a->first[a->client_count] * sizeof *a->visits);
    for (uint32_t i = 0; i < a->place_count; i++) {
        assert_near(a->places[i].at.lat_deg, b->places[i].at.lat_deg, 0.0);
        assert_near(a->places[i].at.lon_deg, b->places[i].at.lon_deg, 0.0);
        assert_int_equal(a->places[i].region, b->places[i].region);
        assert_int_equal(a->places[i].utc_offset_s, b->places[i].utc_offset_s);
    }
    for (uint32_t i = 0; i < a->region_count; i++) {
        assert_string_equal(a->region_names[i], b->region_names[i]);
    }
}

/* Oracle: the generator, whose trace a run uses. 37 divides 400 with a rest. */
static void the_file_holds_what_a_run_generates_however_many_at_once(void **state)
{
    (void)state;
    struct sim_scenario *scenario = smoke();
    struct data_problem problem = { "" };
    struct data_trace_store *whole = NULL;
    struct sim_people_options options = { .seed = 7, .threads = 1 };
    assert_int_equal(sim_people_create(scenario, &options, &problem, &whole), HB_OK);
    assert_int_equal(data_trace_view(whole)->client_count, 400);
    static const uint32_t at_once[] = { 0, 37, 1 };
    for (uint32_t i = 0; i < 3; i++) {
        options.clients_at_once = at_once[i];
        options.threads = 1 + i;
        struct data_trace_store *read = written(scenario, &options);
        assert_same(data_trace_view(whole), data_trace_view(read));
        data_trace_free(read);
    }
    data_trace_free(whole);
    sim_scenario_free(scenario);
}

static void another_seed_brings_other_people_to_the_same_places(void **state)
{
    (void)state;
    struct sim_scenario *scenario = smoke();
    struct sim_people_options options = { .seed = 7, .threads = 1 };
    struct data_trace_store *one = written(scenario, &options);
    options.seed = 8;
    struct data_trace_store *other = written(scenario, &options);
    const struct data_trace *a = data_trace_view(one), *b = data_trace_view(other);
    assert_int_equal(a->place_count, b->place_count);
    for (uint32_t i = 0; i < a->place_count; i++) {
        assert_near(a->places[i].at.lat_deg, b->places[i].at.lat_deg, 0.0);
    }
    assert_true(memcmp(a->first, b->first, (a->client_count + 1) * sizeof *a->first) != 0);
    data_trace_free(other);
    data_trace_free(one);
    sim_scenario_free(scenario);
}

/* Oracle: every seventh second of every client, by walking its sessions from the start. */
static void only_the_connected_are_seen_in_the_study(void **state)
{
    (void)state;
    struct sim_scenario *scenario = smoke();
    struct sim_people_options options = { .seed = 7, .threads = 1, .clients_at_once = 150 };
    struct data_trace_store *whole = written(scenario, &options);
    options.is_seen_only = true;
    struct data_trace_store *part = written(scenario, &options);
    const struct data_trace *all = data_trace_view(whole), *seen = data_trace_view(part);
    struct sim_stage stage = { .scenario = scenario, .seed = 7 };
    uint32_t origin_s = 6 * 3600, hidden = 0, shown = 0;
    for (uint32_t client = 0; client < 400; client++) {
        struct sim_session session = sim_session_start(&stage, client);
        for (uint32_t at_s = 3; at_s <= all->end_s; at_s += 7) {
            uint32_t truth = data_trace_place_at(all, client, at_s);
            uint32_t told = data_trace_place_at(seen, client, at_s);
            if (at_s < origin_s) {
                assert_int_equal(told, truth);
                continue;
            }
            int64_t at_ns = (int64_t)(at_s - origin_s) * HB_NS_PER_S;
            while (session.until_ns < at_ns) {
                sim_session_next(&stage, client, &session);
            }
            int64_t rest_ns = session.until_ns - at_ns;
            if (rest_ns < HB_NS_PER_S) {
                continue; /* the file knows whole seconds */
            }
            bool is_hidden = truth != DATA_NOWHERE && told == DATA_NOWHERE;
            hidden += is_hidden;
            shown += truth != DATA_NOWHERE && !is_hidden;
            assert_true(told == truth || is_hidden);
            if (session.is_on) {
                assert_int_equal(told, truth);
            } else {
                assert_int_equal(told, DATA_NOWHERE);
            }
        }
    }
    /* smoke.xml: an hour on, half an hour off */
    double share = (double)shown / (shown + hidden);
    assert_true(share > 0.6 && share < 0.73);
    data_trace_free(part);
    data_trace_free(whole);
    sim_scenario_free(scenario);
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    struct sim_scenario *scenario = smoke();
    struct data_problem problem = { "" };
    struct sim_people_written sizes;
    volatile int is_interrupted = 1;
    struct sim_people_options options = { .seed = 7, .threads = 1 };
    assert_int_equal(sim_people_write(scenario, &options, "/no/such/folder/t.h5", &problem,
        &sizes), HB_ERR_IO);
    assert_non_null(strstr(problem.text, "/no/such/folder/t.h5"));
    options.interrupt = &is_interrupted;
    assert_int_equal(sim_people_write(scenario, &options, "/tmp/test_people_none.h5", &problem,
        &sizes), HB_ERR_INTERRUPTED);
    assert_int_equal(access("/tmp/test_people_none.h5", F_OK), -1);
    sim_scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_holds_what_a_run_generates_however_many_at_once),
        cmocka_unit_test(another_seed_brings_other_people_to_the_same_places),
        cmocka_unit_test(only_the_connected_are_seen_in_the_study),
        cmocka_unit_test(what_cannot_be_written_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
