/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/import.h"
#include "tests/support/program.h"

static int read_tables(void **state)
{
    struct data_cities *cities = NULL;
    int status = data_cities_create(NULL, &cities) == HB_OK ? 0 : -1;
    *state = cities;
    return status;
}

static int drop_tables(void **state)
{
    data_cities_free(*state);
    return 0;
}

/* Files of one test, in a folder of its own. */
struct scratch {
    char *folder;
    char path[1024];
};

static struct scratch scratch_new(void)
{
    return (struct scratch) { .folder = program_folder() };
}

/* Writes folder/name; scratch.path is it. */
static void put_bytes(struct scratch *scratch, const char *name, const char *text, size_t bytes)
{
    (void)snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->folder, name);
    for (char *slash = strchr(scratch->path + strlen(scratch->folder) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(scratch->path, 0700); /* may be there */
        *slash = '/';
    }
    FILE *file = fopen(scratch->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void put(struct scratch *scratch, const char *name, const char *text)
{
    put_bytes(scratch, name, text, strlen(text));
}

static void clear(char *folder)
{
    program_remove(folder);
    free(folder);
}

static struct data_trace_store *imported(const struct data_cities *cities, const char *path,
    const struct data_import_options *options, struct data_import_report *report)
{
    struct data_problem problem = { 0 };
    struct data_trace_store *store = NULL;
    enum hb_status status = data_import_files(&path, 1, options, cities, &problem, report, &store);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, HB_OK);
    assert_int_equal(data_trace_check(data_trace_view(store), "import", &problem), HB_OK);
    return store;
}

/* Imports one file of that text, which must fail with exactly that message behind its path. */
static void refused_bytes(const struct data_cities *cities, const char *name, const char *text,
    size_t bytes, struct data_import_options options, const char *want)
{
    struct scratch scratch = scratch_new();
    put_bytes(&scratch, name, text, bytes);
    const char *path = scratch.path;
    struct data_problem problem = { 0 };
    struct data_import_report report;
    struct data_trace_store *store = NULL;
    assert_int_not_equal(
        data_import_files(&path, 1, &options, cities, &problem, &report, &store), HB_OK);
    const char *text_behind = problem.text;
    if (strncmp(problem.text, path, strlen(path)) == 0) {
        text_behind += strlen(path);
    }
    assert_string_equal(text_behind, want);
    assert_null(store);
    clear(scratch.folder);
}

static void refused(
    const struct data_cities *cities, const char *name, const char *text, const char *want)
{
    refused_bytes(cities, name, text, strlen(text), data_import_defaults(), want);
}

static void a_table_may_order_name_and_separate_its_columns_as_it_likes(void **state)
{
    static const char marked[] =
        "\xef\xbb\xbflon;Latitude;extra;user;Timestamp\r\n116.31;39.98;;a;2008-10-23T02:53:04Z\r\n"
        "116.40;39.90;x;b;2008-10-23 02:54:04\r\n";
    static const char *const tables[] = {
        "client,time,lat,lon\na,1224730384,39.98,116.31\nb,1224730444,39.90,116.40\n",
        marked,
        "id\tlat\tlng\tunix_utc\na\t39.98\t116.31\t1224730384\n\nb\t39.90\t116.40\t1224730444",
        "client,time,lat,lon\n\"a\",\"1224730384\",39.98,116.31\n\"b\",1224730444,39.90,116.40\n",
    };
    struct data_import_options options = data_import_defaults();
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct scratch scratch = scratch_new();
        put(&scratch, "t.csv", tables[i]);
        struct data_import_report report;
        struct data_trace_store *store = imported(*state, scratch.path, &options, &report);
        const struct data_trace *trace = data_trace_view(store);
        assert_int_equal(report.fix_count, 2);
        assert_int_equal(trace->client_count, 2);
        assert_int_equal(trace->visits[trace->first[1]].start_s, 10444);
        uint32_t place = data_trace_place_at(trace, 0, 10384);
        assert_true(hb_geo_distance_km(trace->places[place].at, (struct hb_point) { 39.98, 116.31 })
            < 0.72);
        data_trace_free(store);
        clear(scratch.folder);
    }
}

