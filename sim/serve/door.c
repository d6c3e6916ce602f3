/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE
#include "sim/serve/door.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"
#include "sim/serve/door_impl.h"

static const char path_of_client[] = "/v1/clients/";

static const struct {
    const char *method, *path;
    enum sim_tally_route route;
    bool is_open; /* without a token */
} routes[] = {
    { "POST", "/v1/observe", SIM_TALLY_observe, false },
    { "POST", "/v1/predict", SIM_TALLY_predict, false },
    { "GET", "/v1/health", SIM_TALLY_health, true },
    { "GET", "/v1/metrics", SIM_TALLY_metrics, false },
    { "GET", "/v1/openapi.json", SIM_TALLY_openapi, true },
};

static void lock(struct sim_door *door)
{
    int failed = pthread_mutex_lock(&door->lock);
    assert(failed == 0);
}

static void unlock(struct sim_door *door)
{
    int failed = pthread_mutex_unlock(&door->lock);
    assert(failed == 0);
}

static void set_waiting(struct sim_door_call *call, int64_t since_ns)
{
    lock(call->door);
    call->line->waiting_since_ns = since_ns;
    unlock(call->door);
}

static enum MHD_Result send_answer(struct sim_door_call *call, struct MHD_Connection *connection,
    struct sim_door_answer answer)
{
    if (answer.text == NULL) {
        return MHD_NO; /* no memory: the connection is closed */
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(answer.text),
        answer.text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(answer.text);
        return MHD_NO;
    }
    enum MHD_Result good = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
        answer.type == NULL ? "application/json" : answer.type);
    good &= MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (answer.code == 401) {
        good &= MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    }
    if (answer.code == 429) {
        good &= MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    if (answer.code == 413 || answer.code == 503) {
        good &= MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    if (good == MHD_YES) {
        good = MHD_queue_response(connection, answer.code, response);
        set_waiting(call, sim_door_now_ns(0)); /* now for the client to take it */
    }
    MHD_destroy_response(response);
    sim_tally_answer(call->door->config.tally, call->route, answer.code,
        hb_units_s(sim_door_now_ns(0) - call->started_ns));
    return good;
}

/* The route of a request; a wrong method gives 405, a wrong path SIM_TALLY_other. */
static unsigned find_route(struct sim_door_call *call, const char *method, const char *path,
    bool *is_open)
{
    unsigned code = 404;
    if (strncmp(path, path_of_client, sizeof path_of_client - 1) == 0
        && sim_body_id_parse(path + sizeof path_of_client - 1, &call->id)) {
        call->route = SIM_TALLY_forget;
        return strcmp(method, "DELETE") == 0 ? 0 : 405;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(path, routes[i].path) == 0) {
            call->route = routes[i].route;
            *is_open = routes[i].is_open;
            code = strcmp(method, routes[i].method) == 0 ? 0 : 405;
        }
    }
    return code;
}

static bool is_let_in(const struct sim_door *door, struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
        MHD_HTTP_HEADER_AUTHORIZATION);
    if (door->config.secrets == NULL) {
        return true;
    }
    if (header == NULL || strncmp(header, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    const char *token = header + sizeof scheme - 1;
    return sim_secrets_holds(door->config.secrets, token, strlen(token));
}

static bool is_too_long(struct MHD_Connection *connection)
{
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
        MHD_HTTP_HEADER_CONTENT_LENGTH);
    return header != NULL && strtoull(header, NULL, 10) > SIM_DOOR_BODY_BYTES_MAX;
}

/* What can be refused before the body is read; code 0: nothing. */
static struct sim_door_answer look_at_head(struct sim_door_call *call,
    struct MHD_Connection *connection, const char *method, const char *path)
{
    struct sim_door *door = call->door;
    bool is_open = false;
    unsigned code = find_route(call, method, path, &is_open);
    if (atomic_load(&door->is_closing)) {
        return sim_door_refusal(503, "closing");
    }
    if (!sim_rate_take(&call->line->rate, &door->config.rate, call->started_ns)) {
        return sim_door_refusal(429, "too many requests on this connection");
    }
    if (!is_open && !is_let_in(door, connection)) {
        return sim_door_refusal(401, "expected Authorization: Bearer TOKEN, with a known token");
    }
    if (code == 404) {
        return sim_door_refusal(404, "no such path: /v1/openapi.json lists them");
    }
    if (code == 405) {
        return sim_door_refusal(405, "not with this method: /v1/openapi.json lists them");
    }
    if (is_too_long(connection)) {
        return sim_door_refusal(413, "the body is too long: expected at most 4096 bytes");
    }
    return (struct sim_door_answer) { .code = 0 };
}

