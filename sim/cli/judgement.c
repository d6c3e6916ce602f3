/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/judgement.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/h5.h"

enum { knots = HB_CANDIDATES_KNOTS, name_bytes = 32, groups = 4 };

#define EVALUATION_VERSION 1

/* One row of /scores. X(field, unit, description) */
#define SCORE_COLUMNS(X)                                                        \
    X(cases, "1", "forecasts judged")                                           \
    X(acc1, "1", "share whose target was the first guess")                      \
    X(acc5, "1", "share whose target was among the first 5")                    \
    X(acc10, "1", "share whose target was among the first 10")                  \
    X(mrr, "1", "mean of 1 / rank of the target")                               \
    X(nll, "nat", "mean of -ln of the target's probability, floored at 1e-9")   \
    X(brier, "1", "mean of the summed squared differences to what came")        \
    X(ece, "1", "expected calibration error of the first guess, 15 equal bins") \
    X(error_p50, "km", "median great-circle distance, first guess to target")   \
    X(error_p90, "km", "90th percentile of the same")

#define DECISION_COLUMNS(X)                                                \
    X(threshold, "1", "least probability of another site at which to mirror") \
    X(moves, "1", "forecasts after which another site was nearest")         \
    X(made, "1", "mirrors made")                                            \
    X(right, "1", "of them, at the site that became nearest")               \
    X(precision, "1", "right / made")                                       \
    X(recall, "1", "right / moves")

#define RELIABILITY_COLUMNS(X)                          \
    X(bin_low, "1", "least confidence of the bin")      \
    X(cases, "1", "forecasts in the bin")               \
    X(confidence, "1", "mean confidence said")          \
    X(accuracy, "1", "share that came true")

#define COUNT(field, unit, description) +1
enum {
    score_columns = 0 SCORE_COLUMNS(COUNT),
    decision_columns = 0 DECISION_COLUMNS(COUNT),
    reliability_columns = 0 RELIABILITY_COLUMNS(COUNT)
};
#undef COUNT

struct column {
    const char *name, *unit, *description;
};
#define COLUMN(field, unit, description) { #field, unit, description },
static const struct column columns_of_scores[] = { SCORE_COLUMNS(COLUMN) };
static const struct column columns_of_decisions[] = { DECISION_COLUMNS(COLUMN) };
static const struct column columns_of_reliability[] = { RELIABILITY_COLUMNS(COLUMN) };
#undef COLUMN

static const char *const levels[] = { "place", "site" };
static const char *const sets[] = { "all", "moved" };

/* A table in the making: a predictor's name, keys and numbers a row. */
struct sheet {
    size_t count, capacity;
    uint32_t column_count;
    const struct column *columns;
    char (*predictors)[name_bytes];
    uint16_t *minutes;
    uint8_t *levels, *sets;
    double *values; /* [column][capacity] */
};

static enum hb_status sheet_init(struct sheet *sheet, size_t capacity)
{
    sheet->capacity = capacity;
    sheet->predictors = calloc(capacity, sizeof *sheet->predictors);
    sheet->minutes = calloc(capacity, sizeof *sheet->minutes);
    sheet->levels = calloc(capacity, 1);
    sheet->sets = calloc(capacity, 1);
    sheet->values = calloc(capacity * sheet->column_count, sizeof *sheet->values);
    return sheet->predictors == NULL || sheet->minutes == NULL || sheet->levels == NULL
            || sheet->sets == NULL || sheet->values == NULL
        ? HB_ERR_MEMORY
        : HB_OK;
}

static void sheet_fini(struct sheet *sheet)
{
    free(sheet->values);
    free(sheet->sets);
    free(sheet->levels);
    free(sheet->minutes);
    free(sheet->predictors);
}

static void sheet_add(struct sheet *sheet, const char *predictor, int knot, const double *values)
{
    size_t row = sheet->count++;
    (void)snprintf(sheet->predictors[row], name_bytes, "%s", predictor); /* longer ones are cut */
    sheet->minutes[row] = (uint16_t)(15 * (knot + 1));
    for (uint32_t i = 0; i < sheet->column_count; i++) {
        sheet->values[i * sheet->capacity + row] = values[i];
    }
}

