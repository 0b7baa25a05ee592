"""Two laptops, an office, a USB stick: nothing is lost, nothing doubled, conflicts are seen by both."""

import contextlib
import random
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fieldsurvey.errors import FieldSurveyError, SyncError
from fieldsurvey.hub import admin
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.sync.exchange import BATCH
from fieldsurvey.sync.session import clone, preview, sync
from fieldsurvey.sync.wire import decode, encode, to_pause
from tests.builders import add_community, make_project, point
from tests.hubs import free_port, until

ROOT = Path(__file__).parents[3]


class Hub:
    """A hub in a process of its own, as the office runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        admin.init(folder, "办公室")
        self.token = admin.add_user(folder, "wang", "王工")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "fieldsurvey", "hub", "serve", str(self.folder), "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        until(self._is_up, "the hub answers")

    def _is_up(self) -> bool:
        try:
            httpx.get(f"{self.url}/v1/status", timeout=10, trust_env=False)
        except httpx.HTTPError:
            return False
        return True

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def sync(self, store: Store, url: str = "") -> object:
        return sync(store, url or self.url, token=self.token)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    found = Hub(tmp_path / "hub")
    yield found
    found.process.terminate()
    found.process.wait()


def _pair(folder: Path) -> tuple[Store, Store, str]:
    """Return two laptops with the same project and one community in it."""
    one = make_project(folder / "one.gpkg")
    uid = add_community(one)
    other = Store.create(folder / "other.gpkg", project=one.project)
    other.ingest([r for origin in one.version_vector() for r in one.revisions_after(origin, 0)])
    return one, other, uid


def _value(store: Store, uid: str, name: str) -> Value:
    row = store.get(uid)
    assert row is not None
    return row.values[name]


def test_edits_of_different_fields_merge(tmp_path: Path, hub: Hub) -> None:
    one, other, uid = _pair(tmp_path)
    with one, other:
        one.save(uid, {"household_count": 7})
        other.save(uid, {"address": "湖滨路1号"})
        for store in (one, other, one):
            hub.sync(store)
        for store in (one, other):
            assert (_value(store, uid, "household_count"), _value(store, uid, "address")) == (7, "湖滨路1号")
        assert one.conflicts() == other.conflicts() == []


def test_edits_of_the_same_field_are_a_conflict_that_both_see_and_one_decides(tmp_path: Path, hub: Hub) -> None:
    one, other, uid = _pair(tmp_path)
    with one, other:
        one.save(uid, {"household_count": 7})
        other.save(uid, {"household_count": 8})
        for store in (one, other, one):
            hub.sync(store)
        for store in (one, other):
            (conflict,) = store.conflicts()
            assert {version.value for version in conflict.versions} == {7, 8}
        one.resolve(uid, {"household_count": 7})
        for store in (one, other):
            hub.sync(store)
        assert other.conflicts() == []
        assert _value(other, uid, "household_count") == 7


def test_syncing_again_changes_nothing(tmp_path: Path, hub: Hub) -> None:
    one, other, _uid = _pair(tmp_path)
    with one, other:
        hub.sync(one)
        again = sync(one, hub.url, token=hub.token)
        assert (again.sent, again.received, again.blobs_sent, one.unsent()) == (0, 0, 0, 0)


def test_a_new_laptop_gets_everything(tmp_path: Path, hub: Hub) -> None:
    with make_project(tmp_path / "one.gpkg") as one:
        uid = add_community(one)
        one.import_rows("hydrant", [{"kind": "市政", "geom": point(600_000 + i)} for i in range(5000)], source="x.csv")
        sha = one.media.add_bytes(b"photo" * 9999, "a.jpg", "image/jpeg")
        hub.sync(one)
    clone(hub.url, tmp_path / "new.gpkg", token=hub.token)
    with Store.open(tmp_path / "new.gpkg") as new:
        assert (new.count("hydrant"), _value(new, uid, "name")) == (5000, "枫叶山小区")
        assert new.media.path(sha) is not None


def test_a_form_and_its_rows_go_in_one_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_790_000_000_000
    with Store.create(tmp_path / "p.gpkg") as store:
        for _form in range(20):  # 30 rows each: 600 in all, more than a batch
            moment += 60_000
            monkeypatch.setattr("time.time_ns", lambda now=moment: now * 1_000_000)
            with store.transaction():
                for row in range(30):
                    add_community(store, f"第{row}行")
        first = to_pause(store.revisions_after(store.origin, 0, BATCH))
    assert len(first) == 390


def test_the_preview_tells_what_will_go(tmp_path: Path, hub: Hub) -> None:
    with make_project(tmp_path / "one.gpkg") as one:
        add_community(one)
        assert preview(one, hub.url, token=hub.token).to_send == 1


def test_a_wrong_token_is_told(tmp_path: Path, hub: Hub) -> None:
    with make_project(tmp_path / "one.gpkg") as one, pytest.raises(SyncError, match="口令"):
        sync(one, hub.url, token="wrong")


def test_another_project_is_refused(tmp_path: Path, hub: Hub) -> None:
    with make_project(tmp_path / "one.gpkg") as one, make_project(tmp_path / "two.gpkg") as two:
        hub.sync(one)
        with pytest.raises(SyncError, match="另一个项目"):
            hub.sync(two)


def test_no_hub_is_told(tmp_path: Path) -> None:
    with make_project(tmp_path / "one.gpkg") as one, pytest.raises(SyncError, match="没有应答"):
        sync(one, "http://127.0.0.1:9", token="x")


class _CutLine:
    """A line to the hub that breaks after a number of bytes."""

    def __init__(self, port: int, after: int) -> None:
        self._after, self._port = after, port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.sent = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            while True:
                client, _address = self._server.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()
        except OSError:
            return

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as hub:
            back = threading.Thread(target=self._pump, args=(hub, client, False), daemon=True)
            back.start()
            self._pump(client, hub, True)

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if counted:
                    self.sent += len(data)
                    if self.sent > self._after:
                        break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.close()


def test_a_line_that_breaks_again_and_again_loses_and_doubles_nothing(tmp_path: Path, hub: Hub) -> None:
    rng = random.Random(7)
    with make_project(tmp_path / "one.gpkg") as one:
        uid = add_community(one)
        for number in range(900):
            one.save(uid, {"household_count": number, "address": f"{rng.random()}" * 5})
        photos = [one.media.add_bytes(rng.randbytes(300_000), f"{n}.jpg", "image/jpeg") for n in range(3)]
        breaks = 0
        for _attempt in range(60):
            line = _CutLine(hub.port, rng.randint(5_000, 400_000))
            try:
                sync(one, line.url, token=hub.token)
                break
            except SyncError:
                breaks += 1
            finally:
                line.close()
        hub.sync(one)
        assert breaks >= 1
        assert one.unsent() == 0
    clone(hub.url, tmp_path / "new.gpkg", token=hub.token)
    with Store.open(tmp_path / "new.gpkg") as new:
        assert len(new.history(uid)) == 901
        assert _value(new, uid, "household_count") == 899
        assert all(new.media.path(sha) for sha in photos)


def test_a_hub_that_is_killed_keeps_what_it_confirmed(tmp_path: Path, hub: Hub) -> None:
    with make_project(tmp_path / "one.gpkg") as one:
        uid = add_community(one)
        hub.sync(one)
        one.save(uid, {"household_count": 7})
        hub.sync(one)
        hub.kill()
        with pytest.raises(SyncError):
            hub.sync(one)
        hub.start()
        again = sync(one, hub.url, token=hub.token)
        assert (again.sent, one.unsent()) == (0, 0)


def test_three_laptops_meet_over_a_usb_stick(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    one, other, uid = _pair(tmp_path)
    third = Store.create(tmp_path / "third.gpkg", project=one.project)
    with one, other, third:
        one.save(uid, {"household_count": 7})
        other.save(uid, {"address": "湖滨路1号"})
        for store in (one, third, other, third, one):
            sync(store, str(stick))
        third.save(uid, {"building_count": 3})
        for store in (third, other, one):
            sync(store, str(stick))
        rows = [store.select("community") for store in (one, other, third)]
        assert rows[0] == rows[1] == rows[2]
        assert rows[0][0]["building_count"] == 3


def test_a_damaged_package_on_the_stick_is_told_and_the_rest_is_taken(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    one, other, uid = _pair(tmp_path)
    with one, other:
        one.save(uid, {"household_count": 7})
        sync(one, str(stick))
        (stick / "0-broken.fsx").write_bytes(b"PK\x03\x04 cut off")
        result = sync(other, str(stick))
        assert len(result.damaged) == 1
        assert _value(other, uid, "household_count") == 7


def test_one_file_carries_a_project(tmp_path: Path) -> None:
    one, other, uid = _pair(tmp_path)
    with one, other:
        one.save(uid, {"household_count": 7})
        sync(one, str(tmp_path / "out.fsx"))
        sync(other, str(tmp_path / "out.fsx"))
        assert _value(other, uid, "household_count") == 7


def test_a_package_with_a_path_outside_is_refused(tmp_path: Path) -> None:
    with make_project(tmp_path / "one.gpkg") as one:
        add_community(one)
        sync(one, str(tmp_path / "good.fsx"))
        with zipfile.ZipFile(tmp_path / "good.fsx") as good, zipfile.ZipFile(tmp_path / "evil.fsx", "w") as evil:
            for name in good.namelist():
                text = good.read(name)
                evil.writestr(name, text.replace(b"rev/", b"../x/") if name == "manifest.json" else text)
        with pytest.raises(SyncError, match="损坏"):
            sync(one, str(tmp_path / "evil.fsx"))


def test_a_changed_batch_is_refused_or_has_no_effect(tmp_path: Path) -> None:
    rng = random.Random(1)
    with make_project(tmp_path / "one.gpkg") as one:
        uid = add_community(one)
        for number in range(20):
            one.save(uid, {"household_count": number})
        revisions = one.revisions_after(one.origin, 0)
        whole = encode(revisions, one.chain_at(one.origin, 0))
    assert decode(whole) == revisions
    for _attempt in range(300):
        spoiled = bytearray(whole)
        spoiled[rng.randrange(len(spoiled))] ^= 1 << rng.randrange(8)
        try:
            assert decode(bytes(spoiled)) == revisions
        except FieldSurveyError:
            continue
    for cut in range(0, len(whole), 7):
        with pytest.raises(SyncError):
            decode(whole[:cut])
