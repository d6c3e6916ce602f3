/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libxml/xmlreader.h>
#include <stdio.h>
#include <string.h>

#include "data/netmap_build.h"

/* GraphML and SNDlib as a stream. A document type is refused, so no entity can
 * grow; nothing is fetched. */
#define TEXT_BYTES 512

struct reader {
    struct data_netmap_build *build;
    xmlTextReaderPtr xml;
    char message[200];
    int message_line;
    char lat_key[64], lon_key[64], label_key[64]; /* of GraphML */
    bool is_geographical;                         /* SNDlib's coordinates */
    bool in_node, in_link;
    char id[TEXT_BYTES], label[TEXT_BYTES], source[TEXT_BYTES], target[TEXT_BYTES];
    struct hb_point at;
    bool has_lat, has_lon;
    uint32_t line;
};

static void hear(void *ctx, xmlErrorPtr error)
{
    struct reader *reader = ctx;
    if (reader->message[0] == '\0' && error != NULL && error->message != NULL) {
        reader->message_line = error->line;
        (void)snprintf(reader->message, sizeof reader->message, "%.*s",
            (int)strcspn(error->message, "\n"), error->message);
    }
}

static enum hb_status refused(const struct reader *reader, const char *found,
    const char *expected)
{
    return data_problem_set(reader->build->problem, HB_ERR_FORMAT,
        "%s:%d: found %.120s: expected %s", reader->build->name,
        xmlTextReaderGetParserLineNumber(reader->xml), found, expected);
}

static void attribute(const struct reader *reader, const char *name, char *out, size_t bytes)
{
    xmlChar *value = xmlTextReaderGetAttribute(reader->xml, BAD_CAST name);
    (void)snprintf(out, bytes, "%s", value == NULL ? "" : (const char *)value);
    xmlFree(value);
}

static void content(const struct reader *reader, char *out, size_t bytes)
{
    xmlChar *value = xmlTextReaderReadString(reader->xml);
    const char *text = value == NULL ? "" : (const char *)value;
    text += strspn(text, " \t\r\n");
    (void)snprintf(out, bytes, "%.*s", (int)strcspn(text, "\r\n"), text);
    size_t length = strlen(out);
    while (length > 0 && (out[length - 1] == ' ' || out[length - 1] == '\t')) {
        out[--length] = '\0';
    }
    xmlFree(value);
}

static enum hb_status degrees(struct reader *reader, bool is_lat)
{
    char text[64];
    content(reader, text, sizeof text);
    bool is_good = data_netmap_degrees(text, is_lat ? 90.0 : 180.0,
        is_lat ? &reader->at.lat_deg : &reader->at.lon_deg);
    *(is_lat ? &reader->has_lat : &reader->has_lon) = is_good;
    return is_good ? HB_OK
                   : refused(reader, text, is_lat ? "latitude -90..90" : "longitude -180..180");
}

static void key_read(struct reader *reader)
{
    char what[64], name[64], id[64];
    attribute(reader, "for", what, sizeof what);
    attribute(reader, "attr.name", name, sizeof name);
    attribute(reader, "id", id, sizeof id);
    char *into = strcmp(name, "Latitude") == 0 ? reader->lat_key
        : strcmp(name, "Longitude") == 0 ? reader->lon_key
        : strcmp(name, "label") == 0 ? reader->label_key : NULL;
    if (into != NULL && strcmp(what, "node") == 0) {
        memcpy(into, id, sizeof id);
    }
}

static enum hb_status data_read(struct reader *reader)
{
    char key[64];
    attribute(reader, "key", key, sizeof key);
    if (!reader->in_node || key[0] == '\0') {
        return HB_OK;
    }
    if (strcmp(key, reader->label_key) == 0) {
        content(reader, reader->label, sizeof reader->label);
        return HB_OK;
    }
    bool is_lat = strcmp(key, reader->lat_key) == 0;
    return is_lat || strcmp(key, reader->lon_key) == 0 ? degrees(reader, is_lat) : HB_OK;
}

