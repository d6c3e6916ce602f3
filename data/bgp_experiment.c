/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/bgp_experiment.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/whole.h"

#define NODES_MAX 4096
#define FILE_BYTES_MAX ((size_t)64 << 20)

/* Where the reader is, so that a message can name it. The first problem stays. */
struct reader {
    const char *path;
    struct data_problem *problem;
    enum hb_status status;
    char place[96];
};

static const char *const event_texts[] = {
#define X(name, text) text,
    DATA_BGP_EVENT_LIST(X)
#undef X
};

const char *data_bgp_event_text(enum data_bgp_event event)
{
    return (unsigned)event < DATA_BGP_EVENT_COUNT ? event_texts[event] : "unknown event";
}

static void refuse(struct reader *reader, const char *member, const char *expected)
{
    if (reader->status == HB_OK) {
        reader->status = data_problem_set(reader->problem, HB_ERR_FORMAT,
            "%s: %s: found no valid \"%s\": expected %s", reader->path, reader->place, member,
            expected);
    }
}

static const json_t *member(struct reader *reader, const json_t *object, const char *name,
    json_type type, const char *expected)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL || json_typeof(value) != type) {
        refuse(reader, name, expected);
        return NULL;
    }
    return value;
}

static uint32_t whole(struct reader *reader, const json_t *object, const char *name,
    int64_t low, int64_t high)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < low
        || json_integer_value(value) > high) {
        refuse(reader, name, "a whole number in its range");
        return (uint32_t)low;
    }
    return (uint32_t)json_integer_value(value);
}

/* A number, or if_null where null stands (or nothing). */
static double real(struct reader *reader, const json_t *object, const char *name, double if_null)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL || json_is_null(value)) {
        return if_null;
    }
    if (!json_is_number(value)) {
        refuse(reader, name, "a number or null");
        return if_null;
    }
    return json_number_value(value);
}

static void text_read(struct reader *reader, const json_t *object, const char *name, char *out,
    size_t out_bytes)
{
    const json_t *value = member(reader, object, name, JSON_STRING, "a text");
    const char *found = value == NULL ? "" : json_string_value(value);
    if (snprintf(out, out_bytes, "%s", found) >= (int)out_bytes) {
        refuse(reader, name, "a shorter text");
    }
}

static enum data_relation relation_read(struct reader *reader, const json_t *edge)
{
    char rel[8];
    text_read(reader, edge, "rel", rel, sizeof rel);
    if (strcmp(rel, "p2c") == 0) {
        return DATA_RELATION_CUSTOMER;
    }
    if (strcmp(rel, "p2p") == 0) {
        return DATA_RELATION_PEER;
    }
    if (strcmp(rel, "flat") != 0) {
        refuse(reader, "rel", "p2c, p2p or flat");
    }
    return DATA_RELATION_SIBLING;
}

static void links_read(
    struct reader *reader, const json_t *root, struct data_bgp_experiment *experiment)
{
    const json_t *edges = member(reader, root, "edges", JSON_ARRAY, "an array of links");
    size_t count = edges == NULL ? 0 : json_array_size(edges);
    if (count == 0 || count > NODES_MAX * 16) {
        refuse(reader, "edges", "1 to 65536 links");
        return;
    }
    experiment->links = calloc(count, sizeof *experiment->links);
    if (experiment->links == NULL) {
        reader->status = HB_ERR_MEMORY;
        return;
    }
    experiment->link_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        const json_t *edge = json_array_get(edges, i);
        (void)snprintf(reader->place, sizeof reader->place, "edge %zu", i);
        experiment->links[i] = (struct data_link){
            .a = whole(reader, edge, "a", 1, experiment->node_count),
            .b = whole(reader, edge, "b", 1, experiment->node_count),
            .delay_ns = 1000 * whole(reader, edge, "delay_us", 0, 4000000),
            .line = (uint32_t)i, .relation = relation_read(reader, edge) };
    }
}

static void path_read(struct reader *reader, const json_t *post, struct data_bgp_outcome *out)
{
    if (post == NULL || json_is_null(post)) {
        return;
    }
    const json_t *path = member(reader, post, "path", JSON_ARRAY, "an array of nodes");
    size_t count = path == NULL ? 0 : json_array_size(path);
    if (count > DATA_BGP_HOPS_MAX) {
        refuse(reader, "path", "at most 64 nodes");
        return;
    }
    out->has_route = true;
    out->hop_count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        json_int_t hop = json_integer_value(json_array_get(path, i));
        if (hop < 1 || hop > NODES_MAX) {
            refuse(reader, "path", "node numbers");
            return;
        }
        out->hops[i] = (uint16_t)hop;
    }
}

