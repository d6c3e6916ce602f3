/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <string.h>

#include "core/units.h"
#include "tests/sim/bgp_network.h"

/* Griffin, Shepherd, Wilfong 2002: each of three prefers the way through its
 * neighbour, and no choice of all three is stable. */
static void bad_gadget_is_reported_and_ends(void **state)
{
    (void)state;
    const struct data_link links[] = { { .a = 10, .b = 11, .relation = SIB },
        { .a = 10, .b = 12, .relation = SIB }, { .a = 10, .b = 13, .relation = SIB },
        { .a = 11, .b = 12, .relation = SIB }, { .a = 12, .b = 13, .relation = SIB },
        { .a = 13, .b = 11, .relation = SIB } };
    static const uint32_t direct[] = { 0 }, by_2[] = { 2, 0 }, by_3[] = { 3, 0 }, by_1[] = { 1, 0 };
    const struct sim_bgp_permit permits[] = { { 1, 200, 2, by_2 }, { 1, 100, 1, direct },
        { 2, 200, 2, by_3 }, { 2, 100, 1, direct }, { 3, 200, 2, by_1 }, { 3, 100, 1, direct } };
    struct data_topology *topology = network(links, 6);
    static const char *const profiles[] = { "bird", "frr", "rfc4271", "internet" };
    for (int i = 0; i < 4; i++) {
        struct sim_bgp *bgp = made(&(struct sim_bgp_options){ .topology = topology,
            .profiles = sim_bgp_profile_named(profiles[i]), .profile_count = 1, .check = true,
            .permits = permits, .permit_count = 6 });
        sim_bgp_announce(bgp, 0, 0, NULL);
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_ERR_DIVERGES);
        assert_non_null(strstr(sim_bgp_failure(bgp), "oscillate"));
        sim_bgp_free(bgp);
    }
    data_topology_free(topology);
}

/* DISAGREE: two stable states; whoever hears of the other's direct route first
 * goes through it, and the other stays direct. */
static void disagree_settles_in_one_of_its_two_states(void **state)
{
    (void)state;
    const struct data_link links[] = { { .a = 10, .b = 11, .delay_ns = 1 * MS, .relation = SIB },
        { .a = 10, .b = 12, .delay_ns = 9 * MS, .relation = SIB },
        { .a = 11, .b = 12, .delay_ns = 1 * MS, .relation = SIB } };
    static const uint32_t direct[] = { 0 }, by_1[] = { 1, 0 }, by_2[] = { 2, 0 };
    const struct sim_bgp_permit permits[] = { { 1, 200, 2, by_2 }, { 1, 100, 1, direct },
        { 2, 200, 2, by_1 }, { 2, 100, 1, direct } };
    struct data_topology *topology = network(links, 3);
    struct sim_bgp *bgp = made(&(struct sim_bgp_options){ .topology = topology,
        .profiles = sim_bgp_profile_named("rfc4271"), .profile_count = 1, .permits = permits,
        .permit_count = 4 });
    sim_bgp_announce(bgp, 0, 0, NULL);
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_via(bgp, 1, 0), 0);
    assert_int_equal(sim_bgp_via(bgp, 2, 0), 1);
    sim_bgp_free(bgp);
    data_topology_free(topology);
}

/* Routers 1 and 2 are one AS with MED 40 and 5, router 3 another with none. */
static void med_compares_routes_of_one_neighbouring_as_only(void **state)
{
    (void)state;
    const struct data_link links[] = { { .a = 1, .b = 9, .relation = SIB },
        { .a = 2, .b = 9, .relation = SIB }, { .a = 3, .b = 9, .relation = SIB } };
    static const uint32_t as_of[] = { 7, 7, 8, 9 };
    struct data_topology *topology = network(links, 3);
    struct sim_bgp *bgp = made(&(struct sim_bgp_options){ .topology = topology,
        .profiles = sim_bgp_profile_named("rfc4271"), .profile_count = 1, .as_of = as_of });
    sim_bgp_announce(bgp, 0, 0, &(struct sim_bgp_attributes){ .med = 40 });
    sim_bgp_announce(bgp, 1, 0, &(struct sim_bgp_attributes){ .med = 5 });
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_via(bgp, 3, 0), 1);
    /* Router 3's MED 0 says nothing about AS 7's 5; router ids decide among the rest. */
    sim_bgp_announce(bgp, 2, 0, NULL);
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_via(bgp, 3, 0), 1);
    sim_bgp_announce(bgp, 0, 0, &(struct sim_bgp_attributes){ .med = 4 });
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_via(bgp, 3, 0), 0);
    sim_bgp_free(bgp);
    data_topology_free(topology);
}

