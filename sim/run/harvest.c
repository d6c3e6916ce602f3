/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what happens to rows of the result file. */
#include "sim/run/episode_impl.h"

#include <math.h>

static void harvest_mirror(struct sim_episode *episode, const struct hb_sample *sample)
{
    const struct hb_mirror_sample *mirror = &sample->of.mirror;
    struct sim_episode_sums *sums = &episode->sums;
    uint32_t client = episode->trace_of[sample->client];
    bool has_place = episode->options.has_places
        && sample->place < episode->stage->map.place_count;
    struct data_mirrors_row row = { .client = client,
        .from_site = mirror->from,
        .to_site = mirror->to,
        .place = has_place ? sample->place : HB_NONE,
        .decided_ns = mirror->decided_ns,
        .provisioned_ns = mirror->provisioned_ns,
        .synced_ns = mirror->synced_ns,
        .steered_ns = mirror->steered_ns,
        .arrived_ns = mirror->arrived_ns,
        .connected_ns = mirror->connected_ns,
        .promoted_ns = mirror->promoted_ns,
        .closed_ns = mirror->closed_ns,
        .outcome = (uint8_t)mirror->outcome,
        .cause = (uint8_t)mirror->cause,
        .phase = (uint8_t)mirror->phase,
        .horizon_s = mirror->horizon_s,
        .confidence = mirror->confidence,
        .bytes = mirror->bytes };
    sums->mirrors++;
    sums->outcomes[mirror->outcome]++;
    sums->promotions += mirror->promoted_ns != HB_NEVER_NS;
    if (sim_episode_is_sampled(episode, client)) {
        sim_episode_sampled(episode, client)->mirror = HB_NONE;
    }
    if (sums->mirrors <= episode->scenario->output.mirrors_max) {
        data_rows_add(episode->options.rows, DATA_TABLE_MIRRORS, &row);
    }
    sim_harvest_path(episode, client);
}

void sim_harvest_sample(struct sim_episode *episode, const struct hb_sample *sample)
{
    switch ((enum hb_sample_kind)sample->kind) {
    case HB_SAMPLE_MIRROR:
        harvest_mirror(episode, sample);
        break;
    case HB_SAMPLE_PRIMARY:
        sim_serve_primary(episode, episode->trace_of[sample->client], sample->site);
        break;
    case HB_SAMPLE_DECISION:
        episode->sums.decisions[sample->of.decision.reason]++;
        if (sample->of.decision.reason == HB_REASON_MIRROR) {
            uint32_t client = episode->trace_of[sample->client];
            if (sim_episode_is_sampled(episode, client)) {
                sim_episode_sampled(episode, client)->mirror = sample->of.decision.to;
                sim_harvest_path(episode, client);
            }
        }
        break;
    case HB_SAMPLE_HEALTH:
    case HB_SAMPLE_FAILOVER:
        sim_outage_sample(episode, sample);
        break;
    case HB_SAMPLE_PHASE:
    case HB_SAMPLE_ASKED:
    case HB_SAMPLE_ANSWERED:
    case HB_SAMPLE_RETRY:
    case HB_SAMPLE_COUNT:
        break;
    }
}

void sim_harvest_path(struct sim_episode *episode, uint32_t client)
{
    if (!episode->options.has_places || !sim_episode_is_sampled(episode, client)) {
        return;
    }
    const struct sim_rider *rider = &episode->riders[client];
    bool is_answered = rider->is_connected && !rider->is_failing;
    struct data_paths_row row = { .client = client,
        .at_ns = sim_episode_now_ns(episode),
        .place = rider->place,
        .site = rider->is_connected ? rider->serve : HB_NONE,
        .mirror_site = sim_episode_sampled(episode, client)->mirror,
        .latency_ms = is_answered ? rider->base_ms : NAN };
    data_rows_add(episode->options.rows, DATA_TABLE_PATHS, &row);
}

