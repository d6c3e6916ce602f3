/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "core/replay.h"
#include "core/units.h"
#include "tests/core/storm.h"

/* What a replay commands, noted in order. */
struct notes {
    struct hb_command commands[1024];
    uint32_t count, read;
};

static struct notes notes;

static void note(void *ctx, const struct hb_command *command)
{
    struct notes *it = ctx;
    assert_true(it->count < 1024);
    it->commands[it->count++] = *command;
}

/* The recording alone, fed to a new controller, commands the same bit for bit. */
static void as_recorded_the_commands_are_the_same(void **state)
{
    (void)state;
    uint8_t *recording = malloc(STORM_RECORDING);
    assert_non_null(recording);
    struct storm *storm = storm_start(12, HB_POLICY_PREDICTIVE, 0, recording);
    storm_run(10000);
    storm_flush();
    struct hb_replay *replay;
    notes = (struct notes) { .count = 0 };
    assert_int_equal(
        hb_replay_create(&storm->host.setup, NULL, &notes, note, &replay), HB_OK);
    struct hb_record_reader reader;
    struct hb_record_item item;
    hb_record_reader_init(&reader, recording, storm->recorded);
    uint32_t compared = 0;
    enum hb_status status;
    while ((status = hb_record_next(&reader, &item)) == HB_OK) {
        if (item.is_command) {
            assert_true(notes.read < notes.count);
            const struct hb_command *got = &notes.commands[notes.read++];
            assert_true(hb_record_is_same_command(&item.command, got));
            compared++;
            continue;
        }
        assert_int_equal(notes.read, notes.count);
        notes = (struct notes) { .count = 0 };
        assert_int_equal(hb_replay_feed(replay, &item.event), HB_OK);
    }
    assert_int_equal(status, HB_ERR_NOT_FOUND);
    assert_int_equal(notes.read, notes.count);
    assert_true(compared > 3000);
    assert_int_equal(compared, hb_replay_command_count(replay));
    assert_true(hb_replay_digest(replay) == storm->host.tap.digest);
    hb_replay_free(replay);
    host_stop(&storm->host);
    free(recording);
}

static struct host host; /* for its map */
static const struct hb_replay_answers answers = { .provision_s = 40.0, .resume_s = 1.0,
    .standby_s = 0.5, .stop_s = 0.5, .copy_s = 5.0, .fence_s = 0.25, .dns_s = 2.0,
    .route_s = 3.0 };

static struct hb_replay *start_replay(void)
{
    struct hb_replay *replay;
    notes = (struct notes) { .count = 0 };
    assert_int_equal(hb_replay_create(&host.setup, &answers, &notes, note, &replay), HB_OK);
    return replay;
}

static struct hb_replay *what_if(enum hb_policy_kind kind)
{
    host_init(&host, kind);
    return start_replay();
}

static void feed(struct hb_replay *replay, enum hb_event_kind kind, double at_s, uint32_t place)
{
    struct hb_event event = { .kind = (uint16_t)kind, .at_ns = hb_units_ns(at_s),
        .client = 0, .place = place, .site = place, .value = 1.0 };
    int is_of_site = kind == HB_EVENT_PROBE_MISSED || kind == HB_EVENT_PROBE_ANSWERED;
    event.client = is_of_site ? HB_NONE : 0;
    assert_int_equal(hb_replay_feed(replay, &event), HB_OK);
}

static const struct hb_command *nth(enum hb_command_kind kind, uint32_t n)
{
    for (uint32_t i = 0; i < notes.count; i++) {
        if (notes.commands[i].kind == kind && n-- == 0) {
            return &notes.commands[i];
        }
    }
    return NULL;
}

static void assert_command(enum hb_command_kind kind, uint32_t n, double at_s, uint32_t site)
{
    const struct hb_command *command = nth(kind, n);
    assert_non_null(command);
    assert_near(hb_units_s(command->at_ns), at_s, 1e-12);
    assert_int_equal(command->site, site);
}

/* By hand: first primary 40 s + fence 0.25 s. Moved at 100: mirror up at 140,
 * in sync at 145, DNS at 147, client there after its TTL of 30 s at 177, stays
 * 30 s, fenced in at 207, old primary to standby 0.25 s later. */
