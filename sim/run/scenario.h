/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_SCENARIO_H
#define SIM_RUN_SCENARIO_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/geo.h"
#include "core/policy.h"
#include "data/problem.h"

/* A scenario file as plain values. Every member has the name of its attribute
 * and what scenarios/scenario.xsd says of it; there are also the defaults. An
 * optional number that is not given is NaN, a count UINT32_MAX, a text empty.
 * `at` is `file:line` of the element, for messages. */
#define SIM_SCENARIO_TEXT 64
#define SIM_SCENARIO_FILE 1024
#define SIM_SCENARIO_ABSENT UINT32_MAX
#define SIM_SCENARIO_HOURS_MAX 8784 /* of history and study: a year */
#define SIM_SCENARIO_POLICIES_MAX 64 /* as many as a report tells apart */
#define SIM_SCENARIO_ANSWERS_MAX 64 /* of a predictor that one client waits for at a time */

static inline bool sim_scenario_is_given(double value)
{
    return !isnan(value);
}

struct sim_scenario_city {
    char at[256], name[SIM_SCENARIO_TEXT], country[SIM_SCENARIO_TEXT], admin[SIM_SCENARIO_TEXT];
    double weight;
};

enum sim_corridor_mode { SIM_CORRIDOR_RAIL, SIM_CORRIDOR_CAR };

struct sim_scenario_corridor {
    char at[256], from[SIM_SCENARIO_TEXT], to[SIM_SCENARIO_TEXT];
    uint32_t mode; /* enum sim_corridor_mode */
    double commuter_share, speed_km_h;
};

struct sim_scenario_world {
    int64_t start; /* Unix time, s */
    double duration_h, history_h;
    uint32_t clients, law; /* 0 gravity, 1 radiation */
    double zone_km, worker_share, intercity_trips_day, intercity_nights;
    double gravity_km; /* of law gravity */
    double rho, gamma, beta, tau_h, stay_min_h, alpha, jump_min_km;
    double walk_km_h, car_km_h, transit_km_h, car_intercity_km_h, rail_km_h, air_km_h;
    double car_owner_share, rail_max_km, way_place_km;
    struct sim_scenario_city *cities;
    struct sim_scenario_corridor *corridors;
    size_t city_count, corridor_count;
};

struct sim_scenario_trace {
    char at[256], file[SIM_SCENARIO_FILE];
    uint32_t clients;
    double from_h, duration_h;
};

struct sim_scenario_service {
    double request_rate_hz, service_ms;
    bool shared, image_cached;
    uint32_t technology; /* enum sim_provision_technology */
    double lead_s, restore_s, readiness_period_s, failure_share;
    uint32_t workers, copy_rounds;
    double image_mb, registry_mb_s, state_mb, working_set_mb, dirty_mb_s, lag_target_mb;
    double stop_s, standby_s, resume_s, fence_s, stall_timeout_s;
    uint32_t sessions;    /* 0 always_on, 1 drawn */
    uint32_t session_law; /* 0 exponential, 1 lognormal */
    double session_min, gap_min;
};

struct sim_scenario_access {
    char at[256];
    uint32_t activity;   /* enum data_activity */
    uint32_t technology; /* enum sim_path_access */
};

struct sim_scenario_network {
    char at[256], matrix[SIM_SCENARIO_FILE], matrix_nodes[SIM_SCENARIO_FILE];
    double aggregation_ms, detour_ms, detour_km, stretch, suboptimal;
    uint32_t naming; /* enum sim_dns_naming */
    uint32_t resolvers_per_region, subnet_clients;
    double ecs_share, anycast_ttl_s, update_delay_s;
    double extend_share, extend_floor_s, extend_sigma;
    uint32_t secondaries;
    double publish_s, transfer_s, notify_loss, refresh_s, negative_ttl_s;
    double stale_share, stale_answer_s, stale_max_s, failure_ttl_s;
    struct sim_scenario_access *access;
    size_t access_count;
};

enum sim_routing_kind {
    SIM_ROUTING_WITHDRAW,
    SIM_ROUTING_ANNOUNCE,
    SIM_ROUTING_CUT,
    SIM_ROUTING_SILENCE,
    SIM_ROUTING_RESTORE,
    SIM_ROUTING_RESET,
    SIM_ROUTING_DRAIN
};

/* One change element of the topology. */
struct sim_scenario_routing {
    char at[256], site[SIM_SCENARIO_TEXT];
    double at_s, for_s;
    uint32_t kind; /* enum sim_routing_kind */
    uint32_t med, prepend, community;
};

struct sim_scenario_topology {
    char at[256], file[SIM_SCENARIO_FILE], countries[SIM_SCENARIO_FILE], mrt[SIM_SCENARIO_FILE];
    uint32_t kind;    /* enum sim_topo_kind */
    uint32_t shape;   /* enum sim_topo_shape */
    uint32_t routers; /* 0 as, 1 city */
    uint32_t profile; /* bird, frr, rfc4271, internet */
    uint32_t ases, tier1, access_ases, upstreams, common_upstreams, origin_as, mrt_as;
    double mrai_s, mrai_jitter, hold_s;
    struct sim_scenario_routing *changes;
    size_t change_count;
};

/* What a group of sites is like; not given means: as the sites element says. */
struct sim_scenario_size {
    uint32_t slots;
    double link_mb_s, price_factor;
};

