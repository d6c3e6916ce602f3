/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include <assert.h>
#include <string.h>

#include "core/record_codec.h"

/* Every field of the plain structs, by its offset: one list serves writing and
 * reading, and the assertions below notice a field that is added to a struct. */
#define P(field) offsetof(struct hb_policy, field)
static const size_t policy_words[] = { P(kind), P(steer_early), P(retry_max), P(probe_rise),
    P(probe_fall), P(react), P(detector), P(failover), P(phi_window), P(backup),
    P(route), P(route_levels) };
static const size_t policy_doubles[] = { P(deviation_km), P(gain_ms), P(confidence_min),
    P(worth_factor), P(stay_s), P(hysteresis), P(cooldown_s), P(horizon_s[0]), P(horizon_s[1]),
    P(horizon_s[2]), P(horizon_s[3]), P(interval_s), P(grace_s), P(trust_lambda), P(v),
    P(debt_target_ms), P(linger_s), P(sustain_s), P(dns_ttl_s), P(provision_timeout_s),
    P(copy_timeout_s), P(dns_timeout_s), P(fence_timeout_s), P(backoff_s), P(backoff_max_s),
    P(probe_interval_s), P(probe_timeout_s), P(phi_down), P(phi_sd_min_s), P(hold_down_s),
    P(failback_s), P(route_near_ms), P(route_interval_s), P(drain_s) };
#undef P

enum {
    WORD_COUNT = sizeof policy_words / sizeof policy_words[0],
    POLICY_DOUBLE_COUNT = sizeof policy_doubles / sizeof policy_doubles[0],
    PRICE_COUNT = sizeof(struct hb_prices) / sizeof(double),
    SERVICE_COUNT = sizeof(struct hb_service) / sizeof(double),
    FIXED_BYTES = 4 * 4 + 4 * WORD_COUNT
        + 8 * (POLICY_DOUBLE_COUNT + PRICE_COUNT + SERVICE_COUNT),
    PLACE_BYTES = 24,
    SITE_BYTES = 24,
    RTT_BYTES = 4,
};

_Static_assert(HB_POLICY_HORIZON_MAX == 4, "horizons are listed one by one");
_Static_assert(sizeof(struct hb_policy) == 4 * WORD_COUNT + 8 * POLICY_DOUBLE_COUNT,
    "each field of hb_policy is recorded");
_Static_assert(sizeof(struct hb_prices) == (8 + HB_POWER_COUNT) * sizeof(double),
    "prices are doubles only");

static void put_doubles(struct hb_record_out *out, const void *base, size_t count)
{
    const uint8_t *bytes = base;
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, bytes + i * sizeof value, sizeof value);
        hb_record_codec_put_f64(out, value);
    }
}

static void take_doubles(struct hb_record_in *in, void *base, size_t count)
{
    uint8_t *bytes = base;
    for (size_t i = 0; i < count; i++) {
        double value = hb_record_codec_take_f64(in);
        memcpy(bytes + i * sizeof value, &value, sizeof value);
    }
}

static void put_policy(struct hb_record_out *out, const struct hb_policy *policy)
{
    const uint8_t *base = (const uint8_t *)policy;
    for (size_t i = 0; i < WORD_COUNT; i++) {
        uint32_t word;
        memcpy(&word, base + policy_words[i], sizeof word);
        hb_record_codec_put(out, word, 4);
    }
    for (size_t i = 0; i < POLICY_DOUBLE_COUNT; i++) {
        put_doubles(out, base + policy_doubles[i], 1);
    }
}

static void take_policy(struct hb_record_in *in, struct hb_policy *policy)
{
    uint8_t *base = (uint8_t *)policy;
    for (size_t i = 0; i < WORD_COUNT; i++) {
        uint32_t word = (uint32_t)hb_record_codec_take(in, 4);
        memcpy(base + policy_words[i], &word, sizeof word);
    }
    for (size_t i = 0; i < POLICY_DOUBLE_COUNT; i++) {
        take_doubles(in, base + policy_doubles[i], 1);
    }
}

static uint64_t payload_bytes(uint64_t place_count, uint64_t site_count)
{
    return FIXED_BYTES + PLACE_BYTES * place_count + SITE_BYTES * site_count
        + RTT_BYTES * place_count * site_count;
}

size_t hb_record_setup_bytes(const struct hb_controller_setup *setup)
{
    uint64_t payload = payload_bytes(setup->map->place_count, setup->map->site_count);
    return (size_t)payload + HB_RECORD_HEAD_BYTES + HB_RECORD_TAIL_BYTES;
}

static void put_map(struct hb_record_out *out, const struct hb_map *map)
{
    for (uint32_t i = 0; i < map->place_count; i++) {
        const struct hb_place *place = &map->places[i];
        hb_record_codec_put_f64(out, place->at.lat_deg);
        hb_record_codec_put_f64(out, place->at.lon_deg);
        hb_record_codec_put(out, place->region, 4);
        hb_record_codec_put(out, (uint32_t)place->utc_offset_s, 4);
    }
    for (uint32_t i = 0; i < map->site_count; i++) {
        const struct hb_site *site = &map->sites[i];
        hb_record_codec_put_f64(out, site->at.lat_deg);
        hb_record_codec_put_f64(out, site->at.lon_deg);
        hb_record_codec_put(out, site->slots, 4);
        hb_record_codec_put_f32(out, site->price_factor);
    }
    size_t pair_count = (size_t)map->place_count * map->site_count;
    for (size_t i = 0; i < pair_count; i++) {
        hb_record_codec_put_f32(out, map->rtt_ms[i]);
    }
}

