/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which ASes clients and sites are behind.
 *   clients  of a city: its largest ASes, by links, that have a provider; every
 *            place is behind one of them, by lot
 *   sites    have upstream_count providers: ASes with customers that are present
 *            in the site's city, by lot in proportion to their links
 *   shapes   clients: the ASes of the nearest city, by lot; sites: one of those,
 *            in turn (of a hierarchy: from the last, a leaf) */
#include <stdlib.h>

#include "sim/net/topo/topo_impl.h"

enum { STREAM_ACCESS = 3, STREAM_UPSTREAM = 5 };

static bool is_shape(const struct topo_draft *draft)
{
    return draft->config->kind == SIM_TOPO_GENERATED && draft->config->shape != SIM_TOPO_INTERNET;
}

/* At home there: in a file of CAIDA, in its country. */
static bool is_local(const struct topo_draft *draft, const struct topo_as *as, uint32_t hub)
{
    if (draft->config->kind != SIM_TOPO_AS_REL) {
        return as->hub == hub;
    }
    return as->country != 0 && as->country == draft->hubs[hub].country;
}

/* The largest of the city into best [count], HB_NONE behind; the first of equals. */
static uint32_t find_access(const struct topo_draft *draft, uint32_t hub, uint32_t *best,
    uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < draft->as_count; i++) {
        const struct topo_as *as = &draft->ases[i];
        bool is_wanted = is_local(draft, as, hub) && (is_shape(draft) || as->provider_count > 0);
        if (!is_wanted) {
            continue;
        }
        uint32_t at = found < count ? found++ : count;
        for (; at > 0 && draft->ases[best[at - 1]].degree < as->degree; at--) {
            if (at < count) {
                best[at] = best[at - 1];
            }
        }
        if (at < count) {
            best[at] = i;
        }
    }
    return found;
}

/* The hub nearest to `hub` (itself first) where somebody is at home. */
static uint32_t find_populated(const struct topo_draft *draft, uint32_t hub, uint32_t *best,
    uint32_t count, uint32_t *found)
{
    uint8_t tried[SIM_TOPO_HUBS_MAX] = { 0 };
    for (uint32_t i = 0; i < draft->hub_count; i++) {
        uint32_t next = HB_NONE;
        for (uint32_t other = 0; other < draft->hub_count; other++) {
            bool is_nearer = !tried[other]
                && (next == HB_NONE || topo_km(draft, hub, other) < topo_km(draft, hub, next));
            next = is_nearer ? other : next;
        }
        tried[next] = 1;
        *found = find_access(draft, next, best, count);
        if (*found > 0) {
            return next;
        }
    }
    return HB_NONE;
}

static enum hb_status attach_places(struct topo_draft *draft)
{
    const struct hb_map *map = draft->config->map;
    uint32_t count = is_shape(draft) ? draft->as_count : draft->config->access_count;
    uint32_t *best = calloc((size_t)draft->hub_count * count, sizeof *best);
    uint32_t *found = calloc(draft->hub_count, sizeof *found);
    enum hb_status status = best != NULL && found != NULL ? HB_OK : HB_ERR_MEMORY;
    for (uint32_t place = 0; place < map->place_count && status == HB_OK; place++) {
        uint32_t hub = draft->place_hub[place];
        uint32_t *list = &best[(size_t)hub * count];
        if (found[hub] == 0
            && find_populated(draft, hub, list, count, &found[hub]) == HB_NONE) {
            status = data_problem_set(draft->problem, HB_ERR_NOT_FOUND,
                "%s: found no AS with a provider: expected one for clients", topo_name(draft));
            break;
        }
        struct sim_stream stream = sim_stream_of(draft->config->seed, SIM_STREAM_TOPOLOGY,
            (uint64_t)STREAM_ACCESS << 40 | place);
        draft->access_as[place] = list[sim_draw_below(&stream, found[hub])];
    }
    free(found);
    free(best);
    return status;
}

static void attach_to_shape(struct topo_draft *draft, uint32_t site)
{
    uint32_t most = draft->config->upstream_count, count = draft->as_count;
    bool is_leaf = draft->config->shape == SIM_TOPO_HIERARCHY;
    uint32_t as = draft->config->shape == SIM_TOPO_BAD_GADGET ? 0 : site % count;
    uint32_t *list = &draft->upstream_as[(size_t)site * most];
    for (uint32_t i = 0; i < most; i++) {
        list[i] = HB_NONE;
    }
    list[0] = is_leaf ? count - 1 - as : as;
}

/* Total weight, or (left >= 0) the AS at which the running sum passes left. */
static double weigh(const struct topo_draft *draft, uint32_t hub, const uint32_t *taken,
    double left, uint32_t *pick)
{
    double total = 0.0;
    *pick = HB_NONE;
    for (uint32_t i = 0; i < draft->as_count; i++) {
        const struct topo_as *as = &draft->ases[i];
        bool is_here = as->customer_count > 0
            && (hub == HB_NONE || topo_is_at(as->presence, hub));
        for (uint32_t k = 0; k < draft->config->upstream_count && is_here; k++) {
            is_here = taken[k] != i;
        }
        if (!is_here) {
            continue;
        }
        total += as->degree;
        if (left >= 0.0 && total > left) {
            *pick = i;
            return total;
        }
    }
    return total;
}

static void attach_site(struct topo_draft *draft, uint32_t site)
{
    uint32_t most = draft->config->upstream_count;
    uint32_t *list = &draft->upstream_as[(size_t)site * most];
    struct sim_stream stream = sim_stream_of(draft->config->seed, SIM_STREAM_TOPOLOGY,
        (uint64_t)STREAM_UPSTREAM << 40 | site);
    for (uint32_t i = 0; i < most; i++) {
        list[i] = HB_NONE;
    }
    for (uint32_t i = 0; i < most; i++) {
        uint32_t hub = draft->site_hub[site], pick = HB_NONE;
        double total = weigh(draft, hub, list, -1.0, &pick);
        if (total <= 0.0 && i == 0) { /* nobody is there: a line to somebody elsewhere */
            hub = HB_NONE;
            total = weigh(draft, hub, list, -1.0, &pick);
        }
        if (total <= 0.0) {
            return;
        }
        (void)weigh(draft, hub, list, sim_draw_uniform(&stream) * total, &pick);
        list[i] = pick;
    }
}

enum hb_status sim_topo_attach(struct topo_draft *draft)
{
    const struct hb_map *map = draft->config->map;
    size_t upstreams = (size_t)map->site_count * draft->config->upstream_count;
    draft->access_as = calloc(map->place_count, sizeof *draft->access_as);
    draft->upstream_as = calloc(upstreams, sizeof *draft->upstream_as);
    if (draft->access_as == NULL || draft->upstream_as == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t site = 0; site < map->site_count; site++) {
        if (is_shape(draft)) {
            attach_to_shape(draft, site);
        } else {
            attach_site(draft, site);
        }
        if (draft->upstream_as[(size_t)site * draft->config->upstream_count] == HB_NONE) {
            return data_problem_set(draft->problem, HB_ERR_NOT_FOUND,
                "%s: found no AS with customers: expected one for a site (generated: more ases "
                "than tier1)",
                topo_name(draft));
        }
    }
    return attach_places(draft);
}
