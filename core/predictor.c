/* SPDX-License-Identifier: Apache-2.0 */
#include "core/predictor.h"

#include <assert.h>
#include <stdlib.h>

struct hb_predictor {
    const struct hb_predictor_kind *kind;
    void *self;
};

enum hb_status hb_predictor_create(const struct hb_predictor_kind *kind, void *self,
    struct hb_predictor **out)
{
    struct hb_predictor *predictor = malloc(sizeof *predictor);
    if (predictor == NULL) {
        return HB_ERR_MEMORY;
    }
    predictor->kind = kind;
    predictor->self = self;
    *out = predictor;
    return HB_OK;
}

void hb_predictor_free(struct hb_predictor *predictor)
{
    if (predictor == NULL) {
        return;
    }
    predictor->kind->free(predictor->self);
    free(predictor);
}

void *hb_predictor_self(const struct hb_predictor *predictor,
    const struct hb_predictor_kind *kind)
{
    return predictor->kind == kind ? predictor->self : NULL;
}

const char *hb_predictor_name(const struct hb_predictor *predictor)
{
    return predictor->kind->name;
}

void hb_predictor_observe(struct hb_predictor *predictor, const struct hb_observation *seen)
{
    predictor->kind->observe(predictor->self, seen);
}

void hb_predictor_forget(struct hb_predictor *predictor, uint32_t client)
{
    predictor->kind->forget(predictor->self, client);
}

size_t hb_predictor_bytes(const struct hb_predictor *predictor)
{
    return sizeof *predictor + predictor->kind->bytes(predictor->self);
}

void hb_predict_location(struct hb_predictor *predictor,
    const struct hb_question *questions, size_t count, struct hb_prediction *out)
{
    assert(count == 0 || questions != NULL);
    predictor->kind->predict(predictor->self, questions, count, out);
}