static void columns_can_be_named_by_the_user(void **state)
{
    struct scratch scratch = scratch_new();
    put(&scratch, "t.tsv", "when\twho\tx\ty\n1224730384\ta\t39.98\t116.31\n");
    struct data_import_options options = data_import_defaults();
    options.columns = "time,client,lat,lon";
    options.has_header = true;
    struct data_import_report report;
    struct data_trace_store *store = imported(*state, scratch.path, &options, &report);
    assert_int_equal(data_trace_view(store)->client_count, 1);
    data_trace_free(store);
    clear(scratch.folder);
}

static void cells_and_slots_become_places_and_times(void **state)
{
    struct scratch scratch = scratch_new();
    put(&scratch, "cells.csv", "cell,lat_deg,lon_deg,is_site\n7,37.6,-122.4,1\n9,37.7,-122.5,0\n");
    char cells[128];
    (void)strcpy(cells, scratch.path);
    put(&scratch, "t.csv", "user,slot,cell\n0,0,9\n0,1,7\n1,3,9\n");
    struct data_import_options options = data_import_defaults();
    options.cells = cells;
    options.slot_s = 60.0;
    options.epoch_unix_s = 1212278400;
    options.grid.gap_s = 60.0;
    struct data_import_report report;
    struct data_trace_store *store = imported(*state, scratch.path, &options, &report);
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(trace->epoch_unix_s, 1212278400);
    assert_int_equal(trace->place_count, 2);
    uint32_t place = data_trace_place_at(trace, 0, 60);
    assert_near(trace->places[place].at.lat_deg, 37.6, 1e-9);
    assert_near(trace->places[place].at.lon_deg, -122.4, 1e-9);
    assert_int_equal(data_trace_place_at(trace, 0, 120), DATA_NOWHERE);
    assert_int_equal(data_trace_place_at(trace, 1, 180), data_trace_place_at(trace, 0, 0));
    data_trace_free(store);
    clear(scratch.folder);
}

static const char plt_head[] = "Geolife trajectory\nWGS 84\nAltitude is in Feet\nReserved 3\n"
                               "0,2,255,My Track,0,0,2,8421376\n0\n";
static const char gpx_good[] =
    "<?xml version=\"1.0\"?>\n<gpx version=\"1.1\" xmlns=\"http://www.topografix.com/GPX/1/1\">\n"
    "<metadata><time>2001-01-01T00:00:00Z</time></metadata>\n<trk><trkseg>\n"
    "<trkpt lat=\"47.1\" lon=\"8.2\"><ele>400</ele><time>2008-10-23T02:53:04Z</time></trkpt>\n"
    "<trkpt lat=\"47.2\" lon=\"8.2\"><time>2008-10-23T03:03:04Z</time></trkpt>\n"
    "</trkseg></trk></gpx>\n";

static void folders_of_plt_and_gpx_name_their_clients(void **state)
{
    struct scratch scratch = scratch_new();
    char plt[512];
    (void)snprintf(
        plt, sizeof plt, "%s39.98,116.31,0,492,39744.1,2008-10-23,02:53:04\r\n", plt_head);
    put(&scratch, "Data/000/Trajectory/1.plt", plt);
    (void)snprintf(
        plt, sizeof plt, "%s39.90,116.40,0,492,39744.1,2008-10-23,02:55:04\r\n", plt_head);
    put(&scratch, "Data/000/Trajectory/2.plt", plt);
    put(&scratch, "Data/001/Trajectory/1.plt", plt);
    put(&scratch, "Data/001/labels.txt", "not for us");
    struct data_import_options options = data_import_defaults();
    options.format = DATA_IMPORT_PLT;
    struct data_import_report report;
    struct data_trace_store *store = imported(*state, scratch.folder, &options, &report);
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(report.file_count, 3);
    assert_int_equal(trace->client_count, 2);
    assert_int_equal(trace->first[1], 3); /* two places, then nowhere */
    assert_int_equal(trace->visits[1].start_s, 10504);
    data_trace_free(store);
    put(&scratch, "walk.gpx", gpx_good);
    options.format = DATA_IMPORT_GPX;
    store = imported(*state, scratch.path, &options, &report);
    assert_int_equal(report.fix_count, 2);
    assert_int_equal(data_trace_view(store)->visits[1].start_s, 10984);
    data_trace_free(store);
    clear(scratch.folder);
}

