"""The native methods on schedules, from outside: what is promised to callers, one test each."""

import datetime
import itertools
import json
import uuid

import pytest

from carillon import until

NUMBERS = itertools.count(1)
TASKS = [{"name": "main", "command": ["/bin/sh", "-c", "true"]}]
UNKNOWN = "eeeeeeee-0000-4000-8000-000000000002"


def name():
    return f"schedules: {next(NUMBERS)}"


def word():
    return f"schedules-{next(NUMBERS)}"


def definition(**members):
    return {"name": name(), "tasks": TASKS, **members}


def create(admin, **members):
    return admin.call("createSchedule", definition(**members)).json()


def get(admin, schedule):
    return admin.call("getSchedule", json.dumps(schedule)).json()


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def text(instant):
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(value):
    return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))


def modified(*ids):
    return {"success": True, "errorMessage": "", "modifiedList": [{"id": i} for i in ids]}


# ---- update ----

def test_what_was_read_can_be_changed_and_written_back(admin):
    schedule = create(admin, description="before", triggers=[{"every": "1h"}], tags=["a"])
    read = get(admin, schedule)
    assert admin.call("updateSchedule", {**read, "description": "after"}).json() == modified(schedule)
    again = get(admin, schedule)
    assert (again["version"], again["description"]) == (2, "after")
    assert {**again, "version": 1, "description": "before"} == read


def test_a_stale_version_is_a_conflict(admin):
    schedule = create(admin)
    read = get(admin, schedule)
    assert admin.call("updateSchedule", read).status == 200
    answer = admin.call("updateSchedule", read)
    assert (answer.status, answer.text, answer.type) == (409, "Version is 2, not 1", "text/plain;charset=utf-8")


def test_a_new_timetable_begins_at_once(admin):
    schedule = create(admin)
    assert admin.call("updateSchedule", {**get(admin, schedule), "triggers": [{"every": "1s"}]}).status == 200
    until(lambda: any(e["verdict"] == "ran" for e in admin.ledger(schedule)), 15)


def test_a_rename_frees_the_old_name_and_takes_the_new(admin):
    schedule, old, new = create(admin), name(), name()
    other = create(admin, name=old)
    assert admin.call("updateSchedule", {**get(admin, schedule), "name": old}).status == 409
    assert admin.call("updateSchedule", {**get(admin, other), "name": new}).status == 200
    assert admin.find(new)["scheduleId"] == other
    assert admin.call("updateSchedule", {**get(admin, schedule), "name": old}).status == 200


def test_an_update_happens_once_for_each_key(admin):
    body = {**get(admin, create(admin)), "description": "x"}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, second = (admin.call("updateSchedule", body, headers=key) for _ in range(2))
    assert first.body == second.body
    assert second.headers["Idempotency-Replayed"] == "true"
    assert get(admin, body["scheduleId"])["version"] == 2


# ---- list ----

def test_schedules_are_listed_by_tag_and_page_by_page(admin):
    tag, names = word(), sorted(name() for _ in range(5))
    for one in reversed(names):
        create(admin, name=one, tags=[tag, "other"])
    seen, cursor = [], {}
    while True:
        page = admin.call("listSchedules", {"tags": [tag], "limit": 2, **cursor}).json()
        assert page["total"] == 5
        seen += [s["name"] for s in page["items"]]
        if "cursor" not in page:
            break
        cursor = {"cursor": page["cursor"]}
    assert seen == names
    turned = admin.call("listSchedules", {"tags": [tag], "sort": "-name"}).json()["items"]
    assert [s["name"] for s in turned] == names[::-1]
    answer = admin.call("listSchedules", {"limit": 2, **cursor})
    assert (answer.status, answer.text) == (400, "Invalid value: cursor")


def test_what_is_listed_is_what_get_schedule_answers(admin):
    tag = word()
    schedule = create(admin, tags=[tag], triggers=[{"cron": "0 0 1 1 *"}])
    listed = admin.call("listSchedules", {"tags": [tag]}).json()
    assert listed == {"items": [get(admin, schedule)], "total": 1}


def test_schedules_are_listed_by_status(admin):
    tag = word()
    held, idle, done = (create(admin, tags=[tag], triggers=[t]) for t in
                        ({"every": "1h"}, {"every": "1h"}, {"at": "2020-01-01T00:00:00Z"}))
    admin.call("suspendSchedule", json.dumps(held)).json()
    until(lambda: get(admin, done)["status"] == 2)

    def ids(status):
        return {s["scheduleId"] for s in admin.call("listSchedules", {"tags": [tag], "status": status}).json()["items"]}

    assert (ids(4), ids(0), ids([2])) == ({held}, {idle}, {done})
    assert ids([0, 4]) == {held, idle}
    assert ids(3) == set()


