/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/world/epr.h"

#include <math.h>

#include "core/map.h"
#include "sim/engine/draw.h"

void sim_epr_visit(struct sim_epr *epr, uint32_t place, uint32_t times)
{
    uint32_t i = 0;
    while (i < epr->len && epr->places[i] != place) {
        i++;
    }
    if (i == SIM_EPR_PLACES_MAX) {
        return;
    }
    if (i == epr->len) {
        epr->places[i] = place;
        epr->counts[i] = 0;
        epr->len++;
    }
    epr->counts[i] += times;
    epr->visits += times;
}

bool sim_epr_explores(
    const struct sim_epr *epr, const struct sim_world_epr *law, struct sim_stream *stream)
{
    if (epr->len == 0) {
        return true;
    }
    if (epr->len == SIM_EPR_PLACES_MAX) {
        return false;
    }
    return sim_draw_uniform(stream) < law->rho * pow(epr->len, -law->gamma);
}

uint32_t sim_epr_return(const struct sim_epr *epr, uint32_t current, struct sim_stream *stream)
{
    uint64_t others = epr->visits;
    for (uint32_t i = 0; i < epr->len; i++) {
        others -= epr->places[i] == current ? epr->counts[i] : 0;
    }
    if (others == 0) {
        return HB_NONE;
    }
    double level = sim_draw_uniform(stream) * (double)others;
    uint32_t chosen = HB_NONE;
    for (uint32_t i = 0; i < epr->len && level >= 0.0; i++) {
        if (epr->places[i] != current) {
            chosen = epr->places[i];
            level -= epr->counts[i];
        }
    }
    return chosen;
}

double sim_epr_stay_s(const struct sim_world_epr *law, struct sim_stream *stream)
{
    struct sim_draw_cutoff stay = {
        .exponent = law->beta, .min = law->stay_min_h * 3600.0, .cutoff = law->tau_h * 3600.0
    };
    return sim_draw_cutoff(stream, &stay);
}

double sim_epr_jump_km(const struct sim_world_epr *law, double max_km, struct sim_stream *stream)
{
    if (max_km <= law->jump_min_km) {
        return max_km;
    }
    struct sim_draw_power jump = { .exponent = law->alpha, .min = law->jump_min_km, .max = max_km };
    return sim_draw_power(stream, &jump);
}
