/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/frequency.h"
#include "core/markov.h"
#include "core/persistence.h"
#include "data/model.h"
#include "models/dataset_file.h"
#include "models/judge.h"
#include "models/pieces.h"
#include "sim/cli/cli.h"
#include "sim/cli/scores.h"

enum { knots = HB_CANDIDATES_KNOTS };

static const char help[]
    = "usage: harbinger evaluate MODEL DATASET [visits=120]\n\n"
      "Judges a model file on the test part of a data set over the same places, beside the\n"
      "other predictors: hits, losses, calibration, distances at 15, 30, 45 and 60 minutes,\n"
      "over all cases and over those in which the client moved.\n";

struct evaluation {
    struct model_dataset *dataset;
    struct data_model *model;
    struct model_judge judge;
    uint8_t *asked;
};

static enum hb_status prepare(char **argv, struct evaluation *run, struct data_problem *problem)
{
    struct model_dataset_origin origin;
    struct model_pieces pieces = { .at = NULL };
    enum hb_status status = data_model_read(argv[1], &run->model, problem);
    if (status == HB_OK) {
        status = model_dataset_read(argv[2], &run->dataset, &origin, problem);
    }
    if (status != HB_OK) {
        return status;
    }
    const struct hb_lstm_model *weights = data_model_weights(run->model);
    if (weights->tables.place_count != run->dataset->place_count) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: %u places: expected those of %s, %u", argv[2], run->dataset->place_count, argv[1],
            weights->tables.place_count);
    }
    run->asked = malloc(run->dataset->slot_count + 1);
    status = run->asked == NULL ? HB_ERR_MEMORY : model_pieces_init(&pieces, run->dataset);
    if (status == HB_OK) {
        model_pieces_ask(&pieces, run->dataset, run->asked);
        run->judge = (struct model_judge) { .dataset = run->dataset,
            .asked = run->asked,
            .part = MODEL_PART_TEST,
            .visits = run->judge.visits };
    }
    model_pieces_fini(&pieces);
    return status;
}

static enum hb_status judge(const struct evaluation *run, const char *name,
    struct hb_predictor *predictor)
{
    struct model_score scores[knots];
    for (int k = 0; k < knots; k++) {
        model_score_init(&scores[k], predictor == NULL ? 0.9 : 0.0);
    }
    enum hb_status status = predictor != NULL
        ? model_judge_predictor(&run->judge, predictor, scores)
        : model_judge_lstm(&run->judge, data_model_weights(run->model), scores);
    if (status == HB_OK) {
        cli_scores_print(name, scores);
    }
    if (status == HB_OK && predictor == NULL) {
        cli_scores_detail(scores);
        cli_scores_reliability(scores);
    }
    for (int k = 0; k < knots; k++) {
        model_score_fini(&scores[k]);
    }
    hb_predictor_free(predictor);
    return status;
}

static enum hb_status judge_all(const struct evaluation *run)
{
    uint32_t clients = run->dataset->client_count;
    struct hb_predictor *predictor = NULL;
    enum hb_status status = hb_persistence_create(clients, &predictor);
    cli_scores_head();
    if (status == HB_OK) {
        status = judge(run, "persistence", predictor);
    }
    if (status == HB_OK) {
        status = hb_frequency_create(&(struct hb_frequency_config) { .client_capacity = clients,
                                         .place_capacity = run->dataset->place_count },
            &predictor);
    }
    if (status == HB_OK) {
        status = judge(run, "most frequent", predictor);
    }
    if (status == HB_OK) {
        status = hb_markov_create(&(struct hb_markov_config) { .client_capacity = clients,
                                      .order = 2, .context_capacity = 1U << 18 },
            &predictor);
    }
    if (status == HB_OK) {
        status = judge(run, "semi-Markov, order 2", predictor);
    }
    return status == HB_OK ? judge(run, "model", NULL) : status;
}

int cli_evaluate(int argc, char **argv)
{
    struct evaluation run = { .judge = { .visits = 120 } };
    struct data_problem problem = { "" };
    char *end = NULL;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (argc == 4 && strncmp(argv[3], "visits=", 7) == 0) {
        unsigned long visits = strtoul(argv[3] + 7, &end, 10);
        run.judge.visits = *end == '\0' && visits >= 16 && visits <= 4096 ? (uint32_t)visits : 0;
    }
    if (argc < 3 || argc > 4 || (argc == 4 && end == NULL) || run.judge.visits == 0) {
        fputs(help, stderr);
        return 2;
    }
    enum hb_status status = prepare(argv, &run, &problem);
    if (status == HB_OK) {
        status = judge_all(&run);
    }
    if (status != HB_OK) {
        fprintf(stderr, "%s\n", problem.text[0] != '\0' ? problem.text : hb_status_text(status));
    }
    free(run.asked);
    model_dataset_free(run.dataset);
    data_model_free(run.model);
    return status == HB_OK ? 0 : 1;
}
