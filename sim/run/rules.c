/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/cities.h"
#include "sim/net/topo/topo.h"
#include "sim/run/field.h"
#include "sim/run/schema.h"

static const uint32_t clique_ases_max = 64; /* a clique explores all its paths */
static const uint32_t ring_ases_max = 1000; /* paths of a ring are as long as half of it */

struct rules {
    struct sim_document *document;
    struct sim_scenario *scenario;
    struct data_problem *problem;
};

typedef enum hb_status rule_fn(const struct rules *rules);

static enum hb_status complain(const struct rules *rules, const struct sim_element *element,
    const char *attribute, const char *words)
{
    sim_schema_complain(rules->document, element, attribute, words, rules->problem);
    return HB_ERR_FORMAT;
}

/* The element number index of that name. */
static const struct sim_element *nth(const struct rules *rules, const char *name, size_t index)
{
    const struct sim_element *root = sim_document_root(rules->document), *at = NULL;
    for (size_t i = 0; i <= index; i++) {
        at = sim_element_below(root, name, at);
    }
    return at;
}

static enum hb_status people_come_from_one_source(const struct rules *rules)
{
    const struct sim_element *root = sim_document_root(rules->document);
    const struct sim_element *trace = sim_element_child(root, "trace", NULL);
    const struct sim_scenario *scenario = rules->scenario;
    if (trace != NULL && scenario->has_world) {
        return complain(rules, trace, NULL, "either <world> or <trace>");
    }
    if (trace == NULL && !scenario->has_world) {
        return complain(rules, root, NULL, "inside: <world> or <trace>");
    }
    if (trace == NULL && scenario->trace.file[0] != '\0') {
        return data_problem_set(rules->problem, HB_ERR_FORMAT,
            "--trace \"%s\": expected a scenario with <trace>", scenario->trace.file);
    }
    if (trace != NULL && scenario->trace.file[0] == '\0') {
        return complain(rules, trace, "file", "a trace file here or by --trace FILE");
    }
    if (trace != NULL && access(scenario->trace.file, R_OK) != 0) {
        char where[512];
        sim_document_where(rules->document, trace, NULL, where, sizeof where);
        return data_problem_set(rules->problem, HB_ERR_FORMAT,
            "%s: trace \"%s\": expected a readable file", where, scenario->trace.file);
    }
    return HB_OK;
}

static enum hb_status start_is_a_day(const struct rules *rules)
{
    static const int days[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const struct sim_element *world = nth(rules, "world", 0);
    char value[64];
    int year = 0, month = 1, day = 1;
    if (world == NULL || !sim_element_attribute(world, "start", value, sizeof value)) {
        return HB_OK;
    }
    sscanf(value, "%d-%d-%d", &year, &month, &day);
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > days[month - 1] || (month == 2 && day == 29 && !is_leap)) {
        return complain(rules, world, "start", NULL);
    }
    return HB_OK;
}

static enum hb_status cities_exist(const struct rules *rules)
{
    const struct sim_scenario_world *world = &rules->scenario->world;
    struct data_cities *cities = NULL;
    struct data_problem why = { .text = "" };
    if (world->city_count == 0) {
        return HB_OK;
    }
    enum hb_status status = data_cities_create(rules->problem, &cities);
    for (size_t i = 0; i < world->city_count && status == HB_OK; i++) {
        const struct sim_scenario_city *city = &world->cities[i];
        const struct data_city *found = NULL;
        struct data_city_query query = { .name = city->name,
            .country = city->country[0] != '\0' ? city->country : NULL,
            .admin = city->admin[0] != '\0' ? city->admin : NULL };
        status = data_cities_find(cities, &query, &why, &found);
        if (status == HB_ERR_NOT_FOUND || status == HB_ERR_RANGE) {
            status = data_problem_set(rules->problem, HB_ERR_FORMAT, "%s: %s", city->at, why.text);
        }
    }
    data_cities_free(cities);
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

static enum hb_status cities_stand_once(const struct rules *rules)
{
    const struct sim_scenario_world *world = &rules->scenario->world;
    for (size_t i = 0; i < world->city_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(world->cities[i].name, world->cities[k].name) == 0
                && strcmp(world->cities[i].country, world->cities[k].country) == 0
                && strcmp(world->cities[i].admin, world->cities[k].admin) == 0) {
                return complain(rules, nth(rules, "city", i), "name",
                    "a city that is not in the world yet");
            }
        }
    }
    return HB_OK;
}

