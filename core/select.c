/* SPDX-License-Identifier: Apache-2.0 */
#include "core/select.h"

#include <assert.h>
#include <stdlib.h>

struct hb_select {
    const struct hb_map *map;
    uint32_t candidate_count;
    uint32_t candidates[]; /* [place_count][candidate_count], nearest first */
};

/* Insertion into the row of the nearest so far; equal RTTs keep site order. */
static void rank_sites(const struct hb_map *map, uint32_t place, uint32_t count, uint32_t *row)
{
    uint32_t held = 0;
    for (uint32_t site = 0; site < map->site_count; site++) {
        double rtt_ms = hb_map_rtt_ms(map, place, site);
        uint32_t at = held;
        while (at > 0 && hb_map_rtt_ms(map, place, row[at - 1]) > rtt_ms) {
            at--;
        }
        if (at == count) {
            continue;
        }
        held = held < count ? held + 1 : count;
        for (uint32_t i = held - 1; i > at; i--) {
            row[i] = row[i - 1];
        }
        row[at] = site;
    }
}

enum hb_status hb_select_create(const struct hb_map *map, uint32_t candidate_count,
    struct hb_select **out)
{
    uint32_t count = candidate_count < map->site_count ? candidate_count : map->site_count;
    struct hb_select *select = malloc(
        sizeof *select + sizeof(uint32_t) * (size_t)map->place_count * count);
    if (select == NULL) {
        return HB_ERR_MEMORY;
    }
    select->map = map;
    select->candidate_count = count;
    for (uint32_t place = 0; place < map->place_count; place++) {
        rank_sites(map, place, count, &select->candidates[(size_t)place * count]);
    }
    *out = select;
    return HB_OK;
}

void hb_select_free(struct hb_select *select)
{
    free(select);
}

size_t hb_select_bytes(const struct hb_select *select)
{
    return sizeof *select
        + sizeof(uint32_t) * (size_t)select->map->place_count * select->candidate_count;
}

static const uint32_t *candidates_of(const struct hb_select *select, uint32_t place)
{
    return &select->candidates[(size_t)place * select->candidate_count];
}

/* Sums over the guesses that share a best site; each weighted by confidence. */
struct tally {
    uint32_t site;
    double mass, from_ms, to_ms;
};

static double room_share(const struct hb_map *map, const struct hb_select_site *sites,
    uint32_t site, uint32_t rival)
{
    uint32_t slots = map->sites[site].slots;
    uint32_t free_slots = sites[site].free_slots;
    if (slots == UINT32_MAX) {
        return 1.0;
    }
    if (site == rival) {
        free_slots = free_slots < slots ? free_slots + 1 : slots;
    }
    return slots == 0 ? 0.0 : (double)free_slots / slots;
}

/* The best site for one place that beats `from` there, or HB_NONE. */
static uint32_t best_for_place(const struct hb_select *select,
    const struct hb_select_site *sites, const struct hb_select_question *question,
    uint32_t place, uint32_t *is_full)
{
    const uint32_t *candidates = candidates_of(select, place);
    double from_ms = hb_map_rtt_ms(select->map, place, question->from);
    for (uint32_t i = 0; i < select->candidate_count; i++) {
        uint32_t site = candidates[i];
        if (!(hb_map_rtt_ms(select->map, place, site) < from_ms)) {
            return HB_NONE;
        }
        int is_usable = sites[site].is_up && sites[site].drain == HB_ROUTE_IN_USE;
        if (is_usable && (sites[site].free_slots > 0 || site == question->rival)) {
            return site;
        }
        *is_full = 1;
    }
    return HB_NONE;
}

static void add_guess(const struct hb_map *map, uint32_t from, const struct hb_guess *guess,
    struct tally *tally)
{
    double weight = (double)guess->confidence;
    tally->mass += weight;
    tally->from_ms += weight * hb_map_rtt_ms(map, guess->place, from);
    tally->to_ms += weight * hb_map_rtt_ms(map, guess->place, tally->site);
}

