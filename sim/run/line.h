/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_LINE_H
#define SIM_RUN_LINE_H

/* The line on which an attribute (NULL: the start tag) of an element stands in
 * a file, if the parser says that the start tag ends on line last. */
long sim_line_of(const char *file, long last, const char *element, const char *attribute);

#endif
