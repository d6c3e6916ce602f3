/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/asrel.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/grow.h"
#include "data/whole.h"

#define FILE_BYTES_MAX ((size_t)1 << 30) /* the largest snapshots have some 10^7 */
#define SHOWN_BYTES 40                   /* of a bad line, in the message */

struct reader {
    const char *name;
    struct data_problem *problem;
    struct data_link *links;
    size_t link_count, link_capacity;
    uint32_t line, delay_ns;
};

static enum hb_status refused(const struct reader *reader, const char *at, const char *end)
{
    int shown = end - at > SHOWN_BYTES ? SHOWN_BYTES : (int)(end - at);
    return data_problem_set(reader->problem, HB_ERR_FORMAT,
        "%s:%u: found \"%.*s\": expected <AS>|<AS>|-1 or <AS>|<AS>|0, AS 1..4294967295",
        reader->name, reader->line, shown, at);
}

/* Digits up to '|'; leaves *at behind it. False if there is no such number. */
static bool number_is_read(const char **at, const char *end, uint32_t *out)
{
    const char *c = *at;
    uint64_t value = 0;
    while (c < end && *c >= '0' && *c <= '9' && value <= UINT32_MAX) {
        value = 10 * value + (uint64_t)(*c++ - '0');
    }
    if (c == *at || c == end || *c != '|' || value == 0 || value > UINT32_MAX) {
        return false;
    }
    *at = c + 1;
    *out = (uint32_t)value;
    return true;
}

/* What b is to a; the end of the line or a source follows. */
static bool relation_is_read(const char *at, const char *end, enum data_relation *out)
{
    if (end - at >= 2 && at[0] == '-' && at[1] == '1') {
        *out = DATA_RELATION_CUSTOMER;
        at += 2;
    } else if (end - at >= 1 && at[0] == '0') {
        *out = DATA_RELATION_PEER;
        at += 1;
    } else {
        return false;
    }
    if (at == end) {
        return true;
    }
    if (*at++ != '|' || at == end) {
        return false;
    }
    while (at < end && *at > ' ' && *at < 0x7f && *at != '|') {
        at++;
    }
    return at == end;
}

static enum hb_status link_add(struct reader *reader, const struct data_link *link)
{
    struct data_link *links = data_grow(reader->links, reader->link_count, &reader->link_capacity,
        sizeof *reader->links);
    if (links == NULL) {
        return data_problem_set(reader->problem, HB_ERR_MEMORY, "%s:%u: out of memory",
            reader->name, reader->line);
    }
    reader->links = links;
    reader->links[reader->link_count++] = *link;
    return HB_OK;
}

static enum hb_status line_read(struct reader *reader, const char *start, const char *end)
{
    if (end > start && end[-1] == '\r') {
        end--;
    }
    if (start < end && *start == '#') {
        return HB_OK;
    }
    struct data_link link = { .delay_ns = reader->delay_ns, .line = reader->line };
    const char *at = start;
    if (!number_is_read(&at, end, &link.a) || !number_is_read(&at, end, &link.b)
        || !relation_is_read(at, end, &link.relation)) {
        return refused(reader, start, end);
    }
    return link_add(reader, &link);
}

enum hb_status data_asrel_parse(const char *text, size_t length, const char *name,
    uint32_t delay_ns, struct data_topology **out, struct data_problem *problem)
{
    struct reader reader = { .name = name, .problem = problem, .delay_ns = delay_ns };
    enum hb_status status = HB_OK;
    const char *end = text + length;
    for (const char *at = text; at < end && status == HB_OK;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        reader.line++;
        status = line_read(&reader, at, stop);
        at = stop + 1;
    }
    if (status == HB_OK) {
        status = data_topology_create(reader.links, reader.link_count, name, out, problem);
    }
    free(reader.links);
    return status;
}

enum hb_status data_asrel_load(const char *path, uint32_t delay_ns,
    struct data_topology **out, struct data_problem *problem)
{
    uint8_t *text = NULL;
    size_t length = 0;
    enum hb_status status = data_whole_read(path, FILE_BYTES_MAX, &text, &length, problem);
    if (status != HB_OK) {
        return status;
    }
    status = data_asrel_parse((const char *)text, length, path, delay_ns, out, problem);
    free(text);
    return status;
}
