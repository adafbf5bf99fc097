"""OpenSpecimen's scheduled jobs from outside: wire/openspecimen.md. The numbers in brackets are rows of its acceptance
table. What depends on the clock, rows 23 to 26, stands in tests/unit: here a job's next run is only near enough."""

import base64
import datetime
import json
import re
import shutil
import time
import urllib.parse
import zoneinfo

import pytest

from carillon import ADMIN_PASSWORD, ROOT, Client, make_folder, until

P = "/openspecimen/rest/ng"
JOBS = f"{P}/scheduled-jobs"
JSON = "application/json"
UNKNOWN = 777777

JOB_MEMBERS = """id name createdBy startDate endDate scheduledHour scheduledMinute scheduledDayOfWeek scheduledDayOfMonth
    hourlyInterval minutelyInterval nextRunOn activityStatus repeatSchedule type taskImplFqn command fixedArgs savedQuery
    runAs recipients sharedWith isActiveJob lastRunOn rtArgsProvided rtArgsHelpText""".split()
RUN_MEMBERS = "id jobId jobName startedAt finishedAt status logFilePath message runBy rtArgs".split()
DATES = {"startDate", "endDate", "nextRunOn", "lastRunOn", "startedAt", "finishedAt"}

HEADERS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Methods": "POST, GET, PUT, DELETE, PATCH, OPTIONS",
    "Access-Control-Allow-Headers": "Origin, Accept, Content-Type, X-OS-API-TOKEN, X-OS-API-CLIENT, X-OS-IMPERSONATE-USER, "
                                    "X-OS-CLIENT-TZ, X-OS-SURVEY-TOKEN",
    "Access-Control-Expose-Headers": "Content-Disposition, Content-Length, Content-Type",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
}

NOT_FOUND = ("SCHEDULED_JOB_NOT_FOUND", "Job does not exist.")
RUN_NOT_FOUND = ("SCHEDULED_JOB_JOB_RUN_NOT_FOUND", "Job run does not exist.")
NO_RIGHT = ("RBAC_ACCESS_DENIED", "User does not have sufficient rights.")
NOT_YOURS = ("SCHEDULED_JOB_OP_NOT_ALLOWED", "You do not have sufficient rights to perform this action.")
INVALID_TIME = "SCHEDULED_JOB_INVALID_SCHEDULED_TIME"


# ---- a client ----


def check_answer(answer):
    """[28, 34]: what every answer has, and no answer does."""
    for name, value in HEADERS.items():
        assert answer.headers.get_all(name) == [value], (name, answer.headers.get_all(name))
    if answer.type != JSON or not answer.body:
        return answer
    value = json.loads(answer.body)
    if answer.status != 200:
        assert value and all(set(fault) == {"code", "message"} for fault in value), value
        return answer
    for item in value if isinstance(value, list) else [value]:
        for name in DATES & item.keys():
            assert item[name] is None or isinstance(item[name], int), item
        if "repeatSchedule" in item:
            assert set(item) == set(JOB_MEMBERS)
        if "rtArgs" in item:
            assert set(item) == set(RUN_MEMBERS)
    return answer


class Specimen:
    """What the vendor's pages send: paths below the base, the token in a header, JSON."""

    def __init__(self, url, **headers):
        self.client = Client(url)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def raw(self, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return check_answer(self.client.request(method, path, body, {**self.headers, **headers}))

    def ask(self, method, path, body=None, **headers):
        """An answer to a path below the base; a body that is no text is sent as JSON."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content_Type", JSON)
        return self.raw(method, P + path, body, **headers)

    def get(self, path, **query):
        return good(self.ask("GET", path + ("?" + urllib.parse.urlencode(query) if query else "")))

    def create(self, name, **members):
        return good(self.ask("POST", "/scheduled-jobs", {"name": name, **SHELL, **members}))

    def job(self, job):
        return self.get(f"/scheduled-jobs/{job}")

    def list(self, **query):
        return self.get("/scheduled-jobs", **query)

    def run(self, job, args=None):
        return good(self.ask("POST", f"/scheduled-jobs/{job}/runs", {} if args is None else {"args": args}))

    def runs(self, job, **query):
        return self.get(f"/scheduled-jobs/{job}/runs", **query)

    def ended(self, job, count=1):
        """The newest run, when so many have ended."""
        def done():
            runs = self.runs(job)
            return runs if len([r for r in runs if r["finishedAt"] is not None]) >= count else None

        return until(done, 15, f"{count} runs of {job} to end")[0]


def good(answer):
    assert (answer.status, answer.type) == (200, JSON), answer
    return json.loads(answer.body)


def faults(answer, status=400):
    assert (answer.status, answer.type) == (status, JSON), answer
    return [(fault["code"], fault["message"]) for fault in json.loads(answer.body)]


def codes(answer):
    return [code for code, _ in faults(answer)]


def is_invalid(answer, begin):
    (code, message), = faults(answer)
    assert code == "INVALID_REQUEST" and message.startswith(begin), message


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


# ---- the service: a task that runs any shell script, and a query ----

SHELL = {"type": "INTERNAL", "taskImplFqn": "shell", "repeatSchedule": "ONDEMAND"}
QUERY, QUERY_TITLE, QUERY_ROWS = 3, "All <people>", b"site,specimens\nAmsterdam,12\nUtrecht,7\n"
TASKS = {
    "CARILLON_JOB_TASK": "shell = /bin/sh",
    "CARILLON_ALLOWED_ORIGINS": "https://pages.example",
}
QUERY_TASK = "com.krishagni.catissueplus.core.administrative.services.impl.ScheduledQueryTask"


@pytest.fixture(scope="module")
def os_service(make_shared_service):
    # A copy: the user that commands run as may not walk the way to the clone.
    folder = make_folder()
    query = shutil.copy(ROOT / "conf" / "samples" / "demo-query", folder)
    yield make_shared_service(**TASKS, CARILLON_SAVED_QUERY=f"{QUERY} {QUERY_TITLE} = {query}").start()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def api3(os_service):
    return os_service.admin()


@pytest.fixture(scope="module")
def admin(os_service):
    """Overrides the session's: this service has tasks of its own."""
    return Specimen(os_service.url, X_OS_API_TOKEN=os_service.env()["PATOKEN"])


@pytest.fixture
def name(request):
    """A name that no other test uses."""
    return f"{request.node.name} {time.monotonic_ns()}"


@pytest.fixture
def script(scratch):
    """Makes a script of some lines of shell; what is handed out is the fixedArgs that run it."""
    def make(text):
        path = scratch / "script.sh"
        path.write_text(text)
        return str(path)

    return make


@pytest.fixture
def gate(scratch):
    """A file that lets a job go on when it is there."""
    return scratch / "open"


def waits_for(gate):
    return f"until [ -e {gate} ]; do sleep 0.05; done\n"


def make_user(os_service, api3, name, rights, password="secret: and: more"):
    """A user who is no administrator, logged in."""
    answer = api3.call("createUser", {"userName": name, "password": password, "role": "viewer", "jobRights": rights},
                       service="access")
    assert answer.status == 200, answer
    session = good(Specimen(os_service.url).ask("POST", "/sessions", {"loginName": name, "password": password}))
    user = Specimen(os_service.url, X_OS_API_TOKEN=session["token"])
    user.id = session["id"]
    return user


# ---- sessions ----


def test_without_credentials_a_browser_is_challenged_and_a_page_is_not(os_service):
    """[1]"""
    nobody = Specimen(os_service.url)
    answer = nobody.ask("GET", "/scheduled-jobs")
    assert faults(answer, 401) == [
        ("UNAUTHORIZED", "You must supply valid credentials to access the OpenSpecimen REST API")]
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="OpenSpecimen"'
    assert answer.headers["Set-Cookie"] is None
    answer = nobody.ask("GET", "/scheduled-jobs", X_OS_API_CLIENT="webui")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] is None


