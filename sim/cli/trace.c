/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/cli/stop.h"
#include "sim/engine/stream.h"
#include "sim/run/people.h"

#define CHANGES_MAX 64
#define THREADS_MAX 64
#define REPLICATIONS_MAX 1000

static const char help[]
    = "usage: harbinger trace [OPTION ...] -o FILE SCENARIO\n\n"
      "Writes the people of a scenario's <world> into a trace file: who is where when, over\n"
      "history and study, without running a policy. `harbinger dataset` and a scenario's <trace>\n"
      "read it; with from_h the history, a run on it is that of the world itself.\n\n"
      "  -o FILE            the trace file to write\n"
      "  --seed S           instead of the scenario's: other people in the same cities\n"
      "  --replication R    the people of the run's replication R, from 0 (0)\n"
      "  --set E.A=VALUE    sets an attribute, as for `harbinger run`: --set world.clients=5000\n"
      "  --seen             only what a predictor of the run sees: in the study, who is connected\n"
      "  -j N               threads (1); the file does not depend on it\n\n"
      "At most 16384 people are in memory at once.\n";

struct options {
    const char *scenario, *output;
    struct sim_scenario_change changes[CHANGES_MAX];
    size_t change_count;
    char seed[64];
    uint32_t threads, replication;
    bool is_help, is_seen_only;
};

static int refuse(const char *found, const char *expected)
{
    fprintf(stderr, "harbinger trace: '%s': expected %s\n", found, expected);
    return 2;
}

static bool whole(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
    char *end = NULL;
    unsigned long got = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || got < min || got > max) {
        return false;
    }
    *value = (uint32_t)got;
    return true;
}

static int add_change(struct options *options, const char *text)
{
    if (options->change_count == CHANGES_MAX) {
        return refuse(text, "at most 64 changes");
    }
    options->changes[options->change_count++] = (struct sim_scenario_change) { .text = text };
    return 0;
}

static int take(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "-o") == 0) {
        options->output = value;
        return 0;
    }
    if (strcmp(name, "--seed") == 0) {
        snprintf(options->seed, sizeof options->seed, "scenario.seed=%.40s", value);
        return add_change(options, options->seed);
    }
    if (strcmp(name, "--set") == 0) {
        return add_change(options, value);
    }
    if (strcmp(name, "--replication") == 0) {
        return whole(value, 0, REPLICATIONS_MAX - 1, &options->replication)
            ? 0 : refuse(value, "--replication with 0 to 999");
    }
    if (strcmp(name, "-j") == 0) {
        return whole(value, 1, THREADS_MAX, &options->threads)
            ? 0 : refuse(value, "-j with 1 to 64 threads");
    }
    return refuse(name, "an option of `harbinger trace --help`");
}

static int parse(int argc, char **argv, struct options *options)
{
    int status = 0;
    for (int i = 1; i < argc && status == 0; i++) {
        bool is_help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
        if (is_help) {
            options->is_help = true;
        } else if (strcmp(argv[i], "--seen") == 0) {
            options->is_seen_only = true;
        } else if (argv[i][0] == '-' && i + 1 < argc) {
            status = take(options, argv[i], argv[i + 1]);
            i++;
        } else if (argv[i][0] == '-') {
            status = refuse(argv[i], "an option of `harbinger trace --help`, with its value");
        } else if (options->scenario != NULL) {
            status = refuse(argv[i], "one scenario, see `harbinger trace --help`");
        } else {
            options->scenario = argv[i];
        }
    }
    bool is_short = options->scenario == NULL || options->output == NULL;
    if (status == 0 && is_short && !options->is_help) {
        fputs(help, stderr);
        return 2;
    }
    return status;
}

static enum hb_status write_people(const struct options *options,
    const struct sim_scenario *scenario, struct data_problem *problem)
{
    if (!scenario->has_world) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found recorded people: expected a scenario with a <world>", options->scenario);
    }
    struct sim_people_options people = {
        .seed = sim_stream_replica_seed(scenario->seed, options->replication),
        .threads = options->threads,
        .interrupt = cli_stop_flag(),
        .is_seen_only = options->is_seen_only
    };
    struct sim_people_written written;
    enum hb_status status
        = sim_people_write(scenario, &people, options->output, problem, &written);
    if (status == HB_OK) {
        printf("%s: %" PRIu32 " clients, %" PRIu32 " places, %" PRIu64 " visits; %g h, of them "
               "%g h history\n",
            options->output, written.client_count, written.place_count, written.visit_count,
            scenario->world.history_h + scenario->world.duration_h, scenario->world.history_h);
    }
    return status;
}

int cli_trace(int argc, char **argv)
{
    struct options options = { .threads = 1 };
    struct data_problem problem = { .text = "" };
    struct sim_scenario *scenario = NULL;
    int failed = parse(argc, argv, &options);
    if (failed != 0 || options.is_help) {
        fputs(failed == 0 ? help : "", stdout);
        return failed;
    }
    struct sim_scenario_source source = { .path = options.scenario, .changes = options.changes,
        .change_count = options.change_count };
    enum hb_status status = sim_scenario_load(&source, &scenario, &problem);
    if (status == HB_OK) {
        cli_stop_watch();
        status = write_people(&options, scenario, &problem);
    }
    if (status != HB_OK) {
        fprintf(stderr, "%s\n", problem.text[0] != '\0' ? problem.text : hb_status_text(status));
    }
    sim_scenario_free(scenario);
    return cli_stop_exit(status == HB_OK ? 0 : 1);
}
