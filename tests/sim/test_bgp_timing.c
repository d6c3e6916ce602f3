/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/net/bgp/bgp_phase.h"
#include "tests/sim/bgp_network.h"

static void note_last(void *ctx, const struct sim_bgp_change *change)
{
    *(int64_t *)ctx = change->at_ns;
}

/* From the withdrawal of a clique's only route to the last change of any best route. */
static double clique_withdrawal_s(
    uint32_t n, const struct sim_bgp_profile *profile, uint64_t seed)
{
    struct data_link links[66];
    struct data_topology *topology = clique(n, links);
    int64_t last_ns = 0, from_ns = 1000 * HB_NS_PER_S;
    struct sim_bgp *bgp = made(&(struct sim_bgp_options){ .topology = topology,
        .profiles = profile, .profile_count = 1, .check = true, .seed = seed,
        .ctx = &last_ns, .changed = note_last });
    sim_bgp_announce(bgp, 0, 0, NULL);
    assert_int_equal(sim_bgp_run(bgp, from_ns), HB_OK);
    sim_bgp_withdraw(bgp, 0, 0);
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    for (uint32_t node = 0; node < n; node++) {
        assert_int_equal(sim_bgp_via(bgp, node, 0), SIM_BGP_NONE);
    }
    sim_bgp_free(bgp);
    data_topology_free(topology);
    return hb_units_s(last_ns - from_ns);
}

/* Published: (n - 3) x MRAI. Labovitz, Ahuja, Bose, Jahanian, SIGCOMM 2000, whose
 * timers hold withdrawals as well, as RFC 4271 s. 9.2.1.1 has it. Each interval
 * kills the paths of one length: 2 at once, n - 1 at the end. */
static void a_cliques_withdrawal_takes_n_minus_3_intervals(void **state)
{
    (void)state;
    struct sim_bgp_profile profile = *sim_bgp_profile_named("rfc4271");
    profile.mrai_jitter = 0.0;
    profile.mrai_holds_withdrawals = true;
    for (uint32_t n = 4; n <= 12; n++) {
        double want_s = (n - 3) * profile.mrai_ebgp_s;
        assert_near(clique_withdrawal_s(n, &profile, 7) / want_s, 1.0, 0.001);
    }
}

/* Where withdrawals are not held, the last one overtakes the announcements that wait:
 * with the last paths of even length gone, those one longer go in the same interval. */
