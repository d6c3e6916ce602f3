/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/serve/place_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/frequency.h"
#include "core/markov.h"
#include "core/persistence.h"
#include "data/trace_file.h"

struct sim_place_table {
    struct data_trace_store *store;
    struct hb_map map;
    struct hb_predictor *predictor;
};

/* Instants are Unix time: the predictors' epoch is 0. */
static enum hb_status predictor_of(struct sim_place_table *table,
    const struct sim_place_table_config *config, struct data_problem *problem)
{
    enum hb_status status = HB_ERR_RANGE;
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

enum hb_status sim_place_table_read(const struct sim_place_table_config *config,
    struct data_problem *problem, struct sim_place_table **out)
{
    struct sim_place_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "no memory for the places");
    }
    enum hb_status status = data_trace_file_read(config->places, problem, &table->store);
    if (status == HB_OK) {
        const struct data_trace *trace = data_trace_view(table->store);
        table->map = (struct hb_map) { .place_count = trace->place_count,
            .places = trace->places };
        status = trace->place_count > 0
            ? predictor_of(table, config, problem)
            : data_problem_set(problem, HB_ERR_RANGE, "%s: found no place", config->places);
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
