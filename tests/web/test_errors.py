"""What nginx and Apache answer by themselves: each fault is provoked, and the answer has the form of the face.

Both run as the quickstart starts them. Where a fault takes minutes, its time limit is made short in the copy of the
configuration that the quickstart has laid into its directory.
"""

import contextlib
import json
import os
import shutil
import signal
import socket

import pytest

from carillon import SLOW, Service, make_folder, until
from webserver import Raw, application, reconfigure, stop_application

TEXT = "text/plain;charset=utf-8"
COMMON = {"error": "bad-request", "message": "Bad request",
          "errors": [{"origin": "client_error", "code": "bad_request", "message": "Bad request"}]}
CALL = b"POST /API3/tasks/findSchedule HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def is_text(answer, status, text):
    assert (answer.status, answer.type, answer.text) == (status, TEXT, text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Length"] == str(len(text))


@pytest.fixture(scope="module", params=["nginx", "apache"])
def web(request):
    """A service behind either web server, which the tests of this file share."""
    folder = make_folder()
    service = Service(folder / "state", WEB=request.param).start()
    yield service
    service.stop()
    shutil.rmtree(folder)


@pytest.fixture(params=["nginx", "apache"])
def own_web(request, make_service):
    """The same, for tests that stop something."""
    return make_service(WEB=request.param).start()


# ---- before the path is known ----------------------------------------------------------------------------


@pytest.mark.parametrize("request_bytes, status", [
    (b"P\x01ST / HTTP/1.1\r\n\r\n", 400),
    (b"POST /API3/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"POST /API3/../../x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"POST /API3/tasks/findSchedule HTTP/1.1\r\n\r\n", 400),
    (CALL + b"X: " + b"a" * 40000 + b"\r\n\r\n", 400),
    (CALL + b"Content-Length: -1\r\n\r\n", 400),
    (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"TRACE /API3/tasks/findSchedule HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"POST /nothing/" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
], ids=["malformed", "escape", "above the root", "no host", "headers", "length", "TRACE", "TRACE of a method", "path"])
def test_a_fault_before_the_path_is_known_has_the_common_body(web, request_bytes, status):
    answer = Raw(web, request_bytes)
    assert (answer.status, answer.type, json.loads(answer.text)) == (status, "application/json", COMMON)


def test_a_transfer_coding_that_nobody_knows_has_the_common_body(web):
    answer = Raw(web, CALL + b"Transfer-Encoding: gzip\r\n\r\n")
    assert answer.status in (400, 501)
    assert (answer.type, json.loads(answer.text)) == ("application/json", COMMON)


@pytest.mark.parametrize("path", [b"/API3/tasks/", b"/api3/", b"//Api3//tasks/"])
def test_a_path_that_is_too_long_has_the_form_of_its_face(web, path):
    is_text(Raw(web, b"POST " + path + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 414, "Request URI too long")


def test_a_path_that_nobody_owns_is_no_html(web):
    for path in ("/", "/nothing", "/API31/tasks/x", "/healthz/x", "/_carillon/errors/api3/502.asis", "/_carillon/common",
                 "/_carillon/output/1", "/_carillon/altogic", "/openspecimen", "/rest", "/scheduled-jobsx", "/e", "/tasksx"):
        answer = web.nobody().request("GET", path)
        assert answer.status == (200 if path == "/" else 404), path
        assert "html" not in answer.type and "<" not in answer.text, path


# ---- about the body --------------------------------------------------------------------------------------


def test_a_chunk_that_is_none_is_a_bad_request(web):
    answer = Raw(web, CALL + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")
    assert (answer.status, answer.type, answer.text) == (400, TEXT, "Bad request")


CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"


@pytest.mark.parametrize("parts", [
    (b"Content-Length: 1048577\r\n\r\n",),
    (b"Content-Length: 1048577\r\nExpect: 100-continue\r\n\r\n",),
    (b"Content-Length: 2097152\r\n\r\n", b"x" * 2097152),
    (b"Transfer-Encoding: chunked\r\n\r\n", CHUNK * 32, b"0\r\n\r\n"),
], ids=["announced", "asked before", "sent", "chunked"])
def test_a_body_over_the_limit_is_too_large(web, parts):
    is_text(Raw(web, CALL, *parts), 413, "Request body too large")


@pytest.mark.parametrize("parts", [
    (b"Content-Length: 1048576\r\n\r\n", b"x" * 1048576),
    (b"Transfer-Encoding: chunked\r\n\r\n", CHUNK * 16, b"0\r\n\r\n"),
], ids=["sent", "chunked"])
def test_a_body_of_just_the_limit_gets_through(web, parts):
    is_text(Raw(web, CALL, *parts), 401, "Invalid or missing token")


def test_a_client_that_stops_sending_is_not_waited_for(own_web):
    """nginx closes the connection without a word, as it does wherever a client is too slow; Apache says why."""
    if own_web.web == "nginx":
        reconfigure(own_web, ("client_body_timeout 30s", "client_body_timeout 1s"))
        with socket.create_connection(("127.0.0.1", own_web.port), timeout=15 * SLOW) as s:
            s.sendall(CALL + b"Content-Length: 20\r\n\r\n{")
            # The quickstart's has reset_timedout_connection.
            with contextlib.suppress(ConnectionResetError):
                assert s.recv(1000) == b""
        return
    reconfigure(own_web, ("body=20-60,MinRate=20000", "body=1"))
    for framing in (b"Content-Length: 20\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"):
        is_text(Raw(own_web, CALL, framing), 408, "Request timeout")


def test_a_client_that_sends_slowly_holds_no_worker(make_service):
    for kind in ("nginx", "apache"):
        service = make_service(kind, WEB=kind, CARILLON_WORKERS_MIN="1", CARILLON_WORKERS_MAX="1").start()
        with contextlib.ExitStack() as slow:
            for framing in (b"Content-Length: 20\r\n\r\n{", b"Content-Length: 40000\r\n\r\n" + b"{" * 30000,
                            b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"):
                s = slow.enter_context(socket.create_connection(("127.0.0.1", service.port)))
                s.sendall(CALL + framing)
            for _ in range(3):
                answer = service.nobody().request("POST", "/API3/tasks/findSchedule", timeout=5 * SLOW)
                assert answer.status == 401


# ---- about the application -------------------------------------------------------------------------------


def test_a_stopped_application_is_a_bad_gateway_and_a_started_one_is_seen_at_once(own_web):
    stop_application(own_web)
    for _ in range(5):
        is_text(own_web.nobody().call("findSchedule"), 502, "Bad gateway")
    is_text(own_web.nobody().request("GET", "/healthz"), 502, "Bad gateway")
    head = own_web.nobody().request("HEAD", "/API3/tasks/findSchedule")
    assert (head.status, head.type, head.body) == (502, TEXT, b"")
    with application(own_web):
        until(lambda: own_web.nobody().call("findSchedule").status == 401, 10, "the application")


def fake_application(path, answers):
    """Listens where the application did; each connection gets one of `answers`, whatever it asks."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    server = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(path.parent)
    server.bind(path.name)
    os.chdir(here)
    path.chmod(0o666)
    server.listen()
    pid = os.fork()
    if pid == 0:
        try:
            for answer in answers:
                connection, _ = server.accept()
                connection.settimeout(5)
                connection.recv(65536)
                connection.sendall(answer)
                connection.close()
        finally:
            os._exit(0)
    server.close()
    return pid


def record(kind, content):
    """One of FastCGI's records."""
    return bytes([1, kind, 0, 1, len(content) >> 8, len(content) & 255, 0, 0]) + content


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\nhello", record(6, b"Status: 200 OK\r\nContent-Ty")],
                         ids=["nothing", "no FastCGI", "half a header"])
def test_an_application_that_breaks_off_is_a_bad_gateway(own_web, answer):
    stop_application(own_web)
    pid = fake_application(own_web.state / "sock" / "carillon.sock", [answer])
    try:
        is_text(own_web.nobody().call("findSchedule"), 502, "Bad gateway")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_workers_that_do_not_answer_are_a_gateway_timeout(own_web):
    reconfigure(own_web, (r"fastcgi_read_timeout \d+s", "fastcgi_read_timeout 1s") if own_web.web == "nginx" else
                (r"\btimeout=\d+", "timeout=1"))
    workers = own_web.children("worker")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        is_text(own_web.nobody().call("findSchedule"), 504, "Gateway timeout")
        is_text(own_web.nobody().request("GET", "/healthz"), 504, "Gateway timeout")
    finally:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    until(lambda: own_web.nobody().call("findSchedule").status == 401, 20, "an answer of the workers")


def test_what_the_application_says_is_wrong_is_said_in_its_words(web):
    nobody = web.nobody()
    is_text(nobody.call("nope"), 404, "Unknown method")
    is_text(nobody.call("findSchedule"), 401, "Invalid or missing token")
    is_text(nobody.call("authenticateUser", "", service="authentication"), 400, "Request body is empty")
    is_text(nobody.call("authenticateUserSAML", "", service="authentication"), 501,
            "Not implemented: authenticateUserSAML")
    for method in ("GET", "PUT", "OPTIONS", "PATCH", "PROPFIND", "FOO"):
        answer = nobody.request(method, "/API3/tasks/findSchedule")
        is_text(answer, 405, "Method not allowed")
        assert answer.headers["Allow"] == "POST"
    head = nobody.request("HEAD", "/API3/tasks/findSchedule")
    assert (head.status, head.headers["Allow"], head.body) == (405, "POST", b"")


@pytest.mark.parametrize("path", ["/API3/tasks/nope%20", "/api3//tasks/%6eope", "/API3/tasks/no%3Fpe?x=1",
                                  "/API3/tasks/%C3%A9%25", "/%41PI3/./tasks/x/../nope", "/API3/tasks/a%0d%0ab"])
def test_the_path_is_the_decoded_one(web, path):
    is_text(web.nobody().post(path), 404, "Unknown method")


def test_healthz_is_for_reading(web):
    answer = web.nobody().request("GET", "/healthz")
    assert (answer.status, answer.text, answer.headers["Content-Length"]) == (200, "ok\n", "3")
    assert web.nobody().request("HEAD", "/healthz").body == b""
    assert web.nobody().request("POST", "/healthz").status == 405


# ---- limits ----------------------------------------------------------------------------------------------


def test_log_ins_of_one_address_are_limited_and_nothing_else_is(make_service):
    """Apache has nothing of the kind: what holds there is the service's own lock-out."""
    service = make_service(WEB="nginx", LOGIN_RATE="1r/m").start()
    nobody = service.nobody()
    paths = ["/API3/authentication/authenticateUser", "//api3/auth//authenticateUserByToken%20",
             "/API3/auth/authenticateUser?x=1"]
    # One and then 20 at once, of which the start itself took a few.
    limited = [nobody.post(paths[i % 3], "{}").status == 429 for i in range(30)]
    assert limited == sorted(limited) and 9 <= sum(limited) <= 15
    for path in paths:
        answer = nobody.post(path, "{}")
        is_text(answer, 429, "Too many requests")
        assert answer.headers["Retry-After"] == "1"
    assert service.admin().call("findSchedule", {}).status == 200
    assert nobody.post("/API3/authentication/authenticateUserSAML").status == 501
