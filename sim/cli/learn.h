/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_LEARN_H
#define SIM_CLI_LEARN_H

#include "core/lstm.h"
#include "models/train.h"

/* A training run as the user sees it: progress on the terminal, checkpoints, signals. */
struct cli_learn {
    const char *checkpoint;   /* NULL: none; resumed from if it is there */
    uint32_t checkpoint_steps; /* 0: at the end of every epoch */
    int is_quiet;
};

/* Runs to the end. HB_ERR_INTERRUPTED by SIGINT or SIGTERM, after a checkpoint; as
 * model_trainer_step. */
enum hb_status cli_learn_run(struct model_trainer *trainer, const struct cli_learn *learn,
    struct data_problem *problem);

/* Trains without checkpoints, hands the model (borrowed for the call; to be calibrated in place)
 * to judge, and forgets it. Errors: as cli_learn_run, and judge's. */
enum hb_status cli_learn_and_judge(const struct model_train_config *config,
    const struct model_dataset *dataset, const struct model_counts *counts,
    enum hb_status (*judge)(void *context, struct hb_lstm_model *model), void *context,
    struct data_problem *problem);

/* One `name=number` of a command line. */
struct cli_learn_option {
    const char *name;
    double min, max, *value;
    double step; /* 1: whole numbers, 16: multiples of it, 0: any */
};

/* Takes arguments [count], each `name=number`: those of the recipe (seed, epochs, patience,
 * threads, units, embedding, visits, batch, rows, rate, rate_last, average, dropout, pieces, prior)
 * and mask=NAME,... into config, and own (up to one without a name; or NULL).
 * Returns 0, or 2 after a complaint. */
int cli_learn_parse(const char *command, int count, char **arguments,
    struct model_train_config *config, const struct cli_learn_option *own);

#endif
