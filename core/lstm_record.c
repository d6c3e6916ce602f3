/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "core/lstm_clients.h"

/* A record is a client's memory as it stands: head, trail, state. */
size_t hb_lstm_record_bytes(const struct hb_predictor *predictor)
{
    const struct predictor *me = hb_predictor_self(predictor, &hb_lstm_kind);
    return me == NULL ? 0 : me->record_bytes;
}

void hb_lstm_record_save(const struct hb_predictor *predictor, uint32_t client, uint8_t *record)
{
    const struct predictor *me = hb_predictor_self(predictor, &hb_lstm_kind);
    assert(me != NULL);
    memcpy(record, client_of(me, client), me->record_bytes);
}

/* Between the last observation and the first slot that is not over there are never more slots
 * than a silence has. */
static int is_head_sound(const struct predictor *me, const struct client *client)
{
    int64_t ahead = (int64_t)client->next_slot - client->seen_slot;
    return client->sight <= LOST && client->is_first <= 1 && client->was_observed <= 1
        && client->unused == 0 && client->seen_slot <= INT32_MAX / 2
        && client->seen_slot >= INT32_MIN / 2 && ahead >= 0
        && ahead <= (int64_t)me->config.silence_slots + 1
        && client->place <= HB_TRAIL_UNKNOWN;
}

static int is_trail_sound(const struct predictor *me, const struct hb_trail *trail)
{
    int is_sound = trail->visit_capacity == me->config.visit_count
        && trail->visit_count <= trail->visit_capacity && trail->next < trail->visit_capacity;
    for (uint32_t i = 0; is_sound && i < trail->visit_count; i++) {
        struct hb_trail_visit visit = hb_trail_visit(trail, i);
        is_sound = visit.count >= 1 && visit.clock < HB_TRAIL_DAY_SLOTS;
    }
    return is_sound;
}

static int is_state_sound(const struct predictor *me, struct client *client)
{
    float *state = me->states; /* of a batch, which is not under way */
    int is_sound = 1;
    load_state(me, client, state);
    for (size_t i = 0; i < me->state_len; i++) {
        is_sound = is_sound && isfinite(state[i]);
    }
    return is_sound;
}

static int is_blank(const uint8_t *bytes, size_t count)
{
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

enum hb_status hb_lstm_record_load(struct hb_predictor *predictor, uint32_t index,
    const uint8_t *record)
{
    struct predictor *me = hb_predictor_self(predictor, &hb_lstm_kind);
    assert(me != NULL);
    struct client *client = client_of(me, index);
    memcpy(client, record, me->record_bytes);
    if (is_blank(record, me->record_bytes)) {
        return HB_OK; /* never seen */
    }
    if (client->sight == NEVER || !is_head_sound(me, client)
        || !is_trail_sound(me, trail_of(client)) || !is_state_sound(me, client)) {
        memset(client, 0, me->record_bytes);
        return HB_ERR_FORMAT;
    }
    return HB_OK;
}
