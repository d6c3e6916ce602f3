/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_PROBLEM_H
#define DATA_PROBLEM_H

#include "core/status.h"

/* The sentence for people that goes with a status: where, what was found,
 * what was expected. Empty while nothing has gone wrong. */
struct data_problem {
    char text[512];
};

/* Writes the sentence (long ones end in "...", control characters become '?')
 * and returns status. problem may be NULL. */
enum hb_status data_problem_set(struct data_problem *problem, enum hb_status status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
