/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "data/netmap_build.h"

/* GML: `key value` pairs, a value being a number, a "text" or [ pairs ]. */
#define DEPTH_MAX 32
#define WORD_BYTES 1024

enum token { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_BAD };

struct scanner {
    struct data_netmap_build *build;
    const char *at, *end;
    uint32_t line;
    char word[WORD_BYTES]; /* of the last word or text; long ones are cut */
};

static enum token token_text(struct scanner *scanner)
{
    size_t length = 0;
    for (scanner->at++; scanner->at < scanner->end && *scanner->at != '"'; scanner->at++) {
        scanner->line += *scanner->at == '\n';
        if (*scanner->at == '\0') {
            return TOKEN_BAD;
        }
        if (length + 1 < WORD_BYTES) {
            scanner->word[length++] = *scanner->at;
        }
    }
    scanner->word[length] = '\0';
    if (scanner->at == scanner->end) {
        return TOKEN_BAD;
    }
    scanner->at++;
    return TOKEN_TEXT;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum token token_next(struct scanner *scanner)
{
    while (scanner->at < scanner->end && (is_blank(*scanner->at) || *scanner->at == '#')) {
        bool is_comment = *scanner->at == '#';
        while (is_comment && scanner->at < scanner->end && *scanner->at != '\n') {
            scanner->at++;
        }
        if (scanner->at < scanner->end) {
            scanner->line += *scanner->at++ == '\n';
        }
    }
    scanner->word[0] = '\0';
    if (scanner->at == scanner->end) {
        return TOKEN_END;
    }
    if (*scanner->at == '"') {
        return token_text(scanner);
    }
    if (*scanner->at == '[' || *scanner->at == ']') {
        return *scanner->at++ == '[' ? TOKEN_OPEN : TOKEN_CLOSE;
    }
    size_t length = 0;
    while (scanner->at < scanner->end && !is_blank(*scanner->at) && *scanner->at > ' '
        && strchr("[]\"", *scanner->at) == NULL && length + 1 < WORD_BYTES) {
        scanner->word[length++] = *scanner->at++;
    }
    scanner->word[length] = '\0';
    return length == 0 || length + 1 == WORD_BYTES ? TOKEN_BAD : TOKEN_WORD;
}

static enum hb_status refused(const struct scanner *scanner, const char *expected)
{
    return data_problem_set(scanner->build->problem, HB_ERR_FORMAT,
        "%s:%u: found \"%.40s\": expected %s", scanner->build->name, scanner->line,
        scanner->word, expected);
}

/* The node or edge being read. */
struct item {
    char id[WORD_BYTES], label[WORD_BYTES], source[WORD_BYTES], target[WORD_BYTES];
    struct hb_point at;
    bool has_lat, has_lon, is_node;
    uint32_t line;
};

static enum hb_status item_value(struct scanner *scanner, struct item *item, const char *key)
{
    if (strcmp(key, "id") == 0) {
        memcpy(item->id, scanner->word, WORD_BYTES);
    } else if (strcmp(key, "label") == 0) {
        memcpy(item->label, scanner->word, WORD_BYTES);
    } else if (strcmp(key, "source") == 0) {
        memcpy(item->source, scanner->word, WORD_BYTES);
    } else if (strcmp(key, "target") == 0) {
        memcpy(item->target, scanner->word, WORD_BYTES);
    } else if (strcmp(key, "Latitude") == 0) {
        item->has_lat = data_netmap_degrees(scanner->word, 90.0, &item->at.lat_deg);
        return item->has_lat ? HB_OK : refused(scanner, "a latitude -90..90");
    } else if (strcmp(key, "Longitude") == 0) {
        item->has_lon = data_netmap_degrees(scanner->word, 180.0, &item->at.lon_deg);
        return item->has_lon ? HB_OK : refused(scanner, "a longitude -180..180");
    }
    return HB_OK;
}

static enum hb_status item_add(struct scanner *scanner, const struct item *item)
{
    if (item->is_node) {
        return data_netmap_add_node(scanner->build,
            &(struct data_netmap_node){ .id = item->id, .label = item->label, .at = item->at,
                .has_place = item->has_lat && item->has_lon }, item->line);
    }
    return data_netmap_add_link(scanner->build, &(struct data_netmap_ends){
        .a = item->source, .b = item->target, .line = item->line });
}

/* One pair at a depth; items are the lists at depth 1 called node and edge. */
static enum hb_status pair_read(
    struct scanner *scanner, struct item *item, int *depth, bool *is_item)
{
    char key[WORD_BYTES];
    memcpy(key, scanner->word, WORD_BYTES);
    enum token value = token_next(scanner);
    if (value == TOKEN_OPEN) {
        bool is_node = strcmp(key, "node") == 0, is_edge = strcmp(key, "edge") == 0;
        if (*depth == 0 && strcmp(key, "graph") != 0) {
            return refused(scanner, "graph [");
        }
        if (*depth == 1 && (is_node || is_edge)) {
            *item = (struct item){ .is_node = is_node, .line = scanner->line };
            *is_item = true;
        }
        ++*depth;
        return *depth > DEPTH_MAX ? refused(scanner, "lists at most 32 deep") : HB_OK;
    }
    if (value != TOKEN_WORD && value != TOKEN_TEXT) {
        return refused(scanner, "a number, a \"text\" or [");
    }
    return *depth == 2 && *is_item ? item_value(scanner, item, key) : HB_OK;
}

enum hb_status data_netmap_gml(struct data_netmap_build *build, const char *text, size_t length)
{
    static const char expected[] = "key value, or ] (GML)";
    struct scanner scanner = { .build = build, .at = text, .end = text + length, .line = 1 };
    struct item item = { .line = 0 };
    int depth = 0;
    bool is_item = false, has_graph = false;
    enum hb_status status = HB_OK;
    while (status == HB_OK) {
        enum token token = token_next(&scanner);
        if (token == TOKEN_END) {
            return depth == 0 && has_graph ? HB_OK : refused(&scanner, "graph [ ... ]");
        }
        if (token == TOKEN_CLOSE && depth > 0) {
            depth--;
            if (depth == 1 && is_item) {
                status = item_add(&scanner, &item);
                is_item = false;
            }
        } else if (token == TOKEN_WORD) {
            status = pair_read(&scanner, &item, &depth, &is_item);
            has_graph |= depth > 0;
        } else {
            status = refused(&scanner, expected);
        }
    }
    return status;
}