static void item_open(struct reader *reader, bool is_node)
{
    reader->in_node = is_node;
    reader->in_link = !is_node;
    reader->has_lat = reader->has_lon = false;
    reader->line = (uint32_t)xmlTextReaderGetParserLineNumber(reader->xml);
    reader->label[0] = '\0';
    attribute(reader, "id", reader->id, sizeof reader->id);
    attribute(reader, "source", reader->source, sizeof reader->source);
    attribute(reader, "target", reader->target, sizeof reader->target);
}

static enum hb_status item_close(struct reader *reader)
{
    bool is_node = reader->in_node;
    reader->in_node = reader->in_link = false;
    if (is_node) {
        return data_netmap_add_node(reader->build,
            &(struct data_netmap_node){ .id = reader->id, .label = reader->label,
                .at = reader->at, .has_place = reader->has_lat && reader->has_lon },
            reader->line);
    }
    return data_netmap_add_link(reader->build, &(struct data_netmap_ends){
        .a = reader->source, .b = reader->target, .line = reader->line });
}

static enum hb_status element_open(struct reader *reader, const char *name)
{
    if (strcmp(name, "key") == 0) {
        key_read(reader);
    } else if (strcmp(name, "nodes") == 0) {
        char type[32];
        attribute(reader, "coordinatesType", type, sizeof type);
        reader->is_geographical = strcmp(type, "geographical") == 0;
    } else if (strcmp(name, "node") == 0 || strcmp(name, "edge") == 0
        || strcmp(name, "link") == 0) {
        item_open(reader, name[0] == 'n');
        return xmlTextReaderIsEmptyElement(reader->xml) ? item_close(reader) : HB_OK;
    } else if (strcmp(name, "data") == 0) {
        return data_read(reader);
    } else if (reader->in_link && strcmp(name, "source") == 0) {
        content(reader, reader->source, sizeof reader->source);
    } else if (reader->in_link && strcmp(name, "target") == 0) {
        content(reader, reader->target, sizeof reader->target);
    } else if (reader->in_node && reader->is_geographical
        && (strcmp(name, "x") == 0 || strcmp(name, "y") == 0)) {
        return degrees(reader, name[0] == 'y');
    }
    return HB_OK;
}

static enum hb_status event_read(struct reader *reader)
{
    int type = xmlTextReaderNodeType(reader->xml);
    const char *name = (const char *)xmlTextReaderConstLocalName(reader->xml);
    name = name == NULL ? "" : name;
    if (type == XML_READER_TYPE_DOCUMENT_TYPE) {
        return refused(reader, "a document type", "none");
    }
    if (type == XML_READER_TYPE_ELEMENT) {
        if (xmlTextReaderDepth(reader->xml) == 0 && strcmp(name, "graphml") != 0
            && strcmp(name, "network") != 0) {
            return refused(reader, name, "graphml or network as the outermost element");
        }
        return element_open(reader, name);
    }
    bool ends_item = strcmp(name, "node") == 0 || strcmp(name, "edge") == 0
        || strcmp(name, "link") == 0;
    return type == XML_READER_TYPE_END_ELEMENT && ends_item
            && (reader->in_node || reader->in_link) ? item_close(reader) : HB_OK;
}

enum hb_status data_xml_netmap(struct data_netmap_build *build, const char *text, size_t length)
{
    struct reader reader = { .build = build };
    reader.xml = xmlReaderForMemory(text, (int)length, build->name, NULL, XML_PARSE_NONET);
    if (reader.xml == NULL) {
        return HB_ERR_MEMORY;
    }
    xmlTextReaderSetStructuredErrorHandler(reader.xml, hear, &reader);
    enum hb_status status = HB_OK;
    int more = 1;
    while (status == HB_OK && (more = xmlTextReaderRead(reader.xml)) == 1) {
        status = event_read(&reader);
    }
    if (status == HB_OK && more < 0) {
        status = data_problem_set(build->problem, HB_ERR_FORMAT,
            "%s:%d: found %s: expected well-formed XML", build->name, reader.message_line,
            reader.message);
    }
    xmlFreeTextReader(reader.xml);
    return status;
}
