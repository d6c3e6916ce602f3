/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SIM_BGP_NETWORK_H
#define TESTS_SIM_BGP_NETWORK_H

#include "tests/support/assert_near.h"

#include "core/units.h"
#include "sim/net/bgp/bgp.h"

/* Small networks for the tests of BGP. */
#define MS HB_NS_PER_MS
#define SIB DATA_RELATION_SIBLING

static inline struct data_topology *network(const struct data_link *links, size_t count)
{
    struct data_topology *topology = NULL;
    struct data_problem problem = { "" };
    if (data_topology_create(links, count, "network", &topology, &problem) != HB_OK) {
        fail_msg("%s", problem.text);
    }
    return topology;
}

static inline struct sim_bgp *made(const struct sim_bgp_options *options)
{
    struct sim_bgp *bgp = NULL;
    assert_int_equal(sim_bgp_create(options, &bgp), HB_OK);
    return bgp;
}

static inline struct data_topology *clique(uint32_t n, struct data_link *links)
{
    size_t count = 0;
    for (uint32_t a = 1; a <= n; a++) {
        for (uint32_t b = a + 1; b <= n; b++) {
            links[count++] = (struct data_link){ .a = a, .b = b, .delay_ns = 1000000,
                .relation = SIB };
        }
    }
    return network(links, count);
}

/* A line 1 - 2 - 3 - 4. */
static inline struct data_topology *line(void)
{
    const struct data_link links[] = { { .a = 1, .b = 2, .delay_ns = 5 * MS, .relation = SIB },
        { .a = 2, .b = 3, .delay_ns = 5 * MS, .relation = SIB },
        { .a = 3, .b = 4, .delay_ns = 5 * MS, .relation = SIB } };
    return network(links, 3);
}

static inline struct sim_bgp *line_bgp(const struct data_topology *topology,
    const struct sim_bgp_profile *profile, uint32_t prefix_count)
{
    return made(&(struct sim_bgp_options){ .topology = topology, .profiles = profile,
        .profile_count = 1, .prefix_count = prefix_count, .seed = 5 });
}

#endif
