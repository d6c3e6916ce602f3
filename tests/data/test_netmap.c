/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "data/netmap.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

static const char gml[] = "graph [\n  label \"G [1]\"\n  node [\n id 3 label \"Bonn\"\n"
    " Latitude 50.7 Longitude 7.1 ]\n  node [ id 8 label \"Rome\" Latitude 41.9 Longitude 12.5 ]\n"
    "  node [ id 9 x [ y 1 ] ]\n  edge [ source 3 target 8 ]\n  edge [ source 8 target 3 ]\n"
    "  edge [ source 9 target 9 ]\n  edge [ source 9 target 3 ]\n]\n";
static const char graphml[] = "<?xml version=\"1.0\"?>\n<graphml>"
    "<key attr.name=\"Latitude\" for=\"node\" id=\"d1\"/>"
    "<key attr.name=\"Longitude\" for=\"node\" id=\"d2\"/>\n<graph>"
    "<node id=\"3\"><data key=\"d1\">50.7</data><data key=\"d2\">7.1</data></node>"
    "<node id=\"8\"><data key=\"d1\">41.9</data><data key=\"d2\">12.5</data></node>"
    "<node id=\"9\"/>\n<edge source=\"3\" target=\"8\"/><edge source=\"8\" target=\"3\"/>"
    "<edge source=\"9\" target=\"9\"/><edge source=\"9\" target=\"3\"><data key=\"d1\">x</data>"
    "</edge></graph></graphml>\n";
static const char sndlib[] = "<?xml version=\"1.0\"?>\n<network><networkStructure>"
    "<nodes coordinatesType=\"geographical\"><node id=\"3\"><coordinates><x> 7.1 </x>"
    "<y>50.7</y></coordinates></node><node id=\"8\"><coordinates><x>12.5</x><y>41.9</y>"
    "</coordinates></node><node id=\"9\"/></nodes>\n<links><link id=\"L1\"><source> 3 </source>"
    "<target>8</target></link><link id=\"L2\"><source>8</source><target>3</target></link>"
    "<link id=\"L3\"><source>9</source><target>9</target></link>"
    "<link id=\"L4\"><source>9</source><target>3</target></link>"
    "</links></networkStructure></network>\n";

static char *folder;

static enum hb_status load(const char *name, const char *text, struct data_netmap **out,
    struct data_problem *problem)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path); /* a new file: some file systems flush one that was cut to nothing */
    program_write(folder, name, text);
    return data_netmap_load(path, out, problem);
}

/* Bonn to Rome: 1,064 km by PROJ's sphere, 5.2 ms of fibre. */
static void expect_the_network(const char *name, const char *text)
{
    struct data_netmap *netmap = NULL;
    struct data_problem problem = { "" };
    if (load(name, text, &netmap, &problem) != HB_OK) {
        fail_msg("%s", problem.text);
    }
    assert_int_equal(netmap->node_count, 3);
    assert_int_equal(netmap->topology->node_count, 3);
    assert_int_equal(netmap->topology->edge_count, 4);
    assert_int_equal(netmap->parallel_count, 2); /* 8 to 3 again, 9 to itself */
    assert_string_equal(netmap->nodes[1].id, "8");
    assert_true(netmap->nodes[0].has_place);
    assert_false(netmap->nodes[2].has_place);
    assert_near(netmap->nodes[1].at.lon_deg, 12.5, 0.0);
    uint32_t edge = data_topology_edge(netmap->topology, 0, 1);
    assert_near((double)netmap->topology->delay_ns[edge] / 1e6, 1064.0 / 204.0, 0.02);
    edge = data_topology_edge(netmap->topology, 0, 2);
    assert_int_equal(netmap->topology->delay_ns[edge], 0);
    assert_false(netmap->has_delays); /* all by geography */
    data_netmap_free(netmap);
}

static void three_forms_tell_the_same_network(void **state)
{
    (void)state;
    expect_the_network("a.gml", gml);
    expect_the_network("a.graphml", graphml);
    expect_the_network("a.xml", sndlib);
}

static void tables_are_read_and_twins_refused(void **state)
{
    (void)state;
    struct data_netmap *netmap = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(load("a.csv", "from,to\nx,y\ny,z\n", &netmap, &problem), HB_OK);
    assert_int_equal(netmap->topology->node_count, 3);
    assert_string_equal(netmap->nodes[2].id, "z");
    data_netmap_free(netmap);
    assert_int_equal(load("a.csv", "from,to\nx,y\ny,x\n", &netmap, &problem), HB_ERR_EXISTS);
    assert_non_null(strstr(problem.text, "a.csv:3"));
    assert_int_equal(load("a.csv", "from,to\nx,x\n", &netmap, &problem), HB_ERR_FORMAT);
}

