/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_SELECT_H
#define HB_SELECT_H

#include <stddef.h>

#include "core/event.h"
#include "core/route.h"

/* Which site for a forecast. Not installed: part of the controller. */

/* What the controller believes of a site at this instant. */
struct hb_select_site {
    uint32_t free_slots;
    uint8_t is_up;
    uint8_t route_attempts; /* of the announcement or withdrawal under way */
    uint8_t drain;          /* enum hb_route_drain: no new endpoints unless IN_USE */
    uint8_t is_announced;
    uint32_t sequence;      /* of the latest route request */
    uint32_t drain_sequence; /* of the timer that ends the drain */
    uint32_t region, votes; /* of its endpoints' clients, see announce.c */
    double weight;
    struct hb_route route;  /* as last announced */
};

/* For each place its nearest sites by believed RTT. */
struct hb_select;

/* candidate_count sites are kept for each place (clipped to the number of
 * sites). map is kept. HB_ERR_MEMORY. */
enum hb_status hb_select_create(const struct hb_map *map, uint32_t candidate_count,
    struct hb_select **out);
void hb_select_free(struct hb_select *select);
size_t hb_select_bytes(const struct hb_select *select);

struct hb_select_question {
    const struct hb_guess *guesses;
    uint32_t guess_count;
    uint32_t from;  /* the site that serves the client now */
    uint32_t rival; /* a site chosen before, whose slot is held; HB_NONE: none */
};

struct hb_select_answer {
    uint32_t site;      /* HB_NONE: no site is better, or none of the better has room */
    uint32_t is_full;   /* 1: a better site exists but was passed over for lack of room */
    double confidence;  /* mass of the guesses whose best site it is */
    double gain_ms;     /* over those guesses, by confidence: RTT saved */
    double deviation_km; /* ... and distance of the place from the site `from` */
    double from_ms, to_ms;     /* ... and the two RTTs */
    double score, rival_score; /* confidence x gain x share of free slots */
};

/* The published SelectBestLocation(predictions): each guessed place maps to its
 * best site that is up and has room and beats `from` there; the mass of places
 * with the same best site adds up; the site with the greatest confidence x
 * expected gain x free capacity wins, the lowest index among equals. */
void hb_select_best_location(const struct hb_select *select, const struct hb_select_site *sites,
    const struct hb_select_question *question, struct hb_select_answer *out);

/* Up, in use and with room: a new endpoint may come to be there. */
int hb_select_is_open(const struct hb_select_site *site);

/* The nearest site of place that is open and is not `but`; HB_NONE. */
uint32_t hb_select_nearest(const struct hb_select *select, const struct hb_select_site *sites,
    uint32_t place, uint32_t but);

/* Least believed RTT from place to any site. */
double hb_select_least_ms(const struct hb_select *select, uint32_t place);

#endif
