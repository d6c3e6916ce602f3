/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_CITIES_H
#define DATA_CITIES_H

#include <stddef.h>
#include <stdint.h>

#include "core/geo.h"
#include "data/problem.h"
#include "data/timezone.h"

/* One city of cities.tsv (GeoNames, 100,000 people and more); texts are the table's. */
struct data_city {
    uint32_t geoname_id;
    const char *name, *ascii_name;
    const char *country; /* ISO 3166-1 alpha-2 */
    const char *admin; /* first-level division, GeoNames code */
    const char *zone; /* tz database name */
    struct hb_point at;
    double population;
    struct data_timezone timezone;
};

/* One airport of airports.tsv: large, with scheduled service. */
struct data_airport {
    const char *iata, *name, *country;
    struct hb_point at;
};

struct data_cities;

/* Reads the shipped tables of cities, airports and time zones. */
enum hb_status data_cities_create(struct data_problem *problem, struct data_cities **out);
void data_cities_free(struct data_cities *cities);

/* All cities, largest first. */
size_t data_cities_len(const struct data_cities *cities);
const struct data_city *data_cities_at(const struct data_cities *cities, size_t index);

/* What names a city: its name, ASCII name or, if that is no city's, another name of city_names.tsv
 * (Geneva, Cologne), in any case; country and admin may be NULL. */
struct data_city_query {
    const char *name, *country, *admin;
};

/* The one city so named. HB_ERR_NOT_FOUND: none; problem suggests the names
 * nearest in spelling. HB_ERR_RANGE: several, and the largest does not have
 * ten times the people of the next; problem lists them. The city is the table's. */
enum hb_status data_cities_find(const struct data_cities *cities,
    const struct data_city_query *query, struct data_problem *problem,
    const struct data_city **out);

/* The city nearest to a point; never NULL. */
const struct data_city *data_cities_nearest(const struct data_cities *cities, struct hb_point at);
/* The large airport nearest to a point; never NULL. */
const struct data_airport *data_cities_airport(
    const struct data_cities *cities, struct hb_point at);

#endif
