/* Standard output, and the words for what the service says in numbers. */
#include "ctl/ctl.h"

#include <stdio.h>

/* API3 TaskStatus. Of these the service sends those of wire/api3.md 3.5. */
static const char *const words[] = {"pending", "succeeded", "rendered", "failed", "running",
    "partly failed", "skipped", "locked", "cancelled", "cancelling", "waiting", "locked",
    "evaluating", "stopped by its triggers", "evaluation cancelled", "deleted"};

enum { PENDING = 0, RUNNING = 4, LOCKED = 7, CANCELLING = 9, WAITING = 10, EVALUATING = 12 };

void
ctl_put(const struct buf *text)
{
	fwrite(text->data, 1, text->len, stdout);
}

void
ctl_put_line(const char *text)
{
	puts(text);
}

bool
ctl_put_json(const struct ctl *ctl, const struct ctl_reply *reply)
{
	if (!ctl->options.json)
		return false;
	fwrite(reply->text, 1, reply->len, stdout);
	putchar('\n');
	return true;
}

const char *
ctl_status_word(int64_t status)
{
	if (status < 0 || (size_t)status >= sizeof words / sizeof *words)
		return "unknown";
	return words[status];
}

bool
ctl_status_ended(int64_t status)
{
	return status != PENDING && status != RUNNING && status != LOCKED &&
	       (status < CANCELLING || status > EVALUATING);
}
