/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "sim/serve/body.h"

#include <jansson.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies that the parser makes of a request bear names of devices. */
static void wipe_and_free(void *block)
{
    if (block != NULL) {
        explicit_bzero(block, malloc_usable_size(block));
        free(block);
    }
}

void sim_body_start(void)
{
    json_set_alloc_funcs(malloc, wipe_and_free);
}

/* One object being read: each member is taken at most once, and in the end the
 * number taken must be the number there is. The first fault stays. */
struct reading {
    json_t *root;
    size_t taken;
    enum hb_status status;
    struct data_problem *problem;
};

static void fault(struct reading *reading, enum hb_status status, const char *name,
    const char *expected)
{
    if (reading->status == HB_OK) {
        reading->status = data_problem_set(reading->problem, status,
            "member \"%s\": expected %s", name, expected);
    }
}

/* NULL if it is not there. */
static json_t *member(struct reading *reading, const char *name)
{
    json_t *value = json_object_get(reading->root, name);
    reading->taken += value != NULL;
    return value;
}

struct bounds {
    double min, max, missing; /* missing NaN: left as NaN */
    const char *expected;
};

static double number(struct reading *reading, const char *name, const struct bounds *bounds)
{
    const json_t *value = member(reading, name);
    if (value == NULL) {
        return bounds->missing;
    }
    if (!json_is_number(value)) {
        fault(reading, HB_ERR_FORMAT, name, bounds->expected);
        return bounds->missing;
    }
    double x = json_number_value(value);
    if (!(x >= bounds->min && x <= bounds->max)) {
        fault(reading, HB_ERR_RANGE, name, bounds->expected);
        return bounds->missing;
    }
    return x;
}

static bool start(struct reading *reading, const char *text, size_t bytes)
{
    json_error_t error;
    reading->root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (reading->root == NULL) {
        reading->status = data_problem_set(reading->problem, HB_ERR_FORMAT,
            "body:%d: not one JSON object: column %d", error.line, error.column);
        return false;
    }
    if (!json_is_object(reading->root)) {
        reading->status = data_problem_set(reading->problem, HB_ERR_FORMAT,
            "body: expected a JSON object");
    }
    return reading->status == HB_OK;
}

static enum hb_status finish(struct reading *reading)
{
    if (reading->status == HB_OK && reading->taken != json_object_size(reading->root)) {
        reading->status = data_problem_set(reading->problem, HB_ERR_FORMAT,
            "body: found a member of unknown name: /v1/openapi.json lists them");
    }
    json_decref(reading->root);
    return reading->status;
}

bool sim_body_id_parse(const char *text, struct hb_client_id *out)
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(text) != 2 * sizeof out->bytes || strspn(text, digits) != strlen(text)) {
        return false;
    }
    for (size_t i = 0; i < sizeof out->bytes; i++) {
        out->bytes[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4
            | (strchr(digits, text[2 * i + 1]) - digits));
    }
    return true;
}

void sim_body_id_text(const struct hb_client_id *id, char text[33])
{
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", id->bytes[i]);
    }
}

static void read_id(struct reading *reading, const json_t *value, struct hb_client_id *out)
{
    if (!json_is_string(value) || !sim_body_id_parse(json_string_value(value), out)) {
        fault(reading, HB_ERR_FORMAT, "client", "an id of 32 hexadecimal digits");
    }
}

static void read_who(struct reading *reading, struct sim_body_observe *out)
{
    const json_t *device = member(reading, "device"), *id = member(reading, "client");
    if ((device == NULL) == (id == NULL)) {
        fault(reading, HB_ERR_FORMAT, "device", "either it or \"client\"");
        return;
    }
    if (id != NULL) {
        read_id(reading, id, &out->id);
        return;
    }
    out->device_bytes = json_is_string(device) ? json_string_length(device) : 0;
    if (out->device_bytes == 0 || out->device_bytes > sizeof out->device) {
        out->device_bytes = 0;
        fault(reading, json_is_string(device) ? HB_ERR_RANGE : HB_ERR_FORMAT, "device",
            "a text of 1..256 bytes");
        return;
    }
    memcpy(out->device, json_string_value(device), out->device_bytes);
}

