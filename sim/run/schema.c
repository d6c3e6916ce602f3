/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of error messages and of the reference come from the schema's own
 * documentation, so they cannot disagree with what it accepts. */
#include "sim/run/schema.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_BYTES 768

static const struct sim_element *named(const struct sim_document *schema, const char *tag,
    const char *name)
{
    const struct sim_element *root = sim_document_root(schema), *element = NULL;
    char value[64];
    while ((element = sim_element_child(root, tag, element)) != NULL) {
        if (sim_element_attribute(element, "name", value, sizeof value)
            && strcmp(value, name) == 0) {
            return element;
        }
    }
    return NULL;
}

/* The text of the documentation directly under element; empty if none. */
static void documentation(const struct sim_element *element, char *words, size_t words_bytes)
{
    words[0] = '\0';
    const struct sim_element *note = sim_element_child(element, "annotation", NULL);
    if (note != NULL) {
        sim_element_words(sim_element_child(note, "documentation", NULL), words, words_bytes);
    }
}

static void append(char *words, size_t words_bytes, const char *more)
{
    size_t length = strlen(words);
    snprintf(words + length, words_bytes - length, "%s", more);
}

/* "gravity or radiation", "a, b or c": the values of a choice. */
static void choices(const struct sim_element *type, char *words, size_t words_bytes)
{
    const struct sim_element *rule = sim_element_child(type, "restriction", NULL), *value = NULL;
    char text[64], pending[64] = "";
    words[0] = '\0';
    while (rule != NULL && (value = sim_element_child(rule, "enumeration", value)) != NULL) {
        sim_element_attribute(value, "value", text, sizeof text);
        append(words, words_bytes, words[0] != '\0' ? ", " : "");
        append(words, words_bytes, pending);
        snprintf(pending, sizeof pending, "%s", text);
    }
    append(words, words_bytes, words[0] != '\0' ? " or " : "");
    append(words, words_bytes, pending);
}

static const struct sim_element *attribute_of(const struct sim_document *schema,
    const char *element, const char *attribute)
{
    const struct sim_element *root = named(schema, "element", element);
    const struct sim_element *declared = NULL;
    char value[64];
    while (root != NULL && (declared = sim_element_below(root, "attribute", declared)) != NULL) {
        if (sim_element_attribute(declared, "name", value, sizeof value)
            && strcmp(value, attribute) == 0) {
            return declared;
        }
    }
    return NULL;
}

static void type_words(const struct sim_document *schema, const struct sim_element *attribute,
    char *words, size_t words_bytes)
{
    char type_name[64];
    words[0] = '\0';
    sim_element_attribute(attribute, "type", type_name, sizeof type_name);
    const struct sim_element *type = named(schema, "simpleType", type_name);
    if (type == NULL) {
        return;
    }
    documentation(type, words, words_bytes);
    if (words[0] == '\0') {
        choices(type, words, words_bytes);
    }
}

/* "one of the attributes a, b, c", in the schema's order. */
static void attribute_names(const struct sim_document *schema, const char *element, char *words,
    size_t words_bytes)
{
    const struct sim_element *root = named(schema, "element", element), *declared = NULL;
    char name[64];
    words[0] = '\0';
    while (root != NULL && (declared = sim_element_below(root, "attribute", declared)) != NULL) {
        sim_element_attribute(declared, "name", name, sizeof name);
        append(words, words_bytes, words[0] != '\0' ? ", " : "");
        append(words, words_bytes, name);
    }
}

static void tell(const struct sim_document *document, const struct sim_element *element,
    const char *attribute, const char *words, struct data_problem *problem)
{
    char where[512], value[160];
    sim_document_where(document, element, attribute, where, sizeof where);
    if (attribute == NULL) {
        data_problem_set(problem, HB_ERR_FORMAT, "%s: <%s>: expected %s", where,
            sim_element_name(element), words);
    } else if (sim_element_attribute(element, attribute, value, sizeof value)) {
        data_problem_set(problem, HB_ERR_FORMAT, "%s: %s=\"%s\": expected %s", where, attribute,
            value, words);
    } else {
        data_problem_set(problem, HB_ERR_FORMAT, "%s: <%s> without %s: expected %s", where,
            sim_element_name(element), attribute, words);
    }
}

