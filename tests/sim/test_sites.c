/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/csv.h"
#include "sim/net/sites.h"
#include "tests/support/paths.h"

static const struct sim_sites_terms terms = { .slots = 731, .price_factor = 1.3f };

struct world {
    struct data_regions *regions;
    struct sim_sites *sites;
    struct data_problem problem;
};

static void open_world(struct world *world)
{
    *world = (struct world){ .problem = { "" } };
    assert_int_equal(data_regions_create(&world->problem, &world->regions), HB_OK);
    assert_int_equal(sim_sites_create(&world->sites), HB_OK);
}

static void close_world(struct world *world)
{
    sim_sites_free(world->sites);
    data_regions_free(world->regions);
}

static void elements_add_up_to_a_list_of_stable_names(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    assert_int_equal(sim_sites_add_region(w.sites, w.regions, "gcp/europe-west4", &terms,
        &w.problem), HB_OK);
    assert_int_equal(sim_sites_add_provider(w.sites, w.regions, "aws", &terms, &w.problem), HB_OK);
    struct hb_point at = { -12.25, 33.5 };
    assert_int_equal(sim_sites_add_point(w.sites, "depot", at, &terms, &w.problem), HB_OK);
    assert_int_equal(sim_sites_len(w.sites), 34); /* aws: 32 without government regions */
    assert_string_equal(sim_sites_name(w.sites, 0), "gcp/europe-west4");
    uint32_t depot = sim_sites_find(w.sites, "depot");
    assert_int_equal(depot, 33);
    assert_int_equal(sim_sites_kind(w.sites, depot), SIM_SITES_POINT);
    assert_near(sim_sites_list(w.sites)[depot].at.lon_deg, 33.5, 0.0);
    assert_int_equal(sim_sites_list(w.sites)[depot].slots, 731);
    assert_int_equal(sim_sites_find(w.sites, "aws/nowhere-1"), HB_NONE);
    close_world(&w);
}

/* Facts: where these regions are, to 30 km. */
static void regions_are_where_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct hb_point at;
    } facts[] = { { "us-east-1", { 39.04, -77.49 } }, { "aws/ca-central-1", { 45.50, -73.57 } },
        { "eu-west-1", { 53.35, -6.26 } }, { "azure/westeurope", { 52.37, 4.90 } },
        { "gcp/us-central1", { 41.26, -95.86 } }, { "ap-southeast-2", { -33.87, 151.21 } } };
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const struct data_region *region;
        assert_int_equal(data_regions_find(w.regions, facts[i].name, &w.problem, &region), HB_OK);
        assert_true(hb_geo_distance_km(region->at, facts[i].at) < 30.0);
    }
    close_world(&w);
}

/* Another source: coordinates of 32 regions by other people, to 110 km (they
 * put ca-central-1 and two more at another city of the country). */
static void regions_agree_with_an_independent_list(void **state)
{
    (void)state;
    const char *path = path_of_shared("aws-latency/aws_region_coords.csv");
    if (path == NULL) {
        skip();
    }
    struct world w;
    open_world(&w);
    struct data_csv *csv;
    assert_int_equal(data_csv_read(path, &w.problem, &csv), HB_OK);
    size_t agree = 0;
    for (size_t row = 0; row < data_csv_row_count(csv); row++) {
        char name[64];
        struct hb_point at;
        struct data_csv_bounds any = { -180.0, 180.0 };
        const struct data_region *region;
        (void)snprintf(name, sizeof name, "aws/%s", data_csv_text(csv, row, 0));
        assert_int_equal(data_regions_find(w.regions, name, &w.problem, &region), HB_OK);
        assert_int_equal(data_csv_number(csv, row, 3, any, &w.problem, &at.lat_deg), HB_OK);
        assert_int_equal(data_csv_number(csv, row, 4, any, &w.problem, &at.lon_deg), HB_OK);
        double km = hb_geo_distance_km(region->at, at);
        agree += km < 60.0;
        assert_true(km < 520.0);
    }
    assert_in_range(agree, 28, 32);
    data_csv_free(csv);
    close_world(&w);
}

