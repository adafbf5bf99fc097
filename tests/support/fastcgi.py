"""A FastCGI client for one request at a time: what a web server sends, without a web server."""

import contextlib
import email
import socket
import struct

RESPONDER, STDOUT, END = 1, 6, 3
RECORD_MAX = 65535


def record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def stream(kind, content):
    """In as many records as it needs, and an empty one that ends it."""
    return b"".join(record(kind, content[at:at + RECORD_MAX]) for at in range(0, len(content), RECORD_MAX)) + record(kind, b"")


def pair(name, value):
    def length(n):
        return bytes([n]) if n < 128 else struct.pack(">I", n | 0x80000000)

    return length(len(name)) + length(len(value)) + name + value


def request(method, path, body=b"", **params):
    """The bytes of a whole request."""
    params = {"REQUEST_METHOD": method, "DOCUMENT_URI": path, "CONTENT_LENGTH": str(len(body)), **params}
    pairs = b"".join(pair(n.encode(), v.encode()) for n, v in params.items())
    return record(1, struct.pack(">HBxxxxx", RESPONDER, 0)) + stream(4, pairs) + stream(5, body)


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError("the application closed the connection")
        data += more
    return data


def whole_answer(connection):
    """Wait for the answer to the one request on this connection: (status, headers, body)."""
    text = b""
    while True:
        _, kind, _, length, padding = struct.unpack(">BBHHBx", read_exactly(connection, 8))
        content = read_exactly(connection, length + padding)[:length]
        if kind == END:
            break
        if kind == STDOUT:
            text += content
    head, _, body = text.partition(b"\r\n\r\n")
    return int(head.split()[1]), email.message_from_bytes(head), body


def answer(connection):
    """The same without the headers."""
    status, _, body = whole_answer(connection)
    return status, body


def connect(path, timeout=20):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    connection.connect(str(path))
    return connection


def ask(path, method, uri, body=b"", **params):
    with contextlib.closing(connect(path)) as connection:
        connection.sendall(request(method, uri, body, **params))
        return answer(connection)


def ask_whole(path, method, uri, body=b"", **params):
    with contextlib.closing(connect(path)) as connection:
        connection.sendall(request(method, uri, body, **params))
        return whole_answer(connection)
