"""One schedule through four doors: made by OpenSpecimen's, run by Altogic's, watched by API3's and ricloud's. FACES_CALLS and
FACES_SEED make the random walk longer, or another one."""

import os
import random
import threading
import time

import pytest

from carillon import make_folder, until
from faces import CANCELED, DONE, FAILED, RUNS, WAITS, AltogicClient, Faces, guid, hexadecimal

CALLS = int(os.environ.get("FACES_CALLS", "10000"))
CLIENTS = 16
SCHEDULES = 12


@pytest.fixture(scope="module")
def faces(service):
    return Faces(service)


def reaches(faces, run, state, seconds=15):
    """All four say so at once."""
    until(lambda: faces.agree(run) == state, seconds, f"run {run} {state} through four faces")


def test_each_face_tells_the_same_of_one_schedule_at_every_step(service):
    faces = Faces(service, AltogicClient)
    with faces.altogic.library:
        step_by_step(faces)


def step_by_step(faces):
    gate = make_folder() / "gate"
    # Made by one.
    job = faces.openspecimen.create("four doors", faces.task)
    assert faces.api3.client.find("four doors")["scheduleId"] == guid(job)
    assert faces.openspecimen.job(job)["isActiveJob"] and not faces.api3.suspended(job)
    # What it does is then said through another; the job keeps what belongs to it.
    definition = faces.api3.client.call("getSchedule", guid(job)).json()
    script = f"echo ready; while [ ! -e {gate} ]; do sleep 0.05; done; echo out > $CARILLON_RESULT_DIR/out.csv"
    change = {"scheduleId": guid(job), "version": definition["version"], "name": "four doors",
              "tasks": [{"name": "main", "command": ["/bin/sh", "-c", script]}]}
    assert faces.api3.client.call("updateSchedule", change).json()["success"]

    # Run by another: it runs, the next one waits for it, and a job's run is dropped.
    first = faces.altogic.start(job)
    reaches(faces, first, RUNS)
    second = faces.altogic.start(job)
    reaches(faces, second, WAITS)
    faces.openspecimen.start(job)
    assert set(faces.api3.runs(job)) == set(faces.ricloud.runs(job)) == {first, second}
    assert set(faces.openspecimen.runs(job)) == {first}

    # Suspended: what runs goes on, and nothing new comes of the job's own door.
    assert faces.api3.client.call("suspendSchedule", guid(job)).json()["success"]
    assert faces.api3.suspended(job)
    assert not faces.openspecimen.job(job)["isActiveJob"]
    gate.touch()
    for run in (first, second):
        reaches(faces, run, DONE)
    faces.openspecimen.start(job)
    third = faces.altogic.start(job)
    reaches(faces, third, DONE)
    assert set(faces.api3.runs(job)) == set(faces.ricloud.runs(job)) == set(faces.openspecimen.runs(job)) == {first, second, third}

    # The same file, in the words of those that show files.
    (task,) = faces.ricloud.list(session=first)
    (result,) = task["results"]
    assert (result["identifier"], result["size"], result["state"]) == ("out.csv", 4, "available")
    file = faces.openspecimen.ask("GET", f"{faces.openspecimen.JOBS}/{job}/runs/{first}/result-file")
    assert (file.status, file.body) == (200, b"out\n")
    outputs = faces.api3.client.call("getTaskOutputs", guid(task["id"])).json()
    assert [output["id"] for output in outputs] == [guid(result["id"])]

    # A failure and the end of a run from outside.
    assert faces.api3.client.call("resumeSchedule", guid(job)).json()["success"]
    assert faces.openspecimen.job(job)["isActiveJob"]
    definition = faces.api3.client.call("getSchedule", guid(job)).json()
    change.update(version=definition["version"], tasks=[{"name": "main", "command": ["/bin/sh", "-c", "sleep 60"]}])
    assert faces.api3.client.call("updateSchedule", change).json()["success"]
    ended = faces.altogic.start(job)
    reaches(faces, ended, RUNS)
    assert faces.api3.client.call("cancelExecution", guid(ended)).json()["success"]
    reaches(faces, ended, CANCELED)
    change.update(version=change["version"] + 1, tasks=[{"name": "main", "command": ["/bin/false"]}])
    assert faces.api3.client.call("updateSchedule", change).json()["success"]
    reaches(faces, faces.altogic.start(job), FAILED)


# ---- a random walk ----

