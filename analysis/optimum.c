/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/optimum.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Within a segment every rate is constant, so the cost of a trajectory is
 * linear in the instant of each of its moves: some optimum moves only where
 * a segment starts, or at the first instant a move may take effect, start + lead.
 * That instant cuts one segment in two, so there are segment_count + 1 pieces at most.
 * With f(s) the least cost of a trajectory that ends at s,
 *     moved(s) = min over a of f(a) + leave(a) + enter(s) = m + enter(s),
 * where m = min over a of f(a) + leave(a) is the same for all s. So
 *     f'(s) = min(f(s), m + enter(s)) + serve(s)
 * costs O(1) a site, not O(sites). A move from s to s is dearer than to stay, as
 * prices are not negative. The trace back needs one bit a site and one site a piece. */
struct piece {
    uint32_t segment;
    int may_move;
    double share; /* of the segment's cost */
};

struct analysis_optimum {
    uint32_t segment_capacity, site_capacity;
    struct piece *pieces; /* [segment_capacity + 1] */
    uint32_t *from;       /* [segment_capacity + 1] where a move before the piece comes from */
    uint8_t *moved;       /* [segment_capacity + 1][site_capacity] */
    double *least, *cost, *price, *best; /* [site_capacity] */
    double *ring; /* of solve_slots: grown by its lead, see there */
    uint64_t ring_count;
};

enum hb_status analysis_optimum_create(uint32_t segment_capacity, uint32_t site_capacity,
    struct analysis_optimum **out)
{
    struct analysis_optimum *optimum = calloc(1, sizeof *optimum);
    if (optimum == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t pieces = (size_t)segment_capacity + 1, sites = site_capacity;
    optimum->segment_capacity = segment_capacity;
    optimum->site_capacity = site_capacity;
    optimum->pieces = calloc(pieces, sizeof *optimum->pieces);
    optimum->from = calloc(pieces, sizeof *optimum->from);
    optimum->moved = calloc(pieces * sites + 1, 1);
    optimum->least = calloc(4 * sites + 1, sizeof *optimum->least);
    if (optimum->pieces == NULL || optimum->from == NULL || optimum->moved == NULL
        || optimum->least == NULL) {
        analysis_optimum_free(optimum);
        return HB_ERR_MEMORY;
    }
    optimum->cost = optimum->least + sites;
    optimum->price = optimum->cost + sites;
    optimum->best = optimum->price + sites;
    *out = optimum;
    return HB_OK;
}

void analysis_optimum_free(struct analysis_optimum *optimum)
{
    if (optimum == NULL) {
        return;
    }
    free(optimum->ring);
    free(optimum->least);
    free(optimum->moved);
    free(optimum->from);
    free(optimum->pieces);
    free(optimum);
}

static uint32_t cut_into_pieces(struct analysis_optimum *optimum,
    const struct analysis_optimum_path *path)
{
    double from_s = path->start_s[0] + path->lead_s;
    uint32_t count = 0;
    for (uint32_t i = 0; i < path->segment_count; i++) {
        double start_s = path->start_s[i], end_s = path->end_s[i];
        assert(end_s >= start_s);
        if (start_s >= from_s) {
            optimum->pieces[count++] = (struct piece){ i, 1, 1.0 };
        } else if (end_s <= from_s) {
            optimum->pieces[count++] = (struct piece){ i, 0, 1.0 };
        } else {
            double share = (from_s - start_s) / (end_s - start_s);
            optimum->pieces[count++] = (struct piece){ i, 0, share };
            optimum->pieces[count++] = (struct piece){ i, 1, 1.0 - share };
        }
    }
    return count;
}

static uint32_t site_of_least(const double *value, uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t s = 1; s < count; s++) {
        best = value[s] < value[best] ? s : best;
    }
    return best;
}

/* Prices of the moves that take effect where a piece starts; NULL: there are none. */
static const double *enter_prices(const struct analysis_optimum_path *path,
    const struct piece *piece)
{
    return piece->may_move ? path->enter : path->enter_early;
}

