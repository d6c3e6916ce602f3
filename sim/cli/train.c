/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/curves.h"
#include "core/features.h"
#include "data/model.h"
#include "data/part.h"
#include "models/dataset_file.h"
#include "models/export.h"
#include "models/calibrate.h"
#include "models/pieces.h"
#include "sim/cli/cli.h"
#include "sim/cli/learn.h"
#include "sim/cli/stop.h"
#include "sim/cli/versions.h"

static const char help[]
    = "usage: harbinger train DATASET -o MODEL [--figure DIR] [option=value ...]\n\n"
      "Trains the LSTM predictor on a data set of `harbinger dataset`, calibrates it on the\n"
      "validation part and writes the model file; the learning curve is MODEL.curve.tsv, and\n"
      "--figure draws it as DIR/learning-curve.pdf, .png, .gp and .tsv.\n"
      "MODEL.checkpoint keeps where the run stands, and appears whole or not at all; after any\n"
      "interruption the same command goes on from there and gives the same bytes. It is removed\n"
      "at the end. A number that is not finite ends the run; the last checkpoint stays.\n"
      "  seed=1 epochs=3 patience=3 threads=1 units=128 embedding=64 visits=120 batch=8 rows=512\n"
      "  rate=0.003 rate_last=0.001 dropout=0.5   (the same seed, the same bytes on any threads)\n"
      "  average=0.995  the numbers kept are their moving mean; 0: the last step's\n"
      "  prior=3000     cases that draw each point of the curve of confidence to the diagonal;\n"
      "                 fewer where many people, each with few cases, validate\n"
      "  mask=NAME,...  what the model is not to look at, in training and when it serves: clock\n"
      "                 dwell move observed session own population neighbours distance (what each\n"
      "                 covers: core/features.h); traffic weather crowd transit always are\n"
      "  pieces=0       sequences an epoch, others in each, and instants to calibrate on; 0: all\n"
      "  checkpoint=200 steps between checkpoints; SIGINT and SIGTERM also make one\n"
      "  vocabulary=1   0: only candidates are offered, the rest is `elsewhere`\n";

struct train_run {
    const char *in, *out, *figure;
    char checkpoint[4096], curve[4096];
    struct model_train_config config;
    uint32_t checkpoint_steps;
    struct model_dataset *dataset;
    struct model_dataset_origin origin;
    struct model_counts *counts;
    uint8_t *asked;
    struct model_trainer *trainer;
};

static int parse(int argc, char **argv, struct train_run *run)
{
    enum { options_max = 64 };
    char *options[options_max];
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            run->out = argv[++i];
        } else if (strcmp(argv[i], "--figure") == 0 && i + 1 < argc) {
            run->figure = argv[++i];
        } else if (strchr(argv[i], '=') == NULL && argv[i][0] != '-' && run->in == NULL) {
            run->in = argv[i];
        } else if (count < options_max) {
            options[count++] = argv[i];
        } else {
            fprintf(stderr, "harbinger train: %s: expected at most %d options\n", argv[i],
                options_max);
            return 2;
        }
    }
    double vocabulary = 1.0, checkpoint_steps = 200.0;
    const struct cli_learn_option own[] = { { "vocabulary", 0, 1, &vocabulary, 1 },
        { "checkpoint", 1, 1e9, &checkpoint_steps, 1 }, { NULL, 0, 0, NULL, 0 } };
    if (run->in == NULL || run->out == NULL
        || cli_learn_parse("harbinger train", count, options, &run->config, own) != 0) {
        return 2;
    }
    run->config.has_vocabulary = vocabulary > 0.5;
    run->checkpoint_steps = (uint32_t)checkpoint_steps;
    int a = snprintf(run->checkpoint, sizeof run->checkpoint, "%s.checkpoint", run->out);
    int b = snprintf(run->curve, sizeof run->curve, "%s.curve.tsv", run->out);
    return a > 0 && b > 0 && (size_t)a < sizeof run->checkpoint ? 0 : 2;
}

