/*
 * The configuration tells what is wrong with it, and where. Each test writes its file into a
 * directory of its own; the committed sample and schema are read from the repository's root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

static char dir[] = "/tmp/test_config.XXXXXX";
static char path[sizeof dir + 16];
static struct config config;
static struct err err;

static int
make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/c.xml", dir);
	return clearenv();
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static int
forget(void **state)
{
	(void)state;
	config_release(&config);
	err.text[0] = '\0';
	return clearenv();
}

static int
load_bytes(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return config_load(path, &config, &err);
}

static int
load(const char *text)
{
	return load_bytes(text, strlen(text));
}

static void
assert_loads(const char *text)
{
	if (load(text))
		fail_msg("%s: %s", text, err.text);
}

static void
assert_empty(void)
{
	static const struct config nothing;

	assert_memory_equal(&config, &nothing, sizeof config);
}

/* `why` is what follows the directory's name, or the whole when it is about a variable. */
static void
assert_refused(const char *text, const char *why)
{
	const char *told = err.text;

	if (load(text) != ERR_INPUT)
		fail_msg("accepted: %s", text);
	if (!strncmp(told, dir, strlen(dir)))
		told += strlen(dir) + 1;
	if (strncmp(told, why, strlen(why)) != 0)
		fail_msg("%s\n  told:     %s\n  expected: %s", text, told, why);
	assert_null(strchr(err.text, '\n'));
	assert_empty();
}

static void
assert_defaults(void)
{
	assert_string_equal(config.socket, "/run/carillon/carillon.sock");
	assert_string_equal(config.private_socket, "/run/carillon/admin.sock");
	assert_int_equal(config.socket_mode, 0660);
	assert_null(config.socket_group);
	assert_int_equal(config.backlog, 1024);
	assert_null(config.user);
	assert_null(config.group);
	assert_int_equal(config.workers_min, 2);
	assert_int_equal(config.workers_max, 8);
	assert_int_equal(config.worker_requests, 10000);
	assert_int_equal(config.stuck_after_us, 30 * 1000000);
	assert_int_equal(config.drain_us, 20 * 1000000);
	assert_int_equal(config.body_max_bytes, 1 << 20);
	assert_string_equal(config.store_dir, "/var/lib/carillon/store");
	assert_int_equal(config.store_cache_bytes, 64 << 20);
	assert_int_equal(config.store_reserve_bytes, 64 << 20);
	assert_int_equal(config.checkpoint_bytes, 4 << 20);
	assert_string_equal(config.output_dir, "/var/lib/carillon/output");
	assert_int_equal(config.output_max_bytes, 1 << 20);
	assert_string_equal(config.command_allow[0], "/usr/local/lib/carillon/jobs");
	assert_null(config.command_allow[1]);
	assert_null(config.run_as[0]);
	assert_string_equal(config.time_zone, "UTC");
	assert_true(config.session_idle_us == INT64_C(3600) * 1000000);
	assert_string_equal(config.api3_at, "");
	assert_string_equal(config.altogic_at, "");
	assert_string_equal(config.ricloud_at, "");
	assert_string_equal(config.openspecimen_at, "");
	assert_null(config.altogic_api_key);
	assert_true(config.altogic_idle_us == INT64_C(86400) * 1000000);
	assert_true(config.openspecimen_idle_us == INT64_C(7200) * 1000000);
}

static void
what_is_left_out_has_its_default(void **state)
{
	(void)state;
	assert_loads("<carillon/>");
	assert_string_equal(config.path, path);
	assert_defaults();
}

