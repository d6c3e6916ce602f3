/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/versions.h"

#include <stdio.h>
#include <string.h>

#include "data/h5.h"
#include "models/blas.h"
#include "sim/run/document.h"

static void add(struct cli_versions *versions, const char *name, const char *text)
{
    size_t i = versions->pair_count++;
    snprintf(versions->texts[i], sizeof versions->texts[i], "%s", text);
    versions->pairs[i] = (struct data_pair) { .name = name, .value = versions->texts[i] };
}

/* The processor's own name; "unknown" where /proc does not tell. */
static void find_processor(char *name, size_t name_bytes)
{
    char line[256];
    snprintf(name, name_bytes, "unknown");
    FILE *in = fopen("/proc/cpuinfo", "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(name, name_bytes, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (in != NULL) {
        fclose(in);
    }
}

static void describe_blas(char *text, size_t text_bytes)
{
    struct model_blas blas = { .version = "OpenBLAS" };
    enum hb_status status = model_blas_prepare(&blas);
    if (status == HB_OK) {
        snprintf(text, text_bytes, "%s, core type %s%s%s%s", blas.version, blas.core,
            blas.is_corrected ? " (corrected: it had taken the processor for a " : "",
            blas.is_corrected ? blas.found : "", blas.is_corrected ? ")" : "");
    } else {
        snprintf(text, text_bytes, "%s, core type %s is wrong: start with OPENBLAS_CORETYPE=%s",
            blas.version, blas.core != NULL ? blas.core : "unknown",
            blas.expected != NULL ? blas.expected : "of this processor");
    }
}

void cli_versions_find(struct cli_versions *versions)
{
    char text[192];
    *versions = (struct cli_versions) { .pair_count = 0 };
    add(versions, "program", CLI_PROGRAM);
#if defined(__clang__)
    snprintf(text, sizeof text, "clang %s", __clang_version__);
#else
    snprintf(text, sizeof text, "gcc %s", __VERSION__);
#endif
    add(versions, "compiler", text);
    add(versions, "hdf5", data_h5_version());
    add(versions, "libxml2", sim_document_library());
    describe_blas(text, sizeof text);
    add(versions, "blas", text);
    find_processor(text, sizeof text);
    add(versions, "processor", text);
}
