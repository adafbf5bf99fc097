#!/usr/bin/python3
"""Makes a scenario for play.c: schedules of all kinds, and years of what befalls a scheduler.

    scenario.py SEED SCHEDULES YEARS      prints it, one JSON object a line, in the order of time

The same seed gives the same scenario. A line with "refused" is one that the service must refuse; no other may be refused. Most schedules are due daily, weekly or monthly, in twenty time zones and often at
the hours at which clocks are changed; some every few minutes for a day or two; some on a few dates. Commands take seconds,
hours, or longer than it is until the next due time. What befalls them: outages of seconds to weeks, with calls and edits
while nobody decides; a runner lost with or without its commands; crashes at any point of the engine and the runner; clocks
that are set forward and back and right again; edits, suspensions with and without an end, calls, cancels, runs again,
deletions.
"""

import datetime
import json
import pathlib
import random
import sys

import dateutil.rrule

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "support")]

from check import Definition, Timetable, duration  # noqa: E402
from due_times import EPOCH, microseconds, random_rule  # noqa: E402

BEGIN = microseconds(datetime.datetime(2026, 1, 1) - EPOCH)
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
YEAR = 365 * DAY
LATEST = datetime.datetime(2040, 1, 1)

# Gaps at midnight, at one, two and three; half an hour; both hemispheres; changes beside DST; none at all.
ZONES = """UTC Europe/Amsterdam Europe/London Europe/Lisbon America/New_York America/Los_Angeles America/St_Johns
America/Havana America/Santiago America/Asuncion America/Nuuk Asia/Beirut Asia/Jerusalem Asia/Kolkata Asia/Tokyo
Africa/Casablanca Africa/Cairo Australia/Sydney Australia/Lord_Howe Pacific/Chatham Pacific/Apia Antarctica/Troll""".split()


