/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/features.h"
#include "core/lstm_tensor.h"

static int is_finite(const float *x, size_t n)
{
    uint32_t worst = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        worst |= (bits & 0x7f800000) == 0x7f800000;
    }
    return worst == 0;
}

static const char *check_weights(const struct hb_lstm_model *model)
{
    struct hb_lstm_tensor tensors[HB_LSTM_TENSORS_MAX];
    uint32_t count = hb_lstm_tensors(&model->shape, tensors);
    for (uint32_t i = 0; i < count; i++) {
        const float *at;
        memcpy(&at, (const char *)model + tensors[i].offset, sizeof at);
        int is_missing = at == NULL && !tensors[i].is_optional;
        if (is_missing || (at != NULL && !is_finite(at, hb_lstm_tensor_len(&tensors[i])))) {
            return tensors[i].name;
        }
    }
    return NULL;
}

static int is_ascending(const float curve[HB_LSTM_CONFIDENCE])
{
    float before = 0.0F;
    for (uint32_t i = 0; i < HB_LSTM_CONFIDENCE; i++) {
        if (!(curve[i] >= before && curve[i] <= 1.0F)) {
            return 0;
        }
        before = curve[i];
    }
    return 1;
}

static const char *check_heads(const struct hb_lstm_model *model)
{
    const struct hb_lstm_shape *s = &model->shape;
    uint32_t query = s->query_size > 0 ? s->query_size : s->units;
    if (model->vocabulary.bias == NULL && s->score1_size == 0) {
        return "vocabulary.bias"; /* no head at all */
    }
    if (model->vocabulary.bias != NULL && model->vocabulary.weight == NULL
        && query != s->embedding) {
        return "vocabulary.weight"; /* tied, but of another size */
    }
    for (uint32_t k = 0; k < HB_CANDIDATES_KNOTS; k++) {
        if (!is_ascending(model->confidence[k])) {
            return "confidence";
        }
        for (uint32_t head = 0; head < HB_LSTM_HEADS; head++) {
            float t = model->inverse_temperature[k][head];
            if (!(t >= 0.0F && t <= 100.0F)) {
                return "inverse_temperature";
            }
        }
    }
    return NULL;
}

/* Rows of a sparse table: from 0, never falling, with targets below `limit`. */
static int is_sparse(const uint32_t *first, uint32_t rows, const uint32_t *to, uint32_t limit)
{
    if (first == NULL || first[0] != 0) {
        return 0;
    }
    for (uint32_t row = 0; row < rows; row++) {
        if (first[row + 1] < first[row]) {
            return 0;
        }
    }
    for (uint32_t i = 0; i < first[rows]; i++) {
        if (to == NULL || to[i] >= limit) {
            return 0;
        }
    }
    return 1;
}

static const char *check_tables(const struct hb_candidates_tables *t)
{
    if (t->place_count == 0 || t->place_count > HB_TRAIL_PLACE_MAX + 1) {
        return "place_count";
    }
    if (t->east_km == NULL || !is_finite(t->east_km, t->place_count)) {
        return "east_km";
    }
    if (t->north_km == NULL || !is_finite(t->north_km, t->place_count)) {
        return "north_km";
    }
    for (uint32_t i = 0; t->clock_slots != NULL && i < t->place_count; i++) {
        if (t->clock_slots[i] < -96 || t->clock_slots[i] > 96) {
            return "clock_slots";
        }
    }
    if (t->near_first != NULL
        && !is_sparse(t->near_first, t->place_count, t->near_places, t->place_count)) {
        return "near_first";
    }
    if ((t->masked & ~(uint32_t)HB_FEATURES_ALL) != 0) {
        return "masked";
    }
    const struct hb_candidates_counts *all = &t->everybody;
    if (all->row_count == 0) {
        return NULL;
    }
    if (all->row_count != t->place_count || all->row_places != NULL) {
        return "row_count";
    }
    if (all->slot_counts == NULL || all->hour_counts == NULL || all->move_totals == NULL) {
        return "slot_counts";
    }
    if (!is_sparse(all->move_first, all->row_count, all->move_places, t->place_count)
        || (all->move_first[all->row_count] > 0 && all->move_counts == NULL)) {
        return "move_first";
    }
    return NULL;
}

/* No two places share a known token: `seen` has a byte for each, 0. */
static int has_twins(const struct hb_lstm_model *model, uint8_t *seen)
{
    int twins = 0;
    for (uint32_t i = 0; i < model->tables.place_count; i++) {
        uint32_t token = model->tokens[i];
        if (token < model->shape.vocabulary_count) {
            twins |= seen[token];
            seen[token] = 1;
        }
    }
    return twins;
}

static enum hb_status check_tokens(const struct hb_lstm_model *model, const char **what)
{
    enum hb_status status = HB_OK;
    if (model->tokens == NULL && model->shape.vocabulary_count > model->tables.place_count) {
        status = HB_ERR_RANGE; /* more words than places, and no table of which is which */
    } else if (model->tokens != NULL) {
        uint8_t *seen = calloc((size_t)model->shape.vocabulary_count + 1, 1);
        status = seen == NULL ? HB_ERR_MEMORY : has_twins(model, seen) ? HB_ERR_RANGE : HB_OK;
        free(seen);
    }
    if (status != HB_OK) {
        *what = "tokens";
    }
    return status;
}

enum hb_status hb_lstm_check(const struct hb_lstm_model *model, const char **what)
{
    enum hb_status status = hb_lstm_shape_check(&model->shape, what);
    if (status != HB_OK) {
        return status;
    }
    const char *wrong = check_weights(model);
    wrong = wrong == NULL ? check_heads(model) : wrong;
    wrong = wrong == NULL ? check_tables(&model->tables) : wrong;
    if (wrong != NULL) {
        *what = wrong;
        return HB_ERR_RANGE;
    }
    return check_tokens(model, what);
}
