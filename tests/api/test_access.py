"""Who may do what, from outside: roles, tenants, tokens, log-in by token, the audit, Idempotency-Key."""

import concurrent.futures
import json
import re
import shutil
import time

import pytest

import methods
from carillon import Client, until

TEXT = "text/plain;charset=utf-8"
ROLES = ["viewer", "analyst", "pro", "domainAdmin", "enterpriseAdmin"]
ALL, ADMINS, ENTERPRISE = ROLES, ROLES[3:], ROLES[4:]
UNKNOWN = "63617269-6c6c-8000-8000-00000fffffff"


def access(client, method, body="{}", **headers):
    return client.call(method, body, headers or None, service="access")


def ok(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)


def refused(answer, status, text):
    assert (answer.status, answer.type, answer.text) == (status, TEXT, text)


@pytest.fixture(scope="module")
def make_user(admin):
    """Makes a user and answers a client with a token of his; names are made up."""
    made = []

    def make(role, client=admin, **members):
        name = f"access-{len(made)}-{time.monotonic_ns()}"
        made.append(name)
        user = ok(access(client, "createUser", {"userName": name, "role": role, **members}))
        if "tenantId" in members:
            return name, user
        token = ok(access(client, "createToken", {"userName": name}))
        someone = Client(admin.url.geturl(), token["token"])
        someone.name, someone.id, someone.token_id = name, user, token["tokenId"]
        return someone

    return make


@pytest.fixture(scope="module")
def people(make_user):
    return {role: make_user(role) for role in ROLES}


# ---- roles -----------------------------------------------------------------------------------------------

# Every method, and who may call it: wire/api3.md 2.5 and fcgi/API.md.
METHODS = {
    "tasks": {
        "findSchedule": ALL, "runSchedule": ALL, "getScheduleExecutionStatus": ALL, "getTasks": ALL, "getTasksIds": ALL,
        "getTaskData": ALL, "getTaskOutputs": ALL, "getTaskOutputsForUser": ALL, "getExecutions": ALL, "reRunTask": ALL,
        "runOnDemandSchedules": ALL, "suspendSchedule": ADMINS, "resumeSchedule": ADMINS, "deleteSchedule": ADMINS,
        "deleteSchedules": ADMINS, "getSchedulesForUser": ADMINS,  # another's
        "createSchedule": ADMINS, "updateSchedule": ADMINS, "applySchedules": ADMINS, "suspendSchedules": ADMINS,
        "resumeSchedules": ADMINS, "getSchedule": ALL, "listSchedules": ALL, "previewSchedule": ALL,
        "explainSchedule": ALL, "getExecution": ALL, "listExecutions": ALL, "listOccurrences": ALL,
        "cancelExecution": ALL, "getTaskLog": ALL, "getAttempt": ALL, "getTaskOutput": ALL,
        "createCalendar": ADMINS, "updateCalendar": ADMINS, "deleteCalendar": ADMINS, "importCalendar": ADMINS,
        "getCalendar": ALL, "listCalendars": ALL,
        "setGroup": ADMINS, "listGroups": ALL,
        "setSecret": ADMINS, "deleteSecret": ADMINS, "listSecrets": ADMINS, "listNotifications": ALL,
    },
    "access": {
        "createUser": ADMINS, "updateUser": ADMINS, "deleteUser": ADMINS, "listUsers": ADMINS, "changePassword": ALL,
        "createToken": ALL, "rotateToken": ALL, "revokeToken": ALL, "listTokens": ALL, "whoAmI": ALL,
        "createTenant": ENTERPRISE, "updateTenant": ENTERPRISE, "deleteTenant": ENTERPRISE, "listTenants": ENTERPRISE,
    },
    "audit": {"list": ADMINS, "verify": ADMINS},
}


def served():
    """The methods of the face's own table that need a token, as (service, method)."""
    return {(one.service, one.name) for one in methods.listed().values() if one.service != "authentication"}


def test_the_table_of_roles_knows_every_method():
    table = {(service, method) for service, methods in METHODS.items() for method in methods}
    assert not served() - table


@pytest.mark.parametrize("part, method", sorted(
    (part, method) for part, methods in METHODS.items() for method in methods))
