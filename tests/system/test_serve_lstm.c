/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A service that answers with a trained model: a model file of random weights, which the
 * core, in this process, must answer alike. */
#define _GNU_SOURCE /* memmem */
#include "tests/support/assert_near.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/lstm.h"
#include "core/units.h"
#include "data/model.h"
#include "tests/core/lstm_world.h"
#include "tests/support/program.h"
#include "tests/system/serving.h"

enum { clients = 12, seen_max = 190, slot_s = 900 };

static const char *const freely[]
    = { "--client-rate", "1e6", "--client-burst", "1e6", "--delay-ms", "20", NULL };

struct kit {
    struct serving *serving;
    struct lstm_world world;
    char ids[clients][33];
    struct hb_observation seen[clients * seen_max]; /* in order of time */
    size_t seen_count;
};

static void write_model(const struct kit *kit)
{
    uint32_t places = kit->world.model.tables.place_count;
    double lat[512], lon[512];
    assert_true(places <= 512);
    for (uint32_t i = 0; i < places; i++) {
        lat[i] = 39.9 + (double)kit->world.model.tables.north_km[i] / 111.2;
        lon[i] = 116.3 + (double)kit->world.model.tables.east_km[i] / 85.3;
    }
    char path[1024];
    struct data_problem problem = { "" };
    (void)snprintf(path, sizeof path, "%s/model.h5", kit->serving->folder);
    assert_int_equal(data_model_write(path, &kit->world.model,
        &(struct data_model_geography) { lat, lon }, NULL, &problem), HB_OK);
}

static int set_up(void **state)
{
    struct kit *kit = calloc(1, sizeof *kit);
    assert_non_null(kit);
    kit->serving = serving_create();
    kit->serving->model = "model.h5";
    lstm_world_init(&kit->world, 731, &lstm_world_full);
    write_model(kit);
    *state = kit;
    return 0;
}

static int tear_down(void **state)
{
    struct kit *kit = *state;
    serving_free(kit->serving);
    lstm_world_fini(&kit->world);
    free(kit);
    return 0;
}

/* Not within 20 s of the end of a quarter of an hour, so that all is asked in one slot. */
static int64_t quiet_now_s(void)
{
    while (time(NULL) % slot_s > slot_s - 20) {
        sleep(1);
    }
    return time(NULL);
}

/* Past hours of every client, told to the service and noted. */
static void tell(struct kit *kit, int per_client)
{
    int64_t now_s = quiet_now_s();
    uint32_t places = kit->world.model.tables.place_count;
    for (int j = per_client; j > 0; j--) {
        for (uint32_t i = 0; i < clients; i++) {
            uint32_t place = (i * 17 + lstm_world_draw(&kit->world, 5) * 29) % places;
            int64_t at_s = now_s - slot_s * j + 7 * i;
            char body[256], reply[4096];
            (void)snprintf(body, sizeof body, "{\"device\":\"a phone whose name is long, "
                "serial 8842-7731-%u\",\"consent\":true,"
                "\"place\":%u,\"at_unix_s\":%lld}", i, place, (long long)at_s);
            assert_int_equal(
                serving_post(kit->serving, "/v1/observe", body, reply, sizeof reply), 200);
            assert_int_equal(sscanf(strstr(reply, "\"client\":\""), "\"client\":\"%32[0-9a-f]\"",
                kit->ids[i]), 1);
            kit->seen[kit->seen_count++] = (struct hb_observation) {
                .at_ns = at_s * HB_NS_PER_S, .client = i, .place = place };
        }
    }
}

/* What the core says here, now. */
static void in_process(const struct kit *kit, const struct hb_question *questions, size_t count,
    struct hb_prediction *out)
{
    struct data_model *model = NULL;
    struct hb_predictor *predictor = NULL;
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/model.h5", kit->serving->folder);
    assert_int_equal(data_model_read(path, &model, NULL), HB_OK);
    assert_int_equal(hb_lstm_create(data_model_weights(model),
        &(struct hb_lstm_config) { .client_capacity = clients }, &predictor), HB_OK);
    for (size_t i = 0; i < kit->seen_count; i++) {
        hb_predictor_observe(predictor, &kit->seen[i]);
    }
    hb_predict_location(predictor, questions, count, out);
    hb_predictor_free(predictor);
    data_model_free(model);
}

