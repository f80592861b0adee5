"""A PostgreSQL server for the tests: its own folder, a spare port on loopback, every statement in its log."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = ["PASSWORD", "PostgresServer", "postgres_binaries"]

# One user of the server may do anything; the one that hfrisk connects as has what an analyst is given.
PASSWORD = "not a secret: it opens a server that lives as long as the tests"


class PostgresServer:
    """A server that is started when it is made. Its database `omop` has a schema `scratch` that the user `analyst` owns."""

    def __init__(self) -> None:
        self.port = _spare_port()
        # the server refuses to run as root, and its user must reach the folder
        self.home = Path(tempfile.mkdtemp(prefix="hfrisk-postgres-"))
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self.home, "postgres")
        binaries = postgres_binaries()
        assert binaries is not None
        self._binaries = binaries
        self._start()
        self._guard = self._stopped_when_we_are_killed()

    @property
    def url(self) -> str:
        """How the analyst connects."""
        return f"postgresql://analyst:{quote(PASSWORD)}@127.0.0.1:{self.port}/omop"

    def admin(self, database: str = "omop") -> Any:
        """A connection that may do anything."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=PASSWORD, dbname=database, autocommit=True
        )

    def statements(self) -> list[str]:
        """Every statement that the server has been sent by the analyst, in order, from its own log."""
        said = []
        for line in self._logged():
            entry = json.loads(line)
            if entry.get("user") == "analyst" and entry.get("message", "").startswith(("statement: ", "execute ")):
                said.append(entry["message"].split(": ", 1)[1])
        return said

    def _logged(self) -> list[str]:
        """The lines of the log, once all that was sent until now has been written there."""
        mark = uuid.uuid4().hex
        with self.admin() as server:
            server.execute(f"SELECT '{mark}'")
        for _ in range(600):
            logs = sorted((self.home / "data" / "log").glob("*.json"))
            lines = [line for log in logs for line in log.read_text(encoding="utf-8").splitlines(keepends=True)]
            if any(mark in line and line.endswith("\n") for line in lines):
                return [line for line in lines if line.endswith("\n")]
            time.sleep(0.05)
        raise AssertionError("the server does not write its log")

    def stop(self) -> None:
        """Stop the server and remove all that it wrote."""
        os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.wait()
        self._run("pg_ctl", "-D", str(self.home / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.home, ignore_errors=True)

    def _stopped_when_we_are_killed(self) -> subprocess.Popen[bytes]:
        """A shell that waits for the end of this process, which may come without warning, and then does what `stop` does."""
        script = 'tail --pid="$1" -f /dev/null; home="$2"; shift 2; "$@"; rm -rf "$home"'
        stop = [*self._as, str(self._binaries / "pg_ctl"), "-D", str(self.home / "data"), "-m", "immediate", "stop"]
        return subprocess.Popen(
            ["sh", "-c", script, "guard", str(os.getpid()), str(self.home), *stop],
            cwd="/",
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _start(self) -> None:
        secret = self.home / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if self._as:
            shutil.chown(secret, "postgres")
        data = str(self.home / "data")
        self._run(
            "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "-E",
            "UTF8",
            "--no-sync",
        )
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.home,
            "fsync": "off",
            "shared_buffers": "256MB",
            "work_mem": "32MB",
            "logging_collector": "on",
            "log_destination": "jsonlog",
            "log_statement": "all",
            "lc_messages": "C",
        }
        said = " ".join(f"-c {name}={value}" for name, value in options.items())
        self._run("pg_ctl", "-D", data, "-w", "-o", said, "-l", str(self.home / "server.log"), "start")
        with self.admin("postgres") as server:
            server.execute("CREATE DATABASE omop")
            server.execute(f"CREATE ROLE analyst LOGIN PASSWORD '{PASSWORD}'")
        with self.admin() as server:
            server.execute("CREATE SCHEMA scratch AUTHORIZATION analyst")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as, str(self._binaries / program), *arguments],
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed: {done.stderr[-2000:]}"


def postgres_binaries() -> Path | None:
    """The folder with initdb and pg_ctl of the newest PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


def _spare_port() -> int:
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        return int(spare.getsockname()[1])
