"""Who has a project open; where a project may lie."""

import subprocess
import sys
from pathlib import Path

import pytest

from fieldsurvey.errors import InputRefused, StoreBusy, StoreError
from fieldsurvey.store import Store, opening
from fieldsurvey.store.occupancy import Occupancy
from fieldsurvey.store.place import file_system_of
from tests.builders import make_project

MOUNTS = r"""overlay / overlay rw 0 0
/dev/sda1 / ext4 rw 0 0
//nas/share /mnt/办公室\040共享 cifs rw 0 0
/dev/sdb1 /srv ext4 rw 0 0
nas:/x /srv nfs4 rw 0 0
short
"""


def test_the_second_is_told_who_has_it(tmp_path: Path) -> None:
    with Occupancy(tmp_path / "p.gpkg", "李工"), pytest.raises(StoreBusy, match=r"p\.gpkg.*李工.*电脑"):
        Occupancy(tmp_path / "p.gpkg")


def test_a_name_told_later_is_the_one_that_is_read(tmp_path: Path) -> None:
    with Occupancy(tmp_path / "p.gpkg", "很长很长的名字") as mine:
        mine.tell("王工")
        with pytest.raises(StoreBusy, match="王工"):
            Occupancy(tmp_path / "p.gpkg")


def test_released_it_is_free_and_leaves_no_file(tmp_path: Path) -> None:
    Occupancy(tmp_path / "p.gpkg").release()
    assert not list(tmp_path.iterdir())
    Occupancy(tmp_path / "p.gpkg").release()


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    text = "import os, sys, pathlib; from fieldsurvey.store.occupancy import Occupancy; "
    text += "held = Occupancy(pathlib.Path(sys.argv[1]), 'x'); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", text, str(tmp_path / "p.gpkg")], check=False)
    assert (tmp_path / "p.gpkg.open").exists()
    Occupancy(tmp_path / "p.gpkg").release()


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="旁边无法写入"):
        Occupancy(tmp_path / "no folder" / "p.gpkg")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/li/p.gpkg", "ext4"),
        ("/mnt/办公室 共享/p.gpkg", "cifs"),
        ("/mnt/办公室/p.gpkg", "ext4"),
        ("/srv/p.gpkg", "nfs4"),
        ("/srv2/p.gpkg", "ext4"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert file_system_of(Path(path), MOUNTS) == kind


def test_a_project_on_a_network_drive_is_refused_to_write_and_may_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(tmp_path / "p.gpkg").close()
    monkeypatch.setattr(opening, "is_remote", lambda _path: True)
    with pytest.raises(InputRefused, match="网络驱动器"):
        Store.open(tmp_path / "p.gpkg")
    with pytest.raises(InputRefused, match="网络驱动器"):
        Store.create(tmp_path / "q.gpkg", crs="EPSG:4547", name="q")
    assert not (tmp_path / "q.gpkg").exists()
    Store.open(tmp_path / "p.gpkg", read_only=True).close()
