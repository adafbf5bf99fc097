"""Due times, worked out in a second way: shared by all that checks what the server says, and by nothing else.

Nothing here looks at the server's code. Each second of each matching civil day is tried in turn, and Python's
zoneinfo is asked for the instants at which the clocks showed it; the local times of recurrence rules are dateutil's.
The expressions that tests are made of are here too.
"""

import calendar
import datetime
import functools
import heapq
import itertools
import re
import zoneinfo

import dateutil.rrule

EPOCH = datetime.datetime(1970, 1, 1)
DAY = datetime.timedelta(days=1)
LAST_YEAR = 2160

MONTHS = tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())
WEEKDAYS = tuple("sun mon tue wed thu fri sat".split())
# Low, high, names and the value of the first name: minute, hour, day, month, weekday, second, year.
FIELDS = [(0, 59, (), 0), (0, 23, (), 0), (1, 31, (), 0), (1, 12, MONTHS, 1), (0, 7, WEEKDAYS, 0), (0, 59, (), 0),
          (1970, 2099, (), 0)]


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


@functools.cache
def fnv_1a(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return value


def splitmix64(value):
    value = (value + 0x9e3779b97f4a7c15) % 2**64
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9 % 2**64
    value = (value ^ value >> 27) * 0x94d049bb133111eb % 2**64
    return value ^ value >> 31


def resolve(expression, name):
    """The same without H and ~: each stands for a value that belongs to the schedule of this name."""
    texts, resolved = expression.split(), []
    for at, text in enumerate(texts, 1 if len(texts) == 5 else 0):
        field = FIELDS[[5, 0, 1, 2, 3, 4, 6][at]]
        seed, elements = (fnv_1a(name) + at) % 2**64, []
        last = {31: 28, 7: 6}.get(field[1], field[1])
        for element in text.split(","):
            own = re.fullmatch(r"[Hh](?:\((\w+)-(\w+)\))?(?:/(\d+))?", element)
            span = re.fullmatch(r"(\w*)~(\w*)", element)
            if not own and not span:
                elements.append(element)
                continue
            seed = splitmix64(seed)
            low, high = (own or span).group(1, 2)
            low = value_of(low, field) if low else field[0]
            high = value_of(high, field) if high else last
            step = int(own.group(3) or 0) if own else 0
            if 0 < step <= high - low + 1:
                elements.append(f"{low + seed % step}-{high}/{step}")
            else:
                elements.append(str(low + seed % (high - low + 1)))
        resolved.append(",".join(elements))
    return " ".join(resolved)


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


@functools.lru_cache(maxsize=100000)
def special_days(element, weekday, year, month):
    """The days of a month that an element such as L-3, or FRIL as a weekday, means."""
    length = calendar.monthrange(year, month)[1]
    if not weekday:
        return special_dates(element, datetime.date(year, month, 1))
    return {d for d in range(1, length + 1) if special_weekday(element, datetime.date(year, month, d))}


@functools.lru_cache(maxsize=1000)
def day_rule(days, weekdays):
    """What the two fields of days say: a function of a date."""
    dates = values_of(days, FIELDS[2])
    numbers = {value % 7 for value in values_of(weekdays, FIELDS[4])}
    special = [(e, False) for e in days.split(",") if not plain(e, FIELDS[2])]
    special_week = [(e, True) for e in weekdays.split(",") if not plain(e, FIELDS[4])]
    both = days[0] in "*?" or weekdays[0] in "*?"

    def matches(date):
        by_date = date.day in dates or any(date.day in special_days(*e, date.year, date.month) for e in special)
        by_weekday = date.isoweekday() % 7 in numbers or any(
            date.day in special_days(*e, date.year, date.month) for e in special_week)
        return by_date and by_weekday if both else by_date or by_weekday

    return matches


def day_matches(date, fields):
    return day_rule(fields[2], fields[4])(date)


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


def in_order(civil_times, zone, gap, fold, start):
    """The instants after `start` of local times that come in order, themselves in order and each once.

    An instant is certain when no later local time can come before it: offsets differ by less than three days.
    """
    found, last = [], start
    for civil in itertools.chain(civil_times, [None]):
        while found and (not civil or found[0] < microseconds(civil - 3 * DAY - EPOCH)):
            us = heapq.heappop(found)
            if us > last:
                yield us
                last = us
        for us in instants(civil, zone, gap, fold) if civil else []:
            heapq.heappush(found, us)


def civil_times(expression, start):
    """The local times that a cron expression means, from three days before the instant `start`."""
    fields = split(expression)
    hours, minutes, seconds = (sorted(values_of(fields[i], FIELDS[i])) for i in (1, 0, 5))
    years = fields[6] and values_of(fields[6], FIELDS[6])
    months = values_of(fields[3], FIELDS[3])
    day = (EPOCH + datetime.timedelta(microseconds=start)).replace(hour=0, minute=0, second=0, microsecond=0) - 3 * DAY
    while day.year < LAST_YEAR:
        if years and day.year not in years:
            day = datetime.datetime(day.year + 1, 1, 1)
            continue
        if day.month in months and day_matches(day, fields):
            for hour, minute, second in itertools.product(hours, minutes, seconds):
                yield day.replace(hour=hour, minute=minute, second=second)
        day += DAY


def cron_due_times(expression, name, gap, fold, start):
    """All due times after `start`, in order, until the years end."""
    return in_order(civil_times(expression, start), zoneinfo.ZoneInfo(name), gap, fold, start)


def oracle(expression, name, gap, fold, start, count):
    """The first due times after `start`, or fewer when the years end; and whether they ended."""
    due = list(itertools.islice(cron_due_times(expression, name, gap, fold, start), count))
    return due, len(due) < count


def rule_due_times(rule, begin, name, gap, fold, start):
    """The same for a recurrence rule that begins at a local time."""
    early = EPOCH + datetime.timedelta(microseconds=start) - 3 * DAY
    times = (civil for civil in dateutil.rrule.rrulestr(rule, dtstart=begin) if civil >= early)
    times = itertools.takewhile(lambda civil: civil.year < LAST_YEAR, times)
    return in_order(times, zoneinfo.ZoneInfo(name), gap, fold, start)


def rule_oracle(rule, begin, name, gap, fold, start, count):
    return list(itertools.islice(rule_due_times(rule, begin, name, gap, fold, start), count))


# ---- expressions by chance ----

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


def random_own(rng, expression):
    """An expression with a field or more that the schedule's name fills."""
    texts = expression.split()
    fields = FIELDS[5:6] + FIELDS[:5] + FIELDS[6:] if len(texts) > 5 else FIELDS[:5]
    for at in rng.sample(range(min(len(texts), len(fields))), rng.randint(1, 2)):
        low, high = fields[at][0], {31: 28, 7: 6}.get(fields[at][1], fields[at][1])
        begin, end = sorted((rng.randint(low, high), rng.randint(low, high)))
        texts[at] = rng.choice(["H", "h", f"H/{rng.randint(1, high - low)}", f"H({begin}-{end})",
                                f"H({begin}-{end})/{rng.randint(1, max(1, (end - begin) // 2))}", "~", f"~{end}",
                                f"{begin}~", f"{begin}~{end}", f"H,{begin}", f"{begin}~{end},H"])
    return " ".join(texts)


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
