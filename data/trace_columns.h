/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_TRACE_COLUMNS_H
#define DATA_TRACE_COLUMNS_H

/* Shared by trace_file.c and trace_write.c only. */
#include "data/h5.h"
#include "data/trace_file.h"

#define DATA_TRACE_FORMAT "harbinger-trace"
#define DATA_TRACE_VERSION 1

enum {
    slab_rows = 1 << 16, /* read and written at a time */
    name_bytes = 128, /* of a region; longer ones are cut */
};

/* The columns of a trace file. In it, absence is place 2^32 - 1. */
#define COLUMN_LIST(X)                                                                             \
    X(PLACE_LAT, "/places/lat_deg", F64, "deg", "latitude of the place's middle")                  \
    X(PLACE_LON, "/places/lon_deg", F64, "deg", "longitude of the place's middle")                 \
    X(PLACE_OFFSET, "/places/utc_offset_s", I32, "s", "its clock, east of UTC")                    \
    X(PLACE_REGION, "/places/region", U32, NULL, "index into regions; 4294967295: none")           \
    X(REGION_NAME, "/regions/name", TEXT, NULL, "city or other region")                            \
    X(FIRST, "/clients/first", U64, NULL,                                                          \
        "index of the client's first visit; one row more than clients")                            \
    X(START, "/visits/start_s", U32, "s", "since epoch_unix_s")                                    \
    X(PLACE, "/visits/place", U32, NULL, "index into places; 4294967295: nowhere")                 \
    X(ACTIVITY, "/visits/activity", U8, NULL, "what the client does")

enum column {
#define X(name, path, type, unit, text) name,
    COLUMN_LIST(X)
#undef X
        COLUMN_COUNT
};

/* Room for one slab of the widest column. */
union slab {
    double f64[slab_rows];
    uint64_t u64[slab_rows];
    uint32_t u32[slab_rows];
    int32_t i32[slab_rows];
    uint8_t u8[slab_rows];
    char text[slab_rows * 8];
};

static inline uint64_t slab_length(enum column column)
{
    return column == REGION_NAME ? sizeof(union slab) / name_bytes : slab_rows;
}

/* The column as the HDF5 owner knows it. */
struct data_h5_array data_trace_columns_array(enum column column);

#endif