def instant(us):
    return (EPOCH + datetime.timedelta(milliseconds=us // 1000)).isoformat(timespec="milliseconds") + "Z"


# ---- calendars ----

CALENDARS = ["weekends", "nights", "office", "holidays", "month ends", "always"]


def calendar(rng, name):
    """One of these names, not the same each time."""
    zone = rng.choice(ZONES)
    clock = f"{rng.choice(['22:00', '21:30', '00:00'])}-{rng.choice(['06:00', '03:30', '02:00'])}"
    year = rng.randint(2026, 2036)
    month = rng.randint(1, 11)
    entries = {
        "weekends": [{"text": "weekend", "weekly": rng.choice(["Sat,Sun", "Fri-Sun", "Sun"])}],
        "nights": [{"text": "night", "weekly": clock}, {"text": "long night", "weekly": f"Fri,Mon {clock}"}],
        "office": [{"text": "office hours", "weekly": rng.choice(["Mon-Fri 08:00-18:00", "Tue-Thu 00:00-12:30"])}],
        "holidays": [
            {"text": "Christmas", "yearly": "12-24", "to": rng.choice(["12-26", "01-02"])},
            {"text": "leap day", "yearly": "02-29"},
            {"text": "stocktaking", "date": f"{year}-{month:02}-10", "to": f"{year}-{month + 1:02}-03"},
            {"text": "the move", "from": f"{year}-{month:02}-27T20:00:00Z", "to": f"{year}-{month + 1:02}-02T04:00:00Z"}],
        "month ends": [
            {"text": "month's end", "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1", "start": "2026-01-31T18:00:00",
             "duration": rng.choice(["8h", "30h", "2d"]), "except": ["2026-08-31T18:00:00"]},
            {"text": "mid month", "rrule": "FREQ=MONTHLY;BYMONTHDAY=15", "start": "2026-01-15T00:00:00", "duration": "1d"}],
        "always": [{"text": "never", "weekly": "Mon-Sun"}] if rng.random() < .5 else
                  [{"text": "even days", "rrule": "FREQ=DAILY;INTERVAL=2", "start": "2026-01-02T12:00:00", "duration": "24h"}],
    }[name]
    return {"name": name, "timeZone": zone, "entries": entries}


# ---- definitions ----

IMPOSSIBLE = [{"cron": "0 0 30 2 *", "timeZone": "Asia/Tokyo"}, {"cron": "0 0 0 1 1 * 1999-2024", "timeZone": "UTC"},
              {"rrule": "FREQ=DAILY;UNTIL=20240101T000000", "start": "2001-01-01T10:00:00", "timeZone": "Africa/Cairo"},
              {"cron": "0 0 31 4,6,9,11 *", "timeZone": "UTC"}]


def is_never_due(definition, now):
    """A trigger that is never due any more is refused; a one-shot that is past is not."""
    whole = Definition(definition)
    for trigger in definition["triggers"]:
        if trigger in IMPOSSIBLE:
            return True
        if "at" in trigger:
            at = microseconds(datetime.datetime.fromisoformat(trigger["at"][:-1]) - EPOCH)
            if not whole.start <= at < whole.end:
                return True
        # All others go on for ever.
        elif "endDate" in definition and Timetable(Definition({**definition, "triggers": [trigger]}), now, now).next is None:
            return True
    return False


class Maker:
    def __init__(self, rng, end):
        self.rng = rng
        self.end = end

    def zone(self):
        rng = self.rng
        z = {"timeZone": rng.choice(ZONES)}
        if rng.random() < .4:
            z["dstGap"] = rng.choice(["after", "skip"])
        if rng.random() < .5:
            z["dstFold"] = rng.choice(["first", "second", "both"])
        return z

    def cron(self):
        rng = self.rng
        minute, hour = rng.choice([0, 0, 5, 15, 30, 30, 59, rng.randrange(60)]), rng.choice([0, 0, 1, 1, 2, 2, 2, 3, rng.randrange(24)])
        days = rng.choice(["* * *"] * 3 + ["* * 1-5", "* * 0", f"* * {rng.randint(0, 7)}", f"{rng.randint(1, 31)} * *",
                          "1,15 * *", "L * *", "LW * *", f"{rng.randint(1, 28)}W * *", f"* * {rng.randint(0, 6)}#{rng.randint(1, 5)}",
                          f"* * {rng.randint(0, 6)}L", "* 3,4,9-11 *", "*/10 * *", f"{rng.randint(1, 31)} */3 {rng.randint(0, 6)}"])
        times = f"{minute} {hour}" if rng.random() < .9 else f"{minute},59 {hour},{(hour + 1) % 24}"
        expression = f"{times} {days}"
        if rng.random() < .1:
            expression = f"{rng.choice([0, 30])} {expression}"
        return {"cron": expression, **self.zone()}, DAY

    def every(self, now):
        period = self.rng.choice([20 * HOUR, 36 * HOUR, 2 * DAY, 7 * DAY, 11 * DAY + 7 * SECOND])
        return {"every": f"{period // SECOND}s", "anchor": instant(now - self.rng.randrange(30 * DAY))}, period

    def rule(self, now):
        while True:
            rule = random_rule(self.rng)
            start = EPOCH + datetime.timedelta(microseconds=now - self.rng.randrange(60 * DAY))
            start = start.replace(second=0, microsecond=0, hour=self.rng.choice([0, 1, 2, 3, 17]))
            # Not too often; and what no year has would be refused.
            if not any(word in rule for word in ("HOURLY", "BYMINUTE=", "BYHOUR=", "COUNT")) and \
                    next(iter(dateutil.rrule.rrulestr(rule, dtstart=start)), LATEST).year < LATEST.year:
                break
        return {"rrule": rule, "start": start.isoformat(), **self.zone()}, DAY

    def busy(self, now):
        """Often, but not for long: it has an end."""
        rng = self.rng
        period = rng.choice([MINUTE, 5 * MINUTE, 20 * MINUTE])
        if rng.random() < .5:
            return {"every": f"{period // SECOND}s", "anchor": instant(now)}, period
        return {"cron": f"*/{period // MINUTE} * * * *" if period > MINUTE else "* * * * *", **self.zone()}, period

    def triggers(self, now):
        """(triggers, how far due times are apart, bounds)."""
        rng, kind = self.rng, self.rng.random()
        if rng.random() < .02:
            return [rng.choice(IMPOSSIBLE)], DAY, {}
        if kind < .55:
            found = [self.cron()]
        elif kind < .65:
            found = [self.every(now)]
        elif kind < .75:
            found = [self.rule(now)]
        elif kind < .82:
            found = [self.cron(), rng.choice([self.cron(), self.every(now), self.rule(now)])]
        elif kind < .92:
            start = now + rng.randrange(max(1, min(self.end - now, YEAR)))
            life = rng.choice([HOUR, 6 * HOUR, DAY])
            trigger, period = self.busy(start)
            return [trigger], period, {"startDate": instant(start), "endDate": instant(start + life)}
        else:
            # Some are past already.
            found = [({"at": instant(now + rng.choice([rng.randrange(400 * DAY), rng.randrange(400 * DAY), -rng.randrange(2 * HOUR)]))}, DAY)
                     for _ in range(rng.randint(1, 6))]
        bounds = {}
        if rng.random() < .1:
            bounds["startDate"] = instant(now + rng.randrange(-DAY, 200 * DAY))
        if rng.random() < .1:
            bounds["endDate"] = instant(now + rng.randrange(201 * DAY, 900 * DAY))
        return [t for t, _ in found], min(p for _, p in found), bounds

    def command(self, takes, spread, fails):
        return ["/bin/sim", str(takes), str(spread), str(fails)]

    def tasks(self, overlap, period):
        rng, kind = self.rng, self.rng.random()
        if kind < .6:
            takes, spread = rng.randint(1, 600) * SECOND, rng.choice([0, 5 * MINUTE])
        elif kind < .85 or overlap in ("queue", "queueOne"):
            takes, spread = period // 4, period // 2
        else:
            takes, spread = period // 2, 2 * period
        fails = rng.choice([0, 0, 100, 500])
        tasks = [{"name": "first", "command": self.command(takes, spread, fails), **self.retries(period)}]
        for i, name in enumerate(["second", "third"][:rng.choice([0] * 7 + [1, 1, 2])]):
            task = {"name": name, "command": self.command(SECOND * rng.randint(1, 100), 0, rng.choice([0, 300])),
                    **self.retries(period)}
            before = rng.sample([t["name"] for t in tasks], rng.randint(0, i + 1))
            if before:
                task["after"] = [{"task": b, "when": rng.choice(["succeeded", "succeeded", "failed", "always"])} for b in before]
                task["afterMatch"] = rng.choice(["all", "any"])
            tasks.append(task)
        return tasks

    def retries(self, period):
        rng = self.rng
        if rng.random() < .7:
            return {}
        retries = {"max": rng.choice([1, 2, 3, 5]), "delay": rng.choice(["1s", "10s", "7m", f"{period // SECOND // 3}s"])}
        if rng.random() < .5:
            retries["factor"] = rng.choice([1, 1.5, 3, 10])
        if rng.random() < .4:
            retries["maxDelay"] = rng.choice(["15s", "20m", "2h"])
            if duration(retries["delay"]) > duration(retries["maxDelay"]):
                del retries["maxDelay"]
        if rng.random() < .5:
            retries["jitter"] = rng.choice(["1s", "5m"])
        if rng.random() < .4:
            retries["on"] = rng.choice([["1"], ["2-3"], ["1", "3"], ["64-78"]])
        return {"retries": retries}

    def seldom(self, period):
        """What most schedules do without."""
        rng, more = self.rng, {}
        if rng.random() < .15:
            more["jitter"] = rng.choice(["20s", "5m", "45m", "6h"] + [f"{min(period // SECOND * 2, 86400)}s"])
        if rng.random() < .1:
            more["maxRuns"] = rng.choice([1, 3, 20, 100])
        if rng.random() < .2:
            more["misfireMax"] = rng.choice([1, 2, 5, 40])
        if rng.random() < .12:
            more["group"] = rng.choice(["one", "other"])
        if rng.random() < .2:
            more["priority"] = rng.randint(-9, 9)
        if rng.random() < .2:
            more["calendars"] = {"exclude": rng.sample(CALENDARS, rng.choice([1, 1, 2])),
                                 "onExcluded": rng.choice(["skip", "defer", "defer"])}
        return more

    def definition(self, name, now):
        rng = self.rng
        triggers, period, bounds = self.triggers(now)
        overlap = rng.choice(["skip", "queueOne", "queue", "allow", "replace"])
        d = {"name": name, "triggers": triggers, **bounds, "overlap": overlap,
             "misfire": rng.choice(["one", "skip", "all"]), "misfireWindow": rng.choice(["0s", "10m", "1h", "12h", "3d", "60d"]),
             "onLost": rng.choice(["fail", "rerun"]), "tasks": self.tasks(overlap, period), **self.seldom(period)}
        if rng.random() < .12:
            d["condition"] = {"command": self.command(SECOND * rng.randint(1, 30), 0, 400)}
        return d


# ---- what befalls ----

class Scenario:
    """Draws what happens, as (time, order, line); times are those of a clock that is never set, and lines get the
    clock's own when they are printed."""

    def __init__(self, seed, schedules, years):
        self.rng = random.Random(seed)
        self.end = BEGIN + int(years * YEAR)
        self.maker = Maker(self.rng, self.end)
        self.lines = []
        self.names = []
        self.make_calendars()
        self.make_schedules(schedules)
        self.make_outages(years)
        self.make_crashes(years)
        self.make_steps(years)

    def add(self, at, what, **more):
        if at < self.end:
            self.lines.append((at, len(self.lines), {"do": what, **more}))

    def whenever(self, after=BEGIN):
        return self.rng.randrange(after, max(self.end, after + 1))

    def times(self, a_year, after):
        """So many chances a year after an instant."""
        expected = a_year * (self.end - after) / YEAR
        return [self.whenever(after) for _ in range(int(expected + self.rng.random()))]

    def make_calendars(self):
        for name in CALENDARS:
            for at in [BEGIN, *self.times(2, BEGIN + 1)]:
                self.add(at, "calendar", name=name, definition=calendar(self.rng, name))

    def make_schedules(self, count):
        rng = self.rng
        for i in range(count):
            key = f"schedule {i}"
            born = BEGIN + rng.randrange(28 * DAY) if rng.random() < .8 else self.whenever()
            self.add(born, "create", key=key, definition=self.maker.definition(key, born))
            for at in self.times(1.5, born + 1):
                self.add(at, "update", key=key, definition=self.maker.definition(key, at))
            for at in self.times(2, born + 1):
                self.suspend(key, at)
            for at in self.times(6, born + 1):
                self.add(at, "call", key=key, check=rng.random() < .5)
            for at in self.times(6, born + 1):
                self.add(at, rng.choice(["cancel", "cancel", "rerun"]), key=key)
            if rng.random() < .1:
                self.add(self.whenever(born + 1), "delete", key=key)

    def suspend(self, key, at):
        rng = self.rng
        reason = {"reason": rng.choice(["maintenance", "holiday", "why not"])} if rng.random() < .7 else {}
        if rng.random() < .5:
            reason["until"] = at + rng.choice([HOUR, DAY, 10 * DAY, 60 * DAY])
        self.add(at, "suspend", key=key, **reason)
        if "until" not in reason or rng.random() < .3:
            self.add(at + rng.choice([MINUTE, 5 * HOUR, 3 * DAY, 30 * DAY]), "resume", key=key)

    def make_outages(self, years):
        """Some schedules are touched while nobody decides: what they have due is settled then."""
        rng, at = self.rng, BEGIN + DAY
        names = sorted({line["key"] for _, _, line in self.lines if "key" in line})
        while at < self.end:
            lasts = rng.choice([5 * SECOND, 40 * SECOND, 10 * MINUTE, 3 * HOUR, 30 * HOUR, 4 * DAY, 16 * DAY])
            self.add(at, "down")
            for _ in range(rng.randint(0, 4)):
                self.add(at + rng.randrange(lasts), "call", key=rng.choice(names), check=rng.random() < .5)
            if rng.random() < .4:
                self.add(at + rng.randrange(lasts), "loseRunner", power=rng.random() < .5)
            self.add(at + lasts, "up")
            at += lasts + rng.randrange(DAY, 40 * DAY)

    def make_crashes(self, years):
        rng = self.rng
        for at in self.times(60, BEGIN):
            self.add(at, "crash", scheduler=rng.choice([0, rng.randint(1, 40)]), runner=rng.choice([0, 0, rng.randint(1, 30)]),
                     together=rng.random() < .3, power=rng.random() < .3, noLastStep=rng.random() < .5)

    def make_steps(self, years):
        """The clock goes wrong for a while, and is set right."""
        rng, at = self.rng, BEGIN + 3 * DAY
        while at < self.end - 40 * DAY:
            us = rng.choice([-1, 1]) * rng.choice([2 * SECOND, 45 * SECOND, 20 * MINUTE, HOUR, 5 * HOUR, 3 * DAY])
            lasts = rng.choice([MINUTE, 3 * HOUR, 2 * DAY, 20 * DAY])
            self.add(at, "step", us=us)
            self.add(at + lasts, "step", us=-us)
            at += lasts + rng.randrange(5 * DAY, 120 * DAY)

    @staticmethod
    def by_clock(line, now, wrong):
        """What the line is when the clock goes wrong by so much."""
        if "until" in line:
            return {**line, "until": line["until"] + wrong}
        if line["do"] in ("create", "update") and is_never_due(line["definition"], now):
            return {**line, "refused": True}
        return line

    def __iter__(self):
        wrong = 0
        for at, _, line in sorted(self.lines, key=lambda entry: entry[:2]):
            now = at + wrong
            yield {"at": now, **self.by_clock(line, now, wrong)}
            wrong += line["us"] if line["do"] == "step" else 0
        yield {"at": self.end + wrong, "do": "end"}


def main():
    seed, schedules, years = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    for line in Scenario(seed, schedules, years):
        print(json.dumps(line, separators=(",", ":")))


if __name__ == "__main__":
    main()