static enum hb_status prepare(struct train_run *run, struct data_problem *problem)
{
    struct model_pieces pieces = { .at = NULL };
    enum hb_status status = model_dataset_read(run->in, &run->dataset, &run->origin, problem);
    if (status == HB_OK) {
        status = model_counts_create(run->dataset, 64, &run->counts);
    }
    if (status == HB_OK) {
        run->asked = malloc(run->dataset->slot_count + 1);
        status = run->asked == NULL ? HB_ERR_MEMORY : model_pieces_init(&pieces, run->dataset);
    }
    if (status == HB_OK) {
        model_pieces_ask(&pieces, run->dataset, run->asked);
        model_pieces_thin(run->dataset, MODEL_PART_VALID, run->config.pieces, run->config.seed,
            run->asked);
        status = model_trainer_create(&run->config, run->dataset, run->counts, &run->trainer);
    }
    model_pieces_fini(&pieces);
    if (status == HB_ERR_RANGE) {
        return data_problem_set(problem, status, "%s: too little to train and to validate on: "
            "expected sessions of at least %u slots in both parts", run->in,
            model_pieces_run_min(run->dataset));
    }
    return status;
}

static enum hb_status write_curve(const struct train_run *run, struct data_problem *problem)
{
    struct data_part *part = NULL;
    enum hb_status status = data_part_create(run->curve, DATA_PART_PUBLIC, &part, problem);
    FILE *file = status == HB_OK ? data_part_stream(part) : NULL;
    if (file == NULL) {
        data_part_free(part);
        return status == HB_OK ? HB_ERR_MEMORY : status;
    }
    struct model_train_state state = model_trainer_state(run->trainer);
    (void)fprintf(file, "epoch\tloss\tvalidation_loss\n"); /* the stream remembers a failure */
    for (uint32_t i = 0; i < state.epoch; i++) {
        (void)fprintf(file, "%u\t%.6f\t%.6f\n", i + 1, model_trainer_curve(run->trainer, 0)[i],
            model_trainer_curve(run->trainer, 1)[i]);
    }
    return data_part_commit(part, problem);
}

static enum hb_status draw_curve(const struct train_run *run, struct data_problem *problem)
{
    struct model_train_state state = model_trainer_state(run->trainer);
    double *epochs = calloc(state.epoch + 1, sizeof *epochs);
    if (epochs == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < state.epoch; i++) {
        epochs[i] = i + 1;
    }
    const struct analysis_curve curves[] = {
        { "training", epochs, model_trainer_curve(run->trainer, 0), state.epoch },
        { "validation", epochs, model_trainer_curve(run->trainer, 1), state.epoch },
    };
    enum hb_status status = analysis_curves_draw(run->figure,
        &(struct analysis_curves) { .name = "learning-curve", .x_label = "epoch",
            .y_label = "loss (nats)", .curves = curves, .count = 2, .x_low = 0.5,
            .x_high = state.epoch + 0.5, .x_step = (state.epoch + 9) / 10 },
        problem);
    free(epochs);
    return status;
}

/* " mask=..." behind the recipe, or as much of it as there is room for. */
static void append_masks(uint32_t masked, char *recipe, size_t bytes)
{
    static const char key[] = " mask=";
    size_t used = strlen(recipe);
    if (masked != 0 && used + sizeof key < bytes) {
        memcpy(recipe + used, key, sizeof key);
        used += sizeof key - 1;
        hb_features_text(masked, recipe + used, bytes - used);
    }
}

