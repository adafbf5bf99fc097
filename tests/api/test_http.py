"""HTTP tasks from outside: a target on 127.0.0.1, and the whole service."""

import http.server
import json
import re
import shutil
import threading

import pytest

from carillon import Service, make_folder, until


class Target:
    """A web server that remembers what it was asked and answers as it was told to."""

    def __init__(self):
        self.asked = []
        self.answers = {}
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                target.asked.append((self.command, self.path, dict(self.headers.items()), body.decode()))
                status, headers, text = target.answers.get(self.path.split("?")[0], (200, {}, "hello\nlast line\n"))
                if callable(text):
                    text = text(self, body.decode())
                data = text.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = serve

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, status=200, text="hello\nlast line\n", **headers):
        self.answers[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, text)

    def got(self, path):
        return [asked for asked in self.asked if asked[1].split("?")[0] == path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def target():
    target = Target()
    yield target
    target.close()


@pytest.fixture(scope="module")
def opened():
    """A service whose HTTP tasks may reach 127.0.0.1, and nothing else that is not public."""
    folder = make_folder()
    service = Service(folder / "state", CARILLON_HTTP_ALLOW="127.0.0.1", CARILLON_HTTP_PORTS="1024-65535").start()
    yield service
    service.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def client(opened):
    return opened.admin()


def request(client, name, url, before=(), **http):
    """A schedule of one request; `before` are tasks before it."""
    members = {key: http.pop(key) for key in ("timeout", "after") if key in http}
    tasks = [*before, {"name": "ask", "http": {"url": url, **http}, **members}]
    answer = client.call("createSchedule", {"name": name, "tasks": tasks})
    assert answer.status == 200, answer
    return answer.json()


def run(client, schedule, **members):
    """The execution when it has ended."""
    execution = client.run(schedule, **members)
    client.ended(execution, 30)
    return next(x for x in client.call("listExecutions", {"scheduleId": schedule}).json()["items"]
                if x["executionId"] == execution)


def attempt(execution):
    return execution["tasks"][-1]["attempts"][-1]


def log(client, execution, stream="stdout"):
    return client.call("getTaskLog", {"taskId": execution["tasks"][-1]["taskId"], "stream": stream}).text


OK, FAILED = 1, 3


def test_a_request_is_made_and_its_answer_is_the_output(client, target):
    schedule = request(client, 'http: "asks"', f"{target.url}/asks?day=${{scheduledDate}}&of=${{scheduleName}}",
                       headers={"X-Own": "run of ${scheduleName}", "Content-Type": "application/json"},
                       body='{"of": "${scheduleName}"}')
    done = run(client, schedule)
    assert done["tasks"][0]["status"] == OK
    assert attempt(done)["httpStatus"] == 200
    assert "pid" not in attempt(done) and "exitCode" not in attempt(done)
    [(method, path, headers, body)] = target.got("/asks")
    assert method == "POST"
    assert re.fullmatch(r"/asks\?day=\d{4}-\d\d-\d\d&of=http%3A%20%22asks%22", path)
    assert json.loads(body) == {"of": 'http: "asks"'}
    assert headers["X-Own"] == 'run of http: "asks"'
    assert headers["X-Carillon-Schedule-Id"] == schedule
    assert headers["X-Carillon-Execution-Id"] == done["executionId"]
    assert headers["X-Carillon-Attempt"] == "1"
    assert headers["X-Carillon-Args"] == ""
    assert headers["Idempotency-Key"]
    assert log(client, done) == "hello\nlast line\n"
    assert "HTTP/1.1 200" in log(client, done, "stderr")


def test_the_last_line_of_the_task_before_is_handed_on(client, target):
    before = {"name": "extract", "command": ["/bin/sh", "-c", "echo one; echo '42 \"rows\"'"]}
    schedule = request(client, "http: result", f"{target.url}/result", [before], after=[{"task": "extract"}],
                       body='{"r": "${result}", "same": "${result:extract}"}',
                       headers={"Content-Type": "application/json"})
    assert run(client, schedule)["tasks"][1]["status"] == OK
    assert json.loads(target.got("/result")[0][3]) == {"r": '42 "rows"', "same": '42 "rows"'}


@pytest.mark.parametrize("status, expect, good", [
    (204, None, True), (404, None, False), (500, None, False), (302, None, False),
    (409, [200, 409], True), (200, ["4xx"], False), (404, "4xx", True), (201, "200-202", True)])
def test_the_status_decides(client, target, status, expect, good):
    path = f"/status{status}{expect}".replace(" ", "")
    target.answer("/" + path.strip("/").translate(str.maketrans("", "", "[]',\"")), status)
    path = "/" + path.strip("/").translate(str.maketrans("", "", "[]',\""))
    schedule = request(client, f"http: {path}", target.url + path, method="GET",
                       **({"expectStatus": expect} if expect else {}))
    done = run(client, schedule)
    assert attempt(done)["httpStatus"] == status
    assert done["tasks"][0]["status"] == (OK if good else FAILED)
    if not good:
        assert attempt(done)["reason"] == f"answered with status {status}"
    assert len(target.got(path)) == 1


def test_redirects_are_followed_only_when_asked_for(client, target):
    target.answer("/moved", 302, "go", Location="/here")
    target.answer("/here", 200, "there\n")
    schedule = request(client, "http: moved", f"{target.url}/moved", followRedirects=3, body="x")
    done = run(client, schedule)
    assert (attempt(done)["httpStatus"], log(client, done)) == (200, "there\n")
    assert [asked[0] for asked in target.got("/here")] == ["GET"]
    schedule = request(client, "http: moved on", f"{target.url}/moved")
    assert attempt(run(client, schedule))["httpStatus"] == 302


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest/meta-data", "http://127.0.0.2:8080/", "http://[::1]:8080/",
                                "http://localhost.localdomain:22/", "file:///etc/passwd", "gopher://127.0.0.1:8080/"])