void sim_schema_complain(const struct sim_document *document, const struct sim_element *element,
    const char *attribute, const char *words, struct data_problem *problem)
{
    char typed[WORDS_BYTES] = "another value";
    struct sim_document *schema = NULL;
    if (words == NULL && sim_document_parse(sim_schema_text, "scenario.xsd", &schema) == HB_OK) {
        const struct sim_element *declared
            = attribute_of(schema, sim_element_name(element), attribute);
        if (declared != NULL) {
            type_words(schema, declared, typed, sizeof typed);
        }
    }
    tell(document, element, attribute, words != NULL ? words : typed, problem);
    sim_document_free(schema);
}

/* The quoted part of message after start: 'name'. */
static int quoted(const char *message, const char *start, char *out)
{
    const char *at = strstr(message, start);
    out[0] = '\0';
    return at != NULL && sscanf(at + strlen(start), "'%63[^']'", out) == 1;
}

/* A key that is used twice, or a reference to none: the constraint's own words. */
static void tell_key(const struct sim_document *document, const struct sim_document *schema,
    const struct sim_finding *finding, struct data_problem *problem)
{
    char name[64], words[WORDS_BYTES], path[64] = "@name";
    const char *const intros[] = { "identity-constraint ", "keyref " };
    const char *const tags[] = { "unique", "key", "keyref" };
    if (!quoted(finding->message, intros[0], name)) {
        quoted(finding->message, intros[1], name);
    }
    const struct sim_element *root = named(schema, "element", "scenario"), *found = NULL;
    char declared[64];
    for (size_t i = 0; i < 3; i++) {
        for (const struct sim_element *key = sim_element_child(root, tags[i], NULL); key != NULL;
             key = sim_element_child(root, tags[i], key)) {
            sim_element_attribute(key, "name", declared, sizeof declared);
            found = strcmp(declared, name) == 0 ? key : found;
        }
    }
    if (found == NULL) {
        tell(document, finding->element, NULL, finding->message, problem);
        return;
    }
    documentation(found, words, sizeof words);
    sim_element_attribute(sim_element_child(found, "field", NULL), "xpath", path, sizeof path);
    tell(document, finding->element, path + 1, words, problem);
}

/* "Expected is ( a )." or "Expected is one of ( a, b )." in our words. */
static void tell_content(const struct sim_document *document, const struct sim_finding *finding,
    struct data_problem *problem)
{
    char words[WORDS_BYTES], list[512] = "";
    const char *open = strstr(finding->message, "( ");
    int is_missing = strstr(finding->message, "Missing child") != NULL;
    if (open != NULL) {
        sscanf(open, "( %511[^)]", list);
        size_t length = strlen(list);
        if (length > 0 && list[length - 1] == ' ') {
            list[length - 1] = '\0';
        }
    }
    if (strstr(finding->message, "Character content") != NULL) {
        snprintf(words, sizeof words, "no text here");
    } else if (list[0] != '\0') {
        snprintf(words, sizeof words, is_missing ? "inside: %s" : "here: %s", list);
    } else if (sim_element_parent(finding->element) == NULL) {
        snprintf(words, sizeof words, "<scenario> as the root");
    } else {
        snprintf(words, sizeof words, "no such element in <%s>",
            sim_element_name(sim_element_parent(finding->element)));
    }
    tell(document, finding->element, NULL, words, problem);
}