static void fill_card(const struct train_run *run, const struct hb_lstm_model *model,
    struct data_model_card *card)
{
    const struct model_train_config *c = &run->config;
    struct model_train_state state = model_trainer_state(run->trainer);
    *card = (struct data_model_card) { .seed = c->seed, .trained_steps = (int64_t)state.step };
    /* texts that do not fit are cut */
    (void)snprintf(card->name, sizeof card->name, "LSTM mixture, %u units, %u places", c->units,
        run->dataset->vocabulary_count);
    (void)snprintf(card->data, sizeof card->data, "%s", run->origin.source);
    (void)snprintf(card->split, sizeof card->split, "%.200s, seed %" PRIu64, run->origin.split,
        run->origin.seed);
    (void)snprintf(card->metrics, sizeof card->metrics, "validation loss %.4f nats",
        state.best_valid);
    (void)snprintf(card->calibration, sizeof card->calibration,
        "temperatures on the validation part: %.3f %.3f %.3f %.3f",
        1.0 / (double)model->inverse_temperature[0][0],
        1.0 / (double)model->inverse_temperature[1][0],
        1.0 / (double)model->inverse_temperature[2][0],
        1.0 / (double)model->inverse_temperature[3][0]);
    (void)snprintf(card->recipe, sizeof card->recipe,
        "harbinger train DATASET seed=%" PRIu64 " epochs=%u patience=%u units=%u embedding=%u "
        "visits=%u batch=%u rows=%u rate=%g rate_last=%g average=%g dropout=%g vocabulary=%u "
        "pieces=%u prior=%g",
        c->seed, c->epochs, c->patience, c->units, c->embedding, c->visits, c->batch, c->rows,
        (double)c->rate, (double)c->rate_last, (double)c->average, (double)c->dropout,
        c->has_vocabulary, c->pieces, (double)c->curve_prior);
    append_masks(c->masked, card->recipe, sizeof card->recipe);
    (void)snprintf(card->versions, sizeof card->versions, "%s", CLI_PROGRAM);
}

static enum hb_status write_model(const struct train_run *run, struct data_problem *problem)
{
    struct model_export model;
    struct data_model_card card;
    struct model_judge valid = { .dataset = run->dataset, .counts = run->counts,
        .asked = run->asked, .part = MODEL_PART_VALID, .visits = run->config.visits };
    enum hb_status status = model_export_init(&model, model_trainer_layout(run->trainer),
        model_trainer_numbers(run->trainer), run->dataset, run->counts);
    if (status == HB_OK) {
        status = model_calibrate(&valid, (double)run->config.curve_prior, &model.model);
    }
    if (status == HB_OK) {
        fill_card(run, &model.model, &card);
        status = data_model_write(run->out, &model.model,
            &(struct data_model_geography) { run->dataset->lat_deg, run->dataset->lon_deg }, &card,
            problem);
    }
    model_export_fini(&model);
    return status;
}

int cli_train(int argc, char **argv)
{
    struct train_run run = { .config = model_train_defaults() };
    struct data_problem problem = { "" };
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (parse(argc, argv, &run) != 0) {
        fputs(help, stderr);
        return 2;
    }
    enum hb_status status = prepare(&run, &problem);
    if (status == HB_OK) {
        struct cli_learn learn = { .checkpoint = run.checkpoint,
            .checkpoint_steps = run.checkpoint_steps };
        status = cli_learn_run(run.trainer, &learn, &problem);
    }
    if (status == HB_OK) {
        status = write_curve(&run, &problem);
    }
    if (status == HB_OK) {
        status = write_model(&run, &problem);
    }
    if (status == HB_OK) {
        (void)unlink(run.checkpoint); /* it may never have been written */
        data_part_sweep(run.checkpoint);
        status = run.figure != NULL ? draw_curve(&run, &problem) : HB_OK;
    }
    if (status == HB_OK) {
        printf("%s: validation loss %.4f\n", run.out,
            model_trainer_state(run.trainer).best_valid);
    } else {
        fprintf(stderr, "%s\n", problem.text[0] != '\0' ? problem.text : hb_status_text(status));
    }
    model_trainer_free(run.trainer);
    free(run.asked);
    model_counts_free(run.counts);
    model_dataset_free(run.dataset);
    return cli_stop_exit(status != HB_OK);
}
