/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/netmap_build.h"

/* Rocketfuel's maps of one operator: `node node value` a line and direction, the
 * value a latency in ms (.latencies.intra) or an IGP weight (.weights.intra). A
 * node is its city and a number, Darwin,+Australia1837. */
#define WORD_BYTES 256
static const double value_max = 1e6, latency_ms_max = 4000.0;

struct row {
    char a[WORD_BYTES], b[WORD_BYTES];
    double value;
};

static enum hb_status refuse(const struct data_netmap_build *build, uint32_t line,
    const char *text, size_t length)
{
    return data_problem_set(build->problem, HB_ERR_FORMAT,
        "%s:%u: found \"%.*s\": expected two nodes and a number >= 0", build->name, line,
        (int)(length < 80 ? length : 80), text);
}

/* Steps over one word; false if it is missing or too long. */
static bool word_read(const char **at, const char *end, char *out)
{
    while (*at < end && (**at == ' ' || **at == '\t')) {
        (*at)++;
    }
    size_t length = 0;
    while (*at < end && **at != ' ' && **at != '\t' && length < WORD_BYTES - 1) {
        out[length++] = *(*at)++;
    }
    out[length] = '\0';
    return length > 0 && strlen(out) == length
        && (*at == end || **at == ' ' || **at == '\t');
}

static bool row_read(const char *at, const char *end, struct row *out)
{
    char number[WORD_BYTES];
    if (!word_read(&at, end, out->a) || !word_read(&at, end, out->b)
        || !word_read(&at, end, number)) {
        return false;
    }
    char *rest = NULL;
    out->value = strtod(number, &rest);
    bool is_plain = strspn(number, "+-.0123456789eE") == strlen(number) && *rest == '\0';
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return is_plain && at == end && out->value >= 0.0 && out->value <= value_max;
}

static enum hb_status node_known(struct data_netmap_build *build, const char *id, uint32_t line)
{
    if (data_names_find(build->ids, id) != DATA_NAMES_NONE) {
        return HB_OK;
    }
    char label[WORD_BYTES];
    strcpy(label, id);
    for (size_t length = strlen(label); length > 0 && isdigit((unsigned char)label[length - 1]);) {
        label[--length] = '\0';
    }
    for (char *c = label; *c != '\0'; c++) {
        *c = *c == '+' ? ' ' : *c;
    }
    return data_netmap_add_node(
        build, &(struct data_netmap_node){ .id = id, .label = label }, line);
}

static int compare(const void *left, const void *right)
{
    const struct data_link *x = left, *y = right;
    if (x->a != y->a) {
        return x->a < y->a ? -1 : 1;
    }
    if (x->b != y->b) {
        return x->b < y->b ? -1 : 1;
    }
    return (x->line > y->line) - (x->line < y->line);
}

/* A direction stands there once, and both of a link tell one latency. */
static enum hb_status directions_checked(struct data_netmap_build *build)
{
    struct data_link *links = build->links;
    size_t count = build->link_count;
    if (count == 0) {
        return HB_OK; /* for the topology to refuse */
    }
    qsort(links, count, sizeof *links, compare);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && links[i].a == links[i - 1].a && links[i].b == links[i - 1].b) {
            return data_problem_set(build->problem, HB_ERR_EXISTS,
                "%s:%u: found the link of line %u again: expected each direction once",
                build->name, links[i].line, links[i - 1].line);
        }
        struct data_link other = { .a = links[i].b, .b = links[i].a };
        size_t low = 0, high = count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (compare(&links[middle], &other) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        bool has_other = low < count && links[low].a == other.a && links[low].b == other.b;
        if (has_other && links[low].delay_ns != links[i].delay_ns) {
            return data_problem_set(build->problem, HB_ERR_FORMAT,
                "%s:%u: found another latency than line %u has for the other direction: "
                "expected the same", build->name, links[i].line, links[low].line);
        }
    }
    return HB_OK;
}

enum hb_status data_netmap_rocketfuel(
    struct data_netmap_build *build, const char *text, size_t length, bool is_latency)
{
    const char *end = text + length;
    uint32_t line = 0;
    for (const char *at = text; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *next = stop == NULL ? end : stop + 1;
        const char *last = stop == NULL ? end : stop;
        last -= last > at && last[-1] == '\r';
        struct row row;
        line++;
        if (!row_read(at, last, &row) || (is_latency && row.value > latency_ms_max)) {
            return refuse(build, line, at, (size_t)(last - at));
        }
        if (strcmp(row.a, row.b) == 0) {
            return data_problem_set(build->problem, HB_ERR_FORMAT,
                "%s:%u: found a link of \"%.60s\" to itself: expected two nodes", build->name,
                line, row.a);
        }
        enum hb_status status = node_known(build, row.a, line);
        if (status == HB_OK) {
            status = node_known(build, row.b, line);
        }
        if (status == HB_OK) {
            struct data_netmap_ends ends = { .a = row.a, .b = row.b, .line = line,
                .delay_ns = is_latency ? (uint32_t)lround(row.value * 1e6) : 0 };
            status = data_netmap_add_link(build, &ends);
        }
        if (status != HB_OK) {
            return status;
        }
        at = next;
    }
    return directions_checked(build);
}
