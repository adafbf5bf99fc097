#!/usr/bin/python3
"""The README: its promise, and its map against the tree.

Prints what is wrong and exits with 1: a folder with code that the map does not name, a path in any of our
README files that does not exist, and a promise that is not the one that we made.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PROMISE = """\
> Every due time of every schedule ends in exactly one ledger entry: it ran, or it did not and here is why.
> A run is started at most once per attempt; after a crash the schedule's own policy decides what happens next.
> What was acknowledged is never lost, and no setting is undone by a restart.
"""

# A path in backquotes: with a slash, and nothing that only a command or a pattern has in it.
PATH = re.compile(r"`((?:conf|fcgi|lib|nginx|tests)/[A-Za-z0-9_./-]*)`")


def tracked():
    found = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], check=True,
                           capture_output=True, text=True).stdout
    return [name for name in found.splitlines() if os.path.exists(os.path.join(ROOT, name))]


def folders_with_code(names):
    folders = {os.path.dirname(name) for name in names if name.endswith((".c", ".h"))}
    return sorted(f for f in folders if not f.startswith("tests/"))


def faults():
    names = tracked()
    readme = open(os.path.join(ROOT, "README.md"), encoding="utf-8").read()
    if PROMISE not in readme:
        yield "README.md: the promise is not there word for word"
    for folder in folders_with_code(names):
        if f"| `{folder}/` |" not in readme:
            yield f"README.md: the map of the tree lacks {folder}/"
    for page in (name for name in names if name.endswith(".md")):
        text = open(os.path.join(ROOT, page), encoding="utf-8").read()
        for path in sorted(set(PATH.findall(text))):
            if not os.path.exists(os.path.join(ROOT, path)):
                yield f"{page}: there is no {path}"


def main():
    found = list(faults())
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
