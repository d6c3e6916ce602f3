/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/system/serving.h"

#include "tests/support/assert_near.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "data/trace_file.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

enum { options_max = 40, answer_ms_max = 15000 };

static void write_places(const char *folder)
{
    static const struct hb_place places[4] = { { { 39.90, 116.40 }, HB_NONE, 28800 },
        { { 39.92, 116.45 }, HB_NONE, 28800 }, { { 39.99, 116.30 }, HB_NONE, 28800 },
        { { 40.00, 116.50 }, HB_NONE, 28800 } };
    static const uint64_t first[2] = { 0, 1 };
    static const struct data_visit visit = { .start_s = 0, .place = 1 };
    struct data_trace trace = { .end_s = 60, .client_count = 1, .place_count = 4,
        .places = places, .first = first, .visits = &visit };
    char path[1024];
    struct data_problem problem = { "" };
    snprintf(path, sizeof path, "%s/places.h5", folder);
    assert_int_equal(data_trace_file_write(path, &trace, &problem), HB_OK);
}

struct serving *serving_create(void)
{
    static struct program_run made;
    const char *const arguments[] = { "serve", "--new-token", "tester", NULL };
    struct serving *serving = calloc(1, sizeof *serving);
    assert_non_null(serving);
    serving->folder = program_folder();
    program_run(&(struct program_call) { .arguments = arguments }, &made);
    assert_int_equal(made.exit_status, 0);
    char line[200];
    assert_int_equal(sscanf(made.out, "token %127s line %100[^\n]", serving->token, line), 2);
    program_write(serving->folder, "tokens", line);
    write_places(serving->folder);
    return serving;
}

void serving_free(struct serving *serving)
{
    if (serving->pid > 0) {
        (void)serving_stop(serving, SIGKILL);
    }
    program_remove(serving->folder);
    free(serving->folder);
    free(serving);
}

int serving_set_up(void **state)
{
    *state = serving_create();
    return 0;
}

int serving_tear_down(void **state)
{
    serving_free(*state);
    return 0;
}

void serving_sleep_ms(long ms)
{
    struct timespec time = { ms / 1000, (ms % 1000) * 1000000 };
    nanosleep(&time, NULL);
}

static FILE *open_file(const struct serving *serving, const char *name, const char *mode)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", serving->folder, name);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    return file;
}

size_t serving_file_read(const struct serving *serving, const char *name, void *bytes, size_t max)
{
    FILE *file = open_file(serving, name, "rb");
    size_t count = fread(bytes, 1, max, file);
    fclose(file);
    return count;
}

