/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ASes and their relations by law. The numbers are CAIDA's of 2018-01-01 (60,006
 * ASes, 117,703 customer and 143,637 peer links): 85 % have no customers; of
 * these 45, 40, 10, 3 and 2 % have 1 to 5 providers, of the others 2.8 in the
 * mean; the number of customers falls with an exponent of 1.9 to 2.2, which
 * choosing providers in proportion to their degree gives (Barabasi, Albert,
 * Science 1999); 2.4 peerings an AS, nearly all between those with customers. */
#include <assert.h>
#include <stdlib.h>

#include "sim/net/topo/topo_impl.h"

static const double transit_share = 0.15;
static const double stub_providers[] = { 0.45, 0.40, 0.10, 0.03, 0.02 };
static const double transit_providers[] = { 0.15, 0.35, 0.25, 0.15, 0.10 }; /* mean 2.7 */
static const double peerings_per_as = 2.39;
static const double transit_cities = 3.0; /* beyond the home one, exponential; our choice */
static const uint32_t tries = 64; /* to find a partner in a common city */

enum { STREAM_AS = 1, STREAM_PEERINGS = 2 };

struct generator {
    struct topo_draft *draft;
    struct sim_draw_table *homes; /* hubs by weight */
    uint32_t *ends;   /* every AS with customers once and once more a link of it */
    size_t end_count;
    uint32_t tier1_count, transit_count;
};

static struct sim_stream stream_of(const struct generator *generator, uint32_t purpose,
    uint32_t entity)
{
    return sim_stream_of(generator->draft->config->seed, SIM_STREAM_TOPOLOGY,
        (uint64_t)purpose << 40 | entity);
}

static bool do_meet(const struct topo_as *a, const struct topo_as *b)
{
    uint64_t common = 0;
    for (int word = 0; word < SIM_TOPO_WORDS; word++) {
        common |= a->presence[word] & b->presence[word];
    }
    return common != 0;
}

static bool are_linked(const struct topo_draft *draft, uint32_t a, uint32_t b, size_t since)
{
    for (size_t i = since; i < draft->relation_count; i++) {
        const struct topo_relation *it = &draft->relations[i];
        if ((it->a == a && it->b == b) || (it->a == b && it->b == a)) {
            return true;
        }
    }
    return false;
}

static uint32_t choose_count(struct sim_stream *stream, const double *shares, uint32_t most)
{
    double left = sim_draw_uniform(stream);
    for (uint32_t i = 0; i < most; i++) {
        left -= shares[i];
        if (left < 0.0) {
            return i + 1;
        }
    }
    return most;
}

/* Home, and for a transit AS the nearest cities around it. */
static void settle(struct generator *generator, struct sim_stream *stream, uint32_t index)
{
    struct topo_draft *draft = generator->draft;
    struct topo_as *as = &draft->ases[index];
    as->number = index + 1;
    as->hub = sim_draw_index(stream, generator->homes);
    topo_put_at(as->presence, as->hub);
    if (index >= generator->transit_count) {
        return;
    }
    bool is_everywhere = index < generator->tier1_count;
    double wanted = is_everywhere ? (double)draft->hub_count
                                  : sim_draw_exponential(stream, transit_cities);
    for (double more = 0.5; more < wanted; more += 1.0) {
        uint32_t next = HB_NONE;
        for (uint32_t hub = 0; hub < draft->hub_count; hub++) {
            bool is_nearer = !topo_is_at(as->presence, hub)
                && (next == HB_NONE
                    || topo_km(draft, as->hub, hub) < topo_km(draft, as->hub, next));
            next = is_nearer ? hub : next;
        }
        if (next == HB_NONE) {
            break;
        }
        topo_put_at(as->presence, next);
    }
}

/* One provider in proportion to its degree, among those that are in a common city
 * (after some tries: any of tier 1). HB_NONE: it has that already. */
static uint32_t find_provider(struct generator *generator, struct sim_stream *stream,
    uint32_t customer, size_t since)
{
    struct topo_draft *draft = generator->draft;
    for (uint32_t i = 0; i < tries; i++) {
        uint32_t pick = generator->ends[sim_draw_below(stream, (uint32_t)generator->end_count)];
        if (pick < customer && do_meet(&draft->ases[pick], &draft->ases[customer])
            && !are_linked(draft, customer, pick, since)) {
            return pick;
        }
    }
    uint32_t pick = sim_draw_below(stream, generator->tier1_count);
    return are_linked(draft, customer, pick, since) ? HB_NONE : pick;
}

