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
  - no attempt was released twice, none without its turn, none late while the engine was there; no two runs of a group
    at a time;
  - each task ended as its command and those before it say.
"""

import array
import bisect
import collections
import datetime
import heapq
import itertools
import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from due_times import EPOCH, cron_due_times, microseconds, rule_due_times, splitmix64  # noqa: E402
from exclusions import Calendar, excluding, first_free  # noqa: E402

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
        after = max(after, definition.start - 1)
        self.fill(heapq.merge(*(trigger_due_times(t, after, created) for t in definition.triggers)), definition.end)

    @classmethod
    def of(cls, times):
        self = cls.__new__(cls)
        self.fill(iter(times), NEVER)
        return self

    def fill(self, times, end):
        once = (due for due, _ in itertools.groupby(times))
        self.times = itertools.takewhile(lambda due: due < end, once)
        self.seen = collections.deque()   # looked at already
        self.advance()

    def advance(self):
        """The one at hand becomes the next after it."""
        self.next = self.seen.popleft() if self.seen else next(self.times, None)

    def following(self):
        """The one at hand and those after it."""
        if self.next is None:
            return
        yield self.next
        for at in itertools.count():
            if at == len(self.seen):
                due = next(self.times, None)
                if due is None:
                    return
                self.seen.append(due)
            yield self.seen[at]


def spread(schedule, due, jitter):
    """How much later than its due time a run starts: whole milliseconds, by chance that is always the same."""
    return splitmix64(splitmix64(schedule) ^ due) % (jitter // 1000 + 1) * 1000 if jitter else 0


# ---- what ----

class Definition:
    def __init__(self, d):
        self.triggers = d.get("triggers", [])
        self.start = instant(d["startDate"]) if d.get("startDate") else -NEVER
        self.end = instant(d["endDate"]) if d.get("endDate") else NEVER
        self.overlap = d.get("overlap", "skip")
        self.misfire = d.get("misfire", "one")
        self.misfire_max = d.get("misfireMax")
        self.window = duration(d.get("misfireWindow", "1h"))
        self.on_lost = d.get("onLost", "fail")
        self.jitter = duration(d.get("jitter", "0s"))
        self.max_runs = d.get("maxRuns")
        self.calendars = d.get("calendars", {}).get("exclude", [])
        self.defers = d.get("calendars", {}).get("onExcluded") == "defer"
        self.group = d.get("group")
        self.condition = d.get("condition")
        self.tasks = {t["name"]: t for t in d["tasks"]}
        self.retries = {name: Retries(t["retries"]) for name, t in self.tasks.items() if "retries" in t}
        self.one_shots = {at for at in (instant(t["at"]) for t in self.triggers if "at" in t)
                          if self.start <= at < self.end}


class Retries:
    """Which attempts that failed have another, and when."""

    def __init__(self, d):
        self.max = d["max"]
        self.delay = duration(d.get("delay", "10s"))
        self.factor = round(100 * d.get("factor", 2))
        self.longest = duration(d["maxDelay"]) if "maxDelay" in d else max(duration("1h"), self.delay)
        self.jitter = duration(d.get("jitter", "0s"))
        self.on = [tuple(int(n) for n in (text.split("-") * 2)[:2]) for text in d.get("on", ())]

    def follow(self, used, code):
        return used < self.max and (not self.on or any(low <= code <= high for low, high in self.on))

    def between(self, used, end):
        """From when to when the next one may be due after `used` of them."""
        delay = self.delay
        for _ in range(used):
            delay = min(delay * self.factor // 100, self.longest)
        low = end + min(delay, self.longest)
        return low, low + self.jitter


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
        self.replaced = False
        self.ordered = self.released = False   # a task of it
        self.begun = None     # where it got its place in a group
        self.verdicts = None  # what its entry may say, settled when it ends for the first time
        self.tries = collections.Counter()   # retries that a task had
        self.retry_at = {}    # name -> from when to when its next attempt may be due
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
            self.status[name] in ("pending", "retrying")

    def attempt_begins(self, name, attempt):
        self.under_way[name] = attempt
        self.retry_at.pop(name, None)
        if name is None:
            self.condition = "under way"
        else:
            self.ordered = True
            self.status[name] = "under way"

    def retry(self, name, code, end):
        """Has an attempt that failed another?"""
        retries = self.definition.retries.get(name)
        if not retries or not retries.follow(self.tries[name], code):
            return False
        self.retry_at[name] = retries.between(self.tries[name], end)
        self.tries[name] += 1
        return True

    def attempt_ends(self, name, outcome, code, end, last):
        """`outcome`: succeeded, failed, lost; `last`: whatever failed is not tried again."""
        self.under_way.pop(name, None)
        if name in self.cancelling:
            self.cancelling.discard(name)
            outcome = "cancelled"
        elif outcome == "lost" and self.definition.on_lost == "rerun":
            outcome = "pending"
        elif outcome == "failed" and not last and self.retry(name, code, end):
            outcome = "retrying"
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

    def settle_entry(self):
        """What is said of its due time now stands, whatever runs again."""
        if self.verdicts:
            return
        if self.said_no:
            self.verdicts = {"skipped_condition"}
        elif not self.replaced or self.released:
            self.verdicts = {"ran"}
        else:
            self.verdicts = {"ran", "skipped_overlap"} if self.ordered else {"skipped_overlap"}

    def goes_on(self):
        """Is there something of it that was not told to end?"""
        if self.condition is not None and None not in self.cancelling:
            return True
        return any(status not in ENDED and name not in self.cancelling for name, status in self.status.items())

    def cancel(self):
        self.retry_at.clear()
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
    "cap": "as many later ones run as misfireMax lets",
    "window": "misfireWindow",
    "overlap": "had not ended",
    "queueOne": "another waits already",
    "never free": "no time is free",
    "deferred stands": "a later due time stands for it",
    "replaced": "a later run took its place",
    "deleted": "was deleted",
    "used up": "all runs are over",
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
        self.calendars = {}
        self.deferred = None  # (due time, when it has its turn)
        self.place = 0        # of the line at hand in the record
        self.places = []      # that runs had in groups: (group, from, to, execution)
        self.reopened = set()  # executions that run again
        self.runs = 0         # that triggers caused
        self.up, self.clock, self.came = True, -NEVER, -NEVER
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
        # What a run came to later: compare() looks at it.
        if entry.verdict != verdict and not (verdict == "ran" and entry.execution and
                                             entry.verdict in ("skipped_condition", "skipped_overlap")):
            self.fault(f"{what}: {entry.verdict} ({entry.reason}), {verdict} was expected")
            return None
        if reason and (not entry.reason or REASONS[reason] not in entry.reason):
            self.fault(f"{what}: {verdict}: `{entry.reason}` is not the reason `{REASONS[reason]}`")
        self.counts[entry.verdict] += 1
        return entry

    # -- judging --

    def suspended_at(self, us):
        return self.suspension is not None and (self.suspension.until is None or us < self.suspension.until)

    def own_calendars(self):
        return [self.calendars[name] for name in self.definition.calendars]

    def excluded(self, us):
        return excluding(self.own_calendars(), us) if self.definition.calendars else []

    def firing(self, at):
        return at + spread(self.number, at, self.definition.jitter)

    def later_have_come(self, now, most):
        """Are there so many behind this one that no calendar keeps from running by now? Those deferred to one instant are one."""
        come = set()
        for due in self.timetable.following():
            if self.firing(due) > now:
                break
            at = first_free(self.own_calendars(), due)
            if at == due or at is not None and self.definition.defers and self.firing(at) <= now:
                come.add(at)
            if len(come) >= most:
                return True
        return False

    def misfire(self, late, now):
        """(verdict, reason) of one that is too late, or (None, None): it runs all the same."""
        d = self.definition
        if d.misfire == "skip":
            return "missed_down", "skip"
        if late > d.window:
            return "missed_window", "window"
        if d.misfire == "one" and self.later_have_come(now, 1):
            return "missed_down", "stands"
        if d.misfire == "all" and d.misfire_max and self.later_have_come(now, d.misfire_max):
            return "missed_cap", "cap"
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

    def is_suspended(self, due, at, now):
        """Its entry says so."""
        fires = min(self.firing(at), now)
        if self.suspension and not self.suspended_at(fires):
            self.suspension = None
        if not self.suspension:
            return False
        entry = self.expect(due, now, "skipped_suspended")
        if entry and (entry.reason, entry.by, entry.since) != (
                self.suspension.reason, self.suspension.by, self.suspension.since):
            self.fault(f"due {shown(due)}: it tells of another suspension: {entry.reason}")
        return True

    def expect_excluded(self, due, now, found, reason=None):
        entry = self.expect(due, now, "skipped_calendar", reason)
        if entry and found and not any(f'"{name}"' in entry.reason and text in entry.reason for name, text, _ in found):
            self.fault(f"due {shown(due)}: `{entry.reason}` is not why: {found}")

    def meet_calendars(self, due, at, now):
        """When its turn is; None: it has its entry, or waits."""
        found = self.excluded(at)
        if not found:
            return at
        free = first_free(self.own_calendars(), at) if self.definition.defers else None
        if not self.definition.defers:
            self.expect_excluded(due, now, found)
        elif free is None:
            self.expect_excluded(due, now, found, "never free")
        elif self.timetable.next is not None and self.timetable.next <= free:
            self.expect_excluded(due, now, found, "deferred stands")
        elif self.firing(free) > now:
            self.deferred = due, free
        else:
            return free
        return None

    def judge(self, due, at, now):
        """What becomes of a due time that has its turn at `at`."""
        self.frontier = max(self.frontier, due)
        if self.is_suspended(due, at, now):
            return
        turn = self.meet_calendars(due, at, now)
        if turn is None or turn != at and self.is_suspended(due, turn, now):
            return
        late = now - turn - self.definition.jitter
        if late > ON_TIME:
            verdict, reason = self.misfire(late, now)
            if verdict:
                self.expect_missed(due, turn, now, verdict, reason)
                return
        reason = self.overlap(late > ON_TIME)
        if reason:
            entry = self.expect(due, now, "skipped_overlap", reason)
            if entry and entry.execution not in self.active:
                self.fault(f"due {shown(due)}: {entry.execution} stands in nobody's way")
            return
        entry = self.expect(due, now, "ran")
        if entry:
            self.add(entry.execution, "catchUp" if late > ON_TIME else "trigger", due, now, True)
            if turn != due and entry.verdict == "ran" and not any(
                    word in (entry.reason or "") for word in ("deferred", REASONS["replaced"])):
                self.fault(f"due {shown(due)}: it ran deferred, and its entry does not say so: {entry.reason}")
        self.runs += 1
        if self.is_used_up():
            self.timetable = Timetable.of(())

    def expect_missed(self, due, turn, now, verdict, reason):
        jumped = self.jumped_over(self.firing(turn))
        if jumped and verdict == "missed_down":
            verdict = "missed_clock"
        entry = self.expect(due, now, verdict, reason)
        if entry and ("clock was set forward" in entry.reason) != jumped:
            self.fault(f"due {shown(due)}: `{entry.reason}` and the clock {'jumped' if jumped else 'did not jump'}")

    def is_used_up(self):
        return self.definition.max_runs is not None and self.runs >= self.definition.max_runs

    def turn(self):
        """What has its turn next, and when: (due time, turn); None: nothing."""
        if self.deferred:
            return self.deferred
        if self.timetable is None or self.timetable.next is None:
            return None
        return self.timetable.next, self.timetable.next

    def settle(self, now, hasten=False):
        """Everything that is due by now, at once; with `hasten` also what waits for its jitter."""
        while True:
            turn = self.turn()
            if not turn or (turn[1] if hasten else self.firing(turn[1])) > now:
                return
            if self.deferred:
                self.deferred = None
            else:
                self.timetable.advance()
            self.judge(*turn, now)

    def advance(self, to):
        """Time passes up to `to`, and who decides is there, or not."""
        while self.up and self.turn() and self.firing(self.turn()[1]) <= to:
            # One whose jitter is long may have held up those behind it.
            self.clock = max(self.clock, self.firing(self.turn()[1]))
            self.settle(self.clock)
        self.clock = to

    # -- runs --

    def add(self, number, origin, due, now, conditional, stopped=False):
        if number in self.executions:
            self.fault(f"execution {number} stands for two due times")
            return
        e = self.executions[number] = Execution(number, self.definition, origin, due, now, conditional)
        if stopped:
            e.condition, e.end = None, now
            e.status = dict.fromkeys(e.status, "condition")
            return
        if self.definition.overlap == "replace" and not self.asks_for_every_one(origin):
            self.replace(now, number)
        self.take_turn(e, now)

    def asks_for_every_one(self, origin):
        """Such a run takes nobody's place, and nobody takes its."""
        return origin == "catchUp" and self.definition.misfire == "all"

    def replace(self, now, by):
        """What has not ended is told to, and its entry will say so."""
        for number in sorted({*self.active, *self.waiting}, reverse=True):
            e = self.executions[number]
            if e.end is None and e.goes_on() and not self.asks_for_every_one(e.origin):
                e.replaced = True
                e.cancel()
                self.look_for_end(e, now)

    def leave_group(self, e):
        if e.begun is not None:
            self.places.append((e.definition.group, e.begun, self.place, e.number))
        e.begun = None

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
        e.settle_entry()
        self.leave_group(e)
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
        elif not e.wants(name) and not self.ends_waits(e, now, name):
            self.fault(f"execution {execution}: `{name}` begins at {shown(now)} and must not")
        elif name in e.retry_at:
            low, high = e.retry_at[name]
            if not low <= now <= high and not (low <= now == self.came):
                self.fault(f"execution {execution}: `{name}` is tried again at {shown(now)}, it was due from "
                           f"{shown(low)} to {shown(high)}")
        elif e.turn is not None and (now < e.turn and now < self.came if e.definition.group else now != e.turn):
            self.fault(f"execution {execution} begins at {shown(now)}, its turn was at {shown(e.turn)}")
        e.turn = None
        e.attempt_begins(name, attempt)
        if e.definition.group and e.begun is None:
            e.begun = self.place

    def ends_waits(self, e, now, name):
        """Nothing of a schedule that was deleted is tried again: does that let go what is after it?"""
        if self.deleted:
            for waits in [n for n, (low, _) in e.retry_at.items() if low <= now]:
                e.retry_at.pop(waits)
                e.status[waits] = "cancelled"
            e.settle_followers()
        return e.wants(name)

    def release(self, now, task, attempt):
        if (task, attempt) in self.released:
            self.fault(f"task {task}: attempt {attempt} was released twice, the second time at {shown(now)}")
        self.released.add((task, attempt))
        execution, name = self.tasks.get(task, (None, None))
        e = self.executions.get(execution)
        if e and e.under_way.get(name) != attempt:
            self.fault(f"task {task}: attempt {attempt} was released and is not under way")
        if e and name is not None:
            e.released = True

    def task_ends(self, now, task, attempt, code, end):
        """`code`: its exit code, or None: it is lost; `end`: when that was."""
        execution, name = self.tasks.get(task, (None, None))
        e = self.executions.get(execution)
        if not e or e.under_way.get(name) != attempt:
            self.fault(f"task {task}: attempt {attempt} ended at {shown(now)} and was not under way")
            return
        outcome = "lost" if code is None else "failed" if code else "succeeded"
        e.attempt_ends(name, outcome, code, end, self.deleted)
        self.look_for_end(e, now)

    # -- what was done --

    def create(self, now, line):
        self.definition, self.created = Definition(line["definition"]), now
        past = [at for at in self.definition.one_shots if at <= now]
        self.timetable = Timetable(self.definition, min(past) - 1 if past else now, now)
        self.clock = now

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
        if past and not self.deferred and not self.is_used_up():
            # They are late already, whatever their jitter.
            jitter, self.definition.jitter = self.definition.jitter, 0
            self.timetable = Timetable.of(past)
            self.settle(now)
            self.definition.jitter = jitter
        self.timetable = Timetable.of(()) if self.is_used_up() else \
            Timetable(self.definition, max(now, self.frontier), self.created)
        self.defer_again(now)

    def defer_again(self, now):
        """What is deferred has its turn when the calendars of now let it."""
        if not self.deferred:
            return
        due, self.deferred = self.deferred[0], None
        if self.is_used_up():
            self.expect_excluded(due, now, None, "used up")
            return
        turn = self.meet_calendars(due, now, now)
        if turn is not None:
            self.deferred = due, turn

    def entry_is_settled(self, due):
        entry = self.entry_of(due)
        return bool(entry and entry.met)

    def suspend(self, now, line):
        reason, until, old = line.get("reason"), line.get("until"), self.suspension
        is_new = reason is not None and (not old or reason != old.reason)
        if not old or until != old.until or is_new:
            self.suspension = Suspension(0, now, until, reason if not old or is_new else old.reason)

    def refuses(self, now, line):
        """May it be refused, by what the schedule is just now?"""
        what = line["do"]
        if what == "suspend":
            return line.get("until") is not None and line["until"] <= now
        if what == "update":
            # Past one-shots: while one is deferred, or where entries that are written would be taken apart.
            return any(at <= now and (self.deferred or self.entry_of(at))
                       for at in Definition(line["definition"]).one_shots - self.definition.one_shots)
        return False

    def done(self, now, error, number, line):
        what = line["do"]
        if line.get("refused") if not error else \
                error < 0 and not line.get("refused") and not self.refuses(now, line):
            self.fault(f"{what} at {shown(now)} is {'refused' if error else 'accepted'}")
        if error:
            return
        if what == "create":
            self.create(now, line)
        elif what != "cancel":   # that is about a run, not about what is due
            self.settle(now, hasten=what == "update")
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
                self.suspended_at(now) or self.is_used_up() or self.excluded(now) or
                not self.definition.start <= now < self.definition.end)
            self.add(number, "call", None, now, line.get("check", False), bool(stopped))
        elif what == "cancel":
            self.cancel(now, number)
        elif what == "rerun":
            self.rerun(now, number)
        if self.up and not self.deleted:
            self.settle(now)

    def calendar_changes(self, now, line):
        """Due times before are judged by it as it was."""
        uses = self.timetable is not None and not self.deleted and line["name"] in self.definition.calendars
        if uses:
            self.settle(now)
        self.calendars[line["name"]] = line["calendar"]
        if uses:
            self.defer_again(now)

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
        e.tries.pop(self.tasks[task][1], None)
        self.reopened.add(e.number)
        if e.end is not None:
            e.end = None
            self.take_turn(e, now)

    def delete(self, now):
        self.deleted = True
        for number in self.waiting[:]:
            self.executions[number].cancel()
            self.executions[number].end = now
            self.executions[number].settle_entry()
        self.waiting.clear()
        self.end_dues(now)

    def end_dues(self, now):
        """What is due and has no entry yet gets one that says why."""
        if self.deferred:
            self.expect_excluded(self.deferred[0], now, None, "deleted")
        self.deferred = None
        while self.timetable.next is not None and self.timetable.next <= now:
            self.expect(self.timetable.next, now, "skipped_suspended", "deleted")
            self.timetable.advance()
        self.timetable = Timetable.of(())

    def hear(self, now):
        for end, task, attempt, code in self.unheard:
            self.task_ends(now, task, attempt, code, end)
        self.unheard.clear()

    # -- lines --

    def apply(self, line):
        kind, now = line[0], line[1]
        if kind == "did" and "key" not in line[4]:
            self.world(now, line[4])
            return
        if kind == "ended":
            # The engine reads of an end before it looks at what is due; but who is told to end was told by then.
            self.advance(now if line[4] < 0 else now - 1)
            if self.up:
                self.task_ends(now, *line[2:5], now)
            else:
                self.unheard.append((now, *line[2:5]))
            return
        self.advance(now)
        if kind == "did":
            self.done(now, line[2], line[3], line[4])
        elif kind == "start":
            self.task_begins(now, *line[3:7])
        elif kind == "released":
            self.release(now, *line[2:4])
        elif kind == "swept":
            self.task_ends(now, line[2], line[3], None, now)

    def world(self, now, line):
        """Who decides goes or comes, or the clock is set."""
        step = line.get("us", 0)
        self.advance(now - step)
        self.clock = now
        if line["do"] == "calendar":
            self.calendar_changes(now, line)
        if step:
            self.unseen_steps.append((now - step, now))
        if line["do"] == "down":
            self.up = False
        elif line["do"] == "up":
            self.up = True
            for number in self.active:
                e = self.executions[number]
                e.turn = e.turn and now   # nobody could begin it before
        if self.up and line["do"] in ("up", "step"):
            self.came = now
            self.steps += self.unseen_steps
            self.unseen_steps.clear()
            self.hear(now)
        if self.up and line["do"] in ("up", "step", "calendar"):
            self.settle(now)

    # -- the end --

    def tell(self, line):
        """What the service shows at the end."""
        kind = line[0]
        if kind == "ledger":
            self.entries.append(Entry(*line[2:]))
        elif kind == "execution":
            self.stored[line[2]] = line[3:]
        elif kind == "task":
            self.tasks[line[2]] = (line[1], line[3])
            self.task_lines[line[1]].append(line)
        else:
            self.closed = line

    def close(self):
        _, now, _, alive, next_due, active, waiting = self.closed
        self.advance(now)
        for entry in self.entries:
            if entry.met != entry.count:
                self.fault(f"entry {shown(entry.due)} to {shown(entry.to)}: {entry.verdict} of {entry.count} due "
                           f"times, {entry.met} were expected")
        if alive:
            turn = self.turn()
            expected = (turn[1] if turn else None, len(self.active), len(self.waiting))
            if expected != (next_due, active, waiting):
                self.fault(f"next {shown(next_due)}, {active} active, {waiting} waiting at the end; expected "
                           f"{shown(expected[0])}, {expected[1]}, {expected[2]}")
        for number in self.stored.keys() - self.executions.keys():
            self.fault(f"execution {number} was made for nothing")
        for number, e in self.executions.items():
            self.compare(number, e, now)

    def compare(self, number, e, now):
        what = f"execution {number}"
        if number not in self.stored:
            self.fault(f"{what} is not shown")
            return
        origin, due, triggered, _, end = self.stored[number]
        if (origin, due, triggered) != (e.origin, e.due, e.triggered):
            self.fault(f"{what}: {origin}, due {shown(due)}, triggered {shown(triggered)}; expected {e.origin}, "
                       f"{shown(e.due)}, {shown(e.triggered)}")
        if self.deleted and e.end is None:
            self.ends_waits(e, now, None)
            self.look_for_end(e, now)
        if (end is None) != (e.end is None):
            self.fault(f"{what}: ended {shown(end)}; expected {shown(e.end)}")
        if e.due is not None:
            self.compare_entry(what, e, self.entry_of(e.due))
        for _, _, task, name, status, _ in self.task_lines[number]:
            expected = e.status.get(name)
            if expected == "retrying" and self.up and e.retry_at[name][1] < now:
                expected = "cancelled" if self.deleted else "tried again"
            if status != expected and not (expected == "under way" and status in ("starting", "running", "cancelling")):
                self.fault(f"{what}: `{name}` is {status}; expected {expected}")
        if e.end is None and self.up and number in self.active and not e.under_way and not e.retry_at and \
                not e.definition.group:
            self.fault(f"{what} has its turn and nothing of it is under way")

    def compare_entry(self, what, e, entry):
        """What the entry of a run says when it is over."""
        right = e.verdicts or {"ran"}
        if entry.verdict not in right:
            self.fault(f"{what}, due {shown(e.due)}: its entry is {entry.verdict} ({entry.reason}), expected {right}")
        says = REASONS["replaced"] in (entry.reason or "")
        if says and not e.replaced or entry.verdict == "skipped_overlap" and not says or \
                e.replaced and e.number not in self.reopened and not says and e.end is not None:
            self.fault(f"{what}, due {shown(e.due)}: it was {'' if e.replaced else 'not '}replaced and its entry says "
                       f"`{entry.reason}`")


