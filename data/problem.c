/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum hb_status data_problem_set(
    struct data_problem *problem, enum hb_status status, const char *format, ...)
{
    if (problem == NULL) {
        return status;
    }
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof problem->text) {
        memcpy(problem->text + sizeof problem->text - 4, "...", 4);
    }
    /* A name from a hostile file must not reach a terminal as an escape code. */
    for (char *c = problem->text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    return status;
}
