/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The attributes of scenarios/scenario.xsd and the members that they become. */
#include "sim/run/field.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOTHING 0
#define INNER(type, name, member) { #name, SIM_FIELD_##type, 0, offsetof(OWNER, member), 0, NULL }
#define FIELD(type, name) INNER(type, name, name)
#define CHOICE(name, member, choices) \
    { #name, SIM_FIELD_CHOICE, 0, offsetof(OWNER, member), 0, choices }
#define LIST(name, member, most, count) \
    { #name, SIM_FIELD_LIST, most, offsetof(OWNER, member), count, NULL }

#define OWNER struct sim_scenario
static const struct sim_field scenario_fields[] = {
    FIELD(TEXT, name), FIELD(SEED, seed), FIELD(COUNT, replications),
};
#undef OWNER

#define OWNER struct sim_scenario_world
static const struct sim_field world_fields[] = {
    FIELD(INSTANT, start), FIELD(REAL, duration_h), FIELD(REAL, history_h), FIELD(COUNT, clients),
    FIELD(REAL, zone_km), CHOICE(law, law, "gravity radiation"), FIELD(REAL, gravity_km),
    FIELD(REAL, worker_share), FIELD(REAL, jump_min_km),
    FIELD(REAL, intercity_trips_day), FIELD(REAL, intercity_nights), FIELD(REAL, rho),
    FIELD(REAL, gamma), FIELD(REAL, beta), FIELD(REAL, tau_h), FIELD(REAL, stay_min_h),
    FIELD(REAL, alpha), FIELD(REAL, walk_km_h), FIELD(REAL, car_km_h), FIELD(REAL, transit_km_h),
    FIELD(REAL, car_intercity_km_h), FIELD(REAL, rail_km_h), FIELD(REAL, air_km_h),
    FIELD(REAL, car_owner_share), FIELD(REAL, rail_max_km), FIELD(REAL, way_place_km),
};
#undef OWNER

#define OWNER struct sim_scenario_city
static const struct sim_field city_fields[] = {
    FIELD(TEXT, name), FIELD(TEXT, country), FIELD(TEXT, admin), FIELD(REAL, weight),
};
#undef OWNER

#define OWNER struct sim_scenario_corridor
static const struct sim_field corridor_fields[] = {
    FIELD(TEXT, from), FIELD(TEXT, to), CHOICE(mode, mode, "rail car"),
    FIELD(REAL, commuter_share), FIELD(REAL, speed_km_h),
};
#undef OWNER

#define OWNER struct sim_scenario_trace
static const struct sim_field trace_fields[] = {
    FIELD(FILE, file), FIELD(COUNT, clients), FIELD(REAL, from_h), FIELD(REAL, duration_h),
};
#undef OWNER

#define OWNER struct sim_scenario_service
static const struct sim_field service_fields[] = {
    FIELD(REAL, request_rate_hz), FIELD(REAL, service_ms), FIELD(FLAG, shared),
    CHOICE(technology, technology,
        "microvm container_ssd container_hdd pod_cloud "
        "pod_jetson pod_nuc pod_pi function vm"),
    FIELD(REAL, lead_s), FIELD(REAL, restore_s), FIELD(REAL, readiness_period_s),
    FIELD(COUNT, workers), FIELD(REAL, failure_share), FIELD(REAL, image_mb),
    FIELD(FLAG, image_cached), FIELD(REAL, registry_mb_s), FIELD(REAL, state_mb),
    FIELD(REAL, working_set_mb), FIELD(REAL, dirty_mb_s), FIELD(REAL, lag_target_mb),
    FIELD(COUNT, copy_rounds), FIELD(REAL, stop_s), FIELD(REAL, standby_s), FIELD(REAL, resume_s),
    FIELD(REAL, fence_s), FIELD(REAL, stall_timeout_s),
    CHOICE(sessions, sessions, "always_on drawn"),
    CHOICE(session_law, session_law, "exponential lognormal"), FIELD(REAL, session_min),
    FIELD(REAL, gap_min),
};
#undef OWNER

#define OWNER struct sim_scenario_network
static const struct sim_field network_fields[] = {
    FIELD(REAL, aggregation_ms), FIELD(REAL, detour_ms), FIELD(REAL, detour_km),
    FIELD(REAL, stretch), FIELD(FILE, matrix), FIELD(FILE, matrix_nodes), FIELD(REAL, suboptimal),
    CHOICE(naming, naming, "client common"), FIELD(REAL, ecs_share),
    FIELD(COUNT, resolvers_per_region), FIELD(COUNT, subnet_clients), FIELD(REAL, anycast_ttl_s),
    FIELD(REAL, update_delay_s),
    FIELD(REAL, extend_share), FIELD(REAL, extend_floor_s), FIELD(REAL, extend_sigma),
    FIELD(COUNT, secondaries), FIELD(REAL, publish_s), FIELD(REAL, transfer_s),
    FIELD(REAL, notify_loss), FIELD(REAL, refresh_s), FIELD(REAL, negative_ttl_s),
    FIELD(REAL, stale_share), FIELD(REAL, stale_answer_s), FIELD(REAL, stale_max_s),
    FIELD(REAL, failure_ttl_s),
};
#undef OWNER

#define OWNER struct sim_scenario_access
static const struct sim_field access_fields[] = {
    CHOICE(activity, activity, "unknown home work leisure walk car transit rail air"),
    CHOICE(technology, technology, "fibre cable dsl wifi 4g 5g satellite"),
};
#undef OWNER

#define OWNER struct sim_scenario_topology
static const struct sim_field topology_fields[] = {
    CHOICE(kind, kind, "generated as_rel netmap matrix"), FIELD(FILE, file),
    FIELD(FILE, countries), CHOICE(shape, shape, "internet clique ring hierarchy bad_gadget"),
    CHOICE(routers, routers, "as city"), FIELD(COUNT, ases), FIELD(COUNT, tier1),
    FIELD(COUNT, access_ases), FIELD(COUNT, upstreams),
    FIELD(COUNT, common_upstreams),
    CHOICE(profile, profile, "bird frr rfc4271 internet"), FIELD(REAL, mrai_s),
    FIELD(REAL, mrai_jitter), FIELD(REAL, hold_s), FIELD(COUNT, origin_as), FIELD(FILE, mrt),
    FIELD(COUNT, mrt_as),
};
#undef OWNER

#define OWNER struct sim_scenario_routing
static const struct sim_field change_fields[] = {
    FIELD(REAL, at_s), FIELD(REAL, for_s), FIELD(TEXT, site),
    CHOICE(kind, kind, "withdraw announce cut silence restore reset drain"), FIELD(COUNT, med),
    FIELD(COUNT, prepend), FIELD(COUNT, community),
};
#undef OWNER

#define OWNER struct sim_scenario_sites
static const struct sim_field sites_fields[] = {
    INNER(COUNT, slots, size.slots), INNER(REAL, price_factor, size.price_factor),
    INNER(REAL, link_mb_s, size.link_mb_s), FIELD(COUNT, servers_per_slot),
    FIELD(COUNT, waiting_room), FIELD(REAL, off_w), FIELD(REAL, standby_w), FIELD(REAL, idle_w),
    FIELD(REAL, busy_w), FIELD(REAL, byte_j),
};
#undef OWNER

#define OWNER struct sim_scenario_site
static const struct sim_field cloud_fields[] = {
    FIELD(TEXT, provider), FIELD(TEXT, region), FIELD(REAL, near_km),
    INNER(COUNT, slots, size.slots), INNER(REAL, price_factor, size.price_factor),
    INNER(REAL, link_mb_s, size.link_mb_s),
};
#undef OWNER

#define OWNER struct sim_scenario_site
static const struct sim_field edge_fields[] = {
    FIELD(COUNT, per_city), INNER(COUNT, slots, size.slots),
    INNER(REAL, price_factor, size.price_factor), INNER(REAL, link_mb_s, size.link_mb_s),
};
#undef OWNER

#define OWNER struct sim_scenario_site
static const struct sim_field site_fields[] = {
    FIELD(TEXT, name), FIELD(REAL, lat_deg), FIELD(REAL, lon_deg),
    INNER(COUNT, slots, size.slots), INNER(REAL, price_factor, size.price_factor),
    INNER(REAL, link_mb_s, size.link_mb_s),
};
#undef OWNER

#define OWNER struct sim_scenario_site
static const struct sim_field cells_fields[] = {
    FIELD(FILE, file), INNER(COUNT, slots, size.slots),
    INNER(REAL, price_factor, size.price_factor), INNER(REAL, link_mb_s, size.link_mb_s),
};
#undef OWNER

#define OWNER struct sim_scenario_prices
static const struct sim_field prices_fields[] = {
    FIELD(REAL, request_ms), FIELD(REAL, target_ms), FIELD(REAL, over_target_request_ms),
    FIELD(REAL, off_hour), FIELD(REAL, standby_hour), FIELD(REAL, idle_hour),
    FIELD(REAL, busy_hour), FIELD(REAL, state_gb), FIELD(REAL, image_gb), FIELD(REAL, dns_update),
    FIELD(REAL, route_update), FIELD(REAL, bgp_message), FIELD(REAL, failed_request),
};
#undef OWNER

#define OWNER struct sim_scenario_consent
static const struct sim_field consent_fields[] = {
    FIELD(REAL, share), FIELD(REAL, epoch_h),
};
#undef OWNER

#define OWNER struct sim_scenario_predictor
static const struct sim_field predictor_fields[] = {
    FIELD(TEXT, name), CHOICE(kind, kind, "persistence frequency markov lstm oracle"),
    FIELD(COUNT, order), FIELD(REAL, accuracy), FIELD(FILE, model), FIELD(COUNT, visits),
    FIELD(FLAG, compact), FIELD(FLAG, int8), FIELD(REAL, latency_s), FIELD(REAL, batch_s),
};
#undef OWNER

#define OWNER struct sim_scenario_policy
static const struct sim_field policy_fields[] = {
    FIELD(TEXT, name),
    CHOICE(kind, set.kind, "static anycast reactive nearest predictive ski_rental lyapunov"),
    FIELD(TEXT, predictor), CHOICE(steer_early, set.steer_early, "no yes"),
    INNER(REAL, deviation_km, set.deviation_km), INNER(REAL, gain_ms, set.gain_ms),
    INNER(REAL, confidence_min, set.confidence_min), INNER(REAL, worth_factor, set.worth_factor),
    INNER(REAL, stay_s, set.stay_s), INNER(REAL, hysteresis, set.hysteresis),
    INNER(REAL, cooldown_s, set.cooldown_s),
    LIST(horizon_s, set.horizon_s, HB_POLICY_HORIZON_MAX, NOTHING),
    INNER(REAL, interval_s, set.interval_s), INNER(REAL, grace_s, set.grace_s),
    INNER(REAL, trust_lambda, set.trust_lambda), INNER(REAL, v, set.v),
    INNER(REAL, debt_target_ms, set.debt_target_ms), INNER(REAL, linger_s, set.linger_s),
    INNER(REAL, sustain_s, set.sustain_s), INNER(REAL, dns_ttl_s, set.dns_ttl_s),
    INNER(REAL, provision_timeout_s, set.provision_timeout_s),
    INNER(REAL, copy_timeout_s, set.copy_timeout_s),
    INNER(REAL, dns_timeout_s, set.dns_timeout_s),
    INNER(REAL, fence_timeout_s, set.fence_timeout_s), INNER(REAL, backoff_s, set.backoff_s),
    INNER(REAL, backoff_max_s, set.backoff_max_s), INNER(COUNT, retry_max, set.retry_max),
    INNER(COUNT, probe_rise, set.probe_rise), INNER(COUNT, probe_fall, set.probe_fall),
    CHOICE(detector, set.detector, "count phi phi_exponential bfd"),
    INNER(REAL, probe_interval_s, set.probe_interval_s),
    INNER(REAL, probe_timeout_s, set.probe_timeout_s), INNER(REAL, phi_down, set.phi_down),
    INNER(COUNT, phi_window, set.phi_window), INNER(REAL, phi_sd_min_s, set.phi_sd_min_s),
    INNER(REAL, hold_down_s, set.hold_down_s),
    CHOICE(failover, set.failover, "mirror standby new anycast"),
    CHOICE(backup, set.backup, "no yes"), INNER(REAL, failback_s, set.failback_s),
    CHOICE(route, set.route, "plain local_pref med prepend community more_specific"),
    INNER(COUNT, route_levels, set.route_levels), INNER(REAL, route_near_ms, set.route_near_ms),
    INNER(REAL, route_interval_s, set.route_interval_s), INNER(REAL, drain_s, set.drain_s),
};
#undef OWNER

#define OWNER struct sim_scenario_failure
static const struct sim_field failure_fields[] = {
    CHOICE(kind, kind, "site_crash partition endpoint_crash loss dns_authority dns_resolvers "
        "server_crash"),
    FIELD(TEXT, site), FIELD(REAL, lat_deg), FIELD(REAL, lon_deg), FIELD(REAL, radius_km),
    FIELD(REAL, at_h), FIELD(REAL, spread_s), FIELD(REAL, duration_s), FIELD(REAL, mtbf_h),
    FIELD(REAL, mttr_s), FIELD(REAL, share), FIELD(FLAG, silent),
};
#undef OWNER

#define OWNER struct sim_scenario_sweep
static const struct sim_field sweep_fields[] = {
    FIELD(TEXT, parameter), LIST(values, values, SIM_SWEEP_MAX, offsetof(OWNER, value_count)),
};
#undef OWNER

#define OWNER struct sim_scenario_output
static const struct sim_field output_fields[] = {
    FIELD(FILE, file), FIELD(COUNT, sample_clients), FIELD(COUNT, mirrors_max),
};
#undef OWNER

#define GROUP(name) .element = #name, .fields = name##_fields, \
    .field_count = sizeof name##_fields / sizeof name##_fields[0]
#define ONE(name) { GROUP(name), .offset = offsetof(struct sim_scenario, name), .bytes = 0 }
#define ONE_AT(name) { GROUP(name), .offset = offsetof(struct sim_scenario, name), \
    .at_is_kept = 1, .at_offset = offsetof(struct sim_scenario_##name, at) }
#define MANY(name, list, count, type) { GROUP(name), .is_list = true, \
    .offset = offsetof(struct sim_scenario, list), \
    .count_offset = offsetof(struct sim_scenario, count), .bytes = sizeof(struct type), \
    .at_is_kept = 1, .at_offset = offsetof(struct type, at) }

const struct sim_field_group sim_field_groups[SIM_FIELD_GROUP_COUNT] = {
    { GROUP(scenario), .offset = 0 },
    ONE(world),
    ONE_AT(trace),
    ONE(service),
    ONE_AT(network),
    ONE_AT(topology),
    ONE(sites),
    ONE(prices),
    ONE(consent),
    ONE(sweep),
    ONE(output),
    MANY(city, world.cities, world.city_count, sim_scenario_city),
    MANY(corridor, world.corridors, world.corridor_count, sim_scenario_corridor),
    MANY(access, network.access, network.access_count, sim_scenario_access),
    MANY(change, topology.changes, topology.change_count, sim_scenario_routing),
    MANY(cloud, sites.groups, sites.group_count, sim_scenario_site),
    MANY(edge, sites.groups, sites.group_count, sim_scenario_site),
    MANY(cells, sites.groups, sites.group_count, sim_scenario_site),
    MANY(site, sites.groups, sites.group_count, sim_scenario_site),
    MANY(predictor, predictors, predictor_count, sim_scenario_predictor),
    MANY(policy, policies, policy_count, sim_scenario_policy),
    MANY(failure, failures, failure_count, sim_scenario_failure),
};

/* Seconds since 1970 of YYYY-MM-DDThh:mm:ssZ, proleptic Gregorian; the days
 * from 0000-03-01 as 365 y + y/4 - y/100 + y/400 with years starting in March. */
static int64_t unix_seconds(const char *text)
{
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    sscanf(text, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second);
    int64_t y = year - (month < 3), m = (month + 9) % 12;
    int64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

static uint32_t choice_index(const char *choices, const char *value)
{
    size_t length = strlen(value);
    uint32_t index = 0;
    for (const char *at = choices; *at != '\0'; index++) {
        size_t word = strcspn(at, " ");
        if (word == length && strncmp(at, value, word) == 0) {
            return index;
        }
        at += word + (at[word] == ' ');
    }
    assert(0 && "the schema and the table list the same choices");
    return 0;
}

static void read_list(const struct sim_field *field, const char *value, char *base)
{
    double *list = (double *)(void *)(base + field->offset);
    uint32_t count = 0;
    char *end = NULL;
    for (const char *at = value; count < field->most; at = end) {
        double number = strtod(at, &end);
        if (end == at) {
            break;
        }
        list[count++] = number;
    }
    if (field->count_offset != 0) {
        *(uint32_t *)(void *)(base + field->count_offset) = count;
    }
}

static void read_text(const struct sim_field *field, const char *value, const char *folder,
    char *to)
{
    if (field->type == SIM_FIELD_TEXT) {
        snprintf(to, SIM_SCENARIO_TEXT, "%.*s", SIM_SCENARIO_TEXT - 1, value);
    } else if (value[0] == '\0' || value[0] == '/') {
        snprintf(to, SIM_SCENARIO_FILE, "%s", value);
    } else {
        int length = snprintf(to, SIM_SCENARIO_FILE, "%s%s", folder, value);
        assert(length > 0);
    }
}

static void read_field(const struct sim_field *field, const char *value, const char *folder,
    char *base)
{
    void *to = base + field->offset;
    bool is_given = value[0] != '\0';
    switch (field->type) {
    case SIM_FIELD_REAL:
        *(double *)to = is_given ? strtod(value, NULL) : (double)NAN;
        break;
    case SIM_FIELD_COUNT:
        *(uint32_t *)to = is_given ? (uint32_t)strtoul(value, NULL, 10) : SIM_SCENARIO_ABSENT;
        break;
    case SIM_FIELD_SEED:
        *(uint64_t *)to = strtoull(value, NULL, 10);
        break;
    case SIM_FIELD_FLAG:
        *(bool *)to = strcmp(value, "yes") == 0;
        break;
    case SIM_FIELD_CHOICE:
        *(uint32_t *)to = choice_index(field->choices, value);
        break;
    case SIM_FIELD_TEXT:
    case SIM_FIELD_FILE:
        read_text(field, value, folder, to);
        break;
    case SIM_FIELD_INSTANT:
        *(int64_t *)to = unix_seconds(value);
        break;
    case SIM_FIELD_LIST:
        read_list(field, value, base);
        break;
    }
}

void sim_field_read(const struct sim_field_group *group, const struct sim_document *document,
    const struct sim_element *element, const char *folder, void *out)
{
    char value[SIM_SCENARIO_FILE];
    for (size_t i = 0; i < group->field_count; i++) {
        (void)sim_element_attribute(element, group->fields[i].name, value, sizeof value);
        read_field(&group->fields[i], value, folder, out);
    }
    if (group->at_is_kept) {
        sim_document_where(document, element, NULL, (char *)out + group->at_offset, 256);
    }
}

const struct sim_field *sim_field_find(const char *parameter, const struct sim_field_group **group)
{
    size_t length = strcspn(parameter, ".");
    for (size_t g = 0; g < SIM_FIELD_GROUP_COUNT; g++) {
        const struct sim_field_group *at = &sim_field_groups[g];
        if (strlen(at->element) != length || strncmp(at->element, parameter, length) != 0) {
            continue;
        }
        for (size_t i = 0; i < at->field_count; i++) {
            const struct sim_field *field = &at->fields[i];
            if (parameter[length] == '.' && strcmp(field->name, parameter + length + 1) == 0
                && (field->type == SIM_FIELD_REAL || field->type == SIM_FIELD_COUNT
                    || field->type == SIM_FIELD_LIST)) {
                *group = at;
                return field;
            }
        }
    }
    return NULL;
}

static void set_number(const struct sim_field *field, char *base, double value)
{
    void *to = base + field->offset;
    if (field->type == SIM_FIELD_COUNT) {
        *(uint32_t *)to = (uint32_t)value;
    } else {
        *(double *)to = value;
    }
}

void sim_field_set(const struct sim_field_group *group, const struct sim_field *field,
    struct sim_scenario *scenario, double value)
{
    char *base = (char *)scenario + group->offset;
    if (!group->is_list) {
        set_number(field, base, value);
        return;
    }
    size_t count = *(size_t *)(void *)((char *)scenario + group->count_offset);
    char *list = *(char **)(void *)base;
    for (size_t i = 0; i < count; i++) {
        set_number(field, list + i * group->bytes, value);
    }
}