# ---- a record ----

class Ids:
    """Whose a task or an execution is: numbers that lie close together, and a long history has millions."""

    def __init__(self):
        self.owners = array.array("Q")

    def __setitem__(self, number, owner):
        if number >= len(self.owners):
            self.owners.frombytes(bytes(8 * (number + 1 + len(self.owners) // 4 - len(self.owners))))
        self.owners[number] = owner

    def __getitem__(self, number):
        return self.owners[number] if number < len(self.owners) else 0


class Record:
    """Lines are sorted into a few files by schedule, and judged one file after the other: a long record is larger than
    memory."""

    FILES = 64

    def __init__(self, scratch):
        self.scratch = scratch
        self.files = [open(scratch / str(i), "w", encoding="utf-8") for i in range(self.FILES)]
        self.world = []       # (place, line) of what befalls all
        self.names = {}       # key of the scenario -> schedule
        self.schedule_of = Ids()
        self.faults = []
        self.done = None

    def fault(self, text):
        self.faults.append(text)

    def read(self, lines):
        for place, text in enumerate(lines):
            kind = text[2:text.index('"', 2)]
            if kind in ("did", "done"):
                getattr(self, "read_" + kind)(place, text, json.loads(text))
                continue
            # ["kind",N,N…: those that decide stand in front.
            numbers = text.split(",", 4)
            if kind == "start":
                owner = int(numbers[2])
                self.schedule_of[int(numbers[4].split(",", 1)[0])] = owner
            elif kind in ("released", "ended", "swept"):
                owner = self.schedule_of[int(numbers[2].rstrip("]\n"))]
            elif kind in ("ledger", "execution"):
                owner = int(numbers[1])
                if kind == "execution":
                    self.schedule_of[int(numbers[2])] = owner
            elif kind == "task":
                owner = self.schedule_of[int(numbers[1])]
            elif kind == "closed":
                owner = int(numbers[2])
            else:
                continue
            self.put(owner, place, text)

    def put(self, owner, place, text):
        self.files[owner % self.FILES].write(f"{owner} {place} {text}")

    def read_did(self, place, text, line):
        did = line[4]
        if did["do"] == "calendar":
            did["calendar"] = Calendar(did["definition"])
            if line[2]:
                self.fault(f"the calendar {did['name']} is refused: {line[5]}")
        if "key" not in did:
            self.world.append((place, line))
            return
        if did["do"] == "create":
            if bool(line[2]) != did.get("refused", False):
                self.fault(f"{did['key']} is {'refused: ' + line[5] if line[2] else 'accepted'} at {shown(line[1])}")
            if not line[2]:
                self.names[did["key"]] = line[3]
        number = self.names.get(did["key"])
        if number is not None:   # else it is not there yet
            self.put(number, place, text)

    def read_done(self, _, __, line):
        self.done = line

    # -- one file --

    def schedules(self, path):
        """Those of a file, each with its lines in order."""
        found, events, last_word = {}, collections.defaultdict(list), {}
        with open(path, encoding="utf-8") as lines:
            for text in lines:
                owner, place, text = text.split(" ", 2)
                owner, place, line = int(owner), int(place), json.loads(text)
                if owner not in found:
                    found[owner] = Schedule(owner, self.fault)
                s = found[owner]
                if line[0] in ("ledger", "execution", "task", "closed"):
                    s.tell(line)
                    continue
                if line[0] in ("ended", "swept"):
                    # An end that the runner took into its grave counts for nothing: the last line about an attempt does.
                    last_word[line[2], line[3]] = place
                events[owner].append((place, line))
        for owner, s in found.items():
            yield s, [(place, line) for place, line in events.pop(owner, ())
                      if line[0] not in ("ended", "swept") or last_word[line[2], line[3]] == place]

    def check_groups(self, places):
        """A group has one place: a run gets it after the one before has left it."""
        places.sort()
        for before, after in zip(places, places[1:]):
            if before[0] == after[0] and after[1] < before[2]:
                self.fault(f"group {before[0]}: executions {before[3]} and {after[3]} go on at once")

    def check(self):
        """Judge each schedule by itself; answers how many due times had which verdict."""
        total = collections.Counter()
        if not self.done:
            self.fault("the record has no end")
            return total
        if self.done[2] or self.done[3] or not self.done[4]:
            self.fault(f"{self.done[2]} steps failed, {self.done[3]} complaints, the store is "
                       f"{'sound' if self.done[4] else 'damaged'}")
        places = []
        for file in self.files:
            file.close()
            for s, events in self.schedules(file.name):
                for s.place, line in heapq.merge(events, self.world, key=lambda e: e[0]):
                    s.apply(line)
                s.close()
                total.update(s.counts)
                places += s.places
        self.check_groups(places)
        return total


def check(path):
    """(faults, counts) of a record."""
    with tempfile.TemporaryDirectory(prefix="carillon-") as scratch:
        record = Record(pathlib.Path(scratch))
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
