/* SPDX-License-Identifier: Apache-2.0 */
#include "core/selfcheck.h"

#include "core/units.h"

void hb_selfcheck_init(struct hb_selfcheck *check)
{
    hb_calibration_init(&check->calibration);
    check->turn = 0;
    for (int i = 0; i < HB_SELFCHECK_SLOTS; i++) {
        check->slots[i] = (struct hb_selfcheck_slot){ .client = HB_NONE };
    }
}

void hb_selfcheck_forget(struct hb_selfcheck *check, uint32_t client)
{
    struct hb_selfcheck_slot *slot = &check->slots[client % HB_SELFCHECK_SLOTS];
    if (slot->client == client) {
        slot->client = HB_NONE;
    }
}

static void compare(struct hb_selfcheck *check, const struct hb_observation *seen)
{
    struct hb_selfcheck_slot *slot = &check->slots[seen->client % HB_SELFCHECK_SLOTS];
    if (slot->client != seen->client || seen->at_ns < slot->due_ns) {
        return;
    }
    /* Past its instant, the client was out of sight then. */
    if (seen->at_ns == slot->due_ns && seen->place != HB_NONE) {
        hb_calibration_count(&check->calibration, slot->step, (double)slot->said,
            slot->place == seen->place);
    }
    slot->client = HB_NONE;
}

void hb_selfcheck_at(struct hb_selfcheck *check, const struct hb_observation *seen,
    hb_selfcheck_forecast *forecast, const void *self)
{
    compare(check, seen);
    struct hb_selfcheck_slot *slot = &check->slots[seen->client % HB_SELFCHECK_SLOTS];
    if (seen->place == HB_NONE || (slot->client != HB_NONE && seen->at_ns <= slot->due_ns)) {
        return;
    }
    uint32_t step = check->turn++ % HB_HISTORY_STEPS;
    double horizon_s = (double)(step + 1) * HB_HISTORY_STEP_S;
    struct hb_question question = { seen->at_ns, seen->client, (float)horizon_s };
    struct hb_prediction raw;
    forecast(self, &question, &raw);
    if (raw.guess_count > 0) {
        *slot = (struct hb_selfcheck_slot){ .due_ns = seen->at_ns + hb_units_ns(horizon_s),
            .client = seen->client,
            .place = raw.guesses[0].place,
            .step = step,
            .said = raw.guesses[0].confidence };
    }
}

void hb_selfcheck_predict(const struct hb_selfcheck *check, struct hb_selfcheck_batch batch,
    hb_selfcheck_forecast *forecast, const void *self)
{
    for (size_t i = 0; i < batch.count; i++) {
        forecast(self, &batch.questions[i], &batch.out[i]);
        hb_calibration_correct(&check->calibration,
            hb_history_bracket_of((double)batch.questions[i].horizon_s), &batch.out[i]);
    }
}
