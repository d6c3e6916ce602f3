/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "data/trace_file.h"
#include "tests/fuzz/on_damaged.h"

static int is_whole;

/* Two places in one region, two clients of 2 and 1 visits. */
static void make(const char *path)
{
    struct data_trace_sizes sizes
        = { .visit_count = 3, .client_count = 2, .place_count = 2, .region_count = 1 };
    struct data_trace_store *store = NULL;
    enum hb_status status = data_trace_create(&sizes, &store);
    assert(status == HB_OK);
    struct data_trace_arrays arrays = data_trace_arrays(store);
    arrays.places[0] = (struct hb_place) { { 52.5, 13.4 }, 0, 3600 };
    arrays.places[1] = (struct hb_place) { { 0.25, -179.75 }, HB_NONE, -43200 };
    const uint64_t first[] = { 0, 2, 3 };
    memcpy(arrays.first, first, sizeof first);
    arrays.visits[0] = (struct data_visit) { 731, 0, DATA_ACTIVITY_HOME };
    arrays.visits[1] = (struct data_visit) { 1000, DATA_NOWHERE, DATA_ACTIVITY_AIR };
    arrays.visits[2] = (struct data_visit) { 0, 1, DATA_ACTIVITY_WORK };
    status = data_trace_name_region(store, 0, "Berlin");
    assert(status == HB_OK);
    data_trace_span(store, 1767571200, 86400);
    struct data_problem problem = { "" };
    status = data_trace_file_write(path, data_trace_view(store), &problem);
    assert(status == HB_OK);
    data_trace_free(store);
}

/* What is accepted holds all that a trace promises. */
static void try_trace(const char *path)
{
    struct data_trace_store *store = NULL;
    struct data_problem problem = { "" };
    enum hb_status status = data_trace_file_read(path, &problem, &store);
    assert((status == HB_OK) == (problem.text[0] == '\0') || status == HB_ERR_MEMORY);
    assert(status == HB_OK || !is_whole);
    if (status != HB_OK) {
        assert(store == NULL);
        return;
    }
    status = data_trace_check(data_trace_view(store), "fuzz", &problem);
    assert(status == HB_OK);
    data_trace_free(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    is_whole = size < 4;
    on_damaged(bytes, size, make, try_trace);
    return 0;
}
