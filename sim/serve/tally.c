/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L
#include "sim/serve/tally.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static const unsigned codes[] = { 200, 204, 400, 401, 403, 404, 405, 408, 409, 413, 422, 429,
    500, 503, 507 };
#define CODE_COUNT (sizeof codes / sizeof codes[0])

/* Upper ends of the buckets of answer times, s. */
static const double ends_s[] = { 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05, 0.1, 0.5, 1.0 };
#define END_COUNT (sizeof ends_s / sizeof ends_s[0])

struct sim_tally {
    atomic_uint_fast64_t answers[SIM_TALLY_ROUTE_COUNT][CODE_COUNT + 1]; /* last: other codes */
    atomic_uint_fast64_t within[END_COUNT + 1]; /* predictions; last: slower than all */
    atomic_uint_fast64_t predict_ns;
    atomic_uint_fast64_t batches, batched, cuts, snapshots, snapshot_failures;
};

struct sim_tally *sim_tally_create(void)
{
    return calloc(1, sizeof(struct sim_tally));
}

void sim_tally_free(struct sim_tally *tally)
{
    free(tally);
}

void sim_tally_answer(struct sim_tally *tally, enum sim_tally_route route, unsigned code,
    double seconds)
{
    size_t i = 0, j = 0;
    while (i < CODE_COUNT && codes[i] != code) {
        i++;
    }
    atomic_fetch_add(&tally->answers[route][i], 1);
    if (route == SIM_TALLY_predict && code == 200) {
        while (j < END_COUNT && seconds > ends_s[j]) {
            j++;
        }
        atomic_fetch_add(&tally->within[j], 1);
        atomic_fetch_add(&tally->predict_ns, (uint64_t)(seconds * 1e9));
    }
}

void sim_tally_batch(struct sim_tally *tally, size_t together)
{
    atomic_fetch_add(&tally->batches, 1);
    atomic_fetch_add(&tally->batched, together);
}

void sim_tally_cut(struct sim_tally *tally)
{
    atomic_fetch_add(&tally->cuts, 1);
}

void sim_tally_snapshot(struct sim_tally *tally, int is_good)
{
    atomic_fetch_add(is_good ? &tally->snapshots : &tally->snapshot_failures, 1);
}

static void print_answers(const struct sim_tally *tally, FILE *out)
{
    static const char *const routes[] = {
#define X(name) #name,
        SIM_TALLY_ROUTE_LIST(X)
#undef X
    };
    fputs("# HELP harbinger_requests_total Requests answered.\n"
          "# TYPE harbinger_requests_total counter\n", out);
    for (size_t route = 0; route < SIM_TALLY_ROUTE_COUNT; route++) {
        for (size_t i = 0; i <= CODE_COUNT; i++) {
            unsigned long long count = atomic_load(&tally->answers[route][i]);
            if (count > 0) {
                fprintf(out, "harbinger_requests_total{route=\"%s\",code=\"%u\"} %llu\n",
                    routes[route], i < CODE_COUNT ? codes[i] : 0u, count);
            }
        }
    }
}

static void print_times(const struct sim_tally *tally, FILE *out)
{
    unsigned long long sum = 0;
    fputs("# HELP harbinger_predict_seconds Time from request to answer of a prediction.\n"
          "# TYPE harbinger_predict_seconds histogram\n", out);
    for (size_t i = 0; i < END_COUNT; i++) {
        sum += atomic_load(&tally->within[i]);
        fprintf(out, "harbinger_predict_seconds_bucket{le=\"%g\"} %llu\n", ends_s[i], sum);
    }
    sum += atomic_load(&tally->within[END_COUNT]);
    fprintf(out,
        "harbinger_predict_seconds_bucket{le=\"+Inf\"} %llu\n"
        "harbinger_predict_seconds_sum %.9f\nharbinger_predict_seconds_count %llu\n",
        sum, (double)atomic_load(&tally->predict_ns) * 1e-9, sum);
}

static void print_one(FILE *out, const char *name, const char *type, const char *help,
    unsigned long long value)
{
    fprintf(out, "# HELP harbinger_%s %s\n# TYPE harbinger_%s %s\nharbinger_%s %llu\n", name,
        help, name, type, name, value);
}

char *sim_tally_text(const struct sim_tally *tally, const struct sim_book_size *book,
    size_t connection_count)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (out == NULL) {
        return NULL;
    }
    print_answers(tally, out);
    print_times(tally, out);
    print_one(out, "batches_total", "counter", "Calls of the predictor.",
        atomic_load(&tally->batches));
    print_one(out, "batched_total", "counter", "Questions answered in them.",
        atomic_load(&tally->batched));
    print_one(out, "connections_cut_total", "counter", "Connections that were too slow.",
        atomic_load(&tally->cuts));
    print_one(out, "snapshots_total", "counter", "Snapshots written.",
        atomic_load(&tally->snapshots));
    print_one(out, "snapshot_failures_total", "counter", "Snapshots that could not be written.",
        atomic_load(&tally->snapshot_failures));
    print_one(out, "clients", "gauge", "Clients known.", book->client_count);
    print_one(out, "erased_total", "counter", "Clients erased.", book->erased_count);
    print_one(out, "predictor_bytes", "gauge", "Heap of the predictor.", book->predictor_bytes);
    print_one(out, "connections", "gauge", "Connections open.", connection_count);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
