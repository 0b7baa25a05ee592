"""The hub over HTTP: who may do what, what is kept, and what is never told."""

import contextlib
import json
import logging
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import httpx
import pytest

from fieldsurvey.errors import InputRefused
from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Account, Accounts
from fieldsurvey.hub.app import make_app
from fieldsurvey.hub.audit import AUDIT, entries
from fieldsurvey.hub.authorise import Permit, judge
from fieldsurvey.hub.backup import backup, move
from fieldsurvey.hub.limits import Load, Rate, Throttle
from fieldsurvey.hub.openapi import document
from fieldsurvey.hub.service import Service
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.revision import NO_CHAIN, Kind, Revision, chain_of
from fieldsurvey.model.role import Role
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.sync.exchange import Exchange
from fieldsurvey.sync.http import HttpCarrier
from fieldsurvey.sync.peers import hello_of
from fieldsurvey.sync.wire import encode
from tests.builders import add_community, make_project, point
from tests.hubs import RunningHub, folder, free_port, until
from tests.postgres import Server, postgres

__all__ = ["folder", "postgres"]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "laptop.gpkg") as store:
        yield store


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A hub's folder with a GeoPackage, where the engine does not matter."""
    admin.init(tmp_path / "hub", "办公室")
    return tmp_path / "hub"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def user(folder: Path, login: str, role: Role = Role.SURVEYOR, *areas: str) -> dict[str, str]:
    return bearer(admin.add_user(folder, login, login, role=role, areas=areas))


def push(client: RunningHub, who: dict[str, str], store: Store, after: int = 0) -> httpx.Response:
    client.post("/v1/hello", json=hello_of(store).as_json(), headers=who).raise_for_status()
    revisions = store.revisions_after(store.origin, after)
    batch = encode(revisions, store.chain_at(store.origin, after))
    return client.post("/v1/push", content=batch, headers=who)


# --- rights --------------------------------------------------------------------------------------------------------


def _revision(kind: str, uid: str, patch: dict[str, object] | None = None, **more: object) -> Revision:
    text = None if patch is None else json.dumps(patch)
    known = Kind(kind) if kind in set(Kind) else cast("Kind", kind)
    found = Revision(1 << 33 | 1, 0, 0, 1, "hydrant", uid, known, text, "[[],{}]", NO_CHAIN, 0)
    return replace(found, **more)  # type: ignore[arg-type]


A, B = "0" * 31 + "a", "0" * 31 + "b"
RECORD = "1" * 32


@pytest.mark.parametrize(
    ("role", "kind", "reason"),
    [
        (Role.SURVEYOR, "u", ""), (Role.SURVEYOR, "r", ""), (Role.SURVEYOR, "a", "approve"),
        (Role.REVIEWER, "a", "approve"), (Role.APPROVER, "a", ""), (Role.ADMINISTRATOR, "a", ""),
    ],
)  # fmt: skip
def test_only_approvers_approve(role: Role, kind: str, reason: str) -> None:
    held = judge(Permit("wang", role), [_revision(kind, RECORD, {})], {})
    assert list(held.values()) == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("revision", "place", "reason"),
    [
        (_revision("u", RECORD, {"kind": "x"}), scope_of(A), ""),
        (_revision("u", RECORD, {"kind": "x"}), scope_of(B), "scope"),
        (_revision("u", RECORD, {"kind": "x"}, scope=scope_of(A)), scope_of(B), "scope"),  # it lies about the area
        (_revision("u", RECORD, {"community_uid": B}), scope_of(A), "scope"),  # it moves a record out of the area
        (_revision("d", RECORD, None, scope=scope_of(A)), scope_of(B), "scope"),
        (_revision("c", RECORD, {"community_uid": A}), None, ""),
        (_revision("c", RECORD, {"community_uid": B}, scope=scope_of(A)), None, "scope"),
        (_revision("c", RECORD, {"kind": "x"}), None, "scope"),  # it belongs nowhere
        (_revision("c", RECORD, {"community_uid": A}), scope_of(B), "scope"),  # it overwrites a foreign record
        (_revision("i", RECORD, {"dataset": "0" * 64}), None, "import"),
        (_revision("u", A, {"name": "x"}, table="community"), scope_of(A), ""),
        (_revision("u", B, {"name": "x"}, table="community"), scope_of(B), "scope"),
    ],
)
def test_an_account_with_areas_edits_only_there(revision: Revision, place: int | None, reason: str) -> None:
    permit = Permit("wang", Role.SURVEYOR, frozenset({scope_of(A)}))
    held = judge(permit, [revision], {} if place is None else {revision.uid: place})
    assert list(held.values()) == ([reason] if reason else [])


