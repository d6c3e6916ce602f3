/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SUPPORT_PATHS_H
#define TESTS_SUPPORT_PATHS_H

/* Absolute path of a file of the source tree (relative to its root). The text
 * stays valid until the tenth call after this one. */
const char *path_of_source(const char *relative);

/* Path of the built program. */
const char *path_of_program(void);

/* Path under ../shared/data (or $HARBINGER_SHARED); NULL, with a line that
 * says so, when it is absent: the test then skips. */
const char *path_of_shared(const char *relative);

#endif
