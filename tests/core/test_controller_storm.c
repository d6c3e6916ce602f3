/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "tests/core/storm.h"

enum { EVENTS = 100000 };

/* When all answers are good and time passes, all is as the view says. */
static void settle(struct storm *storm)
{
    storm->is_mild = 1;
    for (int i = 0; i < 300; i++) {
        while (storm->pending_count > 0) {
            storm_answer_one();
        }
        storm_wait_until(storm->host.now_ns + HB_NS_PER_S);
    }
    for (uint32_t client = 0; client < HOST_CLIENTS; client++) {
        struct hb_client_view view = hb_controller_client(storm->host.controller, client);
        if (view.phase == HB_PHASE_ABSENT || view.phase == HB_PHASE_ANYCAST) {
            assert_int_equal(storm->record[client], HB_NONE);
        } else if (view.phase == HB_PHASE_SERVED) {
            assert_int_equal(storm->record[client], view.primary);
        }
    }
}

static void whatever_happens_there_is_one_primary_and_nothing_is_forgotten(void **state)
{
    (void)state;
    for (int kind = 0; kind < HB_POLICY_COUNT; kind++) {
        struct storm *storm = storm_start(731 + (uint64_t)kind, (enum hb_policy_kind)kind, 0, NULL);
        storm_run(kind == HB_POLICY_PREDICTIVE ? EVENTS : EVENTS / 5);
        host_stop(&storm->host);
    }
}

static void whatever_the_settings_there_is_one_primary_and_nothing_is_forgotten(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40 * HB_POLICY_COUNT; seed++) {
        enum hb_policy_kind kind = (enum hb_policy_kind)(seed % HB_POLICY_COUNT);
        struct storm *storm = storm_start_varied(seed, kind, 0);
        storm_run(EVENTS / 50);
        settle(storm);
        host_stop(&storm->host);
    }
}

/* Each outcome and each phase must have been met, or the storm proves little. */
static void the_storm_reaches_every_phase_and_outcome(void **state)
{
    (void)state;
    int phases[HB_PHASE_COUNT] = { 0 }, outcomes[HB_OUTCOME_COUNT] = { 0 };
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct storm *storm = storm_start(seed, HB_POLICY_PREDICTIVE, 0, NULL);
        for (int i = 0; i < EVENTS / 4; i++) {
            uint32_t before = storm->host.sample_count;
            storm_step();
            for (uint32_t at = before; at < storm->host.sample_count; at++) {
                const struct hb_sample *sample = &storm->host.samples[at % HOST_LOG];
                if (sample->kind == HB_SAMPLE_PHASE) {
                    phases[sample->of.phase.phase]++;
                } else if (sample->kind == HB_SAMPLE_MIRROR) {
                    outcomes[sample->of.mirror.outcome]++;
                }
            }
        }
        host_stop(&storm->host);
    }
    for (int phase = 0; phase < HB_PHASE_COUNT; phase++) {
        assert_true(phases[phase] >= 20);
    }
    for (int outcome = 0; outcome < HB_OUTCOME_COUNT; outcome++) {
        assert_true(outcomes[outcome] >= 5);
    }
}

static void check_slots(const struct storm *storm)
{
    for (uint32_t site = 0; site < HOST_SITES; site++) {
        uint32_t used = 0;
        for (uint32_t client = 0; client < HOST_CLIENTS; client++) {
            used += storm->power[client][site] != HB_POWER_OFF;
        }
        assert_int_equal(hb_controller_site_free(storm->host.controller, site), 4 - used);
    }
}

static void when_the_storm_ends_the_books_balance(void **state)
{
    (void)state;
    for (int kind = 0; kind < HB_POLICY_COUNT; kind++) {
        struct storm *storm = storm_start(97 + (uint64_t)kind, (enum hb_policy_kind)kind, 1, NULL);
        storm_run(EVENTS / 10);
        settle(storm);
        check_slots(storm);
        host_stop(&storm->host);
    }
    for (uint64_t seed = 0; seed < 20 * HB_POLICY_COUNT; seed++) {
        enum hb_policy_kind kind = (enum hb_policy_kind)(seed % HB_POLICY_COUNT);
        struct storm *storm = storm_start_varied(seed, kind, 1);
        storm_run(EVENTS / 50);
        settle(storm);
        check_slots(storm);
        host_stop(&storm->host);
    }
}

static uint64_t digest_of(uint64_t seed, uint8_t *recording)
{
    struct storm *storm = storm_start(seed, HB_POLICY_PREDICTIVE, 0, recording);
    storm_run(EVENTS / 10);
    uint64_t digest = storm->host.tap.digest;
    host_stop(&storm->host);
    return digest;
}

static void the_same_seed_gives_the_same_commands_and_another_does_not(void **state)
{
    (void)state;
    uint64_t digest = digest_of(5, NULL);
    assert_true(digest == digest_of(5, NULL));
    assert_true(digest != digest_of(6, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_there_is_one_primary_and_nothing_is_forgotten),
        cmocka_unit_test(whatever_the_settings_there_is_one_primary_and_nothing_is_forgotten),
        cmocka_unit_test(the_storm_reaches_every_phase_and_outcome),
        cmocka_unit_test(when_the_storm_ends_the_books_balance),
        cmocka_unit_test(the_same_seed_gives_the_same_commands_and_another_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