static void
every_setting_is_read_in_any_order(void **state)
{
	(void)state;
	assert_loads(
	    "<?xml version='1.0'?>\n"
	    "<carillon> <!-- all of them, backwards -->\n"
	    "<openspecimenSessionIdle>1h</openspecimenSessionIdle>\n"
	    "<altogicSessionIdle>1d</altogicSessionIdle>\n"
	    "<altogicApiKey>k</altogicApiKey><openspecimenAt>off</openspecimenAt>\n"
	    "<ricloudAt> /ops/v3/ </ricloudAt><altogicAt>/</altogicAt>\n"
	    "<api3At>/a_p~i-3.0</api3At>\n"
	    "<sessionIdle>90s</sessionIdle><timeZone>Europe/Amsterdam</timeZone>\n"
	    "<allowedOrigins>https://a.example http://[::1]:8080</allowedOrigins>\n"
	    "<cgroupDir>/cg</cgroupDir>"
	    "<resultMax>8KiB</resultMax><httpTlsDir>/t</httpTlsDir>\n"
	    "<httpPorts>80  1024-65535</httpPorts><httpAllow>10.0.0.0/8 ::1</httpAllow>\n"
	    "<outputMax>4096</outputMax><outputDir>o</outputDir>\n"
	    "<commandAllow>\n<path> /a </path><!-- and --><path>/b//</path>\n"
	    "<path>/..c/</path><path>/</path></commandAllow>\n"
	    "<savedQuery><command>5 Counts by site = /q 5</command></savedQuery>\n"
	    "<jobTask>\n<command> com.example.Nightly =  /bin/n  -v </command><!-- and -->\n"
	    "<command>a b = /c = /d</command></jobTask>\n"
	    "<checkpoint>8MiB</checkpoint><storeReserve>1GiB</storeReserve>\n"
	    "<storeCache>2048KiB</storeCache><storeDir>s &amp; t</storeDir>\n"
	    "<bodyMax>65536</bodyMax><drain>500ms</drain><stuckAfter>2m</stuckAfter>\n"
	    "<workerRequests>7</workerRequests><workersMax>120</workersMax>\n"
	    "<workersMin>120</workersMin><group>g</group><user>u</user>\n"
	    "<backlog>1</backlog><privateSocket>p.sock</privateSocket>\n"
	    "<socketGroup>www-data</socketGroup><socketMode>0600</socketMode>\n"
	    "<socket>\n\tc.sock<!-- here --><![CDATA[]]>\n</socket>\n</carillon>\n");
	assert_true(config.openspecimen_idle_us == INT64_C(3600) * 1000000);
	assert_true(config.altogic_idle_us == INT64_C(86400) * 1000000);
	assert_string_equal(config.altogic_api_key, "k");
	assert_null(config.openspecimen_at);
	assert_string_equal(config.ricloud_at, "/ops/v3");
	assert_string_equal(config.altogic_at, "");
	assert_string_equal(config.api3_at, "/a_p~i-3.0");
	assert_true(config.session_idle_us == 90 * 1000000);
	assert_string_equal(config.allowed_origins, "https://a.example http://[::1]:8080");
	assert_string_equal(config.http_allow, "10.0.0.0/8 ::1");
	assert_string_equal(config.http_ports, "80  1024-65535");
	assert_string_equal(config.http_tls_dir, "/t");
	assert_string_equal(config.cgroup_dir, "/cg");
	assert_string_equal(config.time_zone, "Europe/Amsterdam");
	assert_int_equal(config.output_max_bytes, 4096);
	assert_int_equal(config.results_max_bytes, 8192);
	assert_string_equal(config.output_dir, "o");
	assert_string_equal(config.saved_query[0], "5 Counts by site = /q 5");
	assert_null(config.saved_query[1]);
	assert_string_equal(config.job_task[0], "com.example.Nightly =  /bin/n  -v");
	assert_string_equal(config.job_task[1], "a b = /c = /d");
	assert_null(config.job_task[2]);
	assert_string_equal(config.command_allow[0], "/a");
	assert_string_equal(config.command_allow[1], "/b");
	assert_string_equal(config.command_allow[2], "/..c");
	assert_string_equal(config.command_allow[3], "/");
	assert_null(config.command_allow[4]);
	assert_int_equal(config.checkpoint_bytes, 8 << 20);
	assert_int_equal(config.store_reserve_bytes, 1 << 30);
	assert_int_equal(config.store_cache_bytes, 2 << 20);
	assert_string_equal(config.store_dir, "s & t");
	assert_int_equal(config.body_max_bytes, 65536);
	assert_int_equal(config.drain_us, 500000);
	assert_int_equal(config.stuck_after_us, 120 * 1000000);
	assert_int_equal(config.worker_requests, 7);
	assert_int_equal(config.workers_max, 120);
	assert_int_equal(config.workers_min, 120);
	assert_string_equal(config.group, "g");
	assert_string_equal(config.user, "u");
	assert_int_equal(config.backlog, 1);
	assert_string_equal(config.private_socket, "p.sock");
	assert_string_equal(config.socket_group, "www-data");
	assert_int_equal(config.socket_mode, 0600);
	assert_string_equal(config.socket, "c.sock");
}

