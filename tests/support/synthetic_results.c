/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/synthetic_results.h"

#include <string.h>

#include "tests/support/assert_near.h"

#define HOURS 24
#define CLIENTS 60
#define DAY_S 86400

static const struct data_regions_row regions[] = {
    { "London", 51.5074, -0.1278, 0 },
    { "Berlin", 52.5200, 13.4050, 3600 },
    { "New York City", 40.7128, -74.0060, -18000 },
    { "Tokyo", 35.6895, 139.6917, 32400 },
};
static const struct data_sites_row sites[] = {
    { "london", 51.51, -0.10, 4000, 1.0 },
    { "frankfurt", 50.11, 8.68, 8000, 0.9 },
    { "virginia", 38.95, -77.45, UINT32_MAX, 0.7 },
    { "new york", 40.70, -74.02, 2000, 1.1 },
    { "tokyo", 35.68, 139.77, 3000, 1.3 },
};
static const struct data_policies_row policies[] = {
    { "anycast", "" },
    { "static", "" },
    { "reactive", "" },
    { "predictive", "markov" },
    { "ski_rental", "markov" },
    { "oracle", "oracle" },
};
#define POLICIES 6
#define PLACES_EACH 9
static const double leads_s[] = { 0.0, 120.0, 300.0, 900.0 };

/* Numerical Recipes' 64-bit LCG; the upper bits. */
static double draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}

/* Near 0, mean 0, standard deviation 1: a sum of twelve draws. */
static double bell(uint64_t *state)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++) {
        sum += draw(state);
    }
    return sum;
}

/* How well a policy does in the invented world: 0 the optimum, 1 anycast. */
static double badness(uint32_t policy, uint32_t setting)
{
    static const double base[POLICIES] = { 1.0, 1.25, 0.35, 0.30, 0.33, 0.10 };
    static const double per_lead[POLICIES] = { 0.0, 0.0, 0.0007, 0.0002, 0.0003, 0.00001 };
    return base[policy] + per_lead[policy] * leads_s[setting];
}

static void add_world(const struct synthetic *how, struct data_rows *rows)
{
    for (size_t i = 0; i < POLICIES; i++) {
        struct data_policies_row row = policies[i];
        if (i == 0 && how->policy_name != NULL) {
            (void)strncpy(row.name, how->policy_name, sizeof row.name - 1);
        }
        data_rows_add(rows, DATA_TABLE_POLICIES, &row);
    }
    for (uint32_t i = 0; i < how->lead_count; i++) {
        struct data_settings_row row = {
            .setting = (uint16_t)i, .parameter = "lead_s", .value = leads_s[i]
        };
        data_rows_add(rows, DATA_TABLE_SETTINGS, &row);
    }
    for (uint32_t i = 0; i < 4; i++) {
        data_rows_add(rows, DATA_TABLE_REGIONS, &regions[i]);
    }
    for (uint32_t i = 0; i < 4 * PLACES_EACH; i++) {
        struct data_places_row row = { regions[i / PLACES_EACH].lat_deg + 0.05 * (i % 3),
            regions[i / PLACES_EACH].lon_deg + 0.07 * (i / 3 % 3), i / PLACES_EACH };
        data_rows_add(rows, DATA_TABLE_PLACES, &row);
    }
    for (uint32_t i = 0; i < 5; i++) {
        data_rows_add(rows, DATA_TABLE_SITES, &sites[i]);
    }
}

static void add_latency(
    struct data_rows *rows, struct data_histogram *sum, double bad, uint64_t *state)
{
    for (uint32_t region = 0; region < 4; region++) {
        for (uint16_t hour = 0; hour < HOURS; hour++) {
            struct data_histogram cell = { { 0 } };
            double local = (hour + regions[region].utc_offset_s / 3600.0) / 24.0;
            double busy = 1.3 + cos(6.283185307 * (local - 0.75));
            for (int i = 0; i < 200; i++) {
                double tail = draw(state) < 0.12 * bad ? 60.0 * draw(state) : 0.0;
                double ms = 9.0 + 14.0 * bad + 3.0 * busy + tail + 2.5 * bell(state);
                data_histogram_add(&cell, ms < 1.0 ? 1.0 : ms, 50.0 * busy);
            }
            data_rows_add_latency(rows, region, hour, &cell);
            data_histogram_merge(sum, &cell);
        }
    }
}

