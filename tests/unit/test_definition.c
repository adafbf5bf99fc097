/* Schedule definitions: what each member means, what is refused and in which words, and that
 * what is written reads back. Quotes are written ' in the texts here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/definition.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* 2026-11-22T07:10:00.25Z */
#define NOW_US (INT64_C(1795331400) * SECOND_US + 250000)

#define TASKS	   "'tasks':[{'name':'t','command':['/bin/true']}]"
#define TOP(m)	   "{'name':'n'," m "," TASKS "}"
#define TRIGGER(m) TOP("'triggers':[{" m "}]")
#define TASK(m)	   "{'name':'n','tasks':[{'name':'t','command':['/bin/true']," m "}]}"

static struct arena arena;
static struct err err;

static int
forget(void **state)
{
	(void)state;
	arena_release(&arena);
	err.text[0] = '\0';
	return 0;
}

static char *
quoted(const char *text)
{
	char *p = arena_strdup(&arena, text);

	for (char *q = p; (q = strchr(q, '\''));)
		*q = '"';
	return p;
}

static int
read_raw(const char *text, struct schedule *s)
{
	const struct json *v;

	if (json_parse(&arena, text, strlen(text), &v, &err))
		fail_msg("%s: %s", text, err.text);
	return definition_read(&arena, v, "Europe/Amsterdam", NOW_US, s, &err);
}

static int
read_text(const char *text, struct schedule *s)
{
	return read_raw(quoted(text), s);
}

static struct schedule
accepted(const char *text)
{
	struct schedule s;

	if (read_text(text, &s))
		fail_msg("%s: %s", text, err.text);
	return s;
}

static void
assert_refused(const char *text, const char *why)
{
	struct schedule s;
	int ret = read_text(text, &s);

	if (!ret)
		fail_msg("accepted: %.200s", text);
	assert_int_equal(ret, ERR_INPUT);
	if (strcmp(err.text, why))
		fail_msg("%.200s:\n is   \"%s\"\n not  \"%s\"", text, err.text, why);
}

static char *
written(const struct schedule *s)
{
	struct buf out = BUF_INIT;
	struct json_writer *w = json_writer_new(&out);
	char *text;

	json_object(w);
	definition_write(w, s);
	json_end_object(w);
	assert_int_equal(json_writer_finish(w), 0);
	text = arena_memdup(&arena, out.data, out.len);
	buf_release(&out);
	return text;
}

static void
assert_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a)
		assert_string_equal(a, b);
}

static void
assert_same_trigger(const struct trigger *a, const struct trigger *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_same_text(a->expression, b->expression);
	assert_same_text(a->time_zone, b->time_zone);
	assert_memory_equal(&a->cron, &b->cron, sizeof a->cron);
	assert_int_equal(a->dst_gap, b->dst_gap);
	assert_int_equal(a->dst_fold, b->dst_fold);
	assert_int_equal(a->every_us, b->every_us);
	assert_int_equal(a->anchor_us, b->anchor_us);
	assert_int_equal(a->at_us, b->at_us);
}

static void
assert_same_task(const struct task_def *a, const struct task_def *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->argc, b->argc);
	for (size_t i = 0; i <= a->argc; i++)
		assert_same_text(a->argv[i], b->argv[i]);
	assert_int_equal(a->env_count, b->env_count);
	for (size_t i = 0; i < a->env_count; i++) {
		assert_string_equal(a->env[i].name, b->env[i].name);
		assert_string_equal(a->env[i].value, b->env[i].value);
	}
	assert_same_text(a->cwd, b->cwd);
	assert_int_equal(a->timeout_us, b->timeout_us);
	assert_int_equal(a->kill_grace_us, b->kill_grace_us);
	assert_int_equal(a->accept_args, b->accept_args);
	assert_int_equal(!a->result_file, !b->result_file);
	if (a->result_file)
		assert_string_equal(a->result_file, b->result_file);
	assert_int_equal(a->retries.max, b->retries.max);
	assert_int_equal(a->retries.delay_us, b->retries.delay_us);
	assert_int_equal(a->retries.factor, b->retries.factor);
	assert_int_equal(a->retries.max_delay_us, b->retries.max_delay_us);
	assert_int_equal(a->retries.jitter_us, b->retries.jitter_us);
	assert_int_equal(a->retries.on_count, b->retries.on_count);
	for (size_t i = 0; i < a->retries.on_count; i++)
		assert_string_equal(a->retries.on[i], b->retries.on[i]);
	assert_int_equal(a->after_any, b->after_any);
	assert_int_equal(a->after_count, b->after_count);
	for (size_t i = 0; i < a->after_count; i++) {
		assert_string_equal(a->after[i].task, b->after[i].task);
		assert_int_equal(a->after[i].when, b->after[i].when);
	}
}

static void
assert_same(const struct schedule *a, const struct schedule *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->description, b->description);
	assert_int_equal(a->tag_count, b->tag_count);
	for (size_t i = 0; i < a->tag_count; i++)
		assert_string_equal(a->tags[i], b->tags[i]);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->trigger_count, b->trigger_count);
	for (size_t i = 0; i < a->trigger_count; i++)
		assert_same_trigger(&a->triggers[i], &b->triggers[i]);
	assert_int_equal(a->start_us, b->start_us);
	assert_int_equal(a->end_us, b->end_us);
	assert_int_equal(a->overlap, b->overlap);
	assert_int_equal(a->misfire, b->misfire);
	assert_int_equal(a->misfire_window_us, b->misfire_window_us);
	assert_int_equal(a->misfire_max, b->misfire_max);
	assert_int_equal(a->priority, b->priority);
	assert_same_text(a->group, b->group);
	assert_int_equal(a->on_lost, b->on_lost);
	assert_int_equal(a->keep_us, b->keep_us);
	assert_int_equal(a->task_count, b->task_count);
	assert_int_equal(!a->condition, !b->condition);
	if (a->condition)
		assert_same_task(a->condition, b->condition);
	for (size_t i = 0; i < a->task_count; i++)
		assert_same_task(&a->tasks[i], &b->tasks[i]);
}

/* ---- meaning ---- */

static void
what_is_not_said_has_a_default(void **state)
{
	struct schedule s = accepted("{'name':'n'," TASKS "}");

	(void)state;
	assert_int_equal(s.id, 0);
	assert_int_equal(s.tenant_id, 0);
	assert_int_equal(s.version, 0);
	assert_string_equal(s.name, "n");
	assert_string_equal(s.description, "");
	assert_int_equal(s.tag_count, 0);
	assert_int_equal(s.type, 1);
	assert_int_equal(s.trigger_count, 0);
	assert_true(s.start_us == INT64_MIN);
	assert_true(s.end_us == INSTANT_NEVER);
	assert_int_equal(s.overlap, OVERLAP_SKIP);
	assert_int_equal(s.misfire, MISFIRE_ONE);
	assert_int_equal(s.misfire_window_us, HOUR_US);
	assert_int_equal(s.on_lost, ON_LOST_FAIL);
	assert_int_equal(s.keep_us, 7 * DAY_US);
	assert_int_equal(s.task_count, 1);
	assert_string_equal(s.tasks[0].name, "t");
	assert_int_equal(s.tasks[0].argc, 1);
	assert_string_equal(s.tasks[0].argv[0], "/bin/true");
	assert_null(s.tasks[0].argv[1]);
	assert_int_equal(s.tasks[0].env_count, 0);
	assert_null(s.tasks[0].cwd);
	assert_int_equal(s.tasks[0].timeout_us, 0);
	assert_int_equal(s.tasks[0].kill_grace_us, 10 * SECOND_US);
	assert_false(s.tasks[0].accept_args);
}