/* AS 5 has routers 1, 2, 3 in a full mesh; neighbours 7 and 8 of routers 1 and 2
 * announce the same prefix. */
static void packets_leave_an_as_by_its_nearest_exit(void **state)
{
    (void)state;
    enum data_relation internal = DATA_RELATION_INTERNAL;
    const struct data_link links[] = { { .a = 1, .b = 2, .relation = internal },
        { .a = 1, .b = 3, .relation = internal }, { .a = 2, .b = 3, .relation = internal },
        { .a = 1, .b = 7, .relation = DATA_RELATION_PROVIDER },
        { .a = 2, .b = 8, .relation = DATA_RELATION_PROVIDER },
        { .a = 3, .b = 9, .relation = DATA_RELATION_PEER } };
    static const uint32_t as_of[] = { 5, 5, 5, 7, 8, 9 };
    struct data_topology *topology = network(links, 6);
    uint32_t cost[12] = { 0 };
    cost[data_topology_edge(topology, 2, 0)] = 30;
    cost[data_topology_edge(topology, 2, 1)] = 20;
    struct sim_bgp *bgp = made(&(struct sim_bgp_options){ .topology = topology,
        .profiles = sim_bgp_profile_named("rfc4271"), .profile_count = 1, .as_of = as_of,
        .igp_cost = cost });
    sim_bgp_announce(bgp, 3, 0, NULL);
    sim_bgp_announce(bgp, 4, 0, NULL);
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_via(bgp, 0, 0), 3); /* eBGP over iBGP */
    assert_int_equal(sim_bgp_via(bgp, 1, 0), 4);
    assert_int_equal(sim_bgp_catchment(bgp, 2, 0), 4); /* hot potato: 20 < 30 */
    assert_int_equal(sim_bgp_via(bgp, 5, 0), SIM_BGP_NONE); /* a provider's, not for a peer */
    sim_bgp_withdraw(bgp, 4, 0);
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_catchment(bgp, 1, 0), 3);
    assert_int_equal(sim_bgp_catchment(bgp, 2, 0), 3);
    assert_int_equal(sim_bgp_path(bgp, 2, 0, NULL, 0), 1); /* iBGP adds no hop */
    sim_bgp_free(bgp);
    data_topology_free(topology);
}

static void communities_stop_and_deprefer(void **state)
{
    (void)state;
    struct data_topology *topology = line();
    struct sim_bgp *bgp = line_bgp(topology, sim_bgp_profile_named("rfc4271"), 2);
    sim_bgp_announce(bgp, 0, 0, &(struct sim_bgp_attributes){ .community = SIM_BGP_NO_EXPORT });
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_via(bgp, 1, 0), 0);
    assert_int_equal(sim_bgp_via(bgp, 2, 0), SIM_BGP_NONE);
    /* Prefix 1: router 2 is one hop from 1 and two from 4, until 1 is to be drained. */
    sim_bgp_announce(bgp, 0, 1, NULL);
    sim_bgp_announce(bgp, 3, 1, NULL);
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_catchment(bgp, 1, 1), 0);
    sim_bgp_announce(
        bgp, 0, 1, &(struct sim_bgp_attributes){ .community = SIM_BGP_GRACEFUL_SHUTDOWN });
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_catchment(bgp, 1, 1), 3);
    sim_bgp_announce(bgp, 0, 1, NULL);
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_catchment(bgp, 1, 1), 0);
    sim_bgp_announce(bgp, 0, 1, &(struct sim_bgp_attributes){ .prepend_count = 3 });
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    assert_int_equal(sim_bgp_catchment(bgp, 1, 1), 3);
    sim_bgp_free(bgp);
    data_topology_free(topology);
}

