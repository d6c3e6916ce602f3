/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is where: a world or a trace, its cities, its time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/cities.h"
#include "sim/run/rules_impl.h"

static enum hb_status people_come_from_one_source(const struct sim_rules *rules)
{
    const struct sim_element *root = sim_document_root(rules->document);
    const struct sim_element *trace = sim_element_child(root, "trace", NULL);
    const struct sim_scenario *scenario = rules->scenario;
    if (trace != NULL && scenario->has_world) {
        return sim_rules_complain(rules, trace, NULL, "either <world> or <trace>");
    }
    if (trace == NULL && !scenario->has_world) {
        return sim_rules_complain(rules, root, NULL, "inside: <world> or <trace>");
    }
    if (trace == NULL && scenario->trace.file[0] != '\0') {
        return data_problem_set(rules->problem, HB_ERR_FORMAT,
            "--trace \"%s\": expected a scenario with <trace>", scenario->trace.file);
    }
    if (trace != NULL && scenario->trace.file[0] == '\0') {
        return sim_rules_complain(rules, trace, "file", "a trace file here or by --trace FILE");
    }
    if (trace != NULL && access(scenario->trace.file, R_OK) != 0) {
        char where[512];
        sim_document_where(rules->document, trace, NULL, where, sizeof where);
        return data_problem_set(rules->problem, HB_ERR_FORMAT,
            "%s: trace \"%s\": expected a readable file", where, scenario->trace.file);
    }
    return HB_OK;
}

static enum hb_status start_is_a_day(const struct sim_rules *rules)
{
    static const int days[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const struct sim_element *world = sim_rules_nth(rules, "world", 0);
    char value[64];
    int year = 0, month = 1, day = 1;
    if (world == NULL || !sim_element_attribute(world, "start", value, sizeof value)) {
        return HB_OK;
    }
    sscanf(value, "%d-%d-%d", &year, &month, &day);
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > days[month - 1] || (month == 2 && day == 29 && !is_leap)) {
        return sim_rules_complain(rules, world, "start", NULL);
    }
    return HB_OK;
}

/* The study's own years have clocks and calendars; its history must, too. */
static enum hb_status history_fits(const struct sim_rules *rules)
{
    const struct sim_scenario_world *world = &rules->scenario->world;
    const struct sim_element *element = sim_rules_nth(rules, "world", 0);
    if (element == NULL) {
        return HB_OK;
    }
    if (world->history_h + world->duration_h > SIM_SCENARIO_HOURS_MAX) {
        return sim_rules_complain(rules, element, "history_h",
            "at most 8784 hours (a year) with duration_h");
    }
    if ((double)world->start < world->history_h * 3600.0) {
        return sim_rules_complain(rules, element, "history_h", "a history that begins after 1970");
    }
    return HB_OK;
}

static enum hb_status find_city(const struct data_cities *cities,
    const struct sim_scenario_city *city, struct data_problem *problem,
    const struct data_city **found)
{
    struct data_problem why = { .text = "" };
    struct data_city_query query = { .name = city->name,
        .country = city->country[0] != '\0' ? city->country : NULL,
        .admin = city->admin[0] != '\0' ? city->admin : NULL };
    enum hb_status status = data_cities_find(cities, &query, &why, found);
    if (status == HB_ERR_NOT_FOUND || status == HB_ERR_RANGE) {
        return data_problem_set(problem, HB_ERR_FORMAT, "%s: %s", city->at, why.text);
    }
    return status;
}

/* Each city of the table is one city of the world, whatever it is called (Geneva, Genève). */
static enum hb_status find_all(const struct sim_rules *rules, const struct data_cities *cities,
    const struct data_city **found)
{
    const struct sim_scenario_world *world = &rules->scenario->world;
    for (size_t i = 0; i < world->city_count; i++) {
        enum hb_status status = find_city(cities, &world->cities[i], rules->problem, &found[i]);
        if (status != HB_OK) {
            return status;
        }
        for (size_t k = 0; k < i; k++) {
            if (found[k] == found[i]) {
                return sim_rules_complain(rules, sim_rules_nth(rules, "city", i), "name",
                    "a city that is not in the world yet");
            }
        }
    }
    return HB_OK;
}

static enum hb_status cities_exist_and_stand_once(const struct sim_rules *rules)
{
    size_t count = rules->scenario->world.city_count;
    struct data_cities *cities = NULL;
    if (count == 0) {
        return HB_OK;
    }
    const struct data_city **found = calloc(count, sizeof *found);
    enum hb_status status
        = found != NULL ? data_cities_create(rules->problem, &cities) : HB_ERR_MEMORY;
    status = status == HB_OK ? find_all(rules, cities, found) : status;
    data_cities_free(cities);
    free(found);
    return status;
}

static bool is_city(const struct sim_scenario_world *world, const char *name)
{
    for (size_t i = 0; i < world->city_count; i++) {
        if (strcmp(world->cities[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum hb_status corridors_join_two_cities(const struct sim_rules *rules)
{
    const struct sim_scenario_world *world = &rules->scenario->world;
    for (size_t i = 0; i < world->corridor_count; i++) {
        const struct sim_element *element = sim_rules_nth(rules, "corridor", i);
        if (!is_city(world, world->corridors[i].from)) {
            return sim_rules_complain(rules, element, "from", "the name of a city of this world");
        }
        if (!is_city(world, world->corridors[i].to)) {
            return sim_rules_complain(rules, element, "to", "the name of a city of this world");
        }
        if (strcmp(world->corridors[i].from, world->corridors[i].to) == 0) {
            return sim_rules_complain(rules, element, "to", "another city than from");
        }
    }
    return HB_OK;
}

/* Who works in one other city does not work in a second. */
static enum hb_status commuters_are_no_more_than_all(const struct sim_rules *rules)
{
    const struct sim_scenario_world *world = &rules->scenario->world;
    for (size_t i = 0; i < world->corridor_count; i++) {
        double share = 0.0;
        for (size_t k = 0; k <= i; k++) {
            bool is_same = strcmp(world->corridors[k].from, world->corridors[i].from) == 0;
            share += is_same ? world->corridors[k].commuter_share : 0.0;
        }
        if (share > 1.0 + 1e-9) {
            return sim_rules_complain(rules, sim_rules_nth(rules, "corridor", i), "commuter_share",
                "at most 1 in all corridors from this city");
        }
    }
    return HB_OK;
}

enum hb_status sim_rules_world(const struct sim_rules *rules)
{
    static sim_rules_fn *const all[] = { people_come_from_one_source, start_is_a_day, history_fits,
        cities_exist_and_stand_once, corridors_join_two_cities, commuters_are_no_more_than_all };
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && status == HB_OK; i++) {
        status = all[i](rules);
    }
    return status;
}
