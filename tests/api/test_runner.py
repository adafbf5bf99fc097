"""What the runner does with commands, seen from outside."""

import os

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
