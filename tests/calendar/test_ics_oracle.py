"""What generated calendars in iCalendar's form exclude, compared with dateutil and zoneinfo.

ORACLE_SEED and ORACLE_EVENTS choose other events, and more.
"""

import datetime
import itertools
import os
import pathlib
import random
import subprocess
import zoneinfo

import dateutil.rrule

from due_times import DAY, EPOCH, instants, microseconds, random_rule

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EXCLUDED = REPOSITORY / os.environ.get("BUILD", "build") / "tests" / "excluded"
STEP = datetime.timedelta(minutes=5)
SPAN = 60 * DAY
# Clocks that change at midnight, by half an hour, behind the year's end, never; offsets that are no hours.
ZONES = ["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Pacific/Chatham",
         "Africa/Casablanca", "America/Santiago", "Asia/Kathmandu", "Asia/Tokyo", "UTC"]


# ---- an event, and its text ----

class Event:
    """One event by chance. Times are local ones; those of dates are their midnights."""

    def __init__(self, rng):
        self.dates = rng.random() < .25
        self.zone = None if self.dates or rng.random() < .3 else rng.choice(ZONES)
        self.calendar_zone = rng.choice(ZONES)
        grid = 1440 if self.dates else 5
        self.start = datetime.datetime(2016, 1, 1) + datetime.timedelta(minutes=rng.randrange(15 * 366 * 1440 // grid) * grid)
        self.whole_days = DAY * (rng.choice([1, 1, 2, 5]) if self.dates else rng.choice([0, 0, 0, 1, 3]))
        self.rest = STEP * (0 if self.dates else rng.randint(1, 287) if rng.random() < .5 else rng.randint(1, 20))
        self.local_length = self.whole_days + self.rest
        self.tells_end = rng.random() < .5 and not self.take_end()
        self.until = None
        self.rule = None if rng.random() < .1 else self.random_rule(rng)
        self.listed = [self.start + rng.randint(1, 200) * (DAY if self.dates else 7 * STEP) for _ in range(rng.choice([0, 0, 1, 3]))]
        series = list(itertools.islice(self.series(), 60))
        self.excepted = rng.sample(series, min(len(series), rng.choice([0, 0, 1, 5])))
        kept = [time for time in series if time not in self.excepted]
        self.moved = rng.choice(kept) if self.rule and kept and rng.random() < .3 else None
        self.moved_to = None if rng.random() < .4 else self.start + rng.randint(1, 50) * (DAY if self.dates else 11 * STEP)

    def take_end(self):
        """A local end is so many days of the calendar, and the rest is the real time that is left of the first."""
        end = self.start + self.local_length
        rest = self.instant(end) - self.instant(self.start + self.whole_days)
        if not 0 <= rest < microseconds(DAY):
            return True
        self.rest = datetime.timedelta(microseconds=rest)
        return False

    def random_rule(self, rng):
        rule = "FREQ=HOURLY"
        # Hour by hour, dateutil looks for the 31st of April until the years end.
        while "HOURLY" in rule and (self.dates or "BYMONTHDAY=31" in rule or rng.random() < .7):
            rule = random_rule(rng)
        parts = [part for part in rule.split(";") if not (self.dates and part.startswith(("BYHOUR", "BYMINUTE")))]
        # What begins at all lies on the grid.
        parts = ["BYMINUTE=5,50" if part.startswith("BYMINUTE") else part for part in parts]
        if "COUNT" not in rule and rng.random() < .4:
            self.until = self.start + rng.randint(0, 900) * (DAY if self.dates else 13 * STEP)
            parts.append(f"UNTIL={self.until_text()}")
        return ";".join(parts)

    def tz(self):
        return zoneinfo.ZoneInfo(self.zone or self.calendar_zone)

    def until_text(self):
        """As the standard wants it: in UTC where the start has a zone."""
        if self.dates:
            return f"{self.until:%Y%m%d}"
        return f"{self.until:%Y%m%dT%H%M%S}" + ("Z" if self.zone else "")

    def series(self):
        """The local times of rule and start, in order."""
        if not self.rule:
            return iter([self.start])
        rule = ";".join(part for part in self.rule.split(";") if not part.startswith("UNTIL"))
        times = iter(dateutil.rrule.rrulestr(rule, dtstart=self.start))
        if self.until and self.zone:
            last = microseconds(self.until - EPOCH)
            times = itertools.takewhile(lambda time: self.instant(time) <= last, times)
        elif self.until:
            times = itertools.takewhile(lambda time: time <= self.until, times)
        first = next(times, None)
        return itertools.chain([self.start], [] if first in (None, self.start) else [first], times)

    def instant(self, civil):
        return instants(civil, self.tz(), "after", "first")[0]

    def end_of(self, civil):
        return self.instant(civil + self.whole_days) + microseconds(self.rest)

    def time(self, name, civil):
        if self.dates:
            return f"{name};VALUE=DATE:{civil:%Y%m%d}"
        if self.zone == "UTC":
            return f"{name}:{civil:%Y%m%dT%H%M%S}Z"
        return f"{name}{f';TZID={self.zone}' if self.zone else ''}:{civil:%Y%m%dT%H%M%S}"

    def length(self, civil):
        if self.tells_end:
            return self.time("DTEND", civil + self.local_length)
        rest = f"T{self.rest // datetime.timedelta(hours=1)}H{self.rest // datetime.timedelta(minutes=1) % 60}M" if self.rest else ""
        return f"DURATION:P{self.whole_days.days}D{rest}"

    def lines(self):
        yield from ["BEGIN:VEVENT", "UID:one", "SUMMARY:by chance", self.time("DTSTART", self.start), self.length(self.start)]
        if self.rule:
            yield f"RRULE:{self.rule}"
        yield from (self.time("RDATE", time) for time in self.listed)
        yield from (self.time("EXDATE", time) for time in self.excepted)
        yield "END:VEVENT"
        if self.moved:
            to = self.moved_to or self.start
            yield from ["BEGIN:VEVENT", "UID:one", self.time("RECURRENCE-ID", self.moved), self.time("DTSTART", to), self.length(to)]
            yield from [] if self.moved_to else ["STATUS:CANCELLED"]
            yield "END:VEVENT"

    def text(self):
        return "".join(f"{line}\r\n" for line in ["BEGIN:VCALENDAR", "VERSION:2.0", *self.lines(), "END:VCALENDAR"])

    def excluded(self, start, end):
        """What it excludes from an instant to before another: begins and ends."""
        last = EPOCH + datetime.timedelta(microseconds=end) + 3 * DAY
        left_out = {*self.excepted, self.moved}
        found = [(self.instant(time), self.end_of(time)) for time in itertools.chain(itertools.takewhile(lambda time: time < last, self.series()), self.listed)
                 if time not in left_out]
        if self.moved and self.moved_to:
            end_of_moved = self.instant(self.moved_to + self.local_length) if self.tells_end else self.end_of(self.moved_to)
            found.append((self.instant(self.moved_to), end_of_moved))
        merged = []
        for begin, until in sorted(found):
            if until <= start or begin >= end or begin >= until:
                continue
            if merged and begin <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], until)
            else:
                merged.append([max(begin, start), until])
        return [tuple(one) for one in merged]


