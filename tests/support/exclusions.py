"""What named calendars exclude, worked out in a second way: by the words of fcgi/API.md, "Calendars".

Nothing here looks at the server's code. An instant is excluded by a date, a yearly date or a weekly window when the clock of
the zone shows it then; by a rule when one of its windows, laid out from the rule's local times, has it.
"""

import bisect
import datetime
import itertools
import re
import zoneinfo

from due_times import DAY, EPOCH, gap_end, microseconds, offset_at, rule_due_times

UNITS = {"m": 60, "h": 3600, "d": 86400}
NAMES = "Mon Tue Wed Thu Fri Sat Sun".split()
# One entry after the other, so often: then nothing is free.
CHAIN = 1000
WINDOWS_UNTIL = microseconds(datetime.datetime(2045, 1, 1) - EPOCH)


def instant(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return microseconds(moment.astimezone(datetime.timezone.utc).replace(tzinfo=None) - EPOCH)


def day_of(date):
    return datetime.datetime.combine(date, datetime.time())


class Local:
    """An entry that is read off the clock."""

    def __init__(self, entry, zone):
        self.zone = zone
        self.text = entry["text"]
        if "date" in entry:
            self.first = datetime.date.fromisoformat(entry["date"])
            self.last = datetime.date.fromisoformat(entry.get("to", entry["date"]))
            self.end = self.end_of_dates
        elif "yearly" in entry:
            self.first, self.last = (tuple(map(int, t.split("-"))) for t in (entry["yearly"], entry.get("to", entry["yearly"])))
            self.end = self.end_of_yearly
        else:
            self.windows = list(self.weekly(entry["weekly"]))
            self.end = self.end_of_weekly

    def end_of_dates(self, civil):
        return day_of(self.last) + DAY if self.first <= civil.date() <= self.last else None

    def has_yearly(self, date):
        at = (date.month, date.day)
        return self.first <= at <= self.last if self.first <= self.last else at >= self.first or at <= self.last

    def end_of_yearly(self, civil):
        date = civil.date()
        if not self.has_yearly(date):
            return None
        while self.has_yearly(date):
            date += DAY
        return day_of(date)

    @staticmethod
    def weekly(text):
        """(weekday, from, to) in minutes; one over midnight ends behind 24:00."""
        days, span = re.fullmatch(r"([A-Za-z,-]*)\s*(\S*:\S*)?", text).groups()
        begin, end = 0, 24 * 60
        if span:
            begin, end = (int(h) * 60 + int(m) for h, m in (t.split(":") for t in span.split("-")))
            end += 24 * 60 if end <= begin else 0
        for part in days.split(",") if days else ["Mon-Sun"]:
            first, _, last = part.partition("-")
            at = NAMES.index(first)
            while True:
                yield at, begin, end
                if NAMES[at] == (last or first):
                    break
                at = (at + 1) % 7

    def end_of_weekly(self, civil):
        for back, (weekday, begin, end) in itertools.product((0, 1), self.windows):
            day = day_of(civil.date()) - back * DAY
            if day.weekday() == weekday and \
                    day + datetime.timedelta(minutes=begin) <= civil < day + datetime.timedelta(minutes=end):
                return day + datetime.timedelta(minutes=end)
        return None

    def until(self, us):
        """When the window ends that has the instant; None: none has it."""
        civil = EPOCH + datetime.timedelta(microseconds=us) + offset_at(self.zone, us)
        end = self.end(civil)
        if end is None:
            return None
        free = us + microseconds(end - civil)
        if offset_at(self.zone, free) == offset_at(self.zone, us):
            return free
        # The clock is changed meanwhile: what it shows then decides.
        change = gap_end(self.zone, us, free)
        return self.until(change) or change


class Range:
    def __init__(self, entry, _):
        self.text, self.begin, self.end = entry["text"], instant(entry["from"]), instant(entry["to"])

    def until(self, us):
        return self.end if self.begin <= us < self.end else None


class Rule:
    def __init__(self, entry, zone):
        self.text = entry["text"]
        n, unit = re.fullmatch(r"(\d+)([mhd])", entry["duration"]).groups()
        # Whole days are days of the local calendar, however they are written; the rest is real time.
        days, rest = divmod(int(n) * UNITS[unit], UNITS["d"])
        begin = datetime.datetime.fromisoformat(entry["start"])
        left_out = {at for text in entry.get("except", ()) for at in
                    rule_due_times("FREQ=YEARLY;COUNT=1", datetime.datetime.fromisoformat(text), zone.key, "after", "first", 0)}
        self.begins, self.ends = [], []
        for at in rule_due_times(entry["rrule"], begin, zone.key, "after", "first", 0):
            if at > WINDOWS_UNTIL:
                break
            if at in left_out:
                continue
            self.begins.append(at)
            self.ends.append((self.later(at, days, zone) if days else at) + rest * 1_000_000)

    @staticmethod
    def later(us, days, zone):
        """So many days of the local calendar behind an instant."""
        civil = EPOCH + datetime.timedelta(microseconds=us) + offset_at(zone, us) + days * DAY
        return next(rule_due_times("FREQ=YEARLY;COUNT=1", civil, zone.key, "after", "first", 0))

    def until(self, us):
        at = bisect.bisect_right(self.begins, us) - 1
        return self.ends[at] if at >= 0 and us < self.ends[at] else None


class Calendar:
    def __init__(self, definition):
        self.name = definition["name"]
        self.entries = []
        for entry in definition["entries"]:
            kind = Range if "from" in entry else Rule if "rrule" in entry else Local
            self.entries.append(kind(entry, zoneinfo.ZoneInfo(entry.get("timeZone", definition["timeZone"]))))


def excluding(calendars, us):
    """[(calendar's name, entry's text, until when)] of all that exclude an instant."""
    found = ((c.name, e.text, e.until(us)) for c in calendars for e in c.entries)
    return [each for each in found if each[2] is not None]


def first_free(calendars, us):
    """The first instant from `us` on that nothing excludes; None: there is none for years."""
    for _ in range(CHAIN):
        found = excluding(calendars, us)
        if not found:
            return us
        us = max(until for _, _, until in found)
    return None
