"""Due times against the real clock."""

import datetime
import time

import pytest

from carillon import SLOW, until


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def lateness_ms(admin, execution):
    run = admin.call("getExecution", execution).json()
    return (instant(run["startDate"]) - instant(run["due"])) / datetime.timedelta(milliseconds=1)


def test_every_second_has_its_one_entry(admin):
    schedule = admin.create("firing: each second", "true", overlap="queue",
                            triggers=[{"every": "1s", "anchor": "2026-01-01T00:00:00Z"}])
    until(lambda: len(admin.ledger(schedule)) >= 4, 15)
    entries = admin.ledger(schedule)
    seconds = [instant(e["due"]).timestamp() for e in entries]
    assert seconds == [seconds[0] + i for i in range(len(seconds))]
    assert {e["verdict"] for e in entries} == {"ran"}
    assert len({e["executionId"] for e in entries}) == len(entries)
    assert admin.call("deleteSchedule", schedule).status == 200


@pytest.mark.last
def test_a_minutely_schedule_fires_at_the_full_minute(admin):
    """Measured when the other tests are through, so that the machine is idle."""
    schedule = admin.find("Every minute")["scheduleId"]
    minute = time.time() // 60

    def fired():
        entries = [e for e in admin.ledger(schedule) if instant(e["due"]).timestamp() // 60 > minute]
        return entries and admin.status(entries[0]["executionId"]) == 1 and entries[0]

    entry = until(fired, 70)
    assert entry["verdict"] == "ran"
    assert entry["due"][17:] == "00.000Z"
    assert 0 <= lateness_ms(admin, entry["executionId"]) <= 100 * SLOW


@pytest.mark.last
def test_the_ledger_of_a_minutely_schedule_has_each_minute_once(admin):
    schedule = admin.find("Every minute")["scheduleId"]
    minutes = [instant(e["due"]).timestamp() / 60 for e in admin.ledger(schedule)]
    assert minutes == [minutes[0] + i for i in range(len(minutes))]
    assert {e["verdict"] for e in admin.ledger(schedule)} == {"ran"}
