/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/trace_file.h"
#include "models/dataset_file.h"
#include "sim/cli/cli.h"

static const char help[]
    = "usage: harbinger dataset TRACE -o FILE [seed=1] [clients=0] [split=time|client]\n"
      "       [warm=4]\n\n"
      "Turns a trace file (of `harbinger import`, or a simulated world's) into a data set for\n"
      "`harbinger train`: the place of every client at every quarter of an hour.\n"
      "  clients=N      at most so many, chosen by the seed; 0: all\n"
      "  split=time     of every client the first 70 % train, 10 % validate, 20 % test\n"
      "  split=client   70 % of the clients train, 10 % validate, 20 % test (cold start)\n"
      "  warm=N         slots of a session before it is asked about, 1 to 48\n"
      "Features that are made of it: per step sin and cos of the local time of day, weekend,\n"
      "dwell, last displacement (east, north, length), observed, moved, new session; per question\n"
      "also the client's own history here. The same input gives the same bytes.\n";

struct arguments {
    const char *in, *out;
    struct model_dataset_plan plan;
};

static int whole(const char *text, uint64_t max, uint64_t *value)
{
    char *end = NULL;
    unsigned long long got = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || got > max) {
        return 0;
    }
    *value = got;
    return 1;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    uint64_t clients = 0, warm = 0;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        int is_good = 1;
        if (strcmp(a, "-o") == 0 && i + 1 < argc) {
            arguments->out = argv[++i];
        } else if (strncmp(a, "seed=", 5) == 0) {
            is_good = whole(a + 5, INT64_MAX, &arguments->plan.seed);
        } else if (strncmp(a, "clients=", 8) == 0) {
            is_good = whole(a + 8, DATA_TRACE_CLIENTS_MAX, &clients);
        } else if (strncmp(a, "warm=", 5) == 0) {
            is_good = whole(a + 5, MODEL_WARM_MAX, &warm) && warm > 0;
        } else if (strcmp(a, "split=client") == 0 || strcmp(a, "split=time") == 0) {
            arguments->plan.by_client = strcmp(a, "split=client") == 0;
        } else if (a[0] != '-' && strchr(a, '=') == NULL && arguments->in == NULL) {
            arguments->in = a;
        } else {
            is_good = 0;
        }
        if (!is_good) {
            fprintf(stderr, "harbinger dataset: %s: not understood\n\n", a);
            return 2;
        }
    }
    arguments->plan.client_max = (uint32_t)clients;
    arguments->plan.warm_slots = (uint32_t)warm;
    return arguments->in != NULL && arguments->out != NULL ? 0 : 2;
}

static void summarise(const struct model_dataset *dataset, const char *path)
{
    uint64_t parts[MODEL_PART_COUNT] = { 0 };
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        parts[dataset->part[i]]++;
    }
    printf("%s: %u clients, %u places (%u in training), slots: %" PRIu64 " training, %" PRIu64
           " validation, %" PRIu64 " test\n",
        path, dataset->client_count, dataset->place_count, dataset->vocabulary_count, parts[0],
        parts[1], parts[2]);
}

int cli_dataset(int argc, char **argv)
{
    struct arguments arguments = { .plan = { .seed = 1 } };
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (parse(argc, argv, &arguments) != 0) {
        fputs(help, stderr);
        return 2;
    }
    struct data_problem problem = { "" };
    struct data_trace_store *store = NULL;
    struct model_dataset *dataset = NULL;
    struct model_dataset_origin origin = { .seed = arguments.plan.seed };
    (void)snprintf(origin.source, sizeof origin.source, "%s", arguments.in); /* may be cut */
    (void)snprintf(origin.split, sizeof origin.split, "70/10/20 by %s",
        arguments.plan.by_client ? "client" : "time");
    enum hb_status status = data_trace_file_read(arguments.in, &problem, &store);
    if (status == HB_OK) {
        status = model_dataset_of_trace(data_trace_view(store), &arguments.plan, &dataset);
    }
    if (status == HB_OK) {
        status = model_dataset_write(arguments.out, dataset, &origin, &problem);
    }
    if (status == HB_OK) {
        summarise(dataset, arguments.out);
    } else {
        fprintf(stderr, "%s\n", problem.text[0] != '\0' ? problem.text
                : status == HB_ERR_RANGE ? "harbinger dataset: nobody is ever seen: expected slots"
                                         : hb_status_text(status));
    }
    model_dataset_free(dataset);
    data_trace_free(store);
    return status == HB_OK ? 0 : 1;
}