/* f -> f' over one piece; cost holds the segment's serving costs. */
static void step(struct analysis_optimum *optimum, const struct analysis_optimum_path *path,
    uint32_t piece)
{
    double *restrict least = optimum->least;
    const double *restrict cost = optimum->cost;
    const double *restrict enter = enter_prices(path, &optimum->pieces[piece]);
    uint8_t *restrict moved = optimum->moved + (size_t)piece * optimum->site_capacity;
    double share = optimum->pieces[piece].share, gate = INFINITY;
    if (enter != NULL) {
        for (uint32_t s = 0; s < path->site_count; s++) {
            optimum->best[s] = least[s] + path->leave[s];
        }
        optimum->from[piece] = site_of_least(optimum->best, path->site_count);
        gate = optimum->best[optimum->from[piece]];
    }
    for (uint32_t s = 0; s < path->site_count; s++) {
        double by_move = enter != NULL ? gate + enter[s] : INFINITY;
        moved[s] = by_move < least[s];
        least[s] = (by_move < least[s] ? by_move : least[s]) + share * cost[s];
    }
}

static void trace_back(const struct analysis_optimum *optimum,
    const struct analysis_optimum_path *path, uint32_t piece_count,
    struct analysis_optimum_plan *plan, uint32_t *sites)
{
    uint32_t site = site_of_least(optimum->least, path->site_count);
    *plan = (struct analysis_optimum_plan){ .cost = optimum->least[site] };
    for (uint32_t piece = piece_count; piece-- > 0;) {
        uint32_t segment = optimum->pieces[piece].segment;
        int is_last = piece + 1 == piece_count || optimum->pieces[piece + 1].segment != segment;
        if (sites != NULL && is_last) {
            sites[segment] = site;
        }
        if (optimum->moved[(size_t)piece * optimum->site_capacity + site]) {
            uint32_t from = optimum->from[piece];
            plan->move_cost += enter_prices(path, &optimum->pieces[piece])[site]
                + path->leave[from];
            plan->move_count++;
            site = from;
        }
    }
    plan->serve_cost = plan->cost - plan->move_cost;
}

enum hb_status analysis_optimum_solve(struct analysis_optimum *optimum,
    const struct analysis_optimum_path *path, struct analysis_optimum_plan *out, uint32_t *sites)
{
    if (path->segment_count == 0 || path->segment_count > optimum->segment_capacity
        || path->site_count == 0 || path->site_count > optimum->site_capacity
        || (path->initial_site != HB_NONE && path->initial_site >= path->site_count)) {
        return HB_ERR_RANGE;
    }
    uint32_t piece_count = cut_into_pieces(optimum, path);
    for (uint32_t s = 0; s < path->site_count; s++) {
        int is_start = path->initial_site == HB_NONE || path->initial_site == s;
        optimum->least[s] = is_start ? 0.0 : INFINITY;
    }
    for (uint32_t piece = 0; piece < piece_count; piece++) {
        uint32_t segment = optimum->pieces[piece].segment;
        if (piece == 0 || optimum->pieces[piece - 1].segment != segment) {
            path->serve(path->ctx, segment, optimum->cost);
        }
        step(optimum, path, piece);
    }
    trace_back(optimum, path, piece_count, out, sites);
    return HB_OK;
}

/* With f(t, s) the least cost up to and including slot t, ending at s, and
 * g(t, s) the same before slot t's serving, a move to c that takes effect
 * before slot t was decided before slot t - lead's serving, at a site a at which the
 * client then stayed, as only one move is under way:
 *     h(t, a) = g(t - lead, a) + served at a in slots t - lead .. t - 1   (lead > 0)
 *     h(t, a) = f(t - 1, a)                                             (lead = 0)
 *     g(t, c) = min(f(t - 1, c), min over a of h(t, a) + move(t, a, c))
 *     f(t, s) = g(t, s) + serve(t, s)
 * Served costs are differences of running sums, kept with g in a ring of lead slots.
 * A source a with h(t, a) + floor >= max over c of f(t - 1, c) improves nothing. */
