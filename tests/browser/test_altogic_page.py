"""The npm client `altogic`, unmodified, in a page of another origin: what a browser lets it send, and read."""

import os
import signal

import pytest

from altogic import EMAIL, IN_CHROMIUM, PASSWORD, Library, is_refused, make_keys
from carillon import until

LISTED = "https://page.test"
NAME = "billOnDemand"


@pytest.fixture(scope="module")
def own(make_shared_service):
    return make_shared_service("pages", CARILLON_ALLOWED_ORIGINS=f"https://a.test {LISTED}").start()


@pytest.fixture(scope="module")
def keys(own):
    return make_keys(own.admin())


def test_a_page_of_a_listed_origin_runs_a_task(own, keys):
    with Library(own.url, keys[0], IN_CHROMIUM, LISTED, apiKey="whatever") as page:
        answer = page.run(NAME)
        assert answer["errors"] is None
        assert page.ended(answer["info"]["taskId"])["status"] == "completed"
        assert page.status() == {"info": None, "errors": None}
        is_refused(page.run("nope"), 404, "task_not_found", info=None)
        is_refused(page.run("x" * (2 << 20)), 413, "request_too_large", info=None)
        is_refused(page.call("auth.signUpWithEmail", "b@example.test", "pw"), 404, "not_found", user=None, session=None)


def test_a_page_signs_in_and_out(own, keys):
    with Library(own.url, keys[1], IN_CHROMIUM, LISTED) as page:
        is_refused(page.run(NAME), 401, "missing_session_token", info=None)
        assert page.call("auth.signInWithEmail", EMAIL, PASSWORD)["user"]["email"] == EMAIL
        assert page.run(NAME)["info"]["status"] == "pending"
        assert page.call("auth.signOut") == {"errors": None}
        page.call("auth.setSession", {"token": "bad"})
        is_refused(page.run(NAME), 401, "invalid_session_token", info=None)
        is_refused(page.run(NAME), 401, "missing_session_token", info=None)


def test_a_page_of_another_origin_can_read_nothing(own, keys):
    with Library(own.url, keys[0], IN_CHROMIUM, "https://other.test") as page:
        told = page.order({"call": "task.runOnce", "args": [NAME]})
        assert list(told) == ["rejected"]


def test_a_page_is_told_that_the_service_is_gone(make_service):
    service = make_service(CARILLON_ALLOWED_ORIGINS=LISTED).start()
    key, _ = make_keys(service.admin())
    with Library(service.url, key, IN_CHROMIUM, LISTED) as page:
        # What the browser asks before a call it remembers: nobody is there to answer it later.
        assert page.status("x") == {"info": None, "errors": None}
        os.kill(service.master(), signal.SIGTERM)
        until(lambda: (page.status("x")["errors"] or {}).get("status") == 502, 30, "502")
        is_refused(page.status("x"), 502, "bad_gateway", info=None)
