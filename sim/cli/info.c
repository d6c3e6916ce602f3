/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/cli/versions.h"

int cli_info(int argc, char **argv)
{
    if (argc > 1) {
        bool is_help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
        fputs("usage: harbinger info\n\nPrints versions, processor and numeric libraries in use.\n",
            is_help ? stdout : stderr);
        return is_help ? 0 : 2;
    }
    struct cli_versions versions;
    cli_versions_find(&versions);
    for (size_t i = 0; i < versions.pair_count; i++) {
        printf("%-10s %s\n", versions.pairs[i].name, versions.pairs[i].value);
    }
    return 0;
}
