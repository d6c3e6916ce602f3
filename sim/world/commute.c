/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/commute.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/engine/draw.h"
#include "sim/world/law.h"

enum { district_max = 400, gravity_rounds = 200 };

struct sim_commute {
    const struct sim_land *land;
    uint32_t district_count;
    uint32_t *district_of_zone; /* [zone_count] */
    uint32_t *zones; /* [zone_count], by district */
    uint32_t *start; /* [district_count + 1] into zones */
    double *home_sum, *job_sum; /* [zone_count + 1] running sums along zones */
    double *goal_sum; /* [district_count][district_count + 1] running sums of flows */
};

/* Index i of running sums [count + 1] with sums[i] <= level < sums[i + 1]. */
static uint32_t index_at(const double *sums, uint32_t first, uint32_t last, double level)
{
    while (last - first > 1) {
        uint32_t middle = first + (last - first) / 2;
        if (sums[middle] <= level) {
            first = middle;
        } else {
            last = middle;
        }
    }
    return first;
}

static uint32_t draw_from(
    const double *sums, uint32_t first, uint32_t last, struct sim_stream *stream)
{
    double level = sums[first] + sim_draw_uniform(stream) * (sums[last] - sums[first]);
    return index_at(sums, first, last, level);
}

/* Blocks of block x block cells; number [zone_count] gets each zone's block,
 * numbered in order of appearance. Returns how many there are. */
static uint32_t number_blocks(
    const struct sim_land *land, int32_t block, uint32_t *number, uint32_t *block_numbers)
{
    uint32_t count = 0;
    uint32_t across = (uint32_t)((2 * land->half + 1 + block - 1) / block);
    for (uint32_t i = 0; i < across * across; i++) {
        block_numbers[i] = HB_NONE;
    }
    int32_t side = 2 * land->half + 1;
    for (int32_t cell = 0; cell < side * side; cell++) {
        uint32_t zone = land->zone_of_cell[cell];
        if (zone == HB_NONE) {
            continue;
        }
        uint32_t key = (uint32_t)(cell / side / block) * across + (uint32_t)(cell % side / block);
        if (block_numbers[key] == HB_NONE) {
            block_numbers[key] = count++;
        }
        number[zone] = block_numbers[key];
    }
    return count;
}

static enum hb_status make_districts(struct sim_commute *commute)
{
    const struct sim_land *land = commute->land;
    uint32_t side = (uint32_t)(2 * land->half + 1);
    uint32_t *block_numbers = malloc((size_t)side * side * sizeof *block_numbers);
    if (block_numbers == NULL) {
        return HB_ERR_MEMORY;
    }
    int32_t block = 1;
    do {
        commute->district_count =
            number_blocks(land, block++, commute->district_of_zone, block_numbers);
    } while (commute->district_count > district_max);
    free(block_numbers);
    commute->start = calloc((size_t)commute->district_count + 2, sizeof *commute->start);
    if (commute->start == NULL) {
        return HB_ERR_MEMORY;
    }
    uint32_t *next = commute->start + 1; /* counting sort: next[d] ends as start[d + 1] */
    for (uint32_t i = 0; i < land->zone_count; i++) {
        next[commute->district_of_zone[i] + 1]++;
    }
    for (uint32_t d = 0; d < commute->district_count; d++) {
        next[d + 1] += next[d];
    }
    for (uint32_t i = 0; i < land->zone_count; i++) {
        commute->zones[next[commute->district_of_zone[i]]++] = i;
    }
    for (uint32_t k = 0; k < land->zone_count; k++) {
        const struct sim_land_zone *zone = &land->zones[commute->zones[k]];
        commute->home_sum[k + 1] = commute->home_sum[k] + zone->people;
        commute->job_sum[k + 1] = commute->job_sum[k] + zone->jobs;
    }
    return HB_OK;
}

/* Distances between the districts' middles; to itself, the mean distance of
 * two random points of a square: 0.5214 of its side. */
static void measure(const struct sim_commute *commute, double *x_km, double *y_km, double *km)
{
    uint32_t n = commute->district_count;
    for (uint32_t d = 0; d < n; d++) {
        x_km[d] = y_km[d] = 0.0;
        double zone_count = commute->start[d + 1] - commute->start[d];
        for (uint32_t k = commute->start[d]; k < commute->start[d + 1]; k++) {
            x_km[d] += commute->land->zones[commute->zones[k]].x_km / zone_count;
            y_km[d] += commute->land->zones[commute->zones[k]].y_km / zone_count;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < n; j++) {
            km[(uint64_t)i * n + j] = hypot(x_km[i] - x_km[j], y_km[i] - y_km[j]);
        }
        km[(uint64_t)i * n + i] = 0.5214 * commute->land->zone_km
            * sqrt((double)(commute->start[i + 1] - commute->start[i]));
    }
}

