/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_TELEMETRY_H
#define HB_TELEMETRY_H

#include <stdint.h>

/* Phases of one client's life.
 *   ABSENT         not connected, nothing held
 *   ANYCAST        connected, served by anycast, nothing of its own
 *   STARTING       its primary is provisioned (or resumed) and fenced in
 *   SERVED         by its primary
 *   PROVISIONING   a mirror is started or resumed
 *   SYNCHRONISING  state is copied; from here on both replicas live
 *   READY          in sync, the client is not yet where the mirror serves it better
 *   STEERING       the client's name is pointed at the mirror
 *   MONITORING     is the client served by the mirror, and does it stay?
 *   PROMOTING      the mirror is fenced in as the primary
 *   REVERTING      promotion was not answered: the old primary is fenced in again
 *   LINGERING      disconnected, the primary is on standby */
#define HB_PHASE_LIST(X)                                                              \
    X(ABSENT, "absent") X(ANYCAST, "anycast") X(STARTING, "starting")                 \
    X(SERVED, "served") X(PROVISIONING, "provisioning")                               \
    X(SYNCHRONISING, "synchronising") X(READY, "ready") X(STEERING, "steering")       \
    X(MONITORING, "monitoring") X(PROMOTING, "promoting") X(REVERTING, "reverting")   \
    X(LINGERING, "lingering")

enum hb_phase {
#define X(name, text) HB_PHASE_##name,
    HB_PHASE_LIST(X)
#undef X
        HB_PHASE_COUNT
};

/* Why a mirror was decided, or the first criterion that spoke against it. */
#define HB_REASON_LIST(X)                                                              \
    X(MIRROR, "all criteria met") X(NO_FORECAST, "nothing is forecast")                \
    X(AT_BEST, "the endpoint is at the best site already")                             \
    X(UNDER_WAY, "a mirror at that site is under way")                                 \
    X(NO_ROOM, "no site with room is better") X(CONFIDENCE, "confidence too low")      \
    X(DEVIATION, "neither deviation nor gain reach their thresholds")                  \
    X(HYSTERESIS, "gain within the hysteresis") X(COOL_DOWN, "cooling down")           \
    X(WORTH, "expected saving below the cost")                                         \
    X(REGRET, "regret has not paid for the move") X(DEBT, "latency debt too small")    \
    X(POLICY, "the policy never mirrors")

enum hb_reason {
#define X(name, text) HB_REASON_##name,
    HB_REASON_LIST(X)
#undef X
        HB_REASON_COUNT
};

/* What became of a mirror. `Arrived`: the first instant since the decision at
 * which the client was at a place that the mirror's site serves with a lower
 * believed RTT than the old primary's.
 *   HIT          promoted, and it was in sync when the client arrived (or the
 *                client was promoted before it arrived)
 *   LATE         promoted, but the client arrived before it was in sync
 *   UNUSED       was in sync, but served no request until its deadline
 *   ROLLED_BACK  served requests, but the client left before the promotion
 *   FAILED       a phase failed or timed out after its retries, or the site went down
 *   CANCELLED    the client disconnected or withdrew consent, or another site
 *                became the better one, whatever the phase */
#define HB_OUTCOME_LIST(X)                                                 \
    X(HIT, "hit") X(LATE, "late") X(UNUSED, "unused")                      \
    X(ROLLED_BACK, "rolled_back") X(FAILED, "failed") X(CANCELLED, "cancelled")

enum hb_outcome {
#define X(name, text) HB_OUTCOME_##name,
    HB_OUTCOME_LIST(X)
#undef X
        HB_OUTCOME_COUNT
};

/* What ended a mirror. */
#define HB_CAUSE_LIST(X)                                                             \
    X(PROMOTED, "promoted") X(DEADLINE, "deadline passed") X(LEFT, "client left")    \
    X(PROVISION, "provisioning failed") X(NO_ROOM, "no room") X(COPY, "copy failed") \
    X(DNS, "DNS failed") X(FENCE, "fencing failed") X(SITE_DOWN, "site down")        \
    X(PRIMARY_DOWN, "primary's site down") X(DISCONNECTED, "client disconnected")    \
    X(CONSENT, "consent withdrawn") X(RETARGETED, "another site became better")

enum hb_cause {
#define X(name, text) HB_CAUSE_##name,
    HB_CAUSE_LIST(X)
#undef X
        HB_CAUSE_COUNT
};

/* Instants not reached are HB_NEVER_NS. */
struct hb_mirror_sample {
    int64_t decided_ns, provisioned_ns, synced_ns;
    int64_t steered_ns;   /* DNS answered for */
    int64_t arrived_ns;   /* see HB_OUTCOME_LIST */
    int64_t connected_ns; /* first request served by the mirror */
    int64_t promoted_ns, closed_ns;
    uint64_t epoch; /* of the promotion; 0: none */
    double bytes;   /* of state copied */
    float confidence, horizon_s;
    uint32_t from, to; /* sites */
    uint16_t outcome, cause;
    uint32_t phase; /* in which it ended */
};

struct hb_decision_sample {
    uint32_t reason; /* enum hb_reason */
    uint32_t from, to;
    float confidence, gain_ms, deviation_km, horizon_s;
    double saving, cost; /* expected, money; ski_rental: regret so far and its threshold;
                            lyapunov: debt x gain and v x cost */
};

/* PHASE: phase, was. DECISION: decision. ASKED: horizon_s. ANSWERED: horizon_s,
 * place and confidence of the likeliest. MIRROR: mirror (once a mirror, when it
 * ends). PRIMARY: site is primary from now on, with epoch (HB_NONE: none is).
 * RETRY: phase, attempt. HEALTH: site, is_up (announced and used again, or no
 * more). FAILOVER: the client's primary at site is dead; how, to. */
#define HB_SAMPLE_LIST(X)                                                  \
    X(PHASE) X(DECISION) X(ASKED) X(ANSWERED) X(MIRROR) X(PRIMARY) X(RETRY) X(HEALTH) \
    X(FAILOVER)

enum hb_sample_kind {
#define X(name) HB_SAMPLE_##name,
    HB_SAMPLE_LIST(X)
#undef X
        HB_SAMPLE_COUNT
};

struct hb_sample {
    int64_t at_ns;
    uint32_t kind; /* enum hb_sample_kind */
    uint32_t client, place, site;
    union {
        struct {
            uint32_t phase, was;
        } phase;
        struct hb_decision_sample decision;
        struct {
            float horizon_s, confidence;
        } forecast;
        struct hb_mirror_sample mirror;
        struct {
            uint64_t epoch;
        } primary;
        struct {
            uint32_t phase, attempt;
        } retry;
        struct {
            int64_t heard_ns; /* last sign of life */
            uint32_t is_up;
        } health;
        struct {
            uint32_t how; /* enum hb_failover */
            uint32_t to;  /* site; HB_NONE: anycast */
        } failover;
    } of;
};

#endif
