/* A notification as a mail: see mail.h. */
#include "scheduler/mail.h"

#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "calendar/civil.h"

enum { LINE_MAX_BYTES = 72, WORD_BYTES = 42 };

static void
add_hex(struct buf *b, unsigned char c)
{
	buf_addf(b, "=%02X", c);
}

/* Does a character of UTF-8 begin here? */
static bool
begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* A text in a header, as encoded words (RFC 2047 4.2) of whole characters. */
static void
add_encoded(struct buf *b, const char *text)
{
	size_t used = 0;

	buf_adds(b, "=?UTF-8?Q?");
	for (const char *p = text; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9');

		if (used >= WORD_BYTES && begins_character(*p)) {
			buf_adds(b, "?=\n =?UTF-8?Q?");
			used = 0;
		}
		if (plain)
			buf_addc(b, *p);
		else
			add_hex(b, (unsigned char)*p);
		used += plain ? 1 : 3;
	}
	buf_adds(b, "?=");
}

/* The subject; what is short and ASCII stands as it is. */
static void
add_subject(struct buf *b, const char *text)
{
	bool plain = strlen(text) < LINE_MAX_BYTES - 10 && !strstr(text, "=?");

	for (const char *p = text; *p; p++)
		plain = plain && *p >= ' ' && *p <= '~';
	buf_adds(b, "Subject: ");
	if (plain)
		buf_adds(b, text);
	else
		add_encoded(b, text);
	buf_addc(b, '\n');
}

/* A body in quoted-printable, its lines broken softly. */
static void
add_quoted(struct buf *b, const char *text)
{
	size_t used = 0;

	for (const char *p = text; *p; p++) {
		bool plain = *p >= ' ' && *p <= '~' && *p != '=' &&
			     !(*p == ' ' && (!p[1] || p[1] == '\n')) && !(*p == '.' && !used);

		if (*p == '\n') {
			buf_addc(b, '\n');
			used = 0;
			continue;
		}
		if (used > LINE_MAX_BYTES - 3) {
			buf_adds(b, "=\n");
			used = 0;
			plain = plain && *p != '.';
		}
		if (plain)
			buf_addc(b, *p);
		else
			add_hex(b, (unsigned char)*p);
		used += plain ? 1 : 3;
	}
}

static void
add_date(struct buf *b, int64_t us)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = civil_from_us(us);
	int weekday = civil_weekday(civil_days(c.year, c.month, c.day));

	buf_addf(b, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\n", days + 3 * weekday,
	    c.day, months + 3 * (c.month - 1), c.year, c.hour, c.minute, c.second);
}

static void
add_body(struct buf *b, const struct notice *n)
{
	char schedule[ID_GUID_LEN + 1], execution[ID_GUID_LEN + 1], time[INSTANT_TEXT];

	id_guid(n->schedule_id, schedule);
	id_guid(n->execution_id, execution);
	instant_format(n->made_us, time);
	buf_addf(b, "%s\n\nEvent: %s\nTime: %s\nSchedule: %s\nSchedule id: %s\n", n->text,
	    notify_event_name(n->event), time, n->schedule_name, schedule);
	if (n->execution_id)
		buf_addf(b, "Execution id: %s\n", execution);
	if (n->failures)
		buf_addf(b, "Failures in a row: %u\n", n->failures);
}

const char *
mail_text(struct arena *a, const struct notice_target *t, const struct notice *n,
    const char *from, const char *host)
{
	struct buf text = BUF_INIT, body = BUF_INIT;
	char guid[ID_GUID_LEN + 1];
	const char *done;

	id_guid(n->id, guid);
	buf_addf(&text, "From: %s\n", from);
	for (size_t i = 0; i < t->to_count; i++)
		buf_addf(&text, "%s%s%s", i ? "\t" : "To: ", t->to[i],
		    i + 1 < t->to_count ? ",\n" : "\n");
	add_subject(
	    &text, arena_printf(a, "%s: %s", notify_event_name(n->event), n->schedule_name));
	add_date(&text, n->made_us);
	/* The same each time that it is tried: who gets it twice can tell. */
	buf_addf(&text, "Message-ID: <%s@%s>\nAuto-Submitted: auto-generated\n", guid, host);
	buf_adds(&text, "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
			"Content-Transfer-Encoding: quoted-printable\n\n");
	add_body(&body, n);
	add_quoted(&text, body.data);
	done = arena_memdup(a, text.data, text.len);
	buf_release(&text);
	buf_release(&body);
	return done;
}
