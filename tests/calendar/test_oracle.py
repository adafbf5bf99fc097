"""Due times of generated cron triggers, compared with an oracle that shares no code with them.

The oracle tries each minute of each matching civil day in turn and asks Python's zoneinfo for the instants at
which the clocks showed it. ORACLE_SEED and ORACLE_CASES choose other cases, and more.
"""

import calendar
import datetime
import itertools
import os
import pathlib
import random
import subprocess
import zoneinfo

import dateutil.rrule

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DUE = REPOSITORY / os.environ.get("BUILD", "build") / "tests" / "due"

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)
DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)
LAST_YEAR = 2160

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "sun mon tue wed thu fri sat".split()
# Low, high, names and the value of the first name: minute, hour, day, month, weekday, second, year.
FIELDS = [(0, 59, [], 0), (0, 23, [], 0), (1, 31, [], 0), (1, 12, MONTHS, 1), (0, 7, WEEKDAYS, 0), (0, 59, [], 0),
          (1970, 2099, [], 0)]


def split(expression):
    """The fields of an expression in the order of FIELDS; None for years that it does not have."""
    fields = expression.split()
    if len(fields) == 5:
        return fields + ["0", None]
    return fields[1:6] + fields[:1] + (fields[6:] or [None])


# ---- what an expression means ----

def value_of(text, field):
    low, high, names, first = field
    return names.index(text.lower()) + first if text.lower() in names else int(text)


def plain(element, field):
    """Does the element name values that are the same in every month?"""
    rest = element.upper()
    for name in field[2]:
        rest = rest.replace(name.upper(), "")
    return not any(letter in rest for letter in "LW#")


def nearest_weekday(year, month, day):
    """The Monday to Friday of the month with the smallest distance to a day of it."""
    length = calendar.monthrange(year, month)[1]
    working = [d for d in range(1, length + 1) if datetime.date(year, month, d).isoweekday() <= 5]
    return min(working, key=lambda d: abs(d - day))


def special_dates(element, date):
    """The days of the date's month that an element such as L-3 or 15W means."""
    length = calendar.monthrange(date.year, date.month)[1]
    text = element.upper()
    if text == "LW":
        return {nearest_weekday(date.year, date.month, length)}
    if text.startswith("L"):
        return {length - int(text[2:] or 0)}
    day = int(text[:-1])
    return {nearest_weekday(date.year, date.month, day)} if day <= length else set()


def special_weekday(element, date):
    """Does an element such as FRIL or 5#2 mean this date?"""
    length = calendar.monthrange(date.year, date.month)[1]
    text, _, nth = element.upper().partition("#")
    weekday = value_of(text if nth else text[:-1], FIELDS[4]) % 7
    days = [d for d in range(1, length + 1) if datetime.date(date.year, date.month, d).isoweekday() % 7 == weekday]
    return date.day == days[-1] if not nth else days.index(date.day) + 1 == int(nth) if date.day in days else False


def values_of(text, field):
    values = set()
    for element in text.replace("?", "*").split(","):
        if not plain(element, field):
            continue
        span, _, step = element.partition("/")
        low, high = field[0], field[1]
        if span != "*":
            begin, _, end = span.partition("-")
            low = value_of(begin, field)
            # Sunday's second number is not reached by steps.
            high = value_of(end, field) if end else low if not step else max(low, 6) if high == 7 else high
        values.update(range(low, high + 1, int(step or 1)))
    return values


def day_matches(date, fields):
    weekdays = {value % 7 for value in values_of(fields[4], FIELDS[4])}
    by_date = date.day in values_of(fields[2], FIELDS[2]) or any(
        date.day in special_dates(e, date) for e in fields[2].split(",") if not plain(e, FIELDS[2]))
    by_weekday = date.isoweekday() % 7 in weekdays or any(
        special_weekday(e, date) for e in fields[4].split(",") if not plain(e, FIELDS[4]))
    if fields[2][0] in "*?" or fields[4][0] in "*?":
        return by_date and by_weekday
    return by_date or by_weekday


# ---- when the clocks show it ----

def offset_at(zone, us):
    return zone.fromutc((EPOCH + datetime.timedelta(microseconds=us)).replace(tzinfo=zone)).utcoffset()


def microseconds(delta):
    return delta // datetime.timedelta(microseconds=1)


def gap_end(zone, low, high):
    """The first instant with the offset of `high`, between the two."""
    after = offset_at(zone, high)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == after:
            high = middle
        else:
            low = middle
    return high


