"""The program by itself, without a web server: as systemd, spawn-fcgi or an operator starts it."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

import fastcgi
from carillon import BUILD, SLOW, Service, living_in, processes, until


class Master:
    """`carillon` in the foreground, in the directory of a service that does not run."""

    def __init__(self, state, listening=None, as_stdin=False, **settings):
        self.state = state
        self.log_path = state / "master.log"
        command = 'exec "$0" --config carillon.xml'
        options = {"stdin": subprocess.DEVNULL}
        if listening is not None and as_stdin:
            options["stdin"] = listening
        elif listening is not None:
            command = f"export LISTEN_PID=$$ LISTEN_FDS=1; {command} 3<&{listening.fileno()}"
            options["pass_fds"] = [listening.fileno()]
        with open(self.log_path, "ab") as log:
            self.began = log.tell()
            self.process = subprocess.Popen(["bash", "-c", command, BUILD / "carillon"], cwd=state, stderr=log, stdout=log,
                                            env={**os.environ, **settings}, **options)

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            log.seek(self.began)
            return log.read()

    def ready(self, times=1):
        until(lambda: self.process.poll() is not None or self.log().count(": ready: ") >= times, 20, "ready")
        assert self.process.poll() is None, self.log()
        return self

    def kill(self, number):
        os.kill(self.process.pid, number)

    def children(self, name):
        return [pid for pid, parent, comm in processes() if parent == self.process.pid and comm == name]

    def wait(self, seconds=30):
        return self.process.wait(seconds * SLOW)

    def stop(self):
        self.kill(signal.SIGTERM)
        assert self.wait() == 0, self.log()


@pytest.fixture(scope="module")
def made():
    """The directory of a service that was made and stopped."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="carillon-"))
    folder.chmod(0o755)
    yield Service(folder / "state").start().stop().state
    shutil.rmtree(folder)


@pytest.fixture
def state(made):
    """A copy of it, and nobody who runs in it at the end."""
    copy = made.parent / "copy"
    subprocess.run(["cp", "-a", made, copy], check=True)
    yield copy
    for pid, _, name in list(processes()):
        with contextlib.suppress(OSError):
            if name.startswith("carillon") and os.path.samefile(f"/proc/{pid}/cwd", copy):
                os.kill(pid, signal.SIGKILL)
    until(lambda: living_in(copy) == [], 10)
    shutil.rmtree(copy)


