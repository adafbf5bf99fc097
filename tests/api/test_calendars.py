"""Named calendars: made, changed, imported, named by schedules; what they make of due times is the engine's test."""

import json
import time

import pytest

from carillon import until

RUNS = ["/bin/true"]
ALWAYS = [{"text": "No time at all", "date": "2020-01-01", "to": "2039-12-31"}]


def name():
    return f"cal {time.monotonic_ns()}"


def make(admin, **members):
    """Id and name of a new calendar."""
    body = {"name": name(), **members}
    return admin.call("createCalendar", body).json(), body["name"]


def schedule(admin, calendar, **members):
    return admin.call("createSchedule", {"name": name(), "tasks": [{"name": "a", "command": RUNS}],
                                         "calendars": {"exclude": [calendar]}, **members}).json()


def refused(answer, status, text):
    assert (answer.status, answer.text) == (status, text)


def test_what_was_read_can_be_sent_back_and_counts_one_version_more(admin):
    id, called = make(admin, timeZone="Europe/Amsterdam", entries=[
        {"text": "Christmas", "yearly": "12-25", "to": "12-26"}, {"date": "2026-12-28"}, {"weekly": "Mon-Fri 08:00-18:00"},
        {"from": "2026-05-01T20:00:00.000Z", "to": "2026-05-02T04:00:00.000Z"},
        {"rrule": "FREQ=DAILY", "start": "2026-01-01T18:00:00", "duration": "8h", "except": ["2026-01-02T18:00:00"],
         "timeZone": "Asia/Tokyo"}])
    first = admin.call("getCalendar", {"calendarId": id}).json()
    assert (first["name"], first["version"], first["schedules"]) == (called, 1, 0)
    assert admin.call("updateCalendar", first).status == 200
    second = admin.call("getCalendar", {"calendarId": id}).json()
    assert second["version"] == 2 and second["entries"] == first["entries"]
    refused(admin.call("updateCalendar", first), 409, "Version is 2, not 1")


@pytest.mark.parametrize("entry, why", [
    ({}, "entries[0]: must be one of date, yearly, weekly, from and rrule"),
    ({"date": "2026-12-25", "weekly": "Mon"}, "entries[0]: must be one of date, yearly, weekly, from and rrule"),
    ({"date": "25-12-2026"}, "entries[0].date: must be a date such as 2026-12-25"),
    ({"date": "2026-12-25", "to": "2026-12-24"}, "entries[0].to: must not be before date"),
    ({"yearly": "02-30"}, "entries[0].yearly: must be a date such as 12-25"),
    ({"weekly": "Mon 8-18"}, "entries[0].weekly: column 5: must be two times such as 08:00-18:00"),
    ({"weekly": "Mon", "to": "Tue"}, "entries[0].to: has no meaning for such an entry"),
    ({"from": "2026-12-25", "to": "2026-12-26"}, 'entries[0].from: must be a time such as "2026-12-24T18:00:00+01:00"'),
    ({"rrule": "FREQ=YEARLY;BYWEEKNO=20", "start": "2026-01-01T00:00:00", "duration": "1h"},
     "entries[0].rrule: BYWEEKNO is not served"),
    ({"rrule": "FREQ=DAILY", "start": "2026-01-01T00:00:00", "duration": "367d"},
     "entries[0].duration: must be above 0 and at most 366 days"),
    ({"date": "2026-12-25", "timeZone": "Mars/Olympus"}, 'entries[0].timeZone: unknown time zone "Mars/Olympus"'),
    ({"date": "2026-12-25", "colour": "red"}, "entries[0].colour: there is no such member"),
])
def test_an_entry_that_makes_no_sense_is_refused_by_its_member(admin, entry, why):
    refused(admin.call("createCalendar", {"name": name(), "entries": [entry]}), 400, f"Invalid value: {why}")


def test_a_name_is_there_once(admin):
    _, called = make(admin)
    refused(admin.call("createCalendar", {"name": called}), 409, f"A calendar with this name exists: {called}")
    refused(admin.call("createCalendar", {}), 400, "Missing value: name")


