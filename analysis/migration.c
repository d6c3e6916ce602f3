/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/migration_case.h"

#include <math.h>
#include <stddef.h>

#include "analysis/optimum.h"

/* A stay: slots in a row in which one user is present. Stays are independent
 * of each other, and a slot's prices are divided by its users from the
 * start, so the reported mean is the plain sum over stays. */
struct stay {
    const struct analysis_migration *migration;
    const struct migration_visit *visits;
    uint32_t slot_count;
    /* Of a policy on its way: */
    const struct analysis_migration_policy *policy;
    uint32_t site, target, due; /* target HB_NONE: no move is under way */
    double cost;
};

struct analysis_migration_size analysis_migration_size_of(
    const struct analysis_migration *migration)
{
    return (struct analysis_migration_size){ migration->user_count, migration->slot_count,
        migration->cell_count, migration->site_count };
}

static const struct migration_slot *slot_of(const struct stay *stay, uint32_t t)
{
    return &stay->migration->slots[stay->visits[t].slot];
}

/* Share of one user in one slot in the reported mean. */
static double share_of(const struct stay *stay, uint32_t t)
{
    return 1.0 / ((double)slot_of(stay, t)->user_count * stay->migration->busy_slot_count);
}

static const double *decay_of(const struct analysis_migration *migration, uint32_t cell)
{
    return &migration->decay[(uint64_t)cell * migration->site_count];
}

static double serve_price(const struct stay *stay, uint32_t t, uint32_t site)
{
    const struct migration_slot *slot = slot_of(stay, t);
    uint32_t cell = stay->visits[t].cell;
    if (stay->migration->cells[cell].site == site) {
        return 0.0;
    }
    return share_of(stay, t) * (slot->ct + slot->pt * decay_of(stay->migration, cell)[site]);
}

static double move_price(const struct stay *stay, uint32_t t, uint32_t from, uint32_t to)
{
    const struct migration_slot *slot = slot_of(stay, t);
    const double *decay = decay_of(stay->migration, stay->migration->site_cells[from]);
    return from == to ? 0.0 : share_of(stay, t) * (slot->cm + slot->pm * decay[to]);
}

static void move_to(struct stay *stay, uint32_t t, uint32_t site)
{
    stay->cost += move_price(stay, t, stay->site, site);
    stay->site = site;
    stay->target = HB_NONE;
}

static void take_effect(struct stay *stay, uint32_t t)
{
    if (stay->target != HB_NONE && stay->due == t) {
        move_to(stay, t, stay->target);
    }
}

static void decide(struct stay *stay, uint32_t t, uint32_t site)
{
    if (stay->target != HB_NONE || site == stay->site) {
        return;
    }
    if (stay->policy->lead_slots == 0) {
        move_to(stay, t, site);
    } else {
        stay->target = site;
        stay->due = t + stay->policy->lead_slots;
    }
}

static void walk_threshold(struct stay *stay)
{
    const struct analysis_migration *migration = stay->migration;
    int is_moving = stay->policy->kind == ANALYSIS_MIGRATION_THRESHOLD;
    for (uint32_t t = 0; t < stay->slot_count; t++) {
        uint32_t cell = stay->visits[t].cell;
        take_effect(stay, t);
        uint32_t hops = migration->hops[(uint64_t)cell * migration->site_count + stay->site];
        if (is_moving && hops >= stay->policy->theta) {
            decide(stay, t, migration->cells[cell].nearest);
        }
        stay->cost += serve_price(stay, t, stay->site);
    }
}

static void serve_row(void *ctx, uint32_t t, double *cost)
{
    const struct stay *stay = ctx;
    const struct migration_slot *slot = slot_of(stay, t);
    const struct migration_cell *cell = &stay->migration->cells[stay->visits[t].cell];
    const double *decay = decay_of(stay->migration, stay->visits[t].cell);
    double share = share_of(stay, t);
    for (uint32_t s = 0; s < stay->migration->site_count; s++) {
        cost[s] = share * (slot->ct + slot->pt * decay[s]);
    }
    if (cell->site != HB_NONE) {
        cost[cell->site] = 0.0;
    }
}

