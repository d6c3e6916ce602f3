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

/* Reads and checks a trace file; nothing in it is trusted. HB_ERR_IO,
 * HB_ERR_FORMAT, HB_ERR_VERSION, HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status data_trace_file_read(
    const char *path, struct data_problem *problem, struct data_trace_store **out);

#endif
