/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_REGIONS_H
#define DATA_REGIONS_H

#include <stddef.h>

#include "core/geo.h"
#include "data/problem.h"

/* One cloud region of regions.tsv; texts are the table's. */
struct data_region {
    const char *provider; /* aws, azure, gcp ... */
    const char *id;       /* the provider's own name: eu-west-1 */
    const char *city;     /* where it is, as far as its provider says */
    const char *country;  /* ISO 3166-1 alpha-2 */
    struct hb_point at;   /* of the city, not of the buildings */
};

struct data_regions;

/* Reads the shipped table of cloud regions. HB_ERR_NOT_FOUND, HB_ERR_IO,
 * HB_ERR_FORMAT, HB_ERR_MEMORY. */
enum hb_status data_regions_create(struct data_problem *problem, struct data_regions **out);
void data_regions_free(struct data_regions *regions);

/* All regions, by provider and id. */
size_t data_regions_len(const struct data_regions *regions);
const struct data_region *data_regions_at(const struct data_regions *regions, size_t index);

/* "aws/eu-west-1", or "eu-west-1" if one provider only has such a region.
 * HB_ERR_NOT_FOUND, HB_ERR_RANGE (several providers; problem names them). */
enum hb_status data_regions_find(const struct data_regions *regions, const char *name,
    struct data_problem *problem, const struct data_region **out);

#endif
