/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/import_sink.h"
#include "data/instant.h"
#include "data/lines.h"
#include "data/names.h"

enum { columns_max = 64, line_bytes = 4096 };

/* What a column says, and the names by which a header may call it. */
#define ROLE_LIST(X)                                                                               \
    X(CLIENT, "client", " client user user_id userid uid id taxi taxi_id vehicle device ")         \
    X(TIME, "time", " time t timestamp unix unix_s unix_utc unix_time datetime date_time ")        \
    X(SLOT, "slot", " slot ")                                                                      \
    X(LAT, "lat", " lat latitude lat_deg ")                                                        \
    X(LON, "lon", " lon lng long longitude lon_deg ")                                              \
    X(CELL, "cell", " cell cell_id ")

enum role {
#define X(name, text, names) ROLE_##name,
    ROLE_LIST(X)
#undef X
        ROLE_COUNT
};

static const struct {
    const char *text, *header_names;
} roles[] = {
#define X(name, text, names) { text, names },
    ROLE_LIST(X)
#undef X
};

/* Which field is what. */
struct layout {
    int field_of[ROLE_COUNT]; /* -1: no such column */
    int count; /* fields of a line */
    char separator;
};

static char separator_of(const char *line)
{
    return strchr(line, '\t') != NULL ? '\t' : strchr(line, ';') != NULL ? ';' : ',';
}

/* The text behind a byte order mark. */
static char *without_mark(char *line)
{
    return strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

/* Takes the quotes off a field that begins with one, in place; "" within is
 * one quote. Returns what follows the closing quote, NULL if there is none. */
static char *unquote(char *field)
{
    char *out = field;
    for (char *in = field + 1; *in != '\0'; in++) {
        if (*in == '"' && in[1] != '"') {
            *out = '\0';
            return in + 1;
        }
        in += *in == '"';
        *out++ = *in;
    }
    return NULL;
}

/* Cuts a line in place. Returns the number of fields, of which columns_max are
 * stored; -1: a quote stays open or text follows a closed one. */
static int split(char *line, char separator, char *fields[columns_max])
{
    int count = 0;
    char *field = line;
    while (field != NULL) {
        if (count < columns_max) {
            fields[count] = field;
        }
        count++;
        char *end =
            *field == '"' ? unquote(field) : field + strcspn(field, (char[]) { separator, 0 });
        if (end == NULL || (*end != '\0' && *end != separator)) {
            return -1;
        }
        field = *end == '\0' ? NULL : end + 1;
        *end = '\0';
    }
    return count;
}

static enum role role_of_header(const char *name)
{
    char padded[32];
    int bytes = snprintf(padded, sizeof padded, " %s ", name);
    if (bytes < 3 || (size_t)bytes >= sizeof padded || strchr(name, ' ') != NULL) {
        return ROLE_COUNT;
    }
    for (char *c = padded; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    }
    int role = 0;
    while (role < ROLE_COUNT && strstr(roles[role].header_names, padded) == NULL) {
        role++;
    }
    return (enum role)role;
}

static enum role role_of_option(const char *name)
{
    int role = 0;
    while (role < ROLE_COUNT && strcmp(roles[role].text, name) != 0) {
        role++;
    }
    return (enum role)role;
}

/* The layout that a header line or the option columns describes (the text is
 * cut up). where: "file:1" or "columns". */
static enum hb_status read_layout(char *text, char separator, bool is_header, const char *where,
    struct data_problem *problem, struct layout *layout)
{
    char *names[columns_max];
    *layout = (struct layout) { .count = split(text, separator, names), .separator = separator };
    for (int role = 0; role < ROLE_COUNT; role++) {
        layout->field_of[role] = -1;
    }
    if (layout->count < 0 || layout->count > columns_max) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found open quotes or more than %d columns: expected column names", where,
            columns_max);
    }
    for (int i = 0; i < layout->count; i++) {
        enum role role = is_header ? role_of_header(names[i]) : role_of_option(names[i]);
        if (role == ROLE_COUNT && !is_header && strcmp(names[i], "-") != 0) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: found \"%.40s\": expected client, time, slot, lat, lon, cell or -", where,
                names[i]);
        }
        if (role != ROLE_COUNT && layout->field_of[role] >= 0) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: found two columns of %s: expected one", where, roles[role].text);
        }
        if (role != ROLE_COUNT) {
            layout->field_of[role] = i;
        }
    }
    return HB_OK;
}

