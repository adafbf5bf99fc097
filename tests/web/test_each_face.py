"""What nginx and Apache answer by themselves at the paths of each face: its own form, and the words of its contract.

Altogic's library hangs on an error that is no JSON, ricloud's raises on one that is no object, OpenSpecimen's reads an
array: a page of the wrong form fails here for whichever face it is.
"""

import email
import json
import os
import pathlib
import shutil
import signal
import contextlib

import pytest

import fastcgi
from carillon import ROOT, Service, make_folder, until
from webserver import Raw, application, reconfigure, stop_application

FACES = ("api3", "altogic", "ricloud", "openspecimen")

# A call of each face at each of its bases.
CALLS = [("api3", "/API3/tasks/findSchedule"), ("altogic", "/_api/rest/v1/task"), ("altogic", "/e:62372c9b/_api/rest/v1/task"),
         ("ricloud", "/results/1/ack"), ("ricloud", "/ricloud/results/1/ack"), ("ricloud", "/users"),
         ("openspecimen", "/openspecimen/rest/ng/scheduled-jobs"), ("openspecimen", "/rest/ng/sessions"),
         ("openspecimen", "/scheduled-jobs/1/runs")]

# Status: message, and the codes of Altogic, ricloud and OpenSpecimen.
PAGES = {
    400: ("Bad request", "bad_request", "bad-request", "BAD_REQUEST"),
    401: ("Unauthorized", "unauthorized", "unauthorized", "UNAUTHORIZED"),
    403: ("Forbidden", "forbidden", "forbidden", "FORBIDDEN"),
    404: ("Not found", "not_found", "not-found", "NOT_FOUND"),
    408: ("Request timeout", "request_timeout", "request-timeout", "REQUEST_TIMEOUT"),
    413: ("Request body too large", "request_too_large", "request-too-large", "REQUEST_TOO_LARGE"),
    414: ("Request URI too long", "uri_too_long", "uri-too-long", "URI_TOO_LONG"),
    429: ("Too many requests", "too_many_requests", "limit-exceeded", "TOO_MANY_REQUESTS"),
    500: ("Internal server error", "internal_error", "server-error", "internal_error"),
    502: ("Bad gateway", "bad_gateway", "bad-gateway", "BAD_GATEWAY"),
    504: ("Gateway timeout", "gateway_timeout", "gateway-timeout", "GATEWAY_TIMEOUT"),
}

# Where a face has words of its own.
WORDS = {
    ("api3", 401): "Invalid or missing token", ("api3", 403): "Insufficient permissions", ("api3", 404): "Unknown method",
    ("ricloud", 401): "Missing or invalid token", ("ricloud", 429): "Rate limit exceeded",
    ("openspecimen", 401): "You must supply valid credentials to access the OpenSpecimen REST API",
    ("openspecimen", 500): "Sorry, something went wrong.",
}


def page(face, status):
    """Type and content: a text for API3, for the others what the JSON says."""
    message, altogic, ricloud, openspecimen = PAGES[status]
    message = WORDS.get((face, status), message)
    if face == "api3":
        return "text/plain;charset=utf-8", message
    return "application/json", {
        "altogic": {"errors": [{"origin": "server_error" if status >= 500 else "client_error", "code": altogic,
                                "message": message}]},
        "ricloud": {"error": ricloud, "message": message},
        "openspecimen": [{"code": openspecimen, "message": message}],
    }[face]


def is_page(answer, face, status, closes=False):
    kind, content = page(face, status)
    assert (answer.status, answer.type) == (status, kind), (face, answer.text)
    assert (answer.text if face == "api3" else json.loads(answer.text)) == content
    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    assert answer.headers["Content-Length"] == (None if closes else str(len(answer.text)))
    assert answer.headers["Retry-After"] == ("1" if status == 429 else None)


@pytest.fixture(scope="module", params=["nginx", "apache"])
def web(request):
    folder = make_folder()
    service = Service(folder / "state", WEB=request.param, CARILLON_ALLOWED_ORIGINS="https://a.example http://b.example:8080",
                      ).start()
    yield service
    service.stop()
    shutil.rmtree(folder)


