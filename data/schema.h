/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_SCHEMA_H
#define DATA_SCHEMA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/map.h"
#include "core/telemetry.h"
#include "core/units.h"
#include "data/h5.h"

/* The tables of a result file: one list from which come the row structs, the
 * HDF5 columns /<table>/<column>, their units and descriptions, the reader's
 * checks, the axis labels and data/README.md's reference.
 *   X(type, column, check, unit, description)
 * Instants (_ns) count from the manifest's epoch_unix_s; HB_NEVER_NS: did not
 * happen. HB_NONE in a place, site, or region: none. Money is in the
 * scenario's currency. Keyed tables start with setting, policy, replication,
 * which data_rows_add fills in. */
#define DATA_NAME_BYTES 64
#define DATA_RESULTS_VERSION 2

#define DATA_KEY_COLUMNS(X) \
    X(U16, setting, SETTING, "1", "swept setting, see /settings; 0 where nothing is swept") \
    X(U16, policy, POLICY, "1", "row of /policies") \
    X(U16, replication, ANY, "1", "replication: same seed for all policies")

#define DATA_POLICIES_COLUMNS(X) \
    X(TEXT, name, NAME, "", "policy, as the scenario names it") \
    X(TEXT, predictor, ANY, "", "predictor that it asks; empty: none")

#define DATA_SETTINGS_COLUMNS(X) \
    X(U16, setting, ANY, "1", "the setting that this parameter belongs to") \
    X(TEXT, parameter, NAME, "", "swept attribute of the scenario, such as lead_s") \
    X(F64, value, FINITE, "", "its value in this setting, in the unit of its name")

#define DATA_REGIONS_COLUMNS(X) \
    X(TEXT, name, NAME, "", "city or region") \
    X(F64, lat_deg, LAT, "degrees_north", "latitude of its centre, WGS 84") \
    X(F64, lon_deg, LON, "degrees_east", "longitude of its centre, WGS 84") \
    X(I32, utc_offset_s, ANY, "s", "standard time minus UTC")

#define DATA_PLACES_COLUMNS(X) \
    X(F64, lat_deg, LAT, "degrees_north", "latitude, WGS 84") \
    X(F64, lon_deg, LON, "degrees_east", "longitude, WGS 84") \
    X(U32, region, REGION_OR_NONE, "1", "row of /regions")

#define DATA_SITES_COLUMNS(X) \
    X(TEXT, name, NAME, "", "site") \
    X(F64, lat_deg, LAT, "degrees_north", "latitude, WGS 84") \
    X(F64, lon_deg, LON, "degrees_east", "longitude, WGS 84") \
    X(U32, slots, ANY, "1", "instances that fit; 4294967295: no limit") \
    X(F64, price_factor, COUNT, "1", "price of an instance-hour relative to the price list")

#define DATA_SUMMARY_COLUMNS(X) \
    X(U32, clients, ANY, "1", "clients that ever connected") \
    X(U64, connections, ANY, "1", "sessions") \
    X(F64, requests, COUNT, "1", "requests served or failed") \
    X(F64, requests_failed, COUNT, "1", "requests that no live endpoint answered") \
    X(F64, requests_stale, COUNT, "1", "requests answered without the latest state") \
    X(F64, latency_mean_ms, MAYBE, "ms", "mean request latency") \
    X(F64, latency_p50_ms, MAYBE, "ms", "median request latency") \
    X(F64, latency_p95_ms, MAYBE, "ms", "95th percentile of request latency") \
    X(F64, latency_p99_ms, MAYBE, "ms", "99th percentile of request latency") \
    X(F64, over_target, MAYBE, "1", "share of requests above the service's latency target") \
    X(U64, mirrors, ANY, "1", "mirrors begun") \
    X(U64, hit, ANY, "1", "mirrors that were ready when their client arrived, and were used") \
    X(U64, late, ANY, "1", "mirrors that became ready after their client had arrived") \
    X(U64, unused, ANY, "1", "mirrors whose client never came") \
    X(U64, rolled_back, ANY, "1", "mirrors whose client came and did not stay") \
    X(U64, failed, ANY, "1", "mirrors that could not be made") \
    X(U64, cancelled, ANY, "1", "mirrors given up before they were ready") \
    X(U64, promotions, ANY, "1", "changes of a client's primary endpoint") \
    X(U64, predictions, ANY, "1", "predictions asked for") \
    X(F64, prediction_correct, MAYBE, "1", "share of first guesses that named the true place") \
    X(F64, prediction_error_km, MAYBE, "km", "mean distance from first guess to truth") \
    X(F64, cost, FINITE, "money", "total cost, the sum of the five below") \
    X(F64, cost_latency, FINITE, "money", "of request latency, penalty beyond target included") \
    X(F64, cost_instances, FINITE, "money", "of instance time in all power states") \
    X(F64, cost_bytes, FINITE, "money", "of state and image transfer") \
    X(F64, cost_updates, FINITE, "money", "of DNS and route updates and BGP messages") \
    X(F64, cost_failures, FINITE, "money", "of failed and stale requests") \
    X(F64, optimum_cost, MAYBE, "money", "total cost of the clairvoyant optimum, same world") \
    X(F64, optimum_latency_ms, MAYBE, "ms", "mean request latency of the clairvoyant optimum") \
    X(F64, energy_j, COUNT, "J", "energy of all sites") \
    X(F64, bytes_moved, COUNT, "bytes", "state and images sent between sites")

