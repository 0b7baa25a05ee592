"""Packages on a stick: in parts, in any order, repeated, cut off, forged; and the confirmation that comes back."""

import hashlib
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from fieldsurvey.errors import FieldSurveyError, SyncError
from fieldsurvey.hub import admin, files
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from fieldsurvey.sync.exchange import Exchange, SyncResult
from fieldsurvey.sync.folder import FileCarrier, FolderCarrier
from fieldsurvey.sync.keys import device_signer, signer_in
from fieldsurvey.sync.package import Package
from fieldsurvey.sync.peers import Hello, hello_of, signed
from fieldsurvey.sync.session import sync
from fieldsurvey.sync.trust import trust_hub
from fieldsurvey.sync.wire import encode
from tests.builders import add_community
from tests.conftest import ROOT

MUTATIONS = 20_000 if os.environ.get("FIELDSURVEY_SOAK") else 500
PROJECT = "5" * 32


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "one.gpkg", project=PROJECT) as store:
        add_community(store)
        yield store


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "other.gpkg", project=PROJECT) as store:
        yield store


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def _uid(store: Store) -> str:
    return str(store.select("community")[0]["uid"])


def _exchange(store: Store, carrier: FolderCarrier) -> SyncResult:
    try:
        return Exchange(store, carrier, JobControl(), device_signer()).run()
    finally:
        carrier.close()


def _in_parts(store: Store, stick: Path, part_bytes: int = 40_000) -> list[Path]:
    """Write a project with photos in many small parts."""
    rng = random.Random(1)
    for number in range(6):
        store.media.add_bytes(rng.randbytes(30_000), f"{number}.jpg", "image/jpeg")
        store.save(_uid(store), {"household_count": number})
    _exchange(store, FolderCarrier(stick, device_signer(), part_bytes))
    return sorted(stick.glob("*.fsx"))


def test_a_large_package_is_written_in_parts_each_complete_in_itself(one: Store, other: Store, stick: Path) -> None:
    parts = _in_parts(one, stick)
    assert len(parts) == 6
    assert all(part.stat().st_size < 60_000 for part in parts)
    for part in parts:
        package = Package(part)
        assert package.hello.project == PROJECT
        package.close()
    _exchange(other, FolderCarrier(stick, device_signer()))
    assert other.version_vector() == one.version_vector()
    assert other.media.missing() == []


def test_parts_may_come_in_any_order_and_again(one: Store, other: Store, stick: Path) -> None:
    parts = _in_parts(one, stick)
    random.Random(3).shuffle(parts)
    for part in [*parts, *parts[:3]]:
        moved = part.rename(part.with_name(f"alone{hashlib.sha256(part.name.encode()).hexdigest()[:8]}.fsx"))
        _exchange(other, FileCarrier(moved))
        moved.rename(part)
    assert other.version_vector() == one.version_vector()
    assert other.media.missing() == []


def test_packages_in_the_wrong_order_wait_for_one_another(one: Store, other: Store, tmp_path: Path) -> None:
    places = []
    for number in range(4):
        one.save(_uid(one), {"household_count": number})
        folder = tmp_path / f"day{number}"
        folder.mkdir()
        carrier = FolderCarrier(folder, device_signer())
        if number:
            revisions = one.revisions_after(one.origin, 1 + number)
            carrier.push(_encoded(one, 1 + number), one.origin, revisions[0].seq, revisions[-1].seq)
            carrier.hello(_mine(one))
            carrier.finish_push()
            carrier.close()
        else:
            _exchange(one, carrier)
        places.append(folder)
    for place in (places[3], places[1], places[2], places[0]):
        _exchange(other, FolderCarrier(place))
    assert other.version_vector() == one.version_vector()
    assert other.select("community") == one.select("community")


def _mine(store: Store) -> Hello:
    return signed(hello_of(store), device_signer())


def _encoded(store: Store, after: int) -> bytes:
    return encode(store.revisions_after(store.origin, after), store.chain_at(store.origin, after), device_signer())


