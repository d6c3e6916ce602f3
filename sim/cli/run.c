/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "analysis/optimum.h"
#include "analysis/report.h"
#include "analysis/study.h"
#include "data/tables.h"
#include "sim/cli/cli.h"
#include "sim/cli/stop.h"
#include "sim/cli/versions.h"
#include "sim/run/study.h"

#define CHANGES_MAX 64
#define THREADS_MAX 64

_Static_assert(SIM_SCENARIO_POLICIES_MAX <= ANALYSIS_STUDY_SERIES_MAX, "a run can be shown");

static const char help[]
    = "usage: harbinger run [OPTION ...] SCENARIO\n\n"
      "Runs a scenario (XML; `harbinger schema` tells what it may contain), prints the\n"
      "summary and writes the result file, its figures and a page with all of them.\n\n"
      "  -j N                 threads; by default one per processor; results do not depend on it\n"
      "  --seed S             instead of the scenario's\n"
      "  --set E.A=VALUE      sets attribute A of every element E, or of E:NAME the one so named\n"
      "  --trace FILE         the trace of a scenario whose <trace> names none\n"
      "  --check              verifies invariants as it runs: order, conservation, one primary\n"
      "                       per client, running instances, balanced ledgers\n"
      "  --record FILE        records what goes into and out of one policy's controller\n"
      "  --record-policy P    which one; by default the first that asks a predictor\n"
      "  -o FILE              result file; by default results/NAME.h5\n"
      "  --no-report          no figures\n"
      "  --quiet              no progress\n";

struct options {
    const char *scenario, *trace, *output, *record, *record_policy;
    struct sim_scenario_change changes[CHANGES_MAX];
    size_t change_count;
    char seed[64];
    uint32_t threads;
    bool check, no_report, quiet, is_help;
};

static int refuse(const char *found, const char *expected)
{
    fprintf(stderr, "harbinger run: '%s': expected %s\n", found, expected);
    return 2;
}

static int add_change(struct options *options, const char *text)
{
    if (options->change_count == CHANGES_MAX) {
        return refuse(text, "at most 64 changes");
    }
    options->changes[options->change_count++] = (struct sim_scenario_change) { .text = text };
    return 0;
}

static int set_threads(struct options *options, const char *text)
{
    char *end = NULL;
    unsigned long count = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || count == 0 || count > THREADS_MAX) {
        return refuse(text, "-j with 1 to 64 threads");
    }
    options->threads = (uint32_t)count;
    return 0;
}

static int take_value(struct options *options, const char *name, const char *value)
{
    if (strcmp(name, "-j") == 0) {
        return set_threads(options, value);
    }
    if (strcmp(name, "--seed") == 0) {
        snprintf(options->seed, sizeof options->seed, "scenario.seed=%.40s", value);
        return add_change(options, options->seed);
    }
    if (strcmp(name, "--set") == 0) {
        return add_change(options, value);
    }
    const char **text = strcmp(name, "--trace") == 0 ? &options->trace
        : strcmp(name, "--record") == 0              ? &options->record
        : strcmp(name, "--record-policy") == 0       ? &options->record_policy
        : strcmp(name, "-o") == 0                    ? &options->output
                                                     : NULL;
    if (text == NULL) {
        return refuse(name, "an option of `harbinger run --help`");
    }
    *text = value;
    return 0;
}

static bool take_flag(struct options *options, const char *name)
{
    bool *flag = strcmp(name, "--check") == 0 ? &options->check
        : strcmp(name, "--no-report") == 0    ? &options->no_report
        : strcmp(name, "--quiet") == 0        ? &options->quiet
        : strcmp(name, "--help") == 0         ? &options->is_help
        : strcmp(name, "-h") == 0             ? &options->is_help
                                              : NULL;
    if (flag != NULL) {
        *flag = true;
    }
    return flag != NULL;
}

static int parse(int argc, char **argv, struct options *options)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    options->threads = processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX
                                                                     : (uint32_t)processors;
    int status = 0;
    for (int i = 1; i < argc && status == 0; i++) {
        if (take_flag(options, argv[i])) {
            continue;
        }
        if (strncmp(argv[i], "-j", 2) == 0 && argv[i][2] != '\0') {
            status = set_threads(options, argv[i] + 2);
        } else if (argv[i][0] == '-' && i + 1 < argc) {
            status = take_value(options, argv[i], argv[i + 1]);
            i++;
        } else if (argv[i][0] == '-') {
            status = refuse(argv[i], "an option of `harbinger run --help`, with its value");
        } else if (options->scenario != NULL) {
            status = refuse(argv[i], "one scenario, see `harbinger run --help`");
        } else {
            options->scenario = argv[i];
        }
    }
    if (status == 0 && options->scenario == NULL && !options->is_help) {
        fputs(help, stderr);
        return 2;
    }
    return status;
}

static enum hb_status create_workspace(uint32_t segments, uint32_t sites, void **out)
{
    struct analysis_optimum *optimum = NULL;
    enum hb_status status = analysis_optimum_create(segments, sites, &optimum);
    *out = optimum;
    return status;
}

static enum hb_status solve(void *workspace, const struct sim_bound_path *path, double *cost,
    uint32_t *sites)
{
    struct analysis_optimum_path same = { .segment_count = path->segment_count,
        .site_count = path->site_count,
        .start_s = path->start_s,
        .end_s = path->end_s,
        .serve = path->serve,
        .ctx = path->ctx,
        .enter = path->enter,
        .leave = path->leave,
        .enter_early = path->enter_early,
        .lead_s = path->lead_s,
        .initial_site = HB_NONE };
    struct analysis_optimum_plan plan;
    enum hb_status status = analysis_optimum_solve(workspace, &same, &plan, sites);
    if (status == HB_OK) {
        *cost = plan.cost;
    }
    return status;
}

