"""API3 in JSON and in XML: one table of cases, each sent in both forms; and what only XML can get wrong."""

import json
import re

import pytest

import methods
from cases import CASES, FAULTS, FULL, LOOSE, RUNS, called
from xmlform import XML, Schema, XmlClient, decode, encode, untyped

JSON = "application/json;charset=utf-8"
TEXT = "text/plain;charset=utf-8"


@pytest.fixture(scope="module")
def speaker(admin, tmp_path_factory):
    return XmlClient(admin, Schema(tmp_path_factory.mktemp("schema")))


def both(admin, speaker, path, json_body, xml_body):
    service, method = path.split("/")
    if isinstance(json_body, str):
        json_body = json.dumps(json_body)
    return admin.call(method, json_body, service=service), speaker.call(method, xml_body, service=service)


@pytest.mark.parametrize("path, body", CASES, ids=map(called, CASES))
def test_what_is_read_is_the_same_in_both(admin, speaker, things, path, body):
    asked = body(things)
    in_json, in_xml = both(admin, speaker, path, asked, asked)
    expected = untyped(in_json.json())
    assert (in_xml.status, in_xml.type) == (200, XML), in_xml
    assert decode(in_xml.body) == expected


MASKED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|xml: \d+|xml-\d+")


def mask(value):
    """The value without what is made anew in each call; a list of things of one shape is one of them."""
    if isinstance(value, dict):
        return {name: "*" if name in ("token", "hash", "number", "cursor", "detail") else mask(one)
                for name, one in value.items()}
    if isinstance(value, list):
        return [mask(one) for one in value]
    return MASKED.sub("*", value)


@pytest.mark.parametrize("path, body", LOOSE, ids=map(called, LOOSE))
def test_what_is_done_is_answered_alike_in_both(admin, speaker, things, path, body):
    in_json, in_xml = both(admin, speaker, path, body(things), body(things))
    expected = untyped(in_json.json())
    assert (in_xml.status, in_xml.type) == (200, XML), in_xml
    assert mask(decode(in_xml.body)) == mask(expected)


@pytest.mark.parametrize("path, body", FAULTS, ids=map(called, FAULTS))
def test_a_fault_is_told_in_the_same_words_in_both(admin, speaker, path, body):
    in_json, in_xml = both(admin, speaker, path, body, body)
    assert in_json.status >= 400
    assert (in_xml.status, in_xml.type, in_xml.text) == (in_json.status, TEXT, in_json.text)


def test_a_definition_in_xml_makes_the_same_schedule(admin, speaker, things):
    made = [admin.call("createSchedule", {**FULL, "name": things.name()}).json(),
            decode(speaker.call("createSchedule", {**FULL, "name": things.name()}).body)]
    one, other = (admin.call("getSchedule", schedule).json() for schedule in made)
    for schedule in (one, other):
        for member in ("scheduleId", "name", "createdDate", "nextRun"):
            del schedule[member]
        del schedule["triggers"][1]["anchor"]
    assert one == other
    assert one["tasks"][0]["command"][4] == "<&>\r\n\t"


def test_a_schedule_in_xml_can_be_sent_back(admin, speaker, things):
    sent = decode(speaker.call("getSchedule", things.new(**FULL)).body)
    name = things.name()
    for member in ("scheduleId", "version", "status", "createdDate", "nextRun", "triggeredRuns"):
        del sent[member]
    again = decode(speaker.call("createSchedule", {**sent, "name": name}).body)
    back = decode(speaker.call("getSchedule", again).body)
    assert {**sent, "name": name} == {member: back[member] for member in sent}


def test_what_xml_cannot_carry_is_replaced_in_answers(admin, speaker, things):
    schedule = things.new(tasks=[{"name": "a\ufffe", "command": [*RUNS, "\x01\x1b[0m \uffff\x7f\u0085"]}])
    task = decode(speaker.call("getSchedule", schedule).body)["tasks"][0]
    assert task["name"] == "a\ufffd"
    assert task["command"][3] == "\ufffd\ufffd[0m \ufffd\x7f\u0085"