static enum hb_status add_providers(struct generator *generator, uint32_t customer)
{
    struct topo_draft *draft = generator->draft;
    struct sim_stream stream = stream_of(generator, STREAM_AS, customer);
    bool is_transit = customer < generator->transit_count;
    size_t since = draft->relation_count;
    settle(generator, &stream, customer);
    uint32_t count = choose_count(&stream, is_transit ? transit_providers : stub_providers, 5);
    enum hb_status status = HB_OK;
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
        uint32_t provider = find_provider(generator, &stream, customer, since);
        if (provider == HB_NONE) {
            continue;
        }
        status = sim_topo_relate(draft,
            (struct topo_relation) { customer, provider, DATA_RELATION_PROVIDER });
        generator->ends[generator->end_count++] = provider;
    }
    if (is_transit) {
        generator->ends[generator->end_count++] = customer;
    }
    return status;
}

static enum hb_status add_tier1(struct generator *generator)
{
    enum hb_status status = HB_OK;
    for (uint32_t a = 0; a < generator->tier1_count; a++) {
        struct sim_stream stream = stream_of(generator, STREAM_AS, a);
        settle(generator, &stream, a);
        generator->ends[generator->end_count++] = a;
        for (uint32_t b = 0; b < a && status == HB_OK; b++) {
            status = sim_topo_relate(generator->draft,
                (struct topo_relation) { a, b, DATA_RELATION_PEER });
        }
    }
    return status;
}

/* Peerings between transit ASes of a common city, both ends in proportion to
 * degree, so that the large peer most; none inside tier 1 beyond its clique. */
static enum hb_status add_peerings(struct generator *generator)
{
    struct topo_draft *draft = generator->draft;
    struct sim_stream stream = stream_of(generator, STREAM_PEERINGS, 0);
    size_t wanted = (size_t)(peerings_per_as * draft->as_count), made = 0;
    size_t most = (size_t)generator->transit_count * generator->transit_count / 4;
    size_t since = draft->relation_count;
    wanted = wanted < most ? wanted : most;
    enum hb_status status = HB_OK;
    uint8_t *pairs = calloc((size_t)generator->transit_count * generator->transit_count, 1);
    if (pairs == NULL) {
        return HB_ERR_MEMORY;
    }
    for (size_t i = 0; i < since; i++) {
        const struct topo_relation *it = &draft->relations[i];
        if (it->a < generator->transit_count && it->b < generator->transit_count) {
            pairs[(size_t)it->a * generator->transit_count + it->b] = 1;
            pairs[(size_t)it->b * generator->transit_count + it->a] = 1;
        }
    }
    for (size_t i = 0; i < 40 * wanted && made < wanted && status == HB_OK; i++) {
        uint32_t a = generator->ends[sim_draw_below(&stream, (uint32_t)generator->end_count)];
        uint32_t b = generator->tier1_count
            + sim_draw_below(&stream, generator->transit_count - generator->tier1_count);
        uint8_t *pair = &pairs[(size_t)a * generator->transit_count + b];
        if (a == b || a < generator->tier1_count || *pair != 0
            || !do_meet(&draft->ases[a], &draft->ases[b])) {
            continue;
        }
        *pair = pairs[(size_t)b * generator->transit_count + a] = 1;
        status = sim_topo_relate(draft, (struct topo_relation) { a, b, DATA_RELATION_PEER });
        made++;
    }
    free(pairs);
    return status;
}

static enum hb_status generate(struct generator *generator)
{
    struct topo_draft *draft = generator->draft;
    double weights[SIM_TOPO_HUBS_MAX];
    for (uint32_t hub = 0; hub < draft->hub_count; hub++) {
        weights[hub] = draft->hubs[hub].weight;
    }
    enum hb_status status
        = sim_draw_table_create(weights, draft->hub_count, &generator->homes);
    status = status == HB_OK ? add_tier1(generator) : status;
    for (uint32_t as = generator->tier1_count; as < draft->as_count && status == HB_OK; as++) {
        status = add_providers(generator, as);
    }
    bool has_transit = generator->transit_count > generator->tier1_count;
    return status == HB_OK && has_transit ? add_peerings(generator) : status;
}

enum hb_status sim_topo_generate(struct topo_draft *draft)
{
    uint32_t count = draft->config->as_count, tier1 = draft->config->tier1_count;
    struct generator generator = { .draft = draft };
    generator.tier1_count = tier1 < count ? tier1 : count;
    generator.transit_count = (uint32_t)(transit_share * count);
    if (generator.transit_count < generator.tier1_count) {
        generator.transit_count = generator.tier1_count;
    }
    draft->as_count = count;
    draft->ases = calloc(count, sizeof *draft->ases);
    generator.ends = malloc((6 * (size_t)count + 64) * sizeof *generator.ends);
    enum hb_status status = draft->ases != NULL && generator.ends != NULL ? generate(&generator)
                                                                          : HB_ERR_MEMORY;
    sim_draw_table_free(generator.homes);
    free(generator.ends);
    return status;
}