static void outcomes_read(struct reader *reader, const json_t *run, struct data_bgp_run *out,
    uint32_t node_count)
{
    const json_t *nodes = member(reader, run, "nodes", JSON_OBJECT, "an object of nodes");
    for (uint32_t i = 0; i < node_count && reader->status == HB_OK; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%u", i + 1);
        const json_t *node = member(reader, nodes, key, JSON_OBJECT, "a node's outcome");
        struct data_bgp_outcome *outcome = &out->nodes[i];
        *outcome = (struct data_bgp_outcome){
            .first_ms = real(reader, node, "first_change_ms", (double)NAN),
            .last_ms = real(reader, node, "converged_ms", (double)NAN),
            .changes = whole(reader, node, "changes", 0, INT32_MAX),
            .announcements = whole(reader, node, "upd_sent", 0, INT32_MAX),
            .withdrawals = whole(reader, node, "wdr_sent", 0, INT32_MAX) };
        path_read(reader, json_object_get(node, "post"), outcome);
    }
}

/* Messages are left out where there were many. */
static void wire_read(struct reader *reader, const json_t *run, struct data_bgp_run *out,
    uint32_t node_count)
{
    const json_t *messages = json_object_get(run, "messages");
    if (messages == NULL || json_is_null(messages)) {
        return;
    }
    messages = member(reader, run, "messages", JSON_ARRAY, "an array of messages");
    size_t count = messages == NULL ? 0 : json_array_size(messages);
    out->wire = calloc(count + 1, sizeof *out->wire);
    if (out->wire == NULL) {
        reader->status = HB_ERR_MEMORY;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *message = json_array_get(messages, i);
        const json_t *at = json_array_get(message, 0);
        json_int_t from = json_integer_value(json_array_get(message, 1));
        json_int_t to = json_integer_value(json_array_get(message, 2));
        double at_ms = json_number_value(at);
        if (!json_is_number(at) || from < 1 || to < 1 || from > node_count || to > node_count
            || (i > 0 && at_ms < out->wire[i - 1].at_ms)) {
            refuse(reader, "messages", "[ms, node, node, ...] in the order of time");
            return;
        }
        out->wire[i] = (struct data_bgp_wire){
            .at_ms = at_ms, .from = (uint32_t)from, .to = (uint32_t)to };
    }
    out->wire_count = (uint32_t)count;
}

static void run_read(struct reader *reader, const json_t *run, struct data_bgp_run *out,
    uint32_t node_count)
{
    char name[32], source[64] = "";
    text_read(reader, run, "event", name, sizeof name);
    uint32_t event = 0;
    while (event < DATA_BGP_EVENT_COUNT && strcmp(event_texts[event], name) != 0) {
        event++;
    }
    if (event == DATA_BGP_EVENT_COUNT) {
        refuse(reader, "event", "a known event");
        return;
    }
    if (json_object_get(run, "t0_source") != NULL) {
        text_read(reader, run, "t0_source", source, sizeof source);
    }
    out->event = (enum data_bgp_event)event;
    out->repetition = whole(reader, run, "rep", 0, INT32_MAX);
    out->announcements = whole(reader, run, "updates", 0, INT32_MAX);
    out->withdrawals = whole(reader, run, "withdrawals", 0, INT32_MAX);
    out->from_first_message = strstr(source, "first message") != NULL;
    out->nodes = calloc(node_count, sizeof *out->nodes);
    if (out->nodes == NULL) {
        reader->status = HB_ERR_MEMORY;
        return;
    }
    outcomes_read(reader, run, out, node_count);
    if (reader->status == HB_OK) {
        wire_read(reader, run, out, node_count);
    }
}

static void runs_read(
    struct reader *reader, const json_t *root, struct data_bgp_experiment *experiment)
{
    const json_t *runs = member(reader, root, "runs", JSON_ARRAY, "an array of runs");
    size_t count = runs == NULL ? 0 : json_array_size(runs);
    if (count == 0 || count > 100000) {
        refuse(reader, "runs", "1 to 100000 runs");
        return;
    }
    experiment->runs = calloc(count, sizeof *experiment->runs);
    if (experiment->runs == NULL) {
        reader->status = HB_ERR_MEMORY;
        return;
    }
    experiment->run_count = (uint32_t)count;
    for (size_t i = 0; i < count && reader->status == HB_OK; i++) {
        (void)snprintf(reader->place, sizeof reader->place, "run %zu", i);
        run_read(reader, json_array_get(runs, i), &experiment->runs[i], experiment->node_count);
    }
}

