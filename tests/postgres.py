"""A PostgreSQL server of our own for tests: private folder, private socket, gone afterwards."""

import contextlib
import functools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

_SETTINGS = {
    "listen_addresses": "", "max_connections": "60", "shared_buffers": "128MB", "jit": "off",
    "log_min_messages": "fatal", "autovacuum_naptime": "5s",
}  # fmt: skip


def _binaries() -> Path | None:
    places = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@functools.cache
def why_not() -> str:
    """Return why no server can be started here; empty if one can."""
    if os.name == "nt":
        return "PostgreSQL tests need a Unix socket"
    place = _binaries()
    if place is None:
        return "PostgreSQL server binaries are not installed (Debian: postgresql, postgresql-15-postgis-3)"
    if not any((folder / "extension" / "postgis.control").exists() for folder in _shared(place)):
        return "PostGIS is not installed (Debian: postgresql-15-postgis-3)"
    return ""


def _shared(place: Path) -> list[Path]:
    """Return where extensions may lie: Debian's folder, and what pg_config says where it is installed."""
    found = [Path("/usr/share/postgresql") / place.parent.name]
    if (place / "pg_config").exists():
        said = subprocess.run([place / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        found.append(Path(said.stdout.strip()))
    return found


def _user() -> str | None:
    """Return the account that the server runs under: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Server:
    """A running server.

    Attributes:
        folder: Its data and its socket.
        process: The postmaster.
    """

    def __init__(self, *, durable: bool = False) -> None:
        """Make a cluster and start it.

        Args:
            durable: False saves the flushes that only a power cut would need.
        """
        place = _binaries()
        assert place is not None
        self._bin, self._user, self._count = place, _user(), 0
        self.folder = Path(tempfile.mkdtemp(prefix="fs-pg-"))
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        options = ["-U", "office", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        self._run("initdb", "-D", str(self.folder / "data"), *options)
        settings = {**_SETTINGS, "unix_socket_directories": str(self.folder), "fsync": "on" if durable else "off"}
        self._settings = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.start()
        with psycopg.connect(self.address("postgres"), autocommit=True) as db:
            db.execute("CREATE DATABASE blank")
        with psycopg.connect(self.address("blank"), autocommit=True) as db:
            db.execute("CREATE EXTENSION postgis")

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run([self._bin / name, *arguments], check=True, stdout=subprocess.DEVNULL, **self._as_user())

    def _as_user(self) -> dict[str, Any]:
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "cwd": "/"} if self._user else {}

    def start(self) -> None:
        """Start the postmaster and wait until it answers; again while children of a killed one hold its memory."""
        for _attempt in range(50):
            with (self.folder / "log").open("ab") as log:
                command: list[str | Path] = [self._bin / "postgres", "-D", self.folder / "data", *self._settings]
                self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._as_user())
            try:
                self.process.wait(0.4)
            except subprocess.TimeoutExpired:
                break
        self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        for _attempt in range(600):
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.address("postgres")).close()
                return
            threading.Event().wait(0.05)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """Kill the postmaster as a power cut would; its children notice and end."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def kill_backend(self, pid: int) -> None:
        """Kill one server process; the postmaster restarts all others."""
        os.kill(pid, signal.SIGKILL)

    def address(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://office@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """Return the address of a new, empty database with PostGIS."""
        self._count += 1
        name = f"survey{self._count}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE blank".encode())
        return self.address(name)

    def restore(self, dump: Path, address: str) -> None:
        """Load a dump of pg_dump into a database that has PostGIS already."""
        command: list[str | Path] = [
            self._bin / "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--dbname",
            address,
        ]
        command.append(dump)
        subprocess.run(command, check=True, capture_output=True)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server for the whole run of one worker, started when first needed."""
    if why_not():
        pytest.skip(why_not())
    server = Server()
    yield server
    server.stop()
