"""The face ricloud from outside: the rows of wire/ricloud.md 8.2, by their numbers, through the web server that the tests run
with. The errors that web servers make, row 31, are in tests/web."""

import datetime
import hashlib
import json
import os
import pathlib
import re
import signal
import time

import pytest

from carillon import Client, until
from ricloud import RESULT, STATES, TASK, Ricloud, ServerError

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NOT_FOUND = {"error": "not-found", "message": "Not found"}

# What the first task of the fixture leaves.
FILES = {"a.json": b'{"rows":[1,2]}', "b c.txt": b"plain text\n"}


def number(guid):
    """The id that a GUID of API3 spells."""
    return int(guid.replace("-", "")[-14:], 16)


def raw(service, method, path, token=None, body=None, **headers):
    if token is not None:
        headers["Authorization"] = token
    return Client(service.url).request(method, path, body, headers)


def body_of(answer, status):
    assert answer.status == status, answer
    assert answer.type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    parsed = json.loads(answer.body)
    assert isinstance(parsed, dict) and parsed
    return parsed


def make_tenant(service, admin, name):
    """An administrator of a tenant of its own, and its id."""
    tenant = admin.call("createTenant", {"name": name}, service="access").json()
    admin.call("createUser", {"userName": "boss", "role": "domainAdmin", "password": "abc123!abc123!", "tenantId": tenant},
               service="access").json()
    boss = service.nobody().login(f"boss@{name}", "abc123!abc123!")
    return boss, number(tenant)


def make_key(boss, **members):
    made = boss.call("createToken", members, service="access").json()
    return made["token"], number(made["tokenId"])


class Fixture:
    """25 tasks of a tenant of its own: the first, succeeded, left two result files; two others failed."""

    def __init__(self, service, admin):
        self.service = service
        self.boss, self.tenant = make_tenant(service, admin, f"ricloud-{time.monotonic_ns()}")
        self.token, self.key = make_key(self.boss, name="ricloud")
        self.other_token, self.other_key = make_key(self.boss, name="other")
        script = "printf '%s' '{\"rows\":[1,2]}' >$CARILLON_RESULT_DIR/a.json; echo plain text >\"$CARILLON_RESULT_DIR/b c.txt\""
        self.writing = self.boss.create("writes", script, scheduleType=2)
        self.source = self.boss.create("well", "true", overlap="allow")
        self.failing = self.boss.create("failing", "exit 3")
        keyed = Client(service.url, self.other_token)
        self.user = number(self.boss.call("whoAmI", "{}", service="access").json()["userId"])
        runs = [self.boss.run(self.writing)]
        self.boss.ended(runs[0])
        runs += [self.boss.run(self.source) for _ in range(20)]
        runs += [keyed.run(self.failing) for _ in range(2)]
        runs += [keyed.run(self.source) for _ in range(2)]
        for run in runs:
            self.boss.ended(run)
        self.sessions = [number(run) for run in runs]
        self.tasks = [number(self.boss.task(run)) for run in runs]
        self.newest_first = sorted(self.tasks, reverse=True)
        assert self.newest_first == self.tasks[::-1]

    def client(self):
        return Ricloud(self.service.url, self.token)


@pytest.fixture(scope="module")
def fixture(service, admin):
    return Fixture(service, admin)


@pytest.fixture
def ricloud(fixture):
    with fixture.client() as client:
        yield client


# ---- 1 to 6: objects, and who may see them


def test_01_a_task_has_all_attributes(fixture, ricloud):
    task = ricloud.task(fixture.tasks[0])
    assert list(task) == TASK and len(task) == 17
    assert (task["id"], task["resource"], task["state"]) == (fixture.tasks[0], "task", "succeeded")
    assert task["state"] in STATES
    assert (task["organisation"], task["user"], task["source"]) == (fixture.tenant, fixture.user, number(fixture.writing))
    assert (task["session"], task["poll"], task["error"]) == (fixture.sessions[0], None, None)
    assert (task["source_type"], task["type"], task["target"]) == ("machine_learning", "schedule.run.command", "/bin/sh")
    assert task["date_created"] <= task["date_started"] <= task["date_completed"]
    assert all(DATE.fullmatch(task[name]) for name in TASK if name.startswith("date_"))
    assert ricloud.task(fixture.tasks[-1])["key"] == fixture.other_key


