/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner of libxml2 for scenarios. */
#include "sim/run/document.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xinclude.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/run/line.h"

#define FILE_BYTES_MAX (1 << 20)
#define INCLUDE_COUNT_MAX 32
#define ORIGIN_COUNT_MAX 256

static const int parse_options = XML_PARSE_NONET | XML_PARSE_NOBASEFIX | XML_PARSE_BIG_LINES
    | XML_PARSE_NOCDATA | XML_PARSE_NOWARNING;

/* An included element and the file that it came from. */
struct origin {
    const xmlNode *node;
    char *file;
};

struct sim_document {
    xmlDoc *xml;
    xmlChar *text;
    char *name;
    struct origin origins[ORIGIN_COUNT_MAX];
    size_t origin_count;
};

/* Why a file may not be read at all; NULL if it may. */
static const char *refusal(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        return "no such file: expected a scenario file";
    }
    if (!S_ISREG(about.st_mode)) {
        return S_ISDIR(about.st_mode) ? "found a folder: expected a scenario file"
                                      : "found no regular file: expected a scenario file";
    }
    if (access(path, R_OK) != 0) {
        return "cannot be read: expected a file that you may read";
    }
    if (about.st_size > FILE_BYTES_MAX) {
        return "larger than 1 MiB: expected a scenario file";
    }
    return NULL;
}

/* Files are plain and local: everything else (a URL, a device) is refused
 * here, before libxml2 opens it. */
static xmlParserInput *local_file(const char *url, const char *id, xmlParserCtxt *parser)
{
    (void)id;
    if (url == NULL || parser == NULL || strstr(url, "://") != NULL || refusal(url) != NULL) {
        return NULL;
    }
    return xmlNewInputFromFile(parser, url);
}

static void keep_first(void *ctx, xmlError *error)
{
    xmlError *first = ctx;
    if (first->code == XML_ERR_OK && error->level >= XML_ERR_ERROR) {
        (void)xmlCopyError(error, first); /* on no memory the first error stays unknown */
    }
}

static void one_line(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '.')) {
        text[--length] = '\0';
    }
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '\n') {
            *c = ' ';
        }
    }
}

static void tell_malformed(const char *path, const xmlError *error, struct data_problem *problem)
{
    char message[256];
    snprintf(message, sizeof message, "%s", error->message != NULL ? error->message : "unreadable");
    one_line(message);
    snprintf(problem->text, sizeof problem->text, "%s:%d: %s: expected well-formed XML",
        error->file != NULL ? error->file : path, error->line, message);
}

/* Stops the parser at a DOCTYPE, before any entity of it is read, and notes
 * the line where the application's pointer of the parser says. */
static void stop_at_declaration(void *ctx, const xmlChar *name, const xmlChar *id,
    const xmlChar *system)
{
    (void)name;
    (void)id;
    (void)system;
    xmlParserCtxt *parser = ctx;
    int *declaration_line = parser->_private;
    *declaration_line = xmlSAX2GetLineNumber(ctx);
    xmlStopParser(parser);
}

static enum hb_status parse_file(const char *path, xmlDoc **out, struct data_problem *problem)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL) {
        return HB_ERR_MEMORY;
    }
    int declaration_line = 0;
    parser->_private = &declaration_line;
    parser->sax->internalSubset = stop_at_declaration;
    xmlError first = { .code = XML_ERR_OK };
    xmlSetStructuredErrorFunc(&first, keep_first);
    xmlDoc *xml = xmlCtxtReadFile(parser, path, NULL, parse_options);
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlFreeParserCtxt(parser);
    enum hb_status status = HB_OK;
    if (declaration_line > 0) {
        snprintf(problem->text, sizeof problem->text,
            "%s:%d: <!DOCTYPE: expected no document type declaration (entities are refused)", path,
            declaration_line);
        status = HB_ERR_FORMAT;
    } else if (xml == NULL) {
        tell_malformed(path, &first, problem);
        status = HB_ERR_FORMAT;
    }
    xmlResetError(&first);
    if (status != HB_OK) {
        xmlFreeDoc(xml);
        return status;
    }
    *out = xml;
    return HB_OK;
}

static const xmlNode *following(const xmlNode *node, const xmlNode *root)
{
    if (node->children != NULL && node->type == XML_ELEMENT_NODE) {
        return node->children;
    }
    while (node != root && node->next == NULL) {
        node = node->parent;
    }
    return node == root ? NULL : node->next;
}

static size_t include_count(const xmlDoc *xml)
{
    const xmlNode *root = xmlDocGetRootElement(xml);
    size_t count = 0;
    for (const xmlNode *node = root; node != NULL; node = following(node, root)) {
        count += node->type == XML_ELEMENT_NODE && node->ns != NULL
            && xmlStrEqual(node->name, BAD_CAST "include");
    }
    return count;
}

