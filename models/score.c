/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/score.h"

#include <math.h>
#include <stdlib.h>

#include "core/map.h"

static const uint32_t firsts[3] = { 1, 5, 10 };

void model_score_init(struct model_score *score, double set_mass)
{
    *score = (struct model_score) { .set_mass = set_mass };
}

void model_score_fini(struct model_score *score)
{
    free(score->depths);
    free(score->errors_km);
    *score = (struct model_score) { 0 };
}

static enum hb_status make_room(struct model_score *score)
{
    if (score->count < score->capacity) {
        return HB_OK;
    }
    size_t capacity = score->capacity == 0 ? 4096 : 2 * score->capacity;
    float *errors_km = realloc(score->errors_km, capacity * sizeof *errors_km);
    if (errors_km == NULL) {
        return HB_ERR_MEMORY;
    }
    score->errors_km = errors_km;
    float *depths = realloc(score->depths, capacity * sizeof *depths);
    if (depths == NULL) {
        return HB_ERR_MEMORY;
    }
    score->depths = depths;
    score->capacity = capacity;
    return HB_OK;
}

struct standing {
    uint32_t rank, leave_rank; /* places that come before the target */
    double target, top, squares;
    double depth; /* sum down to and including the target */
};

/* Equals stand in order of their index. */
static struct standing stand(const struct model_score_case *one)
{
    struct standing standing = { 0 };
    double at_target = one->tokens[one->target] == HB_NONE ? -1.0
                                                           : (double)one->chances[one->target];
    standing.target = at_target < 0.0 ? 0.0 : at_target;
    standing.depth = standing.target;
    for (uint32_t i = 0; i < one->place_count; i++) {
        double p = one->tokens[i] == HB_NONE ? 0.0 : (double)one->chances[i];
        standing.squares += p * p;
        standing.top = p > standing.top ? p : standing.top;
        int is_before = p > at_target || (p >= at_target && i < one->target);
        if (is_before && i != one->target) {
            standing.rank++;
            standing.leave_rank += i != one->now;
            standing.depth += p;
        }
    }
    standing.depth = at_target < 0.0 ? 2.0 : standing.depth;
    standing.rank = at_target < 0.0 ? one->place_count : standing.rank;
    standing.leave_rank = at_target < 0.0 ? one->place_count : standing.leave_rank;
    return standing;
}

static int falling(const void *left, const void *right)
{
    const float *a = left, *b = right;
    return *a < *b ? 1 : *b < *a ? -1 : 0;
}

/* How many of the likeliest places it takes to reach the mass. */
static uint32_t set_size(const struct model_score_case *one, double mass, float *sorted)
{
    enum { tried = 1024 };
    uint32_t count = 0;
    for (uint32_t i = 0; i < one->place_count && count < tried; i++) {
        if (one->tokens[i] != HB_NONE && one->chances[i] > 1e-5F) {
            sorted[count++] = one->chances[i];
        }
    }
    qsort(sorted, count, sizeof *sorted, falling);
    double sum = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (double)sorted[i];
        if (sum >= mass) {
            return i + 1;
        }
    }
    return count;
}

static void count_hits(struct model_score *score, const struct model_score_case *one,
    const struct standing *standing)
{
    int has_moved = one->now != one->target;
    double stays = one->tokens[one->now] == HB_NONE ? 0.0 : (double)one->chances[one->now];
    for (int i = 0; i < 3; i++) {
        score->hits[i] += standing->rank < firsts[i];
        score->moved_hits[i] += has_moved && standing->rank < firsts[i];
        score->leave_hits[i] += has_moved && standing->leave_rank < firsts[i];
    }
    if (has_moved) {
        score->moved_count++;
        score->leave_nats
            -= log(fmax(standing->target / fmax(1.0 - stays, 1e-9), MODEL_SCORE_FLOOR));
    }
}

enum hb_status model_score_add(struct model_score *score, const struct model_score_case *one)
{
    float sorted[1024];
    enum hb_status status = make_room(score);
    if (status != HB_OK) {
        return status;
    }
    struct standing standing = stand(one);
    count_hits(score, one, &standing);
    score->reciprocal_ranks
        += one->tokens[one->target] == HB_NONE ? 0.0 : 1.0 / (1.0 + standing.rank);
    score->nats -= log(fmax(standing.target, MODEL_SCORE_FLOOR));
    score->quadratic += standing.squares - 2.0 * standing.target + 1.0;
    uint32_t bin = (uint32_t)(standing.top * MODEL_SCORE_BINS);
    bin = bin < MODEL_SCORE_BINS ? bin : MODEL_SCORE_BINS - 1;
    score->bin_counts[bin]++;
    score->bin_hits[bin] += standing.rank == 0;
    score->bin_sums[bin] += standing.top;
    uint32_t fine = (uint32_t)(standing.top * MODEL_SCORE_FINE);
    fine = fine < MODEL_SCORE_FINE ? fine : MODEL_SCORE_FINE - 1;
    score->fine_counts[fine]++;
    score->fine_hits[fine] += standing.rank == 0;
    score->fine_sums[fine] += standing.top;
    if (score->set_mass > 0.0) {
        uint32_t size = set_size(one, score->set_mass, sorted);
        score->set_sizes += size;
        score->covered += standing.rank < size;
    }
    score->errors_km[score->count] = one->error_km;
    score->depths[score->count] = (float)standing.depth;
    score->count++;
    return HB_OK;
}

double model_score_share(uint64_t hits, uint64_t count)
{
    return count > 0 ? (double)hits / (double)count : 0.0;
}

double model_score_ece(const struct model_score *score)
{
    double sum = 0.0;
    for (int i = 0; i < MODEL_SCORE_BINS; i++) {
        sum += fabs(score->bin_sums[i] - (double)score->bin_hits[i]);
    }
    return score->count > 0 ? sum / (double)score->count : 0.0;
}

static double quantile(float *values, uint64_t count, double share)
{
    if (count == 0) {
        return NAN;
    }
    qsort(values, count, sizeof *values, falling);
    uint64_t index = (uint64_t)((1.0 - share) * (double)(count - 1) + 0.5);
    return (double)values[index];
}

double model_score_error_km(struct model_score *score, double share)
{
    return quantile(score->errors_km, score->count, share);
}

double model_score_set_mass(struct model_score *score, double share)
{
    return quantile(score->depths, score->count, share);
}