@pytest.mark.parametrize("header", [None, "Token wrong", "Token ", "Token", "Bearer {}", "Basic YTpi", "{}"])
def test_02_without_a_good_token_it_is_401(fixture, header):
    header = header.format(fixture.token) if header else None
    for path in ("/tasks", "/tasks/999999", "/results", "/results/1/ack"):
        answer = raw(fixture.service, "GET", path, header)
        assert body_of(answer, 401) == {"error": "unauthorized", "message": "Missing or invalid token"}
        assert answer.headers["WWW-Authenticate"] == 'Token realm="ricloud"'


def test_03_the_scheme_has_no_case_and_any_blanks(fixture):
    for scheme in ("token ", "Token   ", "TOKEN "):
        body_of(raw(fixture.service, "GET", "/tasks", scheme + fixture.token), 200)


def test_04_a_scope_opens_its_resource_alone(fixture):
    denied = {"error": "missing-scope", "message": "The key lacks the required scope"}
    results, _ = make_key(fixture.boss, scopes=["results"])
    read, _ = make_key(fixture.boss, scopes=["read"])
    assert body_of(raw(fixture.service, "GET", "/tasks", f"Token {results}"), 403) == denied
    assert body_of(raw(fixture.service, "GET", f"/tasks/{fixture.tasks[0]}", f"Token {results}"), 403) == denied
    body_of(raw(fixture.service, "GET", "/results", f"Token {results}"), 200)
    assert body_of(raw(fixture.service, "GET", "/results", f"Token {read}"), 403) == denied
    body_of(raw(fixture.service, "GET", "/tasks", f"Token {read}"), 200)


def test_05_what_is_unknown_is_404(ricloud):
    error = ricloud.refused("/tasks/999999")
    assert (error.status, error.error, error.message) == (404, "not-found", "Not found")
    assert ricloud.refused("/results/999999").status == 404


def test_06_of_another_organisation_nothing_is_there(service, admin, fixture):
    boss, _ = make_tenant(service, admin, f"ricloud-{time.monotonic_ns()}")
    token, _ = make_key(boss)
    with Ricloud(service.url, token) as other:
        assert other.refused(f"/tasks/{fixture.tasks[0]}").status == 404
        assert other.list()["total_count"] == 0 and other.ids() == []
        assert other.list("results")["total_count"] == 0
        assert other.list(user="boss", source=number(fixture.source))["data"] == []


def test_06_a_key_with_tags_sees_what_belongs_to_its_schedules(fixture):
    tagged = fixture.boss.create("tagged", "true", tags=["seen"])
    token, _ = make_key(fixture.boss, tags=["seen"])
    run = fixture.boss.run(tagged)
    fixture.boss.ended(run)
    with Ricloud(fixture.service.url, token) as client:
        assert client.ids() == [number(fixture.boss.task(run))]
        assert client.list()["total_count"] == 1
        assert client.list("results")["total_count"] == 0
        assert client.refused(f"/tasks/{fixture.tasks[0]}").status == 404
    # The others count it no more.
    fixture.boss.call("deleteSchedules", [tagged]).json()
    with Ricloud(fixture.service.url, token) as client:
        assert client.list()["total_count"] == 0


def test_06_the_quickstarts_keys(service, demo):
    env = service.env()
    with Ricloud(service.url, env["RICLOUD_TOKEN"]) as client:
        execution = service.admin().run(demo)
        task = number(service.admin().task(execution))
        assert client.task(task)["key"] is not None and task in client.ids(limit=1000)
    with Ricloud(service.url, env["RICLOUD_TOKEN_RESULTS_ONLY"]) as client:
        assert client.refused(f"/tasks/{task}").error == "missing-scope"
        assert client.list("results")["resource"] == "list"
    with Ricloud(service.url, env["RICLOUD_TOKEN_OTHER"]) as client:
        assert client.refused(f"/tasks/{task}").error == "not-found"
        assert task not in client.ids(limit=1000)


