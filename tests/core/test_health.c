/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "core/health.h"
#include "core/units.h"
#include "tests/core/fake_host.h"

static double density(double x, void *parameters)
{
    (void)parameters;
    return gsl_ran_gaussian_pdf(x, 1.0);
}

/* Oracle: the tail integrated numerically by GSL. */
static void phi_is_the_integral_of_the_tail(void **state)
{
    (void)state;
    gsl_integration_workspace *space = gsl_integration_workspace_alloc(1000);
    gsl_function f = { .function = density };
    for (double z = -4.3; z < 29.9; z += 0.731) {
        double tail = 0.0, error = 0.0;
        assert_int_equal(gsl_integration_qagiu(&f, z, 0.0, 1e-10, 1000, space, &tail, &error), 0);
        double want = -log10(tail);
        assert_true(fabs(hb_health_phi_normal(z) - want) < 1e-7 * fabs(want) + 1e-9);
    }
    gsl_integration_workspace_free(space);
}

/* Both sides of z = 30, where the asymptote takes over, and far out, where
 * erfc is zero: GSL's own tail, and Mills' bounds
 * pdf z / (1 + z^2) < tail < pdf / z in logarithms. */
static void phi_goes_on_where_the_tail_underflows(void **state)
{
    (void)state;
    for (double z = 29.0; z < 37.0; z += 0.1) {
        assert_near(hb_health_phi_normal(z), -log10(gsl_cdf_ugaussian_Q(z)), 1e-6);
    }
    for (double z = 40.0; z < 400.0; z += 7.31) {
        double log_pdf = -0.5 * z * z * M_LOG10E - 0.5 * log10(2.0 * M_PI);
        assert_true(hb_health_phi_normal(z) > -(log_pdf - log10(z)));
        assert_true(hb_health_phi_normal(z) < -(log_pdf + log10(z / (1.0 + z * z))));
    }
}

/* Oracle: GSL's inverse of the normal's tail; exp(-t) = 10^-phi. */
static void the_factor_is_where_phi_is_reached(void **state)
{
    (void)state;
    for (double phi = 0.2; phi < 300.0; phi *= 1.37) {
        double z = gsl_cdf_ugaussian_Qinv(pow(10.0, -phi));
        assert_near(hb_health_phi_factor(HB_HEALTH_PHI, phi), z, 1e-5 * fabs(z) + 1e-9);
        assert_near(exp(-hb_health_phi_factor(HB_HEALTH_PHI_EXPONENTIAL, phi)),
            pow(10.0, -phi), 1e-9 * pow(10.0, -phi));
    }
    assert_near(hb_health_phi_factor(HB_HEALTH_PHI, 8.0), 5.612, 5e-4); /* tables: Q = 1e-8 */
}

static const struct hb_health_rules phi = { .detector = HB_HEALTH_PHI, .rise = 2, .fall = 3,
    .window = 7, .interval_s = 1.3, .phi_down = 8.0, .sd_min_s = 0.01 };