#define DATA_LATENCY_COLUMNS(X) \
    X(U32, region, REGION_OR_NONE, "1", "where the client was: row of /regions") \
    X(U16, hour, ANY, "h", "whole hours since the run's start") \
    X(U16, bin, BIN, "1", "row of /bins") \
    X(F64, requests, COUNT, "1", "requests in this bin")

#define DATA_BINS_COLUMNS(X) \
    X(F64, lower_ms, ANY, "ms", "lower edge of the latency bin") \
    X(F64, upper_ms, ANY, "ms", "upper edge of the latency bin")

#define DATA_CONNECTIONS_COLUMNS(X) \
    X(U32, client, ANY, "1", "client index of the trace") \
    X(I64, connected_ns, INSTANT, "ns", "session starts") \
    X(I64, closed_ns, INSTANT, "ns", "session ends, or the run") \
    X(U32, place, PLACE, "1", "row of /places where it starts") \
    X(U32, site, SITE_OR_NONE, "1", "site that anycast gave") \
    X(U32, last_site, SITE_OR_NONE, "1", "site that served the last request") \
    X(F32, requests, COUNT, "1", "requests of the session") \
    X(F32, requests_failed, COUNT, "1", "of these, failed") \
    X(F32, latency_mean_ms, MAYBE, "ms", "mean latency of its requests") \
    X(F32, latency_max_ms, MAYBE, "ms", "worst latency of its requests")

#define DATA_MIRRORS_COLUMNS(X) \
    X(U32, client, ANY, "1", "client index of the trace") \
    X(U32, from_site, SITE_OR_NONE, "1", "site that held the primary") \
    X(U32, to_site, SITE, "1", "site of the mirror") \
    X(U32, place, PLACE_OR_NONE, "1", "place that the mirror was made for") \
    X(I64, decided_ns, INSTANT, "ns", "controller decided") \
    X(I64, provisioned_ns, MAYBE_INSTANT, "ns", "instance ready") \
    X(I64, synced_ns, MAYBE_INSTANT, "ns", "state within the live stream's lag") \
    X(I64, steered_ns, MAYBE_INSTANT, "ns", "authoritative DNS answers with the mirror") \
    X(I64, arrived_ns, MAYBE_INSTANT, "ns", "client where the mirror serves it better") \
    X(I64, connected_ns, MAYBE_INSTANT, "ns", "first request of the client at the mirror") \
    X(I64, promoted_ns, MAYBE_INSTANT, "ns", "mirror is the primary") \
    X(I64, closed_ns, MAYBE_INSTANT, "ns", "stopped, rolled back, or promoted for good") \
    X(U8, outcome, OUTCOME, "", "what became of it") \
    X(U8, cause, CAUSE, "", "what ended it") \
    X(U8, phase, PHASE, "", "phase in which it ended") \
    X(F32, horizon_s, COUNT, "s", "timeframe of the prediction behind it; 0: none") \
    X(F32, confidence, SHARE, "1", "calibrated probability of the predicted place") \
    X(F64, bytes, COUNT, "bytes", "state and image sent for it")

