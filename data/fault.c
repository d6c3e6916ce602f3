/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/fault.h"

#include <stdarg.h>
#include <stdio.h>

static void mask_control_characters(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) {
            *text = '?';
        }
    }
}

enum hb_status data_fault_at(struct data_fault *fault, enum hb_status status, const char *file,
    unsigned long line, const char *format, ...)
{
    if (fault == NULL || fault->text[0] != '\0') {
        return status;
    }
    int used = 0;
    if (file != NULL && line > 0) {
        used = snprintf(fault->text, sizeof fault->text, "%.250s:%lu: ", file, line);
    } else if (file != NULL) {
        used = snprintf(fault->text, sizeof fault->text, "%.250s: ", file);
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(fault->text + used, sizeof fault->text - (size_t)used, format, arguments);
    va_end(arguments);
    mask_control_characters(fault->text);
    return status;
}
