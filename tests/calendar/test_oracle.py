"""Due times of generated cron triggers, compared with an oracle that shares no code with them.

The oracle is tests/support/due_times.py. ORACLE_SEED and ORACLE_CASES choose other cases, and more; each then asks
for ORACLE_DUE due times. Zones take turns, so that a thousand cases have all of them. `make oracle` is the long run.
"""

import datetime
import itertools
import os
import pathlib
import random
import subprocess
import zoneinfo

from due_times import (DAY, EPOCH, LAST_YEAR, gap_end, microseconds, offset_at, oracle, random_expression,
                       random_own, random_rule, resolve, rule_oracle)

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DUE = REPOSITORY / os.environ.get("BUILD", "build") / "tests" / "due"


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
    return random_expression(rng), next(names), random_instant(rng), rng.choice([6] * 9 + [1000])


def case_of_a_name(rng, names):
    return random_own(rng, random_expression(rng)), next(names), random_instant(rng), 20


def case_at_a_change(rng, names):
    change = None
    while change is None:
        name = next(names)
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
    rng.shuffle(names)
    names = itertools.cycle(names)
    for _ in range(count):
        expression, name, start, due = rng.choice(
            [case_anywhere, case_at_a_change, case_at_a_change, case_of_a_name])(rng, names)
        yield (expression, name, rng.choice(["after", "after", "skip"]), rng.choice(["first", "second", "both"]),
               max(0, start), int(os.environ.get("ORACLE_DUE", due)))


def answers(lines):
    run = subprocess.run([DUE], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=3600, check=True)
    return run.stdout.split("\n")


def test_due_times_are_those_of_an_independent_oracle():
    seed = int(os.environ.get("ORACLE_SEED", "1"))
    rng = random.Random(seed)
    asked = list(cases(rng, int(os.environ.get("ORACLE_CASES", "800"))))
    refused = 0
    for case, answer in zip(asked, answers("|".join(map(str, case)) for case in asked)):
        # due.c takes the text itself for the schedule's name.
        expected, ended = oracle(resolve(case[0], case[0]), *case[1:])
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

def test_due_times_of_recurrence_rules_are_those_of_dateutil():
    rng = random.Random(int(os.environ.get("ORACLE_SEED", "1")))
    names = sorted(name for name in zoneinfo.available_timezones() if name not in ("localtime", "Factory"))
    asked = []
    for _ in range(int(os.environ.get("ORACLE_CASES", "800")) // 2):
        begin = EPOCH + datetime.timedelta(minutes=rng.randrange(80 * 366 * 1440))
        start = microseconds(begin - EPOCH) + rng.choice([-1, 0, 1, rng.randrange(6 * 365 * microseconds(DAY))])
        asked.append((random_rule(rng), begin, rng.choice(names), rng.choice(["after", "skip"]),
                      rng.choice(["first", "second", "both"]), start, int(os.environ.get("ORACLE_DUE", 6))))
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


# ---- real elapsed time: the oracle steps from the anchor ----

def test_due_times_of_every_are_the_anchors_steps():
    rng = random.Random(int(os.environ.get("ORACLE_SEED", "1")))
    asked = []
    for _ in range(int(os.environ.get("ORACLE_CASES", "800")) // 4):
        every = rng.choice([1, 7, 60, 3600, 86400, rng.randint(1, 10**8)]) * 10**rng.choice([6, 6, 3]) // 10**rng.choice([0, 3])
        every = max(every, 10**6)
        anchor, start = (random_instant(rng) // 1000 * 1000 for _ in range(2))
        asked.append((every, anchor, start + rng.choice([0, 1, -1]), int(os.environ.get("ORACLE_DUE", 20))))
    lines = [f"EVERY:{every}@{anchor}|UTC|after|first|{start}|{count}" for every, anchor, start, count in asked]
    for (every, anchor, start, count), line, answer in zip(asked, lines, answers(lines)):
        first = anchor + -((anchor - start - 1) // every) * every
        assert start < first <= start + every, line
        end = microseconds(datetime.datetime(3000, 1, 1) - EPOCH)
        assert [int(us) for us in answer.split()] == [us for us in range(first, first + every * count, every) if us < end], line


def test_the_oracle_itself_fills_in_what_belongs_to_a_name():
    assert resolve("H H * * *", "a") != resolve("H H * * *", "b")
    assert resolve("0 ~ * * *", "a") == resolve("0 H * * *", "a")
    assert resolve("5 0 * * 1,3", "a") == "5 0 * * 1,3"


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
