"""Runs from outside: cancelled, run again, stopped by a condition, listed; and the objects of wire/api3.md 3.7. The numbers
in brackets are rows of the contract's acceptance table."""

import json
import re
import time

import pytest

from carillon import Client, until

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TEXT = "text/plain;charset=utf-8"
UNKNOWN = "eeeeeeee-0000-4000-8000-000000000002"


def is_text(answer, status, text):
    assert (answer.status, answer.type, answer.text) == (status, TEXT, text)


def modified(id):
    return {"success": True, "errorMessage": "", "modifiedList": [{"id": id}]}


@pytest.fixture
def gate(scratch):
    """A file that lets a job go on when it is there."""
    return scratch / "open"


def waits_for(gate):
    return f"until [ -e {gate} ]; do sleep 0.05; done"


def running(client, execution):
    until(lambda: client.status(execution) == 4, 10, f"the start of {execution}")


def items(client, **body):
    return client.call("listExecutions", body).json()["items"]


# ---- shapes of 3.7 ---------------------------------------------------------------------------------------

TASK_MEMBERS = {"id": GUID, "description": str, "status": int, "resultType": int}
TASK_MAY = {"outputId": GUID, "result": str, "executorId": GUID, "summary": str, "taskSummary": dict, "startDate": INSTANT, "endDate": INSTANT}
ERROR_MEMBERS = {"exceptionCategory": int, "msg": str, "code": int, "params": list, "customData": dict,
                 "stackTrace": str, "showErrorPopUpDialog": bool}
KINDS = ("success", "partialSuccess", "failed", "canceled", "running", "pending", "triggerStopped")


def fits(value, what):
    return bool(what.fullmatch(value)) if isinstance(what, re.Pattern) else type(value) is what


def has_shape(value, always, may=None):
    may = may or {}
    assert always.keys() <= value.keys() <= always.keys() | may.keys(), value
    for name, member in value.items():
        assert fits(member, {**always, **may}[name]), (name, member)


def is_task_view(task):
    has_shape(task, TASK_MEMBERS, TASK_MAY)
    assert ("taskSummary" in task) == (task["status"] == 3)
    if "taskSummary" in task:
        has_shape(task["taskSummary"], {"message": str, "params": list, "error": dict})
        has_shape(task["taskSummary"]["error"], ERROR_MEMBERS)
    if "startDate" in task and "endDate" in task:
        assert task["startDate"] <= task["endDate"]


def is_execution_view(execution):
    always = {"id": GUID, "outputType": int, "items": list, "error": str}
    counts = {f"{kind}Count": int for kind in KINDS}
    percents = {f"{kind}Pct" for kind in KINDS}
    assert all(type(execution.get(name)) in (int, float) for name in percents), execution
    has_shape({k: v for k, v in execution.items() if k not in percents}, {**always, **counts},
              {"startDate": INSTANT, "endDate": INSTANT})
    assert execution["outputType"] == 6
    assert sum(execution[name] for name in counts) == len(execution["items"])
    assert sum(execution[name] for name in percents) == pytest.approx(100)
    for task in execution["items"]:
        is_task_view(task)


def test_runs_have_the_shapes_of_the_contract(admin):
    """[18, 19]"""
    schedule = admin.create("runs: shapes", "true")
    execution = admin.run(schedule)
    assert admin.ended(execution) == 1
    tasks = admin.call("getTasks", execution).json()
    assert len(tasks) == 1
    is_task_view(tasks[0])
    assert tasks[0] == admin.call("getTaskData", tasks[0]["id"]).json()
    assert {"startDate", "endDate", "summary", "executorId"} <= tasks[0].keys()
    assert tasks[0]["description"] == "runs: shapes"
    newer = admin.run(schedule)
    assert admin.ended(newer) == 1
    executions = admin.call("getExecutions", schedule).json()
    assert [e["id"] for e in executions] == [newer, execution]
    for one in executions:
        is_execution_view(one)
        assert (one["successCount"], one["successPct"], one["error"]) == (1, 100, "")


