"""Altogic's clients: the npm library in Node or in a page, one order at a time; and what tests of that face need to begin."""

import json
import os
import pathlib
import select
import subprocess
import time

from carillon import SLOW

TESTS = pathlib.Path(__file__).resolve().parents[1]
IN_NODE = TESTS / "clients" / "altogic.js"
IN_CHROMIUM = TESTS / "browser" / "altogic.js"

DEADLINE_S = 20 * SLOW

EMAIL, PASSWORD = "altogic-ann@example.test", "sesame street"


class Library:
    """The real client. What a call answers is its value; a promise that does not settle, or a rejection, fails the test."""

    def __init__(self, url, key, *command, **options):
        self.process = subprocess.Popen(["node", *(command or [IN_NODE])], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "DEADLINE_MS": str(DEADLINE_S * 1000)})
        self.order({"url": url, "key": key, "options": options})

    def order(self, order):
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        # Node has a deadline of its own: this one is for Node.
        ready, _, _ = select.select([self.process.stdout], [], [], 3 * DEADLINE_S)
        assert ready, f"no answer to {order}"
        return json.loads(self.process.stdout.readline())

    def call(self, name, *args):
        told = self.order({"call": name, "args": args})
        assert list(told) == ["value"], (name, args, told)
        return told["value"]

    def run(self, *args):
        return self.call("task.runOnce", *args)

    def status(self, *args):
        return self.call("task.getTaskStatus", *args)

    def ended(self, task, seconds=10.0):
        """The info of a run that has ended."""
        deadline = time.monotonic() + seconds * SLOW
        while True:
            answer = self.status(task)
            assert answer["errors"] is None, answer
            if "completedAt" in answer["info"]:
                return answer["info"]
            assert time.monotonic() < deadline, answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()


def is_refused(answer, status, code, **others):
    """What the library makes of an error."""
    errors = answer.pop("errors")
    assert answer == others, answer
    assert (errors["status"], [item["code"] for item in errors["items"]]) == (status, [code]), errors
    assert errors["statusText"]


def make_keys(admin):
    """Client keys of the administrator's: (one without, one with enforced sessions). Someone with an address is there too."""
    def key(name, **members):
        made = admin.call("createToken", {"name": name, "kind": "clientKey", "scopes": ["run", "read"], **members}, service="access")
        return made.json()["token"]

    admin.call("createUser", {"userName": "altogic-ann", "email": EMAIL, "password": PASSWORD, "role": "viewer"}, service="access").json()
    return key("altogic"), key("altogic with sessions", needsSession=True)
