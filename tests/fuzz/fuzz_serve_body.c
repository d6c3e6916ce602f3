/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/serve/body.h"

static void try_observe(const char *text, size_t size)
{
    struct sim_body_observe seen;
    struct data_problem problem = { "" };
    if (sim_body_observe_parse(text, size, &seen, &problem) != HB_OK) {
        char *said = sim_body_error(problem.text);
        assert(said == NULL || strncmp(said, "{\"error\":\"", 10) == 0);
        assert(problem.text[0] != '\0');
        free(said);
        return;
    }
    assert(seen.device_bytes <= sizeof seen.device);
    assert(!seen.has_point || fabs(seen.at.lat_deg) <= 90.0);
    assert(!seen.has_point || fabs(seen.at.lon_deg) <= 180.0);
    assert(!seen.has_point || seen.place == HB_NONE);
    assert(isnan(seen.at_unix_s) || seen.at_unix_s >= 0.0);
}

static void try_predict(const char *text, size_t size)
{
    struct sim_body_predict asked;
    struct data_problem problem = { "" };
    if (sim_body_predict_parse(text, size, &asked, &problem) != HB_OK) {
        assert(problem.text[0] != '\0');
        return;
    }
    assert(asked.timeframe_s >= 900.0);
    assert(asked.timeframe_s <= 3600.0);
    assert(asked.guess_max >= 1);
    assert(asked.guess_max <= HB_GUESS_MAX);
}

/* What is accepted keeps its bounds; what is refused says why, in JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    try_observe((const char *)text, size);
    try_predict((const char *)text, size);
    return 0;
}