def instants(civil, zone, gap, fold):
    first, second = (
        microseconds(civil - civil.replace(tzinfo=zone, fold=which).utcoffset() - EPOCH) for which in (0, 1))
    if first == second:
        return [first]
    if first > second:
        return [gap_end(zone, second, first)] if gap == "after" else []
    return {"first": [first], "second": [second], "both": [first, second]}[fold]


def oracle(expression, name, gap, fold, start, count):
    """The first due times after `start`, or fewer when the years end; and whether they ended."""
    zone = zoneinfo.ZoneInfo(name)
    fields = split(expression)
    hours, minutes, seconds = (sorted(values_of(fields[i], FIELDS[i])) for i in (1, 0, 5))
    years = fields[6] and values_of(fields[6], FIELDS[6])
    months = values_of(fields[3], FIELDS[3])
    day = (EPOCH + datetime.timedelta(microseconds=start)).replace(hour=0, minute=0, second=0, microsecond=0) - 3 * DAY
    due = set()
    while day.year < LAST_YEAR:
        # Later days cannot come before these any more.
        if len(due) >= count and sorted(due)[count - 1] < microseconds(day - 3 * DAY - EPOCH):
            return sorted(due)[:count], False
        if years and day.year not in years:
            day = datetime.datetime(day.year + 1, 1, 1)
            continue
        if day.month in months and day_matches(day, fields):
            for hour, minute, second in itertools.product(hours, minutes, seconds):
                for us in instants(day.replace(hour=hour, minute=minute, second=second), zone, gap, fold):
                    if us > start:
                        due.add(us)
        day += DAY
    return sorted(due)[:count], True


# ---- cases ----

def random_field(rng, field, wide):
    low, high, names, first = field

    def value(number):
        index = number - first
        return rng.choice([str.lower, str.upper])(names[index]) if names and index < len(names) and rng.random() < .4 \
            else f"{number:0{rng.choice([1, 1, 2])}}"

    def element():
        kind = rng.random()
        if kind < .15:
            return f"*/{rng.randint(1, high - low)}"
        begin = rng.randint(low, high)
        if kind < .55:
            return value(begin)
        if kind < .65:
            return f"{begin}/{rng.randint(1, high - low)}"
        end = rng.randint(begin, high)
        span = f"{value(begin)}-{value(end)}"
        return span if kind < .85 else f"{span}/{rng.randint(1, high - low)}"

    if rng.random() < wide:
        return "*"
    return ",".join(element() for _ in range(rng.choice([1, 1, 1, 2, 3])))


def random_day(rng, wide):
    """A day of the month, now and then one that depends on the month."""
    kind = rng.random()
    if kind < .6:
        return random_field(rng, FIELDS[2], wide)
    special = rng.choice(["L", "l", "LW", f"L-{rng.randint(0, 30)}", f"{rng.randint(1, 31)}W"])
    return special if kind < .9 else f"{rng.randint(1, 31)},{special}"


def random_weekday(rng, wide):
    kind = rng.random()
    if kind < .7:
        return random_field(rng, FIELDS[4], wide)
    weekday = rng.choice([str(rng.randint(0, 7)), rng.choice(WEEKDAYS), rng.choice(WEEKDAYS).upper()])
    special = weekday + rng.choice(["L", "#1", "#2", "#3", "#4", "#5"])
    return special if kind < .9 else f"{special},{rng.randint(0, 7)}"


def random_expression(rng, hour=None, wide=.6):
    fields = [
        random_field(rng, FIELDS[0], .1),
        hour or random_field(rng, FIELDS[1], .2),
        rng.choice(["?", random_day(rng, wide)]) if rng.random() < .2 else random_day(rng, wide),
        random_field(rng, FIELDS[3], wide),
        random_weekday(rng, wide),
    ]
    if rng.random() < .3:
        fields.insert(0, rng.choice(["0", f"{rng.randint(0, 59)}", "*/30", "15,45"]))
        if rng.random() < .3:
            year = rng.randint(1970, 2099)
            fields.append(rng.choice(["*", f"{year}", f"{year}-2099", f"{year}/4"]))
    return " ".join(fields)


def random_instant(rng):
    return rng.randrange(microseconds(datetime.datetime(2100, 1, 1) - EPOCH))