static enum hb_status demand(const struct layout *layout, const enum role *wanted, size_t count,
    const char *where, struct data_problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        if (layout->field_of[wanted[i]] < 0) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: found no column of %s: expected one", where, roles[wanted[i]].text);
        }
    }
    return HB_OK;
}

/* The columns that a table of fixes needs under these options. */
static enum hb_status demand_fix(const struct layout *layout,
    const struct data_import_options *options, const char *where, struct data_problem *problem)
{
    const enum role wanted[] = { ROLE_CLIENT, options->slot_s > 0.0 ? ROLE_SLOT : ROLE_TIME,
        options->cells != NULL ? ROLE_CELL : ROLE_LAT,
        options->cells != NULL ? ROLE_CELL : ROLE_LON };
    return demand(layout, wanted, 4, where, problem);
}

static enum hb_status read_time(struct data_import_sink *sink, struct data_import_at at,
    const struct layout *layout, char *const *fields, int64_t *unix_s, bool *is_good)
{
    *is_good = true;
    if (sink->options->slot_s > 0.0) {
        const char *text = fields[layout->field_of[ROLE_SLOT]];
        char *end = NULL;
        double slot = strtod(text, &end);
        double at_s = (double)sink->options->epoch_unix_s + slot * sink->options->slot_s;
        if (end != text && *end == '\0' && slot >= 0.0 && at_s < 4102444800.0) {
            *unix_s = (int64_t)at_s;
            return HB_OK;
        }
        *is_good = false;
        return data_import_sink_bad(sink, at,
            "slot=\"%.40s\": expected a number from 0, before "
            "the year 2100",
            text);
    }
    const char *text = fields[layout->field_of[ROLE_TIME]];
    if (data_instant_parse(text, unix_s) == HB_OK) {
        return HB_OK;
    }
    *is_good = false;
    return data_import_sink_bad(
        sink, at, "time=\"%.40s\": expected Unix seconds or ISO 8601, 1970..2099", text);
}

static enum hb_status read_point(struct data_import_sink *sink, struct data_import_at at,
    const struct layout *layout, char *const *fields, struct hb_point *point, bool *is_good)
{
    *is_good = false;
    if (sink->cell_names != NULL) {
        const char *text = fields[layout->field_of[ROLE_CELL]];
        uint32_t cell = data_names_find(sink->cell_names, text);
        if (cell == DATA_NAMES_NONE) {
            return data_import_sink_bad(
                sink, at, "cell=\"%.40s\": expected one of the table of cells", text);
        }
        *point = sink->cell_points[cell];
    } else {
        const char *lat = fields[layout->field_of[ROLE_LAT]];
        const char *lon = fields[layout->field_of[ROLE_LON]];
        if (!data_import_sink_degrees(lat, 90.0, &point->lat_deg)) {
            return data_import_sink_bad(sink, at, "lat=\"%.40s\": expected degrees -90..90", lat);
        }
        if (!data_import_sink_degrees(lon, 180.0, &point->lon_deg)) {
            return data_import_sink_bad(sink, at, "lon=\"%.40s\": expected degrees -180..180", lon);
        }
    }
    *is_good = true;
    return HB_OK;
}

static enum hb_status read_fix(struct data_import_sink *sink, struct data_import_at at,
    const struct layout *layout, char *line)
{
    char *fields[columns_max];
    int count = split(line, layout->separator, fields);
    if (count != layout->count) {
        return count < 0
            ? data_import_sink_bad(sink, at, "found open quotes: expected closed ones")
            : data_import_sink_bad(sink, at, "found %d fields: expected %d", count, layout->count);
    }
    struct data_fix fix = { 0 };
    bool is_good = false;
    enum hb_status status = read_time(sink, at, layout, fields, &fix.unix_s, &is_good);
    if (is_good) {
        status = read_point(sink, at, layout, fields, &fix.at, &is_good);
    }
    return is_good ? data_import_sink_fix(sink, at, fields[layout->field_of[ROLE_CLIENT]], &fix)
                   : status;
}