def test_a_redirect_does_not_lead_around_the_guard(client, target, to):
    path = "/to" + re.sub("[^a-z0-9]", "", to)
    target.answer(path, 302, "go", Location=to)
    done = run(client, request(client, f"http: {to}", target.url + path, followRedirects=3))
    assert done["tasks"][0]["status"] == FAILED, attempt(done)
    assert attempt(done)["reason"]


@pytest.mark.parametrize("url, why", [
    ("http://127.0.0.2:8080/", "loopback"), ("http://0.0.0.0:8080/", "unspecified"), ("http://2130706434:8080/", "loopback"),
    ("http://0x7f.2:8080/", "loopback"), ("http://[::ffff:127.0.0.1]:8080/", "IPv4"), ("http://169.254.169.254:8080/", "metadata"),
    ("http://10.0.0.1:8080/", "private"), ("http://127.0.0.1:22/", "port")])
def test_what_is_not_of_the_public_internet_is_refused(client, url, why):
    done = run(client, request(client, f"http: refused {url}", url))
    assert done["tasks"][0]["status"] == FAILED
    assert why in attempt(done)["reason"], attempt(done)


def test_a_target_that_is_too_slow_is_given_up(client, target):
    gate = threading.Event()
    target.answer("/slow", 200, lambda *_: str(gate.wait(30)))
    done = run(client, request(client, "http: slow", f"{target.url}/slow", timeout="300ms"))
    gate.set()
    assert done["tasks"][0]["status"] == FAILED
    assert attempt(done)["reason"] == "timed out after 300ms"


def test_a_run_that_is_cancelled_asks_no_more(client, target):
    gate = threading.Event()
    target.answer("/cancelled", 200, lambda *_: str(gate.wait(30)))
    execution = client.run(request(client, "http: cancelled", f"{target.url}/cancelled"))
    until(lambda: target.got("/cancelled"), 20, "the request")
    assert client.call("cancelExecution", json.dumps(execution)).status == 200
    assert client.ended(execution, 20) == 8
    gate.set()


def test_an_answer_that_is_too_long_has_failed(client, target):
    target.answer("/long", 200, "x" * 5000)
    done = run(client, request(client, "http: long", f"{target.url}/long", maxBytes=4999))
    assert attempt(done)["reason"] == "the answer has more than 4999 bytes"
    assert done["tasks"][0]["status"] == FAILED
    assert run(client, request(client, "http: not too long", f"{target.url}/long", maxBytes=5000))["tasks"][0]["status"] == OK


