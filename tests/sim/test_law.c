/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/geo.h"
#include "sim/world/law.h"
#include "tests/support/paths.h"

enum { n = 7, counties_max = 70 };

static const double out[n] = { 100.0, 250.5, 31.0, 0.0, 731.3, 12.0, 55.0 };
static const double in[n] = { 3.0, 1.5, 0.0, 8.0, 2.2, 0.7, 4.0 };

/* Distances of points on a line at 0, 1, 3, 7, 12, 20, 31 km; to itself 0.4. */
static void line_km(double *km)
{
    static const double at_km[n] = { 0.0, 1.0, 3.0, 7.0, 12.0, 20.0, 31.0 };
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            km[i * n + j] = i == j ? 0.4 : fabs(at_km[i] - at_km[j]);
        }
    }
}

static void gravity_keeps_both_marginals(void **state)
{
    (void)state;
    double km[n * n], flow[n * n], in_sum = 0.0, out_sum = 0.0;
    line_km(km);
    struct sim_law_sites sites = { .count = n, .out = out, .in = in, .km = km };
    assert_int_equal(sim_law_gravity(&sites, 5.3, 1000, flow), HB_OK);
    for (int i = 0; i < n; i++) {
        in_sum += in[i];
        out_sum += out[i];
    }
    for (int i = 0; i < n; i++) {
        double row = 0.0, column = 0.0;
        for (int j = 0; j < n; j++) {
            row += flow[i * n + j];
            column += flow[j * n + i];
        }
        assert_near(row, out[i], 1e-6);
        assert_near(column, in[i] * out_sum / in_sum, 1e-6);
    }
}

/* Whatever the balancing factors, odds depend on distance alone:
 * T_ij T_kl / (T_il T_kj) = exp(-(d_ij + d_kl - d_il - d_kj) / scale). */
static void gravity_odds_follow_the_distances(void **state)
{
    (void)state;
    double km[n * n], flow[n * n];
    line_km(km);
    struct sim_law_sites sites = { .count = n, .out = out, .in = in, .km = km };
    assert_int_equal(sim_law_gravity(&sites, 5.3, 1000, flow), HB_OK);
    const int sources[] = { 0, 1, 4, 6 }, goals[] = { 0, 1, 3, 5, 6 };
    for (int a = 1; a < 4; a++) {
        for (int b = 1; b < 5; b++) {
            int i = sources[0], k = sources[a], j = goals[0], l = goals[b];
            double odds = flow[i * n + j] / flow[i * n + l] * (flow[k * n + l] / flow[k * n + j]);
            double apart_km = km[i * n + j] + km[k * n + l] - km[i * n + l] - km[k * n + j];
            assert_near(log(odds), -apart_km / 5.3, 1e-9);
        }
    }
}

/* By the formula, s counted anew for each pair. */
static double radiation_share(const double *km, int i, int j, int stays)
{
    double s = 0.0;
    for (int k = 0; k < n; k++) {
        int nearer = k == i ? stays && j != i
                            : k != j && j != i
                && (km[i * n + k] < km[i * n + j] || (km[i * n + k] <= km[i * n + j] && k < j));
        s += nearer ? in[k] : 0.0;
    }
    return in[i] * in[j] / ((in[i] + s) * (in[i] + s + in[j]));
}

static void radiation_follows_its_closed_form(void **state)
{
    (void)state;
    double km[n * n], flow[n * n];
    line_km(km);
    struct sim_law_sites sites = { .count = n, .out = out, .in = in, .km = km };
    for (int stays = 0; stays < 2; stays++) {
        assert_int_equal(sim_law_radiation(&sites, stays, flow), HB_OK);
        for (int i = 0; i < n; i++) {
            if (!(in[i] > 0.0)) {
                continue; /* no mass: a limit, tested below */
            }
            double total = 0.0, row = 0.0;
            for (int j = 0; j < n; j++) {
                total += j != i || stays ? radiation_share(km, i, j, stays) : 0.0;
                row += flow[i * n + j];
            }
            assert_near(row, out[i], 1e-12);
            for (int j = 0; j < n; j++) {
                double share = j != i || stays ? radiation_share(km, i, j, stays) / total : 0.0;
                assert_near(flow[i * n + j], out[i] * share, 1e-12);
            }
        }
    }
}

