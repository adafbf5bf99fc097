"""API3 in XML: Python values to XML and back, and the schema that lies beside the manual.

XML has no types, so what comes back is texts, lists and dictionaries; untyped() makes the same of a value from JSON.
"""

import re
import subprocess
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from carillon import ROOT, Client

SCHEMA = ROOT / "fcgi" / "api3.rng"
XML = "application/xml;charset=utf-8"
PLAIN = re.compile(r"(?!(?:item|member)$)(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9._-]*")


def scalar(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def content(value):
    if isinstance(value, dict):
        return "".join(member(name, one) for name, one in value.items() if one is not None)
    if isinstance(value, list):
        return "".join(f"<item>{content(one)}</item>" for one in value)
    return escape(scalar(value), {"\r": "&#13;"})


def member(name, value):
    if PLAIN.fullmatch(name):
        return f"<{name}>{content(value)}</{name}>"
    return f"<member name={quoteattr(name)}>{content(value)}</member>"


def encode(value):
    root = "object" if isinstance(value, dict) else "list" if isinstance(value, list) else "value"
    return f"<{root}>{content(value)}</{root}>"


def inner(element):
    items = list(element)
    if not items:
        return element.text or ""
    assert not (element.text or "").strip() and not any((one.tail or "").strip() for one in items)
    if items[0].tag == "item":
        assert {one.tag for one in items} == {"item"}
        return [inner(one) for one in items]
    names = [one.get("name") if one.tag == "member" else one.tag for one in items]
    assert len(set(names)) == len(names)
    return dict(zip(names, map(inner, items)))


def decode(body):
    root = ET.fromstring(body)
    assert root.tag in ("object", "list", "value")
    return inner(root)


def untyped(value):
    """A value from JSON as it looks when it comes by XML: nothing in it is as good as an empty text."""
    if isinstance(value, dict):
        return {name: untyped(one) for name, one in value.items() if one is not None} or ""
    if isinstance(value, list):
        return [untyped(one) for one in value] or ""
    return f"{value:g}" if isinstance(value, float) else scalar(value)


class Schema:
    """fcgi/api3.rng, and a place for the texts that are held against it."""

    def __init__(self, folder):
        self.folder = folder
        self.defined = set(re.findall(r'<define name="([^"]+)"', SCHEMA.read_text()))

    def faults(self, name, text):
        """What is wrong with a text that should be a `name`, such as tasks.getTaskData.answer; "" if nothing is."""
        assert name in self.defined, f"{SCHEMA} does not define {name}"
        grammar, document = self.folder / f"{name}.rng", self.folder / "document.xml"
        grammar.write_text(f'<grammar xmlns="http://relaxng.org/ns/structure/1.0"><include href="{SCHEMA}">'
                           f'<start><ref name="{name}"/></start></include></grammar>')
        document.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--relaxng", grammar, document], capture_output=True,
                              text=True, timeout=60, check=False)
        return done.stderr if done.returncode else ""


class XmlClient(Client):
    """Speaks XML where Client speaks JSON, and holds whatever goes to and fro against the schema."""

    def __init__(self, client, schema):
        super().__init__(client.url.geturl(), client.token)
        self.schema = schema

    def call(self, method, body="", headers=None, service="tasks"):
        """As Client.call(); a body that is a text is the text of a value."""
        text = encode(body)
        answer = self.post(f"/API3/{service}/{method}", text, {"Content-Type": "application/xml", "Accept": XML,
                                                               **(headers or {})})
        if answer.status == 200:
            assert not self.schema.faults(f"{service}.{method}.request", text), text
        if answer.status == 200 and answer.type == XML:
            assert not self.schema.faults(f"{service}.{method}.answer", answer.body), answer.text
        return answer
