/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "data/peering.h"
#include "data/whole.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

/* The whole of a file, plain or gzip. */
static enum hb_status file_read(const char *path, char **out, size_t *length,
    struct data_problem *problem)
{
    enum hb_status status = data_whole_check(path, problem);
    if (status != HB_OK) {
        return status;
    }
    errno = 0;
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        return data_problem_set(problem, HB_ERR_IO, "%s: found %s: expected a readable file", path,
            errno == 0 ? "no memory" : strerror(errno));
    }
    size_t capacity = (size_t)1 << 20, used = 0;
    char *text = malloc(capacity);
    int got = 0;
    while (text != NULL && (got = gzread(file, text + used, (unsigned)(capacity - used))) > 0) {
        used += (size_t)got;
        if (used == capacity) {
            char *longer = capacity >= FILE_BYTES_MAX ? NULL : realloc(text, 2 * capacity);
            if (longer == NULL) {
                break;
            }
            text = longer;
            capacity *= 2;
        }
    }
    int code = Z_OK;
    const char *reason = gzerror(file, &code);
    status = text == NULL ? HB_ERR_MEMORY : HB_OK;
    if (status == HB_OK && used == capacity) {
        status = data_problem_set(problem, HB_ERR_RANGE,
            "%s: found over %zu bytes: expected fewer", path, used - 1);
    } else if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
        status = data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found %s: expected a whole file", path, reason);
    }
    (void)gzclose(file); /* only read from */
    if (status != HB_OK) {
        free(text);
        return status;
    }
    *out = text;
    *length = used;
    return HB_OK;
}

static enum hb_status json_read(const char *path, json_type type, json_t **out,
    struct data_problem *problem)
{
    char *text = NULL;
    size_t length = 0;
    enum hb_status status = file_read(path, &text, &length, problem);
    if (status != HB_OK) {
        return status;
    }
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (root == NULL) {
        return data_problem_set(problem, HB_ERR_FORMAT, "%s:%d: found %s: expected JSON", path,
            error.line, error.text);
    }
    if (json_typeof(root) != type) {
        json_decref(root);
        return data_problem_set(problem, HB_ERR_FORMAT, "%s:1: found another form: expected %s",
            path, type == JSON_ARRAY ? "an array of neighbours" : "an object AS -> [site]");
    }
    *out = root;
    return HB_OK;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* A neighbour into links; false if the object is not of the form. */
static bool neighbour_is_read(const json_t *neighbour, struct data_peering *peering)
{
    json_int_t as = json_integer_value(json_object_get(neighbour, "Peer ASN"));
    const char *transit = text_of(neighbour, "Transit");
    const char *version = text_of(neighbour, "IP version");
    uint32_t site = data_peering_site(peering, text_of(neighbour, "BGP Mux"));
    if (as < 1 || as > UINT32_MAX || site == UINT32_MAX || version[0] == '\0'
        || (strcmp(transit, "True") != 0 && strcmp(transit, "False") != 0)) {
        return false;
    }
    bool is_wanted = strcmp(version, "IPv4") == 0
        && strcmp(text_of(neighbour, "Route Server"), "True") != 0;
    for (size_t i = 0; is_wanted && i < peering->link_count; i++) {
        const struct data_peering_link *link = &peering->links[i];
        is_wanted = link->site != site || link->as != (uint32_t)as;
    }
    if (is_wanted) {
        peering->links[peering->link_count++] = (struct data_peering_link){
            .site = site, .as = (uint32_t)as, .is_transit = transit[0] == 'T' };
    }
    return true;
}

enum hb_status data_peering_links_read(
    const char *path, struct data_peering *peering, struct data_problem *problem)
{
    json_t *root = NULL;
    enum hb_status status = json_read(path, JSON_ARRAY, &root, problem);
    if (status != HB_OK) {
        return status;
    }
    size_t count = json_array_size(root);
    peering->links = calloc(count + 1, sizeof *peering->links);
    status = peering->links == NULL ? HB_ERR_MEMORY : HB_OK;
    for (size_t i = 0; i < count && status == HB_OK; i++) {
        if (!neighbour_is_read(json_array_get(root, i), peering)) {
            status = data_problem_set(problem, HB_ERR_FORMAT,
                "%s:1: neighbour %zu: found no valid \"BGP Mux\", \"Peer ASN\", \"IP version\" or "
                "\"Transit\": expected a name, 1..4294967295, a text, \"True\" or \"False\"",
                path, i);
        }
    }
    json_decref(root);
    return status;
}

/* -1: no AS number. */
static int64_t as_of(const char *text)
{
    char *end = NULL;
    unsigned long long as = strtoull(text, &end, 10);
    bool is_good = text[0] >= '0' && text[0] <= '9' && *end == '\0' && as <= UINT32_MAX;
    return is_good ? (int64_t)as : -1;
}

static int compare_answers(const void *left, const void *right)
{
    const struct data_peering_answer *a = left, *b = right;
    return (a->as > b->as) - (a->as < b->as);
}

enum hb_status data_peering_answers_read(const char *path, const struct data_peering *peering,
    struct data_peering_experiment *experiment, struct data_problem *problem)
{
    json_t *root = NULL;
    enum hb_status status = json_read(path, JSON_OBJECT, &root, problem);
    if (status != HB_OK) {
        return status;
    }
    experiment->answers = calloc(json_object_size(root) + 1, sizeof *experiment->answers);
    status = experiment->answers == NULL ? HB_ERR_MEMORY : HB_OK;
    for (void *i = json_object_iter(root); i != NULL && status == HB_OK;
         i = json_object_iter_next(root, i)) {
        const char *key = json_object_iter_key(i);
        const json_t *sites = json_object_iter_value(i);
        const char *name = json_string_value(json_array_get(sites, 0));
        name = name == NULL || json_array_size(sites) != 1 ? "" : name;
        bool is_first = strcmp(name, peering->names[experiment->site[0]]) == 0;
        bool is_second = strcmp(name, peering->names[experiment->site[1]]) == 0;
        if (as_of(key) < 0 || is_first == is_second) {
            status = data_problem_set(problem, HB_ERR_FORMAT,
                "%s:1: AS \"%.20s\": found \"%.24s\": expected one of the two sites", path, key,
                name);
            continue;
        }
        experiment->answers[experiment->answer_count++]
            = (struct data_peering_answer){ .as = (uint32_t)as_of(key), .side = is_second };
    }
    json_decref(root);
    if (status == HB_OK) {
        qsort(experiment->answers, experiment->answer_count, sizeof *experiment->answers,
            compare_answers);
    }
    return status;
}