static void withdrawals_not_held_save_an_interval_where_n_is_even(void **state)
{
    (void)state;
    struct sim_bgp_profile profile = *sim_bgp_profile_named("rfc4271");
    profile.mrai_jitter = 0.0;
    assert_false(profile.mrai_holds_withdrawals);
    for (uint32_t n = 4; n <= 12; n++) {
        uint32_t intervals = (n - 3) / 2 * 2;
        double took_s = clique_withdrawal_s(n, &profile, 7);
        assert_near(took_s, intervals * profile.mrai_ebgp_s, 0.01 * profile.mrai_ebgp_s);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* FRR's update groups of one clock, with 50 ms of batching a step. It counts whole
 * seconds: one interval may be up to a second short, by the phase of the clock. */
static void frr_takes_n_minus_3_intervals_too(void **state)
{
    (void)state;
    struct sim_bgp_profile profile = *sim_bgp_profile_named("frr");
    profile.mrai_ebgp_s = 30.0;
    for (uint32_t n = 4; n <= 12; n++) {
        double want_s = (n - 3) * profile.mrai_ebgp_s, took_s[11];
        for (uint64_t seed = 0; seed < 11; seed++) {
            took_s[seed] = clique_withdrawal_s(n, &profile, seed + 1);
            assert_true(took_s[seed] > want_s - 1.0);
            assert_true(took_s[seed] < want_s + 0.06 * n);
        }
        qsort(took_s, 11, sizeof took_s[0], by_size);
        assert_near(took_s[5] / want_s, 1.0, 0.01);
    }
}

/* count withdrawals every interval_s, each followed by the route 0.5 s later; then
 * node 2 is watched around the instant at which it should use the route again. */
static void expect_reuse(int count, double interval_s, bool is_used_before_last, double reuse_s)
{
    struct data_topology *topology = line();
    struct sim_bgp_profile profile = { .name = "damped", .process_s = 1e-3,
        .damping = { .withdraw_penalty = 1000.0, .change_penalty = 500.0, .suppress = 2000.0,
            .reuse = 750.0, .half_life_s = 900.0, .max_suppress_s = 3600.0 } };
    struct sim_bgp *bgp = line_bgp(topology, &profile, 1);
    sim_bgp_announce(bgp, 0, 0, NULL);
    assert_int_equal(sim_bgp_run(bgp, 10 * HB_NS_PER_S), HB_OK);
    for (int flap = 0; flap < count; flap++) {
        if (flap + 1 == count) {
            assert_int_equal(sim_bgp_via(bgp, 1, 0) == 0, is_used_before_last);
        }
        double at_s = 10.0 + flap * interval_s;
        sim_bgp_withdraw(bgp, 0, 0);
        assert_int_equal(sim_bgp_run(bgp, hb_units_ns(at_s + 0.5)), HB_OK);
        sim_bgp_announce(bgp, 0, 0, NULL);
        double next_s = flap + 1 == count ? 0.6 : interval_s;
        assert_int_equal(sim_bgp_run(bgp, hb_units_ns(at_s + next_s)), HB_OK);
    }
    double last_s = 10.0 + (count - 1) * interval_s;
    assert_int_equal(sim_bgp_run(bgp, hb_units_ns(last_s + reuse_s - 2.0)), HB_OK);
    assert_int_equal(sim_bgp_via(bgp, 1, 0), SIM_BGP_NONE);
    assert_int_equal(sim_bgp_run(bgp, hb_units_ns(last_s + reuse_s + 2.0)), HB_OK);
    assert_int_equal(sim_bgp_via(bgp, 1, 0), 0);
    assert_int_equal(sim_bgp_via(bgp, 3, 0), 2);
    sim_bgp_free(bgp);
    data_topology_free(topology);
}

/* RFC 2439 in closed form: after k flaps every T the penalty is 1000 times the sum
 * of 2^(-iT/900), i < k, and a suppressed route returns after 900 log2(penalty /
 * 750); but never above 750 x 2^(3600/900), which takes just the longest time. */
static void damping_follows_its_closed_form(void **state)
{
    (void)state;
    double penalty = 1000.0 * (1.0 + exp2(-300.0 / 900.0) + exp2(-600.0 / 900.0));
    assert_true(penalty > 2000.0);
    assert_true(1000.0 * (1.0 + exp2(-300.0 / 900.0)) < 2000.0); /* two do not suppress */
    expect_reuse(3, 300.0, true, 900.0 * log2(penalty / 750.0));
    double quick = 1000.0 * (1.0 + exp2(-2.0 / 900.0) + exp2(-4.0 / 900.0));
    expect_reuse(3, 2.0, true, 900.0 * log2(quick / 750.0));
    expect_reuse(40, 7.31, false, 3600.0);
}

/* Hold time 9 s, keepalives every 3: the last may be up to 3 s old. */
static void silence_is_noticed_by_the_hold_timer(void **state)
{
    (void)state;
    struct data_topology *topology = line();
    static const char *const names[] = { "frr", "rfc4271" };
    for (int i = 0; i < 2; i++) {
        struct sim_bgp_profile profile = *sim_bgp_profile_named(names[i]);
        profile.hold_s = 9.0;
        profile.timer_jitter = 0.0;
        struct sim_bgp *bgp = line_bgp(topology, &profile, 1);
        sim_bgp_announce(bgp, 0, 0, NULL);
        assert_int_equal(sim_bgp_run(bgp, 100 * HB_NS_PER_S), HB_OK);
        sim_bgp_silence(bgp, data_topology_edge(topology, 1, 0));
        assert_int_equal(sim_bgp_run(bgp, 105900 * MS), HB_OK);
        assert_int_equal(sim_bgp_via(bgp, 3, 0), 2);
        assert_int_equal(sim_bgp_run(bgp, 109300 * MS), HB_OK);
        assert_int_equal(sim_bgp_via(bgp, 1, 0), SIM_BGP_NONE);
        assert_int_equal(sim_bgp_via(bgp, 3, 0), SIM_BGP_NONE);
        sim_bgp_restore(bgp, data_topology_edge(topology, 0, 1));
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        assert_int_equal(sim_bgp_via(bgp, 3, 0), 2);
        sim_bgp_free(bgp);
    }
    data_topology_free(topology);
}

/* What was sent into a silence shorter than the hold time arrives by TCP. */
static void a_short_silence_loses_nothing(void **state)
{
    (void)state;
    struct data_topology *topology = line();
    static const char *const names[] = { "bird", "frr", "rfc4271", "internet" };
    for (int i = 0; i < 4; i++) {
        struct sim_bgp *bgp = line_bgp(topology, sim_bgp_profile_named(names[i]), 1);
        uint32_t edge = data_topology_edge(topology, 0, 1);
        sim_bgp_silence(bgp, edge);
        sim_bgp_announce(bgp, 0, 0, NULL);
        assert_int_equal(sim_bgp_run(bgp, 5 * HB_NS_PER_S), HB_OK);
        assert_int_equal(sim_bgp_via(bgp, 1, 0), SIM_BGP_NONE);
        sim_bgp_restore(bgp, edge);
        assert_int_equal(sim_bgp_run(bgp, 20 * HB_NS_PER_S), HB_OK);
        assert_int_equal(sim_bgp_via(bgp, 3, 0), 2);
        sim_bgp_free(bgp);
    }
    data_topology_free(topology);
}

static void a_session_that_resets_comes_back_with_its_routes(void **state)
{
    (void)state;
    struct data_topology *topology = line();
    static const char *const names[] = { "bird", "frr", "rfc4271", "internet" };
    for (int i = 0; i < 4; i++) {
        struct sim_bgp *bgp = line_bgp(topology, sim_bgp_profile_named(names[i]), 1);
        sim_bgp_announce(bgp, 0, 0, NULL);
        assert_int_equal(sim_bgp_run(bgp, 100 * HB_NS_PER_S), HB_OK);
        sim_bgp_reset(bgp, data_topology_edge(topology, 1, 2));
        assert_int_equal(sim_bgp_run(bgp, 100 * HB_NS_PER_S + 900 * MS), HB_OK);
        assert_int_equal(sim_bgp_via(bgp, 2, 0), SIM_BGP_NONE);
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        assert_int_equal(sim_bgp_via(bgp, 3, 0), 2);
        sim_bgp_free(bgp);
    }
    data_topology_free(topology);
}

struct wires {
    uint32_t from;
    int64_t at_ns[2]; /* prefix */
};

static void note_wire(void *ctx, const struct sim_bgp_message *message)
{
    struct wires *wires = ctx;
    if (message->from == wires->from) {
        wires->at_ns[message->prefix] = message->at_ns;
    }
}

/* How long Nagle holds the second of two UPDATEs 5 ms apart from one end of a link of
 * 30 ms, the sessions being 100 s old. */
static double second_update_ms(
    const struct sim_bgp_profile *profile, uint32_t from, uint64_t seed)
{
    const struct data_link links[] = { { .a = 1, .b = 2, .delay_ns = 30 * MS, .relation = SIB },
        { .a = 2, .b = 3, .delay_ns = 30 * MS, .relation = SIB } };
    struct data_topology *topology = network(links, 2);
    struct wires wires = { .from = from };
    struct sim_bgp *bgp = made(&(struct sim_bgp_options){ .topology = topology,
        .profiles = profile, .profile_count = 1, .prefix_count = 2, .seed = seed,
        .ctx = &wires, .sent = note_wire });
    assert_int_equal(sim_bgp_run(bgp, 100 * HB_NS_PER_S), HB_OK);
    sim_bgp_announce(bgp, from, 0, NULL);
    assert_int_equal(sim_bgp_run(bgp, 100005 * MS), HB_OK);
    sim_bgp_announce(bgp, from, 1, NULL);
    assert_int_equal(sim_bgp_run(bgp, 100200 * MS), HB_OK);
    sim_bgp_free(bgp);
    data_topology_free(topology);
    return hb_units_s(wires.at_ns[1] - wires.at_ns[0]) * 1e3;
}

/* The called end's KEEPALIVE comes first, and the other's own follows at once: Linux
 * takes it for an answer, and delays the next acknowledgement by 40 to 48 ms. */
static void keepalives_that_cross_delay_the_next_acknowledgement(void **state)
{
    (void)state;
    struct sim_bgp_profile profile = *sim_bgp_profile_named("frr");
    profile.hold_s = 240.0;
    profile.keepalive_merge_s = 0.0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        double called_ms = second_update_ms(&profile, 0, seed);
        assert_true(called_ms >= 100.0 && called_ms <= 108.0);
        assert_near(second_update_ms(&profile, 2, seed), 60.0, 0.01); /* after its own: no answer */
    }
    profile.hold_s = 0.0; /* none at all */
    assert_near(second_update_ms(&profile, 0, 1), 60.0, 0.01);
    profile = *sim_bgp_profile_named("bird"); /* jitter: they do not meet */
    assert_near(second_update_ms(&profile, 0, 1), 60.0, 0.01);
}

/* With the neighbour's KEEPALIVEs sent together, some leave too early to be answers. */
static void keepalives_sent_together_lose_that_rhythm(void **state)
{
    (void)state;
    struct sim_bgp_profile profile = *sim_bgp_profile_named("frr");
    profile.hold_s = 240.0;
    profile.start_spread_s = 0.09; /* all of a node's within the 0.1 s */
    uint32_t delayed = 0, seeds = 200;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        delayed += second_update_ms(&profile, 0, seed) > 99.0;
    }
    /* The middle one's KEEPALIVE still follows as an answer if its other session began
     * 30 ms or more after this one, of 90: (60 / 90)^2 / 2, +- three standard errors. */
    assert_near((double)delayed / seeds, 0.222, 0.09);
}