class Walker(threading.Thread):
    """One client of all faces at once. What was acknowledged it writes down; what fails it keeps for the end."""

    def __init__(self, service, jobs, seed, calls):
        super().__init__()
        self.faces = Faces(service)
        self.jobs, self.random, self.calls = jobs, random.Random(seed), calls
        self.started = {}  # run: schedule
        self.fault = None

    def run(self):
        steps = [self.start_altogic] * 3 + [self.start_api3] * 2 + [self.start_job] * 2 + [self.state] * 4 + [
            self.suspend, self.resume, self.resume, self.cancel, self.list, self.rename]
        try:
            for _ in range(self.calls):
                self.random.choice(steps)(self.random.choice(self.jobs))
        except Exception as fault:  # pylint: disable=broad-except
            self.fault = fault

    def start_altogic(self, job):
        self.started[self.faces.altogic.start(job)] = job

    def start_api3(self, job):
        self.started[self.faces.api3.start(job)] = job

    def start_job(self, job):
        assert self.faces.openspecimen.start(job, f"{self.random.randrange(1000)}")["id"] == job

    def a_run(self):
        return self.random.choice(list(self.started)) if self.started else None

    def state(self, _):
        run = self.a_run()
        if run:
            ask = self.random.choice([self.faces.api3.state, self.faces.altogic.state, self.faces.ricloud.state,
                                      self.faces.openspecimen.states])
            assert ask(run)

    def suspend(self, job):
        assert self.faces.api3.client.call("suspendSchedule", guid(job)).json()["success"]

    def resume(self, job):
        assert self.faces.api3.client.call("resumeSchedule", guid(job)).json()["success"]

    def cancel(self, _):
        run = self.a_run()
        if run:
            assert self.faces.api3.client.call("cancelExecution", guid(run)).json()["success"]

    def list(self, job):
        if self.random.random() < .5:
            page = self.faces.ricloud.good("GET", f"/tasks?source={job}&limit=20")
            assert all(task["source"] == job for task in page["data"])
        else:
            page = self.faces.openspecimen.good("GET", f"{self.faces.openspecimen.JOBS}/{job}/runs?maxResults=20")
            assert all(run["jobId"] == job for run in page)
            assert sum(run["status"] == "IN_PROGRESS" for run in page) <= 1

    def rename(self, job):
        """The vendor's page sends back the whole job as it got it."""
        whole = self.faces.openspecimen.job(job)
        whole["rtArgsHelpText"] = f"{self.random.randrange(1000)}"
        assert self.faces.openspecimen.good("PUT", f"{self.faces.openspecimen.JOBS}/{job}", whole)["name"] == whole["name"]


def test_after_a_random_walk_of_many_clients_all_faces_agree_with_the_ledger(service, faces):
    seed = int(os.environ.get("FACES_SEED", time.time_ns() % 100000))
    print(f"FACES_SEED={seed}")
    jobs = [faces.openspecimen.create(f"walk {i}", faces.task) for i in range(SCHEDULES)]
    # Short ones, most of which go well.
    for i, job in enumerate(jobs):
        version = faces.api3.client.call("getSchedule", guid(job)).json()["version"]
        command = ["/bin/false"] if i == 0 else ["/bin/sleep", "0.2"] if i == 1 else ["/bin/true"]
        faces.api3.client.call("updateSchedule", {"scheduleId": guid(job), "version": version, "name": f"walk {i}", "tasks": [
            {"name": "main", "command": command}]}).json()
    walkers = [Walker(service, jobs, f"{seed} {i}", CALLS // CLIENTS) for i in range(CLIENTS)]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()
    assert [w.fault for w in walkers if w.fault] == []

    started = {run: job for walker in walkers for run, job in walker.started.items()}
    assert len(started) == sum(len(walker.started) for walker in walkers), "two calls were given the same run"
    until(lambda: not any(faces.ricloud.good("GET", f"/tasks?state={state}&limit=1")["total_count"]
                          for state in ("pending", "suspended", "processing")), 120, "the end of all runs")
    for job in jobs:
        ledger = faces.api3.runs(job)
        assert {run for run, its in started.items() if its == job} <= set(ledger)
        assert faces.ricloud.runs(job) == ledger
        shown = faces.openspecimen.runs(job)
        # What gave way to a later request before it started was cancelled, and is no run to OpenSpecimen.
        assert set(shown) <= set(ledger)
        assert all(ledger[run] == CANCELED and run not in started for run in set(ledger) - set(shown))
        assert all(ledger[run] in words for run, words in shown.items())
        for run, state in ledger.items():
            assert faces.altogic.state(run) == state, hexadecimal(run)
