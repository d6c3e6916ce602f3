/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>

#include "data/results.h"
#include "tests/fuzz/on_damaged.h"

static struct data_problem problem;
static int is_whole;

static void make(const char *path)
{
    struct data_manifest manifest = { .scenario_name = "small", .scenario_text = "<scenario/>",
        .currency = "money", .program = "fuzz", .seed = 731, .duration_s = 3600,
        .replication_count = 1 };
    struct data_results *results = NULL;
    struct data_rows *rows = NULL;
    char digest[DATA_DIGEST_BYTES];
    enum hb_status status = data_results_create(path, &manifest, &results, &problem);
    assert(status == HB_OK);
    status = data_rows_create((struct data_run) { 0, 0, 0 }, 1 << 16, &rows);
    assert(status == HB_OK);
    struct data_policies_row policy = { .name = "static" };
    struct data_places_row place = { .lat_deg = 52.5, .lon_deg = 13.4, .region = HB_NONE };
    struct data_sites_row site = { .name = "edge", .lat_deg = 52.4, .slots = 3 };
    struct data_summary_row summary = { .clients = 7, .requests = 7.3, .cost = 1.5 };
    data_rows_add(rows, DATA_TABLE_POLICIES, &policy);
    data_rows_add(rows, DATA_TABLE_PLACES, &place);
    data_rows_add(rows, DATA_TABLE_SITES, &site);
    data_rows_add(rows, DATA_TABLE_SUMMARY, &summary);
    status = data_results_append(results, rows, &problem);
    assert(status == HB_OK);
    data_rows_free(rows);
    status = data_results_commit(results, digest, &problem);
    assert(status == HB_OK);
}

static enum hb_status visit(void *context, const void *row)
{
    (void)row;
    ++*(uint64_t *)context;
    return HB_OK;
}

/* What opens can be read to the end or is refused with a sentence. */
static void try_results(const char *path)
{
    struct data_result_file *file = NULL;
    problem.text[0] = '\0';
    enum hb_status status = data_results_open(path, &file, &problem);
    assert((status == HB_OK) == (problem.text[0] == '\0') || status == HB_ERR_MEMORY);
    for (int table = 0; status == HB_OK && table < DATA_TABLE_COUNT; table++) {
        uint64_t count = 0;
        status = data_results_each(file, (enum data_results_table)table, visit, &count, &problem);
        assert(status != HB_OK || count == data_results_len(file, (enum data_results_table)table));
        assert(status == HB_OK || status == HB_ERR_MEMORY || problem.text[0] != '\0');
    }
    if (status == HB_OK) {
        status = data_results_verify(file, &problem);
        assert(status == HB_OK || status == HB_ERR_MEMORY || problem.text[0] != '\0');
    }
    assert(status == HB_OK || !is_whole);
    data_results_close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    is_whole = size < 4;
    on_damaged(bytes, size, make, try_results);
    return 0;
}
