"""Bad starts: one clear line that names the thing and the mend, nothing half started, nothing overwritten."""

import json
import os
import pathlib
import shutil
import socket
import subprocess

import pytest

from carillon import BUILD, QUICKSTART, ROOT, Client, Service, can_hide_programs, living_in, make_folder, processes, until

IS_ROOT = os.geteuid() == 0


def carillon(service, *words, **options):
    """The program as an operator starts it, in the quickstart's directory."""
    return subprocess.run([BUILD / "carillon", "--config", "carillon.xml", *words], cwd=service.state, capture_output=True,
                          text=True, timeout=60, check=False, stdin=subprocess.DEVNULL, **options)


def fails_to_start(service, *texts, **settings):
    done = service.quickstart("start", **settings)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr
    for text in texts:
        assert text in done.stderr, done.stderr
    assert living_in(service.state) == [] if service.state.is_dir() else True
    return done.stderr


@pytest.fixture
def stopped(fresh_service):
    """One to spoil."""
    return fresh_service.stop()


def snapshot(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


def test_a_port_in_use_is_named(make_service):
    service = make_service()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        service.port = taken.getsockname()[1]
        told = fails_to_start(service, f"port {service.port} is in use", "PORT=")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "99999999999999999999"])
def test_a_port_that_is_none_is_named(make_service, port):
    service = make_service()
    service.port = port
    fails_to_start(service, "PORT=")


def test_a_foreign_directory_is_not_touched(make_service):
    service = make_service()
    service.state.mkdir()
    (service.state / "letter.txt").write_text("mine")
    fails_to_start(service, str(service.state), "name an empty or a new directory")
    assert snapshot(service.state) == {"letter.txt": b"mine"}


def test_a_state_that_is_a_file_is_not_touched(make_service):
    service = make_service()
    service.state.write_text("mine")
    fails_to_start(service, "is not a directory")
    assert service.state.read_text() == "mine"


@pytest.mark.parametrize("member, text", [
    ("<nonsense>1</nonsense>", "nonsense"),
    ("<workersMax>0</workersMax>", "workersMax"),
    ("<workersMin>1</workersMin><workersMin>1</workersMin>", "workersMin"),
    ("<drain>soon</drain>", "drain"),
    ("<open>", "carillon.xml:"),
])
def test_a_fault_in_the_configuration_is_named_with_its_line(still_service, member, text):
    config = still_service.state / "carillon.xml"
    sound = config.read_text()
    line = 1 + sound[:sound.index("<commandAllow>")].count("\n")
    config.write_text(sound.replace("<commandAllow>", member + "<commandAllow>"))
    for words in ((), ("--test",)):
        done = carillon(still_service, *words)
        assert done.returncode not in (0, None)
        told = done.stderr.strip().splitlines()
        assert len(told) == 1, told
        assert f"carillon.xml:{line}" in told[0] or member == "<open>", told
        assert text in told[0]
    config.write_text(sound)
    assert carillon(still_service, "--test").returncode == 0


def test_a_variable_out_of_range_is_named(still_service):
    done = carillon(still_service, env={**os.environ, "CARILLON_WORKERS_MAX": "many"})
    assert done.returncode not in (0, None)
    assert "CARILLON_WORKERS_MAX" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_second_start_on_the_same_store_is_refused_and_the_first_goes_on(fresh_service):
    done = carillon(fresh_service)
    assert done.returncode not in (0, None)
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert fresh_service.admin().call("findSchedule", {}).status == 200


def test_a_store_of_a_newer_format_is_refused_and_not_touched(stopped):
    format_file = stopped.state / "store" / "format"
    assert format_file.exists()
    sound = format_file.read_bytes()
    format_file.write_bytes(sound.replace(b"1", b"2"))
    before = snapshot(stopped.state / "store")
    done = carillon(stopped)
    assert done.returncode not in (0, None)
    assert "newer" in done.stderr and "store" in done.stderr
    after = snapshot(stopped.state / "store")
    assert after == before
    format_file.write_bytes(sound)
    stopped.start()