static struct tally *tally_of(struct tally *tallies, uint32_t *count, uint32_t site)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (tallies[i].site == site) {
            return &tallies[i];
        }
    }
    tallies[*count] = (struct tally) { .site = site };
    return &tallies[(*count)++];
}

static void pick(const struct hb_select *select, const struct hb_select_site *sites,
    uint32_t rival, const struct tally *tally, struct hb_select_answer *out)
{
    double gain_ms = tally->from_ms - tally->to_ms;
    double score = gain_ms * room_share(select->map, sites, tally->site, rival);
    if (tally->site == rival) {
        out->rival_score = score;
    }
    int is_tie_lost = score <= out->score && (score < out->score || tally->site > out->site);
    if (!(tally->mass > 0.0) || is_tie_lost) {
        return;
    }
    out->site = tally->site;
    out->score = score;
    out->confidence = tally->mass;
    out->gain_ms = gain_ms / tally->mass;
    out->from_ms = tally->from_ms / tally->mass;
    out->to_ms = tally->to_ms / tally->mass;
}

/* Distances are dear, so only of the guesses that count for the winner. */
static double deviation_km(const struct hb_map *map, const struct hb_select_question *question,
    const uint32_t *bests, const struct hb_select_answer *answer)
{
    double sum_km = 0.0;
    for (uint32_t i = 0; i < question->guess_count; i++) {
        const struct hb_guess *guess = &question->guesses[i];
        if (bests[i] == answer->site) {
            sum_km += (double)guess->confidence * hb_geo_distance_km(
                map->places[guess->place].at, map->sites[question->from].at);
        }
    }
    return sum_km / answer->confidence;
}

void hb_select_best_location(const struct hb_select *select, const struct hb_select_site *sites,
    const struct hb_select_question *question, struct hb_select_answer *out)
{
    assert(question->guess_count <= HB_GUESS_MAX);
    assert(question->from < select->map->site_count);
    struct tally tallies[HB_GUESS_MAX];
    uint32_t tally_count = 0;
    uint32_t bests[HB_GUESS_MAX]; /* of each guess */
    *out = (struct hb_select_answer) { .site = HB_NONE };
    for (uint32_t i = 0; i < question->guess_count; i++) {
        const struct hb_guess *guess = &question->guesses[i];
        uint32_t site = best_for_place(select, sites, question, guess->place, &out->is_full);
        bests[i] = site;
        if (site != HB_NONE) {
            add_guess(select->map, question->from, guess, tally_of(tallies, &tally_count, site));
        }
    }
    for (uint32_t i = 0; i < tally_count; i++) {
        pick(select, sites, question->rival, &tallies[i], out);
    }
    if (out->site != HB_NONE) {
        out->deviation_km = deviation_km(select->map, question, bests, out);
    }
}

int hb_select_is_open(const struct hb_select_site *site)
{
    return site->is_up && site->drain == HB_ROUTE_IN_USE && site->free_slots > 0;
}

uint32_t hb_select_nearest(const struct hb_select *select, const struct hb_select_site *sites,
    uint32_t place, uint32_t but)
{
    const uint32_t *candidates = candidates_of(select, place);
    for (uint32_t i = 0; i < select->candidate_count; i++) {
        if (candidates[i] != but && hb_select_is_open(&sites[candidates[i]])) {
            return candidates[i];
        }
    }
    uint32_t best = HB_NONE;
    for (uint32_t site = 0; site < select->map->site_count; site++) {
        int is_candidate = site != but && hb_select_is_open(&sites[site]);
        if (is_candidate && (best == HB_NONE || hb_map_rtt_ms(select->map, place, site)
                    < hb_map_rtt_ms(select->map, place, best))) {
            best = site;
        }
    }
    return best;
}

double hb_select_least_ms(const struct hb_select *select, uint32_t place)
{
    return hb_map_rtt_ms(select->map, place, candidates_of(select, place)[0]);
}
