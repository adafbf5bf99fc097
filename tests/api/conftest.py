"""What the tests of the methods share."""

import pytest

from cases import Things


@pytest.fixture(scope="session")
def things(admin):
    return Things(admin)
