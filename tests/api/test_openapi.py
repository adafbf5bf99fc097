"""fcgi/openapi.yaml against the service: routes, members, answers, and how it is served itself."""

import json

import pytest

import methods
from cases import CASES, FAULTS, LOOSE, SINGLE, called
from openapi import FILE, Description, walk

JSON = "application/json;charset=utf-8"
TEXT = "text/plain;charset=utf-8"

# Members that no call here can make appear, and who proves them instead.
ELSEWHERE = {
    "Attempt.dueDate": "a task that waits for its next attempt does not stay so: tests/unit/test_engine_retries.c",
    "Attempt.httpStatus": "tests/api/test_http.py asks a target",
    "HttpRequest.heartbeat": "nobody yet: async is not served",
    "Verification.firstBad": "tests/unit/test_api3.c spoils an entry",
    **{name: "the setting runAs lists nobody here: tests/unit/test_runner_process.c" for name in (
        "Definition/properties/condition.group", "Definition/properties/condition.user",
        "TaskDefinition.group", "TaskDefinition.user")},
}


@pytest.fixture(scope="module")
def description():
    return Description()


# ---- the file ----


def test_the_file_is_what_the_service_serves(service):
    """Whoever asks; the prefix in any case."""
    for path in ("/API3/openapi.yaml", "/api3//openapi.yaml"):
        answer = service.nobody().request("GET", path)
        assert (answer.status, answer.type) == (200, "application/yaml")
        assert answer.body == FILE.read_bytes()


def test_its_headers_can_be_asked_for_alone(service):
    answer = service.nobody().request("HEAD", "/API3/openapi.yaml")
    assert (answer.status, answer.type, answer.body) == (200, "application/yaml", b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_can_only_be_read(service, method):
    answer = service.nobody().request(method, "/API3/openapi.yaml")
    assert (answer.status, answer.type, answer.text) == (405, TEXT, "Method not allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_its_name_is_exact(service):
    assert service.nobody().request("GET", "/API3/OpenAPI.yaml").status == 404


def test_every_reference_leads_somewhere_and_every_component_is_used(description):
    text = FILE.read_text()
    references = {node["$ref"] for _, node in walk(description.document) if isinstance(node.get("$ref"), str)}
    for reference in references:
        assert description.resolver.resolve(reference)
    for kind, components in description.document["components"].items():
        for name in components if kind != "securitySchemes" else ():
            assert f"#/components/{kind}/{name}" in references, f"nothing refers to {kind}/{name}"
    assert description.document["openapi"].startswith("3.1") and "\t" not in text
    names = [node["operationId"] for _, node in walk(description.document["paths"]) if "operationId" in node]
    assert len(names) == len(set(names))


def test_every_schema_of_it_is_one(description):
    for schema in description.document["components"]["schemas"].values():
        description.validator(schema).check_schema(schema)


def test_arrays_in_xml_are_elements_with_items(description):
    for path, schema in walk(description.document["components"]["schemas"]):
        if schema.get("type") == "array":
            assert schema["xml"] == {"wrapped": True}, path
            assert schema["items"]["xml"] == {"name": "item"}, path
    for path, node in walk(description.document["components"]):
        if "application/xml" in (node.get("content") or ()):
            in_json, in_xml = (node["content"][f"application/{form}"]["schema"] for form in ("json", "xml"))
            root = {"object": "object", "array": "list", "string": "value", None: "object"}
            schema = description.resolved(in_json)
            if in_json and "oneOf" in schema and "type" not in schema:
                assert {root[description.resolved(one)["type"]] for one in schema["oneOf"]} == \
                       {one["xml"]["name"] for one in schema["oneOf"]}, path
            elif in_json:
                assert in_xml == {**in_json, "xml": {"name": root[schema.get("type")]}}, path


# ---- the methods ----


def test_a_route_is_in_the_table_if_and_only_if_it_is_in_the_file(description):
    assert set(description.operations) == set(methods.listed())


def test_who_may_call_what_with_which_scope_is_told(description):
    prefix = {"ADMINS": "Administrators only.", "ENTERPRISE": "Enterprise Admins only."}
    for path, method in methods.listed().items():
        operation = description.operations[path]
        told = operation.get("security", description.document["security"])
        scopes = [] if method.scope == "API3_ANY_SCOPE" else [method.scope.removeprefix("SCOPE_").lower()]
        assert told == ([] if method.who == "ANYBODY" else [{"paToken": scopes}]), path
        text = operation.get("description", "")
        limited = [key for key, words in prefix.items() if text.startswith(words)]
        assert limited == ([method.who] if method.who in prefix else []), path
        assert ("parameters" in operation) is (method.effect == "WRITES"), path
        assert ("409" in operation["responses"]) is (method.effect == "WRITES"), path


def send(client, path, body):
    service, method = path.split("/")
    return client.call(method, json.dumps(body), service=service)


def test_every_request_and_answer_is_described_and_all_that_is_described_is_seen(admin, description, things):
    """One test, because the last line is about all of them together."""
    table = [(path, make, lambda t: t.admin) for path, make in CASES + LOOSE] + SINGLE
    faults = []
    for path, make, caller in table:
        body = make(things)
        answer = send(caller(things), path, body)
        wrong = description.asked(path, body)
        if answer.status == 200 and answer.type == JSON:
            wrong += description.answered(path, answer.json())
        elif answer.status != 200 or "text/plain" not in description.answer(path, 200)["content"]:
            wrong.append(repr(answer))
        faults += [f"{path} {body}: {one}" for one in wrong]
    assert not faults, "\n".join(faults)
    assert set(description.operations) - {path for path, _, _ in table} == {"tasks/runOnDemandSchedules"}
    assert sorted(set(description.unseen.values()) ^ set(ELSEWHERE)) == []


@pytest.mark.parametrize("path, body", FAULTS, ids=map(called, FAULTS))
def test_a_failure_is_plain_text_and_its_status_is_described(admin, description, path, body):
    answer = send(admin, path, body)
    if path not in description.operations:
        assert answer.status in (404, 501)
        return
    assert str(answer.status) in description.operations[path]["responses"]
    assert list(description.answer(path, answer.status)["content"]) == ["text/plain"]
    assert answer.type == TEXT


def test_the_judge_tells_right_from_wrong(description):
    path = "tasks/getScheduleExecutionStatus"
    assert not description.answered(path, {"status": 4})
    for wrong in ({}, {"status": 16}, {"status": "x"}, 4, {"status": None}, {"status": 4, "more": 1}):
        assert description.answered(path, wrong), wrong
    for wrong in ("", {}, ["x"], {"scheduleId": "x"}):
        assert description.asked(path, wrong), wrong
