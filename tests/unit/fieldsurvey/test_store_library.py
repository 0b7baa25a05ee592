"""One SQLite library, and nothing else, opens the live project file of a process (SYNC 1.1); journal modes (1.2)."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fieldsurvey.store import library
from tests.builders import add_community, make_project

ROOT = Path(__file__).parents[3]

# Closing any handle on the file drops all locks of the process, so the kernel is asked (inotify) for every close of
# it, by whatever library; Python's own open() is heard by an audit hook; /proc/self/fd shows handles that are left.
_WATCH = """
import ctypes, os, sys
from pathlib import Path

project = Path(sys.argv[1])
opened, libc = [], ctypes.CDLL(None, use_errno=True)
def heard(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)) and os.fsdecode(arguments[0]) == str(project):
        opened.append(event)
sys.addaudithook(heard)

def watch():
    handle = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(handle, os.fsencode(project), 0x8 | 0x10) > 0
    return handle

def closes(handle):
    try:
        return len(os.read(handle, 1 << 16)) // 16
    except BlockingIOError:
        return 0

def handles():
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink("/proc/self/fd/" + name))
        except OSError:
            continue
    return links.count(str(project))
"""
_DAY = """
from fieldsurvey.projects import new_project
from fieldsurvey.store import backup
from tests.builders import add_community
import geopandas, shapely

with new_project(project) as store:
    eye = watch()
    uid = add_community(store)
    store.save(uid, {"household_count": 3})
    store.undo()
    store.approve(uid)
    store.history(uid)
    store.media.add_bytes(b"photo", "a.jpg", "image/jpeg")
    source = project.with_name("source.gpkg")
    geopandas.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4547).to_file(source)
    from layers.io.importer import run
    run(store, [source])
    from exports.batch import sheets
    from exports.plan import plan_table

    plan_table(store, project.with_name("plan.xlsx"))
    list(sheets(store, None, project.parent / "sheets", 1))
    store.project_at(10**15, project.with_name("then.gpkg"))
    backup.verify(backup.make(store), project)
    store.checkpoint()
    print(len(opened), closes(eye), handles())
print(handles())
"""
_needs_linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc and inotify (Linux)")


def _watched(path: Path, code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _WATCH + code, str(path)], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=150, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()[-4:]


@_needs_linux
def test_nothing_but_the_one_library_opens_the_live_file(tmp_path: Path) -> None:
    """Saving, importing with GDAL, exporting, photos, backups and copies, in one process."""
    assert _watched(tmp_path / "p.gpkg", _DAY) == ["0", "0", "1", "0"]


@_needs_linux
@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        ("open(project).close()", ["1", "1", "1", "0"]),
        ("import pyogrio; pyogrio.read_info(project, layer='community')", ["0", "1", "1", "0"]),
        ("import sqlite3; sqlite3.connect(project).close()", ["0", "1", "1", "0"]),
    ],
)
def test_the_watch_sees_what_it_is_there_for(tmp_path: Path, harm: str, seen: list[str]) -> None:
    """A plain open(), GDAL and another SQLite library are all seen."""
    code = (
        "from tests.builders import make_project\n"
        "with make_project(project) as store:\n"
        f"    eye = watch()\n    {harm}\n    print(len(opened), min(1, closes(eye)), handles())\n"
        "print(handles())\n"
    )
    assert _watched(tmp_path / "p.gpkg", code) == seen


def test_acknowledged_saves_survive_in_the_process_that_also_imports_with_gdal(tmp_path: Path) -> None:
    """What SYNC 1.1 lost: a save after GDAL worked in the same process, and then the process is killed."""
    code = (
        "import os, sys\nfrom pathlib import Path\nimport geopandas, shapely\n"
        "from layers.io.importer import run\nfrom tests.builders import add_community, make_project\n"
        "path = Path(sys.argv[1]); store = make_project(path); source = path.with_name('s.gpkg')\n"
        "geopandas.GeoDataFrame({'name': ['a']}, geometry=[shapely.box(0, 0, 1, 1)], crs=4547).to_file(source)\n"
        "run(store, [source])\n"
        "for n in range(50): add_community(store, f'小区{n}')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "p.gpkg"
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    from fieldsurvey.store import Store

    with Store.open(path) as store:
        assert sum(str(row["name"]).startswith("小区") for row in store.select("community")) == 50


# --- journal modes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ("3.6.23", "DELETE"), ("3.7.0", "DELETE"), ("3.26.0", "DELETE"), ("3.40.1", "DELETE"), ("3.44.5", "DELETE"),
        ("3.44.6", "WAL"), ("3.45.0", "DELETE"), ("3.50.6", "DELETE"), ("3.50.7", "WAL"), ("3.51.2", "DELETE"),
        ("3.51.3", "WAL"), ("3.53.0", "WAL"), ("4.0.0", "WAL"),
    ],
)  # fmt: skip
def test_wal_is_used_only_by_versions_without_the_wal_reset_bug(
    monkeypatch: pytest.MonkeyPatch, version: str, mode: str
) -> None:
    monkeypatch.setattr(library.sqlite3, "sqlite_version", version)
    assert library.journal_mode() == mode


@pytest.mark.parametrize(("version", "mode"), [("3.40.1", "delete"), ("3.53.4", "wal")])
def test_a_project_works_in_the_mode_of_its_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, mode: str
) -> None:
    monkeypatch.setattr(library.sqlite3, "sqlite_version", version)
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store)
        assert store._db.scalar("PRAGMA journal_mode") == mode
        assert store._db.scalar("PRAGMA synchronous") == 2


def test_a_file_changes_its_mode_with_the_library_that_opens_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from fieldsurvey.store import Store

    monkeypatch.setattr(library.sqlite3, "sqlite_version", "3.53.4")
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store)
    monkeypatch.setattr(library.sqlite3, "sqlite_version", "3.40.1")
    with Store.open(tmp_path / "p.gpkg") as store:
        assert store._db.scalar("PRAGMA journal_mode") == "delete"
        assert store.count("community") == 1


# --- what the file must not have -------------------------------------------------------------------------------------


def test_no_table_of_a_project_is_strict(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        rows = store._db.rows("SELECT name FROM pragma_table_list WHERE strict = 1")
        assert rows == []
        assert store._db.scalar("PRAGMA user_version") == 10300
        assert store._db.scalar("PRAGMA application_id") == 0x47504B47


def test_no_code_rebuilds_a_spatial_table_or_opens_a_project_past_the_store() -> None:
    """transform() of sqlite-utils drops the R-tree triggers; Database(path) takes whichever library it likes."""
    wrong = []
    for path in (ROOT / "fieldsurvey").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            rebuilds = called.endswith(".transform") and "geo" not in path.parts and not called.startswith("crs.")
            if rebuilds or (called == "Database" and path.name != "connection.py"):
                wrong.append(f"{path.name}:{getattr(node, 'lineno', 0)}")
    assert wrong == []