/* Oracle: mean and deviation of the last seven, summed anew each time. */
static void the_deadline_follows_the_last_arrivals(void **state)
{
    (void)state;
    uint32_t window[7];
    struct hb_health health;
    double gaps_s[60] = { 0.975, 1.625 }, factor = hb_health_phi_factor(HB_HEALTH_PHI, 8.0);
    int64_t at_ns = 731;
    hb_health_init(&health, &phi, window, at_ns);
    for (int i = 2; i < 60; i++) {
        gaps_s[i] = i == 31 ? 250.0 : 1.3 + 0.05 * ((i * 37) % 11 - 5);
        at_ns += hb_units_ns(gaps_s[i]);
        assert_int_equal(hb_health_hear(&health, &phi, at_ns), 0);
        gaps_s[i] = fmin(gaps_s[i], HB_HEALTH_ARRIVAL_MAX_S);
        int first = i < 6 ? 0 : i - 6, n = i - first + 1;
        double mean = 0.0, square = 0.0;
        for (int k = first; k <= i; k++) {
            mean += gaps_s[k] / n;
        }
        for (int k = first; k <= i; k++) {
            square += (gaps_s[k] - mean) * (gaps_s[k] - mean) / n;
        }
        double want_s = mean + factor * fmax(sqrt(square), 0.01);
        int64_t deadline_ns = hb_health_deadline_ns(&health, &phi, factor);
        assert_near(hb_units_s(deadline_ns - at_ns), want_s, 1e-5 * want_s);
        assert_near(hb_health_phi(&health, &phi, deadline_ns), 8.0, 1e-3);
        assert_int_equal(hb_health_expire(&health, &phi, factor, deadline_ns - 1), 0);
    }
    int64_t deadline_ns = hb_health_deadline_ns(&health, &phi, factor);
    assert_int_equal(hb_health_expire(&health, &phi, factor, deadline_ns), 1);
    assert_int_equal(hb_health_expire(&health, &phi, factor, deadline_ns), 0);
    assert_int_equal(hb_health_hear(&health, &phi, deadline_ns + 5), 0);
    assert_int_equal(hb_health_hear(&health, &phi, deadline_ns + 9), 1); /* rise 2 */
    assert_int_equal(health.kept, 7); /* the outage is no inter-arrival time */
}

/* A suspicion that stands before the next sign is even due: at once, not never. */
static void a_deadline_is_not_before_the_last_sign(void **state)
{
    (void)state;
    uint32_t window[2];
    struct hb_health health;
    const struct hb_health_rules hasty = { .detector = HB_HEALTH_PHI, .rise = 1, .fall = 1,
        .window = 2, .interval_s = 1.3, .phi_down = 1e-4, .sd_min_s = 97.0 };
    double factor = hb_health_phi_factor(HB_HEALTH_PHI, hasty.phi_down);
    hb_health_init(&health, &hasty, window, 731);
    assert_true(1.3 + factor * 97.0 < 0.0);
    assert_true(hb_health_deadline_ns(&health, &hasty, factor) == 731);
    assert_int_equal(hb_health_expire(&health, &hasty, factor, 730), 0);
    assert_int_equal(hb_health_expire(&health, &hasty, factor, 731), 1);
}

/* Suspicion as defined, of the sign awaited: mean of the two virtual arrivals is the
 * interval, P(later than t) = exp(-t / mean). The other detectors suspect nobody. */
static void suspicion_of_exponential_arrivals_grows_evenly(void **state)
{
    (void)state;
    uint32_t window[7];
    struct hb_health health;
    struct hb_health_rules rules = phi;
    rules.detector = HB_HEALTH_PHI_EXPONENTIAL;
    hb_health_init(&health, &rules, window, 731);
    for (double t_s = 0.0; t_s < 60.0; t_s += 7.31) {
        double want = -log10(exp(-t_s / 1.3));
        assert_near(hb_health_phi(&health, &rules, 731 + hb_units_ns(t_s)), want, 1e-6);
    }
    rules.detector = HB_HEALTH_COUNT;
    assert_near(hb_health_phi(&health, &rules, 731 + hb_units_ns(60.0)), 0.0, 0.0);
    rules.detector = HB_HEALTH_BFD;
    assert_near(hb_health_phi(&health, &rules, 731 + hb_units_ns(60.0)), 0.0, 0.0);
}

/* Source of the bounds: RFC 5880 s. 6.8.7. Mean within five standard errors of a uniform. */
static void bfd_packets_are_spread_within_their_bounds(void **state)
{
    (void)state;
    enum { count = 10000 };
    double sums[2] = { 0.0, 0.0 };
    for (uint32_t sent = 0; sent < count; sent++) {
        double single = hb_health_jitter(731, sent, 1), triple = hb_health_jitter(731, sent, 3);
        assert_true(single >= 0.75 && single <= 0.90);
        assert_true(triple >= 0.75 && triple <= 1.00);
        sums[0] += single / count;
        sums[1] += triple / count;
    }
    assert_near(sums[0], 0.825, 5.0 * 0.15 / sqrt(12.0 * count));
    assert_near(sums[1], 0.875, 5.0 * 0.25 / sqrt(12.0 * count));
}

