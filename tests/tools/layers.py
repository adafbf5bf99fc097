#!/usr/bin/python3
"""The layers: which module may include which, and which library belongs to which module alone.

Prints each include that breaks a rule as FILE:LINE and exits with 1. The tables are those of the house style:
`base` knows nothing, `wire` and `store` never meet, siblings never include each other.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

LIB = {"base", "proc", "config", "calendar", "model", "wire", "store", "service"}

# Besides itself. A path that begins with another module's name is that module's.
MAY = {
    "lib/base": set(),
    "lib/proc": {"base"},
    "lib/config": {"base"},
    "lib/calendar": {"base"},
    "lib/model": {"base", "calendar"},
    "lib/wire": {"base", "calendar", "model"},
    "lib/store": {"base", "calendar", "model"},
    "lib/service": {"base", "calendar", "model", "store"},
    "fcgi/app": LIB | {"faces"},
    "fcgi/faces": LIB | {"app/request.h", "app/origin.h", "app/query.h", "app/basic.h"},
    "fcgi/scheduler": LIB - {"wire"},
    "fcgi/runner": {"base", "proc", "config", "wire/check.h"},
    "fcgi/ctl": LIB,
}

# A library's headers and the one module (or the two) that may see them.
LIBRARIES = {
    r"db\.h": {"lib/store"},
    r"fcgi\w*\.h": {"fcgi/app"},
    r"yajl/.*": {"lib/wire"},
    r"libxml/.*": {"lib/wire", "lib/config"},
    r"ev\.h": {"lib/proc"},
    r"sodium\.h": {"lib/service", "fcgi/app"},
    r"curl/.*": {"fcgi/runner"},
    r"md5\.h": {"fcgi/runner"},
    r"libical/.*": {"lib/calendar"},
    r"seccomp\.h": {"lib/proc"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def includes(path):
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            found = INCLUDE.match(line)
            if found:
                yield number, found.group(1), found.group(2)


def allowed(module, face, target):
    """Whether a file of `module` (of face `face`, if it is one) may include "target"."""
    first = target.split("/")[0]
    own = module.split("/")[1]
    if "/" not in target:
        return True
    if first == "faces":
        return module == "fcgi/app" or target.split("/")[1] == face
    return first == own or first in MAY[module] or target in MAY[module]


def library_owner(target):
    for pattern, owners in LIBRARIES.items():
        if re.fullmatch(pattern, target):
            return owners
    return None


def faults(path):
    parts = os.path.relpath(path, ROOT).split(os.sep)
    module = "/".join(parts[:2])
    face = parts[2] if module == "fcgi/faces" and len(parts) > 3 else None
    if module not in MAY:
        yield f"{'/'.join(parts)}: module {module} stands in no layer (tests/tools/layers.py)"
        return
    for number, kind, target in includes(path):
        where = f"{'/'.join(parts)}:{number}"
        if kind == '"':
            if not allowed(module, face, target):
                yield f"{where}: {module} may not include {target}"
        else:
            owners = library_owner(target)
            if owners is not None and module not in owners:
                yield f"{where}: <{target}> belongs to {' and '.join(sorted(owners))}"


def sources():
    for top in ("lib", "fcgi"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.join(folder, name)


def main():
    found = [fault for path in sorted(sources()) for fault in faults(path)]
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
