/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/net/dns.h"

/* One name for all, resolvers that send the subnet, clients in subnets of so many. */
static struct sim_dns_config common(uint32_t clients, uint32_t resolvers, uint32_t subnet_clients)
{
    struct sim_dns_config config;
    sim_dns_default(&config);
    config.client_count = clients;
    config.resolvers_per_region = resolvers;
    config.naming = SIM_DNS_NAMING_COMMON;
    config.ecs_share = 1.0;
    config.subnet_clients = subnet_clients;
    config.extend_share = 0.0;
    return config;
}

/* Oracle: resolvers that keep one answer a subnet, and an authoritative server with one
 * record a subnet, ticked through every millisecond by the rules alone. Who is in which
 * subnet is asked of the code; that is drawn. */
enum { SHARERS = 14, TICKED_LIFE = 1000 };

struct entry {
    int64_t filled, effective;
    uint32_t said, said_ttl, next, next_ttl, held, held_ttl, askers;
    int is_filled;
};

struct shared {
    struct entry entries[SHARERS]; /* of the first client with this resolver and subnet */
    uint32_t entry_of[SHARERS], subnet_of[SHARERS];
    int is_on[SHARERS];
    int64_t gap, delay;
    uint64_t lookups, misses;
};

static int64_t end_of(const struct entry *e)
{
    return e->filled + e->held_ttl;
}

static void fill(struct shared *all, struct entry *e, int64_t now)
{
    e->held = e->said;
    e->held_ttl = e->said_ttl;
    e->filled = now;
    e->is_filled = 1;
    all->lookups += e->askers;
    all->misses++;
}

static void tick_shared(struct shared *all, int64_t now)
{
    for (int i = 0; i < SHARERS; i++) {
        struct entry *e = &all->entries[i];
        if (e->effective == now) {
            e->said = e->next;
            e->said_ttl = e->next_ttl;
        }
        if (e->askers > 0 && now >= end_of(e) + all->gap) {
            fill(all, e, now);
        }
    }
}

static void group(struct shared *all, const struct sim_dns *dns)
{
    for (uint32_t c = 0; c < SHARERS; c++) {
        struct sim_dns_neighbours near = sim_dns_neighbours(dns, c);
        uint32_t first = SHARERS, entry = SHARERS;
        for (uint32_t i = 0; i < near.count; i++) {
            uint32_t other = near.clients[i];
            first = other < first ? other : first;
            bool is_same = sim_dns_resolver(dns, other) == sim_dns_resolver(dns, c);
            entry = is_same && other < entry ? other : entry;
        }
        assert_true(entry <= c);
        all->subnet_of[c] = first;
        all->entry_of[c] = entry;
        all->entries[c] = (struct entry) { .said = SIM_DNS_ANYCAST, .said_ttl = TICKED_LIFE,
            .held = SIM_DNS_ANYCAST, .held_ttl = TICKED_LIFE, .effective = -1 };
    }
}

static void toggle(struct shared *all, struct sim_dns *dns, uint32_t client, int64_t now)
{
    struct entry *e = &all->entries[all->entry_of[client]];
    all->is_on[client] = !all->is_on[client];
    if (!all->is_on[client]) {
        e->askers--;
        sim_dns_disconnect(dns, client, now * HB_NS_PER_MS);
        return;
    }
    e->askers++;
    bool is_hit = e->is_filled && now < end_of(e), others = e->askers > 1;
    if (is_hit) {
        all->lookups++;
    } else {
        fill(all, e, now);
    }
    assert_int_equal(sim_dns_connect(dns, client, now * HB_NS_PER_MS), !is_hit && others);
}

