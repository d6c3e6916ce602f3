/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/import.h"
#include "data/instant.h"
#include "data/trace_file.h"
#include "sim/cli/cli.h"

static const char help[] =
    "usage: harbinger import [OPTION ...] -o OUT.h5 INPUT ...\n\n"
    "Turns recorded movement into a trace file. An INPUT is a file or a folder of files:\n"
    "tables (.csv .tsv .txt, plain or .gz), GeoLife PLT or GPX.\n\n"
    "  -o FILE          the trace file to write\n"
    "  --format F       auto (by file name), csv, plt or gpx\n"
    "  --columns LIST   what the columns of a table are, such as client,time,lat,lon,-\n"
    "                   (client time slot lat lon cell, - for any other); without it the\n"
    "                   first line names them\n"
    "  --header         with --columns: the first line is not data\n"
    "  --cells FILE     table of cell, lat, lon for a column cell; cells become the places\n"
    "  --slot-s S       length of a slot in seconds, for a column slot\n"
    "  --epoch TIME     instant of slot 0 (1970-01-01)\n"
    "  --cell-km KM     size of a grid cell, 0.05 to 500 (1)\n"
    "  --exact          every distinct coordinate is a place; no grid\n"
    "  --gap-s S        a client is nowhere S seconds after a fix that no other follows (3600)\n"
    "  --city-km KM     a place belongs to the nearest city within KM (50)\n"
    "  --from TIME, --to TIME   leave out fixes before, and from, an instant\n"
    "  --fold-days      every day of every client is a client of its own, all on one date\n"
    "  --skip-bad N     leave out up to N bad lines\n\n"
    "A TIME is Unix seconds or ISO 8601, UTC unless it says otherwise; in tables, too.\n";

struct arguments {
    struct data_import_options options;
    const char *out_path;
    const char **paths; /* [path_count], borrowed from argv */
    size_t path_count;
};

/* Each option: its name, what its value must be, and how it is taken; 0 if it is not good. */
static int take_format(struct arguments *arguments, const char *value)
{
    static const char *const names[] = { "auto", "csv", "plt", "gpx" };
    for (int i = 0; i < 4; i++) {
        if (strcmp(value, names[i]) == 0) {
            arguments->options.format = (enum data_import_format)i;
            return 1;
        }
    }
    return 0;
}

static int take_number(const char *value, double min, double max, double *out)
{
    char *end = NULL;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= min && number <= max)) {
        return 0;
    }
    *out = number;
    return 1;
}

static int take_cell_km(struct arguments *arguments, const char *value)
{
    return take_number(value, 0.05, 500.0, &arguments->options.grid.cell_km);
}

static int take_gap_s(struct arguments *arguments, const char *value)
{
    return take_number(value, 60.0, 31536000.0, &arguments->options.grid.gap_s);
}

static int take_city_km(struct arguments *arguments, const char *value)
{
    return take_number(value, 0.0, 1000.0, &arguments->options.grid.city_km);
}

static int take_slot_s(struct arguments *arguments, const char *value)
{
    return take_number(value, 0.001, 86400.0, &arguments->options.slot_s);
}

static int take_skip_bad(struct arguments *arguments, const char *value)
{
    double count = 0.0;
    int good = take_number(value, 0.0, 9e15, &count);
    arguments->options.skip_max = (uint64_t)count;
    return good && strspn(value, "0123456789") == strlen(value);
}

static int take_epoch(struct arguments *arguments, const char *value)
{
    return data_instant_parse(value, &arguments->options.epoch_unix_s) == HB_OK;
}

static int take_from(struct arguments *arguments, const char *value)
{
    return data_instant_parse(value, &arguments->options.from_unix_s) == HB_OK;
}

static int take_to(struct arguments *arguments, const char *value)
{
    return data_instant_parse(value, &arguments->options.to_unix_s) == HB_OK;
}

static int take_columns(struct arguments *arguments, const char *value)
{
    arguments->options.columns = value;
    return *value != '\0';
}

static int take_cells(struct arguments *arguments, const char *value)
{
    arguments->options.cells = value;
    return *value != '\0';
}

static int take_out(struct arguments *arguments, const char *value)
{
    arguments->out_path = value;
    return *value != '\0';
}