def test_basic_takes_any_password_and_the_first_credentials_decide(os_service, api3):
    """[2]"""
    make_user(os_service, api3, "basil", ["read"], password="a:b")
    nobody = Specimen(os_service.url)

    def status(**headers):
        return nobody.ask("GET", "/scheduled-jobs", **headers).status

    assert status(Authorization=basic("adminUser", ADMIN_PASSWORD)) == 200
    assert status(Authorization=basic("adminUser", "nope")) == 401
    assert status(Authorization=basic("basil", "a:b")) == 200
    assert status(Authorization="Basic nope") == 401
    assert status(X_OS_API_TOKEN="nope", Authorization=basic("adminUser", ADMIN_PASSWORD)) == 401
    assert status(X_OS_API_TOKEN="", Authorization=basic("adminUser", ADMIN_PASSWORD)) == 200
    assert status(Cookie="osAuthToken=nope", Authorization=basic("adminUser", ADMIN_PASSWORD)) == 401


@pytest.mark.parametrize("base, path", [(P, "/openspecimen"), ("/rest/ng", "/")])
def test_a_session_is_a_token_in_a_header_or_a_cookie_until_it_ends(os_service, base, path):
    """[3, 4]"""
    nobody = Specimen(os_service.url)

    def status(**headers):
        return nobody.raw("GET", f"{base}/scheduled-jobs", **headers).status

    answer = nobody.raw("POST", f"{base}/sessions",
                        json.dumps({"loginName": "adminUser", "password": ADMIN_PASSWORD, "domainName": "openspecimen"}))
    session = good(answer)
    token = session["token"]
    assert set(session) == {"id", "firstName", "lastName", "loginName", "token", "admin", "instituteAdmin"}
    assert session["loginName"] == "adminUser" and session["admin"] is True and session["instituteAdmin"] is False
    assert base64.b64decode(token, validate=True)
    assert answer.headers["Set-Cookie"] == f"osAuthToken={token};Path={path};HttpOnly;SameSite=Strict;"
    assert status(X_OS_API_TOKEN=token) == 200
    assert status(Cookie=f"osAuthToken={token}") == 200
    assert status(Cookie=f'a=b; osAuthToken="{urllib.parse.quote(token, safe="")}"') == 200
    answer = nobody.raw("DELETE", f"{base}/sessions", X_OS_API_TOKEN=token)
    assert good(answer) == {"Status": "Success"}
    cleared = f"osAuthToken=;Path={path};HttpOnly;SameSite=Strict;Max-Age=0;"
    assert answer.headers["Set-Cookie"] == cleared
    assert status(X_OS_API_TOKEN=token) == 401
    answer = nobody.raw("GET", f"{base}/scheduled-jobs", Cookie=f"osAuthToken={token}")
    assert (answer.status, answer.headers["Set-Cookie"]) == (401, cleared)


def test_a_wrong_log_in_is_a_fault_of_the_caller(os_service):
    """[3]"""
    nobody = Specimen(os_service.url)
    for body in [{"loginName": "adminUser", "password": "nope"}, {"loginName": "nobody", "password": ADMIN_PASSWORD},
                 {"loginName": "adminUser", "password": ADMIN_PASSWORD, "domainName": "ldap"}, {}]:
        answer = nobody.ask("POST", "/sessions", body)
        assert faults(answer) == [("AUTH_INVALID_CREDENTIALS", "Username or password is incorrect.")]
        assert answer.headers["Set-Cookie"].startswith("osAuthToken=;")
    # What comes along does not matter, and a domain need not be named.
    good(nobody.ask("POST", "/sessions", {"loginName": "adminUser", "password": ADMIN_PASSWORD, "domainName": None},
                    X_OS_API_TOKEN="nope"))


def test_a_log_out_with_basic_has_nothing_to_end(os_service):
    answer = Specimen(os_service.url).ask("DELETE", "/sessions", Authorization=basic("adminUser", ADMIN_PASSWORD))
    assert good(answer) == {"Status": "Success"}


# ---- jobs ----


def test_a_new_job_has_all_its_members(admin, name):
    """[5]"""
    before = time.time() * 1000 - 1000
    job = admin.create(name)
    assert job["name"] == name and isinstance(job["id"], int)
    assert job["createdBy"]["loginName"] == "adminUser" and job["createdBy"]["domain"] == "openspecimen"
    assert before <= job["startDate"] <= time.time() * 1000 + 1000
    expected = {
        "endDate": None, "scheduledHour": None, "scheduledMinute": None, "scheduledDayOfWeek": None,
        "scheduledDayOfMonth": None, "hourlyInterval": None, "minutelyInterval": None, "nextRunOn": None,
        "activityStatus": "Active", "repeatSchedule": "ONDEMAND", "type": "INTERNAL", "taskImplFqn": "shell", "command": None,
        "fixedArgs": None, "savedQuery": None, "runAs": None, "recipients": [], "sharedWith": [], "isActiveJob": True,
        "lastRunOn": None, "rtArgsProvided": None, "rtArgsHelpText": None,
    }
    assert {member: job[member] for member in expected} == expected
    assert admin.job(job["id"]) == job


def test_all_faults_of_a_job_come_at_once_in_their_order(admin):
    """[6]"""
    assert faults(admin.ask("POST", "/scheduled-jobs", {})) == [
        ("SCHEDULED_JOB_NAME_REQUIRED", "Job name is required."),
        ("SCHEDULED_JOB_REPEAT_SCHEDULE_REQUIRED", "Job repeat scheduled is required."),
        ("SCHEDULED_JOB_INVALID_TYPE", "Job type is invalid."),
    ]
    everything = {"repeatSchedule": "WEEKLY", "startDate": 2000, "endDate": 1000, "activityStatus": "x", "type": "INTERNAL",
                  "runAs": {"id": UNKNOWN}, "recipients": [{"id": 999}, {"id": 998}], "sharedWith": [{"id": 997}]}
    assert codes(admin.ask("POST", "/scheduled-jobs", everything)) == [
        "SCHEDULED_JOB_NAME_REQUIRED", INVALID_TIME, INVALID_TIME, INVALID_TIME, "SCHEDULED_JOB_END_DATE_BEFORE_START_DATE",
        "ACTIVITY_STATUS_INVALID", "SCHEDULED_JOB_TASK_IMPL_FQN_REQUIRED", "USER_NOT_FOUND", "USER_ONE_OR_MORE_NOT_FOUND",
        "USER_ONE_OR_MORE_NOT_FOUND"]


