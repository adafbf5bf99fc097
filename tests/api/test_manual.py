"""The examples in README.md and fcgi/API.md print what stands there. tests/tools/examples.py writes it anew."""

import re

import pytest

import methods
from carillon import ROOT
from manual import Mapping, Shell, blocks

# Pyramid's own methods: wire/api3.md 3.2. The manual is about the others.
PYRAMID = {f"tasks/{name}" for name in (
    "findSchedule", "runSchedule", "getScheduleExecutionStatus", "getTasksIds", "getTasks", "getTaskData", "getExecutions",
    "getTaskOutputs", "getTaskOutputsForUser", "resumeSchedule", "deleteSchedules", "getSchedulesForUser", "reRunTask",
)} | {"authentication/authenticateUser", "authentication/authenticateUserByToken"}


@pytest.mark.parametrize("page", ["README.md", "fcgi/API.md"])
def test_the_examples_print_what_the_page_says(fresh_service, scratch, page):
    (scratch / "run").symlink_to(fresh_service.state)
    mapping = Mapping()
    with Shell(scratch) as shell:
        for example in (one for block in blocks(ROOT / page) for one in block):
            command = mapping.command(example.command)
            printed = shell.run(command)
            assert mapping.fits(example.printed, printed), f"$ {command}\n{printed}\n\nThe page says:\n{example.printed}"


def test_every_native_method_has_an_example():
    commands = "\n".join(line for block in blocks(ROOT / "fcgi" / "API.md") for one in block for line in one.command)
    assert not {path for path in methods.served() if not re.search(rf"{path}(?!\w)", commands)} - PYRAMID


def test_what_stands_for_something_stands_for_it_everywhere():
    one, other, third = (f"63617269-6c6c-8000-8000-00000000000{n}" for n in range(3))
    mapping = Mapping()
    assert mapping.fits(f'["{one}","{other}"]', f'["{other}","{third}"]')
    assert mapping.command([f'post a \'"{one}"\'']) == f'post a \'"{other}"\''
    assert mapping.fits(one, other) and mapping.fits(other, third)
    assert not mapping.fits(one, third) and not mapping.fits(third, other)
    assert not mapping.fits(f'{{"id":"{one}"}}', f'{{"id":"{other}","more":1}}')
    assert not Mapping().fits(f"{one} {one}", f"{one} {other}") and not Mapping().fits(f"{one} {other}", f"{one} {one}")
    assert Mapping().fits("2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z")
    assert not Mapping().fits("2020-01-02T00:00:00.000Z", "2020-01-01T00:00:00.000Z")
    assert Mapping().fits('{"id":7,"user":2,"lastRunOn":1795526050555}', '{"id":8,"user":2,"lastRunOn":1795526050556}')
    assert not Mapping().fits('{"id":7,"task":7}', '{"id":8,"task":9}') and not Mapping().fits('{"limit":7}', '{"limit":8}')
    assert Mapping().fits("636172690000000000000011", "636172690000000000000012")
    assert not Mapping().fits("636172690000000000000011", "736172690000000000000011")
