/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SUPPORT_ASSERT_NEAR_H
#define TESTS_SUPPORT_ASSERT_NEAR_H

/* cmocka's own header wants these four first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

/* |got - want| <= tolerance * max(1, |want|); NaN fails. */
#define assert_near(got, want, tolerance)                                                   \
    do {                                                                                    \
        double near_got = (got), near_want = (want), near_tolerance = (tolerance);          \
        if (!(fabs(near_got - near_want) <= near_tolerance * fmax(1.0, fabs(near_want)))) { \
            fail_msg("%s = %.17g, expected %.17g within %g", #got, near_got, near_want,      \
                near_tolerance);                                                            \
        }                                                                                   \
    } while (0)

#endif
