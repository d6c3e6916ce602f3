/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `harbinger trace`, as a researcher uses it. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/h5.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

#define CALL(...) (const char *const[]) { __VA_ARGS__, NULL }

static struct program_run said;

static int call(const char *folder, const char *const *arguments)
{
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &said);
    return said.exit_status;
}

/* The smoke test's scenario with its people read from a file instead. */
static void write_replay(const char *folder)
{
    static char text[16384], replay[16384];
    FILE *file = fopen(path_of_source("scenarios/smoke.xml"), "r");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[length] = '\0';
    char *from = strstr(text, "<world"), *to = strstr(text, "</world>");
    assert_non_null(from);
    assert_non_null(to);
    int written = snprintf(replay, sizeof replay, "%.*s<trace file=\"t.h5\" from_h=\"6\"/>%s",
        (int)(from - text), text, to + strlen("</world>"));
    assert_true(written > 0 && (size_t)written < sizeof replay);
    program_write(folder, "replay.xml", replay);
}

/* The table of policies: everything between the two lines that name inputs. */
static void table_of(const char *text, char table[8192])
{
    const char *from = strstr(text, "policy "), *to = strstr(text, "\ndigest ");
    assert_non_null(from);
    assert_non_null(to);
    const char *last = to; /* before the line of sizes and seconds */
    while (last > from && last[-1] != '\n') {
        last--;
    }
    assert_true(last - from < 8192);
    snprintf(table, 8192, "%.*s", (int)(last - from), from);
}

static void a_run_on_the_trace_is_the_run_of_the_world(void **state)
{
    (void)state;
    char *folder = program_folder(), world[8192], replay[8192];
    const char *smoke = path_of_source("scenarios/smoke.xml");
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "t.h5", "-j", "2")), 0);
    assert_non_null(strstr(said.out, "t.h5: 400 clients"));
    assert_int_equal(call(folder, CALL("run", smoke, "--quiet", "--no-report", "-o", "a.h5")), 0);
    table_of(said.out, world);
    assert_non_null(strstr(world, "foresight"));
    write_replay(folder);
    int status = call(folder, CALL("run", "replay.xml", "--quiet", "--no-report", "-o", "b.h5"));
    if (status != 0) {
        fail_msg("exit status %d: %s", status, said.err);
    }
    table_of(said.out, replay);
    assert_string_equal(replay, world);
    program_remove(folder);
    free(folder);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    char *folder = program_folder(), a[1024], b[1024], c[1024];
    const char *smoke = path_of_source("scenarios/smoke.xml");
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "a.h5", "--seed", "731")), 0);
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "b.h5", "--set",
        "scenario.seed=731", "-j", "3")), 0);
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "c.h5", "--seed", "731",
        "--replication", "1")), 0);
    snprintf(a, sizeof a, "%s/a.h5", folder);
    snprintf(b, sizeof b, "%s/b.h5", folder);
    snprintf(c, sizeof c, "%s/c.h5", folder);
    assert_true(program_is_same_file(a, b));
    assert_false(program_is_same_file(a, c));
    program_remove(folder);
    free(folder);
}

/* The smoke test's scenario with `to` in place of `from`. */
static void write_changed(const char *folder, const char *name, const char *from, const char *to)
{
    static char text[16384], changed[16384];
    FILE *file = fopen(path_of_source("scenarios/smoke.xml"), "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    char *at = strstr(text, from);
    assert_non_null(at);
    int written = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to,
        at + strlen(from));
    assert_true(written > 0 && (size_t)written < sizeof changed);
    program_write(folder, name, changed);
}

/* Share of right first guesses of smoke.xml's policies, NaN of those that do not ask. */
static void read_correct(const char *folder, const char *name, double correct[8])
{
    char path[1024];
    struct data_h5 *file = NULL;
    struct data_h5_array array = { .path = "/summary/prediction_correct", .type = DATA_H5_F64,
        .rank = 1, .dims = { 8 } };
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(data_h5_open(path, &file, NULL), HB_OK);
    assert_int_equal(data_h5_check(file, &array, NULL), HB_OK);
    assert_int_equal(data_h5_read(file, &array, 0, 8, correct, NULL), HB_OK);
    data_h5_free(file);
}

/* Policies 4 and 5 ask the network. 250 people, some 3,000 questions: a network that were shown
 * the wrong client, hour or horizon would fall far behind persistence, which is right in over
 * 80 %. */
