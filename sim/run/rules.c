/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/rules_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/net/topo/topo.h"
#include "sim/run/rules.h"
#include "sim/run/schema.h"

static const uint32_t clique_ases_max = 64; /* a clique explores all its paths */
static const uint32_t ring_ases_max = 1000; /* paths of a ring are as long as half of it */

enum hb_status sim_rules_complain(const struct sim_rules *rules, const struct sim_element *element,
    const char *attribute, const char *words)
{
    sim_schema_complain(rules->document, element, attribute, words, rules->problem);
    return HB_ERR_FORMAT;
}

const struct sim_element *sim_rules_nth(const struct sim_rules *rules, const char *name,
    size_t index)
{
    const struct sim_element *root = sim_document_root(rules->document), *at = NULL;
    for (size_t i = 0; i <= index; i++) {
        at = sim_element_below(root, name, at);
    }
    return at;
}

static enum hb_status power_ascends(const struct sim_rules *rules)
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
            return sim_rules_complain(rules, sim_rules_nth(rules, "sites", 0), watt_names[i],
                "off_w <= standby_w <= idle_w <= busy_w");
        }
        if (hours[i] < hours[i - 1]) {
            return sim_rules_complain(rules, sim_rules_nth(rules, "prices", 0), hour_names[i],
                "off_hour <= standby_hour <= idle_hour <= busy_hour");
        }
    }
    return HB_OK;
}

