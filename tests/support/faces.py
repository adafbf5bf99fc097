"""One service seen through its four faces: what each says of the same schedule and the same run, in one set of words."""

import json
import urllib.parse

from altogic import Library
from carillon import Client

HEAD = "63617269"


def guid(number):
    return f"{HEAD}-6c6c-8000-8{number >> 48:03x}-{number & 0xffffffffffff:012x}"


def hexadecimal(number):
    return f"{HEAD}{number:016x}"


def number_of(text):
    """The number behind a GUID, 24 hex digits or a number."""
    digits = str(text)
    if digits.startswith(f"{HEAD}-6c6c-8000-8"):
        return int(digits[20:].replace("-", ""), 16)
    return int(digits[len(HEAD):], 16) if len(digits) == 24 else int(digits)


# What a run is, whoever says so. OpenSpecimen does not show a run before it has started.
WAITS, RUNS, DONE, FAILED, CANCELED, SKIPPED, UNSEEN = "waits", "runs", "done", "failed", "canceled", "skipped", "unseen"


class Api3:
    WORDS = {0: WAITS, 4: RUNS, 9: RUNS, 1: DONE, 3: FAILED, 8: CANCELED, 13: SKIPPED}

    def __init__(self, url, token):
        self.client = Client(url, token)

    def start(self, schedule):
        return number_of(self.client.run(guid(schedule)))

    def state(self, run):
        return self.WORDS[self.client.status(guid(run))]

    def suspended(self, schedule):
        return self.client.call("getSchedule", guid(schedule)).json()["status"] == 4

    def runs(self, schedule):
        """Every run of a schedule as the ledger's own list has it: {number: state}."""
        found, cursor = {}, None
        while True:
            page = self.client.call("listExecutions", {"scheduleId": guid(schedule), "limit": 1000,
                                                       **({"cursor": cursor} if cursor else {})}).json()
            found.update({number_of(e["executionId"]): self.WORDS[e["status"]] for e in page["items"]})
            cursor = page.get("cursor")
            if not cursor:
                return found


class Face:
    """Requests to one of the others, each on a connection of its own."""

    def __init__(self, url, **headers):
        self.client = Client(url)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def ask(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        return self.client.request(method, path, text, self.headers)

    def good(self, method, path, body=None):
        answer = self.ask(method, path, body)
        assert answer.status == 200, (method, path, body, answer)
        return json.loads(answer.body)


class Altogic(Face):
    WORDS = {"pending": WAITS, "processing": RUNS, "completed": DONE}
    ERRORS = {"task_failed": FAILED, "task_timeout": FAILED, "task_canceled": CANCELED, "task_skipped": SKIPPED}

    def __init__(self, url, key):
        super().__init__(url, X_Client_Key=key, X_Client="altogic-js")

    def run_once(self, task):
        return self.good("POST", "/_api/rest/v1/task", {"taskNameOrId": task})

    def get_status(self, task):
        return self.good("GET", f"/_api/rest/v1/task/{task}")

    def start(self, schedule):
        info = self.run_once(hexadecimal(schedule))
        assert info["status"] == "pending"
        return number_of(info["taskId"])

    def state(self, run):
        info = self.get_status(hexadecimal(run))
        assert number_of(info["taskId"]) == run
        return self.WORDS[info["status"]] if info["status"] != "errors" else self.ERRORS[info["errors"]["code"]]


class AltogicClient(Altogic):
    """The same calls, made by the real client: the npm library in Node."""

    def __init__(self, url, key):
        super().__init__(url, key)
        self.library = Library(url, key)

    def info(self, answer):
        assert answer["errors"] is None, answer
        return answer["info"]

    def run_once(self, task):
        return self.info(self.library.run(task))

    def get_status(self, task):
        return self.info(self.library.status(task))


class Ricloud(Face):
    WORDS = {"pending": WAITS, "suspended": WAITS, "processing": RUNS, "succeeded": DONE}
    ERRORS = {"task-failed": FAILED, "task-timeout": FAILED, "task-canceled": CANCELED, "task-skipped": SKIPPED}

    def __init__(self, url, token):
        super().__init__(url, Authorization=f"Token {token}")

    def word(self, task):
        return self.WORDS[task["state"]] if task["state"] != "failed" else self.ERRORS[task["error"]]

    def list(self, **filters):
        """All tasks that match, newest first."""
        found = []
        while True:
            page = self.good("GET", "/tasks?" + urllib.parse.urlencode({**filters, "limit": 1000}))
            found += page["data"]
            if not page["has_more"]:
                assert len(found) == page["total_count"], (len(found), page["total_count"])
                return found
            filters["after_id"] = found[-1]["id"]

    def state(self, run):
        (task,) = self.list(session=run)
        return self.word(task)

    def runs(self, schedule):
        return {task["session"]: self.word(task) for task in self.list(source=schedule)}


class OpenSpecimen(Face):
    WORDS = {"IN_PROGRESS": {RUNS}, "SUCCEEDED": {DONE}, "FAILED": {FAILED, CANCELED, SKIPPED}}
    JOBS = "/openspecimen/rest/ng/scheduled-jobs"

    def __init__(self, url, token):
        super().__init__(url, X_OS_API_TOKEN=token)

    def create(self, name, task, **members):
        return self.good("POST", self.JOBS, {"name": name, "type": "INTERNAL", "taskImplFqn": task, "repeatSchedule": "ONDEMAND",
                                             **members})["id"]

    def start(self, schedule, args=None):
        """Perhaps: the answer is the job, and while it runs a request is dropped."""
        return self.good("POST", f"{self.JOBS}/{schedule}/runs", {"args": args})

    def job(self, schedule):
        return self.good("GET", f"{self.JOBS}/{schedule}")

    def states(self, run):
        """What the run may be, in the words of the others; this face has fewer."""
        answer = self.ask("GET", f"{self.JOBS}/1/runs/{run}")
        if answer.status == 400:
            assert json.loads(answer.body)[0]["code"] == "SCHEDULED_JOB_JOB_RUN_NOT_FOUND", answer
            return {WAITS}
        return self.WORDS[json.loads(answer.body)["status"]]

    def runs(self, schedule):
        found = {}
        while True:
            page = self.good("GET", f"{self.JOBS}/{schedule}/runs?maxResults=1000&startAt={len(found)}")
            found.update({run["id"]: self.WORDS[run["status"]] for run in page})
            if len(page) < 1000:
                return found


class Faces:
    """All four, as an administrator with the keys of quickstart.env."""

    def __init__(self, service, altogic=Altogic):
        env = service.env()
        self.task = env["OPENSPECIMEN_TASK"]
        self.api3 = Api3(service.url, env["PATOKEN"])
        self.altogic = altogic(service.url, env["ALTOGIC_CLIENT_KEY"])
        self.ricloud = Ricloud(service.url, env["RICLOUD_TOKEN"])
        self.openspecimen = OpenSpecimen(service.url, env["OPENSPECIMEN_TOKEN"])

    def agree(self, run):
        """What all four say of a run, if it did not change while they were asked; None if it did."""
        before = self.api3.state(run)
        others = [self.altogic.state(run), self.ricloud.state(run)]
        fewer = self.openspecimen.states(run)
        if self.api3.state(run) != before:
            return None
        assert others == [before, before] and before in fewer, (run, before, others, fewer)
        return before