static enum hb_status corridors_join_two_cities(const struct rules *rules)
{
    const struct sim_scenario_world *world = &rules->scenario->world;
    for (size_t i = 0; i < world->corridor_count; i++) {
        const struct sim_element *element = nth(rules, "corridor", i);
        if (!is_city(world, world->corridors[i].from)) {
            return complain(rules, element, "from", "the name of a city of this world");
        }
        if (!is_city(world, world->corridors[i].to)) {
            return complain(rules, element, "to", "the name of a city of this world");
        }
        if (strcmp(world->corridors[i].from, world->corridors[i].to) == 0) {
            return complain(rules, element, "to", "another city than from");
        }
    }
    return HB_OK;
}

static enum hb_status power_ascends(const struct rules *rules)
{
    const struct sim_scenario_sites *sites = &rules->scenario->sites;
    const struct sim_scenario_prices *prices = &rules->scenario->prices;
    const double watts[] = { sites->off_w, sites->standby_w, sites->idle_w, sites->busy_w };
    const double hours[] = { prices->off_hour, prices->standby_hour, prices->idle_hour,
        prices->busy_hour };
    static const char *const watt_names[] = { "off_w", "standby_w", "idle_w", "busy_w" };
    static const char *const hour_names[]
        = { "off_hour", "standby_hour", "idle_hour", "busy_hour" };
    for (size_t i = 1; i < 4; i++) {
        if (watts[i] < watts[i - 1]) {
            return complain(rules, nth(rules, "sites", 0), watt_names[i],
                "off_w <= standby_w <= idle_w <= busy_w");
        }
        if (hours[i] < hours[i - 1]) {
            return complain(rules, nth(rules, "prices", 0), hour_names[i],
                "off_hour <= standby_hour <= idle_hour <= busy_hour");
        }
    }
    return HB_OK;
}

static enum hb_status state_can_be_copied(const struct rules *rules)
{
    const struct sim_scenario *scenario = rules->scenario;
    const struct sim_element *service = nth(rules, "service", 0);
    if (scenario->service.working_set_mb > scenario->service.state_mb) {
        return complain(rules, service, "working_set_mb", "at most state_mb");
    }
    if (scenario->service.dirty_mb_s >= scenario->sites.size.link_mb_s) {
        return complain(rules, service, "dirty_mb_s",
            "less than link_mb_s of the sites: else no copy ever ends");
    }
    for (size_t i = 0; i < scenario->sites.group_count; i++) {
        const struct sim_scenario_site *group = &scenario->sites.groups[i];
        if (scenario->service.dirty_mb_s >= group->size.link_mb_s) {
            return data_problem_set(rules->problem, HB_ERR_FORMAT,
                "%s: link_mb_s=\"%g\": expected more than dirty_mb_s of the service: else no copy "
                "ever ends",
                group->at, group->size.link_mb_s);
        }
    }
    return HB_OK;
}

static enum hb_status files_are_readable(const struct rules *rules)
{
    const struct sim_scenario_network *network = &rules->scenario->network;
    const struct sim_element *element = nth(rules, "network", 0);
    const char *const files[] = { network->matrix, network->matrix_nodes };
    static const char *const names[] = { "matrix", "matrix_nodes" };
    for (size_t i = 0; i < 2; i++) {
        if (files[i][0] == '\0' && files[1 - i][0] != '\0') {
            return complain(rules, element, names[i], "a file: matrix and matrix_nodes together");
        }
    }
    for (size_t i = 0; i < 2; i++) {
        if (files[i][0] != '\0' && access(files[i], R_OK) != 0) {
            return complain(rules, element, names[i], "a readable file");
        }
    }
    return HB_OK;
}