# ---- 7 to 12: lists


@pytest.fixture
def listed(fixture):
    """The fixture's own tasks alone, whatever other tests add."""
    return {"source": [number(s) for s in (fixture.writing, fixture.source, fixture.failing)]}


def test_07_a_list_has_ten_items(fixture, ricloud, listed):
    page = ricloud.list(**listed)
    assert [item["id"] for item in page["data"]] == fixture.newest_first[:10]
    assert all(item["resource"] == "task" for item in page["data"])
    assert (page["has_more"], page["total_count"], page["url"], page["resource"]) == (True, 25, "/tasks", "list")


def test_08_nothing_matches(ricloud, listed):
    assert ricloud.list(state="suspended", **listed) == {
        "resource": "list", "data": [], "has_more": False, "total_count": 0, "url": "/tasks"}


def test_09_pages(fixture, ricloud, listed):
    ids, more, after = [], [], None
    for _ in range(3):
        page = ricloud.list(limit=10, after_id=after, **listed)
        ids.append([item["id"] for item in page["data"]])
        more.append(page["has_more"])
        assert page["total_count"] == 25
        after = ids[-1][-1]
    assert [len(part) for part in ids] == [10, 10, 5]
    assert more == [True, True, False]
    assert sum(ids, []) == fixture.newest_first


def test_10_cursors(fixture, ricloud, listed):
    newest = fixture.newest_first
    assert ricloud.ids(before_id=newest[2], **listed) == newest[:2]
    page = ricloud.list(before_id=newest[12], **listed)
    assert [item["id"] for item in page["data"]] == newest[:10] and page["has_more"]
    assert ricloud.ids(after_id=newest[1], before_id=newest[5], **listed) == newest[2:5]
    # A session's id is no task's.
    assert fixture.sessions[5] not in newest
    assert ricloud.ids(after_id=fixture.sessions[5], **listed) == [n for n in newest if n < fixture.sessions[5]][:10]
    assert ricloud.ids(after_id=1, **listed) == []


@pytest.mark.parametrize("value", ["0", "-1", "1001", "x", "", "1e3"])
def test_11_a_bad_limit_is_400(ricloud, value):
    error = ricloud.refused(f"/tasks?limit={value}")
    assert (error.status, error.error, error.message) == (400, "invalid-parameter", "Invalid parameter")
    assert error.params == {"limit": ["Must be an integer from 1 to 1000"]}


def test_12_the_largest_limit(fixture, ricloud, listed):
    page = ricloud.list(limit=1000, **listed)
    assert [item["id"] for item in page["data"]] == fixture.newest_first and not page["has_more"]


# ---- 13 to 18: filters


def test_13_each_filter_alone_and_two_together(fixture, ricloud, listed):
    everything = {item["id"]: item for item in ricloud.list(limit=1000, **listed)["data"]}

    def matching(**wanted):
        return [id for id, item in everything.items() if all(item[name] == value for name, value in wanted.items())]

    for name, values in {"key": {item["key"] for item in everything.values()}, "user": {fixture.user},
                         "source": set(listed["source"]), "session": set(fixture.sessions[:3]),
                         "source_type": {"etl", "machine_learning"}, "type": {"schedule.run.command"},
                         "state": {"succeeded", "failed"}}.items():
        for value in values:
            assert matching(**{name: value})
            assert ricloud.ids(limit=1000, **{**listed, name: value}) == matching(**{name: value}), (name, value)
    assert ricloud.ids(limit=1000, **{**listed, "state": "failed", "key": fixture.other_key}) == fixture.newest_first[2:4]
    assert ricloud.ids(**listed, poll=1) == []
    assert ricloud.ids(**listed, type="schedule.run.http") == []
    assert ricloud.ids(**listed, state="failed", key=fixture.key) == []


