/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service over TLS. GnuTLS, which the service's HTTP library brings along, makes the
 * certificates here and now, and is the client. */
#include "tests/support/assert_near.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/program.h"
#include "tests/system/serving.h"

static const char *const over_tls[] = { "--cert", "own.crt", "--key", "own.key", NULL };

/* NAME.crt and NAME.key: a certificate that signs itself, for localhost, valid for an hour. */
static void make_certificate(const char *folder, const char *name)
{
    static char text[16384];
    char file[64];
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
        GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
    assert_int_equal(gnutls_x509_crt_init(&cert), 0);
    assert_int_equal(gnutls_x509_crt_set_version(cert, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_key(cert, key), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(cert, "\x73\x01", 2), 0);
    assert_int_equal(gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, name,
        (unsigned)strlen(name)), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(cert, time(NULL) - 60), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 3600), 0);
    assert_int_equal(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, "localhost", 9,
        GNUTLS_FSAN_SET), 0);
    assert_int_equal(gnutls_x509_crt_set_basic_constraints(cert, 1, -1), 0);
    assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
    size_t bytes = sizeof text - 1;
    assert_int_equal(gnutls_x509_crt_export(cert, GNUTLS_X509_FMT_PEM, text, &bytes), 0);
    text[bytes] = '\0';
    (void)snprintf(file, sizeof file, "%s.crt", name);
    program_write(folder, file, text);
    bytes = sizeof text - 1;
    assert_int_equal(gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, text, &bytes), 0);
    text[bytes] = '\0';
    (void)snprintf(file, sizeof file, "%s.key", name);
    program_write(folder, file, text);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}

static int set_up(void **state)
{
    struct serving *serving = serving_create();
    make_certificate(serving->folder, "own");
    make_certificate(serving->folder, "other");
    *state = serving;
    return 0;
}

static int tear_down(void **state)
{
    serving_free(*state);
    return 0;
}

/* One request; the client trusts NAME.crt alone and wants host. The handshake's outcome; reply:
 * what came, if it was good. */
struct visit {
    const char *trusts, *host, *path, *token;
};

static int call(const struct serving *serving, const struct visit *visit, char *reply, size_t room)
{
    char ca[1024], ask[512];
    gnutls_certificate_credentials_t trust;
    gnutls_session_t session;
    (void)snprintf(ca, sizeof ca, "%s/%s", serving->folder, visit->trusts);
    assert_int_equal(gnutls_certificate_allocate_credentials(&trust), 0);
    assert_int_equal(gnutls_certificate_set_x509_trust_file(trust, ca, GNUTLS_X509_FMT_PEM), 1);
    assert_int_equal(gnutls_init(&session, GNUTLS_CLIENT), 0);
    assert_int_equal(gnutls_set_default_priority(session), 0);
    assert_int_equal(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust), 0);
    gnutls_session_set_verify_cert(session, visit->host, 0);
    int line = serving_connect(serving);
    gnutls_transport_set_int(session, line);
    gnutls_handshake_set_timeout(session, 15000);
    int code = gnutls_handshake(session);
    while (code < 0 && gnutls_error_is_fatal(code) == 0) {
        code = gnutls_handshake(session);
    }
    size_t length = 0;
    if (code == 0) {
        int bytes = snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: localhost\r\n"
            "Connection: close\r\nAuthorization: Bearer %s\r\n\r\n", visit->path, visit->token);
        assert_int_equal(gnutls_record_send(session, ask, (size_t)bytes), bytes);
        for (ssize_t got = 1; got > 0 && length < room - 1;) {
            got = gnutls_record_recv(session, reply + length, room - 1 - length);
            length += got > 0 ? (size_t)got : 0;
        }
    }
    reply[length] = '\0';
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(trust);
    (void)close(line);
    return code;
}

