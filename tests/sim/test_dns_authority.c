/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/net/dns.h"

enum { CLIENTS = 20000 };

static double values[CLIENTS];

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov's distance of values from cdf. n of them exceed
 * sqrt(ln(2 / alpha) / 2 n) with probability alpha at most (Massart 1990); alpha is 1e-6. */
static void assert_law(double (*cdf)(double x))
{
    qsort(values, CLIENTS, sizeof *values, ascending);
    double worst = 0.0;
    for (int i = 0; i < CLIENTS; i++) {
        double f = cdf(values[i]), below = cdf(nextafter(values[i], -1.0));
        if (i + 1 == CLIENTS || values[i + 1] > values[i]) {
            worst = fmax(worst, fabs((i + 1.0) / CLIENTS - f));
        }
        if (i == 0 || values[i - 1] < values[i]) {
            worst = fmax(worst, fabs(below - (double)i / CLIENTS));
        }
    }
    assert_true(worst < sqrt(log(2.0 / 1e-6) / 2.0 / CLIENTS));
}

static struct sim_dns_config base(void)
{
    struct sim_dns_config config;
    sim_dns_default(&config);
    config.seed = 21;
    config.client_count = CLIENTS;
    config.request_gap_s = 0.0;
    config.extend_share = 0.0;
    config.update_delay_s = 0.5;
    return config;
}

/* One change of each client; the DONE of all servers, less the delay, into values. */
static void measure_done(const struct sim_dns_config *config)
{
    struct sim_dns *dns;
    struct sim_stream draws = sim_stream_of(3, SIM_STREAM_TEST, 0);
    assert_int_equal(sim_dns_create(config, &dns), HB_OK);
    for (uint32_t c = 0; c < CLIENTS; c++) {
        int64_t at_ns = hb_units_ns(sim_draw_between(&draws, 1000.0, 90000.0)), done_ns;
        sim_dns_connect(dns, c, 0);
        assert_int_equal(sim_dns_point(dns, c, 7, 30.0, at_ns, &done_ns), HB_OK);
        values[c] = hb_units_s(done_ns - at_ns) - 0.5;
        /* the client's own server is never later than the last one */
        int64_t seen_ns = sim_dns_visible_at(dns, c, at_ns);
        assert_true(seen_ns <= done_ns + hb_units_ns(config->anycast_ttl_s));
    }
    sim_dns_free(dns);
}

static double last_of_three(double x)
{
    return x <= 0.0 ? 0.0 : pow(1.0 - exp(-x / 2.7), 3.0);
}

/* Closed form: the last of three exponential transfers. */
static void a_change_is_done_when_the_last_secondary_has_it(void **state)
{
    (void)state;
    struct sim_dns_config config = base();
    config.secondaries = 3;
    config.transfer_s = 2.7;
    measure_done(&config);
    assert_law(last_of_three);
}

static double lost_or_not(double x)
{
    double polled = x < 0.0 ? 0.0 : x > 900.0 ? 1.0 : x / 900.0;
    return x < 0.0 ? 0.0 : 0.7 + 0.3 * polled;
}

/* Closed form: notified at once, or with probability 0.3 found at the refresh. */
static void a_lost_notification_waits_for_the_refresh(void **state)
{
    (void)state;
    struct sim_dns_config config = base();
    config.secondaries = 1;
    config.transfer_s = 0.0;
    config.notify_loss = 0.3;
    config.refresh_s = 900.0;
    measure_done(&config);
    for (size_t i = 0; i < CLIENTS; i++) { /* one instant, up to the rounding of seconds */
        values[i] = fabs(values[i]) < 1e-6 ? 0.0 : values[i];
    }
    assert_law(lost_or_not);
}

static double uniform_60(double x)
{
    return x < 0.0 ? 0.0 : x > 60.0 ? 1.0 : x / 60.0;
}

static void changes_are_published_in_rounds(void **state)
{
    (void)state;
    struct sim_dns_config config = base();
    config.publish_s = 60.0;
    measure_done(&config);
    assert_law(uniform_60);
}

/* RFC 2308: a name that is not there yet is missed for its negative TTL, and so is
 * its first record: staleness uniform on it; and again after the record has gone. */
static void a_first_record_waits_for_the_negative_answer(void **state)
{
    (void)state;
    struct sim_dns_config config = base();
    config.negative_ttl_s = 60.0;
    config.anycast_ttl_s = 3.0;
    struct sim_dns *dns;
    struct sim_stream draws = sim_stream_of(4, SIM_STREAM_TEST, 0);
    assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
    for (uint32_t c = 0; c < CLIENTS; c++) {
        int64_t at_ns = hb_units_ns(sim_draw_between(&draws, 1000.0, 90000.0)), done_ns;
        sim_dns_connect(dns, c, 0);
        assert_int_equal(sim_dns_point(dns, c, 7, 20.0, at_ns, &done_ns), HB_OK);
        int64_t seen_ns = sim_dns_visible_at(dns, c, at_ns);
        values[c] = hb_units_s(seen_ns - done_ns);
        assert_int_equal(sim_dns_answer(dns, c, seen_ns), 7);
        at_ns = seen_ns + hb_units_ns(1000.0);
        assert_int_equal(sim_dns_clear(dns, c, at_ns, &done_ns), HB_OK);
        seen_ns = sim_dns_visible_at(dns, c, at_ns);
        assert_true(seen_ns <= done_ns + hb_units_ns(20.0));
        assert_int_equal(sim_dns_answer(dns, c, seen_ns), SIM_DNS_ANYCAST);
        assert_true(sim_dns_counts(dns).negative > 0);
    }
    assert_law(uniform_60);
    sim_dns_free(dns);
}