def test_13_poll_is_the_due_time_of_what_a_trigger_started(fixture, ricloud):
    schedule = fixture.boss.create("polls", "true", triggers=[{"every": "1s"}])
    until(lambda: ricloud.list(source=number(schedule))["total_count"] >= 2, 15, "two due times")
    fixture.boss.call("suspendSchedule", {"scheduleId": schedule}).json()
    for item in ricloud.list(source=number(schedule))["data"]:
        due = datetime.datetime.fromtimestamp(item["poll"] / 1000, datetime.timezone.utc)
        assert due.strftime("%Y-%m-%dT%H:%M:%S") in {entry["due"][:19] for entry in fixture.boss.ledger(schedule)}
        assert item["user"] is None
        assert ricloud.ids(poll=item["poll"], source=number(schedule)) == [item["id"]]


def test_13_what_a_trigger_started_is_put_down_to_the_key_that_made_the_schedule(fixture, ricloud):
    maker = Client(fixture.service.url, fixture.token)
    schedule = maker.create("keyed", "true", triggers=[{"every": "1s"}])
    until(lambda: ricloud.list(source=number(schedule))["total_count"] >= 1, 15, "a due time")
    assert ricloud.list(source=number(schedule))["data"][0]["key"] == fixture.key
    # Also when it is no more.
    task = ricloud.ids(source=number(schedule))[0]
    fixture.boss.call("deleteSchedules", [schedule]).json()
    assert (ricloud.task(task)["key"], ricloud.task(task)["source_type"]) == (fixture.key, "etl")
    assert task in ricloud.ids(key=fixture.key, limit=1000)


def test_14_alternatives_and_what_is_no_filter(fixture, ricloud, listed):
    assert ricloud.ids(state=["pending", "failed"], **listed) == fixture.newest_first[2:4]
    assert ricloud.list(state=["succeeded", "failed"], **listed)["total_count"] == 25
    assert ricloud.list(user="boss", **listed)["total_count"] == 25
    assert ricloud.list(user="nobody", **listed)["total_count"] == 0
    assert ricloud.refused("/tasks?state=done").params == {
        "state": ["Not one of: pending, processing, suspended, succeeded, failed"]}
    assert "key" in ricloud.refused("/tasks?key=abc").params
    assert "colour" in ricloud.refused("/tasks?colour=red").params
    for error in ("state=done", "key=abc", "colour=red", "state=", "limit=1&limit=1"):
        assert (ricloud.refused(f"/tasks?{error}").status, ricloud.refused(f"/tasks?{error}").error) == (400, "invalid-parameter")


@pytest.fixture(scope="module")
def dated(fixture):
    """The source with tasks of dates that are well apart, as (id, date_created), oldest first."""
    schedule = fixture.boss.create("dated", "true")
    with fixture.client() as client:
        for _ in range(3):
            fixture.boss.ended(fixture.boss.run(schedule))
            first = client.list(source=number(schedule))["data"][0]["date_created"]
            # The next falls into another second.
            until(lambda: datetime.datetime.now(datetime.timezone.utc).strftime("%S") != first[17:19])
        items = client.list(source=number(schedule))["data"]
    return number(schedule), [(item["id"], item["date_created"]) for item in items[::-1]]


def test_15_operators_in_three_spellings(ricloud, dated):
    source, ((first, _), (second, middle), (third, _)) = dated
    for name, wanted in (("date_created[gte]", [third, second]), ("date_created%5Bgte%5D", [third, second]),
                         ("date_created__gte", [third, second]), ("date_created%5Blt%5D", [first]),
                         ("date_created[gt]", [third]), ("date_created__lte", [second, first])):
        assert ricloud.ids(raw=f"source={source}&{name}={middle}") == wanted, name
    assert ricloud.ids(raw=f"source={source}&date_created[gt]={dated[1][0][1]}&date_created[lt]={dated[1][2][1]}") == [second]


