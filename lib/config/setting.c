/*
 * The table of settings and the notations of their values: see setting.h. Every default passes
 * through setting_set() like a value from the file, so a default can never be one that the file
 * may not hold.
 */
#include "config/setting.h"

#include <ctype.h>
#include <errno.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/network.h"
#include "base/utf8.h"

#define MEMBER(m) offsetof(struct config, m)

const struct setting settings[] = {
    {"Sockets", "socket", SETTING_PATH, MEMBER(socket), "/run/carillon/carillon.sock", NULL,
	NULL,
	"Where the web server connects (fastcgi_pass unix:...). A socket that systemd or "
	"spawn-fcgi hands over is used instead."},
    {NULL, "socketMode", SETTING_MODE, MEMBER(socket_mode), "0660", "0600", "0777",
	"Permissions of that socket. Whoever can connect is believed what he says about the "
	"client, so let in the web server's group and nobody else."},
    {NULL, "socketGroup", SETTING_OPTIONAL, MEMBER(socket_group), "", NULL, NULL,
	"The group of that socket, such as www-data. Empty: the group that the service runs "
	"as."},
    {NULL, "privateSocket", SETTING_PATH, MEMBER(private_socket), "/run/carillon/admin.sock",
	NULL, NULL,
	"Where carillonctl connects; only the service's user and root can. Never let a web "
	"server "
	"pass requests to it: what comes through it acts as the administrator."},
    {NULL, "backlog", SETTING_COUNT, MEMBER(backlog), "1024", "1", "65535",
	"Connections that wait while all workers are busy or the store recovers; beyond it the "
	"web server answers 502. The kernel cuts it to net.core.somaxconn."},

    {"Identity", "user", SETTING_OPTIONAL, MEMBER(user), "", NULL, NULL,
	"Who the processes become when started as root. Empty: stay who started them, as under "
	"systemd's User=."},
    {NULL, "group", SETTING_OPTIONAL, MEMBER(group), "", NULL, NULL,
	"The group that goes with it. Empty: the user's own."},

    {"Workers", "workersMin", SETTING_COUNT, MEMBER(workers_min), "2", "1", "120",
	"Workers that are always there, also when nobody asks for anything."},
    {NULL, "workersMax", SETTING_COUNT, MEMBER(workers_max), "8", "1", "120",
	"Workers at most, started as requests queue up. More than 8 hardly gain anything: they "
	"wait for the same disk."},
    {NULL, "workerRequests", SETTING_COUNT, MEMBER(worker_requests), "10000", "1", "1000000000",
	"A worker retires after so many requests, so that a leak in a library never matters."},
    {NULL, "stuckAfter", SETTING_DURATION, MEMBER(stuck_after_us), "30s", "1s", "1h",
	"A busy process without a sign of progress for so long is taken for dead: all that use "
	"the store are killed, the store recovers, all start again."},
    {NULL, "drain", SETTING_DURATION, MEMBER(drain_us), "20s", "0s", "1h",
	"How long a stop waits for requests and commands under way. Keep it below systemd's "
	"TimeoutStopSec."},
    {NULL, "bodyMax", SETTING_SIZE, MEMBER(body_max_bytes), "1MiB", "1KiB", "64MiB",
	"The longest request body; a longer one is answered 413. The web server's own limit "
	"(client_max_body_size) should not be lower."},

    {"Store", "storeDir", SETTING_PATH, MEMBER(store_dir), "/var/lib/carillon/store", NULL,
	NULL,
	"Schedules, executions and their ledger. A local disk: Berkeley DB does not work on "
	"network file systems."},
    {NULL, "storeCache", SETTING_SIZE, MEMBER(store_cache_bytes), "64MiB", "1MiB", "64GiB",
	"Memory that all processes share for database pages. More pays until the pages in "
	"daily use fit."},
    {NULL, "storeReserve", SETTING_SIZE, MEMBER(store_reserve_bytes), "64MiB", "1MiB", "1TiB",
	"New work is refused while less than this is free on the store's disk, because a store "
	"on a full disk cannot even recover."},
    {NULL, "checkpoint", SETTING_SIZE, MEMBER(checkpoint_bytes), "4MiB", "1MiB", "1GiB",
	"Log between two checkpoints. Recovery after a crash takes some 15 ms for each MiB of "
	"it, "
	"and requests wait that long."},

    {"Commands", "commandAllow", SETTING_LIST, MEMBER(command_allow),
	"/usr/local/lib/carillon/jobs", NULL, NULL,
	"What schedules may start: programs, or directories with all below them, as absolute "
	"paths. Nothing else runs, whoever asks. Empty: no commands at all. Keep /bin out of "
	"it: "
	"a shell runs anything."},
    {NULL, "runAs", SETTING_USERS, MEMBER(run_as), "", NULL, NULL,
	"Users that a task or condition may name as its user, each with its groups. Whoever "
	"may "
	"define schedules may then do all that these may: root only if you mean it. The runner "
	"must be able to become them: the whole service runs as root, without the setting "
	"user, or the runner has CAP_SETUID, CAP_SETGID, CAP_CHOWN and CAP_KILL."},
    {NULL, "jobTask", SETTING_TASKS, MEMBER(job_task), "", NULL, NULL,
	"Commands that OpenSpecimen's jobs may name as their taskImplFqn: "
	"com.example.Nightly = /usr/local/lib/carillon/jobs/nightly -v. Arguments are split at "
	"blanks; a job's own follow. These may lie anywhere."},
    {NULL, "savedQuery", SETTING_QUERIES, MEMBER(saved_query), "", NULL, NULL,
	"Queries that OpenSpecimen's jobs may name by their number: "
	"5 Counts by site = /usr/local/lib/carillon/jobs/query 5. Such a command writes its "
	"table into $CARILLON_RESULT_DIR/$CARILLON_RESULT_FILE."},
    {NULL, "startRate", SETTING_COUNT, MEMBER(start_rate), "100", "0", "10000",
	"Commands started in a second, all schedules together, so that thousands that are due "
	"at "
	"midnight become a ramp; higher priorities first. 0: as fast as they come."},
    {NULL, "startBurst", SETTING_COUNT, MEMBER(start_burst), "200", "1", "1000",
	"Commands that may start at once after a rest, before startRate counts."},
    {NULL, "cgroupDir", SETTING_OPTIONAL, MEMBER(cgroup_dir), "", NULL, NULL,
	"The path of a cgroup v2 directory that is delegated to the service and has no "
	"processes "
	"of its own, such as /sys/fs/cgroup/carillon.slice/jobs. Each attempt of a command "
	"gets "
	"a group in it: limits of memory and processes then hold for all of the attempt "
	"together "
	"too, and a kill cannot be outrun. A limit whose controller is not there fails the "
	"attempt. Empty: no groups."},
    {NULL, "outputDir", SETTING_PATH, MEMBER(output_dir), "/var/lib/carillon/output", NULL,
	NULL, "What commands write, kept as long as their execution."},
    {NULL, "outputMax", SETTING_SIZE, MEMBER(output_max_bytes), "1MiB", "4KiB", "1GiB",
	"Kept of each stream of each attempt, head and tail; what is between them is counted "
	"and "
	"dropped, so that a loop cannot fill the disk."},
    {NULL, "resultMax", SETTING_SIZE, MEMBER(results_max_bytes), "1GiB", "4KiB", "1TiB",
	"What an attempt may leave in its CARILLON_RESULT_DIR, together; files beyond it are "
	"not "
	"taken as results. They are read once when it has ended, for their checksums."},
    {NULL, "httpAllow", SETTING_NETWORKS, MEMBER(http_allow), "", NULL, NULL,
	"Networks that HTTP tasks may reach though they are not public, such as 10.1.0.0/16 "
	"fd12::/16, with blanks between them. Checked on the address that is connected to. It "
	"opens what lies within one kind of refused network, so 0.0.0.0/0 opens nothing; a "
	"cloud's metadata service needs its very address. Empty: only the public internet."},
    {NULL, "httpPorts", SETTING_PORTS, MEMBER(http_ports), "80 443 1024-65535", NULL, NULL,
	"Ports that HTTP tasks may reach. Below 1024 lie services that take a request for "
	"something else, such as mail."},
    {NULL, "httpTlsDir", SETTING_PATH, MEMBER(http_tls_dir), "/etc/carillon/tls", NULL, NULL,
	"The directory below which the files of an HTTP task's tls lie: authorities, "
	"certificates and keys. The runner must be able to read them."},

    {"Notifications", "sendmail", SETTING_PROGRAM, MEMBER(sendmail), "", NULL, NULL,
	"The program that takes notifications by mail: started with -oi and the "
	"addresses, with the message on its standard input, by the service's user. It cannot "
	"gain "
	"privileges, so take one that speaks to the mail server by itself, such as "
	"/usr/bin/msmtp. "
	"Empty: no mail is sent, and schedules that ask for it are refused."},
    {NULL, "mailFrom", SETTING_ADDRESS, MEMBER(mail_from), "", NULL, NULL,
	"The sender of these mails, who also gets what cannot be delivered (option -f). "
	"Empty: carillon at the name of this machine."},

    {"Time and sessions", "timeZone", SETTING_NAME, MEMBER(time_zone), "UTC", NULL, NULL,
	"The zone of cron triggers that name none, such as Europe/Amsterdam. A schedule takes "
	"it "
	"over when it is created, so a change here moves none that exists."},
    {NULL, "sessionIdle", SETTING_DURATION, MEMBER(session_idle_us), "60m", "1s", "365d",
	"A token of a login dies after so long without use."},
    {NULL, "allowedOrigins", SETTING_ORIGINS, MEMBER(allowed_origins), "", NULL, NULL,
	"Pages of other sites whose scripts may call this, such as https://intranet.example, "
	"with a blank between them. Empty: only pages of the same site, as browsers have it. "
	"\"*\": those of every site."},

    {"Faces", "api3At", SETTING_PLACE, MEMBER(api3_at), "/", NULL, NULL,
	"Where API3 and the native methods lie: /ops answers them at /ops/API3/. The web "
	"server's locations must say the same. carillonctl reaches them wherever they are."},
    {NULL, "altogicAt", SETTING_PLACE, MEMBER(altogic_at), "/", NULL, NULL,
	"Where Altogic's calls lie, /_api/ and /e:."},
    {NULL, "ricloudAt", SETTING_PLACE, MEMBER(ricloud_at), "/", NULL, NULL,
	"Where ricloud's calls lie: /tasks, /results, /ricloud/ and the names that are kept "
	"for it. They are common names: move it where other things share the host."},
    {NULL, "openspecimenAt", SETTING_PLACE, MEMBER(openspecimen_at), "/", NULL, NULL,
	"Where OpenSpecimen's calls lie: /openspecimen/rest/ng/, /rest/ng/ and "
	"/scheduled-jobs."},
    {NULL, "altogicApiKey", SETTING_OPTIONAL, MEMBER(altogic_api_key), "", NULL, NULL,
	"What Altogic's clients must send as Authorization, besides their client key. Empty: "
	"nothing is asked for."},
    {NULL, "altogicSessionIdle", SETTING_DURATION, MEMBER(altogic_idle_us), "24h", "1s", "365d",
	"A session of Altogic's sign-in dies after so long without use."},
    {NULL, "openspecimenSessionIdle", SETTING_DURATION, MEMBER(openspecimen_idle_us), "120m",
	"1s", "365d", "A session of OpenSpecimen's log-in dies after so long without use."},
};