static const char *file_of(const struct sim_document *document, const xmlNode *node)
{
    for (; node != NULL; node = node->parent) {
        for (size_t i = 0; i < document->origin_count; i++) {
            if (document->origins[i].node == node) {
                return document->origins[i].file;
            }
        }
    }
    return document->name;
}

static enum hb_status note_origin(struct sim_document *document, const xmlNode *node,
    const char *file)
{
    for (size_t i = 0; i < document->origin_count; i++) {
        if (document->origins[i].node == node) {
            free(document->origins[i].file);
            document->origins[i].file = strdup(file);
            return document->origins[i].file != NULL ? HB_OK : HB_ERR_MEMORY;
        }
    }
    if (document->origin_count == ORIGIN_COUNT_MAX) {
        return HB_ERR_FULL;
    }
    struct origin *origin = &document->origins[document->origin_count];
    *origin = (struct origin) { .node = node, .file = strdup(file) };
    document->origin_count += origin->file != NULL;
    return origin->file != NULL ? HB_OK : HB_ERR_MEMORY;
}

/* What stands between an include's two marks came from its file, whose name
 * is relative to the file that includes it. */
static enum hb_status note_include(struct sim_document *document, const xmlNode *mark)
{
    char file[2048];
    const char *parent = file_of(document, mark), *slash = strrchr(parent, '/');
    const xmlAttr *attribute = mark->properties; /* a mark is no element to xmlGetProp */
    while (attribute != NULL && !xmlStrEqual(attribute->name, BAD_CAST "href")) {
        attribute = attribute->next;
    }
    xmlChar *href
        = attribute != NULL ? xmlNodeListGetString(document->xml, attribute->children, 1) : NULL;
    int folder = slash != NULL && href != NULL && href[0] != '/' ? (int)(slash - parent) + 1 : 0;
    snprintf(file, sizeof file, "%.*s%s", folder, parent, href != NULL ? (char *)href : "");
    xmlFree(href);
    int depth = 1;
    enum hb_status status = HB_OK;
    for (const xmlNode *node = mark->next; node != NULL && status == HB_OK; node = node->next) {
        depth += node->type == XML_XINCLUDE_START;
        depth -= node->type == XML_XINCLUDE_END;
        if (depth == 0) {
            break;
        }
        if (node->type == XML_ELEMENT_NODE || node->type == XML_XINCLUDE_START) {
            status = note_origin(document, node, file);
        }
    }
    return status;
}

/* Remembers for messages which file each element came from, then takes the
 * include marks away. */
static enum hb_status note_origins(struct sim_document *document)
{
    const xmlNode *root = xmlDocGetRootElement(document->xml);
    enum hb_status status = HB_OK;
    for (const xmlNode *node = root; node != NULL && status == HB_OK;
         node = following(node, root)) {
        if (node->type == XML_XINCLUDE_START) {
            status = note_include(document, node);
        }
    }
    xmlNode *next = NULL;
    for (xmlNode *node = xmlDocGetRootElement(document->xml); node != NULL; node = next) {
        union {
            const xmlNode *read;
            xmlNode *write;
        } after = { .read = following(node, root) };
        next = after.write;
        if (node->type == XML_XINCLUDE_START || node->type == XML_XINCLUDE_END) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        }
    }
    return status;
}

static enum hb_status resolve_includes(struct sim_document *document,
    struct data_problem *problem)
{
    if (include_count(document->xml) > INCLUDE_COUNT_MAX) {
        snprintf(problem->text, sizeof problem->text,
            "%s:1: more than %d includes: expected fewer", document->name, INCLUDE_COUNT_MAX);
        return HB_ERR_FORMAT;
    }
    xmlError first = { .code = XML_ERR_OK };
    xmlSetStructuredErrorFunc(&first, keep_first);
    int done = xmlXIncludeProcessFlags(document->xml, parse_options);
    xmlSetStructuredErrorFunc(NULL, NULL);
    enum hb_status status = HB_OK;
    if (done < 0) {
        char message[256];
        snprintf(message, sizeof message, "%s", first.message ? first.message : "not readable");
        one_line(message);
        snprintf(problem->text, sizeof problem->text,
            "%s:%d: include: %s: expected a well-formed local file", document->name,
            first.line > 0 ? first.line : 1, message);
        status = HB_ERR_FORMAT;
    }
    xmlResetError(&first);
    if (status == HB_OK && xmlGetIntSubset(document->xml) != NULL) {
        snprintf(problem->text, sizeof problem->text,
            "%s:1: include: a document type declaration: expected none", document->name);
        status = HB_ERR_FORMAT;
    }
    return status == HB_OK ? note_origins(document) : status;
}

static struct sim_document *document_with(xmlDoc *xml, const char *name)
{
    struct sim_document *document = calloc(1, sizeof *document);
    if (document != NULL) {
        document->xml = xml;
        document->name = strdup(name);
    }
    if (document == NULL || document->name == NULL) {
        free(document);
        xmlFreeDoc(xml);
        return NULL;
    }
    return document;
}