static struct sim_door_call *begin(struct sim_door *door, struct MHD_Connection *connection)
{
    struct sim_door_call *call = calloc(1, sizeof *call);
    const union MHD_ConnectionInfo *info
        = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (call == NULL || info == NULL || info->socket_context == NULL) {
        free(call);
        return NULL;
    }
    call->door = door;
    call->line = info->socket_context;
    call->connection = connection;
    call->route = SIM_TALLY_other;
    call->started_ns = sim_door_now_ns(0);
    call->item.ctx = call;
    atomic_fetch_add(&door->call_count, 1);
    return call;
}

/* Whole: answered at once, or handed to the batch while the connection rests. */
static enum MHD_Result answer_whole(struct sim_door_call *call,
    struct MHD_Connection *connection)
{
    if (call->is_asked) {
        return call->is_answered ? send_answer(call, connection, sim_door_prediction_of(call))
                                 : MHD_YES;
    }
    set_waiting(call, 0);
    struct sim_door_answer answer = sim_door_answer_of(call);
    if (answer.code != 0) {
        return send_answer(call, connection, answer);
    }
    call->is_asked = true;
    MHD_suspend_connection(connection);
    if (!sim_batch_put(call->door->batch, &call->item)) {
        call->item.question.status = HB_ERR_INTERRUPTED;
        call->is_answered = true;
        MHD_resume_connection(connection);
    }
    return MHD_YES;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *upload, size_t *upload_bytes,
    void **state)
{
    (void)version;
    struct sim_door_call *call = *state;
    if (call == NULL) {
        call = begin(ctx, connection);
        *state = call;
        if (call == NULL) {
            return MHD_NO;
        }
        struct sim_door_answer answer = look_at_head(call, connection, method, path);
        return answer.code == 0 ? MHD_YES : send_answer(call, connection, answer);
    }
    if (*upload_bytes > 0) {
        size_t room = sizeof call->body - call->body_bytes;
        if (*upload_bytes > room) {
            sim_tally_answer(call->door->config.tally, call->route, 413, 0.0);
            return MHD_NO; /* a body of unannounced length that has no end: closed */
        }
        memcpy(call->body + call->body_bytes, upload, *upload_bytes);
        call->body_bytes += *upload_bytes;
        *upload_bytes = 0;
        return MHD_YES;
    }
    return answer_whole(call, connection);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode why)
{
    (void)connection;
    (void)why;
    struct sim_door *door = ctx;
    struct sim_door_call *call = *state;
    if (call != NULL) {
        set_waiting(call, sim_door_now_ns(0));
        free(call);
        *state = NULL;
        atomic_fetch_sub(&door->call_count, 1);
    }
}

static void add_line(struct sim_door *door, struct MHD_Connection *connection, void **state)
{
    const union MHD_ConnectionInfo *info
        = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sim_door_line *line = calloc(1, sizeof *line);
    if (line == NULL || info == NULL) {
        free(line); /* begin() refuses a connection without a line */
        return;
    }
    line->socket = info->connect_fd;
    line->waiting_since_ns = sim_door_now_ns(0);
    lock(door);
    line->next = door->lines;
    if (line->next != NULL) {
        line->next->previous = line;
    }
    door->lines = line;
    unlock(door);
    atomic_fetch_add(&door->line_count, 1);
    *state = line;
}

static void remove_line(struct sim_door *door, struct sim_door_line *line)
{
    lock(door);
    if (line->next != NULL) {
        line->next->previous = line->previous;
    }
    if (line->previous != NULL) {
        line->previous->next = line->next;
    } else {
        door->lines = line->next;
    }
    unlock(door);
    atomic_fetch_sub(&door->line_count, 1);
    free(line);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        add_line(ctx, connection, state);
    } else if (*state != NULL) {
        remove_line(ctx, *state);
        *state = NULL;
    }
}

static void on_answered(void *host, struct sim_batch_item *item, size_t together)
{
    struct sim_door *door = host;
    struct sim_door_call *call = item->ctx;
    if (together > 0) {
        sim_tally_batch(door->config.tally, together);
    }
    call->is_answered = true;
    MHD_resume_connection(call->connection);
}