/* Everything that is served, each with another value than its default. */
static const char full[] =
    "{'name':'Nightly sales','description':'a\\nb','tags':['sales','\\u00fc'],"
    "'scheduleType':18,"
    "'triggers':[{'cron':'30 2 * * 1-5','timeZone':'Asia/Tokyo','dstGap':'skip',"
    "'dstFold':'both'},{'every':'15m','anchor':'2026-01-01T00:00:00.5Z'},"
    "{'at':'2026-12-24T18:00:00+01:00'}],"
    "'startDate':'2026-01-01T00:00:00Z','endDate':'2027-01-01T00:00:00Z',"
    "'maxRuns':1000000,'jitter':'10m',"
    "'calendars':{'exclude':['nl-holidays','quiet'],'onExcluded':'defer'},"
    "'condition':{'command':['/usr/bin/test','-s','/srv/in.csv'],'timeout':'30s'},"
    "'tasks':[{'name':'extract','command':['/bin/echo','','a b'],"
    "'env':{'LANG':'C.UTF-8','EMPTY':''},'cwd':'/srv','timeout':'10m','killGrace':'0s',"
    "'acceptArgs':true,'resultFile':'out.csv','retries':{'max':3,'delay':'5s','factor':1.5,"
    "'maxDelay':'1m','jitter':'2s','on':[75,'64-78','timeout']},'stdin':'a\\n',"
    "'user':'reports','group':'staff',"
    "'umask':'27','nice':-20,'limits':{'cpu':'2m','memory':'536870912','files':64,"
    "'processes':100,'fileSize':'1025','core':'0'}},{'name':'notify','command':['/bin/true'],"
    "'after':[{'task':'extract','when':'failed'},{'task':'load','when':'always'}],"
    "'afterMatch':'any'},{'name':'load','command':['/bin/true'],"
    "'after':[{'task':'extract'}]}],"
    "'overlap':'queueOne','misfire':'all','misfireWindow':'PT2H','onLost':'rerun',"
    "'keep':{'days':36500},'misfireMax':1000,'priority':-9,'group':'disk'}";

static void
each_member_arrives_where_it_belongs(void **state)
{
	struct schedule s = accepted(full);
	const struct task_def *t = &s.tasks[0];

	(void)state;
	assert_string_equal(s.name, "Nightly sales");
	assert_string_equal(s.description, "a\nb");
	assert_string_equal(s.condition->argv[2], "/srv/in.csv");
	assert_int_equal(s.condition->timeout_us, 30 * SECOND_US);
	assert_int_equal(s.condition->kill_grace_us, 10 * SECOND_US);
	assert_int_equal(s.tag_count, 2);
	assert_string_equal(s.tags[1], "\xc3\xbc");
	assert_int_equal(s.type, 18);
	assert_int_equal(s.trigger_count, 3);
	assert_int_equal(s.triggers[0].kind, TRIGGER_CRON);
	assert_string_equal(s.triggers[0].expression, "30 2 * * 1-5");
	assert_int_equal(s.triggers[0].cron.weekdays, 0x3e);
	assert_string_equal(s.triggers[0].time_zone, "Asia/Tokyo");
	assert_int_equal(s.triggers[0].dst_gap, DST_GAP_SKIP);
	assert_int_equal(s.triggers[0].dst_fold, DST_FOLD_BOTH);
	assert_int_equal(s.triggers[1].kind, TRIGGER_EVERY);
	assert_int_equal(s.triggers[1].every_us, 15 * MINUTE_US);
	assert_int_equal(s.triggers[1].anchor_us, INT64_C(1767225600500000));
	assert_int_equal(s.triggers[2].kind, TRIGGER_AT);
	assert_int_equal(s.triggers[2].at_us, INT64_C(1798131600000000));
	assert_int_equal(s.start_us, INT64_C(1767225600000000));
	assert_int_equal(s.end_us, INT64_C(1798761600000000));
	assert_int_equal(s.task_count, 3);
	assert_int_equal(t->argc, 3);
	assert_string_equal(t->argv[1], "");
	assert_string_equal(t->argv[2], "a b");
	assert_null(t->argv[3]);
	assert_int_equal(t->env_count, 2);
	assert_string_equal(t->env[0].name, "LANG");
	assert_string_equal(t->env[1].value, "");
	assert_string_equal(t->cwd, "/srv");
	assert_int_equal(t->timeout_us, 10 * MINUTE_US);
	assert_int_equal(t->kill_grace_us, 0);
	assert_true(t->accept_args);
	assert_string_equal(t->result_file, "out.csv");
	assert_int_equal(t->retries.max, 3);
	assert_int_equal(t->retries.delay_us, 5 * SECOND_US);
	assert_int_equal(t->retries.factor, 150);
	assert_int_equal(t->retries.max_delay_us, MINUTE_US);
	assert_int_equal(t->retries.jitter_us, 2 * SECOND_US);
	assert_int_equal(t->retries.on_count, 3);
	assert_string_equal(t->retries.on[0], "75");
	assert_string_equal(t->retries.on[2], "timeout");
	assert_int_equal(t->after_count, 0);
	assert_false(t->after_any);
	assert_string_equal(s.tasks[1].name, "notify");
	assert_int_equal(s.tasks[1].after_count, 2);
	assert_string_equal(s.tasks[1].after[0].task, "extract");
	assert_int_equal(s.tasks[1].after[0].when, AFTER_FAILED);
	assert_string_equal(s.tasks[1].after[1].task, "load");
	assert_int_equal(s.tasks[1].after[1].when, AFTER_ALWAYS);
	assert_true(s.tasks[1].after_any);
	assert_int_equal(s.tasks[2].after_count, 1);
	assert_int_equal(s.tasks[2].after[0].when, AFTER_SUCCEEDED);
	assert_false(s.tasks[2].after_any);
	assert_int_equal(s.overlap, OVERLAP_QUEUE_ONE);
	assert_int_equal(s.misfire, MISFIRE_ALL);
	assert_int_equal(s.misfire_window_us, 2 * HOUR_US);
	assert_int_equal(s.misfire_max, 1000);
	assert_int_equal(s.priority, -9);
	assert_string_equal(s.group, "disk");
	assert_int_equal(s.on_lost, ON_LOST_RERUN);
	assert_int_equal(s.keep_us, 36500 * DAY_US);
}

