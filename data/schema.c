/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/schema.h"

#include <assert.h>
#include <string.h>

/* One column array a table: COLUMN needs the row struct's name, so each list
 * is expanded between a definition of ROW and its end. */
#define COLUMN(type, column, check, unit, description) \
    { #column, unit, description, offsetof(struct ROW, column), DATA_H5_##type,    \
        DATA_CHECK_##check },

#define ROW data_policies_row
static const struct data_column policies_columns[] = { DATA_POLICIES_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_settings_row
static const struct data_column settings_columns[] = { DATA_SETTINGS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_regions_row
static const struct data_column regions_columns[] = { DATA_REGIONS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_places_row
static const struct data_column places_columns[] = { DATA_PLACES_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_sites_row
static const struct data_column sites_columns[] = { DATA_SITES_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_bins_row
static const struct data_column bins_columns[] = { DATA_BINS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_summary_row
static const struct data_column summary_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_SUMMARY_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_latency_row
static const struct data_column latency_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_LATENCY_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_connections_row
static const struct data_column connections_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_CONNECTIONS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_mirrors_row
static const struct data_column mirrors_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_MIRRORS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_decisions_row
static const struct data_column decisions_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_DECISIONS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_predictions_row
static const struct data_column predictions_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_PREDICTIONS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_site_hours_row
static const struct data_column site_hours_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_SITE_HOURS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_dns_row
static const struct data_column dns_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_DNS_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_bgp_row
static const struct data_column bgp_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_BGP_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_failures_row
static const struct data_column failures_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_FAILURES_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_outages_row
static const struct data_column outages_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_OUTAGES_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_resilience_row
static const struct data_column resilience_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_RESILIENCE_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_ledger_row
static const struct data_column ledger_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_LEDGER_COLUMNS(COLUMN) };
#undef ROW
#define ROW data_paths_row
static const struct data_column paths_columns[] = { DATA_KEY_COLUMNS(COLUMN)
    DATA_PATHS_COLUMNS(COLUMN) };
#undef ROW

static const struct data_table_schema schemas[] = {
#define T(TABLE, table, keyed, description)                                      \
    { #table, description, keyed, sizeof(struct data_##table##_row),             \
        sizeof table##_columns / sizeof table##_columns[0], table##_columns },
    DATA_TABLE_LIST(T)
#undef T
};

const struct data_table_schema *data_schema_of(enum data_results_table table)
{
    assert((unsigned)table < DATA_TABLE_COUNT);
    return &schemas[table];
}

const struct data_column *data_schema_column(enum data_results_table table, const char *name)
{
    const struct data_table_schema *schema = data_schema_of(table);
    for (size_t i = 0; i < schema->column_count; i++) {
        if (strcmp(schema->columns[i].name, name) == 0) {
            return &schema->columns[i];
        }
    }
    return NULL;
}

#define X(name, text) text,
static const char *const outcome_labels[] = { HB_OUTCOME_LIST(X) };
static const char *const cause_labels[] = { HB_CAUSE_LIST(X) };
static const char *const phase_labels[] = { HB_PHASE_LIST(X) };
static const char *const reason_labels[] = { HB_REASON_LIST(X) };
static const char *const change_labels[] = { DATA_CHANGE_LIST(X) };
static const char *const account_labels[] = { DATA_ACCOUNT_LIST(X) };
static const char *const failure_labels[] = { DATA_FAILURE_LIST(X) };
static const char *const failover_labels[] = { DATA_FAILOVER_LIST(X) };
#undef X

static const struct {
    enum data_check check;
    uint32_t count;
    const char *const *labels;
} enumerations[] = {
    { DATA_CHECK_OUTCOME, HB_OUTCOME_COUNT, outcome_labels },
    { DATA_CHECK_CAUSE, HB_CAUSE_COUNT, cause_labels },
    { DATA_CHECK_PHASE, HB_PHASE_COUNT, phase_labels },
    { DATA_CHECK_REASON, HB_REASON_COUNT, reason_labels },
    { DATA_CHECK_CHANGE, DATA_CHANGE_COUNT, change_labels },
    { DATA_CHECK_ACCOUNT, DATA_ACCOUNT_COUNT, account_labels },
    { DATA_CHECK_FAILURE, DATA_FAILURE_COUNT, failure_labels },
    { DATA_CHECK_FAILOVER, DATA_FAILOVER_COUNT, failover_labels },
};

const char *const *data_schema_labels(enum data_check check, uint32_t *count)
{
    for (size_t i = 0; i < sizeof enumerations / sizeof enumerations[0]; i++) {
        if (enumerations[i].check == check) {
            *count = enumerations[i].count;
            return enumerations[i].labels;
        }
    }
    *count = 0;
    return NULL;
}

size_t data_schema_type_bytes(enum data_h5_type type)
{
    static const size_t bytes[] = {
#define X(name, size, text) size,
        DATA_H5_TYPE_LIST(X)
#undef X
    };
    assert((unsigned)type < DATA_H5_TYPE_COUNT);
    return type == DATA_H5_TEXT ? DATA_NAME_BYTES : bytes[type];
}

void data_schema_print(FILE *out)
{
    static const char *const types[] = {
#define X(name, bytes, text) text,
        DATA_H5_TYPE_LIST(X)
#undef X
    };
    for (int t = 0; t < DATA_TABLE_COUNT; t++) {
        const struct data_table_schema *schema = &schemas[t];
        fprintf(out, "%s/%s: %s\n", t == 0 ? "" : "\n", schema->name, schema->description);
        for (size_t i = 0; i < schema->column_count; i++) {
            const struct data_column *column = &schema->columns[i];
            uint32_t label_count;
            const char *const *labels = data_schema_labels(column->check, &label_count);
            fprintf(out, "  %-20s %-8s %-14s %s", column->name,
                labels == NULL ? types[column->type] : "names", column->unit,
                column->description);
            for (uint32_t k = 0; k < label_count; k++) {
                fprintf(out, "%s%s", k == 0 ? " (" : ", ", labels[k]);
            }
            fprintf(out, labels == NULL ? "\n" : ")\n");
        }
    }
}