# ---- the comparison ----

def answers(asked):
    lines = []
    for event, start, end in asked:
        text = event.text()
        lines.append(f"{event.calendar_zone}|{start}|{end}|{microseconds(STEP)}|{len(text)}\n{text}")
    run = subprocess.run([EXCLUDED], input="".join(lines).encode(), capture_output=True, timeout=60, check=True)
    return run.stdout.decode().splitlines()


def test_what_a_calendar_excludes_is_what_dateutil_makes_of_it():
    seed = int(os.environ.get("ORACLE_SEED", "1"))
    rng = random.Random(seed)
    asked = []
    for _ in range(int(os.environ.get("ORACLE_EVENTS", "100"))):
        event = Event(rng)
        begin = event.start + rng.choice([-DAY, -DAY, 50 * DAY, rng.randrange(100 if "HOURLY" in (event.rule or "") else 1500) * DAY])
        asked.append((event, microseconds(begin - EPOCH), microseconds(begin + SPAN - EPOCH)))
    told = answers(asked)
    assert len(told) == len(asked)
    refused = some = 0
    for (event, start, end), answer in zip(asked, told):
        what = f"seed {seed}, {event.calendar_zone}, from {EPOCH + datetime.timedelta(microseconds=start)}:\n{event.text()}"
        if answer.startswith("error: "):
            assert "would never be due" in answer, f"{what}{answer}"
            refused += 1
            continue
        found = [tuple(map(int, one.split("-"))) for one in answer.split()]
        expected = event.excluded(start, end)
        # Where an end lies behind the last instant is another day's question.
        clip = [(begin, min(until, end)) for begin, until in found], [(begin, min(until, end)) for begin, until in expected]
        assert clip[0] == clip[1], what
        some += bool(expected)
    assert refused < len(asked) / 8 and some > len(asked) / 3
