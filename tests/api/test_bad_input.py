"""Bad input, to every method: whatever it is sent, it answers what the contract says of it, and nothing falls over.

The methods come from the face's own table and their good bodies from cases.py, so a method that is
added there is tried here. After each test the workers must be the ones that served before, and the log must not have a
word more: a sanitizer would speak there, too.
"""

import contextlib
import copy
import http.client
import json
import os
import pathlib
import re
import socket

import pytest

import fastcgi
import methods
from carillon import SLOW, Answer, Client, until
from cases import CASES, LOOSE, RUNS, SINGLE, Things
from xmlform import encode

TEXT = "text/plain;charset=utf-8"
UNKNOWN = "63617269-6c6c-8000-8000-00000fffffff"
MIB = 1 << 20
WORKERS = 2

METHODS = methods.served()
PATHS = sorted(METHODS)
every_method = pytest.mark.parametrize("path", PATHS)
every_reader = pytest.mark.parametrize("path", [path for path in PATHS if METHODS[path].takes != "NOTHING"])
every_id = pytest.mark.parametrize("path", [path for path in PATHS if METHODS[path].takes.startswith("ID")])

# What the contract lets an answer say: wire/api3.md 5 and fcgi/API.md. One line, nothing that a terminal acts upon.
WORDS = {
    400: re.compile(r"Request body is (empty|incomplete|not valid JSON|not valid XML)|Bad request"
                    r"|Request body must be (a JSON object|a JSON array|an XML object|an XML list)"
                    r"|(Missing|Invalid) value: [^\x00-\x1f\x7f-\x9f]{1,300}"
                    r"|(Schedule|Execution|Task|User|Token|Tenant|Output|Calendar|Secret) not found|Task is still running"),
    401: re.compile("Invalid or missing token|Invalid user name or password"),
    403: re.compile("Insufficient permissions"),
    409: re.compile(r"[A-Z][^\x00-\x1f\x7f-\x9f]{1,400}"),
    413: re.compile("Request body too large"),
}


class Kept(Client):
    """Requests one after the other on one connection."""

    def __init__(self, url, token=None):
        super().__init__(url, token)
        self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=20 * SLOW)

    def request(self, method, path, body=None, headers=None, timeout=None):
        headers = dict(headers or {})
        if self.token is not None:
            headers.setdefault("paToken", self.token)
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def close(self):
        self.connection.close()

    def send(self, path, body, headers=None):
        return self.post(f"/API3/{path}", body, headers)


@pytest.fixture(scope="module")
def sturdy(make_shared_service):
    """A service whose workers neither come nor go by themselves."""
    return make_shared_service(CARILLON_WORKERS_MIN=str(WORKERS), CARILLON_WORKERS_MAX=str(WORKERS),
                               CARILLON_WORKER_REQUESTS="1000000", CARILLON_SENDMAIL="/bin/true", LOGIN_RATE="100000r/s").start()


@pytest.fixture(scope="module")
def caller(sturdy):
    """An administrator's key, on a connection that is kept."""
    key = sturdy.admin().call("createToken", {"userName": "adminUser"}, service="access").json()["token"]
    with contextlib.closing(Kept(sturdy.url, key)) as kept:
        yield kept


class Cheap(Things):
    def user(self):
        return self.list("createUser", "access", userName=self.word(), role="viewer")


@pytest.fixture(scope="module")
def things(caller):
    return Cheap(caller)


# A schedule with a strange value may run, and then its task is what cannot. And of what no web server would send nothing
# is told to who sends it, so that it stands in the log.
EXPECTED = re.compile(r"(runner\[\d+\]: warn: task \d+ attempt \d+: cannot "
                      r"|worker\[\d+\]: warn: a request that cannot be read: ).*\n")


