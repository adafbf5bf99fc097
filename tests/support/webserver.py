"""What tests do to a service's web server, and to the application behind it."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess

from carillon import BUILD, SLOW, processes, until


class Raw:
    """An answer to bytes that no client library would send."""

    def __init__(self, service, *parts):
        with socket.create_connection(("127.0.0.1", service.port), timeout=15 * SLOW) as s:
            for part in parts:
                # A server may answer, and close, before it has read everything.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    s.sendall(part)
            response = http.client.HTTPResponse(s)
            response.begin()
            self.status, self.headers = response.status, response.headers
            self.type = self.headers["Content-Type"]
            self.text = response.read().decode()


def web_children(service):
    return {pid for pid, parent, _ in processes() if parent == int(service.env()["WEB_PID"])}


def reconfigure(service, *changes):
    """Change the web server's configuration and wait until nobody works by the old one."""
    pieces = {path: path.read_text() for path in (service.state / "carillon").glob("*.conf")}
    for old, new in changes:
        assert any(re.search(old, text) for text in pieces.values()), old
        pieces = {path: re.sub(old, new, text) for path, text in pieces.items()}
    for path, text in pieces.items():
        path.write_text(text)
    before = web_children(service)
    os.kill(int(service.env()["WEB_PID"]), signal.SIGHUP if service.web == "nginx" else signal.SIGUSR1)
    until(lambda: (now := web_children(service)) and not now & before, 20, "a reload of the web server")


def stop_application(service):
    os.kill(service.master(), signal.SIGTERM)
    until(lambda: service.nobody().call("findSchedule").status != 401, 20, "the end of the application")


@contextlib.contextmanager
def application(service):
    """Started again, under the web server that runs already."""
    program = subprocess.Popen([BUILD / "carillon", "--config", "carillon.xml"], cwd=service.state,
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        program.terminate()
        program.wait(60)
