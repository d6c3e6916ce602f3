/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "sim/serve/certificate.h"
#include "sim/serve/service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/units.h"
#include "data/tables.h"
#include "data/whole.h"
#include "sim/serve/door.h"
#include "sim/serve/place_table.h"

static const double drain_s = 5.0;
static const long look_ns = 100000000; /* how often the main thread looks after things */
enum { pem_bytes_max = 1 << 20, openapi_bytes_max = 1 << 20 };
static const size_t snapshot_bytes_max = (size_t)1 << 32;

/* The one thing that a handler may touch, on whichever thread. */
static atomic_int service_is_ended;

static void end(int signal_number)
{
    (void)signal_number;
    atomic_store(&service_is_ended, 1);
}

/* All that a running service consists of; freed in reverse order. */
struct service {
    const struct sim_service_config *config;
    struct sim_place_table *table;
    struct sim_nearest *nearest;
    struct sim_secrets *secrets;
    struct sim_book *book;
    struct sim_tally *tally;
    struct sim_door *door;
    uint8_t *openapi, *certificate, *key;
    int64_t saved_ns;      /* monotonic */
    uint64_t erased_count; /* that the last snapshot knows of */
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec time = { 0 };
    (void)clock_gettime(clock, &time); /* both clocks that are asked for exist */
    return (int64_t)time.tv_sec * HB_NS_PER_S + time.tv_nsec;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static enum hb_status check(const struct sim_service_config *config,
    struct data_problem *problem)
{
    if ((config->cert == NULL) != (config->key == NULL)) {
        return data_problem_set(problem, HB_ERR_RANGE, "--cert and --key: expected both");
    }
    if (config->tokens == NULL && !is_loopback(config->address)) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "--address %s: expected --tokens FILE for any but the loopback address",
            config->address);
    }
    if (config->cert == NULL && !config->is_plain && !is_loopback(config->address)) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "--address %s: expected --cert and --key, or --plain where something else "
            "encrypts", config->address);
    }
    if (config->grace_s > config->epoch_s) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "--grace-s %g: expected at most --epoch-s %g", config->grace_s, config->epoch_s);
    }
    return HB_OK;
}

static enum hb_status read_texts(struct service *service, struct data_problem *problem)
{
    const struct sim_service_config *config = service->config;
    char path[4096];
    size_t count = 0;
    enum hb_status status = data_tables_path("openapi.json", path, sizeof path, problem);
    if (status == HB_OK) {
        status = data_whole_read(path, openapi_bytes_max, &service->openapi, &count, problem);
    }
    if (status == HB_OK && config->cert != NULL) {
        status = data_whole_read(config->cert, pem_bytes_max, &service->certificate, &count,
            problem);
    }
    if (status == HB_OK && config->key != NULL) {
        status = data_whole_read(config->key, pem_bytes_max, &service->key, &count, problem);
    }
    if (status == HB_OK && config->key != NULL) {
        status = sim_certificate_check(
            &(struct sim_certificate) { config->cert, config->key,
                (const char *)service->certificate, (const char *)service->key }, problem);
    }
    if (status == HB_OK && config->tokens != NULL) {
        status = sim_secrets_read(config->tokens, problem, &service->secrets);
    }
    return status;
}

static enum hb_status open_book(struct service *service, struct data_problem *problem)
{
    const struct sim_service_config *config = service->config;
    const struct hb_map *map = sim_place_table_map(service->table);
    struct sim_book_config book = { .client_capacity = (uint32_t)config->clients,
        .epoch_s = config->epoch_s,
        .grace_s = config->grace_s,
        .place_km = config->place_km,
        .rate = config->client_rate,
        .place_count = map->place_count,
        .predictor = sim_place_table_predictor(service->table),
        .model_digest = sim_place_table_digest(service->table) };
    enum hb_status status
        = sim_nearest_create(map->places, map->place_count, &service->nearest);
    if (status != HB_OK) {
        return data_problem_set(problem, status, "places: %s", hb_status_text(status));
    }
    book.places = service->nearest;
    status = sim_secrets_salt(config->salt, problem, book.salt);
    if (status == HB_OK) {
        status = sim_book_create(&book, &service->book);
        (void)data_problem_set(problem, status, "clients: %s", hb_status_text(status));
    }
    explicit_bzero(book.salt, sizeof book.salt);
    return status;
}

static enum hb_status recover(struct service *service, struct data_problem *problem)
{
    uint8_t *bytes = NULL;
    size_t count = 0;
    if (service->config->snapshot == NULL) {
        return HB_OK;
    }
    enum hb_status status = data_whole_read(service->config->snapshot, snapshot_bytes_max,
        &bytes, &count, problem);
    if (status == HB_ERR_NOT_FOUND) {
        return HB_OK; /* the first start */
    }
    if (status != HB_OK) {
        return status;
    }
    struct data_problem why = { "" };
    status = sim_book_load(service->book, clock_ns(CLOCK_REALTIME), bytes, count, &why);
    free(bytes);
    if (status != HB_OK) {
        return data_problem_set(problem, status, "%s: %s", service->config->snapshot, why.text);
    }
    printf("recovered %u clients\n", sim_book_size(service->book).client_count);
    return HB_OK;
}

