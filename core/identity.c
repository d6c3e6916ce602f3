/* SPDX-License-Identifier: Apache-2.0 */
#include "core/identity.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/units.h"

#define TAG_BYTES 32

/* Two tables of ids, of this epoch and of the last, are open-addressed by the
 * first bytes of the id, which BLAKE2b has made uniform. They are at most half
 * full, and deletion shifts back, so probes stay short however long it runs.
 * No id is stored: it is one hash of the tag away, and wiping an epoch's token
 * makes all ids of that epoch worth nothing. */
struct row {
    uint8_t tag[TAG_BYTES];
    uint8_t is_used;
};

struct hb_identity {
    uint8_t salt[HB_IDENTITY_KEY_BYTES];
    uint8_t tokens[2][TAG_BYTES]; /* by the parity of the epoch */
    int64_t epoch, epoch_ns, grace_ns;
    uint32_t client_capacity, client_count, table_size, free_count;
    int has_last;        /* the last epoch's ids are still valid */
    struct row *rows;    /* [client_capacity] */
    /* [table_size] by the parity of the epoch; a client or HB_NONE. Without grace, in which
     * the last epoch's ids are worth something, both are one. */
    uint32_t *tables[2];
    uint32_t *free_rows; /* a stack of those given back */
    uint32_t fresh_row;  /* from here on none was ever used */
};

void hb_identity_blake2b(struct hb_identity_text key, struct hb_identity_text message,
    uint8_t *out, size_t out_bytes)
{
    assert(key.byte_count <= crypto_generichash_KEYBYTES_MAX);
    assert(out_bytes >= crypto_generichash_BYTES_MIN);
    assert(out_bytes <= crypto_generichash_BYTES_MAX);
    int failed = crypto_generichash_blake2b(out, out_bytes, message.bytes, message.byte_count,
        key.byte_count == 0 ? NULL : key.bytes, key.byte_count);
    assert(failed == 0);
    (void)failed;
}

/* The salt keys two different hashes, so the messages start with a label. */
static void hash_labelled(const struct hb_identity *identity, char label,
    struct hb_identity_text text, uint8_t out[TAG_BYTES])
{
    uint8_t message[1 + HB_IDENTITY_DEVICE_BYTES_MAX];
    assert(text.byte_count <= HB_IDENTITY_DEVICE_BYTES_MAX);
    message[0] = (uint8_t)label;
    memcpy(message + 1, text.bytes, text.byte_count);
    hb_identity_blake2b((struct hb_identity_text){ identity->salt, sizeof identity->salt },
        (struct hb_identity_text){ message, 1 + text.byte_count }, out, TAG_BYTES);
    sodium_memzero(message, sizeof message);
}

static struct hb_client_id id_of_tag(const struct hb_identity *identity, int parity,
    const uint8_t tag[TAG_BYTES])
{
    struct hb_client_id id;
    hb_identity_blake2b((struct hb_identity_text){ identity->tokens[parity], TAG_BYTES },
        (struct hb_identity_text){ tag, TAG_BYTES }, id.bytes, sizeof id.bytes);
    return id;
}

static struct hb_client_id id_of(const struct hb_identity *identity, int parity, uint32_t client)
{
    return id_of_tag(identity, parity, identity->rows[client].tag);
}

int hb_identity_is_same(const struct hb_client_id *a, const struct hb_client_id *b)
{
    return sodium_memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static uint32_t home_of(const struct hb_identity *identity, const struct hb_client_id *id)
{
    uint32_t word;
    memcpy(&word, id->bytes, sizeof word);
    return word & (identity->table_size - 1);
}

/* The position of id in a table, or of the hole where it belongs. */
static uint32_t position_of(const struct hb_identity *identity, int parity,
    const struct hb_client_id *id)
{
    const uint32_t *table = identity->tables[parity];
    uint32_t at = home_of(identity, id);
    for (; table[at] != HB_NONE; at = (at + 1) & (identity->table_size - 1)) {
        struct hb_client_id other = id_of(identity, parity, table[at]);
        if (hb_identity_is_same(&other, id)) {
            break;
        }
    }
    return at;
}

/* Enters a client whose id is in the table of no other. */
static void enter(struct hb_identity *identity, int parity, uint32_t client)
{
    uint32_t *table = identity->tables[parity];
    struct hb_client_id id = id_of(identity, parity, client);
    uint32_t at = home_of(identity, &id);
    while (table[at] != HB_NONE) {
        at = (at + 1) & (identity->table_size - 1);
    }
    table[at] = client;
}

/* Fills the hole with the next entry whose home does not lie after it, and so on. */
static void remove_at(struct hb_identity *identity, int parity, uint32_t hole)
{
    uint32_t *table = identity->tables[parity];
    uint32_t mask = identity->table_size - 1;
    for (uint32_t at = (hole + 1) & mask; table[at] != HB_NONE; at = (at + 1) & mask) {
        struct hb_client_id id = id_of(identity, parity, table[at]);
        uint32_t home = home_of(identity, &id);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table[hole] = table[at];
            hole = at;
        }
    }
    table[hole] = HB_NONE;
}