static void add_mirrors(
    struct data_rows *rows, struct data_summary_row *summary, uint32_t policy, uint64_t *state)
{
    uint32_t count = policy < 2 ? 0 : 300;
    uint64_t *outcomes[] = { &summary->hit, &summary->late, &summary->unused, &summary->rolled_back,
        &summary->failed, &summary->cancelled };
    for (uint32_t i = 0; i < count; i++) {
        double u = draw(state), early = policy == 2 ? 0.25 : 0.6;
        uint8_t outcome = u < early ? HB_OUTCOME_HIT
            : u < 0.75              ? HB_OUTCOME_LATE
            : u < 0.88              ? HB_OUTCOME_UNUSED
            : u < 0.95              ? HB_OUTCOME_ROLLED_BACK
            : u < 0.97              ? HB_OUTCOME_FAILED
                                    : HB_OUTCOME_CANCELLED;
        int64_t at_ns = (int64_t)(draw(state) * 8e4) * HB_NS_PER_S;
        struct data_mirrors_row row = { .client = i % CLIENTS,
            .from_site = i % 5,
            .to_site = (i + 1) % 5,
            .place = i % (4 * PLACES_EACH),
            .decided_ns = at_ns,
            .provisioned_ns = at_ns + 20 * HB_NS_PER_S,
            .synced_ns = at_ns + hb_units_ns(22.0 + 40.0 * draw(state) * draw(state)),
            .steered_ns = HB_NEVER_NS,
            .arrived_ns = HB_NEVER_NS,
            .connected_ns = HB_NEVER_NS,
            .promoted_ns = HB_NEVER_NS,
            .closed_ns = at_ns + 900 * HB_NS_PER_S,
            .outcome = outcome,
            .horizon_s = policy == 2 ? 0.0F : 900.0F,
            .confidence = (float)(0.4 + 0.5 * draw(state)),
            .bytes = 2.5e8 };
        data_rows_add(rows, DATA_TABLE_MIRRORS, &row);
        (*outcomes[outcome])++;
    }
    summary->mirrors = count;
}

static void add_predictions(struct data_rows *rows, uint32_t policy, uint64_t *state)
{
    for (uint32_t i = 0; policy >= 3 && i < 2000; i++) {
        uint32_t step = 1 + i % 4, city = i % 4 * PLACES_EACH;
        uint32_t now = city + i % PLACES_EACH;
        uint32_t truth = draw(state) < 0.15 * step ? city + (i + step) % PLACES_EACH : now;
        int is_right = policy == 5 || draw(state) < 0.95 - 0.06 * step;
        uint32_t guess = is_right ? truth : city + (i + 3) % PLACES_EACH;
        struct data_predictions_row row = { .client = i % CLIENTS,
            .asked_ns = (int64_t)i * 40 * HB_NS_PER_S,
            .horizon_s = 900.0F * (float)step,
            .place_now = now,
            .place = guess,
            .truth = truth,
            .confidence = (float)draw(state),
            .error_km = guess == truth ? 0.0F : 4.5F + (float)(guess % 3) };
        data_rows_add(rows, DATA_TABLE_PREDICTIONS, &row);
    }
}

/* One sampled client: flies from London to New York and back to Berlin. */
static void add_path(struct data_rows *rows, uint32_t policy)
{
    static const struct {
        int32_t minute;
        uint32_t place, site;
    } day[] = {
        { 0, 0, 0 },
        { 450, 4, 0 },
        { 480, HB_NONE, HB_NONE },
        { 900, 18, 0 },
        { 915, 22, 3 },
        { 1100, 26, 3 },
        { 1130, HB_NONE, HB_NONE },
        { 1400, 9, 3 },
        { 1402, 13, 1 },
    };
    for (size_t i = 0; i < sizeof day / sizeof day[0]; i++) {
        struct data_paths_row row = { .client = 7,
            .at_ns = day[i].minute * 60 * HB_NS_PER_S,
            .place = day[i].place,
            .site = policy < 2 ? 0 : day[i].site,
            .mirror_site = i == 2 ? 3 : HB_NONE,
            .latency_ms = 12.5F };
        data_rows_add(rows, DATA_TABLE_PATHS, &row);
    }
}

