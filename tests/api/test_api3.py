"""API3 from outside, row by row of the contract's acceptance table; the numbers in brackets are its rows."""

import base64
import http.client
import json
import re
import socket
import time

import pytest

from carillon import ADMIN_PASSWORD, SLOW, Client, until

JSON = "application/json;charset=utf-8"
TEXT = "text/plain;charset=utf-8"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UNKNOWN = "eeeeeeee-0000-4000-8000-000000000002"
ADMIN = {"userName": "adminUser", "password": ADMIN_PASSWORD}
SEED_SEARCH = {"searchCriteria": {"searchValue": "My Demo Schedule", "searchMatchType": 2}, "scheduleType": 1}


def search(value, match=None, **members):
    criteria = {"searchValue": value}
    if match is not None:
        criteria["searchMatchType"] = match
    return {"searchCriteria": criteria, **members}


def is_text(answer, status, text):
    assert (answer.status, answer.type, answer.text) == (status, TEXT, text)


# ---- log-in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [
    "/api3/authentication/authenticateUser",
    "/API3/authentication/authenticateUser",
    "//API3/authentication/authenticateUser",
    "/API3/auth/authenticateUser",
])
@pytest.mark.parametrize("member", ["userName", "username"])
def test_login_answers_a_bare_token(service, path, member):
    """[1, 2]"""
    body = {member: "adminUser", "password": ADMIN_PASSWORD}
    answer = service.nobody().post(path, body, {"paToken": "", "Content-Type": "text/plain;charset=UTF-8"})
    assert (answer.status, answer.type) == (200, TEXT)
    assert len(base64.b64decode(answer.text, validate=True)) >= 32
    assert Client(service.url, answer.text).call("findSchedule", SEED_SEARCH).status == 200


@pytest.mark.parametrize("body", [
    {"userName": "adminUser", "password": "wrong"},
    {"userName": "nobody", "password": ADMIN_PASSWORD},
    {"userName": "ADMINUSER", "password": ADMIN_PASSWORD},
])
def test_login_with_a_wrong_pair_is_refused(service, body):
    """[3]"""
    answer = service.nobody().call("authenticateUser", body, service="authentication")
    is_text(answer, 401, "Invalid user name or password")


@pytest.mark.parametrize("body, text", [
    ("{}", "Missing value: userName"),
    ("", "Request body is empty"),
    ("[1]", "Request body must be a JSON object"),
    ('{"userName":', "Request body is not valid JSON"),
    ('{"userName":1,"password":"x"}', "Invalid value: userName"),
    ('{"userName":"adminUser"}', "Missing value: password"),
])
def test_login_names_what_is_wrong_with_the_body(service, body, text):
    """[4]"""
    is_text(service.nobody().call("authenticateUser", body, service="authentication"), 400, text)


def test_other_ways_to_log_in_are_not_implemented(service):
    """[6]"""
    answer = service.nobody().call("authenticateUserSAML", "{}", service="authentication")
    is_text(answer, 501, "Not implemented: authenticateUserSAML")


# ---- findSchedule ----------------------------------------------------------------------------------------


def names(answer):
    return [one["name"] for one in answer.json()]


def test_find_answers_the_schedule_that_the_seed_looks_for(admin, demo):
    """[7]"""
    found = admin.call("findSchedule", SEED_SEARCH)
    assert found.headers["Cache-Control"] == "no-store"
    assert found.headers["Content-Length"] == str(len(found.body))
    first = found.json()[0]
    assert first["scheduleId"] == demo and GUID.fullmatch(demo)
    assert first["type"] == 1 and type(first["type"]) is int
    assert (first["name"], first["status"], first["scheduleDataType"]) == ("My Demo Schedule", 0, 2)
    assert INSTANT.fullmatch(first["createdDate"])
    assert {"description", "createdBy", "tenantId"} <= first.keys()
    assert None not in first.values()


@pytest.mark.parametrize("value, match, found", [
    ("Demo", 0, True), ("My", 3, True), ("Schedule", 4, True), ("Demo", 1, False), ("Demo", 2, False),
])
def test_find_matches_in_five_ways(admin, value, match, found):
    """[8]"""
    assert ("My Demo Schedule" in names(admin.call("findSchedule", search(value, match)))) is found


