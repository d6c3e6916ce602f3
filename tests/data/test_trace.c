/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/h5.h"
#include "data/trace_file.h"

/* Three places in two regions (one of neither), three clients of 3, 0 and 2 visits. */
static struct data_trace_store *typical(void)
{
    struct data_trace_sizes sizes = {
        .visit_count = 5, .client_count = 3, .place_count = 3, .region_count = 2
    };
    struct data_trace_store *store = NULL;
    assert_int_equal(data_trace_create(&sizes, &store), HB_OK);
    struct data_trace_arrays arrays = data_trace_arrays(store);
    arrays.places[0] = (struct hb_place) { { 52.5, 13.4 }, 0, 3600 };
    arrays.places[1] = (struct hb_place) { { -33.9, 151.2 }, 1, 36000 };
    arrays.places[2] = (struct hb_place) { { 0.25, -179.75 }, HB_NONE, -43200 };
    const uint64_t first[] = { 0, 3, 3, 5 };
    memcpy(arrays.first, first, sizeof first);
    arrays.visits[0] = (struct data_visit) { 731, 0, DATA_ACTIVITY_HOME };
    arrays.visits[1] = (struct data_visit) { 1000, DATA_NOWHERE, DATA_ACTIVITY_AIR };
    arrays.visits[2] = (struct data_visit) { 70000, 1, DATA_ACTIVITY_WORK };
    arrays.visits[3] = (struct data_visit) { 0, 2, DATA_ACTIVITY_UNKNOWN };
    arrays.visits[4] = (struct data_visit) { 86400, 1, DATA_ACTIVITY_UNKNOWN };
    assert_int_equal(data_trace_name_region(store, 0, "Berlin"), HB_OK);
    assert_int_equal(data_trace_name_region(store, 1, "Sydney"), HB_OK);
    data_trace_span(store, 1767571200, 86400);
    return store;
}

static void a_client_is_where_its_last_visit_began(void **state)
{
    (void)state;
    struct data_trace_store *store = typical();
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(data_trace_visit_at(trace, 0, 730), UINT64_MAX);
    assert_int_equal(data_trace_place_at(trace, 0, 730), DATA_NOWHERE);
    assert_int_equal(data_trace_place_at(trace, 0, 731), 0);
    assert_int_equal(data_trace_place_at(trace, 0, 999), 0);
    assert_int_equal(data_trace_place_at(trace, 0, 1000), DATA_NOWHERE);
    assert_int_equal(data_trace_visit_at(trace, 0, 86400), 2);
    assert_int_equal(data_trace_visit_at(trace, 1, 86400), UINT64_MAX);
    assert_int_equal(data_trace_visit_at(trace, 2, 86399), 3);
    assert_int_equal(data_trace_visit_at(trace, 2, 86400), 4);
    data_trace_free(store);
}

