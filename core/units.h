/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_UNITS_H
#define HB_UNITS_H

#include <math.h>
#include <stdint.h>

/* Instants are int64_t nanoseconds, durations inside models double seconds;
 * only this header converts. Beyond +-292 years an instant saturates. */
#define HB_NS_PER_S INT64_C(1000000000)
#define HB_NS_PER_MS INT64_C(1000000)
#define HB_NEVER_NS INT64_MAX

/* Nearest nanosecond to duration_s; saturates, NaN gives HB_NEVER_NS. */
static inline int64_t hb_units_ns(double duration_s)
{
    double ns = duration_s * 1e9;
    if (!(ns < 9.2e18)) {
        return HB_NEVER_NS;
    }
    return ns < -9.2e18 ? INT64_MIN : (int64_t)llround(ns);
}

static inline double hb_units_s(int64_t duration_ns)
{
    return (double)duration_ns * 1e-9;
}

/* at_ns + duration_s, saturating at HB_NEVER_NS. duration_s >= 0. */
static inline int64_t hb_units_after(int64_t at_ns, double duration_s)
{
    int64_t duration_ns = hb_units_ns(duration_s);
    return at_ns > HB_NEVER_NS - duration_ns ? HB_NEVER_NS : at_ns + duration_ns;
}

#endif