def test_a_name_is_taken_by_one_live_job(admin, name):
    """[7]"""
    admin.create(name)
    assert faults(admin.ask("POST", "/scheduled-jobs", {"name": f" {name} ", **SHELL})) == [
        ("SCHEDULED_JOB_DUP_JOB_NAME", "A job with same name already exists.")]
    # Only when there is nothing else to say.
    assert codes(admin.ask("POST", "/scheduled-jobs", {"name": name, **SHELL, "type": "x"})) == ["SCHEDULED_JOB_INVALID_TYPE"]


@pytest.mark.parametrize("members, expected", [
    ({"repeatSchedule": "DAILY"}, [(INVALID_TIME, "Scheduled time is invalid.")] * 2),
    ({"repeatSchedule": "DAILY", "scheduledHour": 24, "scheduledMinute": 0}, [(INVALID_TIME, "Scheduled time is invalid.")]),
    ({"repeatSchedule": "WEEKLY", "scheduledHour": 9, "scheduledMinute": 0}, [(INVALID_TIME, "Scheduled time is invalid.")]),
    ({"repeatSchedule": "MONTHLY", "scheduledHour": 9, "scheduledMinute": 0, "scheduledDayOfMonth": 32},
     [(INVALID_TIME, "Scheduled time is invalid.")]),
    ({"repeatSchedule": "YEARLY"}, [("SCHEDULED_JOB_INVALID_REPEAT_SCHEDULE", "Repeat schedule is invalid.")]),
    ({"startDate": "2017-02-20", "endDate": "2017-02-19"},
     [("SCHEDULED_JOB_END_DATE_BEFORE_START_DATE", "Job end-date is before start-date.")]),
    ({"activityStatus": "Closed"}, [("ACTIVITY_STATUS_INVALID", "Invalid activity status.")]),
    ({"type": "EXTERNAL"}, [("SCHEDULED_JOB_EXT_TASK_FORBIDDEN", "External commands are not allowed.")]),
    ({"taskImplFqn": ""}, [("SCHEDULED_JOB_TASK_IMPL_FQN_REQUIRED", "Job implementation class is required.")]),
    ({"taskImplFqn": "com.example.Nope"},
     [("SCHEDULED_JOB_INVALID_TASK_IMPL_FQN", "Job  implementation class is invalid.")]),
    ({"type": "QUERY"}, [("SCHEDULED_JOB_QUERY_REQ", "Saved query ID is required.")]),
    ({"type": "QUERY", "savedQuery": {"id": UNKNOWN}}, [("QUERY_NOT_FOUND", f"Saved query {UNKNOWN} does not exists.")]),
    ({"runAs": {"id": UNKNOWN}}, [("USER_NOT_FOUND", "User does not exist.")]),
    ({"recipients": [{"id": 999}]}, [("USER_ONE_OR_MORE_NOT_FOUND", "One or more users do not exist. (IDs: [999])")]),
    ({"sharedWith": [{"id": 998}, {"id": 999}]},
     [("USER_ONE_OR_MORE_NOT_FOUND", "One or more users do not exist. (IDs: [998, 999])")]),
])
def test_what_is_wrong_with_a_job_is_told(admin, name, members, expected):
    """[8]"""
    assert faults(admin.ask("POST", "/scheduled-jobs", {"name": name, **SHELL, **members})) == expected
    assert not admin.list(query=name)


def test_jobs_are_listed_newest_first(admin, name):
    """[9]"""
    one = admin.create(f"{name} one")["id"]
    two = admin.create(f"{name} TWO")["id"]
    query = admin.create(f"{name} three", type="QUERY", savedQuery={"id": QUERY})["id"]

    def ids(**query):
        return [job["id"] for job in admin.list(**query)]

    everything = ids()
    assert everything == sorted(everything, reverse=True)
    assert everything[:3] == [query, two, one]
    assert ids(maxResults="", query="", type="") == everything
    assert ids(query=f"{name} t") == [query, two]
    assert ids(query=name.upper()) == [query, two, one]
    assert ids(query="%") == ids(query="_x_") == []
    assert ids(query=name, type="QUERY") == [query]
    assert ids(query=name, type="INTERNAL") == [two, one]
    assert ids(query=name, startAt=1, maxResults=1) == [two]
    assert ids(query=name, maxResults=0) == []
    assert admin.get("/scheduled-jobs/count") == {"count": len(everything)}
    assert admin.get("/scheduled-jobs/count", query=name, type="QUERY") == {"count": 1}


def test_a_query_job_is_shown_with_its_query(admin, name):
    job = admin.create(name, type="QUERY", savedQuery={"id": str(QUERY)}, taskImplFqn="what is here does not matter")
    assert job["type"] == "QUERY" and job["taskImplFqn"] == QUERY_TASK
    assert job["savedQuery"] == {"id": QUERY, "title": QUERY_TITLE}


def test_what_is_asked_for_must_be_there_and_readable(admin, name):
    """[10]"""
    job = admin.create(name)["id"]
    for method, body in [("GET", None), ("PUT", {"name": name, **SHELL}), ("DELETE", None)]:
        assert faults(admin.ask(method, f"/scheduled-jobs/{UNKNOWN}", body)) == [NOT_FOUND]
        is_invalid(admin.ask(method, "/scheduled-jobs/abc", body), "Failed to convert value of type")
    for query in ["type=FOO", "maxResults=x", "maxResults=-1", "startAt=-1"]:
        is_invalid(admin.ask("GET", f"/scheduled-jobs?{query}"), "Failed to convert value of type")
    for path in ["/scheduled-jobs", f"/scheduled-jobs/{job}/runs"]:
        is_invalid(admin.ask("POST", path), "Required request body is missing")
        is_invalid(admin.ask("POST", path, "null"), "Required request body is missing")
        is_invalid(admin.ask("POST", path, "{"), "JSON parse error")
        is_invalid(admin.ask("POST", path, "[]"), "JSON parse error")
    is_invalid(admin.ask("POST", "/scheduled-jobs", {"name": name, **SHELL, "scheduledHour": "x"}),
               "Failed to convert value of type")
    is_invalid(admin.ask("POST", "/scheduled-jobs", {"name": name, **SHELL, "startDate": "<x>"}),
               "Failed to convert value of type 'String' to required type 'Date': startDate: \"&lt;x&gt;\"")


