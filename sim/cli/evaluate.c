/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/model.h"
#include "models/dataset_file.h"
#include "models/judge.h"
#include "models/pieces.h"
#include "models/predictability.h"
#include "sim/cli/cli.h"
#include "sim/cli/judgement.h"
#include "sim/cli/rivals.h"
#include "sim/cli/scores.h"

enum { knots = HB_CANDIDATES_KNOTS };

static const char help[]
    = "usage: harbinger evaluate MODEL DATASET [-o DIR] [visits=120] [sites=64|FILE]\n"
      "       [instants=N]\n\n"
      "Judges a model file on the test part of a data set over the same places, beside the\n"
      "other predictors: hits, losses, calibration, distances at 15, 30, 45 and 60 minutes,\n"
      "over all cases and over those in which the client moved; at places and at sites; the\n"
      "decision to mirror by threshold; the limit of predictability.\n"
      "  -o DIR   writes DIR/evaluation.h5 and figures: reliability, precision-recall,\n"
      "           timeframe-hits, timeframe-loss (.pdf, .png, .gp, .tsv)\n"
      "  visits   of a client's own past that are kept (16..4096)\n"
      "  instants at about so many instants, chosen by chance; all without it\n"
      "  sites    where endpoints may stand: a number (1..256), spread over the places as people\n"
      "           are in the training part; or a CSV file with name,lat_deg,lon_deg\n";

struct evaluation {
    const char *model_path, *dataset_path, *sites_path, *out;
    uint32_t site_count, instants; /* 0: all */
    struct model_dataset *dataset;
    struct data_model *model;
    struct model_sites sites;
    struct model_judge judge;
    uint8_t *asked;
    struct cli_judgement of[CLI_RIVALS + 1];
    size_t count;
};

static enum hb_status place_sites(struct evaluation *run, struct data_problem *problem)
{
    if (run->sites_path != NULL) {
        return model_sites_read(run->sites_path, run->dataset, &run->sites, problem);
    }
    uint32_t count = run->site_count > 0 ? run->site_count : 64;
    enum hb_status status = model_sites_spread(run->dataset, count, &run->sites);
    while (status == HB_ERR_RANGE && run->site_count == 0 && count > 1) {
        count /= 2; /* not asked for: what the places allow */
        status = model_sites_spread(run->dataset, count, &run->sites);
    }
    return status != HB_ERR_RANGE
        ? status
        : data_problem_set(problem, status, "%s: people at fewer places: expected more than "
              "sites=%u", run->dataset_path, run->site_count);
}

static enum hb_status prepare(struct evaluation *run, struct data_problem *problem)
{
    struct model_dataset_origin origin;
    struct model_pieces pieces = { .at = NULL };
    enum hb_status status = data_model_read(run->model_path, &run->model, problem);
    if (status == HB_OK) {
        status = model_dataset_read(run->dataset_path, &run->dataset, &origin, problem);
    }
    if (status != HB_OK) {
        return status;
    }
    const struct hb_lstm_model *weights = data_model_weights(run->model);
    if (weights->tables.place_count != run->dataset->place_count) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: %u places: expected those of %s, %u", run->dataset_path,
            run->dataset->place_count, run->model_path, weights->tables.place_count);
    }
    run->asked = malloc(run->dataset->slot_count + 1);
    status = run->asked == NULL ? HB_ERR_MEMORY : model_pieces_init(&pieces, run->dataset);
    if (status == HB_OK) {
        model_pieces_ask(&pieces, run->dataset, run->asked);
        model_pieces_thin(run->dataset, MODEL_PART_TEST, run->instants, 1, run->asked);
        run->judge = (struct model_judge) { .dataset = run->dataset,
            .asked = run->asked,
            .part = MODEL_PART_TEST,
            .visits = run->judge.visits };
    }
    model_pieces_fini(&pieces);
    return status == HB_OK ? place_sites(run, problem) : status;
}

static enum hb_status judge(struct evaluation *run, const struct cli_rival *rival)
{
    struct cli_judgement *one = &run->of[run->count++];
    one->name = rival != NULL ? rival->name : "model";
    for (int k = 0; k < knots; k++) {
        model_score_init(&one->scores[k], rival == NULL ? 0.9 : 0.0);
    }
    model_judge_detail_init(&one->detail, &run->sites);
    run->judge.detail = &one->detail;
    enum hb_status status = rival != NULL
        ? model_judge_predictor(&run->judge, rival->predictor, one->scores)
        : model_judge_lstm(&run->judge, data_model_weights(run->model), one->scores);
    if (status == HB_OK) {
        cli_scores_print(one->name, one->scores);
        fflush(stdout);
    }
    return status;
}