@pytest.mark.parametrize("face", FACES)
def test_each_page_of_apache_has_the_form_of_its_face(face):
    """Also those that no test can provoke. nginx makes its own from one table: carillon-texts.conf."""
    folder = ROOT / "conf" / "apache" / "errors" / face
    assert {int(path.stem) for path in folder.iterdir()} == PAGES.keys()
    for path in folder.iterdir():
        head, _, body = path.read_text().partition("\n\n")
        headers = email.message_from_string(head)
        kind, content = page(face, int(path.stem))
        assert headers["Status"].split()[0] == path.stem and headers["Content-Type"] == kind, path
        assert (body if face == "api3" else json.loads(body)) == content, path
        assert headers["Cache-Control"] == "no-store"


def test_the_table_of_nginx_has_the_words_of_each_face():
    """Also those that no test can provoke."""
    maps, name = {}, None
    for line in (ROOT / "nginx" / "carillon-texts.conf").read_text().splitlines():
        if line.startswith("map $status "):
            name = line.split()[2]
            maps[name] = {}
        elif line == "}":
            name = None
        elif name:
            key, _, value = line.strip().rstrip(";").partition(" ")
            maps[name][key] = value.strip().strip('"')

    def look(table, status):
        value = maps[table].get(str(status)) or maps[table]["default"]
        return look(value, status) if value.startswith("$") else value

    for status in PAGES:
        assert look("$carillon_api3_text", status) == page("api3", status)[1]
        assert {"code": look("$carillon_altogic_code", status), "message": look("$carillon_text", status)}.items() <= \
            page("altogic", status)[1]["errors"][0].items()
        assert {"error": look("$carillon_ricloud_code", status), "message": look("$carillon_ricloud_text", status)} == \
            page("ricloud", status)[1]
        assert [{"code": look("$carillon_openspecimen_code", status),
                 "message": look("$carillon_openspecimen_text", status)}] == page("openspecimen", status)[1]


# ---- about the body, and the path ------------------------------------------------------------------------


CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"


def head(path, *lines):
    return b"\r\n".join((b"POST " + path.encode() + b" HTTP/1.1", b"Host: x", b"Connection: close", *lines)) + b"\r\n\r\n"


@pytest.mark.parametrize("face, path", CALLS)
def test_a_body_over_the_limit_is_too_large(web, face, path):
    is_page(Raw(web, head(path, b"Content-Length: 2097152"), b"x" * 2097152), face, 413)
    is_page(Raw(web, head(path, b"Content-Length: 2097152", b"Expect: 100-continue")), face, 413)
    answer = Raw(web, head(path, b"Transfer-Encoding: chunked"), CHUNK * 32, b"0\r\n\r\n")
    if web.web == "nginx":
        is_page(answer, face, 413)
    else:
        # Apache has no limit of this kind: the application looks at the path, and may at the credentials, before the size.
        assert answer.status in (413, 401, 404) and answer.type == page(face, 413)[0]


@pytest.mark.parametrize("face, path", CALLS)
def test_a_chunk_that_is_none_is_a_bad_request(web, face, path):
    answer = Raw(web, head(path, b"Transfer-Encoding: chunked"), b"zz\r\n{}\r\n")
    is_page(answer, face, 400, closes=web.web == "apache")


@pytest.mark.parametrize("face, path", CALLS)
def test_a_path_that_is_too_long_is_said_in_the_form_of_its_face(web, face, path):
    is_page(Raw(web, b"GET " + path.encode() + b"/" + b"a" * 20480 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), face, 414)
    is_page(Raw(web, b"GET /" + path.encode() + b"?" + b"a" * 20480 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), face, 414)


