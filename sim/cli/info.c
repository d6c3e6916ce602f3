/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/record.h"
#include "data/digest.h"
#include "data/h5.h"
#include "data/results.h"
#include "data/trace_file.h"
#include "data/whole.h"
#include "models/dataset_file.h"
#include "sim/cli/cli.h"
#include "sim/cli/versions.h"

enum { block_bytes = 1 << 20 };
static const char help[]
    = "usage: harbinger info [FILE]\n\n"
      "Without FILE: versions, processor and numeric libraries in use. With FILE, of any kind\n"
      "that this program writes (trace, data set, model, result, recording, snapshot): what it\n"
      "is, what is in it, and its digest. The file is read whole and checked as its readers do.\n";

/* Of the bytes of the file, MiB by MiB, as data/digest.h says. */
static enum hb_status show_digest(const char *path, struct data_problem *problem)
{
    struct data_digest digest = { { 0 } };
    char text[33];
    FILE *in = fopen(path, "rb");
    uint8_t *block = malloc(block_bytes);
    bool is_bad = in == NULL || block == NULL;
    for (size_t got = 1; !is_bad && got > 0;) {
        got = fread(block, 1, block_bytes, in);
        data_digest_block(&digest, block, got);
        is_bad = ferror(in) != 0;
    }
    if (in != NULL) {
        (void)fclose(in); /* it was only read */
    }
    free(block);
    if (is_bad) {
        return data_problem_set(problem, HB_ERR_IO, "%s: cannot be read", path);
    }
    data_digest_text(&digest, text);
    printf("%-12s %s (of the file)\n", "digest", text);
    return HB_OK;
}

static enum hb_status show_trace(const char *path, struct data_problem *problem)
{
    struct data_trace_store *store = NULL;
    enum hb_status status = data_trace_file_read(path, problem, &store);
    if (status != HB_OK) {
        return status;
    }
    const struct data_trace *trace = data_trace_view(store);
    printf("%-12s trace, version 1\n", "kind");
    printf("%-12s %u clients, %u places, %u regions, %" PRIu64 " visits\n", "holds",
        trace->client_count, trace->place_count, trace->region_count,
        trace->first[trace->client_count]);
    printf("%-12s %g h from Unix time %" PRId64 "\n", "span", trace->end_s / 3600.0,
        trace->epoch_unix_s);
    data_trace_free(store);
    return show_digest(path, problem);
}

static enum hb_status show_dataset(const char *path, struct data_problem *problem)
{
    struct model_dataset *dataset = NULL;
    struct model_dataset_origin origin;
    enum hb_status status = model_dataset_read(path, &dataset, &origin, problem);
    if (status != HB_OK) {
        return status;
    }
    printf("%-12s data set, version %d\n", "kind", MODEL_DATASET_VERSION);
    printf("%-12s %u clients, %u places (%u in training), %" PRIu64 " %s\n", "holds",
        dataset->client_count, dataset->place_count, dataset->vocabulary_count,
        dataset->slot_count, dataset->is_visits ? "visits" : "slots");
    printf("%-12s %s; split %s, seed %" PRIu64 ", warm %u\n", "from", origin.source, origin.split,
        origin.seed, dataset->warm_slots);
    model_dataset_free(dataset);
    return show_digest(path, problem);
}

static enum hb_status show_results(const char *path, struct data_problem *problem)
{
    struct data_result_file *file = NULL;
    enum hb_status status = data_results_open(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    const struct data_result_info *info = data_results_info(file);
    printf("%-12s result\n", "kind");
    printf("%-12s %s, seed %" PRIu64 ", %g h, by %s\n", "scenario", info->scenario_name,
        info->seed, (double)info->duration_s / 3600.0, info->program);
    printf("%-12s %u policies, %u settings, %u replications; %u regions, %u places, %u sites\n",
        "holds", info->policy_count, info->setting_count, info->replication_count,
        info->region_count, info->place_count, info->site_count);
    printf("%-12s %s (of seed, scenario and rows; `harbinger report --verify` recomputes it)\n",
        "digest", info->digest);
    data_results_close(file);
    return HB_OK;
}

/* To the last item of the last block. */
static enum hb_status walk_recording(const uint8_t *bytes, size_t size)
{
    struct hb_record_reader reader;
    struct hb_record_item item;
    uint32_t places = 0, sites = 0;
    uint64_t events = 0, commands = 0;
    size_t setup_bytes = 0;
    enum hb_status status = hb_record_setup_size(bytes, size, &places, &sites, &setup_bytes);
    if (status != HB_OK) {
        return status;
    }
    hb_record_reader_init(&reader, bytes + setup_bytes, size - setup_bytes);
    while ((status = hb_record_next(&reader, &item)) == HB_OK) {
        commands += item.is_command != 0;
        events += item.is_command == 0;
    }
    if (status == HB_ERR_NOT_FOUND) {
        printf("%-12s recording\n", "kind");
        printf("%-12s %" PRIu64 " events, %" PRIu64 " commands; %u places, %u sites\n", "holds",
            events, commands, places, sites);
        status = HB_OK;
    }
    return status;
}

static enum hb_status show_recording(const char *path, struct data_problem *problem)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum hb_status status = data_whole_read(path, CLI_RECORDING_BYTES_MAX, &bytes, &size, problem);
    if (status != HB_OK) {
        return status;
    }
    status = walk_recording(bytes, size);
    free(bytes);
    if (status != HB_OK) {
        return data_problem_set(problem, status,
            "%s: found a damaged or truncated recording, or of "
            "another version (%s): expected a whole one", path, hb_status_text(status));
    }
    return show_digest(path, problem);
}

