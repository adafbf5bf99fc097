"""The shipped pieces in a server that has other tenants: they work there, and disturb nobody.

Web servers of our own stand before the shared service's socket; what is included into them is what an operator
includes, and nothing in it is changed but the paths that he is told to adapt.
"""

import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess

import pytest

from carillon import Client, ROOT, free_port, make_folder, until

TEXT = "text/plain;charset=utf-8"
MODULES = "/usr/lib/apache2/modules"
# Debian's own, for programs that root starts.
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
USER = "www-data"

NGINX = """
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
{user}
events {{ }}
http {{
	access_log off;
	client_body_temp_path {folder}/body; fastcgi_temp_path {folder}/fastcgi; proxy_temp_path {folder}/proxy;
	scgi_temp_path {folder}/scgi; uwsgi_temp_path {folder}/uwsgi;
	limit_conn_zone $server_port zone=everybody:1m;
	include carillon/carillon-upstream.conf;
	server {{
		listen 127.0.0.1:{port};
		root {folder}/site;
		error_page 404 405 413 /sorry.txt;
		client_max_body_size 10;
		include carillon/carillon.conf;
		location / {{ try_files $uri =404; }}
		location ~ \\.php$ {{ return 200 "a script of the neighbour"; }}
		location ~* ^/a {{ return 200 "all that begins with a"; }}
		{more}
	}}
}}
"""

APACHE = """
ServerName localhost
DefaultRuntimeDir {folder}
PidFile {folder}/apache2.pid
Mutex file:{folder}
ErrorLog {folder}/error.log
LogLevel info
{user}
{modules}
<Directory "/">
	Require all denied
</Directory>
Listen 127.0.0.1:{port}
{outside}
<VirtualHost 127.0.0.1:{port}>
	DocumentRoot {folder}/site
	<Directory {folder}/site>
		Require all granted
	</Directory>
	ErrorDocument 404 /sorry.txt
	LimitRequestBody 10
	Define CARILLON_SOCKET {socket}
	Define CARILLON_DIR {pieces}
	Include {pieces}/carillon.conf
	RewriteEngine On
	RewriteRule "\\.php$" "/script.txt"
	RewriteRule "^/a" "/a.txt"
	{more}
</VirtualHost>
"""


class Server:
    """nginx or Apache with a site of its own, and Carillon included."""

    def __init__(self, kind, socket_path):
        self.kind, self.folder, self.socket, self.process = kind, make_folder(), socket_path, None
        self.port = free_port()
        site = self.folder / "site"
        site.mkdir()
        # No parent of the clone need be open to the user that a server runs as.
        shutil.copytree(ROOT / "nginx" if kind == "nginx" else ROOT / "conf" / "apache", self.folder / "carillon")
        for name, text in {"index.html": "the site", "sorry.txt": "the neighbour's own error", "a.txt": "all that begins with a",
                           "script.txt": "a script of the neighbour"}.items():
            (site / name).write_text(text)
        self.configure()

    def configure(self, more="", output="", modules="", outside=""):
        values = {"folder": self.folder, "port": self.port, "socket": self.socket, "pieces": self.folder / "carillon",
                  "more": more, "user": "", "outside": outside.format(pieces=self.folder / "carillon")}
        if self.kind == "nginx":
            upstream = (ROOT / "nginx" / "carillon-upstream.conf").read_text()
            upstream = upstream.replace("unix:/run/carillon/carillon.sock", f"unix:{self.socket}")
            (self.folder / "carillon" / "carillon-upstream.conf").write_text(upstream.replace('default "";', f'default "{output}";'))
            if os.geteuid() == 0:
                values["user"] = f"user {USER};"
            text = NGINX.format(**values)
        else:
            if os.geteuid() == 0:
                values["user"] = f"User {USER}\nGroup {USER}"
            names = "mpm_event authz_core authz_host alias asis buffer dir env proxy proxy_fcgi reqtimeout rewrite " + modules
            values["modules"] = "\n".join(f"LoadModule {n}_module {MODULES}/mod_{n}.so" for n in names.split())
            # Debian 12's mod_qos does not say that it needs this one.
            for library in glob.glob("/usr/lib/*/libpcre.so.3") if "qos" in names else ():
                values["modules"] = f"LoadFile {library}\n{values['modules']}"
            text = APACHE.format(**values)
        (self.folder / "server.conf").write_text(text)

    def command(self, *words):
        words = {"nginx": ["nginx", "-p", f"{self.folder}/", "-e", f"{self.folder}/error.log", "-c", "server.conf"],
                 "apache": ["apache2", "-d", self.folder, "-f", "server.conf"]}[self.kind] + list(words)
        program = shutil.which(words[0], path=PATH)
        return [program, *words[1:]]

    def test(self):
        done = subprocess.run(self.command("-t"), capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stderr

    def start(self):
        words = ["-g", "daemon off;"] if self.kind == "nginx" else ["-DFOREGROUND"]
        self.process = subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.listens, 15, "the web server")
        return self

    def listens(self):
        assert self.process.poll() is None, (self.folder / "error.log").read_text()
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self, token=None):
        return Client(self.url, token)