static enum hb_status apply_law(
    struct sim_commute *commute, const struct sim_commute_config *config)
{
    uint32_t n = commute->district_count;
    double *out = calloc((size_t)n * 4, sizeof *out);
    double *km = calloc((size_t)n * n * 2, sizeof *km);
    commute->goal_sum = calloc((size_t)n * (n + 1), sizeof *commute->goal_sum);
    enum hb_status status = HB_ERR_MEMORY;
    if (out != NULL && km != NULL && commute->goal_sum != NULL) {
        double *in = out + n, *flow = km + (size_t)n * n;
        double people = commute->home_sum[commute->start[n]];
        for (uint32_t d = 0; d < n; d++) {
            uint32_t first = commute->start[d], last = commute->start[d + 1];
            out[d] = (commute->home_sum[last] - commute->home_sum[first]) / people;
            in[d] = commute->job_sum[last] - commute->job_sum[first];
        }
        measure(commute, in + n, in + 2 * (size_t)n, km);
        struct sim_law_sites sites = { .count = n, .out = out, .in = in, .km = km };
        status = config->law == SIM_WORLD_GRAVITY
            ? sim_law_gravity(&sites, config->gravity_km, gravity_rounds, flow)
            : sim_law_radiation(&sites, 1, flow);
        /* A scale far below the city's size balances slowly; rows, which are what is drawn from,
         * keep their shape meanwhile. */
        status = status == HB_ERR_DIVERGES ? HB_OK : status;
        for (uint32_t i = 0; i < n && status == HB_OK; i++) {
            double *sums = &commute->goal_sum[(uint64_t)i * (n + 1)];
            for (uint32_t j = 0; j < n; j++) {
                sums[j + 1] = sums[j] + flow[(uint64_t)i * n + j];
            }
        }
    }
    free(km);
    free(out);
    return status;
}

enum hb_status sim_commute_create(
    const struct sim_land *land, const struct sim_commute_config *config, struct sim_commute **out)
{
    struct sim_commute *commute = calloc(1, sizeof *commute);
    if (commute == NULL) {
        return HB_ERR_MEMORY;
    }
    size_t n = land->zone_count;
    commute->land = land;
    commute->district_of_zone = calloc(n, sizeof *commute->district_of_zone);
    commute->zones = calloc(n, sizeof *commute->zones);
    commute->home_sum = calloc(n + 1, sizeof *commute->home_sum);
    commute->job_sum = calloc(n + 1, sizeof *commute->job_sum);
    enum hb_status status = HB_ERR_MEMORY;
    if (commute->district_of_zone != NULL && commute->zones != NULL && commute->home_sum != NULL
        && commute->job_sum != NULL) {
        status = make_districts(commute);
    }
    if (status == HB_OK) {
        status = apply_law(commute, config);
    }
    if (status != HB_OK) {
        sim_commute_free(commute);
        return status;
    }
    *out = commute;
    return HB_OK;
}

void sim_commute_free(struct sim_commute *commute)
{
    if (commute == NULL) {
        return;
    }
    free(commute->goal_sum);
    free(commute->job_sum);
    free(commute->home_sum);
    free(commute->start);
    free(commute->zones);
    free(commute->district_of_zone);
    free(commute);
}

uint32_t sim_commute_home(const struct sim_commute *commute, struct sim_stream *stream)
{
    return commute->zones[draw_from(commute->home_sum, 0, commute->land->zone_count, stream)];
}

uint32_t sim_commute_any_work(const struct sim_commute *commute, struct sim_stream *stream)
{
    return commute->zones[draw_from(commute->job_sum, 0, commute->land->zone_count, stream)];
}

uint32_t sim_commute_work(
    const struct sim_commute *commute, uint32_t home_zone, struct sim_stream *stream)
{
    assert(home_zone < commute->land->zone_count);
    uint32_t n = commute->district_count, home = commute->district_of_zone[home_zone];
    const double *sums = &commute->goal_sum[(uint64_t)home * (n + 1)];
    uint32_t goal = draw_from(sums, 0, n, stream);
    return commute->zones[draw_from(
        commute->job_sum, commute->start[goal], commute->start[goal + 1], stream)];
}
