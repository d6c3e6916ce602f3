/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The city that a name means: by its name, else by one of its other names. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/cities.h"
#include "data/tables.h"

static const char name_columns[] = "geoname_id\tname";

enum { suggested_max = 3, listed_max = 5 };

/* Cities that a query fits, by population; the largest, and whether it is clearly meant. */
struct found {
    const struct data_city *first;
    size_t count, used;
    bool is_clear;
    char list[256];
};

/* Some names that are near in spelling, nearest first. */
struct near {
    const struct data_city *cities[suggested_max + 1];
    size_t distances[suggested_max + 1];
};

static bool is_there(const struct data_city *city, const struct data_city_query *query)
{
    return (query->country == NULL || strcasecmp(city->country, query->country) == 0)
        && (query->admin == NULL || strcasecmp(city->admin, query->admin) == 0);
}

static void add_found(struct found *found, const struct data_city *city)
{
    if (found->first == NULL) {
        found->first = city;
    } else if (city->population * 10.0 > found->first->population) {
        found->is_clear = false;
    }
    if (found->count++ < listed_max && found->used < sizeof found->list) {
        found->used += (size_t)snprintf(found->list + found->used,
            sizeof found->list - found->used, "%scountry %.2s admin %.20s",
            found->count == 1 ? "" : ", ", city->country, city->admin);
    }
}

/* The city of a row of city_names.tsv: its rows stand in the order of cities.tsv, so that index,
 * where the last row's city was, only moves forward. NULL: none of them, or out of order. */
static const struct data_city *city_of(
    const struct data_cities *cities, const char *id_text, size_t *index)
{
    unsigned long id = strtoul(id_text, NULL, 10);
    size_t count = data_cities_len(cities);
    while (*index < count && data_cities_at(cities, *index)->geoname_id != id) {
        (*index)++;
    }
    return *index < count ? data_cities_at(cities, *index) : NULL;
}

#define NAME_BYTES_MAX 64

/* Levenshtein distance of names without regard to case, over their first 64 bytes. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_BYTES_MAX + 1];
    size_t b_bytes = strnlen(b, NAME_BYTES_MAX);
    for (size_t j = 0; j <= b_bytes; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= NAME_BYTES_MAX && a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            size_t change = diagonal + (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);
            size_t other = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = change < other ? change : other;
        }
    }
    return row[b_bytes];
}

/* Twice the edit distance; half an edit for another country than the wanted. */
static size_t distance_of(
    const struct data_city *city, const char *name, const struct data_city_query *query)
{
    return 2 * edit_distance(query->name, name)
        + (query->country != NULL && strcasecmp(city->country, query->country) != 0);
}

static void add_near(struct near *near, const struct data_city *city, size_t distance)
{
    size_t k = suggested_max;
    for (; k > 0 && distance < near->distances[k - 1]; k--) {
        near->distances[k] = near->distances[k - 1];
        near->cities[k] = near->cities[k - 1];
    }
    near->distances[k] = distance;
    near->cities[k] = city;
}

static bool is_near(const struct near *near, const struct data_city *city)
{
    bool is_one = false;
    for (size_t k = 0; k < suggested_max; k++) {
        is_one = is_one || near->cities[k] == city;
    }
    return is_one;
}

/* The other name nearest to the query of a city that is not near by name, if as near as the nearest
 * of those, and its city; else NULL. */
static const char *nearest_other_name(const struct data_cities *cities,
    const struct data_table *names, const struct data_city_query *query, const struct near *near,
    const struct data_city **city)
{
    const char *best = NULL;
    size_t index = 0, best_distance = near->distances[0] + 1;
    for (size_t row = 0; row < data_tables_row_count(names); row++) {
        const char *name = data_tables_text(names, row, 1);
        const struct data_city *owner = city_of(cities, data_tables_text(names, row, 0), &index);
        size_t distance = owner == NULL || is_near(near, owner)
            ? SIZE_MAX
            : distance_of(owner, name, query);
        if (distance < best_distance) {
            best_distance = distance;
            *city = owner;
            best = name;
        }
    }
    return best;
}

static enum hb_status suggest(const struct data_cities *cities, const struct data_table *names,
    const struct data_city_query *query, struct data_problem *problem)
{
    struct near near = { .cities = { NULL } };
    for (size_t k = 0; k <= suggested_max; k++) {
        near.distances[k] = SIZE_MAX;
    }
    for (size_t i = 0; i < data_cities_len(cities); i++) {
        const struct data_city *city = data_cities_at(cities, i);
        add_near(&near, city, distance_of(city, city->ascii_name, query));
    }
    char list[384] = "";
    size_t used = 0;
    const struct data_city *other = NULL;
    const char *name = nearest_other_name(cities, names, query, &near, &other);
    for (size_t k = 0; k < suggested_max && near.cities[k] != NULL && used < sizeof list; k++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.60s (%.2s)",
            k == 0 ? "" : ", ", near.cities[k]->name, near.cities[k]->country);
    }
    if (name != NULL && used < sizeof list) {
        (void)snprintf(list + used, sizeof list - used, ", %.60s (%.60s, %.2s)", name, other->name,
            other->country);
    }
    return data_problem_set(problem, HB_ERR_NOT_FOUND,
        "found no city \"%.60s\"%s%.8s%s%.8s: expected one of cities.tsv such as %s", query->name,
        query->country != NULL ? " in " : "", query->country != NULL ? query->country : "",
        query->admin != NULL ? ", division " : "", query->admin != NULL ? query->admin : "", list);
}

static enum hb_status settle(const struct found *found, const struct data_city_query *query,
    struct data_problem *problem, const struct data_city **out)
{
    if (!found->is_clear) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "found %zu cities \"%.60s\": expected one; say which: %s", found->count, query->name,
            found->list);
    }
    *out = found->first;
    return HB_OK;
}

/* Read only for a name that no city has: most scenarios do without. */
static enum hb_status find_other(const struct data_cities *cities,
    const struct data_city_query *query, struct data_problem *problem, const struct data_city **out)
{
    struct data_table *names = NULL;
    enum hb_status status =
        data_tables_read_shipped("city_names.tsv", name_columns, problem, &names);
    if (status != HB_OK) {
        return status;
    }
    struct found found = { .is_clear = true };
    size_t index = 0;
    for (size_t row = 0; row < data_tables_row_count(names); row++) {
        const struct data_city *city = city_of(cities, data_tables_text(names, row, 0), &index);
        if (city != NULL && strcasecmp(data_tables_text(names, row, 1), query->name) == 0
            && is_there(city, query)) {
            add_found(&found, city);
        }
    }
    status = found.first == NULL ? suggest(cities, names, query, problem)
                                 : settle(&found, query, problem, out);
    data_tables_free(names);
    return status;
}

enum hb_status data_cities_find(const struct data_cities *cities,
    const struct data_city_query *query, struct data_problem *problem, const struct data_city **out)
{
    struct found found = { .is_clear = true };
    for (size_t i = 0; i < data_cities_len(cities); i++) {
        const struct data_city *city = data_cities_at(cities, i);
        if ((strcasecmp(city->name, query->name) == 0
                || strcasecmp(city->ascii_name, query->name) == 0)
            && is_there(city, query)) {
            add_found(&found, city);
        }
    }
    return found.first == NULL ? find_other(cities, query, problem, out)
                               : settle(&found, query, problem, out);
}