/* Without places of their own all take the nearest: site 2 at 3 km goes to that at 1 km. */
static void radiation_without_mass_goes_to_the_nearest(void **state)
{
    (void)state;
    double km[n * n], flow[n * n];
    line_km(km);
    struct sim_law_sites sites = { .count = n, .out = out, .in = in, .km = km };
    assert_int_equal(sim_law_radiation(&sites, 0, flow), HB_OK);
    assert_near(flow[2 * n + 1], out[2], 1e-6);
}

static void nobody_or_nowhere_is_refused(void **state)
{
    (void)state;
    double km[n * n], flow[n * n];
    const double none[n] = { 0.0 };
    line_km(km);
    struct sim_law_sites sites = { .count = n, .out = none, .in = in, .km = km };
    assert_int_equal(sim_law_gravity(&sites, 5.0, 1000, flow), HB_ERR_RANGE);
    assert_int_equal(sim_law_radiation(&sites, 1, flow), HB_ERR_RANGE);
    sites = (struct sim_law_sites) { .count = n, .out = out, .in = none, .km = km };
    assert_int_equal(sim_law_gravity(&sites, 5.0, 1000, flow), HB_ERR_RANGE);
    assert_int_equal(sim_law_radiation(&sites, 1, flow), HB_ERR_RANGE);
}

static void far_goals_do_not_underflow(void **state)
{
    (void)state;
    double km[n * n], flow[n * n], row = 0.0;
    line_km(km);
    for (int i = 0; i < n * n; i++) {
        km[i] += 1e5;
    }
    struct sim_law_sites sites = { .count = n, .out = out, .in = in, .km = km };
    assert_int_equal(sim_law_gravity(&sites, 5.3, 1000, flow), HB_OK);
    for (int j = 0; j < n; j++) {
        row += flow[4 * n + j];
    }
    assert_near(row, out[4], 1e-6);
}

static void too_few_rounds_are_told(void **state)
{
    (void)state;
    double km[n * n], flow[n * n];
    line_km(km);
    struct sim_law_sites sites = { .count = n, .out = out, .in = in, .km = km };
    assert_int_equal(sim_law_gravity(&sites, 5.3, 3, flow), HB_ERR_DIVERGES);
}

static void common_part_is_one_for_equals_and_zero_for_disjoint(void **state)
{
    (void)state;
    const double a[] = { 3.0, 0.0, 5.0 }, b[] = { 0.0, 7.0, 0.0 }, c[] = { 1.0, 2.0, 5.0 };
    assert_near(sim_law_common_part(a, a, 3), 1.0, 0.0);
    assert_near(sim_law_common_part(a, b, 3), 0.0, 0.0);
    assert_near(sim_law_common_part(a, c, 3), 2.0 * 6.0 / 16.0, 1e-15);
}

struct county {
    char id[8];
    struct hb_point at;
    double side_km;
};

/* Middle and size of each county from the vertices of its outline; the file is
 * scanned for "tile_id" and the numbers that follow. */
static uint32_t read_counties(const char *path, struct county counties[counties_max])
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    (void)fclose(file);
    uint32_t count = 0;
    for (char *at = strstr(text, "\"tile_id\": \""); at != NULL && count < counties_max;) {
        char *next = strstr(at + 1, "\"tile_id\": \"");
        struct county *county = &counties[count++];
        (void)snprintf(county->id, sizeof county->id, "%.5s", at + 12);
        double lon = 0.0, lat = 0.0, low = 90.0, high = -90.0, west = 180.0, east = -180.0;
        uint32_t vertices = 0;
        for (at = strstr(at, "[ -"); at != NULL && (next == NULL || at < next);
             at = strstr(at + 1, "[ -"), vertices++) {
            char *end = NULL;
            double x = strtod(at + 2, &end), y = strtod(end + 1, NULL);
            lon += x;
            lat += y;
            low = fmin(low, y);
            high = fmax(high, y);
            west = fmin(west, x);
            east = fmax(east, x);
        }
        county->at = (struct hb_point) { lat / vertices, lon / vertices };
        county->side_km = sqrt((high - low) * 111.2 * (east - west) * 82.0);
        at = next;
    }
    free(text);
    return count;
}