static void command_subnet(struct shared *all, struct sim_dns *dns, int64_t now,
    struct sim_stream *draws)
{
    uint32_t client = sim_draw_below(draws, SHARERS), site = sim_draw_below(draws, 4);
    uint32_t ttl = 1 + sim_draw_below(draws, 60);
    if (sim_draw_below(draws, 10) < 5) {
        toggle(all, dns, client, now);
        return;
    }
    int is_cleared = site == 3;
    for (int i = 0; i < SHARERS; i++) {
        struct entry *e = &all->entries[i];
        if (all->subnet_of[i] == all->subnet_of[client] && all->entry_of[i] == (uint32_t)i) {
            e->next = is_cleared ? SIM_DNS_ANYCAST : site;
            e->next_ttl = is_cleared ? TICKED_LIFE : ttl;
            e->effective = now + all->delay;
            e->said = all->delay == 0 ? e->next : e->said;
            e->said_ttl = all->delay == 0 ? e->next_ttl : e->said_ttl;
        }
    }
    enum hb_status status = is_cleared ? sim_dns_clear(dns, client, now * HB_NS_PER_MS, NULL)
        : sim_dns_point(dns, client, site, ttl * 1e-3, now * HB_NS_PER_MS, NULL);
    assert_int_equal(status, HB_OK);
}

static void run_shared(struct sim_dns *dns, struct shared *all, struct sim_stream *draws)
{
    int64_t now = 1;
    for (int round = 0; round < 1200; round++) {
        int64_t until = now + 1 + sim_draw_below(draws, round % 7 == 0 ? 3000 : 40);
        int64_t promised_ns[SHARERS], changed[SHARERS];
        uint32_t before[SHARERS];
        for (uint32_t c = 0; c < SHARERS; c++) {
            before[c] = all->entries[all->entry_of[c]].held;
            promised_ns[c] = sim_dns_visible_at(dns, c, now * HB_NS_PER_MS);
            changed[c] = -1;
        }
        while (now < until) {
            now++;
            tick_shared(all, now);
            for (uint32_t c = 0; c < SHARERS; c++) {
                bool is_new = all->is_on[c] && all->entries[all->entry_of[c]].held != before[c];
                changed[c] = is_new && changed[c] < 0 ? now : changed[c];
            }
        }
        for (uint32_t c = 0; c < SHARERS; c++) {
            assert_true(changed[c] >= 0 ? promised_ns[c] == changed[c] * HB_NS_PER_MS
                                        : promised_ns[c] > now * HB_NS_PER_MS);
            if (all->is_on[c]) {
                assert_int_equal(sim_dns_answer(dns, c, now * HB_NS_PER_MS),
                    all->entries[all->entry_of[c]].held);
            }
        }
        command_subnet(all, dns, now, draws);
    }
}

static void neighbours_equal_resolvers_ticked_by_the_millisecond(void **state)
{
    (void)state;
    uint32_t sharing = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct sim_stream draws = sim_stream_of(seed, SIM_STREAM_TEST, 3);
        struct sim_dns_config config = common(SHARERS, 2, 4);
        struct sim_dns *dns;
        struct shared all = { .gap = (int64_t)(seed % 4) * 5, .delay = (int64_t)(seed % 5) * 11 };
        config.seed = seed;
        config.anycast_ttl_s = 1e-3 * TICKED_LIFE;
        config.request_gap_s = 1e-3 * (double)all.gap;
        config.update_delay_s = 1e-3 * (double)all.delay;
        assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
        group(&all, dns);
        run_shared(dns, &all, &draws);
        struct sim_dns_counts counts = sim_dns_counts(dns);
        assert_int_equal(counts.lookups, all.lookups);
        assert_int_equal(counts.misses, all.misses);
        for (uint32_t c = 0; c < SHARERS; c++) {
            sharing += all.entry_of[c] != c;
        }
        sim_dns_free(dns);
    }
    assert_in_range(sharing, 24 * SHARERS / 4, 24 * SHARERS); /* it was not for nothing */
}

/* Closed form: n clients of one subnet behind one resolver cause one miss a TTL and n
 * look-ups, and all are stale for the same rest of its age, uniform over the TTL. */
