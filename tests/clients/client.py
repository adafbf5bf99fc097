"""A whole run with the generated Python client: client.py BASE USER PASSWORD NAME, with the client in PYTHONPATH.

Whatever it gets goes through the generated models: a member of another type than the description says is an exception.
Prints what it saw as one line of JSON.
"""

import datetime
import json
import sys
import time

import carillon_client as carillon

base, user, password, name = sys.argv[1:]

configuration = carillon.Configuration(host=base)
client = carillon.ApiClient(configuration)
token = carillon.AuthenticationApi(client).authenticate_user(carillon.Login(user_name=user, password=password))
configuration.api_key["paToken"] = token

tasks, access = carillon.TasksApi(client), carillon.AccessApi(client)
caller = access.who_am_i()

definition = carillon.Definition(
    name=name, tasks=[carillon.TaskDefinition(name="main", command=["/bin/sh", "-c", "echo out"], env={"LANG": "C"})],
    triggers=[carillon.Trigger(cron="0 0 1 1 *", time_zone="Europe/Amsterdam")],
    end_date=datetime.datetime(2035, 1, 1, tzinfo=datetime.timezone.utc), keep=carillon.DefinitionKeep(days=8))
schedule_id = tasks.create_schedule(definition, idempotency_key=f"python-{name}")
again = tasks.create_schedule(definition, idempotency_key=f"python-{name}")
found = tasks.find_schedule(carillon.Search(search_criteria=carillon.SearchSearchCriteria(search_value=name,
                                                                                          search_match_type=2)))
schedule = tasks.get_schedule(schedule_id)
listed = tasks.list_schedules(carillon.ListSchedules(query=name))

execution_id = tasks.run_schedule(carillon.Run(schedule_id=schedule_id, check_triggers=False))
task_id = tasks.get_tasks_ids(execution_id)[0].id
deadline = time.monotonic() + 60
while tasks.get_schedule_execution_status(execution_id).status in (0, 4) and time.monotonic() < deadline:
    time.sleep(0.02)
status = tasks.get_schedule_execution_status(execution_id)
task = tasks.get_task_data(task_id)
execution = tasks.get_execution(execution_id)
executions = tasks.get_executions(schedule_id)
log = tasks.get_task_log(carillon.LogPiece(task_id=task_id))

suspended = tasks.suspend_schedule(schedule_id)
held = tasks.get_schedule(schedule_id)
tasks.resume_schedule(schedule_id)
entries = carillon.AuditApi(client).list_audit(carillon.ListAudit(action="schedule", limit=5))
deleted = tasks.delete_schedules([schedule_id])
try:
    tasks.get_schedule(schedule_id)
    failure = None
except carillon.ApiException as e:
    failure = [e.status, e.body]

print(json.dumps({
    "caller": [caller.user_name, caller.role],
    "same": schedule_id == again == found[0].schedule_id == schedule.schedule_id == listed.items[0].schedule_id,
    "schedule": [schedule.name, schedule.version, schedule.end_date.year, schedule.triggers[0].time_zone, schedule.keep.days],
    "status": [type(status).__name__, status.status],
    "task": [task.id == task_id, task.status, task.start_date <= task.end_date],
    "execution": [execution.origin, execution.tasks[0].attempts[0].exit_code, executions[0].success_pct],
    "log": log,
    "suspended": [type(suspended).__name__, suspended.success, [one.id == schedule_id for one in suspended.modified_list]],
    "held": [held.status, held.suspended.by == caller.user_id],
    "audit": entries.items[0].action,
    "deleted": deleted.success,
    "failure": failure,
}))
