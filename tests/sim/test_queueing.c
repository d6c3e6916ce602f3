/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "sim/engine/draw.h"
#include "sim/infra/queueing.h"

static struct sim_queueing pool(uint32_t servers, double load, uint32_t room)
{
    return (struct sim_queueing){ .arrival_hz = load / 0.731, .service_s = 0.731,
        .servers = servers, .waiting_room = room };
}

/* Published: Erlang B traffic tables, offered load at 1 % and 0.1 % blocking. */
static void loss_matches_the_erlang_b_table(void **state)
{
    (void)state;
    static const struct {
        uint32_t servers;
        double load, loss;
    } table[] = { { 1, 0.0101, 0.01 }, { 2, 0.153, 0.01 }, { 5, 1.36, 0.01 }, { 10, 4.46, 0.01 },
        { 20, 12.03, 0.01 }, { 50, 37.90, 0.01 }, { 100, 84.06, 0.01 }, { 10, 3.09, 0.001 },
        { 30, 16.68, 0.001 }, { 100, 75.24, 0.001 } };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct sim_queueing in = pool(table[i].servers, table[i].load, 0);
        struct sim_queueing_delay got;
        assert_int_equal(sim_queueing_delay(&in, &got), HB_OK);
        /* the tables print loads to three or four digits */
        assert_true(fabs(got.loss_share / table[i].loss - 1.0) < 0.025);
        assert_near(got.wait_s, 0.0, 0.0);
    }
}

/* By hand: M/M/1 C = rho; M/M/2 at a = 1: 1/3; M/M/3 at a = 2: 4/9. */
static void waiting_matches_erlang_c_by_hand(void **state)
{
    (void)state;
    static const struct {
        uint32_t servers;
        double load, waits;
    } cases[] = { { 1, 0.37, 0.37 }, { 2, 1.0, 1.0 / 3.0 }, { 3, 2.0, 4.0 / 9.0 } };
    for (size_t i = 0; i < 3; i++) {
        struct sim_queueing in = pool(cases[i].servers, cases[i].load, UINT32_MAX);
        struct sim_queueing_delay got;
        assert_int_equal(sim_queueing_delay(&in, &got), HB_OK);
        assert_near(got.wait_share, cases[i].waits, 1e-14);
        assert_near(got.wait_s, cases[i].waits * 0.731 / (cases[i].servers - cases[i].load), 1e-13);
        assert_near(got.utilization, cases[i].load / cases[i].servers, 1e-14);
    }
}

/* Oracle: the chain's balance equations, state by state, in long double (whose
 * range the overloaded long queue just fits: 1.0003^90000 = e^27). */
static void equals_the_birth_death_chain(void **state)
{
    (void)state;
    static const uint32_t servers[] = { 1, 2, 7, 40, 331 }, rooms[] = { 0, 1, 13, 90000 };
    static const double rhos[] = { 0.013, 0.61, 0.97, 1.0, 1.0000001, 1.0003, 8.2 };
    for (int s = 0; s < 5; s++) {
        for (int k = 0; k < 28; k++) {
            uint32_t room = rhos[k % 7] > 2.0 ? rooms[k / 7] % 89990 : rooms[k / 7];
            double load = rhos[k % 7] * servers[s];
            struct sim_queueing in = pool(servers[s], load, room);
            long double p = 1.0L, all = 1.0L, queue = 0.0L, waits = 0.0L, full = 0.0L;
            uint32_t last = servers[s] + room;
            for (uint32_t n = 1; n <= last; n++) {
                p *= (long double)load / (n < servers[s] ? n : servers[s]);
                all += p;
                queue += n > servers[s] ? p * (n - servers[s]) : 0.0L;
                waits += n >= servers[s] && n < last ? p : 0.0L;
                full = p;
            }
            long double accepted = 1.0L - full / all;
            struct sim_queueing_delay got;
            assert_int_equal(sim_queueing_delay(&in, &got), HB_OK);
            assert_near(got.loss_share, (double)(full / all), 1e-11);
            assert_near(got.wait_share, (double)(waits / all / accepted), 1e-10);
            assert_near(got.wait_s, (double)(queue / all / accepted / in.arrival_hz), 2e-7);
        }
    }
}