enum hb_status sim_document_load(const char *path, struct sim_document **out,
    struct data_problem *problem)
{
    problem->text[0] = '\0';
    const char *why_not = refusal(path);
    if (why_not != NULL) {
        snprintf(problem->text, sizeof problem->text, "%s: %s", path, why_not);
        return HB_ERR_IO;
    }
    xmlExternalEntityLoader usual = xmlGetExternalEntityLoader();
    xmlSetExternalEntityLoader(local_file);
    xmlDoc *xml = NULL;
    struct sim_document *document = NULL;
    enum hb_status status = parse_file(path, &xml, problem);
    if (status == HB_OK) {
        document = document_with(xml, path);
        status = document == NULL ? HB_ERR_MEMORY : resolve_includes(document, problem);
    }
    xmlSetExternalEntityLoader(usual);
    if (status == HB_OK) {
        status = sim_document_note_text(document);
    }
    if (status != HB_OK) {
        sim_document_free(document);
        return status;
    }
    *out = document;
    return HB_OK;
}

enum hb_status sim_document_parse(const char *text, const char *name, struct sim_document **out)
{
    xmlDoc *xml = xmlReadMemory(text, (int)strlen(text), name, NULL, parse_options);
    if (xml == NULL) {
        return HB_ERR_FORMAT;
    }
    struct sim_document *document = document_with(xml, name);
    if (document == NULL) {
        return HB_ERR_MEMORY;
    }
    *out = document;
    return HB_OK;
}

void sim_document_free(struct sim_document *document)
{
    if (document == NULL) {
        return;
    }
    for (size_t i = 0; i < document->origin_count; i++) {
        free(document->origins[i].file);
    }
    xmlFree(document->text);
    free(document->name);
    xmlFreeDoc(document->xml);
    free(document);
}

const char *sim_document_library(void)
{
    return LIBXML_DOTTED_VERSION;
}

const struct sim_element *sim_document_root(const struct sim_document *document)
{
    return (const struct sim_element *)(const void *)xmlDocGetRootElement(document->xml);
}

enum hb_status sim_document_note_text(struct sim_document *document)
{
    xmlFree(document->text);
    document->text = NULL;
    xmlDocDumpMemory(document->xml, &document->text, NULL);
    return document->text == NULL ? HB_ERR_MEMORY : HB_OK;
}

const char *sim_document_text(const struct sim_document *document)
{
    return (const char *)document->text;
}

/* The schema processor's words, which start "Element 'a', attribute 'b': ". */
static void note_finding(void *ctx, xmlError *error)
{
    struct sim_finding *finding = ctx;
    if (finding->element != NULL || error->node == NULL || error->message == NULL) {
        return;
    }
    const xmlNode *node = error->node;
    finding->element = (const struct sim_element *)(const void *)(
        node->type == XML_ATTRIBUTE_NODE ? node->parent : node);
    snprintf(finding->message, sizeof finding->message, "%s", error->message);
    one_line(finding->message);
    const char *attribute = strstr(finding->message, "', attribute '");
    const char *colon = strstr(finding->message, "': ");
    if (attribute != NULL && colon != NULL && attribute < colon) {
        sscanf(attribute, "', attribute '%63[^']", finding->attribute);
    }
}

enum hb_status sim_document_validate(struct sim_document *document, const char *schema_text,
    struct sim_finding *finding)
{
    *finding = (struct sim_finding) { .element = NULL };
    xmlSchemaParserCtxt *parser = xmlSchemaNewMemParserCtxt(schema_text, (int)strlen(schema_text));
    xmlSchema *schema = parser != NULL ? xmlSchemaParse(parser) : NULL;
    xmlSchemaFreeParserCtxt(parser);
    xmlSchemaValidCtxt *validator = schema != NULL ? xmlSchemaNewValidCtxt(schema) : NULL;
    enum hb_status status = HB_ERR_MEMORY;
    if (validator != NULL) {
        xmlSchemaSetValidOptions(validator, XML_SCHEMA_VAL_VC_I_CREATE);
        xmlSchemaSetValidStructuredErrors(validator, note_finding, finding);
        int result = xmlSchemaValidateDoc(validator, document->xml);
        status = result == 0 ? HB_OK : result > 0 ? HB_ERR_FORMAT : HB_ERR_MEMORY;
    }
    xmlSchemaFreeValidCtxt(validator);
    xmlSchemaFree(schema);
    if (status == HB_ERR_FORMAT && finding->element == NULL) {
        finding->element = sim_document_root(document);
    }
    return status;
}

void sim_document_where(const struct sim_document *document, const struct sim_element *element,
    const char *attribute, char *where, size_t where_bytes)
{
    const xmlNode *node = (const xmlNode *)(const void *)element;
    const char *file = file_of(document, node);
    long line = sim_line_of(file, xmlGetLineNo(node), (const char *)node->name, attribute);
    snprintf(where, where_bytes, "%s:%ld", file, line);
}