/* A table of 400 paths serves any number of changes: what is unused is swept out. */
static void paths_in_disuse_make_room(void **state)
{
    (void)state;
    struct data_link links[28];
    struct data_topology *topology = clique(8, links);
    struct sim_bgp_profile profile = { .name = "quick", .process_s = 1e-3 };
    struct sim_bgp_options options = { .topology = topology, .profiles = &profile,
        .profile_count = 1, .path_capacity = 400, .check = true };
    struct sim_bgp *bgp = made(&options);
    for (int i = 0; i < 50; i++) {
        sim_bgp_announce(bgp, 0, 0, NULL);
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        sim_bgp_withdraw(bgp, 0, 0);
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
    }
    assert_true(sim_bgp_counts(bgp).changes > 2000);
    sim_bgp_free(bgp);
    options.path_capacity = 8;
    bgp = made(&options);
    assert_int_equal(sim_bgp_run(bgp, 0), HB_OK);
    sim_bgp_free(bgp);
    options.path_capacity = 0;
    options.message_capacity = 5;
    bgp = made(&options);
    sim_bgp_announce(bgp, 0, 0, NULL);
    assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_ERR_FULL);
    assert_non_null(strstr(sim_bgp_failure(bgp), "message_capacity"));
    sim_bgp_free(bgp);
    data_topology_free(topology);
}

static void one_seed_gives_one_course_of_events(void **state)
{
    (void)state;
    struct data_link links[66];
    struct data_topology *topology = clique(12, links);
    uint64_t events[3];
    int64_t ends_ns[3];
    for (int i = 0; i < 3; i++) {
        struct sim_bgp *bgp = made(&(struct sim_bgp_options){ .topology = topology,
            .profiles = sim_bgp_profile_named("rfc4271"), .profile_count = 1,
            .seed = i < 2 ? 731 : 732 });
        sim_bgp_announce(bgp, 0, 0, NULL);
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        sim_bgp_withdraw(bgp, 0, 0);
        assert_int_equal(sim_bgp_run(bgp, HB_NEVER_NS), HB_OK);
        events[i] = sim_bgp_counts(bgp).events;
        ends_ns[i] = sim_bgp_now_ns(bgp);
        sim_bgp_free(bgp);
    }
    assert_true(events[0] == events[1] && ends_ns[0] == ends_ns[1]);
    assert_true(ends_ns[0] != ends_ns[2]);
    data_topology_free(topology);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    struct data_topology *topology = line();
    static const uint8_t profile_of[] = { 0, 0, 1, 0 };
    const struct sim_bgp_permit permit = { .node = 4, .local_pref = 1 };
    struct sim_bgp_options good = { .topology = topology,
        .profiles = sim_bgp_profile_named("bird"), .profile_count = 1 };
    struct sim_bgp *bgp = NULL;
    struct sim_bgp_options bad = good;
    bad.profile_count = 0;
    assert_int_equal(sim_bgp_create(&bad, &bgp), HB_ERR_RANGE);
    bad = good;
    bad.prefix_count = 256;
    assert_int_equal(sim_bgp_create(&bad, &bgp), HB_ERR_RANGE);
    bad = good;
    bad.profile_of = profile_of;
    assert_int_equal(sim_bgp_create(&bad, &bgp), HB_ERR_RANGE);
    bad = good;
    bad.permits = &permit;
    bad.permit_count = 1;
    assert_int_equal(sim_bgp_create(&bad, &bgp), HB_ERR_RANGE);
    assert_null(bgp);
    assert_null(sim_bgp_profile_named("quagga"));
    data_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_gadget_is_reported_and_ends),
        cmocka_unit_test(disagree_settles_in_one_of_its_two_states),
        cmocka_unit_test(med_compares_routes_of_one_neighbouring_as_only),
        cmocka_unit_test(packets_leave_an_as_by_its_nearest_exit),
        cmocka_unit_test(communities_stop_and_deprefer),
        cmocka_unit_test(paths_in_disuse_make_room),
        cmocka_unit_test(one_seed_gives_one_course_of_events),
        cmocka_unit_test(options_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
