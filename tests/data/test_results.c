/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/synthetic_results.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/assert_near.h"

static const struct synthetic plain = { .path = "results-plain.h5", .replication_count = 2,
    .memory_bytes = 1 << 24 };

static struct data_result_file *opened(const char *path)
{
    struct data_result_file *file;
    struct data_problem problem = { "" };
    if (data_results_open(path, &file, &problem) != HB_OK) {
        fail_msg("%s", problem.text);
    }
    return file;
}

static void names_and_counts_come_back(void **state)
{
    (void)state;
    char digest[DATA_DIGEST_BYTES];
    synthetic_results(&plain, digest);
    struct data_result_file *file = opened(plain.path);
    const struct data_result_info *info = data_results_info(file);
    assert_string_equal(info->digest, digest);
    assert_string_equal(info->currency, "EUR");
    assert_int_equal(info->seed, 731);
    assert_int_equal(info->policy_count, 6);
    assert_string_equal(info->policies[3].predictor, "markov");
    assert_string_equal(info->regions[2].name, "New York City");
    assert_int_equal(info->regions[2].utc_offset_s, -18000);
    assert_int_equal(info->place_count, 36);
    assert_int_equal(info->sites[2].slots, UINT32_MAX);
    assert_int_equal(data_results_len(file, DATA_TABLE_MIRRORS), 2 * 4 * 300);
    assert_int_equal(data_results_len(file, DATA_TABLE_BINS), DATA_HISTOGRAM_BINS);
    data_results_close(file);
    (void)unlink(plain.path);
}

struct odd {
    uint64_t count;
    uint32_t first_client;
};

static enum hb_status see_connection(void *context, const void *row)
{
    struct odd *seen = context;
    const struct data_connections_row *connection = row;
    assert_int_equal(connection->client, 3 * seen->count + 1);
    assert_int_equal(connection->policy, 4);
    assert_int_equal(connection->setting, 2);
    assert_int_equal(connection->replication, 9);
    assert_int_equal(connection->connected_ns, (int64_t)seen->count * 731);
    assert_true(isnan(connection->latency_max_ms));
    seen->count++;
    return HB_OK;
}

/* More rows than a batch, a block and the memory of the buffer. */
static void rows_come_back_in_order_through_the_spool(void **state)
{
    (void)state;
    const uint64_t count = 50001;
    const struct data_manifest manifest = { .scenario_name = "s", .scenario_text = "<s/>",
        .currency = "EUR", .program = "p" };
    struct data_results *results;
    struct data_rows *world, *rows;
    assert_int_equal(data_results_create("results-spool.h5", &manifest, &results, NULL), HB_OK);
    assert_int_equal(data_rows_create((struct data_run) { 0 }, 0, &world), HB_OK);
    struct data_places_row place = { .region = HB_NONE };
    for (int i = 0; i < 7; i++) {
        struct data_policies_row policy = { .name = "p" };
        struct data_settings_row setting = { .setting = (uint16_t)i, .parameter = "lead_s" };
        data_rows_add(world, DATA_TABLE_POLICIES, &policy);
        data_rows_add(world, DATA_TABLE_SETTINGS, &setting);
        data_rows_add(world, DATA_TABLE_PLACES, &place);
    }
    assert_int_equal(data_results_append(results, world, NULL), HB_OK);
    data_rows_free(world);
    struct data_run run = { .setting = 2, .policy = 4, .replication = 9 };
    assert_int_equal(data_rows_create(run, 300000, &rows), HB_OK);
    for (uint64_t i = 0; i < count; i++) {
        struct data_connections_row row = { .client = (uint32_t)(3 * i + 1), .place = 5,
            .site = HB_NONE, .last_site = HB_NONE, .connected_ns = (int64_t)i * 731,
            .latency_mean_ms = 1.5F, .latency_max_ms = -NAN, .policy = 77 };
        data_rows_add(rows, DATA_TABLE_CONNECTIONS, &row);
    }
    assert_int_equal(data_rows_count(rows, DATA_TABLE_CONNECTIONS), count);
    assert_int_equal(data_results_append(results, rows, NULL), HB_OK);
    data_rows_free(rows);
    assert_int_equal(data_results_commit(results, NULL, NULL), HB_OK);
    struct data_result_file *file = opened("results-spool.h5");
    struct odd seen = { 0, 0 };
    struct data_problem problem = { "" };
    assert_int_equal(
        data_results_each(file, DATA_TABLE_CONNECTIONS, see_connection, &seen, &problem), HB_OK);
    assert_int_equal(seen.count, count);
    assert_int_equal(data_results_verify(file, &problem), HB_OK);
    data_results_close(file);
    (void)unlink("results-spool.h5");
}

static size_t file_bytes(const char *path, char **bytes)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    size_t count = (size_t)ftell(in);
    rewind(in);
    *bytes = malloc(count);
    assert_non_null(*bytes);
    assert_int_equal(fread(*bytes, 1, count, in), count);
    (void)fclose(in);
    return count;
}