def test_a_role_may_call_what_the_contract_says_and_no_more(people, part, method):
    """A body that changes nothing; whoever may call gets whatever answer but 403."""
    if (part, method) not in served():
        pytest.skip("not served yet")
    body = json.dumps(people["pro"].id) if method == "getSchedulesForUser" else {"id": UNKNOWN, "userId": UNKNOWN}
    if method in ("createToken", "listTokens", "deleteUser"):
        body = {}
    for role in ROLES:
        if method == "getSchedulesForUser" and role == "pro":
            continue
        answer = people[role].call(method, body, service=part)
        if role in METHODS[part][method]:
            assert answer.status not in (401, 403, 404), (role, answer)
        else:
            refused(answer, 403, "Insufficient permissions")


def test_schedules_for_a_user(people, admin):
    """[37]"""
    viewer = people["viewer"]
    assert viewer.call("getSchedulesForUser", json.dumps(viewer.id)).json() == []
    assert viewer.call("getSchedulesForUser", viewer.name).json() == []
    refused(viewer.call("getSchedulesForUser", json.dumps(people["pro"].id)), 403, "Insufficient permissions")
    refused(viewer.call("getSchedulesForUser", json.dumps(UNKNOWN)), 403, "Insufficient permissions")
    refused(admin.call("getSchedulesForUser", json.dumps(UNKNOWN)), 400, "User not found")
    mine = people["domainAdmin"].create("access: made by a domain admin", "true")
    found = admin.call("getSchedulesForUser", people["domainAdmin"].name).json()
    assert [one["scheduleId"] for one in found] == [mine]


def test_nobody_reaches_above_himself(people, make_user, admin):
    domain = people["domainAdmin"]
    above = make_user("enterpriseAdmin")
    for method, body in [
        ("createUser", {"userName": "x", "role": "enterpriseAdmin"}),
        ("updateUser", {"userId": above.id, "role": "viewer"}),
        ("updateUser", {"userId": people["pro"].id, "role": "enterpriseAdmin"}),
        ("deleteUser", {"userId": above.id}),
        ("createToken", {"userName": above.name}),
        ("revokeToken", {"tokenId": above.token_id}),
        ("createUser", {"userName": "x", "role": "viewer", "tenantId": UNKNOWN}),
    ]:
        refused(access(domain, method, body), 403, "Insufficient permissions")
    ok(access(admin, "deleteUser", {"userId": above.id}))
    assert access(above, "whoAmI").status == 401


# ---- log-in ----------------------------------------------------------------------------------------------


def by_token(service, user, token):
    return service.nobody().call("authenticateUserByToken", {"userIdentity": user, "token": token},
                                 service="authentication")


def test_an_administrators_token_lets_another_in(service, people):
    """[5]"""
    viewer, admin = people["viewer"], people["domainAdmin"]
    answer = by_token(service, viewer.name, admin.token)
    assert (answer.status, answer.type) == (200, TEXT)
    assert ok(access(Client(service.url, answer.text), "whoAmI"))["userId"] == viewer.id
    refused(by_token(service, viewer.name, viewer.token), 403, "Insufficient permissions")
    refused(by_token(service, viewer.name, "x"), 401, "Invalid or missing token")
    refused(by_token(service, "nobody", admin.token), 400, "User not found")
    refused(by_token(service, people["enterpriseAdmin"].name, admin.token), 403, "Insufficient permissions")


def test_failures_in_a_row_lock_a_name_that_need_not_exist(service):
    name = f"nobody-{time.monotonic_ns()}"
    answers = [service.nobody().call("authenticateUser", {"userName": name, "password": "x"}, service="authentication")
               for _ in range(7)]
    for answer in answers:
        refused(answer, 401, "Invalid user name or password")
    assert [answer.headers["Retry-After"] is not None for answer in answers[:4]] == [False] * 4
    assert int(answers[4].headers["Retry-After"]) >= 1


def test_a_password_is_changed_by_who_knows_it(service, make_user):
    ann = make_user("viewer", password="one")
    session = service.nobody().login(ann.name, "one")
    refused(access(session, "changePassword", {"oldPassword": "two", "newPassword": "x"}), 400,
            "Invalid value: oldPassword")
    assert ok(access(session, "changePassword", {"oldPassword": "one", "newPassword": "two"}))["success"]
    assert access(session, "whoAmI").status == 200
    service.nobody().login(ann.name, "two")


