/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz_netmap.h"

#include <assert.h>

#include "data/netmap.h"
#include "tests/fuzz/fuzz_file.h"

static void check_nodes(const struct data_netmap *netmap)
{
    for (uint32_t i = 0; i < netmap->node_count; i++) {
        const struct data_netmap_node *node = &netmap->nodes[i];
        assert(node->id[0] != '\0');
        assert(node->label != NULL);
        assert(!node->has_place || (node->at.lat_deg >= -90.0 && node->at.lat_deg <= 90.0));
        assert(!node->has_place || (node->at.lon_deg >= -180.0 && node->at.lon_deg <= 180.0));
    }
}

static void check_links(const struct data_netmap *netmap)
{
    const struct data_topology *topology = netmap->topology;
    assert(topology->node_count <= netmap->node_count);
    for (uint32_t node = 0; node < topology->node_count; node++) {
        assert(topology->number[node] >= 1);
        assert(topology->number[node] <= netmap->node_count);
        for (uint32_t e = topology->first[node]; e < topology->first[node + 1]; e++) {
            assert(topology->peer[e] != node);
            assert(topology->peer[topology->back[e]] == node);
            assert(e == topology->first[node] || topology->peer[e] > topology->peer[e - 1]);
            assert(topology->relation[e] == DATA_RELATION_INTERNAL);
        }
    }
}

void fuzz_netmap_try(const char *name, const uint8_t *text, size_t size)
{
    struct data_netmap *netmap = NULL;
    struct data_problem problem = { "" };
    enum hb_status status
        = data_netmap_load(fuzz_file_written(name, text, size), &netmap, &problem);
    if (status != HB_OK) {
        assert(netmap == NULL);
        assert(problem.text[0] != '\0');
        return;
    }
    check_nodes(netmap);
    check_links(netmap);
    data_netmap_free(netmap);
}
