/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/net/path.h"
#include "tests/support/paths.h"

/* By hand: one degree of the equator is 111.19508 km. */
static void the_law_is_the_sum_of_its_terms(void **state)
{
    (void)state;
    struct sim_path path = { .aggregation_ms = 1.7, .detour_ms = 5.3, .detour_km = 250.0,
        .stretch = 1.61 };
    struct hb_point a = { 0.0, 12.5 }, b = { 0.0, 17.5 };
    double km = 5.0 * 111.19508;
    assert_near(sim_path_rtt_ms(&path, a, b),
        1.7 + 5.3 * (1.0 - exp(-km / 250.0)) + 1.61 * 2.0 * km / 204.0, 1e-6);
    assert_near(sim_path_rtt_ms(&path, a, a), 1.7, 1e-6);
    path.detour_km = 0.0;
    assert_near(sim_path_rtt_ms(&path, a, b), 1.7 + 5.3 + 1.61 * 2.0 * km / 204.0, 1e-6);
    struct hb_point pole = { 90.0, 0.0 }, antipode = { -90.0, 77.0 };
    path = (struct sim_path){ .stretch = 1.0 };
    assert_near(sim_path_rtt_ms(&path, pole, antipode), 2.0 * 180.0 * 111.19508 / 204.0, 1e-6);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Published data: 32 cloud regions, measured. The default must stay the fit it
 * says it is; a stretch of 1 (light along the great circle) must not pass. */
static void the_default_fits_measured_regions(void **state)
{
    (void)state;
    const char *nodes = path_of_shared("aws-latency/aws_region_coords.csv");
    const char *matrix = path_of_shared("aws-latency/aws_p50_rtt_ms.csv");
    if (nodes == NULL || matrix == NULL) {
        skip();
    }
    struct data_problem problem = { "" };
    struct data_latency *measured;
    assert_int_equal(data_latency_read(nodes, matrix, &problem, &measured), HB_OK);
    assert_int_equal(measured->node_count, 32);
    struct sim_path path;
    sim_path_default(&path);
    path.aggregation_ms = 2.96; /* what a region measures to itself */
    static double errors[32 * 32];
    size_t count = 0;
    for (uint32_t i = 0; i < 32; i++) {
        for (uint32_t j = 0; j < 32; j++) {
            double want = (double)measured->rtt_ms[i * 32 + j];
            double got = sim_path_rtt_ms(&path, measured->at[i], measured->at[j]);
            if (i != j) {
                errors[count++] = fabs(got - want) / want;
            }
        }
    }
    qsort(errors, count, sizeof *errors, ascending);
    printf("median relative error %.4f, 90th percentile %.4f of %zu pairs\n",
        errors[count / 2], errors[count * 9 / 10], count);
    assert_true(errors[count / 2] < 0.125);
    assert_true(errors[count * 9 / 10] < 0.40);
    /* with the matrix itself the nodes' own pairs are exact, but for the aggregation */
    path.measured = measured;
    path.aggregation_ms = 0.0;
    assert_near(sim_path_rtt_ms(&path, measured->at[3], measured->at[17]),
        (double)measured->rtt_ms[3 * 32 + 17], 1e-6);
    data_latency_free(measured);
}

/* Two nodes 20 degrees apart: measured between their surroundings, geography
 * where the rest is more than half of the way or both ends have one node. */
static void measurements_are_used_where_they_tell_more(void **state)
{
    (void)state;
    struct hb_point at[2] = { { 0.0, 0.0 }, { 0.0, 20.0 } };
    float rtt_ms[4] = { 2.0f, 61.5f, 61.5f, 2.0f };
    struct data_latency measured = { .node_count = 2, .at = at, .rtt_ms = rtt_ms };
    struct sim_path path = { .aggregation_ms = 1.1, .stretch = 2.0, .measured = &measured };
    struct hb_point near = { 0.0, 1.0 }, far = { 0.0, 18.5 };
    double deg_ms = 2.0 * 2.0 * 111.19508 / 204.0;
    assert_near(sim_path_rtt_ms(&path, near, far), 1.1 + 61.5 + 2.5 * deg_ms, 1e-5);
    struct hb_point mid = { 0.0, 9.0 };
    assert_near(sim_path_rtt_ms(&path, mid, (struct hb_point){ 0.0, 13.0 }), 1.1 + 4.0 * deg_ms,
        1e-5);
    assert_near(sim_path_rtt_ms(&path, near, mid), 1.1 + 8.0 * deg_ms, 1e-5);
    /* 8 degrees of rest on a way of 12: more than half */
    assert_near(sim_path_rtt_ms(&path, (struct hb_point){ 0.0, 4.0 },
        (struct hb_point){ 0.0, 16.0 }), 1.1 + 12.0 * deg_ms, 1e-5);
    rtt_ms[1] = NAN;
    assert_near(sim_path_rtt_ms(&path, near, far), 1.1 + 17.5 * deg_ms, 1e-5);
}

static void the_matrix_is_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    struct hb_place places[103];
    struct hb_site sites[17];
    for (int i = 0; i < 103; i++) {
        places[i] = (struct hb_place){ .at = { -60.0 + i, 1.7 * i } };
    }
    for (int i = 0; i < 17; i++) {
        sites[i] = (struct hb_site){ .at = { 50.0 - 4.0 * i, -9.3 * i } };
    }
    struct hb_map map = { .place_count = 103, .site_count = 17, .places = places, .sites = sites };
    struct sim_path path;
    sim_path_default(&path);
    float *one, *seven;
    assert_int_equal(sim_path_matrix(&path, &map, 1, &one), HB_OK);
    assert_int_equal(sim_path_matrix(&path, &map, 7, &seven), HB_OK);
    assert_memory_equal(one, seven, 103 * 17 * sizeof *one);
    assert_near((double)one[5 * 17 + 3], sim_path_rtt_ms(&path, places[5].at, sites[3].at), 1e-6);
    free(seven);
    free(one);
    float *none = NULL;
    map.site_count = 0;
    assert_int_equal(sim_path_matrix(&path, &map, 1, &none), HB_ERR_RANGE);
    map.site_count = 4096;
    map.place_count = 70000;
    assert_int_equal(sim_path_matrix(&path, &map, 1, &none), HB_ERR_RANGE);
    map.site_count = 17;
    map.place_count = 103;
    path.stretch = 0.99;
    assert_int_equal(sim_path_matrix(&path, &map, 1, &none), HB_ERR_RANGE);
    path.stretch = NAN;
    assert_int_equal(sim_path_check(&path), HB_ERR_RANGE);
    assert_null(none);
}