def test_16_a_date_matches_as_far_as_it_is_given(ricloud, dated):
    source, ((first, _), (second, middle), (third, _)) = dated
    assert ricloud.ids(source=source, date_created=middle) == [second]
    assert ricloud.ids(source=source, date_created=middle[:23] + "Z") == [second]
    assert ricloud.ids(source=source, date_created=middle[:19] + "Z") == [second]
    assert second in ricloud.ids(source=source, date_created=middle[:10])
    assert ricloud.ids(source=source, date_created="2001-01-01") == []
    assert ricloud.ids(source=source, date_completed=ricloud.task(second)["date_completed"]) == [second]
    assert ricloud.ids(source=source, date_started=ricloud.task(third)["date_started"]) == [third]
    assert first not in ricloud.ids(source=source, date_created=middle)


def test_17_zones(ricloud, dated):
    source, (_, (second, middle), _) = dated
    instant = datetime.datetime.strptime(middle, "%Y-%m-%dT%H:%M:%S.%f%z")
    there = instant.astimezone(datetime.timezone(datetime.timedelta(hours=2))).strftime("%Y-%m-%dT%H:%M:%S.%f")
    for value in (f"{there}%2B02:00", f"{there}+02:00", f"{there}%2B0200", middle[:-1], middle[:-1].replace("T", "+")):
        assert ricloud.ids(raw=f"source={source}&date_created={value}") == [second], value
    assert second in ricloud.ids(raw=f"source={source}&date_created[gte]={middle[:10]}")
    midnight = f"{middle[:10]}T00:00:00Z"
    assert ricloud.ids(raw=f"source={source}&date_created[gte]={middle[:10]}") == \
        ricloud.ids(raw=f"source={source}&date_created[gte]={midnight}")


def test_18_an_unreadable_date_is_400(ricloud):
    for query in ("date_created[gte]=garbage", "date_created=gt&date_created=lt"):
        error = ricloud.refused(f"/tasks?{query}")
        assert (error.status, list(error.params)) == (400, ["date_created"])


# ---- 19: the captured requests

CAPTURED = """\
/tasks
/tasks?state=pending&type=data&source_type=icloud.account&key=1&limit=2&after_id=10
/tasks?date_created=2018-08-22T10%3A25%3A05.123Z
/tasks?date_created=2018-08-22T10%3A25%3A05
/tasks?date_started=2018-08-22
/tasks?date_created%5Bgt%5D=2018-08-22T10%3A25%3A05Z
/tasks?date_created__gte=2018-08-22T10%3A25%3A05Z
/tasks?state=pending&state=failed
/tasks?source=42
""".splitlines()


def test_19_what_the_client_sends_on_one_connection(fixture, ricloud):
    for target in CAPTURED:
        ricloud.send("GET", target)
    ricloud.task(fixture.tasks[0])
    ricloud.task(fixture.tasks[1])
    assert ricloud.refused("/tasks/a%20b/c?d").status == 404
    assert ricloud.connections == 1


def test_19_a_task_of_its_token_byte_for_byte(fixture):
    """The bytes of the contract with nothing but token and id replaced."""
    with fixture.client() as client:
        text = (f"GET /tasks/{fixture.tasks[0]} HTTP/1.1\r\nHost: example.test\r\nUser-Agent: ricloud-py/3.2.0\r\n"
                "Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n"
                f"Authorization: Token {fixture.token}\r\nRicloud-Await: 0\r\n\r\n").encode()
        for _ in range(2):
            status, headers, body = client.exchange(text)
            assert (status, headers["Content-Type"]) == (200, "application/json")
            assert json.loads(body)["id"] == fixture.tasks[0]
        assert client.connections == 1


# ---- 20 to 26: results


def results_of(ricloud, task):
    return {r["identifier"]: r for r in ricloud.task(task)["results"]}


