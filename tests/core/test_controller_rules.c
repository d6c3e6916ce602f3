/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/controller_impl.h"
#include "tests/core/fake_host.h"

/* Every phase x every input, driven through the front door. Policy predictive;
 * client 0 at place 0 (from STEERING on at place 1), primary at site 0, mirror
 * at site 1; time-outs so long that only what the row says happens. */

/* DONE comes in two kinds; the other inputs are those of the rules. */
#define STIMULUS_LIST(X)                                                              \
    X(CONNECTED) X(SEEN) X(SERVED) X(DISCONNECTED) X(CONSENTED) X(WITHDRAWN)          \
    X(FORECAST) X(PRIMARY_OK) X(PRIMARY_FAILED) X(MIRROR_OK) X(MIRROR_FAILED)         \
    X(DNS_OK) X(DNS_FAILED) X(SPARE_OK) X(SPARE_FAILED) X(PHASE_DUE) X(TICK_DUE)      \
    X(SPARE_DUE) X(PRIMARY_DOWN) X(MIRROR_DOWN)

enum stimulus {
#define X(name) DO_##name,
    STIMULUS_LIST(X)
#undef X
        STIMULUS_COUNT
};

static const char *const stimulus_names[STIMULUS_COUNT] = {
#define X(name) #name,
    STIMULUS_LIST(X)
#undef X
};

struct row {
    enum hb_phase phase;
    enum stimulus stimulus;
    enum hb_phase next;
    const char *commands; /* without timers and routes, in order */
};

#define R(phase, stimulus, next, commands)                                            \
    { HB_PHASE_##phase, DO_##stimulus, HB_PHASE_##next, commands }

static const struct row rows[] = {
#include "tests/core/rules_table.inc"
};

static struct host host;

/* The latest req of a lane, or one that was never given. */
static uint64_t latest_req(enum hb_lane lane)
{
    for (uint32_t i = host.log_count; i > 0; i--) {
        const struct hb_command *command = &host.log[i - 1];
        int is_timer = command->kind == HB_COMMAND_WAKE_CANCEL;
        if (hb_lane_of(command->req) == lane && !is_timer) {
            return command->req;
        }
    }
    return UINT64_C(0x7fffffff) << 32 | (uint64_t)lane << HB_LANE_CLIENT_BITS;
}

static void send_done(enum hb_lane lane, enum hb_result result)
{
    host_send(&host, (struct hb_event) { .kind = HB_EVENT_DONE, .req = latest_req(lane),
        .result = (uint16_t)result, .client = 0, .place = HB_NONE, .site = HB_NONE });
}

/* Fires the lane's timer here and now, if it is set. */
static void send_due(enum hb_lane lane)
{
    uint64_t req = latest_req(lane);
    for (uint32_t i = 0; i < host.timer_count; i++) {
        if (host.timers[i].req == req) {
            host.timers[i] = host.timers[--host.timer_count];
            break;
        }
    }
    host_send(&host, (struct hb_event) { .kind = HB_EVENT_TIMER, .req = req,
        .client = HB_NONE, .place = HB_NONE, .site = HB_NONE });
}

static void bring_down(uint32_t site)
{
    host_probe(&host, site, 0);
    host_probe(&host, site, 0);
}

static void send_forecast(void)
{
    struct hb_prediction prediction = { .guess_count = 1,
        .guesses = { { .place = 2, .confidence = 0.8f } } };
    host_send(&host, (struct hb_event) { .kind = HB_EVENT_PREDICTED,
        .req = latest_req(HB_LANE_PREDICT), .prediction = &prediction, .client = 0,
        .place = HB_NONE, .site = HB_NONE });
}

static enum hb_lane lane_of(enum stimulus stimulus)
{
    static const enum hb_lane lanes[STIMULUS_COUNT] = {
        [DO_PRIMARY_OK] = HB_LANE_PRIMARY,
        [DO_PRIMARY_FAILED] = HB_LANE_PRIMARY,
        [DO_MIRROR_OK] = HB_LANE_MIRROR,
        [DO_MIRROR_FAILED] = HB_LANE_MIRROR,
        [DO_DNS_OK] = HB_LANE_DNS,
        [DO_DNS_FAILED] = HB_LANE_DNS,
        [DO_SPARE_OK] = HB_LANE_SPARE,
        [DO_SPARE_FAILED] = HB_LANE_SPARE,
        [DO_PHASE_DUE] = HB_LANE_PHASE,
        [DO_TICK_DUE] = HB_LANE_TICK,
        [DO_SPARE_DUE] = HB_LANE_SPARE_TIMER,
    };
    return lanes[stimulus];
}

static void stimulate(enum stimulus stimulus)
{
    switch (stimulus) {
    case DO_CONNECTED:
        host_connect(&host, 0, 1, 1);
        return;
    case DO_SEEN:
        host_see(&host, 0, 2);
        return;
    case DO_SERVED:
        host_serve(&host, 0, 1);
        return;
    case DO_DISCONNECTED:
        host_disconnect(&host, 0);
        return;
    case DO_CONSENTED:
        host_consent(&host, 0, 1);
        return;
    case DO_WITHDRAWN:
        host_consent(&host, 0, 0);
        return;
    case DO_FORECAST:
        send_forecast();
        return;
    case DO_PRIMARY_OK:
    case DO_MIRROR_OK:
    case DO_DNS_OK:
    case DO_SPARE_OK:
        send_done(lane_of(stimulus), HB_RESULT_OK);
        return;
    case DO_PRIMARY_FAILED:
    case DO_MIRROR_FAILED:
    case DO_DNS_FAILED:
    case DO_SPARE_FAILED:
        send_done(lane_of(stimulus), HB_RESULT_FAILED);
        return;
    case DO_PHASE_DUE:
    case DO_TICK_DUE:
    case DO_SPARE_DUE:
        send_due(lane_of(stimulus));
        return;
    case DO_PRIMARY_DOWN:
        bring_down(0);
        return;
    case DO_MIRROR_DOWN:
        bring_down(1);
        return;
    case STIMULUS_COUNT:
        return;
    }
}

static int is_shown(enum hb_command_kind kind)
{
    return kind != HB_COMMAND_WAKE_AT && kind != HB_COMMAND_WAKE_CANCEL
        && kind != HB_COMMAND_ROUTE_WITHDRAW;
}

/* Names of the commands since log index `from`, with their sites. */
static void describe(uint32_t from, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = from; i < host.log_count; i++) {
        const struct hb_command *command = &host.log[i];
        if (!is_shown((enum hb_command_kind)command->kind)) {
            continue;
        }
        char site[16] = "";
        if (command->site != HB_NONE) {
            (void)snprintf(site, sizeof site, "@%u", command->site);
        }
        int written = snprintf(text + used, size - used, "%s%s%s", used > 0 ? " " : "",
            hb_record_command_name((enum hb_command_kind)command->kind), site);
        assert_true(written > 0 && (size_t)written < size - used);
        used += (size_t)written;
    }
}