static void only_what_lies_in_the_window_is_taken(void **state)
{
    struct scratch scratch = scratch_new();
    put(&scratch, "t.csv", "client,time,lat,lon\na,100000,1,2\na,200000,1,2\nb,300000,1,2\n");
    struct data_import_options options = data_import_defaults();
    options.from_unix_s = 200000;
    options.to_unix_s = 300000;
    struct data_import_report report;
    struct data_trace_store *store = imported(*state, scratch.path, &options, &report);
    assert_int_equal(report.fix_count, 1);
    assert_int_equal(data_trace_view(store)->client_count, 1);
    data_trace_free(store);
    clear(scratch.folder);
}

static void bad_lines_are_left_out_as_often_as_allowed(void **state)
{
    const char text[] = "client,time,lat,lon\na,1,91,2\na,2,1,2\na,x,1,2\nb,3,1,2\n";
    struct scratch scratch = scratch_new();
    put(&scratch, "t.csv", text);
    struct data_import_options options = data_import_defaults();
    options.skip_max = 2;
    struct data_import_report report;
    struct data_trace_store *store = imported(*state, scratch.path, &options, &report);
    assert_int_equal(report.skipped_count, 2);
    assert_int_equal(report.fix_count, 2);
    assert_string_equal(
        report.first_skipped + strlen(scratch.path), ":2: lat=\"91\": expected degrees -90..90");
    data_trace_free(store);
    clear(scratch.folder);
    options.skip_max = 1;
    refused_bytes(*state, "t.csv", text, strlen(text), options,
        ":4: time=\"x\": expected Unix seconds or ISO 8601, 1970..2099");
}

#define HEAD "client,time,lat,lon\n"

static void bad_tables_are_refused(void **state)
{
    refused(*state, "t.csv", "", "found no fix: expected at least one");
    refused(*state, "t.csv", HEAD, "found no fix: expected at least one");
    refused(*state, "t.csv", "client,time,lat\n", ":1: found no column of lon: expected one");
    refused(*state, "t.csv", "who,time,lat,lon\n", ":1: found no column of client: expected one");
    refused(*state, "t.csv", "client,slot,lat,lon\n", ":1: found no column of time: expected one");
    refused(*state, "t.csv", "client,user,time,lat,lon\n",
        ":1: found two columns of client: expected one");
    refused(*state, "t.csv", HEAD "a,1,2\n", ":2: found 3 fields: expected 4");
    refused(*state, "t.csv", HEAD "a,1,2,3,\n", ":2: found 5 fields: expected 4");
    refused(*state, "t.csv", HEAD "a,1,,3\n", ":2: lat=\"\": expected degrees -90..90");
    refused(*state, "t.csv", HEAD "a,1,nan,3\n", ":2: lat=\"nan\": expected degrees -90..90");
    refused(
        *state, "t.csv", HEAD "a,1,2,180.01\n", ":2: lon=\"180.01\": expected degrees -180..180");
    refused(*state, "t.csv", HEAD "a,1,2,3x\n", ":2: lon=\"3x\": expected degrees -180..180");
    refused(*state, "t.csv", HEAD "a,1224730384000,2,3\n",
        ":2: time=\"1224730384000\": expected Unix seconds or ISO 8601, 1970..2099");
    refused(*state, "t.csv", HEAD "a,2009-02-29,2,3\n",
        ":2: time=\"2009-02-29\": expected Unix seconds or ISO 8601, 1970..2099");
    refused(*state, "t.csv", HEAD ",1,2,3\n", ":2: client=\"\": expected 1..63 bytes");
    refused(*state, "t.csv", HEAD "\"a,1,2,3\n", ":2: found open quotes: expected closed ones");
    refused(*state, "t.csv", HEAD "\033[31m,x,2,3\n",
        ":2: time=\"x\": expected Unix seconds or ISO 8601, 1970..2099");
    refused(*state, "t.dat", HEAD,
        ": found a name of no known format: expected .csv, .tsv, .txt (.gz), .plt or .gpx, or a "
        "format to be named");
    static const char nul[] = HEAD "a,1\0,2,3\n";
    refused_bytes(*state, "t.csv", nul, sizeof nul - 1, data_import_defaults(),
        ":2: a NUL byte: expected text");
    static char wide[8000];
    memset(wide, 'a', sizeof wide - 1);
    refused(*state, "t.csv", wide, ":1: line over 4000 bytes: expected a shorter one");
}

