/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/verify.h"

#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"

struct kind {
    const char *name, *help;
    int (*run)(int argc, char **argv);
};

static const struct kind kinds[] = {
#define X(name, help) { #name, help, verify_##name },
    VERIFY_KIND_LIST(X)
#undef X
};

static void print_usage(FILE *out)
{
    fprintf(out, "usage: harbinger verify KIND ARGUMENT ...\n\n");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        fprintf(out, "  %-10s %s\n", kinds[i].name, kinds[i].help);
    }
}

int cli_verify(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            return kinds[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "harbinger verify: '%s': no such kind\n\n", argv[1]);
    print_usage(stderr);
    return 2;
}
