"""Which web server, and who may start what."""

import os
import shutil
import socket
import subprocess

import pytest

from carillon import BUILD, QUICKSTART, can_hide_programs, living_in, processes


@pytest.mark.parametrize("name", ["apache2", "httpd"])
def test_mod_fcgid_is_refused_with_what_to_do_instead(tmp_path, name):
    """It starts a program with a listening socket as descriptor 0; here a shell does, by Apache's name."""
    apache = tmp_path / name
    apache.symlink_to(shutil.which("sh"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "1.0"))
        listening.listen()
        done = subprocess.run([apache, "-c", '"$0"; exit $?', BUILD / "carillon"], stdin=listening, capture_output=True,
                              text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "mod_fcgid" in done.stderr and "mod_proxy_fcgi" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_web_server_that_nobody_knows_is_named(make_service):
    service = make_service(WEB="lighttpd")
    done = service.quickstart("start")
    assert done.returncode != 0 and "WEB=lighttpd" in done.stderr
    assert not service.state.exists()


@pytest.mark.skipif(not can_hide_programs(), reason="needs a mount namespace")
def test_a_missing_apache_is_named(make_service, tmp_path):
    service = make_service(WEB="apache")
    hide = 'mkdir "$HIDE" && cp -a /usr/sbin/. "$HIDE" && rm "$HIDE/apache2" && mount --bind "$HIDE" /usr/sbin && exec "$0" start'
    env = {**os.environ, "WEB": "apache", "PORT": str(service.port), "STATE": str(service.state), "BUILD": str(BUILD),
           "HIDE": str(tmp_path / "sbin")}
    done = subprocess.run(["unshare", "--mount", "bash", "-c", hide, QUICKSTART], env=env, capture_output=True, text=True,
                          timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode != 0
    assert "apache2 is not installed" in done.stderr and "apt-get install apache2-bin" in done.stderr
    assert not service.state.exists()


def test_the_web_server_may_change_between_two_starts(make_service):
    """Nothing of the first is left running, and what was made is there for the second."""
    service = make_service(WEB="apache").start()
    schedule = service.admin().create("web: kept", "true")
    service.stop()
    assert living_in(service.state) == []
    service.settings["WEB"] = "nginx"
    service.start()
    assert service.admin().find("web: kept")["scheduleId"] == schedule
    names = {name for pid, _, name in processes() if pid == int(service.env()["WEB_PID"])}
    assert names == {"nginx"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")
def test_started_as_root_nothing_of_apache_stays_root(make_service):
    service = make_service(WEB="apache").start()
    web = int(service.env()["WEB_PID"])
    pids = [pid for pid, parent, _ in processes() if web in (pid, parent)]
    assert len(pids) > 1
    for pid in pids:
        assert os.stat(f"/proc/{pid}").st_uid != 0
