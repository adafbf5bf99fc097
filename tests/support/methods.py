"""The methods that the face serves, read from its own table: a test that goes by it covers a new method by itself."""

import collections
import re

from carillon import ROOT

TABLE = ROOT / "fcgi" / "faces" / "api3" / "methods.c"
ROW = re.compile(r'\{API3_(AUTHENTICATION|TASKS|ACCESS|AUDIT),\s*(LOGIN)?\s*(?:"(\w+)")?,\s*API3_(\w+),\s*(\w+),\s*'
                 r'API3_(\w+),\s*API3_(\w+),\s*API3_(\w+),\s*(\w+)\}')

# The columns of struct api3_method, in the words of call.h: who is "ADMINS", takes is "ID", and so on.
Method = collections.namedtuple("Method", "service name who scope subject takes effect served")


def listed():
    """Every row by "service/name", also what is in the contract and not served."""
    found = {}
    for service, login, name, who, scope, subject, takes, effect, handler in ROW.findall(TABLE.read_text()):
        method = Method(service.lower(), ("authenticateUser" if login else "") + name, who, scope, subject, takes, effect,
                        handler != "NULL")
        found[f"{method.service}/{method.name}"] = method
    assert len(found) > 30, f"{TABLE} does not look as it did"
    return found


def served():
    return {path: method for path, method in listed().items() if method.served}
