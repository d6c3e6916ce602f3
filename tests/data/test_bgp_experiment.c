/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/bgp_experiment.h"
#include "tests/support/paths.h"

static char *seed_text(void)
{
    static char text[8192];
    FILE *file = fopen(path_of_source("tests/fuzz/seeds/bgp_experiment/pair.json"), "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static void a_small_experiment_is_read(void **state)
{
    (void)state;
    struct data_bgp_experiment *e = NULL;
    const char *text = seed_text();
    assert_int_equal(data_bgp_experiment_parse(text, strlen(text), "pair", &e, NULL), HB_OK);
    assert_string_equal(e->implementation, "bird");
    assert_int_equal(e->links[0].delay_ns, 5000000);
    assert_int_equal(e->links[0].relation, DATA_RELATION_SIBLING);
    assert_int_equal(e->run_count, 1);
    assert_int_equal(e->runs[0].event, DATA_BGP_ANNOUNCE);
    assert_near(e->runs[0].nodes[1].last_ms, 5.2, 0.0);
    assert_true(e->runs[0].nodes[0].has_route);
    assert_int_equal(e->runs[0].nodes[0].hop_count, 0);
    assert_int_equal(e->runs[0].nodes[1].hops[0], 1);
    data_bgp_experiment_free(e);
}

static void messages_are_read_where_they_are_told(void **state)
{
    (void)state;
    const char *good = seed_text(), *at = strstr(good, "\"updates\": 1");
    assert_non_null(at);
    char text[8192];
    (void)snprintf(text, sizeof text,
        "%.*s\"messages\": [[0.25, 1, 2, \"A\", [1]], [7.5, 2, 1, \"W\", null]], %s",
        (int)(at - good), good, at);
    struct data_bgp_experiment *e = NULL;
    assert_int_equal(data_bgp_experiment_parse(text, strlen(text), "pair", &e, NULL), HB_OK);
    assert_int_equal(e->runs[0].wire_count, 2);
    assert_near(e->runs[0].wire[1].at_ms, 7.5, 0.0);
    assert_int_equal(e->runs[0].wire[1].from, 2);
    assert_int_equal(e->runs[0].wire[1].to, 1);
    data_bgp_experiment_free(e);
}

/* Replaces one word of the good text; the message must name the other. */
static void assert_refused(const char *word, const char *by, const char *named)
{
    char text[8192], *good = seed_text(), *at = strstr(good, word);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, by, at + strlen(word));
    struct data_bgp_experiment *e = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(
        data_bgp_experiment_parse(text, strlen(text), "pair", &e, &problem), HB_ERR_FORMAT);
    assert_null(e);
    if (strstr(problem.text, named) == NULL) {
        fail_msg("\"%s\", expected \"%s\" in it", problem.text, named);
    }
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    assert_refused("\"o1\": 1", "\"o1\": 3", "\"o1\"");
    assert_refused("\"announce\"", "\"eclipse\"", "run 0: found no valid \"event\"");
    assert_refused("\"flat\",", "\"round\",", "edge 0: found no valid \"rel\"");
    assert_refused("\"delay_us\": 5000", "\"delay_us\": -5", "\"delay_us\"");
    assert_refused("\"fail_link\": [", "\"fail_link\": [7,", "\"fail_link\"");
    assert_refused("\"n\": 2", "\"n\": 2e9", "\"n\"");
    assert_refused("\"updates\": 1", "\"updates\": \"1\"", "\"updates\"");
    assert_refused("\"updates\": 1", "\"messages\": [[0.5, 1, 3]], \"updates\": 1", "\"messages\"");
    assert_refused("\"updates\": 1", "\"messages\": [[2, 1, 2], [1, 2, 1]], \"updates\": 1",
        "in the order of time");
    assert_refused("\"updates\": 1", "\"messages\": 7, \"updates\": 1", "\"messages\"");
    assert_refused("{", "[", "pair:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_experiment_is_read),
        cmocka_unit_test(messages_are_read_where_they_are_told),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