def test_an_update_replaces_all_but_the_creator_and_the_start(admin, name):
    """[21]"""
    job = admin.create(name, startDate="2017-02-20T06:00:00.000Z", fixedArgs="-c true", rtArgsProvided=True,
                       rtArgsHelpText="help")
    changed = good(admin.ask("PUT", f"/scheduled-jobs/{job['id']}", {
        "id": UNKNOWN, "name": f"{name} new", "unknown": [1], "createdBy": {"id": UNKNOWN}, **SHELL,
        "repeatSchedule": "DAILY", "scheduledHour": 23, "scheduledMinute": 0}))
    assert changed["id"] == job["id"] and changed["createdBy"] == job["createdBy"]
    assert changed["startDate"] == job["startDate"] == 1487570400000
    assert changed["name"] == f"{name} new" and changed["repeatSchedule"] == "DAILY"
    assert [changed[m] for m in ("fixedArgs", "rtArgsProvided", "rtArgsHelpText")] == [None] * 3
    # What was shown can be sent back, and says the same again.
    sent = {**changed, "recipients": [changed["createdBy"]], "runAs": changed["createdBy"]}
    again = good(admin.ask("PUT", f"/scheduled-jobs/{job['id']}", sent))
    assert {**again, "nextRunOn": None} == {**sent, "nextRunOn": None}
    assert admin.job(job["id"])["recipients"][0]["loginName"] == "adminUser"


def test_a_deleted_job_is_gone_and_its_name_is_free(admin, name, script):
    """[22]"""
    job = admin.create(name, fixedArgs=script("true"))["id"]
    admin.run(job)
    run = admin.ended(job)
    gone = good(admin.ask("DELETE", f"/scheduled-jobs/{job}", "anything"))
    assert gone["activityStatus"] == "Disabled" and gone["isActiveJob"] is False
    assert re.fullmatch(re.escape(name) + r"_\d{13}", gone["name"])
    assert faults(admin.ask("GET", f"/scheduled-jobs/{job}")) == [NOT_FOUND]
    assert faults(admin.ask("DELETE", f"/scheduled-jobs/{job}")) == [NOT_FOUND]
    assert job not in [j["id"] for j in admin.list()]
    assert admin.create(name)["id"] != job
    assert [r["id"] for r in admin.runs(job)] == [run["id"]]


def test_a_job_that_is_disabled_is_gone_under_its_name(admin, name):
    job = admin.create(name)["id"]
    gone = good(admin.ask("PUT", f"/scheduled-jobs/{job}", {"name": name, **SHELL, "activityStatus": "Disabled"}))
    assert (gone["name"], gone["activityStatus"], gone["isActiveJob"]) == (name, "Disabled", False)
    assert faults(admin.ask("GET", f"/scheduled-jobs/{job}")) == [NOT_FOUND]
    assert not admin.list(query=name)
    admin.create(name)


ZONE = zoneinfo.ZoneInfo("UTC")


@pytest.mark.parametrize("rule, within_s", [
    ({"repeatSchedule": "MINUTELY"}, 60),
    ({"repeatSchedule": "MINUTELY", "minutelyInterval": 0}, 60),
    ({"repeatSchedule": "MINUTELY", "minutelyInterval": 5}, 300),
    ({"repeatSchedule": "HOURLY", "scheduledMinute": 30}, 3600),
    ({"repeatSchedule": "HOURLY", "scheduledMinute": 30, "hourlyInterval": 3}, 3 * 3600),
    ({"repeatSchedule": "DAILY", "scheduledHour": 23, "scheduledMinute": 0}, 86400),
    ({"repeatSchedule": "WEEKLY", "scheduledHour": 9, "scheduledMinute": 0, "scheduledDayOfWeek": "WEDNESDAY"}, 7 * 86400),
    ({"repeatSchedule": "MONTHLY", "scheduledHour": 8, "scheduledMinute": 0, "scheduledDayOfMonth": 31}, 31 * 86400),
])
def test_the_next_run_is_near_and_at_a_full_minute(admin, name, rule, within_s):
    """[23 to 25], as far as one can see from outside"""
    job = admin.create(name, **rule)
    # No run of it is wanted here.
    good(admin.ask("DELETE", f"/scheduled-jobs/{job['id']}"))
    assert {member: job[member] for member in rule} == rule
    assert job["hourlyInterval"] is not None and job["minutelyInterval"] is not None
    assert job["nextRunOn"] % 60000 == 0
    assert 0 < job["nextRunOn"] - time.time() * 1000 + 5000 <= within_s * 1000 + 5000
    when = datetime.datetime.fromtimestamp(job["nextRunOn"] / 1000, ZONE)
    if "scheduledHour" in rule:
        assert (when.hour, when.minute) == (rule["scheduledHour"], rule["scheduledMinute"])
    if "scheduledDayOfWeek" in rule:
        assert when.isoweekday() == 3
    if "scheduledDayOfMonth" in rule:
        assert (when + datetime.timedelta(days=1)).day == 1


# ---- runs ----


def test_a_run_is_recorded_from_its_start_to_its_end(admin, name, script, gate, scratch):
    """[11]"""
    job = admin.create(name, fixedArgs=script(f'echo "$*" >{scratch}/args\n' + waits_for(gate)))
    assert admin.run(job["id"], "a b c") == job
    run, = until(lambda: admin.runs(job["id"]), 5, "a run")
    assert (run["status"], run["rtArgs"], run["finishedAt"], run["message"]) == ("IN_PROGRESS", "a b c", None, None)
    assert (run["jobId"], run["jobName"]) == (job["id"], name)
    assert run["runBy"]["loginName"] == "adminUser"
    gate.touch()
    ended = admin.ended(job["id"])
    assert ended == {**run, "status": "SUCCEEDED", "finishedAt": ended["finishedAt"]}
    assert ended["startedAt"] <= ended["finishedAt"]
    assert (scratch / "args").read_text() == "a b c\n"
    listed, = admin.list(query=name)
    assert listed["lastRunOn"] == run["startedAt"]
    assert admin.job(job["id"])["lastRunOn"] is None


@pytest.mark.parametrize("body, args", [({}, None), ({"args": None}, None), ({"args": " "}, None), ({"args": " x "}, "x"),
                                        ({"args": 5}, "5"), ({"args": True}, "true")])
def test_arguments_of_a_run_are_one_text(admin, name, script, body, args):
    """[12]"""
    job = admin.create(name, fixedArgs=script("true"))["id"]
    good(admin.ask("POST", f"/scheduled-jobs/{job}/runs", body))
    assert admin.ended(job)["rtArgs"] == args


