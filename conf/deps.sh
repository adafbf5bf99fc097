#!/bin/bash
# Install the Debian packages that are missing, and only those, and say which.
#
#   conf/deps.sh build|run|test ...      what to be able to do
#   WEB=apache                           run behind Apache instead of nginx
#   DEPS=no                              install nothing
#
# A package counts as there when what we need of it is there, wherever it came from: people who build
# nginx or Node themselves keep theirs.
set -u

[ "${DEPS:-yes}" != no ] || exit 0
PATH=$PATH:/usr/sbin:/sbin

# package, and a command or file that proves it
build='gcc cc
libc6-dev /usr/include/stdio.h
libfcgi-dev /usr/include/fcgiapp.h
libxml2-dev /usr/include/libxml2/libxml/parser.h
libyajl-dev /usr/include/yajl/yajl_gen.h
libdb5.3-dev /usr/include/db.h
libsodium-dev /usr/include/sodium.h
libmd-dev /usr/include/md5.h
libical-dev /usr/include/libical/ical.h
libev-dev /usr/include/ev.h
libcurl4-openssl-dev curl-config'
run='curl curl
ca-certificates /etc/ssl/certs/ca-certificates.crt
tzdata /usr/share/zoneinfo/Europe/Amsterdam'
nginx='nginx-light nginx'
# The program without the service that the package apache2 would start.
apache='apache2-bin apache2'
# One of Apache's pieces is for it.
test='libapache2-mod-qos /usr/lib/apache2/modules/mod_qos.so
libcmocka-dev /usr/include/cmocka.h
clang-format-14 clang-format-14
python3 /usr/bin/python3
python3-pytest /usr/lib/python3/dist-packages/pytest/__init__.py
python3-yaml /usr/lib/python3/dist-packages/yaml/__init__.py
python3-jsonschema /usr/lib/python3/dist-packages/jsonschema/__init__.py
python3-urllib3 /usr/lib/python3/dist-packages/urllib3/__init__.py
python3-certifi /usr/lib/python3/dist-packages/certifi/__init__.py
python3-six /usr/lib/python3/dist-packages/six.py
python3-dateutil /usr/lib/python3/dist-packages/dateutil/__init__.py
default-jre-headless java
libxml2-utils xmllint
db5.3-util db5.3_verify
nodejs node
npm npm
ca-certificates /etc/ssl/certs/ca-certificates.crt
chromium chromium'

# Which web server: the tests try both.
case " $*  ${WEB:-nginx}" in
*' test '*) set -- "$@" nginx apache ;;
*' run '*' nginx') set -- "$@" nginx ;;
*' run '*' apache') set -- "$@" apache ;;
esac

missing=
while read -r package proof; do
	case $package in
	'') continue ;;
	esac
	case $proof in
	/*) [ -e "$proof" ] ;;
	*) command -v "$proof" >/dev/null ;;
	esac || missing="$missing $package"
done <<END
$(for set in "$@"; do echo "${!set}"; done)
END
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "deps: missing:$missing; there is no apt-get here: install what they stand for, then use DEPS=no" >&2
	exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "deps: missing:$missing; run as root: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi

echo "deps: installing from Debian:$missing"
install() {
	# Word splitting is wanted: it is a list.
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1 </dev/null
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Package lists that are absent or out of date are the usual reason for a failure: fetch them, and try once more.
if ! install; then
	$as_root apt-get update -q >"$log" 2>&1 </dev/null && install || {
		tail -n 15 "$log" >&2
		echo "deps: could not install$missing (see above)" >&2
		exit 1
	}
fi
echo "deps: done"