static void header_read(
    struct reader *reader, const json_t *root, struct data_bgp_experiment *experiment)
{
    text_read(reader, root, "name", experiment->name, sizeof experiment->name);
    text_read(reader, root, "impl", experiment->implementation, sizeof experiment->implementation);
    experiment->mrai_s = real(reader, root, "mrai_s", 0.0);
    experiment->hold_s = real(reader, root, "hold_s", 240.0);
    const json_t *by_id = json_object_get(root, "compare_routerid");
    experiment->by_router_id = by_id == NULL || json_is_true(by_id);
    experiment->node_count = whole(reader, root, "n", 2, NODES_MAX);
    experiment->origin1 = whole(reader, root, "o1", 1, experiment->node_count);
    experiment->origin2 = whole(reader, root, "o2", 1, experiment->node_count);
    const json_t *ends = member(reader, root, "fail_link", JSON_ARRAY, "two nodes");
    json_int_t a = json_integer_value(json_array_get(ends, 0));
    json_int_t b = json_integer_value(json_array_get(ends, 1));
    if (a < 1 || b < 1 || a > experiment->node_count || b > experiment->node_count) {
        refuse(reader, "fail_link", "two nodes");
    }
    experiment->fail_a = (uint32_t)a;
    experiment->fail_b = (uint32_t)b;
    const json_t *prefs = member(reader, root, "local_pref", JSON_OBJECT, "preferences");
    uint32_t *local_pref = experiment->local_pref;
    local_pref[DATA_RELATION_CUSTOMER] = whole(reader, prefs, "customer", 0, INT32_MAX);
    local_pref[DATA_RELATION_PEER] = whole(reader, prefs, "peer", 0, INT32_MAX);
    local_pref[DATA_RELATION_PROVIDER] = whole(reader, prefs, "provider", 0, INT32_MAX);
    local_pref[DATA_RELATION_SIBLING] = whole(reader, prefs, "flat", 0, INT32_MAX);
    local_pref[DATA_RELATION_INTERNAL] = 100;
}

void data_bgp_experiment_free(struct data_bgp_experiment *experiment)
{
    if (experiment == NULL) {
        return;
    }
    for (uint32_t i = 0; i < experiment->run_count && experiment->runs != NULL; i++) {
        free(experiment->runs[i].wire);
        free(experiment->runs[i].nodes);
    }
    free(experiment->runs);
    free(experiment->links);
    free(experiment);
}

static enum hb_status experiment_read(const char *name, json_t *root, const json_error_t *error,
    struct data_bgp_experiment **out, struct data_problem *problem)
{
    if (root == NULL) {
        return data_problem_set(problem, HB_ERR_FORMAT, "%s:%d: found %s: expected JSON", name,
            error->line, error->text);
    }
    struct reader reader = { .path = name, .problem = problem, .place = "header" };
    struct data_bgp_experiment *experiment = calloc(1, sizeof *experiment);
    if (experiment == NULL) {
        reader.status = HB_ERR_MEMORY;
    } else {
        header_read(&reader, root, experiment);
    }
    if (reader.status == HB_OK) {
        links_read(&reader, root, experiment);
    }
    if (reader.status == HB_OK) {
        runs_read(&reader, root, experiment);
    }
    json_decref(root);
    if (reader.status != HB_OK) {
        data_bgp_experiment_free(experiment);
        return reader.status;
    }
    *out = experiment;
    return HB_OK;
}

enum hb_status data_bgp_experiment_parse(const char *text, size_t length, const char *name,
    struct data_bgp_experiment **out, struct data_problem *problem)
{
    json_error_t error;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    return experiment_read(name, root, &error, out, problem);
}

enum hb_status data_bgp_experiment_load(const char *path, struct data_bgp_experiment **out,
    struct data_problem *problem)
{
    uint8_t *text = NULL;
    size_t length = 0;
    enum hb_status status = data_whole_read(path, FILE_BYTES_MAX, &text, &length, problem);
    if (status == HB_OK) {
        status = data_bgp_experiment_parse((const char *)text, length, path, out, problem);
    }
    free(text);
    return status;
}