def test_a_package_is_taken_whole_or_not_at_all(one: Store, other: Store, tmp_path: Path) -> None:
    file = tmp_path / "out.fsx"
    for number in range(900):
        one.save(_uid(one), {"household_count": number})
    _exchange(one, FileCarrier(file, device_signer()))
    with zipfile.ZipFile(file) as source:
        *before, last = [name for name in source.namelist() if name.endswith(".ndz")]
    assert before
    _rewrite(file, lambda name, data: _flipped(data) if name == last else data)
    result = _exchange(other, FileCarrier(file))
    assert len(result.damaged) == 1
    assert other.version_vector() == {}


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _rewrite(file: Path, change: Callable[[str, bytes], bytes]) -> None:
    with zipfile.ZipFile(file) as source:
        contents = {name: change(name, source.read(name)) for name in source.namelist()}
    with zipfile.ZipFile(file, "w") as target:
        for name, data in contents.items():
            target.writestr(name, data)


def test_a_package_that_is_cut_off_is_refused(one: Store, stick: Path) -> None:
    (part, *_rest) = _in_parts(one, stick)
    whole = part.read_bytes()
    for cut in range(0, len(whole), len(whole) // 40):
        part.write_bytes(whole[:cut])
        with pytest.raises(SyncError):
            Package(part)


def test_a_forged_manifest_is_refused(one: Store, tmp_path: Path) -> None:
    file = tmp_path / "out.fsx"
    _exchange(one, FileCarrier(file, device_signer()))
    _rewrite(file, lambda name, data: data.replace(b'"laptop"', b'"hub"   ') if name == "manifest.json" else data)
    with pytest.raises(SyncError, match="损坏"):
        Package(file)


def test_a_stranger_is_not_believed_where_devices_are_known(one: Store, other: Store, tmp_path: Path) -> None:
    stranger = signer_in(tmp_path / "stranger.json")
    file = tmp_path / "out.fsx"
    carrier = FileCarrier(file, stranger)
    Exchange(one, carrier, JobControl(), stranger).run()
    carrier.close()
    other.note_devices([("ab" * 32, "ed25519", "王工的笔记本", False)])
    result = _exchange(other, FileCarrier(file))
    assert "不认识" in result.damaged[0]
    assert other.version_vector() == {}
    other.note_devices([(stranger.key, "ed25519", "李工的笔记本", False)])
    _exchange(other, FileCarrier(file))
    assert other.version_vector() == one.version_vector()
    other.note_devices([(stranger.key, "ed25519", "李工的笔记本", True)])
    assert _exchange(other, FileCarrier(file)).damaged


def test_the_confirmation_comes_back_on_the_stick(one: Store, stick: Path, tmp_path: Path) -> None:
    """A lost stick costs nothing: until the hub's signed confirmation is read, edits count as unsent."""
    admin.init(tmp_path / "hub", "办公室")
    sync(one, str(stick))
    assert one.unsent() == 1
    assert files.exchange(tmp_path / "hub", str(stick)).received == 1  # the project itself came with it
    trust_hub(one, signer_in(tmp_path / "hub" / "hub.key.json").key)
    sync(one, str(stick))
    assert one.unsent() == 0
    one.save(_uid(one), {"household_count": 7})
    assert one.unsent() == 1
    sync(one, str(stick))
    files.exchange(tmp_path / "hub", str(stick))
    sync(one, str(stick))
    assert one.unsent() == 0


def test_a_confirmation_of_somebody_else_confirms_nothing(one: Store, stick: Path, tmp_path: Path) -> None:
    admin.init(tmp_path / "hub", "别的办公室")
    sync(one, str(stick))
    files.exchange(tmp_path / "hub", str(stick))
    sync(one, str(stick))
    assert one.unsent() == 1


def _raw_package(file: Path, entries: dict[str, bytes], **manifest: object) -> None:
    """Write a package that is signed properly and holds whatever an attacker wants."""
    listed = [
        {"name": n, "size": len(d), "sha256": hashlib.sha256(d).hexdigest(), "upto": 9} for n, d in entries.items()
    ]
    head = {
        "v": 1, "project": PROJECT, "name": "x", "crs": "EPSG:4547", "hub": "x:1", "epoch": "", "heads": {},
        "tables": [], "actors": [], "entries": listed, **manifest,
    }  # fmt: skip
    raw = json.dumps(head).encode()
    seal = device_signer().sign(b"fieldsurvey package 1|" + hashlib.sha256(raw).digest())
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {**entries, "manifest.json": raw}.items():
            archive.writestr(name, data)
        archive.writestr("manifest.sig", json.dumps({"alg": seal.alg, "key": seal.key, "sig": seal.sig}))


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "rev/1-1.ndz/../../x", "rev/1-1.NDZ", "blob/zz", "rev/-1-1.ndz"]
)
def test_an_evil_name_is_refused(tmp_path: Path, name: str) -> None:
    _raw_package(tmp_path / "evil.fsx", {name: b"x"})
    with pytest.raises(SyncError):
        Package(tmp_path / "evil.fsx")


