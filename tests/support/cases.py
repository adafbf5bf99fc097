"""One table of calls of API3, the native methods included: what each method is asked, in JSON and in XML, and what the
description and the schema of it are held against.

Whoever adds a method adds its cases here: the tests of both say so.
"""

import functools
import itertools
import json

from carillon import Client, until

UNKNOWN = "eeeeeeee-0000-4000-8000-000000000002"
RUNS = ["/bin/sh", "-c", "true"]


class Things:
    """What the cases speak of: a schedule that has run well and one that has failed, and new ones when asked."""

    def __init__(self, admin):
        self.admin = admin
        self.numbers = itertools.count(1)
        self.schedule = admin.create("xml: well", "echo out; echo 1 > $CARILLON_RESULT_DIR/r.csv", tags=["xml-a", "xml-b"], description="<&> \"'\n\u00fc",
                                     triggers=[{"every": "2s"}, {"at": "2030-01-01T00:00:00Z"},
                                               {"cron": "0 0 1 1 *", "timeZone": "Europe/Amsterdam"}],
                                     endDate="2031-01-01T00:00:00Z", overlap="allow", maxRuns=1000, jitter="100ms")
        until(lambda: any(e["verdict"] == "ran" for e in admin.ledger(self.schedule)), 15, "a due time")
        admin.call("suspendSchedule", {"scheduleId": self.schedule, "reason": "for <good>"}).json()
        self.execution = admin.run(self.schedule)
        self.run_job(admin.create("xml: job", "true"), "<a> b")
        failing = admin.create("xml: failing", "exit 3")
        self.failed = admin.run(failing)
        assert (admin.ended(self.execution), admin.ended(self.failed)) == (1, 3)
        until(lambda: all(e["status"] != 4 for e in self.list("listExecutions", scheduleId=self.schedule)["items"]))
        self.task, self.failed_task = admin.task(self.execution), admin.task(self.failed)
        self.due, self.triggered = (admin.ledger(self.schedule)[0][member] for member in ("due", "executionId"))
        self.output = admin.call("getTaskOutputs", self.task).json()[0]["id"]
        self.myself = admin.call("whoAmI", "{}", service="access").json()

    def run_job(self, schedule, args):
        """With arguments, which OpenSpecimen's clients alone can give."""
        path = f"/scheduled-jobs/{int(schedule[-12:], 16)}/runs"
        answer = self.admin.request("POST", path, json.dumps({"args": args}), {"X-OS-API-TOKEN": self.admin.token})
        assert answer.status == 200, answer
        until(lambda: self.list("listExecutions", scheduleId=schedule, status=1)["items"], 15, "the run of a job")

    # Who calls.

    def me(self):
        return self.admin

    def nobody(self):
        return Client(self.admin.url.geturl())

    def somebody(self):
        name = self.word()
        self.list("createUser", "access", userName=name, role="viewer", password="abc123!abc123!")
        return self.nobody().login(name, "abc123!abc123!")

    def limited(self):
        made = self.list("createToken", "access", userName="adminUser", scopes=["read"], tags=["a"])
        return Client(self.admin.url.geturl(), made["token"])

    def list(self, method, service="tasks", **body):
        return self.admin.call(method, body, service=service).json()

    def name(self):
        return f"xml: {next(self.numbers)}"

    def word(self):
        return f"xml-{next(self.numbers)}"

    def definition(self, **members):
        return {"name": self.name(), "tasks": [{"name": "main", "command": RUNS}], **members}

    def new(self, **members):
        """Id of a schedule that a case may spoil."""
        return self.list("createSchedule", **self.definition(**members))

    @functools.cached_property
    def held(self):
        """A schedule that a case suspends."""
        return self.new(triggers=[{"every": "15m"}])

    def named(self, **members):
        """The name of a new schedule."""
        definition = self.definition(**members)
        self.list("createSchedule", **definition)
        return definition["name"]

    def owned(self, owner=None):
        """The definition of a new schedule of an owner."""
        definition = self.definition()
        self.list("applySchedules", owner=owner or self.word(), schedules=[definition])
        return definition

    def applied(self):
        """A set that makes one, changes one, leaves one and deletes one."""
        owner = self.word()
        same, other, _ = (self.owned(owner) for _ in range(3))
        return {"owner": owner, "schedules": [same, {**other, "description": "other"}, self.definition()], "prune": True}

    def execution_of_new(self, **members):
        """It has ended."""
        execution = self.admin.run(self.new(**members))
        self.admin.ended(execution)
        return execution

    def passed_over(self):
        """The ledger's row of due times that passed while the schedule was suspended."""
        def rows():
            return [row for row in self.admin.ledger(self.schedule) if row["verdict"] == "skipped_suspended" and "count" in row]
        return until(rows, 20, "due times that were passed over")[0]

    def cursor(self, method, service="tasks", **query):
        """Where the second page of one entry begins."""
        return self.list(method, service, **query, limit=1)["cursor"]

    def locked_out(self):
        """The name of a user with whose name somebody failed to log in too often."""
        name = self.word()
        self.list("createUser", "access", userName=name, role="viewer", password="abc123!abc123!")
        wrong = {"userName": name, "password": "wrong"}

        # Long enough to be seen: the lock counts from when the request came, and a busy machine takes a while to answer it.
        def locked():
            answer = self.nobody().call("authenticateUser", wrong, service="authentication")
            return int(answer.headers.get("Retry-After", 0)) >= 4

        until(locked, 60, "a name that is locked")
        return name

    def user(self):
        return self.list("createUser", "access", userName=self.word(), role="viewer", password="abc123!abc123!")

    def key(self):
        return self.list("createToken", "access", userName="adminUser", name="xml")["tokenId"]

    def group(self):
        name = self.word()
        self.list("setGroup", name=name, limit=2)
        return name

    def secret(self):
        name = self.word()
        self.list("setSecret", name=name, value="hush hush")
        return name

    @functools.cached_property
    def told(self):
        """A schedule of which a mail was sent, and a webhook waits, because its address is refused."""
        schedule = self.new(tasks=[{"name": "a", "command": ["/bin/sh", "-c", "exit 3"]}], notify=[
            {"on": "failed", "mail": {"to": ["ops@example.test"]}},
            {"on": "changed", "webhook": {"url": "http://127.0.0.1:9/", "secret": self.secret()}}])
        self.admin.run(schedule)
        for status, member in (("delivered", "endDate"), ("waiting", "nextTry")):
            until(lambda: any(member in one and one["tries"] for one in self.list(
                "listNotifications", scheduleId=schedule, status=status)["items"]), 20, f"what is {status}")
        return schedule

    def tenant(self):
        return self.list("createTenant", "access", name=self.word())

    def calendar(self, **members):
        """Id of a calendar that a case may spoil."""
        return self.list("createCalendar", **{"name": self.name(), **members})

    @functools.cached_property
    def holidays(self):
        """The name of a calendar with an entry of each kind."""
        self.list("createCalendar", **ENTRIES, name="holidays")
        return "holidays"