def test_what_cannot_be_run_is_refused(admin, name):
    """[12]"""
    job = admin.create(name)["id"]
    is_invalid(admin.ask("POST", f"/scheduled-jobs/{job}/runs", {"args": []}), "JSON parse error")
    is_invalid(admin.ask("POST", f"/scheduled-jobs/{job}/runs", {"args": {}}), "JSON parse error")
    assert faults(admin.ask("POST", f"/scheduled-jobs/{UNKNOWN}/runs", {})) == [NOT_FOUND]
    assert admin.runs(job) == []


def test_a_job_that_runs_is_not_run_again(admin, name, script, gate):
    """[13]"""
    job = admin.create(name, fixedArgs=script(waits_for(gate)))["id"]
    admin.run(job, "first")
    until(lambda: admin.runs(job), 5, "a run")
    for _ in range(3):
        admin.run(job, "again")
    assert [(r["status"], r["rtArgs"]) for r in admin.runs(job)] == [("IN_PROGRESS", "first")]
    gate.touch()
    admin.ended(job)
    assert len(admin.runs(job)) == 1
    # And then it can be.
    admin.run(job, "next")
    assert admin.ended(job, 2)["rtArgs"] == "next"


def test_a_job_that_fails_says_why(admin, name, script):
    """[14]"""
    job = admin.create(name, fixedArgs=script("exit 3"))["id"]
    admin.run(job)
    run = admin.ended(job)
    assert run["status"] == "FAILED" and "3" in run["message"]
    assert run["startedAt"] <= run["finishedAt"]


def test_a_run_that_is_canceled_has_failed(admin, api3, name, script, gate):
    job = admin.create(name, fixedArgs=script(waits_for(gate)))["id"]
    admin.run(job)
    run, = until(lambda: admin.runs(job), 5, "a run")
    assert api3.call("cancelExecution", json.dumps(f"63617269-6c6c-8000-8000-{run['id']:012x}")).status == 200
    run = admin.ended(job)
    assert run["status"] == "FAILED" and run["message"]


@pytest.fixture(scope="module")
def history(admin):
    """A job with a run that succeeded, one that failed and one that goes on until the module ends."""
    folder = make_folder(0o777)
    path = folder / "script.sh"
    path.write_text('case "$1" in fail) exit 1 ;; wait) ' + waits_for(folder / "open") + " ;; esac\n")
    job = admin.create("with a history", fixedArgs=str(path))["id"]
    for count, args in enumerate(["succeed", "fail"], 1):
        admin.run(job, args)
        admin.ended(job, count)
    admin.run(job, "wait")
    until(lambda: len(admin.runs(job)) == 3, 5, "the third run")
    yield job
    (folder / "open").touch()
    admin.ended(job, 3)
    shutil.rmtree(folder)


def statuses(runs):
    return [run["status"] for run in runs]


def test_runs_are_listed_by_their_status(admin, history):
    """[15, 18]"""
    assert statuses(admin.runs(history)) == ["IN_PROGRESS", "FAILED", "SUCCEEDED"]
    ids = [run["id"] for run in admin.runs(history)]
    assert ids == sorted(ids, reverse=True)
    for status in ["IN_PROGRESS", "FAILED", "SUCCEEDED"]:
        assert statuses(admin.runs(history, status=status)) == [status]
    is_invalid(admin.ask("GET", f"/scheduled-jobs/{history}/runs?status=DONE"), "Failed to convert value of type")
    assert statuses(admin.runs(history, maxResults=1)) == ["IN_PROGRESS"]
    assert statuses(admin.runs(history, startAt=1, maxResults=1)) == ["FAILED"]
    assert statuses(admin.runs(history, startAt=1, maxResults=1, status="SUCCEEDED")) == []
    assert admin.runs(history, maxResults=0) == []
    assert admin.runs(UNKNOWN) == []
    assert len(admin.runs(history, maxResults="", fromDate="", toDate="", status="", startAt="")) == 3


# As the contract writes the forms of 3.5; {…} are of a day that is past, or not yet come.
FORMS = ["%Y%m%d", "%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%dT%H:%M:%S.000+00:00",
         "%Y-%m-%dT%H:%M:%S.000+0000", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y%m%dT%H%M%S+0000", "%Y%m%dT%H%M%SZ"]


@pytest.mark.parametrize("form", FORMS)
def test_runs_are_bounded_by_a_time_in_any_form(admin, history, form):
    """[16]"""
    day = datetime.timedelta(days=1)
    past = (datetime.datetime.now(ZONE) - day).strftime(form)
    future = (datetime.datetime.now(ZONE) + day).strftime(form)
    assert len(admin.runs(history, fromDate=past, toDate=future)) == 3
    assert admin.runs(history, fromDate=future) == []
    assert admin.runs(history, toDate=past) == []
    # As hand-written calls have it: a plus that is a blank by then, a blank that is escaped.
    for way in (past, past.replace(" ", "%20"), past.replace(" ", "+").replace(":", "%3A")):
        if " " not in way:
            assert len(good(admin.ask("GET", f"/scheduled-jobs/{history}/runs?fromDate={way}"))) == 3


def test_times_that_cannot_be_read_are_refused(admin, history):
    """[16]"""
    for query in ["fromDate=junk", "toDate=junk", "fromDate=2022-02-30", "toDate=1645423200000"]:
        is_invalid(admin.ask("GET", f"/scheduled-jobs/{history}/runs?{query}"), "Failed to convert value of type")


def iso(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, ZONE).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"


def test_both_times_bound_the_start_of_a_run(admin, history):
    """[17]"""
    running, failed, succeeded = admin.runs(history)
    at = running["startedAt"]
    assert statuses(admin.runs(history, toDate=iso(at - 1))) == ["FAILED", "SUCCEEDED"]
    assert len(admin.runs(history, toDate=iso(at))) == 3
    assert len(admin.runs(history, toDate=iso(int(time.time() * 1000) + 1000))) == 3
    assert statuses(admin.runs(history, fromDate=iso(at))) == ["IN_PROGRESS"]
    assert admin.runs(history, fromDate=iso(at + 1)) == []
    assert statuses(admin.runs(history, fromDate=iso(failed["startedAt"]), toDate=iso(failed["startedAt"]))) == ["FAILED"]
    assert statuses(admin.runs(history, fromDate=iso(succeeded["startedAt"]), status="FAILED")) == ["FAILED"]


def test_a_run_is_found_through_any_job(admin, history):
    """[19]"""
    run = admin.runs(history)[-1]
    assert admin.get(f"/scheduled-jobs/{history}/runs/{run['id']}") == run
    assert admin.get(f"/scheduled-jobs/{UNKNOWN}/runs/{run['id']}") == run
    assert faults(admin.ask("GET", f"/scheduled-jobs/{history}/runs/{UNKNOWN}")) == [RUN_NOT_FOUND]
    assert faults(admin.ask("GET", f"/scheduled-jobs/{history}/runs/{history}")) == [RUN_NOT_FOUND]


def test_a_job_outside_its_dates_runs_on_demand(admin, name, script):
    """[26], the half that needs no waiting"""
    job = admin.create(name, fixedArgs=script("true"), repeatSchedule="DAILY", scheduledHour=0, scheduledMinute=0,
                       startDate="2017-02-20", endDate="2017-02-21")
    assert job["isActiveJob"] is True and job["nextRunOn"] is not None
    admin.run(job["id"])
    assert admin.ended(job["id"])["status"] == "SUCCEEDED"


# ---- result files ----


def result(client, run, **headers):
    return client.ask("GET", f"/scheduled-jobs/1/runs/{run}/result-file", **headers)


def test_a_result_file_is_sent_as_it_is(admin, name, script, os_service):
    """[20]"""
    job = admin.create(name, fixedArgs=script('printf "id,name\\n1,\\303\\251\\n" >"$CARILLON_RESULT_DIR/x.csv"\n'))["id"]
    admin.run(job)
    run = admin.ended(job)
    assert run["status"] == "SUCCEEDED" and run["logFilePath"] == "x.csv"
    answer = result(admin, run["id"])
    assert (answer.status, answer.type) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment;filename="x.csv"'
    assert answer.body == "id,name\n1,é\n".encode()
    assert answer.headers["Content-Length"] == str(len(answer.body))
    # No pieces of it; and a page's link has nothing but the cookie.
    answer = result(Specimen(os_service.url), run["id"], Cookie=f"osAuthToken={admin.headers['X-OS-API-TOKEN']}",
                    Range="bytes=0-1")
    assert (answer.status, len(answer.body)) == (200, 13)
    head = admin.ask("HEAD", f"/scheduled-jobs/1/runs/{run['id']}/result-file")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "13")