def next_change(zone, start):
    """Where the clocks of a zone change in the three years after, or None."""
    step = 7 * microseconds(DAY)
    for at in range(start, start + 156 * step, step):
        if offset_at(zone, at) != offset_at(zone, at + step):
            return gap_end(zone, at, at + step)
    return None


def case_anywhere(rng, names):
    return random_expression(rng), rng.choice(names), random_instant(rng), 6


def case_at_a_change(rng, names):
    change = None
    while change is None:
        name = rng.choice(names)
        zone = zoneinfo.ZoneInfo(name)
        change = next_change(zone, random_instant(rng))
    before = EPOCH + datetime.timedelta(microseconds=change) + offset_at(zone, change - 1)
    hour = (before.hour + rng.choice([-2, -1, -1, 0, 0, 1])) % 24
    start = change + rng.choice([-1, 0, 1, -rng.randrange(2 * microseconds(DAY)), -rng.randrange(7200 * 10**6)])
    if rng.random() < .2:
        return rng.choice(["* * * * *", "*/10 * * * *", "*/15 0-3 * * *"]), name, start, 150
    expression = random_expression(rng, rng.choice([f"{hour}", f"{hour}", f"{hour}-23", f"0,{hour}", "*"]), .85)
    return expression, name, start, 6


def cases(rng, count):
    names = sorted(name for name in zoneinfo.available_timezones() if name not in ("localtime", "Factory"))
    for _ in range(count):
        expression, name, start, due = rng.choice([case_anywhere, case_at_a_change, case_at_a_change])(rng, names)
        yield (expression, name, rng.choice(["after", "after", "skip"]), rng.choice(["first", "second", "both"]),
               max(0, start), due)


def answers(lines):
    run = subprocess.run([DUE], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60, check=True)
    return run.stdout.split("\n")


def test_due_times_are_those_of_an_independent_oracle():
    seed = int(os.environ.get("ORACLE_SEED", "1"))
    rng = random.Random(seed)
    asked = list(cases(rng, int(os.environ.get("ORACLE_CASES", "800"))))
    refused = 0
    for case, answer in zip(asked, answers("|".join(map(str, case)) for case in asked)):
        expected, ended = oracle(*case)
        what = f"seed {seed}: {'|'.join(map(str, case))}"
        if answer.startswith("error: "):
            # What no year has is refused at once.
            assert "would never be due" in answer and not expected, f"{what}: {answer}"
            refused += 1
            continue
        due = [int(us) for us in answer.split()]
        if ended:
            assert due[:len(expected)] == expected, what
            assert all(us > microseconds(datetime.datetime(LAST_YEAR - 1, 12, 30) - EPOCH)
                       for us in due[len(expected):]), what
        else:
            assert due == expected, what
    assert refused < len(asked) / 20


# ---- recurrence rules: dateutil's are the oracle's ----

