/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* syscall */
#include "tests/support/assert_near.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/program.h"
#include "tests/system/serving.h"

static const char *const nothing_more[] = { NULL };
static const char *const often[] = { "--snapshot-s", "0.2", NULL };

static void kill_9_loses_nothing_that_a_snapshot_has(void **state)
{
    struct serving *serving = *state;
    char id[33], before[4096], after[4096];
    serving_start(serving, often);
    serving_observe(serving, "phone 5", id);
    serving_sleep_ms(600);
    assert_int_equal(serving_predict(serving, id, before, sizeof before), 200);
    assert_int_equal(serving_stop(serving, SIGKILL), 128 + SIGKILL);
    serving_start(serving, nothing_more);
    assert_int_equal(serving_predict(serving, id, after, sizeof after), 200);
    assert_string_equal(strstr(after, "\r\n\r\n"), strstr(before, "\r\n\r\n"));
}

static void sigterm_saves_what_no_snapshot_had(void **state)
{
    struct serving *serving = *state;
    char id[33], reply[4096];
    serving_start(serving, nothing_more);
    serving_observe(serving, "phone 6", id);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    serving_start(serving, nothing_more);
    assert_int_equal(serving_predict(serving, id, reply, sizeof reply), 200);
}

/* A library's thread that was there before main does not block SIGTERM: it may get it while the
 * main thread is busy. tgkill makes that happen every time. */
static void a_signal_that_meets_another_thread_ends_it_as_well(void **state)
{
    struct serving *serving = *state;
    char id[33], reply[4096], path[64], line[256];
    int met = 0;
    serving_start(serving, nothing_more);
    serving_observe(serving, "phone 8", id);
    (void)snprintf(path, sizeof path, "/proc/%ld/task", (long)serving->pid);
    DIR *threads = opendir(path);
    assert_non_null(threads);
    for (struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads)) {
        long thread = strtol(entry->d_name, NULL, 10);
        unsigned long blocked = ~0UL;
        char status[300];
        (void)snprintf(status, sizeof status, "%s/%.20s/status", path, entry->d_name);
        FILE *in = thread > 0 && thread != serving->pid ? fopen(status, "r") : NULL;
        while (in != NULL && fgets(line, sizeof line, in) != NULL) {
            (void)sscanf(line, "SigBlk: %lx", &blocked);
        }
        if (in != NULL) {
            (void)fclose(in);
        }
        if ((blocked >> (SIGTERM - 1) & 1) == 0 && met == 0) {
            met = syscall(SYS_tgkill, (long)serving->pid, thread, SIGTERM) == 0;
        }
    }
    (void)closedir(threads);
    print_message("threads that do not block SIGTERM: %s\n", met ? "there are" : "none");
    serving_sleep_ms(met ? 600 : 0); /* it has ended by itself, or is ended now */
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    serving_start(serving, nothing_more);
    assert_int_equal(serving_predict(serving, id, reply, sizeof reply), 200);
}

static void the_forgotten_stay_so_after_kill_9(void **state)
{
    struct serving *serving = *state;
    char kept[33], gone[33], path[64], reply[4096];
    serving_start(serving, nothing_more);
    serving_observe(serving, "kept", kept);
    serving_observe(serving, "gone", gone);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    serving_start(serving, nothing_more);
    snprintf(path, sizeof path, "/v1/clients/%s", gone);
    struct serving_request forget = { "DELETE", path, serving->token, NULL };
    assert_int_equal(serving_ask(serving, &forget, NULL, 0), 204);
    serving_sleep_ms(1000); /* far less than the 60 s between snapshots */
    assert_int_equal(serving_stop(serving, SIGKILL), 128 + SIGKILL);
    serving_start(serving, nothing_more);
    assert_int_equal(serving_predict(serving, gone, reply, sizeof reply), 404);
    assert_int_equal(serving_predict(serving, kept, reply, sizeof reply), 200);
}

static void bad_files_of_the_operator_are_named(void **state)
{
    struct serving *serving = *state;
    char path[1024];
    program_write(serving->folder, "tokens", "# nobody\n");
    assert_non_null(strstr(serving_refusal(serving), "tokens: found no token"));
    program_write(serving->folder, "tokens", "# one\nme 00ff\n");
    assert_non_null(strstr(serving_refusal(serving), "tokens:2: found no token"));
    struct serving *other = serving_create();
    program_write(other->folder, "salt", "short");
    assert_non_null(strstr(serving_refusal(other), "salt: found another size"));
    program_write(other->folder, "salt", "0123456789abcdef0123456789abcdef");
    snprintf(path, sizeof path, "%s/salt", other->folder);
    assert_int_equal(chmod(path, 0644), 0);
    assert_non_null(strstr(serving_refusal(other), "salt: found mode 644"));
    serving_free(other);
}

static void a_request_under_way_is_answered_before_the_end(void **state)
{
    static const char *const slow[] = { "--delay-ms", "800", NULL };
    struct serving *serving = *state;
    char id[33], reply[4096], ask[1024], body[128];
    serving_start(serving, slow);
    serving_observe(serving, "f", id);
    int idle = serving_connect(serving); /* could ask, too: so the batch waits its delay */
    int line = serving_connect(serving);
    snprintf(body, sizeof body, "{\"client\":\"%s\",\"timeframe_s\":900}", id);
    size_t length = serving_post_text(serving, "/v1/predict", body, ask, sizeof ask);
    serving_send(line, ask, length);
    serving_sleep_ms(200);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    assert_int_equal(serving_receive(line, reply, sizeof reply), 200);
    close(line);
    close(idle);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, serving_set_up, serving_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(kill_9_loses_nothing_that_a_snapshot_has),
        TEST(sigterm_saves_what_no_snapshot_had),
        TEST(a_signal_that_meets_another_thread_ends_it_as_well),
        TEST(the_forgotten_stay_so_after_kill_9),
        TEST(bad_files_of_the_operator_are_named),
        TEST(a_request_under_way_is_answered_before_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
