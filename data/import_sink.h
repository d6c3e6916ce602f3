/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_IMPORT_SINK_H
#define DATA_IMPORT_SINK_H

#include "data/import.h"

/* Where the readers of the formats put fixes and complaints; private to the importers. */
struct data_import_sink {
    const struct data_import_options *options;
    struct data_grid *grid;
    struct data_names *cell_names; /* of options->cells, else NULL */
    struct hb_point *cell_points;
    struct data_problem *problem;
    struct data_import_report *report;
};

/* One place in an input. */
struct data_import_at {
    const char *path;
    unsigned long line;
};

/* A bad line: HB_OK while it may be skipped, else HB_ERR_FORMAT. The message is
 * what follows `file:line: `, in printf form. */
enum hb_status data_import_sink_bad(struct data_import_sink *sink, struct data_import_at at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* One fix; a bad one is a bad line. */
enum hb_status data_import_sink_fix(struct data_import_sink *sink, struct data_import_at at,
    const char *client, const struct data_fix *fix);

/* Degrees within +-limit_deg; false: no such number. */
bool data_import_sink_degrees(const char *text, double limit_deg, double *out);

/* The formats. A table of cells fills sink->cell_*. */
enum hb_status data_import_csv_read(const char *path, struct data_import_sink *sink);
enum hb_status data_import_csv_cells(const char *path, struct data_import_sink *sink);
enum hb_status data_import_plt_read(const char *path, struct data_import_sink *sink);
enum hb_status data_xml_gpx_read(const char *path, struct data_import_sink *sink);

#endif
