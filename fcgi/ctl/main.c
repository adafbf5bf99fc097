/*
 * carillonctl: the administrator's command. The table of its commands, and the reading of its
 * command line: whatever is wrong with that is told here, before a command begins.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

/* One bit an option, so that a command can say which it takes. */
enum option_bit {
	OPT_CONFIG = UINT64_C(1) << 0,
	OPT_SOCKET = UINT64_C(1) << 1,
	OPT_JSON = UINT64_C(1) << 2,
	OPT_ROLE = UINT64_C(1) << 3,
	OPT_PASSWORD_FILE = UINT64_C(1) << 4,
	OPT_EXPIRES = UINT64_C(1) << 5,
	OPT_WAIT = UINT64_C(1) << 6,
	OPT_STDERR = UINT64_C(1) << 7,
	OPT_TASK = UINT64_C(1) << 8,
	OPT_SAMPLE = UINT64_C(1) << 9,
	OPT_SCHEMA = UINT64_C(1) << 10,
	OPT_TEST = UINT64_C(1) << 11,
	OPT_HELP = UINT64_C(1) << 12,
	OPT_EMAIL = UINT64_C(1) << 13,
	OPT_TENANT = UINT64_C(1) << 14,
	OPT_USER = UINT64_C(1) << 15,
	OPT_NAME = UINT64_C(1) << 16,
	OPT_SCOPES = UINT64_C(1) << 17,
	OPT_TAGS = UINT64_C(1) << 18,
	OPT_OVERLAP = UINT64_C(1) << 19,
	OPT_ENABLE = UINT64_C(1) << 20,
	OPT_DISABLE = UINT64_C(1) << 21,
	OPT_FROM = UINT64_C(1) << 22,
	OPT_COUNT = UINT64_C(1) << 23,
	OPT_OWNER = UINT64_C(1) << 24,
	OPT_PRUNE = UINT64_C(1) << 25,
	OPT_DRY_RUN = UINT64_C(1) << 26,
	OPT_FILE = UINT64_C(1) << 27,
	OPT_UNTIL = UINT64_C(1) << 28,
	OPT_REASON = UINT64_C(1) << 29,
	OPT_CLIENT_KEY = UINT64_C(1) << 30,
	OPT_NEEDS_SESSION = UINT64_C(1) << 31,
	OPT_JOB_RIGHTS = UINT64_C(1) << 32,
	OPT_TIME_ZONE = UINT64_C(1) << 33,
	OPT_REPLACE = UINT64_C(1) << 34,
	OPT_BOTH = UINT64_C(1) << 35,
};

enum { OPT_CALL = OPT_CONFIG | OPT_SOCKET, OPT_OFFLINE = OPT_CONFIG };

struct command {
	const char *group, *verb; /* verb NULL: none */
	const char *arguments;	  /* as help shows them */
	const char *summary;
	uint64_t takes, needs; /* options */
	int operands;
	int (*run)(struct ctl *ctl, struct err *err);
	int optional; /* operands beyond those that it needs */
};