@pytest.mark.parametrize("body, found", [
    (search("My Demo Schedule"), True),
    (search("my demo schedule", 2), True),
    (search("my demo schedule", "2"), True),
    (search("nothing of this name", 2), False),
    (search("My Demo Schedule", 2, scheduleType=0), False),
    (search("My Demo Schedule", 2, scheduleType="1"), True),
    ({}, True),
    ({"searchCriteria": None, "scheduleType": None}, True),
    ({"searchCriteria": {"searchValue": None}}, True),
    ({"unknown": [1, 2], **SEED_SEARCH}, True),
])
def test_find_takes_what_is_left_out_as_all(admin, body, found):
    """[9, 10]"""
    assert ("My Demo Schedule" in names(admin.call("findSchedule", body))) is found


@pytest.mark.parametrize("body, text", [
    (search("x", 9), "Invalid value: searchMatchType"),
    (search("x", "x"), "Invalid value: searchMatchType"),
    (search("x", 2, scheduleType=99), "Invalid value: scheduleType"),
    (search(5), "Invalid value: searchValue"),
])
def test_find_refuses_values_out_of_range(admin, body, text):
    """[10]"""
    is_text(admin.call("findSchedule", body), 400, text)


@pytest.mark.parametrize("path", [
    "/API3/tasks/findSchedule%20", "/API3/tasks/findSchedule%20%20", "/api3//tasks//findSchedule",
    "//Api3/tasks/findSchedule", "/API3/tasks/findSchedule?x=1",
])
def test_paths_are_taken_as_real_clients_write_them(admin, demo, path):
    """[11]"""
    assert admin.post(path, SEED_SEARCH).json()[0]["scheduleId"] == demo


def test_a_chunked_body_is_read(admin, demo):
    """[33]"""
    body = json.dumps(SEED_SEARCH).encode()
    answer = admin.request("POST", "/API3/tasks/findSchedule", iter([body[:20], body[20:]]),
                           {"Transfer-Encoding": "chunked"})
    assert answer.json()[0]["scheduleId"] == demo


# ---- runSchedule and what became of it -------------------------------------------------------------------


@pytest.fixture(scope="module")
def quick(admin):
    """A schedule whose runs end at once."""
    return admin.create("api3: quick", "echo out; echo err >&2", overlap="allow")


@pytest.mark.parametrize("flag", ["false", False, "FALSE", "true", True, None])
def test_run_answers_the_executions_id_in_quotes(admin, quick, flag):
    """[12]"""
    answer = admin.call("runSchedule", {"scheduleId": quick, "checkTriggers": flag})
    assert GUID.fullmatch(answer.json())
    assert answer.text == json.dumps(answer.json())


def test_run_takes_an_absent_check_as_true(admin, quick):
    """[13]"""
    assert GUID.fullmatch(admin.call("runSchedule", {"scheduleId": quick}).json())


@pytest.mark.parametrize("body, text", [
    ({"scheduleId": "S", "checkTriggers": "maybe"}, "Invalid value: checkTriggers"),
    ({"scheduleId": "S", "checkTriggers": 1}, "Invalid value: checkTriggers"),
    ({"checkTriggers": "false"}, "Missing value: scheduleId"),
    ({"scheduleId": 7}, "Invalid value: scheduleId"),
    ({"scheduleId": UNKNOWN}, "Schedule not found"),
    ("", "Request body is empty"),
    ("[]", "Request body must be a JSON object"),
])
def test_run_names_what_is_wrong_with_the_body(admin, quick, body, text):
    """[13]"""
    if isinstance(body, dict) and body.get("scheduleId") == "S":
        body["scheduleId"] = quick
    is_text(admin.call("runSchedule", body), 400, text)