static void
a_setting_that_is_wrong_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *why;
	} table[] = {
	    {"<carillon>\n<workersMax>0</workersMax></carillon>",
		"c.xml:2: workersMax: 0 is not within 1 to 120"},
	    {"<carillon><workersMax>121</workersMax></carillon>",
		"c.xml:1: workersMax: 121 is not within 1 to 120"},
	    {"<carillon><workersMax>many</workersMax></carillon>",
		"c.xml:1: workersMax: \"many\" is not a whole number"},
	    {"<carillon><workersMax>-1</workersMax></carillon>",
		"c.xml:1: workersMax: \"-1\" is not a whole number"},
	    {"<carillon><workersMax></workersMax></carillon>",
		"c.xml:1: workersMax: \"\" is not a whole number"},
	    {"<carillon><workersMax>99999999999999999999</workersMax></carillon>",
		"c.xml:1: workersMax: \"99999999999999999999\" is not a whole number"},
	    {"<carillon><workersMin>9</workersMin>\n\n</carillon>",
		"c.xml:1: workersMin: is more than workersMax"},
	    {"<carillon><workersMax>1</workersMax>\n\n</carillon>",
		"c.xml: workersMin: is more than workersMax"},
	    {"<carillon><httpAllow>10.0.0.0/8 10.0.0.1/8</httpAllow></carillon>",
		"c.xml:1: httpAllow: \"10.0.0.1/8\" is not a network such as 10.0.0.0/8, or "
		"has "
		"bits behind its prefix"},
	    {"<carillon><httpPorts>80 9-8</httpPorts></carillon>",
		"c.xml:1: httpPorts: \"9-8\" is not a port, or two such as 1024-65535"},
	    {"<carillon><httpPorts>0</httpPorts></carillon>",
		"c.xml:1: httpPorts: \"0\" is not a port, or two such as 1024-65535"},
	    {"<carillon><allowedOrigins>https://a.example/</allowedOrigins></carillon>",
		"c.xml:1: allowedOrigins: \"https://a.example/\" is not an origin such as "
		"https://intranet.example"},
	    {"<carillon><allowedOrigins>http://a **</allowedOrigins></carillon>",
		"c.xml:1: allowedOrigins: \"**\" is not an origin such as "
		"https://intranet.example"},
	    {"<carillon><ricloudAt>ops</ricloudAt></carillon>",
		"c.xml:1: ricloudAt: \"ops\" is neither \"off\" nor \"/\" nor a prefix"},
	    {"<carillon><api3At></api3At></carillon>", "c.xml:1: api3At: \"\" is neither"},
	    {"<carillon><api3At>//</api3At></carillon>", "c.xml:1: api3At: \"//\" is neither"},
	    {"<carillon><api3At>/a//b</api3At></carillon>", "c.xml:1: api3At: \"/a//b\" is"},
	    {"<carillon><api3At>/a/../b</api3At></carillon>", "c.xml:1: api3At: \"/a/../b\""},
	    {"<carillon><api3At>/a b</api3At></carillon>", "c.xml:1: api3At: \"/a b\" is"},
	    {"<carillon><stuckAfter>30</stuckAfter></carillon>",
		"c.xml:1: stuckAfter: \"30\" is not a duration such as 90s"},
	    {"<carillon><stuckAfter>999ms</stuckAfter></carillon>",
		"c.xml:1: stuckAfter: 999ms is not within 1s to 1h"},
	    {"<carillon><stuckAfter>9999999999999d</stuckAfter></carillon>",
		"c.xml:1: stuckAfter: \"9999999999999d\" is not a duration"},
	    {"<carillon><bodyMax>1MB</bodyMax></carillon>",
		"c.xml:1: bodyMax: \"1MB\" is not a size such as 64MiB"},
	    {"<carillon><bodyMax>1 MiB</bodyMax></carillon>",
		"c.xml:1: bodyMax: \"1 MiB\" is not"},
	    {"<carillon><socketMode>0668</socketMode></carillon>",
		"c.xml:1: socketMode: \"0668\" is not an octal mode"},
	    {"<carillon><socketMode>01777</socketMode></carillon>",
		"c.xml:1: socketMode: 01777 is not within 0600 to 0777"},
	    {"<carillon>\n\n<socket> </socket></carillon>",
		"c.xml:3: socket: must not be empty"},
	    {"<carillon><timeZone/></carillon>", "c.xml:1: timeZone: must not be empty"},
	    {"<carillon><storeDir>a&#10;b</storeDir></carillon>",
		"c.xml:1: storeDir: contains a control character"},
	    {"<carillon>\n<socket>/s</socket>\n<privateSocket>/s</privateSocket></carillon>",
		"c.xml:3: privateSocket: must not be the same as socket"},
	    {"<carillon><commandAllow><path>jobs</path></commandAllow></carillon>",
		"c.xml:1: commandAllow: \"jobs\" is not a plain absolute path"},
	    {"<carillon><commandAllow><path>/a/../b</path></commandAllow></carillon>",
		"c.xml:1: commandAllow: \"/a/../b\" is not a plain absolute path"},
	    {"<carillon><commandAllow><path>/a/..</path></commandAllow></carillon>",
		"c.xml:1: commandAllow: \"/a/..\" is not a plain absolute path"},
	    {"<carillon><commandAllow>\n<path>/a:/b</path></commandAllow></carillon>",
		"c.xml:2: commandAllow: a path may neither"},
	    {"<carillon><commandAllow>\n<path/></commandAllow></carillon>",
		"c.xml:2: commandAllow: a path may neither"},
	    {"<carillon><commandAllow>/a</commandAllow></carillon>",
		"c.xml:1: commandAllow: must hold <path> elements"},
	    {"<carillon><commandAllow><dir>/a</dir></commandAllow></carillon>",
		"c.xml:1: commandAllow: must hold <path> elements"},
	    {"<carillon><jobTask>\n<path>/a</path></jobTask></carillon>",
		"c.xml:2: jobTask: must hold <command> elements"},
	    {"<carillon><jobTask>\n<command>a = /a; b = /b</command></jobTask></carillon>",
		"c.xml:2: jobTask: a command may neither be empty nor contain a semicolon"},
	    {"<carillon><jobTask><command>a=/a</command></jobTask></carillon>",
		"c.xml:1: jobTask: \"a=/a\" is not of the form \"name = /program argument\""},
	    {"<carillon><jobTask><command>= /a</command></jobTask></carillon>",
		"c.xml:1: jobTask: \"= /a\" is not"},
	    {"<carillon><jobTask><command>a = b /c</command></jobTask></carillon>",
		"c.xml:1: jobTask: \"a = b /c\" is not"},
	    {"<carillon><jobTask><command>a = /</command></jobTask></carillon>",
		"c.xml:1: jobTask: \"a = /\" is not"},
	    {"<carillon><jobTask><command>a = /b/../c</command></jobTask></carillon>",
		"c.xml:1: jobTask: \"a = /b/../c\" is not"},
	    {"<carillon><savedQuery><command>a = /b</command></savedQuery></carillon>",
		"c.xml:1: savedQuery: \"a = /b\" is not of the form \"5 title = /program"},
	    {"<carillon><savedQuery><command>5 = /b</command></savedQuery></carillon>",
		"c.xml:1: savedQuery: \"5 = /b\" is not"},
	    {"<carillon><savedQuery><command>0 a = /b</command></savedQuery></carillon>",
		"c.xml:1: savedQuery: \"0 a = /b\" is not"},
	    {"<carillon><savedQuery><command>5a = /b</command></savedQuery></carillon>",
		"c.xml:1: savedQuery: \"5a = /b\" is not"},
	    {"<carillon><socket><path>/a</path></socket></carillon>",
		"c.xml:1: socket: must be a text, not <path>"},
	    {"<carillon>\n<drain>1s</drain>\n<drain>1s</drain></carillon>",
		"c.xml:3: drain: is set on line 2 already"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_refused(table[i].text, table[i].why);
}

static void
an_unknown_setting_is_answered_with_the_nearest(void **state)
{
	char text[128];

	(void)state;
	assert_refused(
	    "<carillon>\n<foo>1</foo></carillon>", "c.xml:2: unknown setting \"foo\"");
	assert_null(strchr(err.text, ';'));
	assert_refused("<carillon><workerMax>1</workerMax></carillon>",
	    "c.xml:1: unknown setting \"workerMax\"; is \"workersMax\" meant?");
	assert_refused("<carillon><timezone>UTC</timezone></carillon>",
	    "c.xml:1: unknown setting \"timezone\"; is \"timeZone\" meant?");
	assert_refused("<carillon><stroeDir>s</stroeDir></carillon>",
	    "c.xml:1: unknown setting \"stroeDir\"; is \"storeDir\" meant?");
	memset(text, 'x', sizeof text);
	memcpy(text, "<carillon><", 11);
	memcpy(text + 114, "/></carillon>", 14);
	assert_refused(text, "c.xml:1: unknown setting \"xxxx");
}

static void
what_is_no_plain_xml_is_refused(void **state)
{
	(void)state;
	assert_refused("", "c.xml:1: ");
	assert_refused("<carillon>\n<drain>1s</dran></carillon>", "c.xml:2: ");
	assert_refused("<carillon/><carillon/>", "c.xml:1: ");
	assert_refused("<settings/>", "c.xml:1: the outermost element must be <carillon>");
	assert_refused("<!DOCTYPE carillon>\n<carillon/>", "c.xml:1: a DOCTYPE is not allowed");
	assert_refused("\n<!-- -->\n<!DOCTYPE c [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>\n"
		       "<carillon><user>&e;</user></carillon>",
	    "c.xml:");
	assert_non_null(strstr(err.text, "a DOCTYPE is not allowed"));
	assert_refused("<carillon><user>&e;</user></carillon>", "c.xml:1: ");
	assert_refused("<carillon><user>\xff</user></carillon>", "c.xml:1: ");
	assert_refused("<carillon><user>&#0;</user></carillon>", "c.xml:1: ");
	assert_int_equal(load_bytes("<carillon>\0</carillon>", 22), ERR_INPUT);
}

static void
attributes_namespaces_and_stray_texts_are_refused(void **state)
{
	(void)state;
	assert_refused("<carillon>\n<drain unit='s'>1s</drain></carillon>",
	    "c.xml:2: <drain> must have neither attributes");
	assert_refused(
	    "<carillon>\n<commandAllow>\n<path a=''>/a</path></commandAllow></carillon>",
	    "c.xml:3: <path> must have neither attributes");
	assert_refused(
	    "<carillon>\n<commandAllow a=''/></carillon>", "c.xml:2: <commandAllow>");
	assert_refused("<carillon version='1'/>", "c.xml:1: <carillon> must have neither");
	assert_refused("<carillon xmlns='urn:x'/>", "c.xml:1: <carillon> must have neither");
	assert_refused(
	    "<carillon>\n<x:drain xmlns:x='urn:x'>1s</x:drain></carillon>", "c.xml:2: <drain>");
	assert_refused("<carillon><drain>1s</drain> words</carillon>", "c.xml:1: text between");
	assert_refused("<carillon><![CDATA[words]]></carillon>", "c.xml:1: text between");
	assert_loads("<carillon><?pi?><commandAllow><?pi?><!-- --></commandAllow></carillon>");
}

static void
a_file_that_cannot_be_read_is_another_kind_of_failure(void **state)
{
	struct buf big = BUF_INIT;

	(void)state;
	assert_int_equal(config_load("/nonexistent/c.xml", &config, &err), ERR_IO);
	assert_string_equal(err.text, "/nonexistent/c.xml: No such file or directory");
	assert_empty();
	assert_int_equal(config_load(dir, &config, &err), ERR_IO);
	buf_adds(&big, "<carillon>");
	memset(buf_reserve(&big, 1 << 20), ' ', 1 << 20);
	big.len += 1 << 20;
	buf_adds(&big, "</carillon>");
	assert_int_equal(load_bytes(big.data, big.len), ERR_INPUT);
	assert_non_null(strstr(err.text, "longer than 1 MiB"));
	buf_release(&big);
}

static void
a_variable_overrides_the_file(void **state)
{
	(void)state;
	setenv("CARILLON_WORKERS_MAX", "5", 1);
	setenv("CARILLON_SOCKET", "/s", 1);
	setenv("CARILLON_COMMAND_ALLOW", "/a:/b/", 1);
	setenv("CARILLON_JOB_TASK", "a = /b; c = /d e ;", 1);
	setenv("CARILLON_SAVED_QUERY", " ", 1);
	setenv("CARILLON_USER", "", 1);
	setenv("CARILLON_STORE_CACHE", "2MiB", 1);
	setenv("CARILLON_SESSION_IDLE", "2h", 1);
	setenv("CARILLON_TEST", "1", 1);
	setenv("CARILLON_DRAIN_US", "unknown", 1);
	assert_loads("<carillon><workersMax>3</workersMax><user>u</user></carillon>");
	assert_int_equal(config.workers_max, 5);
	assert_string_equal(config.socket, "/s");
	assert_string_equal(config.command_allow[0], "/a");
	assert_string_equal(config.command_allow[1], "/b");
	assert_null(config.command_allow[2]);
	assert_string_equal(config.job_task[0], "a = /b");
	assert_string_equal(config.job_task[1], "c = /d e");
	assert_null(config.job_task[2]);
	assert_null(config.saved_query[0]);
	assert_null(config.user);
	assert_int_equal(config.store_cache_bytes, 2 << 20);
	assert_true(config.session_idle_us == INT64_C(7200) * 1000000);
}

static void
a_variable_that_is_wrong_is_named(void **state)
{
	(void)state;
	setenv("CARILLON_WORKERS_MAX", "0", 1);
	assert_refused("<carillon/>", "CARILLON_WORKERS_MAX: 0 is not within 1 to 120");
	setenv("CARILLON_WORKERS_MAX", "4", 1);
	setenv("CARILLON_WORKERS_MIN", "5", 1);
	assert_refused("<carillon/>", "CARILLON_WORKERS_MIN: is more than workersMax");
	clearenv();
	setenv("CARILLON_COMMAND_ALLOW", "/a:", 1);
	assert_refused(
	    "<carillon/>", "CARILLON_COMMAND_ALLOW: \"\" is not a plain absolute path");
	setenv("CARILLON_COMMAND_ALLOW", "/a", 1);
	setenv("CARILLON_TIME_ZONE", "\xff", 1);
	assert_refused("<carillon/>", "CARILLON_TIME_ZONE: not UTF-8");
}

static void
an_empty_list_allows_nothing(void **state)
{
	(void)state;
	assert_loads("<carillon><commandAllow/></carillon>");
	assert_non_null(config.command_allow);
	assert_null(config.command_allow[0]);
	config_release(&config);
	setenv("CARILLON_COMMAND_ALLOW", "", 1);
	assert_loads("<carillon/>");
	assert_null(config.command_allow[0]);
}

static void
a_socket_path_fits_into_an_address(void **state)
{
	struct sockaddr_un address;
	char longest[sizeof address.sun_path + 1];

	(void)state;
	memset(longest, 'x', sizeof longest);
	longest[sizeof address.sun_path - 1] = '\0';
	setenv("CARILLON_SOCKET", longest, 1);
	assert_loads("<carillon/>");
	config_release(&config);
	longest[sizeof address.sun_path - 1] = 'x';
	longest[sizeof address.sun_path] = '\0';
	setenv("CARILLON_SOCKET", longest, 1);
	assert_refused("<carillon/>", "CARILLON_SOCKET: is longer than");
	clearenv();
	setenv("CARILLON_PRIVATE_SOCKET", longest, 1);
	assert_refused("<carillon/>", "CARILLON_PRIVATE_SOCKET: is longer than");
}

/* The bytes of a committed file. */
static void
committed(const char *name, struct buf *out)
{
	FILE *f = fopen(name, "r");

	if (!f)
		fail_msg("%s: run this from the repository's root", name);
	out->len += fread(buf_reserve(out, 1 << 20), 1, 1 << 20, f);
	buf_adds(out, "");
	fclose(f);
}

static void
the_committed_sample_and_schema_are_what_the_table_says(void **state)
{
	struct buf said = BUF_INIT, file = BUF_INIT;

	(void)state;
	config_sample(&said);
	committed("conf/carillon.xml", &file);
	assert_string_equal(said.data, file.data);
	buf_reset(&said);
	buf_reset(&file);
	config_schema(&said);
	committed("conf/carillon.rng", &file);
	assert_string_equal(said.data, file.data);
	buf_release(&said);
	buf_release(&file);
}

static void
the_sample_says_what_the_defaults_are(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	config_sample(&text);
	assert_loads(text.data);
	assert_defaults();
	buf_release(&text);
}

static void
releasing_twice_is_fine(void **state)
{
	(void)state;
	assert_loads("<carillon/>");
	config_release(&config);
	config_release(&config);
	assert_empty();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(what_is_left_out_has_its_default, forget),
	    cmocka_unit_test_teardown(every_setting_is_read_in_any_order, forget),
	    cmocka_unit_test_teardown(a_setting_that_is_wrong_is_told_with_its_line, forget),
	    cmocka_unit_test_teardown(an_unknown_setting_is_answered_with_the_nearest, forget),
	    cmocka_unit_test_teardown(what_is_no_plain_xml_is_refused, forget),
	    cmocka_unit_test_teardown(
		attributes_namespaces_and_stray_texts_are_refused, forget),
	    cmocka_unit_test_teardown(
		a_file_that_cannot_be_read_is_another_kind_of_failure, forget),
	    cmocka_unit_test_teardown(a_variable_overrides_the_file, forget),
	    cmocka_unit_test_teardown(a_variable_that_is_wrong_is_named, forget),
	    cmocka_unit_test_teardown(an_empty_list_allows_nothing, forget),
	    cmocka_unit_test_teardown(a_socket_path_fits_into_an_address, forget),
	    cmocka_unit_test_teardown(
		the_committed_sample_and_schema_are_what_the_table_says, forget),
	    cmocka_unit_test_teardown(the_sample_says_what_the_defaults_are, forget),
	    cmocka_unit_test_teardown(releasing_twice_is_fine, forget),
	};

	return cmocka_run_group_tests_name("config", tests, make_dir, remove_dir);
}
