/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/import_sink.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum hb_status data_import_sink_bad(
    struct data_import_sink *sink, struct data_import_at at, const char *format, ...)
{
    char message[300];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct data_problem found = { 0 };
    (void)data_problem_set(&found, HB_OK, "%s:%lu: %s", at.path, at.line, message);
    if (sink->report->skipped_count < sink->options->skip_max) {
        if (sink->report->skipped_count++ == 0) {
            (void)snprintf(
                sink->report->first_skipped, sizeof sink->report->first_skipped, "%s", found.text);
        }
        return HB_OK;
    }
    return data_problem_set(sink->problem, HB_ERR_FORMAT, "%s", found.text);
}

bool data_import_sink_degrees(const char *text, double limit_deg, double *out)
{
    char *end = NULL;
    double value = strtod(text, &end);
    *out = value;
    return end != text && *end == '\0' && fabs(value) <= limit_deg;
}

enum hb_status data_import_sink_fix(struct data_import_sink *sink, struct data_import_at at,
    const char *client, const struct data_fix *fix)
{
    const struct data_import_options *options = sink->options;
    if (fix->unix_s < options->from_unix_s
        || (options->to_unix_s != 0 && fix->unix_s >= options->to_unix_s)) {
        return HB_OK;
    }
    enum hb_status status = data_grid_add(sink->grid, client, fix);
    if (status == HB_ERR_RANGE) {
        return data_import_sink_bad(sink, at, "client=\"%.70s\": expected 1..63 bytes", client);
    }
    if (status == HB_ERR_FULL) {
        return data_problem_set(sink->problem, status,
            "%s:%lu: found more than 2^28 fixes or clients or 2^26 cells: expected fewer", at.path,
            at.line);
    }
    return status;
}