static void bring(enum hb_phase phase, enum stimulus stimulus)
{
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.policy.provision_timeout_s = 5000.0;
    host.setup.policy.copy_timeout_s = 5000.0;
    host.setup.policy.dns_timeout_s = 5000.0;
    host.setup.policy.fence_timeout_s = 5000.0;
    host_start(&host);
    host_bring_to(&host, phase);
    if (stimulus == DO_FORECAST) {
        host_wait(&host, 301.0); /* the tick asks again where it may */
    }
}

static void every_phase_defines_every_input(void **state)
{
    (void)state;
    for (int phase = 0; phase < HB_PHASE_COUNT; phase++) {
        for (int input = 0; input < HB_INPUT_COUNT; input++) {
            assert_non_null(hb_controller_rule((enum hb_phase)phase, (enum hb_input)input));
        }
    }
    assert_int_equal(sizeof rows / sizeof rows[0], HB_PHASE_COUNT * STIMULUS_COUNT);
}

static void each_pair_leads_where_the_table_says(void **state)
{
    (void)state;
    int is_printing = getenv("HARBINGER_PRINT_RULES") != NULL;
    int seen[HB_PHASE_COUNT][STIMULUS_COUNT] = { { 0 } };
    for (int pair = 0; pair < HB_PHASE_COUNT * STIMULUS_COUNT; pair++) {
        enum hb_phase phase = (enum hb_phase)(pair / STIMULUS_COUNT);
        enum stimulus stimulus = (enum stimulus)(pair % STIMULUS_COUNT);
        bring(phase, stimulus);
        uint32_t from = host.log_count;
        stimulate(stimulus);
        char commands[512];
        describe(from, commands, sizeof commands);
        enum hb_phase next = (enum hb_phase)host_phase(&host, 0);
        host_stop(&host);
        if (is_printing) {
            printf("%s %s %s \"%s\"\n", hb_controller_phase_name(phase),
                stimulus_names[stimulus], hb_controller_phase_name(next), commands);
            continue;
        }
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            const struct row *row = &rows[i];
            if (row->phase != phase || row->stimulus != stimulus) {
                continue;
            }
            seen[phase][stimulus]++;
            if (row->next != next || strcmp(row->commands, commands) != 0) {
                fail_msg("%s x %s: %s \"%s\", expected %s \"%s\"",
                    hb_controller_phase_name(phase), stimulus_names[stimulus],
                    hb_controller_phase_name(next), commands,
                    hb_controller_phase_name(row->next), row->commands);
            }
        }
        assert_int_equal(seen[phase][stimulus], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_phase_defines_every_input),
        cmocka_unit_test(each_pair_leads_where_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
