"""What kill -9 leaves behind: of each process in turn, in the midst of a load.

The commands keep a record of their own: each appends one line with its execution and attempt, and that file, not what the
service says, tells what ran.
"""

import collections
import contextlib
import http.client
import os
import signal
import statistics
import threading
import time

import pytest

from carillon import ADMIN_PASSWORD, SLOW, until

ROUNDS = 3
CLIENTS = 4

# A worker that answers does so within this time after a kill.
BACK_WITHIN_S = 1.0


class Load:
    """Clients that ask for runs as fast as they are answered, and remember what was acknowledged."""

    def __init__(self, service, schedule):
        self.service = service
        self.schedule = schedule
        self.acknowledged = []
        self.refused = collections.Counter()
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def _ask(self):
        client = self.service.admin()
        while not self.ending.is_set():
            try:
                answer = client.call("runSchedule", {"scheduleId": self.schedule, "checkTriggers": False})
            except (OSError, http.client.HTTPException) as error:
                self.refused[type(error).__name__] += 1
                continue
            if answer.status == 200:
                self.acknowledged.append(answer.json())
            else:
                self.refused[answer.status] += 1
                # Whatever nginx answers for a dead worker has the form of the face.
                assert answer.status in (502, 503, 504) and answer.type == "text/plain;charset=utf-8", answer

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join(timeout=60)

    def more(self, count):
        """Wait until so many more runs were acknowledged."""
        goal = len(self.acknowledged) + count
        until(lambda: len(self.acknowledged) >= goal, 30, f"{count} more runs")


def record_of(scratch):
    """What ran: how often each (execution, attempt) has begun."""
    with contextlib.suppress(FileNotFoundError):
        return collections.Counter((scratch / "record").read_text().split())
    return collections.Counter()


def recording_schedule(service, scratch, **members):
    # One write() of less than PIPE_BUF to a file opened for appending: lines never mix.
    script = f'echo "$CARILLON_EXECUTION_ID:$CARILLON_ATTEMPT" >>{scratch}/record'
    return service.admin().create("recording", script, overlap="allow", **members)


def answers(service, client):
    try:
        return client.call("findSchedule", {}).status == 200
    except (OSError, http.client.HTTPException):
        return False


def back_after(service, client):
    """Seconds until the service answers."""
    begin = time.monotonic()
    until(lambda: answers(service, client), 20, "the service is back")
    return time.monotonic() - begin