static enum hb_status topology_is_whole(const struct rules *rules)
{
    const struct sim_scenario_topology *topology = &rules->scenario->topology;
    const struct sim_element *element = nth(rules, "topology", 0);
    if (!rules->scenario->has_topology) {
        return HB_OK;
    }
    bool has_file = topology->kind == SIM_TOPO_AS_REL || topology->kind == SIM_TOPO_NETMAP;
    if (has_file && topology->file[0] == '\0') {
        return complain(rules, element, "file",
            "the network's file, here or by --set topology.file=FILE (from the scenario's folder)");
    }
    if (has_file && access(topology->file, R_OK) != 0) {
        return complain(rules, element, "file",
            "a readable file (from the scenario's folder, if it does not start with /)");
    }
    if (topology->countries[0] != '\0' && access(topology->countries, R_OK) != 0) {
        return complain(rules, element, "countries", "a readable file");
    }
    if (topology->kind == SIM_TOPO_MATRIX && rules->scenario->network.matrix[0] == '\0') {
        return complain(rules, element, "kind", "another kind, or a matrix of the network");
    }
    bool is_generated = topology->kind == SIM_TOPO_GENERATED;
    if (is_generated && topology->shape == SIM_TOPO_CLIQUE && topology->ases > clique_ases_max) {
        return complain(rules, element, "ases", "at most 64 in a clique");
    }
    if (is_generated && topology->shape == SIM_TOPO_RING && topology->ases > ring_ases_max) {
        return complain(rules, element, "ases", "at most 1000 in a ring");
    }
    return HB_OK;
}

static enum hb_status there_are_sites(const struct rules *rules)
{
    if (rules->scenario->sites.group_count == 0) {
        return complain(rules, nth(rules, "sites", 0), NULL, "inside: cloud, edge, site or cells");
    }
    return HB_OK;
}

static uint32_t predictor_index(const struct sim_scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->predictor_count; i++) {
        if (strcmp(scenario->predictors[i].name, name) == 0) {
            return (uint32_t)i;
        }
    }
    return SIM_SCENARIO_ABSENT;
}

static enum hb_status policies_are_whole(const struct rules *rules)
{
    struct sim_scenario *scenario = rules->scenario;
    for (size_t i = 0; i < scenario->policy_count; i++) {
        struct sim_scenario_policy *policy = &scenario->policies[i];
        const struct sim_element *element = nth(rules, "policy", i);
        const char *field = NULL;
        policy->predictor_index = predictor_index(scenario, policy->predictor);
        if (policy->predictor[0] != '\0' && policy->predictor_index == SIM_SCENARIO_ABSENT) {
            return complain(rules, element, "predictor", "the name of a predictor element");
        }
        if (policy->set.kind == HB_POLICY_PREDICTIVE
            && policy->predictor_index == SIM_SCENARIO_ABSENT) {
            return complain(rules, element, "predictor",
                "the name of a predictor: this kind asks one");
        }
        if (policy->predictor_index != SIM_SCENARIO_ABSENT
            && !hb_policy_is_forecasting(&policy->set)) {
            return complain(rules, element, "predictor", "none: this kind does not ask one");
        }
        if (hb_policy_check(&policy->set, &field) != HB_OK) {
            bool is_timeout = strcmp(field, "probe_timeout_s") == 0;
            return complain(rules, element, field,
                is_timeout ? "at most probe_interval_s" : "a value within the policy's bounds");
        }
    }
    return HB_OK;
}

