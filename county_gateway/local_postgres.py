"""A PostgreSQL server of one's own, in a directory and upon a socket there: for tests, benchmarks, a trial.

Rules this file obeys:

* It needs Debian's package ``postgresql`` and nothing running; it listens on no network.
* PostgreSQL refuses to run as root: root starts it as ``postgres``, or ``nobody`` where that is missing.
* Whoever starts it ends it; nothing of it stays.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from firmware_app.errors import SteelyardError

OWNER = "steelyard"
START_S = 60.0
LOOK_AGAIN_S = 0.05


class NoPostgres(SteelyardError):
    """PostgreSQL is not installed here, or does not start."""


class LocalPostgres:
    """A server that runs. ``directory``: of its data and its socket."""

    def __init__(self, directory: Path, process: subprocess.Popen[bytes]) -> None:
        self._directory = directory
        self._process = process
        self._numbers = itertools.count(1)

    def url(self, name: str) -> str:
        """The address of a database, as `database.open_database` takes it."""
        return f"postgresql://{OWNER}@/{name}?host={self._directory}"

    def create(self, like: str | None = None) -> str:
        """The address of a new database; ``like``: that of one to begin as, to which nobody is connected."""
        name = f"county_{next(self._numbers)}"
        self._do(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(_name(like))
            )
        )
        return self.url(name)

    def drop(self, url: str) -> None:
        """Ends a database, whoever still looks at it."""
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name(url))))

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Ends the server; whoever is connected is cut off."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=START_S)


def _name(url: str | None) -> str:
    return "template1" if url is None else url.partition("?")[0].rpartition("/")[2]


@contextmanager
def local_postgres(*, durable: bool = True) -> Iterator[LocalPostgres]:
    """A server while the context lasts; raises NoPostgres.

    ``durable``: whether a commit waits for the disk, as in earnest.
    """
    programs = find_programs()
    directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user = _user()
    if user is not None:
        shutil.chown(directory, user)
    try:
        _run([programs / "initdb", "-D", directory / "data", "-U", OWNER, "-A", "trust", "-E", "UTF8",
              "--locale=C", "--no-sync"], user)  # fmt: skip
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", directory / "data", "-k", directory, "-h", "",
                 "-c", f"fsync={'on' if durable else 'off'}"],
                user=user, cwd=directory, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        server = LocalPostgres(directory, process)
        try:
            _wait(server, process, directory)
            yield server
        finally:
            if process.poll() is None:
                server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def find_programs() -> Path:
    """The directory of ``initdb`` and ``postgres``, Debian's newest first; raises NoPostgres."""
    found = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: int(path.parent.name) if path.parent.name.isdecimal() else 0,
    )
    if found:
        return found[-1]
    named = shutil.which("initdb")
    if named is None:
        raise NoPostgres("PostgreSQL is not installed: apt-get install postgresql")
    return Path(named).resolve().parent


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _run(command: list[Path | str], user: str | None) -> None:
    done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoPostgres(f"{command[0]}: {done.stderr.strip()}")


def _wait(server: LocalPostgres, process: subprocess.Popen[bytes], directory: Path) -> None:
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            # The server tells nobody that it is ready but by answering.
            time.sleep(LOOK_AGAIN_S)
    raise NoPostgres(f"PostgreSQL did not start: {(directory / 'log').read_text(errors='replace')[-1000:]}")
