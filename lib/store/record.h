/*
 * Records: structs to bytes and back, as FORMAT.md lists them. What the key says is not in the
 * record. Faults in the bytes are sticky in the unpack and found once, by record_finish().
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "store/internal.h"

/* ---- record.c: what they are made of ---- */

void pack_bool(struct buf *b, bool v);
bool unpack_bool(struct unpack *u);

/* A word of the model, which are numbered from `first` to `last`: whoever reads a record may
 * switch on it. */
uint8_t unpack_word(struct unpack *u, uint8_t first, uint8_t last);

/* Small whole numbers of either sign: pids, exit codes, signals. */
int32_t unpack_i32(struct unpack *u);

int unpack_priority(struct unpack *u);

/* A text that is never NULL. */
const char *unpack_text(struct unpack *u, struct arena *a);

/* Keys of fixed length that are no texts. */
void unpack_hash(struct unpack *u, struct arena *a, unsigned char *hash, size_t len);

void pack_texts(struct buf *b, const char *const *texts, size_t count);
const char **unpack_texts(struct unpack *u, struct arena *a, size_t *count);

/* ---- record_schedule.c ---- */

void pack_schedule(struct buf *b, const struct schedule *s);
void unpack_schedule(struct unpack *u, struct arena *a, struct schedule *s);
void pack_task_def(struct buf *b, const struct task_def *d);
void unpack_task_def(struct unpack *u, struct arena *a, struct task_def *d);
void pack_state(struct buf *b, const struct schedule_state *s);
void unpack_state(struct unpack *u, struct arena *a, struct schedule_state *s);

/* ---- record_http.c: NULL is none ---- */

void pack_http(struct buf *b, const struct http_def *h);
struct http_def *unpack_http(struct unpack *u, struct arena *a);
/* ---- record_notify.c ---- */

void pack_notify_rules(struct buf *b, const struct schedule *s);
void unpack_notify_rules(struct unpack *u, struct arena *a, struct schedule *s);
void pack_health(struct buf *b, const struct health *h);
void unpack_health(struct unpack *u, struct health *h);
void pack_alarm(struct buf *b, const struct alarm *al);
void unpack_alarm(struct unpack *u, struct alarm *al);
void pack_notice(struct buf *b, const struct notice *n);
void unpack_notice(struct unpack *u, struct arena *a, struct notice *n);
void pack_notice_target(struct buf *b, const struct notice_target *t);
void unpack_notice_target(struct unpack *u, struct arena *a, struct notice_target *t);

/* ---- record_run.c ---- */

void pack_occurrence(struct buf *b, const struct occurrence *o);
void unpack_occurrence(struct unpack *u, struct arena *a, struct occurrence *o);
void pack_execution(struct buf *b, const struct execution *e);
void unpack_execution(struct unpack *u, struct arena *a, struct execution *e);
void pack_task(struct buf *b, const struct task *t);
void unpack_task(struct unpack *u, struct arena *a, struct task *t);
void pack_task_line(struct buf *b, const struct task_line *l);
void unpack_task_line(struct unpack *u, struct task_line *l);
void pack_result(struct buf *b, const struct result *r);
void unpack_result(struct unpack *u, struct arena *a, struct result *r);

/* ---- record_calendar.c ---- */

void pack_calendar(struct buf *b, const struct calendar *c);
void unpack_calendar(struct unpack *u, struct arena *a, struct calendar *c);

/* ---- record_account.c ---- */

void pack_tenant(struct buf *b, const struct tenant *t);
void unpack_tenant(struct unpack *u, struct arena *a, struct tenant *t);
void pack_user(struct buf *b, const struct user *user);
void unpack_user(struct unpack *u, struct arena *a, struct user *user);
void pack_token(struct buf *b, const struct token *t);
void unpack_token(struct unpack *u, struct arena *a, struct token *t);
void pack_failures(struct buf *b, const struct failures *f);
void unpack_failures(struct unpack *u, struct failures *f);
void pack_answer(struct buf *b, const struct answer *n);
void unpack_answer(struct unpack *u, struct arena *a, struct answer *n);
void pack_audit(struct buf *b, const struct audit_entry *e);
void unpack_audit(struct unpack *u, struct arena *a, struct audit_entry *e);

/* ---- clock_steps.c ---- */

void unpack_clock_step(struct unpack *u, struct clock_step *step);

/* ---- groups.c ---- */

void unpack_group(struct unpack *u, struct arena *a, struct run_group *g);

#endif
