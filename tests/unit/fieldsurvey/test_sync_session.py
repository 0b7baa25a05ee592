"""Exchanges that meet trouble: full disks, damaged photos, breaks at any byte, and what is told of them."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.errors import InputRefused, JobCancelled, StoreError, SyncError
from fieldsurvey.hub import admin
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.store import Store
from fieldsurvey.sync import diary
from fieldsurvey.sync.session import clone, preview, sync
from tests.builders import add_community, make_project
from tests.hubs import RunningHub

PHOTO = os.urandom(2_500_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    admin.init(tmp_path / "hub", "办公室")
    return tmp_path / "hub"


@pytest.fixture
def token(folder: Path) -> str:
    return admin.add_user(folder, "wang", "王工")


@pytest.fixture
def hub(folder: Path) -> Iterator[RunningHub]:
    with RunningHub(folder) as running:
        yield running


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "one.gpkg") as store:
        add_community(store)
        store.media.add_bytes(PHOTO, "门头.jpg", "image/jpeg")
        yield store


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is a thing of Linux")
def test_a_full_disk_is_told_and_the_next_sync_goes_on(
    one: Store, hub: RunningHub, folder: Path, token: str, tmp_path: Path
) -> None:
    (blob,) = one.blobs()
    office = folder / "project.media" / "part"
    office.mkdir(parents=True)
    (office / blob.sha256).symlink_to("/dev/full")
    with pytest.raises(SyncError, match="照片"):
        sync(one, hub.url, token=token)
    assert one.unsent() == 0  # edits went before
    assert [entry.is_ok for entry in diary.entries(one)] == [False]
    (office / blob.sha256).unlink()
    assert sync(one, hub.url, token=token).blobs_sent == 1
    with Store.create(tmp_path / "two.gpkg", project=one.project) as two:
        part = two.media.part(blob.sha256)
        part.symlink_to("/dev/full")
        with pytest.raises(StoreError, match="照片"):
            sync(two, hub.url, token=token)
        part.unlink()
        assert sync(two, hub.url, token=token).blobs_received == 1
        assert [entry.is_ok for entry in diary.entries(two)] == [True, False]


def test_a_photo_damaged_on_the_laptop_does_not_go_round_for_ever(one: Store, hub: RunningHub, token: str) -> None:
    (blob,) = one.blobs()
    path = one.media.path(blob.sha256)
    assert path is not None
    path.write_bytes(PHOTO[:-1] + b"x")
    with pytest.raises(SyncError, match="门头"):
        sync(one, hub.url, token=token)


def test_a_reception_that_was_stopped_goes_on(one: Store, hub: RunningHub, token: str, tmp_path: Path) -> None:
    sync(one, hub.url, token=token)

    def stop_in_the_photo(progress: Progress) -> None:
        if "门头" in progress.note and progress.done >= 1 << 20:
            control.cancel()

    control = JobControl(stop_in_the_photo)
    target = tmp_path / "mine.gpkg"
    with pytest.raises(JobCancelled):
        clone(hub.url, target, token=token, control=control)
    (part,) = (tmp_path / "mine.part.media" / "part").iterdir()
    assert 0 < part.stat().st_size < len(PHOTO)
    assert not target.exists()
    clone(hub.url, target, token=token)
    with Store.open(target) as store:
        (blob,) = store.blobs()
        assert store.media.path(blob.sha256) is not None
        assert store.count("community") == 1
        assert [entry.is_ok for entry in diary.entries(store)] == [True, False]
    with pytest.raises(InputRefused, match="已经存在"):
        clone(hub.url, target, token=token)


def test_the_list_before_is_the_list_after(one: Store, hub: RunningHub, token: str, tmp_path: Path) -> None:
    before = preview(one, hub.url, token=token)
    done = sync(one, hub.url, token=token)
    assert (before.going, before.coming) == (done.gone, done.come)
    assert [(item.community, item.made) for item in done.gone.items] == [("枫叶山小区", 1)]
    assert done.gone.size == len(PHOTO)
    with Store.create(tmp_path / "two.gpkg", project=one.project) as two:
        before = preview(two, hub.url, token=token)
        done = sync(two, hub.url, token=token)
        assert before.coming == done.come
        assert [(item.community, item.made) for item in done.come.items] == [("枫叶山小区", 1)]
        assert preview(two, hub.url, token=token).coming.items == ()


def test_a_project_is_received_beside_photos_that_an_earlier_one_of_its_name_left(one: Store, tmp_path: Path) -> None:
    stick, there = tmp_path / "stick", tmp_path / "two.gpkg"
    stick.mkdir()
    sync(one, str(stick))
    left = tmp_path / "two.media" / "00" / "old"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"old")
    clone(str(stick), there)
    with Store.open(there) as two:
        assert two.media.missing() == []
    assert left.read_bytes() == b"old"
    assert not (tmp_path / "two.part.media").exists()
