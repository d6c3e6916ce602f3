/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built program, as a user meets it. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/paths.h"
#include "tests/support/program.h"

#define CALL(...) (const char *const[]) { __VA_ARGS__, NULL }

static struct program_run said;

static int call(const char *folder, const char *const *arguments)
{
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &said);
    return said.exit_status;
}

static void digest_of(const char *text, char digest[33])
{
    const char *at = strstr(text, "\ndigest   ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\ndigest %32[0-9a-f]", digest), 1);
    assert_int_equal(strlen(digest), 32);
}

static void run_smoke(const char *folder, const char *output, const char *option,
    const char *value, char digest[33])
{
    const char *smoke = path_of_source("scenarios/smoke.xml");
    int status = call(folder, CALL("run", smoke, "--quiet", "--no-report", "-o", output, option,
        value));
    if (status != 0) {
        fail_msg("exit status %d: %s", status, said.err);
    }
    digest_of(said.out, digest);
}

static void threads_and_checks_do_not_change_a_byte(void **state)
{
    (void)state;
    char *folder = program_folder(), one[33], two[33], three[33], a[1024], b[1024];
    run_smoke(folder, "1.h5", "-j", "1", one);
    run_smoke(folder, "2.h5", "-j", "2", two);
    run_smoke(folder, "3.h5", "-j", "3", three);
    assert_string_equal(one, two);
    assert_string_equal(one, three);
    snprintf(a, sizeof a, "%s/1.h5", folder);
    snprintf(b, sizeof b, "%s/2.h5", folder);
    assert_true(program_is_same_file(a, b));
    const char *smoke = path_of_source("scenarios/smoke.xml");
    assert_int_equal(call(folder, CALL("run", smoke, "--quiet", "--no-report", "--check", "-o",
        "4.h5")), 0);
    digest_of(said.out, two);
    assert_string_equal(one, two);
    program_remove(folder);
    free(folder);
}

static void another_seed_gives_another_digest(void **state)
{
    (void)state;
    char *folder = program_folder(), one[33], other[33], same[33];
    run_smoke(folder, "a.h5", "--seed", "731", one);
    run_smoke(folder, "b.h5", "--seed", "732", other);
    run_smoke(folder, "c.h5", "--set", "scenario.seed=731", same);
    assert_string_not_equal(one, other);
    assert_string_equal(one, same);
    program_remove(folder);
    free(folder);
}

static void a_replay_gives_the_recorded_commands(void **state)
{
    (void)state;
    char *folder = program_folder(), digest[33], path[1024];
    static const char *const policies[] = { "reactive", "predictive", "ski-rental", "static" };
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        const char *smoke = path_of_source("scenarios/smoke.xml");
        assert_int_equal(call(folder, CALL("run", smoke, "--quiet", "--no-report", "--record",
            "rec", "--record-policy", policies[i], "-o", "a.h5")), 0);
        digest_of(said.out, digest);
        assert_int_equal(call(folder, CALL("replay", "rec")), 0);
        assert_non_null(strstr(said.out, "identical to the recording"));
    }
    assert_int_equal(call(folder, CALL("replay", "rec", "--policy", "reactive")), 0);
    assert_null(strstr(said.out, "identical"));
    assert_int_equal(call(folder, CALL("replay", "rec", "--policy", "psychic")), 2);
    snprintf(path, sizeof path, "%s/rec", folder);
    assert_int_equal(truncate(path, 4000), 0);
    assert_int_equal(call(folder, CALL("replay", "rec")), 1);
    assert_non_null(strstr(said.err, "expected a"));
    program_write(folder, "rec", "not a recording, but long enough to be mistaken for one");
    assert_int_equal(call(folder, CALL("replay", "rec")), 1);
    program_remove(folder);
    free(folder);
}

static void every_command_explains_itself(void **state)
{
    (void)state;
    static const char *const commands[] = { "run", "validate", "schema", "replay", "info",
        "report", "import", "verify", "trace", "dataset", "train", "evaluate", "model", "serve" };
    assert_int_equal(call(NULL, CALL("--help")), 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "usage: harbinger %s", commands[i]);
        assert_non_null(strstr(said.out, commands[i]));
        struct program_run all = said;
        assert_int_equal(call(NULL, CALL(commands[i], "--help")), 0);
        assert_non_null(strstr(said.out, usage));
        said = all;
    }
    assert_int_equal(call(NULL, CALL("--version")), 0);
    assert_int_equal(strncmp(said.out, "harbinger 0.", 12), 0);
    assert_int_equal(call(NULL, CALL("levitate")), 2);
    assert_non_null(strstr(said.err, "'levitate': no such command"));
    assert_int_equal(call(NULL, CALL("run")), 2);
    assert_int_equal(call(NULL, CALL("run", "-j", "0", "x.xml")), 2);
    assert_int_equal(call(NULL, CALL("schema", "policy")), 0);
    assert_non_null(strstr(said.out, "confidence_min: a share from 0 to 1; default 0.3"));
    assert_int_equal(call(NULL, CALL("schema", "polity")), 1);
    assert_int_equal(call(NULL, CALL("info")), 0);
    assert_non_null(strstr(said.out, "core type"));
}

