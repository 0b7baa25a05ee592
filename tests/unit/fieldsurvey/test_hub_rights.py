"""Whose edits are they: judged by the device that signed, whoever brings them, over the network or on a stick."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from fieldsurvey import cli
from fieldsurvey.assess.assignments import assign, assignments, withdraw
from fieldsurvey.assess.review.people import person_here
from fieldsurvey.assess.review.steps import take
from fieldsurvey.clock import now_millis
from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.devices import Devices
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.review import Step
from fieldsurvey.model.role import Role
from fieldsurvey.store import Store
from fieldsurvey.sync import heads
from fieldsurvey.sync.answering import Answering
from fieldsurvey.sync.enrolment import Request
from fieldsurvey.sync.exchange import Exchange, SyncResult
from fieldsurvey.sync.folder import FolderCarrier
from fieldsurvey.sync.http import HttpCarrier
from fieldsurvey.sync.keys import DEFAULT, Signer, signer_in
from fieldsurvey.sync.local import LocalCarrier
from fieldsurvey.sync.peers import Hello
from fieldsurvey.sync.quarantine import held_here
from fieldsurvey.sync.wire import decode_parcel
from tests.builders import add_community, make_project
from tests.hubs import RunningHub, folder
from tests.postgres import postgres

__all__ = ["folder", "postgres"]
ROOT = Path(__file__).parents[3]


@dataclass
class Laptop:
    """A laptop with a key of its own."""

    store: Store
    signer: Signer
    token: str

    def sync(self, url: str) -> SyncResult:
        carrier = HttpCarrier(url, self.token)
        try:
            return Exchange(self.store, carrier, JobControl(), self.signer).run()
        finally:
            carrier.close()

    def stick(self, folder: Path) -> SyncResult:
        carrier = FolderCarrier(folder, self.signer)
        try:
            return Exchange(self.store, carrier, JobControl(), self.signer).run()
        finally:
            carrier.close()

    def meet(self, other: "Laptop") -> None:
        """Exchange with a laptop beside this one."""
        answering = Answering(other.store, "laptop", other.signer)
        Exchange(self.store, LocalCarrier(answering), JobControl(), self.signer).run()


@contextmanager
def _laptop(
    folder: Path, name: str, project: str, role: Role = Role.SURVEYOR, *areas: str, enrolled: bool = True
) -> Iterator[Laptop]:
    signer = signer_in(folder.parent / f"{name}.key")
    token = admin.add_user(folder, name, name, role=role, areas=areas)
    if enrolled:
        request = Request(name)
        request = Request(name, signer.sign(request.said()))
        token = Devices(folder, Accounts(folder)).admit(request, name).token
    with Store.create(folder.parent / f"{name}.gpkg", project=project) as store:
        yield Laptop(store, signer, token)


@pytest.fixture
def project(folder: Path, tmp_path: Path) -> tuple[str, str, str]:
    """A project at the hub with two communities; its identity and both."""
    token = admin.add_user(folder, "boss", "boss", role=Role.ADMINISTRATOR)
    with make_project(tmp_path / "base.gpkg") as store, RunningHub(folder) as hub:
        mine, other = add_community(store, "枫叶山", district="下陆区"), add_community(store, "湖滨", district="铁山区")
        Laptop(store, signer_in(tmp_path / "boss.key"), token).sync(hub.url)
        return store.project, mine, other


def _approve(store: Store, uid: str) -> None:
    row = store.get(uid)
    assert row is not None
    store.approve(uid, row.token)


def _held(folder: Path) -> list[str]:
    return [entry["reason"] for entry in admin.status(folder)["quarantine"]]


def test_an_approval_counts_though_a_surveyor_brings_it(folder: Path, project: tuple[str, str, str]) -> None:
    identity, uid, _other = project
    with (
        _laptop(folder, "zhao", identity, Role.APPROVER) as approver,
        _laptop(folder, "wang", identity, Role.SURVEYOR, "铁山区") as surveyor,
        RunningHub(folder) as hub,
    ):
        approver.sync(hub.url)
        surveyor.sync(hub.url)
        surveyor.meet(approver)
        _approve(approver.store, uid)
        surveyor.meet(approver)
        assert surveyor.sync(hub.url).sent == 1
        assert _held(folder) == []
        approver.sync(hub.url)
        assert held_here(approver.store) == []


def test_an_approval_by_a_surveyor_is_held_though_an_approver_brings_it(
    folder: Path, project: tuple[str, str, str]
) -> None:
    identity, uid, _other = project
    with (
        _laptop(folder, "zhao", identity, Role.APPROVER) as approver,
        _laptop(folder, "wang", identity) as surveyor,
        RunningHub(folder) as hub,
    ):
        for laptop in (approver, surveyor):
            laptop.sync(hub.url)
        _approve(surveyor.store, uid)
        approver.meet(surveyor)
        approver.sync(hub.url)
        assert _held(folder) == ["approve"]
        assert held_here(approver.store) == []
        surveyor.sync(hub.url)
        ((record, why),) = held_here(surveyor.store)
        assert "枫叶山" in record
        assert "审定" in why


def test_what_no_known_device_signed_approves_nothing(folder: Path, project: tuple[str, str, str]) -> None:
    identity, uid, _other = project
    with (
        _laptop(folder, "zhao", identity, Role.APPROVER) as approver,
        _laptop(folder, "li", identity, Role.APPROVER, enrolled=False) as stranger,
        RunningHub(folder) as hub,
    ):
        for laptop in (approver, stranger):
            laptop.sync(hub.url)
        _approve(stranger.store, uid)
        approver.meet(stranger)
        approver.sync(hub.url)
        assert _held(folder) == ["unsigned"]
        stranger.sync(hub.url)  # its own account vouches for it
        assert [r.kind for r in stranger.store.revisions_after(stranger.store.origin, 0)] == ["a"]


def test_edits_of_others_are_judged_by_their_areas(folder: Path, project: tuple[str, str, str]) -> None:
    identity, _mine, other = project
    with (
        _laptop(folder, "wang", identity, Role.SURVEYOR, "下陆区") as one,
        _laptop(folder, "liu", identity, Role.SURVEYOR, "铁山区") as two,
        RunningHub(folder) as hub,
    ):
        for laptop in (one, two):
            laptop.sync(hub.url)
        one.meet(two)
        two.meet(one)
        with two.store.transaction():
            for number in range(900):  # more than one batch: the signature comes with the last
                two.store.save(other, {"household_count": number})
        one.store.save(other, {"address": "不许"})
        one.meet(two)
        one.sync(hub.url)
        assert _held(folder) == ["scope"]
    with Store.create(folder.parent / "new.gpkg", project=identity) as store, RunningHub(folder) as hub:
        Laptop(store, signer_in(folder.parent / "boss.key"), admin.add_user(folder, "boss", "boss")).sync(hub.url)
        row = store.get(other)
        assert row is not None
        assert (row.values["household_count"], row.values["address"]) == (899, None)


def test_the_edits_of_a_revoked_device_are_held_whoever_brings_them(
    folder: Path, project: tuple[str, str, str]
) -> None:
    identity, uid, _other = project
    with (
        _laptop(folder, "zhao", identity) as honest,
        _laptop(folder, "thief", identity) as stolen,
        RunningHub(folder) as hub,
    ):
        for laptop in (honest, stolen):
            laptop.sync(hub.url)
        stolen.store.save(uid, {"address": "x"})
        honest.meet(stolen)
        Devices(folder, Accounts(folder)).revoke("thief")
        honest.sync(hub.url)
        assert _held(folder) == ["revoked"]


def test_an_account_receives_what_is_assigned_to_it(folder: Path, project: tuple[str, str, str]) -> None:
    identity, mine, other = project
    with (
        _laptop(folder, "boss2", identity, Role.REVIEWER) as engineer,
        _laptop(folder, "li", identity, Role.SURVEYOR, "@li") as surveyor,
        RunningHub(folder) as hub,
    ):
        engineer.sync(hub.url)
        houses = {
            uid: engineer.store.create_record("building", {"community_uid": uid, "name": "1栋"})
            for uid in (mine, other)
        }
        engineer.sync(hub.url)
        surveyor.sync(hub.url)
        assert surveyor.store.count("building") == 0, "nothing is assigned yet"
        assign(engineer.store, [mine], "li", "李工", until="2026-12-31")
        engineer.sync(hub.url)
        surveyor.sync(hub.url)
        assert [row["uid"] for row in surveyor.store.select("building")] == [houses[mine]]
        assert [one.until for one in assignments(surveyor.store)] == ["2026-12-31"]
        surveyor.store.save(houses[mine], {"floors": 6})
        surveyor.sync(hub.url)
        assert _held(folder) == []
        assign(engineer.store, [other], "li", "李工")
        withdraw(engineer.store, [one.uid for one in assignments(engineer.store) if one.community == mine])
        engineer.sync(hub.url)
        surveyor.sync(hub.url)
        assert [row["uid"] for row in surveyor.store.select("building")] == [houses[other]]


def test_a_stick_is_judged_like_the_network_and_brings_the_answer(
    folder: Path, project: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identity, uid, other = project
    stick = tmp_path / "stick"
    stick.mkdir()
    with (
        _laptop(folder, "zhao", identity, Role.APPROVER) as approver,
        _laptop(folder, "wang", identity, Role.SURVEYOR, "下陆区") as surveyor,
    ):
        with RunningHub(folder) as hub:
            for laptop in (approver, surveyor):
                laptop.sync(hub.url)
        surveyor.meet(approver)
        _approve(approver.store, uid)
        surveyor.meet(approver)
        surveyor.store.save(other, {"address": "不许"})
        photo = surveyor.store.media.add_bytes(b"x" * 5_000_000, "a.jpg", "image/jpeg")
        surveyor.stick(stick)
        assert cli.run(["hub", "exchange", str(folder), str(stick)]) == 0
        assert _held(folder) == ["scope"]
        surveyor.stick(stick)
        assert surveyor.store.unsent() == 0
        ((record, _why),) = held_here(surveyor.store)
        assert "湖滨" in record
        approver.stick(stick)
        assert approver.store.media.path(photo) is not None
        capsys.readouterr()
        assert cli.run(["hub", "exchange", str(folder), str(stick)]) == 0
        assert "收下 0" in capsys.readouterr().out


def test_a_package_of_a_stranger_is_left_out(
    folder: Path, project: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stick").mkdir()
    with _laptop(folder, "wang", project[0]), Store.create(tmp_path / "s.gpkg", project=project[0]) as store:
        add_community(store, "假的")
        Laptop(store, Signer(DEFAULT, b"7" * 32), "").stick(tmp_path / "stick")
    assert cli.run(["hub", "exchange", str(folder), str(tmp_path / "stick")]) == 0
    assert "不认识" in capsys.readouterr().out
    assert admin.status(folder)["tables"]["community"] == 2


def test_the_administrator_releases_and_rejects(
    folder: Path, project: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    identity, mine, _other = project
    with _laptop(folder, "wang", identity, Role.SURVEYOR, "下陆区") as laptop, RunningHub(folder) as hub:
        laptop.sync(hub.url)
        _approve(laptop.store, mine)
        laptop.sync(hub.url)
        rids = [str(entry["rid"]) for entry in admin.status(folder)["quarantine"]]
        assert cli.run(["hub", "quarantine", "list", str(folder)]) == 0
        assert rids[0] in capsys.readouterr().out
        assert cli.run(["hub", "quarantine", "reject", str(folder), rids[0]]) == 0
        assert _held(folder)[0] == "rejected"
        laptop.sync(hub.url)
        assert "驳回" in held_here(laptop.store)[0][1]
        assert cli.run(["hub", "quarantine", "release", str(folder), "12345"]) == 3
        assert cli.run(["hub", "quarantine", "release", str(folder)]) == 2
        assert cli.run(["hub", "quarantine", "release", str(folder), rids[0]]) == 0
        assert _held(folder) == []
        laptop.sync(hub.url)
        assert held_here(laptop.store) == []


def test_a_head_holds_for_its_signer_and_its_line_only(tmp_path: Path) -> None:
    mine, other = Signer(DEFAULT, b"1" * 32), Signer(DEFAULT, b"2" * 32)
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store)
        heads.sign_own(store, mine)
        (head,) = store.signed_heads().values()
        assert heads.valid(store.project, [head]) == [head]
        assert heads.valid("0" * 32, [head]) == []
        add_community(store, "二")
        heads.sign_own(store, other)  # a stranger's word about an origin that somebody has signed for
        assert store.signed_heads() == {head.origin: head}
        heads.sign_own(store, mine)
        assert store.signed_heads()[head.origin].seq == 2
        assert heads.from_json(heads.as_json(store.signed_heads().values())) == list(store.signed_heads().values())


def test_the_hub_signs_what_it_hands_out(folder: Path, project: tuple[str, str, str]) -> None:
    import base64

    token = admin.add_user(folder, "wang", "王工")
    with RunningHub(folder) as hub:
        answer = hub.get(
            "/v1/pull", params={"cursor": 0, "limit": 10}, headers={"Authorization": f"Bearer {token}"}
        ).json()
    key = Devices(folder, Accounts(folder)).signer.key
    assert {decode_parcel(base64.b64decode(batch)).key for batch in answer["batches"]} == {key}


def test_commands_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    admin.init(tmp_path / "hub", "办公室")
    code = (
        "import sys; from pathlib import Path; from fieldsurvey.hub import admin\n"
        "[admin.add_user(Path(sys.argv[1]), f'{sys.argv[2]}-{n}', 'x') for n in range(5)]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "hub"), str(number)], cwd=ROOT)
        for number in range(4)
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    assert len(Accounts(tmp_path / "hub").all()) == 20


def _signed_late(by_ms: int, hello: Hello, signer: Signer) -> Hello:
    said = replace(hello, at_ms=now_millis() - by_ms)
    return replace(said, signature=signer.sign(said.said()))


def test_a_clock_that_is_off_is_seen_in_the_history(folder: Path, project: tuple[str, str, str]) -> None:
    identity, uid, _other = project
    day = 24 * 3600 * 1000
    with _laptop(folder, "wang", identity) as laptop, RunningHub(folder) as hub:
        laptop.sync(hub.url)
        laptop.store.save(uid, {"address": "早"})
        laptop.sync(hub.url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fieldsurvey.sync.exchange.signed", partial(_signed_late, day))
            laptop.store.save(uid, {"address": "晚"})
            told = laptop.sync(hub.url).damaged
        assert any("时钟" in sentence for sentence in told)
        laptop.sync(hub.url)
        offsets = [round(entry.clock_off_ms / day) for entry in laptop.store.history(uid)]
        assert offsets[-2:] == [0, -1]


def _water(store: Store) -> tuple[str, str]:
    community = add_community(store, building_count=3, household_count=90, gfa=6000.0)
    values = {"community_uid": community, "subject_uid": community, "status": "complete"}
    return community, store.create_record("f04_water", values)


def test_the_hub_judges_the_review_again_and_tells_each_laptop_its_role(folder: Path, tmp_path: Path) -> None:
    with make_project(tmp_path / "first.gpkg", forms=True) as first:
        _community, uid = _water(first)
        identity = first.project
        token = admin.add_user(folder, "boss", "boss", role=Role.ADMINISTRATOR)
        with (
            RunningHub(folder) as hub,
            _laptop(folder, "li", identity) as li,
            _laptop(folder, "wang", identity, Role.REVIEWER) as wang,
            _laptop(folder, "zhao", identity, Role.APPROVER) as zhao,
        ):
            Laptop(first, signer_in(tmp_path / "boss.key"), token).sync(hub.url)
            for laptop in (li, wang, zhao):
                laptop.sync(hub.url)
            assert [person_here(each.store).role for each in (li, wang, zhao)] == [
                Role.SURVEYOR,
                Role.REVIEWER,
                Role.APPROVER,
            ]
            li.store.save(uid, {"status": "reviewed"})
            li.sync(hub.url)
            assert [reason for _rid, reason in held_here(li.store)] == ["执行了该账号无权执行的审核步骤"]
            take(wang.store, person_here(wang.store), uid, Step.ACCEPT)
            wang.sync(hub.url)
            zhao.sync(hub.url)
            take(zhao.store, person_here(zhao.store), uid, Step.APPROVE)
            zhao.sync(hub.url)
            wang.sync(hub.url)
            row = wang.store.get(uid)
            assert row is not None
            assert row.values["status"] == "approved"
            assert wang.store.approval(uid) is not None
            wang.store.save(uid, {"status": "superseded"})
            wang.sync(hub.url)
            assert [reason for _rid, reason in held_here(wang.store)] == ["改动了已批准的内容；须先由批准人开启修订"]
            zhao.sync(hub.url)
            seen = zhao.store.get(uid)
            assert seen is not None
            assert seen.values["status"] == "approved"
