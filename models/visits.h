/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_VISITS_H
#define MODEL_VISITS_H

#include "data/problem.h"
#include "models/dataset.h"

/* Reads a published next-place split: train.csv, valid.csv and test.csv in a folder (columns
 * id, user_id, location_id, duration, start_day, end_day, start_min, end_min, weekday; day 0 a
 * Thursday), each client's visits in order of time. location_id 1 stands for every place
 * that was not in training and is one place here as it is there. The test rows are
 * MODEL_PART_TEST; of the validation rows the first half of each client's joins the training.
 * asked [slot_count, the caller's to free]: 1 where the next visit is an official sample: a test
 * row at least 7 days after its client's first test row, with at least 3 test rows since
 * start_day - 7. HB_ERR_FORMAT with file:line, HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status model_visits_read(const char *folder, struct data_problem *problem,
    struct model_dataset **out, uint8_t **asked);

#endif