@pytest.mark.parametrize("http, why", [
    ({}, "Missing value: tasks[0].http.url"),
    ({"url": "ftp://h/"}, "tasks[0].http.url: must begin with http:// or https://"),
    ({"url": "http://u:p@h/"}, "tasks[0].http.url: must hold no user or password"),
    ({"url": "http://${args}/"}, "tasks[0].http.url: its host must not be a placeholder"),
    ({"url": "http://h/${secret:a}"}, "tasks[0].http.url: must hold no secret"),
    ({"url": "http://h/ x"}, "tasks[0].http.url: must have no blanks"),
    ({"url": "http://h/${nothing}"}, "begins no placeholder"),
    ({"url": "http://h/${result}"}, "has a ${result} of no task"),
    ({"url": "http://h/", "headers": {"Host": "x"}}, "Host is set by the server"),
    ({"url": "http://h/", "headers": {"host": "x"}}, "host is set by the server"),
    ({"url": "http://h/", "headers": {"X-Carillon-Task-Id": "x"}}, "is set by the server"),
    ({"url": "http://h/", "headers": {"A": "x\r\nB: y"}}, "tasks[0].http.headers.A: must be one line"),
    ({"url": "http://h/", "headers": {"A\r\nB": "y"}}, "a name must be of letters"),
    ({"url": "http://h/", "headers": {"A": "x", "a": "y"}}, "a is there twice"),
    ({"url": "http://h/", "method": "get"}, "tasks[0].http.method: must be a method in capitals"),
    ({"url": "http://h/", "method": "CONNECT"}, "tasks[0].http.method: must be"),
    ({"url": "http://h/", "method": "GET", "body": "x"}, "tasks[0].http.body: a GET or HEAD has none"),
    ({"url": "http://h/", "expectStatus": "2x"}, "tasks[0].http.expectStatus: must be statuses"),
    ({"url": "http://h/", "expectStatus": [99]}, "tasks[0].http.expectStatus[0]: must be statuses"),
    ({"url": "http://h/", "followRedirects": 21}, "tasks[0].http.followRedirects: must be a whole number from 0 to 20"),
    ({"url": "http://h/", "tls": {"caFile": "x"}}, "tasks[0].http.tls.caFile: must be an absolute path"),
    ({"url": "http://h/", "tls": {"clientKey": "/x"}}, "tasks[0].http.tls.clientKey: is of no use without clientCert"),
    ({"url": "http://h/", "heartbeat": "1m"}, "tasks[0].http.heartbeat: only a request with async has one"),
    ({"url": "http://h/", "x": 1}, "tasks[0].http.x: there is no such member")])
def test_a_request_that_cannot_be_made_is_refused_when_it_is_saved(client, http, why):
    answer = client.call("createSchedule", {"name": "http: bad", "tasks": [{"name": "ask", "http": http}]})
    assert answer.status == 400 and why in answer.text, answer


@pytest.mark.parametrize("member", [{"command": ["/bin/true"]}, {"env": {"A": "b"}}, {"cwd": "/"}, {"acceptArgs": True},
                                    {"resultFile": "x"}, {"killGrace": "1s"}])
def test_a_task_is_a_command_or_a_request(client, member):
    answer = client.call("createSchedule", {"name": "http: both", "tasks": [{"name": "ask", "http": {"url": "http://h/"}, **member}]})
    assert answer.status == 400 and "Invalid value: tasks[0]" in answer.text, answer


def test_a_request_reads_back_as_it_was_given(client):
    http = {"method": "PUT", "url": "https://example.test/a?b=${args}", "headers": {"A": "b", "X-Z": "${taskId}"}, "body": "x",
            "expectStatus": ["2xx", "404", "500-504"],
            "tls": {"caFile": "/etc/a.pem", "clientCert": "/etc/b.pem", "clientKey": "/etc/c.pem", "verify": False},
            "followRedirects": 2, "maxBytes": 1000, "connectTimeout": "3s", "async": False}
    schedule = request(client, "http: read back", **http, timeout="1m")
    task = client.call("getSchedule", json.dumps(schedule)).json()["tasks"][0]
    assert task == {"name": "ask", "http": http, "timeout": "1m", "retries": None, "after": [], "afterMatch": "all"}


# ---- secrets ---------------------------------------------------------------------------------------------


def set_secret(client, name, value):
    answer = client.call("setSecret", {"name": name, "value": value})
    assert answer.status == 200, answer


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("__db")]


def test_a_secret_goes_where_it_is_named_and_is_seen_nowhere(client, target, opened):
    set_secret(client, "api", 'Xyzzy"plugh')
    target.answer("/secret", 200, lambda request, body: request.headers["Authorization"] + "\n" + body)
    schedule = request(client, "secret: asks", f"{target.url}/secret", headers={"Authorization": "Bearer ${secret:api}",
                       "Content-Type": "application/json"}, body='{"key": "${secret:api}"}')
    done = run(client, schedule)
    assert done["tasks"][0]["status"] == OK
    [(_, _, headers, body)] = target.got("/secret")
    assert headers["Authorization"] == 'Bearer Xyzzy"plugh'
    assert json.loads(body) == {"key": 'Xyzzy"plugh'}
    assert log(client, done) == 'Bearer ***\n{"key": "***"}'
    for answer in (client.call("getSchedule", json.dumps(schedule)), client.call("listExecutions", {"scheduleId": schedule}),
                   client.call("listSecrets", {}), client.call("list", {"limit": 100}, service="audit")):
        assert answer.status == 200 and "plugh" not in answer.text
    assert 'secret.set' in client.call("list", {"limit": 100}, service="audit").text
    seen = [path for path in files_below(opened.state) if b'Xyzzy"plugh' in path.read_bytes() or b'Xyzzy\\"plugh' in path.read_bytes()]
    assert seen == []


