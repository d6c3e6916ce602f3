/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/scenario.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/run/document.h"
#include "sim/run/field.h"
#include "sim/run/rules.h"
#include "sim/run/schema.h"

/* Elements that may be left out: an empty one brings their defaults. */
static const char *const optional_elements[]
    = { "service", "network", "prices", "consent", "predictors", "output" };

static const struct sim_field_group *group_of(const char *element)
{
    for (size_t i = 0; i < SIM_FIELD_GROUP_COUNT; i++) {
        if (strcmp(sim_field_groups[i].element, element) == 0) {
            return &sim_field_groups[i];
        }
    }
    return NULL;
}

static size_t count_below(const struct sim_element *root, const char *name)
{
    size_t count = 0;
    const struct sim_element *element = NULL;
    while ((element = sim_element_below(root, name, element)) != NULL) {
        count++;
    }
    return count;
}

/* Room for all elements of a list; site groups share one list of three kinds. */
static enum hb_status size_lists(const struct sim_element *root, struct sim_scenario *scenario)
{
    size_t groups = count_below(root, "cloud") + count_below(root, "edge")
        + count_below(root, "site") + count_below(root, "cells");
    scenario->world.cities = calloc(count_below(root, "city") + 1, sizeof *scenario->world.cities);
    scenario->world.corridors
        = calloc(count_below(root, "corridor") + 1, sizeof *scenario->world.corridors);
    scenario->network.access
        = calloc(count_below(root, "access") + 1, sizeof *scenario->network.access);
    scenario->topology.changes
        = calloc(count_below(root, "change") + 1, sizeof *scenario->topology.changes);
    scenario->sites.groups = calloc(groups + 1, sizeof *scenario->sites.groups);
    scenario->predictors
        = calloc(count_below(root, "predictor") + 1, sizeof *scenario->predictors);
    scenario->policies = calloc(count_below(root, "policy") + 1, sizeof *scenario->policies);
    scenario->failures = calloc(count_below(root, "failure") + 1, sizeof *scenario->failures);
    bool is_whole = scenario->failures != NULL && scenario->world.cities != NULL
        && scenario->world.corridors != NULL
        && scenario->network.access != NULL && scenario->topology.changes != NULL
        && scenario->sites.groups != NULL
        && scenario->predictors != NULL && scenario->policies != NULL;
    return is_whole ? HB_OK : HB_ERR_MEMORY;
}

static uint32_t site_group(const char *element)
{
    static const char *const names[] = { "cloud", "edge", "site", "cells" };
    uint32_t group = 0;
    while (strcmp(names[group], element) != 0) {
        group++;
    }
    return group;
}

static void read_element(const struct sim_document *document, const struct sim_element *element,
    const char *folder, struct sim_scenario *scenario)
{
    const struct sim_field_group *group = group_of(sim_element_name(element));
    if (group == NULL) {
        return;
    }
    char *to = (char *)scenario + group->offset;
    if (group->is_list) {
        size_t *count = (size_t *)(void *)((char *)scenario + group->count_offset);
        to = *(char **)(void *)to + *count * group->bytes;
        *count += 1;
    }
    sim_field_read(group, document, element, folder, to);
    if (group->offset == offsetof(struct sim_scenario, sites.groups) && group->is_list) {
        ((struct sim_scenario_site *)(void *)to)->group = site_group(sim_element_name(element));
    }
}

static enum hb_status read_texts(const struct sim_document *document,
    struct sim_scenario *scenario)
{
    const struct sim_element *root = sim_document_root(document);
    const struct sim_element *description = sim_element_child(root, "description", NULL);
    scenario->description = calloc(1, 4096);
    scenario->text = strdup(sim_document_text(document));
    if (scenario->description == NULL || scenario->text == NULL) {
        return HB_ERR_MEMORY;
    }
    if (description != NULL) {
        sim_element_words(description, scenario->description, 4096);
    }
    return HB_OK;
}

static void folder_of(const char *path, char *folder, size_t folder_bytes)
{
    const char *slash = strrchr(path, '/');
    int length = slash != NULL ? (int)(slash - path) + 1 : 0;
    snprintf(folder, folder_bytes, "%.*s", length, path);
}

/* Fills *scenario from a document that the schema has accepted. */
static enum hb_status read_all(const struct sim_document *document, const char *path,
    struct sim_scenario *scenario)
{
    const struct sim_element *root = sim_document_root(document), *element = NULL;
    char folder[SIM_SCENARIO_FILE];
    folder_of(path, folder, sizeof folder);
    enum hb_status status = size_lists(root, scenario);
    if (status == HB_OK) {
        status = read_texts(document, scenario);
    }
    if (status != HB_OK) {
        return status;
    }
    read_element(document, root, folder, scenario);
    while ((element = sim_element_below(root, NULL, element)) != NULL) {
        read_element(document, element, folder, scenario);
    }
    scenario->has_topology = sim_element_child(root, "topology", NULL) != NULL;
    scenario->has_world = sim_element_child(root, "world", NULL) != NULL;
    if (scenario->sweep.value_count == 0) {
        scenario->sweep.value_count = 1;
    }
    return HB_OK;
}

