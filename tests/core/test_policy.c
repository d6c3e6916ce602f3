/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <string.h>

#include "core/policy.h"
#include "core/route.h"

static void every_kind_has_valid_defaults_and_a_name_that_leads_back(void **state)
{
    (void)state;
    for (int kind = 0; kind < HB_POLICY_COUNT; kind++) {
        struct hb_policy policy;
        hb_policy_default((enum hb_policy_kind)kind, &policy);
        assert_int_equal(policy.kind, kind);
        assert_int_equal(hb_policy_check(&policy, NULL), HB_OK);
        enum hb_policy_kind found;
        const char *name = hb_policy_name((enum hb_policy_kind)kind);
        assert_int_equal(hb_policy_kind_of(name, &found), HB_OK);
        assert_int_equal(found, kind);
    }
    enum hb_policy_kind untouched = HB_POLICY_NEAREST;
    assert_int_equal(hb_policy_kind_of("oracle", &untouched), HB_ERR_NOT_FOUND);
    assert_int_equal(untouched, HB_POLICY_NEAREST);
    assert_null(hb_policy_name(HB_POLICY_COUNT));
}

static void only_two_policies_ask_for_forecasts(void **state)
{
    (void)state;
    for (int kind = 0; kind < HB_POLICY_COUNT; kind++) {
        struct hb_policy policy;
        hb_policy_default((enum hb_policy_kind)kind, &policy);
        int want = kind == HB_POLICY_PREDICTIVE || kind == HB_POLICY_SKI_RENTAL;
        assert_int_equal(hb_policy_is_forecasting(&policy), want);
    }
}

struct wrong {
    size_t at;
    double value;
    const char *field;
};

#define W(field, value) { offsetof(struct hb_policy, field), value, #field }

static void each_field_out_of_its_range_is_named(void **state)
{
    (void)state;
    const struct wrong wrongs[] = {
        W(deviation_km, -0.1), W(gain_ms, NAN), W(confidence_min, 1.01), W(worth_factor, -1.0),
        W(stay_s, -3.0), W(hysteresis, 1.5), W(cooldown_s, INFINITY), W(interval_s, 0.0),
        W(grace_s, -1.0), W(trust_lambda, 0.0), W(v, -1.0), W(debt_target_ms, -1.0),
        W(linger_s, -1.0), W(sustain_s, NAN), W(dns_ttl_s, 604801.0),
        W(provision_timeout_s, 0.0), W(copy_timeout_s, 0.0), W(dns_timeout_s, 0.0),
        W(fence_timeout_s, 0.0), W(backoff_s, 0.0), W(backoff_max_s, -7.3),
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct hb_policy policy;
        hb_policy_default(HB_POLICY_PREDICTIVE, &policy);
        memcpy((char *)&policy + wrongs[i].at, &wrongs[i].value, sizeof(double));
        const char *field = NULL;
        assert_int_equal(hb_policy_check(&policy, &field), HB_ERR_RANGE);
        assert_string_equal(field, wrongs[i].field);
    }
}

static void counts_out_of_range_are_named(void **state)
{
    (void)state;
    struct hb_policy policy;
    const char *field = NULL;
    hb_policy_default(HB_POLICY_PREDICTIVE, &policy);
    policy.kind = HB_POLICY_COUNT;
    assert_int_equal(hb_policy_check(&policy, &field), HB_ERR_RANGE);
    assert_string_equal(field, "kind");
    hb_policy_default(HB_POLICY_PREDICTIVE, &policy);
    policy.probe_fall = 0;
    assert_int_equal(hb_policy_check(&policy, &field), HB_ERR_RANGE);
    assert_string_equal(field, "probe_fall");
    hb_policy_default(HB_POLICY_PREDICTIVE, &policy);
    policy.retry_max = 101;
    assert_int_equal(hb_policy_check(&policy, &field), HB_ERR_RANGE);
    assert_string_equal(field, "retry_max");
}

#define N(field, most) { offsetof(struct hb_policy, field), most, #field }

static void the_greatest_of_each_count_is_good_and_one_more_is_not(void **state)
{
    (void)state;
    const struct {
        size_t at;
        uint32_t most;
        const char *field;
    } counts[] = { N(steer_early, 1), N(react, 1), N(backup, 1), N(retry_max, 100),
        N(probe_rise, 255), N(probe_fall, 127), N(phi_window, HB_HEALTH_WINDOW_MAX),
        N(detector, HB_HEALTH_BFD), N(failover, HB_FAILOVER_ANYCAST),
        N(route, HB_ROUTE_MORE_SPECIFIC), N(route_levels, HB_ROUTE_LEVELS_MAX) };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct hb_policy policy;
        hb_policy_default(HB_POLICY_PREDICTIVE, &policy);
        uint32_t value = counts[i].most;
        memcpy((char *)&policy + counts[i].at, &value, sizeof value);
        assert_int_equal(hb_policy_check(&policy, NULL), HB_OK);
        value++;
        memcpy((char *)&policy + counts[i].at, &value, sizeof value);
        const char *field = NULL;
        assert_int_equal(hb_policy_check(&policy, &field), HB_ERR_RANGE);
        assert_string_equal(field, counts[i].field);
    }
    struct hb_policy home;
    hb_policy_default(HB_POLICY_STATIC, &home);
    home.backup = 1; /* static has a home, no mirror */
    assert_int_equal(hb_policy_check(&home, NULL), HB_ERR_RANGE);
}

static void horizons_are_positive_and_without_gaps(void **state)
{
    (void)state;
    const double good[][4] = { { 900.0 }, { 900.0, 1800.0 }, { 3600.0, 900.0, 1.0, 2.0 } };
    const double bad[][4] = { { 0.0 }, { 900.0, 0.0, 1800.0 }, { -1.0 }, { 900.0, NAN },
        { 2e9 } };
    struct hb_policy policy;
    hb_policy_default(HB_POLICY_PREDICTIVE, &policy);
    for (size_t i = 0; i < 3; i++) {
        memcpy(policy.horizon_s, good[i], sizeof good[i]);
        assert_int_equal(hb_policy_check(&policy, NULL), HB_OK);
    }
    for (size_t i = 0; i < 5; i++) {
        memcpy(policy.horizon_s, bad[i], sizeof bad[i]);
        const char *field = NULL;
        assert_int_equal(hb_policy_check(&policy, NULL), HB_ERR_RANGE);
        assert_int_equal(hb_policy_check(&policy, &field), HB_ERR_RANGE);
        assert_string_equal(field, "horizon_s");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_valid_defaults_and_a_name_that_leads_back),
        cmocka_unit_test(only_two_policies_ask_for_forecasts),
        cmocka_unit_test(each_field_out_of_its_range_is_named),
        cmocka_unit_test(counts_out_of_range_are_named),
        cmocka_unit_test(the_greatest_of_each_count_is_good_and_one_more_is_not),
        cmocka_unit_test(horizons_are_positive_and_without_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
