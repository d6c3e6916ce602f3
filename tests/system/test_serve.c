/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/program.h"
#include "tests/system/serving.h"

static const char *const nothing_more[] = { NULL };

static json_t *body_of(const char *reply)
{
    const char *end = strstr(reply, "\r\n\r\n");
    assert_non_null(end);
    json_t *root = json_loads(end + 4, 0, NULL);
    assert_non_null(root);
    return root;
}

static void a_client_is_observed_predicted_and_forgotten(void **state)
{
    struct serving *serving = *state;
    char id[33], path[64], reply[4096];
    serving_start(serving, nothing_more);
    serving_observe(serving, "phone 731", id);
    assert_int_equal(serving_predict(serving, id, reply, sizeof reply), 200);
    json_t *root = body_of(reply), *guesses = json_object_get(root, "guesses");
    double sum = json_number_value(json_object_get(root, "elsewhere"));
    assert_int_equal(json_array_size(guesses), 1);
    json_t *best = json_array_get(guesses, 0);
    sum += json_number_value(json_object_get(best, "confidence"));
    assert_near(sum, 1.0, 1e-6);
    assert_int_equal(json_integer_value(json_object_get(best, "place")), 2);
    assert_near(json_number_value(json_object_get(best, "lat_deg")), 39.99, 1e-9);
    json_decref(root);
    snprintf(path, sizeof path, "/v1/clients/%s", id);
    struct serving_request forget = { "DELETE", path, serving->token, NULL };
    assert_int_equal(serving_ask(serving, &forget, NULL, 0), 204);
    assert_int_equal(serving_ask(serving, &forget, NULL, 0), 404);
    assert_int_equal(serving_predict(serving, id, reply, sizeof reply), 404);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
}

static void a_point_becomes_its_nearest_place(void **state)
{
    struct serving *serving = *state;
    char reply[4096];
    serving_start(serving, nothing_more);
    assert_int_equal(serving_post(serving, "/v1/observe",
        "{\"device\":\"a\",\"consent\":true,\"lat_deg\":40.01,\"lon_deg\":116.5}", reply,
        sizeof reply), 200);
    json_t *root = body_of(reply);
    assert_int_equal(json_integer_value(json_object_get(root, "place")), 3);
    /* 0.01 degree of the sphere's meridian, 6371.0088 km x pi / 180 / 100 */
    assert_near(json_number_value(json_object_get(root, "distance_km")), 1.111951, 1e-3);
    json_decref(root);
    assert_int_equal(serving_post(serving, "/v1/observe",
        "{\"device\":\"a\",\"consent\":true,\"lat_deg\":-40.01,\"lon_deg\":116.5}", reply,
        sizeof reply), 422);
}

static void without_consent_nothing_is_kept(void **state)
{
    struct serving *serving = *state;
    char id[33], reply[4096];
    serving_start(serving, nothing_more);
    assert_int_equal(serving_post(serving, "/v1/observe", "{\"device\":\"a\",\"place\":1}",
        reply, sizeof reply), 403);
    serving_observe(serving, "a", id);
    assert_int_equal(serving_predict(serving, id, reply, sizeof reply), 200);
    assert_int_equal(serving_post(serving, "/v1/observe",
        "{\"device\":\"a\",\"consent\":false,\"place\":1}", reply, sizeof reply), 403);
    assert_int_equal(serving_predict(serving, id, reply, sizeof reply), 404);
}

static void only_a_known_token_is_let_in(void **state)
{
    struct serving *serving = *state;
    char wrong[128], reply[4096];
    serving_start(serving, nothing_more);
    snprintf(wrong, sizeof wrong, "%s", serving->token);
    wrong[strlen(wrong) - 1] = wrong[strlen(wrong) - 1] == '0' ? '1' : '0';
    const char *const tokens[] = { NULL, wrong, "", "hbt_" };
    for (size_t i = 0; i < 4; i++) {
        struct serving_request metrics = { "GET", "/v1/metrics", tokens[i], NULL };
        assert_int_equal(serving_ask(serving, &metrics, reply, sizeof reply), 401);
        assert_non_null(strstr(reply, "WWW-Authenticate: Bearer"));
    }
    struct serving_request health = { "GET", "/v1/health", NULL, NULL };
    assert_int_equal(serving_ask(serving, &health, reply, sizeof reply), 200);
}

