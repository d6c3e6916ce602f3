/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/serve/place_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/frequency.h"
#include "core/lstm.h"
#include "core/markov.h"
#include "core/persistence.h"
#include "data/model.h"
#include "data/trace_file.h"

struct sim_place_table {
    struct data_trace_store *store;
    struct data_model *model;
    struct hb_place *places; /* the model's; NULL: the store's are used */
    struct hb_map map;
    struct hb_predictor *predictor;
};

/* Instants are Unix time: the predictors' epoch is 0. */
static enum hb_status predictor_of(struct sim_place_table *table,
    const struct sim_place_table_config *config, struct data_problem *problem)
{
    enum hb_status status = HB_ERR_RANGE;
    if (table->model != NULL) {
        status = hb_lstm_create(data_model_weights(table->model),
            &(struct hb_lstm_config) { .client_capacity = config->client_capacity },
            &table->predictor);
        return data_problem_set(problem, status, "%s: %s", config->model, hb_status_text(status));
    }
    if (strcmp(config->predictor, "persistence") == 0) {
        status = hb_persistence_create(config->client_capacity, &table->predictor);
    } else if (strcmp(config->predictor, "frequency") == 0) {
        status = hb_frequency_create(
            &(struct hb_frequency_config) { .client_capacity = config->client_capacity },
            &table->predictor);
    } else if (strcmp(config->predictor, "markov") == 0) {
        status = hb_markov_create(
            &(struct hb_markov_config) { .client_capacity = config->client_capacity,
                .order = 2, .map = &table->map }, &table->predictor);
    }
    return status == HB_OK ? HB_OK
                           : data_problem_set(problem, status,
                                 "--predictor %s: expected persistence, frequency or markov: %s",
                                 config->predictor, hb_status_text(status));
}

static enum hb_status read_places(struct sim_place_table *table,
    const struct sim_place_table_config *config, struct data_problem *problem)
{
    enum hb_status status = data_trace_file_read(config->places, problem, &table->store);
    if (status != HB_OK) {
        return status;
    }
    const struct data_trace *trace = data_trace_view(table->store);
    if (trace->place_count == 0) {
        return data_problem_set(problem, HB_ERR_RANGE, "%s: found no place", config->places);
    }
    table->map = (struct hb_map) { .place_count = trace->place_count, .places = trace->places };
    return HB_OK;
}

/* The model's own geography is the place table, unless a trace file of the same places is given. */
static enum hb_status read_model(struct sim_place_table *table,
    const struct sim_place_table_config *config, struct data_problem *problem)
{
    enum hb_status status = data_model_read(config->model, &table->model, problem);
    if (status != HB_OK) {
        return status;
    }
    uint32_t count = data_model_weights(table->model)->tables.place_count;
    const struct data_model_geography *where = data_model_geography(table->model);
    if (table->map.place_count > 0) {
        return table->map.place_count == count
            ? HB_OK
            : data_problem_set(problem, HB_ERR_RANGE, "%s: found %u places: expected %u as in %s",
                  config->places, table->map.place_count, count, config->model);
    }
    if (where->lat_deg == NULL || where->lon_deg == NULL) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "%s: does not say where its places are: expected --places with the trace that it "
            "was trained on", config->model);
    }
    table->places = calloc(count, sizeof *table->places);
    if (table->places == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "no memory for %u places", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        table->places[i].at = (struct hb_point) { where->lat_deg[i], where->lon_deg[i] };
        table->places[i].region = HB_NONE;
    }
    table->map = (struct hb_map) { .place_count = count, .places = table->places };
    return HB_OK;
}

enum hb_status sim_place_table_read(const struct sim_place_table_config *config,
    struct data_problem *problem, struct sim_place_table **out)
{
    struct sim_place_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "no memory for the places");
    }
    enum hb_status status = HB_OK;
    if (config->places != NULL) {
        status = read_places(table, config, problem);
    }
    if (status == HB_OK && config->model != NULL) {
        status = read_model(table, config, problem);
    }
    if (status == HB_OK) {
        status = predictor_of(table, config, problem);
    }
    if (status != HB_OK) {
        sim_place_table_free(table);
        return status;
    }
    *out = table;
    return HB_OK;
}

void sim_place_table_free(struct sim_place_table *table)
{
    if (table != NULL) {
        hb_predictor_free(table->predictor);
        data_model_free(table->model);
        free(table->places);
        data_trace_free(table->store);
        free(table);
    }
}

const struct hb_map *sim_place_table_map(const struct sim_place_table *table)
{
    return &table->map;
}

struct hb_predictor *sim_place_table_predictor(const struct sim_place_table *table)
{
    return table->predictor;
}

const char *sim_place_table_digest(const struct sim_place_table *table)
{
    return table->model != NULL ? data_model_digest(table->model) : NULL;
}
