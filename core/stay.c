/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stay.h"

#include <assert.h>
#include <stdlib.h>

#define GROUPS 4
#define WAYS 4

/* Shrinkage: a rate is (stayed + weight x prior) / (all + weight), and the
 * prior is the next coarser rate. The weights are ours: flat between 4 and 16
 * on a day of taxis and a month of pedestrians. */
static const double weight_of_clock = 16.0, weight_of_place = 8.0;

struct count {
    uint32_t stayed, all;
};

struct row {
    uint32_t place; /* HB_NONE: free */
    uint16_t stayed[GROUPS][HB_HISTORY_STEPS], all[GROUPS][HB_HISTORY_STEPS];
};

struct hb_stay {
    struct count steps[HB_HISTORY_STEPS];
    struct count dwells[HB_HISTORY_STEPS][HB_HISTORY_DWELLS];
    struct count clocks[HB_HISTORY_STEPS][HB_HISTORY_DWELLS][HB_STAY_CLOCKS];
    uint32_t row_count; /* a power of two times WAYS, or 0 */
    struct row *rows;
};

enum hb_status hb_stay_create(uint32_t place_capacity, struct hb_stay **out)
{
    struct hb_stay *stay = calloc(1, sizeof *stay);
    if (stay == NULL) {
        return HB_ERR_MEMORY;
    }
    if (place_capacity > 0) {
        stay->row_count = WAYS;
        while (stay->row_count < place_capacity && stay->row_count < UINT32_C(1) << 30) {
            stay->row_count *= 2;
        }
        stay->rows = calloc(stay->row_count, sizeof *stay->rows);
        if (stay->rows == NULL) {
            free(stay);
            return HB_ERR_MEMORY;
        }
    }
    for (uint32_t i = 0; i < stay->row_count; i++) {
        stay->rows[i].place = HB_NONE;
    }
    *out = stay;
    return HB_OK;
}

void hb_stay_free(struct hb_stay *stay)
{
    if (stay != NULL) {
        free(stay->rows);
        free(stay);
    }
}

size_t hb_stay_bytes(const struct hb_stay *stay)
{
    return sizeof *stay + (size_t)stay->row_count * sizeof *stay->rows;
}

unsigned hb_stay_clock(int64_t local_unix_s)
{
    int64_t day = local_unix_s / 86400 - (local_unix_s % 86400 < 0);
    int64_t second = local_unix_s - day * 86400;
    int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Monday is 0 */
    return (unsigned)(second / 10800) + (weekday >= 5 ? HB_STAY_CLOCKS / 2 : 0);
}

/* Dwell classes in pairs: counts of one place are few. */
static unsigned group_of(unsigned dwell)
{
    return dwell * GROUPS / HB_HISTORY_DWELLS;
}

static uint32_t row_total(const struct row *row)
{
    uint32_t total = 0;
    for (int group = 0; group < GROUPS; group++) {
        total += row->all[group][0];
    }
    return total;
}

static struct row *ways_of(const struct hb_stay *stay, uint32_t place)
{
    uint64_t h = hb_history_mix(0, place);
    return &stay->rows[(uint32_t)h & (stay->row_count - 1) & ~(uint32_t)(WAYS - 1)];
}

static struct row *find(const struct hb_stay *stay, uint32_t place)
{
    if (stay->row_count == 0) {
        return NULL;
    }
    struct row *ways = ways_of(stay, place);
    for (int i = 0; i < WAYS; i++) {
        if (ways[i].place == place) {
            return &ways[i];
        }
    }
    return NULL;
}

/* The place's row; the least counted of its ways makes room. */
static struct row *obtain(struct hb_stay *stay, uint32_t place)
{
    struct row *row = find(stay, place);
    if (row != NULL || stay->row_count == 0) {
        return row;
    }
    struct row *ways = ways_of(stay, place);
    row = &ways[0];
    for (int i = 1; i < WAYS && row->place != HB_NONE; i++) {
        if (ways[i].place == HB_NONE || row_total(&ways[i]) < row_total(row)) {
            row = &ways[i];
        }
    }
    *row = (struct row){ .place = place };
    return row;
}

static void add(struct count *count, int has_stayed)
{
    if (count->all == UINT32_MAX) {
        count->all /= 2;
        count->stayed /= 2;
    }
    count->all++;
    count->stayed += has_stayed != 0;
}

static void add_to_row(struct row *row, const struct hb_stay_case *seen, int has_stayed)
{
    unsigned group = group_of(seen->dwell);
    uint16_t *all = &row->all[group][seen->step], *stayed = &row->stayed[group][seen->step];
    if (*all == UINT16_MAX) {
        *all /= 2;
        *stayed /= 2;
    }
    *all = (uint16_t)(*all + 1);
    *stayed = (uint16_t)(*stayed + (has_stayed != 0));
}

static void check(const struct hb_stay_case *c)
{
    assert(c->step < HB_HISTORY_STEPS);
    assert(c->dwell < HB_HISTORY_DWELLS);
    assert(c->clock < HB_STAY_CLOCKS);
}

void hb_stay_count(struct hb_stay *stay, const struct hb_stay_case *seen, int has_stayed)
{
    check(seen);
    add(&stay->steps[seen->step], has_stayed);
    add(&stay->dwells[seen->step][seen->dwell], has_stayed);
    add(&stay->clocks[seen->step][seen->dwell][seen->clock], has_stayed);
    struct row *row = obtain(stay, seen->place);
    if (row != NULL) {
        add_to_row(row, seen, has_stayed);
    }
}

/* After millions of stays and no move a rate rounds to 1, whose odds are infinite. */
static const double most = 1.0 - 0x1p-53;

static double shrunk(double stayed, double all, double weight, double prior)
{
    double rate = (stayed + weight * prior) / (all + weight);
    return rate < most ? rate : most;
}

/* prior moved by the odds ratio of given to usual: Bayes' rule if what
 * makes given differ is independent of the place. */
static double shifted(double prior, double given, double usual)
{
    double odds = prior / (1.0 - prior) * (given / (1.0 - given)) * ((1.0 - usual) / usual);
    double rate = odds / (1.0 + odds);
    return rate < most ? rate : most;
}

struct hb_stay_rates hb_stay_rates_of(const struct hb_stay *stay, const struct hb_stay_case *asked)
{
    check(asked);
    const struct count *step = &stay->steps[asked->step];
    const struct count *dwell = &stay->dwells[asked->step][asked->dwell];
    const struct count *clock = &stay->clocks[asked->step][asked->dwell][asked->clock];
    double usual = shrunk(step->stayed, step->all, 2.0, 0.5);
    double by_dwell = shrunk(dwell->stayed, dwell->all, weight_of_clock, usual);
    struct hb_stay_rates rates = { .place = usual };
    rates.anywhere = shrunk(clock->stayed, clock->all, weight_of_clock, by_dwell);
    const struct row *row = find(stay, asked->place);
    unsigned group = group_of(asked->dwell);
    double stayed = 0.0, all = 0.0;
    for (int i = 0; row != NULL && i < GROUPS; i++) {
        stayed += row->stayed[i][asked->step];
        all += row->all[i][asked->step];
    }
    rates.place = shrunk(stayed, all, weight_of_place, usual);
    rates.here = shifted(rates.place, rates.anywhere, usual);
    if (row != NULL) {
        rates.here = shrunk(row->stayed[group][asked->step], row->all[group][asked->step],
            weight_of_place, rates.here);
    }
    return rates;
}
