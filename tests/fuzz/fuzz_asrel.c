/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "data/asrel.h"

/* What is accepted is whole: rows ascend, links lead back. What is refused
 * says where. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    struct data_topology *topology = NULL;
    struct data_problem problem = { "" };
    enum hb_status status
        = data_asrel_parse((const char *)text, size, "input", 1, &topology, &problem);
    if (status != HB_OK) {
        assert(topology == NULL);
        assert(problem.text[0] != '\0');
        return 0;
    }
    for (uint32_t node = 0; node < topology->node_count; node++) {
        for (uint32_t e = topology->first[node]; e < topology->first[node + 1]; e++) {
            assert(topology->peer[e] != node);
            assert(topology->back[topology->back[e]] == e);
            assert(topology->peer[topology->back[e]] == node);
            assert(e == topology->first[node] || topology->peer[e] > topology->peer[e - 1]);
        }
    }
    data_topology_free(topology);
    return 0;
}