def test_a_run_is_there_before_its_id_is_answered_and_is_followed_to_its_end(admin, demo):
    """[14, 15, 18]"""
    execution = admin.run(demo)
    tasks = admin.call("getTasksIds", json.dumps(execution)).json()
    assert len(tasks) == 1 and set(tasks[0]) == {"id"}

    seen = set()

    def ended():
        status = admin.call("getScheduleExecutionStatus", json.dumps(execution)).json()
        assert set(status) == {"status"}
        seen.add(status["status"])
        return status["status"] not in (0, 4)

    until(ended, 20)
    assert seen <= {0, 4, 1} and {4, 1} <= seen

    task = admin.call("getTaskData", json.dumps(tasks[0]["id"])).json()
    assert (task["id"], task["status"], task["resultType"]) == (tasks[0]["id"], 1, 0)
    assert task["description"] == "My Demo Schedule"
    assert INSTANT.fullmatch(task["startDate"]) and INSTANT.fullmatch(task["endDate"])
    assert task["startDate"] <= task["endDate"]
    assert GUID.fullmatch(task["executorId"])
    assert "\n" not in task["summary"] and "taskSummary" not in task
    assert None not in task.values()


@pytest.mark.parametrize("form", ['"{}"', "{}", r'"\"{}\""', ' "{}" ', '{{"executionId":"{}"}}', '{{"id":"{}"}}',
                                  '{{"auth":{{}},"executionsId":"{}"}}'])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain;charset=UTF-8",
                                          "application/x-www-form-urlencoded", None])
def test_an_id_is_understood_in_every_form_that_clients_send(admin, quick, form, content_type):
    """[16]"""
    execution = admin.run(quick)
    headers = {"Content-Type": content_type} if content_type else {}
    for spelled in (execution, execution.upper()):
        assert admin.call("getScheduleExecutionStatus", form.format(spelled), headers).json()["status"] in (0, 4, 1)


@pytest.mark.parametrize("body, text", [
    ("", "Request body is empty"),
    ("  \r\n", "Request body is empty"),
    (f'"{UNKNOWN}"', "Execution not found"),
    ('"eeeeeeee', "Request body is not valid JSON"),
    ('{"taskId":"x"}', "Missing value: executionId"),
    ('{"executionId":5}', "Invalid value: executionId"),
    ("x" * 200, "Invalid value: executionId"),
    ("a\x01b", "Invalid value: executionId"),
])
def test_an_id_that_is_none_is_refused(admin, body, text):
    """[17]"""
    is_text(admin.call("getScheduleExecutionStatus", body), 400, text)


def test_an_empty_quoted_id_is_refused(admin):
    """[17]"""
    answer = admin.call("getScheduleExecutionStatus", '""')
    assert (answer.status, answer.type) == (400, TEXT)


def test_ids_of_one_kind_are_unknown_as_another(admin, quick):
    execution = admin.run(quick)
    is_text(admin.call("getTaskData", execution), 400, "Task not found")
    is_text(admin.call("suspendSchedule", execution), 400, "Schedule not found")
    is_text(admin.call("getTasksIds", quick), 400, "Execution not found")


def test_what_a_command_prints_can_be_read(admin, quick):
    execution = admin.run(quick)
    assert admin.ended(execution) == 1
    task = admin.task(execution)
    for stream, text in (("stdout", "out\n"), ("stderr", "err\n")):
        answer = admin.call("getTaskLog", {"taskId": task, "stream": stream})
        assert (answer.status, answer.text) == (200, text)
        assert answer.headers["X-Log-Complete"] == "true"


def test_a_failing_job_tells_why(admin):
    """[22 in part]"""
    execution = admin.run(admin.create("api3: failing", "exit 3"))
    assert admin.ended(execution) == 3
    task = admin.call("getTaskData", admin.task(execution)).json()
    assert task["status"] == 3
    assert task["taskSummary"]["error"]["code"] == 3


def test_a_program_that_is_not_there_fails_the_run(admin):
    schedule = admin.call("createSchedule", {"name": "api3: no program", "tasks": [
        {"name": "main", "command": ["/usr/bin/there-is-no-such-program"]}]}).json()
    execution = admin.run(schedule)
    assert admin.ended(execution) == 3
    assert "No such file" in json.dumps(admin.call("getTaskData", admin.task(execution)).json())


# ---- suspend, resume, waiting ----------------------------------------------------------------------------


def modified(schedule):
    return {"success": True, "errorMessage": "", "modifiedList": [{"id": schedule}]}


