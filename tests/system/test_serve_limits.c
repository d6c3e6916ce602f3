/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients that are slow, greedy, half gone or wrong about lengths: each gets what it is due, and
 * nobody else notices. */
#include "tests/support/assert_near.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/system/serving.h"

static const char *const nothing_more[] = { NULL };
static const char *const quick[] = { "--request-s", "0.5", NULL };
static const char ask_health[] = "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n";

static void assert_is_well(const struct serving *serving)
{
    struct serving_request health = { "GET", "/v1/health", NULL, NULL };
    assert_int_equal(serving_ask(serving, &health, NULL, 0), 200);
}

static unsigned long metric(const struct serving *serving, const char *name)
{
    static char reply[65536];
    char line[100];
    struct serving_request metrics = { "GET", "/v1/metrics", serving->token, NULL };
    assert_int_equal(serving_ask(serving, &metrics, reply, sizeof reply), 200);
    (void)snprintf(line, sizeof line, "\nharbinger_%s ", name);
    const char *found = strstr(reply, line);
    assert_non_null(found);
    return strtoul(found + strlen(line), NULL, 10);
}

/* Waits at most 5 s. */
static void await_metric(const struct serving *serving, const char *name, unsigned long wanted)
{
    unsigned long got = metric(serving, name);
    for (int i = 0; i < 50 && got != wanted; i++) {
        serving_sleep_ms(100);
        got = metric(serving, name);
    }
    assert_int_equal(got, wanted);
}

/* 1000 answers of a few kB are asked for on the line: more than its buffers hold. */
static void ask_for_much(int line)
{
    static const char ask[] = "GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    char asks[1000 * (sizeof ask - 1)];
    for (size_t i = 0; i < 1000; i++) {
        memcpy(asks + i * (sizeof ask - 1), ask, sizeof ask - 1);
    }
    serving_send(line, asks, sizeof asks);
}

static void a_client_that_does_not_read_is_cut(void **state)
{
    struct serving *serving = *state;
    serving_start(serving, quick);
    int line = serving_connect(serving);
    ask_for_much(line);
    assert_is_well(serving);
    await_metric(serving, "connections", 1); /* the asker's own */
    close(line);
}

static void a_client_that_reads_in_drops_is_cut(void **state)
{
    struct serving *serving = *state;
    char drop[256];
    serving_start(serving, quick);
    int line = serving_connect(serving);
    ask_for_much(line);
    unsigned long cut = 0;
    for (int i = 0; i < 50 && cut == 0; i++) {
        serving_sleep_ms(50);
        (void)recv(line, drop, sizeof drop, MSG_DONTWAIT); /* at least the window stays open */
        cut = i % 10 == 9 ? metric(serving, "connections_cut_total") : 0;
    }
    assert_int_equal(cut, 1);
    await_metric(serving, "connections", 1);
    close(line);
}

static void a_slow_body_is_cut_though_it_keeps_coming(void **state)
{
    struct serving *serving = *state;
    char text[1024], body[600], byte;
    serving_start(serving, quick);
    memset(body, ' ', sizeof body);
    body[sizeof body - 1] = '\0';
    size_t length = serving_post_text(serving, "/v1/observe", body, text, sizeof text);
    size_t sent = length - sizeof body + 1;
    int line = serving_connect(serving), is_open = 1;
    serving_send(line, text, sent);
    for (int i = 0; i < 30 && is_open; i++) {
        serving_send(line, text + sent++, 1);
        serving_sleep_ms(100);
        is_open = recv(line, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
    }
    assert_false(is_open);
    assert_int_equal(metric(serving, "connections_cut_total"), 1);
    close(line);
}

/* All the room there is, taken by heads that never end. */
static void endless_heads_do_not_shut_others_out(void **state)
{
    static const char *const few[] = { "--connections", "6", "--request-s", "0.4", NULL };
    struct serving *serving = *state;
    int lines[6];
    serving_start(serving, few);
    for (int i = 0; i < 6; i++) {
        lines[i] = serving_connect(serving);
        serving_send(lines[i], ask_health, 20);
    }
    int waiting = serving_connect(serving);
    serving_send(waiting, ask_health, sizeof ask_health - 1);
    for (int i = 0; i < 8; i++) {
        serving_sleep_ms(100);
        for (int j = 0; j < 6; j++) {
            serving_send(lines[j], "x", 1);
        }
    }
    char reply[4096];
    assert_int_equal(serving_receive(waiting, reply, sizeof reply), 200);
    assert_in_range(metric(serving, "connections_cut_total"), 6, 7); /* 7: it has rested since */
    for (int i = 0; i < 6; i++) {
        close(lines[i]);
    }
    close(waiting);
}

static void lengths_that_lie_are_refused(void **state)
{
    static const char *const heads[] = {
        "Content-Length: 4097\r\n",
        "Content-Length: 18446744073709551615\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 99999999999999999999999999\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 12abc\r\n",
        "Content-Length: 0x10\r\n",
        "Content-Length: 4097\r\nExpect: 100-continue\r\n",
    };
    struct serving *serving = *state;
    char text[1024], reply[4096];
    serving_start(serving, quick);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        int line = serving_connect(serving);
        int length = snprintf(text, sizeof text, "POST /v1/observe HTTP/1.1\r\nHost: x\r\n"
            "Authorization: Bearer %s\r\n%s\r\n", serving->token, heads[i]);
        serving_send(line, text, (size_t)length);
        int status = serving_receive(line, reply, sizeof reply);
        if (status != 0 && status != 400 && status != 413) {
            fail_msg("%s: answered %d", heads[i], status);
        }
        assert_null(strstr(reply, "100 Continue"));
        close(line);
    }
    assert_is_well(serving);
}

