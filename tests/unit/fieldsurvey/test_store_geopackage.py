"""The project file is a GeoPackage that GDAL and so QGIS read as it is."""

import subprocess
import sys
from pathlib import Path

from tests.builders import add_community, make_project

_READ = """
import sys, pyogrio
path = sys.argv[1]
info = pyogrio.read_info(path, layer="community")
print(info["crs"], info["features"], info["geometry_type"])
print(len(pyogrio.list_layers(path)))
frame = pyogrio.read_dataframe(path, layer="community", bbox=(600000, 3340000, 600100, 3340100))
print(frame.name.iloc[0])
"""


def _by_gdal(path: Path) -> list[str]:
    """Read with GDAL in a process of its own: no second SQLite library in ours."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _READ, str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_gdal_reads_layers_reference_system_and_spatial_index(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store)
        tables = len(store.tables())  # and the list of imports
    assert _by_gdal(tmp_path / "p.gpkg") == ["EPSG:4547 1 MultiPolygon", str(tables + 1), "枫叶山小区"]


def test_columns_carry_their_chinese_names(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        sql = "SELECT name FROM gpkg_data_columns WHERE table_name = 'community' AND column_name = 'household_count'"
        assert store._db.scalar(sql) == "户数(户)"


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    make_project(path).close()
    head = path.read_bytes()[:100]
    assert head[68:72] == b"GPKG"
    assert int.from_bytes(head[60:64], "big") == 10300
