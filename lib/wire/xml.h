/*
 * The values of json.h as XML 1.0, through libxml2, hardened.
 *
 *   <object><name>x</name><tags><item>a</item><item>b</item></tags></object>
 *   <list><item>1</item></list>
 *   <value>true</value>
 *
 * The root says what the value is. The members of an object are elements of their names, or
 * <member name="two words"> for a name that is no plain one (letters, digits, "_", "-" and "."
 * of ASCII, no digit, "-" or "." first, not "item", "member" nor "xml..."). The elements of an
 * array are <item>. Any other element holds a text and has no type: see json_is().
 *
 * Reading: bounds as in json.h. The bytes must be UTF-8, whatever the declaration says of them
 * (.NET calls a text utf-16 and sends it as UTF-8). A DOCTYPE, and with it every entity but the
 * predefined ones, a namespace, another attribute, text beside elements, a processing
 * instruction and a name twice in one object are faults; comments are passed over.
 *
 * Writing: null is written by leaving the member out; elsewhere it is a fault. A character that
 * XML 1.0 cannot carry (U+0001 to U+001F but for tab, line feed and carriage return; U+FFFE and
 * U+FFFF) becomes U+FFFD.
 */
#ifndef WIRE_XML_H
#define WIRE_XML_H

#include "wire/json.h"

/*
 * Read one value. `text` need not have a NUL behind it.
 *
 * Owns:  *value lives in the arena; NULL after a failure.
 * Fails: ERR_INPUT `XML: line 3: a DOCTYPE`; also for an empty text.
 */
MUST_CHECK int xml_parse(
    struct arena *a, const char *text, size_t len, const struct json **value, struct err *err);

/* As json_writer_new(), for a whole XML document; the calls are those of json.h. */
struct json_writer *xml_writer_new(struct buf *out);

#endif
