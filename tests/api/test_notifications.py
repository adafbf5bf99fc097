"""Notifications from outside: a receiver that checks signatures, a sendmail that keeps what it gets, and whoever dies between."""

import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import shutil
import signal
import stat
import threading
import time

import pytest

from carillon import Client, Service, make_folder, until

KEY = b"a key of the receiver's"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Receiver:
    """Takes webhooks as the field's libraries do; what is not signed as it should be is kept apart."""

    def __init__(self, port=0):
        self.got, self.forged = [], []
        self.statuses = {}
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                one = json.loads(body)
                (receiver.got if receiver.is_signed(self.headers, body) else receiver.forged).append(
                    {**one, "path": self.path, "id": self.headers["webhook-id"]})
                status = receiver.statuses.get(self.path, 204)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def is_signed(headers, body):
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mine = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
        return fresh and any(hmac.compare_digest(one, f"v1,{mine}") for one in headers["webhook-signature"].split())

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path):
        return [one for one in self.got if one["path"] == path]

    def told(self, path):
        return [one["data"]["event"] for one in self.at(path)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()
    assert not receiver.forged


@pytest.fixture(scope="module")
def folder():
    folder = make_folder()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def outgoing(folder):
    """Where the fake sendmail puts each mail, and its arguments beside it; it exits with what stands in `fails`."""
    outgoing = folder / "outgoing"
    outgoing.mkdir()
    outgoing.chmod(0o777)
    return outgoing


@pytest.fixture(scope="module")
def told(folder, outgoing):
    """A service that may reach the receiver and has the fake sendmail."""
    program = folder / "sendmail"
    program.write_text(f"""#!/bin/sh
cd {outgoing} || exit 71
[ -e fails ] && exit "$(cat fails)"
printf '%s\\n' "$@" > $$.argv
cat > $$.tmp && mv $$.tmp $$.mail
""")
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    service = Service(folder / "state", CARILLON_HTTP_ALLOW="127.0.0.1", CARILLON_HTTP_PORTS="1024-65535",
                      CARILLON_SENDMAIL=str(program), CARILLON_MAIL_FROM="carillon@example.test").start()
    service.admin().call("setSecret", {"name": "hook", "value": SECRET}).json()
    yield service
    service.stop()


@pytest.fixture
def client(told):
    return told.admin()


def hook(receiver, path, on, **members):
    return {"on": on, **members, "webhook": {"url": receiver.url(path), "secret": "hook"}}


def outcomes(folder, name):
    """A file that says how the runs of a schedule end, and the line of shell that looks into it."""
    file = folder / name
    file.write_text("0")
    return file, f"exit $(cat {file})"


def run(client, schedule, code, file):
    file.write_text(str(code))
    client.ended(client.run(schedule), 30)


def told_of(client, schedule, **query):
    return client.call("listNotifications", {"scheduleId": schedule, **query}).json()["items"]


def waits(client, name):
    """What waits of a schedule after a try, if anything does."""
    listed = client.call("listNotifications", {"scheduleId": client.find(name)["scheduleId"], "status": "waiting"}).json()
    return next((one for one in listed["items"] if "error" in one), None)


# ---- what is told ----


def test_failures_a_change_and_a_recovery_are_told_once_each(client, receiver, folder):
    file, script = outcomes(folder, "ends")
    schedule = client.create('told: "ends"', script, notify=[
        hook(receiver, "/failed", "failed", failures=2), hook(receiver, "/recovered", "recovered", failures=2),
        hook(receiver, "/changed", "changed")])
    for code in (0, 4, 4, 4, 0):
        run(client, schedule, code, file)
    until(lambda: receiver.told("/recovered") and len(receiver.told("/changed")) == 2, 20, "the last of them")
    assert receiver.told("/failed") == ["failed"]
    assert receiver.told("/recovered") == ["recovered"]
    assert receiver.told("/changed") == ["changed", "changed"]
    [one] = receiver.at("/failed")
    assert one["type"] == "schedule.failed"
    data = one["data"]
    assert data["text"] == '"told: "ends"" failed 2 times in a row: task "main": exit code 4'
    assert (data["scheduleId"], data["scheduleName"], data["failures"]) == (schedule, 'told: "ends"', 2)
    assert data["notificationId"] == one["id"]
    assert client.status(data["executionId"]) == 3


def test_what_fails_a_hundred_times_is_told_once_and_again_after_a_recovery(client, receiver, folder):
    file, script = outcomes(folder, "storm")
    schedule = client.create("told: storm", script, overlap="queue", notify=[
        hook(receiver, "/storm", "failed"), hook(receiver, "/storm", "recovered")])

    def runs(code, count):
        file.write_text(code)
        made = [client.run(schedule) for _ in range(count)]
        client.ended(made[-1], 60)

    runs("1", 100)
    runs("0", 1)
    runs("1", 2)
    until(lambda: len(receiver.at("/storm")) == 3, 20, "the second failure")
    assert receiver.told("/storm") == ["failed", "recovered", "failed"]


def test_a_late_start_a_long_run_and_no_success_are_told(client, receiver):
    client.create("told: long", "sleep 30", triggers=[{"every": "1h"}], notify=[hook(receiver, "/long", "long", by="1s")])
    long = client.find("told: long")["scheduleId"]
    first = client.run(long)
    until(lambda: receiver.at("/long"), 20, "the run that is too long")
    assert receiver.at("/long")[0]["data"]["executionId"] == first
    client.call("cancelExecution", first).json()

    late = client.create("told: late", "sleep 6", triggers=[{"every": "2s"}], overlap="queueOne",
                         notify=[hook(receiver, "/late", "late", by="2s")])
    until(lambda: receiver.at("/late"), 30, "the run that waits for its turn")
    client.call("suspendSchedule", late).json()

    client.create("told: silence", "false", notify=[hook(receiver, "/silence", "noSuccess", by="1s")])
    until(lambda: receiver.at("/silence"), 20, "the silence")
    [one] = receiver.at("/silence")
    assert one["data"]["executionId"] is None
    assert one["data"]["text"].startswith('"told: silence" has had no success within 1s, since ')
    assert len(receiver.at("/long")) == 1


def test_a_mail_is_handed_to_sendmail(client, outgoing):
    schedule = client.create("told: m\u00fcll, =?UTF-8?Q?x?=", "exit 4", notify=[
        {"on": "failed", "mail": {"to": ["ops@example.test", "dba@example.test"]}}])
    client.ended(client.run(schedule))
    [mail] = until(lambda: list(outgoing.glob("*.mail")), 20, "a mail")
    assert mail.with_suffix(".argv").read_text().split("\n") == [
        "-oi", "-f", "carillon@example.test", "--", "ops@example.test", "dba@example.test", ""]
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    assert message["From"] == "carillon@example.test"
    assert message["To"] == "ops@example.test, dba@example.test"
    assert message["Subject"] == "failed: told: m\u00fcll, =?UTF-8?Q?x?="
    assert 'task "main": exit code 4' in message.get_content()
    mail.unlink()


# ---- what is refused ----


@pytest.mark.parametrize("rule, why", [
    ({"on": "failed"}, "notify[0]: must have one of webhook and mail"),
    ({"on": "failed", "mail": {"to": ["a@b\nBcc: c@d"]}},
     "notify[0].mail.to[0]: must be a plain address such as ops@example.org"),
    ({"on": "failed", "mail": {"to": ["-oQ/tmp@b"]}},
     "notify[0].mail.to[0]: must be a plain address such as ops@example.org"),
    ({"on": "failed", "webhook": {"url": "file:///etc/passwd", "secret": "hook"}},
     "notify[0].webhook.url: must begin with https:// or http://"),
    ({"on": "late", "by": "1ms", "webhook": {"url": "https://a.test/", "secret": "hook"}}, "notify[0].by: must be within 1s and 366d"),
])
def test_a_rule_that_cannot_be_kept_is_refused_and_says_where(client, rule, why):
    answer = client.call("createSchedule", {"name": "told: bad", "tasks": [{"name": "a", "command": ["/bin/sh"]}], "notify": [rule]})
    assert (answer.status, answer.text) == (400, f"Invalid value: {why}")


def test_without_sendmail_a_mail_is_refused(make_service):
    client = make_service().start().admin()
    answer = client.call("createSchedule", {"name": "a", "tasks": [{"name": "a", "command": ["/bin/sh"]}],
                                            "notify": [{"on": "failed", "mail": {"to": ["a@b"]}}]})
    assert (answer.status, answer.text) == (400, "Invalid value: notify[0].mail: this server sends no mail")


def test_a_secret_that_a_rule_names_is_not_deleted(client, receiver):
    client.call("setSecret", {"name": "held", "value": SECRET}).json()
    client.create("told: held", "true", notify=[{"on": "failed", "webhook": {"url": receiver.url("/"), "secret": "held"}}])
    answer = client.call("deleteSecret", {"name": "held"})
    assert (answer.status, answer.text) == (409, "The secret is named by the schedule told: held")


# ---- delivery ----


def test_a_message_arrives_when_its_receiver_is_back(client, receiver):
    spare = Receiver()
    spare.close()
    schedule = client.create("told: down", "exit 1", notify=[hook(spare, "/down", "failed")])
    client.ended(client.run(schedule))
    until(lambda: waits(client, "told: down"), 20, "the first try")
    back = Receiver(spare.port)
    try:
        until(lambda: back.told("/down"), 40, "the message")
    finally:
        back.close()
    assert back.told("/down") == ["failed"] and not back.forged


def test_a_message_outlives_the_scheduler(told, client):
    """Killed while the message waits for a receiver that is down, and again at once when it is back."""
    spare = Receiver()
    spare.close()
    schedule = client.create("told: killed", "exit 1", notify=[hook(spare, "/killed", "failed")])
    client.ended(client.run(schedule))
    until(lambda: waits(client, "told: killed"), 20, "the first try")
    [scheduler] = told.children("scheduler")
    os.kill(scheduler, signal.SIGKILL)
    until(lambda: told.children("scheduler") not in ([], [scheduler]), 20, "another scheduler")
    back = Receiver(spare.port)
    try:
        until(lambda: back.told("/killed"), 60, "the message")
        assert len({one["id"] for one in back.at("/killed")}) == 1
    finally:
        back.close()
    assert not back.forged


def test_the_guard_of_requests_holds_for_webhooks(client):
    schedule = client.create("told: inside", "exit 1", notify=[
        {"on": "failed", "webhook": {"url": "http://127.0.0.2:8080/", "secret": "hook"}}])
    client.ended(client.run(schedule))
    assert "httpAllow" in until(lambda: waits(client, "told: inside"), 20, "the refusal")["error"]


def test_a_mail_that_sendmail_does_not_take_is_tried_again(client, outgoing):
    fails = outgoing / "fails"
    fails.write_text("75")
    schedule = client.create("told: unwell", "exit 1", notify=[{"on": "failed", "mail": {"to": ["unwell@example.test"]}}])
    client.ended(client.run(schedule))
    one = until(lambda: waits(client, "told: unwell"), 20, "the first try")
    assert (one["error"], one["tries"], one["mail"]) == ("exit code 75", 1, {"to": ["unwell@example.test"]})
    assert one["nextTry"] > one["triedDate"]
    fails.unlink()
    [one] = until(lambda: told_of(client, schedule, status="delivered"), 40, "the second try")
    assert (one["status"], one["tries"]) == ("delivered", 2)
    assert "error" not in one and "nextTry" not in one and one["endDate"] >= one["triedDate"]
    [mail] = outgoing.glob("*.mail")
    mail.unlink()


def test_a_receiver_that_answers_no_is_tried_again(client, receiver):
    receiver.statuses["/no"] = 503
    schedule = client.create("told: no", "exit 1", notify=[hook(receiver, "/no", "failed")])
    client.ended(client.run(schedule))
    assert until(lambda: waits(client, "told: no"), 20, "the first try")["error"] == "answered with status 503"
    receiver.statuses["/no"] = 200
    until(lambda: told_of(client, schedule, status="delivered"), 40, "the second try")
    first, second = receiver.at("/no")
    assert first == second


def test_who_sees_a_schedule_sees_what_was_told_of_it(told, client, receiver):
    schedule = client.create("told: seen", "exit 1", tags=["seen"], notify=[hook(receiver, "/seen", "failed")])
    client.ended(client.run(schedule))
    [one] = until(lambda: told_of(client, schedule, status="delivered"), 20, "the message")
    assert one["webhook"] == {"url": receiver.url("/seen")} and one["scheduleName"] == "told: seen"

    def seen_with(*tags):
        token = client.call("createToken", {"userName": "adminUser", "scopes": ["read"], "tags": tags}, service="access").json()["token"]
        items = Client(told.url, token).call("listNotifications", {}).json()["items"]
        return {item["scheduleId"] for item in items}

    assert seen_with("seen") == {schedule}
    assert seen_with("other") == set()
    assert schedule in {item["scheduleId"] for item in told.viewer().call("listNotifications", {}).json()["items"]}
    answer = client.call("listNotifications", {"status": "lost"})
    assert (answer.status, answer.text) == (400, "Invalid value: status: must be waiting, delivered or givenUp")


def test_a_page_follows_another(client):
    def page(**query):
        return client.call("listNotifications", {"limit": 2, **query}).json()

    everything = [one["notificationId"] for one in page(limit=1000)["items"]]
    assert len(everything) > 4
    got, answer = [], page()
    while True:
        got += [one["notificationId"] for one in answer["items"]]
        if "cursor" not in answer:
            break
        answer = page(cursor=answer["cursor"])
    assert got == everything