def test_form_of_body_and_form_of_answer_are_independent(admin, things):
    as_json, as_xml = json.dumps(things.execution), encode(things.execution)
    for body, content_type in ((as_json, "application/json"), (as_json, None), (as_xml, "text/xml; charset=utf-8")):
        for accept, answer_type in (("application/xml", XML), ("text/xml;q=0.9, application/json;q=0.8", XML),
                                    ("application/json", JSON), ("*/*", JSON), ("text/plain", JSON), (None, JSON),
                                    ("application/xml, application/json", JSON)):
            headers = {"Content-Type": content_type, "Accept": accept}
            answer = admin.call("getScheduleExecutionStatus", body,
                                {name: value for name, value in headers.items() if value})
            assert (answer.status, answer.type) == (200, answer_type), headers
            status = untyped(answer.json()) if answer_type == JSON else decode(answer.body)
            assert status == {"status": "1"}


def test_a_token_and_a_log_stay_plain_text(admin, speaker, things):
    answer = speaker.call("authenticateUser", {"userName": "adminUser", "password": "abc123!"}, service="authentication")
    assert (answer.status, answer.type) == (200, TEXT)
    answer = speaker.call("getTaskLog", {"taskId": things.task, "limit": 2})
    assert (answer.status, answer.type, answer.text) == (200, TEXT, "ou")


@pytest.mark.parametrize("body, text", [
    ("", "Request body is empty"),
    ("{}", "Request body is not valid XML"),
    ("<object>", "Request body is not valid XML"),
    ("<object/><object/>", "Request body is not valid XML"),
    ("<html/>", "Request body is not valid XML"),
    ("<object><searchCriteria/><searchCriteria/></object>", "Request body is not valid XML"),
    ('<object xmlns="urn:a"/>', "Request body is not valid XML"),
    ('<object a="b"/>', "Request body is not valid XML"),
    ("<object>x<a/></object>", "Request body is not valid XML"),
    ("<!DOCTYPE object><object/>", "Request body is not valid XML"),
    ('<!DOCTYPE object [<!ENTITY a SYSTEM "file:///etc/hostname">]><object><a>&a;</a></object>',
     "Request body is not valid XML"),
    ("<object><a>&a;</a></object>", "Request body is not valid XML"),
    ("<?a b?><object/>", "Request body is not valid XML"),
    ("<object>" + "<a>" * 32 + "<b/>" + "</a>" * 32 + "</object>", "Request body is not valid XML"),
    ("<object>" + "".join(f"<a{i}/>" for i in range(100000)) + "</object>", "Request body is not valid XML"),
    (b"<object><a>\xff</a></object>", "Request body is not valid XML"),
    (b"<object><a>\x00</a></object>", "Request body is not valid XML"),
    ("<object><a>&#0;</a></object>", "Request body is not valid XML"),
    ("<object/>".encode("utf-16"), "Request body is not valid XML"),
    ("<list/>", "Request body must be an XML object"),
    ("<value>x</value>", "Request body must be an XML object"),
], ids=lambda value: repr(value[:40]))
def test_what_is_no_xml_object_is_refused(admin, body, text):
    answer = admin.call("findSchedule", body, {"Content-Type": "application/xml", "Accept": "application/xml"})
    assert (answer.status, answer.type, answer.text) == (400, TEXT, text)


def test_a_large_body_in_xml_is_refused_unread(admin):
    answer = admin.call("findSchedule", "<object>" + " " * (2 << 20) + "</object>", {"Content-Type": "text/xml"})
    assert (answer.status, answer.text) == (413, "Request body too large")


def test_the_schema_tells_right_from_wrong(speaker):
    schema, status = speaker.schema, "tasks.getScheduleExecutionStatus.answer"
    assert not schema.faults(status, "<object><status>4</status></object>")
    for wrong in ("<object/>", "<object><status>16</status></object>", "<object><status>x</status></object>", "<value>4</value>",
                  "<object><status>4</status><more/></object>", "<object><status>4</status><status>4</status></object>"):
        assert schema.faults(status, wrong), wrong


def test_every_method_has_its_schema_and_its_case(speaker):
    """Whoever adds a method adds its definitions to fcgi/api3.rng and a case to the table above."""
    names = {path.replace("/", ".") for path in methods.served()}
    plain = {name for name in names if name.startswith("authentication.")} | {"tasks.getTaskLog", "tasks.getTaskOutput"}
    missing = {f"{name}.request" for name in names} | {f"{name}.answer" for name in names - plain}
    assert not missing - speaker.schema.defined
    assert not names - plain - {called(case) for case in CASES + LOOSE} - {"access.changePassword"}