def is_pending(pid, number):
    """Whether a signal waits for a stopped process to go on."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    masks = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))]
    return any(mask >> (number - 1) & 1 for mask in masks)


def healthy(path):
    return fastcgi.ask(path, "GET", "/healthz") == (200, b"ok\n")


@pytest.fixture
def listening(state):
    """A socket that somebody else made and keeps."""
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(state / "sock" / "given.sock"))
        s.listen(64)
        yield s


def test_a_socket_of_systemd_keeps_its_queue_over_a_restart(state, listening):
    path = listening.getsockname()
    first = Master(state, listening).ready()
    assert healthy(path)
    assert not (state / "sock" / "carillon.sock").exists()
    first.stop()
    with contextlib.closing(fastcgi.connect(path)) as waiting:
        waiting.sendall(fastcgi.request("GET", "/healthz"))
        second = Master(state, listening).ready()
        assert fastcgi.answer(waiting) == (200, b"ok\n")
        second.stop()


def test_a_socket_of_spawn_fcgi_on_descriptor_0_is_served(state, listening):
    master = Master(state, listening, as_stdin=True).ready()
    assert healthy(listening.getsockname())
    master.stop()


def test_the_service_manager_is_told(state):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(20)
        manager.bind(str(state / "sock" / "notify"))
        os.chmod(state / "sock" / "notify", 0o666)

        def told():
            while True:
                lines = manager.recv(4096).decode().splitlines()
                if "EXTEND_TIMEOUT_USEC" not in "".join(lines):
                    return lines[0]

        master = Master(state, NOTIFY_SOCKET=str(state / "sock" / "notify"))
        assert told() == "READY=1"
        assert "ready: " in master.log()
        master.kill(signal.SIGHUP)
        assert [told(), told()] == ["RELOADING=1", "READY=1"]
        master.kill(signal.SIGTERM)
        assert told() == "STOPPING=1"
        assert master.wait() == 0


def test_what_waits_in_the_queue_at_a_stop_is_answered(state):
    master = Master(state).ready()
    path = state / "sock" / "carillon.sock"
    workers = master.children("carillon")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(contextlib.closing(fastcgi.connect(path))) for _ in range(20)]
        for connection in waiting:
            connection.sendall(fastcgi.request("GET", "/healthz"))
        master.kill(signal.SIGTERM)
        until(lambda: all(is_pending(pid, signal.SIGTERM) for pid in workers), 10, "they are told to leave")
        assert not path.exists(), "nobody new comes in"
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        for connection in waiting:
            assert fastcgi.answer(connection) == (200, b"ok\n")
            # As a web server does: the worker waits for it.
            connection.close()
    assert master.wait() == 0
    assert living_in(state) == []


def test_a_request_waits_while_the_store_recovers(state):
    master = Master(state).ready()
    for victim in ("carillon-schedu", "carillon"):
        before, workers = master.log().count(": ready: "), set(master.children("carillon"))
        os.kill(master.children(victim)[0], signal.SIGKILL)
        # What a dying worker has begun to answer is lost; what comes later waits.
        until(lambda: not workers & set(master.children("carillon")), 10)  # noqa: B023
        assert healthy(state / "sock" / "carillon.sock")
        master.ready(before + 1)
    master.stop()


def test_a_killed_master_can_be_followed_at_once(state):
    first = Master(state).ready()
    first.kill(signal.SIGKILL)
    second = Master(state).ready()
    assert healthy(state / "sock" / "carillon.sock")
    second.stop()
    assert first.wait() != 0
    assert living_in(state) == []


def test_a_second_signal_stops_at_once(state):
    master = Master(state, CARILLON_DRAIN="1h").ready()
    worker = master.children("carillon")[0]
    # It cannot leave.
    os.kill(worker, signal.SIGSTOP)
    master.kill(signal.SIGTERM)
    until(lambda: "stopping" in master.log(), 10)
    assert master.process.poll() is None
    master.kill(signal.SIGINT)
    assert master.wait() == 0
    assert living_in(state) == []


def test_a_file_that_is_being_edited_reaches_nobody(state):
    """Only a start and a reload read it, also when a child must be replaced."""
    master = Master(state).ready()
    config = state / "carillon.xml"
    sound = config.read_text()
    config.write_text("<carillon><half")
    for victim, times in (("carillon-schedu", 2), ("carillon-runner", 2)):
        pid = master.children(victim)[0]
        os.kill(pid, signal.SIGKILL)
        until(lambda: master.children(victim) not in ([], [pid]), 10, f"a new {victim}")  # noqa: B023
        master.ready(times)
    assert "carillon.xml:1" not in master.log()
    config.write_text(sound)
    assert healthy(state / "sock" / "carillon.sock")
    master.stop()


def test_a_reload_does_not_move_the_store(state):
    master = Master(state).ready()
    config = state / "carillon.xml"
    sound = config.read_text()
    config.write_text(sound.replace("<storeDir>store<", "<storeDir>elsewhere<"))
    master.kill(signal.SIGHUP)
    until(lambda: "storeDir can only change with a restart" in master.log(), 10)
    config.write_text(sound.replace("sock/carillon.sock", "sock/other.sock"))
    master.kill(signal.SIGHUP)
    until(lambda: "socket stays as it was until a restart" in master.log(), 10)
    assert healthy(state / "sock" / "carillon.sock")
    config.write_text(sound)
    master.stop()


def test_a_reload_reaches_workers_that_never_wait(state):
    """As long as requests queue up, a worker goes from one to the next and never sleeps."""
    master = Master(state).ready()
    old = set(master.children("carillon"))
    login = fastcgi.request("POST", "/API3/authentication/authenticateUser", b'{"userName":"adminUser","password":"x"}')
    with contextlib.ExitStack() as stack:
        waiting = []
        for _ in range(400):
            waiting.append(stack.enter_context(contextlib.closing(fastcgi.connect(state / "sock" / "carillon.sock"))))
            waiting[-1].sendall(login)
        master.kill(signal.SIGHUP)
        until(lambda: not old & set(master.children("carillon")), 20, "the old workers leave")
        waiting[-1].setblocking(False)
        with pytest.raises(BlockingIOError):
            waiting[-1].recv(1)
    master.kill(signal.SIGTERM)
    master.kill(signal.SIGTERM)


def test_a_socket_on_which_another_answers_is_let_alone(state):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(state / "sock" / "carillon.sock"))
        other.listen(64)
        master = Master(state)
        assert master.wait() == 1
        assert "another server answers there" in master.log()
        assert len(master.log().splitlines()) == 1
        # Whoever asks takes a place in the other's queue: that was done a few times at most.
        other.setblocking(False)
        knocks = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                other.accept()[0].close()
                knocks += 1
        assert 1 <= knocks <= 5
    assert sorted(os.listdir(state / "sock")) == ["carillon.sock"]


def test_a_worker_that_grows_old_is_replaced(state):
    master = Master(state, CARILLON_WORKER_REQUESTS="5", CARILLON_WORKERS_MIN="1", CARILLON_WORKERS_MAX="1").ready()
    first = master.children("carillon")
    for _ in range(40):
        assert healthy(state / "sock" / "carillon.sock")
    until(lambda: master.children("carillon") not in ([], first), 10)
    assert "error" not in master.log()
    master.stop()


def test_silent_clients_keep_nobody_else_waiting(state):
    """As many as there are workers: others are started, and none of them is taken for a process that hangs."""
    master = Master(state, CARILLON_WORKERS_MIN="2", CARILLON_STUCK_AFTER="1s").ready()
    path = state / "sock" / "carillon.sock"
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            silent = stack.enter_context(contextlib.closing(fastcgi.connect(path)))
            silent.sendall(fastcgi.request("POST", "/API3/tasks/findSchedule", b"{}")[:-10])
        end = time.monotonic() + 2.5
        slowest = 0
        while time.monotonic() < end:
            begin = time.monotonic()
            assert healthy(path)
            slowest = max(slowest, time.monotonic() - begin)
    assert slowest < 2 * SLOW
    assert "no progress" not in master.log()
    master.stop()
