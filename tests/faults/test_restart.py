"""Stopping, starting and reloading keep everything, and refuse nobody."""

import http.client
import os
import signal
import threading

from carillon import ADMIN_PASSWORD, living_in, processes, until


def test_a_restart_keeps_schedules_executions_users_tokens_and_suspensions(fresh_service):
    service = fresh_service
    admin, viewer = service.admin(), service.viewer()
    plain = admin.create("kept", "echo kept", triggers=[{"cron": "0 3 * * *", "timeZone": "Asia/Tokyo"}])
    held = admin.create("held", "true", triggers=[{"every": "1h"}])
    assert admin.call("suspendSchedule", {"scheduleId": held, "reason": "stocktaking"}).status == 200
    execution = admin.run(plain)
    assert admin.ended(execution) == 1
    task = admin.task(execution)
    assert service.ctl("user", "add", "kim", "--role", "analyst", "--password-file", "-", input="kims secret").returncode == 0

    def state():
        return {
            "schedules": admin.call("findSchedule", {}).json(),
            "kept": admin.call("getSchedule", plain).json(),
            "held": admin.call("getSchedule", held).json(),
            "execution": admin.call("getExecution", execution).json(),
            "task": admin.call("getTaskData", task).json(),
            "log": admin.call("getTaskLog", {"taskId": task}).text,
        }

    before = state()
    assert before["held"]["suspended"]["reason"] == "stocktaking"
    service.stop()
    assert living_in(service.state) == []
    service.start()
    after = state()  # with the token of before
    for view in (before, after):
        view["schedules"] = [s for s in view["schedules"] if s["name"] != "Every minute"]
    assert after == before
    assert viewer.call("findSchedule", {}).status == 200
    assert service.nobody().login("kim", "kims secret").call("findSchedule", {}).status == 200
    assert service.nobody().login("adminUser", ADMIN_PASSWORD).call("findSchedule", {}).status == 200


def test_due_times_that_passed_while_it_was_down_are_in_the_ledger(fresh_service):
    service = fresh_service
    admin = service.admin()
    schedule = admin.create("every second", "true", triggers=[{"every": "1s", "anchor": "2026-01-01T00:00:00Z"}],
                            overlap="queue", misfire="skip")
    until(lambda: len(admin.ledger(schedule)) >= 2)
    service.stop()
    service.start()
    admin = service.admin()
    count = len(admin.ledger(schedule))
    until(lambda: len(admin.ledger(schedule)) > count + 1)
    admin.call("suspendSchedule", schedule)
    due = []
    for entry in admin.ledger(schedule):
        first = int(entry["due"][11:13]) * 3600 + int(entry["due"][14:16]) * 60 + int(entry["due"][17:19])
        due += range(first, first + entry.get("count", 1))
    assert due == list(range(due[0], due[0] + len(due))) or 86399 in due, "a due time has no entry, or two"


def test_a_reload_refuses_nobody_and_ends_no_command(fresh_service, scratch):
    service = fresh_service
    admin = service.admin()
    go = scratch / "go"
    execution = admin.run(admin.create("through reloads", f"while [ ! -e {go} ]; do sleep 0.05; done"))
    until(lambda: admin.status(execution) == 4)
    bad, done, ending = [], [0], threading.Event()

    def ask():
        client = service.admin()
        while not ending.is_set():
            try:
                answer = client.call("findSchedule", {})
                if answer.status != 200:
                    bad.append(answer)
            except (OSError, http.client.HTTPException) as error:
                bad.append(error)
            done[0] += 1

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        before = set(service.children("worker"))
        served = done[0]
        os.kill(service.master(), signal.SIGHUP)
        until(lambda: service.children("worker") and not before & set(service.children("worker")), 20)  # noqa: B023
        until(lambda: done[0] > served + 20, 20)  # noqa: B023
    ending.set()
    for thread in threads:
        thread.join(timeout=60)
    assert bad == []
    assert admin.status(execution) == 4
    go.touch()
    assert admin.ended(execution, 20) == 1


def test_a_stop_in_the_middle_of_a_reload_waits_for_the_commands(fresh_service):
    service = fresh_service
    admin = service.admin()
    execution = admin.run(admin.create("nearly there", "sleep 1; echo done"))
    until(lambda: admin.status(execution) == 4)
    master, before = service.master(), service.children("scheduler")
    os.kill(master, signal.SIGHUP)
    until(lambda: service.children("scheduler") != before)
    os.kill(master, signal.SIGTERM)
    until(lambda: master not in [pid for pid, _, _ in processes()], 20)
    service.stop()
    service.start()
    assert service.admin().ended(execution) == 1


def test_a_reload_with_a_broken_configuration_changes_nothing(fresh_service):
    service = fresh_service
    config = service.state / "carillon.xml"
    config.write_text(config.read_text().replace("<drain>", "<nonsense>1</nonsense><drain>"))
    before = service.children("worker")
    os.kill(service.master(), signal.SIGHUP)
    until(lambda: "nonsense" in service.log(), 10)
    assert "carillon.xml:" in service.log()
    assert service.children("worker") == before
    assert service.admin().call("findSchedule", {}).status == 200


def test_a_stop_answers_what_was_asked_before(fresh_service):
    """SIGTERM in the midst of requests: each gets an answer of ours or, once the socket is gone, nginx's 502."""
    service = fresh_service
    schedule = service.admin().create("asked before the stop", "true", overlap="allow")
    answers, ending = [], threading.Event()

    def ask():
        client = service.admin()
        while not ending.is_set():
            answers.append(client.call("runSchedule", {"scheduleId": schedule}))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) > 40)
    os.kill(service.master(), signal.SIGTERM)
    until(lambda: answers[-1].status == 502, 20)
    ending.set()
    for thread in threads:
        thread.join(timeout=60)
    statuses = {answer.status for answer in answers}
    assert statuses == {200, 502}, statuses
    acknowledged = [answer.json() for answer in answers if answer.status == 200]
    service.stop()
    service.start()
    admin = service.admin()
    for execution in acknowledged:
        assert admin.ended(execution, 20) == 1
