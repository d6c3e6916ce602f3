/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/serve/secrets.h"
#include "sim/serve/service.h"

static const char help[] =
    "usage: harbinger serve --places FILE.h5 --salt FILE --tokens FILE [OPTION ...]\n"
    "       harbinger serve --model FILE --salt FILE --tokens FILE [OPTION ...]\n"
    "       harbinger serve --new-token NAME\n\n"
    "Answers where clients will be in 15 to 60 minutes, over HTTP and JSON; GET\n"
    "/v1/openapi.json describes the requests. Ends at SIGTERM or SIGINT.\n\n"
    "  --places FILE       trace file whose places are the place table\n"
    "  --predictor P       persistence, frequency or markov (markov)\n"
    "  --model FILE        a trained model instead; it may bring its own place table\n"
    "  --salt FILE         32 secret bytes that ids are made with; made if it is not there\n"
    "  --tokens FILE       who is let in: lines of --new-token; without it only on loopback\n"
    "  --new-token NAME    prints a new bearer token and its line for that file\n"
    "  --snapshot FILE     where the state outlives the process (none)\n"
    "  --snapshot-s S      written this often, and at the end (60)\n"
    "  --address A         IPv4 or IPv6 address to listen on (127.0.0.1)\n"
    "  --port N            0: any free one (8760)\n"
    "  --cert FILE, --key FILE   TLS, PEM\n"
    "  --plain             HTTP without TLS beyond loopback, where something else encrypts\n"
    "  --clients N         room for so many (10000)\n"
    "  --place-km KM       a point further from every place is refused (50)\n"
    "  --epoch-s S, --grace-s S  an id lives an epoch and its grace (86400, 3600)\n"
    "  --batch N, --delay-ms MS  questions answered together: at most N, after MS (64, 2)\n"
    "  --connections N     open at once (1024)\n"
    "  --threads N         that read and write (1)\n"
    "  --request-s S       within which a whole request must be there, an answer taken (10)\n"
    "  --rate N, --burst N requests a second of one connection (1000, 2000)\n"
    "  --client-rate N, --client-burst N   observations a second of one client (1, 10)\n";

static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    { "--places", offsetof(struct sim_service_config, places) },
    { "--predictor", offsetof(struct sim_service_config, predictor) },
    { "--model", offsetof(struct sim_service_config, model) },
    { "--salt", offsetof(struct sim_service_config, salt) },
    { "--tokens", offsetof(struct sim_service_config, tokens) },
    { "--snapshot", offsetof(struct sim_service_config, snapshot) },
    { "--address", offsetof(struct sim_service_config, address) },
    { "--cert", offsetof(struct sim_service_config, cert) },
    { "--key", offsetof(struct sim_service_config, key) },
};

static const struct {
    const char *name;
    size_t offset;
    double min, max;
    int is_whole;
} numbers[] = {
    { "--port", offsetof(struct sim_service_config, port), 0, 65535, 1 },
    { "--clients", offsetof(struct sim_service_config, clients), 1, 10000000, 1 },
    { "--connections", offsetof(struct sim_service_config, connections), 1, 60000, 1 },
    { "--threads", offsetof(struct sim_service_config, threads), 1, 64, 1 },
    { "--batch", offsetof(struct sim_service_config, batch), 1, 256, 1 },
    { "--snapshot-s", offsetof(struct sim_service_config, snapshot_s), 0.1, 1e6, 0 },
    { "--epoch-s", offsetof(struct sim_service_config, epoch_s), 1, 1e9, 0 },
    { "--grace-s", offsetof(struct sim_service_config, grace_s), 0, 1e9, 0 },
    { "--request-s", offsetof(struct sim_service_config, request_s), 0.1, 3600, 0 },
    { "--delay-ms", offsetof(struct sim_service_config, delay_ms), 0, 1000, 0 },
    { "--place-km", offsetof(struct sim_service_config, place_km), 0.001, 21000, 0 },
    { "--rate", offsetof(struct sim_service_config, connection_rate.per_s), 1e-3, 1e9, 0 },
    { "--burst", offsetof(struct sim_service_config, connection_rate.burst), 1, 1e9, 0 },
    { "--client-rate", offsetof(struct sim_service_config, client_rate.per_s), 1e-3, 1e9, 0 },
    { "--client-burst", offsetof(struct sim_service_config, client_rate.burst), 1, 1e9, 0 },
};

static int take_number(size_t which, const char *value, struct sim_service_config *config)
{
    char *end = NULL;
    double x = strtod(value, &end);
    int is_good = end != value && *end == '\0' && x >= numbers[which].min
        && x <= numbers[which].max && (!numbers[which].is_whole || x <= (double)(long)x);
    if (!is_good) {
        fprintf(stderr, "harbinger serve: %s %s: expected %s%g..%g\n", numbers[which].name, value,
            numbers[which].is_whole ? "a whole number " : "", numbers[which].min,
            numbers[which].max);
        return 0;
    }
    *(double *)((char *)config + numbers[which].offset) = x;
    return 1;
}

static int take(const char *name, const char *value, struct sim_service_config *config)
{
    if (value == NULL) {
        fprintf(stderr, "harbinger serve: %s: expected a known option and its value; "
                        "see --help\n", name);
        return 0;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *(const char **)((char *)config + texts[i].offset) = value;
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            return take_number(i, value, config);
        }
    }
    fprintf(stderr, "harbinger serve: %s: no such option; see --help\n", name);
    return 0;
}

static int print_token(const char *name)
{
    char token[SIM_SECRETS_TEXT_BYTES], line[SIM_SECRETS_TEXT_BYTES];
    enum hb_status status = sim_secrets_new(name, token, line);
    if (status != HB_OK) {
        fprintf(stderr, "harbinger serve: --new-token %s: %s: expected a name of up to 32 "
                        "letters, digits, - and _\n", name, hb_status_text(status));
        return status == HB_ERR_RANGE ? 2 : 1;
    }
    printf("token %s\nline  %s\n", token, line);
    return 0;
}

int cli_serve(int argc, char **argv)
{
    struct sim_service_config config = { .predictor = "markov", .address = "127.0.0.1",
        .port = 8760, .clients = 10000, .connections = 1024, .threads = 1, .batch = 64,
        .snapshot_s = 60, .epoch_s = 86400, .grace_s = 3600, .request_s = 10, .delay_ms = 2,
        .place_km = 50, .connection_rate = { 1000, 2000 }, .client_rate = { 1, 10 } };
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "--new-token") == 0) {
        return print_token(argv[2]);
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--plain") == 0) {
            config.is_plain = true;
        } else if (take(argv[i], i + 1 < argc ? argv[i + 1] : NULL, &config)) {
            i++;
        } else {
            return 2;
        }
    }
    if (config.salt == NULL || (config.places == NULL && config.model == NULL)) {
        fputs(help, stderr);
        return 2;
    }
    struct data_problem problem = { "" };
    if (sim_service_run(&config, &problem) != HB_OK) {
        fprintf(stderr, "harbinger serve: %s\n", problem.text);
        return 1;
    }
    return 0;
}