const size_t setting_count = sizeof settings / sizeof settings[0];

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit duration_units[] = {
    {"ms", UINT64_C(1000)},
    {"s", UINT64_C(1000000)},
    {"m", UINT64_C(60000000)},
    {"h", UINT64_C(3600000000)},
    {"d", UINT64_C(86400000000)},
    {NULL},
};

static const struct unit size_units[] = {
    {"", 1},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
    {NULL},
};

static const struct unit no_units[] = {{"", 1}, {NULL}};

/* Digits, then one of the units. */
static int
number_parse(const char *text, int base, const struct unit *units, uint64_t *value)
{
	unsigned long long n;
	char *rest;

	if (!isdigit((unsigned char)text[0]))
		return ERR_INPUT;
	errno = 0;
	n = strtoull(text, &rest, base);
	if (errno)
		return ERR_INPUT;
	while (units->name && strcmp(units->name, rest))
		units++;
	/* An int64_t must hold it too: durations are signed. */
	if (!units->name || n > INT64_MAX / units->factor)
		return ERR_INPUT;
	*value = n * units->factor;
	return 0;
}

static int
number_of_kind(enum setting_kind kind, const char *text, uint64_t *value)
{
	if (kind == SETTING_MODE)
		return number_parse(text, 8, no_units, value);
	if (kind == SETTING_DURATION)
		return number_parse(text, 10, duration_units, value);
	if (kind == SETTING_SIZE)
		return number_parse(text, 10, size_units, value);
	return number_parse(text, 10, no_units, value);
}