@pytest.mark.parametrize("file, type, shown", [
    ("a.TXT", "text/plain", "a.TXT"), ("b.log", "text/plain", "b.log"), ("c.zip", "application/zip", "c.zip"),
    ("d.pdf", "application/pdf", "d.pdf"), ("e.json", JSON, "e.json"), ("f", "application/octet-stream", "f"),
    ('g"h\\é.csv', "text/csv", "g_h__.csv"),
])
def test_a_result_file_has_its_type_and_a_name(admin, name, script, scratch, file, type, shown):
    (scratch / "it").write_text("[]")
    job = admin.create(name, fixedArgs=script(f"cp {scratch}/it \"$CARILLON_RESULT_DIR/$(cat {scratch}/name)\"\nexit 1\n"))["id"]
    (scratch / "name").write_text(file)
    admin.run(job)
    run = admin.ended(job)
    # Also of a run that failed.
    assert (run["status"], run["logFilePath"]) == ("FAILED", file)
    answer = admin.client.request("GET", f"{JOBS}/1/runs/{run['id']}/result-file", None, admin.headers)
    assert (answer.status, answer.type, answer.body) == (200, type, b"[]")
    assert answer.headers["Content-Disposition"] == f'attachment;filename="{shown}"'


def test_a_result_file_that_is_not_there_is_not_sent(admin, name, script, os_service):
    """[20]"""
    job = admin.create(name, fixedArgs=script('[ "$1" ] || exit 0\necho x >"$CARILLON_RESULT_DIR/x.csv"\n'))["id"]
    admin.run(job)
    run = admin.ended(job)
    assert run["logFilePath"] is None
    assert faults(result(admin, run["id"])) == [
        ("SCHEDULED_JOB_RESULT_DATA_FILE_NOT_AVAILABLE", "Job run result data file is not generated.")]
    admin.run(job, "write")
    run = admin.ended(job, 2)
    for file in (os_service.state / "output").glob(f"*/{run['id']}/*/*.results/*"):
        file.unlink()
    assert faults(result(admin, run["id"])) == [
        ("SCHEDULED_JOB_RESULT_DATA_FILE_NOT_FOUND", "Job run result data file is damaged or replaced.")]
    assert faults(result(admin, UNKNOWN)) == [RUN_NOT_FOUND]


def test_a_query_writes_a_file_of_its_own_name(admin, name):
    job = admin.create(name, type="QUERY", savedQuery={"id": QUERY})["id"]
    admin.run(job)
    run = admin.ended(job)
    assert run["logFilePath"] == f"scheduled_query_{QUERY}_{run['id']}.csv", run
    answer = result(admin, run["id"])
    assert (answer.status, answer.type, answer.body) == (200, "text/csv", QUERY_ROWS)


# ---- rights ----


def test_who_has_no_right_is_refused_and_others_see_their_own(os_service, api3, admin, name, script):
    """[27]"""
    nobody = make_user(os_service, api3, f"n{time.monotonic_ns()}", [])
    reader = make_user(os_service, api3, f"r{time.monotonic_ns()}", ["read"])
    foreign = admin.create(f"{name} foreign", fixedArgs=script("echo x >$CARILLON_RESULT_DIR/x.csv"))["id"]
    shared = admin.create(f"{name} shared", fixedArgs=script("echo x >$CARILLON_RESULT_DIR/x.csv"),
                          sharedWith=[{"id": reader.id}], recipients=[{"id": reader.id}])["id"]
    update = {"name": name, **SHELL}
    for method, path, body in [("GET", "/scheduled-jobs", None), ("GET", "/scheduled-jobs/count", None),
                               ("GET", f"/scheduled-jobs/{shared}", None), ("POST", "/scheduled-jobs", update),
                               ("PUT", f"/scheduled-jobs/{shared}", update), ("DELETE", f"/scheduled-jobs/{shared}", None),
                               ("POST", f"/scheduled-jobs/{shared}/runs", {}),
                               ("GET", f"/scheduled-jobs/{shared}/runs", None)]:
        assert faults(nobody.ask(method, path, body)) == [NO_RIGHT], (method, path)
    # A reader sees what is his or shared with him, and changes nothing.
    assert [job["id"] for job in reader.list()] == [shared]
    assert reader.get("/scheduled-jobs/count") == {"count": 1}
    assert faults(reader.ask("GET", f"/scheduled-jobs/{foreign}")) == [NOT_YOURS]
    assert faults(reader.ask("POST", f"/scheduled-jobs/{foreign}/runs", {})) == [NOT_YOURS]
    assert reader.job(shared)["id"] == shared
    assert faults(reader.ask("POST", "/scheduled-jobs", update)) == [NO_RIGHT]
    assert faults(reader.ask("PUT", f"/scheduled-jobs/{shared}", update)) == [NO_RIGHT]
    assert faults(reader.ask("DELETE", f"/scheduled-jobs/{shared}")) == [NO_RIGHT]
    # Missing comes before refused.
    assert faults(reader.ask("PUT", f"/scheduled-jobs/{UNKNOWN}", update)) == [NOT_FOUND]
    # Of runs he sees his own, and files also as a recipient.
    for job in (foreign, shared):
        admin.run(job)
        admin.ended(job)
    run = admin.runs(shared)[0]["id"]
    assert reader.runs(shared) == reader.runs(foreign) == []
    assert faults(reader.ask("GET", f"/scheduled-jobs/{shared}/runs/{run}")) == [NOT_YOURS]
    assert result(reader, run).body == b"x\n"
    assert faults(result(reader, admin.runs(foreign)[0]["id"])) == [NOT_YOURS]
    assert faults(result(nobody, run)) == [NOT_YOURS]
    reader.run(shared)
    own = admin.ended(shared, 2)
    assert own["runBy"]["id"] == reader.id
    assert [r["id"] for r in reader.runs(shared)] == [own["id"]]
    assert reader.get(f"/scheduled-jobs/{shared}/runs/{own['id']}") == own