static void a_subnet_is_stale_together_and_asks_once(void **state)
{
    (void)state;
    enum { N = 400 };
    double sum_s = 0.0, square_s2 = 0.0;
    struct sim_stream draws = sim_stream_of(31, SIM_STREAM_TEST, 0);
    for (uint32_t k = 0; k < N; k++) {
        struct sim_dns_config config = common(9, 1, 9);
        struct sim_dns *dns;
        config.seed = 100 + k;
        config.anycast_ttl_s = 73.1;
        config.request_gap_s = 0.0;
        config.update_delay_s = 0.0;
        assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
        for (uint32_t c = 0; c < 9; c++) {
            (void)sim_dns_connect(dns, c, 0); /* nobody has seen anything else yet */
        }
        int64_t at_ns = hb_units_ns(7310.0 + sim_draw_between(&draws, 0.0, 73.1));
        int64_t end_ns = hb_units_ns(7310.0 + 200.0 * 73.1);
        assert_int_equal(sim_dns_point(dns, k % 9, 5, 73.1, at_ns, NULL), HB_OK);
        int64_t seen_ns = sim_dns_visible_at(dns, 0, at_ns);
        double stale_s = hb_units_s(seen_ns - at_ns);
        sum_s += stale_s;
        square_s2 += stale_s * stale_s;
        for (uint32_t c = 0; c < 9; c++) {
            assert_int_equal(sim_dns_visible_at(dns, c, at_ns), seen_ns);
            assert_int_equal(sim_dns_answer(dns, c, seen_ns - 1), SIM_DNS_ANYCAST);
        }
        for (uint32_t c = 0; c < 9; c++) {
            assert_int_equal(sim_dns_answer(dns, c, seen_ns), 5);
            assert_int_equal(sim_dns_answer(dns, c, end_ns), 5);
        }
        struct sim_dns_counts counts = sim_dns_counts(dns);
        assert_in_range(counts.misses, 300, 302);
        assert_in_range(counts.lookups, 9 * 300, 9 * 302);
        sim_dns_free(dns);
    }
    /* a uniform's moments, within five standard errors: T / sqrt(12 n), T^2 sqrt(4 / 45 n) */
    assert_near(sum_s / N, 73.1 / 2.0, 5.0 * 73.1 / sqrt(12.0 * N));
    assert_near(square_s2 / N, 73.1 * 73.1 / 3.0, 5.0 * 73.1 * 73.1 * sqrt(4.0 / 45.0 / N));
}

/* Who comes while the resolver is down has nothing, though its neighbours still do. */
static void a_newcomer_has_nothing_while_the_resolver_is_down(void **state)
{
    (void)state;
    struct sim_dns_config config = common(2, 1, 2);
    struct sim_dns *dns;
    config.stagger = false;
    assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
    sim_dns_connect(dns, 0, hb_units_ns(10.0));
    sim_dns_resolver_outage(dns, 0, true, hb_units_ns(20.0));
    assert_false(sim_dns_connect(dns, 1, hb_units_ns(30.0)));
    assert_int_equal(sim_dns_answer(dns, 0, hb_units_ns(31.0)), SIM_DNS_ANYCAST);
    assert_int_equal(sim_dns_answer(dns, 1, hb_units_ns(31.0)), SIM_DNS_FAILED);
    assert_int_equal(sim_dns_visible_at(dns, 1, hb_units_ns(31.0)), HB_NEVER_NS);
    sim_dns_resolver_outage(dns, 0, false, hb_units_ns(40.0));
    assert_int_equal(sim_dns_answer(dns, 1, hb_units_ns(40.0)), SIM_DNS_ANYCAST);
    sim_dns_resolver_outage(dns, 0, true, hb_units_ns(50.0));
    assert_int_equal(sim_dns_answer(dns, 1, hb_units_ns(60.0)), SIM_DNS_ANYCAST);
    assert_int_equal(sim_dns_answer(dns, 1, hb_units_ns(71.5)), SIM_DNS_FAILED); /* both */
    assert_int_equal(sim_dns_answer(dns, 0, hb_units_ns(71.5)), SIM_DNS_FAILED);
    sim_dns_free(dns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_equal_resolvers_ticked_by_the_millisecond),
        cmocka_unit_test(a_subnet_is_stale_together_and_asks_once),
        cmocka_unit_test(a_newcomer_has_nothing_while_the_resolver_is_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