static void detectors_are_called_as_in_scenarios(void **state)
{
    (void)state;
    assert_string_equal(hb_health_detector_name(HB_HEALTH_COUNT), "count");
    assert_string_equal(hb_health_detector_name(HB_HEALTH_PHI_EXPONENTIAL), "phi_exponential");
    assert_string_equal(hb_health_detector_name(HB_HEALTH_BFD), "bfd");
    assert_string_equal(hb_health_detector_name(HB_HEALTH_DETECTOR_COUNT), "unknown detector");
}

/* ---- the controller watching, at the hand of a scripted host ---- */

static struct host host;
static int64_t dies_ns, back_ns; /* site 1 is silent in between */
static double loss_share, answer_s;
static uint64_t lot;

static double draw(void)
{
    lot = lot * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(lot >> 11) * 0x1p-53;
}

static uint64_t owed[64];
static int64_t owed_ns[64];
static uint32_t owed_sites[64], owed_count;

static void hear_probe(void *ctx, const struct hb_command *command)
{
    (void)ctx;
    if (command->kind != HB_COMMAND_PROBE) {
        return;
    }
    int is_dead = command->site == 1 && host.now_ns >= dies_ns && host.now_ns < back_ns;
    int is_lost = loss_share > 0.0 && draw() < loss_share;
    if (!is_dead && !is_lost) {
        assert_true(owed_count < 64);
        owed[owed_count] = command->req;
        owed_ns[owed_count] = host.now_ns + hb_units_ns(answer_s);
        owed_sites[owed_count++] = command->site;
    }
}

static void watch_with(enum hb_health_detector detector, double interval_s, double timeout_s)
{
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.detector = detector;
    host.setup.policy.probe_interval_s = interval_s;
    host.setup.policy.probe_timeout_s = timeout_s;
    host.setup.policy.probe_fall = 3;
    host.setup.policy.phi_sd_min_s = 0.1;
    host.hook = hear_probe;
    owed_count = 0;
    loss_share = 0.0;
    answer_s = 0.01;
    dies_ns = back_ns = INT64_MAX;
}

static void start(void)
{
    host_start(&host);
    host_probe(&host, 2, 1); /* any first event starts the probes */
}

/* The clock runs to until_ns with every answer at its instant. */
static void run_until(int64_t until_ns)
{
    for (;;) {
        uint32_t next = 0;
        for (uint32_t i = 1; i < owed_count; i++) {
            next = owed_ns[i] < owed_ns[next] ? i : next;
        }
        int64_t step_ns = until_ns;
        for (uint32_t i = 0; i < host.timer_count; i++) {
            step_ns = host.timers[i].at_ns < step_ns ? host.timers[i].at_ns : step_ns;
        }
        int is_answer = owed_count > 0 && owed_ns[next] <= step_ns;
        step_ns = is_answer ? owed_ns[next] : step_ns;
        if (!is_answer) {
            host_wait(&host, hb_units_s(step_ns - host.now_ns));
            host.log_count = 0; /* nobody reads it here */
            if (step_ns >= until_ns) {
                return;
            }
            continue;
        }
        struct hb_event event = { .kind = HB_EVENT_PROBE_ANSWERED, .req = owed[next],
            .client = HB_NONE, .place = HB_NONE, .site = owed_sites[next], .value = 10.0 };
        host.now_ns = step_ns;
        owed_count--;
        owed[next] = owed[owed_count];
        owed_ns[next] = owed_ns[owed_count];
        owed_sites[next] = owed_sites[owed_count];
        host_send(&host, event);
    }
}

/* Seconds from a death at die_s until the site is down. */
static double detection_s(double die_s, double step_s)
{
    dies_ns = hb_units_ns(die_s);
    run_until(dies_ns);
    assert_true(hb_controller_site_is_up(host.controller, 1));
    while (hb_controller_site_is_up(host.controller, 1)) {
        run_until(host.now_ns + hb_units_ns(step_s));
        assert_true(host.now_ns < dies_ns + hb_units_ns(1000.0));
    }
    int64_t down_ns = host_sample(&host, HB_SAMPLE_HEALTH)->at_ns;
    host_stop(&host);
    return hb_units_s(down_ns - dies_ns);
}