def random_rule(rng):
    freq = rng.choice(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"])
    parts = [f"FREQ={freq}"]
    if rng.random() < .5:
        parts.append(f"INTERVAL={rng.randint(1, 7)}")
    if rng.random() < .3:
        parts.append("BYMONTH=" + ",".join(str(m) for m in sorted(rng.sample(range(1, 13), rng.randint(1, 3)))))
    if freq in ("MONTHLY", "YEARLY") and rng.random() < .4:
        parts.append("BYDAY=" + rng.choice(["-1FR", "1MO", "2TU,-2TH", "5SU", "MO,WE,FR", "SA"]))
    elif freq == "WEEKLY" and rng.random() < .6:
        parts.append("BYDAY=" + ",".join(rng.sample(["MO", "TU", "WE", "TH", "FR", "SA", "SU"], rng.randint(1, 4))))
        if rng.random() < .3:
            parts.append("WKST=" + rng.choice(["MO", "SU"]))
    elif freq in ("MONTHLY", "YEARLY") and rng.random() < .5:
        parts.append("BYMONTHDAY=" + rng.choice(["1", "15", "-1", "31", "29,30", "13,-3"]))
    elif freq in ("DAILY", "HOURLY") and rng.random() < .5:
        parts.append(rng.choice(["BYMONTHDAY=1", "BYMONTHDAY=15,16", "BYMONTHDAY=31", "BYDAY=MO,TU", "BYDAY=SU"]))
    elif freq == "YEARLY" and not any(p.startswith("BYMONTH") for p in parts) and rng.random() < .5:
        parts.append(rng.choice(["BYYEARDAY=1,100,-1", "BYYEARDAY=200", "BYYEARDAY=-366,60"]))
    if freq != "HOURLY" and rng.random() < .4:
        parts.append("BYHOUR=" + ",".join(str(h) for h in sorted(rng.sample(range(24), rng.randint(1, 3)))))
    setpos = freq == "MONTHLY" and "BYDAY=MO,WE,FR" in parts and not any(p.startswith("BYHOUR") for p in parts)
    if not setpos and rng.random() < .4:
        parts.append("BYMINUTE=" + ",".join(str(m) for m in sorted(rng.sample(range(60), rng.randint(1, 2)))))
    if setpos:
        parts.append("BYSETPOS=" + rng.choice(["1", "-1", "2"]))
    if rng.random() < .2 and not (freq == "HOURLY" and any(p.startswith(("BYMONTH", "BYDAY")) for p in parts)):
        parts.append(f"COUNT={rng.randint(1, 40)}")
    return ";".join(parts)


def rule_oracle(rule, begin, name, gap, fold, start, count):
    """The first due times after `start`: those of the local times that dateutil lists, until enough are certain."""
    zone = zoneinfo.ZoneInfo(name)
    due = set()
    for civil in dateutil.rrule.rrulestr(rule, dtstart=begin):
        if len(due) >= count and sorted(due)[count - 1] < microseconds(civil - 3 * DAY - EPOCH):
            break
        if civil.year >= LAST_YEAR:
            break
        if civil >= EPOCH + datetime.timedelta(microseconds=start) - 3 * DAY:
            due.update(us for us in instants(civil, zone, gap, fold) if us > start)
    return sorted(due)[:count]


def test_due_times_of_recurrence_rules_are_those_of_dateutil():
    rng = random.Random(int(os.environ.get("ORACLE_SEED", "1")))
    names = sorted(name for name in zoneinfo.available_timezones() if name not in ("localtime", "Factory"))
    asked = []
    for _ in range(int(os.environ.get("ORACLE_CASES", "800")) // 2):
        begin = EPOCH + datetime.timedelta(minutes=rng.randrange(80 * 366 * 1440))
        start = microseconds(begin - EPOCH) + rng.choice([-1, 0, 1, rng.randrange(6 * 365 * microseconds(DAY))])
        asked.append((random_rule(rng), begin, rng.choice(names), rng.choice(["after", "skip"]),
                      rng.choice(["first", "second", "both"]), start, 6))
    lines = ["|".join(map(str, [f"RRULE:{rule}@{microseconds(begin - EPOCH)}", *rest])) for rule, begin, *rest in asked]
    refused = 0
    for case, line, answer in zip(asked, lines, answers(lines)):
        if answer.startswith("error: "):
            assert "would never be due" in answer and not rule_oracle(*case[:5], 0, 1), f"{line}: {answer}"
            refused += 1
            continue
        due, expected = [int(us) for us in answer.split()], rule_oracle(*case)
        assert due[:len(expected)] == expected, line
        # dateutil was asked up to a year only.
        assert all(us > microseconds(datetime.datetime(LAST_YEAR - 1, 12, 30) - EPOCH) for us in due[len(expected):]), line
    assert refused < len(asked) / 20


def test_the_oracle_itself_knows_gaps_and_folds():
    def at(*when):
        return microseconds(datetime.datetime(*when) - EPOCH)

    amsterdam = ("30 2 * * *", "Europe/Amsterdam")
    spring, autumn = at(2026, 3, 28, 12), at(2026, 10, 24, 12)
    assert oracle(*amsterdam, "after", "first", spring, 2)[0] == [at(2026, 3, 29, 1), at(2026, 3, 30, 0, 30)]
    assert oracle(*amsterdam, "skip", "first", spring, 1)[0] == [at(2026, 3, 30, 0, 30)]
    assert oracle(*amsterdam, "after", "first", autumn, 2)[0] == [at(2026, 10, 25, 0, 30), at(2026, 10, 26, 1, 30)]
    assert oracle(*amsterdam, "after", "second", autumn, 1)[0] == [at(2026, 10, 25, 1, 30)]
    assert oracle(*amsterdam, "after", "both", autumn, 2)[0] == [at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1, 30)]
    assert oracle("0 0 13 * 5", "UTC", "after", "first", at(2026, 11, 7), 2)[0] == [at(2026, 11, 13), at(2026, 11, 20)]
