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