static const struct {
    const char *name, *expected;
    int (*take)(struct arguments *arguments, const char *value);
} options[] = {
    { "-o", "a file name", take_out },
    { "--format", "auto, csv, plt or gpx", take_format },
    { "--columns", "roles such as client,time,lat,lon", take_columns },
    { "--cells", "a file name", take_cells },
    { "--slot-s", "seconds 0.001..86400", take_slot_s },
    { "--epoch", "Unix seconds or ISO 8601", take_epoch },
    { "--cell-km", "0.05..500", take_cell_km },
    { "--gap-s", "60..31536000", take_gap_s },
    { "--city-km", "0..1000", take_city_km },
    { "--from", "Unix seconds or ISO 8601", take_from },
    { "--to", "Unix seconds or ISO 8601", take_to },
    { "--skip-bad", "a count", take_skip_bad },
};

static int take_flag(struct arguments *arguments, const char *name)
{
    if (strcmp(name, "--header") == 0) {
        arguments->options.has_header = true;
    } else if (strcmp(name, "--exact") == 0) {
        arguments->options.grid.is_exact = true;
    } else if (strcmp(name, "--fold-days") == 0) {
        arguments->options.grid.folds_days = true;
    } else {
        return 0;
    }
    return 1;
}

static int refuse(const char *name, const char *found, const char *expected)
{
    fprintf(stderr, "harbinger import: %s: found '%s': expected %s\n", name, found, expected);
    return 2;
}

/* 0, or the exit status of bad use. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    size_t option_count = sizeof options / sizeof options[0];
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            arguments->paths[arguments->path_count++] = argv[i];
            continue;
        }
        if (take_flag(arguments, argv[i])) {
            continue;
        }
        size_t k = 0;
        while (k < option_count && strcmp(argv[i], options[k].name) != 0) {
            k++;
        }
        if (k == option_count) {
            return refuse(argv[i], argv[i], "an option that 'harbinger import --help' lists");
        }
        if (i + 1 == argc || !options[k].take(arguments, argv[i + 1])) {
            return refuse(argv[i], i + 1 == argc ? "nothing" : argv[i + 1], options[k].expected);
        }
        i++;
    }
    if (arguments->out_path == NULL) {
        return refuse("-o", "nothing", "a file name");
    }
    return arguments->path_count > 0 ? 0 : refuse("INPUT", "nothing", "a file or folder");
}

static void summarise(
    const struct data_import_report *report, const struct data_trace *trace, const char *out_path)
{
    char from[11], to[11];
    data_instant_date(trace->epoch_unix_s, from);
    data_instant_date(trace->epoch_unix_s + trace->end_s, to);
    printf("%s: %u clients, %u places, %u regions, %llu visits, %s to %s\n", out_path,
        trace->client_count, trace->place_count, trace->region_count,
        (unsigned long long)trace->first[trace->client_count], from, to);
    printf("read %llu fixes from %llu lines of %llu files\n", (unsigned long long)report->fix_count,
        (unsigned long long)report->line_count, (unsigned long long)report->file_count);
    if (report->skipped_count > 0) {
        printf("left out %llu bad lines, the first: %s\n",
            (unsigned long long)report->skipped_count, report->first_skipped);
    }
}

static int import(const struct arguments *arguments)
{
    struct data_problem problem = { 0 };
    struct data_import_report report;
    struct data_cities *cities = NULL;
    struct data_trace_store *store = NULL;
    enum hb_status status = data_cities_create(&problem, &cities);
    if (status == HB_OK) {
        status = data_import_files(arguments->paths, arguments->path_count, &arguments->options,
            cities, &problem, &report, &store);
    }
    if (status == HB_OK) {
        status = data_trace_file_write(arguments->out_path, data_trace_view(store), &problem);
    }
    if (status == HB_OK) {
        summarise(&report, data_trace_view(store), arguments->out_path);
    } else {
        fprintf(stderr, "harbinger import: %s\n",
            problem.text[0] != '\0' ? problem.text : hb_status_text(status));
    }
    data_trace_free(store);
    data_cities_free(cities);
    return status == HB_OK ? 0 : 1;
}

int cli_import(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
    }
    struct arguments arguments = { .options = data_import_defaults() };
    arguments.paths = calloc((size_t)argc, sizeof *arguments.paths);
    if (arguments.paths == NULL) {
        fprintf(stderr, "harbinger import: %s\n", hb_status_text(HB_ERR_MEMORY));
        return 1;
    }
    int status = parse(argc, argv, &arguments);
    if (status == 0) {
        status = import(&arguments);
    }
    free(arguments.paths);
    return status;
}
