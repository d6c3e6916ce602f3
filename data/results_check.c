/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/results_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* One value, widened: integers keep all their bits in integer. */
struct value {
    double real;
    int64_t integer; /* of U64 above INT64_MAX: INT64_MAX */
    const char *text;
    int is_real;
};

static struct value value_at(const struct data_column *column, const void *values, uint64_t index)
{
    const unsigned char *at =
        (const unsigned char *)values + index * data_schema_type_bytes(column->type);
    struct value value = { .text = "" };
    union {
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
    } raw = { .u64 = 0 };
    if (column->type != DATA_H5_TEXT) {
        memcpy(&raw, at, data_schema_type_bytes(column->type));
    }
    switch (column->type) {
    case DATA_H5_U8:
        value.integer = *at;
        break;
    case DATA_H5_U16:
        value.integer = raw.u16;
        break;
    case DATA_H5_U32:
        value.integer = raw.u32;
        break;
    case DATA_H5_U64:
        value.integer = raw.u64 > INT64_MAX ? INT64_MAX : (int64_t)raw.u64;
        break;
    case DATA_H5_I32:
        value.integer = raw.i32;
        break;
    case DATA_H5_I64:
        value.integer = raw.i64;
        break;
    case DATA_H5_F32:
    case DATA_H5_F64:
        value.is_real = 1;
        value.real = column->type == DATA_H5_F32 ? (double)raw.f32 : raw.f64;
        break;
    case DATA_H5_TEXT:
        value.text = (const char *)at;
        break;
    case DATA_H5_TYPE_COUNT:
        break;
    }
    return value;
}

/* First value an index may not have; what it points into. */
static uint32_t index_end(
    const struct data_result_info *info, enum data_check check, const char **of)
{
    uint32_t count;
    switch (check) {
    case DATA_CHECK_SETTING:
        *of = "settings";
        return info->setting_count;
    case DATA_CHECK_POLICY:
        *of = "policies";
        return info->policy_count;
    case DATA_CHECK_REGION_OR_NONE:
        *of = "regions";
        return info->region_count;
    case DATA_CHECK_PLACE:
    case DATA_CHECK_PLACE_OR_NONE:
        *of = "places";
        return info->place_count;
    case DATA_CHECK_SITE:
    case DATA_CHECK_SITE_OR_NONE:
        *of = "sites";
        return info->site_count;
    case DATA_CHECK_BIN:
        *of = "bins";
        return DATA_HISTOGRAM_BINS;
    case DATA_CHECK_OUTCOME:
    case DATA_CHECK_CAUSE:
    case DATA_CHECK_PHASE:
    case DATA_CHECK_REASON:
    case DATA_CHECK_CHANGE:
    case DATA_CHECK_ACCOUNT:
    case DATA_CHECK_FAILURE:
    case DATA_CHECK_FAILOVER:
        *of = "names";
        (void)data_schema_labels(check, &count);
        return count;
    case DATA_CHECK_ANY:
    case DATA_CHECK_NAME:
    case DATA_CHECK_FINITE:
    case DATA_CHECK_MAYBE:
    case DATA_CHECK_COUNT:
    case DATA_CHECK_SHARE:
    case DATA_CHECK_LAT:
    case DATA_CHECK_LON:
    case DATA_CHECK_INSTANT:
    case DATA_CHECK_MAYBE_INSTANT:
        break;
    }
    return UINT32_MAX;
}

static int is_none_allowed(enum data_check check)
{
    return check == DATA_CHECK_REGION_OR_NONE || check == DATA_CHECK_PLACE_OR_NONE
        || check == DATA_CHECK_SITE_OR_NONE;
}

static int is_within(double value, double least, double most)
{
    return value >= least && value <= most; /* false for NaN */
}

/* What was expected of a value that is not it; NULL if all is well. Indices
 * are left to the caller. */