static void who_trusts_its_certificate_is_served(void **state)
{
    struct serving *serving = *state;
    static char reply[65536];
    serving_start(serving, over_tls);
    struct visit visit = { "own.crt", "localhost", "/v1/health", serving->token };
    assert_int_equal(call(serving, &visit, reply, sizeof reply), 0);
    assert_int_equal(strncmp(reply, "HTTP/1.1 200 ", 13), 0);
    visit.path = "/v1/metrics";
    assert_int_equal(call(serving, &visit, reply, sizeof reply), 0);
    assert_non_null(strstr(reply, "harbinger_clients 0"));
    visit.token = "hbt_wrong";
    assert_int_equal(call(serving, &visit, reply, sizeof reply), 0);
    assert_int_equal(strncmp(reply, "HTTP/1.1 401 ", 13), 0);
    assert_int_equal(serving_stop(serving, SIGTERM), 0);
}

static void who_trusts_another_or_wants_another_host_turns_away(void **state)
{
    struct serving *serving = *state;
    static char reply[65536];
    serving_start(serving, over_tls);
    struct visit visit = { "other.crt", "localhost", "/v1/health", serving->token };
    assert_int_equal(call(serving, &visit, reply, sizeof reply),
        GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR);
    visit = (struct visit) { "own.crt", "example.org", "/v1/health", serving->token };
    assert_int_equal(call(serving, &visit, reply, sizeof reply),
        GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR);
    visit.host = "localhost";
    assert_int_equal(call(serving, &visit, reply, sizeof reply), 0);
}

/* Plain HTTP, and garbage, on the TLS port: no answer in clear, and the next is served. */
static void what_is_no_tls_gets_no_answer(void **state)
{
    struct serving *serving = *state;
    static char reply[65536];
    serving_start(serving, over_tls);
    struct serving_request plain = { "GET", "/v1/health", serving->token, NULL };
    assert_int_equal(serving_ask(serving, &plain, reply, sizeof reply), 0);
    assert_null(strstr(reply, "HTTP/"));
    int line = serving_connect(serving);
    serving_send(line, "\x16\x03\x01\xff\xff\x01\x00\x00garbage", 15);
    struct visit visit = { "own.crt", "localhost", "/v1/health", serving->token };
    assert_int_equal(call(serving, &visit, reply, sizeof reply), 0); /* while that one waits */
    (void)close(line);
    assert_int_equal(strncmp(reply, "HTTP/1.1 200 ", 13), 0);
}

static void refuses(const struct serving *serving, const char *cert, const char *key,
    const char *sentence)
{
    static struct program_run run;
    const char *const arguments[] = { "serve", "--places", "places.h5", "--salt", "salt",
        "--tokens", "tokens", "--port", "0", "--cert", cert, "--key", key, NULL };
    program_run(&(struct program_call) { .arguments = arguments, .folder = serving->folder,
        .kill_after_s = 20.0 }, &run);
    assert_int_equal(run.exit_status, 1);
    assert_string_equal(run.out, "");
    if (strstr(run.err, sentence) == NULL) {
        fail_msg("said %s", run.err);
    }
}

static void files_of_no_use_are_named(void **state)
{
    struct serving *serving = *state;
    program_write(serving->folder, "bad", "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n");
    refuses(serving, "own.crt", "none.key", "none.key: cannot be opened: No such file");
    refuses(serving, "none.crt", "own.key", "none.crt: cannot be opened: No such file");
    refuses(serving, "own.crt", "bad", "bad: found no private key (");
    refuses(serving, "own.crt", "own.crt", "own.crt: found no private key (");
    refuses(serving, "bad", "own.key", "bad: found no certificate (");
    refuses(serving, "own.crt", "other.key",
        "other.key: found a key of another certificate than own.crt (");
    refuses(serving, ".", "own.key", ".: found a folder: expected a file");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(who_trusts_its_certificate_is_served),
        TEST(who_trusts_another_or_wants_another_host_turns_away),
        TEST(what_is_no_tls_gets_no_answer),
        TEST(files_of_no_use_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