def test_20_results_of_a_task(fixture, ricloud):
    results = results_of(ricloud, fixture.tasks[0])
    assert set(results) == set(FILES)
    for name, content in FILES.items():
        result = results[name]
        assert list(result) == RESULT
        assert (result["resource"], result["task"], result["poll"]) == ("result", fixture.tasks[0], None)
        assert (result["size"], result["checksum"]) == (len(content), hashlib.md5(content).hexdigest())
        assert result["type"] == ("json" if name.endswith(".json") else "file")
        assert (result["date_deleted"], DATE.fullmatch(result["date_created"]) is not None) == (None, True)
        assert result["url"].startswith("local:///")
        path = pathlib.Path(result["url"].removeprefix("local://"))
        assert path.is_absolute() and path.read_bytes() == content
    ids = [r["id"] for r in ricloud.task(fixture.tasks[0])["results"]]
    assert ids == sorted(ids)


def test_21_a_pending_task(fixture, ricloud):
    schedule = fixture.boss.create("waits", "sleep 30")
    first, second = fixture.boss.run(schedule), fixture.boss.run(schedule)
    until(lambda: ricloud.ids(state="processing", source=number(schedule)), 30, "the first run")
    task = ricloud.task(number(fixture.boss.task(second)))
    assert (task["state"], task["results"], task["error"]) == ("pending", [], None)
    assert (task["date_started"], task["date_completed"]) == (None, None)
    assert ricloud.ids(state="pending", source=number(schedule)) == [task["id"]]
    for run in (second, first):
        fixture.boss.call("cancelExecution", json.dumps(run)).json()
    cancelled = ricloud.ended(task["id"])
    assert (cancelled["state"], cancelled["error"], cancelled["date_started"]) == ("failed", "task-canceled", None)
    assert cancelled["date_completed"] is not None
    assert ricloud.ended(number(fixture.boss.task(first)))["error"] == "task-canceled"


def test_22_a_failed_task(fixture, ricloud):
    task = ricloud.task(fixture.tasks[21])
    assert (task["state"], task["error"], task["results"]) == ("failed", "task-failed", [])


def test_22_what_ran_too_long_and_what_was_not_to_run(fixture, ricloud):
    definition = {"name": "slow", "tasks": [{"name": "main", "command": ["/bin/sleep", "30"], "timeout": "200ms"}]}
    slow = fixture.boss.call("createSchedule", definition).json()
    task = ricloud.ended(number(fixture.boss.task(fixture.boss.run(slow))))
    assert (task["state"], task["error"]) == ("failed", "task-timeout")
    unmet = fixture.boss.create("unmet", "true", condition={"command": ["/bin/false"]})
    run = fixture.boss.run(unmet, checkTriggers=True)
    task = ricloud.ended(number(fixture.boss.task(run)))
    assert (task["state"], task["error"], task["date_started"]) == ("failed", "task-skipped", None)
    assert task["date_completed"] is not None
    # The condition is a task of nobody's.
    assert ricloud.list(source=number(unmet))["total_count"] == 1


def test_22_what_waits_for_another_task_is_suspended(fixture, ricloud, scratch):
    gate = scratch / "gate"
    tasks = [{"name": "first", "command": ["/bin/sh", "-c", f"while [ ! -e {gate} ]; do sleep 0.02; done; exit 3"]},
             {"name": "second", "command": ["/bin/true"], "after": [{"task": "first", "when": "failed"}]},
             {"name": "third", "command": ["/bin/true"], "after": [{"task": "first", "when": "succeeded"}]}]
    schedule = fixture.boss.call("createSchedule", {"name": "chain", "tasks": tasks}).json()
    session = number(fixture.boss.run(schedule))
    third, second, first = ricloud.ids(session=session)
    until(lambda: ricloud.task(first)["state"] == "processing", 30, "the first task")
    assert ricloud.ids(session=session, state="suspended") == [third, second]
    assert ricloud.task(second)["date_started"] is None
    gate.touch()
    assert ricloud.ended(second)["state"] == "succeeded"
    skipped = ricloud.ended(third)
    assert (skipped["state"], skipped["error"], skipped["date_started"]) == ("failed", "task-skipped", None)
    assert skipped["date_completed"] is not None
    assert ricloud.ids(session=session, state="failed") == [third, first]


