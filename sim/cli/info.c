/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/cli.h"

#include <stdio.h>

int cli_info(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("harbinger 0.1.0\n");
    return 0;
}