def test_a_schedule_that_never_ran_has_no_executions(admin):
    assert admin.call("getExecutions", admin.create("runs: never", "true")).json() == []


def test_outputs_are_none_until_there_are_result_files(admin, viewer):
    """[19]"""
    execution = admin.run(admin.create("runs: no outputs", "true"))
    task = admin.task(execution)
    me = admin.call("whoAmI", "{}", service="access").json()["userId"]
    for client in (admin, viewer):
        assert client.call("getTaskOutputs", json.dumps(task)).json() == []
        assert client.call("getTaskOutputsForUser", {"taskId": task}).json() == []
        assert client.call("getTaskOutputsForUser", {"taskId": task, "userId": me}).json() == []
        is_text(client.call("getTaskOutputsForUser", {"taskId": task, "userId": UNKNOWN}), 400, "User not found")
    is_text(admin.call("getTaskOutputs", UNKNOWN), 400, "Task not found")
    is_text(admin.call("getTaskOutputsForUser", {"taskId": UNKNOWN, "userId": me}), 400, "Task not found")
    is_text(admin.call("getTaskOutputsForUser", {"userId": me}), 400, "Missing value: taskId")


def test_a_failing_job_tells_why_in_every_shape(admin):
    """[22]"""
    schedule = admin.create("runs: failing", "exit 3")
    execution = admin.run(schedule)
    assert admin.ended(execution) == 3
    task = admin.call("getTaskData", admin.task(execution)).json()
    is_task_view(task)
    assert (task["status"], task["summary"], task["taskSummary"]["error"]["code"]) == (3, "exit code 3", 3)
    seen = admin.call("getExecutions", schedule).json()[0]
    is_execution_view(seen)
    assert (seen["failedCount"], seen["failedPct"], seen["error"]) == (1, 100, "exit code 3")


# ---- waiting ---------------------------------------------------------------------------------------------


def test_later_calls_wait_with_status_0_until_the_first_has_ended(admin, gate):
    """[23]"""
    schedule = admin.create("runs: one at a time", waits_for(gate))
    executions = [admin.run(schedule) for _ in range(3)]
    assert len(set(executions)) == 3
    running(admin, executions[0])
    assert [admin.status(e) for e in executions] == [4, 0, 0]
    gate.touch()
    for execution in executions:
        assert admin.ended(execution) == 1


# ---- tasks after tasks -----------------------------------------------------------------------------------


def step(name, script, *after, **members):
    return {"name": name, "command": ["/bin/sh", "-c", script], "after": list(after), **members}


def of_tasks(client, execution, member):
    return {task["name"]: task[member] for task in client.call("getExecution", execution).json()["tasks"]}


def output(client, execution, name):
    return client.call("getTaskLog", {"taskId": of_tasks(client, execution, "taskId")[name], "stream": "stdout"}).text


def test_a_task_finds_how_the_one_before_it_ended_and_what_it_said_last(admin):
    shows = "env | grep ^CARILLON_AFTER_ | sort"
    schedule = admin.create("runs: steps", "", tasks=[
        step("load it", shows, {"task": "extract"}), step("extract", "echo one; echo '42 rows'"),
        step("alert", "true", {"task": "extract", "when": "failed"}, {"task": "load it", "when": "failed"}, afterMatch="any"),
        step("clear", shows, {"task": "load it", "when": "always"}, {"task": "alert", "when": "always"})])
    execution = admin.run(schedule)
    assert admin.ended(execution) == 1
    assert of_tasks(admin, execution, "status") == {"extract": 1, "load it": 1, "alert": 6, "clear": 1}
    assert output(admin, execution, "load it").splitlines() == [
        "CARILLON_AFTER_EXTRACT_EXIT_CODE=0", "CARILLON_AFTER_EXTRACT_LINE=42 rows", "CARILLON_AFTER_EXTRACT_STATUS=succeeded"]
    assert output(admin, execution, "clear").splitlines() == [
        "CARILLON_AFTER_ALERT_EXIT_CODE=", "CARILLON_AFTER_ALERT_LINE=", "CARILLON_AFTER_ALERT_STATUS=skipped",
        "CARILLON_AFTER_LOAD_IT_EXIT_CODE=0",
        "CARILLON_AFTER_LOAD_IT_LINE=CARILLON_AFTER_EXTRACT_STATUS=succeeded", "CARILLON_AFTER_LOAD_IT_STATUS=succeeded"]
    ended = {task["name"]: task["attempts"][-1] for task in admin.call("getExecution", execution).json()["tasks"]}
    assert ended["extract"]["endDate"] <= ended["load it"]["startDate"] <= ended["load it"]["endDate"] <= ended["clear"]["startDate"]


