/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_MIGRATION_CASE_H
#define ANALYSIS_MIGRATION_CASE_H

#include "analysis/migration.h"
#include "core/map.h"

/* Between migration_read.c, which fills it, and migration.c, which walks it. */
struct migration_cell {
    double lat_deg, lon_deg;
    uint32_t site;    /* index of the server in it, or HB_NONE */
    uint32_t nearest; /* index of the nearest site */
};

struct migration_slot {
    double cm, pm, ct, pt;
    uint32_t user_count;
};

struct migration_visit {
    uint32_t user, slot, cell;
};

struct analysis_migration {
    uint32_t cell_count, site_count, slot_count, user_count, busy_slot_count;
    uint64_t visit_count;
    struct migration_cell *cells; /* [cell_count] */
    uint32_t *site_cells;         /* [site_count] */
    struct migration_slot *slots; /* [slot_count] */
    struct migration_visit *visits;
    uint16_t *hops;   /* [cell_count][site_count] */
    double *decay;    /* [cell_count][site_count] b^hops */
};

#endif