static void
each_word_has_its_number(void **state)
{
	static const struct {
		const char *name, *word;
		int number;
	} cases[] = {
	    {"overlap", "skip", OVERLAP_SKIP},
	    {"overlap", "queueOne", OVERLAP_QUEUE_ONE},
	    {"overlap", "queue", OVERLAP_QUEUE},
	    {"overlap", "allow", OVERLAP_ALLOW},
	    {"overlap", "replace", OVERLAP_REPLACE},
	    {"misfire", "one", MISFIRE_ONE},
	    {"misfire", "skip", MISFIRE_SKIP},
	    {"misfire", "all", MISFIRE_ALL},
	    {"onLost", "fail", ON_LOST_FAIL},
	    {"onLost", "rerun", ON_LOST_RERUN},
	    {"dstGap", "after", DST_GAP_AFTER},
	    {"dstGap", "skip", DST_GAP_SKIP},
	    {"dstFold", "first", DST_FOLD_FIRST},
	    {"dstFold", "second", DST_FOLD_SECOND},
	    {"dstFold", "both", DST_FOLD_BOTH},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = cases[i].name;
		bool trigger = !strncmp(name, "dst", 3);
		struct schedule s = accepted(arena_printf(&arena,
		    trigger ? TRIGGER("'cron':'@daily','%s':'%s'") : TOP("'%s':'%s'"), name,
		    cases[i].word));
		int got = !strcmp(name, "overlap")   ? (int)s.overlap
			  : !strcmp(name, "misfire") ? (int)s.misfire
			  : !strcmp(name, "onLost")  ? (int)s.on_lost
			  : !strcmp(name, "dstGap")  ? (int)s.triggers[0].dst_gap
						     : (int)s.triggers[0].dst_fold;

		if (got != cases[i].number)
			fail_msg("%s: %s is %d", name, cases[i].word, got);
		if (!strstr(written(&s),
			quoted(arena_printf(&arena, "'%s':'%s'", name, cases[i].word))))
			fail_msg("%s: %s is not written", name, cases[i].word);
	}
}

static void
a_cron_trigger_without_a_zone_gets_the_servers(void **state)
{
	struct schedule s = accepted(TRIGGER("'cron':'@daily'"));

	(void)state;
	assert_string_equal(s.triggers[0].time_zone, "Europe/Amsterdam");
	assert_int_equal(s.triggers[0].dst_gap, DST_GAP_AFTER);
	assert_int_equal(s.triggers[0].dst_fold, DST_FOLD_FIRST);
}

static void
an_interval_without_an_anchor_begins_at_the_second_that_is_now(void **state)
{
	struct schedule s = accepted(TRIGGER("'every':'90s'"));

	(void)state;
	assert_int_equal(s.triggers[0].anchor_us, NOW_US - 250000);
	assert_null(s.triggers[0].time_zone);
}

static void
times_are_cut_to_the_millisecond_below(void **state)
{
	struct schedule s =
	    accepted("{'name':'n','startDate':'1969-12-31T23:59:59.9999Z',"
		     "'endDate':'2030-01-01T00:00:00.0019Z',"
		     "'triggers':[{'every':'1s','anchor':'1969-12-31T23:59:59.999Z'},"
		     "{'at':'2030-01-01T00:00:00.123456789+00:00'}]," TASKS "}");

	(void)state;
	assert_int_equal(s.start_us, -1000);
	assert_int_equal(s.end_us % SECOND_US, 1000);
	assert_int_equal(s.triggers[0].anchor_us, -1000);
	assert_int_equal(s.triggers[1].at_us % SECOND_US, 123000);
}

/* ---- members that say nothing ---- */

static void
null_and_what_is_not_served_but_neutral_is_as_if_absent(void **state)
{
	static const char *const same[] = {
	    TOP("'description':null,'tags':null,'scheduleType':null,'triggers':null"),
	    TOP("'startDate':null,'endDate':null,'maxRuns':null,'jitter':null"),
	    TOP("'calendars':null,'condition':null,'overlap':null,'misfire':null"),
	    TOP("'misfireWindow':null,'onLost':null,'keep':null"),
	    TOP("'keep':{}"),
	    TOP("'keep':{'days':null,'executions':null}"),
	    TOP("'jitter':'0s'"),
	    TOP("'jitter':'PT0S'"),
	    TOP("'calendars':{}"),
	    TOP("'calendars':{'exclude':[],'onExcluded':'skip'}"),
	    TOP("'calendars':{'exclude':null}"),
	    TOP("'tags':[],'triggers':[]"),
	    TASK("'env':null,'cwd':null,'timeout':null,'killGrace':null"),
	    TASK("'acceptArgs':null,'user':null,'http':null,'retries':null"),
	    TASK("'resultFile':null,'after':null,'afterMatch':null"),
	    TASK("'afterMatch':'all'"),
	    TASK("'env':{},'timeout':'0s','retries':{},'after':[]"),
	    TASK("'retries':{'max':0,'delay':null}"),
	};
	struct schedule bare = accepted("{'name':'n'," TASKS "}");

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		struct schedule s = accepted(same[i]);

		assert_same(&bare, &s);
	}
	bare = accepted(TRIGGER("'cron':'@daily'"));
	{
		struct schedule s = accepted(
		    TRIGGER("'cron':'@daily','timeZone':null,'dstGap':null,'dstFold':null,"
			    "'every':null,'anchor':null,'at':null,'rrule':null,'start':null,'"
			    "reboot':null"));

		assert_same(&bare, &s);
	}
}

/* ---- refusals ---- */