def test_a_task_waits_with_status_0_and_is_skipped_with_6_in_every_shape(admin, gate):
    schedule = admin.create("runs: skipped", "", tasks=[
        step("a", f"{waits_for(gate)}; exit 3"), step("b", "true", {"task": "a"}), step("c", "true", {"task": "b"})])
    execution = admin.run(schedule)
    running(admin, execution)
    assert of_tasks(admin, execution, "status") == {"a": 4, "b": 0, "c": 0}
    gate.touch()
    assert admin.ended(execution) == 3
    tasks = admin.call("getTasks", json.dumps(execution)).json()
    for task in tasks:
        is_task_view(task)
    assert [task["status"] for task in tasks] == [3, 6, 6]
    assert [task["summary"] for task in tasks][1:] == ['not run: task "a" failed', 'not run: task "b" was not run']
    assert all("endDate" in task for task in tasks) and ["startDate" in task for task in tasks] == [True, False, False]
    seen = admin.call("getExecutions", schedule).json()[0]
    is_execution_view(seen)
    assert (seen["failedCount"], seen["canceledCount"], seen["error"]) == (1, 2, tasks[0]["summary"])


def test_a_task_that_runs_again_takes_those_along_that_were_skipped_because_of_it(admin, scratch):
    schedule = admin.create("runs: skipped and run", "", tasks=[
        step("a", f"[ -e {scratch}/yes ]"), step("b", f"echo x >> {scratch}/ran", {"task": "a"}),
        step("c", f"echo x >> {scratch}/alerts", {"task": "a", "when": "failed"})])
    execution = admin.run(schedule)
    assert admin.ended(execution) == 5
    assert of_tasks(admin, execution, "status") == {"a": 3, "b": 6, "c": 1}
    (scratch / "yes").touch()
    task = of_tasks(admin, execution, "taskId")["a"]
    assert admin.call("reRunTask", json.dumps(task)).json() == modified(task)
    assert admin.ended(execution) == 1
    assert of_tasks(admin, execution, "status") == {"a": 1, "b": 1, "c": 1}
    assert [len(attempts) for attempts in of_tasks(admin, execution, "attempts").values()] == [2, 2, 1]
    assert (scratch / "ran").read_text() == (scratch / "alerts").read_text() == "x\n"


def test_a_cancelled_run_cancels_those_that_wait(admin, gate):
    schedule = admin.create("runs: steps, canceled", "", tasks=[
        step("a", waits_for(gate)), step("b", "true", {"task": "a", "when": "always"})])
    execution = admin.run(schedule)
    running(admin, execution)
    admin.call("cancelExecution", json.dumps(execution))
    assert admin.ended(execution) == 8
    assert of_tasks(admin, execution, "status") == {"a": 8, "b": 8}


