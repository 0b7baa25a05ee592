"""Keys of devices: enrolment, signatures, confirmations, and who is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fieldsurvey import cli
from fieldsurvey.errors import InputRefused, SyncError
from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.devices import Devices
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from fieldsurvey.sync import enrolment, keys
from fieldsurvey.sync.answering import Answering
from fieldsurvey.sync.exchange import Exchange, SyncResult
from fieldsurvey.sync.keys import UNSIGNED, Signature, Signer, device_signer, signer_in
from fieldsurvey.sync.local import LocalCarrier
from fieldsurvey.sync.peers import hello_from_json, hello_of, signed
from fieldsurvey.sync.session import sync
from fieldsurvey.sync.trust import known_hub
from fieldsurvey.sync.wire import decode_parcel, encode
from tests.builders import add_community, make_project
from tests.unit.fieldsurvey.test_sync_exchange import Hub

PROJECT = "5" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    admin.init(tmp_path / "hub", "办公室")
    admin.add_user(tmp_path / "hub", "wang", "王工")
    return tmp_path / "hub"


@pytest.fixture
def devices(folder: Path) -> Devices:
    return Devices(folder, Accounts(folder))


def _sync(store: Store, hub: Store, signer: Signer | None) -> SyncResult:
    return Exchange(store, LocalCarrier(Answering(hub, "hub", signer)), JobControl(), device_signer()).run()


def test_the_key_of_a_device_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    place = tmp_path / "key.json"
    first, again = signer_in(place), signer_in(place)
    assert first.key == again.key
    assert place.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob("key.json.*"))


def test_a_signature_holds_for_its_data_only() -> None:
    signature = device_signer().sign(b"data")
    assert signature.covers(b"data")
    assert not signature.covers(b"other")
    assert not replace(signature, alg="sm2").covers(b"data")
    assert not replace(signature, sig="zz").covers(b"data")
    assert not UNSIGNED.covers(b"data")


def test_another_algorithm_needs_one_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reversed:
        """A stand-in with the shape of any algorithm."""

        def new_secret(self) -> bytes:
            return b"secret"

        def public(self, secret: bytes) -> bytes:
            return secret[::-1]

        def sign(self, secret: bytes, data: bytes) -> bytes:
            return secret + data

        def is_valid(self, public: bytes, data: bytes, signature: bytes) -> bool:
            return signature == public[::-1] + data

    monkeypatch.setattr(keys, "ALGORITHMS", {**keys.ALGORITHMS, "reversed": Reversed()})
    with make_project(tmp_path / "one.gpkg") as one:
        add_community(one)
        batch = encode(one.revisions_after(one.origin, 0), one.chain_at(one.origin, 0), Signer("reversed", b"secret"))
    assert decode_parcel(batch).key == b"terces".hex()


def test_a_signed_batch_tells_its_sender_and_cannot_be_changed(tmp_path: Path) -> None:
    with make_project(tmp_path / "one.gpkg") as one:
        add_community(one)
        revisions, link = one.revisions_after(one.origin, 0), one.chain_at(one.origin, 0)
    assert decode_parcel(encode(revisions, link, device_signer())).key == device_signer().key
    other = signer_in(tmp_path / "other.json")

    class Liar(Signer):
        def sign(self, data: bytes) -> Signature:
            return replace(super().sign(data), key=other.key)

    with pytest.raises(SyncError, match="损坏"):
        decode_parcel(encode(revisions, link, Liar("ed25519", bytes(32))))


def test_a_hub_is_remembered_and_another_one_refused(tmp_path: Path) -> None:
    hub_key, false_key = signer_in(tmp_path / "hub.json"), signer_in(tmp_path / "false.json")
    with make_project(tmp_path / "one.gpkg") as one, Store.create(tmp_path / "h.gpkg", project=one.project) as hub:
        add_community(one)
        _sync(one, hub, hub_key)
        assert known_hub(one) == hub_key.key
        for signer in (false_key, None):
            with pytest.raises(SyncError, match="密钥"):
                _sync(one, hub, signer)
        _sync(one, hub, hub_key)


def test_an_answer_with_changed_heads_is_refused(tmp_path: Path) -> None:
    with make_project(tmp_path / "one.gpkg") as one:
        add_community(one)
        raw = signed(hello_of(one, "hub"), device_signer()).as_json()
    assert hello_from_json(raw).is_signed
    raw["heads"] = {}
    assert not hello_from_json(raw).is_signed


def test_the_signed_confirmation_is_kept_and_counts(tmp_path: Path) -> None:
    hub_key = signer_in(tmp_path / "hub.json")
    with make_project(tmp_path / "one.gpkg") as one, Store.create(tmp_path / "h.gpkg", project=one.project) as hub:
        add_community(one)
        assert one.unsent() == 1
        _sync(one, hub, hub_key)
        assert one.unsent() == 0
        (statement,) = one.statements()
        said = hello_from_json(json.loads(statement[2]))
        assert said.is_signed
        assert said.signature.key == hub_key.key
        assert said.heads[one.origin] == one.version_vector()[one.origin]


def test_a_code_enrols_one_device_once(devices: Devices) -> None:
    code = devices.new_code("wang")
    answer = devices.enrol(enrolment.new_request("一号电脑"), code.lower())
    account = devices.account_of(answer.token)
    assert account is not None
    assert account.login == "wang"
    with pytest.raises(InputRefused, match="登记码"):
        devices.enrol(enrolment.new_request("二号电脑"), code)


def test_a_code_ends_after_three_days(folder: Path) -> None:
    now = [0]
    devices = Devices(folder, Accounts(folder), lambda: now[0])
    code = devices.new_code("wang")
    now[0] = 73 * 3600 * 1000
    with pytest.raises(InputRefused, match="登记码"):
        devices.enrol(enrolment.new_request(), code)


def test_a_request_signed_by_another_key_is_refused(devices: Devices, tmp_path: Path) -> None:
    request = enrolment.new_request("一号电脑")
    stranger = signer_in(tmp_path / "stranger.json")
    forged = replace(request, signature=replace(request.signature, key=stranger.key))
    with pytest.raises(InputRefused, match="签名"):
        devices.enrol(forged, devices.new_code("wang"))


def test_a_revoked_device_is_nobody_any_more(devices: Devices) -> None:
    answer = devices.enrol(enrolment.new_request("一号电脑"), devices.new_code("wang"))
    devices.revoke("一号电脑")
    assert devices.account_of(answer.token) is None
    assert devices.is_revoked(device_signer().key)
    with pytest.raises(InputRefused, match="停用"):
        devices.admit(enrolment.new_request("一号电脑"), "wang")


def test_an_answer_for_another_computer_or_by_another_hub_is_refused(devices: Devices) -> None:
    answer = devices.admit(enrolment.new_request(), "wang")
    raw = enrolment.answer_as_json(answer)
    with pytest.raises(InputRefused, match="签名"):
        enrolment.accept({**raw, "token": "stolen"}, "http://hub")
    foreign = replace(answer, device="ab" * 32).signed(devices.signer)
    with pytest.raises(InputRefused, match="另一台"):
        enrolment.accept(enrolment.answer_as_json(foreign), "http://hub")


def test_enrolment_by_file_needs_no_network(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request, answer = str(tmp_path / "request.json"), str(tmp_path / "answer.json")
    assert cli.run(["enroll", "--request", request, "--name", "一号电脑"]) == 0
    assert cli.run(["hub", "device", "admit", str(folder), "wang", request, answer]) == 0
    assert cli.run(["enroll", "--hub", "http://192.168.1.10:8765", "--answer", answer]) == 0
    known = enrolment.credentials("http://192.168.1.10:8765/")
    assert known is not None
    assert known.key == signer_in(folder / "hub.key.json").key
    capsys.readouterr()
    assert cli.run(["hub", "device", "list", str(folder)]) == 0
    assert "一号电脑" in capsys.readouterr().out


def test_a_device_enrols_over_http_syncs_without_a_token_and_is_refused_once_revoked(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "hub")
    try:
        devices = Devices(hub.folder, Accounts(hub.folder))
        code = devices.new_code("wang")
        assert cli.run(["enroll", "--hub", hub.url, "--code", code, "--name", "一号电脑"]) == 0
        with make_project(tmp_path / "one.gpkg") as one:
            add_community(one)
            sync(one, hub.url)
            assert one.unsent() == 0
            assert known_hub(one) == devices.signer.key
            assert [name for _key, _alg, name, _revoked in one.devices()] == ["一号电脑"]
            devices.revoke("一号电脑")
            with pytest.raises(SyncError):
                sync(one, hub.url)
            with pytest.raises(SyncError, match="停用"):
                sync(one, hub.url, token=hub.token)
    finally:
        hub.process.terminate()
        hub.process.wait()