/* A body shorter than announced is not taken for a whole one, nor is what follows it read as
 * another request. */
static void what_follows_a_body_cut_short_is_body(void **state)
{
    struct serving *serving = *state;
    char text[2048], reply[4096];
    serving_start(serving, nothing_more);
    int line = serving_connect(serving);
    int length = snprintf(text, sizeof text, "POST /v1/predict HTTP/1.1\r\nHost: x\r\n"
        "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%s", serving->token,
        sizeof ask_health - 1 + 2, "{}");
    serving_send(line, text, (size_t)length);
    serving_send(line, ask_health, sizeof ask_health - 1);
    assert_int_equal(serving_receive(line, reply, sizeof reply), 400);
    assert_null(strstr(reply, "\"clients\""));
    close(line);
}

/* Reads until `count` whole answers are there; their codes. */
static void receive_many(int line, size_t count, int *codes)
{
    static char all[262144];
    size_t length = 0, done = 0, at = 0;
    all[0] = '\0';
    while (done < count) {
        const char *end = strstr(all + at, "\r\n\r\n");
        const char *announced = strstr(all + at, "Content-Length: ");
        size_t head = end == NULL ? 0 : (size_t)(end - all) + 4 - at;
        size_t body = announced == NULL ? 0 : strtoul(announced + 16, NULL, 10);
        if (end != NULL && length - at >= head + body) {
            assert_int_equal(sscanf(all + at, "HTTP/1.1 %d", &codes[done++]), 1);
            at += head + body;
            continue;
        }
        ssize_t got = recv(line, all + length, sizeof all - 1 - length, 0);
        assert_true(got > 0);
        length += (size_t)got;
        all[length] = '\0';
    }
    assert_int_equal(at, length); /* no answer more than there were questions */
}

/* A refusal before the body ends a line, and says so: what came behind it is not answered. */
static void pipelined_requests_are_answered_in_order(void **state)
{
    enum { rounds = 40, count = 2 * rounds + 1 };
    struct serving *serving = *state;
    static char all[rounds * 1024];
    static const char refused[] = "GET /v1/metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    char id[33], body[128], byte;
    size_t length = 0;
    int codes[count];
    serving_start(serving, nothing_more);
    serving_observe(serving, "pipelined", id);
    (void)snprintf(body, sizeof body, "{\"client\":\"%s\",\"timeframe_s\":900}", id);
    for (int i = 0; i < rounds; i++) { /* a batch's answer, one at once */
        length += serving_post_text(serving, "/v1/predict", body, all + length,
            sizeof all - length);
        length += (size_t)snprintf(all + length, sizeof all - length, "%s", ask_health);
    }
    length += (size_t)snprintf(all + length, sizeof all - length, "%s%s", refused, ask_health);
    int line = serving_connect(serving);
    serving_send(line, all, length);
    receive_many(line, count, codes);
    for (int i = 0; i < count; i++) {
        assert_int_equal(codes[i], i < count - 1 ? 200 : 401);
    }
    assert_true(recv(line, &byte, 1, 0) <= 0);
    close(line);
}

static void who_stops_sending_still_gets_the_answer(void **state)
{
    struct serving *serving = *state;
    char id[33], body[128], text[1024], reply[4096];
    serving_start(serving, quick);
    serving_observe(serving, "half closed", id);
    (void)snprintf(body, sizeof body, "{\"client\":\"%s\",\"timeframe_s\":900}", id);
    size_t length = serving_post_text(serving, "/v1/predict", body, text, sizeof text);
    for (int i = 0; i < 2; i++) { /* at once, and when the request is long there */
        int line = serving_connect(serving);
        serving_send(line, text, length);
        serving_sleep_ms(i * 20);
        assert_int_equal(shutdown(line, SHUT_WR), 0);
        assert_int_equal(serving_receive(line, reply, sizeof reply), 200);
        close(line);
    }
    int half = serving_connect(serving);
    serving_send(half, text, length - 1);
    assert_int_equal(shutdown(half, SHUT_WR), 0);
    assert_int_not_equal(serving_receive(half, reply, sizeof reply), 200);
    await_metric(serving, "connections", 1);
    close(half);
}

/* Reset while their questions wait in the batch: nothing is left of them. */
static void who_goes_while_a_batch_waits_leaves_nothing(void **state)
{
    static const char *const late[] = { "--delay-ms", "100", NULL };
    struct serving *serving = *state;
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    char id[33], body[128], text[1024], reply[4096];
    serving_start(serving, late);
    serving_observe(serving, "gone", id);
    (void)snprintf(body, sizeof body, "{\"client\":\"%s\",\"timeframe_s\":900}", id);
    size_t length = serving_post_text(serving, "/v1/predict", body, text, sizeof text);
    int staying = serving_connect(serving); /* could ask, too: so the batch waits */
    for (int i = 0; i < 60; i++) {
        int line = serving_connect(serving);
        serving_send(line, text, length);
        assert_int_equal(setsockopt(line, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        close(line);
    }
    await_metric(serving, "connections", 2);
    close(staying);
    assert_int_equal(serving_predict(serving, id, reply, sizeof reply), 200);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, serving_set_up, serving_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_client_that_does_not_read_is_cut),
        TEST(a_client_that_reads_in_drops_is_cut),
        TEST(a_slow_body_is_cut_though_it_keeps_coming),
        TEST(endless_heads_do_not_shut_others_out),
        TEST(lengths_that_lie_are_refused),
        TEST(what_follows_a_body_cut_short_is_body),
        TEST(pipelined_requests_are_answered_in_order),
        TEST(who_stops_sending_still_gets_the_answer),
        TEST(who_goes_while_a_batch_waits_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