void sim_harvest_connection(struct sim_episode *episode, uint32_t client)
{
    if (!episode->options.has_places || !sim_episode_is_sampled(episode, client)) {
        return;
    }
    const struct sim_rider *rider = &episode->riders[client];
    struct sim_sampled *sampled = sim_episode_sampled(episode, client);
    double served = sampled->requests - sampled->failed;
    struct data_connections_row row = { .client = client,
        .connected_ns = sampled->connected_ns,
        .closed_ns = sim_episode_now_ns(episode),
        .place = sampled->place,
        .site = sampled->site,
        .last_site = rider->serve,
        .requests = (float)sampled->requests,
        .requests_failed = (float)sampled->failed,
        .latency_mean_ms = served > 0.0 ? (float)(sampled->latency_sum / served) : NAN,
        .latency_max_ms = served > 0.0 ? (float)sampled->latency_max : NAN };
    data_rows_add(episode->options.rows, DATA_TABLE_CONNECTIONS, &row);
    *sampled = (struct sim_sampled) { .mirror = sampled->mirror };
}

static void harvest_site(struct sim_episode *episode, uint32_t site, double elapsed_s)
{
    struct sim_site_load *load = &episode->loads[site];
    struct sim_ledger_account now;
    sim_ledger_site(sim_infra_ledger(episode->infra), site, &now);
    double running_s = now.instance_s[HB_POWER_BUSY] + now.instance_s[HB_POWER_IDLE]
        - load->last.instance_s[HB_POWER_BUSY] - load->last.instance_s[HB_POWER_IDLE];
    double standby_s = now.instance_s[HB_POWER_STANDBY] - load->last.instance_s[HB_POWER_STANDBY];
    double energy_j = now.energy_j - load->last.energy_j;
    float busy_mean = (float)(running_s / elapsed_s);
    struct data_site_hours_row row = { .site = site,
        .hour = (uint16_t)episode->hour,
        .busy_mean = busy_mean,
        .busy_max = load->busy_max > busy_mean ? load->busy_max : busy_mean,
        .standby_mean = (float)(standby_s / elapsed_s),
        .refused = load->refused,
        .requests = load->requests,
        .queue_mean_ms = load->requests > 0.0 ? (float)(1e3 * load->waited / load->requests) : NAN,
        .energy_j = energy_j > 0.0 ? energy_j : 0.0 };
    if (row.busy_max > 0.0f || row.energy_j > 0.0 || row.refused > 0.0f) {
        data_rows_add(episode->options.rows, DATA_TABLE_SITE_HOURS, &row);
    }
    load->last = now;
    load->busy_max = (float)sim_infra_used_slots(episode->infra, site);
    load->refused = 0.0f;
    load->requests = load->waited = 0.0;
}

static void harvest_dns(struct sim_episode *episode)
{
    struct sim_dns_counts now = sim_dns_counts(episode->dns), last = episode->dns_last;
    uint64_t lookups = now.lookups - last.lookups, misses = now.misses - last.misses;
    struct data_dns_row row = { .hour = (uint16_t)episode->hour,
        .updates = now.updates - last.updates,
        .queries = misses,
        .cache_answers = lookups - misses,
        .stale_answers = episode->sums.stale_answers,
        .stale_s = episode->sums.stale_s };
    data_rows_add(episode->options.rows, DATA_TABLE_DNS, &row);
    episode->dns_last = now;
    episode->sums.stale_s = 0.0;
    episode->sums.stale_answers = 0;
}

static void harvest_decisions(struct sim_episode *episode)
{
    for (uint32_t reason = 0; reason < HB_REASON_COUNT; reason++) {
        struct data_decisions_row row = { .hour = (uint16_t)episode->hour,
            .reason = (uint8_t)reason,
            .decisions = episode->sums.decisions[reason] };
        if (row.decisions > 0) {
            data_rows_add(episode->options.rows, DATA_TABLE_DECISIONS, &row);
        }
        episode->sums.decisions[reason] = 0;
    }
}

/* Closes the hour: every open segment first, so that its part is in it. */
static void close_hour(struct sim_episode *episode)
{
    int64_t began_ns = (int64_t)episode->hour * 3600 * HB_NS_PER_S;
    double elapsed_s = hb_units_s(sim_episode_now_ns(episode) - began_ns);
    uint32_t regions = episode->stage->trace->region_count;
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        if (episode->riders[client].is_connected) {
            sim_account_end(episode, client);
        }
    }
    sim_account_book_failures(episode);
    sim_infra_settle(episode->infra);
    for (uint32_t site = 0; site < episode->stage->map.site_count && elapsed_s > 0.0; site++) {
        harvest_site(episode, site, elapsed_s);
    }
    harvest_dns(episode);
    harvest_decisions(episode);
    for (uint32_t region = 0; region <= regions; region++) {
        struct data_histogram *histogram = &episode->histograms[region];
        data_rows_add_latency(episode->options.rows, region < regions ? region : HB_NONE,
            (uint16_t)episode->hour, histogram);
        data_histogram_merge(&episode->histograms[regions + 1], histogram);
        *histogram = (struct data_histogram) { .weights = { 0.0 } };
    }
    episode->hour++;
}

