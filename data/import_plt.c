/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "data/import_sink.h"
#include "data/instant.h"
#include "data/lines.h"

/* GeoLife's PLT: six lines of header, then latitude, longitude, 0, altitude in
 * feet, days since 1899-12-30, date and time, both GMT.
 * Source: GeoLife GPS Trajectories 1.3, User Guide. */
enum { header_lines = 6, field_count = 7, name_bytes = 64 };

/* The user: the folder above Trajectory, or that of the file, or the file's name. */
static void client_of(const char *path, char name[name_bytes])
{
    const char *file = strrchr(path, '/');
    const char *start = path, *end = path + strlen(path);
    if (file != NULL) {
        end = file;
        for (int up = 0; up < 2; up++) {
            start = end;
            while (start > path && start[-1] != '/') {
                start--;
            }
            if (up == 1 || (size_t)(end - start) != 10 || strncmp(start, "Trajectory", 10) != 0
                || start == path) {
                break;
            }
            end = start - 1;
        }
    }
    (void)snprintf(name, name_bytes, "%.*s", (int)(end - start), start);
}

static enum hb_status read_fix(
    struct data_import_sink *sink, struct data_import_at at, const char *client, char *line)
{
    char *fields[field_count];
    int count = 0;
    for (char *field = line; field != NULL; count++) {
        char *comma = strchr(field, ',');
        if (comma != NULL) {
            *comma++ = '\0';
        }
        if (count < field_count) {
            fields[count] = field;
        }
        field = comma;
    }
    if (count != field_count) {
        return data_import_sink_bad(sink, at, "found %d fields: expected %d", count, field_count);
    }
    struct data_fix fix = { 0 };
    if (!data_import_sink_degrees(fields[0], 90.0, &fix.at.lat_deg)) {
        return data_import_sink_bad(sink, at, "lat=\"%.40s\": expected degrees -90..90", fields[0]);
    }
    if (!data_import_sink_degrees(fields[1], 180.0, &fix.at.lon_deg)) {
        return data_import_sink_bad(
            sink, at, "lon=\"%.40s\": expected degrees -180..180", fields[1]);
    }
    char instant[64];
    (void)snprintf(instant, sizeof instant, "%.30s %.30s", fields[5], fields[6]);
    if (strchr(instant, '-') == NULL || data_instant_parse(instant, &fix.unix_s) != HB_OK) {
        return data_import_sink_bad(
            sink, at, "date and time \"%s\": expected such as 2008-10-23 02:53:04", instant);
    }
    return data_import_sink_fix(sink, at, client, &fix);
}

enum hb_status data_import_plt_read(const char *path, struct data_import_sink *sink)
{
    char client[name_bytes];
    client_of(path, client);
    struct data_lines *lines = NULL;
    enum hb_status status = data_lines_open(path, sink->problem, &lines);
    while (status == HB_OK) {
        char *line = NULL;
        status = data_lines_next(lines, sink->problem, &line);
        if (status != HB_OK || line == NULL) {
            break;
        }
        struct data_import_at at = { .path = path, .line = (unsigned long)data_lines_at(lines) };
        sink->report->line_count++;
        if (at.line == 1 && strncmp(line, "Geolife trajectory", 18) != 0) {
            status = data_problem_set(sink->problem, HB_ERR_FORMAT,
                "%s:1: found \"%.40s\": expected \"Geolife trajectory\"", path, line);
        } else if (at.line > header_lines && *line != '\0') {
            status = read_fix(sink, at, client, line);
        }
    }
    data_lines_close(lines);
    return status;
}