static void bad_requests_are_refused_by_kind(void **state)
{
    static const struct {
        const char *path, *body;
        int status;
    } cases[] = {
        { "/v1/observe", "", 400 },
        { "/v1/observe", "{", 400 },
        { "/v1/observe", "[]", 400 },
        { "/v1/observe", "{\"device\":7,\"consent\":true,\"place\":1}", 400 },
        { "/v1/observe", "{\"device\":\"a\",\"device\":\"b\",\"consent\":true,\"place\":1}", 400 },
        { "/v1/observe", "{\"device\":\"a\",\"consent\":true,\"place\":1,\"extra\":1}", 400 },
        { "/v1/observe", "{\"device\":\"a\",\"consent\":true,\"place\":4}", 422 },
        { "/v1/observe", "{\"device\":\"a\",\"consent\":true,\"place\":-1}", 422 },
        { "/v1/observe", "{\"device\":\"a\",\"consent\":true,\"place\":1,\"at_unix_s\":7}", 409 },
        { "/v1/observe", "{\"device\":\"\",\"consent\":true,\"place\":1}", 422 },
        { "/v1/observe",
            "{\"client\":\"00000000000000000000000000000000\",\"consent\":true,\"place\":1}", 404 },
        { "/v1/predict", "{\"client\":\"00\",\"timeframe_s\":1800}", 400 },
        { "/v1/predict",
            "{\"client\":\"00000000000000000000000000000000\",\"timeframe_s\":1800}", 404 },
        { "/v1/predict",
            "{\"client\":\"00000000000000000000000000000000\",\"timeframe_s\":899.9}", 422 },
        { "/v1/predict",
            "{\"client\":\"00000000000000000000000000000000\",\"timeframe_s\":3600.1}", 422 },
        { "/v1/predict", "{\"client\":\"00000000000000000000000000000000\",\"timeframe_s\":900,"
                         "\"k\":11}", 422 },
        { "/v1/nowhere", "{}", 404 },
        { "/v1/health", "{}", 405 },
    };
    struct serving *serving = *state;
    char reply[4096];
    serving_start(serving, nothing_more);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int got = serving_post(serving, cases[i].path, cases[i].body, reply, sizeof reply);
        if (got != cases[i].status) {
            fail_msg("%s %s: %d, expected %d", cases[i].path, cases[i].body, got,
                cases[i].status);
        }
        json_decref(body_of(reply)); /* every refusal says why, as JSON */
    }
}

static void a_body_too_long_is_refused_before_it_is_read(void **state)
{
    struct serving *serving = *state;
    char body[5000], reply[4096];
    serving_start(serving, nothing_more);
    memset(body, ' ', sizeof body);
    body[4097] = '\0';
    assert_int_equal(serving_post(serving, "/v1/observe", body, reply, sizeof reply), 413);
    body[4096] = '\0';
    assert_int_equal(serving_post(serving, "/v1/observe", body, reply, sizeof reply), 400);
}

static void garbage_and_endless_input_do_not_hurt(void **state)
{
    struct serving *serving = *state;
    static char reply[65536], junk[65536];
    char head[512];
    serving_start(serving, nothing_more);
    for (size_t i = 0; i < sizeof junk; i++) {
        junk[i] = (char)(i * 7919 % 251);
    }
    int line = serving_connect(serving);
    serving_send(line, junk, sizeof junk);
    int status = serving_receive(line, reply, sizeof reply);
    assert_true(status == 0 || status >= 400);
    close(line);
    /* a header without end */
    memset(junk, 'x', sizeof junk);
    line = serving_connect(serving);
    serving_send(line, "GET /v1/health HTTP/1.1\r\nHost: x\r\nX: ", 38);
    serving_send(line, junk, sizeof junk);
    status = serving_receive(line, reply, sizeof reply);
    assert_true(status == 0 || status == 413 || status == 431);
    close(line);
    /* a chunked body without end */
    line = serving_connect(serving);
    int length = snprintf(head, sizeof head, "POST /v1/observe HTTP/1.1\r\nHost: x\r\n"
        "Authorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", serving->token);
    serving_send(line, head, (size_t)length);
    serving_send(line, junk, sizeof junk - 1);
    assert_true(serving_receive(line, reply, sizeof reply) != 200);
    close(line);
    struct serving_request health = { "GET", "/v1/health", NULL, NULL };
    assert_int_equal(serving_ask(serving, &health, reply, sizeof reply), 200);
    assert_int_equal(serving_stop(serving, SIGINT), 0);
}

/* Three times as many idle lines as there is room for: those beyond it wait, the idle ones are
 * cut, and who comes last is answered all the same. */
static void too_many_connections_do_not_shut_others_out(void **state)
{
    static const char *const few[] = { "--connections", "8", "--request-s", "0.5", NULL };
    struct serving *serving = *state;
    int lines[24];
    serving_start(serving, few);
    for (int i = 0; i < 24; i++) {
        lines[i] = serving_connect(serving);
    }
    struct serving_request health = { "GET", "/v1/health", NULL, NULL };
    assert_int_equal(serving_ask(serving, &health, NULL, 0), 200);
    int cut = 0;
    for (int i = 0; i < 24; i++) {
        char byte;
        cut += recv(lines[i], &byte, 1, MSG_DONTWAIT) == 0;
        close(lines[i]);
    }
    assert_in_range(cut, 16, 24);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
}