/* What a number of the kind looks like. */
static const char *
notation(enum setting_kind kind)
{
	if (kind == SETTING_MODE)
		return "an octal mode such as 0660";
	if (kind == SETTING_DURATION)
		return "a duration such as 90s (units ms s m h d)";
	if (kind == SETTING_SIZE)
		return "a size such as 64MiB (units KiB MiB GiB TiB, or plain bytes)";
	return "a whole number";
}

static int
set_number(const struct setting *s, const char *text, struct config *config, struct err *err)
{
	void *member = (char *)config + s->offset;
	uint64_t value, min, max;

	if (number_of_kind(s->kind, text, &value))
		return err_fail(err, ERR_INPUT, "\"%s\" is not %s", text, notation(s->kind));
	if (number_of_kind(s->kind, s->min, &min) || number_of_kind(s->kind, s->max, &max))
		abort();
	if (value < min || value > max)
		return err_fail(
		    err, ERR_INPUT, "%s is not within %s to %s", text, s->min, s->max);
	if (s->kind == SETTING_DURATION)
		*(int64_t *)member = (int64_t)value;
	else
		*(uint64_t *)member = value;
	return 0;
}

/* Nobody can tell what lies below a path that goes up again. */
static bool
goes_up(const char *path, size_t len)
{
	for (size_t i = 0; i + 3 <= len; i++) {
		if (!memcmp(path + i, "/..", 3) && (i + 3 == len || path[i + 3] == '/'))
			return true;
	}
	return false;
}

