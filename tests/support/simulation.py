"""Plays a scenario of tests/simulation and has it checked."""

import collections
import json
import pathlib
import subprocess
import sys

from carillon import BUILD

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "simulation"))

import check  # noqa: E402
import live  # noqa: E402, F401
import mutate  # noqa: E402, F401
import scenario  # noqa: E402

PLAY = BUILD / "tests" / "play"


def play(folder, seed, schedules, years, player=PLAY, timeout_s=3600):
    """(faults, how many due times had which verdict) of a history; what was played stays in the folder."""
    script, record = folder / f"{seed}.scenario", folder / f"{seed}.record"
    with open(script, "w", encoding="utf-8") as out:
        for line in scenario.Scenario(seed, schedules, years):
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
    with open(script, encoding="utf-8") as lines, open(record, "w", encoding="utf-8") as out:
        try:
            run = subprocess.run([player, str(seed), str(scenario.BEGIN)], stdin=lines, stdout=out,
                                 stderr=subprocess.PIPE, text=True, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return [f"the player was not done within {timeout_s} s"], collections.Counter()
    if run.returncode:
        return [f"the player left with {run.returncode}: {run.stderr[-1000:]}"], collections.Counter()
    return check.check(record)
