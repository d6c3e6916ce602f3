/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/run/scenario.h"

static char path[] = "/tmp/fuzz_scenario_XXXXXX";

static void leave(void)
{
    (void)unlink(path); /* it is ours and small */
}

static FILE *scratch(void)
{
    static int is_made;
    if (!is_made) {
        int file = mkstemp(path);
        assert(file >= 0);
        (void)close(file); /* it is opened anew for every input */
        (void)atexit(leave);
        is_made = 1;
    }
    return fopen(path, "wb");
}

/* What is accepted can be run: it has people, sites, policies and a setting.
 * What is refused says in one line where and what was expected. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    FILE *file = scratch();
    assert(file != NULL);
    size_t written = fwrite(text, 1, size, file);
    assert(written == size);
    (void)fclose(file); /* a short file is an input, too */
    struct sim_scenario *scenario = NULL;
    struct data_problem problem = { "" };
    struct sim_scenario_source source = { .path = path };
    if (sim_scenario_load(&source, &scenario, &problem) != HB_OK) {
        assert(scenario == NULL);
        assert(problem.text[0] != '\0');
        assert(strchr(problem.text, '\n') == NULL);
        return 0;
    }
    assert(scenario->policy_count > 0);
    assert(scenario->sites.group_count > 0);
    assert(scenario->sweep.value_count > 0);
    assert(scenario->replications > 0);
    for (uint32_t setting = 0; setting < scenario->sweep.value_count; setting++) {
        sim_scenario_apply(scenario, setting);
    }
    sim_scenario_free(scenario);
    return 0;
}