def test_who_may_change_jobs_changes_his_own(os_service, api3, admin, name):
    """[27]"""
    rights = ["read", "create", "update", "delete"]
    one = make_user(os_service, api3, f"o{time.monotonic_ns()}", rights)
    other = make_user(os_service, api3, f"p{time.monotonic_ns()}", rights)
    job = one.create(name, sharedWith=[{"id": other.id}])
    assert job["createdBy"]["id"] == one.id
    update = {"name": f"{name} new", **SHELL}
    assert faults(other.ask("PUT", f"/scheduled-jobs/{job['id']}", update)) == [NOT_YOURS]
    assert faults(other.ask("DELETE", f"/scheduled-jobs/{job['id']}")) == [NOT_YOURS]
    # Rights are looked at before what is wrong with a job.
    assert faults(other.ask("PUT", f"/scheduled-jobs/{job['id']}", {})) == [NOT_YOURS]
    assert good(one.ask("PUT", f"/scheduled-jobs/{job['id']}", update))["name"] == f"{name} new"
    good(one.ask("DELETE", f"/scheduled-jobs/{job['id']}"))


def test_nothing_of_another_tenant_is_there(os_service, admin, name, script):
    env = os_service.env()
    session = good(Specimen(os_service.url).ask(
        "POST", "/sessions", {"loginName": env["TENANT2_ADMIN_USER"], "password": env["TENANT2_ADMIN_PASSWORD"]}))
    other = Specimen(os_service.url, X_OS_API_TOKEN=session["token"])
    job = admin.create(name, fixedArgs=script("echo x >$CARILLON_RESULT_DIR/x.csv"))["id"]
    admin.run(job)
    run = admin.ended(job)["id"]
    assert other.list() == [] and other.get("/scheduled-jobs/count") == {"count": 0}
    for method, body in [("GET", None), ("PUT", {"name": name, **SHELL}), ("DELETE", None)]:
        assert faults(other.ask(method, f"/scheduled-jobs/{job}", body)) == [NOT_FOUND]
    assert faults(other.ask("POST", f"/scheduled-jobs/{job}/runs", {})) == [NOT_FOUND]
    assert other.runs(job) == []
    assert faults(other.ask("GET", f"/scheduled-jobs/{job}/runs/{run}")) == [RUN_NOT_FOUND]
    assert faults(result(other, run)) == [RUN_NOT_FOUND]
    # Its users are none here, and its names do not stand in the way.
    assert codes(admin.ask("POST", "/scheduled-jobs", {"name": f"{name} 2", **SHELL, "recipients": [{"id": session["id"]}]})
                 ) == ["USER_ONE_OR_MORE_NOT_FOUND"]
    assert other.create(name)["createdBy"]["id"] == session["id"]


def test_tokens_open_what_they_are_for(os_service, api3):
    env = os_service.env()

    def status(token):
        return Specimen(os_service.url, X_OS_API_TOKEN=token).ask("GET", "/scheduled-jobs").status

    assert status(env["OPENSPECIMEN_TOKEN"]) == 200
    assert status(env["ALTOGIC_CLIENT_KEY"]) == 401
    # A key is no session: it outlives a log-out.
    good(Specimen(os_service.url, X_OS_API_TOKEN=env["OPENSPECIMEN_TOKEN"]).ask("DELETE", "/sessions"))
    assert status(env["OPENSPECIMEN_TOKEN"]) == 200
    # A key that may only read does not run.
    made = api3.call("createToken", {"scopes": ["read"]}, service="access").json()["token"]
    reader = Specimen(os_service.url, X_OS_API_TOKEN=made)
    job = reader.list()[0]["id"]
    assert faults(reader.ask("POST", f"/scheduled-jobs/{job}/runs", {})) == [NO_RIGHT]
    assert faults(reader.ask("DELETE", f"/scheduled-jobs/{job}")) == [NO_RIGHT]


# ---- the same schedules through another door ----


def test_what_was_made_elsewhere_is_a_job_too(admin, api3, name):
    schedule = api3.create(name, "exit 0", triggers=[{"cron": "30 4 * * *", "timeZone": "UTC"}])
    number = int(schedule.replace("-", "")[-12:], 16)
    for spelling in (number, schedule, schedule.upper()):
        job = admin.job(spelling)
        assert (job["id"], job["name"]) == (number, name)
    assert (job["repeatSchedule"], job["scheduledHour"], job["scheduledMinute"]) == ("DAILY", 4, 30)
    # It was not made of a registered task; what is sent back as it was shown changes nothing of that.
    before = api3.call("getSchedule", schedule).json()
    changed = good(admin.ask("PUT", f"/scheduled-jobs/{number}", {**job, "rtArgsHelpText": "which"}))
    assert changed == {**job, "rtArgsHelpText": "which", "nextRunOn": changed["nextRunOn"]}
    after = api3.call("getSchedule", schedule).json()
    assert [after[m] for m in ("triggers", "tasks")] == [before[m] for m in ("triggers", "tasks")]
    # Suspended there, it is not active here, and does not run.
    assert api3.call("suspendSchedule", schedule).status == 200
    job = admin.job(number)
    assert (job["isActiveJob"], job["activityStatus"], job["nextRunOn"]) == (False, "Active", None)
    admin.run(number)
    assert admin.runs(number) == []
    assert api3.call("resumeSchedule", schedule).status == 200
    # What the other door starts is a run here.
    execution = api3.run(schedule)
    assert api3.ended(execution) == 1
    run, = admin.runs(number)
    assert (run["status"], run["runBy"]["loginName"]) == ("SUCCEEDED", "adminUser")
    assert execution.endswith(f"{run['id']:012x}")


# ---- HTTP ----


def test_a_browser_may_ask_anywhere_before_it_calls(os_service):
    """[28]"""
    for path in [JOBS, f"{P}/nope", "/rest/ng", "/scheduled-jobs/1/runs", f"{P}/sessions"]:
        answer = Specimen(os_service.url).raw("OPTIONS", path)
        assert (answer.status, answer.body) == (200, b"")