/* One place or all, one instant or a rate; a site's name is looked up when the sites are known. */
static enum hb_status failures_are_whole(const struct rules *rules)
{
    for (size_t i = 0; i < rules->scenario->failure_count; i++) {
        const struct sim_scenario_failure *failure = &rules->scenario->failures[i];
        const struct sim_element *element = nth(rules, "failure", i);
        bool has_lat = sim_scenario_is_given(failure->lat_deg);
        if (has_lat != sim_scenario_is_given(failure->lon_deg)) {
            return complain(rules, element, has_lat ? "lon_deg" : "lat_deg",
                "both lat_deg and lon_deg");
        }
        if (has_lat && failure->site[0] != '\0') {
            return complain(rules, element, "site", "either a site or lat_deg and lon_deg");
        }
        if (sim_scenario_is_given(failure->at_h) == sim_scenario_is_given(failure->mtbf_h)) {
            return complain(rules, element, "at_h", "either at_h or mtbf_h");
        }
    }
    return HB_OK;
}

/* Every value of the sweep must be one that the attribute may have: each is
 * tried, as if the author had written it there. */
static enum hb_status try_value(const struct rules *rules, const struct sim_field_group *group,
    const struct sim_field *field, double value)
{
    const struct sim_element *root = sim_document_root(rules->document), *at = NULL;
    struct data_problem why = { .text = "" };
    char text[64], was[64];
    snprintf(text, sizeof text, "%.10g", value);
    at = sim_element_below(root, group->element, NULL);
    if (at == NULL) {
        return complain(rules, nth(rules, "sweep", 0), "parameter",
            "an attribute of an element of this scenario");
    }
    bool was_given = sim_element_attribute(at, field->name, was, sizeof was);
    enum hb_status status = sim_element_change(at, field->name, text);
    if (status == HB_OK && sim_schema_check(rules->document, &why) != HB_OK) {
        const char *expected = strstr(why.text, "expected");
        status = complain(rules, nth(rules, "sweep", 0), "values",
            expected != NULL ? expected + strlen("expected ") : "values of that attribute");
    }
    enum hb_status restored = sim_element_change(at, field->name, was_given ? was : NULL);
    return status != HB_OK ? status : restored;
}

/* What may change from setting to setting while world and sites stay. */
static bool is_swept(const char *element)
{
    static const char *const names[]
        = { "service", "network", "topology", "prices", "consent", "predictor", "policy" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(element, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum hb_status sweep_is_possible(const struct rules *rules)
{
    const struct sim_scenario_sweep *sweep = &rules->scenario->sweep;
    const struct sim_field_group *group = NULL;
    if (sweep->parameter[0] == '\0') {
        return HB_OK;
    }
    const struct sim_field *field = sim_field_find(sweep->parameter, &group);
    const struct sim_element *element = nth(rules, "sweep", 0);
    if (field == NULL) {
        return complain(rules, element, "parameter", "ELEMENT.ATTRIBUTE of a number");
    }
    if (!is_swept(group->element)) {
        return complain(rules, element, "parameter",
            "an attribute of service, network, topology, prices, consent, predictor or policy");
    }
    enum hb_status status = HB_OK;
    for (uint32_t i = 0; i < sweep->value_count && status == HB_OK; i++) {
        status = try_value(rules, group, field, sweep->values[i]);
    }
    return status;
}

enum hb_status sim_rules_check(struct sim_document *document, struct sim_scenario *scenario,
    struct data_problem *problem)
{
    static rule_fn *const all[] = { people_come_from_one_source, start_is_a_day, cities_stand_once,
        cities_exist, corridors_join_two_cities, there_are_sites, files_are_readable,
        topology_is_whole,
        power_ascends,
        state_can_be_copied, policies_are_whole, failures_are_whole, sweep_is_possible };
    const struct rules rules = { document, scenario, problem };
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && status == HB_OK; i++) {
        status = all[i](&rules);
    }
    return status;
}