# ---- tokens ----------------------------------------------------------------------------------------------


def token_of(client, **members):
    made = ok(access(client, "createToken", members))
    return Client(client.url.geturl(), made["token"]), made


@pytest.mark.parametrize("scope, allowed", [
    ("read", {"findSchedule"}), ("run", {"runSchedule"}), ("manage", {"suspendSchedule"}), ("access", {"listUsers"}),
    ("results", set()),
])
def test_a_scope_leaves_the_rest_of_a_role_out(admin, scope, allowed):
    client, _ = token_of(admin, scopes=[scope])
    assert ok(access(client, "whoAmI"))["scopes"] == [scope]
    for service, method in [("tasks", "findSchedule"), ("tasks", "runSchedule"), ("tasks", "suspendSchedule"),
                            ("access", "listUsers")]:
        status = client.call(method, {"scheduleId": UNKNOWN}, service=service).status
        assert (status != 403) is (method in allowed), (method, status)


def test_a_tag_hides_every_schedule_without_it(admin):
    schedules = {tag: admin.create(f"access: tagged {tag}", "echo x", tags=[tag]) for tag in ("sales", "hr")}
    runs = {tag: admin.run(schedule) for tag, schedule in schedules.items()}
    for run in runs.values():
        admin.ended(run)
    tasks = {tag: admin.task(run) for tag, run in runs.items()}
    client, _ = token_of(admin, tags=["sales"], scopes=["read", "run", "manage"])

    found = {one["scheduleId"] for one in client.call("findSchedule", {}).json()}
    assert found == {schedules["sales"]}
    for method, ids in [("getSchedule", schedules), ("getExecutions", schedules), ("getTasks", runs),
                        ("getScheduleExecutionStatus", runs), ("getTaskData", tasks), ("suspendSchedule", schedules)]:
        assert client.call(method, json.dumps(ids["sales"])).status == 200, method
        hidden, unknown = (client.call(method, json.dumps(id)) for id in (ids["hr"], UNKNOWN))
        assert (hidden.status, hidden.body) == (unknown.status, unknown.body)
    assert client.call("getTaskLog", {"taskId": tasks["hr"]}).text == "Task not found"
    definition = {"name": "access: untagged", "tasks": [{"name": "a", "command": ["/bin/true"]}]}
    refused(client.call("createSchedule", definition), 403, "Insufficient permissions")
    assert client.call("createSchedule", {**definition, "tags": ["sales", "x"]}).status == 200


def test_a_token_ends_when_it_was_told_to(admin, make_user):
    ann = make_user("viewer")
    client, made = token_of(ann, expiresIn="1s")
    assert access(client, "whoAmI").status == 200
    assert re.fullmatch(r"[-\d]+T[:\d]+\.\d{3}Z", made["expiresDate"])
    until(lambda: access(client, "whoAmI").status == 401, 5)

    client, made = token_of(ann, name="nightly")
    rotated = ok(access(ann, "rotateToken", {"tokenId": made["tokenId"], "overlap": "1h"}))
    newer = Client(ann.url.geturl(), rotated["token"])
    assert ok(access(client, "whoAmI"))["tokenId"] == ok(access(newer, "whoAmI"))["tokenId"] == made["tokenId"]
    again = ok(access(ann, "rotateToken", {"tokenId": made["tokenId"]}))
    assert [access(one, "whoAmI").status for one in (client, newer)] == [401, 401]
    newest = Client(ann.url.geturl(), again["token"])
    assert access(newest, "whoAmI").status == 200
    assert ok(access(ann, "revokeToken", json.dumps(made["tokenId"])))["modifiedList"] == [{"id": made["tokenId"]}]
    refused(access(newest, "whoAmI"), 401, "Invalid or missing token")
    refused(access(ann, "revokeToken", json.dumps(made["tokenId"])), 400, "Token not found")


