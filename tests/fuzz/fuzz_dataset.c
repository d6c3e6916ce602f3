/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "models/counts.h"
#include "models/dataset_file.h"
#include "models/pieces.h"
#include "tests/fuzz/fuzz_file.h"

static unsigned long accepted;

unsigned long fuzz_accepted(void)
{
    return accepted;
}

/* What is accepted can be counted and cut for training. */
static void try_dataset(const char *path)
{
    struct model_dataset *dataset = NULL;
    struct model_dataset_origin origin;
    struct model_counts *counts = NULL;
    struct model_pieces pieces = { .at = NULL };
    struct data_problem problem = { "" };
    enum hb_status status = model_dataset_read(path, &dataset, &origin, &problem);
    assert((status == HB_OK) == (problem.text[0] == '\0') || status == HB_ERR_MEMORY);
    if (status != HB_OK) {
        return;
    }
    accepted++;
    assert(dataset->first[dataset->client_count] == dataset->slot_count);
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        assert(dataset->place[i] < dataset->place_count);
    }
    status = model_counts_create(dataset, 64, &counts);
    assert(status == HB_OK || status == HB_ERR_RANGE || status == HB_ERR_MEMORY);
    status = model_pieces_init(&pieces, dataset);
    assert(status == HB_OK || status == HB_ERR_MEMORY);
    model_pieces_fini(&pieces);
    model_counts_free(counts);
    model_dataset_free(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    try_dataset(fuzz_file_written("dataset.h5", bytes, size));
    return 0;
}