def test_pages_of_other_sites_may_call_where_they_are_listed(admin, os_service):
    """[29]"""
    answer = admin.ask("GET", "/scheduled-jobs", Origin="https://evil.example")
    assert faults(answer, 405) == [
        ("METHOD_NOT_ALLOWED", "Requests from the origin server https://evil.example not allowed")]
    assert answer.headers["Access-Control-Allow-Origin"] is None
    for origin in ["https://pages.example", f"http://127.0.0.1:{os_service.port}"]:
        for method in ["GET", "OPTIONS"]:
            answer = admin.ask(method, "/scheduled-jobs", Origin=origin)
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, origin)
            assert answer.headers["Vary"] == "Origin"


def test_paths_and_methods_are_those_of_the_contract(admin, os_service, name):
    """[30]"""
    job = admin.create(name)["id"]
    answer = admin.ask("PATCH", f"/scheduled-jobs/{job}", {})
    assert faults(answer, 405) == [("METHOD_NOT_ALLOWED", "Method not allowed")]
    assert answer.headers["Allow"] == "GET, HEAD, PUT, DELETE, OPTIONS"
    assert faults(admin.ask("GET", "/nope"), 404) == [("NOT_FOUND", "Not found")]
    for path in [f"{JOBS}/", "//openspecimen//rest//ng//scheduled-jobs", "/rest/ng/scheduled-jobs",
                 "//rest//ng/scheduled-jobs", "/scheduled-jobs", "/scheduled-jobs/", f"/scheduled-jobs/{job}/runs/"]:
        assert isinstance(good(admin.raw("GET", path)), list)
    for path in ["/sessions", "/openspecimen/sessions"]:
        answer = admin.client.request("POST", path, json.dumps({"loginName": "adminUser", "password": ADMIN_PASSWORD}))
        assert answer.status != 200 and not answer.text.startswith("[") and "token" not in answer.text
    head = admin.ask("HEAD", f"/scheduled-jobs/{job}")
    assert (head.status, head.type, head.body) == (200, JSON, b"")
    assert int(head.headers["Content-Length"]) == len(admin.ask("GET", f"/scheduled-jobs/{job}").body)


def test_a_body_is_read_whatever_it_calls_itself(admin, name):
    """[31]"""
    for type in [None, "application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]:
        body = json.dumps({"name": f"{name} {type}", **SHELL})
        good(admin.ask("POST", "/scheduled-jobs", body, **({"Content_Type": type} if type else {})))
    job = admin.create(name, repeatSchedule="DAILY", scheduledHour="23", scheduledMinute=" 5 ", rtArgsProvided="true")
    assert (job["scheduledHour"], job["scheduledMinute"], job["rtArgsProvided"]) == (23, 5, True)
    good(admin.ask("DELETE", f"/scheduled-jobs/{job['id']}", Content_Type=JSON))
    assert isinstance(good(admin.ask("GET", "/scheduled-jobs", Content_Type=JSON)), list)


def test_a_chunked_body_is_a_body(admin, name):
    body = iter([b'{"name": "', name.encode(), b'", "type": "INTERNAL", "taskImplFqn": "shell", ', b'"repeatSchedule":"ONDEMAND"}'])
    assert good(admin.raw("POST", JOBS, body, Transfer_Encoding="chunked"))["name"] == name


def test_a_body_that_is_too_large_is_refused_in_the_same_form(admin):
    """[32]"""
    answer = admin.client.request("POST", JOBS, b"{" + b" " * (2 << 20) + b"}", admin.headers)
    assert (answer.status, answer.type) == (413, JSON)
    assert json.loads(answer.body)[0]["code"] == "REQUEST_TOO_LARGE"


def test_an_interrupted_run_has_failed_and_a_session_goes_on(make_service):
    """[33]"""
    service = make_service(**TASKS).start()
    token = good(Specimen(service.url).ask("POST", "/sessions", {"loginName": "adminUser", "password": ADMIN_PASSWORD}))["token"]
    client = Specimen(service.url, X_OS_API_TOKEN=token)
    # What goes on when it is asked to end is killed.
    job = client.create("long", fixedArgs="-c while(:);do(sleep${IFS}60);done")["id"]
    client.run(job)
    run, = until(lambda: [r for r in client.runs(job) if r["status"] == "IN_PROGRESS"], 5, "a run")
    service.stop()
    service.start()
    client.client = Client(service.url)
    after = client.ended(job)
    assert (after["id"], after["status"]) == (run["id"], "FAILED")
    assert after["message"]


def test_a_session_dies_when_it_is_not_used(make_service):
    service = make_service(CARILLON_OPENSPECIMEN_SESSION_IDLE="2s").start()
    nobody = Specimen(service.url)
    token = good(nobody.ask("POST", "/sessions", {"loginName": "adminUser", "password": ADMIN_PASSWORD}))["token"]

    def status():
        return nobody.ask("GET", "/scheduled-jobs/count", X_OS_API_TOKEN=token).status

    # Used, it lives on beyond that time.
    end = time.monotonic() + 3
    until(lambda: status() == 200 and time.monotonic() > end, 10)
    last = time.monotonic()
    until(lambda: time.monotonic() > last + 2.5, 10)
    assert status() == 401


def test_nothing_that_is_sent_breaks_the_form(admin, name):
    job = admin.create(name)["id"]
    values = ["null", "true", "5", "-1", "1e400", '"x"', '"\\u0000"', '"\\ud800"', '"' + "x" * 5000 + '"', "[]", "[[]]", "{}",
              '{"id":{}}', "99999999999999999999", '""']
    members = ["name", "repeatSchedule", "scheduledMinute", "scheduledDayOfWeek", "hourlyInterval", "startDate", "endDate",
               "activityStatus", "type", "taskImplFqn", "fixedArgs", "savedQuery", "runAs", "recipients", "sharedWith",
               "rtArgsProvided", "rtArgsHelpText"]
    base = {"name": f"{name} new", **SHELL, "activityStatus": "Disabled"}
    for member in members:
        others = json.dumps({m: v for m, v in base.items() if m != member})[:-1]
        for value in values:
            answer = admin.ask("POST", "/scheduled-jobs", f'{others}, "{member}": {value}}}')
            assert answer.status in (200, 400), (member, value, answer)
    for body in ['"\\', "\xff", "{]", "[" * 100, '{"args":' * 100, "x" * 100000]:
        assert admin.ask("POST", f"/scheduled-jobs/{job}/runs", body.encode("latin-1")).status == 400
    for path in ["/scheduled-jobs/%ff", "/scheduled-jobs/%22%3Cb%3E", "/scheduled-jobs/" + "9" * 3000,
                 "/scheduled-jobs?query=%ff", "/scheduled-jobs?maxResults=-" + "9" * 3000, "/scheduled-jobs/1/runs?fromDate=%00"]:
        answer = admin.client.request("GET", P + path, None, admin.headers)
        assert (answer.status, answer.type) == (400, JSON) and json.loads(answer.body)[0]["code"], (path, answer)
