/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_IMPORT_H
#define DATA_IMPORT_H

#include "data/grid.h"

enum data_import_format {
    DATA_IMPORT_AUTO, /* by the file's ending */
    DATA_IMPORT_CSV, /* any text table, plain or gzip; separator tab, semicolon or comma */
    DATA_IMPORT_PLT, /* GeoLife: user/Trajectory/...plt */
    DATA_IMPORT_GPX, /* track points; the client is the file's name */
};

/* How to read. Unnamed fields are zero and mean: columns by the header, no
 * cells, no slots, nothing skipped, all times. */
struct data_import_options {
    enum data_import_format format;
    const char
        *columns; /* "client,time,lat,lon,-": role of each; client time slot lat lon cell - */
    bool has_header; /* with columns: the first line is not data */
    const char *cells; /* table of cell, lat, lon for a column cell; its cells become the places */
    double slot_s; /* length of a slot, for a column slot */
    int64_t epoch_unix_s; /* of slot 0 */
    uint64_t skip_max; /* bad lines to leave out */
    int64_t from_unix_s, to_unix_s; /* fixes outside [from, to) are left out; to 0: no end */
    struct data_grid_config grid;
};

struct data_import_report {
    uint64_t file_count, line_count, fix_count, skipped_count;
    char first_skipped[512]; /* what was wrong with it; empty: none */
};

/* cell_km 1, gap_s 3600, city_km 50, all else zero. */
struct data_import_options data_import_defaults(void);

/* Reads files, and folders with all that is below them, in the order given and
 * by name, into one trace. cities is borrowed for the call. A bad line beyond
 * skip_max is HB_ERR_FORMAT: `file:line: found X: expected Y`. Also HB_ERR_IO,
 * HB_ERR_FULL, HB_ERR_RANGE (an option; fixes over more than 136 years), HB_ERR_MEMORY. */
enum hb_status data_import_files(const char *const *paths, size_t path_count,
    const struct data_import_options *options, const struct data_cities *cities,
    struct data_problem *problem, struct data_import_report *report, struct data_trace_store **out);

#endif
