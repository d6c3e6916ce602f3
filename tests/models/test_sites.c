/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _XOPEN_SOURCE 700 /* mkstemp */
#include "models/sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/assert_near.h"

/* Six places on the equator at 0, 1, 2 and 10, 11, 12 degrees east, and one at the
 * antimeridian's other side that nobody was seen at in training. */
static struct model_dataset *dataset_of(const uint32_t counts[7])
{
    static const double lon_deg[7] = { 0.0, 1.0, 2.0, 10.0, 11.0, 12.0, -179.0 };
    struct model_dataset *dataset = NULL;
    uint64_t slots = 0;
    for (int i = 0; i < 7; i++) {
        slots += counts[i];
    }
    struct model_dataset_sizes sizes = { .slot_count = slots, .client_count = 1,
        .place_count = 7 };
    assert_int_equal(model_dataset_create(&sizes, &dataset), HB_OK);
    memcpy(dataset->lon_deg, lon_deg, sizeof lon_deg);
    dataset->first[1] = slots;
    uint64_t at = 0;
    for (uint32_t i = 0; i < 7; i++) {
        for (uint32_t n = 0; n < counts[i]; n++, at++) {
            dataset->place[at] = i;
            dataset->part[at] = i == 6 ? MODEL_PART_TEST : MODEL_PART_TRAIN;
        }
    }
    return dataset;
}

static void sites_stand_where_people_are(void **state)
{
    (void)state;
    struct model_dataset *dataset = dataset_of((uint32_t[7]) { 1, 5, 1, 1, 1, 1, 40 });
    struct model_sites sites;
    assert_int_equal(model_sites_spread(dataset, 2, &sites), HB_OK);
    assert_int_equal(sites.count, 2);
    assert_near(sites.lon_deg[0], 1.0, 1e-12);  /* the busiest of its three */
    assert_near(sites.lon_deg[1], 11.0, 1e-12); /* the mean of the other three */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sites.of_place[i], 0);
        assert_int_equal(sites.of_place[3 + i], 1);
    }
    assert_int_equal(sites.of_place[6], 1); /* 169 degrees to the east; 180 from the other */
    model_sites_fini(&sites);
    model_dataset_free(dataset);
}

static void no_more_sites_than_places_with_people(void **state)
{
    (void)state;
    struct model_dataset *dataset = dataset_of((uint32_t[7]) { 2, 0, 0, 0, 0, 1, 1 });
    struct model_sites sites;
    assert_int_equal(model_sites_spread(dataset, 2, &sites), HB_OK);
    model_sites_fini(&sites);
    assert_int_equal(model_sites_spread(dataset, 3, &sites), HB_ERR_RANGE);
    assert_int_equal(model_sites_spread(dataset, 0, &sites), HB_ERR_RANGE);
    assert_int_equal(model_sites_spread(dataset, MODEL_SITES_MAX + 1, &sites), HB_ERR_RANGE);
    model_dataset_free(dataset);
}

static enum hb_status read_text(const char *text, const struct model_dataset *dataset,
    struct model_sites *sites, struct data_problem *problem, char path[])
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    enum hb_status status = model_sites_read(path, dataset, sites, problem);
    unlink(path);
    return status;
}

static void a_table_of_sites_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/harbinger-sites-XXXXXX";
    struct model_dataset *dataset = dataset_of((uint32_t[7]) { 1, 1, 1, 1, 1, 1, 1 });
    struct model_sites sites;
    struct data_problem problem = { "" };
    assert_int_equal(read_text("name,lat_deg,lon_deg\nwest,0,0.4\neast,0,0.6\n", dataset, &sites,
                         &problem, path),
        HB_OK);
    assert_int_equal(sites.of_place[0], 0);
    assert_int_equal(sites.of_place[1], 1);
    model_sites_fini(&sites);
    model_dataset_free(dataset);
}

static void bad_tables_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "lat_deg,lon_deg\n", ":1: " },
        { "name,lat_deg,lon_deg\n", ":2: no site: expected at least one" },
        { "name,lat_deg,lon_deg\na,1,2\nb,95,2\n", ":3: " },
        { "name,lat_deg,lon_deg\na,1\n", ":2: " },
    };
    struct model_dataset *dataset = dataset_of((uint32_t[7]) { 1, 1, 1, 1, 1, 1, 1 });
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[] = "/tmp/harbinger-sites-XXXXXX";
        struct model_sites sites;
        struct data_problem problem = { "" };
        assert_int_equal(read_text(cases[i].text, dataset, &sites, &problem, path),
            HB_ERR_FORMAT);
        char want[256];
        (void)snprintf(want, sizeof want, "%s%s", path, cases[i].message);
        assert_memory_equal(problem.text, want, strlen(want));
        model_sites_fini(&sites);
    }
    model_dataset_free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites_stand_where_people_are),
        cmocka_unit_test(no_more_sites_than_places_with_people),
        cmocka_unit_test(a_table_of_sites_is_read),
        cmocka_unit_test(bad_tables_are_refused_with_their_line),
    };
    return cmocka_run_group_tests_name("models/sites", tests, NULL, NULL);
}
