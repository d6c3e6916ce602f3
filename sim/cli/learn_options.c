/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/features.h"
#include "sim/cli/learn.h"

/* 1: taken; 0: another name; -1: the value is wrong. */
static int take(const char *command, const char *argument, const struct cli_learn_option *option)
{
    size_t len = strlen(option->name);
    if (strncmp(argument, option->name, len) != 0 || argument[len] != '=') {
        return 0;
    }
    char *end = NULL;
    double got = strtod(argument + len + 1, &end);
    int is_good = end != argument + len + 1 && *end == '\0' && got >= option->min
        && got <= option->max && !(option->step > 0.0 && fabs(fmod(got, option->step)) > 0.0);
    if (!is_good) {
        fprintf(stderr, "%s: %s: expected %s=%g..%g", command, argument, option->name, option->min,
            option->max);
        if (option->step > 1.0) {
            fprintf(stderr, ", a multiple of %g", option->step);
        }
        fprintf(stderr, "%s\n", option->step > 0.0 && option->step <= 1.0 ? ", whole" : "");
        return -1;
    }
    *option->value = got;
    return 1;
}

/* mask=NAME,... ; as take. */
static int take_mask(const char *command, const char *argument, uint32_t *masked)
{
    const char *wrong;
    char names[HB_FEATURES_TEXT_BYTES];
    if (strncmp(argument, "mask=", 5) != 0) {
        return 0;
    }
    if (argument[5] == '\0') {
        *masked = 0;
        return 1;
    }
    if (hb_features_parse(argument + 5, masked, &wrong) != HB_OK) {
        hb_features_text(HB_FEATURES_ALL, names, sizeof names);
        fprintf(stderr, "%s: %s: found \"%s\": expected some of %s\n", command, argument, wrong,
            names);
        return -1;
    }
    return 1;
}

int cli_learn_parse(const char *command, int count, char **arguments,
    struct model_train_config *config, const struct cli_learn_option *own)
{
    double seed = (double)config->seed, epochs = config->epochs, patience = config->patience;
    double threads = config->threads, units = config->units, embedding = config->embedding;
    double pieces = config->pieces, visits = config->visits, batch = config->batch;
    double rate = (double)config->rate, dropout = (double)config->dropout;
    double rate_last = (double)config->rate_last, average = (double)config->average;
    double rows = config->rows, prior = (double)config->curve_prior;
    const struct cli_learn_option options[] = { { "seed", 0, 9e15, &seed, 1 },
        { "epochs", 1, MODEL_TRAIN_EPOCHS_MAX, &epochs, 1 },
        { "patience", 0, 1000, &patience, 1 }, { "threads", 1, 64, &threads, 1 },
        { "units", 16, HB_LSTM_UNITS_MAX, &units, 16 },
        { "embedding", 1, HB_LSTM_EMBEDDING_MAX, &embedding, 1 },
        { "visits", 16, MODEL_TRAIN_VISITS_MAX, &visits, 1 },
        { "batch", 1, MODEL_TRAIN_BATCH_MAX, &batch, 1 }, { "rate", 1e-9, 1e9, &rate, 0 },
        { "rate_last", 0, 1e9, &rate_last, 0 }, { "average", 0, 0.99999, &average, 0 },
        { "rows", MODEL_TRAIN_SHARDS, 1e6, &rows, 1 }, { "dropout", 0, 0.95, &dropout, 0 },
        { "pieces", 0, 1e9, &pieces, 1 }, { "prior", 1, 1e9, &prior, 0 } };
    for (int i = 0; i < count; i++) {
        int found = take_mask(command, arguments[i], &config->masked);
        for (const struct cli_learn_option *o = own; found == 0 && o != NULL && o->name != NULL;
             o++) {
            found = take(command, arguments[i], o);
        }
        for (size_t j = 0; found == 0 && j < sizeof options / sizeof options[0]; j++) {
            found = take(command, arguments[i], &options[j]);
        }
        if (found == 0) {
            fprintf(stderr, "%s: %s: no such option\n", command, arguments[i]);
        }
        if (found <= 0) {
            return 2;
        }
    }
    config->seed = (uint64_t)seed;
    config->epochs = (uint32_t)epochs;
    config->patience = (uint32_t)patience;
    config->threads = (uint32_t)threads;
    config->units = (uint32_t)units;
    config->embedding = (uint32_t)embedding;
    config->pieces = (uint32_t)pieces;
    config->visits = (uint32_t)visits;
    config->batch = (uint32_t)batch;
    config->rows = (uint32_t)rows;
    config->rate = (float)rate;
    config->rate_last = (float)rate_last;
    config->average = (float)average;
    config->dropout = (float)dropout;
    config->curve_prior = (float)prior;
    return 0;
}
