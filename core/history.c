/* SPDX-License-Identifier: Apache-2.0 */
#include "core/history.h"

#include <assert.h>

#include "core/units.h"

static const int64_t step_ns = HB_HISTORY_STEP_S * HB_NS_PER_S;
static const int64_t silence_ns = 2 * 86400 * HB_NS_PER_S;

/* Differences of instants within 146 years of 0 fit; what lies beyond counts as at the end. */
static int64_t within(int64_t at_ns)
{
    static const int64_t furthest_ns = INT64_MAX / 2;
    int64_t least_ns = at_ns > -furthest_ns ? at_ns : -furthest_ns;
    return least_ns < furthest_ns ? least_ns : furthest_ns;
}

static void lose(struct hb_history *history)
{
    history->place = HB_NONE;
    history->before[0] = HB_NONE;
    history->before[1] = HB_NONE;
}

void hb_history_init(struct hb_history *history)
{
    *history = (struct hb_history){ .since_ns = INT64_MIN, .next_ns = INT64_MIN };
    lose(history);
    for (int i = 0; i < HB_HISTORY_STEPS; i++) {
        history->step_places[i] = HB_NONE;
    }
}

unsigned hb_history_dwell(const struct hb_history *history, int64_t at_ns)
{
    static const int64_t bounds_s[HB_HISTORY_DWELLS - 1]
        = { 120, 300, 900, 1800, 3600, 7200, 28800 };
    int64_t dwell_s = (within(at_ns) - within(history->since_ns)) / HB_NS_PER_S;
    unsigned dwell = 0;
    while (dwell < HB_HISTORY_DWELLS - 1 && dwell_s >= bounds_s[dwell]) {
        dwell++;
    }
    return dwell;
}

/* The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
uint64_t hb_history_mix(uint64_t h, uint64_t a)
{
    uint64_t z = (h ^ a) + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t hb_history_context(const struct hb_history *history, unsigned order)
{
    assert(order == 2 || order == 3);
    if (history->place == HB_NONE || history->before[order - 2] == HB_NONE) {
        return 0;
    }
    uint64_t h = hb_history_mix(order, history->place);
    h = hb_history_mix(h, history->before[0]);
    if (order == 3) {
        h = hb_history_mix(h, history->before[1]);
    }
    return (uint32_t)h | 1;
}

static void step(struct hb_history *history)
{
    for (int i = HB_HISTORY_STEPS - 1; i > 0; i--) {
        history->step_places[i] = history->step_places[i - 1];
        history->step_contexts[i][0] = history->step_contexts[i - 1][0];
        history->step_contexts[i][1] = history->step_contexts[i - 1][1];
        history->step_dwells[i] = history->step_dwells[i - 1];
    }
    history->step_places[0] = history->place;
    history->step_contexts[0][0] = hb_history_context(history, 2);
    history->step_contexts[0][1] = hb_history_context(history, 3);
    history->step_dwells[0] = (uint8_t)hb_history_dwell(history, history->next_ns);
    history->next_ns += step_ns;
}

/* The first grid instant at or after at_ns; the grid has one at 0. */
static int64_t grid_from(int64_t at_ns)
{
    int64_t past = at_ns % step_ns;
    if (past == 0) {
        return at_ns;
    }
    return at_ns - past + (past > 0 ? step_ns : 0);
}

static void start_at(struct hb_history *history, int64_t at_ns)
{
    hb_history_init(history);
    history->next_ns = grid_from(at_ns);
}

void hb_history_observe(struct hb_history *history, const struct hb_observation *seen,
    hb_history_learn *learn, void *ctx)
{
    int64_t at_ns = within(seen->at_ns);
    int is_new = history->next_ns == INT64_MIN;
    if (is_new || at_ns < history->since_ns || at_ns < history->next_ns - step_ns) {
        start_at(history, at_ns);
    }
    /* Out of sight, the grid runs on until no place of the last hour is known. */
    int64_t last_ns = history->next_ns
        + (history->place == HB_NONE ? HB_HISTORY_STEPS * step_ns : silence_ns);
    while (history->next_ns < at_ns && history->next_ns < last_ns) {
        learn(ctx, seen->client, history, history->next_ns);
        step(history);
    }
    if (history->next_ns < at_ns) {
        start_at(history, at_ns);
    }
    if (seen->place == HB_NONE) {
        lose(history);
        history->since_ns = at_ns;
    } else if (seen->place != history->place) {
        history->before[1] = history->before[0];
        history->before[0] = history->place;
        history->place = seen->place;
        history->since_ns = at_ns;
    }
    if (history->next_ns == at_ns) {
        learn(ctx, seen->client, history, history->next_ns);
        step(history);
    }
}

struct hb_history_bracket hb_history_bracket_of(double horizon_s)
{
    double steps = horizon_s / HB_HISTORY_STEP_S;
    if (!(steps > 0.0)) {
        return (struct hb_history_bracket){ .lo = 0, .hi = 0, .weight = 0.0 };
    }
    if (steps >= HB_HISTORY_STEPS) {
        return (struct hb_history_bracket){ HB_HISTORY_STEPS, HB_HISTORY_STEPS, 0.0 };
    }
    unsigned lo = (unsigned)steps;
    return (struct hb_history_bracket){ .lo = lo, .hi = lo + 1, .weight = steps - lo };
}