# ---- apply ----

def test_a_set_is_kept_as_it_is_written(admin):
    owner, a, b, c = word(), definition(), definition(triggers=[{"every": "7m"}]), definition()
    first = admin.call("applySchedules", {"owner": owner, "schedules": [a, b]}).json()
    assert [s["name"] for s in first["created"]] == [a["name"], b["name"]]
    assert admin.call("applySchedules", {"owner": owner, "schedules": [a, b]}).json()["unchanged"] == first["created"]
    change = {"owner": owner, "schedules": [{**b, "tags": ["x"]}, c], "prune": True}
    planned = admin.call("applySchedules", {**change, "dryRun": True}).json()
    assert get(admin, first["created"][0]["scheduleId"])["owner"] == owner
    done = admin.call("applySchedules", change).json()
    assert done["changed"] == [{**first["created"][1], "members": ["tags"]}] == planned["changed"]
    assert done["deleted"] == [first["created"][0]] == planned["deleted"]
    assert [s["name"] for s in done["created"]] == [c["name"]] == [s["name"] for s in planned["created"]]
    assert "scheduleId" in done["created"][0] and "scheduleId" not in planned["created"][0]


def test_one_name_of_somebody_else_stops_the_whole_set(admin):
    foreign, new = definition(), definition()
    admin.call("createSchedule", foreign).json()
    answer = admin.call("applySchedules", {"owner": word(), "schedules": [new, foreign]})
    assert answer.status == 409
    assert answer.text == f"A schedule with this name belongs to no owner: {foreign['name']}"
    assert admin.call("findSchedule", {"searchCriteria": {"searchValue": new["name"]}}).json() == []


# ---- preview and explain ----

def test_a_definition_is_previewed_with_its_clock_changes(viewer):
    body = {"definition": definition(triggers=[{"cron": "30 2 * * *", "timeZone": "Europe/Amsterdam"}]),
            "from": "2026-03-28T12:00:00Z", "count": 2}
    assert viewer.call("previewSchedule", body).json() == [
        {"due": "2026-03-29T01:00:00.000Z", "local": "2026-03-29T03:00:00.000+02:00", "timeZone": "Europe/Amsterdam",
         "note": "02:30 does not exist on this day: moved to the first instant after the clock change"},
        {"due": "2026-03-30T00:30:00.000Z", "local": "2026-03-30T02:30:00.000+02:00", "timeZone": "Europe/Amsterdam"}]


def test_a_preview_begins_now_and_with_the_next_run(admin):
    schedule = create(admin, triggers=[{"every": "1h"}])
    due = admin.call("previewSchedule", {"scheduleId": schedule}).json()
    assert len(due) == 10
    assert due[0]["due"] == get(admin, schedule)["nextRun"]
    assert admin.call("previewSchedule", {"scheduleId": create(admin)}).json() == []


def test_a_run_is_explained(admin, viewer):
    schedule = create(admin, triggers=[{"every": "1s"}])
    entry = until(lambda: [e for e in admin.ledger(schedule) if e["verdict"] == "ran"], 15)[0]
    until(lambda: admin.status(entry["executionId"]) == 1)
    told = viewer.call("explainSchedule", {"scheduleId": schedule, "at": entry["due"]}).json()
    assert (told["verdict"], told["due"], told["executionId"]) == ("ran", entry["due"], entry["executionId"])
    assert told["trigger"] == "every 1s"
    assert told["latenessMs"] >= 0
    assert told["reason"].startswith("It ran, due at ")


def test_a_suspension_is_explained_by_who_when_and_why(admin):
    schedule = create(admin, triggers=[{"every": "1s"}])
    admin.call("suspendSchedule", {"scheduleId": schedule, "reason": "migration"}).json()
    since = get(admin, schedule)["suspended"]["since"]
    until(lambda: any(e["verdict"] == "skipped_suspended" for e in admin.ledger(schedule)), 15)
    entry = admin.ledger(schedule)[-1]
    told = admin.call("explainSchedule", {"scheduleId": schedule, "at": entry["due"]}).json()
    assert told["verdict"] == "skipped_suspended"
    me = admin.call("whoAmI", "{}", service="access").json()
    assert told["suspended"] == {"by": me["userId"], "reason": "migration", "since": since}
    assert f"suspended by {me['userName']} at {since} (migration)" in told["reason"]


# ---- suspend ----