def test_a_calendar_that_schedules_name_stays(admin):
    id, called = make(admin, entries=ALWAYS)
    mine = schedule(admin, called)
    assert admin.call("getCalendar", id).json()["schedules"] == 1
    assert admin.call("deleteCalendar", id).status == 409
    other = admin.call("updateCalendar", {"calendarId": id, "version": 1, "name": name()})
    refused(other, 409, f"Schedules name the calendar {called}: it cannot have another name")
    admin.call("deleteSchedule", mine)
    assert admin.call("deleteCalendar", id).status == 200
    refused(admin.call("getCalendar", id), 400, "Calendar not found")


def test_a_schedule_names_calendars_that_exist(admin):
    definition = {"name": name(), "tasks": [{"name": "a", "command": RUNS}], "calendars": {"exclude": ["none"]}}
    why = 'Invalid value: calendars.exclude[0]: there is no calendar "none"'
    refused(admin.call("createSchedule", definition), 400, why)
    refused(admin.call("previewSchedule", {"definition": definition}), 400, why)
    refused(admin.call("applySchedules", {"owner": name(), "schedules": [definition], "dryRun": True}), 400,
            why.replace("calendars", "schedules[0].calendars", 1))
    _, called = make(admin)
    mine = schedule(admin, called)
    refused(admin.call("updateSchedule", {**definition, "scheduleId": mine, "version": 1}), 400, why)


def test_an_excluded_due_time_is_in_the_ledger_with_calendar_and_entry(admin):
    _, called = make(admin, entries=ALWAYS)
    mine = schedule(admin, called, triggers=[{"every": "1s"}])
    row = until(lambda: admin.ledger(mine), 30, "an entry")[0]
    assert row["verdict"] == "skipped_calendar"
    assert row["reason"] == f'the calendar "{called}" excludes it (No time at all)'
    told = admin.call("explainSchedule", {"scheduleId": mine, "at": row["due"]}).json()
    assert told["verdict"] == "skipped_calendar" and row["reason"] in told["reason"]
    assert admin.call("getSchedule", mine).json()["nextRun"] == "2040-01-01T00:00:00.000Z"
    stopped = admin.call("runSchedule", {"scheduleId": mine, "checkTriggers": True}).json()
    assert admin.call("getExecution", stopped).json()["status"] == 13


def test_a_change_lets_what_is_deferred_run(admin):
    id, called = make(admin, entries=ALWAYS)
    mine = schedule(admin, called, triggers=[{"at": "2026-01-01T00:00:00Z"}], misfire="all", misfireWindow="7000d",
                    calendars={"exclude": [called], "onExcluded": "defer"})
    assert admin.ledger(mine) == []
    assert admin.call("updateCalendar", {"calendarId": id, "version": 1, "name": called}).status == 200
    row = until(lambda: admin.ledger(mine), 30, "its entry")[0]
    assert row["verdict"] == "ran" and row["reason"].endswith("a calendar excluded it")


ICS = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "X-WR-CALNAME:{}", "BEGIN:VEVENT", "UID:1", "DTSTART;VALUE=DATE:20200427",
                   "RRULE:FREQ=YEARLY", "SUMMARY:Koningsdag", "END:VEVENT", "BEGIN:VTODO", "END:VTODO", "END:VCALENDAR", ""])


def test_a_file_is_imported_and_replaced(admin):
    called = name()
    made = admin.call("importCalendar", {"ics": ICS.format(called), "timeZone": "Europe/Amsterdam"}).json()
    assert (made["version"], made["entryCount"], made["notes"]) == (1, 1, ["line 10: VTODO was left out"])
    calendar = admin.call("getCalendar", made["calendarId"]).json()
    assert calendar["name"] == called and calendar["timeZone"] == "Europe/Amsterdam"
    assert calendar["entries"] == [{"text": "Koningsdag", "rrule": "FREQ=YEARLY", "start": "2020-04-27T00:00:00",
                                    "duration": "1d"}]
    refused(admin.call("importCalendar", {"ics": ICS.format(called)}), 409, f"A calendar with this name exists: {called}")
    again = admin.call("importCalendar", {"ics": ICS.format("x"), "name": called, "replace": True}).json()
    assert (again["calendarId"], again["version"]) == (made["calendarId"], 2)


