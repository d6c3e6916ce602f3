/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/catchment.h"
#include "data/asrel.h"
#include "sim/cli/verify.h"
#include "sim/net/steer.h"

#define PATH_BYTES 4096

static const char help[]
    = "usage: harbinger verify catchment DIR [--as-rel FILE] [--as-country FILE]\n"
      "                                  [--figure DIR]\n\n"
      "Predicts which of two sites of the PEERING testbed each AS reaches, and compares\n"
      "with what pings measured. DIR has peers.json and a folder ID_SITE_SITE for each\n"
      "experiment. By default the other files are those of the folders beside DIR:\n"
      "caida-as-rel/20180101.as-rel.txt and as-country/asn_name_country.txt.\n\n"
      "  majority   all ASes to the site that really has more (needs the answer)\n"
      "  plain      Gao-Rexford on the relationships, sites beside their neighbours\n"
      "  announced  the same from where collectors saw each site's neighbours tell it\n"
      "  observed   with all that route collectors saw of each site alone\n"
      "  full       clues weighted: observed, their majority, geography, length and kind of\n"
      "             route; weights fitted to all experiments\n"
      "  left out   the same with weights fitted to the other experiments: the blind figure\n"
      "  elsewhere  left out, and what each AS chose in the other experiments\n\n"
      "--figure DIR  draws catchment.pdf, .png, .gp and .tsv there\n";

struct paths {
    const char *folder, *as_rel, *as_country, *figure;
    char beside[2][PATH_BYTES];
};

static int paths_read(int argc, char **argv, struct paths *out)
{
    for (int i = 1; i < argc; i++) {
        const char **into = &out->folder;
        if (strcmp(argv[i], "--as-rel") == 0 && i + 1 < argc) {
            into = &out->as_rel;
            i++;
        } else if (strcmp(argv[i], "--as-country") == 0 && i + 1 < argc) {
            into = &out->as_country;
            i++;
        } else if (strcmp(argv[i], "--figure") == 0 && i + 1 < argc) {
            into = &out->figure;
            i++;
        } else if (argv[i][0] == '-') {
            return 0;
        }
        if (*into != NULL) {
            return 0;
        }
        *into = argv[i];
    }
    if (out->folder == NULL) {
        return 0;
    }
    (void)snprintf(out->beside[0], PATH_BYTES, "%s/../caida-as-rel/20180101.as-rel.txt",
        out->folder);
    (void)snprintf(out->beside[1], PATH_BYTES, "%s/../as-country/asn_name_country.txt",
        out->folder);
    out->as_rel = out->as_rel == NULL ? out->beside[0] : out->as_rel;
    out->as_country = out->as_country == NULL ? out->beside[1] : out->as_country;
    return 1;
}

static void show_progress(void *ctx, uint32_t done, uint32_t of)
{
    (void)ctx;
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\rexperiment %u of %u%s", done, of, done == of ? "\r\033[K" : "");
    }
}

#define COLUMNS 7
static const char *const column_names[COLUMNS]
    = { "majority", "plain", "announced", "observed", "full", "left out",
        "elsewhere" };

static void columns_of(const struct sim_steer_outcome *row, double out[COLUMNS])
{
    const double values[COLUMNS] = { row->majority, row->plain, row->announced, row->observed,
        row->full, row->left_out, row->elsewhere };
    memcpy(out, values, sizeof values);
}

static void print_values(const double values[COLUMNS], double by)
{
    for (int k = 0; k < COLUMNS; k++) {
        printf(" %9.3f", values[k] / by);
    }
}

