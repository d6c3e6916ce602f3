/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>

#include "data/asrel.h"
#include "tests/support/paths.h"

static enum hb_status parsed(const char *text, struct data_topology **out,
    struct data_problem *problem)
{
    return data_asrel_parse(text, strlen(text), "x.txt", 731, out, problem);
}

static void assert_refused(const char *text, enum hb_status status, const char *words)
{
    struct data_topology *topology = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(parsed(text, &topology, &problem), status);
    assert_null(topology);
    if (strstr(problem.text, words) == NULL) {
        fail_msg("\"%s\", expected \"%s\" in it", problem.text, words);
    }
}

/* By hand: 20 is a customer of 10 and a peer of 30. */
static void both_series_give_the_same_rows(void **state)
{
    (void)state;
    static const char *const texts[] = { "# comment\n10|20|-1\n30|20|0\n",
        "10|20|-1|bgp\n30|20|0|mlp\n", "30|20|0\r\n10|20|-1\r\n", "10|20|-1\n30|20|0" };
    for (size_t i = 0; i < 4; i++) {
        struct data_topology *t = NULL;
        assert_int_equal(parsed(texts[i], &t, NULL), HB_OK);
        assert_int_equal(t->node_count, 3);
        assert_int_equal(t->edge_count, 4);
        uint32_t n20 = data_topology_node(t, 20);
        assert_int_equal(n20, 1);
        uint32_t up = data_topology_edge(t, n20, data_topology_node(t, 10));
        uint32_t across = data_topology_edge(t, n20, data_topology_node(t, 30));
        assert_int_equal(t->relation[up], DATA_RELATION_PROVIDER);
        assert_int_equal(t->relation[t->back[up]], DATA_RELATION_CUSTOMER);
        assert_int_equal(t->relation[across], DATA_RELATION_PEER);
        assert_int_equal(t->delay_ns[across], 731);
        assert_int_equal(data_topology_edge(t, 0, 2), UINT32_MAX);
        assert_int_equal(data_topology_node(t, 21), UINT32_MAX);
        data_topology_free(t);
    }
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    assert_refused("1|2|-1\n1|3\n", HB_ERR_FORMAT, "x.txt:2: found \"1|3\"");
    assert_refused("1|2|1\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused("1|2|-1|\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused("1|2|-1|a|b\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused("1|2|-11\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused("0|2|-1\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused("1|4294967296|-1\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused("1|99999999999999999999999|-1\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused("-1|2|-1\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused(" 1|2|-1\n", HB_ERR_FORMAT, "x.txt:1:");
    assert_refused("1|2|-1\n\n2|3|0\n", HB_ERR_FORMAT, "x.txt:2:");
    assert_refused("# nothing but this\n", HB_ERR_RANGE, "found 0 links");
    assert_refused("5|5|0\n", HB_ERR_FORMAT, "of 5 to itself");
}

static void a_link_told_twice_is_refused_with_both_lines(void **state)
{
    (void)state;
    assert_refused("1|2|-1\n3|4|0\n2|1|0\n", HB_ERR_EXISTS, "x.txt:3: found the link of");
    assert_refused("1|2|-1\n3|4|0\n2|1|0\n", HB_ERR_EXISTS, "(line 1)");
    assert_refused("1|2|-1\n1|2|-1\n", HB_ERR_EXISTS, "x.txt:2:");
}

/* 1 over 2 over 3 over 1; 9 hangs below, 8 above: neither is to blame. */
static void a_cycle_of_providers_is_refused(void **state)
{
    (void)state;
    assert_refused("8|1|-1\n1|2|-1\n2|3|-1\n3|1|-1\n3|9|-1\n", HB_ERR_FORMAT,
        "expected provider relations without a cycle");
    struct data_topology *topology = NULL;
    assert_int_equal(parsed("1|2|-1\n2|3|-1\n1|3|-1\n", &topology, NULL), HB_OK);
    data_topology_free(topology);
}

static void a_million_lines_of_garbage_are_refused_at_the_first(void **state)
{
    (void)state;
    size_t size = 32u << 20;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) {
        text[i] = i % 32 == 31 ? '\n' : (char)('!' + i * 7 % 90);
    }
    struct data_topology *topology = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(
        data_asrel_parse(text, size, "g.txt", 0, &topology, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "g.txt:1:"));
    memset(text, '7', size); /* one line of 32 million digits */
    assert_int_equal(
        data_asrel_parse(text, size, "g.txt", 0, &topology, &problem), HB_ERR_FORMAT);
    free(text);
    assert_int_equal(data_asrel_load("/nonexistent", 0, &topology, &problem),
        HB_ERR_NOT_FOUND);
    assert_non_null(strstr(problem.text, "/nonexistent"));
}

/* Published with the data: 60,006 ASes, 117,703 and 143,637 links. */
static void the_graph_of_2018_has_its_counts(void **state)
{
    (void)state;
    const char *path = path_of_shared("caida-as-rel/20180101.as-rel.txt");
    if (path == NULL) {
        skip();
    }
    struct data_topology *t = NULL;
    assert_int_equal(data_asrel_load(path, 0, &t, NULL), HB_OK);
    uint32_t counts[DATA_RELATION_COUNT] = { 0 };
    for (uint32_t e = 0; e < t->edge_count; e++) {
        counts[t->relation[e]]++;
    }
    assert_int_equal(t->node_count, 60006);
    assert_int_equal(counts[DATA_RELATION_CUSTOMER], 117703);
    assert_int_equal(counts[DATA_RELATION_PROVIDER], 117703);
    assert_int_equal(counts[DATA_RELATION_PEER], 2 * 143637);
    data_topology_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_series_give_the_same_rows),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(a_link_told_twice_is_refused_with_both_lines),
        cmocka_unit_test(a_cycle_of_providers_is_refused),
        cmocka_unit_test(a_million_lines_of_garbage_are_refused_at_the_first),
        cmocka_unit_test(the_graph_of_2018_has_its_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
