/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `harbinger train` interrupted, diverging and fed with bad files. */
#include "tests/support/assert_near.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/program.h"

static struct {
    char *folder;
    struct program_run run;
    uint64_t seed;
} kit;

static double drawn(void)
{
    kit.seed = kit.seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(kit.seed >> 11) / 9007199254740992.0;
}

static const char *in_folder(const char *name)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", kit.folder, name);
    return path;
}

static int has(const char *name)
{
    return access(in_folder(name), F_OK) == 0;
}

static int call(const char *const *arguments, double kill_after_s)
{
    program_run(&(struct program_call) { .arguments = arguments, .folder = kit.folder,
        .kill_after_s = kill_after_s }, &kit.run);
    return kit.run.exit_status;
}

/* Seven people who go round nine places of a town, a fix every 15 minutes for a week. */
static int make_data(void **state)
{
    (void)state;
    kit.folder = program_folder();
    kit.seed = 731;
    FILE *out = fopen(in_folder("fixes.csv"), "w");
    assert_non_null(out);
    for (int client = 0; client < 7; client++) {
        int place = client;
        for (int slot = 0; slot < 672; slot++) {
            place = slot % 3 == 0 && drawn() < 0.8 ? (place + 1 + client % 2) % 9 : place;
            assert_true(fprintf(out, "c%d,%d,%.4f,%.4f\n", client, 1700000100 + 900 * slot,
                47.1 + 0.01 * (place / 3), 8.3 + 0.013 * (place % 3)) > 0);
        }
    }
    assert_int_equal(fclose(out), 0);
    const char *const import[] = { "import", "--columns", "client,time,lat,lon", "-o", "walks.h5",
        "fixes.csv", NULL };
    const char *const dataset[] = { "dataset", "walks.h5", "-o", "walks.ds", NULL };
    return call(import, 0.0) == 0 && call(dataset, 0.0) == 0 ? 0 : -1;
}

static int remove_data(void **state)
{
    (void)state;
    program_remove(kit.folder);
    free(kit.folder);
    return 0;
}

static int train(const char *out, const char *threads, const char *rate, double kill_after_s)
{
    const char *const arguments[] = { "train", "walks.ds", "-o", out, "seed=5", "epochs=2",
        "units=32", "embedding=8", "visits=24", "batch=4", "checkpoint=1", threads, rate, NULL };
    return call(arguments, kill_after_s);
}

static int is_same(const char *a, const char *b)
{
    char first[1024];
    (void)snprintf(first, sizeof first, "%s", in_folder(a));
    return program_is_same_file(first, in_folder(b));
}

/* Files of a write that was cut off. */
static int parts_left(void)
{
    int count = 0;
    DIR *entries = opendir(kit.folder);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char name[256];
        (void)snprintf(name, sizeof name, "%.255s", entry->d_name);
        if (strstr(name, ".part-") != NULL) {
            count++;
        }
    }
    (void)closedir(entries);
    return count;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Kills again and again, later and later if nothing moves; a checkpoint is written after every
 * step, so that kills also fall into the writing. Returns how many of them did. */
static int train_through_kills(const char *out, const char *threads, double whole_s, int *kills)
{
    int within = 0, status = 128 + 9;
    for (*kills = 0; status != 0; ++*kills) {
        assert_true(*kills < 60);
        double share = *kills < 40 ? 0.05 + 0.2 * drawn() : 3.0;
        status = train(out, threads, "rate=0.001", share * whole_s);
        assert_true(status == 0 || status == 128 + 9);
        within += parts_left() > 0;
    }
    --*kills;
    assert_int_equal(parts_left(), 0);
    return within;
}

static void killed_at_any_moment_it_ends_with_the_same_bytes(void **state)
{
    (void)state;
    double begin_s = now_s();
    assert_int_equal(train("whole", "threads=1", "rate=0.001", 0.0), 0);
    double whole_s = now_s() - begin_s;
    int kills[2], within = 0;
    within += train_through_kills("one", "threads=1", whole_s, &kills[0]);
    within += train_through_kills("two", "threads=2", whole_s, &kills[1]);
    print_message("whole run %.2f s; killed %d and %d times, %d times while a file was written\n",
        whole_s, kills[0], kills[1], within);
    assert_true(is_same("whole", "one"));
    assert_true(is_same("whole", "two"));
    assert_true(is_same("whole.curve.tsv", "one.curve.tsv"));
    assert_true(is_same("whole.curve.tsv", "two.curve.tsv"));
    assert_false(has("one.checkpoint"));
    assert_true(kills[0] >= 2);
    assert_true(kills[1] >= 2);
}

