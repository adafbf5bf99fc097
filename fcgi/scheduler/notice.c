/* What the runner is told to do so that a message arrives: a webhook, or a mail by sendmail. */
#include "model/process.h"
#include "scheduler/internal.h"
#include "scheduler/mail.h"
#include "scheduler/webhook.h"
#include "service/secrets.h"

/* One try. */
#define MAIL_TIMEOUT_US	   (60 * SECOND_US)
#define WEBHOOK_TIMEOUT_US (30 * SECOND_US)

enum { NOTICE_OUTPUT_MAX = 4096 };

/* Behind "--" nothing is an option, and no address begins with what would be one. */
static const char **
mail_argv(struct engine *e, const struct notice_target *t)
{
	const char **argv = arena_array(&e->arena, t->to_count + 6, sizeof *argv);
	size_t n = 0;

	argv[n++] = e->options.sendmail;
	argv[n++] = "-oi";
	if (e->options.mail_from) {
		argv[n++] = "-f";
		argv[n++] = e->options.mail_from;
	}
	argv[n++] = "--";
	for (size_t i = 0; i < t->to_count; i++)
		argv[n++] = t->to[i];
	return argv;
}

static int
mail_start(struct engine *e, const struct notice_target *t, const struct notice *n,
    struct channel_message *start, struct err *err)
{
	static const char *env[] = {
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
	    NULL};
	const char *host = e->options.host ? e->options.host : "localhost";
	const char *from = e->options.mail_from;

	if (!e->options.sendmail)
		return err_fail(err, ERR_INPUT, "this server sends no mail: see sendmail");
	if (!from)
		from = arena_printf(&e->arena, "carillon@%s", host);
	start->argv = mail_argv(e, t);
	start->env = env;
	start->cwd = "/";
	start->umask = PROCESS_UMASK_DEFAULT;
	start->input = mail_text(&e->arena, t, n, from, host);
	start->timeout_us = MAIL_TIMEOUT_US;
	return 0;
}

static int
webhook_start(struct txn *txn, struct engine *e, const struct notice_target *t,
    const struct notice *n, struct channel_message *start, struct err *err)
{
	const char *secret;
	int rc = secret_value(txn, &e->arena, n->tenant_id, t->secret, &secret, err);

	if (rc == ERR_MISSING)
		return err_fail(err, ERR_INPUT, "there is no secret %s", t->secret);
	if (rc)
		return rc;
	start->timeout_us = WEBHOOK_TIMEOUT_US;
	return webhook_request(&e->arena, n, t->url, secret, e->now_us, &start->http, err);
}

int
notice_start(struct txn *txn, struct engine *e, const struct notice_target *t,
    const struct notice *n, struct channel_message *start, struct err *err)
{
	*start = (struct channel_message){
	    .type = CHANNEL_START,
	    .task_id = n->id,
	    .attempt = n->tries,
	    /* One at a time is under way to a target: its output takes the place of the last. */
	    .output_dir =
		arena_printf(&e->arena, "notifications/%llu", (unsigned long long)t->id),
	    .kill_grace_us = SECOND_US,
	    .output_max_bytes = NOTICE_OUTPUT_MAX,
	};
	return t->url ? webhook_start(txn, e, t, n, start, err)
		      : mail_start(e, t, n, start, err);
}
