"""Clients that the OpenAPI Generator makes of fcgi/openapi.yaml run to their end; their base path ends in a slash."""

import json
import os
import pathlib
import subprocess

import pytest

from carillon import ADMIN_PASSWORD, SLOW

HERE = pathlib.Path(__file__).parent
MODULES = HERE / "node_modules"
JAR = MODULES / "@openapitools" / "openapi-generator-cli" / "bin" / "openapi-generator.jar"
PYTHON = "/usr/bin/python3"


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180 * SLOW, check=False,
                          **options)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def generate(tmp_path_factory):
    """Makes a client into a folder. The generator also judges the file that it reads."""
    swagger = tmp_path_factory.mktemp("swagger") / "swagger.json"
    swagger.write_text(run(PYTHON, HERE / "swagger2.py"))

    def make(language, folder, properties):
        run("java", "-XX:TieredStopAtLevel=1", "-jar", JAR, "generate", "-g", language, "-i", swagger, "-o", folder,
            "--additional-properties", properties,
            "--global-property", "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false")

    return make


def test_the_file_is_openapi_3_1():
    answer = run(MODULES / ".bin" / "validate-api", HERE.parents[1] / "fcgi" / "openapi.yaml")
    assert json.loads(answer) == {"valid": True}


# What both see.
EXPECTED = {
    "caller": ["adminUser", "enterpriseAdmin"], "same": True, "task": [True, 1, True], "log": "out\n", "held": [4, True],
    "deleted": True, "failure": [400, "Schedule not found"],
}


def test_a_generated_python_client_runs_to_its_end(service, generate, tmp_path):
    """[35]"""
    generate("python", tmp_path, "packageName=carillon_client")
    seen = json.loads(run(PYTHON, "-B", HERE / "client.py", f"{service.url}/", "adminUser", ADMIN_PASSWORD, "by-python",
                          env={**os.environ, "PYTHONPATH": str(tmp_path)}))
    assert seen == {
        **EXPECTED,
        "schedule": ["by-python", 1, 2035, "Europe/Amsterdam", 8],
        "status": ["ExecutionStatus", 1],
        "execution": ["call", 0, 100],
        "suspended": ["ModifiedItems", True, [True]],
        "audit": "schedule.resume",
    }


def test_a_generated_typescript_client_runs_to_its_end(service, generate, tmp_path):
    generate("typescript-fetch", tmp_path / "generated", "typescriptThreePlus=true")
    (tmp_path / "client.ts").write_bytes((HERE / "client.ts").read_bytes())
    run("node", MODULES / "typescript" / "bin" / "tsc", "--strict", "--skipLibCheck", "--target", "es2020", "--module", "commonjs", "--lib",
        "es2020,dom", tmp_path / "client.ts")
    seen = json.loads(run("node", tmp_path / "client.js", f"{service.url}/", "adminUser", ADMIN_PASSWORD, "by-typescript"))
    assert seen == {
        **EXPECTED,
        "schedule": ["by-typescript", 1, 2035, "Europe/Amsterdam"],
        "status": 1,
        "execution": ["call", 0],
        "suspended": [True, [True]],
    }