/* delay_ms is the link's own; a place holds wherever the node stands, before and after. */
static void tables_tell_places_and_delays(void **state)
{
    (void)state;
    struct data_netmap *netmap = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(load("a.csv", "a,b,delay_ms,a_lat_deg,a_lon_deg\r\nx,y,7.31,50.7,7.1\r\n\r\n"
        "y,z,0,41.9,12.5\r\nz,x,0,-33.9,151.2\r\n", &netmap, &problem), HB_OK);
    assert_int_equal(data_topology_edge(netmap->topology, 0, 1), 0);
    assert_int_equal(netmap->topology->delay_ns[0], 7310000);
    assert_true(netmap->has_delays); /* of one link; the others by geography */
    assert_true(netmap->nodes[2].has_place);
    /* Bonn to Sydney, 16,577 km by PROJ's sphere. */
    uint32_t edge = data_topology_edge(netmap->topology, 0, 2);
    assert_near((double)netmap->topology->delay_ns[edge] / 1e6, 16577.0 / 204.0, 0.5);
    data_netmap_free(netmap);
    netmap = NULL;
    assert_int_equal(load("a.csv", "a,b,a_lat_deg\nx,y,1\n", &netmap, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "a_lon_deg"));
    assert_int_equal(load("a.csv", "a,b,a_lat,a_lon\nx,y,1,1\n\nx,z,1,2\n", &netmap, &problem),
        HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "a.csv:4: a=\"x\": expected the place"));
    assert_int_equal(load("a.csv", "a,b,delay_ms\nx,y,4000.1\n", &netmap, &problem),
        HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "a.csv:2: delay_ms=\"4000.1\""));
    assert_null(netmap);
}

static void rocketfuel_is_read(void **state)
{
    (void)state;
    struct data_netmap *netmap = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(load("1.latencies.intra", "New+York,+NY7 Perth,+Australia41 73.5\n"
        "Perth,+Australia41 New+York,+NY7 73.5\nPerth,+Australia41 x3 0.5\n", &netmap, &problem),
        HB_OK);
    assert_int_equal(netmap->node_count, 3);
    assert_int_equal(netmap->topology->edge_count, 4);
    assert_string_equal(netmap->nodes[0].label, "New York, NY");
    assert_string_equal(netmap->nodes[0].id, "New+York,+NY7");
    assert_int_equal(netmap->topology->delay_ns[data_topology_edge(netmap->topology, 0, 1)],
        73500000);
    data_netmap_free(netmap);
    assert_int_equal(load("1.weights.intra", "a1 b2 9\nb2 a1 8\n", &netmap, &problem), HB_OK);
    assert_int_equal(netmap->topology->delay_ns[0], 0);
    data_netmap_free(netmap);
}

/* Counted with awk: nodes, pairs. */
static void the_maps_of_rocketfuel_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t nodes, links;
    } maps[] = { { "1221", 108, 153 }, { "1239", 315, 972 }, { "1755", 87, 161 },
        { "3257", 161, 328 }, { "3967", 79, 147 }, { "6461", 141, 374 } };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "rocketfuel/%s.latencies.intra", maps[i].name);
        const char *path = path_of_shared(name);
        if (path == NULL) {
            skip();
        }
        struct data_netmap *netmap = NULL;
        struct data_problem problem = { "" };
        if (data_netmap_load(path, &netmap, &problem) != HB_OK) {
            fail_msg("%s", problem.text);
        }
        assert_int_equal(netmap->node_count, maps[i].nodes);
        assert_int_equal(netmap->topology->edge_count, 2 * maps[i].links);
        data_netmap_free(netmap);
    }
}

struct bad {
    const char *name, *text, *sentence;
    enum hb_status status;
};

static void bad_files_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct bad all[] = {
        { "b.gml", "graph [\n node [ id 1 ]\n node [ id 1 ]\n]", "b.gml:3: found node \"1\" a sec",
            HB_ERR_EXISTS },
        { "b.gml", "graph [\n node [ id 1 ]\n edge [ source 1 target 2 ]\n]", "b.gml:3: found a li",
            HB_ERR_NOT_FOUND },
        { "b.gml", "graph [\n node [ id 1\n Latitude 91 ] ]", "b.gml:3: found \"91\"",
            HB_ERR_FORMAT },
        { "b.gml", "graph [\n node [ id 1 ]\n", "b.gml:3: found \"\": expected graph [ ... ]",
            HB_ERR_FORMAT },
        { "b.gml", "graph [ label \"x\n\n", "expected a number, a \"text\" or [", HB_ERR_FORMAT },
        { "b.gml", "", "expected graph", HB_ERR_FORMAT },
        { "b.graphml", "<graphml>\n<graph>\n<node></graph>", "b.graphml:3: found Opening",
            HB_ERR_FORMAT },
        { "b.graphml", "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]>\n<graphml/>",
            "found a document type: expected none", HB_ERR_FORMAT },
        { "b.xml", "<html/>", "b.xml:1: found html: expected graphml or network", HB_ERR_FORMAT },
        { "b.xml", "", "expected well-formed XML", HB_ERR_FORMAT },
{ "b.graphml", "<graphml>&lt;&nothing;</graphml>", "b.graphml:1: found", HB_ERR_FORMAT },
        { "b.intra", "a1 b1 7\na1 b1\n", "b.intra:2: found \"a1 b1\": expected two nodes",
            HB_ERR_FORMAT },
        { "b.intra", "a1 b1 0x7\n", "b.intra:1: found \"a1 b1 0x7\"", HB_ERR_FORMAT },
        { "b.intra", "a1 b1 7 8\n", "b.intra:1: found", HB_ERR_FORMAT },
        { "b.intra", "a1 b1 7\nb1 c1 3\na1 b1 7\n", "b.intra:3: found the link of line 1 again",
            HB_ERR_EXISTS },
        { "b.latencies.intra", "a1 b1 7\nb1 a1 8\n", "found another latency than line",
            HB_ERR_FORMAT },
        { "b.latencies.intra", "a1 b1 4001\n", "b.latencies.intra:1: found", HB_ERR_FORMAT },
        { "b.intra", "a1 a1 7\n", "b.intra:1: found a link of \"a1\" to itself", HB_ERR_FORMAT },
        { "b.txt", "", "found ending \".txt\"", HB_ERR_UNSUPPORTED },
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct data_netmap *netmap = NULL;
        struct data_problem problem = { "" };
        assert_int_equal(load(all[i].name, all[i].text, &netmap, &problem), all[i].status);
        assert_null(netmap);
        if (strstr(problem.text, all[i].sentence) == NULL) {
            fail_msg("\"%s\": expected \"%s\"", problem.text, all[i].sentence);
        }
    }
}

