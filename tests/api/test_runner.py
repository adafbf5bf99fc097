"""What the runner does with commands, seen from outside."""

import os
import re

from carillon import until

ESCAPE = """
import os, signal, sys, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    time.sleep(1000)
"""


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def escaping(scratch, then):
    """A command whose grandchild leaves its session, its environment and its parent, and is deaf to TERM."""
    (scratch / "escape.py").write_text(ESCAPE)
    where = scratch / "escaped"
    return where, f"env -i /usr/bin/python3 {scratch}/escape.py {where} </dev/null >/dev/null 2>&1; {then}"


def escaped(where):
    until(where.exists, 20, "the grandchild")
    return int(where.read_text())


def test_a_timeout_ends_also_who_left_the_session(admin, scratch):
    where, script = escaping(scratch, "exec sleep 1000")
    task = {"name": "main", "command": ["/bin/sh", "-c", script], "timeout": "3s", "killGrace": "300ms"}
    execution = admin.run(admin.create("runner: timeout", "", tasks=[task]))
    pid = escaped(where)
    assert admin.ended(execution) == 3
    assert not lives(pid)


def test_a_cancel_ends_also_who_left_the_session(admin, scratch):
    where, script = escaping(scratch, "exec sleep 1000")
    task = {"name": "main", "command": ["/bin/sh", "-c", script], "killGrace": "300ms"}
    execution = admin.run(admin.create("runner: cancel", "", tasks=[task]))
    pid = escaped(where)
    admin.call("cancelExecution", execution).json()
    assert admin.ended(execution) == 8
    assert not lives(pid)


def test_who_left_the_session_outlives_a_command_that_ends_by_itself(admin, scratch):
    where, script = escaping(scratch, f"until [ -e {scratch}/escaped ]; do sleep 0.05; done")
    execution = admin.run(admin.create("runner: spared", script))
    assert admin.ended(execution) == 1
    pid = escaped(where)
    assert lives(pid)
    os.kill(pid, 9)


def log(client, execution, **members):
    return client.call("getTaskLog", {"taskId": client.task(execution), **members})


def test_of_a_long_output_head_and_tail_are_kept(admin):
    script = "echo begun; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo ended"
    execution = admin.run(admin.create("runner: long", script))
    assert admin.ended(execution) == 1
    answer = log(admin, execution)
    assert answer.text.startswith("begun\nxxx")
    left = int(answer.headers["X-Log-Left-Out"])
    assert f"x\n[{left} bytes left out]\nx" in answer.text
    offset, text = 0, ""
    while True:
        answer = log(admin, execution, offset=offset, limit=300000)
        text += answer.text
        offset = int(answer.headers["X-Log-Next-Offset"])
        if answer.headers["X-Log-Complete"] == "true":
            break
    assert offset == 6 + 5000000 + 1 + 6
    assert text.endswith("xxx\nended\n")
    assert len(text) == offset - left + len(f"\n[{left} bytes left out]\n")


def test_both_streams_are_seen_in_one(admin):
    execution = admin.run(admin.create("runner: both", "echo out; sleep 0.3; echo err >&2"))
    assert admin.ended(execution) == 1
    lines = log(admin, execution, stream="both").text.splitlines()
    assert [re.sub(r"^2[-0-9]{9}T[0-9:]{8}\.[0-9]{3}Z ", "", line) for line in lines] == ["stdout F out", "stderr F err"]


def test_a_log_is_followed_while_its_command_runs(admin, scratch):
    script = f"echo one; until [ -e {scratch}/go ]; do sleep 0.05; done; echo two >&2"
    execution = admin.run(admin.create("runner: follow", script))
    until(lambda: " stdout F one\n" in log(admin, execution, stream="both").text, 10, "the first line")
    answer = log(admin, execution, stream="both")
    assert answer.headers["X-Log-Complete"] == "false"
    (scratch / "go").touch()
    assert admin.ended(execution) == 1
    rest = log(admin, execution, stream="both", offset=int(answer.headers["X-Log-Next-Offset"]))
    assert rest.text.endswith(" stderr F two\n") and rest.text.count("\n") == 1


def started(client, execution, **members):
    answer = client.call("getAttempt", {"taskId": client.task(execution), **members})
    assert answer.status == 200, answer
    return answer.json()["started"]


def test_an_attempt_shows_exactly_what_its_command_was_given(admin, scratch):
    task = {"name": "main", "command": ["/bin/sh", "-c", "cat /proc/$$/environ | tr '\\0' '\\n'; pwd; umask", "x y"],
            "env": {"COLOUR": "blue", "SAME": "a=b"}, "cwd": str(scratch), "umask": "0027"}
    schedule = admin.create("runner: given", "", tasks=[task])
    execution = admin.run(schedule)
    assert admin.ended(execution) == 1
    given = started(admin, execution)
    *seen, cwd, mask = log(admin, execution).text.splitlines()
    assert given["env"] == dict(line.split("=", 1) for line in seen if not re.match("(PWD|OLDPWD|_|SHLVL)=", line))
    assert given["env"]["COLOUR"] == "blue" and given["env"]["CARILLON_ATTEMPT"] == "1"
    assert (given["cwd"], given["umask"], given["command"]) == (cwd, mask, task["command"])
    assert given["nice"] == 0 and given["user"] and given["group"]
    # What becomes of the definition changes nothing.
    definition = {"name": "runner: given", "tasks": [{**task, "env": {}}], "scheduleId": schedule, "version": 1}
    assert admin.call("updateSchedule", definition).status == 200
    assert started(admin, execution, attempt=1) == given


def test_a_secret_is_told_by_its_name_only(admin, scratch):
    value = "a-secret-that-nobody-sees"
    assert admin.call("setSecret", {"name": "runner-given", "value": value}).status == 200
    task = {"name": "main", "command": ["/bin/sh", "-c", f"echo $URL > {scratch}/url"],
            "env": {"URL": "db://me:${secret:runner-given}@host/${attempt}"}}
    execution = admin.run(admin.create("runner: secret", "", tasks=[task]))
    assert admin.ended(execution) == 1
    assert (scratch / "url").read_text() == f"db://me:{value}@host/1\n"
    answer = admin.call("getAttempt", {"taskId": admin.task(execution)})
    assert answer.json()["started"]["env"]["URL"] == "db://me:${secret:runner-given}@host/1"
    assert value not in answer.text


def test_who_has_no_attempt_or_another_tells_so(admin):
    execution = admin.run(admin.create("runner: which", "true"))
    assert admin.ended(execution) == 1
    answer = admin.call("getAttempt", {"taskId": admin.task(execution), "attempt": 2})
    assert (answer.status, answer.text) == (400, "Invalid value: attempt")
