/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include <stddef.h>

/* What the built program said and how it ended. */
struct program_run {
    int exit_status; /* 128 + signal if a signal ended it */
    char out[65536], err[16384];
};

/* Runs the program with arguments (NULL at the end) in folder (NULL: here) and
 * waits. bytes_max limits the size of any file it writes (RLIMIT_FSIZE, signal
 * ignored as on a full disk); 0: no limit. kill_after_s > 0: SIGKILL then, or signal. */
struct program_call {
    const char *const *arguments;
    const char *folder;
    size_t bytes_max;
    double kill_after_s;
    int signal;
};
void program_run(const struct program_call *call, struct program_run *run);

/* A new empty folder under $TMPDIR or /tmp; the text is the caller's to free. */
char *program_folder(void);
/* Removes the folder and all in it. */
void program_remove(const char *folder);
/* The same as cmocka fixtures; the initial state is the address of the char * that holds it. */
int program_make_folder(void **state);
int program_remove_folder(void **state);
/* How many entries it has, hidden ones included. */
int program_entry_count(const char *folder);
/* Writes a text file into the folder. */
void program_write(const char *folder, const char *name, const char *text);
/* Whether the two files have the same bytes. */
int program_is_same_file(const char *a, const char *b);

#endif