#define DATA_DECISIONS_COLUMNS(X) \
    X(U16, hour, ANY, "h", "whole hours since the run's start") \
    X(U8, reason, REASON, "", "why a mirror was made, or the first criterion against it") \
    X(U64, decisions, ANY, "1", "how often")

#define DATA_PREDICTIONS_COLUMNS(X) \
    X(U32, client, ANY, "1", "client index of the trace") \
    X(I64, asked_ns, INSTANT, "ns", "instant of the question") \
    X(F32, horizon_s, COUNT, "s", "timeframe asked for") \
    X(U32, place_now, PLACE_OR_NONE, "1", "place of the client at that instant") \
    X(U32, place, PLACE_OR_NONE, "1", "first guess") \
    X(F32, confidence, SHARE, "1", "its calibrated probability") \
    X(U32, truth, PLACE_OR_NONE, "1", "where the client then was") \
    X(F32, error_km, MAYBE, "km", "great-circle distance from first guess to truth")

#define DATA_SITE_HOURS_COLUMNS(X) \
    X(U32, site, SITE, "1", "row of /sites") \
    X(U16, hour, ANY, "h", "whole hours since the run's start") \
    X(F32, busy_mean, COUNT, "1", "instances running, mean of the hour") \
    X(F32, busy_max, COUNT, "1", "instances running, most at one instant") \
    X(F32, standby_mean, COUNT, "1", "instances on standby, mean of the hour") \
    X(F32, refused, COUNT, "1", "instances refused for lack of room") \
    X(F64, requests, COUNT, "1", "requests served") \
    X(F32, queue_mean_ms, MAYBE, "ms", "mean waiting time of a request") \
    X(F64, energy_j, COUNT, "J", "energy")

#define DATA_DNS_COLUMNS(X) \
    X(U16, hour, ANY, "h", "whole hours since the run's start") \
    X(U64, updates, ANY, "1", "records changed") \
    X(U64, queries, ANY, "1", "questions to the authoritative servers") \
    X(U64, cache_answers, ANY, "1", "questions answered from resolvers' caches") \
    X(U64, stale_answers, ANY, "1", "of these, with a record already changed") \
    X(F64, stale_s, COUNT, "s", "client-time on an address already changed")

#define DATA_BGP_COLUMNS(X) \
    X(I64, at_ns, INSTANT, "ns", "instant of the change") \
    X(U32, site, SITE_OR_NONE, "1", "site whose routes change") \
    X(U8, change, CHANGE, "", "what changes") \
    X(U64, messages, ANY, "1", "updates that it caused") \
    X(F64, converged_s, MAYBE, "s", "until the last route had settled") \
    X(F32, moved, MAYBE, "1", "share of clients whose catchment it changed") \
    X(F32, unreachable_s, MAYBE, "s", "mean time without a route over the clients concerned, " \
        "up to the next change or the run's end: a least value if some are censored") \
    X(F32, censored, MAYBE, "1", "share of the clients concerned still without a route then")

#define DATA_FAILURES_COLUMNS(X) \
    X(U8, kind, FAILURE, "", "what failed; `healthy`: nothing, the detector was wrong") \
    X(U32, site, SITE_OR_NONE, "1", "site that it struck") \
    X(I64, began_ns, MAYBE_INSTANT, "ns", "it began") \
    X(I64, ended_ns, MAYBE_INSTANT, "ns", "it was repaired") \
    X(I64, detected_ns, MAYBE_INSTANT, "ns", "the controller took the site down") \
    X(I64, back_ns, MAYBE_INSTANT, "ns", "the controller used the site again") \
    X(U32, clients, ANY, "1", "connected clients whose requests went there when it began")

