/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/calibrate.h"
#include "models/pieces.h"
#include "models/predictability.h"
#include "models/slots.h"
#include "sim/cli/learn.h"
#include "sim/cli/rivals.h"
#include "sim/cli/scores.h"
#include "sim/cli/stop.h"
#include "sim/cli/verify.h"

enum { knots = HB_CANDIDATES_KNOTS };

static const char help[]
    = "usage: harbinger verify slots FILE [option=value ...]\n\n"
      "Where people are 15, 30, 45 and 60 minutes later, on a table of 15-minute slots of\n"
      "500 m cells (columns user, session, slot, cell, observed). Split by time within each\n"
      "user: 70 % train, 10 % validation, 20 % test. Trains the LSTM, calibrates it on the\n"
      "validation part and judges it on the test part through the production library, beside\n"
      "the library's other predictors and the limit of predictability.\n\n"
      "  seed=1 threads=1 units=128 visits=120 epochs=3 batch=8 rows=512 rate=0.003\n"
      "  rate_last=0.001 average=0.995 dropout=0.5 prior=3000 mask=NAME,...\n"
      "            of the training: see harbinger train --help\n"
      "  lstm=0    only the other predictors\n"
      "  first=80  the same on the first 80 % of each user's slots: to choose settings by, with\n"
      "            the test part unseen\n";

struct slots_run {
    struct model_dataset *dataset;
    struct model_counts *counts;
    uint8_t *asked;
    struct model_train_config config;
    uint32_t first_percent;
    int has_lstm;
};

static struct model_judge judge_of(const struct slots_run *run, enum model_part part)
{
    return (struct model_judge) { .dataset = run->dataset,
        .counts = run->counts,
        .asked = run->asked,
        .part = part,
        .visits = run->config.visits };
}

static void init_scores(struct model_score scores[knots], const double *set_masses)
{
    for (int k = 0; k < knots; k++) {
        model_score_init(&scores[k], set_masses != NULL ? set_masses[k] : 0.0);
    }
}

static void fini_scores(struct model_score scores[knots])
{
    for (int k = 0; k < knots; k++) {
        model_score_fini(&scores[k]);
    }
}

static enum hb_status judge_rival(void *context, const struct cli_rival *rival)
{
    const struct slots_run *run = context;
    struct model_judge judge = judge_of(run, MODEL_PART_TEST);
    struct model_score scores[knots];
    init_scores(scores, NULL);
    enum hb_status status = model_judge_predictor(&judge, rival->predictor, scores);
    if (status == HB_OK) {
        cli_scores_print(rival->name, scores);
        fflush(stdout);
    }
    fini_scores(scores);
    hb_predictor_free(rival->predictor);
    return status;
}

static enum hb_status judge_model(void *context, struct hb_lstm_model *model)
{
    const struct slots_run *run = context;
    struct model_judge valid = judge_of(run, MODEL_PART_VALID);
    struct model_judge test = judge_of(run, MODEL_PART_TEST);
    struct model_score scores[knots];
    double masses[knots], mean = 0.0;
    enum hb_status status = model_calibrate(&valid, (double)run->config.curve_prior, model);
    init_scores(scores, NULL);
    if (status == HB_OK) {
        status = model_judge_lstm(&valid, model, scores);
    }
    for (int k = 0; status == HB_OK && k < knots; k++) {
        mean += model_score_set_mass(&scores[k], 0.9) / knots; /* one for all: less chance */
    }
    for (int k = 0; k < knots; k++) {
        masses[k] = mean;
    }
    fini_scores(scores);
    init_scores(scores, status == HB_OK ? masses : NULL);
    if (status == HB_OK) {
        status = model_judge_lstm(&test, model, scores);
    }
    if (status == HB_OK) {
        cli_scores_print("LSTM mixture", scores);
        printf("%24s temperatures", "");
        for (int k = 0; k < knots; k++) {
            printf(" %.3f", 1.0 / (double)model->inverse_temperature[k][0]);
        }
        printf("; %u own visits kept\n", run->config.visits);
        cli_scores_detail(scores);
        cli_scores_reliability(scores);
    }
    fini_scores(scores);
    return status;
}

/* Mean over the users, as in the published table. */
static enum hb_status print_limit(const struct model_dataset *dataset)
{
    struct model_predictability limit;
    enum hb_status status = model_predictability_mean(dataset, &limit);
    if (status == HB_OK) {
        printf("\nlimit of predictability of the next slot (Song et al. 2010), mean over %u users:"
               "\nPi_max %.3f at %.3f bits a slot\n", limit.kinds, limit.pi_max,
            limit.entropy_bits);
    }
    return status;
}

static enum hb_status prepare(const char *path, struct slots_run *run,
    struct data_problem *problem)
{
    struct model_pieces pieces = { .at = NULL };
    enum hb_status status = model_slots_read(path, run->first_percent, problem, &run->dataset);
    if (status == HB_OK) {
        status = model_counts_create(run->dataset, 0, &run->counts);
    }
    if (status == HB_OK) {
        status = model_pieces_init(&pieces, run->dataset);
    }
    if (status == HB_OK) {
        run->asked = malloc(run->dataset->slot_count);
        status = run->asked != NULL ? HB_OK : HB_ERR_MEMORY;
    }
    if (status == HB_OK) {
        model_pieces_ask(&pieces, run->dataset, run->asked);
    }
    model_pieces_fini(&pieces);
    return status;
}

static int parse(int argc, char **argv, struct slots_run *run)
{
    double lstm = 1.0, first = 100.0;
    const struct cli_learn_option own[] = { { "lstm", 0, 1, &lstm, 1 },
        { "first", 1, 100, &first, 1 }, { NULL, 0, 0, NULL, 0 } };
    int exit_status = cli_learn_parse("harbinger verify slots", argc - 2, argv + 2,
        &run->config, own);
    run->has_lstm = lstm > 0.5;
    run->first_percent = (uint32_t)first;
    return exit_status;
}

static enum hb_status report(struct slots_run *run, struct data_problem *problem)
{
    const struct model_dataset *dataset = run->dataset;
    printf("%u users, %llu slots, %u cells, %u of them seen in training\n\n",
        dataset->client_count, (unsigned long long)dataset->slot_count, dataset->place_count,
        dataset->vocabulary_count);
    cli_scores_head();
    enum hb_status status = cli_rivals_each(dataset, judge_rival, run);
    if (status == HB_OK && run->has_lstm) {
        status = cli_learn_and_judge(&run->config, dataset, run->counts, judge_model, run,
            problem);
    }
    return status == HB_OK ? print_limit(dataset) : status;
}

int verify_slots(int argc, char **argv)
{
    struct slots_run run = { .config = model_train_defaults() };
    struct data_problem problem = { "" };
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (argc < 2 || argv[1][0] == '-' || parse(argc, argv, &run) != 0) {
        fputs(help, stderr);
        return 2;
    }
    enum hb_status status = prepare(argv[1], &run, &problem);
    if (status == HB_OK) {
        status = report(&run, &problem);
    }
    if (status != HB_OK) {
        fprintf(stderr, "%s\n",
            problem.text[0] != '\0' ? problem.text
                : status == HB_ERR_RANGE
                ? "harbinger verify slots: too little data: expected sessions of 6 slots and more"
                  " in the training and in the validation part"
                : hb_status_text(status));
    }
    free(run.asked);
    model_counts_free(run.counts);
    model_dataset_free(run.dataset);
    return cli_stop_exit(status != HB_OK);
}
