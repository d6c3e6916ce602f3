/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "analysis/report.h"
#include "data/tables.h"
#include "sim/cli/cli.h"
#include "sim/cli/stop.h"

#define PATHS_MAX 64
#define PATH_BYTES 4096

static const char usage[]
    = "usage: harbinger report FILE.h5 [FILE.h5 ...] [OPTION ...]\n\n"
      "Prints the summary of result files, and writes their figures (PDF, PNG, and the\n"
      "numbers and gnuplot script of each) and report.html to FOLDER. Several files are\n"
      "laid over one another. A figure without data is left out.\n\n"
      "  -o FOLDER   made if absent; by default FILE-report beside the first FILE\n"
      "  --base P    policy to compare the others with, pair by pair; by default the first\n"
      "  --summary   the summary only, no figures\n"
      "  --verify    first recompute the digest of each file from its rows\n"
      "  --columns   every table and column of a result file, with units\n";

struct options {
    const char *paths[PATHS_MAX];
    size_t path_count;
    const char *directory, *base;
    int is_summary, is_verify;
};

static int fail(const char *text)
{
    fprintf(stderr, "harbinger report: %s\n", text);
    return 1;
}

/* 0, or the exit status of bad use. */
static int parse(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            options->directory = argv[++i];
        } else if (strcmp(argv[i], "--base") == 0 && i + 1 < argc) {
            options->base = argv[++i];
        } else if (strcmp(argv[i], "--summary") == 0) {
            options->is_summary = 1;
        } else if (strcmp(argv[i], "--verify") == 0) {
            options->is_verify = 1;
        } else if (argv[i][0] == '-' || options->path_count == PATHS_MAX) {
            fprintf(stderr, "harbinger report: '%s': not understood\n\n%s", argv[i], usage);
            return 2;
        } else {
            options->paths[options->path_count++] = argv[i];
        }
    }
    if (options->path_count == 0) {
        fprintf(stderr, "%s", usage);
        return 2;
    }
    return 0;
}

static enum hb_status verify(const char *path, struct data_problem *problem)
{
    struct data_result_file *file;
    enum hb_status status = data_results_open(path, &file, problem);
    if (status == HB_OK) {
        status = data_results_verify(file, problem);
        data_results_close(file);
    }
    return status;
}

/* "runs/metro-day.h5" -> "runs/metro-day-report". */
static void default_directory(const char *path, char *directory)
{
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".h5") == 0) {
        length -= 3;
    }
    (void)snprintf(directory, PATH_BYTES, "%.*s-report", (int)length, path);
}

int cli_report(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("%s", usage);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--columns") == 0) {
        data_schema_print(stdout);
        return 0;
    }
    struct options options = { .path_count = 0 };
    int bad_use = parse(argc, argv, &options);
    if (bad_use != 0) {
        return bad_use;
    }
    struct data_problem problem = { "" };
    for (size_t i = 0; options.is_verify && i < options.path_count; i++) {
        if (verify(options.paths[i], &problem) != HB_OK) {
            return fail(problem.text);
        }
        printf("%s: digest agrees with the rows\n", options.paths[i]);
    }
    char directory[PATH_BYTES], coastline[PATH_BYTES];
    default_directory(options.paths[0], directory);
    int has_coast
        = data_tables_path("coastline.tsv", coastline, sizeof coastline, NULL) == HB_OK;
    const struct analysis_report report = { .paths = options.paths,
        .path_count = options.path_count,
        .base = options.base,
        .directory = options.directory == NULL ? directory : options.directory,
        .coastline_path = has_coast ? coastline : NULL,
        .interrupt = cli_stop_flag(),
        .progress = stdout };
    if (analysis_report_summary(&report, stdout, &problem) != HB_OK) {
        return fail(problem.text);
    }
    if (options.is_summary) {
        return 0;
    }
    printf("\n");
    cli_stop_watch();
    if (analysis_report_write(&report, &problem) != HB_OK) {
        return cli_stop_exit(fail(problem.text));
    }
    return 0;
}
