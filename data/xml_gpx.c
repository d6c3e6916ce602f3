/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libxml/xmlreader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/import_sink.h"
#include "data/instant.h"

/* GPX 1.0 and 1.1: <trkpt lat="" lon=""> with a <time>. Read as a stream; no
 * document type, so no entities; nothing is fetched. */

enum { name_bytes = 64 };

struct complaint {
    int line;
    char text[200];
};

/* The first error only: later ones follow from it. */
static void hear(void *ctx, xmlErrorPtr error)
{
    struct complaint *complaint = ctx;
    if (complaint->text[0] != '\0' || error == NULL || error->message == NULL) {
        return;
    }
    complaint->line = error->line;
    (void)snprintf(complaint->text, sizeof complaint->text, "%s", error->message);
    size_t bytes = strlen(complaint->text);
    while (bytes > 0 && complaint->text[bytes - 1] == '\n') {
        complaint->text[--bytes] = '\0';
    }
}

/* The file's name without folders and ending. */
static void client_of(const char *path, char name[name_bytes])
{
    const char *file = strrchr(path, '/');
    file = file == NULL ? path : file + 1;
    size_t bytes = strlen(file);
    if (bytes > 4 && file[bytes - 4] == '.') {
        bytes -= 4;
    }
    bytes = bytes < name_bytes ? bytes : name_bytes - 1;
    memcpy(name, file, bytes);
    name[bytes] = '\0';
}

struct point {
    struct data_fix fix;
    unsigned long line;
    bool is_open, is_bad, has_time;
};

static enum hb_status open_point(xmlTextReaderPtr reader, struct data_import_sink *sink,
    struct data_import_at at, struct point *point)
{
    xmlChar *lat = xmlTextReaderGetAttribute(reader, BAD_CAST "lat");
    xmlChar *lon = xmlTextReaderGetAttribute(reader, BAD_CAST "lon");
    const char *lat_text = lat == NULL ? "" : (const char *)lat;
    const char *lon_text = lon == NULL ? "" : (const char *)lon;
    enum hb_status status = HB_OK;
    *point = (struct point) { .is_open = true, .line = at.line };
    if (!data_import_sink_degrees(lat_text, 90.0, &point->fix.at.lat_deg)) {
        point->is_bad = true;
        status =
            data_import_sink_bad(sink, at, "lat=\"%.40s\": expected degrees -90..90", lat_text);
    } else if (!data_import_sink_degrees(lon_text, 180.0, &point->fix.at.lon_deg)) {
        point->is_bad = true;
        status =
            data_import_sink_bad(sink, at, "lon=\"%.40s\": expected degrees -180..180", lon_text);
    }
    xmlFree(lon);
    xmlFree(lat);
    return status;
}

static enum hb_status take_time(xmlTextReaderPtr reader, struct data_import_sink *sink,
    struct data_import_at at, struct point *point)
{
    xmlChar *text = xmlTextReaderReadString(reader);
    const char *time = text == NULL ? "" : (const char *)text;
    enum hb_status status = HB_OK;
    point->has_time = true;
    if (data_instant_parse(time, &point->fix.unix_s) != HB_OK && !point->is_bad) {
        point->is_bad = true;
        status = data_import_sink_bad(
            sink, at, "time \"%.40s\": expected such as 2008-10-23T02:53:04Z", time);
    }
    xmlFree(text);
    return status;
}

static enum hb_status close_point(struct data_import_sink *sink, struct data_import_at at,
    const char *client, struct point *point)
{
    point->is_open = false;
    if (point->is_bad) {
        return HB_OK;
    }
    at.line = point->line;
    if (!point->has_time) {
        return data_import_sink_bad(sink, at, "found a track point without time: expected <time>");
    }
    return data_import_sink_fix(sink, at, client, &point->fix);
}

static enum hb_status take_node(xmlTextReaderPtr reader, struct data_import_sink *sink,
    struct data_import_at at, const char *client, struct point *point)
{
    int type = xmlTextReaderNodeType(reader);
    if (type == XML_READER_TYPE_DOCUMENT_TYPE || type == XML_READER_TYPE_ENTITY_REFERENCE) {
        return data_problem_set(sink->problem, HB_ERR_FORMAT,
            "%s:%lu: found a document type: expected a GPX file without one", at.path, at.line);
    }
    const xmlChar *name = xmlTextReaderConstLocalName(reader);
    if (type == XML_READER_TYPE_ELEMENT && xmlTextReaderDepth(reader) == 0
        && !xmlStrEqual(name, BAD_CAST "gpx")) {
        return data_problem_set(sink->problem, HB_ERR_FORMAT,
            "%s:%lu: found <%.40s>: expected <gpx>", at.path, at.line, (const char *)name);
    }
    bool is_point = xmlStrEqual(name, BAD_CAST "trkpt") != 0;
    if (type == XML_READER_TYPE_ELEMENT && is_point) {
        enum hb_status status = open_point(reader, sink, at, point);
        return status == HB_OK && xmlTextReaderIsEmptyElement(reader) == 1
            ? close_point(sink, at, client, point)
            : status;
    }
    if (type == XML_READER_TYPE_ELEMENT && point->is_open
        && xmlStrEqual(name, BAD_CAST "time") != 0) {
        return take_time(reader, sink, at, point);
    }
    return type == XML_READER_TYPE_END_ELEMENT && is_point ? close_point(sink, at, client, point)
                                                           : HB_OK;
}

enum hb_status data_xml_gpx_read(const char *path, struct data_import_sink *sink)
{
    char client[name_bytes];
    client_of(path, client);
    /* By descriptor: a path is a path then, and never taken for a URL. */
    int file = open(path, O_RDONLY);
    if (file < 0) {
        return data_problem_set(sink->problem, HB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    struct complaint complaint = { 0 };
    xmlTextReaderPtr reader = xmlReaderForFd(file, NULL, NULL, XML_PARSE_NONET);
    if (reader == NULL) {
        (void)close(file); /* only read from */
        return HB_ERR_MEMORY;
    }
    xmlTextReaderSetStructuredErrorHandler(reader, hear, &complaint);
    struct point point = { 0 };
    enum hb_status status = HB_OK;
    int more = xmlTextReaderRead(reader);
    while (status == HB_OK && more == 1) {
        struct data_import_at at = { .path = path,
            .line = (unsigned long)xmlTextReaderGetParserLineNumber(reader) };
        status = take_node(reader, sink, at, client, &point);
        if (status == HB_OK) {
            more = xmlTextReaderRead(reader);
        }
    }
    if (status == HB_OK && more != 0) {
        status = data_problem_set(sink->problem, HB_ERR_FORMAT,
            "%s:%d: found \"%s\": expected well-formed XML", path, complaint.line, complaint.text);
    }
    sink->report->line_count += (uint64_t)xmlTextReaderGetParserLineNumber(reader);
    xmlFreeTextReader(reader);
    (void)close(file); /* only read from */
    return status;
}