#define DATA_OUTAGES_COLUMNS(X) \
    X(U32, client, ANY, "1", "client index of the trace") \
    X(U32, site, SITE_OR_NONE, "1", "site that its requests went to when they began to fail") \
    X(I64, began_ns, INSTANT, "ns", "first failing request") \
    X(I64, ended_ns, INSTANT, "ns", "served again, or disconnected, or the run's end") \
    X(F32, detection_s, COUNT, "s", "of this: until the controller knew") \
    X(F32, reaction_s, COUNT, "s", "until an endpoint was there and DNS said so") \
    X(F32, convergence_s, COUNT, "s", "routes of anycast led to nowhere") \
    X(F32, dns_s, COUNT, "s", "an old answer was cached, or there was none") \
    X(U8, failover, FAILOVER, "", "what the controller moved it to") \
    X(F32, lost_mb, COUNT, "MB", "state that was lost") \
    X(U8, is_violator, ANY, "1", "1: its resolver extends TTLs") \
    X(U8, is_censored, ANY, "1", "1: not served again before it disconnected or the run ended: " \
        "it would have lasted longer")

#define DATA_RESILIENCE_COLUMNS(X) \
    X(U32, failures, ANY, "1", "failures of sites") \
    X(U32, detected, ANY, "1", "of these, noticed before they were repaired") \
    X(U32, false_positives, ANY, "1", "sites taken down without a failure, or long after it") \
    X(F64, detection_s, MAYBE, "s", "mean time from failure to notice") \
    X(U64, outages, ANY, "1", "outages of clients") \
    X(U64, censored, ANY, "1", "of these, cut short: the client disconnected or the run ended") \
    X(F64, lost_requests, COUNT, "1", "requests that failed in outages") \
    X(F64, outage_mean_s, MAYBE, "s", "mean length of an outage, the censored as far as seen") \
    X(F64, outage_p50_s, MAYBE, "s", "median length") \
    X(F64, outage_p95_s, MAYBE, "s", "95th percentile") \
    X(F64, detection_part_s, MAYBE, "s", "mean over outages: until the controller knew") \
    X(F64, reaction_part_s, MAYBE, "s", "... until an endpoint was there and DNS said so") \
    X(F64, convergence_part_s, MAYBE, "s", "... while routes of anycast led to nowhere") \
    X(F64, dns_part_s, MAYBE, "s", "... while an old answer was cached, or there was none") \
    X(F64, lost_mb, COUNT, "MB", "state that was lost") \
    X(F64, late_requests, COUNT, "1", "requests to a withdrawn site after the bound: 0") \
    X(U32, violators, ANY, "1", "clients that sent such: resolver extends TTLs, or was stale") \
    X(F64, violator_requests, COUNT, "1", "their requests")

#define DATA_LEDGER_COLUMNS(X) \
    X(U8, account, ACCOUNT, "", "what was paid for; its amount's unit follows the colon") \
    X(U32, site, SITE_OR_NONE, "1", "row of /sites, where one is to blame") \
    X(F64, amount, FINITE, "", "quantity, in the account's unit") \
    X(F64, cost, FINITE, "money", "its price")

#define DATA_PATHS_COLUMNS(X) \
    X(U32, client, ANY, "1", "one of the sampled clients") \
    X(I64, at_ns, INSTANT, "ns", "from this instant on") \
    X(U32, place, PLACE_OR_NONE, "1", "where the client is; none: absent") \
    X(U32, site, SITE_OR_NONE, "1", "endpoint that its requests reach") \
    X(U32, mirror_site, SITE_OR_NONE, "1", "mirror that is being made or stands ready") \
    X(F32, latency_ms, MAYBE, "ms", "request latency")

/* T(TABLE, table, keyed, description): in the order of the file and the digest. */
#define DATA_TABLE_LIST(T) \
    T(POLICIES, policies, 0, "policies run side by side") \
    T(SETTINGS, settings, 0, "swept parameters, one row for each of a setting") \
    T(REGIONS, regions, 0, "cities") \
    T(PLACES, places, 0, "places where clients can be") \
    T(SITES, sites, 0, "places where endpoints can be") \
    T(BINS, bins, 0, "latency bins, see /latency") \
    T(SUMMARY, summary, 1, "one row per run of a policy") \
    T(LATENCY, latency, 1, "request latency histograms by city and hour") \
    T(CONNECTIONS, connections, 1, "one row per session") \
    T(MIRRORS, mirrors, 1, "one row per mirror, with its phase instants") \
    T(DECISIONS, decisions, 1, "why mirrors were and were not made, by hour") \
    T(PREDICTIONS, predictions, 1, "predictions beside the truth") \
    T(SITE_HOURS, site_hours, 1, "load and energy by site and hour") \
    T(DNS, dns, 1, "name service by hour") \
    T(BGP, bgp, 1, "routing changes and their convergence") \
    T(FAILURES, failures, 1, "failures of sites, and when the controller noticed") \
    T(OUTAGES, outages, 1, "one row per outage of a client, by what it waited for") \
    T(RESILIENCE, resilience, 1, "failures and outages, one row per run that has any") \
    T(LEDGER, ledger, 1, "amounts and money by account and site") \
    T(PATHS, paths, 1, "places and endpoints of some clients over time")