static const struct {
	const char *text, *why;
} refused[] = {
    {"7", "Invalid value: definition: must be an object"},
    {"[]", "Invalid value: definition: must be an object"},
    {"{}", "Missing value: name"},
    {"{" TASKS "}", "Missing value: name"},
    {"{'name':null," TASKS "}", "Missing value: name"},
    {"{'name':''," TASKS "}", "Missing value: name"},
    {"{'name':'a\\tb'," TASKS "}", "Invalid value: name: must have no control characters"},
    {"{'name':'n'}", "Missing value: tasks"},
    {"{'name':'n','tasks':[]}", "Missing value: tasks"},
    {"{'name':'n','tasks':null}", "Missing value: tasks"},
    {"{'name':'n','tasks':[{}]}", "Missing value: tasks[0].name"},
    {"{'name':'n','tasks':[{'name':'t'}]}", "Missing value: tasks[0].command"},
    {"{'name':'n','tasks':[{'name':'t','command':[]}]}", "Missing value: tasks[0].command"},
    {"{'name':'n','tasks':[null]}", "Invalid value: tasks[0]: must be an object"},
    {"{'name':'n','tasks':[{'name':'t','command':['true']}]}",
	"Invalid value: tasks[0].command: must begin with an absolute path"},
    {"{'name':'n','tasks':[{'name':'t','command':['/bin/true',7]}]}",
	"Invalid value: tasks[0].command[1]: must be a string"},
    {"{'name':'n','tasks':[{'name':'t','command':[null]}]}",
	"Invalid value: tasks[0].command[0]: must be a string"},
    {"{'name':'n','tasks':[{'name':'t','command':'/bin/true'}]}",
	"Invalid value: tasks[0].command: must be an array"},
    {"{'name':'n','tasks':[{'name':'t','command':['/x']},{'name':'t','command':['/x']}]}",
	"Invalid value: tasks[1].name: is the name of tasks[0] too; give each its own"},

    /* No such member, at any depth. */
    {TOP("'nmae':1"), "Invalid value: nmae: there is no such member"},
    {TOP("'scheduleId':'2a'"), "Invalid value: scheduleId: there is no such member"},
    {TOP("'':1"), "Invalid value: \"\": there is no such member"},
    {TOP("'x':null"), "Invalid value: x: there is no such member"},
    {TOP("'a\\u0007\\nb':1"), "Invalid value: a??b: there is no such member"},
    {TRIGGER("'cron':'@daily','zone':'UTC'"),
	"Invalid value: triggers[0].zone: there is no such member"},
    {TASK("'cmd':1"), "Invalid value: tasks[0].cmd: there is no such member"},
    {TOP("'keep':{'weeks':1}"), "Invalid value: keep.weeks: there is no such member"},

    /* Of the full shape, and not served yet. */
    {TOP("'calendars':{'include':[]}"),
	"Invalid value: calendars.include: there is no such member"},
    {TOP("'calendars':{'exclude':['a'],'onExcluded':'run'}"),
	"Invalid value: calendars.onExcluded: must be skip or defer"},
    {TOP("'calendars':{'exclude':['a','a']}"), "Invalid value: calendars.exclude[1]: is the "
					       "same as calendars.exclude[0]; leave one out"},
    {TOP("'calendars':{'exclude':['1','2','3','4','5','6','7','8','9']}"),
	"Invalid value: calendars.exclude: must have at most 8 entries"},
    {TOP("'calendars':{'exclude':['']}"), "Missing value: calendars.exclude[0]"},
    {TOP("'condition':{}"), "Missing value: condition.command"},
    {TOP("'condition':{'command':[]}"), "Missing value: condition.command"},
    {TOP("'condition':{'command':['test']}"),
	"Invalid value: condition.command: must begin with an absolute path"},
    {TOP("'condition':{'command':['/a/../test']}"),
	"Invalid value: condition.command: must begin with a path that has no `..`"},
    {TOP("'condition':{'command':['/x'],'timeout':'366d'}"),
	"Invalid value: condition.timeout: must be within 0s and 365d"},
    {TOP("'condition':{'command':['/x'],'cwd':'/'}"),
	"Invalid value: condition.cwd: there is no such member"},
    {TOP("'keep':{'executions':1000}"), "Invalid value: keep.executions: not served"},
    {TRIGGER("'rrule':'FREQ=DAILY'"), "Missing value: triggers[0].start"},
    {TRIGGER("'reboot':false"),
	"Invalid value: triggers[0].reboot: must be true; leave the trigger out for none"},
    {TRIGGER("'reboot':true,'timeZone':'UTC'"),
	"Invalid value: triggers[0].timeZone: only a cron or rrule trigger has one"},
    {TRIGGER("'reboot':true,'every':'1m'"),
	"Invalid value: triggers[0]: must be one of cron, every, at, rrule and reboot"},
    {TRIGGER("'rrule':'FREQ=DAILY','start':'2026-01-01T00:00:00Z'"),
	"Invalid value: triggers[0].start: must be local time such as 2026-01-01T00:00:00"},
    {TRIGGER("'rrule':'FREQ=DAILY','start':'2026-02-30'"),
	"Invalid value: triggers[0].start: must be local time such as 2026-01-01T00:00:00"},
    {TRIGGER("'rrule':'FREQ=OFTEN','start':'2026-01-01'"),
	"Invalid value: triggers[0].rrule: is no rule of RFC 5545"},
    {TRIGGER("'rrule':'FREQ=DAILY','start':'2026-01-01','anchor':'2026-01-01T00:00:00Z'"),
	"Invalid value: triggers[0].anchor: only an every trigger has one"},
    {TRIGGER("'cron':'@daily','start':'2026-01-01T00:00:00'"),
	"Invalid value: triggers[0].start: only an rrule trigger has one"},
    {TASK("'cgroup':{'memory':'1GiB'}"), "Invalid value: tasks[0].cgroup: not served"},
    {"{'name':'n','tasks':[{'name':'t','http':{'url':'https://example.test/'},'nice':5}]}",
	"Invalid value: tasks[0]: an http request has no process: leave out stdin, user, "
	"group, "
	"umask, nice and limits"},
    {TASK("'user':''"), "Missing value: tasks[0].user"},
    {TASK("'user':'0'"),
	"Invalid value: tasks[0].user: must be a name that the system knows, not a number"},
    {TASK("'user':'a:b'"),
	"Invalid value: tasks[0].user: must be a name that the system knows, not a number"},
    {TASK("'group':'staff'"),
	"Invalid value: tasks[0].group: needs a user, of whose groups it is one"},
    {TASK("'umask':'8'"),
	"Invalid value: tasks[0].umask: must be an octal mode such as \"0027\""},
    {TASK("'umask':'1000'"), "Invalid value: tasks[0].umask: must be within 0000 and 0777"},
    {TASK("'nice':20"), "Invalid value: tasks[0].nice: must be a whole number from -20 to 19"},
    {TASK("'limits':{'cpu':'1500ms'}"),
	"Invalid value: tasks[0].limits.cpu: must be in whole seconds"},
    {TASK("'limits':{'cpu':'0s'}"),
	"Invalid value: tasks[0].limits.cpu: must be within 1s and 365d, in whole seconds"},
    {TASK("'limits':{'memory':'1MB'}"), "Invalid value: tasks[0].limits.memory: must be a size "
					"such as \"64MiB\" (units KiB MiB "
					"GiB TiB, or plain bytes)"},
    {TASK("'limits':{'memory':'99999999999TiB'}"),
	"Invalid value: tasks[0].limits.memory: must be within 1MiB and 1024TiB"},
    {TASK("'limits':{'files':3}"),
	"Invalid value: tasks[0].limits.files: must be within 8 and 1048576"},
    {TASK("'limits':{'swap':'1GiB'}"),
	"Invalid value: tasks[0].limits.swap: there is no such member"},
    {TASK("'http':{'url':'https://example.test/'}"),
	"Invalid value: tasks[0]: has a command and an http request; make two tasks of it"},
    {TASK("'retries':{'max':101}"),
	"Invalid value: tasks[0].retries.max: must be a whole number from 0 to 100"},
    {TASK("'retries':{'max':0,'delay':'10s'}"),
	"Invalid value: tasks[0].retries.delay: says nothing without max; give max from 1 on"},
    {TASK("'retries':{'on':[1]}"),
	"Invalid value: tasks[0].retries.on: says nothing without max; give max from 1 on"},
    {TASK("'retries':{'max':1,'factor':0.99}"),
	"Invalid value: tasks[0].retries.factor: must be within 1 and 10"},
    {TASK("'retries':{'max':1,'factor':10.01}"),
	"Invalid value: tasks[0].retries.factor: must be within 1 and 10"},
    {TASK("'retries':{'max':1,'factor':1.125}"),
	"Invalid value: tasks[0].retries.factor: must be a number from 1 to 10 with two digits "
	"behind the point at most"},
    {TASK("'retries':{'max':1,'factor':2e0}"),
	"Invalid value: tasks[0].retries.factor: must be a number from 1 to 10 with two digits "
	"behind the point at most"},
    {TASK("'retries':{'max':1,'factor':'much'}"),
	"Invalid value: tasks[0].retries.factor: must be a number such as 2 or 1.5"},
    {TASK("'retries':{'max':1,'delay':'366d'}"),
	"Invalid value: tasks[0].retries.delay: must be within 0s and 365d"},
    {TASK("'retries':{'max':1,'jitter':'366d'}"),
	"Invalid value: tasks[0].retries.jitter: must be within 0s and 365d"},
    {TASK("'retries':{'max':1,'delay':'2s','maxDelay':'1s'}"),
	"Invalid value: tasks[0].retries.maxDelay: must not be shorter than delay"},
    {TASK("'retries':{'max':1,'on':['0']}"), "Invalid value: tasks[0].retries.on[0]: must be "
					     "an exit code from 1 to 255, a range such "
					     "as \"64-78\", signal, timeout or unstarted"},
    {TASK("'retries':{'max':1,'on':[1,'lost']}"), "Invalid value: tasks[0].retries.on[1]: must "
						  "be an exit code from 1 to 255, a range such "
						  "as \"64-78\", signal, timeout or unstarted"},
    {TASK("'retries':{'max':1,'times':2}"),
	"Invalid value: tasks[0].retries.times: there is no such member"},
    {TOP("'condition':{'command':['/x'],'retries':{'max':1}}"),
	"Invalid value: condition.retries: there is no such member"},
    {TASK("'resultFile':''"), "Missing value: tasks[0].resultFile"},
    {TASK("'resultFile':'..'"),
	"Invalid value: tasks[0].resultFile: must be the name of a file, without a directory"},
    {TASK("'resultFile':'a/b'"),
	"Invalid value: tasks[0].resultFile: must be the name of a file, without a directory"},
    {TASK("'resultFile':'a\\nb'"),
	"Invalid value: tasks[0].resultFile: must have no control characters"},

    /* What a task waits for: more of it in test_after.c. */
    {TASK("'after':[{'task':'t'}]"),
	"Invalid value: tasks[0].after[0].task: names the task itself"},
    {TASK("'after':[{'task':'u'}]"),
	"Invalid value: tasks[0].after[0].task: names no task of the schedule"},
    {TASK("'after':[{'when':'always'}]"), "Missing value: tasks[0].after[0].task"},
    {TASK("'after':[{'task':null}]"), "Missing value: tasks[0].after[0].task"},
    {TASK("'after':[{'task':'u','when':'ended'}]"),
	"Invalid value: tasks[0].after[0].when: must be succeeded, failed or always"},
    {TASK("'after':[{'task':'u','status':'failed'}]"),
	"Invalid value: tasks[0].after[0].status: there is no such member"},
    {TASK("'afterMatch':'some'"), "Invalid value: tasks[0].afterMatch: must be all or any"},
    {TASK("'afterMatch':'any'"),
	"Invalid value: tasks[0].afterMatch: any of no tasks never holds"},
    {TOP("'condition':{'command':['/x'],'after':[]}"),
	"Invalid value: condition.after: there is no such member"},

    /* Triggers. */
    {TRIGGER(""),
	"Invalid value: triggers[0]: must be one of cron, every, at, rrule and reboot"},
    {TRIGGER("'timeZone':'UTC'"),
	"Invalid value: triggers[0]: must be one of cron, every, at, rrule and reboot"},
    {TRIGGER("'cron':'@daily','every':'1h'"),
	"Invalid value: triggers[0]: must be one of cron, every, at, rrule and reboot"},
    {TRIGGER("'cron':null,'every':null"),
	"Invalid value: triggers[0]: must be one of cron, every, at, rrule and reboot"},
    {TOP("'triggers':[{'cron':'@daily'},null]"),
	"Invalid value: triggers[1]: must be an object"},
    {TRIGGER("'every':'1h','timeZone':'UTC'"),
	"Invalid value: triggers[0].timeZone: only a cron or rrule trigger has one"},
    {TRIGGER("'at':'2027-01-01T00:00:00Z','dstGap':'after'"),
	"Invalid value: triggers[0].dstGap: only a cron or rrule trigger has one"},
    {TRIGGER("'every':'1h','dstFold':'first'"),
	"Invalid value: triggers[0].dstFold: only a cron or rrule trigger has one"},
    {TRIGGER("'cron':'@daily','anchor':'2026-01-01T00:00:00Z'"),
	"Invalid value: triggers[0].anchor: only an every trigger has one"},
    {TRIGGER("'cron':'0 0 * * *','timeZone':''"), "Missing value: triggers[0].timeZone"},
    {TRIGGER("'cron':'0 25 * * *'"),
	"Invalid value: triggers[0].cron: column 3: hour 25 is not within 0 to 23"},
    {TRIGGER("'cron':''"),
	"Invalid value: triggers[0].cron: column 1: 0 fields where five are expected: minute, "
	"hour, day of month, month, day of week (six: seconds in front; seven: years "
	"behind)"},
    {TRIGGER("'cron':'@daily','dstGap':'both'"),
	"Invalid value: triggers[0].dstGap: must be after or skip"},
    {TRIGGER("'cron':'@daily','dstFold':'After'"),
	"Invalid value: triggers[0].dstFold: must be first, second or both"},
    {TRIGGER("'every':'999ms'"),
	"Invalid value: triggers[0].every: must be within 1s and 36500d"},
    {TRIGGER("'every':'5'"),
	"Invalid value: triggers[0].every: must be a duration such as \"90s\", \"15m\", "
	"\"2h\", \"7d\""},
    {TRIGGER("'every':'1h','anchor':'2026-01-01'"),
	"Invalid value: triggers[0].anchor: must be a time such as "
	"\"2026-12-24T18:00:00+01:00\""},
    {TRIGGER("'at':'2026-12-24T18:00:00'"),
	"Invalid value: triggers[0].at: must be a time such as "
	"\"2026-12-24T18:00:00+01:00\""},
    {TRIGGER("'at':'3000-01-01T00:00:00Z'"),
	"Invalid value: triggers[0].at: must be before the year 3000"},

    /* The rest. */
    {TOP("'tags':['a','a']"), "Invalid value: tags[1]: is the same as tags[0]; leave one out"},
    {TOP("'tags':['a',null]"), "Invalid value: tags[1]: must be a string"},
    {TOP("'scheduleType':19"),
	"Invalid value: scheduleType: must be a whole number from 0 to 18"},
    {TOP("'scheduleType':-1"),
	"Invalid value: scheduleType: must be a whole number from 0 to 18"},
    {TOP("'scheduleType':1.0"),
	"Invalid value: scheduleType: must be a whole number from 0 to 18"},
    {TOP("'maxRuns':0"), "Invalid value: maxRuns: must be a whole number from 1 to 1000000"},
    {TOP("'maxRuns':1000001"),
	"Invalid value: maxRuns: must be a whole number from 1 to 1000000"},
    {TOP("'jitter':'24h1s'"), "Invalid value: jitter: must be within 0s and 1d"},
    {TOP("'startDate':'2026-01-01T00:00:00Z','endDate':'2026-01-01T00:00:00Z'"),
	"Invalid value: endDate: must be later than startDate"},
    {TOP("'overlap':'Skip'"), "Invalid value: overlap: must be skip, queueOne, queue, "
			      "allow or replace"},
    {TOP("'misfire':''"), "Invalid value: misfire: must be one, skip or all"},
    {TOP("'misfireWindow':'36501d'"),
	"Invalid value: misfireWindow: must be within 0s and 36500d"},
    {TOP("'onLost':'retry'"), "Invalid value: onLost: must be fail or rerun"},
    {TOP("'misfireMax':0"), "Invalid value: misfireMax: must be a whole number from 1 to 1000"},
    {TOP("'misfireMax':1001"),
	"Invalid value: misfireMax: must be a whole number from 1 to 1000"},
    {TOP("'priority':10"), "Invalid value: priority: must be a whole number from -9 to 9"},
    {TOP("'priority':-10"), "Invalid value: priority: must be a whole number from -9 to 9"},
    {TOP("'priority':'high'"), "Invalid value: priority: must be a whole number from -9 to 9"},
    {TOP("'group':''"), "Missing value: group"},
    {TOP("'notify':[{}]"), "Missing value: notify[0].on"},
    {TOP("'notify':[{'on':'failed'}]"),
	"Invalid value: notify[0]: must have one of webhook and mail"},
    {TOP("'notify':[{'on':'failed','failures':0}]"),
	"Invalid value: notify[0].failures: must be a whole number from 1 to 1000"},
    {TOP("'notify':[{'on':'late','mail':{'to':['a@b']}}]"), "Missing value: notify[0].by"},
    {TOP("'notify':[{'on':'late','by':'500ms','mail':{'to':['a@b']}}]"),
	"Invalid value: notify[0].by: must be within 1s and 366d"},
    {TOP("'notify':[{'on':'failed','by':'1h','mail':{'to':['a@b']}}]"),
	"Invalid value: notify[0].by: is for late, long and noSuccess alone"},
    {TOP("'notify':[{'on':'changed','failures':2,'mail':{'to':['a@b']}}]"),
	"Invalid value: notify[0].failures: is for failed and recovered alone"},
    {TOP("'notify':[{'on':'failed','webhook':{}}]"), "Missing value: notify[0].webhook.url"},
    {TOP("'notify':[{'on':'failed','webhook':{'url':'ftp://a','secret':'s'}}]"),
	"Invalid value: notify[0].webhook.url: must begin with https:// or http://"},
    {TOP("'notify':[{'on':'failed','webhook':{'url':'http://a/\\r\\nX: y','secret':'s'}}]"),
	"Invalid value: notify[0].webhook.url: must have no blanks, and other characters than "
	"ASCII as %XX"},
    {TOP("'notify':[{'on':'failed','webhook':{'url':'https://u:p@a/','secret':'s'}}]"),
	"Invalid value: notify[0].webhook.url: must name a host, and no user before it"},
    {TOP("'notify':[{'on':'failed','webhook':{'url':'https://a/'}}]"),
	"Missing value: notify[0].webhook.secret"},
    {TOP("'notify':[{'on':'failed','webhook':{'url':'https://a/','secret':'a b'}}]"),
	"Invalid value: notify[0].webhook.secret: must be the name of a secret, see "
	"tasks/setSecret"},
    {TOP("'notify':[{'on':'failed','mail':{}}]"), "Missing value: notify[0].mail.to"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['-oX@b']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a@-b']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['|x@b']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a b@c']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a@b\\nBcc: x@y']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a@b\\r']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a@b@c']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['@b']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a@']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a@b..c']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['\u00fc@b']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['a,c@b']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'notify':[{'on':'failed','mail':{'to':['<a@b>']}}]"),
	"Invalid value: notify[0].mail.to[0]: must be a plain address such as ops@example.org"},
    {TOP("'keep':{'days':6}"),
	"Invalid value: keep.days: must be a whole number from 7 to 36500"},
    {TASK("'timeout':'-1s'"),
	"Invalid value: tasks[0].timeout: must be a duration such as \"90s\", \"15m\", "
	"\"2h\", \"7d\""},
    {TASK("'timeout':'366d'"), "Invalid value: tasks[0].timeout: must be within 0s and 365d"},
    {TASK("'env':{'A':7}"), "Invalid value: tasks[0].env.A: must be a string"},
    {TASK("'env':{'A':null}"), "Invalid value: tasks[0].env.A: must be a string"},
    {TASK("'env':{'':'x'}"),
	"Invalid value: tasks[0].env: names must be letters, digits and `_`, no digit first"},
    {TASK("'cwd':''"), "Invalid value: tasks[0].cwd: must be an absolute path"},
};