def test_a_foreign_store_directory_is_refused_and_not_touched(stopped):
    store = stopped.state / "store"
    shutil.rmtree(store)
    store.mkdir()
    (store / "letter.txt").write_text("mine")
    if IS_ROOT:
        shutil.chown(store, "www-data")
    done = carillon(stopped)
    assert done.returncode not in (0, None)
    assert "store" in done.stderr
    assert (store / "letter.txt").read_text() == "mine"


def test_a_store_that_was_never_made_is_not_made_by_a_start(stopped):
    """A disk that was not mounted must not look like a new installation."""
    store = stopped.state / "store"
    shutil.rmtree(store)
    store.mkdir()
    if IS_ROOT:
        shutil.chown(store, "www-data")
    done = carillon(stopped)
    assert done.returncode not in (0, None)
    assert "carillonctl init" in done.stderr, done.stderr


def test_a_store_that_cannot_be_read_is_named(stopped):
    store = stopped.state / "store"
    store.chmod(0o700)
    if IS_ROOT:
        shutil.chown(store, "root", "root")
    else:
        store.chmod(0o000)
    done = carillon(stopped)
    store.chmod(0o750)
    if IS_ROOT:
        shutil.chown(store, "www-data", "www-data")
    assert done.returncode not in (0, None)
    assert "store" in done.stderr and ("ermission" in done.stderr or "chown" in done.stderr), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    stopped.start()


