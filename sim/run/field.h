/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_FIELD_H
#define SIM_RUN_FIELD_H

#include "sim/run/document.h"
#include "sim/run/scenario.h"

/* What an attribute becomes. TEXT and FILE are arrays of SIM_SCENARIO_TEXT and
 * _FILE bytes; CHOICE is the index in `choices`; LIST is up to `most` doubles
 * and, where count_offset is not 0, their number. */
enum sim_field_type {
    SIM_FIELD_REAL,
    SIM_FIELD_COUNT,
    SIM_FIELD_SEED,
    SIM_FIELD_FLAG,
    SIM_FIELD_CHOICE,
    SIM_FIELD_TEXT,
    SIM_FIELD_FILE,
    SIM_FIELD_INSTANT,
    SIM_FIELD_LIST
};

struct sim_field {
    const char *name; /* of the attribute and of the member */
    enum sim_field_type type;
    uint32_t most;
    size_t offset, count_offset;
    const char *choices; /* "gravity radiation" */
};

/* An element, its attributes and where a scenario holds them: offset of the
 * struct itself, or (is_list) of the pointer to the array, then count_offset. */
struct sim_field_group {
    const char *element;
    const struct sim_field *fields;
    size_t field_count;
    size_t offset, count_offset, bytes;
    size_t at_offset, at_is_kept; /* of the member `at` */
    bool is_list;
};

#define SIM_FIELD_GROUP_COUNT 22
extern const struct sim_field_group sim_field_groups[SIM_FIELD_GROUP_COUNT];

/* Reads the element's attributes into what they become; folder is that of the
 * scenario, for file names. The schema has checked the values. */
void sim_field_read(const struct sim_field_group *group, const struct sim_document *document,
    const struct sim_element *element, const char *folder, void *out);

/* The number that `element.attribute` names, or NULL with the group unset. */
const struct sim_field *sim_field_find(const char *parameter,
    const struct sim_field_group **group);

/* Sets that number in every element of the group. */
void sim_field_set(const struct sim_field_group *group, const struct sim_field *field,
    struct sim_scenario *scenario, double value);

#endif
