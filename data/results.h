/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_RESULTS_H
#define DATA_RESULTS_H

#include "data/histogram.h"
#include "data/schema.h"

/* Writing. Every run of a policy collects its rows in a data_rows of its own,
 * from its own thread; one thread then appends these to the file in a fixed
 * order (setting, replication, policy), so that the bytes and the digest do not
 * depend on the number of threads.
 *
 *   data_results_create -> data_results_append(rows of the flat tables)
 *     -> data_results_append(rows of run 0), ... -> data_results_commit */
struct data_pair {
    const char *name, *value;
};

struct data_manifest {
    const char *scenario_name; /* "metro-day" */
    const char *scenario_text; /* the XML after XInclude and command line changes */
    const char *currency;      /* of every cost: "EUR" */
    const char *program;       /* "harbinger 0.1.0" */
    uint64_t seed;
    int64_t epoch_unix_s;      /* instant 0 of the run */
    int64_t duration_s;
    double latency_target_ms;  /* of the service; 0: none */
    uint32_t replication_count;
    const struct data_pair *pairs; /* library versions, core type, ...; not in the digest */
    size_t pair_count;
};

struct data_run {
    uint16_t setting, policy, replication;
};

struct data_rows;
/* memory_bytes of buffers in all; what does not fit goes to a temporary file that
 * has no name (in $TMPDIR or /tmp). HB_ERR_MEMORY. */
enum hb_status data_rows_create(struct data_run run, size_t memory_bytes, struct data_rows **out);
void data_rows_free(struct data_rows *rows);
/* Appends a copy of *row, a struct data_<table>_row, with the run's key. A
 * failure (disk full) sticks and is told by data_rows_status and by append. */
void data_rows_add(struct data_rows *rows, enum data_results_table table, const void *row);
/* The bins of a histogram that are not empty, as rows of /latency. */
void data_rows_add_latency(struct data_rows *rows, uint32_t region, uint16_t hour,
    const struct data_histogram *histogram);
uint64_t data_rows_count(const struct data_rows *rows, enum data_results_table table);
enum hb_status data_rows_status(const struct data_rows *rows);

#define DATA_DIGEST_BYTES 33 /* 32 hexadecimal digits and NUL */

struct data_results;
enum hb_status data_results_create(const char *path, const struct data_manifest *manifest,
    struct data_results **out, struct data_problem *problem);
enum hb_status data_results_append(struct data_results *results, struct data_rows *rows,
    struct data_problem *problem);
/* Writes digest and manifest, then the file takes its name. Frees results in any case. */
enum hb_status data_results_commit(struct data_results *results, char digest[DATA_DIGEST_BYTES],
    struct data_problem *problem);
void data_results_free(struct data_results *results); /* uncommitted: leaves no file */

/* Reading. Nothing in the file is trusted: types, shapes, versions, ranges and
 * references are checked, and the sentence of a failure names file, table and row. */
struct data_result_file;

/* What /manifest says; texts live as long as the file. */
struct data_result_info {
    const char *path, *scenario_name, *scenario_text, *currency, *program, *digest;
    uint64_t seed;
    int64_t epoch_unix_s, duration_s;
    double latency_target_ms;
    uint32_t replication_count, setting_count, policy_count, region_count, place_count, site_count;
    const struct data_policies_row *policies;
    const struct data_settings_row *settings; /* [settings_row_count] */
    size_t settings_row_count;
    const struct data_regions_row *regions;
    const struct data_places_row *places;
    const struct data_sites_row *sites;
};

enum hb_status data_results_open(const char *path, struct data_result_file **out,
    struct data_problem *problem);
void data_results_close(struct data_result_file *file);
const struct data_result_info *data_results_info(const struct data_result_file *file);
uint64_t data_results_len(const struct data_result_file *file, enum data_results_table table);

/* Checked rows first .. first + count of a table into rows [count], structs of that table. */
enum hb_status data_results_read(struct data_result_file *file, enum data_results_table table,
    uint64_t first, uint64_t count, void *rows, struct data_problem *problem);

/* Recomputes the digest from all rows. HB_ERR_FORMAT if the manifest has another. */
enum hb_status data_results_verify(struct data_result_file *file, struct data_problem *problem);

/* Calls visit for every row of a table in order, in fixed memory, until it
 * returns something else than HB_OK, which is then the result. */
enum hb_status data_results_each(struct data_result_file *file, enum data_results_table table,
    enum hb_status (*visit)(void *context, const void *row), void *context,
    struct data_problem *problem);

#endif
