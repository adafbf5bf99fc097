#!/usr/bin/python3
"""Plays one history and has it checked.

    play.py SEED SCHEDULES YEARS [FOLDER]      what was played stays in the folder, if there is one
"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from simulation import play  # noqa: E402

SHOWN = 20


def main():
    seed, schedules, years = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    with tempfile.TemporaryDirectory(prefix="carillon-") as scratch:
        folder = pathlib.Path(sys.argv[4] if len(sys.argv) > 4 else scratch)
        faults, counts = play(folder, seed, schedules, years)
    for text in faults[:SHOWN]:
        print(text)
    print(f"{schedules} schedules, {years:g} years: {sum(counts.values())} due times, {len(faults)} faults: " +
          ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common()))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
