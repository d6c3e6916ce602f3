/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/run/schema.h"

static const char help[] =
    "usage: harbinger schema [--xsd] [ELEMENT]\n\n"
    "Prints what a scenario may contain: every element and attribute with its meaning,\n"
    "unit, default and source; or one element's; or the XML Schema itself (--xsd).\n";

int cli_schema(int argc, char **argv)
{
    const char *element = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--xsd") == 0) {
            fputs(sim_schema_text, stdout);
            return 0;
        }
        if (argv[i][0] == '-' || element != NULL) {
            fputs(help, stderr);
            return 2;
        }
        element = argv[i];
    }
    enum hb_status status = sim_schema_print(stdout, element);
    if (status != HB_OK) {
        fprintf(stderr,
            "harbinger schema: '%s': expected an element; without one, all are listed\n",
            element != NULL ? element : "");
        return 1;
    }
    return 0;
}