/* A signal's number reaches the shell, and what was learnt is kept. */
static void a_signal_is_told_in_the_status_and_costs_nothing(void **state)
{
    (void)state;
    const char *const arguments[] = { "train", "walks.ds", "-o", "told", "seed=5", "epochs=2",
        "units=32", "embedding=8", "visits=24", "batch=4", "checkpoint=1", "threads=1",
        "rate=0.001", NULL };
    double after_s = 0.2; /* later and later, until it falls into the training */
    do {
        program_run(&(struct program_call) { .arguments = arguments, .folder = kit.folder,
            .kill_after_s = after_s, .signal = SIGINT }, &kit.run);
        assert_int_equal(kit.run.exit_status, 128 + SIGINT);
        after_s *= 1.5;
    } while (strstr(kit.run.err, "training: stopped at step ") == NULL);
    assert_true(has("told.checkpoint"));
    assert_false(has("told"));
    assert_int_equal(call(arguments, 0.0), 0);
    assert_true(is_same("whole", "told"));
}

/* Where the kill falls into the writing, whatever the clock: half of a checkpoint lies beside
 * the whole one. */
static void half_a_checkpoint_is_stepped_over(void **state)
{
    (void)state;
    assert_int_equal(train("cut", "threads=1", "rate=0.001", 0.4), 128 + 9);
    program_write(kit.folder, "cut.checkpoint.part-1-0", "half");
    program_write(kit.folder, "cut.part-1-0", "half");
    assert_int_equal(train("cut", "threads=1", "rate=0.001", 0.0), 0);
    assert_true(is_same("whole", "cut"));
    assert_int_equal(parts_left(), 0); /* what the killed have left is cleared away */
}

static void a_run_that_diverges_names_step_and_tensor_and_keeps_its_checkpoint(void **state)
{
    (void)state;
    assert_int_equal(train("wild", "threads=1", "rate=1e9", 0.0), 1);
    assert_non_null(strstr(kit.run.err, "training: step "));
    assert_non_null(strstr(kit.run.err, "found a number that is not finite"));
    assert_non_null(strstr(kit.run.err, "wild.checkpoint: keeps the last state that was sound"));
    assert_false(has("wild"));
    assert_true(has("wild.checkpoint"));
    char first[sizeof kit.run.err];
    (void)snprintf(first, sizeof first, "%s", strstr(kit.run.err, "training: step "));
    assert_int_equal(train("wild", "threads=1", "rate=1e9", 0.0), 1);
    assert_non_null(strstr(kit.run.err, "wild.checkpoint: goes on at step "));
    assert_string_equal(strstr(kit.run.err, "training: step "), first);
    assert_int_equal(train("wild", "threads=1", "rate=0.001", 0.0), 1);
    assert_non_null(strstr(kit.run.err, "found a checkpoint of another run"));
}

static char *bytes_of(const char *name, size_t *count)
{
    FILE *in = fopen(in_folder(name), "rb");
    char *bytes = malloc(1 << 20);
    assert_non_null(in);
    assert_non_null(bytes);
    *count = fread(bytes, 1, 1 << 20, in);
    (void)fclose(in);
    return bytes;
}

