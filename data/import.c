/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/import.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "data/import_sink.h"
#include "data/names.h"

enum { depth_max = 16, path_bytes = 4096 };

struct data_import_options data_import_defaults(void)
{
    return (struct data_import_options) {
        .grid = { .cell_km = 1.0, .gap_s = 3600.0, .city_km = 50.0 },
    };
}

static bool ends_with(const char *text, const char *ending)
{
    size_t bytes = strlen(text), ending_bytes = strlen(ending);
    return bytes > ending_bytes && strcasecmp(text + bytes - ending_bytes, ending) == 0;
}

/* AUTO: not a format of ours by its name. */
static enum data_import_format format_of(const char *path)
{
    static const char *const tables[] = { ".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz" };
    if (ends_with(path, ".plt")) {
        return DATA_IMPORT_PLT;
    }
    if (ends_with(path, ".gpx")) {
        return DATA_IMPORT_GPX;
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (ends_with(path, tables[i])) {
            return DATA_IMPORT_CSV;
        }
    }
    return DATA_IMPORT_AUTO;
}

static enum hb_status read_file(
    const char *path, enum data_import_format format, struct data_import_sink *sink)
{
    sink->report->file_count++;
    switch (format) {
    case DATA_IMPORT_CSV:
        return data_import_csv_read(path, sink);
    case DATA_IMPORT_PLT:
        return data_import_plt_read(path, sink);
    case DATA_IMPORT_GPX:
        return data_xml_gpx_read(path, sink);
    case DATA_IMPORT_AUTO:
        break;
    }
    return data_problem_set(sink->problem, HB_ERR_UNSUPPORTED,
        "%s: found a name of no known format: expected .csv, .tsv, .txt (.gz), .plt or .gpx, or "
        "a format to be named",
        path);
}

static enum hb_status read_folder(const char *path, int depth, struct data_import_sink *sink);

/* One name found in a folder: those of no or another format than the wanted one are passed by. */
static enum hb_status read_entry(
    const char *folder, const char *name, int depth, struct data_import_sink *sink)
{
    char path[path_bytes];
    struct stat stat_of;
    int bytes = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (bytes < 0 || (size_t)bytes >= sizeof path) {
        return data_problem_set(sink->problem, HB_ERR_IO, "%s: path too long", folder);
    }
    if (stat(path, &stat_of) != 0) {
        return data_problem_set(sink->problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (S_ISDIR(stat_of.st_mode)) {
        return read_folder(path, depth + 1, sink);
    }
    enum data_import_format wanted = sink->options->format, format = format_of(name);
    bool fits = S_ISREG(stat_of.st_mode) && format != DATA_IMPORT_AUTO
        && (wanted == DATA_IMPORT_AUTO || wanted == format);
    return fits ? read_file(path, format, sink) : HB_OK;
}

static enum hb_status read_folder(const char *path, int depth, struct data_import_sink *sink)
{
    if (depth > depth_max) {
        return data_problem_set(sink->problem, HB_ERR_RANGE,
            "%s: found folders more than %d deep: expected fewer", path, depth_max);
    }
    struct dirent **names = NULL;
    int count = scandir(path, &names, NULL, alphasort);
    if (count < 0) {
        return data_problem_set(sink->problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    enum hb_status status = HB_OK;
    for (int i = 0; i < count; i++) {
        if (status == HB_OK && names[i]->d_name[0] != '.') {
            status = read_entry(path, names[i]->d_name, depth, sink);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

static enum hb_status read_path(const char *path, struct data_import_sink *sink)
{
    struct stat stat_of;
    if (stat(path, &stat_of) != 0) {
        return data_problem_set(sink->problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISDIR(stat_of.st_mode)) {
        enum data_import_format wanted = sink->options->format;
        return read_file(path, wanted == DATA_IMPORT_AUTO ? format_of(path) : wanted, sink);
    }
    uint64_t before = sink->report->file_count;
    enum hb_status status = read_folder(path, 0, sink);
    if (status == HB_OK && sink->report->file_count == before) {
        return data_problem_set(sink->problem, HB_ERR_NOT_FOUND,
            "%s: found no file of the format: expected .csv, .tsv, .txt (.gz), .plt or .gpx", path);
    }
    return status;
}

static enum hb_status check_options(
    const struct data_import_options *options, struct data_problem *problem)
{
    const struct data_grid_config *grid = &options->grid;
    if (!grid->is_exact && !(grid->cell_km >= 0.05 && grid->cell_km <= 500.0)) {
        return data_problem_set(
            problem, HB_ERR_RANGE, "cell_km=%g: expected 0.05..500", grid->cell_km);
    }
    if (!(grid->gap_s >= 60.0 && grid->gap_s <= 31536000.0)) {
        return data_problem_set(
            problem, HB_ERR_RANGE, "gap_s=%g: expected 60..31536000", grid->gap_s);
    }
    if (!(grid->city_km >= 0.0 && grid->city_km <= 1000.0)) {
        return data_problem_set(
            problem, HB_ERR_RANGE, "city_km=%g: expected 0..1000", grid->city_km);
    }
    if (!(options->slot_s >= 0.0 && options->slot_s <= 86400.0)) {
        return data_problem_set(
            problem, HB_ERR_RANGE, "slot_s=%g: expected 0..86400", options->slot_s);
    }
    return HB_OK;
}

static enum hb_status finish(struct data_import_sink *sink, struct data_trace_store **out)
{
    sink->report->fix_count = data_grid_fix_count(sink->grid);
    enum hb_status status = data_grid_finish(sink->grid, out);
    if (status == HB_ERR_FORMAT) {
        return data_problem_set(sink->problem, status, "found no fix: expected at least one");
    }
    if (status == HB_ERR_RANGE) {
        return data_problem_set(
            sink->problem, status, "found fixes over more than 136 years: expected fewer");
    }
    return status;
}

enum hb_status data_import_files(const char *const *paths, size_t path_count,
    const struct data_import_options *options, const struct data_cities *cities,
    struct data_problem *problem, struct data_import_report *report, struct data_trace_store **out)
{
    struct data_import_sink sink = { .options = options, .problem = problem, .report = report };
    *report = (struct data_import_report) { 0 };
    struct data_grid_config grid = options->grid;
    grid.is_exact = grid.is_exact || options->cells != NULL;
    enum hb_status status = check_options(options, problem);
    if (status == HB_OK) {
        status = data_grid_create(&grid, cities, &sink.grid);
    }
    if (status == HB_OK && options->cells != NULL) {
        status = data_import_csv_cells(options->cells, &sink);
    }
    for (size_t i = 0; i < path_count && status == HB_OK; i++) {
        status = read_path(paths[i], &sink);
    }
    if (status == HB_OK) {
        status = finish(&sink, out);
    }
    free(sink.cell_points);
    data_names_free(sink.cell_names);
    data_grid_free(sink.grid);
    return status;
}
