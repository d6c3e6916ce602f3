/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

#include <assert.h>

void hb_controller_ignore(struct hb_controller *controller, uint32_t client,
    const struct hb_event *event)
{
    (void)controller;
    (void)client;
    (void)event;
}

#define NOT_NOW hb_controller_ignore

/* What each input does in each phase; columns in the order of HB_INPUT_LIST.
 * CONNECTED while connected is as good as SEEN. NOT_NOW: the input means
 * nothing there, or the generic part of hb_controller_handle has noted all that
 * there is to note. */
static hb_rule *const rules[HB_PHASE_COUNT][HB_INPUT_COUNT] = {
    [HB_PHASE_ABSENT] = {
        hb_primary_connected, NOT_NOW, NOT_NOW, NOT_NOW, /* ... DISCONNECTED */
        NOT_NOW, hb_primary_withdrawn, NOT_NOW,          /* CONSENTED, WITHDRAWN, FORECAST */
        NOT_NOW, NOT_NOW, hb_dns_done, hb_spare_done,    /* PRIMARY, MIRROR, DNS, SPARE _DONE */
        NOT_NOW, hb_decide_tick, hb_spare_due,           /* PHASE, TICK, SPARE _DUE */
        NOT_NOW, NOT_NOW,                                /* PRIMARY, MIRROR _DOWN */
    },
    [HB_PHASE_ANYCAST] = {
        hb_primary_seen_unserved, hb_primary_seen_unserved, NOT_NOW,
        hb_primary_disconnected_unserved,
        NOT_NOW, hb_primary_withdrawn, NOT_NOW,
        NOT_NOW, NOT_NOW, hb_dns_done, hb_spare_done,
        hb_primary_failback, hb_decide_tick, hb_spare_due,
        NOT_NOW, NOT_NOW,
    },
    [HB_PHASE_STARTING] = {
        NOT_NOW, NOT_NOW, NOT_NOW, hb_primary_disconnected_starting,
        NOT_NOW, hb_primary_withdrawn, NOT_NOW,
        hb_primary_done, NOT_NOW, hb_dns_done, hb_spare_done,
        hb_primary_due, hb_decide_tick, hb_spare_due,
        hb_primary_down, NOT_NOW,
    },
    [HB_PHASE_SERVED] = {
        hb_decide_seen, hb_decide_seen, NOT_NOW, hb_primary_disconnected,
        NOT_NOW, hb_primary_withdrawn, hb_decide_forecast,
        NOT_NOW, NOT_NOW, hb_dns_done, hb_spare_done,
        NOT_NOW, hb_decide_tick, hb_spare_due,
        hb_primary_down, NOT_NOW,
    },
    [HB_PHASE_PROVISIONING] = {
        hb_mirror_seen, hb_mirror_seen, NOT_NOW, hb_mirror_disconnected,
        NOT_NOW, hb_mirror_withdrawn, hb_decide_forecast,
        NOT_NOW, hb_mirror_done, hb_dns_done, hb_spare_done,
        hb_mirror_due, hb_decide_tick, hb_spare_due,
        hb_mirror_primary_down, hb_mirror_down,
    },
    [HB_PHASE_SYNCHRONISING] = {
        hb_mirror_seen, hb_mirror_seen, NOT_NOW, hb_mirror_disconnected,
        NOT_NOW, hb_mirror_withdrawn, hb_decide_forecast,
        NOT_NOW, hb_mirror_done, hb_dns_done, hb_spare_done,
        hb_mirror_due, hb_decide_tick, hb_spare_due,
        hb_mirror_primary_down, hb_mirror_down,
    },
    [HB_PHASE_READY] = {
        hb_mirror_seen, hb_mirror_seen, NOT_NOW, hb_mirror_disconnected,
        NOT_NOW, hb_mirror_withdrawn, hb_decide_forecast,
        NOT_NOW, hb_mirror_stream_done, hb_dns_done, hb_spare_done,
        hb_mirror_ready_due, hb_decide_tick, hb_spare_due,
        hb_monitor_primary_down, hb_mirror_down,
    },
    [HB_PHASE_STEERING] = {
        hb_monitor_seen, hb_monitor_seen, hb_monitor_served_early, hb_mirror_disconnected,
        NOT_NOW, hb_mirror_withdrawn, hb_decide_forecast,
        NOT_NOW, hb_mirror_stream_done, hb_mirror_dns_done, hb_spare_done,
        hb_mirror_due, hb_decide_tick, hb_spare_due,
        hb_monitor_primary_down, hb_mirror_down,
    },
    [HB_PHASE_MONITORING] = {
        hb_monitor_seen, hb_monitor_seen, hb_monitor_served, hb_monitor_disconnected,
        NOT_NOW, hb_mirror_withdrawn, hb_decide_forecast,
        NOT_NOW, hb_mirror_stream_done, hb_dns_done, hb_spare_done,
        hb_monitor_due, hb_decide_tick, hb_spare_due,
        hb_monitor_primary_down, hb_mirror_down,
    },
    [HB_PHASE_PROMOTING] = {
        NOT_NOW, NOT_NOW, NOT_NOW, NOT_NOW,
        NOT_NOW, hb_mirror_withdrawn, NOT_NOW,
        NOT_NOW, hb_monitor_fence_done, hb_dns_done, hb_spare_done,
        hb_monitor_fence_due, hb_decide_tick, hb_spare_due,
        NOT_NOW, hb_monitor_mirror_down,
    },
    [HB_PHASE_REVERTING] = {
        NOT_NOW, NOT_NOW, NOT_NOW, NOT_NOW,
        NOT_NOW, hb_mirror_withdrawn, NOT_NOW,
        NOT_NOW, hb_monitor_revert_done, hb_dns_done, hb_spare_done,
        hb_monitor_fence_due, hb_decide_tick, hb_spare_due,
        hb_monitor_primary_down_reverting, NOT_NOW,
    },
    [HB_PHASE_LINGERING] = {
        hb_primary_reconnected, NOT_NOW, NOT_NOW, NOT_NOW,
        NOT_NOW, hb_primary_withdrawn, NOT_NOW,
        hb_primary_standby_done, NOT_NOW, hb_dns_done, hb_spare_done,
        hb_primary_linger_due, hb_decide_tick, hb_spare_due,
        hb_primary_down, NOT_NOW,
    },
};

hb_rule *hb_controller_rule(enum hb_phase phase, enum hb_input input)
{
    assert((unsigned)phase < HB_PHASE_COUNT);
    assert((unsigned)input < HB_INPUT_COUNT);
    return rules[phase][input];
}