static bool
may_be_empty(enum setting_kind kind)
{
	return kind == SETTING_OPTIONAL || kind == SETTING_PROGRAM || kind == SETTING_ADDRESS ||
	       kind == SETTING_ORIGINS || kind == SETTING_NETWORKS;
}

static int
set_text(const struct setting *s, const char *text, struct config *config, struct err *err)
{
	char **member = (char **)((char *)config + s->offset);

	if (!*text && !may_be_empty(s->kind))
		return err_fail(err, ERR_INPUT, "must not be empty");
	if (s->kind == SETTING_PROGRAM && *text &&
	    (*text != '/' || goes_up(text, strlen(text))))
		return err_fail(err, ERR_INPUT, "\"%s\" is not a plain absolute path", text);
	if (s->kind == SETTING_ADDRESS && *text && !address_is_plain(text))
		return err_fail(
		    err, ERR_INPUT, "\"%s\" is not an address such as ops@example.org", text);
	setting_clear(s, config);
	*member = *text ? mem_strdup(text) : NULL;
	return 0;
}

const struct setting_list *
setting_list(enum setting_kind kind)
{
	static const struct setting_list paths = {"path", ':'}, users = {"user", ':'},
					 commands = {"command", ';'};

	if (kind == SETTING_LIST)
		return &paths;
	if (kind == SETTING_USERS)
		return &users;
	return kind == SETTING_TASKS || kind == SETTING_QUERIES ? &commands : NULL;
}

static void
list_free(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}

static bool
is_user(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(" /,", text[i]))
			return false;
	}
	return len > 0 && text[0] != '-' && strspn(text, "0123456789") < len;
}

