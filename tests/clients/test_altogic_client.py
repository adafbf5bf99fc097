"""The npm client `altogic`, unmodified, in Node: row by row of the face's contract (section 8.2), as far as the client's own
eyes reach. Every promise settles, and none is rejected without anybody to hear it: tests/support/altogic.py."""

import os
import re
import signal
import socket

import pytest

from altogic import EMAIL, PASSWORD, Library, is_refused, make_keys
from carillon import until

ID = re.compile(r"6361726900[0-9a-f]{14}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NAME = "billOnDemand"


@pytest.fixture(scope="module")
def keys(service):
    return make_keys(service.admin())


@pytest.fixture
def connect(service):
    """Makes clients; all are gone at the end."""
    made = []

    def make(key, url=service.url, **options):
        made.append(Library(url, key, **options))
        return made[-1]

    yield make
    for library in made:
        with library:
            pass


@pytest.fixture
def k(connect, keys):
    return connect(keys[0])


@pytest.fixture
def ks(connect, keys):
    return connect(keys[1])


def is_started(answer, name=NAME):
    """[1]"""
    assert answer["errors"] is None
    info = answer["info"]
    assert sorted(info) == ["scheduledTaskId", "scheduledTaskName", "status", "taskId", "triggeredAt"]
    assert (info["status"], info["scheduledTaskName"]) == ("pending", name)
    assert ID.fullmatch(info["taskId"]) and ID.fullmatch(info["scheduledTaskId"]) and TIME.fullmatch(info["triggeredAt"])
    return info


def test_a_task_is_run_by_name_and_by_id(k):
    """[1] [3] [4] [9]"""
    first = is_started(k.run(NAME))
    again = is_started(k.run(first["scheduledTaskId"]))
    assert again["scheduledTaskId"] == first["scheduledTaskId"]
    info = k.ended(again["taskId"])
    assert info["status"] == "completed"
    assert info["triggeredAt"] <= info["startedAt"] <= info["completedAt"]
    assert k.status(first["scheduledTaskId"])["info"]["taskId"] == again["taskId"]


def test_a_long_run_and_those_that_wait_for_it(k, admin, scratch):
    """[5] [16]"""
    gate = scratch / "gate"
    admin.create("altogic long", f"while [ ! -e {gate} ]; do sleep 0.02; done")
    tasks = [is_started(k.run("altogic long"), "altogic long")["taskId"] for _ in range(3)]
    try:
        until(lambda: k.status(tasks[0])["info"]["status"] == "processing")
        info = k.status(tasks[0])["info"]
        assert TIME.fullmatch(info["startedAt"]) and "completedAt" not in info
        assert [k.status(task)["info"]["status"] for task in tasks[1:]] == ["pending", "pending"]
    finally:
        gate.touch()
    assert len(set(tasks)) == 3
    assert [k.ended(task)["status"] for task in tasks] == ["completed"] * 3


def test_a_failing_task(k, admin):
    """[6]"""
    admin.create("altogic fails", "exit 3")
    info = k.ended(is_started(k.run("altogic fails"), "altogic fails")["taskId"])
    assert info["status"] == "errors"
    assert (info["errors"]["code"], info["errors"]["details"]) == ("task_failed", {"exitCode": 3})


def test_an_unknown_id_is_nothing_and_no_error(k):
    """[7] [10]"""
    for args in (["6237b225b9a84d607cd79044"], [], ["a b/ç?x=1"], ["../../x"], ["%"]):
        if args == ["../../x"]:
            is_refused(k.status(*args), 404, "not_found", info=None)
        elif args == ["%"]:
            is_refused(k.status(*args), 400, "bad_request", info=None)
        else:
            assert k.status(*args) == {"info": None, "errors": None}


def test_what_is_asked_for_wrongly(k):
    """[11] [12] [13]"""
    is_refused(k.status(""), 400, "missing_required_value", info=None)
    is_refused(k.run("nope"), 404, "task_not_found", info=None)
    is_refused(k.run(NAME.upper()), 404, "task_not_found", info=None)
    is_refused(k.run(), 400, "missing_required_value", info=None)
    is_refused(k.run(""), 400, "missing_required_value", info=None)
    is_refused(k.run(5), 400, "invalid_value", info=None)


def test_a_name_with_quotes_and_other_letters(k, admin):
    """[15]"""
    admin.create('altogic gün "sonu"', "exit 0")
    is_started(k.run('altogic gün "sonu"'), 'altogic gün "sonu"')


def test_an_unknown_key(connect):
    """[17]"""
    library = connect("unknown")
    is_refused(library.run(NAME), 401, "invalid_client_key", info=None)
    is_refused(library.status("x"), 401, "invalid_client_key", info=None)


def test_a_session_that_is_bad_is_forgotten(ks):
    """[18] [19]"""
    is_refused(ks.run(NAME), 401, "missing_session_token", info=None)
    is_refused(ks.status("x"), 401, "missing_session_token", info=None)
    ks.call("auth.setSession", {"token": "bad"})
    is_refused(ks.run(NAME), 401, "invalid_session_token", info=None)
    is_refused(ks.run(NAME), 401, "missing_session_token", info=None)


def test_signing_in_and_out(ks):
    """[20] [21]"""
    answer = ks.call("auth.signInWithEmail", EMAIL, PASSWORD)
    assert answer["errors"] is None
    assert answer["user"]["email"] == EMAIL and ID.fullmatch(answer["user"]["_id"])
    assert answer["session"]["userId"] == answer["user"]["_id"]
    task = is_started(ks.run(NAME))["taskId"]
    assert ks.ended(task)["status"] == "completed"
    assert ks.call("auth.signOut") == {"errors": None}
    is_refused(ks.run(NAME), 401, "missing_session_token", info=None)
    ks.call("auth.setSession", answer["session"])
    is_refused(ks.run(NAME), 401, "invalid_session_token", info=None)


def test_signing_out_another_session_of_ones_own(connect, keys):
    first, second = connect(keys[1]), connect(keys[1])
    for library in (first, second):
        session = library.call("auth.signInWithEmail", EMAIL, PASSWORD)["session"]
    assert first.call("auth.signOut", session["token"]) == {"errors": None}
    is_refused(second.run(NAME), 401, "invalid_session_token", info=None)
    is_started(first.run(NAME))


def test_a_wrong_password(ks):
    """[22]"""
    is_refused(ks.call("auth.signInWithEmail", EMAIL, "wrong"), 401, "invalid_credentials", user=None, session=None)


def test_what_a_key_without_sessions_does_not_look_at(connect, keys):
    """[23]"""
    library = connect(keys[0], apiKey="whatever")
    library.call("auth.setSession", {"token": "bad"})
    is_started(library.run(NAME))


def test_base_urls(connect, keys, service):
    """[24] [25]"""
    for base in ("/e:main", "/e:636172690000000000000001", "/", "//", "/e:main/"):
        is_started(connect(keys[0], service.url + base).run(NAME))
    is_refused(connect(keys[0], f"{service.url}/e:62372c9b3cbd900007ee2cd8").run(NAME), 404, "environment_not_found", info=None)


def test_the_quickstarts_keys(connect, service):
    env = service.env()
    is_started(connect(env["ALTOGIC_CLIENT_KEY"], f"{service.url}/e:{env['ALTOGIC_ENV']}").run(NAME))
    library = connect(env["ALTOGIC_CLIENT_KEY_SESSIONS"])
    is_refused(library.run(NAME), 401, "missing_session_token", info=None)
    assert library.call("auth.signInWithEmail", env["ADMIN_EMAIL"], env["ADMIN_PASSWORD"])["errors"] is None
    is_started(library.run(NAME))


def test_a_call_that_is_not_served(k):
    is_refused(k.call("auth.getUserFromDB"), 404, "not_found", user=None)
    is_refused(k.call("auth.signUpWithEmail", "b@example.test", "pw"), 404, "not_found", user=None, session=None)


def test_what_the_web_server_refuses(k, connect):
    """[29]"""
    is_refused(connect("k" * 20000).run(NAME), 400, "bad_request", info=None)
    is_refused(k.run("x" * (2 << 20)), 413, "request_too_large", info=None)
    is_refused(k.status("x" * 20000), 414, "uri_too_long", info=None)


def test_a_stop_and_a_restart(make_service):
    """[29] [33]"""
    service = make_service().start()
    key, with_sessions = make_keys(service.admin())
    with Library(service.url, key) as k, Library(service.url, with_sessions) as ks:
        ks.call("auth.signInWithEmail", EMAIL, PASSWORD)
        task = is_started(k.run(NAME))["taskId"]
        os.kill(service.master(), signal.SIGTERM)
        until(lambda: (k.status(task)["errors"] or {}).get("status") == 502, 30, "502")
        is_refused(k.status(task), 502, "bad_gateway", info=None)
        is_refused(k.run(NAME), 502, "bad_gateway", info=None)
        service.stop().start()
        assert k.ended(task)["status"] == "completed"
        assert ks.status(task)["info"]["taskId"] == task


def test_a_web_server_that_is_gone_rejects():
    """Not the service's answer: there is none. A port that is taken, and at which nobody listens, refuses."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Library(f"http://127.0.0.1:{nobody.getsockname()[1]}", "k") as library:
            assert list(library.order({"call": "task.runOnce", "args": [NAME]})) == ["rejected"]