/* Oracle: one client, its resolver and the authoritative servers, ticked through
 * every millisecond by the rules alone. */
struct ticked {
    int64_t due, effective, down_since;
    uint32_t site, ttl, next_site, next_ttl, cached;
    int connected, has_entry, failed, waiting, is_down, resolver_down;
    int serves_stale;
    uint32_t gap, delay, stale_answer, stale_max, failure;
};

static void look_up(struct ticked *t, int64_t now)
{
    int is_stale = t->serves_stale && !t->resolver_down && t->has_entry && !t->failed
        && now < t->down_since + t->stale_max;
    if (!t->is_down && !t->resolver_down) {
        t->cached = t->site;
        t->has_entry = 1;
        t->failed = 0;
        t->due = now + t->ttl + t->gap;
    } else if (is_stale) {
        t->due = now + t->stale_answer + t->gap;
    } else {
        t->failed = 1;
        t->due = now + t->failure + t->gap;
    }
}

static uint32_t answer_of(const struct ticked *t)
{
    return t->failed ? SIM_DNS_FAILED : t->cached;
}

static void tick(struct ticked *t, int64_t now)
{
    if (t->effective == now) {
        t->site = t->next_site;
        t->ttl = t->next_ttl;
    }
    if (t->connected && now == t->due) {
        look_up(t, now);
    }
}

static void change(struct ticked *t, struct sim_dns *dns, int64_t now, struct sim_stream *draws)
{
    uint32_t site = sim_draw_below(draws, 4), ttl = 1 + sim_draw_below(draws, 60);
    t->next_site = site == 3 ? SIM_DNS_ANYCAST : site;
    t->next_ttl = site == 3 ? 1000 : ttl;
    t->waiting = t->is_down;
    t->effective = t->is_down ? -1 : now + t->delay;
    if (t->effective == now) {
        t->site = t->next_site;
        t->ttl = t->next_ttl;
    }
    int64_t done_ns, now_ns = now * HB_NS_PER_MS;
    enum hb_status status = site == 3 ? sim_dns_clear(dns, 0, now_ns, &done_ns)
        : sim_dns_point(dns, 0, site, ttl * 1e-3, now_ns, &done_ns);
    assert_int_equal(status, HB_OK);
    assert_true(t->is_down ? done_ns == HB_NEVER_NS : done_ns == now_ns + t->delay * 1000000);
}

static void command(struct ticked *t, struct sim_dns *dns, int64_t now, struct sim_stream *draws)
{
    int64_t now_ns = now * HB_NS_PER_MS;
    uint32_t what = sim_draw_below(draws, 12);
    if (what < 2) {
        t->connected = 0;
        sim_dns_disconnect(dns, 0, now_ns);
    } else if (what < 5) {
        int is_live = t->has_entry && !t->failed && now < t->due - t->gap;
        if (!t->connected && !is_live) {
            look_up(t, now);
        } else if (!t->connected && now >= t->due) {
            look_up(t, now);
        }
        t->connected = 1;
        sim_dns_connect(dns, 0, now_ns);
    } else if (what < 7) {
        t->is_down = !t->is_down;
        t->down_since = now;
        if (!t->is_down && t->waiting) {
            t->waiting = 0;
            t->effective = now + t->delay;
        }
        sim_dns_authority_outage(dns, t->is_down, now_ns);
        sim_dns_authority_outage(dns, t->is_down, now_ns);
    } else if (what < 8) {
        t->resolver_down = !t->resolver_down;
        sim_dns_resolver_outage(dns, 0, t->resolver_down, now_ns);
    } else {
        change(t, dns, now, draws);
    }
}

static void run_beside_ticks(struct sim_dns *dns, struct ticked *t, struct sim_stream *draws)
{
    int64_t now = 1;
    for (int round = 0; round < 1500; round++) {
        int64_t until = now + 1 + sim_draw_below(draws, round % 5 == 0 ? 2000 : 90), changed = -1;
        uint32_t before = answer_of(t);
        int64_t promised_ns = sim_dns_visible_at(dns, 0, now * HB_NS_PER_MS);
        while (now < until) {
            now++;
            tick(t, now);
            changed = changed < 0 && answer_of(t) != before ? now : changed;
        }
        /* failed look-ups may find the same answer again: then nothing is promised */
        if (changed >= 0) {
            assert_int_equal(promised_ns, changed * HB_NS_PER_MS);
        } else {
            assert_true(promised_ns > now * HB_NS_PER_MS);
        }
        assert_int_equal(sim_dns_answer(dns, 0, now * HB_NS_PER_MS), answer_of(t));
        command(t, dns, now, draws);
        assert_int_equal(sim_dns_answer(dns, 0, now * HB_NS_PER_MS), answer_of(t));
    }
}

