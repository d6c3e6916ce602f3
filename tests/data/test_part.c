/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/part.h"
#include "data/whole.h"

static struct data_part *begun(const char *path)
{
    struct data_part *part = NULL;
    assert_int_equal(data_part_create(path, DATA_PART_PUBLIC, &part, NULL), HB_OK);
    return part;
}

static size_t named(const char *pattern)
{
    glob_t found;
    size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    if (count > 0) {
        globfree(&found);
    }
    return count;
}

static void assert_holds(const char *path, const char *want)
{
    uint8_t *bytes = NULL;
    size_t count = 0;
    assert_int_equal(data_whole_read(path, 1000, &bytes, &count, NULL), HB_OK);
    assert_int_equal(count, strlen(want));
    assert_memory_equal(bytes, want, count);
    free(bytes);
}

static void a_name_shows_the_old_until_the_new_is_whole(void **state)
{
    (void)state;
    struct data_part *part = begun("part-a");
    assert_int_equal(data_part_write(part, "old", 3), 0);
    assert_int_equal(access("part-a", F_OK), -1);
    assert_int_equal(data_part_commit(part, NULL), HB_OK);
    assert_holds("part-a", "old");
    part = begun("part-a");
    assert_true(fputs("new and longer", data_part_stream(part)) >= 0);
    assert_holds("part-a", "old");
    assert_int_equal(data_part_commit(part, NULL), HB_OK);
    assert_holds("part-a", "new and longer");
    part = begun("part-a");
    assert_int_equal(data_part_write(part, "x", 1), 0);
    data_part_free(part);
    data_part_free(NULL);
    assert_holds("part-a", "new and longer");
    assert_int_equal(named("part-a*"), 1);
    (void)unlink("part-a");
}

static void a_secret_is_its_owners(void **state)
{
    (void)state;
    struct data_part *part = NULL;
    struct stat there;
    assert_int_equal(data_part_create("part-s", DATA_PART_PRIVATE, &part, NULL), HB_OK);
    assert_int_equal(stat(data_part_path(part), &there), 0);
    assert_int_equal(there.st_mode & 0777, 0600);
    assert_int_equal(data_part_commit(part, NULL), HB_OK);
    assert_int_equal(stat("part-s", &there), 0);
    assert_int_equal(there.st_mode & 0777, 0600);
    (void)unlink("part-s");
}

/* A child that is killed while it writes. */
static void leave_half(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        struct data_part *part = begun(path);
        (void)data_part_write(part, "half", 4);
        (void)raise(SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void what_killed_writers_left_goes_with_the_next(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        leave_half("part-k"); /* each clears its forerunner's */
    }
    leave_half("part-kk");
    assert_int_equal(named("part-k.part-*"), 1);
    assert_int_equal(access("part-k", F_OK), -1);
    struct data_part *living = begun("part-k");
    assert_int_equal(named("part-k.part-*"), 1);
    struct data_part *other = begun("part-k"); /* must not clear that of the living */
    assert_int_equal(named("part-k.part-*"), 2);
    data_part_sweep("part-k");
    assert_int_equal(named("part-k.part-*"), 2);
    assert_int_equal(named("part-kk.part-*"), 1); /* of another name */
    assert_int_equal(data_part_write(living, "first", 5), 0);
    assert_int_equal(data_part_write(other, "last", 4), 0);
    assert_int_equal(data_part_commit(living, NULL), HB_OK);
    assert_holds("part-k", "first");
    assert_int_equal(data_part_commit(other, NULL), HB_OK);
    assert_holds("part-k", "last");
    data_part_sweep("part-kk");
    assert_int_equal(named("part-k*"), 1);
    (void)unlink("part-k");
}

/* Only names that this program makes are its to remove. */
static void what_looks_alike_stays(void **state)
{
    (void)state;
    static const char *const names[] = { "part-z.part-", "part-z.part-1", "part-z.part-1-",
        "part-z.part-a-1", "part-z.part-1-1x", "part-zz.part-1-1", "part-z.part" };
    enum { name_count = sizeof names / sizeof names[0] };
    for (size_t i = 0; i < name_count; i++) {
        FILE *file = fopen(names[i], "w");
        assert_non_null(file);
        (void)fclose(file);
    }
    assert_int_equal(mkdir("part-z.part-7-7", 0700), 0);
    assert_int_equal(symlink("part-z.part", "part-z.part-8-8"), 0);
    assert_int_equal(mkfifo("part-z.part-9-9", 0600), 0);
    data_part_sweep("part-z");
    assert_int_equal(named("part-z*"), name_count + 3);
    for (size_t i = 0; i < name_count; i++) {
        assert_int_equal(unlink(names[i]), 0);
    }
    assert_int_equal(rmdir("part-z.part-7-7"), 0);
    assert_int_equal(unlink("part-z.part-8-8"), 0);
    assert_int_equal(unlink("part-z.part-9-9"), 0);
}

static void expect_refusal(const char *path, const char *sentence)
{
    struct data_part *part = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(data_part_create(path, DATA_PART_PUBLIC, &part, &problem), HB_ERR_IO);
    assert_string_equal(problem.text, sentence);
    assert_null(part);
}

static void what_cannot_be_written_is_named(void **state)
{
    (void)state;
    expect_refusal("/nowhere/a", "/nowhere/a: cannot be created: No such file or directory");
    expect_refusal(".", ".: not a regular file: expected a new name or a file");
    expect_refusal("/dev/null", "/dev/null: not a regular file: expected a new name or a file");
    struct data_problem problem = { "" };
    struct rlimit before, small = { .rlim_cur = 100 };
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct data_part *part = begun("part-full");
    for (int i = 0; i < 50; i++) {
        (void)fputs("more than that", data_part_stream(part));
    }
    enum hb_status status = data_part_commit(part, &problem);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, HB_ERR_IO);
    assert_string_equal(problem.text,
        "part-full: cannot be written: File too large; nothing is left of it");
    assert_int_equal(named("part-full*"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_shows_the_old_until_the_new_is_whole),
        cmocka_unit_test(a_secret_is_its_owners),
        cmocka_unit_test(what_killed_writers_left_goes_with_the_next),
        cmocka_unit_test(what_looks_alike_stays),
        cmocka_unit_test(what_cannot_be_written_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