def test_suspend_and_resume_show_in_the_status(admin):
    """[20]"""
    name = "api3: suspended"
    schedule = admin.create(name, "true")
    for method, status in (("suspendSchedule", 4), ("suspendSchedule", 4), ("resumeSchedule", 0), ("resumeSchedule", 0)):
        assert admin.call(method, json.dumps(schedule)).json() == modified(schedule)
        assert admin.find(name)["status"] == status


def test_a_suspended_schedule_lets_its_time_pass_and_runs_when_asked(admin):
    """[21]"""
    schedule = admin.create("api3: lets time pass", "true", triggers=[{"every": "1s"}])
    admin.call("suspendSchedule", schedule).json()
    before = len(admin.call("getExecutions", schedule).json())

    def passed():
        return sum(e.get("count", 1) for e in admin.ledger(schedule) if e["verdict"] == "skipped_suspended") >= 2

    until(passed, 10, "two due times skipped")
    assert len(admin.call("getExecutions", schedule).json()) == before
    assert admin.ended(admin.run(schedule)) == 1
    assert admin.call("suspendSchedule", schedule).status == 200
    assert admin.call("deleteSchedule", schedule).json() == modified(schedule)


def test_runs_of_one_schedule_wait_for_each_other(admin, tmp_path_factory):
    """[23]"""
    schedule = admin.create("api3: one at a time", "sleep 0.4")
    executions = [admin.run(schedule) for _ in range(3)]
    assert len(set(executions)) == 3

    def all_ended():
        statuses = [admin.status(e) for e in executions]
        assert statuses.count(4) <= 1, statuses
        return statuses == [1, 1, 1]

    until(all_ended, 20)
    times = [admin.call("getTaskData", admin.task(e)).json() for e in executions]
    for earlier, later in zip(times, times[1:]):
        assert earlier["endDate"] <= later["startDate"]


def test_a_deleted_schedule_is_gone_and_its_runs_stay_readable(admin):
    """[26]"""
    name = "api3: deleted"
    schedule = admin.create(name, "true")
    execution = admin.run(schedule)
    task = admin.task(execution)
    assert admin.ended(execution) == 1
    assert admin.call("deleteSchedule", schedule).json() == modified(schedule)
    assert admin.call("findSchedule", search(name)).json() == []
    is_text(admin.call("suspendSchedule", schedule), 400, "Schedule not found")
    assert admin.call("getTaskData", task).json()["id"] == task


# ---- tokens, roles, paths, methods -----------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "x", "Bearer", UNKNOWN])
def test_a_bad_token_is_refused_with_a_challenge(service, admin, token):
    """[29]"""
    if token == "Bearer":
        token = f"Bearer {admin.token}"
    for method in ("findSchedule", "runSchedule", "getTaskData", "suspendSchedule"):
        answer = Client(service.url, token).call(method, "{}")
        is_text(answer, 401, "Invalid or missing token")
        assert answer.headers["WWW-Authenticate"] == 'paToken realm="API3"'


def test_a_viewer_may_run_and_look_but_not_change(viewer, quick):
    """[30]"""
    for method in ("suspendSchedule", "resumeSchedule", "deleteSchedule"):
        is_text(viewer.call(method, quick), 403, "Insufficient permissions")
    is_text(viewer.call("createSchedule", {}), 403, "Insufficient permissions")
    assert viewer.call("findSchedule", SEED_SEARCH).status == 200
    execution = viewer.run(quick)
    assert viewer.call("getTaskData", viewer.task(execution)).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "DELETE"])
def test_only_post_is_allowed(service, method):
    """[31]"""
    answer = service.nobody().request(method, "/API3/tasks/findSchedule")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    if method != "HEAD":
        is_text(answer, 405, "Method not allowed")


@pytest.mark.parametrize("path", ["/API3/tasks/nope", "/API3/tasks/FINDSCHEDULE", "/API3/content/findSchedule", "/API3/",
                                  "/API3/tasks/findSchedule/x", "/API3", "/API3/tasks/cancelTask"])
def test_other_paths_are_unknown(admin, path):
    """[28, 31]"""
    is_text(admin.post(path, "{}"), 404, "Unknown method")