/* Closed form: the phase of the death in the interval is uniform, so the time
 * is uniform on [(fall - 1) interval + timeout, fall x interval + timeout], with
 * mean (fall - 1/2) interval + timeout. 200 phases, evenly: exact but for the
 * grid (1/400 of the interval). */
static void counting_detects_in_uniform_time(void **state)
{
    (void)state;
    double sum_s = 0.0, least_s = 1e9, most_s = 0.0;
    for (int i = 0; i < 200; i++) {
        watch_with(HB_HEALTH_COUNT, 10.0, 2.0);
        start();
        double took_s = detection_s(100.0 + 10.0 * (i + 0.5) / 200.0, 1.0);
        sum_s += took_s / 200.0;
        least_s = fmin(least_s, took_s);
        most_s = fmax(most_s, took_s);
    }
    assert_near(sum_s, 2.5 * 10.0 + 2.0, 0.03);
    assert_near(least_s, 2.0 * 10.0 + 2.0, 0.05);
    assert_near(most_s, 3.0 * 10.0 + 2.0, 0.05);
}

/* Source: RFC 5880 s. 6.8.4 and 6.8.7. Gaps G are uniform on [3/4, 1] x interval; a
 * random instant meets a gap in proportion to its length, so the age of the last
 * packet has mean E[G^2] / 2 E[G] = 0.4405 x interval. The death kills the probe at
 * the other end; the answer before it took answer_s. 400 deaths at random phases:
 * five standard errors of a uniform age (interval / sqrt 12). */
static void bfd_detects_within_multiplier_times_interval(void **state)
{
    (void)state;
    double sum_s = 0.0;
    for (int i = 0; i < 400; i++) {
        watch_with(HB_HEALTH_BFD, 0.05, 2.0);
        start();
        double took_s = detection_s(3.0 + 0.001 * i + 0.05 * draw(), 0.01);
        assert_true(took_s <= 3.0 * 0.05 + answer_s);
        assert_true(took_s >= 2.0 * 0.05 + answer_s - 1e-9);
        sum_s += took_s / 400.0;
    }
    double mean_g = 0.875, mean_g2 = (1.0 - 0.75 * 0.75 * 0.75) / (3.0 * 0.25);
    double want_s = 0.05 * (3.0 - mean_g2 / 2.0 / mean_g) + answer_s;
    assert_true(fabs(sum_s - want_s) < 5.0 * 0.05 / sqrt(12.0 * 400.0));
}

/* Regular arrivals leave the least deviation: the window's two first, virtual
 * ones have gone after 20. Time = mean + z sd - age of the last sign. */
static void phi_detects_at_mean_and_deviations(void **state)
{
    (void)state;
    watch_with(HB_HEALTH_PHI, 1.0, 2.0);
    host.setup.policy.phi_window = 20;
    start();
    /* site 1 of 3 is probed at 0.5 s, 1.5 s ..., and heard 10 ms later */
    double took_s = detection_s(60.2, 0.01);
    assert_near(took_s, 1.0 + 5.6120 * 0.1 - (60.2 - 59.51), 1e-3);
    watch_with(HB_HEALTH_PHI_EXPONENTIAL, 1.0, 2.0);
    host.setup.policy.phi_window = 20;
    host.setup.policy.phi_down = 1.5;
    start();
    took_s = detection_s(60.2, 0.01);
    assert_near(took_s, 1.5 * log(10.0) - (60.2 - 59.51), 1e-3);
}

/* Closed form for runs: with independent loss p the probes until the first run of
 * `fall` misses have mean (1 - p^fall) / ((1 - p) p^fall), and, rise being 1, a site
 * that is down is up again at the next answer: mean 1 / (1 - p) probes. So falls per
 * probe = 1 / (that + 1 / (1 - p)). 60,000 probes of three sites, five standard errors
 * (renewals of cycles whose deviation is about their mean). */
