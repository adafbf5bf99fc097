#!/usr/bin/python3
"""Write fcgi/openapi.yaml as Swagger 2.0, in JSON, to standard output: what older generators read.

Swagger 2.0 has one schema for each body, so only JSON is told of here; of several types or forms of a value it is the
first, which is the plain one. What it cannot say is left out: which members may be absent together, and forms in XML. So
are patterns: the generators do not agree on their dialect, and take them for one of what they have made of a date.
"""

import json
import pathlib
import sys

import yaml

FILE = pathlib.Path(__file__).resolve().parents[2] / "fcgi" / "openapi.yaml"


def resolved(document, node):
    while "$ref" in node:
        target = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target
    return node


def schema2(schema):
    """A schema, recursively."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/definitions/")}
    if "oneOf" in schema and "properties" not in schema:
        return schema2(schema["oneOf"][0])
    new = {key: value for key, value in schema.items() if key not in ("xml", "oneOf", "anyOf", "pattern")}
    if isinstance(schema.get("type"), list):
        new["type"], *others = schema["type"]
        if "null" in others:
            new["x-nullable"] = True
    for key in ("items", "additionalProperties"):
        if key in schema:
            new[key] = schema2(schema[key])
    if "properties" in schema:
        new["properties"] = {name: schema2(one) for name, one in schema["properties"].items()}
    if "allOf" in schema:
        new["allOf"] = [schema2(one) for one in schema["allOf"]]
    return new or {"type": "object"}


def media(content):
    """The media types of a body that are told of, and its schema."""
    types = [one for one in content if one != "application/xml"]
    return types, schema2(content[types[0]]["schema"])


def header2(document, header):
    header = resolved(document, header)
    return {**{key: value for key, value in header.items() if key != "schema"}, **schema2(header["schema"])}


def answer2(document, answer):
    answer = resolved(document, answer)
    types, schema = media(answer["content"])
    new = {"description": answer["description"], "schema": schema}
    if "headers" in answer:
        new["headers"] = {name: header2(document, one) for name, one in answer["headers"].items()}
    return types, new


def operation2(document, operation):
    new = {key: operation[key] for key in ("tags", "operationId", "summary", "description") if key in operation}
    new["security"] = [{name: [] for name in one} for one in operation.get("security", document["security"])]
    new["parameters"] = [header2(document, one) for one in operation.get("parameters", ())]
    if "requestBody" in operation:
        body = resolved(document, operation["requestBody"])
        new["consumes"], schema = media(body["content"])
        new["parameters"].append({"in": "body", "name": "body", "required": body.get("required", False), "schema": schema})
    answers = {status: answer2(document, one) for status, one in operation["responses"].items()}
    new["produces"] = sorted({name for types, _ in answers.values() for name in types})
    new["responses"] = {status: one for status, (_, one) in answers.items()}
    return new


def swagger2(document):
    return {
        "swagger": "2.0",
        "info": document["info"],
        "tags": document["tags"],
        "securityDefinitions": document["components"]["securitySchemes"],
        "paths": {path: {method: operation2(document, one) for method, one in methods.items()}
                  for path, methods in document["paths"].items()},
        "definitions": {name: schema2(one) for name, one in document["components"]["schemas"].items()},
    }


if __name__ == "__main__":
    json.dump(swagger2(yaml.safe_load(FILE.read_text())), sys.stdout, indent=1)