@pytest.fixture(scope="module", params=["nginx", "apache"])
def foreign(request, service):
    server = Server(request.param, service.env()["SOCKET"]).start()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture
def make_foreign(service):
    made = []

    def make(kind, **options):
        made.append(Server(kind, service.env()["SOCKET"]))
        made[-1].configure(**options)
        return made[-1].start()

    yield make
    for one in made:
        one.stop()
        shutil.rmtree(one.folder)


def test_the_pieces_pass_the_servers_own_test(foreign):
    code, told = foreign.test()
    assert code == 0, told
    assert "warn" not in told.lower()


def test_a_neighbours_paths_stay_his(foreign):
    nobody = foreign.client()
    for path, text in {"/index.html": "the site", "/x.php": "a script of the neighbour",
                       "/all": "all that begins with a", "/api31/x": "all that begins with a",
                       "/API3.php": "a script of the neighbour"}.items():
        answer = nobody.request("GET", path)
        assert (answer.status, answer.text) == (200, text), path


def test_a_neighbours_errors_stay_his(foreign):
    nobody = foreign.client()
    for path in ("/nothing", "/healthz/x"):
        answer = nobody.request("GET", path)
        assert (answer.status, answer.text) == (404, "the neighbour's own error"), path
    if foreign.kind == "nginx":
        answer = nobody.request("POST", "/index.html", b"x" * 100)
        assert (answer.status, answer.text) == (413, "the neighbour's own error")
        answer = nobody.request("POST", "/index.html", b"x")
        assert (answer.status, answer.text) == (405, "the neighbour's own error")


@pytest.mark.parametrize("path", ["/API3/tasks/findSchedule", "/api3/tasks/findSchedule", "//Api3//tasks/findSchedule%20"])
def test_beside_neighbours_calls_are_answered(foreign, service, path):
    """Also a body over the neighbours' limit."""
    client = foreign.client(service.env()["PATOKEN"])
    assert client.post(path, {"searchCriteria": {"searchValue": "My Demo Schedule"}}).json()[0]["type"] == 1


def test_beside_neighbours_errors_have_the_form_of_the_face(foreign):
    nobody = foreign.client()
    for path, body, status, text in (("/api3/x.php", "", 404, "Unknown method"), ("/API3", "", 404, "Unknown method"),
                                     ("/API3/tasks/findSchedule", "{}", 401, "Invalid or missing token"),
                                     ("/API3/tasks/findSchedule", b"x" * (2 << 20), 413, "Request body too large")):
        answer = nobody.post(path, body)
        assert (answer.status, answer.type, answer.text) == (status, TEXT, text), path
    assert nobody.request("GET", "/healthz").text == "ok\n"


# ---- what an operator adds -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, more, status, text", [
    ("nginx", "deny all;", 403, "Insufficient permissions"),
    ("nginx", 'auth_basic "staff"; auth_basic_user_file /dev/null;', 401, "Invalid or missing token"),
    ("nginx", "limit_conn everybody 1;", 503, "Service unavailable"),
    ("apache", '<Location "/">\nRequire ip 192.0.2.0/24\n</Location>', 403, "Insufficient permissions"),
], ids=["deny", "auth_basic", "limit_conn", "Require"])
def test_an_operators_own_rules_hold_and_answer_in_the_form_of_the_face(make_foreign, kind, more, status, text):
    server = make_foreign(kind, more=more)
    with contextlib.ExitStack() as others:
        if "limit_conn" in more:
            s = others.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            s.sendall(b"POST /API3/tasks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")
            until(lambda: server.client().call("findSchedule").status != 401, 10)
        answer = server.client().call("findSchedule")
        assert (answer.status, answer.type, answer.text) == (status, TEXT, text)