enum sim_site_group {
    SIM_SITE_GROUP_CLOUD,
    SIM_SITE_GROUP_EDGE,
    SIM_SITE_GROUP_SITE,
    SIM_SITE_GROUP_CELLS
};

/* One cloud, edge, site or cells element; members of the other kinds are zero. */
struct sim_scenario_site {
    uint32_t group; /* enum sim_site_group */
    uint32_t per_city;
    char at[256], file[SIM_SCENARIO_FILE];
    char name[SIM_SCENARIO_TEXT], provider[SIM_SCENARIO_TEXT], region[SIM_SCENARIO_TEXT];
    double near_km, lat_deg, lon_deg;
    struct sim_scenario_size size;
};

struct sim_scenario_sites {
    struct sim_scenario_size size;
    uint32_t servers_per_slot, waiting_room;
    double off_w, standby_w, idle_w, busy_w, byte_j;
    struct sim_scenario_site *groups;
    size_t group_count;
};

struct sim_scenario_prices {
    double request_ms, target_ms, over_target_request_ms;
    double off_hour, standby_hour, idle_hour, busy_hour;
    double state_gb, image_gb, dns_update, route_update, bgp_message, failed_request;
};

struct sim_scenario_consent {
    double share, epoch_h;
};

enum sim_predictor_kind {
    SIM_PREDICTOR_PERSISTENCE,
    SIM_PREDICTOR_FREQUENCY,
    SIM_PREDICTOR_MARKOV,
    SIM_PREDICTOR_LSTM,
    SIM_PREDICTOR_ORACLE
};

struct sim_scenario_predictor {
    char at[256], name[SIM_SCENARIO_TEXT], model[SIM_SCENARIO_FILE];
    uint32_t kind; /* enum sim_predictor_kind */
    uint32_t order;
    uint32_t visits;
    bool compact, int8;
    double accuracy, latency_s, batch_s;
};

struct sim_scenario_policy {
    char at[256], name[SIM_SCENARIO_TEXT], predictor[SIM_SCENARIO_TEXT];
    uint32_t predictor_index; /* into predictors; SIM_SCENARIO_ABSENT: none */
    struct hb_policy set; /* all of it, kind included */
};

enum sim_failure_kind {
    SIM_FAILURE_SITE_CRASH,
    SIM_FAILURE_PARTITION,
    SIM_FAILURE_ENDPOINT_CRASH,
    SIM_FAILURE_LOSS,
    SIM_FAILURE_DNS_AUTHORITY,
    SIM_FAILURE_DNS_RESOLVERS,
    SIM_FAILURE_SERVER_CRASH
};

struct sim_scenario_failure {
    char at[256], site[SIM_SCENARIO_TEXT];
    uint32_t kind; /* enum sim_failure_kind */
    double lat_deg, lon_deg, radius_km;
    double at_h, spread_s, duration_s, mtbf_h, mttr_s, share;
    bool silent;
};

#define SIM_SWEEP_MAX 32

struct sim_scenario_sweep {
    char parameter[SIM_SCENARIO_TEXT]; /* empty: nothing is swept */
    double values[SIM_SWEEP_MAX];
    uint32_t value_count; /* at least 1: one setting, if nothing is swept */
};

struct sim_scenario_output {
    char file[SIM_SCENARIO_FILE];
    uint32_t sample_clients, mirrors_max;
};

struct sim_scenario {
    char name[SIM_SCENARIO_TEXT];
    uint64_t seed;
    uint32_t replications;
    char *description, *text; /* text: the file with includes and --set, for the manifest */
    bool has_world;           /* else a trace */
    struct sim_scenario_world world;
    struct sim_scenario_trace trace;
    struct sim_scenario_service service;
    struct sim_scenario_network network;
    bool has_topology; /* else anycast goes to the nearest, at once */
    struct sim_scenario_topology topology;
    struct sim_scenario_sites sites;
    struct sim_scenario_prices prices;
    struct sim_scenario_consent consent;
    struct sim_scenario_predictor *predictors;
    struct sim_scenario_policy *policies;
    struct sim_scenario_failure *failures;
    size_t predictor_count, policy_count, failure_count;
    struct sim_scenario_sweep sweep;
    struct sim_scenario_output output;
};

/* --set ELEMENT.ATTRIBUTE=VALUE, or ELEMENT:NAME.ATTRIBUTE=VALUE for the
 * elements of that name; and what --trace says. */
struct sim_scenario_change {
    const char *text;
};

struct sim_scenario_source {
    const char *path;
    const struct sim_scenario_change *changes;
    size_t change_count;
    const char *trace; /* of --trace, or NULL */
};

/* Reads, validates and range-checks: after HB_OK nothing in the values can fail
 * a run. HB_ERR_IO, HB_ERR_FORMAT, HB_ERR_MEMORY, with
 * `file:line: attribute="found": expected ...` in *problem. */
enum hb_status sim_scenario_load(const struct sim_scenario_source *source,
    struct sim_scenario **out, struct data_problem *problem);
void sim_scenario_free(struct sim_scenario *scenario);

/* Writes the sweep's value number setting into the scenario. */
void sim_scenario_apply(struct sim_scenario *scenario, uint32_t setting);

#endif
