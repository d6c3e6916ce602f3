/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time and memory of the world generator: 20,000 and 200,000 clients, 24 hours,
 * twelve cities on three continents, one thread and two; and that all agree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/world/world.h"

static const struct sim_world_city cities[] = {
    { .query = { "London", "GB", NULL } },
    { .query = { "Paris", "FR", NULL } },
    { .query = { "Berlin", "DE", NULL } },
    { .query = { "Madrid", "ES", NULL } },
    { .query = { "Rome", "IT", NULL } },
    { .query = { "Amsterdam", "NL", NULL } },
    { .query = { "New York City", "US", NULL } },
    { .query = { "Boston", "US", NULL } },
    { .query = { "Chicago", "US", NULL } },
    { .query = { "San Francisco", "US", NULL } },
    { .query = { "Tokyo", "JP", NULL } },
    { .query = { "Osaka", "JP", NULL } },
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* FNV-1a over all visits. */
static uint64_t digest(const struct data_trace *trace)
{
    const unsigned char *bytes = (const unsigned char *)trace->visits;
    uint64_t count = trace->first[trace->client_count] * sizeof *trace->visits;
    uint64_t h = UINT64_C(14695981039346656037);
    for (uint64_t i = 0; i < count; i++) {
        h = (h ^ bytes[i]) * UINT64_C(1099511628211);
    }
    return h;
}

/* Generates once, prints a line, returns the digest; 0 on failure. */
static uint64_t measure(uint32_t client_count, uint32_t threads)
{
    struct sim_world_config config = sim_world_defaults();
    config.cities = cities;
    config.city_count = sizeof cities / sizeof cities[0];
    config.client_count = client_count;
    config.threads = threads;
    config.start_unix_s = 1767657600;
    config.seed = 1;
    struct data_problem problem = { 0 };
    struct data_trace_store *store = NULL;
    double start_s = now_s();
    if (sim_world_create(&config, &problem, &store) != HB_OK) {
        printf("%s\n", problem.text);
        return 0;
    }
    double took_s = now_s() - start_s;
    const struct data_trace *trace = data_trace_view(store);
    uint64_t visits = trace->first[client_count], result = digest(trace);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%7u clients, %u thread%s: %6.3f s, %.1f us a client, %.1f visits a client, trace "
           "%.1f MB, peak %.1f MB\n",
        client_count, threads, threads == 1 ? " " : "s", took_s, 1e6 * took_s / client_count,
        (double)visits / client_count, (double)(visits * sizeof *trace->visits) / 1e6,
        (double)usage.ru_maxrss / 1e3);
    data_trace_free(store);
    return result;
}

int main(void)
{
    uint64_t few = measure(20000, 1), again = measure(20000, 2);
    uint64_t many = measure(200000, 1), once_more = measure(200000, 2);
    bool agree = few == again && many == once_more && few != 0 && many != 0;
    printf("%s\n", agree ? "one and two threads agree" : "THREADS DISAGREE");
    return agree ? 0 : 1;
}
