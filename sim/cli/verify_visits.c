/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "models/judge.h"
#include "models/visits.h"
#include "sim/cli/learn.h"
#include "sim/cli/stop.h"
#include "sim/cli/verify.h"

static const char help[]
    = "usage: harbinger verify visits DIR [option=value ...]\n\n"
      "The next place of a published split (train.csv, valid.csv, test.csv), on its official\n"
      "test samples, the hour of the next visit known. Trains the LSTM on the training rows and\n"
      "half of the validation rows, and judges it through the production library:\n"
      "  frozen   a client's own past is what precedes the test, and the last 7 days\n"
      "  online   a client's own past is followed visit by visit; weights stay\n"
      "location_id 1 stands for all places that training has not seen. In the data it is one\n"
      "place; the honest count takes it as never right, and so do the lines marked so.\n"
      "Options: seed=1 epochs=20 threads=1 units=64 visits=512 batch=8 rate=0.001 ...\n";

enum { week_slots = 7 * 96 };

struct visits_run {
    struct model_dataset *dataset;
    struct model_counts *counts;
    uint8_t *asked;
    struct model_train_config config;
};

static enum hb_status judge(const struct visits_run *run, const struct hb_lstm_model *model,
    const char *name, uint32_t window_slots, const uint32_t *right)
{
    struct model_judge court = { .dataset = run->dataset, .counts = run->counts,
        .asked = run->asked, .part = MODEL_PART_TEST, .visits = run->config.visits,
        .window_slots = window_slots, .right = right };
    struct model_score scores[HB_CANDIDATES_KNOTS];
    for (int k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        model_score_init(&scores[k], 0.0);
    }
    enum hb_status status = model_judge_lstm(&court, model, scores);
    const struct model_score *s = &scores[0];
    if (status == HB_OK) {
        double count = s->count > 0 ? (double)s->count : 1.0;
        printf("%-18s %6llu  %5.3f %5.3f %6.3f  %5.3f  %6.3f %5.3f\n", name,
            (unsigned long long)s->count, model_score_share(s->hits[0], s->count),
            model_score_share(s->hits[1], s->count), model_score_share(s->hits[2], s->count),
            s->reciprocal_ranks / count, s->nats / count, model_score_ece(s));
    }
    for (int k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        model_score_fini(&scores[k]);
    }
    return status;
}

static enum hb_status judge_all(void *context, struct hb_lstm_model *model)
{
    const struct visits_run *run = context;
    uint32_t *known = malloc(run->dataset->place_count * sizeof *known);
    if (known == NULL) {
        return HB_ERR_MEMORY;
    }
    memcpy(known, run->dataset->tokens, run->dataset->place_count * sizeof *known);
    known[0] = HB_NONE; /* the least location_id, 1 */
    printf("%-18s %6s  %5s %5s %6s  %5s  %6s %5s\n", "own past", "cases", "Acc@1", "Acc@5",
        "Acc@10", "MRR", "NLL", "ECE");
    enum hb_status status = judge(run, model, "frozen", week_slots, NULL);
    if (status == HB_OK) {
        status = judge(run, model, "online", 0, NULL);
    }
    if (status == HB_OK) {
        status = judge(run, model, "frozen, 1 wrong", week_slots, known);
    }
    if (status == HB_OK) {
        status = judge(run, model, "online, 1 wrong", 0, known);
    }
    free(known);
    return status;
}

int verify_visits(int argc, char **argv)
{
    struct visits_run run = { .config = model_train_defaults() };
    struct data_problem problem = { "" };
    run.config.epochs = 20;
    run.config.patience = 8;
    run.config.units = 64;
    run.config.batch = 8;
    run.config.visits = 512;
    run.config.rate = 1e-3F;
    run.config.rate_last = 1e-5F;
    run.config.rows = 1536;
    run.config.dropout = 0.5F;
    run.config.average = 0.0F;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (argc < 2 || argv[1][0] == '-'
        || cli_learn_parse("harbinger verify visits", argc - 2, argv + 2, &run.config, NULL) != 0) {
        fputs(help, stderr);
        return 2;
    }
    enum hb_status status = model_visits_read(argv[1], &problem, &run.dataset, &run.asked);
    if (status == HB_OK) {
        status = model_counts_create(run.dataset, 0, &run.counts);
    }
    if (status == HB_OK) {
        status = cli_learn_and_judge(&run.config, run.dataset, run.counts, judge_all, &run,
            &problem);
    }
    if (status != HB_OK) {
        fprintf(stderr, "%s\n",
            problem.text[0] != '\0' ? problem.text : hb_status_text(status));
    }
    free(run.asked);
    model_counts_free(run.counts);
    model_dataset_free(run.dataset);
    return cli_stop_exit(status != HB_OK);
}
