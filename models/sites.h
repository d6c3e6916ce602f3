/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_SITES_H
#define MODEL_SITES_H

#include "data/problem.h"
#include "models/dataset.h"

/* Where endpoints may stand, for judging forecasts by the site that they lead to. */
#define MODEL_SITES_MAX 256

struct model_sites {
    uint32_t count;
    double lat_deg[MODEL_SITES_MAX], lon_deg[MODEL_SITES_MAX];
    uint32_t *of_place; /* [place_count] the nearest by great circle */
};

/* From a CSV file with the header name,lat_deg,lon_deg. HB_ERR_IO, HB_ERR_FORMAT (with file
 * and line), HB_ERR_MEMORY. */
enum hb_status model_sites_read(const char *path, const struct model_dataset *dataset,
    struct model_sites *sites, struct data_problem *problem);

/* `count` sites spread over the places as people are in the training part: k-means on the
 * sphere, each mean moved to its nearest place; begins with the busiest place, then always
 * the one with most people times squared distance to the sites so far. The same data give
 * the same sites. HB_ERR_RANGE: no more than MODEL_SITES_MAX, nor than there are places to
 * tell apart; HB_ERR_MEMORY. */
enum hb_status model_sites_spread(const struct model_dataset *dataset, uint32_t count,
    struct model_sites *sites);

/* After a read or a spread that failed, too, if sites was zero before. */
void model_sites_fini(struct model_sites *sites);

#endif