def test_a_secret_is_shown_once_and_is_nowhere_in_the_store(service, admin, make_user, scratch):
    ann = make_user("viewer", password="correct horse battery")
    _, made = token_of(ann, name="look-for-this")
    secrets = [made["token"], "correct horse battery"]
    key = {"Idempotency-Key": "a-key-that-nobody-guesses"}
    secrets.append(ok(access(ann, "createToken", "{}", **key))["token"])
    secrets.append(ok(access(ann, "rotateToken", {"tokenId": made["tokenId"]}))["token"])
    listed = access(ann, "listTokens").text + admin.call("list", "{}", service="audit").text
    assert "look-for-this" in listed
    for secret in secrets:
        assert secret not in listed
    copy = scratch / "store"
    shutil.copytree(service.state / "store", copy, ignore=shutil.ignore_patterns("ballast"))
    stored = b"".join(path.read_bytes() for path in copy.rglob("*") if path.is_file())
    assert b"look-for-this" in stored
    for secret in secrets + ["a-key-that-nobody-guesses"]:
        assert secret.encode() not in stored


def test_tokens_are_listed_page_by_page(admin, make_user):
    ann = make_user("viewer")
    made = [ann.token_id] + [token_of(ann)[1]["tokenId"] for _ in range(4)]
    seen, cursor = [], {}
    while cursor is not None:
        page = ok(access(ann, "listTokens", {"limit": 2, **cursor}))
        seen += [one["tokenId"] for one in page["items"]]
        cursor = {"cursor": page["cursor"]} if "cursor" in page else None
    assert seen == made
    assert [one["tokenId"] for one in ok(access(admin, "listTokens", {"userId": ann.id}))["items"]] == made
    refused(access(ann, "listTokens", {"userId": ok(access(admin, "whoAmI"))["userId"]}), 403,
            "Insufficient permissions")


# ---- tenants ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strangers(service, admin, make_user):
    """An administrator and a viewer of another tenant."""
    tenant = ok(access(admin, "createTenant", {"name": f"t{time.monotonic_ns()}"}))
    name = next(t["name"] for t in ok(access(admin, "listTenants"))["items"] if t["tenantId"] == tenant)
    boss, _ = make_user("domainAdmin", tenantId=tenant, password="pw")
    boss = service.nobody().login(f"{boss}@{name}", "pw")
    boss.tenant = tenant
    return boss, make_user("viewer", client=boss)


@pytest.fixture(scope="module")
def ours(admin, make_user):
    """Something of each kind in the first tenant."""
    schedule = admin.create("access: ours", "echo secret")
    execution = admin.run(schedule)
    admin.ended(execution)
    ann = make_user("pro")
    return {"scheduleId": schedule, "executionId": execution, "taskId": admin.task(execution), "userId": ann.id,
            "tokenId": ann.token_id, "tenantId": ok(access(admin, "whoAmI"))["tenantId"], "userName": ann.name}


DEFINITION = {"name": "access: foreign", "tasks": [{"name": "a", "command": ["/bin/true"]}]}
AT = "2026-01-01T00:00:00Z"

# How each method is asked about a thing: the member with the id, and what else it needs.
ASKED = [
    ("tasks", "runSchedule", "scheduleId", {}), ("tasks", "suspendSchedule", "scheduleId", {}),
    ("tasks", "resumeSchedule", "scheduleId", {}), ("tasks", "deleteSchedule", "scheduleId", {}),
    ("tasks", "getSchedule", "scheduleId", {}), ("tasks", "getExecutions", "scheduleId", {}),
    ("tasks", "listExecutions", "scheduleId", {}), ("tasks", "listOccurrences", "scheduleId", {}),
    ("tasks", "updateSchedule", "scheduleId", {**DEFINITION, "version": 1}),
    ("tasks", "previewSchedule", "scheduleId", {}), ("tasks", "explainSchedule", "scheduleId", {"at": AT}),
    ("tasks", "listNotifications", "scheduleId", {}),
    ("tasks", "getScheduleExecutionStatus", "executionId", {}), ("tasks", "getTasksIds", "executionId", {}),
    ("tasks", "getTasks", "executionId", {}), ("tasks", "getExecution", "executionId", {}),
    ("tasks", "cancelExecution", "executionId", {}), ("tasks", "getTaskData", "taskId", {}),
    ("tasks", "getTaskLog", "taskId", {}), ("tasks", "getAttempt", "taskId", {}), ("tasks", "getTaskOutputs", "taskId", {}),
    ("tasks", "getTaskOutputsForUser", "taskId", {}), ("tasks", "reRunTask", "taskId", {}),
    ("tasks", "getSchedulesForUser", "userId", {}),
    ("access", "updateUser", "userId", {"role": "viewer"}), ("access", "deleteUser", "userId", {}),
    ("access", "createToken", "userId", {}), ("access", "createToken", "userName", {}),
    ("access", "listTokens", "userId", {}), ("access", "rotateToken", "tokenId", {}),
    ("access", "revokeToken", "tokenId", {}), ("access", "updateTenant", "tenantId", {}),
    ("access", "deleteTenant", "tenantId", {}), ("access", "createUser", "tenantId", {"userName": "x", "role": "pro"}),
]