class Watch:
    """The workers that serve, and how much has been logged."""

    def __init__(self, service):
        self.service = service
        self.look()

    def look(self):
        self.workers = until(lambda: len(found := self.service.children("worker")) == WORKERS and found)
        self.said = len(self.service.log())

    def lives(self, pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def check(self):
        log = self.service.state / "carillon.log"
        said = EXPECTED.sub("", log.read_text()[self.said:]) if log.stat().st_size > self.said else ""
        dead = [pid for pid in self.workers if not self.lives(pid)]
        if said or dead:
            self.look()
        assert not said
        assert not dead


@pytest.fixture(scope="module")
def watch(sturdy):
    return Watch(sturdy)


@pytest.fixture(autouse=True)
def nothing_dies(watch):
    yield
    watch.check()


def is_error(answer):
    """The contract's form of a failure, whichever."""
    return (answer.status in WORDS and answer.type == TEXT and "no-store" in answer.headers.get("Cache-Control", "") and
            answer.headers.get("Content-Length") == str(len(answer.body)) and
            bool(WORDS[answer.status].fullmatch(answer.body.decode("utf-8", "replace"))))


def busy(service):
    """Seconds of processor time that the workers have taken so far."""
    ticks = 0
    for pid in service.children("worker"):
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Faults:
    """What went wrong in a row of requests, told together at the end."""

    def __init__(self):
        self.found = []

    def note(self, fine, label, answer):
        if not fine:
            self.found.append(f"{label}: {answer}")

    def none(self):
        assert not self.found, "\n".join(self.found)


# ---- bodies ----------------------------------------------------------------------------------------------

# What a body is: nothing but blanks, no JSON, or JSON of another type than an object.
EMPTY, BROKEN, OTHER = "empty", "broken", "other"

BODIES = [
    (EMPTY, ["", " ", "\r\n\t \n"]),
    (OTHER, ["null", "true", "70000000", "-0.5e3", "1e400", '""', '"x"', '[[]]', '[{"a": 1}]', '[7]', "9" * 1000]),
    (BROKEN, [
        # half of something, and too much
        "{", "[", '"', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', "[1", "[1,", "[1,]", '"x', "{}}",
        "{}{}", "{},",
        "}", "]", "tru", "nul", '{"a":tru}', "{a:1}", "{'a':1}", '{"a" 1}', '{1:1}', '{"a":1 "b":2}', '{"a"::1}', "{,}",
        # what only looks like a number
        '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":0x10}', '{"a":1e}', '{"a":-}', '{"a":NaN}',
        '{"a":Infinity}', '{"a":-Infinity}', '{"a":1_000}', '{"a":1e400e}',
        # comments, other blanks, other languages
        '{"a":1}//', '/**/{"a":1}', '{/**/}', '{"a":1}#', "\u00a0{}", "{\u2028}", "{\f}", "{\v}", "\ufeff{}",
        "---\na: 1\n", "<object/>", "a=1&b=2", '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
        # a member twice, also by another spelling and further in
        '{"a":1,"a":1}', '{"scheduleId":"x","scheduleId":"x"}', '{"a":1,"\\u0061":2}', '{"a":{"b":1,"b":null}}',
        '{"a":[{"b":1,"b":2}]}', '{"":1,"":2}',
        # no UTF-8
        b'{"a":"\xff"}', b'{"a":"\xc3"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xc1\xbf"}', b'{"a":"\xe0\x80\xaf"}',
        b'{"a":"\xed\xa0\x80"}', b'{"a":"\xed\xb0\x80"}', b'{"a":"\xf4\x90\x80\x80"}', b'{"a":"\xf8\x88\x80\x80\x80"}',
        b'{"a":"\x80"}', b'{"\xff":1}', b'\xff\xfe{\x00}\x00', "{}".encode("utf-16"), "{}".encode("utf-32"),
        b'{"a":"\xe2\x82',
        # NUL and other control characters
        b'{"a":"\x00"}', b'{"a\x00":1}', b"\x00", b"{}\x00", b"\x00{}", b'{"a":1\x00}', '{"a":"\\u0000"}',
        '{"\\u0000":1}', '{"a":"\x01"}', '{"a":"\n"}', '{"a":"\x1f"}',
        # halves of surrogate pairs
        '{"a":"\\ud800"}', '{"a":"\\udc00"}', '{"a":"\\ud800x"}', '{"a":"\\ud800\\ud800"}', '{"a":"\\udc00\\ud800"}',
        '{"\\udfff":1}', '{"a":"\\ud83d\\n"}', '{"a":"\\ud800\\u0041"}',
        # broken escapes
        '{"a":"\\x41"}', '{"a":"\\u12"}', '{"a":"\\u12g4"}', '{"a":"\\"}', '{"a":"\\u"}', '{"a":"\\U0041"}',
        # too deep, too long
        "[" * 33 + "]" * 33, '{"a":' * 33 + "1" + "}" * 33, '{"a":' * 10_000, "[" * 50_000, '"' + "x" * 50_000,
        '{"' + "x" * 50_000, '{"a":"' + "\\" * 50_001,
    ]),
]