static void try_in_a_run(const char *folder)
{
    char a[1024], b[1024];
    double lstm[8], persistence[8];
    write_changed(folder, "lstm.xml", "kind=\"markov\" order=\"1\"",
        "kind=\"lstm\" model=\"t.model\" visits=\"24\" compact=\"yes\" batch_s=\"1\"");
    write_changed(folder, "stay.xml", "kind=\"markov\" order=\"1\"",
        "kind=\"persistence\" batch_s=\"1\"");
    static const char *const files[] = { "lstm.xml", "1.h5", "lstm.xml", "2.h5", "stay.xml",
        "stay.h5" };
    for (int i = 0; i < 6; i += 2) {
        int status = call(folder, CALL("run", files[i], "--quiet", "--no-report", "-j",
            i == 2 ? "2" : "1", "--set", "world.clients=250", "-o", files[i + 1]));
        if (status != 0) {
            fail_msg("%s: exit status %d: %s", files[i], status, said.err);
        }
    }
    snprintf(a, sizeof a, "%s/1.h5", folder);
    snprintf(b, sizeof b, "%s/2.h5", folder);
    assert_true(program_is_same_file(a, b));
    read_correct(folder, "1.h5", lstm);
    read_correct(folder, "stay.h5", persistence);
    assert_true(persistence[4] > 0.7);
    assert_true(lstm[4] > persistence[4] - 0.03);
    assert_true(lstm[5] > persistence[5] - 0.03);
    assert_int_equal(call(folder, CALL("run", "lstm.xml", "--quiet", "--no-report", "--set",
        "predictor.visits=15", "-o", "3.h5")), 1);
    assert_non_null(strstr(said.err, "expected a whole number from 16 to 4096"));
}

static void a_predictor_learns_from_a_simulated_world(void **state)
{
    (void)state;
    char *folder = program_folder();
    const char *smoke = path_of_source("scenarios/smoke.xml");
    assert_int_equal(call(folder, CALL("trace", smoke, "--seen", "--set", "world.history_h=30",
        "--set", "world.clients=120", "--seed", "9", "-o", "t.h5")), 0);
    assert_int_equal(call(folder, CALL("dataset", "t.h5", "-o", "t.ds", "split=client",
        "warm=1")), 0);
    assert_non_null(strstr(said.out, "120 clients"));
    assert_int_equal(call(folder, CALL("train", "t.ds", "-o", "t.model", "vocabulary=0",
        "units=16", "embedding=4", "epochs=4", "pieces=480", "rate=0.01", "dropout=0",
        "visits=24")), 0);
    assert_int_equal(call(folder, CALL("evaluate", "t.model", "t.ds", "visits=24")), 0);
    assert_non_null(strstr(said.out, "model"));
    try_in_a_run(folder);
    assert_int_equal(call(folder, CALL("trace", smoke, "--set", "world.clients=9", "-o",
        "u.h5")), 0);
    assert_int_equal(call(folder, CALL("dataset", "u.h5", "-o", "u.ds", "warm=0")), 2);
    assert_int_equal(call(folder, CALL("dataset", "u.h5", "-o", "u.ds", "warm=49")), 2);
    program_remove(folder);
    free(folder);
}

static void bad_use_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    char *folder = program_folder();
    const char *smoke = path_of_source("scenarios/smoke.xml");
    const char *replay = path_of_source("scenarios/trace-replay.xml");
    assert_int_equal(call(folder, CALL("trace", "--help")), 0);
    assert_non_null(strstr(said.out, "usage: harbinger trace"));
    assert_int_equal(call(folder, CALL("trace", smoke)), 2);
    assert_int_equal(call(folder, CALL("trace", smoke, smoke, "-o", "t.h5")), 2);
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "t.h5", "-j", "0")), 2);
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "t.h5", "--replication", "-1")), 2);
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "t.h5", "--levitate", "1")), 2);
    assert_non_null(strstr(said.err, "'--levitate'"));
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "t.h5", "--seed")), 2);
    assert_int_equal(call(folder, CALL("trace", "none.xml", "-o", "t.h5")), 1);
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "no/such/t.h5")), 1);
    assert_int_equal(call(folder, CALL("trace", smoke, "-o", "t.h5", "--set",
        "world.clients=0")), 1);
    assert_int_equal(call(folder, CALL("trace", replay, "-o", "t.h5")), 1);
    assert_non_null(strstr(said.err, "expected a"));
    assert_int_equal(program_entry_count(folder), 0);
    program_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_on_the_trace_is_the_run_of_the_world),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(a_predictor_learns_from_a_simulated_world),
        cmocka_unit_test(bad_use_is_refused_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
