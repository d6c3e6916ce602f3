/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ASes and relations of a file. Where an AS is, the file does not tell: its
 * country of registration does, or the lot. */
#include <stdlib.h>

#include "data/ascountry.h"
#include "data/asrel.h"
#include "sim/net/topo/topo_impl.h"

enum { STREAM_COUNTRY = 4 };

static enum hb_status read_countries(const struct topo_draft *draft,
    struct data_ascountry **out)
{
    struct data_cities *cities = NULL;
    enum hb_status status = data_cities_create(draft->problem, &cities);
    if (status == HB_OK) {
        status = data_ascountry_load(draft->config->countries, cities, out, draft->problem);
    }
    data_cities_free(cities);
    return status;
}

/* A hub of the country, its middle if nobody is there. HB_NONE: a country
 * without city. */
static enum hb_status hub_of_country(struct topo_draft *draft,
    const struct data_ascountry *countries, uint16_t country, uint32_t *hub)
{
    for (*hub = 0; *hub < draft->hub_count; ++*hub) {
        if (draft->hubs[*hub].country == country) {
            return HB_OK;
        }
    }
    struct topo_hub middle = { .weight = 0.0, .country = country };
    *hub = HB_NONE;
    if (data_ascountry_middle(countries, country, &middle.at) != HB_OK) {
        return HB_OK;
    }
    return sim_topo_hub_add(draft, &middle, hub);
}

/* By lot: a hub in proportion to its weight. */
static void draw_home(const struct topo_draft *draft, struct topo_as *as)
{
    struct sim_stream stream = sim_stream_of(draft->config->seed, SIM_STREAM_TOPOLOGY,
        (uint64_t)STREAM_COUNTRY << 40 | as->number);
    double total = 0.0;
    for (uint32_t hub = 0; hub < draft->hub_count; hub++) {
        total += draft->hubs[hub].weight;
    }
    double left = sim_draw_uniform(&stream) * total;
    as->hub = 0;
    for (uint32_t hub = 0; hub < draft->hub_count && left >= 0.0; hub++) {
        left -= draft->hubs[hub].weight;
        as->hub = draft->hubs[hub].weight > 0.0 ? hub : as->hub;
    }
    as->country = draft->hubs[as->hub].country;
}

static enum hb_status settle(struct topo_draft *draft, const struct data_ascountry *countries)
{
    enum hb_status status = HB_OK;
    for (uint32_t i = 0; i < draft->as_count && status == HB_OK; i++) {
        struct topo_as *as = &draft->ases[i];
        as->hub = HB_NONE;
        as->country = countries != NULL ? data_ascountry_code(countries, as->number) : 0;
        if (as->country != 0) {
            status = hub_of_country(draft, countries, as->country, &as->hub);
        }
        if (status == HB_OK && as->hub == HB_NONE) {
            draw_home(draft, as);
        }
    }
    return status;
}

static void add_country(const struct topo_draft *draft, const struct topo_as *whose,
    struct topo_as *as)
{
    topo_put_at(as->presence, whose->hub);
    for (uint32_t hub = 0; hub < draft->hub_count; hub++) {
        if (draft->hubs[hub].country == whose->country) {
            topo_put_at(as->presence, hub);
        }
    }
}

/* All hubs of its country; with customers, of its neighbours' countries too. A
 * link between two ASes then has a common hub, wherever either is at home. */
static void spread(struct topo_draft *draft)
{
    for (uint32_t i = 0; i < draft->as_count; i++) {
        add_country(draft, &draft->ases[i], &draft->ases[i]);
    }
    for (size_t i = 0; i < draft->relation_count; i++) {
        struct topo_as *a = &draft->ases[draft->relations[i].a];
        struct topo_as *b = &draft->ases[draft->relations[i].b];
        if (a->customer_count > 0 && a->country != b->country) {
            add_country(draft, b, a);
        }
        if (b->customer_count > 0 && a->country != b->country) {
            add_country(draft, a, b);
        }
        if (a->customer_count == 0 && b->customer_count == 0) {
            topo_put_at(a->presence, b->hub); /* a peering of two stubs: at the second's */
        }
    }
}

static enum hb_status copy_rows(struct topo_draft *draft, const struct data_topology *rows)
{
    enum hb_status status = HB_OK;
    draft->as_count = rows->node_count;
    draft->ases = calloc(rows->node_count, sizeof *draft->ases);
    if (draft->ases == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t node = 0; node < rows->node_count; node++) {
        draft->ases[node].number = rows->number[node];
        for (uint32_t e = rows->first[node]; e < rows->first[node + 1]; e++) {
            if (rows->peer[e] > node && status == HB_OK) {
                status = sim_topo_relate(draft, (struct topo_relation) { node, rows->peer[e],
                    (enum data_relation)rows->relation[e] });
            }
        }
    }
    return status;
}

enum hb_status sim_topo_asrel(struct topo_draft *draft)
{
    struct data_topology *rows = NULL;
    struct data_ascountry *countries = NULL;
    enum hb_status status = data_asrel_load(draft->config->file, 0, &rows, draft->problem);
    if (status == HB_OK && draft->config->countries != NULL) {
        status = read_countries(draft, &countries);
    }
    status = status == HB_OK ? copy_rows(draft, rows) : status;
    status = status == HB_OK ? settle(draft, countries) : status;
    if (status == HB_OK) {
        spread(draft);
    }
    data_ascountry_free(countries);
    data_topology_free(rows);
    return status;
}
