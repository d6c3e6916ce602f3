/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_phase.h"

#include <math.h>

#include "core/units.h"
#include "sim/net/bgp/bgp_state.h"

static const double tick_ms = BGP_TICK_NS / 1e6;
static const double pi = 3.14159265358979323846;

/* One instant at which a delayed acknowledgement may have been sent, or NaN: a
 * message left alone, as long after the one before it on its link as the round
 * trip and such a delay, and nothing came in that could have acknowledged it. */
static double expiry_ms(const struct data_bgp_run *run, uint32_t at, double delay_ms)
{
    static const double least_ms = 39.5, most_ms = 50.0; /* 10 ticks, and some more by its pace */
    static const double burst_ms = 0.4, carried_ms = 0.6;
    const struct data_bgp_wire *held = &run->wire[at];
    double before_ms = (double)NAN;
    double reach_ms = 2.0 * delay_ms + most_ms;
    for (uint32_t i = at; i-- > 0 && held->at_ms - run->wire[i].at_ms < reach_ms;) {
        const struct data_bgp_wire *other = &run->wire[i];
        double since_ms = held->at_ms - other->at_ms;
        if (isnan(before_ms) && other->from == held->from && other->to == held->to) {
            before_ms = since_ms;
        }
        bool in_burst = other->from == held->from && other->to != held->to && since_ms < burst_ms;
        bool carries = other->from == held->to && other->to == held->from
            && fabs(since_ms - delay_ms) < carried_ms;
        if (in_burst || carries) {
            return (double)NAN;
        }
    }
    for (uint32_t i = at + 1;
         i < run->wire_count && run->wire[i].at_ms - held->at_ms < burst_ms; i++) {
        if (run->wire[i].from == held->from && run->wire[i].to != held->to) {
            return (double)NAN;
        }
    }
    double waited_ms = before_ms - 2.0 * delay_ms;
    return waited_ms > least_ms ? held->at_ms - delay_ms : (double)NAN;
}

double sim_bgp_phase_ms(const struct data_bgp_run *run, const double *delay_ms, uint32_t node_count)
{
    static const uint32_t least = 3;      /* instants, ... */
    static const double agreement = 0.9;  /* ... and the mean of their directions on the circle */
    double x = 0.0, y = 0.0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->wire_count; i++) {
        const struct data_bgp_wire *wire = &run->wire[i];
        double link_ms = delay_ms[(size_t)(wire->from - 1) * node_count + wire->to - 1];
        double at_ms = link_ms > 0.0 ? expiry_ms(run, i, link_ms) : (double)NAN;
        if (!isnan(at_ms)) {
            x += cos(2.0 * pi * at_ms / tick_ms);
            y += sin(2.0 * pi * at_ms / tick_ms);
            count++;
        }
    }
    if (count < least || hypot(x, y) < agreement * count) {
        return (double)NAN;
    }
    double phase_ms = atan2(y, x) / (2.0 * pi) * tick_ms;
    return phase_ms < 0.0 ? phase_ms + tick_ms : phase_ms;
}
