/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_SCHEMA_H
#define SIM_RUN_SCHEMA_H

#include <stdio.h>

#include "sim/run/document.h"

/* The shipped schema (scenarios/scenario.xsd), as text. */
extern const char sim_schema_text[];

/* Validates a scenario against the shipped schema and fills in its defaults.
 * HB_ERR_FORMAT: problem says `file:line: attribute="found": expected ...` in the
 * words of the schema's own documentation. HB_ERR_MEMORY. */
enum hb_status sim_schema_check(struct sim_document *document, struct data_problem *problem);

/* Writes `file:line: attribute="found": expected words` for a rule that the
 * schema cannot state; words NULL: those of the attribute's type. */
void sim_schema_complain(const struct sim_document *document, const struct sim_element *element,
    const char *attribute, const char *words, struct data_problem *problem);

/* The author's reference: every element and attribute with meaning, unit,
 * default and source; only one element's if name is not NULL.
 * HB_ERR_NOT_FOUND, HB_ERR_MEMORY. */
enum hb_status sim_schema_print(FILE *out, const char *name);

#endif
