/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_ELEMENT_H
#define SIM_RUN_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

/* One element of a sim_document; lives as long as the document. */
struct sim_element;

/* The next child element after previous (NULL: the first) of that name (NULL: any). */
const struct sim_element *sim_element_child(const struct sim_element *parent, const char *name,
    const struct sim_element *previous);

/* NULL at the root. */
const struct sim_element *sim_element_parent(const struct sim_element *element);

/* The next element of that name below root, in the order of the text, after previous. */
const struct sim_element *sim_element_below(const struct sim_element *root, const char *name,
    const struct sim_element *previous);

const char *sim_element_name(const struct sim_element *element);

/* Copies the attribute's value; false, and an empty string, if there is none
 * or it does not fit. */
bool sim_element_attribute(const struct sim_element *element, const char *name, char *value,
    size_t value_bytes);

/* Sets an attribute (NULL: removes it), as --set does. HB_ERR_MEMORY. */
enum hb_status sim_element_change(const struct sim_element *element, const char *name,
    const char *value);

/* Adds an empty child at the end. HB_ERR_MEMORY. */
enum hb_status sim_element_add(const struct sim_element *parent, const char *name);

/* The element's own text, white space trimmed and folded. */
void sim_element_words(const struct sim_element *element, char *words, size_t words_bytes);

#endif
