/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/rivals.h"

#include <stdlib.h>

#include "core/frequency.h"
#include "core/map.h"
#include "core/markov.h"
#include "core/persistence.h"

static struct hb_place *places_of(const struct model_dataset *dataset)
{
    struct hb_place *places = calloc(dataset->place_count, sizeof *places);
    for (uint32_t i = 0; places != NULL && i < dataset->place_count; i++) {
        places[i] = (struct hb_place) { .at = { dataset->lat_deg[i], dataset->lon_deg[i] },
            .region = HB_NONE,
            .utc_offset_s = dataset->clock_slots[i] * HB_TRAIL_SLOT_S };
    }
    return places;
}

static enum hb_status create(const struct model_dataset *dataset, const struct hb_map *map,
    int index, struct cli_rival *rival)
{
    static const char *const names[CLI_RIVALS] = { "persistence", "most frequent",
        "Markov 1", "Markov 2", "semi-Markov 1", "semi-Markov 2" };
    struct hb_frequency_config often = { .client_capacity = dataset->client_count,
        .place_capacity = dataset->place_count };
    struct hb_markov_config chain = { .client_capacity = dataset->client_count,
        .order = index % 2 == 0 ? 1 : 2,
        .ignores_dwell = index < 4,
        .map = map };
    rival->name = names[index];
    return index == 0 ? hb_persistence_create(dataset->client_count, &rival->predictor)
        : index == 1  ? hb_frequency_create(&often, &rival->predictor)
                      : hb_markov_create(&chain, &rival->predictor);
}

enum hb_status cli_rivals_each(const struct model_dataset *dataset,
    enum hb_status (*visit)(void *context, const struct cli_rival *rival), void *context)
{
    struct hb_place *places = places_of(dataset);
    struct hb_map map = { .place_count = dataset->place_count, .places = places };
    enum hb_status status = places == NULL ? HB_ERR_MEMORY : HB_OK;
    for (int i = 0; status == HB_OK && i < CLI_RIVALS; i++) {
        struct cli_rival rival;
        status = create(dataset, &map, i, &rival);
        if (status == HB_OK) {
            status = visit(context, &rival);
        }
    }
    free(places);
    return status;
}
