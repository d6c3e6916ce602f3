/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SUPPORT_SPOILED_RESULTS_H
#define TESTS_SUPPORT_SPOILED_RESULTS_H

#include <stdint.h>

#include "data/results.h"

/* A good result file, copied to SPOILED_PATH before every test, to be spoiled
 * in one way with HDF5 itself, as anybody could. Handles are HDF5's. */
#define SPOILED_PATH "bad.h5"

/* cmocka's group setup and teardown, then those of a test. */
int spoiled_make_whole(void **state);
int spoiled_remove_whole(void **state);
int spoiled_prepare(void **state);
int spoiled_clean(void **state);
#define SPOILED(name) cmocka_unit_test_setup_teardown(name, spoiled_prepare, spoiled_clean)

/* Opens, reads every table, recomputes the digest. */
enum hb_status spoiled_read_all(struct data_problem *problem);
/* That it ends with this status and this sentence. */
void spoiled_expect(enum hb_status status, const char *sentence);

int64_t spoiled_edit(void);
void spoiled_finish(int64_t file);
void spoiled_drop(const char *name);
/* A dataset in place of another: of type and dims, chunked if chunk > 0. */
struct spoiled_shape {
    int rank;
    uint64_t dims[2], chunk;
};
void spoiled_replace(const char *name, int64_t type, struct spoiled_shape shape);
/* One value of a column, of the type in memory; type < 0: as it is stored. */
void spoiled_poke(const char *name, uint64_t row, int64_t type, const void *value);
/* Attributes of /manifest. */
void spoiled_put_integer(const char *name, int64_t value);
void spoiled_put_text(const char *name, const char *text);

#endif