# ---- about the application -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_an_application_that_hangs_or_is_stopped_is_said_in_the_form_of_each_face(make_service, kind):
    service = make_service(WEB=kind).start()
    reconfigure(service, (r"fastcgi_read_timeout \d+s", "fastcgi_read_timeout 1s") if kind == "nginx" else
                (r"\btimeout=\d+", "timeout=1"))
    workers = service.children("worker")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        for face, path in CALLS:
            is_page(service.nobody().post(path, "{}"), face, 504)
    finally:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    stop_application(service)
    for face, path in CALLS:
        is_page(service.nobody().post(path, "{}"), face, 502)
        answer = service.nobody().request("HEAD", path)
        assert (answer.status, answer.type, answer.body) == (502, page(face, 502)[0], b"")
    with application(service):
        until(lambda: service.nobody().post("/_api/rest/v1/task", "{}").status == 401, 10, "the application")


@pytest.mark.parametrize("length", ["ten", "-1", "1x", "5"])
def test_a_length_that_is_none_is_answered_in_the_form_of_its_face(web, length):
    """No web server hands such a thing on: straight to a worker. The last one is of a body that does not come."""
    env = web.env()
    credentials = {"/API3/tasks/findSchedule": {"HTTP_PATOKEN": env["PATOKEN"]},
                   "/_api/rest/v1/task": {"HTTP_X_CLIENT_KEY": env["ALTOGIC_CLIENT_KEY"]},
                   "/results/1/ack": {"HTTP_AUTHORIZATION": f"Token {env['RICLOUD_TOKEN']}"},
                   "/scheduled-jobs": {"HTTP_X_OS_API_TOKEN": env["OPENSPECIMEN_TOKEN"]}}
    for face, path in zip(FACES, credentials):
        status, headers, body = fastcgi.ask_whole(env["SOCKET"], "POST", path, b"", CONTENT_LENGTH=length, **credentials[path])
        assert status in (400, 404), (face, body)
        if face == "api3":
            assert (headers["Content-Type"], body) == ("text/plain;charset=utf-8", b"Request body is incomplete")
        else:
            assert headers["Content-Type"] == "application/json"
            assert {"altogic": lambda said: said["errors"][0]["origin"], "ricloud": lambda said: said["error"],
                    "openspecimen": lambda said: said[0]["code"]}[face](json.loads(body))


def test_a_path_with_an_encoded_slash_reaches_its_face(web):
    """Apache alone would answer it itself, with a page of its own."""
    for path, status in {"/_api/rest/v1/task/a%2Fb": 401, "/tasks/a%2Fb": 404, "/tasks/a%20b/c%3Fd": 404, "/tasks/": 404}.items():
        answer = web.nobody().request("GET", path)
        assert (answer.status, answer.type) == (status, "application/json"), path


# ---- pages of other sites --------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://a.example", "http://b.example:8080"])
def test_a_listed_page_may_read_what_altogics_web_server_says(web, origin):
    for path in ("/_api/rest/v1/task", "/e:x/_api/rest/v1/task"):
        answer = web.nobody().post(path, b"x" * 2097152, {"Origin": origin})
        is_page(answer, "altogic", 413)
        assert answer.headers.get_all("Access-Control-Allow-Origin") == [origin]
        assert answer.headers.get_all("Access-Control-Allow-Credentials") == ["true"]
        assert answer.headers.get_all("Vary") == ["Origin"]


@pytest.mark.parametrize("origin", ["https://b.example", "https://a.example.org", "https://aXexample", "xhttps://a.example",
                                    "null", "*", ""])
def test_a_page_that_is_not_listed_may_not(web, origin):
    answer = web.nobody().post("/_api/rest/v1/task", b"x" * 2097152, {"Origin": origin})
    is_page(answer, "altogic", 413)
    assert not [name for name in answer.headers if name.lower().startswith("access-control") or name.lower() == "vary"]


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_all_pages_may_where_all_are_listed(make_service, kind):
    service = make_service(WEB=kind, CARILLON_ALLOWED_ORIGINS="*").start()
    answer = service.nobody().post("/_api/rest/v1/task", b"x" * 2097152, {"Origin": "https://any.example"})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (413, "https://any.example")
    answer = service.nobody().post("/_api/rest/v1/task", b"x" * 2097152)
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (413, None)


