"""Result files when somebody dies: known exactly once, or not at all."""

import os
import signal

from carillon import processes, until


def collector(service):
    """The runner's child that is the runner's own program."""
    runner = service.children("runner")[0]
    found = [pid for pid, parent, name in processes() if parent == runner and name == "carillon-runner"]
    return found[0] if found else None


def names(admin, task):
    return [one["name"] for one in admin.call("getTaskOutputs", task).json()]


def is_sound(service):
    service.stop()
    checked = service.ctl("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_runner_that_dies_while_it_collects_loses_the_run_once(make_service):
    service = make_service(CARILLON_RESULT_MAX="1TiB").start()
    admin = service.admin()
    script = 'cd $CARILLON_RESULT_DIR; if [ $CARILLON_ATTEMPT = 1 ]; then truncate -s 900G long; else echo short > short; fi'
    for policy, status, expected in (("fail", 3, []), ("rerun", 1, ["short"])):
        execution = admin.run(admin.create(f"collect: {policy}", script, onLost=policy))
        until(lambda: collector(service), 20, "somebody collects")
        child, task = collector(service), admin.task(execution)
        assert admin.status(execution) == 4 and names(admin, task) == []
        os.kill(service.children("runner")[0], signal.SIGKILL)
        assert admin.ended(execution, 20) == status
        assert names(admin, task) == expected
        until(lambda: not os.path.exists(f"/proc/{child}"), 10, "who collects dies with the runner")  # noqa: B023
    is_sound(service)


def test_a_run_whose_results_are_collected_can_be_cancelled(make_service):
    service = make_service(CARILLON_RESULT_MAX="1TiB").start()
    admin = service.admin()
    schedule = admin.call("createSchedule", {"name": "collect: cancelled", "tasks": [{
        "name": "main", "killGrace": "1s", "command": ["/bin/sh", "-c", "truncate -s 900G $CARILLON_RESULT_DIR/long"]}]}).json()
    execution = admin.run(schedule)
    until(lambda: collector(service), 20, "somebody collects")
    admin.call("cancelExecution", execution).json()
    assert admin.ended(execution, 20) == 8
    assert names(admin, admin.task(execution)) == []
    is_sound(service)


def test_results_are_known_once_however_often_their_scheduler_dies(fresh_service):
    service = fresh_service
    admin = service.admin()
    schedule = admin.create("collect: many", "for i in 1 2 3; do echo $i > $CARILLON_RESULT_DIR/$i; done", overlap="allow")
    executions = []
    for _ in range(4):
        executions += [admin.run(schedule) for _ in range(10)]
        victim = service.children("scheduler")[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in service.children("scheduler") and service.children("scheduler"), 10)  # noqa: B023
    for execution in executions:
        assert admin.ended(execution, 20) == 1
        assert names(admin, admin.task(execution)) == ["1", "2", "3"]
    service.stop().start()
    assert names(service.admin(), admin.task(executions[0])) == ["1", "2", "3"]
    is_sound(service)
