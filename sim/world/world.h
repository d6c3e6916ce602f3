/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_WORLD_WORLD_H
#define SIM_WORLD_WORLD_H

#include <stdint.h>

#include "data/cities.h"
#include "data/trace.h"
#include "sim/world/conditions.h"

/* A city of the scenario, looked up in the shipped table. */
struct sim_world_city {
    struct data_city_query query;
    double weight; /* of its share of the clients; 0: its population */
};

/* How work places are found from homes, between the districts of a city. */
enum sim_world_law { SIM_WORLD_GRAVITY, SIM_WORLD_RADIATION };

/* Daily commuting between two cities (indices into cities): share of from's
 * workers work in to. mode is RAIL or CAR. */
struct sim_world_corridor {
    uint32_t from, to;
    enum data_activity mode;
    double commuter_share; /* 0..1 */
    double speed_km_h; /* 0: that of modes */
};

/* Exploration and preferential return. Song, Koren, Wang, Barabasi, Nature Physics 2010. */
struct sim_world_epr {
    double rho; /* 0.6: exploration probability is rho S^-gamma */
    double gamma; /* 0.21 */
    double beta; /* 0.8: stays ~ t^-(1 + beta) exp(-t / tau_h) */
    double tau_h; /* 17 */
    double stay_min_h; /* 1: shortest stay, the resolution of the source */
    double alpha; /* 0.55: jumps ~ r^-(1 + alpha) */
    double jump_min_km; /* 1 */
};

/* Travel; speeds are door to door without the overheads of modes.c. */
struct sim_world_modes {
    double walk_km_h, car_km_h, transit_km_h; /* in cities: 4.8, 27, 24 */
    double car_intercity_km_h, rail_km_h, air_km_h; /* between them: 95, 160, 800 */
    double car_owner_share; /* 0.6 */
    double rail_max_km; /* 800: beyond, by air */
    double way_place_km; /* 10: distance of places along a corridor */
};

struct sim_world_config {
    const struct sim_world_city *cities;
    const struct sim_world_corridor *corridors;
    uint32_t city_count, corridor_count;
    uint32_t client_count; /* shared out by weight, largest remainder */
    uint32_t threads; /* 0: 1; the trace is the same for any */
    const volatile int *interrupt; /* or NULL; non-zero: HB_ERR_INTERRUPTED soon */
    uint64_t seed;
    int64_t start_unix_s;
    double duration_s;
    double zone_km; /* 0.25 .. 5 */
    double worker_share; /* 0.6: of clients that have a work place or school */
    double intercity_trips_day; /* 0.02: starts of a journey per client and day at home */
    double intercity_nights; /* 2.0: mean of a journey that is not a day trip */
    enum sim_world_law law;
    double gravity_km; /* 5: commuting by gravity falls to 1/e over it */
    struct sim_world_epr epr;
    struct sim_world_modes modes;
    struct sim_conditions conditions;
};

/* The defaults above, for a caller to change; no cities, no clients. */
struct sim_world_config sim_world_defaults(void);

/* Generates the movement of a population. Places are the zones of the cities,
 * in the order given, then airports, then way places between cities (region
 * HB_NONE); regions are the cities, by name. Client indices run by home city.
 * Each client draws from its own streams only, so a trace does not depend on
 * threads, and a client's not on the client_count of other cities.
 * HB_ERR_RANGE, HB_ERR_NOT_FOUND (problem says which field or city),
 * HB_ERR_MEMORY, and what reading the tables may give. */
enum hb_status sim_world_create(const struct sim_world_config *config, struct data_problem *problem,
    struct data_trace_store **out);

/* The same people, some at a time in the order of their indices, for a population that is not
 * to be in memory at once: take gets the clients first .. first + part->client_count of them
 * as a trace of their own, valid until it returns; what it returns other than HB_OK ends
 * the walk. client_max >= 1 of a part; every part has all places. */
struct sim_world_sink {
    enum hb_status (*take)(void *ctx, const struct data_trace *part, uint32_t first,
        struct data_problem *problem);
    void *ctx;
    uint32_t client_max;
};

/* As sim_world_create, and what the sink returns. */
enum hb_status sim_world_walk(const struct sim_world_config *config,
    const struct sim_world_sink *sink, struct data_problem *problem);

#endif