static void move_row(void *ctx, uint32_t t, uint32_t from, double *price)
{
    const struct stay *stay = ctx;
    const struct migration_slot *slot = slot_of(stay, t);
    const double *decay = decay_of(stay->migration, stay->migration->site_cells[from]);
    double share = share_of(stay, t);
    for (uint32_t s = 0; s < stay->migration->site_count; s++) {
        price[s] = share * (slot->cm + slot->pm * decay[s]);
    }
    price[from] = 0.0;
}

/* The price is monotone in b^hops, which lies in 0..1: its least is at an end.
 * Two sites are one hop apart at least unless they share a point. */
static double move_floor(void *ctx, uint32_t t)
{
    const struct stay *stay = ctx;
    const struct migration_slot *slot = slot_of(stay, t);
    return share_of(stay, t) * fmin(slot->cm, slot->cm + slot->pm);
}

static void follow_work_function(void *ctx, uint32_t t, const double *least)
{
    struct stay *stay = ctx;
    take_effect(stay, t);
    uint32_t best = stay->site;
    double best_cost = least[best];
    for (uint32_t s = 0; s < stay->migration->site_count; s++) {
        double cost = least[s] + move_price(stay, t, stay->site, s);
        if (cost < best_cost) {
            best = s;
            best_cost = cost;
        }
    }
    decide(stay, t, best);
    stay->cost += serve_price(stay, t, stay->site);
}

static enum hb_status walk(struct stay *stay, struct analysis_optimum *optimum)
{
    const struct analysis_migration_policy *policy = stay->policy;
    const struct migration_slot *slot = slot_of(stay, 0);
    stay->site = stay->migration->cells[stay->visits[0].cell].nearest;
    stay->target = HB_NONE;
    stay->cost += share_of(stay, 0) * (slot->cm + slot->pm);
    if (optimum == NULL) {
        walk_threshold(stay);
        return HB_OK;
    }
    int is_optimum = policy->kind == ANALYSIS_MIGRATION_OPTIMUM;
    struct analysis_optimum_slots slots = { .slot_count = stay->slot_count,
        .site_count = stay->migration->site_count,
        .lead_slots = is_optimum ? policy->lead_slots : 0,
        .initial_site = stay->site,
        .serve = serve_row,
        .move = move_row,
        .move_floor = move_floor,
        .watch = is_optimum ? NULL : follow_work_function,
        .ctx = stay };
    double least = 0.0;
    enum hb_status status = analysis_optimum_solve_slots(optimum, &slots, &least);
    stay->cost += is_optimum ? least : 0.0;
    return status;
}

static uint32_t stay_length(const struct analysis_migration *migration, uint64_t first)
{
    const struct migration_visit *visits = &migration->visits[first];
    uint64_t left = migration->visit_count - first;
    uint32_t count = 1;
    while (count < left && visits[count].user == visits[0].user
        && visits[count].slot == visits[0].slot + count) {
        count++;
    }
    return count;
}

enum hb_status analysis_migration_cost(const struct analysis_migration *migration,
    const struct analysis_migration_policy *policy, double *cost)
{
    struct analysis_optimum *optimum = NULL;
    enum hb_status status = HB_OK;
    if (policy->kind == ANALYSIS_MIGRATION_WORK_FUNCTION
        || policy->kind == ANALYSIS_MIGRATION_OPTIMUM) {
        status = analysis_optimum_create(0, migration->site_count, &optimum);
    }
    double sum = 0.0;
    for (uint64_t first = 0; status == HB_OK && first < migration->visit_count;) {
        struct stay stay = { .migration = migration,
            .visits = &migration->visits[first],
            .slot_count = stay_length(migration, first),
            .policy = policy };
        first += stay.slot_count;
        status = walk(&stay, optimum);
        sum += stay.cost;
    }
    analysis_optimum_free(optimum);
    if (status == HB_OK) {
        *cost = sum;
    }
    return status;
}