static void bad_options_are_refused(void **state)
{
    struct data_import_options bad[5];
    static const char *const want[] = {
        "columns: found \"length\": expected client, time, slot, lat, lon, cell or -",
        "columns: found two columns of lat: expected one",
        "cell_km=0: expected 0.05..500",
        "gap_s=1e+09: expected 60..31536000",
        "slot_s=-1: expected 0..86400",
    };
    for (size_t i = 0; i < 5; i++) {
        bad[i] = data_import_defaults();
    }
    bad[0].columns = "client,time,lat,length";
    bad[1].columns = "client,time,lat,lat";
    bad[2].grid.cell_km = 0.0;
    bad[3].grid.gap_s = 1e9;
    bad[4].slot_s = -1.0;
    for (size_t i = 0; i < 5; i++) {
        refused_bytes(*state, "t.csv", HEAD, strlen(HEAD), bad[i], want[i]);
    }
}

static void bad_cells_are_refused(void **state)
{
    static const char *const tables[][2] = {
        { "cell,lat,lon\n1,2,3\n1,2,4\n", ":3: found cell=\"1\" again: expected each cell once" },
        { "cell,lat\n1,2\n", ":1: found no column of lon: expected one" },
        { "cell,lat,lon\n1,2\n",
            ":2: found no cell with lat and lon in degrees: expected 3 fields" },
        { "cell,lat,lon\n1,2,\n",
            ":2: found no cell with lat and lon in degrees: expected 3 fields" },
    };
    struct data_import_options options = data_import_defaults();
    const char *none = "/nonexistent/731";
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct scratch scratch = scratch_new();
        put(&scratch, "cells.csv", tables[i][0]);
        options.cells = scratch.path;
        struct data_problem problem = { 0 };
        struct data_import_report report;
        struct data_trace_store *store = NULL;
        assert_int_equal(data_import_files(&none, 1, &options, *state, &problem, &report, &store),
            HB_ERR_FORMAT);
        assert_string_equal(problem.text + strlen(scratch.path), tables[i][1]);
        clear(scratch.folder);
    }
    struct scratch scratch = scratch_new();
    put(&scratch, "cells.csv", "cell,lat,lon\n1,2,3\n");
    options.cells = scratch.path;
    const char *text = "client,time,cell\na,1,2\n";
    refused_bytes(*state, "t.csv", text, strlen(text), options,
        ":2: cell=\"2\": expected one of the table of cells");
    clear(scratch.folder);
}

