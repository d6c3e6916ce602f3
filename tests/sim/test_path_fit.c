/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/net/path_fit.h"
#include "tests/support/paths.h"

#define NODES 12

/* A matrix made by the law itself, on the equator, every 11 degrees (111.19508
 * km each): the fit finds the parameters again, and one spoiled node does not
 * disturb a median. */
static void a_law_is_found_again(void **state)
{
    (void)state;
    static struct hb_point at[NODES];
    static const char *names[NODES];
    static float rtt_ms[NODES * NODES];
    for (int i = 0; i < NODES; i++) {
        at[i] = (struct hb_point){ 0.0, 11.0 * i };
        names[i] = "x";
    }
    for (int i = 0; i < NODES * NODES; i++) {
        double km = 11.0 * 111.19508 * abs(i / NODES - i % NODES);
        rtt_ms[i] = (float)(1.73 + 7.3 * (1.0 - exp(-km / 300.0)) + 1.615 * 2.0 * km / 204.0);
    }
    for (int j = 1; j < NODES; j++) {
        rtt_ms[j] *= 3.0F; /* from node 0 */
    }
    struct data_latency measured = { NODES, at, names, rtt_ms };
    struct sim_path fit;
    assert_int_equal(sim_path_fit(&measured, HB_NONE, &fit), HB_OK);
    assert_near(fit.aggregation_ms, 1.73, 1e-6);
    assert_near(fit.detour_ms, 7.3, 0.03); /* half a step of the grid: 0.17 x 0.5 */
    assert_near(fit.stretch, 1.615, 0.01);
    struct sim_path_pair *pairs = NULL;
    size_t count = 0;
    assert_int_equal(sim_path_fit_pairs(&measured, &pairs, &count), HB_OK);
    assert_int_equal(count, NODES * (NODES - 1));
    assert_int_equal(pairs[NODES].from, 1);
    assert_near(pairs[NODES].unseen_ms, pairs[NODES].measured_ms, 0.01);
    assert_near(pairs[0].measured_ms, 3.0 * pairs[0].unseen_ms, 0.01);
    free(pairs);
    measured.node_count = 2; /* two pairs */
    assert_int_equal(sim_path_fit(&measured, HB_NONE, &fit), HB_ERR_RANGE);
    assert_int_equal(sim_path_fit_pairs(&measured, &pairs, &count), HB_ERR_RANGE);
}

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Measured: median 0.127 when the region's own measurements were not seen. */
static void unseen_regions_are_predicted(void **state)
{
    (void)state;
    const char *nodes = path_of_shared("aws-latency/aws_region_coords.csv");
    const char *matrix = path_of_shared("aws-latency/aws_p50_rtt_ms.csv");
    if (nodes == NULL || matrix == NULL) {
        skip();
    }
    struct data_latency *measured = NULL;
    assert_int_equal(data_latency_read(nodes, matrix, NULL, &measured), HB_OK);
    struct sim_path_pair *pairs = NULL;
    size_t count = 0;
    assert_int_equal(sim_path_fit_pairs(measured, &pairs, &count), HB_OK);
    double *errors = calloc(count, sizeof *errors);
    assert_non_null(errors);
    for (size_t i = 0; i < count; i++) {
        errors[i] = fabs(pairs[i].unseen_ms - pairs[i].measured_ms) / pairs[i].measured_ms;
    }
    qsort(errors, count, sizeof *errors, ascending);
    assert_true(errors[count / 2] < 0.135);
    free(errors);
    free(pairs);
    data_latency_free(measured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_law_is_found_again),
        cmocka_unit_test(unseen_regions_are_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
