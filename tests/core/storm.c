/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/core/storm.h"

#include "core/route.h"
#include "core/units.h"
#include "tests/support/assert_near.h"

enum { BLOCK = 1 << 16 };

static struct storm storm;
static uint8_t block[BLOCK];

static uint64_t draw(uint64_t below)
{
    storm.random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = storm.random;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

void storm_flush(void)
{
    size_t bytes = hb_record_seal(&storm.recorder);
    assert_true(storm.recorded + bytes <= STORM_RECORDING);
    for (size_t i = 0; i < bytes; i++) {
        storm.recording[storm.recorded + i] = block[i];
    }
    storm.recorded += bytes;
}

static void record_event(const struct hb_event *event)
{
    if (storm.recording != NULL && hb_record_put_event(&storm.recorder, event) == HB_ERR_FULL) {
        storm_flush();
        assert_int_equal(hb_record_put_event(&storm.recorder, event), HB_OK);
    }
}

static void apply_fence(const struct hb_command *command)
{
    if (command->epoch >= storm.epoch[command->client]) {
        storm.epoch[command->client] = command->epoch;
        storm.writer[command->client] = command->site;
    }
}

static void set_power(const struct hb_command *command, enum hb_power power)
{
    storm.power[command->client][command->site] = power;
    storm.power_req[command->client][command->site] = command->req;
}

static void remember(const struct hb_command *command)
{
    if (storm.pending_count == STORM_PENDING) {
        storm.pending[draw(STORM_PENDING)] = *command; /* an answer is lost */
    } else {
        storm.pending[storm.pending_count++] = *command;
    }
}

static void on_command(void *ctx, const struct hb_command *command)
{
    (void)ctx;
    if (storm.recording != NULL
        && hb_record_put_command(&storm.recorder, command) == HB_ERR_FULL) {
        storm_flush();
        assert_int_equal(hb_record_put_command(&storm.recorder, command), HB_OK);
    }
    switch ((enum hb_command_kind)command->kind) {
    case HB_COMMAND_WAKE_AT:
    case HB_COMMAND_WAKE_CANCEL:
    case HB_COMMAND_COPY_ABORT:
        return;
    case HB_COMMAND_PROVISION:
    case HB_COMMAND_RESUME:
        set_power(command, HB_POWER_BUSY);
        break;
    case HB_COMMAND_STANDBY:
        set_power(command, HB_POWER_STANDBY);
        break;
    case HB_COMMAND_STOP:
        set_power(command, HB_POWER_OFF);
        break;
    case HB_COMMAND_DNS_POINT:
        storm.record[command->client] = command->site;
        break;
    case HB_COMMAND_DNS_CLEAR:
        storm.record[command->client] = HB_NONE;
        break;
    case HB_COMMAND_PREDICT:
    case HB_COMMAND_COPY:
    case HB_COMMAND_FENCE:
    case HB_COMMAND_ROUTE_ANNOUNCE:
    case HB_COMMAND_ROUTE_WITHDRAW:
    case HB_COMMAND_PROBE:
    case HB_COMMAND_COUNT:
        break;
    }
    remember(command);
}

static void send(struct hb_event event)
{
    event.at_ns = storm.host.now_ns;
    record_event(&event);
    host_send(&storm.host, event);
}

static struct hb_event blank(enum hb_event_kind kind)
{
    return (struct hb_event) { .kind = (uint16_t)kind, .client = HB_NONE, .place = HB_NONE,
        .site = HB_NONE };
}

static enum hb_result random_result(void)
{
    int is_good = storm.is_mild || draw(7) != 0;
    return is_good ? HB_RESULT_OK : (enum hb_result)draw(HB_RESULT_COUNT);
}

/* A fence may take though it is reported as failed, and the other way round never. */
static void answer(const struct hb_command *command, enum hb_result result)
{
    struct hb_event event = blank(HB_EVENT_DONE);
    struct hb_prediction prediction = { .guess_count = (uint32_t)draw(4), .elsewhere = 0.1f };
    event.req = command->req;
    event.client = command->client;
    event.site = command->site;
    event.result = (uint16_t)result;
    event.value = (double)draw(1000);
    if (command->kind == HB_COMMAND_PROBE) {
        int is_heard = result == HB_RESULT_OK;
        event.kind = is_heard ? HB_EVENT_PROBE_ANSWERED : HB_EVENT_PROBE_MISSED;
    }
    if (command->kind == HB_COMMAND_FENCE && (event.result == HB_RESULT_OK || draw(2) == 0)) {
        apply_fence(command);
    }
    if (command->kind == HB_COMMAND_PROVISION && event.result == HB_RESULT_NO_ROOM
        && storm.power_req[command->client][command->site] == command->req) {
        set_power(command, HB_POWER_OFF); /* nothing came to be there */
    }
    if (command->kind == HB_COMMAND_PREDICT) {
        event.kind = HB_EVENT_PREDICTED;
        for (uint32_t i = 0; i < prediction.guess_count; i++) {
            prediction.guesses[i].place = (uint32_t)draw(HOST_PLACES);
            prediction.guesses[i].confidence = 0.3f;
        }
        event.prediction = event.result == HB_RESULT_OK ? &prediction : NULL;
    }
    send(event);
}

void storm_answer_one(void)
{
    if (storm.pending_count == 0) {
        return;
    }
    uint32_t at = (uint32_t)draw(storm.pending_count);
    struct hb_command command = storm.pending[at];
    storm.pending[at] = storm.pending[--storm.pending_count];
    enum hb_result result = random_result();
    answer(&command, result);
    if (!storm.is_mild && draw(8) == 0) {
        answer(&command, result); /* doubled */
    }
}

/* An answer to nothing: req, kind and result at random. */
static void send_nonsense(void)
{
    struct hb_event event = blank(draw(2) ? HB_EVENT_DONE : HB_EVENT_TIMER);
    event.req = draw(2) ? draw(UINT64_MAX) : draw(64) << 32 | draw(11) << 28 | draw(HOST_CLIENTS);
    event.result = (uint16_t)draw(HB_RESULT_COUNT);
    for (uint32_t i = 0; i < storm.host.timer_count; i++) {
        if (storm.host.timers[i].req == event.req && event.kind == HB_EVENT_TIMER) {
            return; /* a real timer, not yet due */
        }
    }
    for (uint32_t i = 0; i < storm.pending_count; i++) {
        if (storm.pending[i].req == event.req) {
            return; /* a real answer, but the model would not know of it */
        }
    }
    send(event);
}

void storm_wait_until(int64_t until_ns)
{
    for (;;) {
        struct host *host = &storm.host;
        uint32_t next = UINT32_MAX;
        for (uint32_t i = 0; i < host->timer_count; i++) {
            const struct host_timer *it = &host->timers[i];
            int is_first = next == UINT32_MAX || it->at_ns < host->timers[next].at_ns
                || (it->at_ns == host->timers[next].at_ns && it->req < host->timers[next].req);
            next = it->at_ns <= until_ns && is_first ? i : next;
        }
        if (next == UINT32_MAX) {
            host->now_ns = until_ns;
            return;
        }
        struct hb_event event = blank(HB_EVENT_TIMER);
        event.req = host->timers[next].req;
        host->now_ns = host->timers[next].at_ns;
        host->timers[next] = host->timers[--host->timer_count];
        send(event);
    }
}

static void change_site(void)
{
    static const enum hb_event_kind kinds[] = { HB_EVENT_PROBE_ANSWERED,
        HB_EVENT_PROBE_ANSWERED, HB_EVENT_PROBE_ANSWERED, HB_EVENT_PROBE_MISSED,
        HB_EVENT_SITE_CAPACITY, HB_EVENT_SITE_CAPACITY, HB_EVENT_SITE_DRAIN };
    struct hb_event event = blank(kinds[draw(storm.is_varied ? 7 : 6)]);
    event.site = (uint32_t)draw(HOST_SITES);
    event.value = (double)draw(5);
    send(event);
}

/* The supervisor of one client's instance, at any site: it may err. */
static void watch_instance(void)
{
    struct hb_event event = blank(draw(3) == 0 ? HB_EVENT_PROBE_ANSWERED : HB_EVENT_PROBE_MISSED);
    event.client = (uint32_t)draw(HOST_CLIENTS);
    event.site = (uint32_t)draw(HOST_SITES);
    send(event);
}

static void move_client(void)
{
    static const enum hb_event_kind kinds[] = { HB_EVENT_CONNECTED, HB_EVENT_CONNECTED,
        HB_EVENT_SEEN, HB_EVENT_SEEN, HB_EVENT_SEEN, HB_EVENT_SERVED, HB_EVENT_SERVED,
        HB_EVENT_SERVED, HB_EVENT_DISCONNECTED, HB_EVENT_CONSENT };
    struct hb_event event = blank(kinds[draw(10)]);
    event.client = (uint32_t)draw(HOST_CLIENTS);
    event.place = (uint32_t)draw(HOST_PLACES);
    event.site = (uint32_t)draw(HOST_SITES);
    event.value = draw(8) != 0;
    if (event.kind == HB_EVENT_SERVED) { /* mostly where DNS sends it */
        uint32_t record = storm.record[event.client];
        event.site = record != HB_NONE && draw(5) ? record : event.site;
    }
    send(event);
}

void storm_step(void)
{
    uint64_t choice = draw(100);
    if (choice < 45) {
        storm_answer_one();
    } else if (choice < 68) {
        move_client();
    } else if (choice < 73) {
        send_nonsense();
    } else if (choice < 75 && !storm.is_mild) {
        change_site();
    } else if (choice < 77 && storm.is_varied) {
        watch_instance();
    } else {
        storm_wait_until(storm.host.now_ns + (int64_t)draw(25) * HB_NS_PER_S);
    }
}

static int is_on(uint32_t client, uint32_t site)
{
    return site != HB_NONE && storm.power[client][site] == HB_POWER_BUSY;
}

static void check_client(uint32_t client)
{
    struct hb_client_view view = hb_controller_client(storm.host.controller, client);
    int is_served = view.phase >= HB_PHASE_SERVED && view.phase <= HB_PHASE_REVERTING;
    int is_promoting = view.phase == HB_PHASE_PROMOTING || view.phase == HB_PHASE_REVERTING;
    int is_gone = view.phase == HB_PHASE_ABSENT || view.phase == HB_PHASE_LINGERING;
    if (!is_promoting) {
        assert_int_equal(view.is_connected, !is_gone);
    }
    if (!view.has_consent) {
        assert_true(view.phase == HB_PHASE_ABSENT || view.phase == HB_PHASE_ANYCAST);
        assert_int_equal(view.place, HB_NONE);
    }
    if (is_served) { /* exactly one primary, and it runs */
        assert_true(is_on(client, view.primary));
        int is_primary = storm.writer[client] == view.primary;
        assert_true(is_primary || (is_promoting && storm.writer[client] == view.mirror));
    }
    if (view.phase >= HB_PHASE_SYNCHRONISING && view.phase <= HB_PHASE_REVERTING) {
        assert_true(is_on(client, view.mirror)); /* both replicas live */
        assert_true(view.mirror != view.primary);
    }
    for (uint32_t site = 0; site < HOST_SITES; site++) { /* nothing runs that nobody knows of */
        int is_known = site == view.primary || site == view.mirror || site == view.spare;
        assert_true(is_known || storm.power[client][site] == HB_POWER_OFF);
    }
}

/* What the plain storm leaves at its default, each by chance. */
static void vary(struct hb_policy *policy)
{
    policy->backup = policy->kind != HB_POLICY_STATIC && draw(2);
    policy->react = (uint32_t)draw(2);
    policy->failover = (uint32_t)draw(HB_FAILOVER_COUNT);
    policy->failback_s = (double)draw(2) * 30.0;
    policy->linger_s = (double)draw(2) * 50.0;
    policy->dns_ttl_s = (double)draw(2) * 30.0;
    policy->sustain_s = (double)draw(2) * 30.0;
    policy->retry_max = (uint32_t)draw(3);
    policy->probe_interval_s = (double)draw(2) * 10.0;
    policy->detector = (uint32_t)draw(HB_HEALTH_DETECTOR_COUNT);
    policy->phi_window = 2 + (uint32_t)draw(8);
    policy->hold_down_s = (double)draw(2) * 25.0;
    policy->route = (uint32_t)draw(HB_ROUTE_COUNT);
    policy->route_interval_s = 35.0;
    policy->drain_s = (double)draw(2) * 15.0;
}

/* All but the host's start. */
static void prepare(uint64_t seed, enum hb_policy_kind kind)
{
    storm.random = seed;
    for (uint32_t client = 0; client < HOST_CLIENTS; client++) {
        storm.writer[client] = HB_NONE;
        storm.record[client] = HB_NONE;
    }
    host_init(&storm.host, kind);
    storm.host.hook = on_command;
    storm.host.setup.policy.steer_early = seed % 2 != 0;
    storm.host.setup.policy.cooldown_s = 20.0;
    storm.host.setup.policy.interval_s = 40.0;
    storm.host.setup.policy.grace_s = 100.0;
    storm.host.setup.policy.horizon_s[0] = 60.0;
    storm.host.setup.policy.horizon_s[1] = 200.0;
    storm.host.setup.policy.linger_s = 50.0;
    storm.host.setup.policy.provision_timeout_s = 30.0;
    storm.host.setup.policy.retry_max = 1;
    storm.host.setup.policy.v = 1e5;
    storm.host.setup.prices.hour[HB_POWER_STANDBY] = 0.01;
    hb_record_writer_init(&storm.recorder, block, sizeof block);
}

struct storm *storm_start(uint64_t seed, enum hb_policy_kind kind, int is_mild,
    uint8_t *recording)
{
    storm = (struct storm) { .is_mild = is_mild, .recording = recording };
    prepare(seed, kind);
    host_start(&storm.host);
    return &storm;
}

struct storm *storm_start_varied(uint64_t seed, enum hb_policy_kind kind, int is_mild)
{
    storm = (struct storm) { .is_mild = is_mild, .is_varied = 1 };
    prepare(seed, kind);
    vary(&storm.host.setup.policy);
    host_start(&storm.host);
    return &storm;
}

void storm_run(int events)
{
    for (int i = 0; i < events; i++) {
        storm_step();
        for (uint32_t client = 0; client < HOST_CLIENTS; client++) {
            check_client(client);
        }
    }
}