ENTRIES = {"description": "<all>", "timeZone": "Europe/Amsterdam", "entries": [
    {"text": "Move", "date": "2026-12-28", "to": "2026-12-30"}, {"yearly": "12-25", "to": "12-26", "timeZone": "Asia/Tokyo"},
    {"weekly": "Mon-Fri 08:00-18:00"}, {"from": "2026-05-01T20:00:00Z", "to": "2026-05-02T04:00:00.000Z"},
    {"text": "Month's end", "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1", "start": "2026-01-31T18:00:00", "duration": "8h",
     "except": ["2026-02-28T18:00:00"]}]}
ICS = "\n".join(["BEGIN:VCALENDAR", "X-WR-CALNAME:xml", "BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260427", "SUMMARY:Koningsdag",
                 "END:VEVENT", "BEGIN:VTODO", "END:VTODO", "END:VCALENDAR", ""])
FULL = {"description": "7", "tags": ["true", "xml"], "scheduleType": 3, "startDate": "2020-01-01T00:00:00Z",
        "triggers": [{"cron": "30 2 * * 1-5", "dstGap": "skip", "dstFold": "both"}, {"every": "15m"}, {"reboot": True},
                     {"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "start": "2026-01-01T17:00:00", "timeZone": "Asia/Tokyo"}],
        "tasks": [{"name": "a b", "command": ["/bin/sh", "-c", "true", "", "<&>\r\n\t"], "cwd": "/", "timeout": "10m",
                   "env": {"item": "1", "member": "", "XML_A": "\u00fc", "LANG": "C"}, "acceptArgs": True, "resultFile": "r\u00fc.csv",
                   "retries": {"max": 2, "delay": "5s", "factor": 1.5, "maxDelay": "1m", "jitter": "1s", "on": [75, "64-78", "timeout"]},
                   "stdin": "<7>\n", "umask": "0027", "nice": 5,
                   "limits": {"cpu": "1h", "memory": "4GiB", "files": 99, "processes": 100000, "fileSize": "1GiB", "core": "0"}},
                  {"name": "b", "command": RUNS, "env": {}, "killGrace": "1s", "afterMatch": "any",
                   "after": [{"task": "a b", "when": "always"}, {"task": "c"}]},
                  {"name": "c", "command": RUNS, "after": [{"task": "a b", "when": "failed"}], "afterMatch": "all"},
                  {"name": "d", "http": {"url": "https://example.test/", "method": "PUT", "headers": {"X-\u0041": "1", "item": "2"},
                                         "body": "\u00fc", "expectStatus": ["2xx", "409"], "tls": {"caFile": "/a", "clientCert": "/b", "clientKey": "/c", "verify": False},
                                         "followRedirects": 1, "maxBytes": 7, "connectTimeout": "1s", "async": False},
                   "after": [{"task": "c", "when": "failed"}]}],
        "overlap": "queue", "misfire": "all", "misfireWindow": "2h", "onLost": "rerun", "keep": {"days": 9},
        "condition": {"command": RUNS, "timeout": "1m"}, "priority": -3, "group": "disk", "misfireMax": 5,
        "notify": [{"on": "failed", "failures": 3, "webhook": {"url": "https://example.test/hook?a=<b>", "secret": "hook-7"}},
                   {"on": "noSuccess", "by": "26h", "mail": {"to": ["ops@example.test", "o'neil+x@example.test"]}}]}

# The first fails: the second is skipped, the third runs.
STEPS = [{"name": "a", "command": ["/bin/sh", "-c", "exit 3"]}, {"name": "b", "command": RUNS, "after": [{"task": "a"}]},
         {"name": "c", "command": RUNS, "after": [{"task": "a", "when": "failed"}, {"task": "b", "when": "always"}]}]

# A service and method, and what makes the body. Where the two answers differ by nature (ids, times and names that are
# made anew) the case is `loose`: these are masked.
CASES = [
    ("tasks/findSchedule", lambda t: {"searchCriteria": {"searchValue": "xml: well", "searchMatchType": 2}}),
    ("tasks/findSchedule", lambda t: {"searchCriteria": {"searchValue": "xml: ", "searchMatchType": "3"},
                                      "scheduleType": 1}),
    ("tasks/findSchedule", lambda t: {"searchCriteria": {"searchValue": "xml: nothing"}}),
    ("tasks/findSchedule", lambda t: {"searchCriteria": {}, "scheduleType": 18}),
    ("tasks/getScheduleExecutionStatus", lambda t: t.execution),
    ("tasks/getScheduleExecutionStatus", lambda t: {"executionId": t.failed}),
    ("tasks/getScheduleExecutionStatus", lambda t: {"executionsId": t.failed.upper()}),
    ("tasks/getScheduleExecutionStatus", lambda t: {"id": t.failed}),
    ("tasks/getTasksIds", lambda t: t.execution),
    ("tasks/getTasks", lambda t: t.execution),
    ("tasks/getTasks", lambda t: t.failed),
    ("tasks/getAttempt", lambda t: {"taskId": t.task, "attempt": 1}),
    ("tasks/getTaskData", lambda t: t.task),
    ("tasks/getTaskData", lambda t: {"taskId": t.failed_task}),
    ("tasks/getExecutions", lambda t: t.schedule),
    ("tasks/getTaskOutputs", lambda t: t.task),
    ("tasks/getTaskOutputsForUser", lambda t: {"taskId": t.task}),
    ("tasks/getSchedulesForUser", lambda t: "adminUser"),
    ("tasks/getSchedule", lambda t: t.schedule),
    ("tasks/getSchedule", lambda t: {"scheduleId": t.admin.find("every minute")["scheduleId"]}),
    ("tasks/listSchedules", lambda t: {"query": "xml: ", "tags": ["xml-a"], "status": [0, 4], "type": 1, "sort": "-name",
                                       "limit": 1}),
    ("tasks/listSchedules", lambda t: {"status": 4}),
    ("tasks/previewSchedule", lambda t: {"scheduleId": t.schedule, "from": "2026-11-22T00:00:00+01:00", "count": 3}),
    ("tasks/previewSchedule", lambda t: {"definition": {**t.definition(), "triggers": [{"cron": "30 2 * * *",
                                         "timeZone": "Europe/Amsterdam"}]}, "from": "2026-03-28T00:00:00Z"}),
    ("tasks/explainSchedule", lambda t: {"scheduleId": t.schedule, "at": t.due}),
    ("tasks/explainSchedule", lambda t: {"scheduleId": t.schedule, "at": "2035-01-01T00:00:00Z"}),
    ("tasks/getExecution", lambda t: t.execution),
    ("tasks/getExecution", lambda t: t.failed),
    ("tasks/listExecutions", lambda t: {"scheduleId": t.schedule, "limit": 1}),
    ("tasks/listOccurrences", lambda t: {"scheduleId": t.schedule, "from": "2020-01-01T00:00:00Z", "to": t.due}),
    ("tasks/listOccurrences", lambda t: {"scheduleId": t.schedule, "limit": 1}),
    ("tasks/getCalendar", lambda t: t.calendar(**ENTRIES)),
    ("tasks/previewSchedule", lambda t: {"definition": {**t.definition(), "triggers": [{"cron": "30 2 * * *"}],
                                         "calendars": {"exclude": [t.holidays], "onExcluded": "defer"}}}),
    ("access/whoAmI", lambda t: {}),
    ("access/listUsers", lambda t: {"query": "admin", "limit": 2}),
    ("access/listTenants", lambda t: {}),
    ("tasks/listSecrets", lambda t: t.secret() and {}),
    ("audit/verify", lambda t: {}),
]

LOOSE = [
    ("tasks/listNotifications", lambda t: {"scheduleId": t.told, "limit": 1}),
    ("tasks/listNotifications", lambda t: {"scheduleId": t.told, "status": "delivered"}),
    ("tasks/listNotifications", lambda t: {"scheduleId": t.told, "limit": 1,
                                           "cursor": t.cursor("listNotifications", scheduleId=t.told)}),
    ("tasks/runSchedule", lambda t: {"scheduleId": t.schedule, "checkTriggers": False}),
    ("tasks/runSchedule", lambda t: {"scheduleId": t.schedule, "checkTriggers": "FALSE"}),
    ("tasks/getSchedule", lambda t: t.new(triggers=[{"cron": "* 2 * * *"}])),
    ("tasks/suspendSchedule", lambda t: t.new()),
    ("tasks/suspendSchedule", lambda t: {"scheduleId": t.new(), "reason": "<why>"}),
    ("tasks/resumeSchedule", lambda t: t.new()),
    ("tasks/suspendSchedules", lambda t: {"tags": [t.word()], "reason": "why"}),
    ("tasks/resumeSchedules", lambda t: {"tags": [t.word()]}),
    ("tasks/deleteSchedule", lambda t: t.new()),
    ("tasks/deleteSchedules", lambda t: [t.new(), t.new()]),
    ("tasks/deleteSchedules", lambda t: []),
    ("tasks/reRunTask", lambda t: t.admin.task(t.execution_of_new())),
    ("tasks/createSchedule", lambda t: {**FULL, "name": t.name()}),
    ("tasks/updateSchedule", lambda t: {**FULL, "scheduleId": t.new(), "version": 1, "name": t.name()}),
    ("tasks/applySchedules", lambda t: {"owner": t.word(), "schedules": [t.definition(), t.definition()], "prune": True,
                                        "dryRun": False}),
    ("tasks/cancelExecution", lambda t: t.execution_of_new()),
    ("tasks/createSchedule", lambda t: {**t.definition(), "calendars": {"exclude": [t.holidays], "onExcluded": "defer"}}),
    ("tasks/createCalendar", lambda t: {**ENTRIES, "name": t.name()}),
    ("tasks/updateCalendar", lambda t: {**ENTRIES, "calendarId": t.calendar(), "version": 1, "name": t.name()}),
    ("tasks/deleteCalendar", lambda t: t.calendar()),
    ("tasks/deleteCalendar", lambda t: {"calendarId": t.calendar()}),
    ("tasks/listCalendars", lambda t: {"limit": 1000}),
    ("tasks/importCalendar", lambda t: {"ics": ICS, "name": t.name(), "description": "x", "timeZone": "Asia/Tokyo",
                                        "replace": True}),
    ("access/createUser", lambda t: {"userName": t.word(), "role": "viewer", "password": "abc123!abc123!",
                                     "enabled": True, "jobRights": ["read", "create"]}),
    ("access/updateUser", lambda t: {"userId": t.user(), "role": "pro", "enabled": False, "jobRights": []}),
    ("access/deleteUser", lambda t: t.user()),
    ("access/createToken", lambda t: {"userName": "adminUser", "name": "<xml>", "scopes": ["read", "access"],
                                      "tags": ["a"], "expiresIn": "1h"}),
    ("access/createToken", lambda t: {"userName": "adminUser", "kind": "clientKey", "needsSession": True}),
    ("access/rotateToken", lambda t: {"tokenId": t.key(), "overlap": "0s"}),
    ("access/revokeToken", lambda t: t.key()),
    ("access/listTokens", lambda t: {"limit": 1000}),
    ("tasks/setSecret", lambda t: {"name": t.word(), "value": "<hush>\r\n"}),
    ("tasks/setGroup", lambda t: {"name": t.word(), "limit": 3}),
    ("tasks/listGroups", lambda t: t.group() and {"limit": 1000}),
    ("tasks/deleteSecret", lambda t: {"name": t.secret()}),
    ("access/createTenant", lambda t: {"name": t.word()}),
    ("access/updateTenant", lambda t: {"tenantId": t.tenant(), "enabled": False}),
    ("access/deleteTenant", lambda t: t.tenant()),
    ("audit/list", lambda t: {"limit": 3, "from": "2020-01-01T00:00:00Z"}),
]

# Calls in JSON alone, each with who makes it: an answer that is no value, a state that does not last, or a member that adds
# nothing to what is to be told of XML.
SINGLE = [(path, body, Things.me) for path, body in [
    ("tasks/findSchedule", lambda t: {"searchCriteria": {"searchValue": t.named(**FULL)}}),
    ("tasks/suspendSchedule", lambda t: {"id": t.new()}),
    ("tasks/suspendSchedule", lambda t: {"scheduleId": t.held, "until": "2035-01-01T00:00:00+01:00", "reason": "why"}),
    ("tasks/getSchedule", lambda t: {"id": t.held}),
    ("tasks/explainSchedule", lambda t: {"scheduleId": t.schedule, "at": t.passed_over()["due"]}),
    ("tasks/getTaskOutputs", lambda t: {"id": t.task}),
    ("tasks/getCalendar", lambda t: {"calendarId": t.calendar()}),
    ("tasks/getCalendar", lambda t: {"id": t.calendar()}),
    ("tasks/deleteCalendar", lambda t: {"id": t.calendar()}),
    ("tasks/listGroups", lambda t: {"limit": 1, "cursor": t.group() and t.group() and t.cursor("listGroups")}),
    ("tasks/listCalendars", lambda t: {"limit": 1, "cursor": t.calendar() and t.calendar() and t.cursor("listCalendars")}),
    ("tasks/getSchedule", lambda t: t.new(calendars={"exclude": [t.holidays]})),
    ("tasks/getTaskOutputsForUser", lambda t: {"taskId": t.task, "userId": t.myself["userId"]}),
    ("tasks/getSchedulesForUser", lambda t: {"userId": t.myself["userId"]}),
    ("tasks/getSchedulesForUser", lambda t: {"id": t.myself["userId"]}),
    ("tasks/listSchedules", lambda t: {"limit": 1, "cursor": t.cursor("listSchedules")}),
    ("tasks/suspendSchedules", lambda t: {"tags": [t.word()], "until": "2035-01-01T00:00:00Z"}),
    ("tasks/applySchedules", lambda t: t.applied()),
    ("tasks/listSchedules", lambda t: {"query": t.owned()["name"]}),
    ("tasks/listExecutions", lambda t: {"status": [1, 3], "from": "2020-01-01T00:00:00Z", "to": "2035-01-01T00:00:00Z"}),
    ("tasks/listExecutions", lambda t: {"status": 1, "limit": 1, "cursor": t.cursor("listExecutions", status=1)}),
    ("tasks/getExecution", lambda t: t.execution_of_new(tasks=[{"name": "main", "command": ["/bin/sh", "-c", "kill -9 $$"]}])),
    ("tasks/getExecution", lambda t: t.execution_of_new(tasks=[{"name": "main", "command": RUNS, "cwd": "/nothing"}])),
    ("tasks/getExecution", lambda t: t.execution_of_new(tasks=STEPS)),
    ("tasks/getTasks", lambda t: t.execution_of_new(tasks=STEPS)),
    ("tasks/getExecution", lambda t: t.triggered),
    ("tasks/listOccurrences", lambda t: {"scheduleId": t.schedule, "limit": 1, "cursor": t.cursor(
        "listOccurrences", scheduleId=t.schedule)}),
    ("tasks/listOccurrences", lambda t: {"scheduleId": t.schedule, "from": t.passed_over()["due"]}),
    ("tasks/listOccurrences", lambda t: {"scheduleId": t.schedule, "to": t.passed_over()["to"], "limit": 1}),
    ("tasks/getTaskLog", lambda t: {"taskId": t.task, "attempt": 1, "stream": "stdout", "offset": 1, "limit": 2}),
    ("tasks/getTaskOutput", lambda t: t.output),
    ("tasks/getTaskOutput", lambda t: {"outputId": t.output}),
    ("tasks/getTaskOutput", lambda t: {"id": t.output}),
    ("access/createUser", lambda t: {"userName": t.word(), "role": "viewer", "email": f"{t.word()}@example.test",
                                     "tenantId": t.myself["tenantId"]}),
    ("access/updateUser", lambda t: {"userId": t.user(), "password": "abc123!abc123!", "email": f"{t.word()}@example.test"}),
    ("access/deleteUser", lambda t: {"userId": t.user()}),
    ("access/deleteUser", lambda t: {"id": t.user()}),
    ("access/listUsers", lambda t: {"query": t.locked_out()}),
    ("access/listUsers", lambda t: {"query": "@example.test"}),
    ("access/listUsers", lambda t: {"limit": 1, "cursor": t.cursor("listUsers", "access")}),
    ("access/createToken", lambda t: {"userId": t.myself["userId"], "name": "used", "scopes": ["read"], "tags": ["a"],
                                      "expiresIn": "1h"}),
    ("access/revokeToken", lambda t: {"tokenId": t.key()}),
    ("access/revokeToken", lambda t: {"id": t.key()}),
    ("access/listTokens", lambda t: {"userId": t.myself["userId"]}),
    ("access/listTokens", lambda t: {"limit": 1, "cursor": t.cursor("listTokens", "access")}),
    ("access/updateTenant", lambda t: {"tenantId": t.tenant(), "name": t.word()}),
    ("access/deleteTenant", lambda t: {"tenantId": t.tenant()}),
    ("access/deleteTenant", lambda t: {"id": t.tenant()}),
    ("audit/list", lambda t: {"from": "2020-01-01T00:00:00Z", "to": "2035-01-01T00:00:00Z", "action": "user"}),
    ("audit/list", lambda t: {"limit": 1, "cursor": t.cursor("list", "audit")}),
]] + [
    ("authentication/authenticateUser", lambda t: {"userName": "adminUser", "password": "abc123!"}, Things.nobody),
    ("authentication/authenticateUser", lambda t: {"username": "adminUser", "password": "abc123!", "domain": "any",
                                                   "customData": "any"}, Things.nobody),
    ("authentication/authenticateUserByToken", lambda t: {"userIdentity": "adminUser", "token": t.admin.token}, Things.nobody),
    ("access/changePassword", lambda t: {"oldPassword": "abc123!abc123!", "newPassword": "321!cba321!cba"}, Things.somebody),
    ("access/whoAmI", lambda t: {}, Things.limited),
]

FAULTS = [
    ("tasks/findSchedule", {"scheduleType": 99}),
    ("tasks/findSchedule", {"searchCriteria": {"searchMatchType": "x"}}),
    ("tasks/findSchedule", {"searchCriteria": {"searchValue": {"a": "b"}}}),
    ("tasks/findSchedule", {"searchCriteria": ["a"]}),
    ("tasks/runSchedule", {}),
    ("tasks/runSchedule", {"scheduleId": UNKNOWN, "checkTriggers": "maybe"}),
    ("tasks/runSchedule", {"scheduleId": UNKNOWN}),
    ("tasks/runSchedule", {"scheduleId": {"id": UNKNOWN}}),
    ("tasks/getTaskData", UNKNOWN),
    ("tasks/getTaskData", "x" * 200),
    ("tasks/getTaskData", {"executionId": UNKNOWN}),
    ("tasks/getExecution", {"executionId": ["x"]}),
    ("tasks/listOccurrences", {"scheduleId": UNKNOWN, "limit": 0}),
    ("tasks/listOccurrences", {"scheduleId": UNKNOWN, "limit": 1.5}),
    ("tasks/listOccurrences", {"scheduleId": UNKNOWN, "from": "yesterday"}),
    ("tasks/createSchedule", {}),
    ("tasks/createSchedule", {"name": "x", "tasks": []}),
    ("tasks/createSchedule", {"name": "x", "tasks": [{"name": "a", "command": [["x"]]}]}),
    ("tasks/createSchedule", {"name": "x", "tasks": [{"name": "a", "command": RUNS, "acceptArgs": "yes"}]}),
    ("tasks/createSchedule", {"name": "x", "scheduleType": "one"}),
    ("tasks/createSchedule", {"name": "x", "triggers": [{"every": "15m", "cron": "* * * * *"}]}),
    ("tasks/createSchedule", {"name": "x", "no such member": 1}),
    ("tasks/createSchedule", {"name": "x", "tasks": [{"name": "a", "command": RUNS}], "calendars": {"exclude": ["none"]}}),
    ("tasks/createCalendar", {"name": "x", "entries": [{"weekly": "Mo"}]}),
    ("tasks/importCalendar", {"name": "x", "ics": "x"}),
    ("access/createUser", {"userName": "x", "role": "King"}),
    ("access/revokeToken", UNKNOWN),
    ("tasks/nope", {}),
    ("authentication/authenticateUser", {"userName": "adminUser", "password": "wrong"}),
    ("authentication/authenticateUser", {"password": "wrong"}),
    ("authentication/authenticateUserSAML", {}),
]


def called(case):
    return case[0].replace("/", ".") if isinstance(case[0], str) else None
