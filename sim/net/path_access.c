/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/path.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

/* Origin of the table, all recalled (R) and rounded: fibre, cable, DSL: idle
 * latency by technology of the FCC's Measuring Broadband America reports less
 * a metropolitan path, last-mile shares of Bajpai et al., CCR 2017; Wi-Fi at
 * home over a mix of lines: wireless last mile of about 20 ms at the median of
 * all lines, Dang et al., IMC 2021; 4G: operators' reports of 30 to 50 ms; 5G
 * non-standalone: Narayanan et al., SIGCOMM 2021; satellite: a low-orbit
 * operator's published median of 33 ms at peak hours, 2024. The floor is what
 * frames and slots cost at least; the rest is lognormal. */
struct law {
    const char *text;
    double floor_ms, median_ms, p95_ms;
};

static const struct law laws[] = {
#define X(name, text, floor, median, p95) { text, floor, median, p95 },
    SIM_PATH_ACCESS_LIST(X)
#undef X
};

static const double z_95 = 1.6448536269514722; /* 95th percentile of the normal law */

static double sigma_of(const struct law *law)
{
    return log((law->p95_ms - law->floor_ms) / (law->median_ms - law->floor_ms)) / z_95;
}

const char *sim_path_access_text(enum sim_path_access access)
{
    assert((unsigned)access < SIM_PATH_ACCESS_COUNT);
    return laws[access].text;
}

enum hb_status sim_path_access_of(const char *text, enum sim_path_access *out)
{
    for (unsigned i = 0; i < SIM_PATH_ACCESS_COUNT; i++) {
        if (strcmp(laws[i].text, text) == 0) {
            *out = (enum sim_path_access)i;
            return HB_OK;
        }
    }
    return HB_ERR_NOT_FOUND;
}

double sim_path_access_ms(enum sim_path_access access, double p)
{
    assert((unsigned)access < SIM_PATH_ACCESS_COUNT);
    assert(p >= 0.0);
    assert(p < 1.0);
    const struct law *law = &laws[access];
    if (!(p > 0.0)) {
        return law->floor_ms;
    }
    return law->floor_ms
        + (law->median_ms - law->floor_ms) * exp(sigma_of(law) * gsl_cdf_ugaussian_Pinv(p));
}

double sim_path_access_mean_ms(enum sim_path_access access)
{
    assert((unsigned)access < SIM_PATH_ACCESS_COUNT);
    const struct law *law = &laws[access];
    double sigma = sigma_of(law);
    return law->floor_ms + (law->median_ms - law->floor_ms) * exp(0.5 * sigma * sigma);
}

void sim_path_access_plan_default(struct sim_path_access_plan *out)
{
    *out = (struct sim_path_access_plan){ .of = {
        [DATA_ACTIVITY_UNKNOWN] = SIM_PATH_ACCESS_LTE,
        [DATA_ACTIVITY_HOME] = SIM_PATH_ACCESS_WIFI,
        [DATA_ACTIVITY_WORK] = SIM_PATH_ACCESS_FIBRE,
        [DATA_ACTIVITY_LEISURE] = SIM_PATH_ACCESS_NR,
        [DATA_ACTIVITY_WALK] = SIM_PATH_ACCESS_NR,
        [DATA_ACTIVITY_CAR] = SIM_PATH_ACCESS_LTE,
        [DATA_ACTIVITY_TRANSIT] = SIM_PATH_ACCESS_NR,
        [DATA_ACTIVITY_RAIL] = SIM_PATH_ACCESS_LTE,
        [DATA_ACTIVITY_AIR] = SIM_PATH_ACCESS_SATELLITE,
    } };
}
