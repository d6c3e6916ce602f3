/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_FAULT_H
#define DATA_FAULT_H

#include "core/status.h"

#define DATA_FAULT_BYTES 512

/* What was wrong with an input, as one line for people without a newline:
 * `file:line: found X: expected Y`. Empty while nothing was wrong; written
 * by the first fault only. Long findings are cut, control characters masked. */
struct data_fault {
    char text[DATA_FAULT_BYTES];
};

/* Writes `file:line: message` (file and line left out where NULL and 0), in
 * printf form, unless fault is NULL or already says something. Returns status,
 * so that a check is one statement: return data_fault_at(...). */
enum hb_status data_fault_at(struct data_fault *fault, enum hb_status status, const char *file,
    unsigned long line, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
