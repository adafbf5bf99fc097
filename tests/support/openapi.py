"""fcgi/openapi.yaml as a judge: what is wrong with a body or an answer, and which members it has seen so far."""

import jsonschema
import yaml

from carillon import ROOT

FILE = ROOT / "fcgi" / "openapi.yaml"


def walk(node, path=""):
    """Every object of the file with its path, the file itself first."""
    if isinstance(node, dict):
        yield path, node
    for key, one in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from walk(one, f"{path}/{key}")


class Description:
    def __init__(self):
        self.document = yaml.safe_load(FILE.read_text())
        self.operations = {path.removeprefix("/API3/"): methods["post"] for path, methods in self.document["paths"].items()
                           if "post" in methods}
        self.resolver = jsonschema.RefResolver("", self.document)
        # Members by their place in the file: an equal one elsewhere is another.
        self.unseen = {id(one): f"{path[1:]}.{name}" for path, schema in walk(self.document["components"]["schemas"])
                       if isinstance(schema.get("properties"), dict) for name, one in schema["properties"].items()}

    def resolved(self, node):
        """The node, or what it refers to."""
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def answer(self, path, status):
        """What an operation says of a status."""
        answers = self.operations[path]["responses"]
        return self.resolved(answers.get(str(status)) or answers["default"])

    def validator(self, schema):
        return jsonschema.Draft202012Validator(schema, resolver=self.resolver)

    def _branches(self, schema, value):
        """The schema and all that it is made of, as far as they apply to the value."""
        schema = self.resolved(schema)
        yield schema
        for one in schema.get("allOf", ()):
            yield from self._branches(one, value)
        for one in [*schema.get("oneOf", ()), *schema.get("anyOf", ())]:
            if self.validator(one).is_valid(value):
                yield from self._branches(one, value)

    def _members(self, schema, value, where):
        """What the value has and the schema does not name. What it names has then been seen."""
        branches = list(self._branches(schema, value))
        if isinstance(value, list):
            items = [one["items"] for one in branches if "items" in one]
            for n, one in enumerate(value):
                for item in items:
                    yield from self._members(item, one, f"{where}[{n}]")
        if not isinstance(value, dict):
            return
        for name, one in value.items():
            named = [branch["properties"][name] for branch in branches if name in branch.get("properties", ())]
            for member in named:
                self.unseen.pop(id(member), None)
                yield from self._members(member, one, f"{where}.{name}")
            if not named and not any("additionalProperties" in branch for branch in branches):
                yield f"{where}.{name} is not described"

    def faults(self, schema, value):
        """What is wrong with a value, one line each."""
        wrong = [f"{error.json_path}: {error.message}" for error in self.validator(schema).iter_errors(value)]
        return wrong or list(self._members(schema, value, "$"))

    def asked(self, path, body):
        return self.faults(self.resolved(self.operations[path]["requestBody"])["content"]["application/json"]["schema"], body)

    def answered(self, path, value):
        return self.faults(self.answer(path, 200)["content"]["application/json"]["schema"], value)