static enum hb_status state_can_be_copied(const struct sim_rules *rules)
{
    const struct sim_scenario *scenario = rules->scenario;
    const struct sim_element *service = sim_rules_nth(rules, "service", 0);
    if (scenario->service.working_set_mb > scenario->service.state_mb) {
        return sim_rules_complain(rules, service, "working_set_mb", "at most state_mb");
    }
    if (scenario->service.dirty_mb_s >= scenario->sites.size.link_mb_s) {
        return sim_rules_complain(rules, service, "dirty_mb_s",
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

static enum hb_status files_are_readable(const struct sim_rules *rules)
{
    const struct sim_scenario_network *network = &rules->scenario->network;
    const struct sim_element *element = sim_rules_nth(rules, "network", 0);
    const char *const files[] = { network->matrix, network->matrix_nodes };
    static const char *const names[] = { "matrix", "matrix_nodes" };
    for (size_t i = 0; i < 2; i++) {
        if (files[i][0] == '\0' && files[1 - i][0] != '\0') {
            return sim_rules_complain(rules, element, names[i],
                "a file: matrix and matrix_nodes together");
        }
    }
    for (size_t i = 0; i < 2; i++) {
        if (files[i][0] != '\0' && access(files[i], R_OK) != 0) {
            return sim_rules_complain(rules, element, names[i], "a readable file");
        }
    }
    return HB_OK;
}

static enum hb_status topology_is_whole(const struct sim_rules *rules)
{
    const struct sim_scenario_topology *topology = &rules->scenario->topology;
    const struct sim_element *element = sim_rules_nth(rules, "topology", 0);
    if (!rules->scenario->has_topology) {
        return HB_OK;
    }
    bool has_file = topology->kind == SIM_TOPO_AS_REL || topology->kind == SIM_TOPO_NETMAP;
    if (has_file && topology->file[0] == '\0') {
        return sim_rules_complain(rules, element, "file",
            "the network's file, here or by --set topology.file=FILE (from the scenario's folder)");
    }
    if (has_file && access(topology->file, R_OK) != 0) {
        return sim_rules_complain(rules, element, "file",
            "a readable file (from the scenario's folder, if it does not start with /)");
    }
    if (topology->countries[0] != '\0' && access(topology->countries, R_OK) != 0) {
        return sim_rules_complain(rules, element, "countries", "a readable file");
    }
    if (topology->kind == SIM_TOPO_MATRIX && rules->scenario->network.matrix[0] == '\0') {
        return sim_rules_complain(rules, element, "kind",
            "another kind, or a matrix of the network");
    }
    bool is_generated = topology->kind == SIM_TOPO_GENERATED;
    if (is_generated && topology->shape == SIM_TOPO_CLIQUE && topology->ases > clique_ases_max) {
        return sim_rules_complain(rules, element, "ases", "at most 64 in a clique");
    }
    if (is_generated && topology->shape == SIM_TOPO_RING && topology->ases > ring_ases_max) {
        return sim_rules_complain(rules, element, "ases", "at most 1000 in a ring");
    }
    return HB_OK;
}

static enum hb_status there_are_sites(const struct sim_rules *rules)
{
    if (rules->scenario->sites.group_count == 0) {
        return sim_rules_complain(rules, sim_rules_nth(rules, "sites", 0), NULL,
            "inside: cloud, edge, site or cells");
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

static enum hb_status policies_are_whole(const struct sim_rules *rules)
{
    struct sim_scenario *scenario = rules->scenario;
    for (size_t i = 0; i < scenario->policy_count; i++) {
        struct sim_scenario_policy *policy = &scenario->policies[i];
        const struct sim_element *element = sim_rules_nth(rules, "policy", i);
        const char *field = NULL;
        policy->predictor_index = predictor_index(scenario, policy->predictor);
        if (policy->predictor[0] != '\0' && policy->predictor_index == SIM_SCENARIO_ABSENT) {
            return sim_rules_complain(rules, element, "predictor",
                "the name of a predictor element");
        }
        if (policy->set.kind == HB_POLICY_PREDICTIVE
            && policy->predictor_index == SIM_SCENARIO_ABSENT) {
            return sim_rules_complain(rules, element, "predictor",
                "the name of a predictor: this kind asks one");
        }
        if (policy->predictor_index != SIM_SCENARIO_ABSENT
            && !hb_policy_is_forecasting(&policy->set)) {
            return sim_rules_complain(rules, element, "predictor",
                "none: this kind does not ask one");
        }
        if (hb_policy_check(&policy->set, &field) != HB_OK) {
            bool is_timeout = strcmp(field, "probe_timeout_s") == 0;
            bool is_backup = strcmp(field, "backup") == 0;
            return sim_rules_complain(rules, element, field,
                is_timeout      ? "at most probe_interval_s"
                    : is_backup ? "no: a static policy has one endpoint"
                                : "a value within the policy's bounds");
        }
    }
    return HB_OK;
}

/* One place or all, one instant or a rate; a site's name is looked up when the sites are known. */
static enum hb_status failures_are_whole(const struct sim_rules *rules)
{
    for (size_t i = 0; i < rules->scenario->failure_count; i++) {
        const struct sim_scenario_failure *failure = &rules->scenario->failures[i];
        const struct sim_element *element = sim_rules_nth(rules, "failure", i);
        bool has_lat = sim_scenario_is_given(failure->lat_deg);
        if (has_lat != sim_scenario_is_given(failure->lon_deg)) {
            return sim_rules_complain(rules, element, has_lat ? "lon_deg" : "lat_deg",
                "both lat_deg and lon_deg");
        }
        if (has_lat && failure->site[0] != '\0') {
            return sim_rules_complain(rules, element, "site",
                "either a site or lat_deg and lon_deg");
        }
        if (sim_scenario_is_given(failure->at_h) == sim_scenario_is_given(failure->mtbf_h)) {
            return sim_rules_complain(rules, element, "at_h", "either at_h or mtbf_h");
        }
    }
    return HB_OK;
}

/* A client waits for no more than so many answers at a time: sim/run/ask.c has room for them. */
static enum hb_status answers_come_in_time(const struct sim_rules *rules)
{
    const struct sim_scenario *scenario = rules->scenario;
    for (size_t i = 0; i < scenario->policy_count; i++) {
        const struct sim_scenario_policy *policy = &scenario->policies[i];
        if (policy->predictor_index == SIM_SCENARIO_ABSENT) {
            continue;
        }
        const struct sim_scenario_predictor *predictor
            = &scenario->predictors[policy->predictor_index];
        double wait_s = predictor->latency_s + predictor->batch_s;
        if (wait_s > SIM_SCENARIO_ANSWERS_MAX * policy->set.interval_s) {
            return sim_rules_complain(rules,
                sim_rules_nth(rules, "predictor", policy->predictor_index),
                predictor->latency_s >= predictor->batch_s ? "latency_s" : "batch_s",
                "latency_s and batch_s together at most 64 times the interval_s of a policy that "
                "asks");
        }
    }
    return HB_OK;
}

/* A command that is given up before it can be done is given again and again. */
static enum hb_status commands_are_awaited(const struct sim_rules *rules)
{
    const struct sim_scenario *scenario = rules->scenario;
    double update_s = scenario->network.update_delay_s + scenario->network.publish_s;
    for (size_t i = 0; i < scenario->policy_count; i++) {
        const struct sim_scenario_policy *policy = &scenario->policies[i];
        if (policy->set.dns_timeout_s <= update_s) {
            return sim_rules_complain(rules, sim_rules_nth(rules, "policy", i), "dns_timeout_s",
                "more than update_delay_s and publish_s of the network: else no update is ever "
                "done");
        }
        if (policy->set.fence_timeout_s <= scenario->service.fence_s) {
            return sim_rules_complain(rules, sim_rules_nth(rules, "policy", i), "fence_timeout_s",
                "more than fence_s of the service: else no fence ever holds");
        }
    }
    return HB_OK;
}

static enum hb_status follow(const struct sim_rules *rules, sim_rules_fn *const *all, size_t count)
{
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < count && status == HB_OK; i++) {
        status = all[i](rules);
    }
    return status;
}

static enum hb_status policies_are_not_too_many(const struct sim_rules *rules)
{
    if (rules->scenario->policy_count > SIM_SCENARIO_POLICIES_MAX) {
        return sim_rules_complain(rules,
            sim_rules_nth(rules, "policy", SIM_SCENARIO_POLICIES_MAX), "name",
            "at most 64 policies");
    }
    return HB_OK;
}

enum hb_status sim_rules_setting(const struct sim_rules *rules)
{
    static sim_rules_fn *const all[] = { topology_is_whole, power_ascends, state_can_be_copied,
        policies_are_whole, answers_come_in_time,
        commands_are_awaited };
    return follow(rules, all, sizeof all / sizeof all[0]);
}

enum hb_status sim_rules_check(struct sim_document *document, struct sim_scenario *scenario,
    struct data_problem *problem)
{
    static sim_rules_fn *const all[] = { sim_rules_world, there_are_sites, files_are_readable,
        policies_are_not_too_many,
        sim_rules_setting, failures_are_whole, sim_rules_sweep };
    const struct sim_rules rules = { document, scenario, problem };
    return follow(&rules, all, sizeof all / sizeof all[0]);
}