@pytest.mark.parametrize("part, method, member, more", ASKED)
def test_anothers_thing_is_answered_like_one_that_does_not_exist(strangers, ours, part, method, member, more):
    if (part, method) not in served():
        pytest.skip("not served yet")
    nobody = "access-nobody" if member == "userName" else UNKNOWN
    for client in strangers:
        theirs, unknown = (client.call(method, {member: id, **more}, service=part)
                           for id in (ours[member], nobody))
        assert (theirs.status, theirs.type, theirs.body, theirs.headers.keys()) == (
            unknown.status, unknown.type, unknown.body, unknown.headers.keys())
        # The list of tokens of a user who is not there is empty; everything else says so.
        assert theirs.status in (400, 403, 501) or method == "listTokens" and theirs.json() == {"items": []}


def test_lists_know_nothing_of_another_tenant(strangers, ours):
    boss, viewer = strangers
    assert boss.call("findSchedule", {}).json() == []
    users = ok(access(boss, "listUsers"))
    assert users["total"] == len(users["items"]) == 2
    tokens = ok(access(boss, "listTokens"))["items"]
    assert {one["userId"] for one in tokens} <= {one["userId"] for one in users["items"]}
    audit = boss.call("list", {}, service="audit").text
    for thing in ours.values():
        if thing != ours["tenantId"]:
            assert thing not in audit
    assert ours["tenantId"] not in audit
    # The same name is free there, and no conflict tells of ours.
    assert boss.call("createSchedule", {**DEFINITION, "name": "access: ours"}).status == 200
    assert access(viewer, "whoAmI").json()["tenantId"] == boss.tenant


def test_the_quickstarts_second_tenant_has_an_administrator_of_its_own(service):
    env = service.env()
    boss = service.nobody().login(env["TENANT2_ADMIN_USER"], env["TENANT2_ADMIN_PASSWORD"])
    me = access(boss, "whoAmI").json()
    assert (me["role"], me["tenant"]) == ("domainAdmin", "second")
    assert boss.call("findSchedule", {}).json() == []


def test_a_disabled_tenant_is_dead_and_only_an_empty_one_is_deleted(admin, strangers):
    boss, viewer = strangers
    refused(access(admin, "deleteTenant", json.dumps(boss.tenant)), 409, "The tenant has users, schedules, calendars or secrets")
    ok(access(admin, "updateTenant", {"tenantId": boss.tenant, "enabled": False}))
    assert [access(one, "whoAmI").status for one in strangers] == [401, 401]
    ok(access(admin, "updateTenant", {"tenantId": boss.tenant, "enabled": True}))
    assert [access(one, "whoAmI").status for one in strangers] == [200, 200]
    refused(access(admin, "deleteTenant", json.dumps(access(admin, "whoAmI").json()["tenantId"])), 409,
            "The first tenant stays")


# ---- the audit -------------------------------------------------------------------------------------------


