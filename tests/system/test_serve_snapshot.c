/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <dirent.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/system/serving.h"

static const char *const nothing_more[] = { NULL };

static void the_snapshot_has_no_device_and_no_id(void **state)
{
    struct serving *serving = *state;
    static char bytes[65536];
    char id[33];
    struct stat about;
    char path[1024];
    serving_start(serving, nothing_more);
    serving_observe(serving, "a-device-by-name", id);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    size_t count = serving_file_read(serving, "snap", bytes, sizeof bytes);
    assert_int_equal(count, 8 + 4 + 4 + 32 + 4 + 32 + 32 + 4 + 12 + 32);
    for (size_t i = 0; i + 8 <= count; i++) {
        assert_memory_not_equal(bytes + i, "a-device", 8);
    }
    snprintf(path, sizeof path, "%s/snap", serving->folder);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void a_damaged_snapshot_is_refused_and_kept(void **state)
{
    struct serving *serving = *state;
    static char good[65536], bad[65536], still[65536];
    char id[33];
    serving_start(serving, nothing_more);
    serving_observe(serving, "e", id);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    size_t count = serving_file_read(serving, "snap", good, sizeof good);
    const size_t flipped[] = { 0, 9, 13, 20, 50, 60, 90, 130, count - 1 };
    for (size_t i = 0; i < sizeof flipped / sizeof flipped[0]; i++) {
        memcpy(bad, good, count);
        bad[flipped[i]] = (char)(bad[flipped[i]] ^ 4);
        serving_file_write(serving, "snap", bad, count);
        assert_non_null(strstr(serving_refusal(serving), "snap: snapshot: found "));
        assert_int_equal(serving_file_read(serving, "snap", still, sizeof still), count);
        assert_memory_equal(still, bad, count);
    }
    serving_file_write(serving, "snap", good, count - 1);
    assert_non_null(strstr(serving_refusal(serving), "found damage"));
    serving_file_write(serving, "snap", good, 0);
    assert_non_null(strstr(serving_refusal(serving), "or a part of one"));
    serving_file_write(serving, "snap", good, count);
    memset(bad, 7, 32);
    serving_file_write(serving, "salt", bad, 32); /* keeps its mode */
    assert_non_null(strstr(serving_refusal(serving), "another salt's seal"));
}

enum { head_bytes_1 = 8 + 4 + 4 + 32, model_bytes = 4 + 32, seal_bytes = 32 };

/* Seals bytes [count] as the service does: a key of the salt by its label, then BLAKE2b. */
static void seal(const struct serving *serving, uint8_t *bytes, size_t count)
{
    static const char label[] = "snapshot";
    uint8_t salt[32], key[32];
    assert_int_equal(serving_file_read(serving, "salt", salt, sizeof salt), sizeof salt);
    assert_int_equal(crypto_generichash(key, sizeof key, (const uint8_t *)label,
        sizeof label - 1, salt, sizeof salt), 0);
    assert_int_equal(crypto_generichash(bytes + count, seal_bytes, bytes, count, key,
        sizeof key), 0);
}

/* Before records of predictors there were version 1 snapshots, without a word of them. */
static void a_snapshot_of_version_1_is_taken_up(void **state)
{
    struct serving *serving = *state;
    static uint8_t bytes[65536], again[65536];
    char id[33], before[4096], after[4096];
    serving_start(serving, nothing_more);
    serving_observe(serving, "old", id);
    serving_observe(serving, "older", before);
    assert_int_equal(serving_predict(serving, id, before, sizeof before), 200);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    size_t count = serving_file_read(serving, "snap", bytes, sizeof bytes) - seal_bytes;
    memcpy(again, bytes, count + seal_bytes);
    seal(serving, again, count);
    assert_memory_equal(again, bytes, count + seal_bytes); /* so the seal is understood */
    bytes[8] = 1;
    count -= model_bytes;
    memmove(bytes + head_bytes_1, bytes + head_bytes_1 + model_bytes, count - head_bytes_1);
    seal(serving, bytes, count);
    serving_file_write(serving, "snap", bytes, count + seal_bytes);
    serving_start(serving, nothing_more);
    assert_int_equal(serving_predict(serving, id, after, sizeof after), 200);
    assert_string_equal(strstr(after, "\r\n\r\n"), strstr(before, "\r\n\r\n"));
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    assert_int_equal(serving_file_read(serving, "snap", bytes, sizeof bytes),
        count + model_bytes + seal_bytes);
    assert_int_equal(bytes[8], 2);
    /* the same cut short at every byte behind a good seal, and a version of the future */
    bytes[8] = 1;
    memmove(bytes + head_bytes_1, bytes + head_bytes_1 + model_bytes, count - head_bytes_1);
    for (size_t cut = head_bytes_1; cut < count; cut += 29) {
        memcpy(again, bytes, cut);
        seal(serving, again, cut);
        serving_file_write(serving, "snap", again, cut + seal_bytes);
        assert_non_null(strstr(serving_refusal(serving), "found rows that do not add up"));
    }
    bytes[8] = 3;
    seal(serving, bytes, count);
    serving_file_write(serving, "snap", bytes, count + seal_bytes);
    assert_non_null(strstr(serving_refusal(serving), "found version 3: expected 1 or 2"));
}

/* Fills the book with clients of a full history each, so that a snapshot takes a while. */
static void fill(const struct serving *serving, int clients)
{
    enum { together = 50 };
    static char text[together * 512], reply[262144];
    for (int i = 0; i < clients;) {
        size_t length = 0;
        int line = serving_connect(serving), wanted = 0;
        for (; wanted < together; wanted++, i++) {
            char body[200];
            (void)snprintf(body, sizeof body, "{\"device\":\"d%d\",\"consent\":true,\"place\":%d}",
                i, i % 4);
            length += serving_post_text(serving, "/v1/observe", body, text + length,
                sizeof text - length);
        }
        serving_send(line, text, length);
        for (size_t got = 0; wanted > 0;) {
            assert_int_equal(recv(line, reply + got++, 1, 0), 1);
            wanted -= got >= 12 && memcmp(reply + got - 12, "HTTP/1.1 200", 12) == 0;
        }
        close(line);
    }
}

/* How many bytes of a part there are in the folder; -1: none. */
static long part_bytes(const struct serving *serving)
{
    DIR *folder = opendir(serving->folder);
    long bytes = -1;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[1600];
        struct stat about;
        (void)snprintf(path, sizeof path, "%s/%s", serving->folder, entry->d_name);
        if (strstr(entry->d_name, ".part-") != NULL && stat(path, &about) == 0) {
            bytes = about.st_size;
        }
    }
    (void)closedir(folder);
    return bytes;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Killed as soon as a part is seen, at later and later moments: what is there under the name is
 * the old snapshot or the new one, to the last byte, and the part is swept by the next writer. */
static void kill_9_while_a_snapshot_is_written_leaves_a_whole_one(void **state)
{
    static const char *const often[] = { "--snapshot-s", "0.1", "--rate", "1e9", "--burst", "1e9",
        "--clients", "20000", NULL };
    struct serving *serving = *state;
    static uint8_t old[1 << 21], found[1 << 21];
    char id[33], reply[4096];
    int halves = 0, tries = 0;
    serving_start(serving, often);
    serving_observe(serving, "first", id);
    fill(serving, 3000);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
    size_t old_count = serving_file_read(serving, "snap", old, sizeof old);
    assert_in_range(old_count, 3001 * 48, sizeof old - 1);
    for (double end_s = now_s() + 6.0; now_s() < end_s && halves < 5; tries++) {
        serving_start(serving, often);
        while (part_bytes(serving) < 0 && now_s() < end_s) {
        }
        for (double until_s = now_s() + tries % 8 * 50e-6; now_s() < until_s;) {
        }
        assert_int_equal(serving_stop(serving, SIGKILL), 128 + SIGKILL);
        halves += part_bytes(serving) >= 0;
        size_t count = serving_file_read(serving, "snap", found, sizeof found);
        assert_int_equal(count, old_count);
        assert_memory_equal(found, old, count); /* nobody observed anything in between */
    }
    print_message("%d of %d kills left a part behind\n", halves, tries);
    assert_true(halves > 0);
    serving_start(serving, nothing_more);
    assert_int_equal(part_bytes(serving), -1);
    assert_int_equal(serving_predict(serving, id, reply, sizeof reply), 200);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, serving_set_up, serving_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_snapshot_has_no_device_and_no_id),
        TEST(a_damaged_snapshot_is_refused_and_kept),
        TEST(a_snapshot_of_version_1_is_taken_up),
        TEST(kill_9_while_a_snapshot_is_written_leaves_a_whole_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
