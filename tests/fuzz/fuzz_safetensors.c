/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/units.h"
#include "data/model_tensors.h"
#include "data/safetensors.h"

enum { places_max = 4096, units_max = 64 };

static unsigned long accepted;

unsigned long fuzz_accepted(void)
{
    return accepted;
}

static void try_tensors(const uint8_t *bytes, size_t size)
{
    struct data_safetensors *file = NULL;
    struct data_problem problem = { "" };
    enum hb_status status = data_safetensors_parse("x", bytes, size, &file, &problem);
    assert((status == HB_OK) == (problem.text[0] == '\0'));
    uint64_t sum = 0;
    for (size_t i = 0; status == HB_OK && i < data_safetensors_count(file); i++) {
        const struct data_safetensors_tensor *tensor = data_safetensors_at(file, i);
        const uint8_t *values = tensor->values;
        assert(values >= bytes && tensor->bytes <= (uint64_t)(bytes + size - values));
        assert(strlen(tensor->name) > 0);
        sum += tensor->bytes;
    }
    assert(sum <= size);
    data_safetensors_free(file);
}

/* A sound model, whoever made it, answers with probabilities. */
static void ask(const struct hb_lstm_model *model)
{
    struct hb_predictor *predictor = NULL;
    struct hb_lstm_config config = { .client_capacity = 2 };
    if (model->tables.place_count > places_max || model->shape.units > units_max
        || hb_lstm_create(model, &config, &predictor) != HB_OK) {
        return;
    }
    for (uint32_t i = 0; i < 9; i++) {
        hb_predictor_observe(predictor, &(struct hb_observation) { .client = i % 2,
            .at_ns = (int64_t)i * 731 * HB_NS_PER_S, .place = i * 7 % (places_max + 3) });
    }
    struct hb_question questions[2] = { { .client = 0, .at_ns = 7000 * HB_NS_PER_S,
        .horizon_s = 900 }, { .client = 1, .at_ns = 7000 * HB_NS_PER_S, .horizon_s = 2345 } };
    struct hb_prediction out[2];
    hb_predict_location(predictor, questions, 2, out);
    for (int i = 0; i < 2; i++) {
        assert(out[i].guess_count <= HB_GUESS_MAX);
        for (uint32_t j = 0; j < out[i].guess_count; j++) {
            assert(out[i].guesses[j].place < model->tables.place_count);
        }
    }
    hb_predictor_free(predictor);
}

static void try_model(const uint8_t *bytes, size_t size)
{
    struct data_model *model = NULL;
    struct data_problem problem = { "" };
    enum hb_status status = data_model_tensors_parse("x", bytes, size, NULL, &model, &problem);
    assert((status == HB_OK) == (problem.text[0] == '\0'));
    if (status == HB_OK) {
        accepted++;
        ask(data_model_weights(model));
    }
    data_model_free(model);
}

/* What is accepted lies within the file; a model made of it can be asked. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    try_tensors(bytes, size);
    try_model(bytes, size);
    return 0;
}