static void temporary(char path[40])
{
    (void)strcpy(path, "/tmp/test_trace_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    char path[40];
    temporary(path);
    struct data_trace_store *store = typical(), *copy = NULL;
    const struct data_trace *a = data_trace_view(store);
    assert_int_equal(data_trace_file_write(path, a, NULL), HB_OK);
    struct data_problem problem = { 0 };
    assert_int_equal(data_trace_file_read(path, &problem, &copy), HB_OK);
    const struct data_trace *b = data_trace_view(copy);
    assert_int_equal(b->epoch_unix_s, 1767571200);
    assert_int_equal(b->end_s, 86400);
    assert_int_equal(b->client_count, 3);
    assert_int_equal(b->region_count, 2);
    assert_string_equal(b->region_names[1], "Sydney");
    assert_memory_equal(b->first, a->first, 4 * sizeof *a->first);
    assert_memory_equal(b->visits, a->visits, 5 * sizeof *a->visits);
    for (uint32_t i = 0; i < 3; i++) {
        assert_near(b->places[i].at.lat_deg, a->places[i].at.lat_deg, 0.0);
        assert_near(b->places[i].at.lon_deg, a->places[i].at.lon_deg, 0.0);
        assert_int_equal(b->places[i].region, a->places[i].region);
        assert_int_equal(b->places[i].utc_offset_s, a->places[i].utc_offset_s);
    }
    data_trace_free(copy);
    data_trace_free(store);
    (void)unlink(path);
}

/* Reads path, which must fail with exactly `path` + want; removes it. */
static void refused(const char *path, enum hb_status status, const char *want)
{
    struct data_problem problem = { 0 };
    struct data_trace_store *store = NULL;
    assert_int_equal(data_trace_file_read(path, &problem, &store), status);
    assert_int_equal(strncmp(problem.text, path, strlen(path)), 0);
    assert_string_equal(problem.text + strlen(path), want);
    assert_null(store);
    (void)unlink(path);
}

/* Writes the typical trace (the writer does not judge) and expects its refusal. */
static void trace_refused(struct data_trace_store *store, const char *want)
{
    char path[40];
    temporary(path);
    assert_int_equal(data_trace_file_write(path, data_trace_view(store), NULL), HB_OK);
    refused(path, HB_ERR_FORMAT, want);
    data_trace_free(store);
}

static void broken_promises_are_named(void **state)
{
    (void)state;
    struct data_trace_store *store = typical();
    data_trace_arrays(store).visits[2].start_s = 1000;
    trace_refused(store, ": client 0: found start_s=1000 after 1000: expected it to increase");
    store = typical();
    data_trace_arrays(store).visits[4] = (struct data_visit) { 86400, 2, DATA_ACTIVITY_UNKNOWN };
    trace_refused(store,
        ": client 2: found place=2 activity=0 twice in a row at start_s=86400: expected a change");
    store = typical();
    data_trace_arrays(store).visits[3].place = 3;
    trace_refused(store, ": client 2: found place=3: expected less than 3");
    store = typical();
    data_trace_arrays(store).visits[4].start_s = 86401;
    trace_refused(store, ": client 2: found start_s=86401: expected at most end_s=86400");
    store = typical();
    data_trace_arrays(store).first[1] = 4;
    trace_refused(store, ": client 2: found first=3 after 4: expected it not to decrease");
    store = typical();
    data_trace_arrays(store).first[1] = UINT64_MAX;
    trace_refused(
        store, ": client 2: found first=3 after 18446744073709551615: expected it not to decrease");
    store = typical();
    data_trace_arrays(store).first[0] = 1;
    trace_refused(store, ": client 0: found first=1: expected 0");
    store = typical();
    data_trace_arrays(store).places[1].at.lat_deg = NAN;
    trace_refused(
        store, ": place 1: found lat_deg=nan lon_deg=151.2: expected -90..90 and -180..180");
    store = typical();
    data_trace_arrays(store).places[2].at.lon_deg = 180.5;
    trace_refused(
        store, ": place 2: found lat_deg=0.25 lon_deg=180.5: expected -90..90 and -180..180");
    store = typical();
    data_trace_arrays(store).places[0].utc_offset_s = INT32_MIN;
    trace_refused(store, ": place 0: found utc_offset_s=-2147483648: expected -64800..64800");
    store = typical();
    data_trace_arrays(store).places[0].region = 2;
    trace_refused(store, ": place 0: found region=2: expected less than 2");
}

/* A file made column by column, with one thing other than it should be. */
struct forged {
    const char *format, *left_out;
    int64_t version, end_s;
    uint64_t place_rows, last_first;
    uint32_t place;
};

static void forge_column(struct data_h5 *file, const struct forged *forged, const char *path,
    enum data_h5_type type, uint64_t rows)
{
    static const char *const activities[] = {
#define X(name, text) text,
        DATA_ACTIVITY_LIST(X)
#undef X
    };
    if (forged->left_out != NULL && strcmp(forged->left_out, path) == 0) {
        return;
    }
    struct data_h5_array array = { .path = path, .type = type, .rank = 1 };
    array.text_bytes = type == DATA_H5_TEXT ? 128 : 0;
    if (type == DATA_H5_U8) {
        array.labels = activities;
        array.label_count = DATA_ACTIVITY_COUNT;
    }
    uint64_t values[64] = { 0 };
    if (strcmp(path, "/clients/first") == 0) {
        values[1] = forged->last_first;
    }
    if (strcmp(path, "/visits/place") == 0) {
        memcpy(values, &forged->place, sizeof forged->place);
    }
    assert_int_equal(data_h5_column(file, &array, NULL), HB_OK);
    assert_int_equal(data_h5_append(file, &array, values, rows, NULL), HB_OK);
}

static void forge(const struct forged *forged, enum hb_status status, const char *want)
{
    char path[40];
    temporary(path);
    struct data_h5 *file = NULL;
    assert_int_equal(data_h5_create(path, &file, NULL), HB_OK);
    assert_int_equal(data_h5_attribute_write(file, "/", "format", forged->format, NULL), HB_OK);
    assert_int_equal(data_h5_integer_write(file, "/", "version", forged->version, NULL), HB_OK);
    assert_int_equal(data_h5_integer_write(file, "/", "epoch_unix_s", 0, NULL), HB_OK);
    assert_int_equal(data_h5_integer_write(file, "/", "end_s", forged->end_s, NULL), HB_OK);
    static const char *const groups[] = { "/places", "/regions", "/clients", "/visits" };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(data_h5_group(file, groups[i], NULL), HB_OK);
    }
    forge_column(file, forged, "/places/lat_deg", DATA_H5_F64, 1);
    forge_column(file, forged, "/places/lon_deg", DATA_H5_F64, forged->place_rows);
    forge_column(file, forged, "/places/utc_offset_s", DATA_H5_I32, 1);
    forge_column(file, forged, "/places/region", DATA_H5_U32, 1);
    forge_column(file, forged, "/regions/name", DATA_H5_TEXT, 1);
    forge_column(file, forged, "/clients/first", DATA_H5_U64, 2);
    forge_column(file, forged, "/visits/start_s", DATA_H5_U32, 1);
    forge_column(file, forged, "/visits/place", DATA_H5_U32, 1);
    forge_column(file, forged, "/visits/activity", DATA_H5_U8, 1);
    assert_int_equal(data_h5_commit(file, NULL), HB_OK);
    if (status != HB_OK) {
        refused(path, status, want);
        return;
    }
    struct data_trace_store *store = NULL;
    assert_int_equal(data_trace_file_read(path, NULL, &store), HB_OK);
    data_trace_free(store);
    (void)unlink(path);
}