/* A city of 4 million: the disc's radius is sqrt(1000 / pi) = 17.84 km. */
static void edge_sites_spread_over_the_city(void **state)
{
    (void)state;
    assert_near(sim_sites_city_radius_km(4e6), 17.841241, 1e-6);
    assert_near(sim_sites_city_radius_km(731.3), 2.0, 0.0);
    struct world w;
    open_world(&w);
    struct sim_sites_city city = { .name = "Ville de Test", .at = { 48.0, 179.95 },
        .population = 4e6 };
    assert_int_equal(sim_sites_add_edge(w.sites, &city, 7, &terms, &w.problem), HB_OK);
    assert_string_equal(sim_sites_name(w.sites, 6), "edge/Ville-de-Test-7");
    const struct hb_site *list = sim_sites_list(w.sites);
    assert_near(hb_geo_distance_km(list[0].at, city.at), 0.0, 1e-9);
    for (uint32_t i = 0; i < 7; i++) {
        assert_true(hb_geo_distance_km(list[i].at, city.at) < 17.85);
        for (uint32_t j = 0; j < i; j++) {
            assert_true(hb_geo_distance_km(list[i].at, list[j].at) > 5.0);
        }
    }
    close_world(&w);
}

/* Places in two clumps 40 km apart, and a nearer clump of another city: each
 * of two sites ends in the middle of its own clump, on a place. */
static void edge_sites_go_where_the_places_are(void **state)
{
    (void)state;
    struct hb_place places[75];
    for (int i = 0; i < 75; i++) {
        double lon = i < 25 ? 10.0 : i < 50 ? 10.54 : 10.27;
        places[i] = (struct hb_place){ .region = i < 50 ? 4 : 5,
            .at = { 45.0 + 0.01 * (i % 5), lon + 0.01 * (i % 25 / 5) } };
    }
    struct world w;
    open_world(&w);
    struct sim_sites_city city = { .name = "Two", .at = { 45.02, 10.29 }, .population = 2e6,
        .places = places, .place_count = 75, .region = 4 };
    assert_int_equal(sim_sites_add_edge(w.sites, &city, 2, &terms, &w.problem), HB_OK);
    const struct hb_site *list = sim_sites_list(w.sites);
    double west = fmin(list[0].at.lon_deg, list[1].at.lon_deg);
    double east = fmax(list[0].at.lon_deg, list[1].at.lon_deg);
    assert_near(west, 10.02, 1e-9);
    assert_near(east, 10.56, 1e-9);
    assert_near(list[0].at.lat_deg, 45.02, 1e-9);
    /* more sites than places: each place is taken once */
    city.name = "Three";
    city.place_count = 3;
    assert_int_equal(sim_sites_add_edge(w.sites, &city, 5, &terms, &w.problem), HB_OK);
    list = sim_sites_list(w.sites);
    for (int i = 0; i < 3; i++) {
        int taken = 0;
        for (int k = 2; k < 7; k++) {
            taken += hb_geo_distance_km(list[k].at, places[i].at) < 1e-9;
        }
        assert_int_equal(taken, 1);
    }
    close_world(&w);
}

static void cells_of_a_file_become_sites(void **state)
{
    (void)state;
    const char *path = path_of_shared("service-migration-sf/cells.csv");
    if (path == NULL) {
        skip();
    }
    struct world w;
    open_world(&w);
    assert_int_equal(sim_sites_add_cells(w.sites, path, &terms, &w.problem), HB_OK);
    assert_int_equal(sim_sites_len(w.sites), 100); /* its README */
    assert_string_equal(sim_sites_name(w.sites, 0), "cell/2");
    assert_near(sim_sites_list(w.sites)[0].at.lat_deg, 37.601527777777797, 1e-12);
    close_world(&w);
}

static void refused(const char *text, const char *message)
{
    char path[] = "/tmp/harbinger-cells-XXXXXX", expected[512];
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (int)strlen(text));
    (void)close(descriptor);
    struct world w;
    open_world(&w);
    assert_int_not_equal(sim_sites_add_cells(w.sites, path, &terms, &w.problem), HB_OK);
    (void)snprintf(expected, sizeof expected, "%s%s", path, message);
    assert_string_equal(w.problem.text, message[0] == ':' ? expected : message);
    assert_int_equal(sim_sites_len(w.sites), 0);
    close_world(&w);
    (void)unlink(path);
}

