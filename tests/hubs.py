"""Hubs that run beside a test, in a thread or in a process, and laptops that have something to say to them."""

import contextlib
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import httpx
import pytest
import uvicorn

from fieldsurvey.hub import admin
from fieldsurvey.hub.app import make_app
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, Kind, Revision, dump
from fieldsurvey.sync.peers import Hello, hello_of
from fieldsurvey.sync.wire import encode
from tests.builders import make_project, point
from tests.postgres import Server, why_not

ROOT = Path(__file__).parents[1]
_PORTS = range(15_000, 32_000)  # above the services, below those that systems give to outgoing connections
_FIELDS = ("kind", "state", "source_id")


@pytest.fixture(params=["geopackage", "postgresql"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A hub's folder on either engine."""
    database = ""
    if request.param == "postgresql":
        if why_not():
            pytest.skip(why_not())
        server: Server = request.getfixturevalue("postgres")
        database = server.new_database()
    admin.init(tmp_path / "hub", "办公室", database=database)
    return tmp_path / "hub"


class RunningHub(httpx.Client):
    """A client, and the hub that it talks to. Use it with `with`."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(make_app(folder), log_config=None, lifespan="on", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        super().__init__(base_url=self.url, trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            threading.Event().wait(0.01)
        super().__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        super().__exit__()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class HubProcess:
    """A hub in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        command = [sys.executable, "-m", "fieldsurvey", "hub", "serve", str(folder), "--port", str(port)]
        self.url = f"http://127.0.0.1:{port}"
        self._command = command
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, cwd=ROOT, stderr=subprocess.DEVNULL)
        until(self._is_up, "the hub answers")

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Let it end in order."""
        self._process.terminate()
        self._process.wait()


def until(happened: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Wait until something happened.

    Raises:
        TimeoutError: If it does not, however long the others on this machine take.
    """
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"did not happen: {what}")
        threading.Event().wait(0.05)


def free_port() -> int:
    """Return a port that nobody listens on, and that no outgoing connection gets before it is used."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def hydrants(folder: Path, records: int) -> tuple[Hello, list[Revision]]:
    """Return a project with hydrants, as its first laptop says hello, and the revisions that made it."""
    with make_project(folder / "base.gpkg") as store:
        with store.transaction():
            for number in range(records):
                store.create_record("hydrant", {"kind": "市政", "geom": point(600_000.0 + number)})
        return hello_of(store), store.revisions_after(store.origin, 0, records)


def edits(origin: int, made: Sequence[Revision], count: int) -> list[Revision]:
    """Return revisions of one laptop: three fields each, every one on top of what the laptop saw before."""
    rng, chain, found = random.Random(origin), NO_CHAIN, []
    heads: dict[str, dict[str, list[int]]] = {}
    for seq in range(1, count + 1):
        record = made[rng.randrange(len(made))]
        rid = origin << SEQ_BITS | seq
        over = heads.setdefault(record.uid, {})
        patch = dump({name: f"{name}{rid}" for name in _FIELDS})
        par = dump([[record.rid], dict(over)])
        over |= {name: [rid] for name in _FIELDS}
        hlc = (time.time_ns() // 1_000_000 << 16) + seq
        found.append(Revision(rid, hlc, 1, 1, "hydrant", record.uid, Kind.UPDATE, patch, par, NO_CHAIN, 0).after(chain))
        chain = found[-1].chain
    return found


def batches(revisions: Sequence[Revision], size: int) -> list[bytes]:
    """Return the revisions of one laptop as it sends them."""
    found, link = [], NO_CHAIN
    for start in range(0, len(revisions), size):
        part = revisions[start : start + size]
        found.append(encode(part, link))
        link = part[-1].chain
    return found
