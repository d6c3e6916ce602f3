/* SPDX-License-Identifier: Apache-2.0 */
#include "core/health.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "core/units.h"

/* Inter-arrival times are whole microseconds, so that their sums over the
 * window are exact and do not depend on what has left it: 1000 x (1e8 us)^2
 * = 1e19 fits 64 bits. */
static const double us_s = 1e-6;
static const uint64_t arrival_max_us = (uint64_t)(HB_HEALTH_ARRIVAL_MAX_S * 1e6);

static int is_phi(const struct hb_health_rules *rules)
{
    return rules->detector == HB_HEALTH_PHI || rules->detector == HB_HEALTH_PHI_EXPONENTIAL;
}

static void keep(struct hb_health *health, const struct hb_health_rules *rules, int64_t gap_ns)
{
    uint64_t gap_us = gap_ns > 0 ? (uint64_t)gap_ns / 1000u : 0;
    gap_us = gap_us < arrival_max_us ? gap_us : arrival_max_us;
    if (health->kept == rules->window) {
        uint64_t old_us = health->arrivals_us[health->next];
        health->sum_us -= old_us;
        health->square_us2 -= old_us * old_us;
    } else {
        health->kept++;
    }
    health->arrivals_us[health->next] = (uint32_t)gap_us;
    health->next = health->next + 1 == rules->window ? 0 : health->next + 1;
    health->sum_us += gap_us;
    health->square_us2 += gap_us * gap_us;
}

void hb_health_init(struct hb_health *health, const struct hb_health_rules *rules,
    uint32_t *arrivals_us, int64_t at_ns)
{
    *health = (struct hb_health) { .heard_ns = at_ns, .arrivals_us = arrivals_us, .is_up = 1 };
    if (is_phi(rules)) {
        assert(arrivals_us != NULL);
        assert(rules->window >= 2);
        keep(health, rules, hb_units_ns(0.75 * rules->interval_s));
        keep(health, rules, hb_units_ns(1.25 * rules->interval_s));
    }
}

/* One more sign against the present belief; needed in a row turn it. */
static int speak_against(struct hb_health *health, uint32_t needed)
{
    health->streak++;
    if (health->streak < needed) {
        return 0;
    }
    health->streak = 0;
    health->is_up = !health->is_up;
    return 1;
}

int hb_health_hear(struct hb_health *health, const struct hb_health_rules *rules, int64_t at_ns)
{
    int64_t gap_ns = at_ns - health->heard_ns;
    health->heard_ns = at_ns;
    if (health->is_up) {
        health->streak = 0;
        if (is_phi(rules)) {
            keep(health, rules, gap_ns);
        }
        return 0;
    }
    return speak_against(health, rules->rise);
}

int hb_health_miss(struct hb_health *health, const struct hb_health_rules *rules)
{
    if (!health->is_up) {
        health->streak = 0;
        return 0;
    }
    return speak_against(health, rules->fall);
}

static double mean_s(const struct hb_health *health)
{
    return (double)health->sum_us / (double)health->kept * us_s;
}

static double sd_s(const struct hb_health *health, const struct hb_health_rules *rules)
{
    double count = (double)health->kept, mean_us = (double)health->sum_us / count;
    double variance_us2 = (double)health->square_us2 / count - mean_us * mean_us;
    double deviation_s = variance_us2 > 0.0 ? sqrt(variance_us2) * us_s : 0.0;
    return deviation_s > rules->sd_min_s ? deviation_s : rules->sd_min_s;
}

int64_t hb_health_deadline_ns(const struct hb_health *health,
    const struct hb_health_rules *rules, double phi_factor)
{
    switch ((enum hb_health_detector)rules->detector) {
    case HB_HEALTH_PHI: /* a small phi_down is reached even before the next sign is due */
        return hb_units_after(health->heard_ns,
            fmax(mean_s(health) + phi_factor * sd_s(health, rules), 0.0));
    case HB_HEALTH_PHI_EXPONENTIAL:
        return hb_units_after(health->heard_ns, phi_factor * mean_s(health));
    case HB_HEALTH_BFD:
        return hb_units_after(health->heard_ns, rules->fall * rules->interval_s);
    case HB_HEALTH_COUNT:
    case HB_HEALTH_DETECTOR_COUNT:
        break;
    }
    return HB_NEVER_NS;
}

int hb_health_expire(struct hb_health *health, const struct hb_health_rules *rules,
    double phi_factor, int64_t at_ns)
{
    if (hb_health_deadline_ns(health, rules, phi_factor) > at_ns) {
        return 0;
    }
    int was_up = health->is_up;
    health->is_up = 0;
    health->streak = 0; /* the silence also ends a run of answers */
    return was_up;
}

/* P(Z > z) = erfc(z / sqrt 2) / 2. Beyond z = 30 by the asymptotic series
 * exp(-z^2 / 2) / (z sqrt(2 pi)) (1 - 1/z^2 + 3/z^4), whose next term is
 * 15 / z^6 < 2.1e-8 there. */
double hb_health_phi_normal(double z)
{
    static const double log10_e = 0.43429448190325182765;
    static const double ln_sqrt_2pi = 0.91893853320467274178;
    if (z < 30.0) {
        return -log10(0.5 * erfc(z * 0.70710678118654752440));
    }
    double w = 1.0 / (z * z);
    return (0.5 * z * z + log(z) + ln_sqrt_2pi - log1p(-w + 3.0 * w * w)) * log10_e;
}

double hb_health_phi(const struct hb_health *health, const struct hb_health_rules *rules,
    int64_t at_ns)
{
    static const double log10_e = 0.43429448190325182765;
    double silent_s = hb_units_s(at_ns - health->heard_ns);
    if (rules->detector == HB_HEALTH_PHI) {
        return hb_health_phi_normal((silent_s - mean_s(health)) / sd_s(health, rules));
    }
    return rules->detector == HB_HEALTH_PHI_EXPONENTIAL ? silent_s / mean_s(health) * log10_e
                                                         : 0.0;
}

double hb_health_phi_factor(uint32_t detector, double phi_down)
{
    static const double ln_10 = 2.30258509299404568402;
    assert(phi_down > 0.0);
    if (detector != HB_HEALTH_PHI) {
        return phi_down * ln_10;
    }
    /* phi_normal rises; phi(-40) is 0, and z = 40 + 3 sqrt(phi) lies above. */
    double low = -40.0, high = 40.0 + 3.0 * sqrt(phi_down);
    for (int i = 0; i < 100; i++) {
        double middle = 0.5 * (low + high);
        if (hb_health_phi_normal(middle) < phi_down) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

double hb_health_jitter(uint32_t sender, uint32_t sent, uint32_t multiplier)
{
    uint64_t z = ((uint64_t)sender << 32 | sent) + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9); /* the finalizer of splitmix64 */
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    double share = (double)(z >> 11) * 0x1p-53;
    return multiplier == 1 ? 0.75 + 0.15 * share : 0.75 + 0.25 * share;
}

const char *hb_health_detector_name(enum hb_health_detector detector)
{
    static const char *const names[HB_HEALTH_DETECTOR_COUNT] = {
#define X(name, text) [HB_HEALTH_##name] = text,
        HB_HEALTH_DETECTOR_LIST(X)
#undef X
    };
    return (unsigned)detector < HB_HEALTH_DETECTOR_COUNT ? names[detector] : "unknown detector";
}
