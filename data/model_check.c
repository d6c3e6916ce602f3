/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "data/model_parts.h"

enum hb_status data_model_part_check(const char *path, const struct data_model_part *part,
    const void *values, struct data_problem *problem)
{
    uint64_t count = data_model_part_bytes(part) / (part->type == DATA_H5_F64 ? 8 : 4);
    for (uint64_t i = 0; i < count; i++) {
        double value = 0.0;
        if (part->type == DATA_H5_F32) {
            value = (double)((const float *)values)[i];
        } else if (part->type == DATA_H5_F64) {
            value = ((const double *)values)[i];
        }
        if (!isfinite(value)) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: %s: found %s at %" PRIu64 ": expected finite numbers", path, part->path,
                isnan(value) ? "nan" : "an infinity", i);
        }
    }
    return HB_OK;
}

/* What the sizes promise must be what the rows end with, before anybody follows them. */
enum hb_status data_model_check(const char *path, const struct data_model *model,
    struct data_problem *problem)
{
    const struct hb_candidates_tables *tables = &model->weights.tables;
    const uint32_t *first[] = { tables->near_first, tables->everybody.move_first };
    const char *const paths[] = { "/places/near_first", "/moves/move_first" };
    uint32_t wanted[] = { model->near_count, model->move_count };
    for (int i = 0; i < 2; i++) {
        uint32_t last = first[i] != NULL ? first[i][tables->place_count] : 0;
        if (last != wanted[i]) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: %s: found a last value of %" PRIu32 ": expected %" PRIu32, path, paths[i],
                last, wanted[i]);
        }
    }
    const char *what;
    if (hb_lstm_check(&model->weights, &what) == HB_OK) {
        return HB_OK;
    }
    struct data_model_part parts[DATA_MODEL_PARTS_MAX];
    uint32_t count = data_model_parts(model, parts), i = 0;
    while (i < count && strcmp(strrchr(parts[i].path, '/') + 1, what) != 0) {
        i++;
    }
    return data_problem_set(problem, HB_ERR_FORMAT,
        "%s: %s: found a value out of bounds: expected a sound model", path,
        i < count ? parts[i].path : what);
}