enum data_results_table {
#define T(TABLE, table, keyed, description) DATA_TABLE_##TABLE,
    DATA_TABLE_LIST(T)
#undef T
        DATA_TABLE_COUNT
};

/* Of /bgp/change. */
#define DATA_CHANGE_LIST(X) \
    X(ANNOUNCE, "announce") X(WITHDRAW, "withdraw") X(ATTRIBUTES, "attributes") \
    X(SITE_DOWN, "site down") X(SITE_UP, "site up") X(LINK_DOWN, "link down") \
    X(LINK_UP, "link up") X(SESSION_RESET, "session reset")

/* Of /failures/kind. */
#define DATA_FAILURE_LIST(X) \
    X(SITE_CRASH, "site crash") X(PARTITION, "partition") X(ENDPOINT_CRASH, "endpoint crash") \
    X(LOSS, "loss") X(DNS_AUTHORITY, "dns authority") X(DNS_RESOLVERS, "dns resolvers") \
    X(SERVER_CRASH, "server crash") \
    X(HEALTHY, "healthy")

/* Of /outages/failover: enum hb_failover, and none. */
#define DATA_FAILOVER_LIST(X) \
    X(MIRROR, "mirror") X(STANDBY, "standby") X(NEW, "new") X(ANYCAST, "anycast") X(NONE, "none")

/* Of /ledger/account; after the colon the unit of amount. */
#define DATA_ACCOUNT_LIST(X) \
    X(LATENCY, "latency: request-ms") X(PENALTY, "penalty: request-ms over target") \
    X(BUSY, "busy: instance-s") X(IDLE, "idle: instance-s") X(STANDBY, "standby: instance-s") \
    X(BOOT, "boot: instance-s") X(STATE, "state: bytes") X(IMAGE, "image: bytes") \
    X(DNS_UPDATE, "dns update: updates") X(ROUTE_UPDATE, "route update: updates") \
    X(BGP_MESSAGE, "bgp message: messages") \
    X(REQUEST_FAILED, "request failed: requests") X(REQUEST_STALE, "request stale: requests") \
    X(ENERGY, "energy: J")

enum data_change {
#define X(name, text) DATA_CHANGE_##name,
    DATA_CHANGE_LIST(X)
#undef X
        DATA_CHANGE_COUNT
};

enum data_failure {
#define X(name, text) DATA_FAILURE_##name,
    DATA_FAILURE_LIST(X)
#undef X
        DATA_FAILURE_COUNT
};

enum data_failover {
#define X(name, text) DATA_FAILOVER_##name,
    DATA_FAILOVER_LIST(X)
#undef X
        DATA_FAILOVER_COUNT
};

enum data_account {
#define X(name, text) DATA_ACCOUNT_##name,
    DATA_ACCOUNT_LIST(X)
#undef X
        DATA_ACCOUNT_COUNT
};

/* The row structs: struct data_summary_row, data_mirrors_row, ... */
#define DATA_FIELD_U8(name) uint8_t name;
#define DATA_FIELD_U16(name) uint16_t name;
#define DATA_FIELD_U32(name) uint32_t name;
#define DATA_FIELD_U64(name) uint64_t name;
#define DATA_FIELD_I32(name) int32_t name;
#define DATA_FIELD_I64(name) int64_t name;
#define DATA_FIELD_F32(name) float name;
#define DATA_FIELD_F64(name) double name;
#define DATA_FIELD_TEXT(name) char name[DATA_NAME_BYTES];
#define DATA_FIELD(type, name, check, unit, description) DATA_FIELD_##type(name)