static void
what_is_refused_is_named_and_the_mend_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_refused(refused[i].text, refused[i].why);
}

/* `b` boolean, `i` number, `s` string, `a` array, `o` object; null is all right everywhere but in
 * lists. */
static const struct {
	const char *path, *format, *types;
} members[] = {
    {"name", "{'name':%s," TASKS "}", "s"},
    {"description", TOP("'description':%s"), "s"},
    {"tags", TOP("'tags':%s"), "a"},
    {"tags[0]", TOP("'tags':[%s]"), "s"},
    {"scheduleType", TOP("'scheduleType':%s"), "i"},
    {"triggers", TOP("'triggers':%s"), "a"},
    {"triggers[0]", TOP("'triggers':[%s]"), "o"},
    {"triggers[0].cron", TRIGGER("'cron':%s"), "s"},
    {"triggers[0].timeZone", TRIGGER("'cron':'@daily','timeZone':%s"), "s"},
    {"triggers[0].dstGap", TRIGGER("'cron':'@daily','dstGap':%s"), "s"},
    {"triggers[0].dstFold", TRIGGER("'cron':'@daily','dstFold':%s"), "s"},
    {"triggers[0].every", TRIGGER("'every':%s"), "s"},
    {"triggers[0].anchor", TRIGGER("'every':'1h','anchor':%s"), "s"},
    {"triggers[0].at", TRIGGER("'at':%s"), "s"},
    {"triggers[0].rrule", TRIGGER("'start':'2026-01-01','rrule':%s"), "s"},
    {"triggers[0].start", TRIGGER("'rrule':'FREQ=DAILY','start':%s"), "s"},
    {"startDate", TOP("'startDate':%s"), "s"},
    {"endDate", TOP("'endDate':%s"), "s"},
    {"maxRuns", TOP("'maxRuns':%s"), "i"},
    {"jitter", TOP("'jitter':%s"), "s"},
    {"calendars", TOP("'calendars':%s"), "o"},
    {"calendars.exclude", TOP("'calendars':{'exclude':%s}"), "a"},
    {"calendars.exclude[0]", TOP("'calendars':{'exclude':[%s]}"), "s"},
    {"calendars.onExcluded", TOP("'calendars':{'exclude':['a'],'onExcluded':%s}"), "s"},
    {"condition", TOP("'condition':%s"), "o"},
    {"condition.command", TOP("'condition':{'command':%s}"), "a"},
    {"condition.command[0]", TOP("'condition':{'command':[%s]}"), "s"},
    {"condition.timeout", TOP("'condition':{'command':['/x'],'timeout':%s}"), "s"},
    {"tasks", "{'name':'n','tasks':%s}", "a"},
    {"tasks[0]", "{'name':'n','tasks':[%s]}", "o"},
    {"tasks[0].name", "{'name':'n','tasks':[{'name':%s,'command':['/x']}]}", "s"},
    {"tasks[0].command", "{'name':'n','tasks':[{'name':'t','command':%s}]}", "a"},
    {"tasks[0].command[0]", "{'name':'n','tasks':[{'name':'t','command':[%s]}]}", "s"},
    {"tasks[0].env", TASK("'env':%s"), "o"},
    {"tasks[0].env.A", TASK("'env':{'A':%s}"), "s"},
    {"tasks[0].cwd", TASK("'cwd':%s"), "s"},
    {"tasks[0].timeout", TASK("'timeout':%s"), "s"},
    {"tasks[0].killGrace", TASK("'killGrace':%s"), "s"},
    {"tasks[0].acceptArgs", TASK("'acceptArgs':%s"), "b"},
    {"tasks[0].stdin", TASK("'stdin':%s"), "s"},
    {"tasks[0].user", TASK("'user':%s"), "s"},
    {"tasks[0].group", TASK("'user':'u','group':%s"), "s"},
    {"tasks[0].umask", TASK("'umask':%s"), "s"},
    {"tasks[0].nice", TASK("'nice':%s"), "i"},
    {"tasks[0].limits", TASK("'limits':%s"), "o"},
    {"tasks[0].limits.cpu", TASK("'limits':{'cpu':%s}"), "s"},
    {"tasks[0].limits.memory", TASK("'limits':{'memory':%s}"), "s"},
    {"tasks[0].limits.files", TASK("'limits':{'files':%s}"), "i"},
    {"tasks[0].limits.processes", TASK("'limits':{'processes':%s}"), "i"},
    {"tasks[0].limits.fileSize", TASK("'limits':{'fileSize':%s}"), "s"},
    {"tasks[0].limits.core", TASK("'limits':{'core':%s}"), "s"},
    {"tasks[0].cgroup", TASK("'cgroup':%s"), ""},
    {"condition.user", TOP("'condition':{'command':['/x'],'user':%s}"), "s"},
    {"tasks[0].http", TASK("'http':%s"), "o"},
    {"tasks[0].retries", TASK("'retries':%s"), "o"},
    {"tasks[0].retries.max", TASK("'retries':{'max':%s}"), "i"},
    {"tasks[0].retries.delay", TASK("'retries':{'max':1,'delay':%s}"), "s"},
    {"tasks[0].retries.factor", TASK("'retries':{'max':1,'factor':%s}"), "i"},
    {"tasks[0].retries.maxDelay", TASK("'retries':{'max':1,'maxDelay':%s}"), "s"},
    {"tasks[0].retries.jitter", TASK("'retries':{'max':1,'jitter':%s}"), "s"},
    {"tasks[0].retries.on", TASK("'retries':{'max':1,'on':%s}"), "a"},
    {"tasks[0].retries.on[0]", TASK("'retries':{'max':1,'on':[%s]}"), "si"},
    {"tasks[0].resultFile", TASK("'resultFile':%s"), "s"},
    {"tasks[0].after", TASK("'after':%s"), "a"},
    {"tasks[0].after[0]", TASK("'after':[%s]"), "o"},
    {"tasks[0].after[0].task", TASK("'after':[{'task':%s}]"), "s"},
    {"tasks[0].after[0].when", TASK("'after':[{'task':'t','when':%s}]"), ""},
    {"tasks[0].afterMatch", TASK("'afterMatch':%s"), ""},
    {"overlap", TOP("'overlap':%s"), "s"},
    {"misfire", TOP("'misfire':%s"), "s"},
    {"misfireWindow", TOP("'misfireWindow':%s"), "s"},
    {"onLost", TOP("'onLost':%s"), "s"},
    {"keep", TOP("'keep':%s"), "o"},
    {"keep.days", TOP("'keep':{'days':%s}"), "i"},
    {"keep.executions", TOP("'keep':{'executions':%s}"), ""},
    {"misfireMax", TOP("'misfireMax':%s"), "i"},
    {"priority", TOP("'priority':%s"), "i"},
    {"group", TOP("'group':%s"), "s"},
    {"notify", TOP("'notify':%s"), "a"},
    {"notify[0]", TOP("'notify':[%s]"), "o"},
    {"notify[0].on", TOP("'notify':[{'on':%s}]"), ""},
    {"notify[0].failures", TOP("'notify':[{'failures':%s}]"), "i"},
    {"notify[0].by", TOP("'notify':[{'by':%s}]"), "s"},
    {"notify[0].mail", TOP("'notify':[{'on':'late','mail':%s}]"), "o"},
    {"notify[0].mail.to", TOP("'notify':[{'on':'late','mail':{'to':%s}}]"), "a"},
    {"notify[0].mail.to[0]", TOP("'notify':[{'on':'late','mail':{'to':[%s]}}]"), "s"},
};

