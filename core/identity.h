/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_IDENTITY_H
#define HB_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#define HB_IDENTITY_KEY_BYTES 32
#define HB_IDENTITY_DEVICE_BYTES_MAX 256

/* What a client is called outside the core during one epoch:
 *   tag   = BLAKE2b-256(salt, device identifiers)   never leaves the registry
 *   token = BLAKE2b-256(salt, epoch number)         never leaves the registry
 *   id    = BLAKE2b-128(token, tag)
 * Without the salt, ids of two epochs cannot be told to be one device's. */
struct hb_client_id {
    uint8_t bytes[16];
};

struct hb_identity_config {
    uint8_t salt[HB_IDENTITY_KEY_BYTES]; /* secret; the caller wipes its own copy */
    uint32_t client_capacity;            /* >= 1 */
    double epoch_s;                      /* >= 1; an id lives this long */
    double grace_s;                      /* 0..epoch_s: the last epoch's id still serves */
};

struct hb_identity; /* opaque registry: id -> dense client index, the `client` of core/event.h */

/* Registry of clients that have opted in. All memory is taken here.
 * HB_ERR_RANGE for a config outside its bounds, HB_ERR_MEMORY,
 * HB_ERR_UNSUPPORTED if libsodium does not start. */
HB_API enum hb_status hb_identity_create(const struct hb_identity_config *config,
    struct hb_identity **out);

/* Wipes all secrets, then frees. */
HB_API void hb_identity_free(struct hb_identity *identity);

/* Admits a device (or finds it again) at at_ns; its client index is stable
 * until it is forgotten, across all rotations. An at_ns of an epoch before one
 * seen already counts as of the latest: epochs do not come back.
 *   HB_ERR_DENIED   has_consent is false: nothing is stored, and what was
 *                   stored of this device is erased, *client tells whose
 *                   predictor state to forget (HB_NONE: it was not known)
 *   HB_ERR_FULL     client_capacity devices are known
 *   HB_ERR_RANGE    device_bytes is 0 or over HB_IDENTITY_DEVICE_BYTES_MAX */
HB_API enum hb_status hb_identity_admit(struct hb_identity *identity, int64_t at_ns,
    const void *device, size_t device_bytes, int has_consent, uint32_t *client);

/* The client whose id this is, in this epoch or, within the grace period, in
 * the last one. HB_ERR_NOT_FOUND. */
HB_API enum hb_status hb_identity_find(struct hb_identity *identity, int64_t at_ns,
    const struct hb_client_id *id, uint32_t *client);

/* The client's id of the epoch of at_ns (of the latest, see above). HB_ERR_NOT_FOUND. */
HB_API enum hb_status hb_identity_id(struct hb_identity *identity, int64_t at_ns,
    uint32_t client, struct hb_client_id *out);

/* Erases a client: consent withdrawn. Its index may be given to the next
 * newcomer, so the caller forgets it in every predictor first. HB_ERR_NOT_FOUND. */
HB_API enum hb_status hb_identity_forget(struct hb_identity *identity, uint32_t client);

/* How many clients are known. */
HB_API uint32_t hb_identity_count(const struct hb_identity *identity);

/* Heap held. */
HB_API size_t hb_identity_bytes(const struct hb_identity *identity);

/* Whether two ids are the same, in time that does not depend on them. */
HB_API int hb_identity_is_same(const struct hb_client_id *a, const struct hb_client_id *b);

/* BLAKE2b of message, keyed unless key_bytes is 0 (RFC 7693): the primitive
 * under all ids, exposed for digests and for its published test vectors.
 * key_bytes <= 64, 16 <= out_bytes <= 64 (asserted). */
struct hb_identity_text {
    const void *bytes;
    size_t byte_count;
};
HB_API void hb_identity_blake2b(struct hb_identity_text key, struct hb_identity_text message,
    uint8_t *out, size_t out_bytes);

#endif
