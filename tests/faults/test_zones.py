"""The system's time zones change while the service runs."""

import pathlib
import shutil

from carillon import SLOW, until


def install(folder, zone):
    """Another file takes the place of Europe/Amsterdam's, as packages do it."""
    fresh = folder / "fresh"
    shutil.copy(pathlib.Path("/usr/share/zoneinfo") / zone, fresh)
    fresh.rename(folder / "Europe/Amsterdam")


def test_schedules_move_with_the_rules_of_their_zone(make_service, scratch):
    (scratch / "Europe").mkdir()
    scratch.chmod(0o755)
    install(scratch, "Europe/Amsterdam")
    service = make_service(TZDIR=str(scratch)).start()
    admin = service.admin()
    moved = admin.create("moved", "true", triggers=[{"cron": "0 3 * * *", "timeZone": "Europe/Amsterdam"}])
    admin.create("kept", "true", triggers=[{"cron": "0 3 * * *", "timeZone": "UTC"}])
    before = admin.call("getSchedule", moved).json()["nextRun"]
    install(scratch, "Asia/Tokyo")

    def audit():
        return admin.call("list", {"action": "schedule.move"}, service="audit").json()["items"]

    until(audit, 60 * SLOW)
    assert [entry["subject"] for entry in audit()] == [moved]
    after = admin.call("getSchedule", moved).json()["nextRun"]
    assert after[11:] == "18:00:00.000Z" != before[11:]
    assert f"due next at {before} and is now at {after}" in audit()[0]["detail"]
    # Workers compute previews: each looks at the files before it answers.
    until(lambda: admin.call("previewSchedule", {"scheduleId": moved, "count": 1}).json()[0]["local"][19:] == ".000+09:00",
          60 * SLOW)
    assert "is due at another time by the new rules of its time zone" in service.log()
