"""A few policies broken on purpose: the checker says so. `make torture` breaks all of them."""

import os
import subprocess
import sys

import pytest
from carillon import BUILD
from simulation import mutate


def test_every_mutation_still_fits_the_code():
    assert not list(mutate.misfits())


@pytest.mark.skipif("san" in BUILD.name, reason="the mutants are built without sanitizers")
def test_a_broken_policy_is_found():
    run = subprocess.run([sys.executable, mutate.__file__, "few"], env={**os.environ, "BUILD": str(BUILD)},
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr[-2000:]