def test_apache_limits_log_ins_where_mod_qos_is_installed(make_foreign):
    server = make_foreign("apache", modules="qos setenvif", outside="Include {pieces}/carillon-login.conf")
    nobody = server.client()
    paths = ["/API3/authentication/authenticateUser", "//api3/auth//authenticateUserByToken%20", "/_api/rest/v1/auth/signin-email",
             "/e:x/_api/rest/v1/auth/signin-email", "/openspecimen/rest/ng/sessions/", "/%72est/ng//sessions"]
    until(lambda: 429 in [nobody.post(path, "{}").status for path in paths * 5], 20)
    limited = {path: nobody.post(path, "{}") for path in paths}
    assert {answer.status for answer in limited.values()} == {429}
    assert (limited[paths[0]].type, limited[paths[0]].text) == (TEXT, "Too many requests")
    assert json.loads(limited[paths[2]].text)["errors"][0]["code"] == "too_many_requests"
    assert json.loads(limited[paths[4]].text)[0]["code"] == "TOO_MANY_REQUESTS"
    for answer in limited.values():
        assert answer.headers["Retry-After"] == "1"
    assert nobody.post("/API3/tasks/findSchedule", "{}").status == 401
    assert nobody.request("DELETE", "/openspecimen/rest/ng/sessions").status == 401
    until(lambda: nobody.post(paths[0], "{}").status != 429, 20, "the end of the limit")


def test_apache_without_the_module_says_which(service):
    server = Server("apache", service.env()["SOCKET"])
    conf = server.folder / "server.conf"
    for module, text in (("proxy_fcgi", "mod_fcgid will not do"), ("buffer", "a2enmod buffer"), ("asis", "a2enmod asis")):
        server.configure()
        conf.write_text("\n".join(line for line in conf.read_text().splitlines() if f"LoadModule {module}_" not in line))
        code, told = server.test()
        assert code != 0 and text in told
    shutil.rmtree(server.folder)


# ---- what commands wrote ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log(admin):
    """A task that has ended, and what it wrote: more than fits into a server's buffers."""
    execution = admin.run(admin.create("web: log", "seq 100000; echo oops >&2"))
    assert admin.ended(execution) == 1
    return admin.task(execution), "".join(f"{n}\n" for n in range(1, 100001))


def is_log(answer, text, offset, complete):
    assert (answer.status, answer.type) == (200, TEXT)
    assert answer.text == text
    assert answer.headers.get_all("Content-Length") == [str(len(text))]
    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    assert "Transfer-Encoding" not in answer.headers
    assert answer.headers["X-Log-Offset"] == str(offset)
    assert answer.headers["X-Log-Next-Offset"] == str(offset + len(text))
    assert answer.headers["X-Log-Complete"] == ("true" if complete else "false")


def test_a_log_is_the_same_whoever_sends_it(foreign, service, admin, log):
    """The quickstart's nginx sends it itself, the others pass on what the application sends."""
    task, text = log
    for client in (admin, foreign.client(service.env()["PATOKEN"])):
        is_log(client.call("getTaskLog", {"taskId": task}), text, 0, True)
        is_log(client.call("getTaskLog", {"taskId": task, "offset": 2, "limit": 10}), text[2:12], 2, False)
        is_log(client.call("getTaskLog", {"taskId": task, "stream": "stderr"}), "oops\n", 0, True)
        headers = {"Range": "bytes=0-3", "If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT", "If-None-Match": "*"}
        is_log(client.call("getTaskLog", {"taskId": task}, headers), text, 0, True)


def neither_file_nor_folder(folder, names):
    """What commands of other tests left there: nobody copies a pipe to its end, and a link leads in circles."""
    paths = {name: os.path.join(folder, name) for name in names}
    return [name for name, path in paths.items() if os.path.islink(path) or not (os.path.isfile(path) or os.path.isdir(path))]


@pytest.fixture
def decoy(service, log):
    """A copy of the output directory in which the logs have another text."""
    folder = make_folder()
    shutil.copytree(service.state / "output", folder / "output", ignore=neither_file_nor_folder)
    for path in (folder / "output").rglob("*"):
        if path.is_file() and path.stat().st_size:
            path.write_text("from the decoy\n")
        path.chmod(0o755)
    (folder / "output").chmod(0o755)
    yield folder / "output"
    shutil.rmtree(folder)


