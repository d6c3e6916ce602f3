/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_SLOTS_H
#define MODEL_SLOTS_H

#include "data/problem.h"
#include "models/dataset.h"

/* Reads a table of 15-minute slots of 500 m cells (columns user, session, slot,
 * cell, observed; plain or gzip; sorted by user, then slot; the slots of a
 * session consecutive), split by time within each user: the first 70 % train,
 * the next 10 % validate, the last 20 % test. Cells count row by row, 94
 * columns, from 39.75 N 116.10 E in steps of 0.0045 and 0.00586 degrees.
 * first_percent, 1..100: of each user's slots only the first so many are taken (and then split),
 * so that settings can be chosen with the protocol's test part unseen: 80.
 * HB_ERR_FORMAT with file:line, HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status model_slots_read(const char *path, uint32_t first_percent,
    struct data_problem *problem, struct model_dataset **out);

#endif
