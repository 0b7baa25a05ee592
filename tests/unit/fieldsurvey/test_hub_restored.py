"""A hub that was put back to an older state, and areas that an account gains and loses."""

import shutil
import subprocess
from pathlib import Path

import pytest

from fieldsurvey import cli
from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.backup import _tool, backup
from fieldsurvey.model.role import Role
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.sync.session import sync
from tests.builders import add_community, make_project, point
from tests.hubs import RunningHub, folder
from tests.postgres import postgres

__all__ = ["folder", "postgres"]


def _put_back(folder: Path, copy: Path) -> None:
    """Restore a backup behind the program's back: the file in its place, or the dump into the database."""
    database = Accounts(folder).settings.database
    if not database:
        for left in folder.glob("project.gpkg-*"):
            left.unlink()
        shutil.copy(copy, folder / admin.PROJECT)
        return
    command = [_tool("pg_restore"), "--clean", "--if-exists", "--dbname", database, str(copy)]
    subprocess.run(command, check=False, capture_output=True)


def _names(store: Store) -> set[object]:
    return {row["name"] for row in store.select("community")}


def test_laptops_bring_a_restored_hub_up_to_date_and_read_its_feed_anew(folder: Path, tmp_path: Path) -> None:
    token = admin.add_user(folder, "wang", "王工")
    with make_project(tmp_path / "a.gpkg") as one, Store.create(tmp_path / "b.gpkg", project=one.project) as two:
        add_community(one, "甲")
        with RunningHub(folder) as hub:
            sync(one, hub.url, token=token)
            copy = backup(folder, tmp_path / "copies")
            for name in ("乙", "丙", "丁"):
                add_community(one, name)
            sync(one, hub.url, token=token)
        _put_back(folder, copy)
        with RunningHub(folder) as hub:
            assert sum(admin.status(folder)["tables"].values()) == 1
            for number in range(6):  # the feed grows over the place that the first laptop remembers
                add_community(two, f"新{number}")
            sync(two, hub.url, token=token)
            result = sync(one, hub.url, token=token)
            assert result.sent == 3
            assert result.received == 6
            sync(two, hub.url, token=token)
        assert _names(one) == _names(two)
        assert len(_names(one)) == 10


def test_the_restore_drill_by_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = admin.add_user(folder, "wang", "王工")
    with make_project(tmp_path / "a.gpkg") as store:
        add_community(store, "甲")
        with RunningHub(folder) as hub:
            sync(store, hub.url, token=token)
            assert cli.run(["hub", "backup", str(folder), "--out", str(tmp_path / "copies")]) == 0
            add_community(store, "乙")
            sync(store, hub.url, token=token)
        (copy,) = (tmp_path / "copies").iterdir()
        assert cli.run(["hub", "restore", str(folder), str(tmp_path / "a.gpkg.txt")]) == 3
        assert cli.run(["hub", "restore", str(folder), str(copy)]) == 0
        assert "恢复" in capsys.readouterr().out
        assert admin.status(folder)["tables"] == {"community": 1}
        with RunningHub(folder) as hub:
            assert sync(store, hub.url, token=token).sent == 1
        assert admin.status(folder)["tables"] == {"community": 2}
        if not Accounts(folder).settings.database:
            assert check(folder / admin.PROJECT).is_whole


def test_a_hub_that_only_starts_again_keeps_its_epoch(folder: Path, tmp_path: Path) -> None:
    token = admin.add_user(folder, "wang", "王工")
    with make_project(tmp_path / "a.gpkg") as store:
        add_community(store, "甲")
        epochs = []
        for _start in range(3):
            with RunningHub(folder) as hub:
                sync(store, hub.url, token=token)
                add_community(store, f"新{_start}")
            (peer,) = store.peers()
            epochs.append(peer.epoch)
    assert len(set(epochs)) == 1


def _kinds(store: Store) -> set[object]:
    return {row["kind"] for row in store.select("hydrant")}


def test_areas_that_are_gained_bring_their_past_and_those_that_are_lost_go(folder: Path, tmp_path: Path) -> None:
    boss = admin.add_user(folder, "boss", "boss", role=Role.ADMINISTRATOR)
    wang = admin.add_user(folder, "wang", "王工", areas=("下陆区",))
    with (
        make_project(tmp_path / "a.gpkg") as office,
        Store.create(tmp_path / "b.gpkg", project=office.project) as laptop,
    ):
        for name, district in (("枫叶山", "下陆区"), ("湖滨", "铁山区")):
            uid = add_community(office, name, district=district)
            office.create_record("hydrant", {"kind": name, "community_uid": uid, "geom": point()})
        with RunningHub(folder) as hub:
            sync(office, hub.url, token=boss)
            sync(laptop, hub.url, token=wang)
            assert _kinds(laptop) == {"枫叶山"}
            Accounts(folder).change("wang", areas=("下陆区", "铁山区"))
            assert sync(laptop, hub.url, token=wang).received == 1
            assert _kinds(laptop) == {"枫叶山", "湖滨"}
            (mine,) = laptop.select("hydrant", where={"kind": "枫叶山"})
            laptop.save(str(mine["uid"]), {"state": "坏"})
            Accounts(folder).change("wang", areas=("铁山区",))
            sync(laptop, hub.url, token=wang)  # what was written there goes first; the hub holds it
            sync(laptop, hub.url, token=wang)
            assert _kinds(laptop) == {"湖滨"}
            uid = add_community(laptop, "自建", district="铁山区")
            laptop.create_record("hydrant", {"kind": "自建", "community_uid": uid, "geom": point()})
            for _time in range(2):
                sync(laptop, hub.url, token=wang)
                assert _kinds(laptop) == {"湖滨", "自建"}
            Accounts(folder).change("wang", areas=())
            sync(laptop, hub.url, token=wang)
            assert _kinds(laptop) == {"枫叶山", "湖滨", "自建"}
