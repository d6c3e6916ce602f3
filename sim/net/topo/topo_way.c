/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "sim/net/topo/topo.h"

static const double light_in_fibre_km_ms = 204.0; /* as sim/net/path.c */

static double way_ms(const struct sim_topo *topo, double km)
{
    return topo->path->stretch * 2.0 * km / light_in_fibre_km_ms;
}

/* The hub where the packets leave a for b: of those where both are, the nearest to
 * where they are; HB_NONE: there is none. */
static uint32_t crossing(const struct sim_topo *topo, uint32_t a, uint32_t b, uint32_t here)
{
    const uint64_t *of_a = &topo->presence[(size_t)a * SIM_TOPO_WORDS];
    const uint64_t *of_b = &topo->presence[(size_t)b * SIM_TOPO_WORDS];
    const float *km = &topo->hub_km[(size_t)here * topo->hub_count];
    uint32_t best = HB_NONE;
    for (uint32_t word = 0; word < SIM_TOPO_WORDS; word++) {
        uint64_t common = of_a[word] & of_b[word];
        for (; common != 0; common &= common - 1) {
            uint32_t hub = 64 * word + (uint32_t)__builtin_ctzll(common);
            if (best == HB_NONE || km[hub] < km[best]) {
                best = hub;
            }
        }
    }
    return best;
}

uint32_t sim_topo_exit(const struct sim_topo *topo, uint32_t node, uint32_t here,
    const uint32_t *edges, uint32_t count, uint32_t *there)
{
    const float *km = &topo->hub_km[(size_t)here * topo->hub_count];
    uint32_t best = edges[0], best_hub = HB_NONE;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t peer = topo->topology->peer[edges[i]];
        uint32_t hub = crossing(topo, node, peer, here);
        hub = hub == HB_NONE ? topo->hub_of[peer] : hub;
        if (best_hub == HB_NONE || km[hub] < km[best_hub]) {
            best = edges[i];
            best_hub = hub;
        }
    }
    *there = best_hub;
    return best;
}

static void way_by_hubs(const struct sim_topo *topo, uint32_t first, const uint32_t *nodes,
    uint32_t count, struct sim_topo_way *out)
{
    uint32_t here = first, last = topo->hub_of[nodes[count - 1]];
    double km = 0.0;
    for (uint32_t i = 0; i + 1 < count; i++) {
        uint32_t to = crossing(topo, nodes[i], nodes[i + 1], here);
        to = to == HB_NONE ? topo->hub_of[nodes[i + 1]] : to;
        km += (double)topo->hub_km[(size_t)here * topo->hub_count + to];
        here = to;
    }
    km += (double)topo->hub_km[(size_t)here * topo->hub_count + last];
    *out = (struct sim_topo_way) { topo->hubs[first], topo->hubs[last], way_ms(topo, km) };
}

void sim_topo_way_of(const struct sim_topo *topo, uint32_t vantage, const uint32_t *nodes,
    uint32_t count, struct sim_topo_way *out)
{
    assert(count >= 1);
    if (topo->presence != NULL) {
        way_by_hubs(topo, topo->vantage_hub[vantage], nodes, count, out);
        return;
    }
    double ms = 0.0;
    for (uint32_t i = 0; i + 1 < count; i++) {
        uint32_t edge = data_topology_edge(topo->topology, nodes[i], nodes[i + 1]);
        assert(edge != UINT32_MAX);
        ms += 2e-6 * (double)topo->topology->delay_ns[edge];
    }
    *out = (struct sim_topo_way) { topo->at[nodes[0]], topo->at[nodes[count - 1]], ms };
}

double sim_topo_rtt_ms(const struct sim_topo *topo, uint32_t place, uint32_t site,
    const struct sim_topo_way *way)
{
    struct hb_point from = topo->map->places[place].at, to = topo->map->sites[site].at;
    double km = hb_geo_distance_km(from, way->first) + hb_geo_distance_km(way->last, to);
    if (topo->presence != NULL && way->middle_ms <= 0.0) { /* never leaves the city */
        km = hb_geo_distance_km(from, to);
    }
    return topo->path->aggregation_ms + way_ms(topo, km) + way->middle_ms;
}