static const char *plain_fault(enum data_check check, const struct value *value)
{
    switch (check) {
    case DATA_CHECK_NAME:
        return value->text[0] == '\0' ? "a name" : NULL;
    case DATA_CHECK_FINITE:
        return isfinite(value->real) ? NULL : "a finite number";
    case DATA_CHECK_MAYBE:
        return isinf(value->real) ? "a finite number or NaN" : NULL;
    case DATA_CHECK_COUNT:
        return is_within(value->real, 0.0, 1e300) ? NULL : "a finite number >= 0";
    case DATA_CHECK_SHARE:
        /* A calibrated probability in single precision may exceed 1 by rounding. */
        return is_within(value->real, 0.0, 1.0 + 1e-6) ? NULL : "0 to 1";
    case DATA_CHECK_LAT:
        return is_within(value->real, -90.0, 90.0) ? NULL : "-90 to 90";
    case DATA_CHECK_LON:
        return is_within(value->real, -180.0, 180.0) ? NULL : "-180 to 180";
    case DATA_CHECK_INSTANT:
        return value->integer >= 0 && value->integer < HB_NEVER_NS ? NULL : "an instant >= 0";
    case DATA_CHECK_MAYBE_INSTANT:
        return value->integer >= 0 ? NULL : "an instant >= 0";
    case DATA_CHECK_ANY:
    case DATA_CHECK_SETTING:
    case DATA_CHECK_POLICY:
    case DATA_CHECK_REGION_OR_NONE:
    case DATA_CHECK_PLACE:
    case DATA_CHECK_PLACE_OR_NONE:
    case DATA_CHECK_SITE:
    case DATA_CHECK_SITE_OR_NONE:
    case DATA_CHECK_BIN:
    case DATA_CHECK_OUTCOME:
    case DATA_CHECK_CAUSE:
    case DATA_CHECK_PHASE:
    case DATA_CHECK_REASON:
    case DATA_CHECK_CHANGE:
    case DATA_CHECK_ACCOUNT:
    case DATA_CHECK_FAILURE:
    case DATA_CHECK_FAILOVER:
        break;
    }
    return NULL;
}

static enum hb_status fault(const struct data_result_info *info,
    const struct data_results_values *values, uint64_t index, const struct value *value,
    const char *expected, struct data_problem *problem)
{
    const struct data_table_schema *schema = data_schema_of(values->table);
    char found[DATA_NAME_BYTES + 3];
    if (schema->columns[values->column].type == DATA_H5_TEXT) {
        (void)snprintf(found, sizeof found, "'%.*s'", DATA_NAME_BYTES, value->text);
    } else if (value->is_real) {
        (void)snprintf(found, sizeof found, "%g", isnan(value->real) ? (double)NAN : value->real);
    } else {
        (void)snprintf(found, sizeof found, "%" PRId64, value->integer);
    }
    return data_problem_set(problem, HB_ERR_FORMAT,
        "%s: /%s/%s[%" PRIu64 "]: found %s: expected %s", info->path, schema->name,
        schema->columns[values->column].name, values->first + index, found, expected);
}

enum hb_status data_results_check(const struct data_result_info *info,
    const struct data_results_values *values, struct data_problem *problem)
{
    const struct data_column *column = &data_schema_of(values->table)->columns[values->column];
    if (column->check == DATA_CHECK_ANY) {
        return HB_OK;
    }
    const char *of = NULL;
    uint32_t end = index_end(info, column->check, &of);
    for (uint64_t i = 0; i < values->count; i++) {
        struct value value = value_at(column, values->values, i);
        const char *expected = plain_fault(column->check, &value);
        char below[64];
        int is_none = value.integer == HB_NONE && is_none_allowed(column->check);
        if (of != NULL && value.integer >= end && !is_none) {
            (void)snprintf(below, sizeof below, "less than the %" PRIu32 " %s", end, of);
            expected = below;
        }
        if (expected != NULL) {
            return fault(info, values, i, &value, expected, problem);
        }
    }
    return HB_OK;
}