def test_a_replaced_calendar_keeps_its_description_unless_another_is_told(admin):
    id, called = make(admin, description="of the land")
    ask = {"ics": ICS.format(called), "replace": True}
    for members, expected in (({}, "of the land"), ({"description": "of the firm"}, "of the firm"), ({"description": ""}, "")):
        admin.call("importCalendar", {**ask, **members})
        assert admin.call("getCalendar", id).json()["description"] == expected


@pytest.mark.parametrize("ics, why", [
    ("<html>", "line 1: must be BEGIN:VCALENDAR"),
    (ICS.replace("FREQ=YEARLY", "FREQ=YEARLY;BYWEEKNO=20"),
     'event 1 (line 4, "Koningsdag"): rrule: BYWEEKNO is not served'),
    (ICS.replace("DTSTART;VALUE=DATE:20200427", "DTSTART;TZID=Middle Earth:20200427T080000\r\nDURATION:PT1H"),
     'event 1 (line 4, "Koningsdag"): the time zone "Middle Earth" is not known: use a name such as Europe/Amsterdam'),
])
def test_a_file_that_is_not_understood_is_refused_with_the_place(admin, ics, why):
    refused(admin.call("importCalendar", {"ics": ics, "name": name()}), 400, f"Invalid value: ics: {why}")


def test_another_tenant_knows_nothing_of_it(admin):
    id, called = make(admin)
    tenant = admin.call("createTenant", {"name": f"c{time.monotonic_ns()}"}, service="access").json()
    who = {"userName": "boss", "role": "domainAdmin", "password": "abc123!abc123!", "tenantId": tenant}
    admin.call("createUser", who, service="access")
    names = {t["tenantId"]: t["name"] for t in admin.call("listTenants", "", service="access").json()["items"]}
    other = admin.login(f"boss@{names[tenant]}", "abc123!abc123!")
    assert other.call("listCalendars", {}).json()["items"] == []
    for method, body in (("getCalendar", id), ("deleteCalendar", id),
                         ("updateCalendar", {"calendarId": id, "version": 1, "name": "x"})):
        refused(other.call(method, body), 400, "Calendar not found")
    assert other.call("createCalendar", {"name": called}).status == 200


# ---- carillonctl ----

def ctl(service, *words, status=0, **options):
    done = service.ctl("calendar", *words, **options)
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def test_a_calendar_is_imported_shown_and_deleted_by_command(service, admin, tmp_path):
    called, file = name(), tmp_path / "holidays.ics"
    file.write_bytes(ICS.format(called).encode())
    done = service.ctl("calendar", "import", str(file), "--time-zone", "Europe/Amsterdam")
    id = done.stdout.strip()
    assert (id.isdigit(), done.stderr) == (True, "carillonctl: line 10: VTODO was left out\n")
    row = next(line.split() for line in ctl(service, "list").splitlines() if called in line)
    assert row[0] == id and row[3:6] == ["Europe/Amsterdam", "1", "0"]
    assert "Koningsdag" in ctl(service, "show", called)
    assert "A calendar with this name exists" in ctl(service, "import", str(file), status=2)
    assert ctl(service, "import", "-", "--name", called, "--replace", input=file.read_text()) == f"{id}\n"
    assert json.loads(ctl(service, "show", id, "--json"))["version"] == 2
    file.write_text("<html>")
    assert "ics: line 1: must be BEGIN:VCALENDAR" in ctl(service, "import", str(file), status=2)
    schedule(admin, called)
    assert "The calendar is in use" in ctl(service, "delete", called, status=2)
    _, other = make(admin)
    assert ctl(service, "delete", other) == ""
    assert "there is no calendar of this name" in ctl(service, "show", other, status=2)
    assert ctl(service, "delete", status=1).startswith("carillonctl: usage: carillonctl calendar delete ID|NAME")
