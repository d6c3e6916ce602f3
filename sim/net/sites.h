/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_SITES_H
#define SIM_NET_SITES_H

#include <stddef.h>

#include "core/map.h"
#include "data/problem.h"
#include "data/regions.h"

#define SIM_SITES_MAX 4096       /* sites of one scenario */
#define SIM_SITES_NAME_BYTES 64  /* of a name, with its end */
#define SIM_SITES_PER_CITY_MAX 64

enum sim_sites_kind {
    SIM_SITES_REGION, /* a cloud region, named provider/id */
    SIM_SITES_EDGE,   /* a point of presence in a city, named edge/City-1, edge/City-2 ... */
    SIM_SITES_POINT,  /* a place of the scenario's own, named as it says */
    SIM_SITES_CELL    /* a row of a cells file, named cell/7 */
};

/* What all sites of one element have in common. */
struct sim_sites_terms {
    uint32_t slots;     /* instances that fit; UINT32_MAX: no limit */
    float price_factor; /* of an instance-hour, > 0 */
};

/* The list that a scenario's elements add up to. Names are unique and depend
 * on nothing but the element, so results of two scenarios can be compared. */
struct sim_sites;

/* HB_ERR_MEMORY. */
enum hb_status sim_sites_create(struct sim_sites **out);
void sim_sites_free(struct sim_sites *sites);

/* Every add appends, or leaves the list as it was and says why in problem:
 * HB_ERR_NOT_FOUND, HB_ERR_EXISTS (a name twice), HB_ERR_FULL (over
 * SIM_SITES_MAX), HB_ERR_RANGE, HB_ERR_MEMORY. */

/* One region: "aws/eu-west-1", or "eu-west-1" if only one provider has it. */
enum hb_status sim_sites_add_region(struct sim_sites *sites, const struct data_regions *regions,
    const char *name, const struct sim_sites_terms *terms, struct data_problem *problem);
/* All regions of a provider. */
enum hb_status sim_sites_add_provider(struct sim_sites *sites, const struct data_regions *regions,
    const char *provider, const struct sim_sites_terms *terms, struct data_problem *problem);

/* A metropolis and its zones, if they are known (else place_count 0). */
struct sim_sites_city {
    const char *name; /* of the site names; '/' and blanks become '-' */
    struct hb_point at;
    double population;
    const struct hb_place *places; /* [place_count] of the whole map */
    size_t place_count;
    uint32_t region; /* the city's places have this region */
};

/* Radius of a city's built-up disc: population / (4,000 per km2), 2 km at least.
 * Source: density of large built-up areas, Demographia 2023 (about 4,000). */
double sim_sites_city_radius_km(double population);

/* Where count (1..SIM_SITES_PER_CITY_MAX) points of presence stand: they start
 * on a sunflower spiral over the built-up disc and, where the city's places are
 * known, move to the places that best divide these among them (Lloyd's rounds,
 * equal weights, then to the nearest place). Deterministic. out [count] */
void sim_sites_edge_points(const struct sim_sites_city *city, uint32_t count,
    struct hb_point *out);
enum hb_status sim_sites_add_edge(struct sim_sites *sites, const struct sim_sites_city *city,
    uint32_t count, const struct sim_sites_terms *terms, struct data_problem *problem);

enum hb_status sim_sites_add_point(struct sim_sites *sites, const char *name, struct hb_point at,
    const struct sim_sites_terms *terms, struct data_problem *problem);

/* The rows of a CSV file with columns cell, lat_deg, lon_deg, is_site (0 or 1)
 * where is_site is 1. Also HB_ERR_IO, HB_ERR_FORMAT. */
enum hb_status sim_sites_add_cells(struct sim_sites *sites, const char *path,
    const struct sim_sites_terms *terms, struct data_problem *problem);

uint32_t sim_sites_len(const struct sim_sites *sites);
/* [len], for struct hb_map; moves with the next add. */
const struct hb_site *sim_sites_list(const struct sim_sites *sites);
const char *sim_sites_name(const struct sim_sites *sites, uint32_t site);
enum sim_sites_kind sim_sites_kind(const struct sim_sites *sites, uint32_t site);
/* HB_NONE if no site has that name. */
uint32_t sim_sites_find(const struct sim_sites *sites, const char *name);

#endif
