/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which ASes clients and sites are behind.
 *   clients  of a city: its largest ASes, by links, that have a provider; every
 *            place is behind one of them, by lot
 *   sites    have upstream_count providers: the first common_count are the ASes with
 *            customers that cover most sites' cities (then the largest), the same for all,
 *            as an operator of anycast buys (sites behind unlike providers answer the
 *            wrong ends of the world; Li et al., SIGCOMM 2018); the others are local,
 *            by lot in proportion to their links
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

/* How many sites' cities each AS with customers is present in. */
static void count_cover(const struct topo_draft *draft, uint32_t *cover)
{
    for (uint32_t i = 0; i < draft->as_count; i++) {
        for (uint32_t site = 0; site < draft->config->map->site_count; site++) {
            cover[i] += draft->ases[i].customer_count > 0
                && topo_is_at(draft->ases[i].presence, draft->site_hub[site]);
        }
    }
}

static bool is_taken(const struct topo_draft *draft, const uint32_t *list, uint32_t as)
{
    for (uint32_t i = 0; i < draft->config->upstream_count; i++) {
        if (list[i] == as) {
            return true;
        }
    }
    return false;
}

/* The AS that covers most sites, then has most links, of those in the city (HB_NONE:
 * anywhere) that the site does not have yet. */
static uint32_t best_upstream(const struct topo_draft *draft, const uint32_t *cover,
    const uint32_t *list, uint32_t hub)
{
    uint32_t best = HB_NONE;
    for (uint32_t i = 0; i < draft->as_count; i++) {
        const struct topo_as *as = &draft->ases[i];
        bool is_here = as->customer_count > 0
            && (hub == HB_NONE || topo_is_at(as->presence, hub)) && !is_taken(draft, list, i);
        bool is_better = is_here
            && (best == HB_NONE || cover[i] > cover[best]
                || (cover[i] == cover[best] && as->degree > draft->ases[best].degree));
        best = is_better ? i : best;
    }
    return best;
}

/* By lot, in proportion to links; left < 0: *total is only summed. */
static uint32_t any_upstream(const struct topo_draft *draft, const uint32_t *list, uint32_t hub,
    double left, double *total)
{
    *total = 0.0;
    for (uint32_t i = 0; i < draft->as_count; i++) {
        const struct topo_as *as = &draft->ases[i];
        if (as->customer_count > 0 && topo_is_at(as->presence, hub) && !is_taken(draft, list, i)) {
            *total += as->degree;
            if (left >= 0.0 && *total > left) {
                return i;
            }
        }
    }
    return HB_NONE;
}

static void attach_site(struct topo_draft *draft, const uint32_t *cover, uint32_t site)
{
    struct sim_stream stream = sim_stream_of(draft->config->seed, SIM_STREAM_TOPOLOGY,
        (uint64_t)STREAM_UPSTREAM << 40 | site);
    uint32_t most = draft->config->upstream_count;
    uint32_t *list = &draft->upstream_as[(size_t)site * most];
    for (uint32_t i = 0; i < most; i++) {
        list[i] = HB_NONE;
    }
    for (uint32_t i = 0; i < most; i++) {
        double total = 0.0;
        if (i < draft->config->common_count) {
            list[i] = best_upstream(draft, cover, list, draft->site_hub[site]);
            continue;
        }
        (void)any_upstream(draft, list, draft->site_hub[site], -1.0, &total);
        double left = sim_draw_uniform(&stream) * total;
        list[i] = any_upstream(draft, list, draft->site_hub[site], left, &total);
    }
    if (list[0] == HB_NONE) { /* nobody is there: a line to somebody elsewhere */
        list[0] = best_upstream(draft, cover, list, HB_NONE);
    }
}

enum hb_status sim_topo_attach(struct topo_draft *draft)
{
    const struct hb_map *map = draft->config->map;
    size_t upstreams = (size_t)map->site_count * draft->config->upstream_count;
    draft->access_as = calloc(map->place_count, sizeof *draft->access_as);
    draft->upstream_as = calloc(upstreams, sizeof *draft->upstream_as);
    uint32_t *cover = calloc(draft->as_count, sizeof *cover);
    if (draft->access_as == NULL || draft->upstream_as == NULL || cover == NULL) {
        free(cover);
        return HB_ERR_MEMORY;
    }
    count_cover(draft, cover);
    for (uint32_t site = 0; site < map->site_count; site++) {
        if (is_shape(draft)) {
            attach_to_shape(draft, site);
        } else {
            attach_site(draft, cover, site);
        }
        if (draft->upstream_as[(size_t)site * draft->config->upstream_count] == HB_NONE) {
            free(cover);
            return data_problem_set(draft->problem, HB_ERR_NOT_FOUND,
                "%s: found no AS with customers: expected one for a site (generated: more ases "
                "than tier1)",
                topo_name(draft));
        }
    }
    free(cover);
    return attach_places(draft);
}