static void bad_plt_is_refused(void **state)
{
    char text[512];
    static const char *const lines[][2] = {
        { "400.166666,116.3,0,0,0,2008-10-23,02:53:04",
            ":7: lat=\"400.166666\": expected degrees -90..90" },
        { "39.9,116.3,0,0,0,2008-10-23", ":7: found 6 fields: expected 7" },
        { "39.9,116.3,0,0,0,2008-10-23,02:53:64",
            ":7: date and time \"2008-10-23 02:53:64\": expected such as 2008-10-23 02:53:04" },
        { "39.9,e,0,0,0,2008-10-23,02:53:04", ":7: lon=\"e\": expected degrees -180..180" },
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        (void)snprintf(text, sizeof text, "%s%s\n", plt_head, lines[i][0]);
        refused(*state, "a.plt", text, lines[i][1]);
    }
    refused(*state, "a.plt", "client,time\n",
        ":1: found \"client,time\": expected \"Geolife trajectory\"");
}

static void bad_gpx_is_refused(void **state)
{
    refused(*state, "a.gpx", "<kml/>", ":1: found <kml>: expected <gpx>");
    refused(*state, "a.gpx", "<gpx>\n<trkpt lat='91' lon='2'/></gpx>",
        ":2: lat=\"91\": expected degrees -90..90");
    refused(*state, "a.gpx", "<gpx>\n<trkpt lat='1'><time>1</time></trkpt></gpx>",
        ":2: lon=\"\": expected degrees -180..180");
    refused(*state, "a.gpx", "<gpx>\n<trkpt lat='1' lon='2'/></gpx>",
        ":2: found a track point without time: expected <time>");
    refused(*state, "a.gpx", "<gpx>\n<trkpt lat='1' lon='2'>\n<time>noon</time></trkpt></gpx>",
        ":3: time \"noon\": expected such as 2008-10-23T02:53:04Z");
    /* The bomb of a billion laughs: refused at its document type. */
    refused(*state, "a.gpx",
        "<!DOCTYPE gpx [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>\n<gpx>&b;</gpx>",
        ":2: found a document type: expected a GPX file without one");
    refused(*state, "a.gpx", "<gpx>\n<trkpt lat='1' lon='2'>",
        ":2: found \"Extra content at the end of the document\": expected well-formed XML");
    refused(*state, "a.gpx", "",
        ":1: found \"Extra content at the end of the document\": expected well-formed XML");
}

static void missing_files_and_empty_folders_are_refused(void **state)
{
    struct scratch scratch = scratch_new();
    const char *path = scratch.folder;
    struct data_import_options options = data_import_defaults();
    struct data_problem problem = { 0 };
    struct data_import_report report;
    struct data_trace_store *store = NULL;
    assert_int_equal(
        data_import_files(&path, 1, &options, *state, &problem, &report, &store), HB_ERR_NOT_FOUND);
    assert_string_equal(problem.text + strlen(path),
        ": found no file of the format: expected .csv, .tsv, .txt (.gz), .plt or .gpx");
    path = "/nonexistent/731.csv";
    assert_int_equal(
        data_import_files(&path, 1, &options, *state, &problem, &report, &store), HB_ERR_IO);
    assert_string_equal(problem.text, "/nonexistent/731.csv: No such file or directory");
    clear(scratch.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_may_order_name_and_separate_its_columns_as_it_likes),
        cmocka_unit_test(columns_can_be_named_by_the_user),
        cmocka_unit_test(cells_and_slots_become_places_and_times),
        cmocka_unit_test(folders_of_plt_and_gpx_name_their_clients),
        cmocka_unit_test(only_what_lies_in_the_window_is_taken),
        cmocka_unit_test(bad_lines_are_left_out_as_often_as_allowed),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(bad_cells_are_refused),
        cmocka_unit_test(bad_plt_is_refused),
        cmocka_unit_test(bad_gpx_is_refused),
        cmocka_unit_test(missing_files_and_empty_folders_are_refused),
    };
    return cmocka_run_group_tests(tests, read_tables, drop_tables);
}