static int
set_list(const struct setting *s, const char *text, struct config *config, struct err *err)
{
	char ***member = (char ***)((char *)config + s->offset);
	char **list = mem_alloc((strlen(text) + 2) * sizeof *list);
	size_t n = 0, len;
	int ret = 0;

	for (const char *p = text; *text; p += len + 1) {
		len = strcspn(p, ":");
		if (s->kind == SETTING_USERS && !is_user(p, len)) {
			ret = err_fail(
			    err, ERR_INPUT, "\"%.*s\" is not the name of a user", (int)len, p);
			goto done;
		}
		if (s->kind == SETTING_LIST && (*p != '/' || goes_up(p, len))) {
			ret = err_fail(err, ERR_INPUT, "\"%.*s\" is not a plain absolute path",
			    (int)len, p);
			goto done;
		}
		list[n] = mem_alloc(len + 1);
		memcpy(list[n], p, len);
		/* "/jobs/" and "/jobs" allow the same; users of the list see only one of them.
		 */
		for (size_t end = len; end > 1 && list[n][end - 1] == '/'; end--)
			list[n][end - 1] = '\0';
		n++;
		if (!p[len])
			break;
	}
	setting_clear(s, config);
	*member = list;
	list = NULL;

done:
	list_free(list);
	return ret;
}

/* How much of a text is left without the blanks around it. */
static const char *
trim(const char *text, size_t *len)
{
	while (*len && *text == ' ') {
		text++;
		--*len;
	}
	while (*len && text[*len - 1] == ' ')
		--*len;
	return text;
}

/* `5 Counts by site`: a number that can be an id, and a title. */
static bool
is_query(const char *text, size_t len)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits <= 15 && text[0] != '0' && digits + 1 < len &&
	       text[digits] == ' ';
}

/* A name, what is registered under it, and between them an equals sign with blanks around. */
static bool
is_entry(enum setting_kind kind, const char *text, size_t len)
{
	const char *equals = strstr(text, " = ");
	size_t name_len = equals ? (size_t)(equals - text) : len, program;

	if (name_len == 0 || name_len >= len ||
	    (kind == SETTING_QUERIES && !is_query(text, name_len)))
		return false;
	text += name_len + 3;
	text += strspn(text, " ");
	program = strcspn(text, " ;");
	return *text == '/' && program > 1 && !goes_up(text, program);
}

static int
set_entries(const struct setting *s, const char *text, struct config *config, struct err *err)
{
	char ***member = (char ***)((char *)config + s->offset);
	char **list = mem_alloc((strlen(text) + 2) * sizeof *list);
	size_t n = 0, len, kept;

	for (const char *p = text; *text; p += len + 1) {
		const char *entry;

		kept = len = strcspn(p, ";");
		entry = trim(p, &kept);
		if (kept && !is_entry(s->kind, entry, kept)) {
			list_free(list);
			return err_fail(err, ERR_INPUT, "\"%.*s\" is not of the form \"%s\"",
			    (int)kept, entry,
			    s->kind == SETTING_QUERIES ? "5 title = /program argument"
						       : "name = /program argument");
		}
		if (kept) {
			list[n] = mem_alloc(kept + 1);
			memcpy(list[n++], entry, kept);
		}
		if (!p[len])
			break;
	}
	setting_clear(s, config);
	*member = list;
	return 0;
}

/* Scheme, host and port, and nothing behind them: a browser sends no more, and compares bytes. */
static bool
is_origin(const char *text, size_t len)
{
	static const char *const schemes[] = {"https://", "http://"};

	if (len == 1 && *text == '*')
		return true;
	for (size_t i = 0; i < 2; i++) {
		size_t head = strlen(schemes[i]);

		if (len > head && !memcmp(text, schemes[i], head))
			return strspn(text + head,
				   "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") >= len - head;
	}
	return false;
}

static int
set_origins(const struct setting *s, const char *text, struct config *config, struct err *err)
{
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, " ");

		if (!is_origin(p, len))
			return err_fail(err, ERR_INPUT,
			    "\"%.*s\" is not an origin such as https://intranet.example",
			    (int)len, p);
		p += len + (p[len] == ' ');
	}
	return set_text(s, text, config, err);
}

