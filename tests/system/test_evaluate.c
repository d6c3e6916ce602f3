/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/h5.h"
#include "tests/support/program.h"

/* Clients that change every hour between two places of their own, seen every 15 minutes:
 * after 15, 30, 45, 60 minutes one is where one was in 3/4, 1/2, 1/4, 0 of the cases. Where
 * persistence has learnt that nobody stays, all other places are equal to it; the first of
 * them by number is right for one client in eight. */
enum { clients = 8, days = 12, rivals = 6, knots = 4 };

struct kit {
    char *folder;
};

static int call(struct kit *kit, const char *const *arguments, struct program_run *run)
{
    program_run(&(struct program_call) { .arguments = arguments, .folder = kit->folder }, run);
    return run->exit_status;
}

static int train_once(void **state)
{
    struct kit *kit = calloc(1, sizeof *kit);
    static struct program_run run;
    static char text[clients * days * 96 * 48 + 64];
    kit->folder = program_folder();
    size_t at = (size_t)sprintf(text, "client,time,lat,lon\n");
    for (int client = 0; client < clients; client++) {
        for (int slot = 0; slot < days * 96; slot++) {
            int place = slot / 4 % 2;
            at += (size_t)sprintf(text + at, "c%d,%d,52.%d,13.%d\n", client,
                1704067200 + 900 * slot, 40 + client, place == 0 ? 30 : 50);
        }
    }
    program_write(kit->folder, "walks.csv", text);
    const char *import[] = { "import", "-o", "walks.h5", "walks.csv", NULL };
    const char *dataset[] = { "dataset", "walks.h5", "-o", "walks.ds", NULL };
    const char *train[] = { "train", "walks.ds", "-o", "walks.model", "--figure", ".",
        "epochs=12", "rate=0.003",
        "units=32", "embedding=16", NULL };
    const char *const *const calls[] = { import, dataset, train };
    for (int i = 0; i < 3; i++) {
        if (call(kit, calls[i], &run) != 0) {
            fprintf(stderr, "%s", run.err);
            return -1;
        }
    }
    *state = kit;
    return 0;
}

static int clean(void **state)
{
    struct kit *kit = *state;
    program_remove(kit->folder);
    free(kit->folder);
    free(kit);
    return 0;
}

static double *column(struct data_h5 *file, const char *path, uint64_t rows)
{
    struct data_problem problem = { "" };
    struct data_h5_array array = { .path = path, .type = DATA_H5_F64, .rank = 1,
        .dims = { rows } };
    void *values = NULL;
    assert_int_equal(data_h5_read_all(file, &array, 1 << 20, &values, &problem), HB_OK);
    return values;
}

static void scores_are_those_of_the_clockwork(void **state)
{
    struct kit *kit = *state;
    static struct program_run run;
    const char *evaluate[] = { "evaluate", "walks.model", "walks.ds", "-o", "judged", "sites=4",
        NULL };
    assert_int_equal(call(kit, evaluate, &run), 0);
    assert_non_null(strstr(run.out, "judged/evaluation.h5 and figures\n"));
    char path[512];
    (void)snprintf(path, sizeof path, "%s/judged/evaluation.h5", kit->folder);
    struct data_h5 *file = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(data_h5_open(path, &file, &problem), HB_OK);
    const uint64_t rows = (rivals + 1) * knots * 4;
    double *acc1 = column(file, "/scores/acc1", rows), *nll = column(file, "/scores/nll", rows);
    double *cases = column(file, "/scores/cases", rows);
    for (int k = 0; k < knots; k++) {
        size_t persistence = (size_t)k * 4;
        size_t order1 = (size_t)(2 * knots + k) * 4, model = (size_t)(rivals * knots + k) * 4;
        assert_true(cases[persistence] > 1000.0);
        double stay = 0.75 - 0.25 * k;
        assert_near(acc1[persistence], k == 0 ? stay : stay + (1.0 - stay) / 8.0, 0.02);
        assert_near(acc1[persistence + 1], k == 0 ? 0.0 : 0.125, 0.02); /* of those that moved */
        if (k != 1) { /* at 30 minutes both places are equal */
            assert_near(acc1[order1], k == 0 ? 0.75 : 0.25 + 0.25 * k, 0.03);
            assert_true(acc1[model] >= acc1[order1] - 0.03);
        }
        assert_true(nll[model] < nll[persistence]);
        assert_near(cases[persistence + 1] / cases[persistence], 0.25 + 0.25 * k, 0.02);
        assert_near(cases[model], cases[persistence], 1e-12);
    }
    free(cases);
    free(nll);
    free(acc1);
    data_h5_free(file);
}

static void figures_are_drawn(void **state)
{
    struct kit *kit = *state;
    static const char *const names[] = { "learning-curve", "judged/reliability",
        "judged/timeframe-hits", "judged/timeframe-loss", "judged/precision-recall" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s.pdf", kit->folder, names[i]);
        assert_int_equal(access(path, R_OK), 0);
    }
}

static void wrong_words_and_files_are_refused(void **state)
{
    struct kit *kit = *state;
    static struct program_run run;
    static const struct {
        const char *arguments[6];
        int exit_status;
        const char *message;
    } cases[] = {
        { { "evaluate", "walks.model", NULL }, 2, "usage: harbinger evaluate" },
        { { "evaluate", "walks.model", "walks.ds", "sites=0.5x", NULL }, 1, "0.5x: " },
        { { "evaluate", "walks.model", "walks.ds", "sites=200", NULL }, 1,
            "walks.ds: people at fewer places: expected more than sites=200" },
        { { "evaluate", "walks.model", "walks.ds", "visits=3", NULL }, 2,
            "harbinger evaluate: visits=3: not understood" },
        { { "evaluate", "walks.ds", "walks.ds", NULL }, 1, "walks.ds" },
        { { "evaluate", "walks.model", "walks.h5", NULL }, 1, "walks.h5" },
        { { "evaluate", "walks.model", "walks.ds", "-o", "walks.csv", NULL }, 1, "walks.csv" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int got = call(kit, cases[i].arguments, &run);
        if (got != cases[i].exit_status || strstr(run.err, cases[i].message) == NULL) {
            fail_msg("case %zu: %d: %s", i, got, run.err);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_clockwork),
        cmocka_unit_test(figures_are_drawn),
        cmocka_unit_test(wrong_words_and_files_are_refused),
    };
    return cmocka_run_group_tests_name("system/evaluate", tests, train_once, clean);
}
