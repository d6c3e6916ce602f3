/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIGTERM and SIGINT at many moments of a run: all or nothing, and a status that says which. */
#include "tests/support/assert_near.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/paths.h"
#include "tests/support/program.h"

static struct program_run run_of;

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int run_for(const char *folder, double after_s, int signal_number)
{
    const char *const arguments[] = { "run", "--quiet", "-o", "r.h5", "--record", "r.rec",
        path_of_source("scenarios/smoke.xml"), NULL };
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder,
        .kill_after_s = after_s, .signal = signal_number }, &run_of);
    return run_of.exit_status;
}

static bool has(const char *folder, const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static int parts(const char *folder)
{
    int count = 0;
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        count += strstr(entry->d_name, ".part") != NULL;
    }
    (void)closedir(entries);
    return count;
}

static void assert_is_whole(const char *folder)
{
    const char *const verify[] = { "report", "--verify", "r.h5", NULL };
    const char *const info[] = { "info", "r.rec", NULL };
    program_run(&(struct program_call) { .arguments = verify, .folder = folder }, &run_of);
    assert_int_equal(run_of.exit_status, 0);
    program_run(&(struct program_call) { .arguments = info, .folder = folder }, &run_of);
    assert_int_equal(run_of.exit_status, 0);
}

/* 24 moments from before the scenario is read to after the last figure. */
static void a_signal_at_any_moment_leaves_all_or_nothing(void **state)
{
    (void)state;
    enum { moments = 24 };
    char *first = program_folder();
    double begin_s = now_s();
    assert_int_equal(run_for(first, 300.0, 0), 0);
    double whole_s = now_s() - begin_s;
    assert_is_whole(first);
    program_remove(first);
    free(first);
    int nothing = 0, results = 0;
    for (int i = 0; i < moments; i++) {
        char *folder = program_folder();
        int signal_number = i % 2 == 0 ? SIGTERM : SIGINT;
        int status = run_for(folder, whole_s * (i + 0.5) / (moments - 2), signal_number);
        assert_true(status == 0 || status == 128 + signal_number);
        assert_int_equal(parts(folder), 0);
        bool is_there = has(folder, "r.h5");
        assert_int_equal(is_there, has(folder, "r.rec"));
        nothing += !is_there;
        results += is_there;
        if (is_there) {
            assert_is_whole(folder);
        } else {
            assert_int_equal(status, 128 + signal_number);
        }
        program_remove(folder);
        free(folder);
    }
    print_message("%d left nothing, %d whole results\n", nothing, results);
    assert_true(nothing > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_at_any_moment_leaves_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
