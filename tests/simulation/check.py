#!/usr/bin/python3
"""Says what must have become of every due time, and compares it with the ledger.

    check.py RECORD…        prints what is wrong and exits with 1

A record is what play.c or live.py wrote: the definitions and what was done to them, when the engine was there, what
the clock did, what the runner did, and at the end the ledger and the executions. Nothing of the engine is used here:
due times come from tests/support/due_times.py, verdicts from the words of fcgi/scheduler/DESIGN.md, and what depends on
the time that commands take from the runner's own lines.

What is held against the record:
  - each due time has exactly one entry, with the verdict, the reason and the run that its definition, the suspensions,
    the outages and the runs at that moment ask for; no entry is of anything else;
  - each entry that ran has its execution, with the right origin; each execution comes from an entry or a call;
  - no attempt was released twice, none without its turn, none late while the engine was there;
  - each task ended as its command and those before it say.
"""

import bisect
import collections
import datetime
import heapq
import itertools
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from due_times import EPOCH, cron_due_times, microseconds, rule_due_times  # noqa: E402

SECOND = 1_000_000
ON_TIME = 30 * SECOND
NEVER = 2**63 - 1
UNITS = {"ms": 1000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}
SHOWN = 20


def duration(text):
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|[smhd])", text))


def instant(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return microseconds(moment.astimezone(datetime.timezone.utc).replace(tzinfo=None) - EPOCH)


def shown(us):
    return "never" if us in (None, NEVER) else (EPOCH + datetime.timedelta(microseconds=us)).isoformat() + "Z"


# ---- when ----

def every(period, anchor, after):
    first = anchor + ((after - anchor) // period + 1) * period
    return itertools.count(first, period)


def trigger_due_times(trigger, after, created):
    """Due times strictly after `after`; all but one-shots are also after `created`."""
    if "at" in trigger:
        at = instant(trigger["at"])
        return iter([at] if at > after else [])
    after = max(after, created)
    if "every" in trigger:
        return every(duration(trigger["every"]), instant(trigger["anchor"]), after)
    rest = (trigger.get("timeZone", "UTC"), trigger.get("dstGap", "after"), trigger.get("dstFold", "first"), after)
    if "cron" in trigger:
        return cron_due_times(trigger["cron"], *rest)
    return rule_due_times(trigger["rrule"], datetime.datetime.fromisoformat(trigger["start"]), *rest)


class Timetable:
    """The due times of a definition after an instant, one by one."""

    def __init__(self, definition, after, created):
        start, self.end = definition.start, definition.end
        after = max(after, start - 1)
        streams = [trigger_due_times(t, after, created) for t in definition.triggers]
        self.times = heapq.merge(*streams)
        self.last = None
        self.next = None
        self.advance()

    def advance(self):
        """The one at hand becomes the next after it."""
        for due in self.times:
            if due != self.last:
                self.last = due
                self.next = due if due < self.end else None
                return
        self.next = None


# ---- what ----

class Definition:
    def __init__(self, d):
        self.triggers = d.get("triggers", [])
        self.start = instant(d["startDate"]) if d.get("startDate") else -NEVER
        self.end = instant(d["endDate"]) if d.get("endDate") else NEVER
        self.overlap = d.get("overlap", "skip")
        self.misfire = d.get("misfire", "one")
        self.window = duration(d.get("misfireWindow", "1h"))
        self.on_lost = d.get("onLost", "fail")
        self.condition = d.get("condition")
        self.tasks = {t["name"]: t for t in d["tasks"]}
        self.one_shots = {at for at in (instant(t["at"]) for t in self.triggers if "at" in t)
                          if self.start <= at < self.end}


GOOD, BAD, SILENT = {"succeeded"}, {"failed", "lost", "timed_out"}, {"skipped", "cancelled", "condition"}
ENDED = GOOD | BAD | SILENT


class Execution:
    """What is known of a run: of its tasks by name, and of the condition by None."""

    def __init__(self, number, definition, origin, due, triggered, conditional):
        self.number, self.definition = number, definition
        self.origin, self.due, self.triggered = origin, due, triggered
        self.status = {name: "waiting" for name in definition.tasks}
        self.under_way = {}   # name -> attempt
        self.cancelling = set()
        self.condition = "pending" if conditional and definition.condition else None
        self.turn = None      # since when it may begin
        self.end = None
        self.said_no = False
        if not self.condition:
            self.begin_tasks()

    def begin_tasks(self):
        for name, task in self.definition.tasks.items():
            self.status[name] = "waiting" if task.get("after") else "pending"

    @staticmethod
    def fits(when, status):
        """Does a task that ended so let go the one that waits for it; None: it has not ended."""
        if status not in ENDED:
            return None
        return when == "always" or status in (GOOD if when == "succeeded" else BAD)

    def settle_followers(self):
        """Tasks that wait for others begin, or are skipped, which may decide about others."""
        moved = True
        while moved:
            moved = False
            for name, task in self.definition.tasks.items():
                if self.status[name] != "waiting":
                    continue
                fits = [self.fits(a.get("when", "succeeded"), self.status[a["task"]]) for a in task["after"]]
                any_is_enough = task.get("afterMatch") == "any"
                if (any if any_is_enough else all)(f is True for f in fits):
                    self.status[name], moved = "pending", True
                elif (all if any_is_enough else any)(f is False for f in fits):
                    self.status[name], moved = "skipped", True

    def has_ended(self):
        return self.condition is None and all(s in ENDED for s in self.status.values())

    def wants(self, name):
        return (self.condition == "pending") if name is None else self.condition is None and \
            self.status[name] == "pending"

    def attempt_begins(self, name, attempt):
        self.under_way[name] = attempt
        if name is None:
            self.condition = "under way"
        else:
            self.status[name] = "under way"

    def attempt_ends(self, name, outcome):
        """`outcome`: succeeded, failed, lost."""
        self.under_way.pop(name, None)
        if name in self.cancelling:
            self.cancelling.discard(name)
            outcome = "cancelled"
        elif outcome == "lost" and self.definition.on_lost == "rerun":
            outcome = "pending"
        if name is not None:
            self.status[name] = outcome
            self.settle_followers()
        elif outcome == "pending":
            self.condition = "pending"
        else:
            self.condition = None
            if outcome == "succeeded":
                self.begin_tasks()
            else:
                self.said_no = outcome != "cancelled"
                self.status = dict.fromkeys(self.status, "condition" if self.said_no else "cancelled")

    def cancel(self):
        for name, status in self.status.items():
            if name in self.under_way:
                self.cancelling.add(name)
            elif status not in ENDED:
                self.status[name] = "cancelled"
        if self.condition == "under way":
            self.cancelling.add(None)
        else:
            self.condition = None


# ---- one schedule ----

class Entry:
    __slots__ = ("due", "to", "count", "verdict", "execution", "decided", "by", "since", "reason", "met")

    def __init__(self, due, to, count, verdict, execution, decided, by, since, reason):
        self.due, self.to, self.count, self.verdict, self.execution = due, to, count, verdict, execution
        self.decided, self.by, self.since, self.reason = decided, by, since, reason
        self.met = 0


Suspension = collections.namedtuple("Suspension", "by since until reason")

REASONS = {
    "skip": "misfire is skip",
    "stands": "a later due time stands for it",
    "window": "misfireWindow",
    "overlap": "had not ended",
    "queueOne": "another waits already",
}


class Schedule:
    """Replays what happened to one schedule, and says what the ledger must have."""

    def __init__(self, number, fault):
        self.number = number
        self.told = fault
        self.entries, self.dues = [], None
        self.stored = {}      # executions as they are shown
        self.tasks = {}       # task id -> (execution, name); None is the condition
        self.task_lines = collections.defaultdict(list)
        self.definition = self.timetable = self.created = None
        self.frontier = -NEVER   # the last due time that has its entry
        self.suspension = None
        self.executions = {}
        self.active, self.waiting = set(), []
        self.up, self.up_since, self.clock = True, -NEVER, None
        self.steps, self.unseen_steps = [], []
        self.unheard = []     # ends that nobody has read yet
        self.released = set()
        self.deleted = False
        self.closed = None
        self.counts = collections.Counter()

    def fault(self, text):
        self.told(f"schedule {self.number}: {text}")

    # -- the ledger --

    def entry_of(self, due):
        if self.dues is None:
            self.entries.sort(key=lambda e: e.due)
            self.dues = [e.due for e in self.entries]
        at = bisect.bisect_right(self.dues, due) - 1
        return self.entries[at] if at >= 0 and self.entries[at].to >= due else None

    def expect(self, due, now, verdict, reason=None):
        """The due time has an entry that says so; hands it out."""
        entry = self.entry_of(due)
        what = f"due {shown(due)}, decided {shown(now)}"
        if not entry:
            self.fault(f"{what}: no entry; {verdict} was expected")
            return None
        entry.met += 1
        if due == entry.due and entry.decided != now:
            self.fault(f"{what}: decided at {shown(entry.decided)}")
        if entry.verdict != verdict and not (verdict == "ran" and entry.verdict == "skipped_condition"):
            self.fault(f"{what}: {entry.verdict} ({entry.reason}), {verdict} was expected")
            return None
        if reason and (not entry.reason or REASONS[reason] not in entry.reason):
            self.fault(f"{what}: {verdict}: `{entry.reason}` is not the reason `{REASONS[reason]}`")
        self.counts[entry.verdict] += 1
        return entry

    # -- judging --

    def suspended_at(self, us):
        return self.suspension is not None and (self.suspension.until is None or us < self.suspension.until)

    def misfire(self, due, now, last):
        """(verdict, reason) of one that is too late, or (None, None): it runs all the same."""
        d = self.definition
        if d.misfire == "skip":
            return "missed_down", "skip"
        if now - due > d.window:
            return "missed_window", "window"
        if d.misfire == "one" and not last:
            return "missed_down", "stands"
        return None, None

    def jumped_over(self, due):
        """The last step of the clock that went over it went forward."""
        over = False
        for before, after in self.steps:
            if before < due <= after:
                over = True
            elif after < due <= before:
                over = False
        return over

    def overlap(self, catches_up):
        d = self.definition
        if not self.active and not self.waiting or catches_up and d.misfire == "all":
            return None
        if d.overlap == "skip":
            return "overlap"
        if d.overlap == "queueOne" and self.waiting:
            return "queueOne"
        return None

    def judge(self, due, now, last):
        self.frontier = max(self.frontier, due)
        if self.suspension and not self.suspended_at(due):
            self.suspension = None
        if self.suspended_at(due):
            entry = self.expect(due, now, "skipped_suspended")
            if entry and (entry.reason, entry.by, entry.since) != (
                    self.suspension.reason, self.suspension.by, self.suspension.since):
                self.fault(f"due {shown(due)}: it tells of another suspension: {entry.reason}")
            return
        late = now - due > ON_TIME
        if late:
            verdict, reason = self.misfire(due, now, last)
            if verdict:
                jumped = self.jumped_over(due)
                if jumped and verdict == "missed_down":
                    verdict = "missed_clock"
                entry = self.expect(due, now, verdict, reason)
                if entry and ("clock was set forward" in entry.reason) != jumped:
                    self.fault(f"due {shown(due)}: `{entry.reason}` and the clock {'jumped' if jumped else 'did not jump'}")
                return
        reason = self.overlap(late)
        if reason:
            entry = self.expect(due, now, "skipped_overlap", reason)
            if entry and entry.execution not in self.active:
                self.fault(f"due {shown(due)}: {entry.execution} stands in nobody's way")
            return
        entry = self.expect(due, now, "ran")
        if entry:
            self.add(entry.execution, "catchUp" if late else "trigger", due, now, True)

    def settle(self, now):
        """Everything that is due by now, at once."""
        while self.timetable.next is not None and self.timetable.next <= now:
            due = self.timetable.next
            self.timetable.advance()
            self.judge(due, now, self.timetable.next is None or self.timetable.next > now)

    def advance(self, to):
        """Time passes up to `to`, and who decides is there, or not."""
        while self.up and self.timetable and self.timetable.next is not None and self.timetable.next <= to:
            self.settle(self.timetable.next)

    # -- runs --

    def add(self, number, origin, due, now, conditional, stopped=False):
        if number in self.executions:
            self.fault(f"execution {number} stands for two due times")
            return
        e = self.executions[number] = Execution(number, self.definition, origin, due, now, conditional)
        if stopped:
            e.condition, e.end = None, now
            e.status = dict.fromkeys(e.status, "condition")
        else:
            self.take_turn(e, now)

    def take_turn(self, e, now):
        if self.definition.overlap == "allow" or not self.active:
            self.active.add(e.number)
            e.turn = now
        else:
            bisect.insort(self.waiting, e.number)

    def next_turn(self, now):
        number = self.waiting.pop(0)
        self.active.add(number)
        self.executions[number].turn = now

    def look_for_end(self, e, now):
        if e.end is not None or not e.has_ended():
            return
        e.end = now
        if e.number in self.waiting:
            self.waiting.remove(e.number)
            return
        self.active.discard(e.number)
        if self.waiting and not self.active and not self.deleted:
            self.next_turn(now)

    def task_begins(self, now, execution, task, attempt, is_condition):
        e = self.executions.get(execution)
        if not e:
            self.fault(f"execution {execution} begins at {shown(now)} and nothing asked for it")
            return
        name = None if is_condition else self.tasks.get(task, (None, None))[1]
        self.tasks[task] = (execution, name)
        if e.under_way.get(name) == attempt:
            return            # said again to a new runner
        if execution not in self.active:
            self.fault(f"execution {execution} begins at {shown(now)} and it is not its turn")
        elif not e.wants(name):
            self.fault(f"execution {execution}: `{name}` begins at {shown(now)} and must not")
        elif e.turn is not None and now != max(e.turn, self.up_since):
            self.fault(f"execution {execution} begins at {shown(now)}, its turn was at {shown(e.turn)}")
        e.turn = None
        e.attempt_begins(name, attempt)

    def release(self, now, task, attempt):
        if (task, attempt) in self.released:
            self.fault(f"task {task}: attempt {attempt} was released twice, the second time at {shown(now)}")
        self.released.add((task, attempt))
        execution, name = self.tasks.get(task, (None, None))
        e = self.executions.get(execution)
        if e and e.under_way.get(name) != attempt:
            self.fault(f"task {task}: attempt {attempt} was released and is not under way")

    def task_ends(self, now, task, attempt, outcome):
        execution, name = self.tasks.get(task, (None, None))
        e = self.executions.get(execution)
        if not e or e.under_way.get(name) != attempt:
            self.fault(f"task {task}: attempt {attempt} ended at {shown(now)} and was not under way")
            return
        e.attempt_ends(name, outcome)
        self.look_for_end(e, now)

    # -- what was done --

    def create(self, now, line):
        self.definition, self.created = Definition(line["definition"]), now
        past = [at for at in self.definition.one_shots if at <= now]
        self.timetable = Timetable(self.definition, min(past) - 1 if past else now, now)

    def end_suspension(self, now):
        """What changes a schedule finds a suspension over that is."""
        if self.suspension and not self.suspended_at(now):
            self.suspension = None

    def update(self, now, line):
        before, self.definition = self.definition, Definition(line["definition"])
        if self.definition.overlap == "allow":
            while self.waiting:
                self.next_turn(now)
        past = sorted(at for at in self.definition.one_shots - before.one_shots
                      if at <= now and not self.entry_is_settled(at))
        for i, due in enumerate(past):
            self.judge(due, now, i + 1 == len(past))
        self.timetable = Timetable(self.definition, max(now, self.frontier), self.created)

    def entry_is_settled(self, due):
        entry = self.entry_of(due)
        return bool(entry and entry.met)

    def suspend(self, now, line):
        reason, until, old = line.get("reason"), line.get("until"), self.suspension
        is_new = reason is not None and (not old or reason != old.reason)
        if not old or until != old.until or is_new:
            self.suspension = Suspension(0, now, until, reason if not old or is_new else old.reason)

    def done(self, now, error, number, line):
        what = line["do"]
        if error:
            return
        if what == "create":
            self.create(now, line)
        elif what != "cancel":   # that is about a run, not about what is due
            self.settle(now)
            if what in ("update", "suspend", "resume", "delete"):
                self.end_suspension(now)
        if what == "update":
            self.update(now, line)
        elif what == "suspend":
            self.suspend(now, line)
        elif what == "resume":
            self.suspension = None
        elif what == "delete":
            self.delete(now)
        elif what == "call":
            stopped = line.get("check") and self.definition.triggers and (
                self.suspended_at(now) or not self.definition.start <= now < self.definition.end)
            self.add(number, "call", None, now, line.get("check", False), bool(stopped))
        elif what == "cancel":
            self.cancel(now, number)
        elif what == "rerun":
            self.rerun(now, number)
        if self.up and not self.deleted:
            self.settle(now)

    def cancel(self, now, number):
        e = self.executions.get(number)
        if e and e.end is None:
            e.cancel()
            self.look_for_end(e, now)

    def rerun(self, now, task):
        e = self.executions.get(self.tasks[task][0])
        if not e:
            self.fault(f"task {task} runs again and nothing asked for its execution")
            return
        e.status[self.tasks[task][1]] = "pending"
        if e.end is not None:
            e.end = None
            self.take_turn(e, now)

    def delete(self, now):
        self.deleted = True
        for number in self.waiting[:]:
            self.executions[number].cancel()
            self.executions[number].end = now
        self.waiting.clear()
        self.timetable.next, self.timetable.times = None, iter(())

    def hear(self, now):
        for line in self.unheard:
            self.task_ends(*line)
        self.unheard.clear()

    # -- lines --

    def apply(self, line):
        kind, now = line[0], line[1]
        if kind == "did" and "key" not in line[4]:
            self.world(now, line[4])
            return
        if kind == "ended":
            self.advance(now - 1)
            end = (now, line[2], line[3], "failed" if line[4] else "succeeded")
            if self.up:
                self.task_ends(*end)
            else:
                self.unheard.append(end)
            return
        self.advance(now)
        if kind == "did":
            self.done(now, line[2], line[3], line[4])
        elif kind == "start":
            self.task_begins(now, *line[3:7])
        elif kind == "released":
            self.release(now, *line[2:4])
        elif kind == "swept":
            self.task_ends(now, line[2], line[3], "lost")

    def world(self, now, line):
        """Who decides goes or comes, or the clock is set."""
        step = line.get("us", 0)
        self.advance(now - step)
        if step:
            self.unseen_steps.append((now - step, now))
        if line["do"] == "down":
            self.up = False
        elif line["do"] == "up":
            self.up, self.up_since = True, now
        if self.up and line["do"] in ("up", "step"):
            self.steps += self.unseen_steps
            self.unseen_steps.clear()
            self.hear(now)
            if self.timetable:
                self.settle(now)

    # -- the end --

    def close(self):
        _, now, _, alive, next_due, active, waiting = self.closed
        self.advance(now)
        for entry in self.entries:
            if entry.met != entry.count:
                self.fault(f"entry {shown(entry.due)} to {shown(entry.to)}: {entry.verdict} of {entry.count} due "
                           f"times, {entry.met} were expected")
        if alive:
            if (self.timetable.next, len(self.active), len(self.waiting)) != (next_due, active, waiting):
                self.fault(f"next {shown(next_due)}, {active} active, {waiting} waiting at the end; expected "
                           f"{shown(self.timetable.next)}, {len(self.active)}, {len(self.waiting)}")
        for number in self.stored.keys() - self.executions.keys():
            self.fault(f"execution {number} was made for nothing")
        for number, e in self.executions.items():
            self.compare(number, e)

    def compare(self, number, e):
        what = f"execution {number}"
        if number not in self.stored:
            self.fault(f"{what} is not shown")
            return
        origin, due, triggered, _, end = self.stored[number]
        if (origin, due, triggered) != (e.origin, e.due, e.triggered):
            self.fault(f"{what}: {origin}, due {shown(due)}, triggered {shown(triggered)}; expected {e.origin}, "
                       f"{shown(e.due)}, {shown(e.triggered)}")
        if (end is None) != (e.end is None):
            self.fault(f"{what}: ended {shown(end)}; expected {shown(e.end)}")
        said_no = e.due is not None and (self.entry_of(e.due).verdict == "skipped_condition")
        if e.due is not None and said_no != e.said_no:
            self.fault(f"{what}, due {shown(e.due)}: its condition said {'yes' if said_no else 'no'} and the entry is "
                       f"{self.entry_of(e.due).verdict}")
        for _, _, task, name, status, _ in self.task_lines[number]:
            expected = e.status.get(name)
            if status != expected and not (expected == "under way" and status in ("starting", "running", "cancelling")):
                self.fault(f"{what}: `{name}` is {status}; expected {expected}")
        if e.end is None and self.up and number in self.active and not e.under_way:
            self.fault(f"{what} has its turn and nothing of it is under way")


# ---- a record ----

class Record:
    def __init__(self):
        self.schedules = {}
        self.events = collections.defaultdict(list)   # schedule -> lines
        self.world = []
        self.task_of = {}
        self.last_word = {}   # (task, attempt) -> place of the line that counts
        self.faults = []
        self.done = None

    def fault(self, text):
        self.faults.append(text)

    def schedule(self, number):
        if number not in self.schedules:
            self.schedules[number] = Schedule(number, self.fault)
        return self.schedules[number]

    def read(self, lines):
        for place, text in enumerate(lines):
            line = json.loads(text)
            getattr(self, "read_" + line[0], lambda *_: None)(place, line)

    def read_did(self, place, line):
        if "key" not in line[4]:
            self.world.append((place, line))
            return
        number = line[3]
        if line[4]["do"] == "create" and not line[2]:
            self.task_of[line[4]["key"]] = number
        number = self.task_of.get(line[4]["key"])
        if number is None:
            return            # it is not there yet
        self.schedule(number)
        self.events[number].append((place, line))

    def read_start(self, place, line):
        self.task_of[line[4]] = line[2]
        self.events[line[2]].append((place, line))

    def read_released(self, place, line):
        self.events[self.task_of[line[2]]].append((place, line))

    def read_ended(self, place, line):
        """An end that the runner took into its grave counts for nothing: the last line about an attempt does."""
        self.last_word[line[2], line[3]] = place
        self.events[self.task_of[line[2]]].append((place, line))

    read_swept = read_ended

    def read_ledger(self, _, line):
        self.schedule(line[1]).entries.append(Entry(*line[2:]))

    def read_execution(self, _, line):
        self.schedule(line[1]).stored[line[2]] = line[3:]
        self.task_of["execution", line[2]] = line[1]

    def read_task(self, _, line):
        s = self.schedules[self.task_of["execution", line[1]]]
        s.tasks[line[2]] = (line[1], line[3])
        s.task_lines[line[1]].append(line)

    def read_closed(self, _, line):
        self.schedule(line[2]).closed = line

    def read_done(self, _, line):
        self.done = line

    def counts(self, place, line):
        return line[0] not in ("ended", "swept") or self.last_word[line[2], line[3]] == place

    def check(self):
        """Judge each schedule by itself; answers how many due times had which verdict."""
        total = collections.Counter()
        if not self.done:
            self.fault("the record has no end")
            return total
        if self.done[2] or self.done[3] or not self.done[4]:
            self.fault(f"{self.done[2]} steps failed, {self.done[3]} complaints, the store is "
                       f"{'sound' if self.done[4] else 'damaged'}")
        for number, s in self.schedules.items():
            for place, line in heapq.merge(self.events.pop(number, []), self.world, key=lambda e: e[0]):
                if self.counts(place, line):
                    s.apply(line)
            s.close()
            total.update(s.counts)
        return total


def check(path):
    """(faults, counts) of a record."""
    record = Record()
    with open(path, encoding="utf-8") as lines:
        record.read(lines)
    counts = record.check()
    return record.faults, counts


def main():
    wrong = False
    for path in sys.argv[1:]:
        faults, counts = check(path)
        for text in faults[:SHOWN]:
            print(f"{path}: {text}")
        print(f"{path}: {sum(counts.values())} due times, {len(faults)} faults: " +
              ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common()))
        wrong |= bool(faults)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