static void forged_files_are_refused(void **state)
{
    (void)state;
    const struct forged good = {
        .format = "harbinger-trace", .version = 1, .end_s = 86400, .place_rows = 1, .last_first = 1
    };
    forge(&good, HB_OK, NULL);
    struct forged bad = good;
    bad.format = "harbinger-result";
    forge(&bad, HB_ERR_FORMAT, ": found format \"harbinger-result\": expected \"harbinger-trace\"");
    bad = good;
    bad.version = 2;
    forge(&bad, HB_ERR_VERSION, ": found version 2: expected 1");
    bad = good;
    bad.end_s = -1;
    forge(&bad, HB_ERR_FORMAT, ": found end_s=-1: expected 0..4294967295");
    bad = good;
    bad.place_rows = 2;
    forge(&bad, HB_ERR_FORMAT, ":/places/lon_deg: found 2 rows: expected 1..1");
    bad = good;
    bad.last_first = 7;
    forge(
        &bad, HB_ERR_FORMAT, ":/clients/first: found last row 7: expected 1, the number of visits");
    bad = good;
    bad.place = DATA_NOWHERE; /* in a file, absence is 2^32 - 1 */
    forge(&bad, HB_ERR_FORMAT, ":/visits/place row 0: found 67108863: expected a place");
}

static void files_of_other_kinds_and_missing_columns_are_refused(void **state)
{
    (void)state;
    struct data_trace_store *store = NULL;
    struct data_problem problem = { 0 };
    assert_int_equal(
        data_trace_file_read("/nonexistent/731.h5", &problem, &store), HB_ERR_NOT_FOUND);
    assert_non_null(strstr(problem.text, "/nonexistent/731.h5"));
    char path[40];
    temporary(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("client,time,lat,lon\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(data_trace_file_read(path, &problem, &store), HB_ERR_FORMAT);
    (void)unlink(path);
    static const char *const columns[] = { "/places/lat_deg", "/places/region", "/regions/name",
        "/clients/first", "/visits/start_s", "/visits/activity" };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        struct forged bad = { .format = "harbinger-trace",
            .left_out = columns[i],
            .version = 1,
            .place_rows = 1,
            .last_first = 1 };
        char want[100];
        (void)snprintf(want, sizeof want, ": %s: found nothing: expected a dataset", columns[i]);
        forge(&bad, HB_ERR_NOT_FOUND, want);
    }
}

static void sizes_beyond_the_maxima_are_refused(void **state)
{
    (void)state;
    struct data_trace_store *store = NULL;
    struct data_trace_sizes sizes = { .place_count = DATA_TRACE_PLACES_MAX + 1u };
    assert_int_equal(data_trace_create(&sizes, &store), HB_ERR_RANGE);
    sizes = (struct data_trace_sizes) { .client_count = DATA_TRACE_CLIENTS_MAX + 1u };
    assert_int_equal(data_trace_create(&sizes, &store), HB_ERR_RANGE);
    sizes = (struct data_trace_sizes) { .visit_count = DATA_TRACE_VISITS_MAX + 1u };
    assert_int_equal(data_trace_create(&sizes, &store), HB_ERR_RANGE);
    assert_null(store);
    data_trace_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_where_its_last_visit_began),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(broken_promises_are_named),
        cmocka_unit_test(forged_files_are_refused),
        cmocka_unit_test(files_of_other_kinds_and_missing_columns_are_refused),
        cmocka_unit_test(sizes_beyond_the_maxima_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