def test_tasks_that_wait_in_a_circle_are_refused(admin):
    definition = {"name": "runs: circle", "tasks": [step("a", "true", {"task": "b"}), step("b", "true", {"task": "a"})]}
    is_text(admin.call("createSchedule", definition), 400, "Invalid value: tasks[0].after: waits for itself, by way of tasks[1]")
    schedule = admin.create("runs: no circle", "", tasks=[step("a", "true"), step("b", "true", {"task": "a"})])
    refused = admin.call("updateSchedule", {**definition, "scheduleId": schedule, "version": 1})
    is_text(refused, 400, "Invalid value: tasks[0].after: waits for itself, by way of tasks[1]")


# ---- conditions ------------------------------------------------------------------------------------------


def test_a_condition_that_says_no_stops_the_tasks_unless_it_is_not_asked(admin, scratch):
    """[24]"""
    ran = scratch / "ran"
    schedule = admin.create("runs: condition", f"echo x >> {ran}",
                            condition={"command": ["/bin/sh", "-c", f"[ -e {scratch}/yes ]"], "timeout": "10s"})
    stopped = admin.run(schedule, checkTriggers=True)
    assert admin.ended(stopped) == 13
    task = admin.call("getTaskData", admin.task(stopped)).json()
    is_task_view(task)
    assert task["status"] == 13 and "startDate" not in task and not ran.exists()
    seen = admin.call("getExecutions", schedule).json()[0]
    is_execution_view(seen)
    assert (seen["triggerStoppedCount"], seen["triggerStoppedPct"]) == (1, 100)

    assert admin.ended(admin.run(schedule, checkTriggers=False)) == 1
    (scratch / "yes").touch()
    assert admin.ended(admin.run(schedule, checkTriggers=True)) == 1
    assert ran.read_text() == "x\n" * 2


def test_a_due_time_whose_condition_said_no_is_one_entry_that_says_so(admin, scratch):
    schedule = admin.create("runs: condition, timed", f"echo x >> {scratch}/ran", triggers=[{"every": "1s"}],
                            overlap="queueOne", condition={"command": ["/bin/sh", "-c", f"[ -e {scratch}/yes ] || exit 5"]})

    def entries(verdict):
        return [e for e in admin.ledger(schedule) if e["verdict"] == verdict]

    until(lambda: len(entries("skipped_condition")) >= 2, 15, "two due times that were skipped")
    assert not (scratch / "ran").exists()
    for entry in entries("skipped_condition"):
        assert entry["reason"] == "exit code 5" and "count" not in entry
        run = admin.call("getExecution", entry["executionId"]).json()
        assert (run["status"], run["due"], run["tasks"][0]["attempts"]) == (13, entry["due"], [])
    explained = admin.call("explainSchedule", {"scheduleId": schedule, "at": entries("skipped_condition")[0]["due"]}).json()
    assert explained["verdict"] == "skipped_condition" and "exit code 5" in explained["reason"]
    (scratch / "yes").touch()
    until(lambda: (scratch / "ran").exists(), 15, "a run")
    admin.call("suspendSchedule", schedule).json()


def test_a_condition_that_takes_too_long_says_no(admin):
    schedule = admin.create("runs: slow condition", "true",
                            condition={"command": ["/bin/sleep", "600"], "timeout": "200ms"})
    assert admin.ended(admin.run(schedule, checkTriggers=True)) == 13


def test_a_condition_is_part_of_the_definition(admin):
    condition = {"command": ["/usr/bin/test", "-s", "/srv/in.csv"], "timeout": "30s"}
    schedule = admin.create("runs: condition, shown", "true", condition=condition)
    assert admin.call("getSchedule", schedule).json()["condition"] == condition
    is_text(admin.call("createSchedule", {"name": "runs: condition, none", "condition": {"command": []}, "tasks": [
        {"name": "main", "command": ["/bin/true"]}]}), 400, "Missing value: condition.command")


# ---- run again -------------------------------------------------------------------------------------------


