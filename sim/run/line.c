/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/line.h"

#include <stdio.h>
#include <string.h>

/* libxml2 gives a start tag the line of its end. An attribute of a tag over
 * several lines stands further up: the last line at or above the tag's that
 * has `name=`, not above the one that opens the tag. */
long sim_line_of(const char *file, long last, const char *element, const char *attribute)
{
    long found = last, opened = 1, number = 1;
    FILE *in = fopen(file, "r");
    if (in == NULL) {
        return last;
    }
    char line[4096], start[80], assignment[96];
    snprintf(start, sizeof start, "<%s", element);
    snprintf(assignment, sizeof assignment, "%s=", attribute != NULL ? attribute : start);
    while (number <= last && fgets(line, sizeof line, in) != NULL) {
        const char *tag = strstr(line, start);
        if (tag != NULL) {
            opened = number;
            found = attribute == NULL ? number : found;
        }
        const char *at = attribute != NULL ? strstr(tag != NULL ? tag : line, assignment) : NULL;
        if (at != NULL && (at == line || strchr(" \t", at[-1]) != NULL)) {
            found = number;
        }
        number += strchr(line, '\n') != NULL;
    }
    fclose(in);
    return found < opened ? last : found;
}
