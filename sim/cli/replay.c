/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/replay.h"
#include "data/whole.h"
#include "sim/cli/cli.h"

static const char help[]
    = "usage: harbinger replay RECORDING [--policy KIND ...]\n\n"
      "Feeds the events of a recording (`harbinger run --record`) to the production\n"
      "controller again. Under the recorded policy the commands must be the recorded\n"
      "ones, bit for bit; under another (static, anycast, reactive, nearest, predictive,\n"
      "ski_rental, lyapunov, with their defaults) it shows what would have been commanded:\n"
      "the clients' events are the recorded ones, commands are answered after fixed delays\n"
      "(an instance after the recorded lead, a copy at 125 MB/s, all others after 1 s).\n";

struct recording {
    uint8_t *bytes;
    size_t size, setup_bytes;
    struct hb_record_tables tables;
    struct hb_controller_setup setup;
};

/* A replay under way: recorded and commanded are compared as they come. */
struct replay {
    uint64_t counts[HB_COMMAND_COUNT];
    struct hb_record_tap tap;
    uint64_t recorded_digest; /* of the recorded commands, by the same fold */
    uint64_t event_count, recorded_count;
};

static int complain(const char *path, const char *found, const char *expected)
{
    fprintf(stderr, "harbinger replay: %s: %s: expected %s\n", path, found, expected);
    return 1;
}

static void free_recording(struct recording *recording)
{
    free(recording->tables.rtt_ms);
    free(recording->tables.sites);
    free(recording->tables.places);
    free(recording->bytes);
}

static enum hb_status read_setup(struct recording *recording)
{
    uint32_t places = 0, sites = 0;
    enum hb_status status = hb_record_setup_size(recording->bytes, recording->size, &places,
        &sites, &recording->setup_bytes);
    if (status != HB_OK) {
        return status;
    }
    struct hb_record_tables *tables = &recording->tables;
    tables->places = calloc((size_t)places + 1, sizeof *tables->places);
    tables->sites = calloc((size_t)sites + 1, sizeof *tables->sites);
    tables->rtt_ms = calloc((size_t)places * sites + 1, sizeof *tables->rtt_ms);
    if (tables->places == NULL || tables->sites == NULL || tables->rtt_ms == NULL) {
        return HB_ERR_MEMORY;
    }
    return hb_record_setup_read(recording->bytes, recording->size, tables, &recording->setup);
}

static void count_command(void *ctx, const struct hb_command *command)
{
    struct replay *replay = ctx;
    replay->counts[command->kind]++;
}

static enum hb_status play(const struct recording *recording,
    const struct hb_controller_setup *setup, struct replay *replay)
{
    struct hb_controller *controller = NULL;
    struct hb_record_reader reader;
    struct hb_record_item item;
    replay->tap = (struct hb_record_tap) { .ctx = replay, .on_command = count_command };
    struct hb_ports ports = hb_record_tap_ports(&replay->tap);
    enum hb_status status = hb_controller_create(setup, &ports, &controller);
    hb_record_reader_init(&reader, recording->bytes + recording->setup_bytes,
        recording->size - recording->setup_bytes);
    while (status == HB_OK && (status = hb_record_next(&reader, &item)) == HB_OK) {
        if (item.is_command) {
            replay->recorded_digest = hb_record_digest(replay->recorded_digest, &item.command);
            replay->recorded_count++;
        } else {
            replay->event_count++;
            hb_record_tap_event(&replay->tap, &item.event);
            status = hb_controller_handle(controller, &item.event);
        }
    }
    hb_controller_free(controller);
    return status == HB_ERR_NOT_FOUND ? HB_OK : status;
}

/* Another policy's commands have answers of their own: those recorded belong
 * to commands that it did not give. */