static void fill_run(struct data_rows *rows, struct data_run run)
{
    /* Common random numbers: the replication seeds, not the policy. */
    uint64_t state = 731 + run.replication;
    double bad = badness(run.policy, run.setting) * (1.0 + 0.04 * bell(&state));
    struct data_histogram sum = { { 0 } };
    struct data_summary_row summary = { .clients = CLIENTS, .connections = 3 * CLIENTS };
    add_latency(rows, &sum, bad, &state);
    add_mirrors(rows, &summary, run.policy, &state);
    add_predictions(rows, run.policy, &state);
    add_path(rows, run.policy);
    summary.requests = data_histogram_total(&sum);
    summary.latency_mean_ms = data_histogram_mean_ms(&sum);
    summary.latency_p50_ms = data_histogram_quantile_ms(&sum, 0.5);
    summary.latency_p95_ms = data_histogram_quantile_ms(&sum, 0.95);
    summary.latency_p99_ms = data_histogram_quantile_ms(&sum, 0.99);
    summary.cost_latency = 100.0 * bad + 40.0;
    summary.cost_instances = run.policy < 2 ? 5.0 : 22.0;
    summary.cost_bytes = run.policy < 2 ? 0.0 : 6.5;
    summary.cost = summary.cost_latency + summary.cost_instances + summary.cost_bytes;
    summary.optimum_cost = 61.0 + (double)run.replication;
    summary.optimum_latency_ms = 13.5;
    summary.prediction_correct = run.policy < 3 ? (double)NAN : 0.6;
    summary.prediction_error_km = run.policy < 3 ? (double)NAN : 0.9;
    summary.energy_j = 4e7 * (1.0 + bad);
    data_rows_add(rows, DATA_TABLE_SUMMARY, &summary);
}

static void append(struct data_results *results, struct data_rows *rows)
{
    struct data_problem problem = { "" };
    assert_int_equal(data_rows_status(rows), HB_OK);
    assert_int_equal(data_results_append(results, rows, &problem), HB_OK);
    data_rows_free(rows);
}

void synthetic_results(const struct synthetic *how, char digest[DATA_DIGEST_BYTES])
{
    const struct data_pair pairs[] = { { "hdf5_version", data_h5_version() } };
    const struct data_manifest manifest = { .scenario_name = "synthetic",
        .currency = "EUR",
        .scenario_text = "<scenario name=\"synthetic\">\n  <!-- invented -->\n</scenario>\n",
        .program = "harbinger test",
        .seed = 731,
        .epoch_unix_s = 1700000000 / DAY_S * DAY_S,
        .duration_s = DAY_S,
        .latency_target_ms = 50.0,
        .replication_count = how->replication_count,
        .pairs = pairs,
        .pair_count = 1 };
    struct data_problem problem = { "" };
    struct data_results *results;
    struct data_rows *rows;
    assert_int_equal(data_results_create(how->path, &manifest, &results, &problem), HB_OK);
    struct data_run run = { 0, 0, 0 };
    assert_int_equal(data_rows_create(run, how->memory_bytes, &rows), HB_OK);
    add_world(how, rows);
    append(results, rows);
    uint32_t settings = how->lead_count == 0 ? 1 : how->lead_count;
    for (uint32_t i = 0; i < settings * how->replication_count * POLICIES; i++) {
        run.policy = (uint16_t)(i % POLICIES);
        run.replication = (uint16_t)(i / POLICIES % how->replication_count);
        run.setting = (uint16_t)(i / POLICIES / how->replication_count);
        assert_int_equal(data_rows_create(run, how->memory_bytes, &rows), HB_OK);
        fill_run(rows, run);
        append(results, rows);
    }
    assert_int_equal(data_results_commit(results, digest, &problem), HB_OK);
    assert_string_equal(problem.text, "");
}
