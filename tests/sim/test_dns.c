/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/net/dns.h"

/* Kolmogorov and Smirnov: the distance that n uniform values exceed with
 * probability alpha is at most sqrt(ln(2 / alpha) / 2 n) (Massart 1990). */
static double limit_of_distance(double alpha, size_t n)
{
    return sqrt(log(2.0 / alpha) / 2.0 / (double)n);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef double cdf_fn(double x, const double *parameters);

static double distance_from(double *values, size_t n, cdf_fn *cdf, const double *parameters)
{
    qsort(values, n, sizeof *values, ascending);
    double worst = 0.0;
    for (size_t i = 0; i < n; i++) {
        double f = cdf(values[i], parameters);
        worst = fmax(worst, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
    }
    return worst;
}

static double clamped(double x)
{
    return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
}

/* parameters: TTL, share that extends, what it extends to */
static double stale_cdf(double x, const double *parameters)
{
    return (1.0 - parameters[1]) * clamped(x / parameters[0])
        + parameters[1] * clamped(x / parameters[2]);
}

enum { CLIENTS = 40000 };

static struct sim_dns *names_of(const struct sim_dns_config *config)
{
    struct sim_dns *dns;
    assert_int_equal(sim_dns_create(config, &dns), HB_OK);
    for (uint32_t c = 0; c < config->client_count; c++) {
        sim_dns_connect(dns, c, 0);
    }
    return dns;
}

/* Changes each client's record at its own random instant, well after the
 * start; staleness = first instant of the new answer - instant of effect. */
static void measure(struct sim_dns *dns, double *stale_s, uint64_t seed)
{
    struct sim_stream draws = sim_stream_of(seed, SIM_STREAM_TEST, 0);
    for (uint32_t c = 0; c < CLIENTS; c++) {
        int64_t at_ns = hb_units_ns(sim_draw_between(&draws, 20000.0, 60000.0)), effective_ns;
        assert_int_equal(sim_dns_point(dns, c, 7, 41.7, at_ns, &effective_ns), HB_OK);
        int64_t seen_ns = sim_dns_visible_at(dns, c, at_ns);
        assert_true(seen_ns >= effective_ns);
        assert_int_equal(sim_dns_answer(dns, c, seen_ns - 1), SIM_DNS_ANYCAST);
        assert_int_equal(sim_dns_answer(dns, c, seen_ns), 7);
        stale_s[c] = hb_units_s(seen_ns - effective_ns);
    }
}

/* Closed form: a change at a random instant meets a cache entry of uniform age.
 * Would fail by chance with probability 1e-6 (another seed). */
static void staleness_is_the_rest_of_a_uniform_age(void **state)
{
    (void)state;
    static double stale_s[CLIENTS];
    struct sim_dns_config config;
    sim_dns_default(&config);
    config.seed = 11;
    config.client_count = CLIENTS;
    config.anycast_ttl_s = 73.1;
    config.request_gap_s = 0.0;
    config.extend_share = 0.0;
    struct sim_dns *dns = names_of(&config);
    measure(dns, stale_s, 3);
    double parameters[] = { 73.1, 0.0, 1.0 }, sum = 0.0;
    assert_true(distance_from(stale_s, CLIENTS, stale_cdf, parameters)
        < limit_of_distance(1e-6, CLIENTS));
    for (size_t i = 0; i < CLIENTS; i++) {
        sum += stale_s[i];
    }
    /* the mean is TTL / 2; standard error of a uniform mean, five of them */
    assert_true(fabs(sum / CLIENTS - 73.1 / 2.0) < 5.0 * 73.1 / sqrt(12.0 * CLIENTS));
    sim_dns_free(dns);
}

/* The same with resolvers that keep everything for 300 s: a mixture. The share
 * used is that of the clients drawn, so the test is of staleness alone. */
static void violators_keep_stale_answers_longer(void **state)
{
    (void)state;
    static double stale_s[CLIENTS];
    struct sim_dns_config config;
    sim_dns_default(&config);
    config.seed = 12;
    config.client_count = CLIENTS;
    config.region_count = 1;
    config.resolvers_per_region = 2000;
    config.anycast_ttl_s = 30.0;
    config.request_gap_s = 0.0;
    config.extend_sigma = 0.0;
    struct sim_dns *dns = names_of(&config);
    measure(dns, stale_s, 4);
    double share = (double)sim_dns_counts(dns).violator_clients / CLIENTS;
    double parameters[] = { 30.0, share, 300.0 };
    assert_true(distance_from(stale_s, CLIENTS, stale_cdf, parameters)
        < limit_of_distance(1e-6, CLIENTS));
    sim_dns_free(dns);
}

/* Published: 8.74 % of resolvers extend TTLs. 19,999 regions of 3 resolvers;
 * each client sees one. Five standard errors of the share of 20,000 x 3. */
static void the_default_share_of_resolvers_extends(void **state)
{
    (void)state;
    struct sim_dns_config config;
    uint32_t *regions = calloc(CLIENTS, sizeof *regions);
    assert_non_null(regions);
    for (uint32_t c = 0; c < CLIENTS; c++) {
        regions[c] = c;
    }
    sim_dns_default(&config);
    config.seed = 13;
    config.client_count = config.region_count = CLIENTS;
    config.resolvers_per_region = 1;
    config.client_regions = regions;
    struct sim_dns *dns;
    assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
    double share = (double)sim_dns_counts(dns).violator_clients / CLIENTS;
    assert_true(fabs(share - 0.0874) < 5.0 * sqrt(0.0874 * 0.9126 / CLIENTS));
    assert_true(sim_dns_bytes(dns) < CLIENTS * (48 + 24) + 4096);
    sim_dns_free(dns);
    free(regions);
}

/* Oracle: a resolver and its authoritative server, ticked through every
 * millisecond by the rules alone. */
struct ticked {
    int64_t effective, filled;
    uint32_t site, ttl, next_site, next_ttl, cached, cached_ttl;
    int connected, has_entry;
    uint32_t floor, gap, delay;
};

static int64_t life_of(const struct ticked *t)
{
    return t->cached_ttl > t->floor ? t->cached_ttl : t->floor;
}

static void tick(struct ticked *t, int64_t now)
{
    if (t->effective == now) {
        t->site = t->next_site;
        t->ttl = t->next_ttl;
    }
    if (t->connected && now >= t->filled + life_of(t) + t->gap) {
        t->cached = t->site;
        t->cached_ttl = t->ttl;
        t->filled = now;
    }
}

static void command(struct ticked *t, struct sim_dns *dns, int64_t now, struct sim_stream *draws)
{
    int64_t now_ns = now * HB_NS_PER_MS;
    uint32_t what = sim_draw_below(draws, 10);
    if (what < 2) {
        t->connected = 0;
        sim_dns_disconnect(dns, 0, now_ns);
    } else if (what < 5) {
        if (!t->connected && (!t->has_entry || now >= t->filled + life_of(t))) {
            t->cached = t->site;
            t->cached_ttl = t->ttl;
            t->filled = now;
            t->has_entry = 1;
        }
        t->connected = 1;
        sim_dns_connect(dns, 0, now_ns);
    } else {
        uint32_t site = sim_draw_below(draws, 4), ttl = 1 + sim_draw_below(draws, 60);
        site = site == 3 ? SIM_DNS_ANYCAST : site;
        ttl = site == SIM_DNS_ANYCAST ? 1000 : ttl;
        t->next_site = site;
        t->next_ttl = ttl;
        t->effective = now + t->delay;
        if (t->delay == 0) {
            t->site = site;
            t->ttl = ttl;
        }
        if (site == SIM_DNS_ANYCAST) {
            assert_int_equal(sim_dns_clear(dns, 0, now_ns, NULL), HB_OK);
        } else {
            assert_int_equal(sim_dns_point(dns, 0, site, ttl * 1e-3, now_ns, NULL), HB_OK);
        }
    }
}

static void run_beside_ticks(struct sim_dns *dns, struct ticked *t, struct sim_stream *draws)
{
    int64_t now = 1;
    for (int round = 0; round < 1500; round++) {
        int64_t until = now + 1 + sim_draw_below(draws, round % 7 == 0 ? 3000 : 90), changed = -1;
        uint32_t before = t->cached;
        int64_t promised_ns = sim_dns_visible_at(dns, 0, now * HB_NS_PER_MS);
        while (now < until) {
            now++;
            tick(t, now);
            changed = changed < 0 && t->cached != before ? now : changed;
        }
        if (changed >= 0) {
            assert_int_equal(promised_ns, changed * HB_NS_PER_MS);
        } else {
            assert_true(promised_ns > now * HB_NS_PER_MS);
        }
        assert_int_equal(sim_dns_answer(dns, 0, now * HB_NS_PER_MS), t->cached);
        command(t, dns, now, draws);
        assert_int_equal(sim_dns_answer(dns, 0, now * HB_NS_PER_MS), t->cached);
    }
}

static void equals_a_cache_ticked_by_the_millisecond(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct sim_stream draws = sim_stream_of(seed, SIM_STREAM_TEST, 2);
        struct ticked t = { .effective = -1, .site = SIM_DNS_ANYCAST, .ttl = 1000,
            .cached = SIM_DNS_ANYCAST, .filled = -1000000,
            .floor = seed % 3 == 0 ? 37 : 0, .gap = (uint32_t)(seed % 4) * 5,
            .delay = (uint32_t)(seed % 5) * 11 };
        struct sim_dns_config config;
        sim_dns_default(&config);
        config.client_count = 1;
        config.anycast_ttl_s = 1.0;
        config.request_gap_s = t.gap * 1e-3;
        config.update_delay_s = t.delay * 1e-3;
        config.extend_share = t.floor > 0 ? 1.0 : 0.0;
        config.extend_floor_s = 0.037;
        config.extend_sigma = 0.0;
        struct sim_dns *dns;
        assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
        run_beside_ticks(dns, &t, &draws);
        sim_dns_free(dns);
    }
}

/* One common name without client subnets: one miss a TTL and resolver however
 * many clients share it, and no client can be pointed anywhere. */
static void clients_share_the_cache_of_a_common_name(void **state)
{
    (void)state;
    struct sim_dns_config config;
    sim_dns_default(&config);
    config.client_count = 500;
    config.resolvers_per_region = 1;
    config.naming = SIM_DNS_NAMING_COMMON;
    config.anycast_ttl_s = 100.0;
    config.request_gap_s = 0.0;
    config.extend_share = 0.0;
    struct sim_dns *dns = names_of(&config);
    for (uint32_t c = 0; c < 500; c++) {
        assert_int_equal(sim_dns_answer(dns, c, hb_units_ns(10000.0)), SIM_DNS_ANYCAST);
    }
    struct sim_dns_counts counts = sim_dns_counts(dns);
    assert_in_range(counts.lookups, 500 * 100, 500 * 101);
    assert_in_range(counts.misses, 100, 102);
    int64_t effective_ns;
    assert_int_equal(sim_dns_point(dns, 3, 9, 30.0, hb_units_ns(10000.0), &effective_ns),
        HB_ERR_UNSUPPORTED);
    assert_int_equal(effective_ns, hb_units_ns(10001.0));
    assert_int_equal(sim_dns_visible_at(dns, 3, hb_units_ns(10000.0)), HB_NEVER_NS);
    assert_int_equal(sim_dns_counts(dns).refused, 1);
    sim_dns_free(dns);
    config.ecs_share = 1.0;
    dns = names_of(&config);
    assert_int_equal(sim_dns_point(dns, 3, 9, 30.0, hb_units_ns(50.0), NULL), HB_OK);
    assert_int_equal(sim_dns_answer(dns, 3, hb_units_ns(151.1)), 9);
    assert_int_equal(sim_dns_answer(dns, 4, hb_units_ns(151.1)), SIM_DNS_ANYCAST);
    sim_dns_free(dns);
}

/* Zipf's law over three resolvers: 6/11, 3/11, 2/11; five standard errors. */
static void clients_choose_resolvers_by_zipf(void **state)
{
    (void)state;
    struct sim_dns_config config;
    sim_dns_default(&config);
    config.client_count = CLIENTS;
    config.resolvers_per_region = 3;
    struct sim_dns *dns = names_of(&config);
    double counts[3] = { 0 };
    for (uint32_t c = 0; c < CLIENTS; c++) {
        counts[sim_dns_resolver(dns, c)] += 1.0;
    }
    for (int k = 0; k < 3; k++) {
        double want = 6.0 / 11.0 / (k + 1);
        assert_true(fabs(counts[k] / CLIENTS - want) < 5.0 * sqrt(want * (1.0 - want) / CLIENTS));
    }
    sim_dns_free(dns);
}

static void sites_and_ttls_beyond_the_tables_change_nothing(void **state)
{
    (void)state;
    struct sim_dns_config config;
    struct sim_dns *dns = NULL;
    sim_dns_default(&config);
    config.client_count = 1;
    config.extend_share = 0.0;
    config.stagger = false;
    assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
    sim_dns_connect(dns, 0, 0);
    int64_t effective_ns = 731;
    enum hb_status beyond = sim_dns_point(dns, 0, SIM_DNS_SITES_MAX, 30.0, 1, &effective_ns);
    assert_int_equal(beyond, HB_ERR_RANGE);
    assert_int_equal(effective_ns, 731);
    /* With the anycast record's own there are SIM_DNS_TTLS_MAX. */
    for (int i = 1; i < SIM_DNS_TTLS_MAX; i++) {
        assert_int_equal(sim_dns_point(dns, 0, SIM_DNS_SITES_MAX - 1, 100.0 + i, i, NULL), HB_OK);
    }
    assert_int_equal(sim_dns_point(dns, 0, 3, 99.5, 1000, &effective_ns), HB_ERR_FULL);
    assert_int_equal(effective_ns, 731);
    assert_int_equal(sim_dns_point(dns, 0, SIM_DNS_SITES_MAX - 1, 101.0, 1000, NULL), HB_OK);
    assert_int_equal(sim_dns_answer(dns, 0, INT64_C(200) * 1000000000), SIM_DNS_SITES_MAX - 1);
    sim_dns_free(dns);
}

static void settings_out_of_range_are_refused(void **state)
{
    (void)state;
    struct sim_dns_config good, bad;
    struct sim_dns *dns = NULL;
    sim_dns_default(&good);
    good.client_count = 1;
#define REFUSE(field, value)                                             \
    do {                                                                 \
        bad = good;                                                      \
        bad.field = (value);                                             \
        assert_int_equal(sim_dns_create(&bad, &dns), HB_ERR_RANGE);      \
        assert_null(dns);                                                \
    } while (0)
    REFUSE(client_count, 0);
    REFUSE(region_count, 0);
    REFUSE(resolvers_per_region, 0);
    REFUSE(resolvers_per_region, 1u << 24);
    REFUSE(ecs_share, 1.1);
    REFUSE(subnet_clients, 0);
    REFUSE(anycast_ttl_s, 0.9);
    REFUSE(update_delay_s, -0.1);
    REFUSE(request_gap_s, NAN);
    REFUSE(extend_share, -0.01);
    REFUSE(extend_floor_s, INFINITY);
    REFUSE(extend_sigma, 11.0);
    sim_dns_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(staleness_is_the_rest_of_a_uniform_age),
        cmocka_unit_test(violators_keep_stale_answers_longer),
        cmocka_unit_test(the_default_share_of_resolvers_extends),
        cmocka_unit_test(equals_a_cache_ticked_by_the_millisecond),
        cmocka_unit_test(clients_share_the_cache_of_a_common_name),
        cmocka_unit_test(clients_choose_resolvers_by_zipf),
        cmocka_unit_test(sites_and_ttls_beyond_the_tables_change_nothing),
        cmocka_unit_test(settings_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
