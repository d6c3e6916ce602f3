/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What net and infra cost at scale: processor time of a transfer's start and
 * end with n under way at once, heap per client of DNS and infrastructure,
 * and the RTT matrix of a run. Run by meson test --benchmark. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/infra/infra.h"
#include "sim/net/dns.h"
#include "sim/net/path.h"

enum { SITES = 68 };

static double processor_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void must(enum hb_status status, const char *what)
{
    if (status != HB_OK) {
        (void)fprintf(stderr, "%s: %s\n", what, hb_status_text(status));
        exit(1);
    }
}

/* ---- transfers: each that arrives starts the next ---- */

struct flood {
    struct sim_transfer *transfer;
    struct sim_stream draws;
    uint64_t left;
};

static void start_next(struct flood *flood);

static void arrived(void *ctx, uint32_t id, uint64_t tag)
{
    (void)id;
    (void)tag;
    struct flood *flood = ctx;
    if (flood->left > 0) {
        start_next(flood);
    }
}

static void start_next(struct flood *flood)
{
    uint32_t id, from = sim_draw_below(&flood->draws, SITES);
    struct sim_transfer_order order = { .from = from,
        .to = (from + 1 + sim_draw_below(&flood->draws, SITES - 1)) % SITES,
        .mb = sim_draw_exponential(&flood->draws, 50.0), .tag = flood->left--,
        .arrived = arrived, .ctx = flood };
    must(sim_transfer_start(flood->transfer, &order, &id), "transfer");
}

static void flood_of(uint32_t count)
{
    static const uint64_t turns = 400000;
    struct sim_transfer_line lines[SITES];
    for (int i = 0; i < SITES; i++) {
        lines[i] = (struct sim_transfer_line){ 1250.0, 1250.0 };
    }
    struct sim_loop *loop;
    struct sim_loop_options options = { .event_capacity = 1000000 };
    must(sim_loop_create(&options, &loop), "loop");
    struct flood flood = { .draws = sim_stream_of(1, SIM_STREAM_TEST, count), .left = turns };
    struct sim_transfer_config config = { .loop = loop, .kind = 1, .site_count = SITES,
        .lines = lines, .registry_mb_s = 125.0, .capacity = count };
    must(sim_transfer_create(&config, &flood.transfer), "transfers");
    for (uint32_t i = 0; i < count; i++) {
        start_next(&flood);
    }
    double begun_s = processor_s();
    uint64_t first = flood.left;
    must(sim_loop_run(loop, HB_NEVER_NS - 1), "run");
    printf("transfers  %7u at once  %7.0f ns a transfer\n", count,
        (processor_s() - begun_s) * 1e9 / (double)(first > 0 ? first : 1));
    sim_transfer_free(flood.transfer);
    sim_loop_free(loop);
}

/* ---- memory: every client with a primary and a mirror in step ---- */

static void done(void *ctx, uint64_t req, uint32_t client, uint32_t site, enum hb_result result,
    double value)
{
    (void)req;
    (void)value;
    if (result != HB_RESULT_OK) {
        (void)fprintf(stderr, "client %u at site %u: result %d\n", client, site, (int)result);
        exit(1);
    }
    ++*(uint64_t *)ctx;
}

static struct sim_infra_copy life_of(uint32_t client)
{
    uint32_t from = client % SITES, step = 1 + client / SITES % (SITES - 1);
    return (struct sim_infra_copy){ .req = client * 2ull + 1, .client = client, .from = from,
        .to = (from + step) % SITES };
}

static void mirror_all(uint32_t clients)
{
    static struct hb_site sites[SITES];
    struct sim_transfer_line lines[SITES];
    for (int i = 0; i < SITES; i++) {
        sites[i] = (struct hb_site){ .slots = UINT32_MAX, .price_factor = 1.0f };
        lines[i] = (struct sim_transfer_line){ 1250.0, 1250.0 };
    }
    struct sim_loop *loop;
    struct sim_loop_options options = { .event_capacity = 4000000 };
    must(sim_loop_create(&options, &loop), "loop");
    uint64_t answers = 0;
    struct sim_infra_config config;
    sim_infra_default(&config);
    config.loop = loop;
    config.client_count = clients;
    config.sites = sites;
    config.site_count = SITES;
    config.lines = lines;
    config.host.ctx = &answers;
    config.host.done = done;
    struct sim_infra *infra;
    must(sim_infra_create(&config, &infra), "infra");
    double begun_s = processor_s();
    for (uint32_t client = 0; client < clients; client++) {
        struct sim_infra_copy life = life_of(client);
        must(sim_infra_open(infra, client, life.from), "open");
        sim_infra_provision(infra, client * 2ull, client, life.to);
        must(sim_loop_run(loop, sim_loop_now_ns(loop) + hb_units_ns(0.05)), "run");
    }
    must(sim_loop_run(loop, sim_loop_now_ns(loop) + hb_units_ns(3600.0)), "run");
    for (uint32_t client = 0; client < clients; client++) {
        struct sim_infra_copy life = life_of(client);
        sim_infra_copy(infra, &life);
        must(sim_loop_run(loop, sim_loop_now_ns(loop) + hb_units_ns(0.05)), "run");
    }
    must(sim_loop_run(loop, sim_loop_now_ns(loop) + hb_units_ns(3600.0)), "run");
    printf("mirrors    %7u clients  %7.0f ns a life, %.1f bytes a client, %llu answers\n", clients,
        (processor_s() - begun_s) * 1e9 / clients, (double)sim_infra_bytes(infra) / clients,
        (unsigned long long)answers);
    sim_infra_free(infra);
    sim_loop_free(loop);
}

static void matrix_of(uint32_t places)
{
    struct hb_site sites[SITES];
    struct hb_place *list = calloc(places, sizeof *list);
    if (list == NULL) {
        must(HB_ERR_MEMORY, "places");
    }
    struct sim_stream draws = sim_stream_of(2, SIM_STREAM_TEST, 0);
    for (uint32_t i = 0; i < places; i++) {
        list[i].at.lat_deg = sim_draw_between(&draws, -60.0, 70.0);
        list[i].at.lon_deg = sim_draw_between(&draws, -180.0, 180.0);
    }
    for (uint32_t i = 0; i < SITES; i++) {
        sites[i].at = list[i * 3].at;
    }
    struct hb_map map = { .place_count = places, .site_count = SITES, .places = list,
        .sites = sites };
    struct sim_path path;
    sim_path_default(&path);
    float *rtt_ms;
    double begun_s = processor_s();
    must(sim_path_matrix(&path, &map, 1, &rtt_ms), "matrix");
    printf("matrix     %7u places x %u sites  %.1f ns an entry\n", places, SITES,
        (processor_s() - begun_s) * 1e9 / ((double)places * SITES));
    free(rtt_ms);
    free(list);
}

int main(void)
{
    for (uint32_t count = 10; count <= 100000; count *= 10) {
        flood_of(count);
    }
    mirror_all(20000);
    mirror_all(200000);
    matrix_of(24256);
    struct sim_dns_config config;
    struct sim_dns *dns;
    sim_dns_default(&config);
    config.client_count = 200000;
    must(sim_dns_create(&config, &dns), "dns");
    printf("names      %7u clients  %.1f bytes a client\n", config.client_count,
        (double)sim_dns_bytes(dns) / config.client_count);
    sim_dns_free(dns);
    return 0;
}