static void write_bytes(const char *name, const char *bytes, size_t count)
{
    FILE *out = fopen(in_folder(name), "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

/* A spoiled checkpoint ends the run with a sentence and stays as it is. */
static void a_damaged_checkpoint_is_refused_and_kept(void **state)
{
    (void)state;
    size_t count;
    assert_int_equal(train("cut", "threads=1", "rate=1e9", 0.0), 1);
    char *bytes = bytes_of("cut.checkpoint", &count);
    for (int i = 0; i < 6; i++) {
        size_t at = (size_t)(drawn() * (double)count);
        int is_cut = i % 3 == 0;
        bytes[at] = (char)(bytes[at] ^ 0x10);
        write_bytes("cut.checkpoint", bytes, is_cut ? at : count);
        int status = train("cut", "threads=1", "rate=1e9", 0.0);
        /* or the divergence again, if the byte meant nothing */
        assert_int_equal(status, 1);
        assert_true(kit.run.err[0] != '\0');
        assert_false(has("cut.part-1-0"));
        bytes[at] = (char)(bytes[at] ^ 0x10);
    }
    free(bytes);
    write_bytes("cut.checkpoint", "not a checkpoint", 16);
    assert_int_equal(train("cut", "threads=1", "rate=1e9", 0.0), 1);
    assert_non_null(strstr(kit.run.err, "cut.checkpoint: found no HDF5 signature"));
    assert_int_equal(has("cut.checkpoint"), 1);
}

static void absurd_settings_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "units=1", "expected units=16..512, a multiple of 16" },
        { "units=100000", "expected units=16..512, a multiple of 16" },
        { "units=17", "expected units=16..512, a multiple of 16" },
        { "epochs=0", "expected epochs=1..1000, whole" },
        { "epochs=2.5", "expected epochs=1..1000, whole" },
        { "batch=1e9", "expected batch=1..4096, whole" },
        { "rate=nan", "expected rate=1e-09..1e+09" },
        { "rate=-1", "expected rate=1e-09..1e+09" },
        { "dropout=1", "expected dropout=0..0.95" },
        { "seed=-1", "expected seed=0..9e+15, whole" },
        { "mask=clock,nothing", "expected some of clock,dwell" },
        { "sideways=1", "no such option" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const arguments[] = { "train", "walks.ds", "-o", "absurd", cases[i][0], NULL };
        assert_int_equal(call(arguments, 0.0), 2);
        assert_non_null(strstr(kit.run.err, cases[i][0]));
        assert_non_null(strstr(kit.run.err, cases[i][1]));
    }
    assert_false(has("absurd"));
    assert_false(has("absurd.checkpoint"));
}

/* Room is taken for the work there is, not for the batch that was asked for (600 MB once). */
static void a_batch_larger_than_the_data_takes_no_memory(void **state)
{
    (void)state;
    static const char *const limited[][2] = { { "batch=4096", "rows=1000000" },
        { "batch=1", "rows=1000000" } };
    for (int i = 0; i < 2; i++) {
        const char *const arguments[] = { "train", "walks.ds", "-o", "large", "epochs=1",
            "units=32", "embedding=8", "visits=24", limited[i][0], limited[i][1], NULL };
        assert_int_equal(call(arguments, 0.0), 0);
        assert_true(has("large"));
    }
#if !defined(__SANITIZE_ADDRESS__) /* whose own memory it would be */
    struct rusage used;
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &used), 0);
    assert_true(used.ru_maxrss < 300000); /* kB, of the largest child so far */
#endif
}

static void bad_data_sets_are_refused_by_name(void **state)
{
    (void)state;
    size_t count;
    const char *const good[] = { "train", "walks.ds", "-o", "m", "checkpoint=0", NULL };
    const char *const bad[] = { "train", "bad.ds", "-o", "m", "epochs=1", "units=16", NULL };
    const char *const model[] = { "train", "whole", "-o", "m", "epochs=1", NULL };
    assert_int_equal(call(good, 0.0), 2);
    assert_non_null(strstr(kit.run.err, "checkpoint=0: expected checkpoint=1..1e+09"));
    assert_int_equal(call(bad, 0.0), 1);
    assert_non_null(strstr(kit.run.err, "bad.ds: cannot be opened"));
    assert_int_equal(call(model, 0.0), 1);
    assert_non_null(strstr(kit.run.err, "whole: attribute format: expected a data set"));
    char *bytes = bytes_of("walks.ds", &count);
    write_bytes("bad.ds", bytes, count / 2);
    assert_int_equal(call(bad, 0.0), 1);
    assert_non_null(strstr(kit.run.err, "bad.ds: found a damaged or truncated HDF5 file"));
    for (size_t i = 0; i < count; i += 1 + count / 16) {
        bytes[i] = (char)(bytes[i] ^ 0x42);
        write_bytes("bad.ds", bytes, count);
        int status = call(bad, 0.0);
        assert_true(status == 1 || (status == 0 && has("m")));
        assert_true(status == 0 || strstr(kit.run.err, "bad.ds: ") != NULL);
        bytes[i] = (char)(bytes[i] ^ 0x42);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_moment_it_ends_with_the_same_bytes),
        cmocka_unit_test(a_signal_is_told_in_the_status_and_costs_nothing),
        cmocka_unit_test(half_a_checkpoint_is_stepped_over),
        cmocka_unit_test(a_run_that_diverges_names_step_and_tensor_and_keeps_its_checkpoint),
        cmocka_unit_test(a_damaged_checkpoint_is_refused_and_kept),
        cmocka_unit_test(absurd_settings_are_refused_by_name),
        cmocka_unit_test(a_batch_larger_than_the_data_takes_no_memory),
        cmocka_unit_test(bad_data_sets_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
