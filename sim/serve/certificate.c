/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/serve/certificate.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <string.h>

static gnutls_datum_t datum_of(const char *text)
{
    return (gnutls_datum_t) { (unsigned char *)(uintptr_t)text, (unsigned)strlen(text) };
}

static int check_cert(const char *text)
{
    gnutls_x509_crt_t *list = NULL;
    unsigned count = 0;
    gnutls_datum_t pem = datum_of(text);
    int code = gnutls_x509_crt_list_import2(&list, &count, &pem, GNUTLS_X509_FMT_PEM, 0);
    for (unsigned i = 0; code >= 0 && i < count; i++) {
        gnutls_x509_crt_deinit(list[i]);
    }
    gnutls_free(list);
    return code;
}

static int check_key(const char *text)
{
    gnutls_x509_privkey_t key;
    gnutls_datum_t pem = datum_of(text);
    int code = gnutls_x509_privkey_init(&key);
    if (code >= 0) {
        code = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
        gnutls_x509_privkey_deinit(key);
    }
    return code;
}

/* Both of use: whether they belong together. */
static int check_both(const struct sim_certificate *certificate)
{
    gnutls_certificate_credentials_t both;
    gnutls_datum_t cert = datum_of(certificate->cert), key = datum_of(certificate->key);
    int code = gnutls_certificate_allocate_credentials(&both);
    if (code >= 0) {
        code = gnutls_certificate_set_x509_key_mem(both, &cert, &key, GNUTLS_X509_FMT_PEM);
        gnutls_certificate_free_credentials(both);
    }
    return code;
}

enum hb_status sim_certificate_check(
    const struct sim_certificate *certificate, struct data_problem *problem)
{
    int code = check_cert(certificate->cert);
    if (code < 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found no certificate (%s): expected one in PEM", certificate->cert_path,
            gnutls_strerror(code));
    }
    code = check_key(certificate->key);
    if (code < 0) {
        return data_problem_set(problem, HB_ERR_FORMAT,
            "%s: found no private key (%s): expected one in PEM, without a password",
            certificate->key_path, gnutls_strerror(code));
    }
    code = check_both(certificate);
    return code >= 0 ? HB_OK
                     : data_problem_set(problem, HB_ERR_FORMAT,
                           "%s: found a key of another certificate than %s (%s): expected its own",
                           certificate->key_path, certificate->cert_path, gnutls_strerror(code));
}
