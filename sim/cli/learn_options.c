/* SPDX-License-Identifier: GPL-3.0-or-later */
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
    if (end == argument + len + 1 || *end != '\0' || !(got >= option->min && got <= option->max)) {
        fprintf(stderr, "%s: %s: expected %s=%g..%g\n", command, argument, option->name,
            option->min, option->max);
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
    const struct cli_learn_option options[] = { { "seed", 0, 9e15, &seed },
        { "epochs", 1, 1000, &epochs }, { "patience", 0, 1000, &patience },
        { "threads", 1, 64, &threads }, { "units", 16, 512, &units },
        { "embedding", 1, 256, &embedding }, { "visits", 16, 4096, &visits },
        { "batch", 1, 4096, &batch }, { "rate", 1e-9, 1e9, &rate },
        { "rate_last", 0, 1e9, &rate_last }, { "average", 0, 0.99999, &average },
        { "rows", 4, 1e6, &rows }, { "dropout", 0, 0.95, &dropout },
        { "pieces", 0, 1e9, &pieces }, { "prior", 1, 1e9, &prior } };
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
    config->units = ((uint32_t)units + 15) / 16 * 16;
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