static void free_workspace(void *workspace)
{
    analysis_optimum_free(workspace);
}

static const struct sim_bound_solver solver = { create_workspace, solve, free_workspace };

/* The policy whose controller is recorded; false: there is none of that name. */
static bool find_policy(const struct sim_scenario *scenario, const char *name, uint32_t *policy)
{
    *policy = 0;
    for (size_t i = scenario->policy_count; i > 0; i--) {
        const struct sim_scenario_policy *it = &scenario->policies[i - 1];
        bool is_wanted = name != NULL ? strcmp(it->name, name) == 0
                                      : it->predictor_index != SIM_SCENARIO_ABSENT;
        if (is_wanted) {
            *policy = (uint32_t)(i - 1);
            if (name != NULL) {
                return true;
            }
        }
    }
    return name == NULL;
}

static void name_output(const struct options *options, const struct sim_scenario *scenario,
    char *output, size_t output_bytes)
{
    if (options->output != NULL) {
        snprintf(output, output_bytes, "%s", options->output);
    } else if (scenario->output.file[0] != '\0') {
        snprintf(output, output_bytes, "%s", scenario->output.file);
    } else {
        (void)mkdir("results", 0777); /* a failure shows when the file is created */
        snprintf(output, output_bytes, "results/%s.h5", scenario->name);
    }
}

static int fail(const struct data_problem *problem)
{
    fprintf(stderr, "harbinger run: %s\n", problem->text);
    return 1;
}

static int show_summary(const char *output)
{
    struct data_problem problem = { .text = "" };
    const char *const paths[] = { output };
    const struct analysis_report report = { .paths = paths, .path_count = 1 };
    enum hb_status status = analysis_report_summary(&report, stdout, &problem);
    return status == HB_OK ? 0 : fail(&problem);
}

/* Figures beside the result file: results/NAME.h5 -> results/NAME/. */
static int write_report(const char *output)
{
    char folder[SIM_SCENARIO_FILE], coast[SIM_SCENARIO_FILE];
    struct data_problem problem = { .text = "" };
    size_t length = strlen(output);
    bool has_ending = length > 3 && strcmp(output + length - 3, ".h5") == 0;
    snprintf(folder, sizeof folder, "%.*s%s", (int)(has_ending ? length - 3 : length), output,
        has_ending ? "" : "-report");
    bool has_coast
        = data_tables_path("coastline.tsv", coast, sizeof coast, &problem) == HB_OK;
    problem.text[0] = '\0';
    const char *paths[] = { output };
    struct analysis_report report = { .paths = paths, .path_count = 1, .directory = folder,
        .coastline_path = has_coast ? coast : NULL, .interrupt = cli_stop_flag() };
    enum hb_status status = analysis_report_write(&report, &problem);
    if (status != HB_OK) {
        return fail(&problem);
    }
    printf("figures  %s/report.html\n", folder);
    return 0;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Of memory at any time so far. */
static double peak_mb(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage); /* with these arguments it cannot fail */
    return (double)usage.ru_maxrss * 1024.0 / 1e6; /* Linux counts KiB */
}

static int run(const struct options *options, struct sim_scenario *scenario)
{
    char output[SIM_SCENARIO_FILE];
    struct data_problem problem = { .text = "" };
    struct sim_study_outcome outcome;
    struct cli_versions versions;
    uint32_t policy = 0;
    if (!find_policy(scenario, options->record_policy, &policy)) {
        return refuse(options->record_policy, "--record-policy with a policy of the scenario");
    }
    name_output(options, scenario, output, sizeof output);
    cli_versions_find(&versions);
    struct sim_study_options study = { .threads = options->threads,
        .check = options->check,
        .output = output,
        .solver = &solver,
        .program = CLI_PROGRAM,
        .pairs = versions.pairs + 1, /* the program stands in the manifest itself */
        .pair_count = versions.pair_count - 1,
        .interrupt = cli_stop_flag(),
        .progress = options->quiet ? NULL : stderr,
        .record = options->record,
        .record_policy = policy };
    double began_s = seconds_now();
    if (sim_study_run(scenario, &study, &outcome, &problem) != HB_OK) {
        return fail(&problem);
    }
    int failed = show_summary(output);
    printf("%u client%s, %u places, %u sites, %llu visits; %.1f s, %.1f MB\n",
        outcome.client_count, outcome.client_count == 1 ? "" : "s", outcome.place_count,
        outcome.site_count,
        (unsigned long long)outcome.visit_count, seconds_now() - began_s, peak_mb());
    printf("digest   %s\nresults  %s\n", outcome.digest, output);
    fflush(stdout);
    if (failed == 0 && !options->no_report) {
        failed = write_report(output);
    }
    return failed;
}

int cli_run(int argc, char **argv)
{
    struct options options = { .scenario = NULL };
    struct data_problem problem = { .text = "" };
    struct sim_scenario *scenario = NULL;
    int status = parse(argc, argv, &options);
    if (status != 0 || options.is_help) {
        fputs(options.is_help && status == 0 ? help : "", stdout);
        return status;
    }
    struct sim_scenario_source source = { .path = options.scenario, .changes = options.changes,
        .change_count = options.change_count, .trace = options.trace };
    if (sim_scenario_load(&source, &scenario, &problem) != HB_OK) {
        fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    cli_stop_watch();
    status = cli_stop_exit(run(&options, scenario));
    sim_scenario_free(scenario);
    return status;
}