static void assert_answer(const char *reply, const struct hb_prediction *want)
{
    json_t *root = json_loads(strstr(reply, "\r\n\r\n") + 4, 0, NULL);
    assert_non_null(root);
    const json_t *guesses = json_object_get(root, "guesses");
    assert_string_equal(json_string_value(json_object_get(root, "predictor")), "lstm");
    assert_int_equal(json_array_size(guesses), want->guess_count);
    for (uint32_t i = 0; i < want->guess_count; i++) {
        const json_t *guess = json_array_get(guesses, i);
        assert_int_equal(json_integer_value(json_object_get(guess, "place")),
            want->guesses[i].place);
        assert_near(json_number_value(json_object_get(guess, "confidence")),
            (double)want->guesses[i].confidence, 6e-8);
    }
    assert_near(json_number_value(json_object_get(root, "elsewhere")), (double)want->elsewhere,
        6e-8);
    json_decref(root);
}

static int ask_line(const struct kit *kit, uint32_t client, double timeframe_s)
{
    char body[256], text[1024];
    (void)snprintf(body, sizeof body, "{\"client\":\"%s\",\"timeframe_s\":%.0f,\"k\":10}",
        kit->ids[client], timeframe_s);
    int line = serving_connect(kit->serving);
    int length = snprintf(text, sizeof text, "POST /v1/predict HTTP/1.1\r\nHost: x\r\n"
        "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%s", kit->serving->token,
        strlen(body), body);
    serving_send(line, text, (size_t)length);
    return line;
}

/* Every client at several timeframes: all asked at once, so that they are batched. */
static void compare(const struct kit *kit)
{
    static const double frames_s[4] = { 900, 1234, 2700, 3600 };
    struct hb_question questions[4 * clients];
    struct hb_prediction want[4 * clients];
    int lines[4 * clients];
    int64_t now_ns = quiet_now_s() * HB_NS_PER_S;
    for (uint32_t i = 0; i < 4 * clients; i++) {
        questions[i] = (struct hb_question) { .client = i % clients, .at_ns = now_ns,
            .horizon_s = (float)frames_s[i / clients] };
        lines[i] = ask_line(kit, i % clients, frames_s[i / clients]);
    }
    in_process(kit, questions, 4 * clients, want);
    for (uint32_t i = 0; i < 4 * clients; i++) {
        char reply[8192];
        assert_int_equal(serving_receive(lines[i], reply, sizeof reply), 200);
        close(lines[i]);
        assert_true(want[i].guess_count > 1);
        assert_answer(reply, &want[i]);
    }
}

static double metric(const struct kit *kit, const char *name)
{
    static char reply[65536];
    char line[128];
    struct serving_request request = { "GET", "/v1/metrics", kit->serving->token, NULL };
    assert_int_equal(serving_ask(kit->serving, &request, reply, sizeof reply), 200);
    (void)snprintf(line, sizeof line, "\n%s ", name);
    const char *found = strstr(reply, line);
    assert_non_null(found);
    return strtod(found + strlen(line), NULL);
}

static void it_answers_as_the_core_does_in_process(void **state)
{
    struct kit *kit = *state;
    serving_start(kit->serving, freely);
    tell(kit, 20);
    compare(kit);
    assert_int_equal(serving_stop(kit->serving, SIGTERM), 0);
}

static void questions_are_answered_together_within_the_delay(void **state)
{
    struct kit *kit = *state;
    serving_start(kit->serving, freely);
    tell(kit, 3);
    compare(kit);
    double batches = metric(kit, "harbinger_batches_total");
    double batched = metric(kit, "harbinger_batched_total");
    double sum_s = metric(kit, "harbinger_predict_seconds_sum");
    double count = metric(kit, "harbinger_predict_seconds_count");
    print_message("%.0f questions in %.0f calls, mean %.1f ms\n", batched, batches,
        1e3 * sum_s / count);
    assert_near(batched, 4.0 * clients, 0.5);
    assert_near(count, 4.0 * clients, 0.5);
    assert_true(batches < batched);
    assert_near(metric(kit, "harbinger_clients"), clients, 0.5);
    assert_near(metric(kit, "harbinger_requests_total{route=\"observe\",code=\"200\"}"),
        3.0 * clients, 0.5);
    assert_near(metric(kit, "harbinger_requests_total{route=\"predict\",code=\"200\"}"),
        4.0 * clients, 0.5);
}

/* The whole answer that one client gets. */
static void answer_of(const struct kit *kit, uint32_t client, char *reply, size_t reply_bytes)
{
    int line = ask_line(kit, client, 1500.0);
    assert_int_equal(serving_receive(line, reply, reply_bytes), 200);
    close(line);
}