def test_23_results_by_id_and_in_a_list(fixture, ricloud):
    results = results_of(ricloud, fixture.tasks[0])
    for result in results.values():
        assert ricloud.result(result["id"]) == result
    page = ricloud.list("results", task=fixture.tasks[0], state="available")
    assert page["url"] == "/results" and all(item["state"] == "available" for item in page["data"])
    assert ricloud.ids("results", task=fixture.tasks[0], identifier="a.json") == [results["a.json"]["id"]]
    assert ricloud.ids("results", identifier="no such file") == []
    assert ricloud.refused("/results?state=pending").params == {"state": ["Not one of: available, consumed, expired"]}


@pytest.fixture
def result(fixture):
    """One that a test may acknowledge, and its task."""
    schedule = fixture.boss.create(f"result {time.monotonic_ns()}", "echo x >$CARILLON_RESULT_DIR/out")
    run = fixture.boss.run(schedule)
    fixture.boss.ended(run)
    with fixture.client() as client:
        return client.task(number(fixture.boss.task(run)))["results"][0]


def test_24_acknowledge(ricloud, result):
    before = ricloud.list("results", task=result["task"])
    consumed = ricloud.acknowledge(result["id"])
    assert {**consumed, "date_consumed": None} == {**result, "state": "consumed"}
    assert DATE.fullmatch(consumed["date_consumed"])
    assert before["total_count"] == 1 and ricloud.list("results", task=result["task"])["total_count"] == 0
    assert ricloud.ids("results", task=result["task"], state="consumed") == [result["id"]]
    assert ricloud.ids("results", task=result["task"], date_consumed=consumed["date_consumed"],
                       state=["consumed", "available"]) == [result["id"]]
    # Nothing is deleted by it.
    assert pathlib.Path(consumed["url"].removeprefix("local://")).read_bytes() == b"x\n"


def test_25_acknowledge_again(fixture, ricloud, result):
    path, token = f"/results/{result['id']}/ack", f"Token {fixture.token}"
    broken = body_of(raw(fixture.service, "POST", path, token, "{"), 400)
    assert broken == {"error": "invalid-body", "message": "Request body is not valid JSON"}
    assert ricloud.result(result["id"])["state"] == "available"
    consumed = body_of(raw(fixture.service, "GET", path, token), 200)
    assert consumed["state"] == "consumed"
    assert ricloud.acknowledge(result["id"]) == consumed
    for body in ("", "null", "{}", "[1]"):
        assert body_of(raw(fixture.service, "POST", path, token, body), 200) == consumed


def test_26_acknowledge_what_is_unknown(ricloud):
    assert ricloud.refused("/results/999999/ack", "POST").error == "not-found"


# ---- 27 to 33: methods, paths, a task's life


@pytest.mark.parametrize("method, path, allow", [
    ("POST", "/tasks", "GET, HEAD"), ("DELETE", "/tasks/1", "GET, HEAD"), ("PUT", "/results/1", "GET, HEAD"),
    ("OPTIONS", "/tasks", "GET, HEAD"), ("PATCH", "/results/1/ack", "GET, HEAD, POST")])
def test_27_other_methods_are_405(service, method, path, allow):
    answer = raw(service, method, path, Origin="https://page.example")
    assert body_of(answer, 405) == {"error": "method-not-allowed", "message": "Method not allowed"}
    assert answer.headers["Allow"] == allow
    assert not any(name.lower().startswith("access-control-") for name in answer.headers)


def test_27_head_is_get_without_the_body(fixture):
    for path in ("/tasks", f"/tasks/{fixture.tasks[0]}", "/results"):
        head, get = (raw(fixture.service, method, path, f"Token {fixture.token}") for method in ("HEAD", "GET"))
        assert (head.status, head.body, head.type) == (200, b"", "application/json")
        assert head.headers["Content-Length"] in (None, str(len(get.body)))