# ---- limits ----------------------------------------------------------------------------------------------


def test_log_ins_of_one_address_are_limited_by_nginx(make_service):
    """At all faces together: who guesses has one allowance."""
    nobody = make_service(WEB="nginx", LOGIN_RATE="1r/m").start().nobody()
    paths = {"/_api/rest/v1/auth/signin-email": "altogic", "/e:x//_api/rest/v1/auth/signin-email/": "altogic",
             "/openspecimen/rest/ng/sessions": "openspecimen", "/rest//ng/sessions/": "openspecimen"}
    limited = [nobody.post(path, "{}").status == 429 for _ in range(8) for path in paths]
    assert limited == sorted(limited) and 9 <= sum(limited) <= 17
    for path, face in paths.items():
        is_page(nobody.post(path, "{}"), face, 429)
        # What ends a session, and what is no log-in, is not counted.
        assert nobody.request("DELETE", path).status != 429
    assert nobody.post("/_api/rest/v1/task", "{}").status == 401


# ---- off, or elsewhere -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_a_face_lies_where_it_is_put_and_its_old_place_is_nobodys(make_service, kind):
    service = make_service(WEB=kind, CARILLON_API3_AT="/ops", CARILLON_ALTOGIC_AT="/ops/v1.0", CARILLON_RICLOUD_AT="/ops",
                           CARILLON_OPENSPECIMEN_AT="/Bio").start()
    places = {"api3": "/ops", "altogic": "/ops/v1.0", "ricloud": "/ops", "openspecimen": "/Bio"}
    nobody = service.nobody()
    for face, path in CALLS:
        is_page(nobody.post(places[face] + path, b"x" * 2097152), face, 413)
        is_page(Raw(service, head(places[face] + path + "/" + "a" * 20480)), face, 414)
        answer = nobody.post(places[face] + path, "{}")
        assert answer.type == page(face, 404)[0] and answer.status in (400, 401, 404, 405), path
        assert answer.text.startswith({"api3": "", "openspecimen": "[{", "ricloud": "{\"error\":\"", "altogic": "{\"errors\":["}[face]), path
        is_nobodys(nobody.post(path, "{}"), path)
        is_nobodys(nobody.post("/other" + path, "{}"), path)
    assert service.ctl("schedule", "list").returncode == 0
    assert service.env()["PATOKEN"]


@pytest.mark.parametrize("kind", ["nginx", "apache"])
def test_a_face_that_is_off_is_nobodys(make_service, kind):
    for off in (("api3", "ricloud"), ("altogic", "openspecimen")):
        service = make_service(off[0], WEB=kind, **{f"CARILLON_{face.upper()}_AT": "off" for face in off}).start()
        for face, path in CALLS:
            answer = service.nobody().post(path, b"x" * 2097152)
            if face in off:
                is_nobodys(service.nobody().post(path, "{}"), path)
            else:
                is_page(answer, face, 413)
        assert service.ctl("schedule", "list").returncode == 0
        assert service.nobody().request("GET", "/healthz").text == "ok\n"
        service.stop()


def is_nobodys(answer, path):
    """No face speaks: all clients can read it."""
    assert (answer.status, answer.type) == (404, "application/json"), path
    assert json.loads(answer.text) == {"error": "not-found", "message": "Not found", "errors": [
        {"origin": "client_error", "code": "not_found", "message": "Not found"}]}


def test_a_place_that_is_none_is_named_before_anything_is_started(make_service):
    for place in ("ops", "/o ps", "/o;ps"):
        service = make_service(f"state {len(place)}", CARILLON_RICLOUD_AT=place)
        done = service.quickstart("start")
        assert done.returncode != 0 and f"CARILLON_RICLOUD_AT={place} is neither off nor / nor" in done.stderr
        assert not pathlib.Path(service.state / "quickstart.env").exists()