static enum hb_status judge_rival(void *context, const struct cli_rival *rival)
{
    enum hb_status status = judge(context, rival);
    hb_predictor_free(rival->predictor);
    return status;
}

static enum hb_status judge_all(struct evaluation *run, struct cli_judgements *all)
{
    struct model_predictability limit = { .pi_max = (double)NAN, .entropy_bits = (double)NAN };
    cli_scores_head();
    enum hb_status status = cli_rivals_each(run->dataset, judge_rival, run);
    if (status == HB_OK) {
        status = judge(run, NULL);
    }
    if (status != HB_OK) {
        return status;
    }
    struct cli_judgement *model = &run->of[run->count - 1];
    cli_scores_detail(model->scores);
    cli_scores_reliability(model->scores);
    *all = (struct cli_judgements) { .of = run->of, .count = run->count,
        .model = run->model_path, .dataset = run->dataset_path };
    cli_judgements_print_sites(all);
    status = model_predictability_mean(run->dataset, &limit);
    if (status == HB_OK) {
        printf("\nlimit of predictability of the next slot (Song et al. 2010), mean over %u "
               "clients: Pi_max %.3f\nat %.3f bits a slot\n", limit.kinds, limit.pi_max,
            limit.entropy_bits);
    }
    all->pi_max = limit.pi_max;
    all->entropy_bits = limit.entropy_bits;
    return status == HB_ERR_RANGE ? HB_OK : status; /* of single slots there is none */
}

static enum hb_status write_all(const struct evaluation *run, const struct cli_judgements *all,
    struct data_problem *problem)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/evaluation.h5", run->out);
    if (length < 0 || (size_t)length >= sizeof path) {
        return data_problem_set(problem, HB_ERR_RANGE, "%s: path too long", run->out);
    }
    if (mkdir(run->out, 0777) != 0 && errno != EEXIST) {
        return data_problem_set(problem, HB_ERR_IO, "%s: cannot be made: %s", run->out,
            strerror(errno));
    }
    enum hb_status status = cli_judgements_write(path, all, problem);
    if (status == HB_OK) {
        status = cli_judgements_draw(run->out, all, problem);
    }
    if (status == HB_OK) {
        printf("\n%s and figures\n", path);
    }
    return status;
}

/* Of `name=number`; 0 if it is another name or not within 1..max. */
static uint32_t number_of(const char *argument, const char *name, uint32_t max)
{
    size_t length = strlen(name);
    char *end = NULL;
    if (strncmp(argument, name, length) != 0 || argument[length] != '=') {
        return 0;
    }
    unsigned long value = strtoul(argument + length + 1, &end, 10);
    return end != argument + length + 1 && *end == '\0' && value <= max ? (uint32_t)value : 0;
}

static int parse(int argc, char **argv, struct evaluation *run)
{
    for (int i = 1; i < argc; i++) {
        uint32_t visits = number_of(argv[i], "visits", 4096);
        uint32_t sites = number_of(argv[i], "sites", MODEL_SITES_MAX);
        uint32_t instants = number_of(argv[i], "instants", UINT32_MAX);
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc && run->out == NULL) {
            run->out = argv[++i];
        } else if (visits >= 16) {
            run->judge.visits = visits;
        } else if (sites > 0) {
            run->site_count = sites;
        } else if (instants > 0) {
            run->instants = instants;
        } else if (strncmp(argv[i], "sites=", 6) == 0 && argv[i][6] != '\0') {
            run->sites_path = argv[i] + 6;
        } else if (argv[i][0] == '-' || strchr(argv[i], '=') != NULL
            || run->dataset_path != NULL) {
            fprintf(stderr, "harbinger evaluate: %s: not understood\n", argv[i]);
            return 2;
        } else if (run->model_path == NULL) {
            run->model_path = argv[i];
        } else {
            run->dataset_path = argv[i];
        }
    }
    return run->dataset_path == NULL ? 2 : 0;
}

static void clear(struct evaluation *run)
{
    for (size_t i = 0; i < run->count; i++) {
        for (int k = 0; k < knots; k++) {
            model_score_fini(&run->of[i].scores[k]);
        }
        model_judge_detail_fini(&run->of[i].detail);
    }
    model_sites_fini(&run->sites);
    free(run->asked);
    model_dataset_free(run->dataset);
    data_model_free(run->model);
}

int cli_evaluate(int argc, char **argv)
{
    static struct evaluation run = { .judge = { .visits = 120 } };
    struct cli_judgements all;
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
        status = judge_all(&run, &all);
    }
    if (status == HB_OK && run.out != NULL) {
        status = write_all(&run, &all, &problem);
    }
    if (status != HB_OK) {
        fprintf(stderr, "%s\n", problem.text[0] != '\0' ? problem.text : hb_status_text(status));
    }
    clear(&run);
    return status == HB_OK ? 0 : 1;
}
