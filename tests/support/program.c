/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/program.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/paths.h"

#define ARGUMENTS_MAX 32

static void become_program(const struct program_call *call, FILE *out, FILE *err)
{
    const char *program = path_of_program();
    char *arguments[ARGUMENTS_MAX + 2] = { strdup(program) };
    for (int i = 0; i < ARGUMENTS_MAX && call->arguments[i] != NULL; i++) {
        arguments[i + 1] = strdup(call->arguments[i]);
    }
    if (call->folder != NULL && chdir(call->folder) != 0) {
        _exit(126);
    }
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    if (call->bytes_max > 0) {
        struct rlimit limit = { call->bytes_max, call->bytes_max };
        setrlimit(RLIMIT_FSIZE, &limit);
        signal(SIGXFSZ, SIG_IGN);
    }
    execv(program, arguments);
    _exit(127);
}

static void slurp(FILE *in, char *text, size_t text_bytes)
{
    rewind(in);
    size_t length = fread(text, 1, text_bytes - 1, in);
    text[length] = '\0';
    fclose(in);
}

static void sleep_s(double s)
{
    struct timespec time = { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) };
    nanosleep(&time, NULL);
}

/* Looks every few milliseconds, for so long. */
static int has_ended(pid_t child, double limit_s, int *state)
{
    const double step_s = 0.002;
    for (double spent_s = 0.0; spent_s < limit_s; spent_s += step_s) {
        if (waitpid(child, state, WNOHANG) == child) {
            return 1;
        }
        sleep_s(step_s);
    }
    return 0;
}

void program_run(const struct program_call *call, struct program_run *run)
{
    FILE *out = tmpfile(), *err = tmpfile();
    int state = 0;
    if (out == NULL || err == NULL) {
        abort();
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        become_program(call, out, err);
    }
    if (call->kill_after_s <= 0.0 || !has_ended(child, call->kill_after_s, &state)) {
        if (call->kill_after_s > 0.0) {
            kill(child, call->signal != 0 ? call->signal : SIGKILL);
        }
        waitpid(child, &state, 0);
    }
    run->exit_status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    slurp(out, run->out, sizeof run->out);
    slurp(err, run->err, sizeof run->err);
}

char *program_folder(void)
{
    const char *root = getenv("TMPDIR");
    char path[1024];
    snprintf(path, sizeof path, "%s/harbinger-test-XXXXXX", root != NULL ? root : "/tmp");
    if (mkdtemp(path) == NULL) {
        abort();
    }
    return strdup(path);
}

static void each_entry(const char *folder, void (*visit)(const char *path, int *count),
    int *count)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[2048];
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            visit(path, count);
        }
    }
    closedir(entries);
}

static void remove_entry(const char *path, int *count)
{
    struct stat about;
    *count += 1;
    if (lstat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        program_remove(path);
    } else {
        unlink(path);
    }
}

void program_remove(const char *folder)
{
    int count = 0;
    each_entry(folder, remove_entry, &count);
    rmdir(folder);
}

static void count_entry(const char *path, int *count)
{
    (void)path;
    *count += 1;
}

int program_entry_count(const char *folder)
{
    int count = 0;
    each_entry(folder, count_entry, &count);
    return count;
}

void program_write(const char *folder, const char *name, const char *text)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0) {
        abort();
    }
}

int program_is_same_file(const char *a, const char *b)
{
    FILE *one = fopen(a, "rb"), *other = fopen(b, "rb");
    int is_same = one != NULL && other != NULL;
    int c = 0;
    while (is_same && c != EOF) {
        c = fgetc(one);
        is_same = c == fgetc(other);
    }
    if (one != NULL) {
        fclose(one);
    }
    if (other != NULL) {
        fclose(other);
    }
    return is_same;
}

int program_make_folder(void **state)
{
    char **folder = *state;
    *folder = program_folder();
    return 0;
}

int program_remove_folder(void **state)
{
    char **folder = *state;
    program_remove(*folder);
    free(*folder);
    return 0;
}