static void
no_member_takes_a_value_of_another_type(void **state)
{
	static const struct {
		char type;
		const char *text;
	} values[] = {{'b', "true"}, {'i', "8"}, {'s', "'8'"}, {'a', "[8]"}, {'o', "{'x':8}"}};
	struct schedule s;

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++) {
		char *head = arena_printf(&arena, "Invalid value: %s: ", members[i].path);

		for (size_t k = 0; k < COUNT(values); k++) {
			char text[256], *value;

			if (strchr(members[i].types, values[k].type))
				continue;
			/* The format of each has one %s. */
			value = strstr(members[i].format, "%s");
			snprintf(text, sizeof text, "%.*s%s%s",
			    (int)(value - members[i].format), members[i].format, values[k].text,
			    value + 2);
			if (!read_text(text, &s))
				fail_msg("accepted: %s", text);
			if (strncmp(err.text, head, strlen(head)))
				fail_msg("%s: %s", text, err.text);
		}
	}
}

static void
lists_are_bounded_before_they_take_memory(void **state)
{
	static const struct {
		const char *head, *entry, *tail;
		size_t max;
		const char *why;
	} cases[] = {
	    {"{'name':'n','tags':[", "'%05zu'", "]," TASKS "}", SCHEDULE_TAGS_MAX,
		"Invalid value: tags: must have at most 32 entries"},
	    {"{'name':'n','triggers':[", "{'every':'%05zus'}", "]," TASKS "}",
		SCHEDULE_TRIGGERS_MAX, "Invalid value: triggers: must have at most 32 entries"},
	    {"{'name':'n','tasks':[", "{'name':'%05zu','command':['/x']}", "]}",
		SCHEDULE_TASKS_MAX, "Invalid value: tasks: must have at most 32 entries"},
	    {"{'name':'n','tasks':[{'name':'t','command':[", "'/%05zu'", "]}]}",
		SCHEDULE_ARGV_MAX,
		"Invalid value: tasks[0].command: must have at most 1024 entries"},
	    {"{'name':'n','tasks':[{'name':'t','command':['/x'],'env':{", "'A%05zu':''", "}}]}",
		SCHEDULE_ENV_MAX, "Invalid value: tasks[0].env: must have at most 256 entries"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t count = cases[i].max; count < 20000; count = count * 20 + 1) {
			struct buf text = BUF_INIT;
			const char *number = strstr(cases[i].entry, "%05zu");

			buf_adds(&text, cases[i].head);
			for (size_t n = 1; n <= count; n++)
				buf_addf(&text, "%s%.*s%05zu%s", n > 1 ? "," : "",
				    (int)(number - cases[i].entry), cases[i].entry, n,
				    number + strlen("%05zu"));
			buf_adds(&text, cases[i].tail);
			if (count == cases[i].max)
				accepted(text.data);
			else
				assert_refused(text.data, cases[i].why);
			buf_release(&text);
			arena_clear(&arena);
		}
	}
}

