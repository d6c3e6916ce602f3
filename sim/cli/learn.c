/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/learn.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "models/export.h"
#include "sim/cli/stop.h"

static int is_stopped(void)
{
    return *cli_stop_flag() != 0;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct watch {
    double begin_s, shown_s;
    uint64_t begin_step, begin_rows;
    int is_terminal;
};

static void show_bar(const struct watch *watch, const struct model_train_state *state)
{
    enum { width = 24 };
    char bar[width + 1];
    double share = (double)state->step / (double)state->steps, spent_s = now_s() - watch->begin_s;
    for (int i = 0; i < width; i++) {
        bar[i] = (double)i < share * width ? '#' : '.';
    }
    bar[width] = '\0';
    double done = (double)(state->step - watch->begin_step);
    double left_s = done > 0.0 ? spent_s / done * (double)(state->steps - state->step) : NAN;
    fprintf(stderr, "\r[%s] %3.0f %%  epoch %u/%u  loss %.4f  %.0f questions/s  %.0f s left   ",
        bar, 100.0 * share, state->epoch, state->epochs, state->loss,
        (double)(state->rows - watch->begin_rows) / fmax(spent_s, 1e-3), left_s);
}

static void show_epoch(const struct watch *watch, const struct model_trainer *trainer,
    const struct model_train_state *state)
{
    double loss = model_trainer_curve(trainer, 0)[state->epoch - 1];
    fprintf(stderr, "%sepoch %u/%u  loss %.4f  validation %.4f%s  %.0f s%30s\n",
        watch->is_terminal ? "\r" : "", state->epoch, state->epochs, loss, state->valid,
        state->valid <= state->best_valid ? " (best)" : "", now_s() - watch->begin_s, "");
}

static void show(struct watch *watch, const struct model_trainer *trainer,
    const struct model_train_state *state, int is_epoch)
{
    if (is_epoch) {
        show_epoch(watch, trainer, state);
    } else if (watch->is_terminal && now_s() - watch->shown_s > 0.2) {
        show_bar(watch, state);
        watch->shown_s = now_s();
    }
}

static void say_what_is_left(const struct cli_learn *learn)
{
    if (learn->checkpoint != NULL && access(learn->checkpoint, F_OK) == 0) {
        fprintf(stderr, "%s: keeps the last state that was sound\n", learn->checkpoint);
    }
}

static enum hb_status steps(struct model_trainer *trainer, const struct cli_learn *learn,
    struct watch *watch, struct data_problem *problem)
{
    struct model_train_state state = model_trainer_state(trainer);
    while (!state.is_done) {
        uint32_t epoch = state.epoch;
        enum hb_status status = model_trainer_step(trainer, problem);
        state = model_trainer_state(trainer);
        int is_epoch = state.epoch != epoch;
        if (status != HB_OK) {
            say_what_is_left(learn);
            return status;
        }
        if (!learn->is_quiet) {
            show(watch, trainer, &state, is_epoch);
        }
        int is_due = learn->checkpoint_steps > 0 ? state.step % learn->checkpoint_steps == 0
                                                 : is_epoch;
        if (learn->checkpoint != NULL && (is_due || is_stopped())) {
            status = model_trainer_save(trainer, learn->checkpoint, problem);
        }
        if (status != HB_OK) {
            return status;
        }
        if (is_stopped()) {
            return data_problem_set(problem, HB_ERR_INTERRUPTED, "training: stopped at step %llu%s",
                (unsigned long long)state.step,
                learn->checkpoint != NULL ? "; the same command goes on from there" : "");
        }
    }
    return HB_OK;
}

enum hb_status cli_learn_run(struct model_trainer *trainer, const struct cli_learn *learn,
    struct data_problem *problem)
{
    if (learn->checkpoint != NULL && access(learn->checkpoint, F_OK) == 0) {
        enum hb_status status = model_trainer_resume(trainer, learn->checkpoint, problem);
        if (status != HB_OK) {
            return status;
        }
        fprintf(stderr, "%s: goes on at step %llu\n", learn->checkpoint,
            (unsigned long long)model_trainer_state(trainer).step);
    }
    struct model_train_state state = model_trainer_state(trainer);
    struct watch watch = { .begin_s = now_s(), .begin_step = state.step,
        .begin_rows = state.rows, .is_terminal = isatty(STDERR_FILENO) };
    cli_stop_watch();
    enum hb_status status = steps(trainer, learn, &watch, problem);
    cli_stop_unwatch();
    return status;
}

enum hb_status cli_learn_and_judge(const struct model_train_config *config,
    const struct model_dataset *dataset, const struct model_counts *counts,
    enum hb_status (*judge)(void *context, struct hb_lstm_model *model), void *context,
    struct data_problem *problem)
{
    struct model_trainer *trainer = NULL;
    struct model_export model = { .zeros = NULL };
    enum hb_status status = model_trainer_create(config, dataset, counts, &trainer);
    if (status == HB_OK) {
        status = cli_learn_run(trainer, &(struct cli_learn) { .checkpoint = NULL }, problem);
    }
    if (status == HB_OK) {
        status = model_export_init(&model, model_trainer_layout(trainer),
            model_trainer_numbers(trainer), dataset, counts);
    }
    if (status == HB_OK) {
        status = judge(context, &model.model);
    }
    model_export_fini(&model);
    model_trainer_free(trainer);
    return status;
}
