/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "analysis/migration.h"
#include "sim/cli/verify.h"

static const char help[]
    = "usage: harbinger verify migration DIR\n\n"
      "Runs the cost model of Wang et al. (IEEE/ACM ToN 2019) on a folder with\n"
      "cells.csv, slots.csv and cell_of_user.csv.gz, and prints the mean cost per\n"
      "active user and slot of each policy when a move takes 0 to 30 slots\n"
      "(minutes) from its decision to its effect. On the published San Francisco\n"
      "day: theta=20 0.9045, never 0.9068, theta=1 (always nearest) 0.8600.\n";

static const uint32_t leads[] = { 0, 2, 5, 15, 30 };
#define LEAD_COUNT (sizeof leads / sizeof leads[0])
#define THETA_MAX 20

struct row {
    double costs[LEAD_COUNT];
};

static enum hb_status fill(const struct analysis_migration *migration,
    struct analysis_migration_policy policy, struct row *row)
{
    enum hb_status status = HB_OK;
    for (size_t i = 0; status == HB_OK && i < LEAD_COUNT; i++) {
        policy.lead_slots = leads[i];
        status = analysis_migration_cost(migration, &policy, &row->costs[i]);
    }
    return status;
}

static void print_row(const char *name, const struct row *row)
{
    printf("%-26s", name);
    for (size_t i = 0; i < LEAD_COUNT; i++) {
        printf("%9.4f", row->costs[i]);
    }
    printf("\n");
}

struct rows {
    struct row never, reactive[THETA_MAX], work_function, optimum;
};

static enum hb_status fill_all(const struct analysis_migration *migration, struct rows *rows)
{
    struct analysis_migration_policy never = { .kind = ANALYSIS_MIGRATION_NEVER };
    struct analysis_migration_policy work = { .kind = ANALYSIS_MIGRATION_WORK_FUNCTION };
    struct analysis_migration_policy best = { .kind = ANALYSIS_MIGRATION_OPTIMUM };
    enum hb_status status = fill(migration, never, &rows->never);
    for (uint32_t theta = 1; status == HB_OK && theta <= THETA_MAX; theta++) {
        struct analysis_migration_policy reactive
            = { .kind = ANALYSIS_MIGRATION_THRESHOLD, .theta = theta };
        status = fill(migration, reactive, &rows->reactive[theta - 1]);
    }
    if (status == HB_OK) {
        status = fill(migration, work, &rows->work_function);
    }
    return status == HB_OK ? fill(migration, best, &rows->optimum) : status;
}

/* The threshold that is best at each lead, and how far above the optimum it is. */
static void print_tuned(const struct rows *rows)
{
    size_t best[LEAD_COUNT] = { 0 };
    struct row tuned;
    for (size_t i = 0; i < LEAD_COUNT; i++) {
        for (size_t theta = 1; theta < THETA_MAX; theta++) {
            if (rows->reactive[theta].costs[i] < rows->reactive[best[i]].costs[i]) {
                best[i] = theta;
            }
        }
        tuned.costs[i] = rows->reactive[best[i]].costs[i];
    }
    print_row("reactive, tuned", &tuned);
    printf("%-26s", "  its theta");
    for (size_t i = 0; i < LEAD_COUNT; i++) {
        printf("%9zu", best[i] + 1);
    }
    printf("\n%-26s", "  above the optimum, %");
    for (size_t i = 0; i < LEAD_COUNT; i++) {
        printf("%9.1f", 100.0 * (tuned.costs[i] / rows->optimum.costs[i] - 1.0));
    }
    printf("\n");
}

static void print_all(const struct analysis_migration *migration, const struct rows *rows)
{
    struct analysis_migration_size size = analysis_migration_size_of(migration);
    printf("%u users, %u slots, %u cells, %u sites\n", size.user_count, size.slot_count,
        size.cell_count, size.site_count);
    printf("mean cost per active user and slot\n\n%-26s", "policy        lead_min");
    for (size_t i = 0; i < LEAD_COUNT; i++) {
        printf("%9u", leads[i]);
    }
    printf("\n");
    print_row("never", &rows->never);
    for (unsigned theta = THETA_MAX; theta >= 1; theta--) {
        char name[64];
        (void)snprintf(name, sizeof name, "reactive theta=%u%s", theta,
            theta == 1 ? " (always)" : "");
        print_row(name, &rows->reactive[theta - 1]);
    }
    print_row("work function", &rows->work_function);
    print_row("clairvoyant optimum", &rows->optimum);
    printf("\n");
    print_tuned(rows);
}

int verify_migration(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return 0;
    }
    if (argc != 2 || argv[1][0] == '-') {
        fputs(help, stderr);
        return 2;
    }
    struct data_problem problem = { .text = "" };
    struct analysis_migration *migration = NULL;
    if (analysis_migration_read(argv[1], &problem, &migration) != HB_OK) {
        fprintf(stderr, "%s\n", problem.text);
        return 1;
    }
    struct rows rows;
    enum hb_status status = fill_all(migration, &rows);
    if (status == HB_OK) {
        print_all(migration, &rows);
    } else {
        fprintf(stderr, "harbinger verify migration: %s\n", hb_status_text(status));
    }
    analysis_migration_free(migration);
    return status == HB_OK ? 0 : 1;
}
