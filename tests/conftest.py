"""Fixtures: one service for the whole session, and fresh ones for tests that kill or restart."""

import contextlib
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

from carillon import BUILD, Service, make_folder  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "last: runs after the others, to find what happened while they ran")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_sessionstart(session):
    if not (BUILD / "carillon").exists():
        pytest.exit(f"{BUILD}/carillon is missing: run make first", returncode=2)


@contextlib.contextmanager
def open_folder(mode=0o755):
    folder = make_folder(mode)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def services():
    """Makes services, not yet started, and stops at the end what still runs."""
    with open_folder() as folder:
        made = []

        def make(name="state", **settings):
            made.append(Service(folder / name, **settings))
            return made[-1]

        yield make
        for one in made:
            if one.state.joinpath("quickstart.env").exists():
                one.stop()


@pytest.fixture(scope="session")
def service():
    """A running service that tests share: they make schedules of their own in it and stop nothing."""
    with services() as make:
        yield make(CARILLON_SENDMAIL="/bin/true").start()


@pytest.fixture(scope="session")
def admin(service):
    return service.admin()


@pytest.fixture(scope="session")
def viewer(service):
    return service.viewer()


@pytest.fixture
def make_service():
    with services() as make:
        yield make


@pytest.fixture(scope="module")
def make_shared_service():
    """The same for services that the tests of a file share."""
    with services() as make:
        yield make


@pytest.fixture
def fresh_service(make_service):
    return make_service().start()


@pytest.fixture(scope="module")
def still_service():
    """One that has run and is stopped, for tests that put back what they change."""
    with services() as make:
        yield make().start().stop()


@pytest.fixture
def scratch():
    """A folder that commands can write to."""
    with open_folder(0o777) as folder:
        yield folder


@pytest.fixture
def demo(admin):
    """Id of the sample that the vendor's text looks for."""
    return admin.find("My Demo Schedule")["scheduleId"]
