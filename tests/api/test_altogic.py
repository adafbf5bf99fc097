"""Altogic's face from outside, byte by byte, row by row of its contract (section 8.2). What the real client makes of it is
tests/clients/test_altogic_client.py."""

import http.client
import json
import os
import re
import signal
import subprocess
import threading

import pytest

from altogic import EMAIL, PASSWORD, make_keys
from carillon import BUILD, SLOW, until

BASE = "/_api/rest/v1/"
TASK = f"{BASE}task"
ID = re.compile(r"6361726900[0-9a-f]{14}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UNKNOWN = "6237b225b9a84d607cd79044"
ORIGIN = "https://page.test"
DAY_S = 24 * 3600


class Face:
    """Raw calls to one service with one client key."""

    def __init__(self, service, key):
        self.service = service
        self.client = service.nobody()
        self.key = key

    def request(self, method, path, body=None, **headers):
        """A header is said as x_client_key="…"; None: it is not sent."""
        headers = {"x_client_key": self.key, **headers}
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        return self.client.request(method, path, body.encode() if isinstance(body, str) else body, sent)

    def run(self, name, **headers):
        return self.request("POST", TASK, {"taskNameOrId": name}, **headers)

    def status(self, task, **headers):
        return self.request("GET", f"{TASK}/{task}", **headers)

    def ended(self, task, seconds=10.0):
        return until(lambda: (info := is_json(self.status(task))) and "completedAt" in info and info, seconds, f"the end of {task}")


def is_json(answer):
    assert answer.status == 200, answer
    assert answer.type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    return json.loads(answer.body)


def is_info(answer, name):
    """The TaskInfo of a run that was just asked for."""
    info = is_json(answer)
    assert list(info) == ["taskId", "scheduledTaskId", "scheduledTaskName", "triggeredAt", "status"]
    assert ID.fullmatch(info["taskId"]) and ID.fullmatch(info["scheduledTaskId"]) and TIME.fullmatch(info["triggeredAt"])
    assert (info["scheduledTaskName"], info["status"]) == (name, "pending")
    return info


def is_error(answer, status, code, field=None):
    """[30] Each has an array, three strings, a reason phrase; and nothing of it may be kept in a cache."""
    assert (answer.status, answer.type) == (status, "application/json"), answer
    assert answer.reason
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.headers["WWW-Authenticate"] == ('Session realm="altogic"' if status == 401 else None)
    body = json.loads(answer.body)
    assert list(body) == ["errors"]
    (error,) = body["errors"]
    assert error["code"] == code
    assert error["origin"] == ("client_error" if status < 500 else "server_error")
    assert isinstance(error["message"], str) and error["message"]
    assert error.get("details") == (field and {"field": field})
    return error


@pytest.fixture(scope="module")
def own(make_shared_service):
    """A service that lists an origin; the tests of this file share it."""
    return make_shared_service("altogic", CARILLON_ALLOWED_ORIGINS=ORIGIN).start()


@pytest.fixture(scope="module")
def keys(own):
    return make_keys(own.admin())


@pytest.fixture(scope="module")
def k(own, keys):
    return Face(own, keys[0])


@pytest.fixture(scope="module")
def ks(own, keys):
    return Face(own, keys[1])


@pytest.fixture(scope="module")
def bill():
    """The quickstart's task of that name ends at once."""
    return "billOnDemand"


@pytest.fixture
def long_run(own, scratch):
    """Makes tasks that run until they are let go; all are, at the end, or find that their folder is gone."""
    gates = []

    def make(name):
        gate = scratch / name
        gates.append(gate)
        own.admin().create(name, f"while [ -d '{scratch}' -a ! -e '{gate}' ]; do sleep 0.02; done")
        return gate

    yield make
    for gate in gates:
        gate.touch()


def test_a_run_is_answered_bare(k, bill):
    """[2]"""
    info = is_info(k.run(bill), bill)
    again = is_info(k.run(info["scheduledTaskId"]), bill)
    assert again["scheduledTaskId"] == info["scheduledTaskId"]
    assert again["taskId"] != info["taskId"]


def test_a_run_has_its_states_and_times(k, bill):
    """[4] A run that has ended."""
    info = k.ended(is_info(k.run(bill), bill)["taskId"])
    assert info["status"] == "completed"
    assert "errors" not in info
    times = [info[name] for name in ("triggeredAt", "startedAt", "completedAt")]
    assert times == sorted(times) and all(TIME.fullmatch(time) for time in times)


def test_a_run_under_way_has_started_and_not_ended(k, long_run):
    """[5]"""
    long_run("long")
    task = is_info(k.run("long"), "long")["taskId"]
    info = until(lambda: (info := is_json(k.status(task)))["status"] != "pending" and info)
    assert info["status"] == "processing"
    assert TIME.fullmatch(info["startedAt"]) and "completedAt" not in info


@pytest.mark.parametrize("script, members, code, details", [
    ("exit 3", {}, "task_failed", {"exitCode": 3}),
    ("kill -9 $$", {}, "task_failed", None),
    ("sleep 60", {"timeout": "100ms"}, "task_timeout", None),
])
def test_a_run_that_fails_says_why(own, k, script, members, code, details):
    """[6]"""
    name = f"fails {script} {code}"
    task = {"name": "main", "command": ["/bin/sh", "-c", script], **members}
    own.admin().call("createSchedule", {"name": name, "tasks": [task]}).json()
    info = k.ended(is_info(k.run(name), name)["taskId"])
    assert info["status"] == "errors"
    assert (info["errors"]["origin"], info["errors"]["code"], info["errors"].get("details")) == ("server_error", code, details)
    assert info["errors"]["message"]


def test_a_program_that_cannot_be_started_has_both_times(own, k):
    task = {"name": "main", "command": ["/bin/there-is-no-such-program"]}
    own.admin().call("createSchedule", {"name": "no program", "tasks": [task]}).json()
    info = k.ended(is_info(k.run("no program"), "no program")["taskId"])
    assert info["errors"]["code"] == "task_failed"
    assert info["triggeredAt"] <= info["startedAt"] <= info["completedAt"]


def test_a_run_that_is_cancelled_or_skipped_says_so(own, k, long_run):
    admin = own.admin()
    long_run("cancelled")
    first, second = (is_info(k.run("cancelled"), "cancelled")["taskId"] for _ in range(2))
    # Any face takes any spelling.
    for task in (second, first):
        admin.call("cancelExecution", json.dumps(task)).json()
        assert k.ended(task)["errors"]["code"] == "task_canceled"
    assert "startedAt" not in is_json(k.status(second))
    schedule = admin.create("conditional", "exit 0", condition={"command": ["/bin/false"]})
    execution = admin.run(schedule, checkTriggers=True)
    assert k.ended(execution)["errors"]["code"] == "task_skipped"


def test_an_unknown_id_is_null(k):
    """[7] [10]"""
    for task in (UNKNOWN, "undefined", "a%20b/%C3%A7?x=1", "x%2Fy", "%FF", "1" * 300):
        answer = k.status(task)
        assert is_json(answer) is None
        assert answer.body == b"null"


def test_what_is_not_a_run_of_this_tenant_is_null(own, k, bill):
    """Users, tokens and single tasks have ids of the same kind."""
    run = is_info(k.run(bill), bill)["taskId"]
    k.ended(run)
    user = own.admin().call("whoAmI", service="access").json()["userId"]
    for other in (user, own.admin().task(run)):
        assert is_json(k.status(other)) is None


def test_the_id_of_a_scheduled_task_gives_its_latest_run(k, bill):
    """[9]"""
    info = is_info(k.run(bill), bill)
    answer = is_json(k.status(info["scheduledTaskId"]))
    assert answer["taskId"] == info["taskId"]
    assert is_json(k.status(info["scheduledTaskId"].upper()))["taskId"] == info["taskId"]


def test_an_empty_id_is_a_missing_value(k):
    """[11]"""
    for path in (TASK, f"{TASK}/", f"/{BASE}/task//"):
        is_error(k.request("GET", path), 400, "missing_required_value", "taskId")


def test_what_means_no_task_is_404(k, bill):
    """[12]"""
    for name in ("nope", bill.upper(), UNKNOWN, "x" * 5000):
        is_error(k.run(name), 404, "task_not_found")


def test_a_member_that_is_missing_or_no_text_is_named(k):
    """[13]"""
    for body in ({}, {"taskNameOrId": None}, {"taskNameOrId": ""}):
        error = is_error(k.request("POST", TASK, body), 400, "missing_required_value", "taskNameOrId")
        assert error["message"] == "Missing value: taskNameOrId"
    error = is_error(k.request("POST", TASK, {"taskNameOrId": 5}), 400, "invalid_value", "taskNameOrId")
    assert error["message"] == "Invalid value: taskNameOrId"


def test_a_body_that_is_no_object_is_invalid_json(k):
    """[14]"""
    for body in ("", "{", "[]", '"x"', b"\xff"):
        is_error(k.request("POST", TASK, body), 400, "invalid_json")


def test_a_name_with_quotes_and_other_letters_is_found_in_either_spelling(own, k):
    """[15]"""
    name = 'gün "sonu"'
    own.admin().create(name, "exit 0")
    for body in ('{"taskNameOrId":"gün \\"sonu\\""}', '{"taskNameOrId":"g\\u00fcn \\"sonu\\""}'):
        is_info(k.request("POST", TASK, body), name)


def test_an_id_goes_before_a_name_and_a_name_before_a_number(own, k):
    admin = own.admin()
    admin.create("meant", "exit 0")
    meant = is_info(k.run("meant"), "meant")["scheduledTaskId"]
    admin.create(meant, "exit 0")
    admin.create(str(int(meant[8:], 16)), "exit 0")
    is_info(k.run(meant), "meant")
    is_info(k.run(str(int(meant[8:], 16))), str(int(meant[8:], 16)))


def test_runs_of_one_task_wait_for_each_other(k, long_run):
    """[16]"""
    gate = long_run("one at a time")
    tasks = [is_info(k.run("one at a time"), "one at a time")["taskId"] for _ in range(3)]
    assert len(set(tasks)) == 3
    until(lambda: is_json(k.status(tasks[0]))["status"] == "processing")
    assert [is_json(k.status(task))["status"] for task in tasks] == ["processing", "pending", "pending"]
    gate.touch()
    infos = [k.ended(task) for task in tasks]
    assert infos[0]["completedAt"] <= infos[1]["startedAt"] and infos[1]["completedAt"] <= infos[2]["startedAt"]


def test_a_timetable_that_is_off_does_not_hold_up_a_call(own, k):
    admin = own.admin()
    schedule = admin.create("off", "exit 0", triggers=[{"cron": "0 0 1 1 *"}])
    admin.call("suspendSchedule", json.dumps(schedule)).json()
    assert k.ended(is_info(k.run("off"), "off")["taskId"])["status"] == "completed"


def test_a_client_key_is_needed(k, bill, own):
    """[17]"""
    patoken = own.env()["PATOKEN"]
    for key in (None, "", "unknown", patoken):
        is_error(k.run(bill, x_client_key=key), 401, "invalid_client_key")
        is_error(k.status(UNKNOWN, x_client_key=key), 401, "invalid_client_key")


def test_a_client_key_opens_nothing_else(own, keys):
    for path in ("/API3/tasks/findSchedule", "/API3/access/whoAmI"):
        for key in keys:
            answer = own.nobody().post(path, "{}", {"paToken": key})
            assert (answer.status, answer.text) == (401, "Invalid or missing token")


def test_a_key_that_may_not_is_403(own, bill):
    admin = own.admin()
    for scope, code in (("read", "forbidden"), ("run", None)):
        made = admin.call("createToken", {"kind": "clientKey", "scopes": [scope]}, service="access").json()
        face = Face(own, made["token"])
        if scope == "read":
            is_error(face.run(bill), 403, code)
            assert is_json(face.status(UNKNOWN)) is None
        else:
            is_info(face.run(bill), bill)
            is_error(face.status(UNKNOWN), 403, "forbidden")


def test_a_key_with_enforced_sessions_needs_one(k, ks, bill):
    """[18] and the raw half of [19] and [23]"""
    for call in (lambda **headers: ks.run(bill, **headers), lambda **headers: ks.status(UNKNOWN, **headers)):
        is_error(call(), 401, "missing_session_token")
        is_error(call(session=""), 401, "missing_session_token")
        is_error(call(session="bad"), 401, "invalid_session_token")
        is_error(call(session=k.key), 401, "invalid_session_token")
    is_info(k.run(bill, session="bad", authorization="whatever"), bill)


def sign_in(face, email=EMAIL, password=PASSWORD):
    return face.request("POST", f"{BASE}auth/signin-email", {"email": email, "password": password})


def sign_out(face, body=None, **headers):
    return face.request("POST", f"{BASE}auth/signout", {} if body is None else body, **headers)


def test_signing_in_gives_a_session(ks, bill):
    """[20]"""
    answer = is_json(sign_in(ks))
    assert list(answer) == ["user", "session"]
    user, session = answer["user"], answer["session"]
    assert ID.fullmatch(user["_id"]) and user == {"_id": user["_id"], "email": EMAIL}
    assert session == {"userId": user["_id"], "token": session["token"], "creationDtm": session["creationDtm"], "accessGroupKeys": []}
    assert TIME.fullmatch(session["creationDtm"])
    is_info(ks.run(bill, session=session["token"]), bill)
    # An address counts without regard to case.
    assert is_json(sign_in(ks, EMAIL.upper()))["user"] == user


def test_signing_out_ends_a_session(k, ks, bill):
    """[21]"""
    first, second, third = (is_json(sign_in(ks))["session"]["token"] for _ in range(3))
    is_error(sign_out(k), 401, "missing_session_token")
    is_error(sign_out(k, session="bad"), 401, "invalid_session_token")

    def alive(token):
        answer = ks.status(UNKNOWN, session=token)
        if answer.status == 401:
            is_error(answer, 401, "invalid_session_token")
        return answer.status == 200

    answer = sign_out(ks, {"token": second}, session=first)
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")
    assert [alive(token) for token in (first, second, third)] == [True, False, True]
    # Unknown, and what is no session of his: nothing happens.
    for other in ("unknown", ks.key, k.key):
        assert sign_out(ks, {"token": other}, session=first).status == 200
    assert alive(first)
    is_info(k.run(bill), bill)
    assert sign_out(k, session=first).body == b""
    assert [alive(token) for token in (first, second, third)] == [False, False, True]


def test_a_wrong_pair_is_401(ks):
    """[22]"""
    for email, password in ((EMAIL, "wrong"), ("nobody@example.test", PASSWORD), ("altogic-ann", PASSWORD)):
        is_error(sign_in(ks, email, password), 401, "invalid_credentials")
    is_error(ks.request("POST", f"{BASE}auth/signin-email", {"email": EMAIL}), 400, "missing_required_value", "password")


def test_other_calls_of_the_client_are_404(k):
    for path in ("auth/signup-email", "auth/signout-all", "auth/user", "db/object", "cache", "task-queue"):
        is_error(k.request("POST", BASE + path, {}), 404, "not_found")


def test_an_environment_is_a_tenant(own, k, bill):
    """[24] [25]"""
    admin = own.admin()
    tenant = admin.call("whoAmI", service="access").json()
    for environment in (tenant["tenant"], tenant["tenantId"].replace("-", "")[-1], f"63617269{1:016x}"):
        is_info(k.request("POST", f"/e:{environment}{TASK}", {"taskNameOrId": bill}), bill)
    for environment in ("nope", "62372c9b3cbd900007ee2cd8"):
        is_error(k.request("POST", f"/e:{environment}{TASK}", {"taskNameOrId": bill}), 404, "environment_not_found")
    other = admin.call("createTenant", {"name": "other"}, service="access").json()
    hex_id = f"63617269{int(other.replace('-', '')[-14:], 16):016x}"
    # A key counts only in its own.
    for environment in ("other", hex_id):
        is_error(k.request("GET", f"/e:{environment}{TASK}/x"), 401, "invalid_client_key")


def test_a_chunked_body_and_lower_case_names(k, bill):
    """[26] What the Dart client sends."""
    body = json.dumps({"taskNameOrId": bill}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", k.service.port, timeout=20 * SLOW)
    connection.putrequest("POST", TASK, skip_accept_encoding=True)
    for name, value in (("x-client", "altogic-dart"), ("x-client-key", k.key), ("content-type", "application/json"),
                        ("transfer-encoding", "chunked")):
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    response = connection.getresponse()
    assert response.status == 200
    assert json.loads(response.read())["status"] == "pending"
    connection.close()


def test_the_type_of_a_body_does_not_matter(k, bill):
    """[27]"""
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"):
        is_info(k.run(bill, content_type=kind), bill)


def test_other_methods_and_paths(k):
    """[28]"""
    for method, path, allow in (("PUT", "task", "POST"), ("DELETE", f"task/{UNKNOWN}", "GET, HEAD"), ("POST", "task/x", "GET, HEAD"),
                                ("GET", "auth/signout", "POST")):
        answer = k.request(method, BASE + path)
        is_error(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"] == allow
    for path in (f"{BASE}nope", "/_api", "/_api/", "/_api/rest/v2/task", "/e:main", "/e:main/x", "/e:/_api/rest/v1/task",
                 f"/e:{'x' * 65}{TASK}", f"/e:a-b{TASK}", f"{BASE}Task"):
        is_error(k.request("GET", path), 404, "not_found")


def test_head_has_the_headers_of_get(k, bill):
    task = is_info(k.run(bill), bill)["taskId"]
    k.ended(task)
    get, head = k.request("GET", f"{TASK}/{task}"), k.request("HEAD", f"{TASK}/{task}")
    assert (head.status, head.body, head.type) == (200, b"", "application/json")
    assert head.headers["Content-Length"] == str(len(get.body))


def test_repeated_slashes_are_one(k, bill):
    is_info(k.request("POST", f"//{TASK}", {"taskNameOrId": bill}), bill)
    is_info(k.request("POST", f"//e:main/{TASK}", {"taskNameOrId": bill}), bill)


def test_a_large_body_is_413(k):
    """[29]"""
    assert is_error(k.run("x" * (2 << 20)), 413, "request_too_large")["message"] == "Request body too large"
    is_error(k.run("x" * ((1 << 20) - 100)), 404, "task_not_found")


def test_a_long_path_is_414(k):
    """[29]"""
    is_error(k.status("x" * 20000), 414, "uri_too_long")


def test_a_back_end_that_is_gone_is_502(make_service):
    """[29] A page of a listed origin can read that too."""
    service = make_service(CARILLON_ALLOWED_ORIGINS=ORIGIN).start()
    face = Face(service, "k")
    os.kill(service.master(), signal.SIGTERM)
    answer = until(lambda: (answer := face.status("x")).status == 502 and answer, 30, "502")
    is_error(answer, 502, "bad_gateway")
    answer = face.request("GET", "/e:main/_api/rest/v1/task/x", origin=ORIGIN)
    is_error(answer, 502, "bad_gateway")
    is_cross_origin(answer, ORIGIN)


def test_two_clients_poll_one_run(k, long_run):
    """[31]"""
    gate = long_run("polled")
    task = is_info(k.run("polled"), "polled")["taskId"]
    states = [[], []]

    def poll(seen):
        connection = http.client.HTTPConnection("127.0.0.1", k.service.port, timeout=20 * SLOW)
        for _ in range(1000):
            connection.request("GET", f"{TASK}/{task}", headers={"X-Client-Key": k.key})
            response = connection.getresponse()
            body = json.loads(response.read())
            seen.append((response.status, body["taskId"], body["status"]))
        connection.close()

    threads = [threading.Thread(target=poll, args=(seen,)) for seen in states]
    for thread in threads:
        thread.start()
    until(lambda: all(len(seen) > 300 for seen in states), 60)
    gate.touch()
    for thread in threads:
        thread.join()
    order = ["pending", "processing", "completed"]
    for seen in states:
        assert len(seen) == 1000
        assert {(status, body) for status, body, _ in seen} == {(200, task)}
        found = [order.index(state) for _, _, state in seen]
        assert found == sorted(found)


def is_cross_origin(answer, origin):
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Credentials"] == ("true" if origin else None)
    assert answer.headers["Vary"] == ("Origin" if origin else None)


def test_a_listed_origin_may_ask_and_read(k, bill):
    """[32]"""
    for path in (TASK, f"{TASK}/x", f"/e:main{TASK}", f"{BASE}auth/signup-email"):
        answer = k.request("OPTIONS", path, x_client_key=None, origin=ORIGIN, access_control_request_method="POST")
        assert (answer.status, answer.body) == (204, b"")
        is_cross_origin(answer, ORIGIN)
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
        assert answer.headers["Access-Control-Allow-Headers"] == "content-type, x-client, x-client-key, session, authorization"
        assert answer.headers["Access-Control-Max-Age"] == "600"
    for answer in (k.run(bill, origin=ORIGIN), k.status("x", origin=ORIGIN), k.status("x", origin=ORIGIN, x_client_key=None),
                   k.request("GET", f"{BASE}nope", origin=ORIGIN)):
        is_cross_origin(answer, ORIGIN)


def test_what_the_front_end_answers_a_listed_origin_can_be_read(k):
    """[32] Errors of the web server itself; but for a path that is too long: the origin stands behind it, and is not read."""
    is_cross_origin(k.run("x" * (2 << 20), origin=ORIGIN), ORIGIN)


def test_an_origin_that_is_not_listed_gets_nothing(k, bill):
    """[32]"""
    for origin in ("https://other.test", f"{ORIGIN}.evil.test", "null"):
        answer = k.request("OPTIONS", TASK, x_client_key=None, origin=origin)
        is_error(answer, 405, "method_not_allowed")
        is_cross_origin(answer, None)
        is_cross_origin(k.run(bill, origin=origin), None)


def test_an_api_key_is_asked_for_where_it_is_configured(make_service):
    service = make_service(CARILLON_ALTOGIC_API_KEY="my-api-key").start()
    key, with_sessions = make_keys(service.admin())
    for face in (Face(service, key), Face(service, with_sessions)):
        is_error(face.status("x"), 401, "invalid_api_key")
        is_error(face.status("x", authorization="other"), 401, "invalid_api_key")
        is_error(sign_in(face), 401, "invalid_api_key")
        is_error(face.status("x", x_client_key="no"), 401, "invalid_client_key")
    assert is_json(Face(service, key).status("x", authorization="my-api-key")) is None
    is_error(Face(service, with_sessions).status("x", authorization="my-api-key"), 401, "missing_session_token")


def test_a_run_is_told_for_seven_days_and_a_restart_forgets_nothing(make_service):
    """[7] [8] [33]"""
    service = make_service().start()
    admin = service.admin()
    key, with_sessions = make_keys(admin)
    k, ks = Face(service, key), Face(service, with_sessions)
    session = is_json(sign_in(ks))["session"]["token"]
    schedule = admin.create("aged", "exit 0")
    fresh = is_info(k.run("aged"), "aged")["taskId"]
    service.stop()

    def ask_ago(seconds):
        done = subprocess.run([BUILD / "tests" / "past", service.state / "store", schedule, str(seconds)], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    young, old = ask_ago(7 * DAY_S - 3600), ask_ago(8 * DAY_S)
    service.start()
    assert k.ended(fresh)["status"] == "completed"
    assert k.ended(young)["status"] == "completed"
    admin = service.admin()
    assert admin.ended(old) == 1
    assert is_json(k.status(old)) is None
    assert is_json(k.status(schedule))["taskId"] == fresh
    assert is_json(ks.status(fresh, session=session))["taskId"] == fresh