static void tell_finding(const struct sim_document *document, const struct sim_document *schema,
    const struct sim_finding *finding, struct data_problem *problem)
{
    char words[WORDS_BYTES], name[64];
    const char *element = sim_element_name(finding->element), *message = finding->message;
    if (strstr(message, "key-sequence") != NULL) {
        tell_key(document, schema, finding, problem);
        return;
    }
    snprintf(name, sizeof name, "%s", finding->attribute);
    if (name[0] == '\0' && strstr(message, "required but missing") != NULL) {
        quoted(message, "The attribute ", name);
    }
    const struct sim_element *declared = name[0] ? attribute_of(schema, element, name) : NULL;
    if (declared != NULL) {
        type_words(schema, declared, words, sizeof words);
        tell(document, finding->element, name, words, problem);
    } else if (name[0] != '\0') {
        attribute_names(schema, element, words, sizeof words);
        char expected[WORDS_BYTES + 64];
        snprintf(expected, sizeof expected, "an attribute of <%s>: %s", element,
            words[0] != '\0' ? words : "none");
        tell(document, finding->element, name, expected, problem);
    } else {
        tell_content(document, finding, problem);
    }
}

enum hb_status sim_schema_check(struct sim_document *document, struct data_problem *problem)
{
    struct sim_finding finding;
    struct sim_document *schema = NULL;
    enum hb_status status = sim_document_validate(document, sim_schema_text, &finding);
    if (status != HB_ERR_FORMAT) {
        return status;
    }
    if (sim_document_parse(sim_schema_text, "scenario.xsd", &schema) != HB_OK) {
        return HB_ERR_MEMORY;
    }
    tell_finding(document, schema, &finding, problem);
    sim_document_free(schema);
    return HB_ERR_FORMAT;
}

/* Words folded to lines of about 78 columns behind an indent. */
static void print_folded(FILE *out, const char *words, int indent)
{
    int column = 78;
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", words);
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        int length = (int)strlen(word);
        if (column + 1 + length > 78) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else {
            fputc(' ', out);
            column++;
        }
        fputs(word, out);
        column += length;
    }
}

static void print_attribute(FILE *out, const struct sim_document *schema,
    const struct sim_element *attribute)
{
    char name[64], value[160], use[32], words[4096];
    sim_element_attribute(attribute, "name", name, sizeof name);
    type_words(schema, attribute, words, sizeof words);
    fprintf(out, "\n  %s: %s", name, words);
    if (sim_element_attribute(attribute, "default", value, sizeof value)) {
        fprintf(out, "; default %s", value);
    } else {
        sim_element_attribute(attribute, "use", use, sizeof use);
        fputs(strcmp(use, "required") == 0 ? "; required" : "; optional", out);
    }
    documentation(attribute, words, sizeof words);
    print_folded(out, words, 6);
}

static void print_element(FILE *out, const struct sim_document *schema,
    const struct sim_element *element)
{
    char name[64], words[4096], inside[512] = "";
    sim_element_attribute(element, "name", name, sizeof name);
    documentation(element, words, sizeof words);
    fprintf(out, "<%s>", name);
    print_folded(out, words, 4);
    const struct sim_element *child = NULL, *attribute = NULL;
    while ((child = sim_element_below(element, "element", child)) != NULL) {
        sim_element_attribute(child, "ref", name, sizeof name);
        append(inside, sizeof inside, inside[0] != '\0' ? ", <" : "<");
        append(inside, sizeof inside, name);
        append(inside, sizeof inside, ">");
    }
    if (inside[0] != '\0') {
        snprintf(words, sizeof words, "Inside: %s", inside);
        print_folded(out, words, 4);
    }
    while ((attribute = sim_element_below(element, "attribute", attribute)) != NULL) {
        print_attribute(out, schema, attribute);
    }
    fputs("\n\n", out);
}

enum hb_status sim_schema_print(FILE *out, const char *name)
{
    struct sim_document *schema = NULL;
    if (sim_document_parse(sim_schema_text, "scenario.xsd", &schema) != HB_OK) {
        return HB_ERR_MEMORY;
    }
    const struct sim_element *root = sim_document_root(schema), *element = NULL;
    enum hb_status status = HB_ERR_NOT_FOUND;
    char declared[64];
    while ((element = sim_element_child(root, "element", element)) != NULL) {
        sim_element_attribute(element, "name", declared, sizeof declared);
        if (name == NULL || strcmp(declared, name) == 0) {
            print_element(out, schema, element);
            status = HB_OK;
        }
    }
    sim_document_free(schema);
    return status;
}
