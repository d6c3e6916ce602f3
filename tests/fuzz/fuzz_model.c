/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "data/model.h"
#include "tests/fuzz/fuzz_file.h"

static unsigned long accepted;

unsigned long fuzz_accepted(void)
{
    return accepted;
}

/* What is accepted is a sound model; what is refused is refused with a sentence. */
static void try_model(const char *path)
{
    struct data_model *model = NULL;
    struct data_problem problem = { "" };
    enum hb_status status = data_model_read(path, &model, &problem);
    assert((status == HB_OK) == (problem.text[0] == '\0'));
    if (status == HB_OK) {
        const char *what;
        accepted++;
        status = hb_lstm_check(data_model_weights(model), &what);
        assert(status == HB_OK);
        assert(strlen(data_model_digest(model)) == 32);
    }
    data_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    try_model(fuzz_file_written("model.h5", bytes, size));
    return 0;
}
