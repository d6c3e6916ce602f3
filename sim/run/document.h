/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_DOCUMENT_H
#define SIM_RUN_DOCUMENT_H

#include <stddef.h>

#include "data/problem.h"
#include "sim/run/element.h"

/* XML files, read defensively: local files only, at most 1 MiB each, XInclude
 * at most 32 files, no document type declaration and so no entities. */
struct sim_document;

/* Parses the file and what it includes. HB_ERR_IO, HB_ERR_FORMAT,
 * HB_ERR_MEMORY with *problem filled. */
enum hb_status sim_document_load(const char *path, struct sim_document **out,
    struct data_problem *problem);

/* Parses text that the program itself holds. HB_ERR_FORMAT, HB_ERR_MEMORY. */
enum hb_status sim_document_parse(const char *text, const char *name, struct sim_document **out);
void sim_document_free(struct sim_document *document);

/* What a schema validator found first: the element, the attribute (empty if
 * none) and the library's own words, from which sim/run/schema.c makes ours. */
struct sim_finding {
    const struct sim_element *element;
    char attribute[64];
    char message[512];
};

/* Validates against the XML Schema in schema_text and inserts its default
 * attributes. HB_ERR_FORMAT: *finding filled. HB_ERR_MEMORY. */
enum hb_status sim_document_validate(struct sim_document *document, const char *schema_text,
    struct sim_finding *finding);

/* Version of the library that reads: "2.9.14". */
const char *sim_document_library(void);

const struct sim_element *sim_document_root(const struct sim_document *document);

/* The document as text, includes resolved, before any default was inserted;
 * lives as long as the document. sim_document_note_text takes it anew, after
 * changes. HB_ERR_MEMORY. */
enum hb_status sim_document_note_text(struct sim_document *document);
const char *sim_document_text(const struct sim_document *document);

/* Where an attribute (NULL: the element) stands: the file as the user named
 * it or as it was included, and the line, for `file:line: `. */
void sim_document_where(const struct sim_document *document, const struct sim_element *element,
    const char *attribute, char *where, size_t where_bytes);

#endif