static enum hb_status write_column(struct data_h5 *file, const char *table,
    struct data_h5_array array, const void *values, struct data_problem *problem)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", table, array.path);
    array.path = path;
    array.rank = 1;
    return data_h5_write(file, &array, values, problem);
}

static enum hb_status sheet_write(const struct sheet *sheet, struct data_h5 *file,
    const char *table, struct data_problem *problem)
{
    uint64_t rows = sheet->count;
    enum hb_status status = data_h5_group(file, table, problem);
    if (status == HB_OK) {
        status = write_column(file, table,
            (struct data_h5_array) { .path = "predictor", .type = DATA_H5_TEXT,
                .text_bytes = name_bytes, .dims = { rows } },
            sheet->predictors, problem);
    }
    if (status == HB_OK) {
        status = write_column(file, table,
            (struct data_h5_array) { .path = "timeframe", .type = DATA_H5_U16, .unit = "min",
                .description = "how far ahead", .dims = { rows } },
            sheet->minutes, problem);
    }
    if (status == HB_OK && sheet->columns == columns_of_scores) {
        status = write_column(file, table,
            (struct data_h5_array) { .path = "level", .type = DATA_H5_U8, .labels = levels,
                .label_count = 2, .dims = { rows } },
            sheet->levels, problem);
    }
    if (status == HB_OK && sheet->columns == columns_of_scores) {
        status = write_column(file, table,
            (struct data_h5_array) { .path = "set", .type = DATA_H5_U8, .labels = sets,
                .label_count = 2, .dims = { rows } },
            sheet->sets, problem);
    }
    for (uint32_t i = 0; status == HB_OK && i < sheet->column_count; i++) {
        status = write_column(file, table,
            (struct data_h5_array) { .path = sheet->columns[i].name, .type = DATA_H5_F64,
                .unit = sheet->columns[i].unit, .description = sheet->columns[i].description,
                .dims = { rows } },
            sheet->values + i * sheet->capacity, problem);
    }
    return status;
}

static void add_score(struct sheet *sheet, struct cli_judgement *one, int knot, int group)
{
    struct model_judge_detail *detail = &one->detail;
    struct model_score *of[groups] = { &one->scores[knot],
        &detail->moved[knot], &detail->at_sites[knot], &detail->moved_sites[knot] };
    struct model_score *s = of[group];
    double count = s->count > 0 ? (double)s->count : (double)NAN;
    double values[score_columns] = { (double)s->count, (double)s->hits[0] / count,
        (double)s->hits[1] / count, (double)s->hits[2] / count, s->reciprocal_ranks / count,
        s->nats / count, s->quadratic / count, s->count > 0 ? model_score_ece(s) : (double)NAN,
        model_score_error_km(s, 0.5), model_score_error_km(s, 0.9) };
    sheet->levels[sheet->count] = (uint8_t)(group / 2);
    sheet->sets[sheet->count] = (uint8_t)(group % 2);
    sheet_add(sheet, one->name, knot, values);
}

static void add_decisions(struct sheet *sheet, const struct cli_judgement *one, int knot)
{
    const struct model_decision *d = &one->detail.decisions[knot];
    for (uint32_t step = 0; step < MODEL_DECISION_STEPS; step++) {
        double values[decision_columns] = { model_decision_threshold(step), (double)d->moved,
            (double)d->made[step], (double)d->right[step], model_decision_precision(d, step),
            model_decision_recall(d, step) };
        sheet_add(sheet, one->name, knot, values);
    }
}

static void add_reliability(struct sheet *sheet, const struct cli_judgement *one, int knot)
{
    const struct model_score *s = &one->scores[knot];
    for (int b = 0; b < MODEL_SCORE_BINS; b++) {
        double count = s->bin_counts[b] > 0 ? (double)s->bin_counts[b] : (double)NAN;
        double values[reliability_columns] = { (double)b / MODEL_SCORE_BINS,
            (double)s->bin_counts[b], s->bin_sums[b] / count, (double)s->bin_hits[b] / count };
        sheet_add(sheet, one->name, knot, values);
    }
}

