/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_DATASET_FILE_H
#define MODEL_DATASET_FILE_H

#include "data/problem.h"
#include "data/trace.h"
#include "models/dataset.h"

/* A data set on disk (HDF5): attributes format = "harbinger-dataset", version, source, split,
 * seed, warm_slots; /places {lat_deg, lon_deg, clock_slots}, /clients {first}, /slots {slot, place,
 * flags, part}. */
#define MODEL_DATASET_VERSION 2
#define MODEL_DATASET_TEXT 256

struct model_dataset_origin {
    char source[MODEL_DATASET_TEXT], split[MODEL_DATASET_TEXT];
    uint64_t seed;
};

/* How a trace becomes a data set: the place at every quarter of an hour of a local clock. A
 * client is out of sight where the trace does not know its place. */
struct model_dataset_plan {
    uint64_t seed;
    uint32_t client_max; /* more are left out by chance; 0: no limit */
    uint32_t warm_slots; /* 0: 4; as struct model_dataset's */
    int by_client;       /* 10 % of the clients validate and 20 % test, whole; else the last 10 +
                            20 % of every client's slots do */
};

/* HB_ERR_RANGE: nobody is ever seen. HB_ERR_MEMORY. */
enum hb_status model_dataset_of_trace(const struct data_trace *trace,
    const struct model_dataset_plan *plan, struct model_dataset **out);

/* Written whole or not at all. HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status model_dataset_write(const char *path, const struct model_dataset *dataset,
    const struct model_dataset_origin *origin, struct data_problem *problem);
/* Nothing in the file is trusted. HB_ERR_NOT_FOUND, HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_VERSION,
 * HB_ERR_MEMORY. */
enum hb_status model_dataset_read(const char *path, struct model_dataset **out,
    struct model_dataset_origin *origin, struct data_problem *problem);

#endif