static void outages_equal_a_cache_ticked_by_the_millisecond(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct sim_stream draws = sim_stream_of(seed, SIM_STREAM_TEST, 5);
        struct ticked t = { .effective = -1, .site = SIM_DNS_ANYCAST, .ttl = 1000,
            .cached = SIM_DNS_ANYCAST, .gap = (uint32_t)(seed % 4) * 5,
            .delay = 1 + (uint32_t)(seed % 5) * 11, .serves_stale = seed % 3 != 0,
            .stale_answer = 17, .stale_max = 310, .failure = 9 };
        struct sim_dns_config config;
        sim_dns_default(&config);
        config.client_count = 1;
        config.resolvers_per_region = 1;
        config.anycast_ttl_s = 1.0;
        config.request_gap_s = t.gap * 1e-3;
        config.update_delay_s = t.delay * 1e-3;
        config.extend_share = 0.0;
        config.stale_share = t.serves_stale;
        config.stale_answer_s = 0.017;
        config.stale_max_s = 0.310;
        config.failure_ttl_s = 0.009;
        struct sim_dns *dns;
        assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
        run_beside_ticks(dns, &t, &draws);
        assert_true(sim_dns_counts(dns).failed > 0);
        assert_true((sim_dns_counts(dns).stale > 0) == t.serves_stale);
        sim_dns_free(dns);
    }
}

/* Closed form, without stale answers: an outage of D at a random instant meets an
 * answer of uniform age; the client is without for D - R (R uniform on the TTL) until
 * the end, and then for the rest of a retry period c, uniform on it but for the last
 * whole one: mean D - TTL / 2 + c / 2. Five standard errors. */
static void an_outage_is_felt_for_its_length_less_the_rest_of_the_ttl(void **state)
{
    (void)state;
    struct sim_dns_config config = base();
    config.anycast_ttl_s = 40.0;
    config.failure_ttl_s = 5.0;
    struct sim_dns *dns;
    assert_int_equal(sim_dns_create(&config, &dns), HB_OK);
    for (uint32_t c = 0; c < CLIENTS; c++) {
        sim_dns_connect(dns, c, 0);
    }
    int64_t begin_ns = hb_units_ns(5000.0), end_ns = hb_units_ns(5300.0);
    double sum_s = 0.0;
    sim_dns_authority_outage(dns, true, begin_ns);
    for (uint32_t c = 0; c < CLIENTS; c++) {
        int64_t from_ns = sim_dns_visible_at(dns, c, begin_ns);
        assert_int_equal(sim_dns_answer(dns, c, from_ns), SIM_DNS_FAILED);
        values[c] = -hb_units_s(from_ns);
    }
    sim_dns_authority_outage(dns, false, end_ns);
    for (uint32_t c = 0; c < CLIENTS; c++) {
        int64_t until_ns = sim_dns_visible_at(dns, c, end_ns);
        assert_int_equal(sim_dns_answer(dns, c, until_ns), SIM_DNS_ANYCAST);
        sum_s += values[c] + hb_units_s(until_ns);
    }
    double deviation_s = sqrt((40.0 * 40.0 + 5.0 * 5.0) / 12.0);
    assert_near(sum_s / CLIENTS, 300.0 - 20.0 + 2.5, 5.0 * deviation_s / sqrt(CLIENTS));
    sim_dns_free(dns);
}

static void settings_out_of_range_are_refused(void **state)
{
    (void)state;
    struct sim_dns *dns = NULL;
#define REFUSE(field, value)                                             \
    do {                                                                 \
        struct sim_dns_config bad = base();                              \
        bad.field = (value);                                             \
        assert_int_equal(sim_dns_create(&bad, &dns), HB_ERR_RANGE);      \
        assert_null(dns);                                                \
    } while (0)
    REFUSE(secondaries, SIM_DNS_SECONDARIES_MAX + 1);
    REFUSE(publish_s, -1.0);
    REFUSE(transfer_s, NAN);
    REFUSE(notify_loss, 1.01);
    REFUSE(refresh_s, 0.5);
    REFUSE(negative_ttl_s, -0.1);
    REFUSE(stale_share, 1.5);
    REFUSE(stale_answer_s, 0.0);
    REFUSE(stale_max_s, -1.0);
    REFUSE(failure_ttl_s, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_done_when_the_last_secondary_has_it),
        cmocka_unit_test(a_lost_notification_waits_for_the_refresh),
        cmocka_unit_test(changes_are_published_in_rounds),
        cmocka_unit_test(a_first_record_waits_for_the_negative_answer),
        cmocka_unit_test(outages_equal_a_cache_ticked_by_the_millisecond),
        cmocka_unit_test(an_outage_is_felt_for_its_length_less_the_rest_of_the_ttl),
        cmocka_unit_test(settings_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