static const struct command commands[] = {
    {"init", NULL, "", "make the store, or recover it; while the service is stopped",
	OPT_OFFLINE, 0, 0, ctl_init},
    {"check", NULL, "", "look for faults in the store; while the service is stopped",
	OPT_OFFLINE, 0, 0, ctl_check},
    {"user", "add", "NAME --role ROLE [--tenant TENANT] [--password-file FILE|-]",
	"make a user: viewer, analyst, pro, domainAdmin or enterpriseAdmin",
	OPT_CALL | OPT_ROLE | OPT_PASSWORD_FILE | OPT_EMAIL | OPT_TENANT | OPT_JOB_RIGHTS,
	OPT_ROLE, 1, ctl_user_add},
    {"user", "list", "", "all users of the first tenant", OPT_CALL | OPT_JSON, 0, 0,
	ctl_user_list},
    {"user", "update", "ID|NAME [--role ROLE] [--enable|--disable] ...",
	"change a user; a new password, a lower role and --disable end his sessions",
	OPT_CALL | OPT_JSON | OPT_ROLE | OPT_PASSWORD_FILE | OPT_EMAIL | OPT_ENABLE |
	    OPT_DISABLE | OPT_JOB_RIGHTS,
	0, 1, ctl_user_update},
    {"user", "delete", "ID|NAME", "delete a user; his tokens die, his schedules stay",
	OPT_CALL | OPT_JSON, 0, 1, ctl_user_delete},
    {"token", "create", "USER [--expires 90d] [--scopes LIST] [--tags LIST] [--client-key]",
	"make a token for scripts, or a key for Altogic's clients, and print it",
	OPT_CALL | OPT_EXPIRES | OPT_NAME | OPT_SCOPES | OPT_TAGS | OPT_CLIENT_KEY |
	    OPT_NEEDS_SESSION,
	0, 1, ctl_token_create},
    {"token", "list", "[--user ID|NAME]", "all tokens, without their secrets",
	OPT_CALL | OPT_JSON | OPT_USER, 0, 0, ctl_token_list},
    {"token", "rotate", "ID [--overlap 1h]", "give a token another secret, and print it",
	OPT_CALL | OPT_OVERLAP, 0, 1, ctl_token_rotate},
    {"token", "revoke", "ID", "end a token", OPT_CALL | OPT_JSON, 0, 1, ctl_token_revoke},
    {"tenant", "add", "NAME", "make a tenant, and print its id", OPT_CALL, 0, 1,
	ctl_tenant_add},
    {"tenant", "list", "", "all tenants", OPT_CALL | OPT_JSON, 0, 0, ctl_tenant_list},
    {"audit", "list", "", "who did what in the first tenant, newest first", OPT_CALL | OPT_JSON,
	0, 0, ctl_audit_list},
    {"audit", "verify", "", "was any entry of the audit altered? then exit status 2",
	OPT_CALL | OPT_JSON, 0, 0, ctl_audit_verify},
    {"schedule", "add", "FILE|-", "make a schedule of a JSON definition, and print its id",
	OPT_CALL | OPT_JSON, 0, 1, ctl_schedule_add},
    {"schedule", "list", "", "all schedules", OPT_CALL | OPT_JSON, 0, 0, ctl_schedule_list},
    {"schedule", "show", "ID|NAME", "a schedule's definition and state", OPT_CALL | OPT_JSON, 0,
	1, ctl_schedule_show},
    {"schedule", "run", "ID|NAME [--wait]", "run a schedule now, and print the execution's id",
	OPT_CALL | OPT_JSON | OPT_WAIT, 0, 1, ctl_schedule_run},
    {"schedule", "update", "ID|NAME FILE|-",
	"give a schedule another definition; a version in the file must be the present one",
	OPT_CALL | OPT_JSON, 0, 2, ctl_schedule_update},
    {"schedule", "apply", "FILE|- --owner NAME [--prune] [--dry-run]",
	"make the schedules of an owner be those of a JSON array, and tell what changed",
	OPT_CALL | OPT_JSON | OPT_OWNER | OPT_PRUNE | OPT_DRY_RUN, OPT_OWNER, 1,
	ctl_schedule_apply},
    {"schedule", "preview", "ID|NAME [--from TIME] [--count N]",
	"when a schedule, or with --file a definition, will be due",
	OPT_CALL | OPT_JSON | OPT_FROM | OPT_COUNT | OPT_FILE, 0, 1, ctl_schedule_preview},
    {"schedule", "explain", "ID|NAME TIME", "why it ran, or did not, at 2026-11-22T09:30:00Z",
	OPT_CALL | OPT_JSON, 0, 2, ctl_schedule_explain},
    {"schedule", "suspend", "ID|NAME [--until TIME] [--reason TEXT]",
	"stop its timetable; a running execution goes on",
	OPT_CALL | OPT_JSON | OPT_UNTIL | OPT_REASON, 0, 1, ctl_schedule_suspend},
    {"schedule", "resume", "ID|NAME", "start its timetable again", OPT_CALL | OPT_JSON, 0, 1,
	ctl_schedule_resume},
    {"schedule", "delete", "ID|NAME", "delete a schedule; its executions stay readable",
	OPT_CALL | OPT_JSON, 0, 1, ctl_schedule_delete},
    {"schedule", "ledger", "ID|NAME", "what became of each of its due times",
	OPT_CALL | OPT_JSON, 0, 1, ctl_schedule_ledger},
    {"calendar", "list", "", "all calendars", OPT_CALL | OPT_JSON, 0, 0, ctl_calendar_list},
    {"calendar", "show", "ID|NAME", "a calendar's entries", OPT_CALL | OPT_JSON, 0, 1,
	ctl_calendar_show},
    {"calendar", "import", "FILE|- [--name NAME] [--time-zone ZONE] [--replace]",
	"make a calendar of an iCalendar file (.ics), and print its id",
	OPT_CALL | OPT_JSON | OPT_NAME | OPT_TIME_ZONE | OPT_REPLACE, 0, 1,
	ctl_calendar_import},
    {"calendar", "delete", "ID|NAME", "delete a calendar that no schedule names",
	OPT_CALL | OPT_JSON, 0, 1, ctl_calendar_delete},
    {"group", "list", "", "the concurrency groups, and how full they are", OPT_CALL | OPT_JSON,
	0, 0, ctl_group_list},
    {"group", "set", "NAME LIMIT", "let so many runs of a concurrency group go on at a time",
	OPT_CALL | OPT_JSON, 0, 2, ctl_group_set},
    {"execution", "list", "[ID|NAME]", "executions of a schedule, or all, newest first",
	OPT_CALL | OPT_JSON, 0, 0, ctl_execution_list, 1},
    {"execution", "cancel", "ID", "end an execution", OPT_CALL | OPT_JSON, 0, 1,
	ctl_execution_cancel},
    {"execution", "show", "ID", "an execution with its tasks and attempts", OPT_CALL | OPT_JSON,
	0, 1, ctl_execution_show},
    {"execution", "log", "ID [--stderr|--both] [--task NAME]", "what a command wrote",
	OPT_CALL | OPT_STDERR | OPT_BOTH | OPT_TASK, 0, 1, ctl_execution_log},
    {"config", NULL, "--sample|--schema|--test",
	"print the sample file or its schema; check the file",
	OPT_CONFIG | OPT_SAMPLE | OPT_SCHEMA | OPT_TEST, 0, 0, ctl_config},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct {
	uint64_t bit;
	const char *name, *argument, *help;
} options[] = {
    {OPT_CONFIG, "config", "FILE", "configuration file (" CTL_CONFIG ")"},
    {OPT_SOCKET, "socket", "PATH", "the service's private socket (as the configuration says)"},
    {OPT_JSON, "json", NULL, "print the service's answer as it came"},
    {OPT_ROLE, "role", "ROLE", "viewer, analyst, pro, domainAdmin or enterpriseAdmin"},
    {OPT_PASSWORD_FILE, "password-file", "FILE",
	"its first line is the password; - is standard input; without it one is made and "
	"printed"},
    {OPT_EXPIRES, "expires", "DURATION", "when the token dies, such as 90d; without it never"},
    {OPT_WAIT, "wait", NULL, "until it has ended; exit status 3 unless it succeeded"},
    {OPT_STDERR, "stderr", NULL, "its standard error instead of its standard output"},
    {OPT_BOTH, "both", NULL, "both, each line with its time and its stream"},
    {OPT_TASK, "task", "NAME", "the task, where there are several"},
    {OPT_SAMPLE, "sample", NULL, "every setting with its default and reason"},
    {OPT_SCHEMA, "schema", NULL, "the RELAX NG schema"},
    {OPT_TEST, "test", NULL, "read the configuration file and tell what is wrong with it"},
    {OPT_EMAIL, "email", "ADDRESS", "the user's e-mail address; an empty one: none"},
    {OPT_TENANT, "tenant", "ID|NAME", "the tenant of the user; without it the first"},
    {OPT_USER, "user", "ID|NAME", "only those of this user"},
    {OPT_NAME, "name", "NAME", "what the token is for; the calendar's, instead of the file's"},
    {OPT_SCOPES, "scopes", "LIST", "of read,run,manage,access,results; without it all"},
    {OPT_TAGS, "tags", "LIST", "the token sees only schedules with one of these tags"},
    {OPT_OVERLAP, "overlap", "DURATION", "so long the old secret lives on; without it 0s"},
    {OPT_ENABLE, "enable", NULL, "he may log in again"},
    {OPT_DISABLE, "disable", NULL, "he may not log in, and his tokens are dead"},
    {OPT_FROM, "from", "TIME",
	"the first due time is not before, such as 2026-11-22T09:30:00Z (now)"},
    {OPT_COUNT, "count", "N", "how many due times (10)"},
    {OPT_OWNER, "owner", "NAME", "whose schedules they are; those of others are left alone"},
    {OPT_PRUNE, "prune", NULL, "delete those of the owner that are not in the file"},
    {OPT_DRY_RUN, "dry-run", NULL, "tell what would be done, and do nothing"},
    {OPT_FILE, "file", NULL, "the word is a file with a JSON definition"},
    {OPT_UNTIL, "until", "TIME", "it resumes by itself then"},
    {OPT_REASON, "reason", "TEXT", "shown wherever the suspension is"},
    {OPT_CLIENT_KEY, "client-key", NULL,
	"a key for Altogic's clients: it reads and runs at most, and opens nothing else"},
    {OPT_NEEDS_SESSION, "needs-session", NULL, "such a key wants a user's session beside it"},
    {OPT_JOB_RIGHTS, "job-rights", "LIST",
	"in OpenSpecimen's face: of read,create,update,delete, or none"},
    {OPT_TIME_ZONE, "time-zone", "ZONE",
	"where the file's dates are, such as Europe/Amsterdam; without it the file's own, or "
	"UTC"},
    {OPT_REPLACE, "replace", NULL, "give a calendar that has the name these entries"},
    {OPT_HELP, "help", NULL, "this"},
};

enum { OPTIONS = sizeof options / sizeof *options };

/* ---- help ---- */

static void
print_command(const struct command *c)
{
	const char *verb = c->verb ? c->verb : "";

	printf("  %s%s%s%s%s\n      %s\n", c->group, *verb ? " " : "", verb,
	    *c->arguments ? " " : "", c->arguments, c->summary);
}

static bool
is_command(const struct command *c, const char *group, const char *verb)
{
	return (!group || !strcmp(c->group, group)) &&
	       (!verb || (c->verb && !strcmp(c->verb, verb)));
}

/* The commands that `words` name, all without any, and the options they take. Answers an exit
 * status. */
static int
help(char *const *words, int count)
{
	const char *group = count > 0 ? words[0] : NULL, *verb = count > 1 ? words[1] : NULL;
	uint64_t takes = OPT_HELP;

	for (int i = 0; i < COMMANDS; i++) {
		if (is_command(&commands[i], group, verb))
			takes |= commands[i].takes;
	}
	if (takes == OPT_HELP) {
		fprintf(stderr,
		    "carillonctl: there is no command of this name; see carillonctl help\n");
		return CTL_USAGE;
	}
	printf("usage: carillonctl [--config FILE] [--socket PATH] COMMAND ...\n\n");
	for (int i = 0; i < COMMANDS; i++) {
		if (is_command(&commands[i], group, verb))
			print_command(&commands[i]);
	}
	printf("  help [COMMAND]\n\n");
	for (int i = 0; i < OPTIONS; i++) {
		const char *argument = options[i].argument ? options[i].argument : "";

		if (takes & options[i].bit)
			printf("  --%s %-*s %s\n", options[i].name,
			    (int)(24 - strlen(options[i].name)), argument, options[i].help);
	}
	printf("\nA word that is spelled like an id is one: 17, or a GUID. Exit status: 0 "
	       "done, 1 a wrong\n"
	       "command line, 2 failed, 3 the execution did not succeed.\n");
	return CTL_DONE;
}

/* ---- the command line ---- */

static void
set_option(struct ctl_options *o, uint64_t bit, const char *value)
{
	switch ((enum option_bit)bit) {
	case OPT_CONFIG:
		o->config = value;
		break;
	case OPT_SOCKET:
		o->socket = value;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_ROLE:
		o->role = value;
		break;
	case OPT_PASSWORD_FILE:
		o->password_file = value;
		break;
	case OPT_EXPIRES:
		o->expires = value;
		break;
	case OPT_WAIT:
		o->wait = true;
		break;
	case OPT_BOTH:
		o->both_streams = true;
		break;
	case OPT_STDERR:
		o->err_stream = true;
		break;
	case OPT_TASK:
		o->task = value;
		break;
	case OPT_SAMPLE:
		o->sample = true;
		break;
	case OPT_SCHEMA:
		o->schema = true;
		break;
	case OPT_TEST:
		o->test = true;
		break;
	case OPT_EMAIL:
		o->email = value;
		break;
	case OPT_TENANT:
		o->tenant = value;
		break;
	case OPT_USER:
		o->user = value;
		break;
	case OPT_NAME:
		o->name = value;
		break;
	case OPT_SCOPES:
		o->scopes = value;
		break;
	case OPT_TAGS:
		o->tags = value;
		break;
	case OPT_OVERLAP:
		o->overlap = value;
		break;
	case OPT_ENABLE:
		o->enable = true;
		break;
	case OPT_DISABLE:
		o->disable = true;
		break;
	case OPT_FROM:
		o->from = value;
		break;
	case OPT_COUNT:
		o->count = value;
		break;
	case OPT_OWNER:
		o->owner = value;
		break;
	case OPT_PRUNE:
		o->prune = true;
		break;
	case OPT_DRY_RUN:
		o->dry_run = true;
		break;
	case OPT_FILE:
		o->file = true;
		break;
	case OPT_UNTIL:
		o->until = value;
		break;
	case OPT_REASON:
		o->reason = value;
		break;
	case OPT_CLIENT_KEY:
		o->client_key = true;
		break;
	case OPT_NEEDS_SESSION:
		o->needs_session = true;
		break;
	case OPT_JOB_RIGHTS:
		o->job_rights = value;
		break;
	case OPT_TIME_ZONE:
		o->time_zone = value;
		break;
	case OPT_REPLACE:
		o->replace = true;
		break;
	case OPT_HELP:
		break;
	}
}

/* Options may stand anywhere. *given: their bits. Fails after getopt_long() has told why. */
static int
read_options(int argc, char **argv, struct ctl_options *o, uint64_t *given)
{
	struct option table[OPTIONS + 1] = {0};
	int index = 0, c;

	for (int i = 0; i < OPTIONS; i++)
		table[i] = (struct option){.name = options[i].name,
		    .has_arg = options[i].argument ? required_argument : no_argument};
	while ((c = getopt_long(argc, argv, "", table, &index)) != -1) {
		if (c != 0)
			return ERR_INPUT;
		*given |= options[index].bit;
		set_option(o, options[index].bit, optarg);
	}
	return 0;
}

static const char *
first_option(uint64_t bits)
{
	int i = 0;

	while (!(options[i].bit & bits))
		i++;
	return options[i].name;
}

/* The command that the words name, and how many of them are its name. */
static const struct command *
find_command(char **words, int count, int *name_words)
{
	for (int i = 0; i < COMMANDS; i++) {
		*name_words = commands[i].verb ? 2 : 1;
		if (count >= *name_words &&
		    is_command(&commands[i], words[0], commands[i].verb ? words[1] : NULL))
			return &commands[i];
	}
	return NULL;
}

static int
check_usage(const struct command *c, uint64_t given, int operands, struct err *err)
{
	uint64_t foreign = given & ~c->takes, missing = c->needs & ~given;
	const char *verb = c->verb ? c->verb : "", *space = c->verb ? " " : "";

	if (foreign)
		return err_fail(err, ERR_INPUT, "%s%s%s does not take --%s", c->group, space,
		    verb, first_option(foreign));
	if (missing)
		return err_fail(err, ERR_INPUT, "%s%s%s needs --%s", c->group, space, verb,
		    first_option(missing));
	if (operands < c->operands || operands > c->operands + c->optional)
		return err_fail(err, ERR_INPUT, "usage: carillonctl %s%s%s %s", c->group, space,
		    verb, c->arguments);
	return 0;
}

static int
run(struct ctl *ctl, int argc, char **argv, struct err *err)
{
	const struct command *command;
	uint64_t given = 0;
	int count, name_words;
	char **words;

	ctl->exit = CTL_USAGE;
	if (read_options(argc, argv, &ctl->options, &given))
		return ERR_INPUT;
	words = argv + optind;
	count = argc - optind;
	if (given & OPT_HELP || (count && !strcmp(words[0], "help"))) {
		int skip = count && !strcmp(words[0], "help");

		ctl->exit = (enum ctl_exit)help(words + skip, count - skip);
		return 0;
	}
	if (!count)
		return err_fail(err, ERR_INPUT, "a command is missing; see carillonctl help");
	command = find_command(words, count, &name_words);
	if (!command)
		return err_fail(
		    err, ERR_INPUT, "%s: no such command; see carillonctl help", words[0]);
	if (check_usage(command, given, count - name_words, err))
		return ERR_INPUT;
	ctl->exit = CTL_DONE;
	ctl->operands = words + name_words;
	ctl->operand_count = count - name_words;
	return command->run(ctl, err);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = {.arena = ARENA_INIT};
	struct err err = {0};
	int ret, status;

	ret = run(&ctl, argc, argv, &err);
	status = ctl.exit;
	if (ret) {
		if (err.text[0])
			fprintf(stderr, "carillonctl: %s\n", err.text);
		status = status == CTL_USAGE ? CTL_USAGE : CTL_FAILED;
	}
	if ((fflush(stdout) || ferror(stdout)) && status == CTL_DONE) {
		perror("carillonctl: standard output");
		status = CTL_FAILED;
	}
	config_release(&ctl.config);
	arena_release(&ctl.arena);
	return status;
}