def test_what_may_not_be_is_kept_in_quarantine_and_the_rest_takes_effect(folder: Path, laptop: Store) -> None:
    mine, foreign = add_community(laptop, "枫叶山", district="下陆区"), add_community(laptop, "湖滨", district="铁山区")
    with RunningHub(folder) as client:
        boss = user(folder, "boss", Role.ADMINISTRATOR)
        push(client, boss, laptop).raise_for_status()
        wang = user(folder, "wang", Role.SURVEYOR, "下陆区")
        before = 2
        laptop.save(foreign, {"address": "不许"})
        laptop.save(mine, {"address": "可以"})
        answer = push(client, wang, laptop, before).json()
        assert (answer["upto"], [why for _rid, why in answer["held"]]) == (4, ["scope"])
        held = client.get("/v1/quarantine", headers=boss).json()["held"]
        assert [(entry["uid"], entry["reason"], entry["why"]) for entry in held] == [
            (foreign, "scope", "修改了账号范围以外的记录")
        ]
        assert client.get("/v1/quarantine", headers=wang).status_code == 403
        pulled = client.get("/v1/pull", params={"cursor": 0, "limit": 100}, headers=wang).json()
        assert pulled["batches"]
        assert client.post("/v1/quarantine", json={"rids": [held[0]["rid"]]}, headers=boss).json()["let_go"] == [
            held[0]["rid"]
        ]
        status = client.get("/v1/status", headers=boss).json()
        assert (status["held"], status["waiting"], status["revisions"]) == (0, 0, 4)
    assert admin.status(folder)["quarantine"] == []


def test_the_status_at_the_command_line_shows_the_quarantine(folder: Path, laptop: Store) -> None:
    uid = add_community(laptop)
    wang = user(folder, "wang", Role.SURVEYOR, "铁山区")
    with RunningHub(folder) as client:
        push(client, wang, laptop)
    status = admin.status(folder)
    assert [entry["uid"] for entry in status["quarantine"]] == [uid]
    assert status["users"] == ["wang"]
    assert status["tables"] == {}


def test_a_surveyor_with_areas_may_begin_a_community_in_his_district(folder: Path, laptop: Store) -> None:
    uid = add_community(laptop, "新小区", district="铁山区")
    laptop.create_record("hydrant", {"kind": "市政", "community_uid": uid, "geom": point()})
    wang = user(folder, "wang", Role.SURVEYOR, "铁山区")
    with RunningHub(folder) as client:
        assert push(client, wang, laptop).json()["held"] == []


# --- who is who ------------------------------------------------------------------------------------------------------


def test_a_token_opens_and_a_new_one_voids_it(plain: Path) -> None:
    old = user(plain, "wang")
    with RunningHub(plain) as client:
        assert client.get("/v1/status", headers=old).status_code == 200
        new = user(plain, "wang")
        assert client.get("/v1/status", headers=old).status_code == 401
        assert client.get("/v1/status", headers=new).status_code == 200
        Accounts(plain).change("wang", disabled=True)
        assert client.get("/v1/status", headers=new).status_code == 401


def test_a_password_opens_a_session_until_it_is_changed(plain: Path) -> None:
    accounts = Accounts(plain)
    accounts.add(Account("wang", "王工"))
    accounts.set_password("wang", "correct horse")
    with RunningHub(plain) as client:
        assert client.post("/v1/login", json={"login": "wang", "password": "wrong"}).status_code == 401
        answer = client.post("/v1/login", json={"login": "wang", "password": "correct horse"})
        session = bearer(answer.json()["session"])
        assert client.get("/v1/status", headers=session).status_code == 200
        forged = bearer(answer.json()["session"][:-1] + "x")
        assert client.get("/v1/status", headers=forged).status_code == 401
        accounts.set_password("wang", "another horse")
        assert client.get("/v1/status", headers=session).status_code == 401


def test_a_busy_hub_says_when_to_come_again() -> None:
    load = Load()
    load.came(1000)
    load.done(1000, 1.0)  # a millisecond a byte
    load.came(10_000)
    assert load.wait_ms() == 0
    load.came(15_000)
    assert load.wait_ms() == 15_000
    load.done(25_000, 25.0)
    assert load.wait_ms() == 0


