"""The real service in real time: what is done to it, and what must have become of each due time.

The definitions and their due times are check.py's. What ran is what the commands wrote down themselves: a line when they
begin and one when they end. Real processes take time, so where something else happened about the moment of a due time, either
verdict is right; the schedules are such that most due times are far from all that.
"""

import bisect
import collections
import itertools
import json
import os
import random
import signal
import time

from carillon import until
from check import SECOND, Definition, Timetable, instant, shown

# A verdict is certain when nothing else happened so close to the due time.
SLACK = SECOND
# So long after a kill anything may be late; not so late that it was missed.
HECTIC = 12 * SECOND
EVERY_RUN = {"ran", "skipped_condition"}


def now_us():
    return time.time_ns() // 1000


def text_of(us):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(us // SECOND)) + f".{us // 1000 % 1000:03}Z"


def command(folder, seconds=0, status=0):
    """It tells when it began and ended. One write() of less than PIPE_BUF to a file opened for appending: lines never mix."""
    script = (f'say() {{ echo "$1 $CARILLON_EXECUTION_ID $CARILLON_TASK_ID $CARILLON_ATTEMPT $(date +%s%6N)" >>{folder}/lines; }}; '
              f"say begun; sleep {seconds}; say ended; exit {status}")
    return ["/bin/sh", "-c", script]


def definitions(folder, begin, end):
    """(name, definition): each policy with due times that it must tell apart."""
    def one(name, trigger, seconds=0, status=0, **members):
        return name, {"name": name, "triggers": [trigger], "endDate": text_of(end),
                      "tasks": [{"name": "main", "command": command(folder, seconds, status)}], **members}

    def every(seconds):
        return {"every": f"{seconds}s", "anchor": text_of(begin - 100 * SECOND)}

    yield one("each second", every(1), overlap="allow")
    yield one("skips", every(2), 5)
    yield one("queues one", every(3), 7, overlap="queueOne")
    yield one("queues", {"cron": "*/5 * * * * *", "timeZone": "UTC"}, 1, overlap="queue")
    yield one("beside each other", every(4), 9, overlap="allow", onLost="rerun")
    yield one("suspended at times", every(1), overlap="allow")
    yield one("edited at times", every(2), overlap="allow")
    yield one("minutely", {"cron": "* * * * *", "timeZone": "Asia/Kolkata"}, 2, misfire="all")
    yield one("once", {"at": text_of(begin + 9 * SECOND)})
    yield one("fails", every(6), 1, 3)
    yield one("says no", every(4), condition={"command": ["/bin/sh", "-c", "exit 1"]}, overlap="queue")
    name, d = one("one after the other", every(5), 1, overlap="queue")
    d["tasks"].append({"name": "then", "command": command(folder), "after": [{"task": "main", "when": "succeeded"}]})
    yield name, d


class History:
    """Makes the schedules, lets things happen until the time is over, and reads what became of them."""

    def __init__(self, service, folder, seconds, seed=1):
        self.service, self.folder = service, folder
        self.rng = random.Random(seed)
        self.client = service.admin()
        self.begin = now_us()
        self.end = self.begin + seconds * SECOND
        self.ids, self.versions, self.suspensions = {}, collections.defaultdict(list), []
        self.kills = []

    def timed(self, what, *args):
        """(before, after, answer): when it happened is between the two."""
        before = now_us()
        answer = self.client.call(what, *args)
        assert answer.status == 200, answer
        return before, now_us(), answer.json()

    def make(self):
        for name, d in definitions(self.folder, self.begin, self.end):
            before, after, self.ids[name] = self.timed("createSchedule", d)
            self.versions[name].append((before, after, d))

    def edit(self):
        name = "edited at times"
        d = json.loads(json.dumps(self.versions[name][-1][2]))
        trigger = d["triggers"][0]
        trigger["every"] = "3s" if trigger["every"] == "2s" else "2s"
        version = len(self.versions[name])
        before, after, _ = self.timed("updateSchedule", {**d, "scheduleId": self.ids[name], "version": version})
        self.versions[name].append((before, after, d))

    def suspend(self):
        schedule = self.ids["suspended at times"]
        reason = f"reason {len(self.suspensions)}"
        begun = self.timed("suspendSchedule", {"scheduleId": schedule, "reason": reason})[:2]
        self.sleep(self.rng.uniform(2, 5))
        ended = self.timed("resumeSchedule", schedule)[:2]
        self.suspensions.append((*begun, *ended, reason))

    def kill(self):
        role = self.rng.choice(["scheduler", "runner", "worker"])
        pids = self.service.children(role)
        if pids:
            self.kills.append(now_us())
            os.kill(self.rng.choice(pids), signal.SIGKILL)
        until(lambda: self.service.children("scheduler") and self.service.children("runner"), 20)
        until(self.answers, 20)

    def answers(self):
        try:
            return self.client.call("whoAmI", service="access").status == 200
        except OSError:
            return False

    def sleep(self, seconds):
        """Not for something to be done: it is how far apart things happen."""
        time.sleep(max(0, min(seconds, (self.end - now_us()) / SECOND)))

    def live(self):
        self.make()
        for do in itertools.cycle([self.edit, self.suspend, self.kill, self.edit, self.suspend]):
            self.sleep(self.rng.uniform(1, 4))
            if now_us() > self.end - 8 * SECOND:
                break
            do()
        self.sleep((self.end - now_us()) / SECOND)

    def is_over(self, schedule):
        view = self.client.call("getSchedule", json.dumps(schedule)).json()
        return not view.get("nextRun") and all("endDate" in e for e in self.all_of("listExecutions", schedule))

    def all_of(self, method, schedule):
        items, cursor = [], {}
        while True:
            answer = self.client.call(method, {"scheduleId": schedule, "limit": 1000, **cursor}).json()
            items += answer["items"]
            if not answer.get("cursor"):
                return items
            cursor = {"cursor": answer["cursor"]}

    def result(self):
        """What the service tells, when all has ended."""
        for name, schedule in self.ids.items():
            until(lambda: self.is_over(schedule), 120, f"the end of `{name}`")  # noqa: B023
        lines = (self.folder / "lines").read_text().split("\n")[:-1]
        return {name: (self.all_of("listOccurrences", schedule), self.all_of("listExecutions", schedule))
                for name, schedule in self.ids.items()}, [line.split() for line in lines]


class Judge:
    def __init__(self, history):
        self.history = history
        self.told, lines = history.result()
        self.faults = []
        self.counts = collections.Counter()
        self.begun, self.ended = {}, {}
        for what, execution, task, attempt, us in lines:
            if what == "begun" and (task, attempt) in self.begun:
                self.faults.append(f"task {task}: attempt {attempt} began twice")
            (self.begun if what == "begun" else self.ended)[task, attempt] = (execution, int(us))

    def fault(self, name, due, text):
        self.faults.append(f"`{name}`, due {shown(due)}: {text}")

    def due_times(self, name):
        """{due time: True if it must have an entry, False if it may}."""
        found = {}
        versions = self.history.versions[name]
        for at, (before, after, d) in enumerate(versions):
            until_certain, until_possible = versions[at + 1][:2] if at + 1 < len(versions) else (self.history.end,) * 2
            definition = Definition(d)
            times = Timetable(definition, before, -1)
            while times.next is not None and times.next <= until_possible:
                certain = after < times.next <= until_certain
                found[times.next] = found.get(times.next, False) or certain
                times.advance()
        return found

    def is_hectic(self, due):
        at = bisect.bisect_right(self.history.kills, due + SLACK)
        return at > 0 and due - self.history.kills[at - 1] < HECTIC

    def runs_of(self, name):
        """(execution, since when, certainly until, possibly until): by what its commands say, as far as they could."""
        ends = collections.defaultdict(list)
        for key, (execution, _) in self.begun.items():
            ends[execution].append(self.ended.get(key, (None, None))[1])
        for e in self.told[name][1]:
            own = ends[e["executionId"]]
            said = max(own) if own and None not in own else 0
            yield e, instant(e["triggeredDate"]), said, said or instant(e["endDate"])

    def expected(self, name, definition, due, itself, runs):
        """The verdicts that are right for a due time, and the reason if there must be one."""
        if name == "suspended at times":
            for begun, certain, ending, ended, reason in self.history.suspensions:
                if certain < due <= ending:
                    return {"skipped_suspended"}, reason
                if begun <= due <= certain or ending < due <= ended:
                    return EVERY_RUN | {"skipped_suspended"}, None
        if name == "says no":
            return {"skipped_condition"}, None
        if definition.overlap in ("allow", "queue"):
            return {"ran"}, None
        if self.is_hectic(due):
            return {"ran", "skipped_overlap"}, None
        others = [run[1:] for run in runs if run[0]["executionId"] != itself]
        certain = sum(begin < due - SLACK and said > due + SLACK for begin, said, _ in others)
        possible = sum(begin <= due + SLACK and end >= due - SLACK for begin, _, end in others)
        enough = 2 if definition.overlap == "queueOne" else 1
        if certain >= enough:
            return {"skipped_overlap"}, None
        return ({"ran", "skipped_overlap"} if possible >= enough else {"ran"}), None

    def judge(self, name):
        entries, executions = self.told[name]
        entry_of, by_id = {}, {e["executionId"]: e for e in executions}
        definition = Definition(self.history.versions[name][-1][2])
        dues = self.due_times(name)
        for entry in entries:
            first, last = instant(entry["due"]), instant(entry.get("to", entry["due"]))
            covered = [due for due in sorted(dues) if first <= due <= last]
            if len(covered) != entry.get("count", 1) and not any(not dues[d] for d in covered):
                self.fault(name, first, f"an entry of {entry.get('count', 1)} due times, and there are {len(covered)}")
            for due in covered:
                if due in entry_of:
                    self.fault(name, due, "two entries")
                entry_of[due] = entry
        runs = list(self.runs_of(name))
        for due, certain in sorted(dues.items()):
            if due in entry_of:
                self.judge_entry(name, definition, due, entry_of[due], by_id, runs)
            elif certain:
                self.fault(name, due, "no entry")
        self.judge_runs(name, definition, runs, entry_of)

    def judge_entry(self, name, definition, due, entry, by_id, runs):
        verdict, execution = entry["verdict"], entry.get("executionId")
        self.counts[verdict] += 1
        # A skip names the run that stands in its way.
        itself = execution if verdict in EVERY_RUN else None
        right, reason = self.expected(name, definition, due, itself, runs)
        if verdict not in right:
            self.fault(name, due, f"{verdict} ({entry.get('reason')}), expected {' or '.join(sorted(right))}")
        if reason and entry.get("reason") != reason:
            self.fault(name, due, f"the reason is `{entry.get('reason')}`, expected `{reason}`")
        if verdict in EVERY_RUN:
            e = by_id.get(execution)
            if not e or e.get("due") != text_of(due) or e["origin"] != "trigger":
                self.fault(name, due, f"{verdict}, and its execution is {e}")

    def judge_runs(self, name, definition, runs, entry_of):
        of_entries = {e.get("executionId") for e in entry_of.values() if e["verdict"] in EVERY_RUN}
        for e, *_ in runs:
            if e["executionId"] not in of_entries:
                self.faults.append(f"`{name}`: execution {e['executionId']} was made for nothing")
            for task in e["tasks"]:
                self.judge_task(name, e, task)
        if definition.overlap != "allow":
            own = {e["executionId"] for e, *_ in runs}
            spans = sorted((us, self.ended.get(key, (None, us))[1]) for key, (execution, us) in self.begun.items()
                           if execution in own)
            for (_, end), (begin, _) in zip(spans, spans[1:]):
                if begin < end:
                    self.faults.append(f"`{name}`: two runs at a time at {shown(begin)}")

    def was_lost(self, e):
        """Somebody was killed while it went on: nobody knows how its command ended, and that is shown as an error too."""
        return any(instant(e["triggeredDate"]) - SLACK <= at <= instant(e["endDate"]) for at in self.history.kills)

    def judge_task(self, name, e, task):
        """It ended as its command did: by what the command wrote."""
        attempts = [(task["taskId"], str(a["attempt"])) for a in task.get("attempts", [])]
        ended = [key for key in attempts if key in self.ended]
        begun = [key for key in attempts if key in self.begun]
        what = f"`{name}`: task `{task['name']}` of {e['executionId']} has status {task['status']}"
        good = 3 if name == "fails" else 1
        if task["status"] == good and not ended and not (good == 3 and self.was_lost(e)):
            self.faults.append(f"{what} and its command has never ended")
        elif task["status"] not in (1, 3, 6, 13):
            self.faults.append(f"{what} at the end")
        elif task["status"] in (6, 13) and begun:
            self.faults.append(f"{what} and its command ran")
        elif task["status"] == 3 and name != "fails" and not self.history.kills:
            self.faults.append(f"{what} and nothing failed")

    def all(self):
        for name in self.history.ids:
            self.judge(name)
        return self.faults, self.counts
