/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_PATH_H
#define ANALYSIS_PATH_H

#include "analysis/study.h"

/* One client's way through a day under one policy: of the clients sampled in
 * the first file's /paths (shown setting, replication 0) one whose endpoint
 * changes a few times, if possible under a policy that asks a predictor. */
struct analysis_path {
    size_t series;
    uint32_t client;
    size_t row_count;
    struct data_paths_row *rows; /* in order of time */
};

/* HB_ERR_NOT_FOUND: nobody was sampled. HB_ERR_MEMORY, HB_ERR_FORMAT. */
enum hb_status analysis_path_load(const struct analysis_study *study,
    struct analysis_path *out, struct data_problem *problem);
void analysis_path_fini(struct analysis_path *path);

#endif
