"""The same as test_simulation.py in real time, with real processes that are killed: LIVE_SECONDS="600" for longer."""

import os

from carillon import SLOW
from simulation import live

SECONDS = int(os.environ.get("LIVE_SECONDS", "40")) * SLOW


def test_every_due_time_has_its_one_entry_while_processes_are_killed(fresh_service, scratch):
    history = live.History(fresh_service, scratch, SECONDS)
    history.live()
    faults, counts = live.Judge(history).all()
    assert not faults, "\n".join([*faults[:20], "killed at " + ", ".join(map(live.shown, history.kills))])
    print(f"{SECONDS} s: {sum(counts.values())} due times, {len(history.kills)} kills: {dict(counts)}")
    assert history.kills and counts["ran"] > SECONDS
    assert {"ran", "skipped_overlap", "skipped_suspended", "skipped_condition"} <= counts.keys(), counts
    fresh_service.stop()
    checked = fresh_service.ctl("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