static void
a_long_unknown_name_is_cut(void **state)
{
	char text[4096], name[2048];
	struct schedule s;

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	snprintf(text, sizeof text, "{'name':'n','tasks':[{'%s':1}]}", name);
	assert_int_equal(read_text(text, &s), ERR_INPUT);
	assert_true(strlen(err.text) < 160);
	assert_non_null(strstr(err.text, "xxx...: there is no such member"));
}

/* ---- writing ---- */

static void
everything_is_written_out(void **state)
{
	struct schedule s = accepted(full);

	(void)state;
	assert_string_equal(written(&s),
	    quoted(
		"{'name':'Nightly sales','description':'a\\nb','tags':['sales','\xc3\xbc'],"
		"'scheduleType':18,'triggers':[{'cron':'30 2 * * 1-5',"
		"'timeZone':'Asia/Tokyo','dstGap':'skip','dstFold':'both'},"
		"{'every':'15m','anchor':'2026-01-01T00:00:00.500Z'},"
		"{'at':'2026-12-24T17:00:00.000Z'}],"
		"'startDate':'2026-01-01T00:00:00.000Z',"
		"'endDate':'2027-01-01T00:00:00.000Z',"
		"'maxRuns':1000000,'jitter':'10m',"
		"'calendars':{'exclude':['nl-holidays','quiet'],'onExcluded':'defer'},"
		"'condition':{'command':['/usr/bin/test','-s','/srv/in.csv'],"
		"'timeout':'30s'},"
		"'tasks':[{'name':'extract','command':['/bin/echo','','a b'],"
		"'env':{'LANG':'C.UTF-8','EMPTY':''},'cwd':'/srv','timeout':'10m',"
		"'killGrace':'0s','acceptArgs':true,'resultFile':'out.csv','retries':{'max':3,"
		"'delay':'5s','factor':1.5,'maxDelay':'1m','jitter':'2s',"
		"'on':['75','64-78','timeout']},'after':[],'"
		"afterMatch':'all','stdin':'a\\n','user':'reports','group':'staff',"
		"'umask':'0027','nice':-20,'limits':{'cpu':'2m','memory':'512MiB',"
		"'files':64,'processes':100,'fileSize':'1025','core':'0'}},"
		"{'name':'notify','command':['/bin/true'],'env':{},'cwd':null,"
		"'timeout':null,'killGrace':'10s','acceptArgs':false,'resultFile':null,"
		"'retries':null,'after':[{'task':'extract','when':'failed'},"
		"{'task':'load','when':'always'}],'afterMatch':'any'},"
		"{'name':'load','command':['/bin/true'],'env':{},'cwd':null,"
		"'timeout':null,'killGrace':'10s','acceptArgs':false,'resultFile':null,"
		"'retries':null,'after':[{'task':'extract','when':'succeeded'}],'afterMatch':'"
		"all'}],"
		"'overlap':'queueOne','misfire':'all','misfireWindow':'2h',"
		"'onLost':'rerun','keep':{'days':36500},'misfireMax':1000,'priority':-9,"
		"'group':'disk','notify':[]}"));
}

