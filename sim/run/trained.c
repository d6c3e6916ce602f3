/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/trained.h"

#include <stdlib.h>

#include "data/model.h"

struct sim_trained {
    size_t count;
    struct data_model *models[];
};

static enum hb_status read_one(const struct sim_scenario_predictor *predictor,
    uint32_t place_count, struct data_problem *problem, struct data_model **model)
{
    if (predictor->model[0] == '\0') {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: kind=\"lstm\": expected model=\"FILE\", of harbinger train", predictor->at);
    }
    enum hb_status status = data_model_read(predictor->model, model, problem);
    if (status != HB_OK) {
        return status;
    }
    uint32_t found = data_model_weights(*model)->tables.place_count;
    if (found != place_count) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: model=\"%s\": found a model of %u places: expected one trained on this world's %u",
            predictor->at, predictor->model, found, place_count);
    }
    return HB_OK;
}

enum hb_status sim_trained_read(const struct sim_scenario *scenario, uint32_t place_count,
    struct data_problem *problem, struct sim_trained **out)
{
    size_t count = scenario->predictor_count;
    struct sim_trained *trained
        = calloc(1, sizeof *trained + count * sizeof trained->models[0]);
    if (trained == NULL) {
        return HB_ERR_MEMORY;
    }
    trained->count = count;
    enum hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < count; i++) {
        if (scenario->predictors[i].kind == SIM_PREDICTOR_LSTM) {
            status = read_one(&scenario->predictors[i], place_count, problem, &trained->models[i]);
        }
    }
    if (status != HB_OK) {
        sim_trained_free(trained);
        return status;
    }
    *out = trained;
    return HB_OK;
}

void sim_trained_free(struct sim_trained *trained)
{
    if (trained == NULL) {
        return;
    }
    for (size_t i = 0; i < trained->count; i++) {
        data_model_free(trained->models[i]);
    }
    free(trained);
}

const struct hb_lstm_model *sim_trained_model(const struct sim_trained *trained, uint32_t index)
{
    return index < trained->count && trained->models[index] != NULL
        ? data_model_weights(trained->models[index])
        : NULL;
}