def test_a_zstd_bomb_is_refused(tmp_path: Path, other: Store) -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(1 << 30))
    compressor = zstandard.ZstdCompressor().compressobj()
    undeclared = b"".join([compressor.compress(bytes(64 << 20)), compressor.flush()])
    for data in (bomb, undeclared):
        _raw_package(tmp_path / "bomb.fsx", {"rev/7-1.ndz": data})
        assert _exchange(other, FileCarrier(tmp_path / "bomb.fsx")).damaged
        (tmp_path / "bomb.fsx").unlink()


def test_a_deflated_entry_is_refused(tmp_path: Path) -> None:
    _raw_package(tmp_path / "bomb.fsx", {"rev/7-1.ndz": b"x"})
    with zipfile.ZipFile(tmp_path / "bomb.fsx") as source:
        contents = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(tmp_path / "bomb.fsx", "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in contents.items():
            target.writestr(name, data)
    with pytest.raises(SyncError):
        Package(tmp_path / "bomb.fsx")


_HUNGRY = """
import sys
from pathlib import Path
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.sync.package import Package
try:
    for parcel in Package(Path(sys.argv[1])).parcels():
        pass
except FieldSurveyError:
    pass
# The peak of this process alone: what getrusage tells begins with that of the process that started it.
print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))
"""


@pytest.mark.parametrize("kind", ["zstd", "names", "manifest"])
def test_hostile_packages_need_little_memory(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "evil.fsx"
    if kind == "zstd":
        _raw_package(file, {"rev/7-1.ndz": zstandard.ZstdCompressor(level=19).compress(bytes(1 << 30))})
    elif kind == "names":
        with zipfile.ZipFile(file, "w") as archive:
            for number in range(30_000):
                archive.writestr(f"rev/7-{number}.ndz", b"")
    else:
        _raw_package(file, {}, tables=["x" * 1000] * 7000)
    done = subprocess.run(
        [sys.executable, "-c", _HUNGRY, str(file)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert int(done.stdout) < 300_000  # kB


@pytest.mark.timeout(3600)
def test_mutated_packages_are_refused_or_have_no_effect(one: Store, tmp_path: Path) -> None:
    rng = random.Random(11)
    for number in range(30):
        one.save(_uid(one), {"household_count": number, "address": rng.randbytes(9).hex()})
    one.media.add_bytes(rng.randbytes(2000), "a.jpg", "image/jpeg")
    _exchange(one, FileCarrier(tmp_path / "good.fsx", device_signer()))
    whole, spoiled = (tmp_path / "good.fsx").read_bytes(), tmp_path / "spoiled.fsx"
    wanted = _content(tmp_path / "good.fsx")
    harmless = 0
    for _number in range(MUTATIONS):
        spoiled.write_bytes(_mutated(whole, rng))
        try:
            assert _content(spoiled) == wanted
            harmless += 1
        except FieldSurveyError:
            continue
    assert harmless < MUTATIONS / 50


def _content(file: Path) -> object:
    package = Package(file)
    try:
        files_in = []
        for blob in package.blobs():
            part = file.with_suffix(".blob")
            with part.open("wb") as out:
                package.copy_blob(blob, out, 0)
            if hashlib.sha256(part.read_bytes()).hexdigest() != blob.sha256:
                raise SyncError("the photo was changed")
            files_in.append(blob)
        return package.hello, files_in, list(package.parcels())
    finally:
        package.close()


def _mutated(whole: bytes, rng: random.Random) -> bytes:
    data = bytearray(whole)
    for _change in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(data))
        kind = rng.random()
        if kind < 0.6:
            data[place] ^= 1 << rng.randrange(8)
        elif kind < 0.75:
            del data[place : place + rng.randint(1, 50)]
        elif kind < 0.9:
            data[place:place] = rng.randbytes(rng.randint(1, 20))
        else:
            data[place : place + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"PK\x05\x06"))
    return bytes(data)