def prove_nothing_is_wrong(service, load, scratch):
    """Every acknowledged run is there, has ended, and began once an attempt; and the store is sound."""
    admin = service.admin()
    statuses = {}
    for execution in load.acknowledged:
        until(lambda: admin.status(execution) not in (0, 4), 30, f"the end of {execution}")  # noqa: B023
        statuses[execution] = admin.status(execution)
    ran = record_of(scratch)
    assert [key for key, times in ran.items() if times != 1] == [], "an attempt ran twice"
    of_execution = collections.Counter(key.split(":")[0] for key in ran)
    for execution, status in statuses.items():
        if status == 1:
            assert of_execution[execution] >= 1, f"{execution} is said to have succeeded and never ran"
        assert of_execution[execution] <= 1, f"{execution} ran in more than one attempt"
    service.stop()
    checked = service.ctl("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return collections.Counter(statuses.values())


@pytest.mark.parametrize("role", ["worker", "scheduler", "runner"])
def test_a_killed_process_loses_and_repeats_nothing(role, fresh_service, scratch):
    service = fresh_service
    schedule = recording_schedule(service, scratch)
    client = service.admin()
    times = []
    with Load(service, schedule) as load:
        for _ in range(ROUNDS):
            load.more(20)
            victim = service.children(role)[0]
            os.kill(victim, signal.SIGKILL)
            times.append(back_after(service, client))
            until(lambda: victim not in service.children(role) and service.children(role), 10)  # noqa: B023
            load.more(20)
    ended = prove_nothing_is_wrong(service, load, scratch)
    assert statistics.median(times) < BACK_WITHIN_S * SLOW, times
    assert ended[1] > 0
    # Who killed nothing that a command hangs on has broken no run.
    if role != "runner":
        assert set(ended) == {1}, ended


def test_after_the_masters_death_nothing_runs_on_and_the_next_start_recovers(fresh_service, scratch):
    service = fresh_service
    schedule = recording_schedule(service, scratch)
    with Load(service, schedule) as load:
        load.more(40)
        os.kill(service.master(), signal.SIGKILL)
        load.ending.set()
    until(lambda: not [name for name in living(service) if name.startswith("carillon")], 10, "no process is left")
    # The web server has outlived it and holds the port; the next start takes both over.
    port = service.port
    service.start()
    assert service.port == port
    ended = prove_nothing_is_wrong(service, load, scratch)
    assert ended[1] > 0


def living(service):
    from carillon import living_in

    return living_in(service.state)


def test_a_run_under_way_when_its_runner_dies_is_lost_once_or_run_again_as_its_schedule_says(fresh_service, scratch):
    admin = fresh_service.admin()
    ids = {}
    for policy in ("fail", "rerun"):
        mark = scratch / f"began-{policy}"
        # Blocks in its first attempt only.
        script = f'echo "$CARILLON_ATTEMPT" >>{mark}; [ "$CARILLON_ATTEMPT" != 1 ] || sleep 60'
        ids[policy] = admin.run(admin.create(f"lost: {policy}", script, onLost=policy))
        until(mark.exists, 10)
    os.kill(fresh_service.children("runner")[0], signal.SIGKILL)
    assert admin.ended(ids["fail"], 20) == 3
    assert "died" in admin.call("getTaskData", admin.task(ids["fail"])).json()["summary"]
    assert admin.ended(ids["rerun"], 20) == 1
    began = {p: (scratch / f"began-{p}").read_text().split() for p in ids}
    assert began == {"fail": ["1"], "rerun": ["1", "2"]}


def test_a_run_goes_on_while_its_scheduler_and_workers_die(fresh_service, scratch):
    admin = fresh_service.admin()
    go = scratch / "go"
    execution = admin.run(admin.create("goes on", f"while [ ! -e {go} ]; do sleep 0.05; done; echo through"))
    until(lambda: admin.status(execution) == 4)
    for role in ("scheduler", "worker"):
        victim = fresh_service.children(role)[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in fresh_service.children(role) and fresh_service.children(role), 10)  # noqa: B023
        back_after(fresh_service, admin)
        assert admin.status(execution) == 4
    go.touch()
    assert admin.ended(execution, 20) == 1
    assert admin.call("getTaskLog", {"taskId": admin.task(execution)}).text == "through\n"


def test_a_stuck_worker_is_taken_for_dead(make_service):
    service = make_service(CARILLON_STUCK_AFTER="1s", CARILLON_WORKERS_MAX="2").start()
    admin = service.admin()
    stop = threading.Event()

    def ask():
        client = service.nobody()
        while not stop.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                # The password costs a while, so that a worker is busy nearly always.
                client.call("authenticateUser", {"userName": "adminUser", "password": ADMIN_PASSWORD}, service="authentication")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        # One that waits between two requests is nobody's concern: soon or later one is caught busy.
        def caught():
            victim = service.children("worker")[0]
            os.kill(victim, signal.SIGSTOP)
            deadline = time.monotonic() + 3 * SLOW
            while time.monotonic() < deadline:
                if victim not in service.children("worker"):
                    return True
                time.sleep(0.02)
            os.kill(victim, signal.SIGCONT)
            return False

        until(caught, 60, "a worker that was stopped while busy is replaced")
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    assert "makes no progress" in service.log()
    assert back_after(service, admin) < 5 * SLOW