static void a_long_room_approaches_no_limit(void **state)
{
    (void)state;
    struct sim_queueing in = pool(23, 21.7, UINT32_MAX), finite = pool(23, 21.7, 100000);
    struct sim_queueing_delay open, closed;
    assert_int_equal(sim_queueing_delay(&in, &open), HB_OK);
    assert_int_equal(sim_queueing_delay(&finite, &closed), HB_OK);
    assert_near(closed.wait_s, open.wait_s, 1e-9);
    assert_near(closed.wait_share, open.wait_share, 1e-9);
    /* and one million servers just below full load still wait a finite time */
    struct sim_queueing large = pool(1000000, 999000.0, UINT32_MAX);
    assert_int_equal(sim_queueing_delay(&large, &open), HB_OK);
    /* Halfin, Whitt 1981: beta = (1 - rho) sqrt(c) = 1 gives C = 1 / (1 + beta Phi / phi) */
    assert_near(open.wait_share, 1.0 / (1.0 + 0.8413447460685429 / 0.24197072451914337), 2e-3);
}

/* Oracle: a queue run request by request (Kiefer and Wolfowitz): each takes the
 * server that is free first. Seed fixed; the tolerance is over 5 standard
 * errors of a run of this length, so under one run in a million would fail. */
static void a_simulated_queue_waits_as_long(void **state)
{
    (void)state;
    enum { SERVERS = 4, REQUESTS = 2000000 };
    struct sim_stream draws = sim_stream_of(41, SIM_STREAM_TEST, 5);
    struct sim_queueing in = pool(SERVERS, 3.1, UINT32_MAX);
    double free_s[SERVERS] = { 0 }, now_s = 0.0, waited_s = 0.0, quantile_s;
    assert_int_equal(sim_queueing_quantile_s(&in, 0.9, &quantile_s), HB_OK);
    uint32_t waits = 0, beyond = 0;
    for (int i = 0; i < REQUESTS; i++) {
        now_s += sim_draw_exponential(&draws, 1.0 / in.arrival_hz);
        int first = 0;
        for (int k = 1; k < SERVERS; k++) {
            first = free_s[k] < free_s[first] ? k : first;
        }
        double wait_s = fmax(0.0, free_s[first] - now_s);
        waited_s += wait_s;
        waits += wait_s > 0.0;
        beyond += wait_s > quantile_s;
        free_s[first] = now_s + wait_s + sim_draw_exponential(&draws, in.service_s);
    }
    struct sim_queueing_delay got;
    assert_int_equal(sim_queueing_delay(&in, &got), HB_OK);
    assert_true(fabs(waited_s / REQUESTS / got.wait_s - 1.0) < 0.025);
    assert_true(fabs((double)waits / REQUESTS / got.wait_share - 1.0) < 0.01);
    assert_true(fabs((double)beyond / REQUESTS / 0.1 - 1.0) < 0.03);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct sim_queueing_delay got = { .wait_s = 731.3 };
    struct sim_queueing in = pool(3, 3.0, UINT32_MAX);
    assert_int_equal(sim_queueing_delay(&in, &got), HB_ERR_DIVERGES);
    in = pool(3, 2.999, UINT32_MAX);
    assert_int_equal(sim_queueing_delay(&in, &got), HB_OK);
    got.wait_s = 731.3;
    in.servers = 0;
    assert_int_equal(sim_queueing_delay(&in, &got), HB_ERR_RANGE);
    in = pool(3, -0.1, 5);
    assert_int_equal(sim_queueing_delay(&in, &got), HB_ERR_RANGE);
    in = pool(3, NAN, 5);
    assert_int_equal(sim_queueing_delay(&in, &got), HB_ERR_RANGE);
    in = pool(3, 1.0, 5);
    in.service_s = 0.0;
    assert_int_equal(sim_queueing_delay(&in, &got), HB_ERR_RANGE);
    assert_near(got.wait_s, 731.3, 0.0);
    in = pool(3, 0.0, 5);
    assert_int_equal(sim_queueing_delay(&in, &got), HB_OK);
    assert_near(got.wait_s + got.loss_share + got.wait_share, 0.0, 0.0);
    double quantile_s;
    assert_int_equal(sim_queueing_quantile_s(&in, 0.5, &quantile_s), HB_ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_matches_the_erlang_b_table),
        cmocka_unit_test(waiting_matches_erlang_c_by_hand),
        cmocka_unit_test(equals_the_birth_death_chain),
        cmocka_unit_test(a_long_room_approaches_no_limit),
        cmocka_unit_test(a_simulated_queue_waits_as_long),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