static enum hb_status save(struct service *service, struct data_problem *problem)
{
    uint8_t *bytes = NULL;
    size_t count = 0;
    if (service->config->snapshot == NULL) {
        return HB_OK;
    }
    uint64_t erased_count = sim_book_size(service->book).erased_count;
    enum hb_status status = sim_book_save(service->book, &bytes, &count);
    if (status == HB_OK) {
        const struct data_whole_part all = { bytes, count };
        status = data_whole_write(
            service->config->snapshot, DATA_PART_PRIVATE, &all, 1, problem);
        free(bytes);
    } else {
        (void)data_problem_set(problem, status, "snapshot: %s", hb_status_text(status));
    }
    service->saved_ns = clock_ns(CLOCK_MONOTONIC);
    service->erased_count = status == HB_OK ? erased_count : service->erased_count;
    sim_tally_snapshot(service->tally, status == HB_OK);
    return status;
}

static enum hb_status open_door(struct service *service, struct data_problem *problem)
{
    const struct sim_service_config *config = service->config;
    struct sim_door_config door = { .address = config->address,
        .port = (uint16_t)config->port,
        .certificate = (const char *)service->certificate,
        .key = (const char *)service->key,
        .secrets = service->secrets,
        .book = service->book,
        .tally = service->tally,
        .places = sim_place_table_map(service->table)->places,
        .predictor_name
        = hb_predictor_name(sim_place_table_predictor(service->table)),
        .openapi = (const char *)service->openapi,
        .rate = config->connection_rate,
        .connection_max = (uint32_t)config->connections,
        .thread_count = (uint32_t)config->threads,
        .batch_max = (uint32_t)config->batch,
        .batch_delay_s = config->delay_ms * 1e-3,
        .request_s = config->request_s };
    return sim_door_open(&door, problem, &service->door);
}

/* Until a signal comes: slow connections are cut, snapshots written. A snapshot that
 * fails is said, counted, and tried again next time; an erased client is taken out
 * of the disk's at once. */
static void look_after(struct service *service, const sigset_t *signals)
{
    const struct timespec moment = { .tv_nsec = look_ns };
    int64_t every_ns = hb_units_ns(service->config->snapshot_s);
    int64_t tried_ns = clock_ns(CLOCK_MONOTONIC);
    while (sigtimedwait(signals, NULL, &moment) < 0 && atomic_load(&service_is_ended) == 0) {
        struct data_problem problem = { "" };
        int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        sim_door_sweep(service->door);
        bool is_stale = sim_book_size(service->book).erased_count != service->erased_count
            && now_ns - tried_ns >= HB_NS_PER_S / 5;
        if (!is_stale && now_ns - service->saved_ns < every_ns) {
            continue;
        }
        tried_ns = now_ns;
        if (save(service, &problem) != HB_OK) {
            fprintf(stderr, "harbinger serve: %s\n", problem.text);
        }
    }
}

static enum hb_status prepare(struct service *service, struct data_problem *problem)
{
    const struct sim_service_config *config = service->config;
    struct sim_place_table_config table = { .places = config->places, .model = config->model,
        .predictor = config->predictor, .client_capacity = (uint32_t)config->clients };
    enum hb_status status = check(config, problem);
    if (status == HB_OK) {
        status = read_texts(service, problem);
    }
    if (status == HB_OK) {
        status = sim_place_table_read(&table, problem, &service->table);
    }
    if (status == HB_OK) {
        status = open_book(service, problem);
    }
    service->tally = status == HB_OK ? sim_tally_create() : NULL;
    if (status == HB_OK && service->tally == NULL) {
        status = data_problem_set(problem, HB_ERR_MEMORY, "no memory");
    }
    return status == HB_OK ? recover(service, problem) : status;
}

static void release(struct service *service)
{
    sim_book_free(service->book);
    sim_tally_free(service->tally);
    sim_secrets_free(service->secrets);
    sim_nearest_free(service->nearest);
    sim_place_table_free(service->table);
    free(service->openapi);
    free(service->certificate);
    if (service->key != NULL) {
        explicit_bzero(service->key, strlen((char *)service->key));
    }
    free(service->key);
}

enum hb_status sim_service_run(const struct sim_service_config *config,
    struct data_problem *problem)
{
    sigset_t signals, before;
    struct service service = { .config = config };
    struct sigaction action = { .sa_handler = end };
    atomic_store(&service_is_ended, 0);
    (void)sigemptyset(&signals); /* these six cannot fail on good arguments */
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, &before);
    /* A library may have started threads before main, which do not block them: whichever thread
     * a signal meets while this one is busy, it must not kill. */
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    enum hb_status status = prepare(&service, problem);
    service.saved_ns = clock_ns(CLOCK_MONOTONIC);
    if (status == HB_OK) {
        status = save(&service, problem); /* a folder that cannot be written to is found now */
    }
    if (status == HB_OK) {
        status = open_door(&service, problem);
    }
    if (status == HB_OK) {
        printf("listening on %s://%s:%u\n", config->cert == NULL ? "http" : "https",
            config->address, sim_door_port(service.door));
        (void)fflush(stdout); /* nobody may be reading */
        look_after(&service, &signals);
        sim_door_close(service.door, drain_s);
        status = save(&service, problem);
        printf("closed\n");
    }
    release(&service);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}