static enum hb_status write_head(struct data_h5 *file, const struct cli_judgements *all,
    struct data_problem *problem)
{
    char limit[64];
    (void)snprintf(limit, sizeof limit, "%.4f at %.4f bit", all->pi_max, all->entropy_bits);
    const char *const pairs[][2] = { { "format", "harbinger-evaluation" },
        { "model", all->model }, { "dataset", all->dataset }, { "pi_max", limit } };
    enum hb_status status
        = data_h5_integer_write(file, "/", "version", EVALUATION_VERSION, problem);
    for (size_t i = 0; status == HB_OK && i < sizeof pairs / sizeof *pairs; i++) {
        status = data_h5_attribute_write(file, "/", pairs[i][0], pairs[i][1], problem);
    }
    return status;
}

static void fill(struct sheet sheets[3], const struct cli_judgements *all)
{
    for (size_t i = 0; i < all->count; i++) {
        for (int k = 0; k < knots; k++) {
            for (int group = 0; group < groups; group++) {
                add_score(&sheets[0], &all->of[i], k, group);
            }
            add_decisions(&sheets[1], &all->of[i], k);
            add_reliability(&sheets[2], &all->of[i], k);
        }
    }
}

enum hb_status cli_judgements_write(const char *path, const struct cli_judgements *all,
    struct data_problem *problem)
{
    static const char *const tables[3] = { "/scores", "/decisions", "/reliability" };
    struct sheet sheets[3] = {
        { .columns = columns_of_scores, .column_count = score_columns },
        { .columns = columns_of_decisions, .column_count = decision_columns },
        { .columns = columns_of_reliability, .column_count = reliability_columns },
    };
    const size_t rows[3] = { groups, MODEL_DECISION_STEPS, MODEL_SCORE_BINS };
    struct data_h5 *file = NULL;
    enum hb_status status = data_h5_create(path, &file, problem);
    for (int i = 0; status == HB_OK && i < 3; i++) {
        status = sheet_init(&sheets[i], all->count * knots * rows[i]);
    }
    if (status == HB_OK) {
        fill(sheets, all);
        status = write_head(file, all, problem);
    }
    for (int i = 0; status == HB_OK && i < 3; i++) {
        status = sheet_write(&sheets[i], file, tables[i], problem);
    }
    if (status == HB_OK) {
        status = data_h5_commit(file, problem);
        file = NULL;
    }
    data_h5_free(file);
    for (int i = 0; i < 3; i++) {
        sheet_fini(&sheets[i]);
    }
    return status;
}

void cli_judgements_print_sites(const struct cli_judgements *all)
{
    printf("\nat sites: the nearest to the client, and the decision to mirror to another one that\n"
           "has at least a threshold's probability (precision: mirrors that were right; recall:\n"
           "moves that had one)\n%-24s %4s  %5s %6s %5s %8s %6s", "predictor", "min", "Acc@1",
        "NLL", "ECE", "km p50", "moves");
    for (int t = 1; t <= 9; t += 2) {
        printf("    at .%d    ", t);
    }
    printf("\n");
    for (size_t i = 0; i < all->count; i++) {
        for (int k = 0; k < knots; k++) {
            struct model_score *s = &all->of[i].detail.at_sites[k];
            const struct model_decision *d = &all->of[i].detail.decisions[k];
            printf("%-24s %4d  %5.3f %6.3f %5.3f %8.2f %6llu", k == 0 ? all->of[i].name : "",
                15 * (k + 1), model_score_share(s->hits[0], s->count),
                s->count > 0 ? s->nats / (double)s->count : (double)NAN, model_score_ece(s),
                model_score_error_km(s, 0.5), (unsigned long long)d->moved);
            for (uint32_t step = 1; step < MODEL_DECISION_STEPS; step += 4) {
                printf("  %5.3f/%5.3f", model_decision_precision(d, step),
                    model_decision_recall(d, step));
            }
            printf("\n");
        }
    }
}