def test_a_laptop_waits_as_long_as_a_busy_hub_asks(plain: Path, laptop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop.create_record("hydrant", {"kind": "市政", "geom": point(1.0)})
    waits = iter([1, 0])
    monkeypatch.setattr(Service, "busy_ms", lambda _self: next(waits, 0))
    token = admin.add_user(plain, "wang", "王工")
    with RunningHub(plain) as client:
        carrier = HttpCarrier(client.url, token)
        done = Exchange(laptop, carrier, JobControl()).run()
        carrier.close()
        assert (done.sent, next(waits, None)) == (1, None)


def test_guessing_is_slowed_down(plain: Path) -> None:
    accounts = Accounts(plain)
    accounts.add(Account("wang", "王工"))
    accounts.set_password("wang", "correct horse")
    with RunningHub(plain) as client:
        for _try in range(5):
            assert client.post("/v1/login", json={"login": "wang", "password": "wrong"}).status_code == 401
        answer = client.post("/v1/login", json={"login": "wang", "password": "correct horse"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_the_wait_doubles_and_ends_with_a_right_answer() -> None:
    now = [0]
    throttle = Throttle(lambda: now[0])
    for _try in range(4):
        throttle.failed("wang")
    assert throttle.wait_ms("wang") == 0
    waits = []
    for _try in range(12):
        throttle.failed("wang")
        waits.append(throttle.wait_ms("wang"))
    assert waits[:3] == [1000, 2000, 4000]
    assert waits[-1] == 900_000
    assert throttle.wait_ms("li") == 0
    throttle.succeeded("wang")
    assert throttle.wait_ms("wang") == 0


def test_a_bucket_lets_a_burst_through_and_then_a_steady_pace() -> None:
    now = [0]
    rate = Rate(10, 5, lambda: now[0])
    assert [rate.wait_ms("wang") for _n in range(6)] == [0, 0, 0, 0, 0, 100]
    now[0] += 100
    assert (rate.wait_ms("wang"), rate.wait_ms("wang")) == (0, 100)
    assert rate.wait_ms("li") == 0


def test_a_request_beyond_the_limit_is_refused(plain: Path) -> None:
    wang = user(plain, "wang")
    with RunningHub(plain) as client:
        assert client.post("/v1/push", content=b"x" * (10 << 20), headers=wang).status_code == 413
        assert client.post("/v1/push", content=b"x" * 1000, headers=wang).status_code == 422
        assert client.post("/v1/hello", content=b"[" * 100_000, headers=wang).status_code == 400
        rows = [["0" * 64, 3 << 30, "a", "b"]]
        assert client.post("/v1/blobs", json=rows, headers=wang).status_code == 409


def test_hub_json_holds_no_secret_and_only_its_owner_reads_it(plain: Path) -> None:
    token = admin.add_user(plain, "wang", "王工")
    Accounts(plain).set_password("wang", "correct horse")
    text = (plain / "hub.json").read_text("utf-8")
    assert token.partition(".")[2] not in text
    assert "correct horse" not in text
    assert len(re.findall(r"\$argon2id\$", text)) == 2
    assert (plain / "hub.json").stat().st_mode & 0o077 == 0


def test_an_address_with_a_password_is_kept_without_it(tmp_path: Path) -> None:
    assert admin.plain_address("postgresql://hub:geheim@db:5432/survey") == "postgresql://hub@db:5432/survey"
    with pytest.raises(InputRefused):
        Accounts(tmp_path)


def test_no_secret_gets_into_any_log(plain: Path, laptop: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    accounts = Accounts(plain)
    token = admin.add_user(plain, "wang", "王工")
    accounts.set_password("wang", "correct horse")
    add_community(laptop)
    with RunningHub(plain) as client:
        session = client.post("/v1/login", json={"login": "wang", "password": "correct horse"}).json()["session"]
        client.post("/v1/login", json={"login": "wang", "password": "wrong horse"})
        push(client, bearer(token), laptop)
        client.get("/v1/status", headers=bearer(session))
        client.get("/v1/status", headers=bearer("guessed.secret"))
        metrics = client.get("/metrics", headers=bearer(token)).text
    logs = caplog.text + (plain / AUDIT).read_text("utf-8") + metrics
    for secret in (
        token.partition(".")[2],
        "correct horse",
        "wrong horse",
        session.rpartition(".")[2],
        "guessed.secret",
    ):
        assert secret not in logs


def test_the_audit_log_tells_who_did_what(plain: Path, laptop: Store) -> None:
    wang = user(plain, "wang", Role.SURVEYOR, "铁山区")
    add_community(laptop)
    with RunningHub(plain) as client:
        push(client, wang, laptop)
        client.get("/v1/status", headers=bearer("x.y"))
    events = [(entry["event"], entry["login"]) for entry in entries(plain)]
    assert events == [("account", "wang"), ("hello", "wang"), ("held", "wang"), ("refused", "")]


# --- for the machine room --------------------------------------------------------------------------------------------


def test_health_and_metrics(folder: Path, laptop: Store) -> None:
    wang = user(folder, "wang")
    add_community(laptop)
    with RunningHub(folder) as client:
        assert client.get("/health").json() == {"ok": True}
        assert client.get("/metrics").status_code == 401
        push(client, wang, laptop)
        text = client.get("/metrics", headers=wang).text
    assert "\nfieldsurvey_revisions 1\n" in text
    assert 'fieldsurvey_http_requests_total{route="POST /v1/push",code="200"} 1' in text
    assert 'fieldsurvey_http_request_seconds_bucket{route="POST /v1/push",le="+Inf"} 1' in text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z_]+(\{[^}]*\})? [0-9.e+-]+", line) for line in lines)


def test_every_path_is_described(plain: Path) -> None:
    routes = {
        (getattr(route, "path", ""), method)
        for route in make_app(plain).routes
        for method in (getattr(route, "methods", None) or ())
    }
    described = {
        (path, method.upper())
        for path, item in document()["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert {pair for pair in routes if pair[1] != "HEAD" or "blob/" in pair[0]} == described


def test_files_resume_and_are_checked(folder: Path, laptop: Store) -> None:
    wang = user(folder, "wang")
    data = os.urandom(70_000)
    sha = laptop.media.add_bytes(data, "a.jpg", "image/jpeg")
    add_community(laptop)
    with RunningHub(folder) as client:
        push(client, wang, laptop)
        rows = [[sha, len(data), "a.jpg", "image/jpeg"]]
        assert client.post("/v1/blobs", json=rows, headers=wang).json() == {"missing": [sha]}
        place = f"/v1/blob/{sha}"
        assert client.get(place, headers=wang).status_code == 409
        spoiled = bytes(70_000)
        assert client.patch(place, params={"at": 0}, content=spoiled, headers=wang).json() == {"have": 0}
        assert client.patch(place, params={"at": 0}, content=data[:30_000], headers=wang).json() == {"have": 30_000}
        assert client.patch(place, params={"at": 0}, content=data[:9], headers=wang).json() == {"have": 30_000}
        assert client.head(place, headers=wang).headers["X-Have"] == "30000"
        assert client.patch(place, params={"at": 30_000}, content=data[30_000:], headers=wang).json() == {
            "have": 70_000
        }
        assert client.get("/v1/blobs", headers=wang).json()["blobs"] == rows
        part = client.get(place, headers={**wang, "Range": "bytes=69000-"})
        assert (part.status_code, part.content) == (206, data[69_000:])
        assert client.post("/v1/blobs", json=rows, headers=wang).json() == {"missing": []}


def test_tls_with_a_certificate_of_its_own(plain: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "fieldsurvey", "hub", "serve", str(plain), "--port", str(port), "--tls"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stderr is not None
    try:
        mark = process.stderr.readline().strip().rpartition(" ")[2]
        assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", mark)
        context = ssl.create_default_context(cafile=str(plain / "tls" / "cert.pem"))
        answer = _when_up(f"https://127.0.0.1:{port}/health", context)
        assert answer.json() == {"ok": True}
        assert (plain / "tls" / "key.pem").stat().st_mode & 0o077 == 0
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def _when_up(url: str, context: ssl.SSLContext) -> httpx.Response:
    answers: list[httpx.Response] = []

    def asked() -> bool:
        with contextlib.suppress(httpx.ConnectError):
            answers.append(client.get(url))
        return bool(answers)

    with httpx.Client(verify=context, trust_env=False, timeout=60) as client:
        until(asked, "the hub answers")
    return answers[0]


# --- copies ----------------------------------------------------------------------------------------------------------


def test_a_backup_is_taken_while_serving_and_is_whole(plain: Path, laptop: Store, tmp_path: Path) -> None:
    wang = user(plain, "wang")
    uid = add_community(laptop)
    with RunningHub(plain) as client:
        push(client, wang, laptop)
        copy = backup(plain, tmp_path / "copies")
        epoch = client.post("/v1/hello", json=hello_of(laptop).as_json(), headers=wang).json()["epoch"]
    assert check(copy).is_whole
    with Store.open(copy) as store:
        assert store.get(uid) is not None
        assert store.epoch != epoch


def test_a_database_is_dumped_and_comes_back(postgres: Server, tmp_path: Path, laptop: Store) -> None:
    folder = tmp_path / "hub"
    admin.init(folder, "办公室", database=postgres.new_database())
    wang = user(folder, "wang")
    add_community(laptop)
    with RunningHub(folder) as client:
        push(client, wang, laptop)
        copy = backup(folder, tmp_path / "copies")
    fresh = postgres.new_database()
    postgres.restore(copy, fresh)
    storage = admin.open_database(fresh, folder)
    assert storage.counts().records == {"community": 1}
    storage.close()


def test_a_hub_moves_into_a_database_and_loses_nothing(
    plain: Path, laptop: Store, tmp_path: Path, postgres: Server
) -> None:
    user_of = {name: user(plain, name, role, *areas) for name, role, areas in _PEOPLE}
    uid = add_community(laptop)
    laptop.import_rows("hydrant", [{"kind": "市政", "geom": point(600_000 + n)} for n in range(40)], source="x.csv")
    (blob,) = laptop.blobs()
    data = laptop.media.path(blob.sha256)
    assert data is not None
    other = Store.create(tmp_path / "other.gpkg", project=laptop.project)
    with RunningHub(plain) as client:
        push(client, user_of["boss"], laptop)
        rows = [[blob.sha256, blob.size, blob.name, blob.mime]]
        client.post("/v1/blobs", json=rows, headers=user_of["boss"])
        place = f"/v1/blob/{blob.sha256}"
        client.patch(place, params={"at": 0}, content=data.read_bytes(), headers=user_of["boss"])
        other.ingest(laptop.revisions_after(laptop.origin, 0))
        other.save(uid, {"household_count": 7})
        laptop.save(uid, {"household_count": 8})
        push(client, user_of["wang"], other)
        push(client, user_of["boss"], laptop, 2)
    other.close()
    before = admin.status(plain)
    moved = move(plain, postgres.new_database())
    assert moved.revisions >= 4
    after = admin.status(plain)
    assert (before["engine"], after["engine"]) == ("geopackage", "postgresql")
    assert {k: v for k, v in before.items() if k != "engine"} == {k: v for k, v in after.items() if k != "engine"}
    assert [entry["reason"] for entry in after["quarantine"]] == ["scope"]
    with RunningHub(plain) as client:
        assert push(client, user_of["boss"], laptop).json()["upto"] == 3
        assert client.get("/v1/blobs", headers=user_of["boss"]).json()["blobs"] == rows


_PEOPLE: list[tuple[str, Role, tuple[str, ...]]] = [
    ("boss", Role.ADMINISTRATOR, ()),
    ("wang", Role.SURVEYOR, ("铁山区",)),
]


def test_two_processes_on_one_database_serve_as_one(postgres: Server, tmp_path: Path, laptop: Store) -> None:
    folder = tmp_path / "hub"
    admin.init(folder, "办公室", database=postgres.new_database())
    wang = user(folder, "wang")
    uid = add_community(laptop)
    with RunningHub(folder) as one, RunningHub(folder) as two:
        push(one, wang, laptop)
        laptop.save(uid, {"household_count": 7})
        assert push(two, wang, laptop).json()["upto"] == 2
        assert one.get("/v1/status", headers=wang).json() == two.get("/v1/status", headers=wang).json()
        new = user(folder, "li")
        assert (one.get("/v1/status", headers=new).status_code, two.get("/v1/status", headers=new).status_code) == (
            200,
            200,
        )


def test_a_chain_that_does_not_follow_is_a_fork(folder: Path, laptop: Store) -> None:
    wang = user(folder, "wang")
    uid = add_community(laptop)
    laptop.save(uid, {"household_count": 7})
    with RunningHub(folder) as client:
        push(client, wang, laptop)
        create, edit = laptop.revisions_after(laptop.origin, 0)
        other = replace(edit, patch='{"household_count":8}')
        other = replace(other, chain=chain_of(create.chain, other))
        answer = client.post("/v1/push", content=encode([other], create.chain), headers=wang)
        assert (answer.status_code, answer.json()["fork"]) == (409, laptop.origin)
        chains = client.post("/v1/chains", json={"origin": laptop.origin, "seqs": [1, 2, 3]}, headers=wang)
        assert chains.json()["chains"] == [create.chain.hex(), edit.chain.hex(), None]