static size_t askers(void *host)
{
    return atomic_load(&((struct sim_door *)host)->line_count);
}

void sim_door_sweep(struct sim_door *door)
{
    int64_t limit_ns = sim_door_now_ns(0) - hb_units_ns(door->config.request_s);
    lock(door);
    for (struct sim_door_line *line = door->lines; line != NULL; line = line->next) {
        if (line->waiting_since_ns != 0 && line->waiting_since_ns < limit_ns && !line->is_cut) {
            line->is_cut = true;
            (void)shutdown(line->socket, SHUT_RDWR); /* gone already: as good */
            sim_tally_cut(door->config.tally);
        }
    }
    unlock(door);
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const struct sim_door_config *config, union address *out)
{
    *out = (union address) { .v6 = { .sin6_family = AF_INET6 } };
    out->v6.sin6_port = htons(config->port);
    if (inet_pton(AF_INET6, config->address, &out->v6.sin6_addr) == 1) {
        return true;
    }
    *out = (union address) { .v4 = { .sin_family = AF_INET } };
    out->v4.sin_port = htons(config->port);
    return inet_pton(AF_INET, config->address, &out->v4.sin_addr) == 1;
}

static void *start_daemon(struct sim_door *door, const union address *address)
{
    const struct sim_door_config *config = &door->config;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    flags |= address->any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0u;
    flags |= config->certificate != NULL ? MHD_USE_TLS : 0u;
    struct MHD_OptionItem options[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)config->certificate },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)config->key },
        { MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)config->thread_count, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem *used = config->certificate == NULL ? options + 2 : options;
    used[config->certificate == NULL ? 0 : 2].option
        = config->thread_count > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END;
    return MHD_start_daemon(flags, 0, NULL, NULL, handle, door,
        MHD_OPTION_SOCK_ADDR, &address->any,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->connection_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SIM_DOOR_HEAD_BYTES_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(config->request_s + 1.0),
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, door,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, door,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
        MHD_OPTION_ARRAY, used, MHD_OPTION_END);
}

enum hb_status sim_door_open(const struct sim_door_config *config, struct data_problem *problem,
    struct sim_door **out)
{
    union address address;
    if (!parse_address(config, &address)) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "--address %s: expected an IPv4 or IPv6 address", config->address);
    }
    struct sim_door *door = calloc(1, sizeof *door);
    if (door == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "no memory");
    }
    sim_body_start();
    door->config = *config;
    int failed = pthread_mutex_init(&door->lock, NULL);
    assert(failed == 0);
    struct sim_batch_config batch = { .book = config->book, .count_max = config->batch_max,
        .delay_s = config->batch_delay_s, .askers = askers, .answered = on_answered,
        .host = door };
    enum hb_status status = sim_batch_create(&batch, &door->batch);
    door->daemon = status == HB_OK ? start_daemon(door, &address) : NULL;
    if (door->daemon == NULL) {
        status = data_problem_set(problem, HB_ERR_IO, "%s port %u: cannot listen there%s%s",
            config->address, config->port,
            config->certificate == NULL ? "" : ", or the certificate or key is of no use",
            errno == EADDRINUSE ? ": address already in use" : "");
        if (door->batch != NULL) {
            sim_batch_end(door->batch);
            sim_batch_free(door->batch);
        }
        (void)pthread_mutex_destroy(&door->lock); /* nobody else knew it */
        free(door);
        return status;
    }
    door->port = MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    *out = door;
    return HB_OK;
}

uint16_t sim_door_port(const struct sim_door *door)
{
    return door->port;
}

void sim_door_close(struct sim_door *door, double drain_s)
{
    const struct timespec moment = { .tv_nsec = 5000000 };
    int64_t end_ns = hb_units_after(sim_door_now_ns(0), drain_s);
    atomic_store(&door->is_closing, true);
    MHD_socket listening = MHD_quiesce_daemon(door->daemon);
    while (atomic_load(&door->call_count) > 0 && sim_door_now_ns(0) < end_ns) {
        (void)nanosleep(&moment, NULL); /* woken early: looks again */
    }
    sim_batch_end(door->batch);
    MHD_stop_daemon(door->daemon);
    sim_batch_free(door->batch);
    if (listening != MHD_INVALID_SOCKET) {
        (void)close(listening); /* it only listened */
    }
    int failed = pthread_mutex_destroy(&door->lock);
    assert(failed == 0);
    free(door);
}