def test_an_ended_task_runs_again_under_its_id(admin, gate, scratch):
    """[25]"""
    ran = scratch / "ran"
    schedule = admin.create("runs: again", f"echo x >> {ran}; {waits_for(gate)}")
    execution = admin.run(schedule)
    task = admin.task(execution)
    running(admin, execution)
    is_text(admin.call("reRunTask", json.dumps(task)), 400, "Task is still running")
    gate.touch()
    assert admin.ended(execution) == 1

    gate.unlink()
    assert admin.call("reRunTask", json.dumps(task)).json() == modified(task)
    assert admin.status(execution) in (0, 4)
    running(admin, execution)
    is_text(admin.call("reRunTask", json.dumps(task)), 400, "Task is still running")
    gate.touch()
    assert admin.ended(execution) == 1
    assert ran.read_text() == "x\n" * 2
    run = admin.call("getExecution", execution).json()
    assert [a["attempt"] for a in run["tasks"][0]["attempts"]] == [1, 2]
    assert run["origin"] == "call"
    assert len(admin.call("getExecutions", schedule).json()) == 1


def test_a_task_that_runs_again_waits_for_its_turn(admin, viewer, gate):
    schedule = admin.create("runs: again, waiting", waits_for(gate))
    gate.touch()
    first = admin.run(schedule)
    assert admin.ended(first) == 1
    gate.unlink()
    second = admin.run(schedule)
    running(admin, second)
    task = admin.task(first)
    assert viewer.call("reRunTask", task).json() == modified(task)
    assert (admin.status(first), admin.status(second)) == (0, 4)
    gate.touch()
    assert (admin.ended(first), admin.ended(second)) == (1, 1)


def test_what_cannot_run_again_says_why(admin):
    schedule = admin.create("runs: again, deleted", "true")
    execution = admin.run(schedule)
    assert admin.ended(execution) == 1
    task = admin.task(execution)
    admin.call("deleteSchedule", schedule).json()
    is_text(admin.call("reRunTask", task), 400, "Schedule not found")
    is_text(admin.call("reRunTask", UNKNOWN), 400, "Task not found")
    is_text(admin.call("reRunTask", execution), 400, "Task not found")


# ---- cancel ----------------------------------------------------------------------------------------------


def test_a_run_is_cancelled_with_all_that_it_started(admin, scratch):
    schedule = admin.create("runs: cancelled", f"sleep 600 & echo $! > {scratch}/child; wait")
    execution, waiting = admin.run(schedule), admin.run(schedule)
    until(lambda: (scratch / "child").exists() and (scratch / "child").read_text().endswith("\n"), 10)
    assert admin.call("cancelExecution", json.dumps(waiting)).json() == modified(waiting)
    assert admin.status(waiting) == 8
    assert admin.call("cancelExecution", json.dumps(execution)).json() == modified(execution)
    assert admin.ended(execution) == 8
    child = int((scratch / "child").read_text())
    until(lambda: not any(line.startswith("State:") and "Z" not in line for line in state_of(child)), 10, "the child's end")
    task = admin.call("getTaskData", admin.task(execution)).json()
    is_task_view(task)
    assert (task["status"], task["summary"]) == (8, "cancelled while it ran")
    seen = {e["id"]: e for e in admin.call("getExecutions", schedule).json()}
    for one in seen.values():
        is_execution_view(one)
        assert one["canceledCount"] == 1
    # Again it changes nothing.
    before = admin.call("getExecution", execution).json()
    assert admin.call("cancelExecution", execution).json() == modified(execution)
    assert admin.call("getExecution", execution).json() == before
    is_text(admin.call("cancelExecution", UNKNOWN), 400, "Execution not found")