@pytest.mark.parametrize("path", ["/tasks/", "/tasks/a%20b/c?d", "/tasks/1.0", "/tasks/-1", "/tasks/0x1", "/tasks/01",
                                  "/tasks/" + 5000 * "7", "/tasks/a%2Fb", "/tasks/%C3%BC", "/results/", "/results/x/ack"])
def test_28_what_is_no_id_is_404(ricloud, path):
    assert ricloud.refused(path).status == 404


def test_28_above_the_root(service, fixture):
    body_of(raw(service, "GET", "/tasks/..", f"Token {fixture.token}"), 404)
    assert raw(service, "GET", "/").status == 200


def test_29_the_alias_and_repeated_slashes(fixture, ricloud, listed):
    page = ricloud.list(**listed)
    query = "&".join(f"source={n}" for n in listed["source"])
    assert ricloud.send("GET", f"/ricloud/tasks?{query}") == page
    assert ricloud.send("GET", f"//tasks?{query}") == page
    assert ricloud.send("GET", f"/ricloud//tasks/{fixture.tasks[0]}") == ricloud.task(fixture.tasks[0])
    assert ricloud.send("GET", "/ricloud/results")["url"] == "/results"


@pytest.mark.parametrize("path", ["/users", "/configs/storage", "/key", "/keys", "/organisation", "/sources/1", "/sessions",
                                  "/polls", "/subscriptions", "/events", "/permissions", "/ricloud", "/ricloud/users"])
def test_30_other_resources_are_404(service, fixture, path):
    assert body_of(raw(service, "GET", path, f"Token {fixture.token}"), 404) == NOT_FOUND
    assert body_of(raw(service, "POST", path, None, "{}"), 404) == NOT_FOUND


def test_31_a_body_that_is_too_large(fixture):
    answer = raw(fixture.service, "POST", "/results/1/ack", f"Token {fixture.token}", b" " * (2 << 20))
    assert body_of(answer, 413) == {"error": "request-too-large", "message": "Request body too large"}


def test_31_a_uri_that_is_too_long(fixture):
    answer = raw(fixture.service, "GET", "/tasks?type=" + 20_000 * "x", f"Token {fixture.token}")
    assert body_of(answer, 414)["error"] == "uri-too-long"


def test_31_the_client_repeats_what_failed_and_tells_of_it(make_service):
    """With the application stopped the web server answers alone; the client sends four times and gives up."""
    service = make_service().start()
    os.kill(service.master(), signal.SIGTERM)
    answer = until(lambda: (a := raw(service, "GET", "/tasks", "Token x")).status == 502 and a, 20, "a 502")
    assert body_of(answer, 502)["error"] == "bad-gateway"
    with Ricloud(service.url, "x") as client:
        with pytest.raises(ServerError):
            client.list()
        assert client.sent == 4


def test_33_the_life_of_a_task(fixture, ricloud, scratch):
    gate = scratch / "gate"
    schedule = fixture.boss.create("life", f"while [ ! -e {gate} ]; do sleep 0.02; done")
    first = fixture.boss.run(schedule)
    task = number(fixture.boss.task(fixture.boss.run(schedule)))
    seen = [ricloud.task(task)]
    assert seen[0]["state"] == "pending"
    fixture.boss.call("cancelExecution", json.dumps(first)).json()
    until(lambda: ricloud.task(task)["date_started"], 30, "its start")
    seen.append(ricloud.task(task))
    assert (seen[1]["state"], ricloud.ids(state="processing", source=number(schedule))) == ("processing", [task])
    gate.touch()
    seen.append(ricloud.ended(task))
    assert [one["state"] for one in seen] == ["pending", "processing", "succeeded"]
    assert len({one["date_created"] for one in seen}) == 1
    assert [one["date_started"] for one in seen] == [None, seen[2]["date_started"], seen[2]["date_started"]]
    assert [one["date_completed"] is None for one in seen] == [True, True, False]
    assert seen[2]["date_created"] <= seen[2]["date_started"] <= seen[2]["date_completed"]
