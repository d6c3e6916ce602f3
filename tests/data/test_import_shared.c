/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "data/import.h"
#include "tests/support/paths.h"

struct input {
    const char *path, *columns, *cells;
    uint64_t fixes;
    uint32_t clients, places; /* places 0: by the grid */
};

static void read_whole(const struct data_cities *cities, const struct input *input)
{
    struct data_import_options options = data_import_defaults();
    options.columns = input->columns;
    options.cells = input->cells;
    options.slot_s = input->cells != NULL ? 60.0 : 0.0;
    struct data_import_report report;
    struct data_problem problem = { 0 };
    struct data_trace_store *store = NULL;
    enum hb_status status =
        data_import_files(&input->path, 1, &options, cities, &problem, &report, &store);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, HB_OK);
    const struct data_trace *trace = data_trace_view(store);
    assert_int_equal(data_trace_check(trace, input->path, &problem), HB_OK);
    assert_int_equal(report.fix_count, input->fixes);
    assert_int_equal(trace->client_count, input->clients);
    if (input->places != 0) {
        assert_int_equal(trace->place_count, input->places);
    }
    data_trace_free(store);
}

/* Counts from the descriptions of the data and from other programs (zcat, cut, sort -u). */
static void the_shared_traces_are_read_whole(void **state)
{
    (void)state;
    const char *cells = path_of_shared("service-migration-sf/cells.csv");
    const struct input inputs[] = {
        { path_of_shared("geolife-1min/geolife_1min.csv.gz"), NULL, NULL, 1283249, 182, 0 },
        { path_of_shared("cabspotting-sample/cabs.csv.gz"), NULL, NULL, 183591, 10, 0 },
        { path_of_shared("brightkite-sample/brightkite_sample.tsv"), "client,time,lat,lon,-", NULL,
            7996, 5, 0 },
        { path_of_shared("service-migration-sf/cell_of_user.csv.gz"), NULL, cells, 373754, 485,
            161 },
    };
    struct data_cities *cities = NULL;
    assert_int_equal(data_cities_create(NULL, &cities), HB_OK);
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (inputs[i].path != NULL) {
            read_whole(cities, &inputs[i]);
        }
    }
    data_cities_free(cities);
}

int main(void)
{
    if (path_of_shared("geolife-1min/geolife_1min.csv.gz") == NULL) {
        return 77;
    }
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_shared_traces_are_read_whole) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