def test_a_suspension_ends_by_itself(admin):
    schedule = create(admin, triggers=[{"every": "1s"}], overlap="queue")
    end = now() + datetime.timedelta(seconds=2.5)
    admin.call("suspendSchedule", {"scheduleId": schedule, "until": text(end)}).json()
    shown = get(admin, schedule)
    assert shown["status"] == 4
    assert instant(shown["suspended"]["until"]) == instant(text(end)) <= instant(shown["nextRun"])
    until(lambda: get(admin, schedule)["status"] == 0, 10)
    assert now() >= end
    until(lambda: any(e["verdict"] == "ran" and instant(e["due"]) >= end for e in admin.ledger(schedule)), 10)
    before = now() - datetime.timedelta(seconds=30)
    for entry in admin.ledger(schedule):
        assert instant(entry["due"]) > before
        suspended = instant(shown["suspended"]["since"]) <= instant(entry["due"]) < instant(text(end))
        assert entry["verdict"] == ("skipped_suspended" if suspended else "ran")
    assert "suspended" not in get(admin, schedule)


def test_a_suspension_ends_at_its_instant_also_if_the_service_restarts_meanwhile(fresh_service):
    admin = fresh_service.admin()
    schedule = create(admin, triggers=[{"every": "1s"}], overlap="queue", misfire="all")
    end = now() + datetime.timedelta(seconds=6)
    admin.call("suspendSchedule", {"scheduleId": schedule, "until": text(end)}).json()
    fresh_service.stop()
    fresh_service.start()
    admin = fresh_service.admin()
    until(lambda: now() > end and admin.ledger(schedule)[-1]["verdict"] == "ran", 20)
    first = next(e for e in admin.ledger(schedule) if e["verdict"] == "ran" and instant(e["due"]) >= end)
    assert instant(first["due"]) - end < datetime.timedelta(seconds=1)
    assert get(admin, schedule)["status"] == 0


def test_schedules_are_suspended_and_resumed_by_tag(admin):
    one, two = word(), word()
    a, b, c = (create(admin, tags=t, triggers=[{"every": "1h"}]) for t in ([one], [two, one], [two]))
    done = admin.call("suspendSchedules", {"tags": [one], "reason": "both"}).json()
    assert {i["id"] for i in done["modifiedList"]} == {a, b}
    assert [get(admin, s)["status"] for s in (a, b, c)] == [4, 4, 0]
    assert get(admin, b)["suspended"]["reason"] == "both"
    done = admin.call("resumeSchedules", {"tags": [two, one]}).json()
    assert {i["id"] for i in done["modifiedList"]} == {a, b, c}
    assert [get(admin, s)["status"] for s in (a, b, c)] == [0, 0, 0]
    assert admin.call("suspendSchedules", {"tags": [word()]}).json() == modified()


# ---- deleteSchedules ----

def test_many_are_deleted_at_once(admin):
    a, b = create(admin), create(admin)
    assert admin.call("deleteSchedules", [a, b]).json() == modified(a, b)
    assert admin.call("getSchedule", json.dumps(a)).status == 400
    assert admin.call("deleteSchedules", []).json() == modified()


def test_the_known_are_deleted_and_the_first_unknown_is_named(admin):
    a, b = create(admin), create(admin)
    assert admin.call("deleteSchedules", [a, UNKNOWN, b, "unknown"]).json() == {
        **modified(a, b), "success": False, "errorMessage": f"Schedule not found: {UNKNOWN}"}


# ---- who may ----

@pytest.mark.parametrize("method, body", [
    ("updateSchedule", {"scheduleId": UNKNOWN, "version": 1}),
    ("applySchedules", {"owner": "x", "schedules": []}),
    ("suspendSchedules", {"tags": ["x"]}),
    ("resumeSchedules", {"tags": ["x"]}),
    ("deleteSchedules", []),
])
def test_a_viewer_changes_nothing(viewer, method, body):
    answer = viewer.call(method, body)
    assert (answer.status, answer.text) == (403, "Insufficient permissions")


@pytest.mark.parametrize("method, body", [
    ("updateSchedule", {"scheduleId": UNKNOWN, "version": 1, "name": "x", "tasks": TASKS}),
    ("previewSchedule", {"scheduleId": UNKNOWN}),
    ("explainSchedule", {"scheduleId": UNKNOWN, "at": "2026-01-01T00:00:00Z"}),
    ("suspendSchedule", {"scheduleId": UNKNOWN, "reason": "x"}),
])
def test_an_unknown_schedule_is_400(admin, method, body):
    answer = admin.call(method, body)
    assert (answer.status, answer.text) == (400, "Schedule not found")


# ---- carillonctl ----