def test_the_audit_tells_who_did_what_from_where_and_fits(admin, make_user):
    user = make_user("viewer")
    newest = admin.call("list", {"limit": 2}, service="audit").json()
    token, entry = newest["items"]
    assert (token["action"], entry["action"], entry["subject"]) == ("token.create", "user.create", user.id)
    assert (entry["actorName"], entry["remote"]) == ("adminUser", "127.0.0.1")
    assert entry["detail"] == f"name {user.name}, role viewer"
    assert token["number"] == entry["number"] + 1
    after = admin.call("list", {"limit": 2, "cursor": newest["cursor"]}, service="audit").json()["items"]
    assert after[0]["number"] == entry["number"] - 1
    users = admin.call("list", {"action": "user", "limit": 1000}, service="audit").json()["items"]
    assert {one["action"].split(".")[0] for one in users} == {"user"}
    verdict = admin.call("verify", service="audit").json()
    assert verdict["valid"] and verdict["count"] >= token["number"] and "firstBad" not in verdict


# ---- Idempotency-Key -------------------------------------------------------------------------------------


def test_a_call_with_a_key_happens_once(admin):
    schedule = admin.create("access: once", "true")
    key = {"Idempotency-Key": f"k{time.monotonic_ns()}"}
    body = {"scheduleId": schedule, "checkTriggers": False}
    first = admin.call("runSchedule", body, key)
    again = admin.call("runSchedule", body, key)
    assert (first.status, first.body, first.type) == (200, again.body, again.type)
    assert (first.headers["Idempotency-Replayed"], again.headers["Idempotency-Replayed"]) == (None, "true")
    assert len(admin.call("getExecutions", schedule).json()) == 1
    text = "Idempotency-Key was used for another request"
    refused(admin.call("runSchedule", {**body, "checkTriggers": True}, key), 409, text)
    refused(admin.call("suspendSchedule", schedule, key), 409, text)
    refused(admin.call("runSchedule", body, {"Idempotency-Key": "x" * 129}), 400, "Invalid value: Idempotency-Key")
    # What failed is tried again, and what reads does not care.
    key = {"Idempotency-Key": f"k{time.monotonic_ns()}"}
    assert admin.call("runSchedule", {"scheduleId": UNKNOWN}, key).status == 400
    assert admin.call("findSchedule", {}, key).headers["Idempotency-Replayed"] is None
    assert admin.call("runSchedule", body, key).status == 200


def test_calls_at_the_same_time_with_one_key_make_one_thing(admin):
    schedule = admin.create("access: once at a time", "true")
    key = {"Idempotency-Key": f"k{time.monotonic_ns()}"}
    body = {"scheduleId": schedule, "checkTriggers": False}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: admin.call("runSchedule", body, key), range(24)))
    assert {answer.status for answer in answers} <= {200, 503}
    assert len({answer.body for answer in answers if answer.status == 200}) == 1
    assert len(admin.call("getExecutions", schedule).json()) == 1
    # The run was rung in after the commit: it does not wait for the next due time.
    admin.ended(json.loads(next(answer.body for answer in answers if answer.status == 200)))


# ---- carillonctl -----------------------------------------------------------------------------------------


def test_a_client_key_is_listed_as_one_and_is_no_token_here(admin):
    made = ok(access(admin, "createToken", {"userName": "adminUser", "kind": "clientKey", "needsSession": "true"}))
    plain = ok(access(admin, "createToken", {"userName": "adminUser", "kind": "key"}))
    listed = {t["tokenId"]: t for t in ok(access(admin, "listTokens", {"limit": 1000}))["items"]}
    assert listed[made["tokenId"]].items() >= {"kind": "clientKey", "needsSession": True, "scopes": ["read", "run"]}.items()
    assert "needsSession" not in listed[plain["tokenId"]] and listed[plain["tokenId"]]["kind"] == "key"
    assert access(Client(admin.url.geturl(), made["token"]), "whoAmI").status == 401
    wrong = [{"kind": "session"}, {"kind": 1}, {"kind": "clientKey", "needsSession": "perhaps"}, {"needsSession": True},
             {"kind": "clientKey", "scopes": ["read", "manage"]}]
    for members in wrong:
        answer = access(admin, "createToken", {"userName": "adminUser", **members})
        assert (answer.status, answer.text.split(":")[0]) == (400, "Invalid value"), members


