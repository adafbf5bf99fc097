/*
 * A notification as a webhook, in the manner of Standard Webhooks: a JSON body with `type`,
 * `timestamp` and `data`, and the headers webhook-id, webhook-timestamp and webhook-signature,
 * which is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
 */
#ifndef SCHEDULER_WEBHOOK_H
#define SCHEDULER_WEBHOOK_H

#include "base/arena.h"
#include "base/err.h"
#include "model/notify.h"
#include "proc/channel.h"

/* One line of JSON, the same each time that the message is sent. */
const char *webhook_body(struct arena *a, const struct notice *n);

/*
 * The request, signed as of `now_us`. The key is what follows `whsec_` in the secret, decoded from
 * base64, or the secret's own bytes without that. Lives in the arena, and borrows the URL.
 *
 * Fails: ERR_INPUT when there is no base64 behind `whsec_`; the secret is not in the message.
 */
MUST_CHECK int webhook_request(struct arena *a, const struct notice *n, const char *url,
    const char *secret, int64_t now_us, const struct channel_http **request, struct err *err);

#endif
