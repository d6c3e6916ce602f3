/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_DATASET_H
#define MODEL_DATASET_H

#include "core/candidates.h"

/* Movement as a predictor learns it: 15-minute slots of clients, and the
 * places on a plane. One owner of all arrays. */
enum model_part { MODEL_PART_TRAIN, MODEL_PART_VALID, MODEL_PART_TEST, MODEL_PART_COUNT };

#define MODEL_WARM_MAX 48
#define MODEL_SLOT_OBSERVED 1U /* has a fix; else a filled stay */
#define MODEL_SLOT_FIRST 2U    /* of its session: the slot before is not known */

struct model_dataset {
    uint32_t client_count, place_count;
    uint64_t slot_count;
    uint64_t *first;  /* [client_count + 1] into the next four, in order of time */
    int32_t *slot;    /* Unix time / 900 s */
    uint32_t *place;
    uint8_t *flags;   /* MODEL_SLOT_... */
    uint8_t *part;    /* enum model_part */
    double *lat_deg, *lon_deg; /* [place_count] */
    float *east_km, *north_km;
    int32_t *clock_slots;    /* local time - UTC */
    uint32_t *tokens;        /* row of the vocabulary, HB_NONE: never in training */
    uint32_t *near_first, *near_places; /* as hb_candidates_tables wants them */
    uint32_t vocabulary_count;
    uint32_t warm_slots; /* of a session, before it is asked about: 1..MODEL_WARM_MAX */
    int is_visits; /* a slot is a whole visit: next-place data */
};

struct model_dataset_sizes {
    uint64_t slot_count;
    uint32_t client_count, place_count;
};

/* All arrays but near_places, zero. HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status model_dataset_create(const struct model_dataset_sizes *sizes,
    struct model_dataset **out);
void model_dataset_free(struct model_dataset *dataset);

/* Once slots, parts and coordinates are there: the plane, the vocabulary (places seen in
 * training, by index) and neighbours (at most 48 of the vocabulary within near_km,
 * nearest first). HB_ERR_MEMORY. */
enum hb_status model_dataset_finish(struct model_dataset *dataset, double near_km);

/* Slot i as the core's trail takes it. */
struct hb_trail_now model_dataset_now(const struct model_dataset *dataset, uint64_t i);

/* The same as a question is asked there: of visits, the hour of the next one is known, so
 * that it is what lies one slot ahead. */
struct hb_trail_now model_dataset_asking(const struct model_dataset *dataset, uint64_t i);

/* Farthest lag that is asked for: 1 of visits. */
uint32_t model_dataset_lags(const struct model_dataset *dataset);

/* Adds slot i to a trail. */
void model_dataset_add(const struct model_dataset *dataset, uint64_t i, struct hb_trail *trail);

#endif
