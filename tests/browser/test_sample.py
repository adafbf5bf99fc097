"""The vendor's own JavaScript sample, unchanged, runs to its end."""

import json
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.mark.parametrize("engine", ["jsdom", "chromium"])
def test_the_vendors_sample_runs_to_its_end(engine, service, admin, demo):
    done = subprocess.run(["node", HERE / f"in_{engine}.js", service.url], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["errors"] == []
    assert told["lines"][0].startswith("got token ")
    # jsdom starts a process for each of its blocking requests: the run may be over when it asks.
    assert told["lines"][1] in [f"executionId status is {word}" for word in ("pending", "running", "finished")]
    assert told["lines"][2].startswith("got task ")
    assert told["lines"][-1] == "task status is 1"
    # Its last steps suspend and resume the schedule.
    assert admin.find("My Demo Schedule")["status"] == 0
    task = told["lines"][2].split()[-1]
    assert admin.call("getTaskData", task).json()["description"] == "My Demo Schedule"