static int parity_of(int64_t epoch)
{
    return (int)(epoch & 1);
}

static void set_token(struct hb_identity *identity, int64_t epoch)
{
    uint8_t number[8];
    for (int i = 0; i < 8; i++) {
        number[i] = (uint8_t)((uint64_t)epoch >> (8 * i));
    }
    hash_labelled(identity, 'e', (struct hb_identity_text){ number, sizeof number },
        identity->tokens[parity_of(epoch)]);
    identity->epoch = epoch;
}

static void clear_table(struct hb_identity *identity, int parity)
{
    for (uint32_t i = 0; i < identity->table_size; i++) {
        identity->tables[parity][i] = HB_NONE;
    }
}

/* Ids past their grace are worth nothing from now on. */
static void drop(struct hb_identity *identity, int parity)
{
    clear_table(identity, parity);
    sodium_memzero(identity->tokens[parity], sizeof identity->tokens[parity]);
    identity->has_last = 0;
}

static void enter_epoch(struct hb_identity *identity, int64_t epoch)
{
    int is_next = epoch == identity->epoch + 1;
    int parity = parity_of(epoch);
    drop(identity, parity);
    int keeps_last = is_next && identity->grace_ns > 0;
    if (!keeps_last) {
        drop(identity, 1 - parity);
    }
    set_token(identity, epoch);
    for (uint32_t i = 0; i < identity->client_capacity; i++) {
        if (identity->rows[i].is_used) {
            enter(identity, parity, i);
        }
    }
    identity->has_last = keeps_last;
}

/* Floor division, also before the host's epoch. */
static int64_t epoch_of(const struct hb_identity *identity, int64_t at_ns)
{
    int64_t quotient = at_ns / identity->epoch_ns;
    return quotient - (at_ns % identity->epoch_ns < 0);
}

/* A clock that is put back to an earlier epoch leaves all as it is: that epoch's key is gone. */
static void advance(struct hb_identity *identity, int64_t at_ns)
{
    int64_t epoch = epoch_of(identity, at_ns);
    if (epoch < identity->epoch) {
        return;
    }
    if (epoch > identity->epoch) {
        enter_epoch(identity, epoch);
    }
    int64_t past_ns = at_ns % identity->epoch_ns;
    past_ns += past_ns < 0 ? identity->epoch_ns : 0;
    if (identity->has_last && past_ns >= identity->grace_ns) {
        drop(identity, 1 - parity_of(epoch));
    }
}

static uint32_t table_size_for(uint32_t client_capacity)
{
    uint32_t size = 2;
    while (size < 2 * (uint64_t)client_capacity) {
        size *= 2;
    }
    return size;
}

static enum hb_status allocate(struct hb_identity *identity)
{
    uint32_t capacity = identity->client_capacity;
    identity->rows = calloc(capacity, sizeof *identity->rows);
    identity->free_rows = calloc(capacity, sizeof *identity->free_rows);
    identity->tables[0] = calloc(identity->table_size, sizeof *identity->tables[0]);
    identity->tables[1] = identity->grace_ns == 0
        ? identity->tables[0]
        : calloc(identity->table_size, sizeof *identity->tables[1]);
    if (identity->rows == NULL || identity->free_rows == NULL || identity->tables[0] == NULL
        || identity->tables[1] == NULL) {
        return HB_ERR_MEMORY;
    }
    clear_table(identity, 0);
    clear_table(identity, 1);
    return HB_OK;
}

enum hb_status hb_identity_create(const struct hb_identity_config *config,
    struct hb_identity **out)
{
    if (config->client_capacity == 0 || config->client_capacity > UINT32_C(1) << 30
        || !(config->epoch_s >= 1.0) || !(config->epoch_s < 9e9) || !(config->grace_s >= 0.0)
        || !(config->grace_s <= config->epoch_s)) {
        return HB_ERR_RANGE;
    }
    if (sodium_init() < 0) {
        return HB_ERR_UNSUPPORTED;
    }
    struct hb_identity *identity = calloc(1, sizeof *identity);
    if (identity == NULL) {
        return HB_ERR_MEMORY;
    }
    identity->client_capacity = config->client_capacity;
    identity->table_size = table_size_for(config->client_capacity);
    identity->epoch_ns = hb_units_ns(config->epoch_s);
    identity->grace_ns = hb_units_ns(config->grace_s);
    memcpy(identity->salt, config->salt, sizeof identity->salt);
    enum hb_status status = allocate(identity);
    if (status != HB_OK) {
        hb_identity_free(identity);
        return status;
    }
    /* Before every instant: the first call enters its own epoch. */
    set_token(identity, INT64_MIN / 2);
    *out = identity;
    return HB_OK;
}

