/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/ascountry.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "data/grow.h"
#include "data/lines.h"

#define CODES (26 * 26)

struct entry {
    uint32_t as;
    uint16_t code;
};

struct data_ascountry {
    struct entry *entries; /* ascending in as */
    size_t count, capacity;
    struct hb_geo_sum sums[CODES]; /* of its cities x people */
};

void data_ascountry_free(struct data_ascountry *countries)
{
    if (countries != NULL) {
        free(countries->entries);
        free(countries);
    }
}

/* CODES if it is not two capitals. */
static uint16_t code_of(const char *text)
{
    int is_code = text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
    return (uint16_t)(is_code ? 26 * (text[0] - 'A') + text[1] - 'A' : CODES);
}

static void weigh_cities(struct data_ascountry *countries, const struct data_cities *cities)
{
    for (size_t i = 0; i < data_cities_len(cities); i++) {
        const struct data_city *city = data_cities_at(cities, i);
        uint16_t code = code_of(city->country);
        if (code < CODES) {
            hb_geo_sum_add(&countries->sums[code], city->at, city->population);
        }
    }
}

static enum hb_status entry_add(struct data_ascountry *countries, struct entry entry)
{
    struct entry *entries = data_grow(countries->entries, countries->count, &countries->capacity,
        sizeof *countries->entries);
    if (entries == NULL) {
        return HB_ERR_MEMORY;
    }
    countries->entries = entries;
    countries->entries[countries->count++] = entry;
    return HB_OK;
}

static enum hb_status line_read(struct data_ascountry *countries, const struct data_lines *lines,
    const char *text, struct data_problem *problem)
{
    char *end = NULL;
    unsigned long long as = strtoull(text, &end, 10);
    size_t length = strlen(text);
    uint16_t code = length > 4 ? code_of(text + length - 2) : CODES;
    if (text[0] < '0' || text[0] > '9' || *end != ':' || as > UINT32_MAX || code == CODES) {
        return data_lines_refuse(lines, problem,
            "found \"%.60s\": expected \"AS:NAME, CC\"", text);
    }
    if (countries->count > 0 && countries->entries[countries->count - 1].as >= as) {
        return data_lines_refuse(lines, problem,
            "found AS %llu after %u: expected ascending numbers", as,
            countries->entries[countries->count - 1].as);
    }
    return entry_add(countries, (struct entry){ .as = (uint32_t)as, .code = code });
}

enum hb_status data_ascountry_load(const char *path, const struct data_cities *cities,
    struct data_ascountry **out, struct data_problem *problem)
{
    struct data_lines *lines = NULL;
    enum hb_status status = data_lines_open(path, problem, &lines);
    if (status != HB_OK) {
        return status;
    }
    struct data_ascountry *countries = calloc(1, sizeof *countries);
    status = countries == NULL ? HB_ERR_MEMORY : HB_OK;
    char *text = "";
    while (status == HB_OK && text != NULL) {
        status = data_lines_next(lines, problem, &text);
        if (status == HB_OK && text != NULL) {
            status = line_read(countries, lines, text, problem);
        }
    }
    data_lines_close(lines);
    if (status != HB_OK) {
        data_ascountry_free(countries);
        return status;
    }
    weigh_cities(countries, cities);
    *out = countries;
    return HB_OK;
}

/* The entry of an AS, or NULL. */
static const struct entry *entry_of(const struct data_ascountry *countries, uint32_t as)
{
    size_t low = 0, high = countries->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (countries->entries[middle].as < as) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found = low < countries->count && countries->entries[low].as == as;
    return is_found ? &countries->entries[low] : NULL;
}

enum hb_status data_ascountry_place(
    const struct data_ascountry *countries, uint32_t as, struct hb_point *out)
{
    const struct entry *entry = entry_of(countries, as);
    return entry == NULL ? HB_ERR_NOT_FOUND
                         : hb_geo_sum_middle(&countries->sums[entry->code], out);
}

uint16_t data_ascountry_code(const struct data_ascountry *countries, uint32_t as)
{
    const struct entry *entry = entry_of(countries, as);
    int code = entry == NULL ? 0 : (entry->code / 26 + 'A') << 8 | (entry->code % 26 + 'A');
    return (uint16_t)code;
}

enum hb_status data_ascountry_middle(const struct data_ascountry *countries, uint16_t code,
    struct hb_point *out)
{
    const char text[2] = { (char)(code >> 8), (char)(code & 0xFF) };
    uint16_t index = code_of(text);
    return index < CODES ? hb_geo_sum_middle(&countries->sums[index], out) : HB_ERR_NOT_FOUND;
}
