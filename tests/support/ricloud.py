"""A stand-in for ricloud-py 3.2.0, which no registry has: the bytes that it was seen to send (wire/ricloud.md 6), on one kept
connection, and what it can make of an answer (7)."""

import http.client
import json
import socket
import urllib.parse

from carillon import SLOW, until

TASK = ["id", "resource", "organisation", "key", "user", "source", "session", "poll", "source_type", "type", "target", "state",
        "results", "error", "date_created", "date_started", "date_completed"]
RESULT = ["id", "resource", "task", "poll", "identifier", "type", "url", "checksum", "size", "state", "date_created",
          "date_consumed", "date_deleted"]
LIST = ["resource", "data", "has_more", "total_count", "url"]
STATES = ["pending", "processing", "suspended", "succeeded", "failed"]

HEAD = """\
{method} {target} HTTP/1.1
Host: example.test
User-Agent: ricloud-py/3.2.0
Accept-Encoding: gzip, deflate
Accept: */*
Connection: keep-alive
Authorization: Token {token}
Ricloud-Await: 0
"""
POST = HEAD + """\
Content-Length: 4

null"""


class ServerError(Exception):
    pass


class RequestError(Exception):
    def __init__(self, status, body):
        super().__init__(status, body)
        self.status, self.error, self.message = status, body["error"], body["message"]
        self.params = body.get("params")


class Ricloud:
    def __init__(self, url, token):
        self.url = urllib.parse.urlsplit(url)
        self.token = token
        self.connections = 0
        self.sent = 0
        self.socket = None

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self):
        if not self.socket:
            self.socket = socket.create_connection((self.url.hostname, self.url.port), timeout=20 * SLOW)
            self.connections += 1

    def exchange(self, data):
        """The bytes of one request; its answer, and whether the connection may be used again."""
        self.connect()
        self.socket.sendall(data)
        self.sent += 1
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        body = response.read()
        if response.will_close:
            self.close()
        return response.status, response.headers, body

    def send(self, method, target):
        """As the client sends it: what got 500 or more it sends again at once, three times."""
        text = (POST if method == "POST" else HEAD + "\n").format(method=method, target=target, token=self.token)
        for _ in range(4):
            status, headers, body = self.exchange(text.replace("\n", "\r\n").encode("latin-1"))
            if status < 500:
                break
        else:
            raise ServerError(status)
        # What it does not look at, but the contract promises.
        assert headers["Content-Type"] == "application/json", (target, headers["Content-Type"])
        assert headers["Cache-Control"] == "no-store"
        assert int(headers["Content-Length"]) == len(body)
        parsed = json.loads(body)
        assert isinstance(parsed, dict) and parsed, parsed
        if status >= 400:
            raise RequestError(status, parsed)
        assert status == 200, (status, target)
        return self.read(parsed)

    def read(self, parsed):
        if parsed["resource"] == "list":
            assert list(parsed) == LIST, parsed
            if parsed["data"]:
                assert parsed["data"][0]["resource"] in ("task", "result")
            for item in parsed["data"]:
                self.read(item)
        else:
            members = TASK if parsed["resource"] == "task" else RESULT
            assert list(parsed) == members, parsed
            assert not any(isinstance(value, dict) for value in parsed.values()), "the client looks a nested resource up"
        return parsed

    def list(self, what="tasks", **params):
        """Parameters as the client encodes them; a name may be given with brackets through `raw`."""
        params = {name: value for name, value in params.items() if value is not None}
        query = params.pop("raw", None) or urllib.parse.urlencode(params, doseq=True)
        return self.send("GET", f"/{what}" + (f"?{query}" if query else ""))

    def ids(self, what="tasks", **params):
        return [item["id"] for item in self.list(what, **params)["data"]]

    def task(self, id):
        return self.send("GET", f"/tasks/{id}")

    def result(self, id):
        return self.send("GET", f"/results/{id}")

    def acknowledge(self, id):
        return self.send("POST", f"/results/{id}/ack")

    def ended(self, id, seconds=30.0):
        until(lambda: self.task(id)["state"] in ("succeeded", "failed"), seconds, f"the end of task {id}")
        return self.task(id)

    def refused(self, target, method="GET"):
        """What a request that is refused is answered."""
        try:
            answer = self.send(method, target)
        except RequestError as error:
            return error
        raise AssertionError((target, answer))
