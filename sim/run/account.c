/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latency, failures and money, segment by segment. Within a segment place,
 * endpoint and state of the instance are constant; the wait at the site is
 * not, so it is integrated per site and taken as its mean over the segment. */
#include "sim/run/episode_impl.h"

#include <math.h>

void sim_account_advance(struct sim_episode *episode, uint32_t site)
{
    struct sim_site_load *load = &episode->loads[site];
    int64_t now_ns = sim_episode_now_ns(episode);
    uint32_t version = sim_infra_load_version(episode->infra, site);
    if (now_ns == load->at_ns) {
        return;
    }
    if (!load->is_known || version != load->version) {
        struct sim_queueing_delay delay;
        sim_infra_delay(episode->infra, site, &delay);
        load->wait_s = delay.wait_s;
        load->loss = delay.loss_share;
        load->version = version;
        load->is_known = true;
    }
    double elapsed_s = hb_units_s(now_ns - load->at_ns);
    load->wait_sum += load->wait_s * elapsed_s;
    load->loss_sum += load->loss * elapsed_s;
    load->at_ns = now_ns;
}

void sim_account_begin(struct sim_episode *episode, uint32_t client)
{
    struct sim_rider *rider = &episode->riders[client];
    rider->segment_ns = sim_episode_now_ns(episode);
    if (rider->serve == HB_NONE) {
        return;
    }
    sim_account_advance(episode, rider->serve);
    rider->wait_mark_s = episode->loads[rider->serve].wait_sum;
    rider->loss_mark = episode->loads[rider->serve].loss_sum;
}

static void add_sample(struct sim_episode *episode, uint32_t client, double served, double failed,
    double latency_ms)
{
    if (!sim_episode_is_sampled(episode, client)) {
        return;
    }
    struct sim_sampled *sampled = sim_episode_sampled(episode, client);
    sampled->requests += served + failed;
    sampled->failed += failed;
    sampled->latency_sum += served * latency_ms;
    sampled->latency_max
        = served > 0.0 && latency_ms > sampled->latency_max ? latency_ms : sampled->latency_max;
}

static void add_latency(struct sim_episode *episode, const struct sim_rider *rider,
    double requests, double latency_ms)
{
    struct sim_episode_sums *sums = &episode->sums;
    const struct hb_prices *prices = &episode->prices;
    uint32_t region_count = episode->stage->trace->region_count;
    uint32_t region = episode->stage->map.places[rider->place].region;
    region = region < region_count ? region : region_count;
    data_histogram_add(&episode->histograms[region], latency_ms, requests);
    sums->latency_sum += requests * latency_ms;
    sums->latency_money += requests * hb_cost_request(prices, latency_ms);
    if (prices->target_ms > 0.0 && latency_ms > prices->target_ms) {
        sums->over_target += requests;
        sums->penalty_amount += requests * (latency_ms - prices->target_ms);
    }
}

/* A failed request keeps its client waiting for as long as the slowest site would
 * have taken, so it costs at least what that answer would; unserved_s without an
 * instance spare none of the dearest one's rent. */
static void add_failed(struct sim_episode *episode, uint32_t client, double requests,
    double unserved_s)
{
    const struct sim_stage *stage = episode->stage;
    const struct sim_rider *rider = &episode->riders[client];
    uint64_t visit = stage->trace->first[client] + rider->visit - 1;
    float slowest_ms = 0.0f, dearest = 0.0f;
    episode->sums.failed += requests;
    if (!(requests > 0.0)) {
        return;
    }
    for (uint32_t site = 0; site < stage->map.site_count; site++) {
        slowest_ms = fmaxf(slowest_ms, (float)hb_map_rtt_ms(&stage->map, rider->place, site));
        dearest = fmaxf(dearest, stage->map.sites[site].price_factor);
    }
    double ms = (double)slowest_ms + sim_stage_access_ms(stage, client, visit)
        + episode->scenario->service.service_ms;
    double rent = episode->scenario->service.shared ? 0.0
        : hb_cost_instance(&episode->prices, HB_POWER_BUSY, (double)dearest, unserved_s);
    double money = requests * hb_cost_request(&episode->prices, ms) + rent
        - requests * episode->prices.failed_request;
    episode->sums.failure_money += money > 0.0 ? money : 0.0;
}

void sim_account_end(struct sim_episode *episode, uint32_t client)
{
    struct sim_rider *rider = &episode->riders[client];
    struct sim_episode_sums *sums = &episode->sums;
    int64_t now_ns = sim_episode_now_ns(episode);
    double elapsed_s = hb_units_s(now_ns - rider->segment_ns);
    if (now_ns == rider->segment_ns) {
        return;
    }
    double requests = episode->scenario->service.request_rate_hz * elapsed_s;
    sums->requests += requests;
    sim_outage_segment(episode, client, rider->segment_ns);
    sums->fate_s[rider->fate] += elapsed_s;
    if (rider->is_failing) {
        add_failed(episode, client, requests, elapsed_s);
        add_sample(episode, client, 0.0, requests, 0.0);
        rider->segment_ns = now_ns;
        return;
    }
    sim_account_advance(episode, rider->serve);
    struct sim_site_load *load = &episode->loads[rider->serve];
    double wait_s = (load->wait_sum - rider->wait_mark_s) / elapsed_s;
    double lost = requests * (load->loss_sum - rider->loss_mark) / elapsed_s;
    double served = requests - lost, latency_ms = (double)rider->base_ms + wait_s * 1e3;
    add_failed(episode, client, lost, 0.0);
    sums->stale += rider->is_stale ? served : 0.0;
    add_latency(episode, rider, served, latency_ms);
    add_sample(episode, client, served, lost, latency_ms);
    load->requests += served;
    load->waited += served * wait_s;
    sim_account_begin(episode, client);
}

void sim_account_book_failures(struct sim_episode *episode)
{
    struct sim_episode_sums *sums = &episode->sums;
    double due = floor(sums->failed + sums->stale + 0.5) - sums->failed_booked;
    if (due > 0.0) {
        sim_ledger_book_item(sim_infra_ledger(episode->infra), SIM_LEDGER_ITEM_FAILED_REQUEST,
            HB_NONE, (uint64_t)due);
        sums->failed_booked += due;
    }
}
