/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_COUNTS_H
#define MODEL_COUNTS_H

#include "models/dataset.h"

/* What a population did in the training part: the tables of core/candidates.h,
 * of everybody, and every client's own share of them, which is left out when
 * that client is learnt from. */
struct model_counts;

/* moves_max: of a row that are kept, the most frequent; 0: all. HB_ERR_MEMORY. */
enum hb_status model_counts_create(const struct model_dataset *dataset, uint32_t moves_max,
    struct model_counts **out);
void model_counts_free(struct model_counts *counts);

/* Everybody's, and one client's share of it in the same form; both live as long as counts. */
const struct hb_candidates_counts *model_counts_everybody(const struct model_counts *counts);
const struct hb_candidates_counts *model_counts_own(const struct model_counts *counts,
    uint32_t client);

/* All that a model knows of places. */
struct hb_candidates_tables model_counts_tables(const struct model_counts *counts,
    const struct model_dataset *dataset);

#endif