static void read_where(struct reading *reading, struct sim_body_observe *out)
{
    static const struct bounds lat = { -90.0, 90.0, NAN, "degrees -90..90" };
    static const struct bounds lon = { -180.0, 180.0, NAN, "degrees -180..180" };
    out->at.lat_deg = number(reading, "lat_deg", &lat);
    out->at.lon_deg = number(reading, "lon_deg", &lon);
    const json_t *place = member(reading, "place");
    bool has_lat = !isnan(out->at.lat_deg), has_lon = !isnan(out->at.lon_deg);
    out->has_point = has_lat && has_lon;
    if (has_lat != has_lon || out->has_point == (place != NULL)) {
        fault(reading, HB_ERR_FORMAT, "place", "either it or \"lat_deg\" and \"lon_deg\"");
        return;
    }
    if (place == NULL || json_is_null(place)) {
        return;
    }
    json_int_t index = json_is_integer(place) ? json_integer_value(place) : -1;
    if (!json_is_integer(place)) {
        fault(reading, HB_ERR_FORMAT, "place", "a whole number, or null for out of sight");
    } else if (index < 0 || index >= (json_int_t)HB_NONE) {
        fault(reading, HB_ERR_RANGE, "place", "an index of the place table");
    } else {
        out->place = (uint32_t)index;
    }
}

static void read_context(struct reading *reading, struct hb_context *out)
{
    static const struct bounds speed = { 0.0, 2000.0, NAN, "km/h 0..2000" };
    static const struct bounds dwell = { 0.0, 1e9, NAN, "seconds 0..1e9" };
    static const struct bounds share = { 0.0, 1.0, NAN, "0..1" };
    *out = (struct hb_context) {
        .speed_km_h = (float)number(reading, "speed_km_h", &speed),
        .dwell_s = (float)number(reading, "dwell_s", &dwell),
        .traffic = (float)number(reading, "traffic", &share),
        .weather = (float)number(reading, "weather", &share),
        .crowd = (float)number(reading, "crowd", &share),
        .transit = (float)number(reading, "transit", &share),
    };
}

enum hb_status sim_body_observe_parse(const char *text, size_t bytes,
    struct sim_body_observe *out, struct data_problem *problem)
{
    static const struct bounds at = { 0.0, 4102444800.0, NAN, "Unix seconds 0..4102444800" };
    struct reading reading = { .problem = problem };
    struct sim_body_observe seen = { .place = HB_NONE };
    if (start(&reading, text, bytes)) {
        read_who(&reading, &seen);
        const json_t *consent = member(&reading, "consent");
        if (consent != NULL && !json_is_boolean(consent)) {
            fault(&reading, HB_ERR_FORMAT, "consent", "true or false");
        }
        seen.has_consent = json_is_true(consent);
        seen.at_unix_s = number(&reading, "at_unix_s", &at);
        read_where(&reading, &seen);
        read_context(&reading, &seen.context);
    }
    enum hb_status status = finish(&reading);
    if (status == HB_OK) {
        *out = seen;
    }
    return status;
}

enum hb_status sim_body_predict_parse(const char *text, size_t bytes,
    struct sim_body_predict *out, struct data_problem *problem)
{
    static const struct bounds timeframe = { 900.0, 3600.0, NAN, "seconds 900..3600" };
    static const struct bounds k = { 1.0, HB_GUESS_MAX, 5.0, "a whole number 1..10" };
    struct reading reading = { .problem = problem };
    struct sim_body_predict asked = { .guess_max = 0 };
    if (start(&reading, text, bytes)) {
        read_id(&reading, member(&reading, "client"), &asked.id);
        asked.timeframe_s = number(&reading, "timeframe_s", &timeframe);
        double guesses = number(&reading, "k", &k);
        asked.guess_max = (uint32_t)guesses;
        if (isnan(asked.timeframe_s)) {
            fault(&reading, HB_ERR_FORMAT, "timeframe_s", timeframe.expected);
        }
        if ((double)asked.guess_max < guesses) {
            fault(&reading, HB_ERR_FORMAT, "k", k.expected);
        }
    }
    enum hb_status status = finish(&reading);
    if (status == HB_OK) {
        *out = asked;
    }
    return status;
}

char *sim_body_error(const char *sentence)
{
    json_t *root = json_pack("{s:s}", "error", sentence);
    if (root == NULL) {
        root = json_pack("{s:s}", "error", "not in UTF-8");
    }
    char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}
