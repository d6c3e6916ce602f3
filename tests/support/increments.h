/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SUPPORT_INCREMENTS_H
#define TESTS_SUPPORT_INCREMENTS_H

#include <math.h>

#include "sim/engine/draw.h"

/* How far ahead a new event lies, in ns: the shapes that the literature tries
 * pending-event sets with, and hostile ones. Mean about 1e9 where there is one. */
#define INCREMENT_LIST(X)                                                           \
    X(exponential, sim_draw_exponential(stream, 1e9))                               \
    X(constant, 1e9)                                                                \
    X(uniform, sim_draw_between(stream, 0.0, 2e9))                                  \
    X(bimodal, sim_draw_chance(stream, 0.9) ? sim_draw_between(stream, 0.0, 1e8)    \
                                            : sim_draw_between(stream, 0.0, 19e9))  \
    X(triangular, sim_draw_between(stream, 0.0, 1e9) + sim_draw_between(stream, 0.0, 1e9)) \
    X(pareto, sim_draw_pareto(stream, 1.5, 1e9 / 3.0))                              \
    X(heavy_pareto, fmin(sim_draw_pareto(stream, 0.5, 1e3), 1e14))                  \
    X(one_instant, 0.0)                                                             \
    X(two_scales, sim_draw_chance(stream, 0.5) ? sim_draw_between(stream, 0.0, 1e5) : 2e9) \
    X(few_instants, 1e9 * sim_draw_below(stream, 4))                                \
    X(ticks, 5e5 * sim_draw_below(stream, 4000))                                    \
    X(mostly_near, sim_draw_chance(stream, 0.99) ? sim_draw_between(stream, 0.0, 1e6) : 1e11) \
    X(octaves, exp2(sim_draw_between(stream, 0.0, 45.0)) - 1.0)                     \
    X(nearly_never, sim_draw_chance(stream, 0.01) ? 1e15 : sim_draw_exponential(stream, 1e9))

enum increment {
#define X(name, value) INCREMENT_##name,
    INCREMENT_LIST(X)
#undef X
        INCREMENT_COUNT
};

static inline const char *increment_name(enum increment which)
{
    static const char *const names[] = {
#define X(name, value) #name,
        INCREMENT_LIST(X)
#undef X
    };
    return names[which];
}

static inline int64_t increment_ns(struct sim_stream *stream, enum increment which)
{
    double ns = 0.0;
    switch (which) {
#define X(name, value)     \
    case INCREMENT_##name: \
        ns = (value);      \
        break;
        INCREMENT_LIST(X)
#undef X
    case INCREMENT_COUNT:
        break;
    }
    return (int64_t)ns;
}

#endif
