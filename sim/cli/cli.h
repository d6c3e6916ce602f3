/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_CLI_H
#define SIM_CLI_CLI_H

#include <stddef.h>

/* One line per command: its name, and one sentence of help. The function
 * cli_<name>(argc, argv) lives in sim/cli/<name>.c; argv[0] is the name; it
 * returns the exit status: 0 done, 1 failed, 2 bad use. `--help` is its own. */
#define CLI_COMMAND_LIST(X)                                             \
    X(info, "versions and libraries in use; what a file of this program is") \
    X(run, "run a scenario: results, summary and figures") \
    X(replay, "feed recorded events to the controller again, under any policy") \
    X(schema, "what a scenario may contain, with units, defaults and sources") \
    X(validate, "check scenarios without running them") \
    X(import, "recorded movement (tables, GeoLife, GPX) into a trace file") \
    X(verify, "the models against published numbers and measured data") \
    X(report, "summary, figures and one HTML page from result files") \
    X(trace, "the people of a scenario's world into a trace file") \
    X(dataset, "a trace into slots of a quarter of an hour, to train a predictor on") \
    X(train, "the LSTM predictor on a data set: calibrated, resumable, the same bytes") \
    X(evaluate, "a model on a data set, beside the other predictors") \
    X(model, "a trained model's card; to and from other programs") \
    X(serve, "PredictLocation as an HTTP service") \
    /* the list ends here */

/* A recording is read whole: at most so many bytes of it. */
#define CLI_RECORDING_BYTES_MAX ((size_t)1 << 34)

#define X(name, help) int cli_##name(int argc, char **argv);
CLI_COMMAND_LIST(X)
#undef X

#endif
