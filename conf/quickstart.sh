#!/bin/bash
# The quickstart: a web server and Carillon on the loopback address, everything that they keep in one directory.
#
#   conf/quickstart.sh run      in the foreground, until Ctrl-C
#   conf/quickstart.sh start    in the background; returns when the service answers
#   conf/quickstart.sh stop
#
# From the environment come PORT (8080), STATE (run), BUILD (build, where the programs are), WEB (nginx, or apache),
# LOGIN_RATE (10r/s, log-ins that nginx lets one address make) and, for the first start alone,
# QUICKSTART_ADMIN_PASSWORD; without it a password is made up.
#
# Nothing runs as root: started as root, this script makes the directories and hands over to www-data. The
# services are started inside $STATE and name everything relative to it, because www-data need not be able to
# walk the way there (a clone below /root). What root reads again (quickstart.env, the logs) lies in $STATE itself, where
# www-data cannot write.
set -u
umask 022
PATH=$PATH:/usr/sbin:/sbin

REPO=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
PORT=${PORT:-8080}
STATE=${STATE:-run}
BUILD=${BUILD:-build}
WEB=${WEB:-nginx}
LOGIN_RATE=${LOGIN_RATE:-10r/s}
APACHE_MODULES=/usr/lib/apache2/modules
MARKER=.carillon-quickstart
SERVICE_USER=www-data
READY_S=30
STOP_S=30

carillon_pid=
web_pid=

say() { printf '%s\n' "$*"; }

