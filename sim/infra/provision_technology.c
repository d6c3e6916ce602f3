/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <string.h>

#include "sim/infra/provision.h"

/* Origins. microvm: at most 125 ms to user space (Firecracker's specification):
 * 125 ms is its 95th percentile. Containers, image local: 568 ms on SSD, 1,157
 * ms on HDD (arXiv 2602.15214); spread our choice. Pods, image present: the
 * ranges of faas-sim's fits (cloud 4.8 to 8.7 s, Jetson 1.5 to 2.8, NUC 1.4 to
 * 3.2, Raspberry Pi 2.5 to 41) read as 5th and 95th percentiles: median =
 * sqrt(low x high), sigma = ln(high / low) / (2 x 1.645). function: warm starts
 * of 25, 79 and 320 ms at three providers (Wang et al., ATC 2018): the middle
 * one, spread so that the others are about its 9th and 95th percentiles. vm:
 * about 23 s to SSH (GCP, 2018); spread our choice. */
struct law {
    const char *text;
    double median_s, sigma;
};

static const struct law laws[] = {
#define X(name, text, median_s, sigma) { text, median_s, sigma },
    SIM_PROVISION_TECHNOLOGY_LIST(X)
#undef X
};

const char *sim_provision_technology_text(enum sim_provision_technology technology)
{
    assert((unsigned)technology < SIM_PROVISION_TECHNOLOGY_COUNT);
    return laws[technology].text;
}

enum hb_status sim_provision_technology_of(const char *text, enum sim_provision_technology *out)
{
    for (unsigned i = 0; i < SIM_PROVISION_TECHNOLOGY_COUNT; i++) {
        if (strcmp(laws[i].text, text) == 0) {
            *out = (enum sim_provision_technology)i;
            return HB_OK;
        }
    }
    return HB_ERR_NOT_FOUND;
}

void sim_provision_technology_start(enum sim_provision_technology technology, double *median_s,
    double *sigma)
{
    assert((unsigned)technology < SIM_PROVISION_TECHNOLOGY_COUNT);
    *median_s = laws[technology].median_s;
    *sigma = laws[technology].sigma;
}
