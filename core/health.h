/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_HEALTH_H
#define HB_HEALTH_H

#include <stdint.h>

#include "core/status.h"

/* Is it alive? Failure detectors as plain values: fed with the instants of
 * signs of life, they say by when the next one must come. No clock, no memory
 * of their own, integers wherever instants are decided.
 *   count            rise and fall: every probe is answered within timeout_s or
 *                    missed; fall misses in a row: down, rise answers in a row: up
 *   phi              phi accrual: suspicion phi(t) = -log10 P(a sign comes later than t
 *                    after the last) with normal inter-arrival times whose mean and
 *                    deviation are those of the last `window`; down at phi_down.
 *                    Source: Hayashibara et al., SRDS 2004
 *   phi_exponential  the same with exponential inter-arrival times, as Cassandra has it
 *   bfd              nothing heard for fall x interval_s: down. Source: RFC 5880 s. 6.8.4 */
#define HB_HEALTH_DETECTOR_LIST(X)                                          \
    X(COUNT, "count") X(PHI, "phi") X(PHI_EXPONENTIAL, "phi_exponential")   \
    X(BFD, "bfd")

enum hb_health_detector {
#define X(name, text) HB_HEALTH_##name,
    HB_HEALTH_DETECTOR_LIST(X)
#undef X
        HB_HEALTH_DETECTOR_COUNT
};

#define HB_HEALTH_WINDOW_MAX 1000 /* Hayashibara et al. keep as many */
#define HB_HEALTH_ARRIVAL_MAX_S 100.0 /* longer inter-arrival times count as this long */

struct hb_health_rules {
    uint32_t detector; /* enum hb_health_detector */
    uint32_t rise, fall;
    uint32_t window;               /* phi: inter-arrival times kept, 2..HB_HEALTH_WINDOW_MAX */
    double interval_s, timeout_s;  /* between probes; count: until one is missed */
    double phi_down;               /* phi */
    double sd_min_s;               /* phi: least deviation; regular arrivals have none */
};

/* One thing that is watched. Zero, then hb_health_init. */
struct hb_health {
    int64_t heard_ns;    /* latest sign of life */
    uint64_t sum_us, square_us2; /* of the inter-arrival times kept */
    uint32_t *arrivals_us; /* [window] of the caller, phi only */
    uint32_t kept, next;
    uint8_t streak;      /* signs or misses in a row that speak against is_up */
    uint8_t is_up;
};

/* Up, last heard of at at_ns; phi starts from two virtual arrivals, interval_s
 * -+ a quarter. arrivals_us [window] is kept for the detector's life (NULL unless phi). */
HB_API void hb_health_init(struct hb_health *health, const struct hb_health_rules *rules,
    uint32_t *arrivals_us, int64_t at_ns);

/* A sign of life, a probe missed (count alone). Nonzero: is_up has changed. */
HB_API int hb_health_hear(struct hb_health *health, const struct hb_health_rules *rules,
    int64_t at_ns);
HB_API int hb_health_miss(struct hb_health *health, const struct hb_health_rules *rules);

/* It is down if nothing is heard before; HB_NEVER_NS for count. phi_factor: see
 * hb_health_phi_factor. Also that instant having come: hb_health_expire. */
HB_API int64_t hb_health_deadline_ns(const struct hb_health *health,
    const struct hb_health_rules *rules, double phi_factor);
/* Nothing nonzero unless it was up and the deadline has passed. */
HB_API int hb_health_expire(struct hb_health *health, const struct hb_health_rules *rules,
    double phi_factor, int64_t at_ns);

/* Suspicion at an instant not before the last sign. */
HB_API double hb_health_phi(const struct hb_health *health, const struct hb_health_rules *rules,
    int64_t at_ns);

/* How long after the last sign phi reaches phi_down: phi: standard deviations
 * beyond the mean; phi_exponential: means. By bisection, once. phi_down > 0. */
HB_API double hb_health_phi_factor(uint32_t detector, double phi_down);

/* -log10 of the probability that a normal variable exceeds its mean by z
 * standard deviations: the closed form, and its asymptote where erfc is zero. */
HB_API double hb_health_phi_normal(double z);

/* BFD sends each packet after 75 to 100 % of the interval (RFC 5880 s. 6.8.7; at
 * most 90 % with a multiplier of 1), so that senders do not fall into step. The
 * share is a hash of who sends and how many it has sent: no random number. */
HB_API double hb_health_jitter(uint32_t sender, uint32_t sent, uint32_t multiplier);

HB_API const char *hb_health_detector_name(enum hb_health_detector detector);

#endif