# As large as a body may be: what costs time. All methods have the parser in common.
LARGE = ["[" * MIB, '{"a":' * (MIB // 5), '{"a":[' * 100_000 + "]}" * 100_000, "[" + "1," * 100_000 + "1]",
         "[" + "{}," * 300_000,
         "{" + ",".join(f'"{n:x}":1' for n in range(100_001)) + "}", '"' + "x" * (MIB - 1), '{"' + "x" * (MIB - 2),
         '{"a":"' + "\\" * (MIB - 7), '{"a":"' + "\\u0041" * 170_000, "[" + "-" * (MIB - 1), "[" + "9" * (MIB - 1),
         " " * (MIB - 1) + "{"]
LARGE_XML = ["<a>" * 300_000, "<object>" + "<a>" * 100_000 + "</a>" * 100_000 + "</object>",
             "<list>" + "<item/>" * 100_001 + "</list>",
             "<object><" + "a" * 1_000_000 + "/></object>", "<object><a>" + "x" * 1_000_000,
             "<object><!--" + "-" * 1_000_000,
             "<object " + "".join(f'a{n}="" ' for n in range(100_000)) + "/>", "<object><a>" + "&#65;" * 200_000,
             "<object>" + "".join(f'<a xmlns:a{n}="b">' for n in range(40_000)), "<object><![CDATA[" + "]" * 1_000_000,
             "<object " + "a" * 1_000_000, '<object a="' + "&#65;" * 200_000, "<object>" + "<!---->" * 140_000,
             " " * MIB]

SAID = {
    (EMPTY, "OBJECT"): "Request body is empty",
    (EMPTY, "LIST"): "Request body is empty",
    (EMPTY, "ID"): "Request body is empty",
    (BROKEN, "OBJECT"): "Request body is not valid JSON",
    (BROKEN, "LIST"): "Request body is not valid JSON",
    (OTHER, "OBJECT"): "Request body must be a JSON object",
}


def as_bytes(body):
    return body if isinstance(body, bytes) else body.encode("utf-8")


def expected(kind, method, body):
    """The words for a body that is wrong from the start; None: any that the contract has for bodies and ids."""
    takes = "ID" if method.takes == "ID_TEXT" else method.takes
    if takes == "ID" and kind == BROKEN:
        # Whatever does not begin like JSON is an id as it stands.
        return SAID[BROKEN, "OBJECT"] if as_bytes(body).strip()[:1] in (b'"', b"{") else None
    return SAID.get((kind, takes))


def refuses(answer, words):
    return answer.status == 400 and is_error(answer) and words in (None, answer.text)


@every_method
def test_a_body_that_is_wrong_from_the_start_is_refused(caller, path):
    method, faults = METHODS[path], Faults()
    for kind, bodies in BODIES:
        for body in bodies:
            answer = caller.send(path, as_bytes(body))
            if method.takes == "NOTHING":
                faults.note(answer.status == 200, body[:40], answer)
            else:
                faults.note(refuses(answer, expected(kind, method, body)), (len(body), body[:40]), answer)
    faults.none()


@pytest.mark.parametrize("path", ["tasks/findSchedule", "tasks/getTaskData", "tasks/deleteSchedules",
                                  "authentication/authenticateUser"])
def test_the_largest_of_bodies_are_refused_quickly(sturdy, caller, path):
    """In a second of a worker's time each, which is many times what they take."""
    faults = Faults()
    for body, content_type in [(one, "text/plain") for one in LARGE] + [(one, "text/xml") for one in LARGE_XML]:
        before = busy(sturdy)
        answer = caller.send(path, body, {"Content-Type": content_type})
        took = busy(sturdy) - before
        faults.note(refuses(answer, None) and took < SLOW, (took, len(body), body[:40]), answer)
    faults.none()


@every_method
def test_an_object_without_what_is_needed_is_refused(caller, path):
    """What is ignored does not help, however large it is."""
    method, faults = METHODS[path], Faults()
    optional = caller.send(path, "{}").status == 200
    for body in ("{}", '{"a":1}', '{"a":null,"b":[{}]}', '{"a":' * 32 + "1" + "}" * 32, '{"a":1e400}',
                 '{"a":"' + "x" * (MIB - 8) + '"}',
                 '{"' + "x" * (MIB - 6) + '":1}', '{"":""}', '{"__proto__":{"a":1}}', '{"auth":"x"}',
                 '{"a":"\\u0001\\uffff"}'):
        answer = caller.send(path, body)
        if method.takes == "LIST":
            faults.note(refuses(answer, "Request body must be a JSON array"), body[:40], answer)
        elif optional:
            faults.note(answer.status == 200, body[:40], answer)
        else:
            faults.note(refuses(answer, None), body[:40], answer)
    faults.none()


@every_method
def test_more_than_a_mebibyte_is_too_large(sturdy, caller, path):
    """Whoever sends it, in whatever form; a server may close the connection behind such an answer."""
    for body in (b" " * (MIB + 1), b'{"a":"' + b"x" * 2 * MIB + b'"}', b"<a>" + b"x" * 2 * MIB):
        answer = Client(sturdy.url, caller.token).post(f"/API3/{path}", body, {"Content-Type": "application/xml"})
        assert (answer.status, answer.text) == (413, "Request body too large")
        assert is_error(answer)
    answer = caller.send(path, b" " * MIB)
    assert answer.status == (200 if METHODS[path].takes == "NOTHING" else 400), answer


IDS = ["0", "-1", "9007199254740992", "18446744073709551616", "1.0", "1e3", "0x1", "007", "\u0661", "x", "x" * 128,
       "\u00fc" * 64,
       UNKNOWN, UNKNOWN.upper(), UNKNOWN[:-1], UNKNOWN + "0", UNKNOWN.replace("-", ""), "{" + UNKNOWN + "}",
       "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
       "63617269-6c6c-8000-8000-ffffffffffff",
       "63617269-6c6c-8000-8000-000000000000", "636172690000000000000000", "6361726900ffffffffffffff",
       "../../etc/passwd", "' OR 1=1 --", "%s%n%s", "${x}", "\u202e", "\ufffe"]
BAD_IDS = ["x" * 129, "x" * 5000, "x" * 500_000, "a\tb", "a\nb", "\x01", "\x7f"]


@every_id
def test_an_id_of_nothing_is_not_found(caller, path):
    """In each spelling of an id body, and wherever an object names one."""
    method, faults = METHODS[path], Faults()
    subject = method.subject.capitalize()
    member = f"{method.subject.lower()}Id"
    for one in IDS + BAD_IDS:
        bodies = [json.dumps(one), json.dumps(f'"{one}"'), json.dumps({member: one}), json.dumps({"id": one})]
        # A tab is a blank at the ends of a bare id; a brace begins an object.
        if one[0] not in "{" and one == one.strip():
            bodies.append(one)
        for body in bodies:
            answer = caller.send(path, body)
            words = f"Invalid value: {member}" if one in BAD_IDS else f"{subject} not found"
            faults.note(refuses(answer, words), (len(body), body[:50]), answer)
    for wrong in (7, True, [], {}, ["x"], {"id": "x"}):
        answer = caller.send(path, {member: wrong})
        faults.note(refuses(answer, f"Invalid value: {member}"), wrong, answer)
    faults.none()


# ---- members ---------------------------------------------------------------------------------------------

# Methods without a case in both forms.
PASSWORD = "abc123!abc123!"
MORE = [
    ("authentication/authenticateUser", lambda t: {"userName": "nobody", "password": PASSWORD}),
    ("authentication/authenticateUserByToken", lambda t: {"userIdentity": "nobody", "token": t.admin.token}),
    ("tasks/getTaskLog", lambda t: {"taskId": t.task, "attempt": 1, "stream": "stdout", "offset": 0, "limit": 1}),
    ("tasks/getTaskOutputsForUser", lambda t: {"taskId": t.task, "userId": t.myself["userId"]}),
    ("tasks/listOccurrences", lambda t: {"scheduleId": t.schedule, "cursor": "x"}),
    ("tasks/listExecutions", lambda t: {"scheduleId": t.schedule, "status": [1, 3], "from": t.due, "to": t.due,
                                        "cursor": "x"}),
    ("tasks/listSchedules", lambda t: {"cursor": "x"}),
    ("tasks/suspendSchedule", lambda t: {"scheduleId": t.new(), "until": "2040-01-01T00:00:00Z", "reason": "why"}),
    ("tasks/applySchedules", lambda t: {"owner": t.word(), "schedules": [t.definition(**EVERYTHING)]}),
    ("tasks/createSchedule", lambda t: t.definition(**EVERYTHING)),
    ("tasks/updateSchedule", lambda t: {**t.definition(**EVERYTHING), "scheduleId": t.new(), "version": 1}),
    ("access/createUser", lambda t: {"userName": t.word(), "role": "viewer", "enabled": True,
                                     "tenantId": t.myself["tenantId"],
                                     "email": f"{t.word()}@example.test"}),
    ("access/updateUser", lambda t: {"userId": t.user(), "role": "pro", "enabled": False}),
    ("access/updateUser", lambda t: {"userId": t.user(), "password": PASSWORD, "email": f"{t.word()}@example.test"}),
    ("access/changePassword", lambda t: {"oldPassword": PASSWORD, "newPassword": PASSWORD}),
    ("access/listUsers", lambda t: {"cursor": "x"}),
    ("access/createToken", lambda t: {"userId": t.myself["userId"]}),
    ("access/listTokens", lambda t: {"userId": t.myself["userId"], "limit": 1, "cursor": "x"}),
    ("access/updateTenant", lambda t: {"tenantId": t.tenant(), "name": t.word()}),
    ("audit/list", lambda t: {"from": t.due, "to": t.due, "action": "user", "limit": 1, "cursor": "x"}),
]

EVERYTHING = {"description": "d", "tags": ["a"], "scheduleType": 3, "startDate": "2020-01-01T00:00:00Z",
              "endDate": "2040-01-01T00:00:00Z",
              "triggers": [{"cron": "30 2 * * 1-5", "timeZone": "Europe/Amsterdam", "dstGap": "skip",
                            "dstFold": "both"},
                           {"every": "15m", "anchor": "2026-01-01T00:00:00Z"}, {"at": "2030-01-01T00:00:00Z"}],
              "tasks": [{"name": "a", "command": RUNS, "cwd": "/", "timeout": "10m", "env": {"LANG": "C"},
                         "acceptArgs": True, "stdin": "x", "umask": "0027", "nice": 5,
                         "limits": {"cpu": "1h", "memory": "4GiB", "files": 99, "core": "0"},
                         "killGrace": "1s",
                         "retries": {"max": 2, "delay": "5s", "factor": 2.5, "maxDelay": "1m", "jitter": "1s", "on": [75, "64-78"]}}],
              "overlap": "queue", "misfire": "all", "misfireWindow": "2h", "onLost": "rerun", "keep": {"days": 9}}

GOOD = {}
for where, body in MORE + CASES + LOOSE:
    GOOD.setdefault(where, []).append(body)
# Those are many, and cost log-ins: only where there is nothing else.
for where, body, _ in SINGLE:
    GOOD.setdefault(where, [body])

# Wrong wherever a value of this type belongs.
WRONG = {
    str: [7, 1.5, True, [], {}, ["x"], {"a": "x"}],
    int: ["x", "", "-1", "1.0", True, [], {}, ["x"], 1.5, -1, 1e300, -1e300, 10 ** 10, 2 ** 63, 2 ** 64, 10 ** 1000,
          {"a": 1}],
    float: ["x", "", "-1", "1.0", True, [], {}, ["x"], -1, 1e300, -1e300, 10 ** 10, {"a": 1}],
    bool: ["x", "", "maybe", "1", 7, 0, 1.5, [], {}, ["x"]],
    list: ["x", "", 7, True, {}, {"a": "x"}],
    dict: ["x", "", 7, True, [], ["x"]],
}
# These may be right or wrong: it is enough that they do no harm.
COSTLY = ["", "\u0001", "x" * 256, "x" * 900_000]
STRANGE = ["", " ", "x", "-", "\u0001", "\u007f", "\u0085", "\u202e", "\ufeff", "\ufffe", "\U0010ffff", "a\nb", "a\tb",
           "%s%n",
           "${scheduledDate}", "../../etc/passwd", "' OR 1=1 --", "\u00fc" * 300, "x" * 255, "x" * 256,
           "x" * 5000, "x" * 900_000, "0", "-1", "9" * 400, "1e9", "inf", UNKNOWN, "2026-02-30T00:00:00Z",
           "9999-12-31T23:59:59Z",
           "0000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01", "99999999999d", "0s",
           "-1s", "P1Y",
           "* * * * *", "0 0 30 2 *", "99 99 99 99 99", "*/0 * * * *", "Europe/Nowhere", "/etc/passwd", "true"]
NUMBERS = ["0", "-0", "1e0", "1.0", "1E2", "0e999999999", "1e400", "-1e400", "1e-400", "9223372036854775807",
           "9223372036854775808",
           "-9223372036854775809", "18446744073709551615", "0." + "1" * 1000, "1" + "0" * 400]

# For each of these a password is hashed, or a schedule made; createSchedule, which reads the same, gets them all.
HASHED = {"authentication/authenticateUser": ("userName", "password"), "access/createUser": ("password",),
          "access/updateUser": ("password",), "access/changePassword": ("oldPassword", "newPassword")}
DEFINED = {"tasks/updateSchedule", "tasks/applySchedules"}


def parts(value, at=()):
    """(path, value) of everything inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield (*at, key), one
        yield from parts(one, (*at, key))


def with_part(body, at, value):
    changed = copy.deepcopy(body)
    inside = changed
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = value
    return changed


def place(at):
    """The elements of a list count as one place."""
    return tuple(0 if isinstance(key, int) else key for key in at)


def known_types(path, things):
    """Which types the good bodies have at each place."""
    types = {}
    for make in GOOD[path]:
        for at, value in parts(make(things)):
            types.setdefault(place(at), set()).add(type(value))
    return types


class Bodies:
    """Good bodies of one method, each made anew when a call has used it up."""

    def __init__(self, make, things):
        self.make, self.things = make, things
        self.good = make(things)

    def used(self):
        self.good = self.make(self.things)


def structured(path, things):
    return [one for one in (Bodies(make, things) for make in GOOD.get(path, ())) if isinstance(one.good, (dict, list))]


def test_every_method_has_a_good_body_to_spoil():
    assert not set(PATHS) - set(GOOD)


@every_reader
def test_a_wrong_type_is_refused_wherever_it_stands(caller, things, path):
    faults = Faults()
    types = known_types(path, things)
    for bodies in structured(path, things):
        for at, value in list(parts(bodies.good)):
            for wrong in WRONG[type(value)]:
                if type(wrong) in types[place(at)]:
                    continue
                answer = caller.send(path, json.dumps(with_part(bodies.good, at, wrong)))
                faults.note(refuses(answer, None), (at, wrong), answer)
    faults.none()


@every_reader
def test_a_strange_value_does_no_harm_wherever_it_stands(caller, things, path):
    """Strings of any kind and length, numbers of any size, null; as often as not they are right."""
    faults = Faults()
    tried = set()
    for bodies in structured(path, things):
        for at, value in list(parts(bodies.good)):
            if (place(at), type(value)) in tried or isinstance(value, (dict, list)):
                continue
            tried.add((place(at), type(value)))
            strange = COSTLY if path in DEFINED or at[-1] in HASHED.get(path, ()) else STRANGE
            texts = [json.dumps(one) for one in strange] if isinstance(value, str) else NUMBERS
            for text in [*texts, "null"]:
                body = json.dumps(with_part(bodies.good, at, "@@")).replace('"@@"', text)
                answer = caller.send(path, body)
                faults.note(answer.status == 200 or is_error(answer), (at, len(text), text[:40]), answer)
                if answer.status == 200 and METHODS[path].effect == "WRITES":
                    bodies.used()
    faults.none()


# ---- XML -------------------------------------------------------------------------------------------------

ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
XML_BROKEN = [
    "{}", "x", "<", "<object", "<object>", "<object></objec>", "<object/><object/>", "<object/>x", "x<object/>",
    "<Object/>", "<html/>", "<object><a/><a/></object>", "<object><a>1</a><item>2</item></object>", "<list><a/></list>",
    '<object xmlns="urn:x"/>', '<x:object xmlns:x="urn:x"/>', '<object a="b"/>', "<object><member/></object>",
    "<object>x<a/></object>", "<object><a/>x</object>", "<?a b?><object/>", "<object><?a b?></object>",
    "<object><a>&lt</a></object>",
    # what XML can be made to fetch, and to grow into
    "<!DOCTYPE object><object/>", '<!DOCTYPE object SYSTEM "file:///etc/passwd"><object/>',
    '<!DOCTYPE object PUBLIC "x" "http://127.0.0.1:1/x.dtd"><object/>',
    "<!DOCTYPE object [<!ELEMENT object ANY>]><object/>",
    '<!DOCTYPE object [<!ENTITY a "x">]><object><a>&a;</a></object>', "<object><a>&a;</a></object>",
    "<object><a>&nbsp;</a></object>",
    '<!DOCTYPE object [<!ENTITY a SYSTEM "file:///etc/passwd">]><object><a>&a;</a></object>',
    '<!DOCTYPE object [<!ENTITY a SYSTEM "http://127.0.0.1:1/">]><object><a>&a;</a></object>',
    '<!DOCTYPE object [<!ENTITY % a SYSTEM "http://127.0.0.1:1/"> %a;]><object/>',
    f'<!DOCTYPE object [<!ENTITY e0 "x">{ENTITIES}]><object><a>&e9;</a></object>',
    '<!DOCTYPE object [<!ENTITY a "&b;"><!ENTITY b "&a;">]><object><a>&a;</a></object>',
    '<!DOCTYPE object [<!ATTLIST object scheduleId CDATA "x">]><object/>',
    '<object xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></object>',
    # no characters
    b"<object><a>\xff</a></object>", b"<object><a>\xc0\xaf</a></object>", b"<object><a>\xed\xa0\x80</a></object>",
    b"<object><a>\x00</a></object>", b"<object/>\x00", "<object><a>&#0;</a></object>", "<object><a>&#1;</a></object>",
    "<object><a>\x01</a></object>", "<object><a>&#xd800;</a></object>", "<object><a>&#xffff;</a></object>",
    "<object><a>&#x110000;</a></object>", "<object><a>&#99999999999999999999;</a></object>",
    "<object/>".encode("utf-16"),
    "<object/>".encode("utf-32"), b'<?xml version="1.0" encoding="UTF-16"?><object><a>\xff</a></object>',
    '<?xml version="1.0" encoding="EBCDIC-CP-NL"?><object>', '<?xml version="9.9"?><object>',
    # too deep, too long
    "<object>" + "<a>" * 33 + "</a>" * 33 + "</object>", "<a>" * 10_000, "<object><a>" + "x" * 50_000,
    "<object><" + "a" * 60_000 + "/></object>",
    "<object " + "".join(f'a{n}="" ' for n in range(3000)) + "/>", "<object><![CDATA[", "<object><!--",
    "<object><a>" + "&#65;" * 10_000,
]


@every_method
def test_what_is_no_xml_or_more_than_that_is_refused(caller, path):
    method, faults = METHODS[path], Faults()
    as_xml = {"Content-Type": "application/xml", "Accept": "application/xml"}
    for body in ["", " ", *XML_BROKEN]:
        answer = caller.send(path, as_bytes(body), as_xml)
        if method.takes == "NOTHING":
            faults.note(answer.status == 200, body[:40], answer)
        else:
            words = "Request body is not valid XML" if body.strip() else "Request body is empty"
            faults.note(refuses(answer, words), body[:60], answer)
    if method.takes in ("OBJECT", "LIST"):
        other = "<list><item/></list>" if method.takes == "OBJECT" else "<object><a/></object>"
        for body in (other, "<value>x</value>"):
            words = f"Request body must be an XML {method.takes.lower()}"
            faults.note(refuses(answer := caller.send(path, body, as_xml), words), body, answer)
    faults.none()


@every_reader
def test_a_wrong_form_in_xml_is_refused_wherever_it_stands(caller, things, path):
    """XML has no types, but a text is no list and no object, and they are no text."""
    faults = Faults()
    types = known_types(path, things)
    for bodies in structured(path, things):
        for at, value in list(parts(bodies.good)):
            wrong = ["x", "true", ["x"], {"a": "x"}]
            for one in wrong:
                if type(one) in types[place(at)] or (isinstance(one, str) and not {list, dict} & types[place(at)]):
                    continue
                answer = caller.send(path, encode(with_part(bodies.good, at, one)), {"Content-Type": "text/xml"})
                faults.note(refuses(answer, None), (at, one), answer)
    faults.none()


# ---- the wrong way to call -------------------------------------------------------------------------------


@every_method
def test_a_wrong_http_method_is_told_what_is_right(caller, path):
    """With a token or without, whatever else is wrong."""
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "BREW", "POSTS"):
        for token in (caller.token, "x"):
            answer = caller.request(method, f"/API3/{path}", b"{", {"paToken": token})
            assert (answer.status, answer.type, answer.headers["Allow"]) == (405, TEXT, "POST"), (method, answer)
            assert answer.text == ("" if method == "HEAD" else "Method not allowed")


@every_method
def test_what_is_almost_its_name_is_unknown(caller, path):
    service, name = path.split("/")
    almost = [path.upper(), path.lower(), name, f"{service}x/{name}", f"{service}/{service}/{name}", f"{path}/",
              f"{path}/x", f"{path};a",
              f"{path}.json", f"{path}%2f", f"{path}%C3%A9", f"%20{path}", f"{service}/%20{name}", path[:-1],
              f"{path}*",
              f"{path}/../nope", f"{service}%5c{name}", f"content/{name}", f"{path}" + "x" * 1000]
    for one in almost:
        if one in METHODS or one == path:
            continue
        # Every way to log in is in the contract, and nothing else that begins so.
        login = one.startswith("authentication/authenticateUser") and one.partition("/")[2].isalnum()
        for token in (caller.token, "x"):
            answer = caller.send(one, b"{", {"paToken": token})
            if login:
                assert (answer.status, answer.type) == (501, TEXT), (one, answer)
            else:
                assert (answer.status, answer.type, answer.text) == (404, TEXT, "Unknown method"), (one, answer)


@pytest.mark.parametrize("path, status", [
    ("/API3", 404), ("/API3/", 404), ("/api3//", 404), ("/API3/tasks", 404), ("/API3/tasks/", 404), ("/API3/tasks/%20",
                                                                                                     404),
    ("/API3/%ff/%fe", 404), ("/API3/tasks/../findSchedule", 404), ("/API3/tasks/" + "x" * 7000, 404),
    ("/API3/tasks/%00", (400, 404)),
    ("/API3/tasks/findSchedule%00", (400, 404)), ("/API3/tasks/%zz", 400), ("/API3/../../../etc/passwd", 400),
    ("/API3/tasks/%0d%0aX:y", 404),
    ("/API3/tasks/" + "x" * 40_000, 414),
])
def test_a_path_that_leads_nowhere_is_answered_like_an_unknown_method(sturdy, caller, path, status):
    """What the web server refuses by itself is of another text, and may be of another form: tests/web."""
    answer = Client(sturdy.url, caller.token).request("POST", path, b"{}")
    assert answer.status in (status if isinstance(status, tuple) else (status,))
    if answer.status == 404:
        assert (answer.type, answer.text) == (TEXT, "Unknown method")


# ---- tokens ----------------------------------------------------------------------------------------------

ROLES = ["viewer", "analyst", "pro", "domainAdmin", "enterpriseAdmin"]
SUFFICE = {"ANYBODY": ROLES, "ALL_ROLES": ROLES, "ADMINS": ROLES[3:], "ENTERPRISE": ROLES[4:]}


@pytest.fixture(scope="module")
def keys(things):
    """A token of each role."""
    def key(role):
        name = things.word()
        things.list("createUser", "access", userName=name, role=role)
        return things.list("createToken", "access", userName=name)["token"]

    return {role: key(role) for role in ROLES}


@every_method
def test_a_token_is_looked_at_before_the_body(caller, keys, path):
    method, faults = METHODS[path], Faults()
    for body in (b"", b"{", b'{"a":"\xff"}', b"[" * 1000):
        for role, key in keys.items():
            answer = caller.send(path, body, {"paToken": key})
            if role not in SUFFICE[method.who]:
                faults.note((answer.status, answer.text) == (403, "Insufficient permissions") and is_error(answer),
                            role, answer)
            elif method.takes == "NOTHING":
                faults.note(answer.status == 200, role, answer)
            else:
                faults.note(refuses(answer, None), role, answer)
    faults.none()


@every_method
def test_no_token_and_what_is_none_are_refused_alike(sturdy, caller, keys, path):
    method, faults = METHODS[path], Faults()
    key = keys["viewer"]
    none = ["", " ", "x", "null", f"Bearer {key}", f'"{key}"', key[:-1], key + "A", key.swapcase(), key * 2, "=" * 44,
            "A" * 44, "A" * 43 + "=",
            "A" * 5000, b"\xff\xfe".decode("latin-1"), f"{key},{key}", f"{key}\t{key}", "' OR 1=1 --", UNKNOWN,
            "63617269", "../x"]
    for body in (b"", b"{", b"{}"):
        for token in none:
            answer = caller.send(path, body, {"paToken": token})
            if method.who == "ANYBODY":
                faults.note(refuses(answer, None), token[:60], answer)
                continue
            faults.note((answer.status, answer.text) == (401, "Invalid or missing token") and is_error(answer) and
                        answer.headers["WWW-Authenticate"] == 'paToken realm="API3"', token[:60], answer)
    answer = Client(sturdy.url).post(f"/API3/{path}", b"{")
    faults.note(answer.status == (400 if method.who == "ANYBODY" else 401) and is_error(answer), "none", answer)
    faults.none()


# ---- half a request --------------------------------------------------------------------------------------


@every_method
def test_half_a_body_is_never_taken_for_a_whole_one(sturdy, caller, things, path):
    """Before the web server, which then asks nobody; and behind it, by the administrator's own socket."""
    whole = json.dumps(next((one.good for one in structured(path, things)), {}))
    head = f"POST /API3/{path} HTTP/1.1\r\nHost: x\r\npaToken: {caller.token}\r\n"
    for sent in (f"{head}Content-Length: 1000\r\n\r\n{whole}",
                 f"{head}Transfer-Encoding: chunked\r\n\r\nff\r\n{whole[:20]}", head):
        with socket.create_connection(("127.0.0.1", sturdy.port), timeout=20 * SLOW) as connection:
            connection.sendall(sent.encode())
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100)[:12] in (b"", b"HTTP/1.1 400")
    private = sturdy.state / "sock" / "admin.sock"
    for body in (whole.encode(), b"", b"{", json.dumps(UNKNOWN).encode()):
        length = str(len(body) + 1)
        assert fastcgi.ask(private, "POST", f"/API3/{path}", body, CONTENT_LENGTH=length) == (400,
                                                                                              b"Request body is incomplete")
    with contextlib.closing(fastcgi.connect(private)) as connection:
        connection.sendall(fastcgi.request("POST", f"/API3/{path}", whole.encode())[:-8 - len(whole) // 2])


@pytest.mark.parametrize("params, status", [
    ({"CONTENT_LENGTH": "-1"}, 400), ({"CONTENT_LENGTH": "x"}, 400), ({"CONTENT_LENGTH": "1e3"}, 400),
    ({"CONTENT_LENGTH": " 2"}, 400),
    ({"CONTENT_LENGTH": "0x2"}, 400), ({"CONTENT_LENGTH": "+2"}, 400), ({"CONTENT_LENGTH": "1048577"}, 413),
    ({"CONTENT_LENGTH": "18446744073709551616"}, 413), ({"CONTENT_LENGTH": "9" * 400}, 413), ({"CONTENT_LENGTH": ""},
                                                                                              400),
    ({"CONTENT_LENGTH": "1"}, 400), ({"CONTENT_LENGTH": "002"}, 200), ({"REQUEST_METHOD": ""}, 400),
    ({"DOCUMENT_URI": ""}, 404),
    ({"DOCUMENT_URI": "", "REQUEST_URI": "/API3/tasks/findSchedule%"}, 400), ({"DOCUMENT_URI": "",
                                                                               "REQUEST_URI": "/API3/%00"}, 400),
    ({"DOCUMENT_URI": "", "REQUEST_URI": "/API3/tasks/findSchedule%20?x=%"}, 200), ({"DOCUMENT_URI": "x" * 60_000},
                                                                                    404),
    ({"CONTENT_TYPE": "x" * 60_000, "HTTP_ACCEPT": "application/xml;q=" + "9" * 60_000}, 200),
    ({"HTTP_ACCEPT": ",;q=;,=" * 8000}, 200),
    ({"REMOTE_ADDR": "x" * 60_000}, 200), ({f"HTTP_{n}": "x" for n in range(3000)}, 200),
], ids=lambda value: repr(value)[:40])
def test_what_no_web_server_would_send_is_answered_too(sturdy, params, status):
    answer = fastcgi.ask(sturdy.state / "sock" / "admin.sock", "POST", "/API3/tasks/findSchedule", b"{}", **params)
    assert answer[0] == status, answer
