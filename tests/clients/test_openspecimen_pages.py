"""What OpenSpecimen's own pages call, through the library that they use."""

import json
import pathlib
import subprocess

from carillon import ADMIN_PASSWORD, SLOW

HERE = pathlib.Path(__file__).parent


def test_the_vendors_pages_find_what_they_expect(service):
    done = subprocess.run(["node", HERE / "openspecimen.js", service.url, "adminUser", ADMIN_PASSWORD,
                           service.env()["OPENSPECIMEN_TASK"]], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60 * SLOW, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "stranger": 401,
        "wrong": ["Username or password is incorrect. (AUTH_INVALID_CREDENTIALS)"],
        "created": ["number", True, True, True],
        "again": ["A job with same name already exists. (SCHEDULED_JOB_DUP_JOB_NAME)"],
        "listed": True,
        "counted": 1,
        "changed": ["WEEKLY", 6, 30, 1, True],
        "run": True,
        "runs": [1, "SUCCEEDED", None, True],
        "bounded": [1, 0, 0],
        "file": ["demo.csv", "text/csv", 'attachment;filename="demo.csv"', "id,name\n"],
        "noFile": ["Job run does not exist. (SCHEDULED_JOB_JOB_RUN_NOT_FOUND)"],
        "removed": "Disabled",
        "gone": ["Job does not exist. (SCHEDULED_JOB_NOT_FOUND)"],
        "out": {"Status": "Success"},
        "after": 401,
    }