/* One --set: changes the attribute in every element that it names. */
static enum hb_status change_one(const struct sim_document *document, const char *text,
    struct data_problem *problem)
{
    char element[64], name[64] = "", attribute[64];
    const struct sim_element *root = sim_document_root(document), *at = NULL;
    const char *value = strchr(text, '=');
    bool is_named = sscanf(text, "%63[a-z_]:%63[^.=].%63[a-z0-9_]=", element, name, attribute) == 3;
    if (value == NULL
        || (!is_named && sscanf(text, "%63[a-z_].%63[a-z0-9_]=", element, attribute) != 2)) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "--set \"%s\": expected ELEMENT.ATTRIBUTE=VALUE or ELEMENT:NAME.ATTRIBUTE=VALUE", text);
    }
    size_t changed = 0;
    enum hb_status status = HB_OK;
    bool is_root = strcmp(element, sim_element_name(root)) == 0;
    at = is_root ? root : sim_element_below(root, element, NULL);
    for (; at != NULL && status == HB_OK;
         at = is_root ? NULL : sim_element_below(root, element, at)) {
        char found[64];
        (void)sim_element_attribute(at, "name", found, sizeof found);
        if (!is_named || strcmp(found, name) == 0) {
            status = sim_element_change(at, attribute, value + 1);
            changed++;
        }
    }
    if (status == HB_OK && changed == 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "--set \"%s\": no such element: expected one of the scenario", text);
    }
    return status;
}

static enum hb_status prepare(struct sim_document *document,
    const struct sim_scenario_source *source, struct data_problem *problem)
{
    const struct sim_element *root = sim_document_root(document);
    enum hb_status status = HB_OK;
    size_t count = sizeof optional_elements / sizeof optional_elements[0];
    for (size_t i = 0; i < count && status == HB_OK; i++) {
        if (sim_element_child(root, optional_elements[i], NULL) == NULL) {
            status = sim_element_add(root, optional_elements[i]);
        }
    }
    for (size_t i = 0; i < source->change_count && status == HB_OK; i++) {
        status = change_one(document, source->changes[i].text, problem);
    }
    if (status == HB_OK && source->change_count > 0) {
        status = sim_document_note_text(document);
    }
    return status == HB_OK ? sim_schema_check(document, problem) : status;
}

static enum hb_status load(const struct sim_scenario_source *source, struct sim_document *document,
    struct sim_scenario *scenario, struct data_problem *problem)
{
    enum hb_status status = prepare(document, source, problem);
    if (status == HB_OK) {
        status = read_all(document, source->path, scenario);
    }
    if (status == HB_OK && source->trace != NULL) {
        snprintf(scenario->trace.file, sizeof scenario->trace.file, "%s", source->trace);
    }
    if (status == HB_OK) {
        status = sim_rules_check(document, scenario, problem);
    }
    return status;
}

enum hb_status sim_scenario_load(const struct sim_scenario_source *source,
    struct sim_scenario **out, struct data_problem *problem)
{
    struct sim_document *document = NULL;
    enum hb_status status = sim_document_load(source->path, &document, problem);
    if (status != HB_OK) {
        return status;
    }
    struct sim_scenario *scenario = calloc(1, sizeof *scenario);
    status = scenario != NULL ? load(source, document, scenario, problem) : HB_ERR_MEMORY;
    sim_document_free(document);
    if (status != HB_OK) {
        if (problem->text[0] == '\0') {
            data_problem_set(problem, status, "%s: %s", source->path, hb_status_text(status));
        }
        sim_scenario_free(scenario);
        return status;
    }
    *out = scenario;
    return HB_OK;
}

void sim_scenario_free(struct sim_scenario *scenario)
{
    if (scenario == NULL) {
        return;
    }
    free(scenario->failures);
    free(scenario->policies);
    free(scenario->predictors);
    free(scenario->sites.groups);
    free(scenario->topology.changes);
    free(scenario->network.access);
    free(scenario->world.corridors);
    free(scenario->world.cities);
    free(scenario->text);
    free(scenario->description);
    free(scenario);
}

void sim_scenario_apply(struct sim_scenario *scenario, uint32_t setting)
{
    assert(setting < scenario->sweep.value_count);
    const struct sim_field_group *group = NULL;
    const struct sim_field *field = sim_field_find(scenario->sweep.parameter, &group);
    if (field != NULL) {
        sim_field_set(group, field, scenario, scenario->sweep.values[setting]);
    }
}