static void false_positives_follow_the_law_of_runs(void **state)
{
    (void)state;
    watch_with(HB_HEALTH_COUNT, 1.0, 0.5);
    host.setup.policy.probe_rise = 1;
    loss_share = 0.2;
    lot = 17;
    start();
    uint32_t falls = 0;
    for (int i = 0; i < 400; i++) {
        host.sample_count = 0;
        run_until(host.now_ns + hb_units_ns(50.0));
        for (uint32_t k = 0; k < host.sample_count; k++) {
            const struct hb_sample *sample = &host.samples[k];
            falls += sample->kind == HB_SAMPLE_HEALTH && !sample->of.health.is_up;
        }
    }
    double p3 = 0.2 * 0.2 * 0.2, cycle = (1.0 - p3) / (0.8 * p3) + 1.0 / 0.8;
    double want = 3.0 * 20000.0 / cycle;
    assert_true(fabs(falls - want) < 5.0 * sqrt(want));
    host_stop(&host);
}

/* Hysteresis: heard again at 200 s, rise 2 and 40 s of hold-down; a lapse in
 * between starts it anew. */
static void a_site_is_held_down_before_it_is_used_again(void **state)
{
    (void)state;
    watch_with(HB_HEALTH_COUNT, 10.0, 2.0);
    host.setup.policy.hold_down_s = 40.0;
    start();
    dies_ns = hb_units_ns(100.0);
    back_ns = hb_units_ns(200.0);
    run_until(hb_units_ns(150.0));
    assert_false(hb_controller_site_is_up(host.controller, 1));
    /* probes at 205 and 215 s are answered: up at 215.01 s, used at 255.01 s */
    run_until(hb_units_ns(216.0));
    dies_ns = hb_units_ns(216.0);
    back_ns = hb_units_ns(250.0); /* 225, 235, 245 s are missed: down at 247 s */
    run_until(hb_units_ns(256.0));
    assert_false(hb_controller_site_is_up(host.controller, 1));
    run_until(hb_units_ns(255.0 + 10.0 + 40.0));
    assert_false(hb_controller_site_is_up(host.controller, 1));
    run_until(hb_units_ns(255.0 + 10.0 + 40.02));
    assert_true(hb_controller_site_is_up(host.controller, 1));
    host_stop(&host);
}

static void a_late_answer_is_a_missed_probe(void **state)
{
    (void)state;
    watch_with(HB_HEALTH_COUNT, 1.0, 0.4);
    answer_s = 0.41;
    start();
    run_until(hb_units_ns(10.0));
    assert_false(hb_controller_site_is_up(host.controller, 0));
    host_stop(&host);
    watch_with(HB_HEALTH_COUNT, 1.0, 0.4);
    answer_s = 0.39;
    start();
    run_until(hb_units_ns(10.0));
    assert_true(hb_controller_site_is_up(host.controller, 0));
    host_stop(&host);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phi_is_the_integral_of_the_tail),
        cmocka_unit_test(phi_goes_on_where_the_tail_underflows),
        cmocka_unit_test(the_factor_is_where_phi_is_reached),
        cmocka_unit_test(the_deadline_follows_the_last_arrivals),
        cmocka_unit_test(a_deadline_is_not_before_the_last_sign),
        cmocka_unit_test(suspicion_of_exponential_arrivals_grows_evenly),
        cmocka_unit_test(bfd_packets_are_spread_within_their_bounds),
        cmocka_unit_test(detectors_are_called_as_in_scenarios),
        cmocka_unit_test(counting_detects_in_uniform_time),
        cmocka_unit_test(bfd_detects_within_multiplier_times_interval),
        cmocka_unit_test(phi_detects_at_mean_and_deviations),
        cmocka_unit_test(false_positives_follow_the_law_of_runs),
        cmocka_unit_test(a_site_is_held_down_before_it_is_used_again),
        cmocka_unit_test(a_late_answer_is_a_missed_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
