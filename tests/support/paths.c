/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *joined(const char *root, const char *middle, const char *relative)
{
    static char texts[10][1024];
    static unsigned turn;
    char *text = texts[turn++ % 10];
    (void)snprintf(text, sizeof texts[0], "%s%s%s", root, middle, relative);
    return text;
}

static const char *root_from(const char *variable)
{
    const char *root = getenv(variable);
    return root == NULL ? "." : root;
}

const char *path_of_source(const char *relative)
{
    return joined(root_from("HARBINGER_SOURCE_ROOT"), "/", relative);
}

const char *path_of_program(void)
{
    return joined(root_from("HARBINGER_BUILD_ROOT"), "/", "harbinger");
}

const char *path_of_shared(const char *relative)
{
    const char *shared = getenv("HARBINGER_SHARED");
    const char *path = shared != NULL
        ? joined(shared, "/", relative)
        : joined(root_from("HARBINGER_SOURCE_ROOT"), "/../shared/data/", relative);
    if (access(path, R_OK) != 0) {
        printf("skipped: no shared data %s\n", relative);
        return NULL;
    }
    return path;
}
