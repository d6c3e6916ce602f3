/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/cli.h"
#include "sim/cli/versions.h"

struct command {
    const char *name, *help;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
#define X(name, help) { #name, help, cli_##name },
    CLI_COMMAND_LIST(X)
#undef X
};

static const size_t command_count = sizeof commands / sizeof commands[0];

static void print_usage(FILE *out)
{
    fprintf(out, "usage: harbinger COMMAND [ARGUMENT ...]\n\n");
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    }
    fprintf(out, "\n'harbinger COMMAND --help' tells a command's arguments, "
                 "'harbinger --version' the version.\n");
}

/* With one of the standard streams closed, the next file opened would take its
 * number, and what is said would be written into that file. */
static void keep_streams_apart(void)
{
    int stream = 0;
    while (stream >= 0 && stream <= 2) {
        stream = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (stream > 2) {
            (void)close(stream); /* nothing was written to it */
        }
    }
}

/* Tables sized by the number of clients go back to the system when they are
 * freed, and come clean: by itself glibc raises its bound for that up to 32 MiB,
 * keeps the tables of a policy that has ended, and clears what a calloc reuses,
 * so that reserved pages become used ones (240 bytes a client of metro-day). */
static void return_large_tables(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 18); /* without it, only more is held */
#endif
}

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts(CLI_PROGRAM);
        return 0;
    }
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "harbinger: '%s': no such command; 'harbinger --help' lists them\n", argv[1]);
    return 2;
}

/* What was printed must have arrived: a full disk or a closed pipe is a failure. */
int main(int argc, char **argv)
{
    keep_streams_apart();
    return_large_tables();
    int status = run_command(argc, argv);
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0) {
        fprintf(stderr, "harbinger: standard output: cannot be written: %s\n",
            errno != 0 ? strerror(errno) : "an earlier write failed");
        status = 1;
    }
    return status;
}