die() {
	printf 'quickstart: %s\n' "$*" >&2
	exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# --- the directory ------------------------------------------------------------------------------------------

check_input() {
	case $PORT in
	'' | *[!0-9]*) die "PORT=$PORT is not a port number" ;;
	esac
	[ "${#PORT}" -le 5 ] && [ "$((10#$PORT))" -ge 1 ] && [ "$((10#$PORT))" -le 65535 ] || die "PORT=$PORT is not within 1 to 65535"
	PORT=$((10#$PORT))
	case $WEB in
	nginx | apache) ;;
	*) die "WEB=$WEB: there is nginx, and apache" ;;
	esac
	case $LOGIN_RATE in
	[1-9]*r/[sm]) ;;
	*) die "LOGIN_RATE=$LOGIN_RATE is not of the form 10r/s" ;;
	esac
	[ -n "$STATE" ] || die "STATE is empty: name a directory"
	case $STATE in
	/*) ;;
	*) STATE=$REPO/$STATE ;;
	esac
	case $BUILD in
	/*) ;;
	*) BUILD=$REPO/$BUILD ;;
	esac
}

# Whatever stands in $STATE is ours, or nothing stands there; otherwise nothing is touched.
check_state() {
	[ -e "$STATE" ] || return 0
	[ -d "$STATE" ] || die "STATE=$STATE is not a directory: name another"
	[ -O "$STATE" ] || die "STATE=$STATE belongs to $(stat -c %U "$STATE"), not to you: name another"
	[ -e "$STATE/$MARKER" ] && return 0
	[ -z "$(ls -A "$STATE" 2>&1)" ] || die "STATE=$STATE has other things in it: name an empty or a new directory"
}

# bash finds a file that cannot be executed too, if there is no better one.
installed() { [ -x "$(command -v "$1")" ]; }

check_programs() {
	local p
	for p in carillon carillon-scheduler carillon-runner carillonctl; do
		[ -x "$BUILD/$p" ] || die "$BUILD/$p is missing: run make first"
	done
	case $WEB in
	nginx) installed nginx || die "nginx is not installed: apt-get install nginx-light (or leave DEPS=no out)" ;;
	apache) installed apache2 || die "apache2 is not installed: apt-get install apache2-bin (or leave DEPS=no out)" ;;
	esac
	installed curl || die "curl is not installed: apt-get install curl (or leave DEPS=no out)"
	[ -e /usr/share/zoneinfo/UTC ] || die "time zones are not installed: apt-get install tzdata (or leave DEPS=no out)"
}

check_port() {
	if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
		die "port $PORT is in use by another program: choose one with PORT=..."
	fi
}

# Directories that the services write belong to their user; $STATE itself does not.
make_state() {
	local d owner=
	mkdir -p "$STATE" 2>/dev/null && [ -w "$STATE" ] && : 2>/dev/null >"$STATE/$MARKER" ||
		die "STATE=$STATE cannot be written: name a directory that you own"
	chmod 0711 "$STATE"
	cd "$STATE" || die "STATE=$STATE cannot be entered"
	STATE=$(pwd -P)
	if is_root; then
		owner=$SERVICE_USER
		id "$owner" >/dev/null 2>&1 || die "there is no user $owner to run as: start it as an ordinary user"
	fi
	mkdir -p carillon || die "$STATE/carillon cannot be made"
	for d in sock store output $WEB; do
		[ -d "$d" ] && continue
		mkdir -m 0750 "$d" && { [ -z "$owner" ] || chown "$owner:" "$d"; } || die "$STATE/$d cannot be made"
	done
}

# Where the sample commands lie for the user that commands run as: a copy, if he cannot walk the way to the clone or its name
# has a blank. $STATE may be as far away.
samples_dir() {
	local dir=$REPO/conf/samples
	forget_samples
	case $dir in
	*[[:space:]]*) ;;
	*) "${as_service_user[@]}" test -x "$dir/demo-task" && printf %s "$dir" && return ;;
	esac
	dir=$(mktemp -d /tmp/carillon-samples.XXXXXX) &&
		cp "$REPO"/conf/samples/demo-* "$dir" && chmod -R a+rX "$dir" && printf %s "$dir" >samples.dir && printf %s "$dir"
}

forget_samples() {
	case $(cat samples.dir 2>/dev/null) in
	/tmp/carillon-samples.??????) rm -rf "$(cat samples.dir)" ;;
	esac
	rm -f samples.dir
}

write_config() {
	local user='' samples
	! is_root || user="<user>$SERVICE_USER<\/user>"
	samples=$(samples_dir) || die "cannot copy the sample commands"
	samples=$(printf %s "$samples" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/[\/&|]/\\&/g')
	sed "s/@USER@/$user/; s/@SAMPLES@/$samples/" "$REPO/conf/quickstart.xml.in" >carillon.xml &&
		write_"$WEB"_config || die "cannot write the configuration to $STATE"
}

# Where the configuration puts each face, the web server looks for it too: "/" or a prefix, or "off".
place_of() {
	local name=CARILLON_${1^^}_AT
	local at=${!name:-/}
	case $at in
	/ | off) ;;
	*[!A-Za-z0-9._~/-]* | [!/]*) die "$name=$at is neither off nor / nor a prefix such as /ops" ;;
	esac
	printf %s "$at"
}

# The same for pages of other sites: what $1, a command, prints for each origin.
each_origin() {
	local origin
	set -f
	for origin in ${CARILLON_ALLOWED_ORIGINS:-}; do
		case $origin in
		*[!]a-z0-9.:/*[-]*) die "CARILLON_ALLOWED_ORIGINS: $origin is not an origin such as https://intranet.example" ;;
		esac
		"$1" "$origin"
	done
	set +f
}

nginx_origin() {
	case $1 in
	'*') printf '\\t\\tdefault $http_origin;' ;;
	*) printf '\\t\\t"%s" $http_origin;' "$1" ;;
	esac
}

write_nginx_config() {
	local face at origins
	origins=$(each_origin nginx_origin) || exit 1
	cp "$REPO"/nginx/carillon*.conf carillon/ &&
		sed "s/@PORT@/$PORT/; s|@LOGIN_RATE@|$LOGIN_RATE|; s|@ORIGINS@|${origins:-\\t\\tdefault \"\";}|" \
			"$REPO/nginx/quickstart.conf" >nginx.conf || return
	for face in api3 altogic ricloud openspecimen; do
		at=$(place_of "$face") || exit 1
		case $at in
		/) ;;
		off) sed -i "/^include .*-$face\\.conf;/d" carillon/carillon.conf || return ;;
		*)
			at=$(printf %s "${at%/}" | sed 's|/|/+|g; s/\./\\\\./g')
			sed -i "s|\"^/+|\"^$at/+|" "carillon/carillon-$face.conf" &&
				sed -i "/_carillon\\/$face;/s| /+| $at/+|" carillon/carillon-texts.conf || return
			;;
		esac
	done
}

apache_origin() {
	case $1 in
	'*') printf '|.+' ;;
	*) printf '|%s' "$1" | sed 's/[].[]/\\&/g' ;;
	esac
}

write_apache_config() {
	local face at more origins
	origins=$(each_origin apache_origin) || exit 1
	more=${origins:+Define CARILLON_ORIGINS \"${origins#|}\"}
	for face in api3 altogic ricloud openspecimen; do
		at=$(place_of "$face") || exit 1
		case $at in
		/) ;;
		off) more="$more"$'\n'"Define CARILLON_${face^^}_OFF" ;;
		*) more="$more"$'\n'"Define CARILLON_${face^^}_AT ${at%/}" ;;
		esac
	done
	more=$(printf %s "$more" | sed 's/[\\|&]/\\&/g; $!s/$/\\/')
	mkdir -p carillon/nothing &&
		cp -r "$REPO"/conf/apache/{carillon*.conf,errors,welcome.asis} carillon/ &&
		sed "s/@PORT@/$PORT/; s|@MODULES@|$APACHE_MODULES|; s|@MORE@|$more|" \
			"$REPO/conf/apache/quickstart.conf" >apache.conf
}

# --- quickstart.env -----------------------------------------------------------------------------------------

# A value of quickstart.env; nothing where it is not known yet.
known() {
	[ -r "$STATE/quickstart.env" ] || return 0
	(
		unset "$1"
		. "$STATE/quickstart.env"
		printf %s "${!1:-}"
	)
}

# Secrets that the first start makes, besides passwords; what each of them is for stands in make_keys.
KEYS='ALTOGIC_CLIENT_KEY ALTOGIC_CLIENT_KEY_SESSIONS RICLOUD_TOKEN RICLOUD_TOKEN_RESULTS_ONLY RICLOUD_TOKEN_OTHER OPENSPECIMEN_TOKEN'
ADMIN_EMAIL=admin@example.test
VIEWER_EMAIL=viewer@example.test
OPENSPECIMEN_TASK=carillon.samples.DemoTask

quoted() {
	printf "%s='%s'\n" "$1" "$(printf %s "$2" | sed "s/'/'\\\\''/g")"
}

write_env() {
	local key
	(
		umask 077
		{
			quoted URL "http://127.0.0.1:$PORT"
			quoted ADMIN_USER adminUser
			quoted ADMIN_PASSWORD "$ADMIN_PASSWORD"
			quoted PATOKEN "$PATOKEN"
			quoted VIEWER_USER viewer
			quoted VIEWER_PASSWORD "$VIEWER_PASSWORD"
			quoted TENANT2_ADMIN_USER "$TENANT2_ADMIN_USER"
			quoted TENANT2_ADMIN_PASSWORD "$TENANT2_ADMIN_PASSWORD"
			quoted ADMIN_EMAIL "$ADMIN_EMAIL"
			quoted VIEWER_EMAIL "$VIEWER_EMAIL"
			for key in $KEYS; do
				quoted "$key" "${!key}"
			done
			quoted ALTOGIC_ENV "$ALTOGIC_ENV"
			quoted OPENSPECIMEN_TASK "$OPENSPECIMEN_TASK"
			quoted SOCKET "$STATE/sock/carillon.sock"
			quoted MASTER_PID "$carillon_pid"
			quoted WEB_PID "$web_pid"
		} >quickstart.env.new && mv quickstart.env.new quickstart.env
	) || fail "cannot write $STATE/quickstart.env"
}

password() {
	head -c 18 /dev/urandom | base64 | tr '+/' '-_'
}

# --- processes ----------------------------------------------------------------------------------------------

# Does this process live in our directory? A process id alone may belong to somebody else by now.
ours() {
	[ -n "$1" ] && [ "/proc/$1/cwd" -ef "$STATE" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# Every process of ours, also those whose master is gone.
leftovers() {
	local p
	for p in /proc/[0-9]*; do
		[ "$p/cwd" -ef "$STATE" ] || continue
		case $(cat "$p/comm" 2>/dev/null) in
		nginx | apache2 | carillon | carillon-schedu | carillon-runner) ours "${p#/proc/}" && printf '%s ' "${p#/proc/}" ;;
		esac
	done
}

# Wait until the command given answers true, up to a number of seconds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

gone() { ! ours "$1"; }
none_left() { [ -z "$(leftovers)" ]; }

# The web server first: it takes no new requests then, and finishes those that it has while the service still answers.
stop_services() {
	local graceful=QUIT
	if ours "$web_pid"; then
		[ "$(cat "/proc/$web_pid/comm")" = nginx ] || graceful=WINCH
		kill -"$graceful" "$web_pid" 2>/dev/null
		within 3 gone "$web_pid" || kill -TERM "$web_pid" 2>/dev/null
	fi
	if ours "$carillon_pid"; then
		kill -TERM "$carillon_pid" 2>/dev/null
		within "$STOP_S" gone "$carillon_pid" || say "quickstart: the service did not stop within $STOP_S s: killed" >&2
	fi
	within 5 none_left || kill -KILL $(leftovers) 2>/dev/null
	within 5 none_left
}

# Give up a start: say why, show what the logs say, leave nothing running.
fail() {
	trap '' INT TERM HUP
	stop_services
	for log in carillon.log "$WEB.log"; do
		[ -s "$log" ] && { tail -n 10 "$log" | sed "s/^/$log: /" >&2; }
	done
	die "$*"
}

as_service_user=()
# Without root's rights from the first instruction on; a port below 1024 is the one thing that it needs of them.
web_rights() {
	is_root || return 0
	as_service_user=(setpriv --reuid="$SERVICE_USER" --regid="$(id -g "$SERVICE_USER")" --init-groups)
	[ "$PORT" -ge 1024 ] || as_service_user+=(--inh-caps=+net_bind_service --ambient-caps=+net_bind_service)
}

# Sessions of their own: Ctrl-C reaches this script alone, which then stops them in order.
start_services() {
	local web
	: >"$WEB.log"
	case $WEB in
	nginx) web=(nginx -p ./ -c nginx.conf -e stderr) ;;
	apache)
		web=(apache2 -d /proc/self/cwd -f apache.conf -DFOREGROUND)
		# It opens its log by itself. The directory stays root's: the log cannot become a link.
		! is_root || chown "$SERVICE_USER:" apache.log
		;;
	esac
	setsid "${as_service_user[@]}" "${web[@]}" </dev/null >>"$WEB.log" 2>&1 3>&- 4>&- 9>&- &
	web_pid=$!
	setsid "$BUILD/carillon" --config carillon.xml </dev/null >>carillon.log 2>&1 3>&- 4>&- 9>&- &
	carillon_pid=$!
}

running() { kill -0 "$web_pid" 2>/dev/null && kill -0 "$carillon_pid" 2>/dev/null; }

answers() {
	running || fail "the service did not start"
	curl -fs -m 5 -o /dev/null "http://127.0.0.1:$PORT/healthz"
}

# --- what the first start makes -----------------------------------------------------------------------------

ctl() { "$BUILD/carillonctl" --config carillon.xml "$@" 9>&-; }

# Method, body, and what else curl needs. It fails where API3 is switched off.
api3() {
	local at
	at=$(place_of api3)
	[ "$at" != off ] &&
		curl -fsS -m 10 --data-binary "$2" "${@:3}" "http://127.0.0.1:$PORT${at%/}/API3/$1" 2>>carillon.log
}

login() {
	api3 authentication/authenticateUser \
		"$(printf '{"userName":"%s","password":"%s"}' "$1" "$(printf %s "$2" | sed 's/[\\"]/\\&/g')")"
}

# Name, password, role, e-mail address if he has one, and the tenant unless it is the first.
add_user() {
	# A start that was cut short may have made him already, with this same password.
	printf '%s' "$2" | ctl user add "$1" --role "$3" ${4:+--email "$4"} ${5:+--tenant "$5"} --password-file - \
		>/dev/null 2>user.log && return
	login "$1${5:+@$5}" "$2" >/dev/null || fail "cannot add the user $1: $(cat user.log)"
}

# Another tenant, to see that neither knows of the other.
add_tenant() {
	ctl tenant add "$1" >/dev/null 2>user.log && return
	ctl tenant list 2>&1 | grep -qw -- "$1" || fail "cannot add the tenant $1: $(cat user.log)"
}

add_samples() {
	local f name
	for f in my-demo-schedule bill-on-demand every-minute; do
		name=$(sed -n 's/^  "name": "\(.*\)",$/\1/p' "$REPO/conf/samples/$f.json")
		ctl schedule show "$name" >/dev/null 2>&1 && continue
		ctl schedule add - <"$REPO/conf/samples/$f.json" >/dev/null 2>user.log ||
			fail "cannot add the schedule $name: $(cat user.log)"
	done
}

# Variable, user, and further options.
make_key() {
	printf -v "$1" %s "$(ctl token create "${@:2}" 2>user.log)"
	[ -n "${!1}" ] || fail "cannot make a key for $2: $(cat user.log)"
}

# One for each kind of client of the other faces.
make_keys() {
	local session
	make_key ALTOGIC_CLIENT_KEY adminUser --client-key
	make_key ALTOGIC_CLIENT_KEY_SESSIONS adminUser --client-key --needs-session
	make_key RICLOUD_TOKEN adminUser --scopes read,results
	make_key RICLOUD_TOKEN_RESULTS_ONLY adminUser --scopes results
	make_key OPENSPECIMEN_TOKEN adminUser
	# carillonctl acts for the first tenant alone.
	session=$(login "$TENANT2_ADMIN_USER" "$TENANT2_ADMIN_PASSWORD") &&
		RICLOUD_TOKEN_OTHER=$(api3 access/createToken '{"scopes":["read","results"]}' -H "paToken: $session" |
			sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
	# The first tenant's id, as Altogic spells it.
	ALTOGIC_ENV=$(printf '63617269%016x' "$(ctl tenant list 2>>user.log | awk '$2 == "main" { print $1 }')") &&
		write_env
}

# Users and samples once; what people make of them later is theirs.
furnish() {
	[ -e furnished ] && return
	add_user adminUser "$ADMIN_PASSWORD" enterpriseAdmin "$ADMIN_EMAIL"
	add_user viewer "$VIEWER_PASSWORD" viewer "$VIEWER_EMAIL"
	add_tenant "${TENANT2_ADMIN_USER#*@}"
	add_user "${TENANT2_ADMIN_USER%@*}" "$TENANT2_ADMIN_PASSWORD" domainAdmin "" "${TENANT2_ADMIN_USER#*@}"
	make_keys
	add_samples
	rm -f user.log
	: >furnished
}

first_time() {
	[ -e furnished ] && return
	ctl init >>carillon.log 2>&1 || fail "cannot make the store"
}

# --- commands -----------------------------------------------------------------------------------------------

lock() {
	exec 9>"$STATE/quickstart.lock" || die "cannot write $STATE/quickstart.lock"
	flock -n 9 || die "another start or stop is under way in $STATE"
}
unlock() { exec 9>&-; }

passwords() {
	local key
	for key in $KEYS ALTOGIC_ENV; do
		printf -v "$key" %s "$(known "$key")"
	done
	ADMIN_PASSWORD=$(known ADMIN_PASSWORD)
	VIEWER_PASSWORD=$(known VIEWER_PASSWORD)
	TENANT2_ADMIN_USER=adminUser@second
	TENANT2_ADMIN_PASSWORD=$(known TENANT2_ADMIN_PASSWORD)
	PATOKEN=
	if [ -z "$ADMIN_PASSWORD" ]; then
		ADMIN_PASSWORD=${QUICKSTART_ADMIN_PASSWORD:-$(password)}
		VIEWER_PASSWORD=$(password)
		TENANT2_ADMIN_PASSWORD=$(password)
	elif [ -n "${QUICKSTART_ADMIN_PASSWORD:-}" ] && [ "$QUICKSTART_ADMIN_PASSWORD" != "$ADMIN_PASSWORD" ]; then
		say "quickstart: QUICKSTART_ADMIN_PASSWORD counts at the first start only: adminUser keeps his password"
	fi
}

already_running() {
	carillon_pid=$(known MASTER_PID)
	web_pid=$(known WEB_PID)
	ours "$carillon_pid" && ours "$web_pid"
}

stop_leftovers() {
	lock
	stop_services || die "processes of an earlier start do not end: $(leftovers)"
	unlock
}

up() {
	check_input
	check_state
	check_programs
	if [ -d "$STATE" ]; then
		STATE=$(cd "$STATE" && pwd -P) || die "STATE=$STATE cannot be entered"
		if already_running; then
			[ "$1" = start ] || die "it runs already, at $(known URL): make stop first"
			say "Carillon runs already, at $(known URL) (see $STATE/quickstart.env)"
			exit 0
		fi
		# One half of an earlier start may have died, and the other still holds the port.
		none_left || stop_leftovers
	fi
	check_port
	make_state
	lock
	carillon_pid=
	web_pid=
	rm -f stopping
	trap 'fail "interrupted"' INT TERM HUP
	passwords
	web_rights
	write_config
	# Before anything is made with them: a start that is cut short must not lose them.
	write_env
	first_time
	start_services
	within "$READY_S" answers || fail "the service does not answer after $READY_S s"
	furnish
	PATOKEN=$(login adminUser "$ADMIN_PASSWORD") || [ "$(place_of api3)" = off ] ||
		say "quickstart: adminUser's password is no longer the one in quickstart.env: no token"
	write_env
	unlock
}

greet() {
	cat <<END

Carillon is ready at http://127.0.0.1:$PORT

  administrator   adminUser   $ADMIN_PASSWORD
  viewer          viewer      $VIEWER_PASSWORD
  another tenant  $TENANT2_ADMIN_USER   $TENANT2_ADMIN_PASSWORD
  (also in $STATE/quickstart.env)

Try it:

  . '$STATE/quickstart.env'
  curl -H "paToken: \$PATOKEN" -d '{"searchCriteria":{"searchValue":"My Demo Schedule"}}' \$URL/API3/tasks/findSchedule

END
}

stopping() {
	trap '' INT TERM HUP
	say "stopping ..."
	stop_services
	say "stopped"
	exit 0
}

run() {
	local log_pid
	up run
	greet
	say "Ctrl-C stops it."
	tail -n 0 -F carillon.log 2>/dev/null &
	log_pid=$!
	trap 'kill $log_pid 2>/dev/null; stopping' INT TERM HUP
	wait -n "$carillon_pid" "$web_pid"
	kill $log_pid 2>/dev/null
	# `make stop` from elsewhere is in order, anything else is not.
	[ -e stopping ] || fail "a part of the service ended by itself"
	say "stopped"
}

start() {
	up start
	greet
	say "make stop stops it."
}

stop() {
	check_input
	[ -e "$STATE/$MARKER" ] || die "there is no quickstart in $STATE"
	[ -O "$STATE" ] || die "STATE=$STATE belongs to $(stat -c %U "$STATE"), not to you"
	cd "$STATE" || exit 1
	STATE=$(pwd -P)
	lock
	carillon_pid=$(known MASTER_PID)
	web_pid=$(known WEB_PID)
	if none_left; then
		say "nothing runs in $STATE"
		return
	fi
	: >stopping
	stop_services || die "some processes do not end: $(leftovers)"
	forget_samples
	say "stopped"
}

case ${1:-} in
run | start | stop) "$1" ;;
*) die "usage: quickstart.sh run|start|stop" ;;
esac
