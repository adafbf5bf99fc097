"""The examples in our pages: console blocks, whose commands are run again and whose output is held against the page.

    $ a command
    > which goes on
    and what it printed

What differs from run to run stands for what came at its place: ids, in each of their spellings, and secrets one for one, so that a command in which
the page's id stands gets the real one, and the page must use it as the service does. A date may be another only if the
real one is about now, and what counts the entries of the audit may be another number; all other text is as it stands.
"""

import datetime
import os
import re
import select
import subprocess
import time

from carillon import SLOW

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END = "\x1e"

GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SECRET = r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{42,}={0,2}"
HEX = r"(?<![0-9a-f])63617269[0-9a-f]{16}(?![0-9a-f])"
ID = "|".join(rf'(?<="{name}":)\d+' for name in (
    "id", "organisation", "key", "user", "source", "session", "task", "jobId"))
DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:\d{3})?Z"
# The last is a date as OpenSpecimen writes it.
NUMBER = "|".join(rf'(?<="{name}":)\d+' for name in (
    "pid", "latenessMs", "number", "count", "cpuUserMs", "cpuSystemMs", "peakMemoryBytes")) + r"|(?<=:)\d{13}(?=[,}])"
VARIES = re.compile(f"(?P<guid>{GUID})|(?P<secret>{SECRET})|(?P<hex>{HEX})|(?P<id>{ID})|(?P<date>{DATE})|(?P<number>{NUMBER})")


class Example:
    """A command and what the page says that it prints."""

    def __init__(self, command):
        self.command = command
        self.output = []

    @property
    def printed(self):
        return "\n".join(self.output)


def examples(block):
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Example([line[2:]]))
        elif line.startswith("> ") and not found[-1].output:
            found[-1].command.append(line[2:])
        else:
            found[-1].output.append(line)
    return found


def blocks(page):
    return [examples(block) for block in BLOCK.findall(page.read_text("utf-8"))]


def written(block):
    lines = []
    for example in block:
        lines += ["$ " + example.command[0], *("> " + line for line in example.command[1:]), *example.output]
    return "".join(line + "\n" for line in lines)


class Shell:
    """One bash for all commands of a page."""

    def __init__(self, folder):
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self.bash = subprocess.Popen(["bash", "--norc"], cwd=folder, env=env, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bash.kill()
        self.bash.wait()
        self.bash.stdin.close()
        self.bash.stdout.close()

    def run(self, command, seconds=20):
        """What it prints, standard error included."""
        self.bash.stdin.write(f"{{ {command}\n}} </dev/null; printf '{END}'\n".encode())
        self.bash.stdin.flush()
        printed, deadline = b"", time.monotonic() + seconds * SLOW
        while not printed.endswith(END.encode()):
            ready, _, _ = select.select([self.bash.stdout], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.bash.stdout.fileno(), 65536) if ready else b""
            assert more, f"no end of: {command}\n{printed.decode()}"
            printed += more
        return printed[:-1].decode().rstrip("\n")


def about_now(date):
    at = datetime.datetime.fromisoformat(date.replace("Z", "+00:00"))
    return abs(at - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(days=32)


class Mapping:
    """What stands in the page, and what it stands for."""

    def __init__(self):
        self.real, self.page = {}, {}

    def command(self, lines):
        return VARIES.sub(lambda found: self.real.get(found[0], found[0]), "\n".join(lines))

    def learn(self, page, real):
        self.real[page], self.page[real] = real, page

    def same(self, kind, page, real):
        if kind == "date":
            if page != real and not about_now(real):
                return False
            self.real[page] = real
            return True
        if kind == "number":
            return True
        if self.real.get(page, real) != real or self.page.get(real, page) != page:
            return False
        self.learn(page, real)
        return True

    def fits(self, page, real):
        """Whether what came is what the page says; learns what its ids stand for."""
        masked = [VARIES.sub(lambda found: f"<{found.lastgroup}>", text) for text in (page, real)]
        if masked[0] != masked[1]:
            return False
        return all([self.same(one.lastgroup, one[0], other[0])
                    for one, other in zip(VARIES.finditer(page), VARIES.finditer(real))])


def every(kind, text):
    return [one[0] for one in VARIES.finditer(text) if one.lastgroup == kind]


def rewritten(page, shell):
    """The text of a page with what its commands print now, and with the new ids in the commands; as it was if that holds.
    """
    mapping, checked, holds = Mapping(), Mapping(), True
    parts, at = [], 0
    text = page.read_text("utf-8")
    for found in BLOCK.finditer(text):
        block = examples(found[1])
        for example in block:
            command = mapping.command(example.command)
            printed = shell.run(command)
            holds = holds and checked.fits(example.printed, printed)
            for kind in ("guid", "secret", "hex", "id"):
                for one, other in zip(every(kind, example.printed), every(kind, printed)):
                    if one not in mapping.real:
                        mapping.learn(one, other)
            example.command, example.output = command.split("\n"), printed.splitlines()
        parts += [text[at:found.start(1)], written(block)]
        at = found.end(1)
    return text if holds else "".join(parts) + text[at:]