/* Messages as the kernel lets them go: the one before each is acknowledged at the
 * first tick after 40 ms, ticks being at phase_ms + 4 k. */
static uint32_t wire_drawn(struct data_bgp_wire *wire, double phase_ms, double delay_ms)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < 5; i++) {
        double first_ms = 13.7 + 311.3 * i;
        double least_ms = first_ms + delay_ms + 40.0;
        double expiry_ms = phase_ms + 4.0 * ceil((least_ms - phase_ms) / 4.0);
        wire[count++] = (struct data_bgp_wire){ .at_ms = first_ms, .from = 1, .to = 2 };
        wire[count++] = (struct data_bgp_wire){ .at_ms = expiry_ms + delay_ms, .from = 1, .to = 2 };
        /* Acknowledged at once: at any phase, and no evidence. */
        double next_ms = expiry_ms + 3.0 * delay_ms;
        wire[count++] = (struct data_bgp_wire){ .at_ms = next_ms, .from = 1, .to = 2 };
    }
    return count;
}

static void delayed_acknowledgements_tell_the_phase_of_the_ticks(void **state)
{
    (void)state;
    static const double delay_ms[4] = { 0.0, 17.3, 17.3, 0.0 };
    struct data_bgp_wire wire[15];
    for (int i = 0; i < 8; i++) {
        double phase_ms = 0.21 + 0.47 * i;
        struct data_bgp_run run = { .wire = wire, .wire_count = wire_drawn(wire, phase_ms, 17.3) };
        assert_near(sim_bgp_phase_ms(&run, delay_ms, 2), phase_ms, 1e-6);
        run.wire_count = 6; /* two instants are too few */
        assert_true(isnan(sim_bgp_phase_ms(&run, delay_ms, 2)));
        run.wire_count = 15;
        wire[4].at_ms += 2.0; /* five that disagree */
        wire[7].at_ms += 1.3;
        wire[10].at_ms += 2.6;
        assert_true(isnan(sim_bgp_phase_ms(&run, delay_ms, 2)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cliques_withdrawal_takes_n_minus_3_intervals),
        cmocka_unit_test(withdrawals_not_held_save_an_interval_where_n_is_even),
        cmocka_unit_test(frr_takes_n_minus_3_intervals_too),
        cmocka_unit_test(damping_follows_its_closed_form),
        cmocka_unit_test(silence_is_noticed_by_the_hold_timer),
        cmocka_unit_test(a_short_silence_loses_nothing),
        cmocka_unit_test(a_session_that_resets_comes_back_with_its_routes),
        cmocka_unit_test(keepalives_that_cross_delay_the_next_acknowledgement),
        cmocka_unit_test(keepalives_sent_together_lose_that_rhythm),
        cmocka_unit_test(delayed_acknowledgements_tell_the_phase_of_the_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