static void bad_input_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        { "--seed", "-1", "seed=\"-1\": expected a whole number from 0 to 9007199254740991" },
        { "--seed", "0x10", "seed=\"0x10\": expected a whole number" },
        { "--set", "world.clients=0", "clients=\"0\": expected a whole number from 1 to 2000000" },
        { "--set", "city.name=Hamburg",
            "name=\"Hamburg\": expected a city that is not in the world yet" },
        { "--set", "output.file=/", "file" },
        { "--trace", "x.h5", "--trace \"x.h5\": expected a scenario with <trace>" },
        { "-o", "no/such/folder/a.h5", "no/such/folder/a.h5: " },
        { "--record", "no/such/folder/rec", "no/such/folder/rec: cannot be created" },
        { "--record-policy", "none", "expected --record-policy with a policy of the scenario" },
        { "--set", "site.lat_deg=90.5", "lat_deg=\"90.5\": expected degrees from -90 to 90" },
    };
    char *folder = program_folder();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *smoke = path_of_source("scenarios/smoke.xml");
        int is_output = strcmp(cases[i][0], "-o") == 0 || i == 4;
        int status = is_output
            ? call(folder, CALL("run", smoke, "--quiet", cases[i][0], cases[i][1]))
            : call(folder, CALL("run", smoke, "--quiet", "-o", "a.h5", cases[i][0], cases[i][1]));
        if (status == 0 || status > 2 || strstr(said.err, cases[i][2]) == NULL) {
            fail_msg("case %zu: exit %d, said %s", i, status, said.err);
        }
        assert_int_equal(program_entry_count(folder), 0);
    }
    program_remove(folder);
    free(folder);
}

static void a_bad_trace_is_refused_before_anything_is_written(void **state)
{
    (void)state;
    char *folder = program_folder();
    const char *replay = path_of_source("scenarios/trace-replay.xml");
    program_write(folder, "t.h5", "this is no HDF5 file");
    assert_int_equal(call(folder, CALL("run", replay, "--trace", "t.h5", "-o", "a.h5")), 1);
    assert_non_null(strstr(said.err, "t.h5"));
    assert_int_equal(call(folder, CALL("run", replay, "--trace", "u.h5", "-o", "a.h5")), 1);
    assert_non_null(strstr(said.err, "trace \"u.h5\": expected a readable file"));
    assert_int_equal(call(folder, CALL("run", replay, "-o", "a.h5")), 1);
    assert_non_null(strstr(said.err, "<trace> without file: expected a trace file here or by "
                                     "--trace FILE"));
    assert_int_equal(program_entry_count(folder), 1);
    program_remove(folder);
    free(folder);
}

static void a_full_disk_leaves_nothing(void **state)
{
    (void)state;
    static const size_t sizes[] = { 700, 65536, 300000 };
    char *folder = program_folder();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *const arguments[] = { "run", path_of_source("scenarios/smoke.xml"), "--quiet",
            "--no-report", "-o", "a.h5", NULL };
        program_run(&(struct program_call) { .arguments = arguments, .folder = folder,
                        .bytes_max = sizes[i] }, &said);
        assert_int_equal(said.exit_status, 1);
        assert_true(strlen(said.err) > 0);
        assert_int_equal(program_entry_count(folder), 0);
    }
    program_remove(folder);
    free(folder);
}

static void a_kill_leaves_no_file_under_the_final_name(void **state)
{
    (void)state;
    char *folder = program_folder(), path[1024];
    const char *const arguments[] = { "run", path_of_source("scenarios/smoke.xml"), "--quiet",
        "--set", "world.clients=20000", "-o", "a.h5", NULL };
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder,
                    .kill_after_s = 0.6 }, &said);
    assert_int_equal(said.exit_status, 128 + 9);
    snprintf(path, sizeof path, "%s/a.h5", folder);
    assert_int_not_equal(access(path, F_OK), 0);
    program_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_checks_do_not_change_a_byte),
        cmocka_unit_test(another_seed_gives_another_digest),
        cmocka_unit_test(a_replay_gives_the_recorded_commands),
        cmocka_unit_test(every_command_explains_itself),
        cmocka_unit_test(bad_input_is_told_and_leaves_nothing),
        cmocka_unit_test(a_bad_trace_is_refused_before_anything_is_written),
        cmocka_unit_test(a_full_disk_leaves_nothing),
        cmocka_unit_test(a_kill_leaves_no_file_under_the_final_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
