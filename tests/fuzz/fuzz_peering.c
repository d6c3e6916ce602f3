/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "data/peering.h"
#include "tests/fuzz/fuzz_file.h"

/* The files of a folder with one experiment in one input, each ended by a line "--". */
static const char *const names[] = { "peers.json",
    "1_left01_right01/dp_pings_est_as_to_mux_catchment.json.gz",
    "1_left01_right01/left01_bgpstream_paths.csv.gz",
    "1_left01_right01/right01_bgpstream_paths.csv.gz" };

static void check(const struct data_peering *peering)
{
    assert(peering->experiment_count == 1);
    for (size_t i = 0; i < peering->link_count; i++) {
        assert(peering->links[i].site < peering->site_count);
    }
    for (size_t i = 0; i < peering->path_count; i++) {
        const struct data_peering_path *path = &peering->paths[i];
        assert(path->site < peering->site_count);
        assert(path->count > 0);
        assert((size_t)path->first + path->count <= peering->hop_count);
    }
    const struct data_peering_experiment *experiment = &peering->experiments[0];
    for (size_t i = 0; i < experiment->answer_count; i++) {
        assert(experiment->answers[i].side < 2);
        assert(i == 0 || experiment->answers[i - 1].as <= experiment->answers[i].as);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t step = 0, length = fuzz_file_part(text, size, &step);
        (void)fuzz_file_written(names[i], text, length);
        text += step;
        size -= step;
    }
    struct data_peering *peering = NULL;
    struct data_problem problem = { "" };
    if (data_peering_load(fuzz_file_folder(), &peering, &problem) != HB_OK) {
        assert(peering == NULL);
        assert(problem.text[0] != '\0');
        return 0;
    }
    check(peering);
    data_peering_free(peering);
    return 0;
}