static void
what_is_written_reads_back_to_the_same_schedule(void **state)
{
	static const char *const texts[] = {
	    full,
	    TOP("'description':''"),
	    TASK("'retries':{'max':100,'delay':'0s','factor':10}"),
	    TASK("'retries':{'max':1,'delay':'2h','factor':1.05,'on':['signal','unstarted']}"),
	    TOP("'condition':{'command':['/bin/true']}"),
	    TRIGGER("'cron':'0 0 * * sun'"),
	    TRIGGER("'every':'1h1m1s1ms'"),
	    TRIGGER("'every':'P1DT1S','anchor':'0001-01-01T00:00:00.001Z'"),
	    TRIGGER("'at':'0001-01-01T00:00:00Z'"),
	    TRIGGER("'at':'2999-12-31T23:59:59.999999Z'"),
	    TOP("'startDate':'1969-12-31T23:59:59.0001Z'"),
	    TOP("'misfireWindow':'999999999ms'"),
	    TASK("'timeout':'1ms','killGrace':'3d7h'"),
	    TASK("'env':{'Z':'\\u0001\\n','A':'\\ud83d\\ude00'}"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct schedule a = accepted(texts[i]), b;
		char *text = written(&a);
		const struct json *v;

		assert_int_equal(json_parse(&arena, text, strlen(text), &v, &err), 0);
		/* Neither the server's zone nor the time may enter now. */
		if (definition_read(&arena, v, "Asia/Tokyo", NOW_US + DAY_US, &b, &err))
			fail_msg("%s: %s", text, err.text);
		assert_same(&a, &b);
		assert_string_equal(written(&b), text);
	}
}

static void
the_samples_are_definitions(void **state)
{
	static const char *const names[] = {
	    "my-demo-schedule", "bill-on-demand", "every-minute"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char text[4096];
		struct schedule s;
		FILE *f = fopen(arena_printf(&arena, "conf/samples/%s.json", names[i]), "r");
		size_t len;

		assert_non_null(f);
		len = fread(text, 1, sizeof text - 1, f);
		fclose(f);
		text[len] = '\0';
		if (read_raw(text, &s))
			fail_msg("%s: %s", names[i], err.text);
		assert_int_equal(s.task_count, 1);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, forget)
	const struct CMUnitTest tests[] = {
	    TEST(what_is_not_said_has_a_default),
	    TEST(each_member_arrives_where_it_belongs),
	    TEST(each_word_has_its_number),
	    TEST(a_cron_trigger_without_a_zone_gets_the_servers),
	    TEST(an_interval_without_an_anchor_begins_at_the_second_that_is_now),
	    TEST(times_are_cut_to_the_millisecond_below),
	    TEST(null_and_what_is_not_served_but_neutral_is_as_if_absent),
	    TEST(what_is_refused_is_named_and_the_mend_too),
	    TEST(no_member_takes_a_value_of_another_type),
	    TEST(lists_are_bounded_before_they_take_memory),
	    TEST(a_long_unknown_name_is_cut),
	    TEST(everything_is_written_out),
	    TEST(what_is_written_reads_back_to_the_same_schedule),
	    TEST(the_samples_are_definitions),
	};

	return cmocka_run_group_tests_name("definition", tests, NULL, NULL);
}
