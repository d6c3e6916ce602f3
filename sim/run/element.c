/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The elements of a document; with sim/run/document.c the owner of libxml2. */
#include "sim/run/element.h"

#include <libxml/tree.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const xmlNode *node_of(const struct sim_element *element)
{
    return (const xmlNode *)(const void *)element;
}

static const struct sim_element *element_of(const xmlNode *node)
{
    return (const struct sim_element *)(const void *)node;
}

static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE
        && (name == NULL || strcmp((const char *)node->name, name) == 0);
}

const struct sim_element *sim_element_child(const struct sim_element *parent, const char *name,
    const struct sim_element *previous)
{
    const xmlNode *node = previous != NULL ? node_of(previous)->next : node_of(parent)->children;
    while (node != NULL && !is_element(node, name)) {
        node = node->next;
    }
    return element_of(node);
}

const struct sim_element *sim_element_parent(const struct sim_element *element)
{
    const xmlNode *parent = node_of(element)->parent;
    return parent != NULL && parent->type == XML_ELEMENT_NODE ? element_of(parent) : NULL;
}

static const xmlNode *following(const xmlNode *node, const xmlNode *root)
{
    if (node->children != NULL && node->type == XML_ELEMENT_NODE) {
        return node->children;
    }
    while (node != root && node->next == NULL) {
        node = node->parent;
    }
    return node == root ? NULL : node->next;
}

const struct sim_element *sim_element_below(const struct sim_element *root, const char *name,
    const struct sim_element *previous)
{
    const xmlNode *node = following(node_of(previous != NULL ? previous : root), node_of(root));
    while (node != NULL && !is_element(node, name)) {
        node = following(node, node_of(root));
    }
    return element_of(node);
}

const char *sim_element_name(const struct sim_element *element)
{
    return (const char *)node_of(element)->name;
}

bool sim_element_attribute(const struct sim_element *element, const char *name, char *value,
    size_t value_bytes)
{
    xmlChar *text = xmlGetNoNsProp(node_of(element), BAD_CAST name);
    int length = text != NULL ? snprintf(value, value_bytes, "%s", (const char *)text) : -1;
    xmlFree(text);
    if (length < 0 || (size_t)length >= value_bytes) {
        value[0] = '\0';
        return false;
    }
    return true;
}

/* Elements are const to their readers; the document itself is the caller's to change. */
static xmlNode *changeable(const struct sim_element *element)
{
    union {
        const struct sim_element *element;
        xmlNode *node;
    } same = { .element = element };
    return same.node;
}

enum hb_status sim_element_change(const struct sim_element *element, const char *name,
    const char *value)
{
    xmlNode *node = changeable(element);
    if (value == NULL) {
        (void)xmlUnsetProp(node, BAD_CAST name); /* there may be none */
        return HB_OK;
    }
    return xmlSetProp(node, BAD_CAST name, BAD_CAST value) != NULL ? HB_OK : HB_ERR_MEMORY;
}

enum hb_status sim_element_add(const struct sim_element *parent, const char *name)
{
    xmlNode *child = xmlNewChild(changeable(parent), NULL, BAD_CAST name, NULL);
    return child != NULL ? HB_OK : HB_ERR_MEMORY;
}

void sim_element_words(const struct sim_element *element, char *words, size_t words_bytes)
{
    xmlChar *text = xmlNodeGetContent(node_of(element));
    size_t length = 0;
    for (const xmlChar *c = text; c != NULL && *c != '\0' && length + 2 < words_bytes; c++) {
        bool is_gap = isspace(*c) != 0;
        if (is_gap && length > 0 && words[length - 1] != ' ') {
            words[length++] = ' ';
        } else if (!is_gap) {
            words[length++] = (char)*c;
        }
    }
    length -= length > 0 && words[length - 1] == ' ';
    words[length] = '\0';
    xmlFree(text);
}
