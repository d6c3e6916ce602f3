/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/cities.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/tables.h"

static const char city_columns[] =
    "geoname_id\tname\tascii_name\tcountry\tadmin\tlat_deg\tlon_deg\tpopulation\ttime_zone";
static const char airport_columns[] = "iata\tname\tcountry\tlat_deg\tlon_deg";
static const char zone_columns[] = "time_zone\tposix_rule";

struct data_cities {
    struct data_table *city_table, *airport_table, *zone_table;
    struct data_city *cities;
    struct data_airport *airports;
    size_t city_count, airport_count;
};

static enum hb_status find_zone(
    const struct data_table *zones, struct data_city *city, struct data_problem *problem)
{
    size_t low = 0, high = data_tables_row_count(zones);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(data_tables_text(zones, middle, 0), city->zone);
        if (order == 0) {
            const char *rule = data_tables_text(zones, middle, 1);
            enum hb_status status = data_timezone_parse(rule, &city->timezone);
            return status == HB_OK
                ? status
                : data_problem_set(problem, status, "%s: %s: found \"%s\": expected a POSIX rule",
                    "timezones.tsv", city->zone, rule);
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return data_problem_set(problem, HB_ERR_FORMAT,
        "%s: %s: found time_zone=\"%s\": expected one of timezones.tsv", "cities.tsv", city->name,
        city->zone);
}

static enum hb_status read_point(const struct data_table *table, size_t row, size_t column,
    struct data_problem *problem, struct hb_point *out)
{
    enum hb_status status = data_tables_number(table, row, column, -90, 90, problem, &out->lat_deg);
    return status != HB_OK
        ? status
        : data_tables_number(table, row, column + 1, -180, 180, problem, &out->lon_deg);
}

static enum hb_status fill_city(
    const struct data_cities *cities, size_t row, struct data_problem *problem)
{
    const struct data_table *table = cities->city_table;
    struct data_city *city = &cities->cities[row];
    double id = 0.0;
    city->name = data_tables_text(table, row, 1);
    city->ascii_name = data_tables_text(table, row, 2);
    city->country = data_tables_text(table, row, 3);
    city->admin = data_tables_text(table, row, 4);
    city->zone = data_tables_text(table, row, 8);
    enum hb_status status = data_tables_number(table, row, 0, 1, 4e9, problem, &id);
    if (status == HB_OK) {
        city->geoname_id = (uint32_t)id;
        status = data_tables_number(table, row, 7, 1, 1e9, problem, &city->population);
    }
    if (status == HB_OK) {
        status = read_point(table, row, 5, problem, &city->at);
    }
    return status != HB_OK ? status : find_zone(cities->zone_table, city, problem);
}

static enum hb_status fill(struct data_cities *cities, struct data_problem *problem)
{
    cities->city_count = data_tables_row_count(cities->city_table);
    cities->airport_count = data_tables_row_count(cities->airport_table);
    if (cities->city_count == 0 || cities->airport_count == 0) {
        return data_problem_set(
            problem, HB_ERR_FORMAT, "%s: found no city or no airport: expected some", "cities.tsv");
    }
    cities->cities = calloc(cities->city_count, sizeof *cities->cities);
    cities->airports = calloc(cities->airport_count, sizeof *cities->airports);
    if (cities->cities == NULL || cities->airports == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < cities->city_count && status == HB_OK; i++) {
        status = fill_city(cities, i, problem);
    }
    for (size_t i = 0; i < cities->airport_count && status == HB_OK; i++) {
        struct data_airport *airport = &cities->airports[i];
        airport->iata = data_tables_text(cities->airport_table, i, 0);
        airport->name = data_tables_text(cities->airport_table, i, 1);
        airport->country = data_tables_text(cities->airport_table, i, 2);
        status = read_point(cities->airport_table, i, 3, problem, &airport->at);
    }
    return status;
}

enum hb_status data_cities_create(struct data_problem *problem, struct data_cities **out)
{
    struct data_cities *cities = calloc(1, sizeof *cities);
    if (cities == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status =
        data_tables_read_shipped("cities.tsv", city_columns, problem, &cities->city_table);
    if (status == HB_OK) {
        status = data_tables_read_shipped(
            "airports.tsv", airport_columns, problem, &cities->airport_table);
    }
    if (status == HB_OK) {
        status =
            data_tables_read_shipped("timezones.tsv", zone_columns, problem, &cities->zone_table);
    }
    if (status == HB_OK) {
        status = fill(cities, problem);
    }
    if (status != HB_OK) {
        data_cities_free(cities);
        return status;
    }
    *out = cities;
    return HB_OK;
}

void data_cities_free(struct data_cities *cities)
{
    if (cities == NULL) {
        return;
    }
    free(cities->airports);
    free(cities->cities);
    data_tables_free(cities->zone_table);
    data_tables_free(cities->airport_table);
    data_tables_free(cities->city_table);
    free(cities);
}

size_t data_cities_len(const struct data_cities *cities)
{
    return cities->city_count;
}

const struct data_city *data_cities_at(const struct data_cities *cities, size_t index)
{
    assert(index < cities->city_count);
    return &cities->cities[index];
}

static const double km_per_deg = 111.19492664455873; /* 2 pi 6371.0088 / 360 */

/* Whether a lies within best_km of b, then the new best; the latitudes alone rule most out. */
static bool is_nearer(struct hb_point a, struct hb_point b, double *best_km)
{
    if (fabs(a.lat_deg - b.lat_deg) * km_per_deg > *best_km) {
        return false;
    }
    double km = hb_geo_distance_km(a, b);
    if (km >= *best_km) {
        return false;
    }
    *best_km = km;
    return true;
}

const struct data_city *data_cities_nearest(const struct data_cities *cities, struct hb_point at)
{
    size_t best = 0;
    double best_km = HUGE_VAL;
    for (size_t i = 0; i < cities->city_count; i++) {
        best = is_nearer(at, cities->cities[i].at, &best_km) ? i : best;
    }
    return &cities->cities[best];
}

const struct data_airport *data_cities_airport(const struct data_cities *cities, struct hb_point at)
{
    size_t best = 0;
    double best_km = HUGE_VAL;
    for (size_t i = 0; i < cities->airport_count; i++) {
        best = is_nearer(at, cities->airports[i].at, &best_km) ? i : best;
    }
    return &cities->airports[best];
}