/* More than the service keeps observations of: the network's own state must come back, and with
 * it the answers as they were, to the last digit. */
static void kill_9_loses_nothing_of_the_state(void **state)
{
    static const char *const often[] = { "--client-rate", "1e6", "--client-burst", "1e6",
        "--snapshot-s", "0.2", NULL };
    struct kit *kit = *state;
    struct timespec moment = { .tv_nsec = 700000000 };
    static char before[clients][8192], after[8192];
    serving_start(kit->serving, often);
    tell(kit, seen_max);
    for (uint32_t i = 0; i < clients; i++) {
        answer_of(kit, i, before[i], sizeof before[i]);
    }
    nanosleep(&moment, NULL);
    assert_int_equal(serving_stop(kit->serving, SIGKILL), 128 + SIGKILL);
    serving_start(kit->serving, freely);
    for (uint32_t i = 0; i < clients; i++) {
        answer_of(kit, i, after, sizeof after);
        assert_string_equal(strstr(after, "\r\n\r\n"), strstr(before[i], "\r\n\r\n"));
    }
    compare(kit);
}

/* Another model's records mean nothing: what is kept of observations is replayed. */
static void another_model_is_told_the_observations(void **state)
{
    struct kit *kit = *state;
    serving_start(kit->serving, freely);
    tell(kit, 20);
    assert_int_equal(serving_stop(kit->serving, SIGTERM), 0);
    float *bias = (float *)(uintptr_t)kit->world.model.layers[0].bias_ih; /* the world's own */
    for (uint32_t i = 0; i < 4 * kit->world.model.shape.units; i++) {
        bias[i] += 0.731F;
    }
    write_model(kit);
    serving_start(kit->serving, freely);
    compare(kit);
}

/* How often text stands in what the service can write to: its heap, stacks and variables. */
static int found_in_memory(pid_t pid, const char *text)
{
    static char piece[1 << 20];
    char path[64], line[512], mode[8];
    unsigned long begin, end;
    size_t length = strlen(text);
    int found = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    FILE *maps = fopen(path, "r");
    (void)snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
    int memory = open(path, O_RDONLY);
    if (maps == NULL || memory < 0) {
        return -1;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        int is_ours = sscanf(line, "%lx-%lx %7s", &begin, &end, mode) == 3
            && strncmp(mode, "rw", 2) == 0 && end - begin <= 1UL << 30; /* no shadow memory */
        for (unsigned long at = begin; is_ours && at < end; at += sizeof piece - length) {
            size_t want = end - at < sizeof piece ? end - at : sizeof piece;
            ssize_t got = pread(memory, piece, want, (off_t)at);
            for (ssize_t i = 0; i + (ssize_t)length <= got; i++) {
                found += piece[i] == text[0] && memcmp(piece + i, text, length) == 0;
            }
        }
    }
    (void)close(memory);
    (void)fclose(maps);
    return found;
}

static int found_in_file(const struct serving *serving, const char *name, const char *text)
{
    static char bytes[1 << 20];
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", serving->folder, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t count = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    return memmem(bytes, count, text, strlen(text)) != NULL;
}

/* Names of devices, as they were sent and as hexadecimal ids. */
static void only_hashes_stay_in_memory_and_on_disk(void **state)
{
    struct kit *kit = *state;
    serving_start(kit->serving, freely);
    tell(kit, 6);
    compare(kit);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* freed memory is kept, and there are gigabytes of shadows to look through */
#endif
    int control = found_in_memory(kit->serving->pid, "it changes every epoch"); /* openapi.json */
    if (control < 0) {
        skip(); /* another process's memory cannot be read here */
    }
    assert_true(control > 0);
    assert_int_equal(found_in_memory(kit->serving->pid, "serial 8842-7731"), 0);
    assert_int_equal(found_in_memory(kit->serving->pid, kit->serving->token), 0);
    assert_int_equal(serving_stop(kit->serving, SIGTERM), 0);
    assert_false(found_in_file(kit->serving, "snap", "8842-7731"));
    assert_false(found_in_file(kit->serving, "snap", kit->ids[3]));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_answers_as_the_core_does_in_process),
        TEST(questions_are_answered_together_within_the_delay),
        TEST(kill_9_loses_nothing_of_the_state),
        TEST(another_model_is_told_the_observations),
        TEST(only_hashes_stay_in_memory_and_on_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