struct walk {
    const struct analysis_optimum_slots *slots;
    struct analysis_optimum *optimum;
    double *sums; /* [site_count] served at the site in all slots so far */
};

static double *ring_row(const struct walk *walk, uint32_t slot)
{
    uint64_t row = slot % (walk->slots->lead_slots + 1);
    return walk->optimum->ring + row * 2 * walk->slots->site_count;
}

static void relax(const struct walk *walk, uint32_t slot, const double *source)
{
    const struct analysis_optimum_slots *slots = walk->slots;
    double *restrict best = walk->optimum->best;
    const double *restrict price = walk->optimum->price;
    double worst = 0.0, floor = slots->move_floor(slots->ctx, slot);
    for (uint32_t s = 0; s < slots->site_count; s++) {
        worst = best[s] > worst ? best[s] : worst;
    }
    for (uint32_t from = 0; from < slots->site_count; from++) {
        double value = source[from];
        if (!(value + floor < worst)) {
            continue;
        }
        slots->move(slots->ctx, slot, from, walk->optimum->price);
        for (uint32_t s = 0; s < slots->site_count; s++) {
            double by_move = value + price[s];
            best[s] = by_move < best[s] ? by_move : best[s];
        }
    }
}

static void walk_slot(const struct walk *walk, uint32_t slot)
{
    const struct analysis_optimum_slots *slots = walk->slots;
    struct analysis_optimum *optimum = walk->optimum;
    uint32_t site_count = slots->site_count, lead = slots->lead_slots;
    double *least = optimum->least, *source = optimum->cost;
    for (uint32_t s = 0; s < site_count; s++) {
        optimum->best[s] = least[s];
        source[s] = least[s];
    }
    if (lead > 0 && slot >= lead) {
        const double *then = ring_row(walk, slot - lead);
        for (uint32_t s = 0; s < site_count; s++) {
            source[s] = then[s] + (walk->sums[s] - then[site_count + s]);
        }
    }
    if (slot >= lead) {
        relax(walk, slot, source);
    }
    double *now = ring_row(walk, slot);
    slots->serve(slots->ctx, slot, optimum->cost);
    for (uint32_t s = 0; s < site_count; s++) {
        now[s] = optimum->best[s];
        now[site_count + s] = walk->sums[s];
        least[s] = optimum->best[s] + optimum->cost[s];
        walk->sums[s] += optimum->cost[s];
    }
    if (slots->watch != NULL) {
        slots->watch(slots->ctx, slot, least);
    }
}

static enum hb_status grow_ring(struct analysis_optimum *optimum, uint64_t count)
{
    if (count <= optimum->ring_count) {
        return HB_OK;
    }
    double *ring = realloc(optimum->ring, count * sizeof *ring);
    if (ring == NULL) {
        return HB_ERR_MEMORY;
    }
    optimum->ring = ring;
    optimum->ring_count = count;
    return HB_OK;
}

enum hb_status analysis_optimum_solve_slots(struct analysis_optimum *optimum,
    const struct analysis_optimum_slots *slots, double *cost)
{
    uint32_t site_count = slots->site_count;
    if (slots->slot_count == 0 || site_count == 0 || site_count > optimum->site_capacity
        || (slots->initial_site != HB_NONE && slots->initial_site >= site_count)) {
        return HB_ERR_RANGE;
    }
    uint64_t rows = (uint64_t)slots->lead_slots + 1;
    enum hb_status status = grow_ring(optimum, (2 * rows + 1) * site_count);
    if (status != HB_OK) {
        return status;
    }
    struct walk walk = { slots, optimum, optimum->ring + 2 * rows * site_count };
    for (uint32_t s = 0; s < site_count; s++) {
        int is_start = slots->initial_site == HB_NONE || slots->initial_site == s;
        optimum->least[s] = is_start ? 0.0 : INFINITY;
        walk.sums[s] = 0.0;
    }
    for (uint32_t slot = 0; slot < slots->slot_count; slot++) {
        walk_slot(&walk, slot);
    }
    *cost = optimum->least[site_of_least(optimum->least, site_count)];
    return HB_OK;
}
