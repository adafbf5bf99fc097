"""Schedules that are due at each boot of the machine. What says which boot this is is replaced for one service alone."""

import os
import subprocess

import pytest

from carillon import BUILD, QUICKSTART, SLOW, can_hide_programs, until

pytestmark = pytest.mark.skipif(not can_hide_programs(), reason="needs a mount namespace")
BOOTED = 'mount -t tmpfs none /proc/sys/kernel/random && echo "$0" >/proc/sys/kernel/random/boot_id && exec "$1" start'


def start_after_boot(service, number):
    env = {**os.environ, **service.settings, "PORT": str(service.port), "STATE": str(service.state), "BUILD": str(BUILD)}
    identity = f"00000000-0000-0000-0000-{number:012}"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", BOOTED, identity, QUICKSTART], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=90 * SLOW, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_boot_runs_a_schedule_once_and_a_restart_does_not(make_service):
    service = make_service()
    start_after_boot(service, 1)
    schedule = service.admin().create("at boot", "true", triggers=[{"reboot": True}])
    preview = service.admin().call("previewSchedule", {"scheduleId": schedule})
    assert preview.json() == []
    assert "at each boot" in preview.headers["X-Schedule-Warning"]
    service.stop()
    start_after_boot(service, 1)
    service.stop()
    start_after_boot(service, 2)
    until(lambda: len(service.admin().ledger(schedule)) == 1, 10 * SLOW)
    entry = service.admin().ledger(schedule)[0]
    assert entry["verdict"] == "ran"
    until(lambda: service.admin().status(entry["executionId"]) == 1, 10 * SLOW)
    service.stop()
    start_after_boot(service, 2)
    other = service.admin().create("afterwards", "true", triggers=[{"every": "1s"}])
    until(lambda: service.admin().ledger(other), 10 * SLOW)
    assert len(service.admin().ledger(schedule)) == 1
    assert service.admin().call("getSchedule", schedule).json()["triggers"] == [{"reboot": True}]
