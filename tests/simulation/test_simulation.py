"""Years under a clock that is a number: what must have become of each due time is worked out a second time.

scenario.py makes the schedules and what befalls them, play.c gives them to the real engine and the real store, check.py
judges. SIMULATION_SEEDS="4 5 6" chooses other histories; `make torture` plays a thousand schedules for ten years.
"""

import os

import pytest
from simulation import play

SEEDS = os.environ.get("SIMULATION_SEEDS", "1 2 3").split()
VERDICTS = {"ran", "skipped_overlap", "skipped_suspended", "skipped_condition", "missed_down", "missed_window"}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_due_time_of_a_year_has_its_one_entry_and_the_right_reason(seed, scratch):
    faults, counts = play(scratch, int(seed), schedules=60, years=1)
    assert not faults, "\n".join(faults[:20])
    assert not VERDICTS - counts.keys(), f"nothing of this kind happened: {VERDICTS - counts.keys()}"
