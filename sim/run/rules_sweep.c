/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every value of a sweep must be one that its attribute may have, alone and with the others: each
 * is tried, as if the author had written it there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/run/field.h"
#include "sim/run/rules_impl.h"
#include "sim/run/schema.h"

/* What is swept: the attribute, and the scenario's values of it. */
struct swept {
    const struct sim_field_group *group;
    const struct sim_field *field;
    char *values; /* the element, or the list of them */
    size_t bytes;
};

static struct swept swept_of(const struct sim_rules *rules, const struct sim_field_group *group,
    const struct sim_field *field)
{
    char *base = (char *)rules->scenario + group->offset;
    struct swept swept = { .group = group, .field = field, .values = base, .bytes = group->bytes };
    if (group->is_list) {
        char *scenario = (char *)rules->scenario;
        swept.bytes *= *(size_t *)(void *)(scenario + group->count_offset);
        swept.values = *(char **)(void *)base;
    }
    return swept;
}

/* Complains of the sweep, where a rule complained of what it sets. */
static enum hb_status blame(const struct sim_rules *rules, const struct data_problem *why)
{
    const char *expected = strstr(why->text, "expected ");
    return sim_rules_complain(rules, sim_rules_nth(rules, "sweep", 0), "values",
        expected != NULL ? expected + strlen("expected ") : "values of that attribute");
}

static enum hb_status try_attribute(const struct sim_rules *rules, const struct swept *swept,
    double value)
{
    const struct sim_element *at
        = sim_element_below(sim_document_root(rules->document), swept->group->element, NULL);
    struct data_problem why = { .text = "" };
    char text[64], was[64];
    snprintf(text, sizeof text, "%.10g", value);
    if (at == NULL) {
        return sim_rules_complain(rules, sim_rules_nth(rules, "sweep", 0), "parameter",
            "an attribute of an element of this scenario");
    }
    bool was_given = sim_element_attribute(at, swept->field->name, was, sizeof was);
    enum hb_status status = sim_element_change(at, swept->field->name, text);
    if (status == HB_OK && sim_schema_check(rules->document, &why) != HB_OK) {
        status = blame(rules, &why);
    }
    enum hb_status restored = sim_element_change(at, swept->field->name, was_given ? was : NULL);
    return status != HB_OK ? status : restored;
}

static enum hb_status try_setting(const struct sim_rules *rules, const struct swept *swept,
    double value)
{
    struct data_problem why = { .text = "" };
    struct sim_rules tried = { rules->document, rules->scenario, &why };
    char *kept = malloc(swept->bytes);
    if (kept == NULL) {
        return HB_ERR_MEMORY;
    }
    memcpy(kept, swept->values, swept->bytes);
    sim_field_set(swept->group, swept->field, rules->scenario, value);
    enum hb_status status = sim_rules_setting(&tried);
    memcpy(swept->values, kept, swept->bytes);
    free(kept);
    return status == HB_ERR_FORMAT ? blame(rules, &why) : status;
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

enum hb_status sim_rules_sweep(const struct sim_rules *rules)
{
    const struct sim_scenario_sweep *sweep = &rules->scenario->sweep;
    const struct sim_field_group *group = NULL;
    if (sweep->parameter[0] == '\0') {
        return HB_OK;
    }
    const struct sim_field *field = sim_field_find(sweep->parameter, &group);
    const struct sim_element *element = sim_rules_nth(rules, "sweep", 0);
    if (field == NULL) {
        return sim_rules_complain(rules, element, "parameter", "ELEMENT.ATTRIBUTE of a number");
    }
    if (!is_swept(group->element)) {
        return sim_rules_complain(rules, element, "parameter",
            "an attribute of service, network, topology, prices, consent, predictor or policy");
    }
    const struct swept swept = swept_of(rules, group, field);
    enum hb_status status = HB_OK;
    for (uint32_t i = 0; i < sweep->value_count && status == HB_OK; i++) {
        status = try_attribute(rules, &swept, sweep->values[i]);
        status = status == HB_OK ? try_setting(rules, &swept, sweep->values[i]) : status;
    }
    return status;
}