/* One port, or the first and the last of some. */
static bool
is_ports(const char *text, size_t len)
{
	unsigned long first, last;
	char *end;

	if (strspn(text, "0123456789-") < len || *text == '-' || len > 11)
		return false;
	first = last = strtoul(text, &end, 10);
	if (*end == '-')
		last = strtoul(end + 1, &end, 10);
	return end == text + len && first >= 1 && first <= last && last <= 65535;
}

/* Words that are each what the kind asks for. */
static int
set_words(const struct setting *s, const char *text, struct config *config, struct err *err)
{
	for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		struct network n;

		if (s->kind == SETTING_PORTS && !is_ports(p, len))
			return err_fail(err, ERR_INPUT,
			    "\"%.*s\" is not a port, or two such as 1024-65535", (int)len, p);
		if (s->kind == SETTING_NETWORKS && !network_parse(p, len, &n))
			return err_fail(err, ERR_INPUT,
			    "\"%.*s\" is not a network such as 10.0.0.0/8, or has bits behind "
			    "its prefix",
			    (int)len, p);
		p += len;
	}
	return set_text(s, text, config, err);
}

/* Segments of plain letters, none of which goes up or stays; slashes at the end do not count. */
static bool
is_prefix(const char *text, size_t len)
{
	for (size_t i = 0, segment; i < len; i += segment + 1) {
		segment = strspn(text + i + 1,
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-");
		if (text[i] != '/' || text[i + 1] == '.' || !segment)
			return false;
	}
	return true;
}

static int
set_place(const struct setting *s, const char *text, struct config *config, struct err *err)
{
	char **member = (char **)((char *)config + s->offset);
	size_t len = strlen(text);

	while (len > 1 && text[len - 1] == '/')
		len--;
	if (!strcmp(text, "off")) {
		setting_clear(s, config);
		return 0;
	}
	if (!len || (strcmp(text, "/") != 0 && !is_prefix(text, len)))
		return err_fail(err, ERR_INPUT,
		    "\"%s\" is neither \"off\" nor \"/\" nor a prefix such as /ops", text);
	setting_clear(s, config);
	*member = mem_alloc(len + 1);
	/* The root is the empty prefix. */
	memcpy(*member, text, len == 1 ? 0 : len);
	return 0;
}

int
setting_set(const struct setting *s, const char *text, struct config *config, struct err *err)
{
	if (!utf8_valid(text, strlen(text)))
		return err_fail(err, ERR_INPUT, "not UTF-8");
	for (const char *p = text; *p; p++) {
		if (iscntrl((unsigned char)*p))
			return err_fail(err, ERR_INPUT, "contains a control character");
	}
	if (s->min)
		return set_number(s, text, config, err);
	if (s->kind == SETTING_LIST || s->kind == SETTING_USERS)
		return set_list(s, text, config, err);
	if (setting_list(s->kind))
		return set_entries(s, text, config, err);
	if (s->kind == SETTING_NETWORKS || s->kind == SETTING_PORTS)
		return set_words(s, text, config, err);
	if (s->kind == SETTING_ORIGINS)
		return set_origins(s, text, config, err);
	if (s->kind == SETTING_PLACE)
		return set_place(s, text, config, err);
	return set_text(s, text, config, err);
}

void
setting_clear(const struct setting *s, struct config *config)
{
	void *member = (char *)config + s->offset;

	if (s->min) {
		*(uint64_t *)member = 0;
	} else if (setting_list(s->kind)) {
		list_free(*(char ***)member);
		*(char ***)member = NULL;
	} else {
		free(*(char **)member);
		*(char **)member = NULL;
	}
}

void
setting_variable(const struct setting *s, struct buf *out)
{
	buf_adds(out, "CARILLON_");
	for (const char *p = s->name; *p; p++) {
		if (isupper((unsigned char)*p))
			buf_addc(out, '_');
		buf_addc(out, (char)toupper((unsigned char)*p));
	}
}
