/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "sim/run/session.h"

#define CLIENTS 4000u

static struct sim_scenario scenario
    = { .service = { .sessions = 1, .session_min = 37.0, .gap_min = 81.0 } };

/* Law of large numbers: over 4,000 clients and 20 days each, share and means
 * lie within 4 standard errors of the parameters (false alarm < 1e-4 each);
 * the seed is fixed. */
static void sessions_and_gaps_have_their_means_and_share(void **state)
{
    (void)state;
    for (uint32_t law = 0; law < 2; law++) {
        scenario.service.session_law = law;
        struct sim_stage stage = { .scenario = &scenario, .seed = 731 };
        double sum_s[2] = { 0.0, 0.0 }, count[2] = { 0.0, 0.0 }, on_at_start = 0.0;
        for (uint32_t client = 0; client < CLIENTS; client++) {
            struct sim_session session = sim_session_start(&stage, client);
            on_at_start += session.is_on ? 1.0 : 0.0;
            for (int i = 0; i < 100; i++) {
                int64_t from_ns = session.until_ns;
                sim_session_next(&stage, client, &session);
                sum_s[session.is_on] += hb_units_s(session.until_ns - from_ns);
                count[session.is_on] += 1.0;
            }
        }
        double share = 37.0 / (37.0 + 81.0);
        assert_true(fabs(on_at_start / CLIENTS - share)
            < 4.0 * sqrt(share * (1.0 - share) / CLIENTS));
        assert_true(fabs(sum_s[1] / count[1] - 37.0 * 60.0) < 4.0 * 37.0 * 60.0 / sqrt(count[1]));
        assert_true(fabs(sum_s[0] / count[0] - 81.0 * 60.0) < 4.0 * 81.0 * 60.0 / sqrt(count[0]));
    }
}

static void a_client_has_the_same_sessions_whoever_asks(void **state)
{
    (void)state;
    struct sim_stage stage = { .scenario = &scenario, .seed = 12 };
    struct sim_session a = sim_session_start(&stage, 77), other = sim_session_start(&stage, 78);
    for (int i = 0; i < 9; i++) {
        sim_session_next(&stage, 77, &a);
        sim_session_next(&stage, 78, &other);
    }
    struct sim_session b = sim_session_start(&stage, 77);
    for (int i = 0; i < 9; i++) {
        sim_session_next(&stage, 77, &b);
    }
    assert_true(a.until_ns == b.until_ns);
    assert_true(a.is_on == b.is_on);
    assert_true(a.until_ns != other.until_ns);
}

static void always_on_never_ends(void **state)
{
    (void)state;
    struct sim_scenario always = { .service = { .sessions = 0 } };
    struct sim_stage stage = { .scenario = &always, .seed = 5 };
    struct sim_session session = sim_session_start(&stage, 3);
    assert_true(session.is_on);
    assert_true(session.until_ns == HB_NEVER_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_and_gaps_have_their_means_and_share),
        cmocka_unit_test(a_client_has_the_same_sessions_whoever_asks),
        cmocka_unit_test(always_on_never_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