struct data_policies_row { DATA_POLICIES_COLUMNS(DATA_FIELD) };
struct data_settings_row { DATA_SETTINGS_COLUMNS(DATA_FIELD) };
struct data_regions_row { DATA_REGIONS_COLUMNS(DATA_FIELD) };
struct data_places_row { DATA_PLACES_COLUMNS(DATA_FIELD) };
struct data_sites_row { DATA_SITES_COLUMNS(DATA_FIELD) };
struct data_bins_row { DATA_BINS_COLUMNS(DATA_FIELD) };
struct data_summary_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_SUMMARY_COLUMNS(DATA_FIELD) };
struct data_latency_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_LATENCY_COLUMNS(DATA_FIELD) };
struct data_connections_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_CONNECTIONS_COLUMNS(DATA_FIELD) };
struct data_mirrors_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_MIRRORS_COLUMNS(DATA_FIELD) };
struct data_decisions_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_DECISIONS_COLUMNS(DATA_FIELD) };
struct data_predictions_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_PREDICTIONS_COLUMNS(DATA_FIELD) };
struct data_site_hours_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_SITE_HOURS_COLUMNS(DATA_FIELD) };
struct data_dns_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_DNS_COLUMNS(DATA_FIELD) };
struct data_bgp_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_BGP_COLUMNS(DATA_FIELD) };
struct data_failures_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_FAILURES_COLUMNS(DATA_FIELD) };
struct data_outages_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_OUTAGES_COLUMNS(DATA_FIELD) };
struct data_resilience_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_RESILIENCE_COLUMNS(DATA_FIELD) };
struct data_ledger_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_LEDGER_COLUMNS(DATA_FIELD) };
struct data_paths_row { DATA_KEY_COLUMNS(DATA_FIELD) DATA_PATHS_COLUMNS(DATA_FIELD) };

/* What a reader demands of a value. */
enum data_check {
    DATA_CHECK_ANY,
    DATA_CHECK_NAME,          /* text, not empty */
    DATA_CHECK_FINITE,
    DATA_CHECK_MAYBE,         /* finite, or NaN for not known */
    DATA_CHECK_COUNT,         /* finite, >= 0 */
    DATA_CHECK_SHARE,         /* 0..1 */
    DATA_CHECK_LAT, DATA_CHECK_LON,
    DATA_CHECK_INSTANT,       /* >= 0, not HB_NEVER_NS */
    DATA_CHECK_MAYBE_INSTANT, /* >= 0 */
    DATA_CHECK_SETTING,
    DATA_CHECK_POLICY,
    DATA_CHECK_REGION_OR_NONE,
    DATA_CHECK_PLACE, DATA_CHECK_PLACE_OR_NONE,
    DATA_CHECK_SITE, DATA_CHECK_SITE_OR_NONE,
    DATA_CHECK_BIN,
    /* enumerations: the labels of core/telemetry.h and of the lists above */
    DATA_CHECK_OUTCOME, DATA_CHECK_CAUSE, DATA_CHECK_PHASE, DATA_CHECK_REASON,
    DATA_CHECK_CHANGE, DATA_CHECK_ACCOUNT, DATA_CHECK_FAILURE, DATA_CHECK_FAILOVER
};

struct data_column {
    const char *name, *unit, *description;
    size_t offset; /* in the row struct */
    enum data_h5_type type;
    enum data_check check;
};

struct data_table_schema {
    const char *name, *description;
    int is_keyed;
    size_t row_bytes, column_count;
    const struct data_column *columns; /* the three key columns first, if keyed */
};

/* Schema of a table, for ever. */
const struct data_table_schema *data_schema_of(enum data_results_table table);
/* Column of that name of table; NULL if there is none. */
const struct data_column *data_schema_column(enum data_results_table table, const char *name);
/* Names of an enumeration column's values ; NULL and 0 for others. */
const char *const *data_schema_labels(enum data_check check, uint32_t *count);
size_t data_schema_type_bytes(enum data_h5_type type);
/* Every table and column with type, unit and meaning, for people. */
void data_schema_print(FILE *out);

#endif
