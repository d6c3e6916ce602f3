/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/bound.h"

#include <math.h>
#include <stdlib.h>

#include "core/cost.h"
#include "core/units.h"
#include "sim/run/crew.h"
#include "sim/run/parts.h"
#include "sim/run/session.h"

/* The optimum answers every request: a failed one is never cheaper than the slowest
 * answer (sim/run/account.c), so nothing is gained by failing. A copy of the state
 * may serve two moves of a policy: to a mirror and, before it is promoted, back to
 * the primary, which still has the state. So a steered move bears half a copy here. */
#define SHARD_COUNT 64u /* fixed, so that sums do not depend on the threads */

struct segment {
    double requests, base_ms;
    uint32_t place;
};

struct sums {
    double cost, requests, latency;
};

/* What one thread works with. */
struct bench {
    void *workspace;
    struct segment *segments;
    double *start_s, *end_s;
    uint32_t *sites;
    uint32_t count;
};

struct bound {
    const struct sim_stage *stage;
    const struct sim_bound_solver *solver;
    struct hb_prices prices;
    double lead_s;
    double *enter, *early, *leave, *rent; /* [site_count]; rent per s of a busy instance */
    double *hop_ms, *path_ms; /* [site_count][site_count], [place_count][site_count] */
    struct bench *benches;
    struct sums sums[SHARD_COUNT];
};

struct asked {
    const struct bound *bound;
    const struct bench *bench;
};

static void serve(void *ctx, uint32_t index, double *cost)
{
    const struct asked *asked = ctx;
    const struct bound *bound = asked->bound;
    const struct bench *bench = asked->bench;
    const struct segment *segment = &bench->segments[index];
    const struct hb_map *map = &bound->stage->map;
    const double *path_ms = &bound->path_ms[(size_t)segment->place * map->site_count];
    double elapsed_s = bench->end_s[index] - bench->start_s[index];
    for (uint32_t site = 0; site < map->site_count; site++) {
        double ms = segment->base_ms + path_ms[site];
        cost[site] = segment->requests * hb_cost_request(&bound->prices, ms)
            + bound->rent[site] * elapsed_s;
    }
}

static enum hb_status close_path(const struct bound *bound, struct bench *bench,
    struct sums *sums)
{
    const struct hb_map *map = &bound->stage->map;
    if (bench->count == 0) {
        return HB_OK;
    }
    struct asked asked = { bound, bench };
    struct sim_bound_path path = { .segment_count = bench->count,
        .site_count = map->site_count,
        .start_s = bench->start_s,
        .end_s = bench->end_s,
        .serve = serve,
        .ctx = &asked,
        .enter = bound->enter,
        .enter_early = bound->early,
        .leave = bound->leave,
        .lead_s = bound->lead_s };
    double cost = 0.0;
    enum hb_status status = bound->solver->solve(bench->workspace, &path, &cost, bench->sites);
    sums->cost += cost;
    for (uint32_t i = 0; i < bench->count && status == HB_OK; i++) {
        const struct segment *segment = &bench->segments[i];
        size_t row = (size_t)segment->place * map->site_count;
        double ms = segment->base_ms + bound->path_ms[row + bench->sites[i]];
        sums->requests += segment->requests;
        sums->latency += segment->requests * ms;
    }
    bench->count = 0;
    return status;
}

static void add(const struct bound *bound, struct bench *bench, uint32_t client, uint64_t visit,
    int64_t from_ns, int64_t to_ns)
{
    const struct sim_stage *stage = bound->stage;
    const struct sim_scenario_service *service = &stage->scenario->service;
    uint32_t i = bench->count++;
    bench->start_s[i] = hb_units_s(from_ns);
    bench->end_s[i] = hb_units_s(to_ns);
    bench->segments[i] = (struct segment) {
        .requests = service->request_rate_hz * hb_units_s(to_ns - from_ns),
        .base_ms = sim_stage_access_ms(stage, client, visit) + service->service_ms,
        .place = stage->trace->visits[visit].place
    };
}

/* One visit, cut by the sessions: every on-part is a segment; a gap between
 * them, or being nowhere, ends the path. */
static enum hb_status cut_visit(const struct bound *bound, struct bench *bench, uint32_t client,
    uint64_t visit, struct sim_session *session, struct sums *sums)
{
    const struct sim_stage *stage = bound->stage;
    const struct data_trace *trace = stage->trace;
    int64_t last_ns = ((int64_t)stage->end_s - stage->origin_s) * HB_NS_PER_S;
    int64_t from_ns = sim_episode_visit_ns(stage, visit), to_ns = last_ns;
    if (visit + 1 < trace->first[client + 1]) {
        to_ns = sim_episode_visit_ns(stage, visit + 1);
    }
    from_ns = from_ns > 0 ? from_ns : 0;
    to_ns = to_ns < last_ns ? to_ns : last_ns;
    bool is_nowhere = trace->visits[visit].place == DATA_NOWHERE;
    enum hb_status status = is_nowhere ? close_path(bound, bench, sums) : HB_OK;
    while (from_ns < to_ns && status == HB_OK) {
        int64_t end_ns = session->until_ns < to_ns ? session->until_ns : to_ns;
        if (session->is_on && !is_nowhere && end_ns > from_ns) {
            add(bound, bench, client, visit, from_ns, end_ns);
        }
        if (session->until_ns <= to_ns) {
            status = close_path(bound, bench, sums);
            sim_session_next(stage, client, session);
        }
        from_ns = end_ns;
    }
    return status;
}

