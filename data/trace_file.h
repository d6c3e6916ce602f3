/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_TRACE_FILE_H
#define DATA_TRACE_FILE_H

#include "data/trace.h"

/* Trace file (HDF5): attributes format = "harbinger-trace", version,
 * epoch_unix_s, end_s; /places {lat_deg, lon_deg, utc_offset_s, region},
 * /regions {name}, /clients {first}, /visits {start_s, place, activity}.
 * Appears under its name only when whole. HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status data_trace_file_write(
    const char *path, const struct data_trace *trace, struct data_problem *problem);

/* The same by parts, for a population that is not in memory at once. head: places, regions and
 * span; of its clients nothing but first[0], 0, is read. Each part has the clients that
 * follow, over the same places; HB_ERR_RANGE: it has not, or beyond the maxima of data/trace.h.
 * Commit frees the writer, whatever happens; before it, freeing leaves nothing behind. */
struct data_trace_writer;

enum hb_status data_trace_writer_create(const char *path, const struct data_trace *head,
    struct data_problem *problem, struct data_trace_writer **out);
enum hb_status data_trace_writer_add(struct data_trace_writer *writer,
    const struct data_trace *part, struct data_problem *problem);
enum hb_status data_trace_writer_commit(struct data_trace_writer *writer,
    struct data_problem *problem);
void data_trace_writer_free(struct data_trace_writer *writer);

/* Reads and checks a trace file; nothing in it is trusted. HB_ERR_IO,
 * HB_ERR_FORMAT, HB_ERR_VERSION, HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status data_trace_file_read(
    const char *path, struct data_problem *problem, struct data_trace_store **out);

#endif