/* The layout of a table, from its first line or the options. *is_data: that line is data. */
static enum hb_status begin_fixes(struct data_import_sink *sink, const char *path, char *line,
    struct layout *layout, bool *is_data)
{
    char text[line_bytes], where[300];
    const char *columns = sink->options->columns;
    char separator = separator_of(line);
    (void)snprintf(where, sizeof where, "%.280s:1", path);
    (void)snprintf(text, sizeof text, "%s", columns == NULL ? line : columns);
    *is_data = columns != NULL && !sink->options->has_header;
    const char *says = columns == NULL ? where : "columns";
    enum hb_status status = read_layout(
        text, columns == NULL ? separator : ',', columns == NULL, says, sink->problem, layout);
    layout->separator = separator;
    return status == HB_OK ? demand_fix(layout, sink->options, says, sink->problem) : status;
}

enum hb_status data_import_csv_read(const char *path, struct data_import_sink *sink)
{
    struct layout layout = { 0 };
    struct data_lines *lines = NULL;
    enum hb_status status = data_lines_open(path, sink->problem, &lines);
    while (status == HB_OK) {
        char *line = NULL;
        status = data_lines_next(lines, sink->problem, &line);
        if (status != HB_OK || line == NULL) {
            break;
        }
        struct data_import_at at = { .path = path, .line = (unsigned long)data_lines_at(lines) };
        bool is_data = true;
        sink->report->line_count++;
        if (at.line == 1) {
            line = without_mark(line);
            status = begin_fixes(sink, path, line, &layout, &is_data);
        }
        if (status == HB_OK && is_data && *line != '\0') {
            status = read_fix(sink, at, &layout, line);
        }
    }
    data_lines_close(lines);
    return status;
}

static enum hb_status read_cell(struct data_import_sink *sink, struct data_import_at at,
    const struct layout *layout, char *line)
{
    char *fields[columns_max];
    int count = split(line, layout->separator, fields);
    struct hb_point point;
    if (count != layout->count
        || !data_import_sink_degrees(fields[layout->field_of[ROLE_LAT]], 90.0, &point.lat_deg)
        || !data_import_sink_degrees(fields[layout->field_of[ROLE_LON]], 180.0, &point.lon_deg)) {
        return data_problem_set(sink->problem, HB_ERR_FORMAT,
            "%s:%lu: found no cell with lat and lon in degrees: expected %d fields", at.path,
            at.line, layout->count);
    }
    const char *name = fields[layout->field_of[ROLE_CELL]];
    uint32_t before = data_names_len(sink->cell_names), cell = 0;
    enum hb_status status = data_names_add(sink->cell_names, name, &cell);
    if (status == HB_OK && cell < before) {
        return data_problem_set(sink->problem, HB_ERR_FORMAT,
            "%s:%lu: found cell=\"%.40s\" again: expected each cell once", at.path, at.line, name);
    }
    if (status == HB_OK && (cell & (cell - 1)) == 0) { /* 0 and the powers of two: double */
        struct hb_point *points =
            realloc(sink->cell_points, (cell == 0 ? 1 : 2 * (size_t)cell) * sizeof *points);
        if (points == NULL) {
            return HB_ERR_MEMORY;
        }
        sink->cell_points = points;
    }
    if (status == HB_OK) {
        sink->cell_points[cell] = point;
    }
    return status;
}

enum hb_status data_import_csv_cells(const char *path, struct data_import_sink *sink)
{
    static const enum role wanted[] = { ROLE_CELL, ROLE_LAT, ROLE_LON };
    struct layout layout = { 0 };
    struct data_lines *lines = NULL;
    char where[300];
    (void)snprintf(where, sizeof where, "%.280s:1", path);
    enum hb_status status = data_lines_open(path, sink->problem, &lines);
    if (status == HB_OK) {
        status = data_names_create(&sink->cell_names);
    }
    while (status == HB_OK) {
        char *line = NULL;
        status = data_lines_next(lines, sink->problem, &line);
        if (status != HB_OK || line == NULL) {
            break;
        }
        struct data_import_at at = { .path = path, .line = (unsigned long)data_lines_at(lines) };
        if (at.line == 1) {
            line = without_mark(line);
            status = read_layout(line, separator_of(line), true, where, sink->problem, &layout);
            status = status == HB_OK ? demand(&layout, wanted, 3, where, sink->problem) : status;
        } else if (*line != '\0') {
            status = read_cell(sink, at, &layout, line);
        }
    }
    data_lines_close(lines);
    return status;
}
