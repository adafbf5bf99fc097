"""A private service to test against, and a client for it.

A Service is what `make start` gives a newcomer, with a directory and a port of its own; nothing in it is faked. A
Client says what it sends and gets back what came, without judging: a status is the test's to assert.
"""

import contextlib
import http.client
import json
import os
import pathlib
import shlex
import socket
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
QUICKSTART = ROOT / "conf" / "quickstart.sh"

# The web server that the quickstart starts, unless a test says otherwise.
WEB = os.environ.get("WEB", "nginx")

# Sanitized programs are several times slower.
SLOW = 4 if "san" in BUILD.name else 1

ADMIN_PASSWORD = "abc123!"


def make_folder(mode=0o755):
    """A folder that others can enter, unlike pytest's own: commands run as another user when root tests."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="carillon-"))
    folder.chmod(mode)
    return folder


def free_port():
    """A port that nobody listens on. Somebody may take it before it is used: the caller then tries another."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(condition, seconds=10.0, what=None):
    """Ask until the answer is true, and hand it back; fail when the deadline passes."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * SLOW:g} s: {what or condition}")
        time.sleep(0.01)


class Answer:
    def __init__(self, status, headers, body, reason=None):
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def type(self):
        return self.headers.get("Content-Type")

    def json(self):
        assert self.status == 200, (self.status, self.text)
        assert self.type == "application/json;charset=utf-8"
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.type} {self.body[:200]!r}>"


class Client:
    """Requests with one token, or none."""

    def __init__(self, url, token=None):
        self.url = urllib.parse.urlsplit(url)
        self.token = token

    def request(self, method, path, body=None, headers=None, timeout=20 * SLOW):
        """One request on a connection of its own. Nothing is added to the headers but what HTTP needs, and the token."""
        headers = dict(headers or {})
        if self.token is not None:
            headers.setdefault("paToken", self.token)
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers, encode_chunked=headers.get("Transfer-Encoding") == "chunked")
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read(), response.reason)

    def post(self, path, body="", headers=None):
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode("utf-8")
        return self.request("POST", path, body, headers)

    def call(self, method, body="", headers=None, service="tasks"):
        """A method of API3 by name; a body that is no text is sent as JSON."""
        return self.post(f"/API3/{service}/{method}", body, headers)

    def login(self, user, password):
        answer = self.call("authenticateUser", {"userName": user, "password": password}, service="authentication")
        assert answer.status == 200, answer
        return Client(self.url.geturl(), answer.text)

    # What most tests need, in words.

    def find(self, name):
        found = self.call("findSchedule", {"searchCriteria": {"searchValue": name}}).json()
        assert found, f"no schedule {name}"
        return found[0]

    def create(self, name, script, **members):
        """A schedule with one task, a line of shell."""
        definition = {"name": name, "tasks": [{"name": "main", "command": ["/bin/sh", "-c", script]}], **members}
        return self.call("createSchedule", definition).json()

    def run(self, schedule, **members):
        return self.call("runSchedule", {"scheduleId": schedule, "checkTriggers": False, **members}).json()

    def status(self, execution):
        return self.call("getScheduleExecutionStatus", execution).json()["status"]

    def task(self, execution):
        tasks = self.call("getTasksIds", json.dumps(execution)).json()
        assert len(tasks) == 1
        return tasks[0]["id"]

    def ended(self, execution, seconds=10.0):
        """The status with which the execution ended."""
        until(lambda: self.status(execution) not in (0, 4), seconds, f"the end of {execution}")
        return self.status(execution)

    def ledger(self, schedule):
        return self.call("listOccurrences", {"scheduleId": schedule, "limit": 1000}).json()["items"]


class Service:
    """The quickstart in `state`. `settings` are environment variables: CARILLON_WORKERS_MAX="1" and the like."""

    def __init__(self, state, **settings):
        self.state = pathlib.Path(state)
        self.port = free_port()
        # Tests log in as nobody else would; what limits that is tested in tests/web.
        self.web = settings.get("WEB", WEB)
        self.settings = {"QUICKSTART_ADMIN_PASSWORD": ADMIN_PASSWORD, "LOGIN_RATE": "1000r/s", **settings}

    def quickstart(self, verb, **settings):
        """conf/quickstart.sh as it is; answers the finished process."""
        env = {**os.environ, **self.settings, "PORT": str(self.port), "STATE": str(self.state), "BUILD": str(BUILD),
               **settings}
        return subprocess.run([QUICKSTART, verb], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=90 * SLOW, check=False)

    def start(self):
        done = self.quickstart("start")
        if done.returncode and "is in use" in done.stderr:
            self.port = free_port()
            done = self.quickstart("start")
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def stop(self):
        done = self.quickstart("stop")
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def env(self):
        """quickstart.env as a dictionary."""
        lines = (self.state / "quickstart.env").read_text().splitlines()
        return {name: shlex.split(value)[0] if value != "''" else ""
                for name, _, value in (line.partition("=") for line in lines)}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def nobody(self):
        return Client(self.url)

    def admin(self):
        return Client(self.url, self.env()["PATOKEN"])

    def viewer(self):
        env = self.env()
        return self.nobody().login(env["VIEWER_USER"], env["VIEWER_PASSWORD"])

    def ctl(self, *words, **options):
        return subprocess.run([BUILD / "carillonctl", "--config", "carillon.xml", *words], cwd=self.state,
                              capture_output=True, text=True, timeout=60 * SLOW, check=False, **options)

    def log(self):
        return (self.state / "carillon.log").read_text()

    # Processes.

    def master(self):
        return int(self.env()["MASTER_PID"])

    def children(self, role):
        """Process ids of the master's children: "worker", "scheduler", "runner"."""
        comm = {"worker": "carillon", "scheduler": "carillon-schedu", "runner": "carillon-runner"}[role]
        return [pid for pid, parent, name in processes() if parent == self.master() and name == comm]


def can_hide_programs():
    """Whether a test can mount something over /usr/sbin for itself alone: root can, but for one in a chroot."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


def processes():
    """(pid, parent, command name) of every process that is not a zombie."""
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        head, _, tail = stat.rpartition(")")
        state, parent = tail.split()[:2]
        if state != "Z":
            yield int(folder.name), int(parent), head.partition("(")[2]


def living_in(state):
    """Names of processes whose directory is `state`: what a stop must not leave behind."""
    found = []
    for pid, _, name in processes():
        with contextlib.suppress(OSError):
            if os.path.samefile(f"/proc/{pid}/cwd", state):
                found.append(name)
    return found