static void bad_cells_are_refused_whole_and_with_their_line(void **state)
{
    (void)state;
    refused("", ":1: found an empty file: expected a line of column names");
    refused("cell,lat_deg,is_site\n",
        ":1: found no column \"lon_deg|lon\": expected one");
    refused("cell,lat_deg,lon_deg,is_site\n1,2,3,1\n2,95,3,1\n",
        ":3: lat_deg=\"95\": expected a number in -90..90");
    refused("cell,lat_deg,lon_deg,is_site\n1,2,nan,1\n",
        ":2: lon_deg=\"nan\": expected a number in -180..180");
    refused("cell,lat_deg,lon_deg,is_site\n1,2,3\n", ":2: found 3 fields: expected 4");
    refused("cell,lat_deg,lon_deg,is_site\n1,2,3,yes\n", ":2: is_site=\"yes\": expected 0 or 1");
    refused("cell,lat_deg,lon_deg,is_site\r\n1,2,3,0\r\n",
        ": found no row with is_site 1: expected one");
    refused("cell,lat_deg,lon_deg,is_site\n1,2,3,1\n1,2,3,1\n",
        "site cell/1: found twice: expected once");
}

static void bad_elements_are_refused_with_a_reason(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    struct hb_point at = { 1.0, 2.0 };
#define REFUSED(call, status, message)                      \
    do {                                                    \
        w.problem.text[0] = '\0';                           \
        assert_int_equal(call, status);                     \
        assert_string_equal(w.problem.text, message);       \
    } while (0)
    REFUSED(sim_sites_add_region(w.sites, w.regions, "aws/mars-1", &terms, &w.problem),
        HB_ERR_NOT_FOUND, "region \"aws/mars-1\": not in regions.tsv: expected a name such as "
        "aws/eu-west-1");
    REFUSED(sim_sites_add_provider(w.sites, w.regions, "acme", &terms, &w.problem),
        HB_ERR_NOT_FOUND, "provider \"acme\": not in regions.tsv");
    REFUSED(sim_sites_add_point(w.sites, "", at, &terms, &w.problem), HB_ERR_RANGE,
        "site name \"\": expected 1..63 bytes");
    REFUSED(sim_sites_add_point(w.sites, "x", (struct hb_point){ 90.5, 0.0 }, &terms, &w.problem),
        HB_ERR_RANGE, "site x: found latitude 90.5, longitude 0: expected -90..90 and -180..180");
    struct sim_sites_terms free_of_charge = { .slots = 1 };
    REFUSED(sim_sites_add_point(w.sites, "x", at, &free_of_charge, &w.problem), HB_ERR_RANGE,
        "site x: price_factor 0: expected above 0, to 1e6");
    struct sim_sites_city city = { .name = "C", .at = at, .population = 1e6 };
    REFUSED(sim_sites_add_edge(w.sites, &city, 65, &terms, &w.problem), HB_ERR_RANGE,
        "edge sites of C: found 65: expected 1..64");
    assert_int_equal(sim_sites_add_edge(w.sites, &city, 2, &terms, &w.problem), HB_OK);
    REFUSED(sim_sites_add_edge(w.sites, &city, 3, &terms, &w.problem), HB_ERR_EXISTS,
        "site edge/C-1: found twice: expected once");
    assert_int_equal(sim_sites_len(w.sites), 2);
    char name[16];
    for (int i = 2; i < SIM_SITES_MAX; i++) {
        (void)snprintf(name, sizeof name, "p%d", i);
        assert_int_equal(sim_sites_add_point(w.sites, name, at, &terms, &w.problem), HB_OK);
    }
    REFUSED(sim_sites_add_point(w.sites, "x", at, &terms, &w.problem), HB_ERR_FULL,
        "site x: expected 4096 sites at most");
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_add_up_to_a_list_of_stable_names),
        cmocka_unit_test(regions_are_where_they_are),
        cmocka_unit_test(regions_agree_with_an_independent_list),
        cmocka_unit_test(edge_sites_spread_over_the_city),
        cmocka_unit_test(edge_sites_go_where_the_places_are),
        cmocka_unit_test(cells_of_a_file_become_sites),
        cmocka_unit_test(bad_cells_are_refused_whole_and_with_their_line),
        cmocka_unit_test(bad_elements_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
