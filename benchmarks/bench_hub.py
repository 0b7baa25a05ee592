"""How fast a hub takes revisions: merged, in tables, on the disk, answered.

1. HTTP, 32 clients, batches of 100, one GeoPackage (goal: >= 4,000 revisions/s)
2. PostgreSQL directly, 4 writers, batches of 100 (goal: >= 6,000/s)
3. 500 laptops with 200 revisions each over HTTP (goal: <= 60 s, 99 % of the pushes within 2 s)

Run it on a quiet machine: clients and hub share its cores. `--small` is a trial run.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("FIELDSURVEY_HOME", tempfile.mkdtemp(prefix="bench-"))

from fieldsurvey.hub import admin  # noqa: E402
from fieldsurvey.hub.postgres import PostgresStorage  # noqa: E402
from fieldsurvey.model.revision import Revision  # noqa: E402
from fieldsurvey.sync.peers import Hello  # noqa: E402
from tests.hubs import HubProcess, batches, edits, hydrants  # noqa: E402
from tests.postgres import Server, why_not  # noqa: E402

RECORDS, BATCH, CLIENTS = 10_000, 100, 32


def _send(url: str, token: str, work: Sequence[bytes]) -> list[float]:
    """Push batches one after the other; return how long each took."""
    times = []
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=120
    ) as client:
        for batch in work:
            begin = time.perf_counter()
            client.post("/v1/push", content=batch).raise_for_status()
            times.append(time.perf_counter() - begin)
    return times


def over_http(hub: HubProcess, tokens: Sequence[str], logs: Sequence[Sequence[bytes]], clients: int) -> list[float]:
    """Let clients push all logs; return how long each push took."""
    with ThreadPoolExecutor(clients) as pool:
        jobs = [pool.submit(_send, hub.url, tokens[n % len(tokens)], work) for n, work in enumerate(logs)]
        return [seconds for job in jobs for seconds in job.result()]


def prepared(
    folder: Path, hello: Hello, made: Sequence[Revision], accounts: int, port: int
) -> tuple[HubProcess, list[str]]:
    """Return a serving hub that holds the project, and tokens."""
    admin.init(folder, "bench")
    tokens = [admin.add_user(folder, f"user{n}", f"user{n}") for n in range(accounts)]
    hub = HubProcess(folder, port)
    headers = {"Authorization": f"Bearer {tokens[0]}"}
    httpx.post(f"{hub.url}/v1/hello", json=hello.as_json(), headers=headers, trust_env=False).raise_for_status()
    _send(hub.url, tokens[0], batches(made, 1000))
    for token in tokens:
        httpx.get(f"{hub.url}/v1/status", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    return hub, tokens


def _write(
    address: str, origins: Sequence[int], made: Sequence[Revision], count: int, ready: object, go: object
) -> None:
    logs = [edits(origin, made, count) for origin in origins]
    storage = PostgresStorage(address)
    storage.ingest(logs[0][:BATCH], {})
    ready.release()  # type: ignore[attr-defined]
    go.wait()  # type: ignore[attr-defined]
    for log in logs:
        for start in range(0, len(log), BATCH):
            storage.ingest(log[start : start + BATCH], {})
    storage.close()


def direct(server: Server, hello: Hello, made: Sequence[Revision], writers: int, count: int) -> float:
    """Return revisions per second of several processes on one database."""
    address = server.new_database()
    storage = PostgresStorage(address)
    storage.found(hello)
    storage.take_definitions(hello.tables, hello.actors)
    for start in range(0, len(made), 2000):
        storage.ingest(made[start : start + 2000], {})
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    jobs = [context.Process(target=_write, args=(address, [100 + n], made, count, ready, go)) for n in range(writers)]
    for job in jobs:
        job.start()
    for _job in jobs:
        ready.acquire()
    begin = time.perf_counter()
    go.set()
    for job in jobs:
        job.join()
    seconds = time.perf_counter() - begin
    assert storage.counts().revisions == len(made) + writers * count
    storage.close()
    return (writers * count - writers * BATCH) / seconds


def told(name: str, value: float, unit: str, goal: str) -> None:
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit, "goal": goal}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="a trial run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["http", "direct", "laptops"])
    options = parser.parse_args()
    part = 10 if options.small else 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hello, made = hydrants(folder, RECORDS // part)
        if options.only in {None, "http"}:
            _bench_http(folder, hello, made, options.rounds, 1000 // part)
        if options.only in {None, "direct"}:
            _bench_direct(hello, made, options.rounds, 5000 // part)
        if options.only in {None, "laptops"}:
            _bench_laptops(folder, hello, made, 500 // part)


def _bench_http(folder: Path, hello: Hello, made: Sequence[Revision], rounds: int, each: int) -> None:
    rates = []
    logs = [batches(edits(1000 + n, made, each), BATCH) for n in range(CLIENTS)]
    for number in range(rounds):
        hub, tokens = prepared(folder / f"http{number}", hello, made, CLIENTS, 8790 + number)
        begin = time.perf_counter()
        over_http(hub, tokens, logs, CLIENTS)
        rates.append(CLIENTS * each / (time.perf_counter() - begin))
        hub.stop()
    told("HTTP, 32 clients, GeoPackage", statistics.median(rates), "revisions/s", ">= 4000")


def _bench_direct(hello: Hello, made: Sequence[Revision], rounds: int, each: int) -> None:
    if why_not():
        print(f"skipped: {why_not()}")
        return
    server = Server(durable=True)
    try:
        for writers in (1, 4, 8):
            rates = [direct(server, hello, made, writers, each) for _round in range(rounds)]
            told(f"PostgreSQL directly, {writers} writers", statistics.median(rates), "revisions/s", ">= 6000")
    finally:
        server.stop()


def _bench_laptops(folder: Path, hello: Hello, made: Sequence[Revision], laptops: int) -> None:
    logs = [batches(edits(5000 + n, made, 200), BATCH) for n in range(laptops)]
    hub, tokens = prepared(folder / "laptops", hello, made, min(laptops, 50), 8799)
    begin = time.perf_counter()
    times = sorted(over_http(hub, tokens, logs, 100))
    seconds = time.perf_counter() - begin
    hub.stop()
    told(f"{laptops} laptops, 200 revisions each", seconds, "s", "<= 60")
    told("a push, 99 % within", times[int(len(times) * 0.99)], "s", "<= 2")


if __name__ == "__main__":
    main()