def test_rights_on_jobs_are_read_unless_told_and_all_for_administrators(admin):
    words = ["read", "create", "update", "delete"]
    name = f"jobs{time.monotonic_ns()}"
    user = ok(access(admin, "createUser", {"userName": name, "role": "pro"}))
    listed = lambda: ok(access(admin, "listUsers", {"query": name}))["items"][0]["jobRights"]  # noqa: E731
    assert listed() == ["read"]
    for rights in (["delete", "create"], [], words):
        ok(access(admin, "updateUser", {"userId": user, "jobRights": rights}))
        assert listed() == [word for word in words if word in rights]
    client = Client(admin.url.geturl(), ok(access(admin, "createToken", {"userId": user}))["token"])
    assert ok(access(client, "whoAmI"))["jobRights"] == words
    assert ok(access(admin, "whoAmI"))["jobRights"] == words
    for wrong in (["read", "read"], ["run"], "read", [1]):
        answer = access(admin, "updateUser", {"userId": user, "jobRights": wrong})
        assert (answer.status, answer.text) == (400, "Invalid value: jobRights"), wrong


def test_no_token_leads_to_more_than_it_may_itself(admin):
    name = f"more{time.monotonic_ns()}"
    user = ok(access(admin, "createUser", {"userName": name, "role": "viewer"}))
    weak, _ = token_of(admin, scopes=["access"])
    for members in ({"password": "x"}, {"role": "pro"}, {"enabled": True}, {"jobRights": ["create"]}):
        refused(access(weak, "updateUser", {"userId": user, **members}), 403, "Insufficient permissions")
    refused(access(weak, "createUser", {"userName": f"{name}2", "role": "viewer", "password": "x"}), 403,
            "Insufficient permissions")
    ok(access(weak, "updateUser", {"userId": user, "enabled": False}))


def ctl(service, *words, status=0):
    done = service.ctl(*words)
    assert done.returncode == status, done.stderr
    return done.stdout if not status else done.stderr


def test_the_administrators_command_manages_access(service):
    name, tenant = f"ctl{time.monotonic_ns()}", f"c{time.monotonic_ns()}"
    user = ctl(service, "user", "add", name, "--role", "viewer", "--email", f"{name}@x.test").split()[0]
    token = ctl(service, "token", "create", name, "--name", "x", "--scopes", "read,run", "--tags", "a").strip()
    client = Client(service.url, token)
    me = access(client, "whoAmI").json()
    assert (me["userName"], me["scopes"], me["tags"]) == (name, ["read", "run"], ["a"])
    row = next(line.split() for line in ctl(service, "token", "list", "--user", name).splitlines() if " key " in line)
    assert row[1:7] == [user, "key", "x", "read,run", "a", row[6]]
    newer = ctl(service, "token", "rotate", row[0]).strip()
    assert [access(Client(service.url, one), "whoAmI").status for one in (token, newer)] == [401, 200]
    ctl(service, "token", "revoke", row[0])
    assert access(Client(service.url, newer), "whoAmI").status == 401
    key = ctl(service, "token", "create", name, "--client-key", "--needs-session").strip()
    assert access(Client(service.url, key), "whoAmI").status == 401
    assert " clientKey+session " in ctl(service, "token", "list", "--user", name)
    assert "needsSession" in ctl(service, "token", "create", name, "--needs-session", status=2)

    ctl(service, "user", "update", name, "--role", "pro", "--disable", "--job-rights", "read,delete")
    row = next(line for line in ctl(service, "user", "list").splitlines() if name in line)
    assert ["pro", "disabled", "read,delete"] == row.split()[2:5]
    ctl(service, "user", "update", name, "--job-rights", "none")
    row = next(line for line in ctl(service, "user", "list").splitlines() if name in line)
    assert "delete" not in row
    assert "cannot both be" in ctl(service, "user", "update", name, "--enable", "--disable", status=2)
    ctl(service, "user", "delete", user)
    assert "no user of this name" in ctl(service, "user", "delete", name, status=2)

    ctl(service, "tenant", "add", tenant)
    assert tenant in ctl(service, "tenant", "list")
    ctl(service, "user", "add", name, "--role", "domainAdmin", "--tenant", tenant)
    assert name not in ctl(service, "user", "list")
    assert re.match(r"\d+ entries, head [0-9a-f]{64}\n", ctl(service, "audit", "verify"))
    assert "tenant.create" in ctl(service, "audit", "list")
    assert json.loads(ctl(service, "audit", "list", "--json"))["items"][0]["actorName"] == "$system"