static void a_slow_client_is_cut_though_it_keeps_sending(void **state)
{
    static const char *const quick[] = { "--request-s", "0.7", NULL };
    struct serving *serving = *state;
    char reply[4096], byte;
    serving_start(serving, quick);
    int line = serving_connect(serving);
    serving_send(line, "GET /v1/health HTTP/1.1\r\nX: ", 28);
    int is_open = 1;
    for (int i = 0; i < 30 && is_open; i++) {
        serving_send(line, "x", 1);
        serving_sleep_ms(100);
        ssize_t got = recv(line, &byte, 1, MSG_DONTWAIT);
        is_open = got > 0 || (got < 0 && errno == EAGAIN);
    }
    assert_false(is_open);
    close(line);
    struct serving_request metrics = { "GET", "/v1/metrics", serving->token, NULL };
    assert_int_equal(serving_ask(serving, &metrics, reply, sizeof reply), 200);
    assert_non_null(strstr(reply, "\nharbinger_connections_cut_total 1\n"));
}

static void rates_are_bounded_by_connection_and_by_client(void **state)
{
    static const char *const slow[] = { "--rate", "0.001", "--burst", "3", "--client-rate",
        "0.001", "--client-burst", "2", NULL };
    static const char ask[] = "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n";
    struct serving *serving = *state;
    char reply[4096], id[33];
    serving_start(serving, slow);
    int line = serving_connect(serving);
    for (int i = 0; i < 4; i++) {
        serving_send(line, ask, sizeof ask - 1);
        assert_int_equal(serving_receive(line, reply, sizeof reply), i < 3 ? 200 : 429);
    }
    assert_non_null(strstr(reply, "Retry-After: 1"));
    close(line);
    serving_observe(serving, "b", id);
    serving_observe(serving, "b", id);
    assert_int_equal(serving_post(serving, "/v1/observe",
        "{\"device\":\"b\",\"consent\":true,\"place\":1}", reply, sizeof reply), 429);
    serving_observe(serving, "c", id);
}

static void an_id_lives_an_epoch_and_its_grace(void **state)
{
    static const char *const brief[] = { "--epoch-s", "2", "--grace-s", "1", NULL };
    struct serving *serving = *state;
    char first[33], second[33], reply[4096];
    serving_start(serving, brief);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now); /* epochs start at even seconds */
    serving_sleep_ms((now.tv_sec % 2 == 0 ? 2000 : 1000) - now.tv_nsec / 1000000 + 100);
    serving_observe(serving, "d", first);
    serving_sleep_ms(2200); /* 0.3 s into the next epoch */
    assert_int_equal(serving_predict(serving, first, reply, sizeof reply), 200);
    serving_observe(serving, "d", second);
    assert_string_not_equal(first, second);
    serving_sleep_ms(1100); /* 1.4 s into it */
    assert_int_equal(serving_predict(serving, first, reply, sizeof reply), 404);
    struct serving_request health = { "GET", "/v1/health", NULL, NULL };
    assert_int_equal(serving_ask(serving, &health, reply, sizeof reply), 200);
    assert_non_null(strstr(reply, "\"clients\":1}"));
}

static void the_description_names_every_path(void **state)
{
    struct serving *serving = *state;
    static char reply[131072];
    serving_start(serving, nothing_more);
    struct serving_request ask = { "GET", "/v1/openapi.json", NULL, NULL };
    assert_int_equal(serving_ask(serving, &ask, reply, sizeof reply), 200);
    json_t *root = body_of(reply), *paths = json_object_get(root, "paths");
    assert_int_equal(json_object_size(paths), 6);
    const char *path;
    json_t *methods;
    json_object_foreach(paths, path, methods) {
        int is_post = json_object_get(methods, "post") != NULL;
        int is_delete = json_object_get(methods, "delete") != NULL;
        struct serving_request request = { is_post ? "POST" : is_delete ? "DELETE" : "GET",
            is_delete ? "/v1/clients/00000000000000000000000000000000" : path, serving->token,
            is_post ? "{" : NULL };
        static char got[131072];
        assert_int_equal(serving_ask(serving, &request, got, sizeof got),
            is_post ? 400 : is_delete ? 404 : 200);
    }
    json_decref(root);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, serving_set_up, serving_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_client_is_observed_predicted_and_forgotten),
        TEST(a_point_becomes_its_nearest_place),
        TEST(without_consent_nothing_is_kept),
        TEST(only_a_known_token_is_let_in),
        TEST(bad_requests_are_refused_by_kind),
        TEST(a_body_too_long_is_refused_before_it_is_read),
        TEST(garbage_and_endless_input_do_not_hurt),
        TEST(too_many_connections_do_not_shut_others_out),
        TEST(a_slow_client_is_cut_though_it_keeps_sending),
        TEST(rates_are_bounded_by_connection_and_by_client),
        TEST(an_id_lives_an_epoch_and_its_grace),
        TEST(the_description_names_every_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
