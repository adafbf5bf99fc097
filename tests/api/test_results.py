"""Result files from outside: what a command leaves, who lists it and how it is sent."""

import hashlib
import json

from carillon import until

TEXT = "text/plain;charset=utf-8"
UNKNOWN = "eeeeeeee-0000-4000-8000-000000000002"


def leave(client, script, status=1, **members):
    """The task of a run that ended; `$D` is its directory."""
    schedule = client.create(f"results: {script[:60]}", f'D="$CARILLON_RESULT_DIR"; cd "$D"; {script}', **members)
    execution = client.run(schedule)
    assert client.ended(execution) == status
    return client.task(execution)


def outputs(client, task):
    return {one["name"]: one["id"] for one in client.call("getTaskOutputs", task).json()}


def is_file(answer, kind, name, body):
    assert (answer.status, answer.body) == (200, body), answer
    assert answer.headers.get("Content-Type") == kind
    assert answer.headers.get_all("Content-Disposition") == [f'attachment;filename="{name}"']
    assert answer.headers.get("Content-Length") == str(len(body))
    assert answer.headers.get("Cache-Control") == "no-store"
    assert not answer.headers.get("Last-Modified") and not answer.headers.get("ETag") and not answer.headers.get("Accept-Ranges")


def test_a_file_is_sent_as_it_was_left(admin, viewer):
    task = leave(admin, "printf 'a,b\\r\\n' > t.csv; printf '\\000\\377' > x; : > empty.txt; echo '{}' > $(printf '\\303\\274.json')")
    for client in (admin, viewer):
        found = outputs(client, task)
        assert list(found) == ["empty.txt", "t.csv", "x", "\u00fc.json"]
        is_file(client.call("getTaskOutput", found["t.csv"]), "text/csv", "t.csv", b"a,b\r\n")
        is_file(client.call("getTaskOutput", {"outputId": found["x"]}), "application/octet-stream", "x", b"\0\xff")
        is_file(client.call("getTaskOutput", found["empty.txt"]), "text/plain", "empty.txt", b"")
        is_file(client.call("getTaskOutput", found["\u00fc.json"]), "application/json", "_.json", b"{}\n")
    data = admin.call("getTaskData", task).json()
    assert (data["resultType"], data["outputId"], data["result"]) == (2, found["empty.txt"], "empty.txt")


def test_it_is_sent_whole_whatever_else_is_asked_for(admin):
    found = outputs(admin, leave(admin, "echo 0123456789 > f.log"))
    for headers in ({"Range": "bytes=2-3"}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, {"If-None-Match": '"x"'},
                    {"Accept": "application/xml"}):
        is_file(admin.call("getTaskOutput", json.dumps(found["f.log"]), headers), "text/plain", "f.log", b"0123456789\n")


def test_a_large_file_arrives_whole(admin):
    task = leave(admin, "head -c 70000000 /dev/urandom > big; md5sum < big")
    answer = admin.call("getTaskOutput", outputs(admin, task)["big"])
    assert len(answer.body) == 70000000
    assert admin.call("getTaskLog", {"taskId": task}).text.split()[0] == hashlib.md5(answer.body).hexdigest()


def test_what_is_not_there_is_not_found(admin):
    for id in (UNKNOWN, admin.run(admin.create("results: none", "true"))):
        answer = admin.call("getTaskOutput", id)
        assert (answer.status, answer.type, answer.text) == (400, TEXT, "Output not found")


def test_a_file_that_was_removed_or_changed_is_said_to_be_gone(service, admin):
    found = outputs(admin, leave(admin, "echo removed > r; echo changed > c"))
    folder = service.state / "output"
    files = {path.read_bytes(): path for path in folder.rglob("*.results/*")}
    files[b"removed\n"].unlink()
    changed = files[b"changed\n"]
    changed.unlink()
    changed.symlink_to(service.state / "quickstart.env")
    for name in ("r", "c"):
        answer = admin.call("getTaskOutput", found[name])
        assert (answer.status, answer.text) == (400, "Output was removed")


def test_a_command_that_reaches_for_other_files_gets_none_of_them(service, admin):
    env = service.state / "quickstart.env"
    task = leave(admin, f"ln -s {env} link; echo x > a; ln a ../hard; ln -s .. up; mkdir sub; echo x > sub/x; mkfifo fifo;"
                        "echo x > \"$(printf 'new\\nline')\"; echo fine > fine")
    found = outputs(admin, task)
    assert list(found) == ["fine"]
    execution = admin.call("listExecutions", {"limit": 1}).json()["items"][0]
    reason = execution["tasks"][0]["attempts"][0]["reason"]
    assert reason == "6 not taken as results, the first: a: has another name too"
    assert f"attempt 1: {reason}" in service.log()


def test_a_directory_that_was_made_to_point_elsewhere_gives_nothing_away(service, admin):
    task = leave(admin, f'cd /; rmdir "$D"; ln -s {service.state} "$D"')
    assert outputs(admin, task) == {}
    assert (service.state / "quickstart.env").exists()


def test_a_run_again_has_results_of_its_own_and_the_old_ones_stay(admin):
    task = leave(admin, "echo $CARILLON_ATTEMPT > f; test $CARILLON_ATTEMPT != 2 || rm f")
    first = outputs(admin, task)["f"]
    for attempt, told in ((2, first), (3, None)):
        admin.call("reRunTask", task).json()
        until(lambda: admin.call("getTaskData", task).json()["status"] == 1)
        found = outputs(admin, task)["f"]
        # An attempt that left nothing leaves those of the one before.
        assert (found == first) == (told == first)
        body = b"1\n" if told else b"%d\n" % attempt
        is_file(admin.call("getTaskOutput", found), "application/octet-stream", "f", body)
    is_file(admin.call("getTaskOutput", first), "application/octet-stream", "f", b"1\n")


def test_the_name_of_the_runs_own_file_is_told_with_its_number(admin):
    task = admin.call("createSchedule", {"name": "results: named", "tasks": [{
        "name": "main", "resultFile": "r_${executionId}.csv",
        "command": ["/bin/sh", "-c", "echo $CARILLON_RESULT_FILE; echo x > $CARILLON_RESULT_DIR/$CARILLON_RESULT_FILE"]}]}).json()
    execution = admin.run(task)
    assert admin.ended(execution) == 1
    number = int(execution[-12:], 16)
    assert list(outputs(admin, admin.task(execution))) == [f"r_{number}.csv"]
    shown = admin.call("getSchedule", task).json()["tasks"][0]
    assert shown["resultFile"] == "r_${executionId}.csv"


def test_files_of_a_failed_task_are_kept_too(admin):
    assert list(outputs(admin, leave(admin, "echo x > f; exit 3", status=3))) == ["f"]


def test_a_condition_leaves_nothing(admin):
    schedule = admin.create("results: condition", "true", condition={
        "command": ["/bin/sh", "-c", 'test -z "$CARILLON_RESULT_DIR"']})
    execution = admin.call("runSchedule", {"scheduleId": schedule, "checkTriggers": True}).json()
    assert admin.ended(execution) == 1
