/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/regions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "data/tables.h"

struct data_regions {
    struct data_table *table;
    struct data_region *regions;
    size_t count;
};

static enum hb_status fill(struct data_regions *regions, struct data_problem *problem)
{
    for (size_t row = 0; row < regions->count; row++) {
        struct data_region *region = &regions->regions[row];
        region->provider = data_tables_text(regions->table, row, 0);
        region->id = data_tables_text(regions->table, row, 1);
        region->city = data_tables_text(regions->table, row, 2);
        region->country = data_tables_text(regions->table, row, 3);
        enum hb_status status = data_tables_number(regions->table, row, 4, -90.0, 90.0, problem,
            &region->at.lat_deg);
        if (status == HB_OK) {
            status = data_tables_number(regions->table, row, 5, -180.0, 180.0, problem,
                &region->at.lon_deg);
        }
        if (status != HB_OK) {
            return status;
        }
    }
    return HB_OK;
}

enum hb_status data_regions_create(struct data_problem *problem, struct data_regions **out)
{
    struct data_regions *regions = calloc(1, sizeof *regions);
    if (regions == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = data_tables_read_shipped("regions.tsv",
        "provider\tid\tcity\tcountry\tlat_deg\tlon_deg", problem, &regions->table);
    if (status == HB_OK) {
        regions->count = data_tables_row_count(regions->table);
        regions->regions = calloc(regions->count + 1, sizeof *regions->regions);
        status = regions->regions == NULL ? HB_ERR_MEMORY : fill(regions, problem);
    }
    if (status != HB_OK) {
        data_regions_free(regions);
        return status;
    }
    *out = regions;
    return HB_OK;
}

void data_regions_free(struct data_regions *regions)
{
    if (regions == NULL) {
        return;
    }
    free(regions->regions);
    data_tables_free(regions->table);
    free(regions);
}

size_t data_regions_len(const struct data_regions *regions)
{
    return regions->count;
}

const struct data_region *data_regions_at(const struct data_regions *regions, size_t index)
{
    assert(index < regions->count);
    return &regions->regions[index];
}

static int is_named(const struct data_region *region, const char *name, const char *slash)
{
    const char *id = slash == NULL ? name : slash + 1;
    int is_provider = slash == NULL || (strlen(region->provider) == (size_t)(slash - name)
        && strncmp(region->provider, name, (size_t)(slash - name)) == 0);
    return is_provider && strcmp(region->id, id) == 0;
}

enum hb_status data_regions_find(const struct data_regions *regions, const char *name,
    struct data_problem *problem, const struct data_region **out)
{
    const struct data_region *found = NULL;
    const char *slash = strchr(name, '/');
    for (size_t i = 0; i < regions->count; i++) {
        const struct data_region *region = &regions->regions[i];
        if (!is_named(region, name, slash)) {
            continue;
        }
        if (found != NULL) {
            return data_problem_set(problem, HB_ERR_RANGE,
                "region \"%.60s\": found in %s and %s: expected provider/region", name,
                found->provider, region->provider);
        }
        found = region;
    }
    if (found == NULL) {
        return data_problem_set(problem, HB_ERR_NOT_FOUND,
            "region \"%.60s\": not in regions.tsv: expected a name such as aws/eu-west-1", name);
    }
    *out = found;
    return HB_OK;
}
