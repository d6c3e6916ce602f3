/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "data/import.h"
#include "data/trace.h"
#include "tests/fuzz/fuzz_file.h"

static enum data_import_format format;
static uint64_t skip_max;

/* What is accepted is a trace that holds its promises. */
static void try_fixes(const char *path)
{
    static struct data_cities *cities;
    struct data_import_options options = data_import_defaults();
    struct data_import_report report = { .file_count = 0 };
    struct data_trace_store *store = NULL;
    struct data_problem problem = { "" };
    enum hb_status status
        = cities == NULL ? data_cities_create(&problem, &cities) : HB_OK;
    assert(status == HB_OK);
    options.format = format;
    options.skip_max = skip_max;
    status = data_import_files(&path, 1, &options, cities, &problem, &report, &store);
    assert((status == HB_OK) == (problem.text[0] == '\0') || status == HB_ERR_MEMORY);
    assert(report.skipped_count <= skip_max || status != HB_OK);
    if (status != HB_OK) {
        assert(store == NULL);
        return;
    }
    assert((report.first_skipped[0] != '\0') == (report.skipped_count > 0));
    status = data_trace_check(data_trace_view(store), "fuzz", &problem);
    assert(status == HB_OK);
    data_trace_free(store);
}

/* The first byte says the form: c, p or g; as a capital, bad lines may be left out. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    static const char letters[] = "cCpPgG";
    const char *letter = size > 0 && text[0] != 0 ? strchr(letters, text[0]) : NULL;
    if (letter == NULL) {
        return 0;
    }
    format = (enum data_import_format)(DATA_IMPORT_CSV + (letter - letters) / 2);
    skip_max = (letter - letters) % 2 == 1 ? 1000 : 0;
    static const char *const names[] = { "fixes.csv", "fixes.plt", "fixes.gpx" };
    try_fixes(fuzz_file_written(names[(letter - letters) / 2], text + 1, size - 1));
    return 0;
}