static void read_flows(
    const char *path, const struct county *counties, uint32_t count, double *flow)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[100], from[8], to[8];
    double people = 0.0;
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) != NULL) {
        assert_int_equal(sscanf(line, "%lf,%5[0-9],%5[0-9]", &people, from, to), 3);
        uint32_t i = 0, j = 0;
        while (i < count && strcmp(counties[i].id, from) != 0) {
            i++;
        }
        while (j < count && strcmp(counties[j].id, to) != 0) {
            j++;
        }
        assert_true(i < count && j < count);
        flow[i * count + j] = people;
    }
    (void)fclose(file);
}

/* Real commuting between the 62 counties of New York State in 2011, by which of either law
 * explains it: the common part of commuters. Comparisons of such laws find 0.6 to 0.8 for a fitted
 * exponential gravity law (Lenormand, Bassolas, Ramasco, J. Transport Geography 2016). */
static void both_laws_explain_real_commuting(void **state)
{
    (void)state;
    const char *shapes = path_of_shared("ny-commuting/NY_counties_2011.geojson");
    const char *flows = path_of_shared("ny-commuting/NY_commuting_flows_2011.csv");
    if (shapes == NULL || flows == NULL) {
        skip();
    }
    static struct county counties[counties_max];
    static double real[counties_max * counties_max], km[counties_max * counties_max];
    static double model[counties_max * counties_max], leave[counties_max], arrive[counties_max];
    uint32_t count = read_counties(shapes, counties);
    assert_int_equal(count, 62);
    read_flows(flows, counties, count, real);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < count; j++) {
            km[i * count + j] = i == j ? 0.5214 * counties[i].side_km
                                       : hb_geo_distance_km(counties[i].at, counties[j].at);
            leave[i] += real[i * count + j];
            arrive[j] += real[i * count + j];
        }
    }
    struct sim_law_sites sites = { .count = count, .out = leave, .in = arrive, .km = km };
    double best = 0.0, best_km = 0.0;
    for (double scale_km = 3.0; scale_km < 20.0; scale_km += 1.0) {
        /* Real marginals balance slowly: what 300 rounds give (rows within 1e-4) is judged. */
        enum hb_status status = sim_law_gravity(&sites, scale_km, 300, model);
        assert_true(status == HB_OK || status == HB_ERR_DIVERGES);
        double common = sim_law_common_part(real, model, (uint64_t)count * count);
        best_km = common > best ? scale_km : best_km;
        best = fmax(best, common);
    }
    assert_int_equal(sim_law_radiation(&sites, 1, model), HB_OK);
    double radiation = sim_law_common_part(real, model, (uint64_t)count * count);
    printf("common part of commuters: gravity %.3f at %.0f km, radiation %.3f\n", best, best_km,
        radiation);
    assert_true(best > 0.7);
    assert_true(radiation > 0.7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gravity_keeps_both_marginals),
        cmocka_unit_test(gravity_odds_follow_the_distances),
        cmocka_unit_test(radiation_follows_its_closed_form),
        cmocka_unit_test(radiation_without_mass_goes_to_the_nearest),
        cmocka_unit_test(nobody_or_nowhere_is_refused),
        cmocka_unit_test(far_goals_do_not_underflow),
        cmocka_unit_test(too_few_rounds_are_told),
        cmocka_unit_test(common_part_is_one_for_equals_and_zero_for_disjoint),
        cmocka_unit_test(both_laws_explain_real_commuting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