void hb_record_setup_put(const struct hb_controller_setup *setup, uint8_t *out)
{
    struct hb_record_out at = { out + HB_RECORD_HEAD_BYTES };
    hb_record_codec_put(&at, setup->map->place_count, 4);
    hb_record_codec_put(&at, setup->map->site_count, 4);
    hb_record_codec_put(&at, setup->client_capacity, 4);
    hb_record_codec_put(&at, setup->has_predictor, 4);
    put_policy(&at, &setup->policy);
    put_doubles(&at, &setup->prices, PRICE_COUNT);
    put_doubles(&at, &setup->service, SERVICE_COUNT);
    put_map(&at, setup->map);
    struct hb_record_head head = { .type = HB_RECORD_BLOCK_SETUP, .item_count = 1,
        .payload_bytes = payload_bytes(setup->map->place_count, setup->map->site_count) };
    assert(at.at == out + HB_RECORD_HEAD_BYTES + head.payload_bytes);
    hb_record_codec_seal(out, &head);
}

enum hb_status hb_record_setup_size(const uint8_t *bytes, size_t size,
    uint32_t *place_count, uint32_t *site_count, size_t *block_bytes)
{
    struct hb_record_head head;
    enum hb_status status = hb_record_codec_open(bytes, size, &head);
    if (status != HB_OK) {
        return status;
    }
    struct hb_record_in in = { .at = bytes + HB_RECORD_HEAD_BYTES,
        .end = bytes + HB_RECORD_HEAD_BYTES + head.payload_bytes };
    uint64_t places = hb_record_codec_take(&in, 4);
    uint64_t sites = hb_record_codec_take(&in, 4);
    int is_setup = !in.is_bad && head.type == HB_RECORD_BLOCK_SETUP && places > 0 && sites > 0;
    /* Both are bounded by the payload before they are multiplied. */
    int is_bounded = is_setup && places <= head.payload_bytes / RTT_BYTES / sites;
    if (!is_bounded || payload_bytes(places, sites) != head.payload_bytes) {
        return HB_ERR_FORMAT;
    }
    *place_count = (uint32_t)places;
    *site_count = (uint32_t)sites;
    *block_bytes = HB_RECORD_HEAD_BYTES + (size_t)head.payload_bytes + HB_RECORD_TAIL_BYTES;
    return HB_OK;
}

static void take_map(struct hb_record_in *in, struct hb_record_tables *tables)
{
    const struct hb_map *map = &tables->map;
    for (uint32_t i = 0; i < map->place_count; i++) {
        struct hb_place *place = &tables->places[i];
        place->at.lat_deg = hb_record_codec_take_f64(in);
        place->at.lon_deg = hb_record_codec_take_f64(in);
        place->region = (uint32_t)hb_record_codec_take(in, 4);
        place->utc_offset_s = (int32_t)hb_record_codec_take(in, 4);
    }
    for (uint32_t i = 0; i < map->site_count; i++) {
        struct hb_site *site = &tables->sites[i];
        site->at.lat_deg = hb_record_codec_take_f64(in);
        site->at.lon_deg = hb_record_codec_take_f64(in);
        site->slots = (uint32_t)hb_record_codec_take(in, 4);
        site->price_factor = hb_record_codec_take_f32(in);
    }
    size_t pair_count = (size_t)map->place_count * map->site_count;
    for (size_t i = 0; i < pair_count; i++) {
        tables->rtt_ms[i] = hb_record_codec_take_f32(in);
    }
}

enum hb_status hb_record_setup_read(const uint8_t *bytes, size_t size,
    struct hb_record_tables *tables, struct hb_controller_setup *setup)
{
    uint32_t place_count, site_count;
    size_t block_bytes;
    enum hb_status status
        = hb_record_setup_size(bytes, size, &place_count, &site_count, &block_bytes);
    if (status != HB_OK) {
        return status;
    }
    struct hb_record_in in = { .at = bytes + HB_RECORD_HEAD_BYTES + 8,
        .end = bytes + block_bytes - HB_RECORD_TAIL_BYTES };
    *setup = (struct hb_controller_setup) { .map = &tables->map };
    setup->client_capacity = (uint32_t)hb_record_codec_take(&in, 4);
    setup->has_predictor = (uint32_t)hb_record_codec_take(&in, 4);
    take_policy(&in, &setup->policy);
    take_doubles(&in, &setup->prices, PRICE_COUNT);
    take_doubles(&in, &setup->service, SERVICE_COUNT);
    tables->map = (struct hb_map) { .place_count = place_count, .site_count = site_count,
        .places = tables->places, .sites = tables->sites, .rtt_ms = tables->rtt_ms };
    take_map(&in, tables);
    assert(!in.is_bad);
    return HB_OK;
}