def ctl(service, *words, status=0, **options):
    done = service.ctl("schedule", *words, **options)
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def test_a_schedule_is_updated_from_a_file(service, admin, tmp_path):
    schedule, file = create(admin, name=name()), tmp_path / "definition.json"
    file.write_text(json.dumps(definition(description="by hand")))
    assert ctl(service, "update", schedule, str(file)) == ""
    assert get(admin, schedule)["description"] == "by hand"
    shown = ctl(service, "show", schedule, "--json")
    file.write_text(json.dumps({**json.loads(shown), "description": "shown and changed"}))
    ctl(service, "update", schedule, str(file))
    assert get(admin, schedule)["description"] == "shown and changed"
    assert "Version is 3, not 2" in ctl(service, "update", schedule, str(file), status=2)
    assert "it is of the schedule" in ctl(service, "update", create(admin), str(file), status=2)
    assert "Missing value: name" in ctl(service, "update", schedule, "-", status=2, input="{}")
    assert "not a JSON object" in ctl(service, "update", schedule, "-", status=2, input="[]")


def test_a_set_is_applied_from_a_file(service, admin, tmp_path):
    owner, a, b, file = word(), definition(), definition(), tmp_path / "set.json"
    file.write_text(json.dumps([a, b]))
    dry = ctl(service, "apply", str(file), "--owner", owner, "--dry-run")
    assert dry == f"created {a['name']}\ncreated {b['name']}\n0 unchanged\n"
    assert ctl(service, "apply", str(file), "--owner", owner) == dry
    file.write_text(json.dumps([{**a, "tags": ["x"], "description": "y"}]))
    told = ctl(service, "apply", str(file), "--owner", owner, "--prune")
    assert told == f"changed {a['name']} (description, tags)\ndeleted {b['name']}\n0 unchanged\n"
    assert ctl(service, "apply", "-", "--owner", owner, input=file.read_text()) == "1 unchanged\n"
    assert "needs --owner" in ctl(service, "apply", str(file), status=1)


def test_due_times_are_shown_before_and_after(service, admin, tmp_path):
    file = tmp_path / "definition.json"
    file.write_text(json.dumps(definition(triggers=[{"cron": "30 2 * * *", "timeZone": "Europe/Amsterdam"}])))
    told = ctl(service, "preview", str(file), "--file", "--from", "2026-03-29T00:00:00Z", "--count", "2").splitlines()
    assert len(told) == 3
    assert told[1].split()[:3] == ["2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00.000+02:00", "Europe/Amsterdam"]
    assert "02:30 does not exist on this day" in told[1]
    schedule = create(admin, triggers=[{"every": "1h"}])
    assert len(ctl(service, "preview", schedule).splitlines()) == 11
    due = get(admin, schedule)["nextRun"]
    assert ctl(service, "explain", schedule, due).startswith("It has not come yet, due at ")
    assert "Invalid value: at" in ctl(service, "explain", schedule, "noon", status=2)
    assert "not a number" in ctl(service, "preview", schedule, "--count", "x", status=2)


def test_a_suspension_says_why_and_until_when(service, admin):
    schedule = create(admin)
    ctl(service, "suspend", schedule, "--until", "2099-01-01T00:00:00Z", "--reason", "migration")
    held = get(admin, schedule)["suspended"]
    assert (held["until"], held["reason"]) == ("2099-01-01T00:00:00.000Z", "migration")


@pytest.mark.parametrize("members, why", [
    ({"triggers": [{"cron": "0 0 30 2 *"}]}, "triggers[0].cron: column 5: day of month"),
    ({"triggers": [{"cron": "0 0 0 1 1 ? 2020"}]}, "triggers[0].cron: column 13: year: is past"),
    ({"triggers": [{"every": "1h"}], "endDate": "2020-01-01T00:00:00Z"}, "endDate: triggers[0] would never be due"),
    ({"triggers": [{"rrule": "FREQ=DAILY;COUNT=2", "start": "2020-01-01T00:00:00"}]}, "triggers[0].rrule: column 12: is over"),
])
def test_what_is_never_due_is_refused_when_it_is_saved(admin, members, why):
    answer = admin.call("createSchedule", json.dumps(definition(**members)))
    assert answer.status == 400 and why in answer.text, answer
    schedule = create(admin)
    answer = admin.call("updateSchedule", json.dumps({**definition(**members), "scheduleId": schedule, "version": 1}))
    assert answer.status == 400 and why in answer.text, answer


def test_what_is_hardly_meant_is_saved_with_a_warning(admin):
    made = admin.call("createSchedule", json.dumps(definition(triggers=[{"cron": "* 2 * * *"}])))
    warning = made.headers["X-Schedule-Warning"]
    assert warning.startswith("triggers[0].cron: column 1: minute: ")
    assert get(admin, made.json())["warnings"] == [warning]
    assert "warnings" not in get(admin, create(admin))
