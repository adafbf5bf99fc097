/*
 * A notification as a mail: RFC 5322 headers, of which each line is ASCII and short whatever
 * stands in names, and a body in quoted-printable (RFC 2045). Lines end with LF alone, as
 * sendmail reads them.
 */
#ifndef SCHEDULER_MAIL_H
#define SCHEDULER_MAIL_H

#include "base/arena.h"
#include "model/notify.h"

/* `from` is a plain address; `host` names this machine. The text lives in the arena. */
const char *mail_text(struct arena *a, const struct notice_target *t, const struct notice *n,
    const char *from, const char *host);

#endif
