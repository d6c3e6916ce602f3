/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/outage_impl.h"

#include <math.h>

void sim_outage_add_row(struct sim_episode *episode, uint32_t client, bool is_censored)
{
    static const uint64_t rows_max = 1000000; /* per run */
    struct sim_outage *outage = episode->outage;
    struct sim_outage_client *it = &outage->clients[client];
    int64_t ended_ns = sim_episode_now_ns(episode);
    double length_s = hb_units_s(ended_ns - it->began_ns);
    struct data_outages_row row = { .client = client,
        .site = it->site,
        .began_ns = it->began_ns,
        .ended_ns = ended_ns,
        .detection_s = it->part_s[SIM_OUTAGE_DETECTION],
        .reaction_s = it->part_s[SIM_OUTAGE_REACTION],
        .convergence_s = it->part_s[SIM_OUTAGE_CONVERGENCE],
        .dns_s = it->part_s[SIM_OUTAGE_DNS],
        .failover = it->failover,
        .lost_mb = it->lost_mb,
        .is_violator = sim_dns_is_violator(episode->dns, client),
        .is_censored = is_censored };
    it->began_ns = HB_NEVER_NS;
    if (!(length_s > 0.0)) {
        return; /* over before a request could fail */
    }
    outage->count++;
    outage->censored += is_censored;
    outage->length_s += length_s;
    data_histogram_add(&outage->lengths, length_s, 1.0);
    for (int part = 0; part < SIM_OUTAGE_PARTS; part++) {
        outage->part_s[part] += (double)it->part_s[part];
    }
    if (outage->count <= rows_max) {
        data_rows_add(episode->options.rows, DATA_TABLE_OUTAGES, &row);
    }
}

void sim_outage_add_failure(struct sim_episode *episode, uint32_t site, int64_t back_ns)
{
    struct sim_outage_site *at = &episode->outage->sites[site];
    if (!at->has_row) {
        return;
    }
    struct data_failures_row row = { .kind = at->kind,
        .site = site,
        .began_ns = at->began_ns,
        .ended_ns = at->ended_ns,
        .detected_ns = at->detected_ns,
        .back_ns = back_ns,
        .clients = at->clients };
    data_rows_add(episode->options.rows, DATA_TABLE_FAILURES, &row);
    at->has_row = 0;
}

static double per(double sum, double count)
{
    return count > 0.0 ? sum / count : (double)NAN;
}

void sim_outage_finish(struct sim_episode *episode)
{
    struct sim_outage *outage = episode->outage;
    if (outage == NULL) {
        return;
    }
    for (uint32_t client = 0; client < episode->stage->client_count; client++) {
        sim_outage_close(episode, client);
    }
    for (uint32_t site = 0; site < outage->site_count; site++) {
        sim_outage_add_failure(episode, site, HB_NEVER_NS);
    }
    double count = (double)outage->count;
    bool has_any = outage->count > 0;
    struct data_resilience_row row = { .failures = outage->failures,
        .detected = outage->detected,
        .false_positives = outage->false_positives,
        .detection_s = per(outage->detection_s, outage->detected),
        .outages = outage->count,
        .censored = outage->censored,
        .lost_requests = outage->length_s * episode->scenario->service.request_rate_hz,
        .outage_mean_s = per(outage->length_s, count),
        .outage_p50_s = has_any ? data_histogram_quantile_ms(&outage->lengths, 0.5) : (double)NAN,
        .outage_p95_s = has_any ? data_histogram_quantile_ms(&outage->lengths, 0.95) : (double)NAN,
        .detection_part_s = per(outage->part_s[SIM_OUTAGE_DETECTION], count),
        .reaction_part_s = per(outage->part_s[SIM_OUTAGE_REACTION], count),
        .convergence_part_s = per(outage->part_s[SIM_OUTAGE_CONVERGENCE], count),
        .dns_part_s = per(outage->part_s[SIM_OUTAGE_DNS], count),
        .lost_mb = outage->lost_mb,
        .late_requests = outage->late_requests,
        .violators = outage->violators,
        .violator_requests = outage->violator_requests };
    data_rows_add(episode->options.rows, DATA_TABLE_RESILIENCE, &row);
}