def test_nginx_sends_a_finished_log_from_the_folder_that_it_is_told(make_foreign, service, decoy, log):
    client = make_foreign("nginx", output=decoy).client(service.env()["PATOKEN"])
    answer = client.call("getTaskLog", {"taskId": log[0]})
    assert (answer.status, answer.type, answer.text) == (200, TEXT, "from the decoy\n")
    assert client.call("getTaskLog", {"taskId": log[0], "offset": 1, "limit": 2}).text == log[1][1:3]


@pytest.mark.parametrize("fault", ["missing", "link", "unreadable"])
def test_output_that_nginx_cannot_send_is_no_html(make_foreign, service, decoy, log, fault):
    if fault == "unreadable" and os.geteuid() != 0:
        pytest.skip("only root can take it away from somebody")
    for path in decoy.rglob("*.stdout"):
        path.unlink()
        if fault == "link":
            path.symlink_to("/etc/passwd")
        elif fault == "unreadable":
            path.touch(0o600)
    client = make_foreign("nginx", output=decoy).client(service.env()["PATOKEN"])
    answer = client.call("getTaskLog", {"taskId": log[0]})
    assert (answer.status, answer.type, answer.text) == (500, "text/plain; charset=utf-8", "Internal server error")


@pytest.fixture(scope="module")
def result_file(service):
    """The path of a result file of OpenSpecimen's API, and what to show there."""
    env, nobody = service.env(), service.nobody()
    headers = {"X-OS-API-TOKEN": env["OPENSPECIMEN_TOKEN"]}
    job = json.loads(nobody.post("/scheduled-jobs", {"name": "web: result", "type": "INTERNAL", "repeatSchedule": "ONDEMAND",
                                                     "taskImplFqn": env["OPENSPECIMEN_TASK"]}, headers).text)
    runs = f"/scheduled-jobs/{job['id']}/runs"
    nobody.post(runs, {"args": 'result x".csv some text'}, headers)
    until(lambda: '"SUCCEEDED"' in nobody.request("GET", runs, headers=headers).text, 20, "the end of the run")
    run = json.loads(nobody.request("GET", runs, headers=headers).text)[0]
    return f"{runs}/{run['id']}/result-file", headers


def test_a_result_file_is_the_same_whoever_sends_it(foreign, service, result_file):
    """The quickstart's nginx sends it itself, the others pass on what the application sends: also to a page, and in one piece."""
    path, headers = result_file
    answers = []
    for client in (service.nobody(), foreign.client()):
        origin = {"Origin": client.url.geturl(), "Range": "bytes=0-3", "If-None-Match": '"x"',
                  "If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"}
        for method in ("GET", "HEAD"):
            answer = client.request(method, path, headers={**headers, **origin})
            assert (answer.status, answer.type) == (200, "text/csv")
            assert answer.text == ("some text\n" if method == "GET" else "")
            assert answer.headers["Content-Disposition"] == 'attachment;filename="x_.csv"'
            assert answer.headers.get_all("Access-Control-Allow-Origin") == [client.url.geturl()]
            answers.append({name.lower(): value for name, value in answer.headers.items()
                            if name not in ("Date", "Server", "Access-Control-Allow-Origin", "Connection", "Keep-Alive")})
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("fault", [None, "missing"])
def test_nginx_sends_a_result_file_or_says_in_the_form_of_the_face_that_it_cannot(make_foreign, result_file, decoy, fault):
    path, headers = result_file
    if fault:
        shutil.rmtree(decoy)
        decoy.mkdir()
    answer = make_foreign("nginx", output=decoy).client().request("GET", path, headers=headers)
    if fault:
        assert (answer.status, answer.type) == (500, "application/json")
        assert json.loads(answer.text) == [{"code": "internal_error", "message": "Sorry, something went wrong."}]
    else:
        assert (answer.status, answer.type, answer.text) == (200, "text/csv", "from the decoy\n")


def test_output_is_not_for_who_asks_nginx_for_it(make_foreign, decoy):
    nobody = make_foreign("nginx", output=decoy).client()
    some = next(path for path in decoy.rglob("*.stdout"))
    for path in (f"/_carillon/output/{some.relative_to(decoy)}", "/_carillon/output/", "/_carillon/output/../x"):
        answer = nobody.request("GET", path)
        assert answer.status in (400, 404) and "decoy" not in answer.text
        assert answer.status == 400 or "<" not in answer.text