static enum hb_status play_what_if(const struct recording *recording,
    const struct hb_controller_setup *setup, struct replay *replay)
{
    const struct hb_replay_answers answers = { .provision_s = setup->service.lead_s,
        .copy_s = setup->service.state_mb / 125.0, .resume_s = 1.0, .standby_s = 1.0,
        .stop_s = 1.0, .fence_s = 1.0, .dns_s = 1.0, .route_s = 1.0 };
    struct hb_replay *what_if = NULL;
    struct hb_record_reader reader;
    struct hb_record_item item;
    int64_t last_ns = 0;
    enum hb_status status
        = hb_replay_create(setup, &answers, replay, count_command, &what_if);
    hb_record_reader_init(&reader, recording->bytes + recording->setup_bytes,
        recording->size - recording->setup_bytes);
    while (status == HB_OK && (status = hb_record_next(&reader, &item)) == HB_OK) {
        if (!item.is_command) {
            replay->event_count++;
            last_ns = item.event.at_ns;
            status = hb_replay_feed(what_if, &item.event);
        }
    }
    status = status == HB_ERR_NOT_FOUND ? hb_replay_finish(what_if, last_ns) : status;
    if (status == HB_OK) {
        replay->tap.digest = hb_replay_digest(what_if);
        replay->tap.command_count = hb_replay_command_count(what_if);
    }
    hb_replay_free(what_if);
    return status;
}

static void show(const char *name, const struct replay *replay)
{
    printf("%-12s %" PRIu64 " events, %" PRIu64 " commands, digest %016" PRIx64 "\n", name,
        replay->event_count, replay->tap.command_count, replay->tap.digest);
    for (int kind = 0; kind < HB_COMMAND_COUNT; kind++) {
        if (replay->counts[kind] > 0) {
            printf("    %-14s %" PRIu64 "\n",
                hb_record_command_name((enum hb_command_kind)kind), replay->counts[kind]);
        }
    }
}

/* Under the recorded policy: 0 if every command is the recorded one. */
static int replay_same(const char *path, const struct recording *recording)
{
    struct replay replay = { .event_count = 0 };
    enum hb_status status = play(recording, &recording->setup, &replay);
    if (status != HB_OK) {
        return complain(path, hb_status_text(status), "a whole recording");
    }
    show(hb_policy_name((enum hb_policy_kind)recording->setup.policy.kind), &replay);
    bool is_same = replay.tap.digest == replay.recorded_digest
        && replay.tap.command_count == replay.recorded_count;
    if (!is_same) {
        return complain(path, "other commands than recorded", "the same");
    }
    printf("    identical to the recording\n");
    return 0;
}

static int replay_other(const char *path, const struct recording *recording, const char *name)
{
    enum hb_policy_kind kind = HB_POLICY_STATIC;
    if (hb_policy_kind_of(name, &kind) != HB_OK) {
        fprintf(stderr, "harbinger replay: --policy '%s': expected static, anycast, reactive, "
                        "nearest, predictive, ski_rental or lyapunov\n",
            name);
        return 2;
    }
    struct replay replay = { .event_count = 0 };
    struct hb_controller_setup setup = recording->setup;
    hb_policy_default(kind, &setup.policy);
    setup.has_predictor = 1; /* answers of the recording come, whoever asked */
    enum hb_status status = play_what_if(recording, &setup, &replay);
    if (status != HB_OK) {
        return complain(path, hb_status_text(status), "a whole recording");
    }
    show(name, &replay);
    return 0;
}

static int replay_all(int argc, char **argv, const char *path)
{
    struct recording recording = { .bytes = NULL };
    struct data_problem problem = { .text = "" };
    if (data_whole_read(path, CLI_RECORDING_BYTES_MAX, &recording.bytes, &recording.size, &problem)
        != HB_OK) {
        fprintf(stderr, "harbinger replay: %s\n", problem.text);
        return 1;
    }
    enum hb_status status = read_setup(&recording);
    int failed = 0, has_policy = 0;
    if (status != HB_OK) {
        failed = complain(path, hb_status_text(status), "a recording of `harbinger run --record`");
    }
    for (int i = 1; i < argc && failed == 0; i++) {
        if (strcmp(argv[i], "--policy") == 0) {
            has_policy = 1;
            failed = replay_other(path, &recording, argv[++i]);
        }
    }
    if (failed == 0 && !has_policy) {
        failed = replay_same(path, &recording);
    }
    free_recording(&recording);
    return failed;
}

int cli_replay(int argc, char **argv)
{
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--policy") == 0 && i + 1 < argc) {
            i++;
        } else if (argv[i][0] != '-' && path == NULL) {
            path = argv[i];
        } else {
            fprintf(stderr, "harbinger replay: '%s': expected a recording or --policy KIND\n",
                argv[i]);
            return 2;
        }
    }
    if (path == NULL) {
        fputs(help, stderr);
        return 2;
    }
    return replay_all(argc, argv, path);
}
