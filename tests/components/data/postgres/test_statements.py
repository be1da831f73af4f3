"""What makes a database at RDS, run on a real server by somebody who is no superuser, as at RDS."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.data.postgres import rds_job

NEEDED = ("initdb", "pg_ctl", "psql", "perl")
pytestmark = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in NEEDED), reason=f"needs {', '.join(NEEDED)} on PATH"
)

SECRET = {"username": "administrator", "password": 'a"b\\c$d &e'}
"""As RDS writes it, though with more that could go wrong."""


@dataclass(frozen=True)
class Server:
    folder: Path
    port: int

    def make(self, database: str, password: str) -> None:
        """Runs the very script of the Job."""
        script = rds_job.files()["database.sh"]
        script = script.replace("/run/administrator", str(self.folder))
        script = script.replace("/etc/database", str(self.folder))
        done = self._run(
            ["sh", "-c", script],
            {
                "PGUSER": SECRET["username"],
                "PGDATABASE": "postgres",
                "DATABASE": database,
                "ROLE_PASSWORD": password,
            },
        )
        assert done.returncode == 0, done.stderr

    def ask(self, user: str, password: str, database: str, statement: str) -> str | None:
        """What a statement gives; None where it is refused."""
        done = self._run(
            ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement],
            {"PGUSER": user, "PGDATABASE": database, "PGPASSWORD": password},
        )
        return done.stdout.strip() if done.returncode == 0 else None

    def _run(self, command: list[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        place = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGSSLMODE": "disable"}
        env = {"PATH": os.environ["PATH"], **place, **more}
        return subprocess.run(command, env=env, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    # It will not run as root.
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    try:
        for name, text in rds_job.files().items():
            (folder / name).write_text(text)
        (folder / "secret.json").write_text(json.dumps(SECRET))
        (folder / "superuser").write_text("superuser")
        if os.geteuid() == 0:
            shutil.chown(folder, user)
            for file in folder.iterdir():
                shutil.chown(file, user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = folder / "data"
        _as(
            user,
            "initdb",
            *("--pgdata", str(data), "--username", "superuser", "--auth", "scram-sha-256"),
            *("--pwfile", str(folder / "superuser"), "--no-sync"),
        )
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
        _as(
            user,
            "pg_ctl",
            *("--pgdata", str(data), "--wait", "--timeout", "120", "--log", str(folder / "log")),
            *("--options", options, "start"),
        )
        found = Server(folder=folder, port=port)
        try:
            quoted = SECRET["password"].replace("'", "''")
            made = f"CREATE ROLE administrator LOGIN CREATEROLE CREATEDB PASSWORD '{quoted}'"
            assert found.ask("superuser", "superuser", "postgres", made) is not None
            yield found
        finally:
            _as(user, "pg_ctl", "--pgdata", str(data), "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as(user: str, *command: str) -> None:
    other = {"user": user} if os.geteuid() == 0 else {}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **other)  # type: ignore[call-overload]


def test_a_service_owns_its_database_and_may_do_nothing_else(server: Server) -> None:
    server.make("pipelines", "first")
    mine = ("pipelines", "first", "pipelines")
    assert server.ask(*mine, "CREATE TABLE one (id int)") is not None
    attributes = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    assert server.ask(*mine, f"SELECT {attributes} FROM pg_roles WHERE rolname = current_user") == "f|f|f|f|f"
    assert server.ask(*mine, "CREATE DATABASE other") is None
    assert server.ask(*mine, "CREATE ROLE other") is None


def test_it_can_be_said_again_and_another_password_counts_at_once(server: Server) -> None:
    server.make("tracking", "first")
    assert server.ask("tracking", "first", "tracking", "CREATE TABLE kept (id int)") is not None
    server.make("tracking", "second")
    assert server.ask("tracking", "first", "tracking", "SELECT 1") is None
    assert server.ask("tracking", "second", "tracking", "SELECT count(*) FROM kept") == "0"


def test_services_do_not_get_into_each_others_databases(server: Server) -> None:
    server.make("one", "first")
    server.make("two", "second")
    assert server.ask("one", "first", "one", "SELECT 1") == "1"
    assert server.ask("one", "first", "two", "SELECT 1") is None
    assert server.ask("one", "first", "postgres", "SET ROLE two") is None


def test_what_it_is_given_stays_a_name_and_a_text(server: Server) -> None:
    name, password = 'odd-"one"\'; DROP ROLE administrator; --', "it's; \\q $1 :role"
    server.make(name, password)
    assert server.ask(name, password, name, "SELECT current_database()") == name


def test_a_statement_that_fails_fails_the_job(server: Server) -> None:
    """Nobody but a superuser changes one."""
    with pytest.raises(AssertionError, match=r"permission denied|must be superuser"):
        server.make("superuser", "mine")
