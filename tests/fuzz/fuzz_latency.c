/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "data/latency.h"
#include "tests/fuzz/fuzz_file.h"

/* The two tables in one input, a line "--" between. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    size_t step = 0, length = fuzz_file_part(text, size, &step);
    char nodes[256];
    (void)snprintf(nodes, sizeof nodes, "%s", fuzz_file_written("nodes.csv", text, length));
    const char *matrix = fuzz_file_written("matrix.csv", text + step, size - step);
    struct data_latency *latency = NULL;
    struct data_problem problem = { "" };
    if (data_latency_read(nodes, matrix, &problem, &latency) != HB_OK) {
        assert(latency == NULL);
        assert(problem.text[0] != '\0');
        return 0;
    }
    uint32_t count = latency->node_count;
    for (uint32_t i = 0; i < count * count; i++) {
        assert(isnan(latency->rtt_ms[i]) || latency->rtt_ms[i] >= 0.0F);
        assert(isnan(latency->rtt_ms[i]) == isnan(latency->rtt_ms[i % count * count + i / count]));
    }
    data_latency_free(latency);
    return 0;
}