static void print_table(const struct data_peering *peering, const struct sim_steer_outcome *rows)
{
    double sums[COLUMNS] = { 0.0 }, values[COLUMNS];
    uint32_t count = 0;
    printf("%4s %-12s %-12s %8s %7s", "", "first site", "second site", "ASes", "first");
    for (int k = 0; k < COLUMNS; k++) {
        printf(" %9s", column_names[k]);
    }
    printf("\n");
    for (uint32_t i = 0; i < peering->experiment_count; i++) {
        const struct sim_steer_outcome *row = &rows[i];
        columns_of(row, values);
        printf("%4u %-12s %-12s %8zu %7.3f", row->id, peering->names[row->site[0]],
            peering->names[row->site[1]], row->answer_count, row->first_share);
        print_values(values, 1.0);
        printf("%s\n", row->is_competitive ? "  *" : "");
        for (int k = 0; k < COLUMNS && row->is_competitive; k++) {
            sums[k] += values[k];
        }
        count += row->is_competitive != 0;
    }
    printf("%-47s", "mean of those where both sites have a tenth (*)");
    print_values(sums, count == 0 ? 1.0 : count);
    printf("\n");
}

static enum hb_status draw(const char *directory, const struct data_peering *peering,
    const struct sim_steer_outcome *outcomes, struct data_problem *problem)
{
    static const char *const names[ANALYSIS_CATCHMENT_KINDS]
        = { "majority", "plain", "announced", "observed", "left out" };
    struct analysis_catchment_row *rows = calloc(peering->experiment_count + 1u, sizeof *rows);
    size_t count = 0;
    for (uint32_t i = 0; rows != NULL && i < peering->experiment_count; i++) {
        const struct sim_steer_outcome *from = &outcomes[i];
        if (from->is_competitive) {
            rows[count++] = (struct analysis_catchment_row){
                .sites = { peering->names[from->site[0]], peering->names[from->site[1]] },
                .right = { from->majority, from->plain, from->announced, from->observed,
                    from->left_out } };
        }
    }
    enum hb_status status = rows == NULL
        ? HB_ERR_MEMORY : analysis_catchment_draw(directory, names, rows, count, problem);
    free(rows);
    return status;
}

struct loaded {
    struct data_cities *cities;
    struct data_ascountry *countries;
    struct data_topology *topology;
    struct data_peering *peering;
};

static enum hb_status load(
    const struct paths *paths, struct loaded *out, struct data_problem *problem)
{
    enum hb_status status = data_peering_load(paths->folder, &out->peering, problem);
    if (status == HB_OK) {
        status = data_asrel_load(paths->as_rel, 0, &out->topology, problem);
    }
    if (status == HB_OK) {
        status = data_cities_create(problem, &out->cities);
    }
    return status != HB_OK
        ? status : data_ascountry_load(paths->as_country, out->cities, &out->countries, problem);
}

int verify_catchment(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return 0;
    }
    struct paths paths = { .folder = NULL };
    if (!paths_read(argc, argv, &paths)) {
        fputs(help, stderr);
        return 2;
    }
    struct loaded loaded = { .cities = NULL };
    struct data_problem problem = { .text = "" };
    struct sim_steer_outcome *rows = NULL;
    enum hb_status status = load(&paths, &loaded, &problem);
    if (status == HB_OK) {
        rows = calloc(loaded.peering->experiment_count, sizeof *rows);
        struct sim_steer_input input = { .topology = loaded.topology, .peering = loaded.peering,
            .countries = loaded.countries, .progress = show_progress };
        status = rows == NULL ? HB_ERR_MEMORY : sim_steer_verify(&input, rows, &problem);
    }
    if (status == HB_OK) {
        print_table(loaded.peering, rows);
        status = paths.figure == NULL
            ? HB_OK : draw(paths.figure, loaded.peering, rows, &problem);
    }
    if (status != HB_OK) {
        fprintf(stderr, "harbinger verify catchment: %s\n",
            problem.text[0] == '\0' ? hb_status_text(status) : problem.text);
    }
    free(rows);
    data_ascountry_free(loaded.countries);
    data_cities_free(loaded.cities);
    data_topology_free(loaded.topology);
    data_peering_free(loaded.peering);
    return status == HB_OK ? 0 : 1;
}