static void a_million_lines_of_garbage_are_refused_at_once(void **state)
{
    (void)state;
    static const char *const names[] = { "g.gml", "g.graphml", "g.xml", "g.csv", "g.intra" };
    enum { LINES = 1000000 };
    char *text = malloc(LINES * 8 + 1);
    assert_non_null(text);
    for (size_t i = 0; i < LINES; i++) {
        memcpy(text + 8 * i, "garbage\n", 8);
    }
    text[LINES * 8] = '\0';
    for (size_t i = 0; i < 5; i++) {
        struct data_netmap *netmap = NULL;
        clock_t start = clock();
        assert_int_equal(load(names[i], text, &netmap, NULL), HB_ERR_FORMAT);
        assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 2.0);
    }
    free(text);
}

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Seeds damaged by one to four bytes: refused with a sentence, or read whole. */
static void damaged_files_are_survived(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } seeds[] = { { "d.gml", gml }, { "d.graphml", graphml }, { "d.xml", sndlib },
        { "d.csv", "from,to\nx,y\ny,z\nz,u\n" } };
    static const char interesting[] = "[]\"<>&;=/#-+.e09 \n,x\x80\xff";
    uint32_t random = 731, read = 0, refused = 0;
    for (int round = 0; round < 4000; round++) {
        char text[2048];
        (void)snprintf(text, sizeof text, "%s", seeds[round % 4].text);
        for (uint32_t n = 1 + next(&random) % 4; n > 0; n--) {
            text[next(&random) % strlen(seeds[round % 4].text)]
                = interesting[next(&random) % (sizeof interesting - 1)];
        }
        struct data_netmap *netmap = NULL;
        struct data_problem problem = { "" };
        enum hb_status status = load(seeds[round % 4].name, text, &netmap, &problem);
        assert_true(status == HB_OK || problem.text[0] != '\0');
        read += status == HB_OK;
        refused += status != HB_OK;
        data_netmap_free(netmap);
    }
    assert_true(read > 100);
    assert_true(refused > 100);
}

static int is_gml(const struct dirent *entry)
{
    return strstr(entry->d_name, ".gml") != NULL;
}

/* The whole collection; its own page counts 276 files. */
static void the_topology_zoo_is_read(void **state)
{
    (void)state;
    const char *archive = path_of_shared("topology-zoo/gml.tar.gz");
    if (archive == NULL) {
        skip();
    }
    char command[2400], path[1400];
    (void)snprintf(command, sizeof command, "tar xzf '%s' -C '%s'", archive, folder);
    assert_int_equal(system(command), 0);
    (void)snprintf(path, sizeof path, "%s/gml", folder);
    struct dirent **names = NULL;
    int count = scandir(path, &names, is_gml, alphasort), placed = 0;
    assert_int_equal(count, 276);
    for (int i = 0; i < count; i++) {
        struct data_netmap *netmap = NULL;
        struct data_problem problem = { "" };
        (void)snprintf(path, sizeof path, "%s/gml/%s", folder, names[i]->d_name);
        if (data_netmap_load(path, &netmap, &problem) != HB_OK) {
            fail_msg("%s", problem.text);
        }
        placed += netmap->nodes[0].has_place;
        data_netmap_free(netmap);
        free(names[i]);
    }
    free(names);
    assert_true(placed > 150);
}

int main(void)
{
#define T(name) \
    cmocka_unit_test_prestate_setup_teardown(name, program_make_folder, \
        program_remove_folder, &folder)
    const struct CMUnitTest tests[] = {
        T(three_forms_tell_the_same_network),
        T(tables_are_read_and_twins_refused),
        T(tables_tell_places_and_delays),
        T(rocketfuel_is_read),
        cmocka_unit_test(the_maps_of_rocketfuel_are_read),
        T(bad_files_are_refused_with_their_line),
        T(a_million_lines_of_garbage_are_refused_at_once),
        T(damaged_files_are_survived),
        T(the_topology_zoo_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
