/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* getentropy */
#include "sim/serve/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/identity.h"

enum { secret_bytes = 32, token_count_max = 1024, name_chars_max = 32 };

struct hash {
    struct hb_client_id halves[2]; /* a type with a constant-time comparison */
};

struct sim_secrets {
    size_t count;
    struct hash hashes[token_count_max];
};

static struct hash hash_of(const void *token, size_t bytes)
{
    uint8_t digest[secret_bytes];
    struct hash hash;
    hb_identity_blake2b((struct hb_identity_text) { NULL, 0 },
        (struct hb_identity_text) { token, bytes }, digest, sizeof digest);
    memcpy(hash.halves[0].bytes, digest, 16);
    memcpy(hash.halves[1].bytes, digest + 16, 16);
    return hash;
}

static bool is_name(const char *name, size_t length)
{
    static const char allowed[]
        = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return length >= 1 && length <= name_chars_max && strspn(name, allowed) >= length;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, c);
    return found == NULL ? -1 : (int)(found - digits);
}

static bool parse_hash(const char *text, struct hash *out)
{
    for (size_t i = 0; i < secret_bytes; i++) {
        int high = digit_of(text[2 * i]), low = high < 0 ? -1 : digit_of(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        out->halves[i / 16].bytes[i % 16] = (uint8_t)(high << 4 | low);
    }
    return text[2 * secret_bytes] == '\0';
}

/* "name hash"; an empty line or a comment is good and adds nothing. */
static bool take_line(struct sim_secrets *secrets, char *line)
{
    line[strcspn(line, "#\r\n")] = '\0';
    size_t end = strlen(line);
    while (end > 0 && line[end - 1] == ' ') {
        line[--end] = '\0';
    }
    if (end == 0) {
        return true;
    }
    size_t length = strcspn(line, " ");
    const char *text = line + length + strspn(line + length, " ");
    if (!is_name(line, length) || secrets->count == token_count_max
        || !parse_hash(text, &secrets->hashes[secrets->count])) {
        return false;
    }
    secrets->count++;
    return true;
}

static enum hb_status read_lines(struct sim_secrets *secrets, const char *path, FILE *file,
    struct data_problem *problem)
{
    char line[512];
    for (unsigned number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        if (!take_line(secrets, line)) {
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s:%u: found no token: expected NAME and 64 hexadecimal digits, as "
                "'harbinger serve --new-token NAME' prints, at most %d lines", path, number,
                token_count_max);
        }
    }
    if (ferror(file)) {
        return data_problem_set(problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (secrets->count == 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found no token: expected at least one line", path);
    }
    return HB_OK;
}

enum hb_status sim_secrets_read(const char *path, struct data_problem *problem,
    struct sim_secrets **out)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return data_problem_set(problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    struct sim_secrets *secrets = calloc(1, sizeof *secrets);
    enum hb_status status = secrets == NULL ? HB_ERR_MEMORY
                                            : read_lines(secrets, path, file, problem);
    (void)fclose(file); /* it was only read */
    if (status != HB_OK) {
        free(secrets);
        return status;
    }
    *out = secrets;
    return HB_OK;
}

void sim_secrets_free(struct sim_secrets *secrets)
{
    free(secrets);
}

bool sim_secrets_holds(const struct sim_secrets *secrets, const char *token, size_t bytes)
{
    struct hash hash = hash_of(token, bytes);
    int is_found = 0;
    for (size_t i = 0; i < secrets->count; i++) {
        const struct hash *known = &secrets->hashes[i];
        is_found |= hb_identity_is_same(&known->halves[0], &hash.halves[0])
            & hb_identity_is_same(&known->halves[1], &hash.halves[1]);
    }
    return is_found != 0;
}

static void put_hex(const uint8_t *bytes, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
}

enum hb_status sim_secrets_new(const char *name, char token[SIM_SECRETS_TEXT_BYTES],
    char line[SIM_SECRETS_TEXT_BYTES])
{
    uint8_t secret[secret_bytes];
    char text[2 * secret_bytes + 1], digits[2 * secret_bytes + 1];
    if (!is_name(name, strlen(name))) {
        return HB_ERR_RANGE;
    }
    if (getentropy(secret, sizeof secret) != 0) {
        return HB_ERR_IO;
    }
    put_hex(secret, sizeof secret, text);
    (void)snprintf(token, SIM_SECRETS_TEXT_BYTES, "hbt_%s", text);
    struct hash hash = hash_of(token, strlen(token));
    put_hex(hash.halves[0].bytes, 16, digits);
    put_hex(hash.halves[1].bytes, 16, digits + 32);
    (void)snprintf(line, SIM_SECRETS_TEXT_BYTES, "%s %s", name, digits);
    return HB_OK;
}

static enum hb_status make_salt(const char *path, struct data_problem *problem,
    uint8_t salt[secret_bytes])
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_made = file >= 0 && getentropy(salt, secret_bytes) == 0
        && write(file, salt, secret_bytes) == secret_bytes && fsync(file) == 0;
    int why = errno;
    if (file >= 0 && close(file) != 0) {
        is_made = false;
    }
    if (is_made) {
        return HB_OK;
    }
    if (file >= 0) {
        (void)unlink(path); /* half a salt must not be taken for one */
    }
    return data_problem_set(problem, HB_ERR_IO, "%s: %s", path, strerror(why));
}

enum hb_status sim_secrets_salt(const char *path, struct data_problem *problem,
    uint8_t salt[secret_bytes])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT
            ? make_salt(path, problem, salt)
            : data_problem_set(problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    struct stat about;
    uint8_t bytes[secret_bytes + 1];
    ssize_t length = fstat(file, &about) == 0 ? read(file, bytes, sizeof bytes) : -1;
    (void)close(file); /* it was only read */
    if (length != secret_bytes) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found %s: expected %d secret bytes", path,
            length < 0 ? "no readable file" : "another size", secret_bytes);
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return data_problem_set(problem, HB_ERR_DENIED,
            "%s: found mode %03o: expected 600, the salt is a secret (chmod 600 %s)", path,
            (unsigned)about.st_mode & 0777u, path);
    }
    memcpy(salt, bytes, secret_bytes);
    return HB_OK;
}
