/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_EXPORT_H
#define MODEL_EXPORT_H

#include "core/lstm.h"
#include "models/counts.h"
#include "models/net.h"

/* Trained numbers as the production library takes them. Everything is borrowed but zeros. */
struct model_export {
    struct hb_lstm_model model;
    float *zeros; /* the second bias, which training folds into the first */
};

/* numbers, dataset and counts are borrowed for the export's life. HB_ERR_MEMORY. */
enum hb_status model_export_init(struct model_export *model, const struct model_net_layout *layout,
    const float *numbers, const struct model_dataset *dataset, const struct model_counts *counts);
void model_export_fini(struct model_export *model);

#endif
