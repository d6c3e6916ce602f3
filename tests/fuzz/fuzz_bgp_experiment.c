/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "data/bgp_experiment.h"

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    struct data_bgp_experiment *experiment = NULL;
    struct data_problem problem = { "" };
    enum hb_status status = data_bgp_experiment_parse(
        (const char *)text, size, "input", &experiment, &problem);
    if (status != HB_OK) {
        assert(experiment == NULL);
        assert(problem.text[0] != '\0');
        return 0;
    }
    for (uint32_t run = 0; run < experiment->run_count; run++) {
        assert(experiment->runs[run].event < DATA_BGP_EVENT_COUNT);
        assert(experiment->runs[run].nodes != NULL);
    }
    data_bgp_experiment_free(experiment);
    return 0;
}
