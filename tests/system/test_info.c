/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `harbinger info FILE`: every kind of file that the program writes, whole, cut and foreign. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/paths.h"
#include "tests/support/program.h"

static char *folder;
static struct program_run run_of;

static int call(const char *const *arguments)
{
    program_run(&(struct program_call) { .arguments = arguments, .folder = folder }, &run_of);
    return run_of.exit_status;
}

static int info(const char *name)
{
    const char *const arguments[] = { "info", name, NULL };
    return call(arguments);
}

static int write_all(void **state)
{
    (void)state;
    folder = program_folder();
    const char *smoke = path_of_source("scenarios/smoke.xml");
    const char *const trace[] = { "trace", "--set", "world.clients=60", "--set",
        "world.duration_h=30", "-o", "t.h5", smoke, NULL };
    const char *const dataset[] = { "dataset", "t.h5", "-o", "t.ds", NULL };
    const char *const train[] = { "train", "t.ds", "-o", "t.model", "epochs=1", "units=16",
        "embedding=4", "visits=16", NULL };
    const char *const result[] = { "run", "--no-report", "--quiet", "-o", "r.h5", "--record",
        "r.rec", smoke, NULL };
    return call(trace) + call(dataset) + call(train) + call(result) == 0 ? 0 : -1;
}

static int remove_all(void **state)
{
    (void)state;
    program_remove(folder);
    free(folder);
    return 0;
}

static void every_kind_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *file, *kind, *more;
    } kinds[] = {
        { "t.h5", "kind         trace, version 1\n", "holds        60 clients, " },
        { "t.ds", "kind         data set, version ", "holds        60 clients, " },
        { "t.model", "kind         model\n", "units, embedding 4" },
        { "r.h5", "kind         result\n", "scenario     smoke, seed " },
        { "r.rec", "kind         recording\n", " events, " },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_int_equal(info(kinds[i].file), 0);
        assert_string_equal(run_of.err, "");
        assert_int_equal(strncmp(run_of.out, kinds[i].kind, strlen(kinds[i].kind)), 0);
        assert_non_null(strstr(run_of.out, kinds[i].more));
        const char *digest = strstr(run_of.out, "\ndigest ");
        assert_non_null(digest);
        assert_true(strspn(digest + 14, "0123456789abcdef") == 32);
    }
}

/* A third of each, and half a head. */
static void what_is_cut_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "t.h5", "t.ds", "t.model", "r.h5", "r.rec" };
    for (size_t i = 0; i < 10; i++) {
        char path[1024];
        static char bytes[4 << 20];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i / 2]);
        FILE *in = fopen(path, "rb");
        assert_non_null(in);
        size_t count = fread(bytes, 1, sizeof bytes, in);
        (void)fclose(in);
        (void)snprintf(path, sizeof path, "%s/cut", folder);
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        size_t kept = i % 2 == 0 ? count / 3 : 11;
        assert_int_equal(fwrite(bytes, 1, kept, out), kept);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(info("cut"), 1);
        assert_int_equal(strncmp(run_of.err, "harbinger info: cut: ", 21), 0);
        assert_string_equal(run_of.out, "");
    }
}

static void foreign_files_are_refused(void **state)
{
    (void)state;
    program_write(folder, "text", "once upon a time\n");
    program_write(folder, "empty", "");
    assert_int_equal(info("text"), 1);
    assert_non_null(strstr(run_of.err, "text: found no file of harbinger: expected a trace, "));
    assert_int_equal(info("empty"), 1);
    assert_int_equal(info("none"), 1);
    assert_non_null(strstr(run_of.err, "none: cannot be read: No such file or directory"));
    assert_int_equal(info("."), 1);
    assert_non_null(strstr(run_of.err, ".: found a folder: expected a file"));
    assert_int_equal(info("--nonsense"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_told),
        cmocka_unit_test(what_is_cut_is_refused),
        cmocka_unit_test(foreign_files_are_refused),
    };
    return cmocka_run_group_tests(tests, write_all, remove_all);
}