static void a_reactive_policy_plays_through_with_the_given_delays(void **state)
{
    (void)state;
    struct hb_replay *replay = what_if(HB_POLICY_REACTIVE);
    feed(replay, HB_EVENT_CONSENT, 0.0, HB_NONE);
    feed(replay, HB_EVENT_CONNECTED, 0.0, 0);
    feed(replay, HB_EVENT_SERVED, 50.0, 2); /* the recording's: it does not count */
    feed(replay, HB_EVENT_SEEN, 100.0, 1);
    feed(replay, HB_EVENT_DISCONNECTED, 1000.0, HB_NONE);
    assert_int_equal(hb_replay_finish(replay, hb_units_ns(3000.0)), HB_OK);
    assert_command(HB_COMMAND_FENCE, 0, 40.0, 0);
    assert_command(HB_COMMAND_DNS_POINT, 0, 40.25, 0);
    assert_command(HB_COMMAND_PROVISION, 1, 100.0, 1);
    assert_command(HB_COMMAND_COPY, 0, 140.0, 1);
    assert_command(HB_COMMAND_DNS_POINT, 1, 145.0, 1);
    assert_command(HB_COMMAND_FENCE, 1, 207.0, 1);
    assert_command(HB_COMMAND_STANDBY, 0, 207.25, 0);
    assert_command(HB_COMMAND_STANDBY, 1, 1000.0, 1);
    assert_command(HB_COMMAND_STOP, 1, 1600.0, 1);
    assert_command(HB_COMMAND_DNS_CLEAR, 0, 1600.0, HB_NONE);
    assert_null(nth(HB_COMMAND_FENCE, 2));
    hb_replay_free(replay);
}

/* The same with names that nobody keeps: the client is there as soon as DNS says so, at 147 s. */
static void without_a_ttl_the_client_follows_at_once(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_REACTIVE);
    host.setup.policy.dns_ttl_s = 0.0;
    struct hb_replay *replay = start_replay();
    feed(replay, HB_EVENT_CONSENT, 0.0, HB_NONE);
    feed(replay, HB_EVENT_CONNECTED, 0.0, 0);
    feed(replay, HB_EVENT_SEEN, 100.0, 1);
    assert_int_equal(hb_replay_finish(replay, hb_units_ns(3000.0)), HB_OK);
    assert_command(HB_COMMAND_FENCE, 1, 177.0, 1);
    hb_replay_free(replay);
}

/* The question of 40.25 s is answered by the forecast that was recorded at 60 s. */
static void a_question_waits_for_the_next_recorded_forecast(void **state)
{
    (void)state;
    struct hb_replay *replay = what_if(HB_POLICY_PREDICTIVE);
    feed(replay, HB_EVENT_CONSENT, 0.0, HB_NONE);
    feed(replay, HB_EVENT_CONNECTED, 0.0, 0);
    struct hb_prediction prediction = { .guess_count = 1,
        .guesses = { { .place = 2, .confidence = 0.9f } } };
    struct hb_event forecast = { .kind = HB_EVENT_PREDICTED, .at_ns = hb_units_ns(60.0),
        .client = 0, .place = HB_NONE, .site = HB_NONE, .prediction = &prediction,
        .req = 0x123456789 };
    assert_int_equal(hb_replay_feed(replay, &forecast), HB_OK);
    assert_command(HB_COMMAND_PREDICT, 0, 40.25, HB_NONE);
    assert_command(HB_COMMAND_PROVISION, 1, 60.0, 2);
    assert_int_equal(hb_replay_feed(replay, &forecast), HB_OK); /* nobody asked again */
    forecast.client = HB_NONE;
    assert_int_equal(hb_replay_feed(replay, &forecast), HB_ERR_RANGE);
    hb_replay_free(replay);
}

static void a_dead_site_is_seen_by_the_other_policy_too(void **state)
{
    (void)state;
    struct hb_replay *replay = what_if(HB_POLICY_STATIC);
    feed(replay, HB_EVENT_CONSENT, 0.0, HB_NONE);
    feed(replay, HB_EVENT_CONNECTED, 0.0, 0);
    feed(replay, HB_EVENT_PROBE_MISSED, 70.0, 0);
    feed(replay, HB_EVENT_PROBE_MISSED, 80.0, 0);
    feed(replay, HB_EVENT_SITE_CAPACITY, 90.0, 0); /* of the recording's load: not counted */
    feed(replay, HB_EVENT_SEEN, 200.0, 0);
    assert_command(HB_COMMAND_ROUTE_WITHDRAW, 0, 80.0, 0);
    assert_command(HB_COMMAND_PROVISION, 1, 80.0, 1);
    assert_command(HB_COMMAND_FENCE, 1, 120.0, 1);
    hb_replay_free(replay);
}

/* By hand: the recorded site 0 answers every 10 s up to 100 s. The other policy asks every
 * 5 s and gets answers until twice the recorded gap has passed in silence, at 120 s; its
 * probes from 120 s on are missed 1 s later, three in a row are a death. Site 1, which never
 * was heard of, answers always. */