void serving_file_write(const struct serving *serving, const char *name, const void *bytes,
    size_t count)
{
    FILE *file = open_file(serving, name, "wb");
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

const char *serving_refusal(const struct serving *serving)
{
    static struct program_run run;
    const char *const arguments[] = { "serve", "--places", "places.h5", "--salt", "salt",
        "--tokens", "tokens", "--snapshot", "snap", "--port", "0", NULL };
    /* Were it not refused, it would serve until killed: status 137. */
    program_run(&(struct program_call) { .arguments = arguments, .folder = serving->folder,
        .kill_after_s = 20.0 }, &run);
    assert_int_equal(run.exit_status, 1);
    assert_string_equal(run.out, "");
    return run.err;
}

static void become_service(const struct serving *serving, const char *const *options, int out)
{
    const char *arguments[options_max] = { path_of_program(), "serve",
        serving->model == NULL ? "--places" : "--model",
        serving->model == NULL ? "places.h5" : serving->model, "--salt", "salt",
        "--tokens", "tokens", "--snapshot", "snap", "--port", "0" };
    size_t count = 12;
    for (size_t i = 0; options[i] != NULL && count + 1 < options_max; i++) {
        arguments[count++] = options[i];
    }
    if (chdir(serving->folder) != 0 || dup2(out, STDOUT_FILENO) < 0) {
        _exit(126);
    }
    execv(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
}

void serving_start(struct serving *serving, const char *const *options)
{
    int ends[2];
    char said[512] = "";
    size_t length = 0;
    assert_int_equal(pipe(ends), 0);
    serving->pid = fork();
    assert_true(serving->pid >= 0);
    if (serving->pid == 0) {
        close(ends[0]);
        become_service(serving, options, ends[1]);
    }
    close(ends[1]);
    const char *found = NULL;
    ssize_t got = 1;
    while (found == NULL && got > 0 && length < sizeof said - 1) {
        got = read(ends[0], said + length, sizeof said - 1 - length);
        length += got > 0 ? (size_t)got : 0;
        said[length] = '\0';
        found = strstr(said, "listening on ");
    }
    serving->out = ends[0];
    assert_non_null(found);
    assert_int_equal(sscanf(strstr(found, "127.0.0.1:"), "127.0.0.1:%u", &serving->port), 1);
}

int serving_stop(struct serving *serving, int signal)
{
    int state = 0;
    assert_int_equal(kill(serving->pid, signal), 0);
    assert_int_equal(waitpid(serving->pid, &state, 0), serving->pid);
    serving->pid = 0;
    close(serving->out);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

int serving_connect(const struct serving *serving)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_port = htons((uint16_t)serving->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int line = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(line >= 0);
    assert_int_equal(connect(line, (struct sockaddr *)&address, sizeof address), 0);
    return line;
}

void serving_send(int line, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t sent = send(line, at, count, MSG_NOSIGNAL);
        if (sent < 0) {
            return; /* closed by the service: the receiver will see */
        }
        at += sent;
        count -= (size_t)sent;
    }
}

static int is_whole(const char *reply)
{
    const char *head_end = strstr(reply, "\r\n\r\n");
    const char *length = strstr(reply, "Content-Length: ");
    if (head_end == NULL) {
        return 0;
    }
    size_t want = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
    return strlen(head_end + 4) >= want;
}

int serving_receive(int line, char *reply, size_t reply_bytes)
{
    size_t length = 0;
    ssize_t got = 1;
    int status = 0;
    reply[0] = '\0';
    while (got > 0 && !is_whole(reply)) {
        struct pollfd wait = { .fd = line, .events = POLLIN };
        assert_int_equal(poll(&wait, 1, answer_ms_max), 1);
        got = recv(line, reply + length, reply_bytes - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
        reply[length] = '\0';
    }
    return sscanf(reply, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

int serving_ask(const struct serving *serving, const struct serving_request *request,
    char *reply, size_t reply_bytes)
{
    static char own[131072];
    const char *body = request->body == NULL ? "" : request->body;
    size_t size = strlen(body) + 1024;
    char *text = malloc(size);
    assert_non_null(text);
    int length = snprintf(text, size,
        "%s %s HTTP/1.1\r\nHost: x\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", request->method,
        request->path, request->token == NULL ? "" : "Authorization: Bearer ",
        request->token == NULL ? "" : request->token, request->token == NULL ? "" : "\r\n",
        strlen(body), body);
    int line = serving_connect(serving);
    serving_send(line, text, (size_t)length);
    int status = serving_receive(line, reply == NULL ? own : reply,
        reply == NULL ? sizeof own : reply_bytes);
    close(line);
    free(text);
    return status;
}

size_t serving_post_text(const struct serving *serving, const char *path, const char *body,
    char *text, size_t text_bytes)
{
    int length = snprintf(text, text_bytes, "POST %s HTTP/1.1\r\nHost: x\r\n"
        "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%s", path, serving->token,
        strlen(body), body);
    assert_in_range((uintmax_t)length, 1, text_bytes - 1);
    return (size_t)length;
}

int serving_post(const struct serving *serving, const char *path, const char *body, char *reply,
    size_t reply_bytes)
{
    return serving_ask(serving,
        &(struct serving_request) { "POST", path, serving->token, body }, reply, reply_bytes);
}

void serving_observe(const struct serving *serving, const char *device, char id[33])
{
    char body[512], reply[4096];
    snprintf(body, sizeof body, "{\"device\":\"%s\",\"consent\":true,\"place\":2}", device);
    assert_int_equal(serving_post(serving, "/v1/observe", body, reply, sizeof reply), 200);
    const char *found = strstr(reply, "\"client\":\"");
    assert_non_null(found);
    assert_int_equal(sscanf(found, "\"client\":\"%32[0-9a-f]\"", id), 1);
}

int serving_predict(const struct serving *serving, const char *id, char *reply,
    size_t reply_bytes)
{
    char body[512];
    snprintf(body, sizeof body, "{\"client\":\"%s\",\"timeframe_s\":1800}", id);
    return serving_post(serving, "/v1/predict", body, reply, reply_bytes);
}