void sim_harvest_hour(void *ctx, const struct sim_event *event)
{
    struct sim_episode *episode = ctx;
    close_hour(episode);
    int64_t next_ns = event->at_ns + 3600 * HB_NS_PER_S;
    if (next_ns < episode->end_ns) {
        sim_loop_push(episode->loop,
            &(struct sim_event) { .at_ns = next_ns, .order = event->order + 1,
                .rank = SIM_RANK_HOUR, .kind = SIM_EPISODE_HOUR });
    }
}

static void add_ledger(struct sim_episode *episode, enum data_account account, uint32_t site,
    double amount, double cost)
{
    struct data_ledger_row row
        = { .account = (uint8_t)account, .site = site, .amount = amount, .cost = cost };
    if (amount > 0.0 || cost > 0.0) {
        data_rows_add(episode->options.rows, DATA_TABLE_LEDGER, &row);
    }
}

static double bytes_of(const struct sim_ledger_account *account, bool is_image)
{
    double bytes = 0.0;
    for (int purpose = 0; purpose < SIM_LEDGER_PURPOSE_COUNT; purpose++) {
        if ((purpose == SIM_LEDGER_PURPOSE_IMAGE) == is_image) {
            bytes += (double)account->in_bytes[purpose];
        }
    }
    return bytes;
}

static void add_messages(struct sim_episode *episode, uint32_t site,
    const struct sim_ledger_account *account)
{
    double messages = (double)account->items[SIM_LEDGER_ITEM_BGP_MESSAGE];
    add_ledger(episode, DATA_ACCOUNT_BGP_MESSAGE, site, messages,
        messages * episode->scenario->prices.bgp_message);
}

static void harvest_ledger_of(struct sim_episode *episode, uint32_t site)
{
    static const enum data_account powers[] = { [HB_POWER_STANDBY] = DATA_ACCOUNT_STANDBY,
        [HB_POWER_IDLE] = DATA_ACCOUNT_IDLE, [HB_POWER_BUSY] = DATA_ACCOUNT_BUSY };
    const struct hb_prices *prices = &episode->prices;
    double factor = (double)episode->stage->map.sites[site].price_factor;
    struct sim_ledger_account account;
    sim_ledger_site(sim_infra_ledger(episode->infra), site, &account);
    for (int power = HB_POWER_STANDBY; power < HB_POWER_COUNT; power++) {
        double s = account.instance_s[power];
        add_ledger(episode, powers[power], site, s,
            hb_cost_instance(prices, (enum hb_power)power, factor, s));
    }
    double state = bytes_of(&account, false), image = bytes_of(&account, true);
    add_ledger(episode, DATA_ACCOUNT_STATE, site, state, hb_cost_state(prices, state));
    add_ledger(episode, DATA_ACCOUNT_IMAGE, site, image, hb_cost_image(prices, image));
    add_ledger(episode, DATA_ACCOUNT_ENERGY, site, account.energy_j, 0.0);
    add_messages(episode, site, &account);
}