static void a_policy_that_probes_by_itself_hears_whom_the_recording_heard(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_STATIC);
    host.setup.policy.detector = HB_HEALTH_COUNT;
    host.setup.policy.probe_interval_s = 5.0;
    host.setup.policy.probe_timeout_s = 1.0;
    host.setup.policy.probe_fall = 3;
    struct hb_replay *replay = start_replay();
    feed(replay, HB_EVENT_CONSENT, 0.0, HB_NONE);
    feed(replay, HB_EVENT_CONNECTED, 0.0, 0);
    for (int i = 1; i <= 10; i++) {
        feed(replay, HB_EVENT_PROBE_ANSWERED, 10.0 * i, 0);
    }
    for (int i = 0; i < 7; i++) { /* of the recording: it counts its own */
        feed(replay, HB_EVENT_PROBE_MISSED, 101.0 + i, 0);
    }
    assert_int_equal(hb_replay_finish(replay, hb_units_ns(400.0)), HB_OK);
    const struct hb_command *withdrawn = nth(HB_COMMAND_ROUTE_WITHDRAW, 0);
    assert_non_null(withdrawn);
    assert_int_equal(withdrawn->site, 0);
    double dead_s = hb_units_s(withdrawn->at_ns);
    assert_true(dead_s > 120.0 + 2.0 * 5.0 + 1.0 && dead_s <= 120.0 + 3.0 * 5.0 + 1.0);
    assert_null(nth(HB_COMMAND_ROUTE_WITHDRAW, 1));
    struct hb_event nowhere = { .kind = HB_EVENT_PROBE_MISSED, .at_ns = hb_units_ns(400.0),
        .client = HB_NONE, .place = HB_NONE, .site = HOST_SITES };
    assert_int_equal(hb_replay_feed(replay, &nowhere), HB_ERR_RANGE);
    hb_replay_free(replay);
}

/* Many clients at once: answers of one instant come in the order of the commands. */
static void a_what_if_of_a_storm_is_repeatable(void **state)
{
    (void)state;
    uint8_t *recording = malloc(STORM_RECORDING);
    assert_non_null(recording);
    struct storm *storm = storm_start(3, HB_POLICY_PREDICTIVE, 1, recording);
    storm_run(10000);
    storm_flush();
    uint64_t digests[2];
    for (int i = 0; i < 2; i++) {
        struct hb_controller_setup setup = storm->host.setup;
        hb_policy_default(HB_POLICY_NEAREST, &setup.policy);
        struct hb_replay *replay;
        assert_int_equal(hb_replay_create(&setup, &answers, NULL, NULL, &replay), HB_OK);
        struct hb_record_reader reader;
        struct hb_record_item item;
        hb_record_reader_init(&reader, recording, storm->recorded);
        while (hb_record_next(&reader, &item) == HB_OK) {
            if (!item.is_command) {
                assert_int_equal(hb_replay_feed(replay, &item.event), HB_OK);
            }
        }
        digests[i] = hb_replay_digest(replay);
        assert_true(hb_replay_command_count(replay) > 1000);
        hb_replay_free(replay);
    }
    assert_true(digests[0] == digests[1]);
    host_stop(&storm->host);
    free(recording);
}

static void a_bad_setup_is_refused_and_a_bad_event_told(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_STATIC);
    host.setup.policy.interval_s = -1.0;
    struct hb_replay *replay = NULL;
    assert_int_equal(hb_replay_create(&host.setup, &answers, NULL, NULL, &replay), HB_ERR_RANGE);
    assert_null(replay);
    hb_replay_free(NULL);
    replay = what_if(HB_POLICY_STATIC);
    struct hb_event event = { .kind = HB_EVENT_SEEN, .client = HOST_CLIENTS };
    assert_int_equal(hb_replay_feed(replay, &event), HB_ERR_RANGE);
    hb_replay_free(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_recorded_the_commands_are_the_same),
        cmocka_unit_test(a_reactive_policy_plays_through_with_the_given_delays),
        cmocka_unit_test(without_a_ttl_the_client_follows_at_once),
        cmocka_unit_test(a_question_waits_for_the_next_recorded_forecast),
        cmocka_unit_test(a_dead_site_is_seen_by_the_other_policy_too),
        cmocka_unit_test(a_policy_that_probes_by_itself_hears_whom_the_recording_heard),
        cmocka_unit_test(a_what_if_of_a_storm_is_repeatable),
        cmocka_unit_test(a_bad_setup_is_refused_and_a_bad_event_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
