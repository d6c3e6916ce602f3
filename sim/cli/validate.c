/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/run/scenario.h"

static const char help[] =
    "usage: harbinger validate [--trace FILE] SCENARIO...\n\n"
    "Checks scenarios against the schema and its rules without running them. Says\n"
    "`file:line: attribute=\"found\": expected ...` for the first fault of each.\n"
    "  --trace FILE  the trace of a scenario whose <trace> names none\n";

static int validate(const char *path, const char *trace)
{
    struct data_problem problem = { .text = "" };
    struct sim_scenario *scenario = NULL;
    struct sim_scenario_source source = { .path = path, .trace = trace };
    if (sim_scenario_load(&source, &scenario, &problem) != HB_OK) {
        fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    printf("%s: valid: \"%s\", %zu polic%s, %u setting%s, %u replication%s\n", path,
        scenario->name, scenario->policy_count, scenario->policy_count == 1 ? "y" : "ies",
        scenario->sweep.value_count, scenario->sweep.value_count == 1 ? "" : "s",
        scenario->replications, scenario->replications == 1 ? "" : "s");
    sim_scenario_free(scenario);
    return 0;
}

int cli_validate(int argc, char **argv)
{
    const char *trace = NULL;
    int failed = 0, count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--trace") == 0 && i + 1 < argc) {
            trace = argv[++i];
        } else if (argv[i][0] == '-') {
            fprintf(stderr, "harbinger validate: '%s': expected --trace FILE or a scenario\n",
                argv[i]);
            return 2;
        } else {
            failed |= validate(argv[i], trace);
            count++;
        }
    }
    if (count == 0) {
        fputs(help, stderr);
        return 2;
    }
    return failed;
}