def state_of(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as lines:
            return lines.read().splitlines()
    except FileNotFoundError:
        return []


def test_what_does_not_listen_is_cancelling_until_its_grace_is_over(admin, scratch):
    task = {"name": "main", "killGrace": "1s", "command": [
        "/bin/sh", "-c", f"trap '' TERM; touch {scratch}/up; while :; do sleep 0.1; done"]}
    schedule = admin.call("createSchedule", {"name": "runs: deaf", "tasks": [task]}).json()
    execution = admin.run(schedule)
    until((scratch / "up").exists, 10, "its trap")
    assert admin.call("cancelExecution", execution).json() == modified(execution)
    assert admin.call("getTaskData", admin.task(execution)).json()["status"] == 9
    assert admin.status(execution) == 4
    assert admin.ended(execution) == 8


def test_who_started_it_may_cancel_it(admin, viewer, gate):
    schedule = admin.create("runs: whose", waits_for(gate), overlap="allow")
    theirs, ours = viewer.run(schedule), admin.run(schedule)
    is_text(viewer.call("cancelExecution", ours), 403, "Insufficient permissions")
    assert viewer.call("cancelExecution", theirs).json() == modified(theirs)
    assert admin.ended(theirs) == 8
    assert admin.call("cancelExecution", ours).json() == modified(ours)
    assert admin.ended(ours) == 8


def test_cancel_and_rerun_are_in_the_audit_and_happen_once_for_a_key(admin, gate):
    schedule = admin.create("runs: once", waits_for(gate))
    execution = admin.run(schedule)
    running(admin, execution)
    admin.call("cancelExecution", execution).json()
    assert admin.ended(execution) == 8
    task = admin.task(execution)
    gate.touch()
    key = {"Idempotency-Key": f"runs-{time.monotonic_ns()}"}
    for _ in range(2):
        assert admin.call("reRunTask", json.dumps(task), key).json() == modified(task)
        assert admin.ended(execution) == 1
    assert len(admin.call("getExecution", execution).json()["tasks"][0]["attempts"]) == 2
    for action, subject in (("execution.cancel", execution), ("task.rerun", task)):
        noted = admin.call("list", {"action": action, "limit": 5}, service="audit").json()["items"]
        assert [e["subject"] for e in noted].count(subject) == 1


# ---- deleted ---------------------------------------------------------------------------------------------


def test_runs_of_a_deleted_schedule_end_and_stay_readable(admin, gate):
    """[26]"""
    name = "runs: deleted"
    schedule = admin.create(name, waits_for(gate))
    execution = admin.run(schedule)
    task = admin.task(execution)
    running(admin, execution)
    assert admin.call("deleteSchedule", json.dumps(schedule)).json() == modified(schedule)
    assert admin.call("findSchedule", {"searchCriteria": {"searchValue": name}}).json() == []
    is_text(admin.call("suspendSchedule", json.dumps(schedule)), 400, "Schedule not found")
    gate.touch()
    assert admin.ended(execution) == 1
    assert admin.call("getTaskData", json.dumps(task)).json()["status"] == 1


def test_deleting_several_names_the_first_that_is_not_there(admin):
    """[27]"""
    schedule = admin.create("runs: deleted with others", "true")
    answer = admin.call("deleteSchedules", [schedule, UNKNOWN]).json()
    assert answer == {"success": False, "errorMessage": f"Schedule not found: {UNKNOWN}", "modifiedList": [{"id": schedule}]}


def test_what_is_not_served_says_so(admin):
    """[28]"""
    is_text(admin.call("runOnDemandSchedules", "{}"), 501, "Not implemented: runOnDemandSchedules")
    is_text(admin.call("cancelTask", UNKNOWN), 404, "Unknown method")


# ---- lists -----------------------------------------------------------------------------------------------


def test_executions_of_all_schedules_are_listed_by_status_and_time(admin):
    well, badly = admin.create("runs: listed, well", "true"), admin.create("runs: listed, badly", "exit 1")
    runs = [admin.run(well), admin.run(badly), admin.run(well)]
    for run in runs:
        admin.ended(run)
    newest = [e["executionId"] for e in items(admin)]
    assert newest[:3] == runs[::-1]
    assert [e["executionId"] for e in items(admin, status=3)][0] == runs[1]
    assert all(e["status"] == 3 for e in items(admin, status=[3]))
    assert [e["executionId"] for e in items(admin, scheduleId=well, status=[1, 3])] == [runs[2], runs[0]]
    assert items(admin, scheduleId=well, status=3) == []
    middle = admin.call("getExecution", runs[1]).json()["triggeredDate"]
    last = admin.call("getExecution", runs[2]).json()["triggeredDate"]
    between = [e["executionId"] for e in items(admin, **{"from": middle, "to": last})]
    assert runs[0] not in between or middle == admin.call("getExecution", runs[0]).json()["triggeredDate"]
    assert (runs[1] in between) == (middle != last) and runs[2] not in between
    is_text(admin.call("listExecutions", {"status": 16}), 400, "Invalid value: status")
    is_text(admin.call("listExecutions", {"scheduleId": UNKNOWN}), 400, "Schedule not found")


def test_pages_of_executions_hold_each_of_them_once(admin):
    schedule = admin.create("runs: pages", "true")
    runs = [admin.run(schedule) for _ in range(5)]
    for run in runs:
        admin.ended(run)
    for query in ({"scheduleId": schedule}, {"scheduleId": schedule, "status": [1]}):
        seen, body = [], {**query, "limit": 2}
        while True:
            page = admin.call("listExecutions", body).json()
            assert len(page["items"]) <= 2
            seen += [e["executionId"] for e in page["items"]]
            if "cursor" not in page:
                break
            body["cursor"] = page["cursor"]
            is_text(admin.call("listExecutions", {**body, "status": 3}), 400, "Invalid value: cursor")
        assert seen == runs[::-1]


def test_a_token_with_tags_lists_only_what_it_sees(admin):
    seen = admin.create("runs: tagged", "true", tags=["runs-seen"])
    unseen = admin.create("runs: untagged", "true", tags=["runs-unseen"])
    runs = [admin.run(seen), admin.run(unseen), admin.run(seen)]
    for run in runs:
        admin.ended(run)
    token = admin.call("createToken", {"tags": ["runs-seen"]}, service="access").json()["token"]
    client = Client(admin.url.geturl(), token)
    assert [e["executionId"] for e in items(client)] == [runs[2], runs[0]]
    is_text(client.call("cancelExecution", runs[1]), 400, "Execution not found")
    is_text(client.call("reRunTask", admin.task(runs[1])), 400, "Task not found")


def test_another_tenants_executions_are_not_listed(admin):
    admin.ended(admin.run(admin.create("runs: ours", "true")))
    tenant = admin.call("createTenant", {"name": f"r{time.monotonic_ns()}"}, service="access").json()
    name = f"runs{time.monotonic_ns()}"
    made = admin.call("createUser", {"userName": name, "role": "domainAdmin", "password": "abc123!abc123!",
                                     "tenantId": tenant}, service="access")
    assert made.status == 200, made
    names = admin.call("listTenants", "", service="access").json()["items"]
    word = next(t["name"] for t in names if t["tenantId"] == tenant)
    stranger = admin.login(f"{name}@{word}", "abc123!abc123!")
    assert items(stranger) == []


# ---- carillonctl -----------------------------------------------------------------------------------------


def test_the_administrators_command_lists_and_cancels(service, admin, gate):
    name = "runs: by command"
    schedule = admin.create(name, waits_for(gate))
    execution = admin.run(schedule)
    running(admin, execution)

    def rows(*words):
        done = service.ctl("execution", "list", *words)
        assert done.returncode == 0, done.stderr
        return [line.split() for line in done.stdout.splitlines()]

    mine = rows(name)
    assert mine[0][:3] == ["ID", "SCHEDULE", "STATUS"] and len(mine) == 2 and "running" in mine[1]
    assert mine[1][0] in [row[0] for row in rows()]
    done = service.ctl("execution", "cancel", mine[1][0])
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert admin.ended(execution) == 8
    assert "cancelled" in rows(name)[1]
    assert service.ctl("execution", "list", "no such schedule").returncode == 2
    assert service.ctl("execution", "cancel").returncode == 1