@pytest.mark.skipif(not can_hide_programs(), reason="needs a mount namespace")
def test_a_missing_nginx_is_named(make_service, tmp_path):
    service = make_service()
    # Root can look up a file that cannot be executed, so the whole folder goes.
    hide = 'mkdir "$HIDE" && cp -a /usr/sbin/. "$HIDE" && rm "$HIDE/nginx" && mount --bind "$HIDE" /usr/sbin && exec "$0" start'
    env = {**os.environ, "WEB": "nginx", "PORT": str(service.port), "STATE": str(service.state), "BUILD": str(BUILD),
           "HIDE": str(tmp_path / "sbin")}
    done = subprocess.run(["unshare", "--mount", "bash", "-c", hide, QUICKSTART], env=env, capture_output=True, text=True,
                          timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode != 0
    assert "nginx is not installed" in done.stderr and "apt-get install" in done.stderr
    assert not service.state.exists() or living_in(service.state) == []


@pytest.mark.skipif(not IS_ROOT, reason="mounts need root")
def test_a_full_disk_is_named_and_nothing_is_half_made(make_service, tmp_path):
    service = make_service()
    service.state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", service.state], check=True)
    try:
        done = service.quickstart("start")
        assert done.returncode != 0
        assert "No space left" in done.stderr or "free" in done.stderr, done.stderr
        assert living_in(service.state) == []
    finally:
        subprocess.run(["umount", service.state], check=True)


def test_a_start_that_runs_already_says_so_and_starts_nothing(fresh_service):
    before = sorted(pid for pid, _, _ in processes() if pid in fresh_service.children("worker"))
    done = fresh_service.quickstart("start")
    assert done.returncode == 0 and "runs already" in done.stdout
    assert sorted(pid for pid, _, _ in processes() if pid in fresh_service.children("worker")) == before


def test_two_run_side_by_side(make_service):
    one, other = make_service("one").start(), make_service("other").start()
    one.admin().create("only in one", "true")
    assert other.admin().call("findSchedule", {"searchCriteria": {"searchValue": "only in one"}}).json() == []
    one.stop()
    assert other.admin().call("findSchedule", {}).status == 200


def test_quickstart_env_has_a_key_for_each_kind_of_client(fresh_service):
    """They are what their names say, and another start keeps them."""
    env = fresh_service.env()
    tokens = fresh_service.admin().call("listTokens", {"limit": 1000}, service="access").json()["items"]
    kinds = sorted((one["kind"], one.get("needsSession", False), sorted(one.get("scopes", ["all"]))) for one in tokens
                   if one["kind"] != "session")
    assert kinds == [("clientKey", False, ["read", "run"]), ("clientKey", True, ["read", "run"]), ("key", False, ["all"]),
                     ("key", False, ["read", "results"]), ("key", False, ["results"])]
    for name, status in {"OPENSPECIMEN_TOKEN": 200, "RICLOUD_TOKEN": 403, "RICLOUD_TOKEN_RESULTS_ONLY": 403,
                         "RICLOUD_TOKEN_OTHER": 403, "ALTOGIC_CLIENT_KEY": 401, "ALTOGIC_CLIENT_KEY_SESSIONS": 401}.items():
        answer = fresh_service.nobody().call("listUsers", {}, {"paToken": env[name]}, service="access")
        assert answer.status == status, name
    for name, tenant in {"RICLOUD_TOKEN": "main", "RICLOUD_TOKEN_OTHER": "second"}.items():
        who = fresh_service.nobody().call("whoAmI", "", {"paToken": env[name]}, service="access").json()
        assert who["tenant"] == tenant, name
    users = fresh_service.admin().call("listUsers", {}, service="access").json()["items"]
    assert {one["userName"]: one["email"] for one in users} == {env["ADMIN_USER"]: env["ADMIN_EMAIL"],
                                                                env["VIEWER_USER"]: env["VIEWER_EMAIL"]}
    assert env["ALTOGIC_ENV"] == "636172690000000000000001" and env["OPENSPECIMEN_TASK"]
    again = fresh_service.stop().start().env()
    changes = {"PATOKEN", "MASTER_PID", "WEB_PID"}
    assert {name: value for name, value in again.items() if name not in changes} == {
        name: value for name, value in env.items() if name not in changes}


def test_quickstart_env_is_for_its_owner_alone(service):
    path = service.state / "quickstart.env"
    assert path.stat().st_mode & 0o777 == 0o600
    assert {"URL", "ADMIN_USER", "ADMIN_PASSWORD", "PATOKEN", "VIEWER_USER", "VIEWER_PASSWORD", "SOCKET",
            "MASTER_PID"} <= service.env().keys()


def test_commands_need_no_open_way_to_the_clone(monkeypatch):
    """It lies in a folder that is closed to whom they run as, and its name has a blank: what they leave is found all the same."""
    closed = make_folder(0o700)
    for part in ("conf", "nginx"):
        shutil.copytree(ROOT / part, closed / "my clone" / part)
    monkeypatch.setattr("carillon.QUICKSTART", closed / "my clone" / "conf" / "quickstart.sh")
    service = Service(closed / "state").start()
    try:
        env = service.env()
        client = Client(env["URL"])
        headers = {"X-OS-API-TOKEN": env["OPENSPECIMEN_TOKEN"]}
        job = {"name": "closed", "type": "INTERNAL", "taskImplFqn": env["OPENSPECIMEN_TASK"], "repeatSchedule": "ONDEMAND"}
        runs = f"/scheduled-jobs/{json.loads(client.post('/scheduled-jobs', job, headers).text)['id']}/runs"
        assert client.post(runs, {"args": "result x.csv some text"}, headers).status == 200
        until(lambda: '"SUCCEEDED"' in client.request("GET", runs, headers=headers).text, 20, "the end of the run")
        run = json.loads(client.request("GET", runs, headers=headers).text)[0]
        assert client.request("GET", f"{runs}/{run['id']}/result-file", headers=headers).text == "some text\n"
        token = {"Authorization": f"Token {env['RICLOUD_TOKEN']}"}
        task = json.loads(client.request("GET", f"/tasks?session={run['id']}", headers=token).text)["data"][0]
        path = task["results"][0]["url"].removeprefix("local://")
        # Whose parents are open to him reads exactly what the address says.
        assert path.startswith("/") and (not IS_ROOT or pathlib.Path(path).read_text() == "some text\n")
        copies = list(pathlib.Path("/tmp").glob("carillon-samples.*"))
        service.stop()
        assert set(pathlib.Path("/tmp").glob("carillon-samples.*")) < set(copies)
    finally:
        service.stop()
        shutil.rmtree(closed)


@pytest.mark.skipif(not IS_ROOT, reason="only root can drop to another user")
def test_started_as_root_nothing_of_the_service_stays_root(service):
    for role in ("worker", "scheduler", "runner"):
        for pid in service.children(role):
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
            assert set(uids) != {"0"}, role
