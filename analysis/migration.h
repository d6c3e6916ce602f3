/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_MIGRATION_H
#define ANALYSIS_MIGRATION_H

#include <stdint.h>

#include "data/problem.h"

/* A published service migration case: users on cells, some with a server, and
 * a cost model of hops. hops(a, b) = distance / 0.01 degrees, to the integer within
 * 1e-8 of one, else up; b = 0.8.
 *   arrival           cm + pm, placed at the nearest site (the first among equals)
 *   move a to c       cm + pm b^hops(a, c)
 *   cell u from s     ct + pt b^hops(u, s), 0 if u is the site's own cell
 * Source: Wang et al., IEEE/ACM ToN 2019 (arXiv 1506.05261). */
struct analysis_migration;

/* Reads a folder of three files; everything in it is checked.
 *   cells.csv         cell (1, 2, ...), lat_deg, lon_deg, is_site (0 or 1)
 *   slots.csv         slot (0, 1, ...), cm, pm, ct, pt, total_users (that have a row in it)
 *   cell_of_user.csv[.gz]  user, slot, cell, by user and slot; no row: absent
 * HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_MEMORY. */
enum hb_status analysis_migration_read(const char *directory, struct data_problem *problem,
    struct analysis_migration **out);
void analysis_migration_free(struct analysis_migration *migration);

struct analysis_migration_size {
    uint32_t user_count, slot_count, cell_count, site_count;
};
struct analysis_migration_size analysis_migration_size_of(
    const struct analysis_migration *migration);

/* NEVER moves. THRESHOLD moves to the nearest site when hops(cell, site) >= theta.
 * WORK_FUNCTION moves to the site x of least w(x) + move(now, x), where w(x) is the
 * cheapest way to have served the past and to be at x (Borodin, Linial, Saks,
 * JACM 1992). OPTIMUM knows the future. */
enum analysis_migration_kind {
    ANALYSIS_MIGRATION_NEVER,
    ANALYSIS_MIGRATION_THRESHOLD,
    ANALYSIS_MIGRATION_WORK_FUNCTION,
    ANALYSIS_MIGRATION_OPTIMUM
};

/* lead_slots: a move decided in slot t takes effect, and is paid, in slot t + lead, to
 * the site chosen at t; one at a time, and absence cancels it. */
struct analysis_migration_policy {
    enum analysis_migration_kind kind;
    uint32_t theta, lead_slots;
};

/* Mean over slots with users of (sum over active users / number of them).
 * HB_ERR_MEMORY. */
enum hb_status analysis_migration_cost(const struct analysis_migration *migration,
    const struct analysis_migration_policy *policy, double *cost);

#endif
