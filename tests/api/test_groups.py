"""Concurrency groups, priorities and the pace of starts, with real commands."""

import datetime
import time

import pytest

from carillon import until

SUCCEEDED, RUNNING, PENDING = 1, 4, 0
STARTS, RATE, BURST = 10, 4, 2


def word():
    return f"group-{time.monotonic_ns()}"


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def group(admin, name):
    page = admin.call("listGroups", {"limit": 1000}).json()
    assert "cursor" not in page
    return next((one for one in page["items"] if one["name"] == name), None)


@pytest.fixture
def gate(scratch):
    """A file that lets jobs go on when it is there."""
    return scratch / "open"


@pytest.fixture
def waiter(admin, gate):
    """Makes a schedule whose runs last until the gate opens, and runs it; answers the execution."""
    def run(name, **members):
        script = f"until [ -e {gate} ]; do sleep 0.05; done"
        return admin.run(admin.create(f"{name} {time.monotonic_ns()}", script, **members))
    yield run
    gate.touch()


def test_no_more_runs_of_a_group_than_its_limit_go_on(admin, waiter, gate):
    name = word()
    assert admin.call("setGroup", {"name": name, "limit": 2}).json() == {"success": True, "errorMessage": "", "modifiedList": []}
    assert group(admin, name) == {"name": name, "limit": 2, "running": 0, "waiting": 0}
    runs = [waiter("group: shares", group=name) for _ in range(4)]
    until(lambda: group(admin, name) == {"name": name, "limit": 2, "running": 2, "waiting": 2}, 20)
    until(lambda: [admin.status(one) for one in runs] == [RUNNING, RUNNING, PENDING, PENDING], 20)

    admin.call("setGroup", {"name": name, "limit": 3})
    until(lambda: [admin.status(one) for one in runs] == [RUNNING, RUNNING, RUNNING, PENDING], 20)
    gate.touch()
    assert [admin.ended(one, 30) for one in runs] == [SUCCEEDED] * 4
    assert group(admin, name) == {"name": name, "limit": 3, "running": 0, "waiting": 0}


def test_a_cancelled_run_gives_its_place_to_the_next(admin, waiter):
    name = word()
    first, second = (waiter("group: cancelled", group=name) for _ in range(2))
    until(lambda: [admin.status(first), admin.status(second)] == [RUNNING, PENDING], 20)
    assert admin.call("cancelExecution", first).status == 200
    until(lambda: admin.status(second) == RUNNING, 20)


def test_of_those_that_wait_the_highest_priority_begins_first(admin, waiter, gate):
    name = word()
    first = waiter("priority: holds", group=name)
    until(lambda: admin.status(first) == RUNNING, 20)
    runs = {priority: waiter(f"priority {priority}", group=name, priority=priority) for priority in (-5, 0, 9, 4)}
    until(lambda: group(admin, name)["waiting"] == 4, 20)
    gate.touch()
    started = {}
    for priority, run in runs.items():
        assert admin.ended(run, 30) == SUCCEEDED
        started[priority] = admin.call("getExecution", run).json()["startDate"]
    assert sorted(started, key=started.get) == [9, 4, 0, -5]


def test_what_is_due_at_once_becomes_a_ramp_and_the_ledger_stays_as_it_was_due(make_service):
    admin = make_service(CARILLON_START_RATE=str(RATE), CARILLON_START_BURST=str(BURST)).start().admin()
    due = int(time.time()) + 6
    at = datetime.datetime.fromtimestamp(due, datetime.timezone.utc).isoformat()
    schedules = [admin.create(f"ramp {n}", "true", triggers=[{"at": at}]) for n in range(STARTS)]
    rows = until(lambda: (all(rows := [admin.ledger(one) for one in schedules])) and rows, 30)
    assert [(len(each), each[0]["verdict"], instant(each[0]["due"])) for each in rows] == [(1, "ran", due)] * STARTS
    runs = [each[0]["executionId"] for each in rows]
    assert {admin.ended(run, 30) for run in runs} == {SUCCEEDED}
    starts = sorted(instant(admin.call("getExecution", run).json()["startDate"]) for run in runs)
    for n, start in enumerate(starts):
        assert start >= due + (n + 1 - BURST) / RATE - 0.02, (n, start - due)


@pytest.mark.parametrize("body, why", [
    ({"limit": 1}, "Missing value: name"),
    ({"name": "", "limit": 1}, "Missing value: name"),
    ({"name": "x" * 101, "limit": 1}, "Invalid value: name: must have at most 100 characters"),
    ({"name": "x"}, "Missing value: limit"),
    ({"name": "x", "limit": 0}, "Invalid value: limit: must be a whole number from 1 to 1000"),
    ({"name": "x", "limit": 1001}, "Invalid value: limit: must be a whole number from 1 to 1000"),
    ({"name": "x", "limit": "many"}, "Invalid value: limit"),
])
def test_what_is_no_group_is_refused(admin, body, why):
    answer = admin.call("setGroup", body)
    assert (answer.status, answer.text) == (400, why)


def test_groups_come_in_pages_by_name(admin):
    names = sorted(word() for _ in range(3))
    for name in names:
        admin.call("setGroup", {"name": name, "limit": 7})
    seen, page = [], {"cursor": None}
    while "cursor" in page:
        page = admin.call("listGroups", {"limit": 1, "cursor": page["cursor"]}).json()
        seen += [one["name"] for one in page["items"]]
    assert seen == sorted(seen) and set(names) <= set(seen)


def test_the_administrators_command_sets_and_shows_them(service):
    name = word()
    assert service.ctl("group", "set", name, "12").returncode == 0
    shown = service.ctl("group", "list").stdout.splitlines()
    assert shown[0].split() == ["NAME", "LIMIT", "RUNNING", "WAITING"]
    assert [name, "12", "0", "0"] in [line.split() for line in shown]
    assert "the limit is a number from 1 to 1000" in service.ctl("group", "set", name, "many").stderr