static enum hb_status solve_client(const struct bound *bound, struct bench *bench,
    uint32_t client, struct sums *sums)
{
    const struct data_trace *trace = bound->stage->trace;
    struct sim_session session = sim_session_start(bound->stage, client);
    uint64_t visit = data_trace_visit_at(trace, client, bound->stage->origin_s);
    visit = visit == UINT64_MAX ? trace->first[client] : visit;
    enum hb_status status = HB_OK;
    int64_t begun_ns = visit < trace->first[client + 1]
        ? sim_episode_visit_ns(bound->stage, visit) : 0;
    while (session.until_ns < begun_ns) {
        sim_session_next(bound->stage, client, &session);
    }
    for (; visit < trace->first[client + 1] && status == HB_OK; visit++) {
        if (trace->visits[visit].start_s >= bound->stage->end_s) {
            break;
        }
        status = cut_visit(bound, bench, client, visit, &session, sums);
    }
    return status == HB_OK ? close_path(bound, bench, sums) : status;
}

static enum hb_status solve_shard(void *ctx, uint32_t shard, uint32_t lane)
{
    struct bound *bound = ctx;
    uint64_t clients = bound->stage->client_count;
    uint32_t end = (uint32_t)(clients * (shard + 1) / SHARD_COUNT);
    enum hb_status status = HB_OK;
    for (uint32_t i = (uint32_t)(clients * shard / SHARD_COUNT); i < end && status == HB_OK; i++) {
        status = sim_stage_is_interrupted(bound->stage)
            ? HB_ERR_INTERRUPTED
            : solve_client(bound, &bound->benches[lane], i, &bound->sums[shard]);
    }
    return status;
}

/* Most segments that one session can have: a client's visits and one more. */
static uint32_t most_segments(const struct sim_stage *stage)
{
    uint64_t most = 0;
    for (uint32_t client = 0; client < stage->client_count; client++) {
        uint64_t count = stage->trace->first[client + 1] - stage->trace->first[client];
        most = count > most ? count : most;
    }
    return (uint32_t)most + 2;
}

static enum hb_status create_bench(const struct bound *bound, struct bench *bench,
    uint32_t capacity)
{
    bench->segments = calloc(capacity, sizeof *bench->segments);
    bench->start_s = calloc(capacity, sizeof *bench->start_s);
    bench->end_s = calloc(capacity, sizeof *bench->end_s);
    bench->sites = calloc(capacity, sizeof *bench->sites);
    if (bench->segments == NULL || bench->start_s == NULL || bench->end_s == NULL
        || bench->sites == NULL) {
        return HB_ERR_MEMORY;
    }
    return bound->solver->create(capacity, bound->stage->map.site_count, &bench->workspace);
}

static void free_bench(const struct bound *bound, struct bench *bench)
{
    if (bench->workspace != NULL) {
        bound->solver->free(bench->workspace);
    }
    free(bench->sites);
    free(bench->end_s);
    free(bench->start_s);
    free(bench->segments);
}

/* The site where a copy costs the least. */
struct least {
    double factor, copy_s;
};

/* A move is either steered: one DNS update, and half of a copy during which the
 * new instance is idle; or anycast's: a whole copy, requests are stale and the old
 * instance is idle meanwhile, without lead or DNS. A shared instance's rent is nobody's. */
static void price_site(struct bound *bound, uint32_t site, struct least least)
{
    const struct sim_stage *stage = bound->stage;
    const struct sim_scenario_service *service = &stage->scenario->service;
    const struct hb_prices *prices = &bound->prices;
    double factor = (double)stage->map.sites[site].price_factor;
    double copy_s = service->state_mb / stage->link_mb_s[site];
    double own = service->shared ? 0.0 : 1.0;
    double state = hb_cost_state(prices, service->state_mb * 1e6);
    double steered = prices->dns_update
        + 0.5 * (state + own * hb_cost_instance(prices, HB_POWER_IDLE, least.factor, least.copy_s));
    double stale = state + service->request_rate_hz * copy_s * prices->failed_request
        + own * hb_cost_instance(prices, HB_POWER_IDLE, least.factor, copy_s);
    bound->enter[site] = fmin(steered, stale);
    bound->early[site] = stale;
    bound->rent[site] = own * hb_cost_instance(prices, HB_POWER_BUSY, factor, 1.0);
}

