"""What real clients were seen to send, sent again byte for byte but for the token and the ids; and curl itself."""

import http.client
import json
import socket
import subprocess

import pytest

JSON = "application/json;charset=utf-8"
TEXT = "text/plain;charset=utf-8"

# The vendor's JavaScript sample in jsdom.
SAMPLE = """\
POST /api3/{path} HTTP/1.1
paToken: {token}
Content-Type: text/plain;charset=UTF-8
Referer: http://example.test/
User-Agent: Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0
Accept-Language: en
Accept: */*
Content-Length: {length}
Accept-Encoding: gzip, deflate
Host: example.test
Connection: keep-alive

{body}"""

# A generated Python client with a base path that ends in a slash.
PYTHON = """\
POST //API3/tasks/getScheduleExecutionStatus HTTP/1.1
Host: example.test
Accept-Encoding: identity
Content-Length: 38
Accept: application/json
Content-Type: application/json
User-Agent: OpenAPI-Generator/1.0.0/python
paToken: {token}

"{execution}\""""

# curl as the documentation prints it, and with an escaped blank.
CURL_EMPTY = """\
POST /API3/tasks/getScheduleExecutionStatus HTTP/1.1
Host: example.test
User-Agent: curl/7.88.1
paToken: {token}
Accept: application/json,application/json;charset=utf-8,text/plain,text/plain;charset=utf-8
Content-Type: application/json
Content-Length: 0

"""
CURL_BLANK = """\
POST //API3/tasks/findSchedule%20 HTTP/1.1
Host: example.test
User-Agent: curl/7.88.1
Accept: */*
paToken: {token}
Content-Length: 2
Content-Type: application/x-www-form-urlencoded

{{}}"""

# C#: RestSharp sends a string as it is, and before 108 the quotes that it got from runSchedule once more.
SHARP = """\
POST /API3/tasks/getScheduleExecutionStatus HTTP/1.1
Accept: application/json, text/json, text/x-json, text/javascript, application/xml, text/xml
paToken: {token}
User-Agent: RestSharp/{version}
Content-Type: application/json
Content-Length: {length}
Accept-Encoding: gzip, deflate
Host: example.test
Connection: Keep-Alive

{body}"""


class Answer:
    def __init__(self, response):
        self.status, self.type, self.text = response.status, response.headers["Content-Type"], response.read().decode()

    def json(self):
        assert (self.status, self.type) == (200, JSON), self.text
        return json.loads(self.text)


@pytest.fixture
def replay(service, admin):
    """Sends a captured request with its placeholders filled in."""

    def send(captured, **values):
        head, _, body = captured.partition("\n\n")
        body = body.format(**values)
        head = head.format(token=values.pop("token", admin.token), length=len(body), **values)
        with socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection:
            connection.sendall((head.replace("\n", "\r\n") + "\r\n\r\n" + body).encode())
            with http.client.HTTPResponse(connection, method="POST") as response:
                response.begin()
                return Answer(response)

    return send


@pytest.fixture(scope="module")
def execution(admin):
    execution = admin.run(admin.find("My Demo Schedule")["scheduleId"])
    assert admin.ended(execution) == 1
    return execution


def test_the_samples_requests(replay, demo):
    """Its four, one after the other: log in, find, run, ask."""
    login = replay(SAMPLE, path="authentication/authenticateUser", token="",
                   body='{"userName":"adminUser","password":"abc123!"}')
    assert (login.status, login.type) == (200, TEXT)
    token = login.text
    found = replay(SAMPLE, path="tasks/findSchedule", token=token, body=(
        '{"searchCriteria":{"searchValue":"My Demo Schedule","searchMatchType":2},"scheduleType":1}')).json()
    assert found[0]["scheduleId"] == demo
    run = replay(SAMPLE, path="tasks/runSchedule", token=token,
                 body=f'{{"scheduleId":"{demo}","checkTriggers":"false"}}').json()
    status = replay(SAMPLE, path="tasks/getScheduleExecutionStatus", token=token, body=f'"{run}"').json()
    assert status.keys() == {"status"} and status["status"] in (0, 4, 1)


def test_a_generated_python_clients_request(replay, execution):
    assert replay(PYTHON, execution=execution).json() == {"status": 1}


def test_curls_empty_body_is_a_clean_fault(replay):
    answer = replay(CURL_EMPTY)
    assert (answer.status, answer.type, answer.text) == (400, TEXT, "Request body is empty")


def test_curls_escaped_blank_is_none(replay, demo):
    assert demo in [one["scheduleId"] for one in replay(CURL_BLANK).json()]


@pytest.mark.parametrize("version, body", [("108.0.2.0", "{id}"), ("106.11.4.0", '"\\"{id}\\""'), ("106.11.4.0", '"{id}"')])
def test_csharps_request(replay, execution, version, body):
    assert replay(SHARP, version=version, body=body.format(id=execution)).json() == {"status": 1}


# ---- curl ----


@pytest.fixture
def curl(service):
    def run(path, *options):
        done = subprocess.run(["curl", "-s", "-S", "-w", "\\n%{http_code} %{content_type}", *options, f"{service.url}{path}"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True)
        body, _, told = done.stdout.rpartition("\n")
        status, _, content_type = told.partition(" ")
        return int(status), content_type, body

    return run


# As the documentation prints them.
DOCUMENTED = ("-X", "POST", "-H", "Accept: application/json,application/json;charset=utf-8,text/plain,text/plain;charset=utf-8",
              "-H", "Content-Type: application/json")


def test_curl_as_the_documentation_prints_it(curl, admin, execution):
    path, token = "/API3/tasks/getScheduleExecutionStatus", ("-H", f"paToken: {admin.token}")
    assert curl(path, *DOCUMENTED, *token, "-d", "") == (400, TEXT, "Request body is empty")
    assert curl(path, *DOCUMENTED, *token, "-d", f'"{execution}"') == (200, JSON, '{"status":1}')


def test_curl_with_data_alone(curl, execution):
    """The whole way with no header but the token: what -d sends is declared to be a form."""
    status, content_type, token = curl("/API3/authentication/authenticateUser", "-d",
                                       '{"userName":"adminUser","password":"abc123!"}')
    assert (status, content_type) == (200, TEXT)
    for body in (f'"{execution}"', execution, f'{{"executionId":"{execution}"}}'):
        assert curl("/API3/tasks/getScheduleExecutionStatus", "-H", f"paToken: {token}", "-d", body) == \
            (200, JSON, '{"status":1}')


def test_curl_with_an_escaped_blank(curl, admin, demo):
    status, content_type, body = curl("//API3/tasks/findSchedule%20", "-H", f"paToken: {admin.token}", "-d", "{}")
    assert (status, content_type) == (200, JSON)
    assert demo in [one["scheduleId"] for one in json.loads(body)]