/* The spool and the memory must not show in the file. */
static void the_same_rows_give_the_same_bytes(void **state)
{
    (void)state;
    struct synthetic tight = plain;
    tight.path = "results-tight.h5";
    tight.memory_bytes = 0;
    char digest[2][DATA_DIGEST_BYTES];
    synthetic_results(&plain, digest[0]);
    synthetic_results(&tight, digest[1]);
    assert_string_equal(digest[0], digest[1]);
    char *first, *second;
    size_t count = file_bytes(plain.path, &first);
    assert_int_equal(file_bytes(tight.path, &second), count);
    assert_memory_equal(first, second, count);
    free(first);
    free(second);
    (void)unlink(plain.path);
    (void)unlink(tight.path);
}

static void other_rows_give_another_digest(void **state)
{
    (void)state;
    struct synthetic renamed = plain;
    renamed.policy_name = "anycasu";
    char digest[2][DATA_DIGEST_BYTES];
    synthetic_results(&plain, digest[0]);
    synthetic_results(&renamed, digest[1]);
    assert_string_not_equal(digest[0], digest[1]);
    struct data_result_file *file = opened(plain.path);
    struct data_problem problem = { "" };
    assert_int_equal(data_results_verify(file, &problem), HB_OK);
    data_results_close(file);
    (void)unlink(plain.path);
}

/* A full disk, played by a limit on file size, in a child: that of the file
 * (small) or that of the spool alone. The child's exit status tells. */
static int write_limited(rlim_t limit)
{
    pid_t child = fork();
    if (child == 0) {
        struct rlimit rule = { limit, limit };
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &rule);
        const struct data_manifest manifest = { .scenario_name = "s", .scenario_text = "<s/>",
            .currency = "EUR", .program = "p" };
        struct data_results *results;
        struct data_rows *rows;
        struct data_problem problem = { "" };
        if (data_results_create("results-full.h5", &manifest, &results, &problem) != HB_OK
            || data_rows_create((struct data_run) { 0 }, 0, &rows) != HB_OK) {
            _exit(40);
        }
        uint64_t state = 731;
        for (int i = 0; i < 60000; i++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
            struct data_connections_row row = { .client = (uint32_t)(state >> 32),
                .connected_ns = (int64_t)(state >> 1), .requests = (float)state };
            data_rows_add(rows, DATA_TABLE_CONNECTIONS, &row);
        }
        enum hb_status status = data_results_append(results, rows, &problem);
        data_rows_free(rows);
        if (status == HB_OK) {
            status = data_results_commit(results, NULL, &problem);
        } else {
            data_results_free(results);
        }
        exit(status != HB_ERR_IO ? 41 : problem.text[0] == '\0' ? 42 : 7);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
    (void)state;
    static const rlim_t limits[] = { 2000, 70000, 500000, 900000 };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        assert_int_equal(write_limited(limits[i]), 7);
        assert_int_equal(access("results-full.h5", F_OK), -1);
        glob_t left;
        assert_int_equal(glob("results-full.h5*", 0, NULL, &left), GLOB_NOMATCH);
    }
}

static void a_killed_run_leaves_no_file_of_that_name(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct data_h5 *file;
        (void)data_h5_create("results-killed.h5", &file, NULL);
        (void)data_h5_text_write(file, "/text", "half", NULL);
        (void)raise(SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(access("results-killed.h5", F_OK), -1);
    char part[64];
    (void)snprintf(part, sizeof part, "results-killed.h5.part-%ld-0", (long)child);
    assert_int_equal(access(part, F_OK), 0);
    struct data_h5 *file; /* the next of that name clears it away */
    assert_int_equal(data_h5_create("results-killed.h5", &file, NULL), HB_OK);
    assert_int_equal(access(part, F_OK), -1);
    data_h5_free(file);
}

/* Every table and column has a name, a unit or none, and a description. */
static void the_schema_is_complete(void **state)
{
    (void)state;
    for (int t = 0; t < DATA_TABLE_COUNT; t++) {
        const struct data_table_schema *schema = data_schema_of((enum data_results_table)t);
        assert_true(schema->description[0] != '\0');
        for (size_t i = 0; i < schema->column_count; i++) {
            assert_true(schema->columns[i].description[0] != '\0');
            assert_non_null(schema->columns[i].unit);
            assert_true(schema->columns[i].offset < schema->row_bytes);
            const char *name = schema->columns[i].name;
            assert_ptr_equal(
                data_schema_column((enum data_results_table)t, name), &schema->columns[i]);
        }
        assert_true(!schema->is_keyed || strcmp(schema->columns[2].name, "replication") == 0);
    }
    assert_null(data_schema_column(DATA_TABLE_MIRRORS, "outcomes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_counts_come_back),
        cmocka_unit_test(rows_come_back_in_order_through_the_spool),
        cmocka_unit_test(the_same_rows_give_the_same_bytes),
        cmocka_unit_test(other_rows_give_another_digest),
        cmocka_unit_test(a_full_disk_leaves_nothing_behind),
        cmocka_unit_test(a_killed_run_leaves_no_file_of_that_name),
        cmocka_unit_test(the_schema_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