static enum hb_status price_sites(struct bound *bound)
{
    const struct hb_map *map = &bound->stage->map;
    size_t count = map->site_count;
    bound->enter = calloc(count, sizeof *bound->enter);
    bound->early = calloc(count, sizeof *bound->early);
    bound->leave = calloc(count, sizeof *bound->leave);
    bound->rent = calloc(count, sizeof *bound->rent);
    bound->hop_ms = calloc(count * count, sizeof *bound->hop_ms);
    bound->path_ms = calloc(count * map->place_count, sizeof *bound->path_ms);
    if (bound->enter == NULL || bound->early == NULL || bound->leave == NULL
        || bound->rent == NULL || bound->hop_ms == NULL || bound->path_ms == NULL) {
        return HB_ERR_MEMORY;
    }
    struct least least = { INFINITY, INFINITY };
    for (uint32_t site = 0; site < count; site++) {
        double copy_s = bound->stage->scenario->service.state_mb / bound->stage->link_mb_s[site];
        least.factor = fmin(least.factor, (double)map->sites[site].price_factor);
        least.copy_s = fmin(least.copy_s, copy_s);
    }
    for (uint32_t site = 0; site < count; site++) {
        price_site(bound, site, least);
    }
    return HB_OK;
}

static enum hb_status measure_hops(void *ctx, uint32_t from, uint32_t lane)
{
    struct bound *bound = ctx;
    const struct hb_map *map = &bound->stage->map;
    (void)lane;
    for (uint32_t to = 0; to < map->site_count; to++) {
        bound->hop_ms[(size_t)to * map->site_count + from] = from == to
            ? 0.0 : sim_path_rtt_ms(&bound->stage->path, map->sites[from].at, map->sites[to].at);
    }
    return HB_OK;
}

/* Being passed on by a site nearby may be faster than the way itself: measured
 * and stretched paths do not obey the triangle inequality. */
static double shortest_ms(const struct bound *bound, uint32_t place, uint32_t site)
{
    const struct sim_stage *stage = bound->stage;
    uint32_t count = bound->stage->map.site_count;
    const double *hop_ms = &bound->hop_ms[(size_t)site * count];
    double least_ms = sim_stage_least_ms(stage, place, site);
    for (uint32_t front = 0; front < count; front++) {
        double ms = sim_stage_least_ms(stage, place, front) + hop_ms[front];
        least_ms = ms < least_ms ? ms : least_ms;
    }
    return least_ms;
}

static enum hb_status measure_paths(void *ctx, uint32_t shard, uint32_t lane)
{
    struct bound *bound = ctx;
    const struct hb_map *map = &bound->stage->map;
    uint64_t places = map->place_count;
    uint32_t end = (uint32_t)(places * (shard + 1) / SHARD_COUNT);
    (void)lane;
    for (uint32_t place = (uint32_t)(places * shard / SHARD_COUNT); place < end; place++) {
        size_t row = (size_t)place * map->site_count;
        for (uint32_t site = 0; site < map->site_count; site++) {
            bound->path_ms[row + site] = shortest_ms(bound, (uint32_t)place, site);
        }
    }
    return sim_stage_is_interrupted(bound->stage) ? HB_ERR_INTERRUPTED : HB_OK;
}

static void sum_up(const struct bound *bound, struct sim_bound *out)
{
    struct sums all = { .cost = 0.0 };
    for (uint32_t shard = 0; shard < SHARD_COUNT; shard++) {
        all.cost += bound->sums[shard].cost;
        all.requests += bound->sums[shard].requests;
        all.latency += bound->sums[shard].latency;
    }
    *out = (struct sim_bound) { .cost = all.cost, .latency_ms = all.latency / all.requests };
}

enum hb_status sim_bound_solve(const struct sim_stage *stage, uint32_t threads,
    const struct sim_bound_solver *solver, struct sim_bound *out)
{
    double lead_s = stage->scenario->service.lead_s;
    struct bound bound = { .stage = stage, .solver = solver,
        .prices = sim_parts_prices(stage->scenario),
        .lead_s = sim_scenario_is_given(lead_s) ? lead_s : 0.0 };
    enum hb_status status = price_sites(&bound);
    bound.benches = calloc(threads, sizeof *bound.benches);
    status = status == HB_OK && bound.benches == NULL ? HB_ERR_MEMORY : status;
    if (status == HB_OK) {
        status = sim_crew_run(threads, stage->map.site_count, measure_hops, &bound);
    }
    if (status == HB_OK) {
        status = sim_crew_run(threads, SHARD_COUNT, measure_paths, &bound);
    }
    uint32_t capacity = most_segments(stage);
    for (uint32_t lane = 0; lane < threads && status == HB_OK; lane++) {
        status = create_bench(&bound, &bound.benches[lane], capacity);
    }
    if (status == HB_OK) {
        status = sim_crew_run(threads, SHARD_COUNT, solve_shard, &bound);
    }
    if (status == HB_OK) {
        sum_up(&bound, out);
    }
    for (uint32_t lane = 0; bound.benches != NULL && lane < threads; lane++) {
        free_bench(&bound, &bound.benches[lane]);
    }
    free(bound.benches);
    free(bound.path_ms);
    free(bound.hop_ms);
    free(bound.rent);
    free(bound.leave);
    free(bound.early);
    free(bound.enter);
    return status;
}