static void harvest_ledger(struct sim_episode *episode, const struct sim_ledger_account *total)
{
    const struct sim_episode_sums *sums = &episode->sums;
    const struct hb_prices *prices = &episode->prices;
    double penalty = sums->penalty_amount * prices->over_target_request_ms;
    double dns = (double)total->items[SIM_LEDGER_ITEM_DNS_UPDATE];
    double routes = (double)total->items[SIM_LEDGER_ITEM_ROUTE_UPDATE];
    double stale = floor(sums->stale + 0.5);
    double failed = (double)total->items[SIM_LEDGER_ITEM_FAILED_REQUEST] - stale;
    add_ledger(episode, DATA_ACCOUNT_LATENCY, HB_NONE, sums->latency_sum,
        sums->latency_money - penalty);
    add_ledger(episode, DATA_ACCOUNT_PENALTY, HB_NONE, sums->penalty_amount, penalty);
    add_ledger(episode, DATA_ACCOUNT_DNS_UPDATE, HB_NONE, dns, dns * prices->dns_update);
    add_ledger(episode, DATA_ACCOUNT_ROUTE_UPDATE, HB_NONE, routes, routes * prices->route_update);
    add_ledger(episode, DATA_ACCOUNT_REQUEST_FAILED, HB_NONE, failed,
        failed * prices->failed_request + sums->failure_money);
    add_ledger(episode, DATA_ACCOUNT_REQUEST_STALE, HB_NONE, stale,
        stale * prices->failed_request);
    struct sim_ledger_account outside;
    sim_ledger_site(sim_infra_ledger(episode->infra), HB_NONE, &outside);
    add_messages(episode, HB_NONE, &outside);
    for (uint32_t site = 0; site < episode->stage->map.site_count; site++) {
        harvest_ledger_of(episode, site);
    }
}

static void sum_latency(const struct sim_episode *episode, struct data_summary_row *summary)
{
    const struct data_histogram *all
        = &episode->histograms[episode->stage->trace->region_count + 1];
    double served = data_histogram_total(all);
    summary->latency_mean_ms = episode->sums.latency_sum / served;
    summary->latency_p50_ms = data_histogram_quantile_ms(all, 0.50);
    summary->latency_p95_ms = data_histogram_quantile_ms(all, 0.95);
    summary->latency_p99_ms = data_histogram_quantile_ms(all, 0.99);
    summary->over_target
        = episode->prices.target_ms > 0.0 ? episode->sums.over_target / served : (double)NAN;
}

static void sum_money(const struct sim_episode *episode, const struct sim_ledger_account *total,
    struct data_summary_row *summary)
{
    const struct hb_prices *prices = &episode->prices;
    summary->cost_latency = episode->sums.latency_money;
    summary->cost_instances = total->instance_money;
    summary->cost_bytes = total->traffic_money;
    summary->cost_updates = (double)total->items[SIM_LEDGER_ITEM_DNS_UPDATE] * prices->dns_update
        + (double)total->items[SIM_LEDGER_ITEM_ROUTE_UPDATE] * prices->route_update
        + (double)total->items[SIM_LEDGER_ITEM_BGP_MESSAGE] * episode->scenario->prices.bgp_message;
    summary->cost_failures
        = (double)total->items[SIM_LEDGER_ITEM_FAILED_REQUEST] * prices->failed_request
        + episode->sums.failure_money;
    summary->cost = summary->cost_latency + summary->cost_instances + summary->cost_bytes
        + summary->cost_updates + summary->cost_failures;
    summary->energy_j = total->energy_j;
    summary->bytes_moved = bytes_of(total, false) + bytes_of(total, true);
}

void sim_harvest_finish(struct sim_episode *episode, struct data_summary_row *summary)
{
    const struct sim_episode_sums *sums = &episode->sums;
    struct sim_ledger_account total;
    close_hour(episode);
    sim_ledger_total(sim_infra_ledger(episode->infra), &total);
    harvest_ledger(episode, &total);
    uint32_t met = 0;
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        met += episode->riders[client].has_met;
    }
    *summary = (struct data_summary_row) { .clients = met,
        .connections = sums->connections,
        .requests = sums->requests,
        .requests_failed = sums->failed,
        .requests_stale = sums->stale,
        .mirrors = sums->mirrors,
        .hit = sums->outcomes[HB_OUTCOME_HIT],
        .late = sums->outcomes[HB_OUTCOME_LATE],
        .unused = sums->outcomes[HB_OUTCOME_UNUSED],
        .rolled_back = sums->outcomes[HB_OUTCOME_ROLLED_BACK],
        .failed = sums->outcomes[HB_OUTCOME_FAILED],
        .cancelled = sums->outcomes[HB_OUTCOME_CANCELLED],
        .promotions = sums->promotions,
        .predictions = sums->predictions,
        .prediction_correct = sums->correct / sums->judged,
        .prediction_error_km = sums->error_km / sums->judged };
    sum_latency(episode, summary);
    sum_money(episode, &total, summary);
}
