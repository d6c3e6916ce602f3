/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Damaged inputs by the thousand: none may crash, hang or be half believed.
 * Run it under the sanitizers. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/import.h"
#include "data/trace_file.h"

enum { bytes_max = 1 << 16 };

/* Numerical Recipes' generator; the seed is fixed, so a failure repeats. */
static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* One to four changes: a byte overwritten, a run copied elsewhere, or the end cut off. */
static size_t damage(unsigned char *text, size_t bytes, uint32_t *state)
{
    static const char interesting[] = "\0\n\r\t,;\"<>&-+.eE0189\xff\x80\x7f";
    for (uint32_t n = 1 + next(state) % 4; n > 0 && bytes > 16; n--) {
        size_t at = next(state) % bytes, from = next(state) % bytes;
        size_t length = 1 + next(state) % 12;
        length = at + length > bytes || from + length > bytes ? 1 : length;
        switch (next(state) % 8) {
        case 0:
            bytes = at;
            break;
        case 1:
        case 2:
            memmove(&text[at], &text[from], length);
            break;
        case 3:
            text[at] = (unsigned char)next(state);
            break;
        default:
            text[at] = (unsigned char)interesting[next(state) % (sizeof interesting - 1)];
            break;
        }
    }
    return bytes;
}

static size_t read_bytes(const char *path, unsigned char *text)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t bytes = fread(text, 1, bytes_max, file);
    assert_true(bytes > 0 && bytes < bytes_max);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static void write_bytes(const char *path, const unsigned char *text, size_t bytes)
{
    (void)unlink(path); /* a new file: some file systems flush one that was cut to nothing */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void import_survives(
    const struct data_cities *cities, const char *ending, const char *good, uint32_t rounds)
{
    static unsigned char text[bytes_max];
    char path[] = "/tmp/test_hostile_XXXXXX", full[64];
    assert_true(close(mkstemp(path)) == 0);
    (void)snprintf(full, sizeof full, "%s%s", path, ending);
    uint32_t state = 731, accepted = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        size_t bytes = strlen(good);
        memcpy(text, good, bytes);
        write_bytes(full, text, damage(text, bytes, &state));
        const char *paths[] = { full };
        struct data_import_options options = data_import_defaults();
        options.skip_max = i % 2;
        struct data_problem problem = { 0 };
        struct data_import_report report;
        struct data_trace_store *store = NULL;
        if (data_import_files(paths, 1, &options, cities, &problem, &report, &store) == HB_OK) {
            assert_int_equal(data_trace_check(data_trace_view(store), full, &problem), HB_OK);
            accepted++;
        } else {
            assert_null(store);
            assert_true(problem.text[0] != '\0');
        }
        data_trace_free(store);
    }
    assert_true(accepted > 0 && accepted < rounds);
    (void)unlink(full);
    (void)unlink(path);
}

static void damaged_tables_tracks_and_logs_are_survived(void **state)
{
    (void)state;
    struct data_cities *cities = NULL;
    assert_int_equal(data_cities_create(NULL, &cities), HB_OK);
    import_survives(cities, ".csv",
        "client,time,lat,lon\n\"a\",1224730384,39.98,116.31\na,2008-10-23T03:03:04+08:00,39.9,"
        "116.4\nb,1224730384,-39.98,-116.31\nc,1224730390,0,0\n",
        1500);
    import_survives(cities, ".plt",
        "Geolife trajectory\nWGS 84\nAltitude is in Feet\nReserved 3\n0,2,255\n0\n"
        "39.98,116.31,0,492,39744.1,2008-10-23,02:53:04\n"
        "39.90,116.40,0,492,39744.1,2008-10-23,02:55:04\n",
        1500);
    import_survives(cities, ".gpx",
        "<?xml version=\"1.0\"?>\n<gpx version=\"1.1\"><trk><trkseg>\n"
        "<trkpt lat=\"47.1\" lon=\"8.2\"><ele>400</ele><time>2008-10-23T02:53:04Z</time></trkpt>\n"
        "<trkpt lat=\"47.2\" lon=\"8.2\"><time>2008-10-23T03:03:04Z</time></trkpt>\n"
        "</trkseg></trk></gpx>\n",
        1500);
    data_cities_free(cities);
}

static void damaged_trace_files_are_survived(void **state)
{
    (void)state;
    static unsigned char good[bytes_max], text[bytes_max];
    struct data_trace_sizes sizes = {
        .visit_count = 300, .client_count = 100, .place_count = 7, .region_count = 1
    };
    struct data_trace_store *store = NULL;
    assert_int_equal(data_trace_create(&sizes, &store), HB_OK);
    struct data_trace_arrays arrays = data_trace_arrays(store);
    for (uint32_t i = 0; i < 300; i++) {
        arrays.first[i / 3 + 1] = i / 3 * 3 + 3;
        arrays.visits[i] = (struct data_visit) { i % 3 * 731, (i % 7) & 63u, (i % 9) & 63u };
    }
    assert_int_equal(data_trace_name_region(store, 0, "Ys"), HB_OK);
    data_trace_span(store, 1000000, 86400);
    char path[] = "/tmp/test_hostile_XXXXXX";
    assert_true(close(mkstemp(path)) == 0);
    assert_int_equal(data_trace_file_write(path, data_trace_view(store), NULL), HB_OK);
    data_trace_free(store);
    size_t bytes = read_bytes(path, good);
    uint32_t random = 731, refused = 0;
    for (uint32_t i = 0; i < 800; i++) {
        memcpy(text, good, bytes);
        write_bytes(path, text, damage(text, bytes, &random));
        struct data_problem problem = { 0 };
        struct data_trace_store *read = NULL;
        if (data_trace_file_read(path, &problem, &read) == HB_OK) {
            assert_int_equal(data_trace_check(data_trace_view(read), path, &problem), HB_OK);
        } else {
            assert_null(read);
            refused++;
        }
        data_trace_free(read);
    }
    assert_true(refused > 50);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_tables_tracks_and_logs_are_survived),
        cmocka_unit_test(damaged_trace_files_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