def test_a_secret_of_a_command_is_masked_in_both_streams_and_its_last_line(client):
    set_secret(client, "env", "hush-hush-7\nsecond-line-7")
    script = "printf 'a hush-hush'; sleep 0.2; printf -- '-7 b\\n'; echo \"$S\" >&2; echo \"last $S\" | tail -n 1"
    tasks = [{"name": "say", "command": ["/bin/sh", "-c", script], "env": {"S": "${secret:env}"}},
             {"name": "next", "command": ["/bin/sh", "-c", "echo \"$CARILLON_AFTER_SAY_LINE\""], "after": [{"task": "say"}]}]
    schedule = client.call("createSchedule", {"name": "secret: env", "tasks": tasks}).json()
    done = run(client, schedule)
    task = done["tasks"][0]["taskId"]
    assert client.call("getTaskLog", {"taskId": task, "stream": "stdout"}).text == "a *** b\n***\n"
    assert client.call("getTaskLog", {"taskId": task, "stream": "stderr"}).text == "***\n"
    assert log(client, done) == "***\n"


def test_a_new_value_is_for_the_next_attempt(client, target):
    set_secret(client, "turns", "first-value")
    schedule = request(client, "secret: turns", f"{target.url}/turns", headers={"X-Key": "${secret:turns}"})
    run(client, schedule)
    set_secret(client, "turns", "second-value")
    run(client, schedule)
    assert [asked[2]["X-Key"] for asked in target.got("/turns")] == ["first-value", "second-value"]


def test_without_its_secret_nothing_runs(client, target):
    schedule = request(client, "secret: none", f"{target.url}/none", body="${secret:not-there}")
    done = run(client, schedule)
    assert done["tasks"][0]["status"] == FAILED
    assert attempt(done)["reason"] == "there is no secret not-there"
    assert target.got("/none") == []


def test_a_secret_that_is_named_stays(client, target):
    set_secret(client, "used", "four-and-more")
    schedule = request(client, "secret: used", f"{target.url}/used", body="${secret:used}")
    answer = client.call("deleteSecret", {"name": "used"})
    assert (answer.status, answer.text) == (409, "The secret is named by the schedule secret: used")
    assert client.call("deleteSchedule", json.dumps(schedule)).status == 200
    assert client.call("deleteSecret", {"name": "used"}).status == 200
    assert "used" not in [one["name"] for one in client.call("listSecrets", {}).json()["items"]]
    assert client.call("deleteSecret", {"name": "used"}).text == "Secret not found"


@pytest.mark.parametrize("name, value, why", [
    ("", "long enough", "name"), ("a b", "long enough", "name"), ("x" * 65, "long enough", "name"),
    ("a", "abc", "value: must have 4 to 8192 bytes"), ("a", "x" * 8193, "value: must have 4 to 8192 bytes")])
def test_what_is_no_secret_is_refused(client, name, value, why):
    answer = client.call("setSecret", {"name": name, "value": value})
    assert answer.status == 400 and why in answer.text and "xxxxxxxxxx" not in answer.text


def test_a_secret_in_an_argument_is_refused_with_the_mend(client):
    answer = client.call("createSchedule", {"name": "secret: argv", "tasks": [
        {"name": "a", "command": ["/bin/echo", "${secret:api}"]}]})
    assert answer.status == 400
    assert answer.text.startswith("Invalid value: tasks[0].command[1]: must hold no secret") and "put it into env" in answer.text


def test_a_request_with_a_secret_is_not_led_to_another_host(client, target):
    set_secret(client, "stays", "stays-at-home")
    target.answer("/away", 307, "go", Location=target.url.replace("127.0.0.1", "localhost") + "/stolen")
    done = run(client, request(client, "secret: away", f"{target.url}/away", followRedirects=2, headers={"X-Key": "${secret:stays}"}))
    assert done["tasks"][0]["status"] == FAILED and "not to see its secrets" in attempt(done)["reason"]
    assert target.got("/stolen") == []