void hb_identity_free(struct hb_identity *identity)
{
    if (identity == NULL) {
        return;
    }
    if (identity->rows != NULL) {
        sodium_memzero(identity->rows, identity->client_capacity * sizeof *identity->rows);
    }
    if (identity->tables[1] != identity->tables[0]) {
        free(identity->tables[1]);
    }
    free(identity->tables[0]);
    free(identity->free_rows);
    free(identity->rows);
    sodium_memzero(identity, sizeof *identity);
    free(identity);
}

static enum hb_status refuse(struct hb_identity *identity, const struct hb_client_id *id,
    uint32_t *client)
{
    int parity = parity_of(identity->epoch);
    *client = identity->tables[parity][position_of(identity, parity, id)];
    if (*client != HB_NONE) {
        enum hb_status status = hb_identity_forget(identity, *client);
        assert(status == HB_OK);
        (void)status;
    }
    return HB_ERR_DENIED;
}

enum hb_status hb_identity_admit(struct hb_identity *identity, int64_t at_ns, const void *device,
    size_t device_bytes, int has_consent, uint32_t *client)
{
    if (device_bytes == 0 || device_bytes > HB_IDENTITY_DEVICE_BYTES_MAX) {
        return HB_ERR_RANGE;
    }
    advance(identity, at_ns);
    uint8_t tag[TAG_BYTES];
    hash_labelled(identity, 'd', (struct hb_identity_text){ device, device_bytes }, tag);
    int parity = parity_of(identity->epoch);
    struct hb_client_id id = id_of_tag(identity, parity, tag);
    uint32_t *cell = &identity->tables[parity][position_of(identity, parity, &id)];
    enum hb_status status = HB_OK;
    if (!has_consent) {
        status = refuse(identity, &id, client);
    } else if (*cell == HB_NONE && identity->client_count == identity->client_capacity) {
        status = HB_ERR_FULL;
    } else if (*cell == HB_NONE) {
        *cell = identity->free_count > 0 ? identity->free_rows[--identity->free_count]
                                         : identity->fresh_row++;
        struct row *row = &identity->rows[*cell];
        *row = (struct row){ .is_used = 1 };
        memcpy(row->tag, tag, sizeof row->tag);
        identity->client_count++;
    }
    if (status == HB_OK) {
        *client = *cell;
    }
    sodium_memzero(tag, sizeof tag);
    return status;
}

enum hb_status hb_identity_find(struct hb_identity *identity, int64_t at_ns,
    const struct hb_client_id *id, uint32_t *client)
{
    advance(identity, at_ns);
    int parity = parity_of(identity->epoch);
    uint32_t found = identity->tables[parity][position_of(identity, parity, id)];
    if (found == HB_NONE && identity->has_last) {
        found = identity->tables[1 - parity][position_of(identity, 1 - parity, id)];
    }
    if (found == HB_NONE) {
        return HB_ERR_NOT_FOUND;
    }
    *client = found;
    return HB_OK;
}

enum hb_status hb_identity_id(struct hb_identity *identity, int64_t at_ns, uint32_t client,
    struct hb_client_id *out)
{
    advance(identity, at_ns);
    if (client >= identity->client_capacity || !identity->rows[client].is_used) {
        return HB_ERR_NOT_FOUND;
    }
    *out = id_of(identity, parity_of(identity->epoch), client);
    return HB_OK;
}

/* Who came in this epoch is not in the last one's table. */
static void leave(struct hb_identity *identity, int parity, uint32_t client)
{
    struct hb_client_id id = id_of(identity, parity, client);
    uint32_t at = position_of(identity, parity, &id);
    if (identity->tables[parity][at] != HB_NONE) {
        remove_at(identity, parity, at);
    }
}

enum hb_status hb_identity_forget(struct hb_identity *identity, uint32_t client)
{
    if (client >= identity->client_capacity || !identity->rows[client].is_used) {
        return HB_ERR_NOT_FOUND;
    }
    leave(identity, parity_of(identity->epoch), client);
    if (identity->has_last) {
        leave(identity, 1 - parity_of(identity->epoch), client);
    }
    sodium_memzero(&identity->rows[client], sizeof identity->rows[client]);
    identity->free_rows[identity->free_count++] = client;
    identity->client_count--;
    return HB_OK;
}

uint32_t hb_identity_count(const struct hb_identity *identity)
{
    return identity->client_count;
}

size_t hb_identity_bytes(const struct hb_identity *identity)
{
    return sizeof *identity
        + (size_t)identity->client_capacity
        * (sizeof *identity->rows + sizeof *identity->free_rows)
        + (identity->grace_ns == 0 ? 1u : 2u) * (size_t)identity->table_size
            * sizeof *identity->tables[0];
}
