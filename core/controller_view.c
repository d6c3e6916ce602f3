/* SPDX-License-Identifier: Apache-2.0 */
#include "core/controller_impl.h"

#include <assert.h>

struct hb_client_view hb_controller_client(const struct hb_controller *controller,
    uint32_t client)
{
    assert(client < controller->setup.client_capacity);
    const struct hb_controller_client *me = &controller->clients[client];
    return (struct hb_client_view) {
        .phase = me->phase,
        .primary = me->primary,
        .mirror = hb_phase_has_mirror(me->phase) ? me->mirror : HB_NONE,
        .spare = me->spare,
        .place = me->place,
        .served = me->served,
        .epoch = me->epoch,
        .is_connected = me->is_connected,
        .has_consent = me->has_consent,
    };
}

uint32_t hb_controller_site_free(const struct hb_controller *controller, uint32_t site)
{
    assert(site < controller->setup.map->site_count);
    return controller->sites[site].free_slots;
}

int hb_controller_site_is_up(const struct hb_controller *controller, uint32_t site)
{
    assert(site < controller->setup.map->site_count);
    return controller->sites[site].is_up;
}

const char *hb_controller_phase_name(enum hb_phase phase)
{
    static const char *const names[HB_PHASE_COUNT] = {
#define X(name, text) [HB_PHASE_##name] = text,
        HB_PHASE_LIST(X)
#undef X
    };
    return (unsigned)phase < HB_PHASE_COUNT ? names[phase] : "unknown phase";
}

const char *hb_controller_outcome_name(enum hb_outcome outcome)
{
    static const char *const names[HB_OUTCOME_COUNT] = {
#define X(name, text) [HB_OUTCOME_##name] = text,
        HB_OUTCOME_LIST(X)
#undef X
    };
    return (unsigned)outcome < HB_OUTCOME_COUNT ? names[outcome] : "unknown outcome";
}

const char *hb_controller_reason_text(enum hb_reason reason)
{
    static const char *const texts[HB_REASON_COUNT] = {
#define X(name, text) [HB_REASON_##name] = text,
        HB_REASON_LIST(X)
#undef X
    };
    return (unsigned)reason < HB_REASON_COUNT ? texts[reason] : "unknown reason";
}

const char *hb_controller_cause_text(enum hb_cause cause)
{
    static const char *const texts[HB_CAUSE_COUNT] = {
#define X(name, text) [HB_CAUSE_##name] = text,
        HB_CAUSE_LIST(X)
#undef X
    };
    return (unsigned)cause < HB_CAUSE_COUNT ? texts[cause] : "unknown cause";
}
