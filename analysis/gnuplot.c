/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_BYTES 400
#define EXIT_NOT_FOUND 127 /* what a shell would say */
#define EXIT_NO_FOLDER 126

/* The child's part: never returns. */
static void become_gnuplot(const char *directory, const char *argument, int output)
{
    int input = open("/dev/null", O_RDONLY);
    (void)dup2(input, STDIN_FILENO);
    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(output, STDERR_FILENO);
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    (void)unsetenv("GNUTERM");
    if (directory != NULL && chdir(directory) != 0) {
        _exit(EXIT_NO_FOLDER);
    }
    (void)execlp("gnuplot", "gnuplot", "-d", argument, (char *)NULL);
    _exit(EXIT_NOT_FOUND);
}

/* Keeps the first OUTPUT_BYTES - 1 of what the child prints, drains the rest. */
static void read_output(int from, char *text)
{
    size_t kept = 0;
    char part[512];
    for (;;) {
        ssize_t got = read(from, part, sizeof part);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        size_t room = OUTPUT_BYTES - 1 - kept;
        size_t taken = (size_t)got < room ? (size_t)got : room;
        memcpy(text + kept, part, taken);
        kept += taken;
    }
    text[kept] = '\0';
}

/* Exit status of gnuplot, or -1 with errno; text [OUTPUT_BYTES]. */
static int start_and_wait(const char *directory, const char *argument, char *text)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        become_gnuplot(directory, argument, ends[1]);
    }
    (void)close(ends[1]);
    if (child > 0) {
        read_output(ends[0], text);
    }
    (void)close(ends[0]);
    if (child < 0) {
        return -1;
    }
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

enum hb_status analysis_gnuplot_check(struct data_problem *problem)
{
    char text[OUTPUT_BYTES] = "";
    int status = start_and_wait(NULL, "--version", text);
    if (status != 0 || strncmp(text, "gnuplot ", 8) != 0) {
        return data_problem_set(problem, HB_ERR_UNSUPPORTED,
            "gnuplot cannot be started: figures need it: install gnuplot-nox (5.4 or later)");
    }
    return HB_OK;
}

/* First line with more than blanks and the caret of gnuplot's error marks. */
static const char *first_line(char *text)
{
    char *line = text;
    while (line != NULL && *line != '\0') {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        if (line[strspn(line, " \t^")] != '\0') {
            return line;
        }
        line = end == NULL ? NULL : end + 1;
    }
    return "no message";
}

enum hb_status analysis_gnuplot_run(
    const char *directory, const char *script, struct data_problem *problem)
{
    char text[OUTPUT_BYTES] = "";
    int status = start_and_wait(directory, script, text);
    if (status == 0) {
        return HB_OK;
    }
    return data_problem_set(problem, HB_ERR_IO, "%s/%s: gnuplot failed: %s", directory, script,
        status < 0 ? strerror(errno) : first_line(text));
}

/* Cairo writes `/CreationDate (D:20260302073100Z)` or with a zone, outside of any stream and once:
 * the digits after the mark are overwritten, nothing moves. True: there is no more to do. */
static int overwrite_date(FILE *file)
{
    static const char mark[] = "/CreationDate (D:", first[] = "19700101000000";
    size_t matched = 0;
    for (int c = getc(file); c != EOF; c = getc(file)) {
        matched = c == mark[matched] ? matched + 1 : c == mark[0];
        if (matched == sizeof mark - 1) {
            long at = ftell(file);
            return at >= 0 && fseek(file, at, SEEK_SET) == 0
                && fwrite(first, 1, sizeof first - 1, file) == sizeof first - 1;
        }
    }
    return !ferror(file);
}

enum hb_status analysis_gnuplot_undate(const char *path, struct data_problem *problem)
{
    FILE *file = fopen(path, "r+b");
    int is_done = file != NULL && overwrite_date(file);
    if (file != NULL && fclose(file) != 0) {
        is_done = 0;
    }
    return is_done ? HB_OK
                   : data_problem_set(problem, HB_ERR_IO, "%s: cannot be written: %s", path,
                         strerror(errno));
}