def test_a_body_over_the_limit_is_refused(admin):
    """[32]"""
    body = json.dumps(search("x" * (2 << 20))).encode()
    try:
        answer = admin.post("/API3/tasks/findSchedule", body)
    except (BrokenPipeError, ConnectionResetError):
        pytest.fail("no answer before the connection was closed")
    is_text(answer, 413, "Request body too large")


def test_a_body_of_just_the_limit_is_read(admin):
    value = "x" * ((1 << 20) - 40)
    body = json.dumps(search(value))
    assert len(body) <= 1 << 20
    assert admin.call("findSchedule", body).json() == []


# ---- what the web server answers itself ------------------------------------------------------------------


def test_a_stopped_application_is_a_bad_gateway_in_plain_text(fresh_service):
    """[32]"""
    import os
    import signal

    os.kill(fresh_service.master(), signal.SIGTERM)
    until(lambda: fresh_service.nobody().call("findSchedule").status != 401, 15)
    is_text(fresh_service.nobody().call("findSchedule"), 502, "Bad gateway")


COMMON = {"error": "bad-request", "message": "Bad request",
          "errors": [{"origin": "client_error", "code": "bad_request", "message": "Bad request"}]}


def raw(service, request):
    """Send bytes as they are, and read the answer."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10 * SLOW) as s:
        s.sendall(request)
        response = http.client.HTTPResponse(s)
        response.begin()
        return response.status, response.headers["Content-Type"], response.read().decode()


@pytest.mark.parametrize("request_bytes, status", [
    (b"P\x01ST / HTTP/1.1\r\n\r\n", 400),
    (b"POST /API3/tasks/findSchedule HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40000 + b"\r\n\r\n", 400),
    (b"TRACE /API3/tasks/findSchedule HTTP/1.1\r\nHost: x\r\n\r\n", 405),
])
def test_faults_before_the_path_is_known_have_the_common_body(service, request_bytes, status):
    got, content_type, body = raw(service, request_bytes)
    assert (got, content_type, json.loads(body)) == (status, "application/json", COMMON)


def test_a_path_that_is_too_long_has_the_form_of_its_face(service):
    request = b"POST /api3/%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 20000)
    assert raw(service, request) == (414, TEXT, "Request URI too long")


def test_a_healthy_service_says_so(service):
    answer = service.nobody().request("GET", "/healthz")
    assert (answer.status, answer.text) == (200, "ok\n")


# ---- pages of other sites --------------------------------------------------------------------------------


def test_pages_of_other_sites_are_let_in_only_if_they_are_listed(make_service):
    service = make_service(CARILLON_ALLOWED_ORIGINS="https://a.example http://b.example:8080").start()
    path, client = "/API3/tasks/findSchedule", service.nobody()
    asked = client.request("OPTIONS", path, headers={"Origin": "http://b.example:8080"})
    assert (asked.status, asked.body) == (204, b"")
    assert {name: asked.headers[name] for name in asked.headers if name.startswith(("Access", "Vary"))} == {
        "Access-Control-Allow-Origin": "http://b.example:8080",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "paToken, Content-Type, Accept",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }
    refused = client.post(path, "{}", {"Origin": "https://a.example"})
    is_text(refused, 401, "Invalid or missing token")
    assert (refused.headers["Access-Control-Allow-Origin"], refused.headers["Vary"]) == ("https://a.example", "Origin")
    other = client.request("OPTIONS", path, headers={"Origin": "https://c.example"})
    assert other.status == 405 and "Access-Control-Allow-Origin" not in other.headers


# ---- the life of a token ---------------------------------------------------------------------------------


def test_a_token_dies_when_it_is_not_used(make_service):
    """[36]"""
    # Its life begins with the request for it, and hashing a password takes seconds where much else goes on.
    idle = 5 * SLOW
    service = make_service(CARILLON_SESSION_IDLE=f"{idle}s").start()
    used = service.nobody().login("adminUser", ADMIN_PASSWORD)
    unused = service.nobody().login("adminUser", ADMIN_PASSWORD)
    # To look whether it lives would be to use it.
    over = time.monotonic() + idle + 0.5

    def its_life_is_over():
        assert used.call("findSchedule", SEED_SEARCH).status == 200
        return time.monotonic() > over

    until(its_life_is_over, 20)
    is_text(unused.call("findSchedule", SEED_SEARCH), 401, "Invalid or missing token")