/* Of a snapshot only the head can be read without the salt that seals it. */
static enum hb_status show_snapshot(
    const char *path, const uint8_t *head, struct data_problem *problem)
{
    uint32_t numbers[2] = { 0 };
    for (int i = 0; i < 8; i++) {
        numbers[i / 4] |= (uint32_t)head[8 + i] << (8 * (i % 4));
    }
    printf("%-12s snapshot of a service, version %u\n", "kind", numbers[0]);
    printf("%-12s %u clients (sealed: only the service with its salt can tell whether it is "
           "whole)\n", "holds", numbers[1]);
    return show_digest(path, problem);
}

static enum hb_status show_hdf5(const char *path, struct data_problem *problem, bool *is_model)
{
    char format[64] = "";
    struct data_h5 *file = NULL;
    enum hb_status status = data_h5_open(path, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    if (data_h5_has(file, "/manifest")) {
        data_h5_free(file);
        return show_results(path, problem);
    }
    status = data_h5_attribute_read(file, "/", "format", format, sizeof format, problem);
    data_h5_free(file);
    if (status == HB_OK && strcmp(format, "harbinger-trace") == 0) {
        return show_trace(path, problem);
    }
    if (status == HB_OK && strcmp(format, "harbinger-dataset") == 0) {
        return show_dataset(path, problem);
    }
    *is_model = status == HB_OK && strcmp(format, "harbinger model") == 0;
    if (*is_model) {
        return HB_OK;
    }
    return data_problem_set(problem, HB_ERR_FORMAT, "%s: found an HDF5 file of format \"%.40s\": "
        "expected a trace, data set, model or result of harbinger", path,
        status == HB_OK ? format : "");
}

static enum hb_status show(const char *path, struct data_problem *problem, bool *is_model)
{
    uint8_t head[16] = { 0 };
    enum hb_status status = data_whole_check(path, problem);
    if (status != HB_OK) {
        return status;
    }
    FILE *in = fopen(path, "rb");
    size_t got = in == NULL ? 0 : fread(head, 1, sizeof head, in);
    int why = in == NULL ? errno : ferror(in) ? EISDIR : 0;
    if (in != NULL) {
        (void)fclose(in); /* it was only read */
    }
    if (why != 0) {
        return data_problem_set(
            problem, HB_ERR_IO, "%s: cannot be read: %s", path, strerror(why));
    }
    if (got >= 8 && memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0) {
        return show_hdf5(path, problem, is_model);
    }
    if (got == sizeof head && memcmp(head, "HBSERVE\n", 8) == 0) {
        return show_snapshot(path, head, problem);
    }
    if (got >= 4 && memcmp(head, "HBRC", 4) == 0) {
        return show_recording(path, problem);
    }
    return data_problem_set(problem, HB_ERR_FORMAT, "%s: found no file of harbinger: expected a "
        "trace, data set, model, result, recording or snapshot", path);
}

static int show_versions(void)
{
    struct cli_versions versions;
    cli_versions_find(&versions);
    for (size_t i = 0; i < versions.pair_count; i++) {
        printf("%-10s %s\n", versions.pairs[i].name, versions.pairs[i].value);
    }
    return 0;
}

int cli_info(int argc, char **argv)
{
    if (argc == 1) {
        return show_versions();
    }
    bool is_help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0, is_model = false;
    if (argc > 2 || is_help || argv[1][0] == '-') {
        fputs(help, is_help ? stdout : stderr);
        return is_help ? 0 : 2;
    }
    struct data_problem problem = { "" };
    enum hb_status status = show(argv[1], &problem, &is_model);
    if (status == HB_OK && is_model) {
        char *model[] = { "model", argv[1], NULL };
        printf("%-12s model\n", "kind");
        return cli_model(2, model);
    }
    if (status != HB_OK) {
        fprintf(stderr, "harbinger info: %s\n",
            problem.text[0] != '\0' ? problem.text : hb_status_text(status));
    }
    return status == HB_OK ? 0 : 1;
}
