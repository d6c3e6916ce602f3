/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/ascountry.h"
#include "data/peering.h"
#include "tests/support/program.h"

static const char peers[]
    = "[{\"BGP Mux\": \"east01\", \"Peer ASN\": 731, \"IP version\": \"IPv4\","
      " \"Transit\": \"True\", \"Route Server\": \"False\"},"
      " {\"BGP Mux\": \"east01\", \"Peer ASN\": 9, \"IP version\": \"IPv6\","
      " \"Transit\": \"False\", \"Route Server\": \"False\"}]";
static const char pings[] = "{\"731\": [\"east01\"], \"12\": [\"west01\"]}";
static const char seen[] = "rrc00\t5\t5,5,731,47065,61574,47065\nrrc00\t6\t6,61574,47065\n"
    "rrc01\t7\t7,8,7,47065\n";

#define PINGS "5_east01_west01/dp_pings_est_as_to_mux_catchment.json.gz"
#define EAST "5_east01_west01/east01_bgpstream_paths.csv.gz"

static char *folder;

/* gzip's reader takes plain text too. */
static int make(void **state)
{
    (void)state;
    char path[1024];
    folder = program_folder();
    (void)snprintf(path, sizeof path, "%s/5_east01_west01", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    program_write(folder, "peers.json", peers);
    program_write(folder, PINGS, pings);
    program_write(folder, EAST, seen);
    program_write(folder, "5_east01_west01/west01_bgpstream_paths.csv.gz", "");
    return 0;
}

static int drop(void **state)
{
    (void)state;
    program_remove(folder);
    free(folder);
    return 0;
}

static void a_folder_is_read(void **state)
{
    (void)state;
    struct data_peering *peering = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(data_peering_load(folder, &peering, &problem), HB_OK);
    assert_int_equal(peering->site_count, 2);
    assert_int_equal(peering->link_count, 1); /* IPv4 only */
    assert_int_equal(peering->links[0].as, 731);
    assert_true(peering->links[0].is_transit);
    assert_int_equal(peering->path_count, 1); /* the others: prepended AS, a loop */
    assert_int_equal(peering->paths[0].count, 3);
    assert_int_equal(peering->hops[2], 731);
    assert_int_equal(peering->experiments[0].answer_count, 2);
    assert_int_equal(peering->experiments[0].answers[0].as, 12);
    assert_int_equal(peering->experiments[0].answers[0].side, 1);
    data_peering_free(peering);
}

static void refused(const char *name, const char *text, const char *sentence)
{
    program_write(folder, name, text);
    struct data_peering *peering = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(data_peering_load(folder, &peering, &problem), HB_ERR_FORMAT);
    assert_null(peering);
    if (strstr(problem.text, sentence) == NULL) {
        fail_msg("\"%s\": expected \"%s\"", problem.text, sentence);
    }
}

static void bad_files_are_refused(void **state)
{
    (void)state;
    refused("peers.json", "{}", "peers.json:1: found another form");
    refused("peers.json", "[{\"BGP Mux\": \"a\"}]", "neighbour 0: found no valid");
    refused("peers.json", "[", "peers.json:1: found");
}

static void bad_answers_and_paths_are_refused(void **state)
{
    (void)state;
    refused(PINGS, "{\"1\": [\"north01\"]}", "AS \"1\": found \"north01\": expected one of");
    refused(PINGS, "{\"-1\": [\"east01\"]}", "AS \"-1\"");
    refused(PINGS, "{\"1\": [\"east01\"], \"1\": [\"east01\"]}", "duplicate");
    program_write(folder, PINGS, pings);
    refused(EAST, "rrc00\t5\t5,x,47065\n", "paths.csv.gz:1: found");
    refused(EAST, "rrc00\t5\t5,47065\n5,47065\n", "paths.csv.gz:2: found");
}

static void countries_are_where_their_people_are(void **state)
{
    (void)state;
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/countries.txt", folder);
    program_write(folder, "countries.txt", "3:A, SG\n731:B C, D, NL\n800:Z, ZZ\n");
    struct data_cities *cities = NULL;
    struct data_ascountry *countries = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(data_cities_create(NULL, &cities), HB_OK);
    assert_int_equal(data_ascountry_load(path, cities, &countries, &problem), HB_OK);
    struct hb_point at;
    assert_int_equal(data_ascountry_place(countries, 3, &at), HB_OK);
    assert_near(at.lat_deg, 1.3, 0.1); /* Singapore is one city */
    assert_near(at.lon_deg, 103.85, 0.01);
    assert_int_equal(data_ascountry_place(countries, 731, &at), HB_OK);
    assert_true(at.lat_deg > 51.0 && at.lat_deg < 53.0);
    assert_int_equal(data_ascountry_place(countries, 800, &at), HB_ERR_NOT_FOUND);
    assert_int_equal(data_ascountry_place(countries, 4, &at), HB_ERR_NOT_FOUND);
    data_ascountry_free(countries);
    program_write(folder, "countries.txt", "3:A, SG\n2:B, NL\n");
    assert_int_equal(data_ascountry_load(path, cities, &countries, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "countries.txt:2: found AS 2 after 3"));
    program_write(folder, "countries.txt", "garbage\n");
    assert_int_equal(data_ascountry_load(path, cities, &countries, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "countries.txt:1: found \"garbage\""));
    data_cities_free(cities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_is_read, make, drop),
        cmocka_unit_test_setup_teardown(bad_files_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(bad_answers_and_paths_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(countries_are_where_their_people_are, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
