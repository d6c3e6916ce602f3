/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_SYSTEM_SERVING_H
#define TESTS_SYSTEM_SERVING_H

#include <stddef.h>
#include <sys/types.h>

/* The built program as a running service on a free loopback port, in a folder of
 * its own that has places.h5 (four places), tokens and, after a start, salt and snap. */
struct serving {
    char *folder;
    char token[128];
    pid_t pid;
    int out; /* what it says after that it listens */
    unsigned port;
    const char *model; /* NULL: --places places.h5 */
};

struct serving *serving_create(void);
void serving_free(struct serving *serving); /* kills it if it still runs */
/* The same as cmocka fixtures: *state is the service, not started. */
int serving_set_up(void **state);
int serving_tear_down(void **state);

/* Starts with more options (NULL at the end); fails the test unless it listens. */
void serving_start(struct serving *serving, const char *const *options);
/* Sends the signal, waits; the exit status, 128 + signal if a signal ended it. */
int serving_stop(struct serving *serving, int signal);

/* Starts the program on the folder, which it must refuse; what it said. */
const char *serving_refusal(const struct serving *serving);

/* A file of the folder, into or from bytes; how many there are of at most max. */
size_t serving_file_read(const struct serving *serving, const char *name, void *bytes, size_t max);
void serving_file_write(const struct serving *serving, const char *name, const void *bytes,
    size_t count);

void serving_sleep_ms(long ms);

/* A connection; send bytes; read until the answer is whole, or the end, into reply.
 * Status code; 0: closed without one. */
int serving_connect(const struct serving *serving);
void serving_send(int line, const void *bytes, size_t count);
int serving_receive(int line, char *reply, size_t reply_bytes);

/* One request on a connection of its own, token NULL: without one; reply may be NULL. */
struct serving_request {
    const char *method, *path, *token, *body;
};
int serving_ask(const struct serving *serving, const struct serving_request *request,
    char *reply, size_t reply_bytes);

/* The text of a POST with the good token, for serving_send(); its length. */
size_t serving_post_text(const struct serving *serving, const char *path, const char *body,
    char *text, size_t text_bytes);
/* POST with the good token. */
int serving_post(const struct serving *serving, const char *path, const char *body, char *reply,
    size_t reply_bytes);
/* Observes a device at place 2; its id. */
void serving_observe(const struct serving *serving, const char *device, char id[33]);
/* Asks for 30 minutes ahead. */
int serving_predict(const struct serving *serving, const char *id, char *reply,
    size_t reply_bytes);

#endif