/* Against the table's own columns, and the mean against a sum over quantiles. */
static void access_lines_have_the_quantiles_of_their_table(void **state)
{
    (void)state;
    static const double table[][3] = {
#define X(name, text, floor, median, p95) { floor, median, p95 },
        SIM_PATH_ACCESS_LIST(X)
#undef X
    };
    for (unsigned i = 0; i < SIM_PATH_ACCESS_COUNT; i++) {
        enum sim_path_access access = (enum sim_path_access)i, found;
        assert_near(sim_path_access_ms(access, 0.0), table[i][0], 1e-12);
        assert_near(sim_path_access_ms(access, 0.5), table[i][1], 1e-12);
        assert_near(sim_path_access_ms(access, 0.95), table[i][2], 1e-9);
        double sum_ms = 0.0;
        for (int k = 0; k < 100000; k++) {
            sum_ms += sim_path_access_ms(access, (k + 0.5) / 100000.0);
        }
        assert_near(sim_path_access_mean_ms(access), sum_ms / 100000.0, 1e-3);
        assert_int_equal(sim_path_access_of(sim_path_access_text(access), &found), HB_OK);
        assert_int_equal(found, access);
    }
    enum sim_path_access none = SIM_PATH_ACCESS_DSL;
    assert_int_equal(sim_path_access_of("6g", &none), HB_ERR_NOT_FOUND);
    assert_int_equal(none, SIM_PATH_ACCESS_DSL);
    struct sim_path_access_plan plan;
    sim_path_access_plan_default(&plan);
    assert_int_equal(plan.of[DATA_ACTIVITY_AIR], SIM_PATH_ACCESS_SATELLITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_law_is_the_sum_of_its_terms),
        cmocka_unit_test(the_default_fits_measured_regions),
        cmocka_unit_test(measurements_are_used_where_they_tell_more),
        cmocka_unit_test(the_matrix_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(access_lines_have_the_quantiles_of_their_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
