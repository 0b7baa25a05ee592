"""Local grids: user-defined transverse Mercator, fits from control pairs, kept on this computer only."""

import json
import stat
from pathlib import Path

import numpy as np
import pytest
import shapely

from exports.layers_out import layer_files
from fieldsurvey import cli
from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.geo import crs, local_grids, notation
from fieldsurvey.geo.fitting import Pair, fit, pairs_of
from fieldsurvey.geo.local_grids import PLANE, SPACE, TM, LocalGrid
from fieldsurvey.store import Store
from layers.io.importer import run
from tests.builders import add_community, make_project

LON, LAT = np.array([114.9, 115.04, 115.2]), np.array([30.1, 30.2, 30.05])
SECRET = (-61.234567, 153.765432, 17.111222, 1.234567, -2.345678, 3.456789, -4.567891)


def _grid_pairs(grid: LocalGrid, base: str = "EPSG:4547", noise: float = 0.0) -> list[Pair]:
    """Return control pairs that a grid makes around Huangshi."""
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(114.9, 115.2, 9), rng.uniform(30.05, 30.3, 9)
    base_x, base_y = crs.transform(lon, lat, crs.CGCS2000, base)
    x, y = grid.from_base(*crs.transform(lon, lat, crs.CGCS2000, grid.base))
    x, y = x + rng.normal(0, noise, 9), y + rng.normal(0, noise, 9)
    return [Pair(str(n), *row) for n, row in enumerate(np.column_stack((y, x, base_y, base_x)).tolist())]


def test_a_grid_of_ones_own_meridian_is_the_projection_that_epsg_lists() -> None:
    local_grids.keep(LocalGrid("像 4548", TM, (117.0, 0.0, 1.0, 500_000.0, 0.0, 0.0)))
    own = crs.transform(LON, LAT, crs.CGCS2000, "LOCAL:像 4548")
    listed = crs.transform(LON, LAT, crs.CGCS2000, "EPSG:4548")
    assert np.abs(np.array(own) - np.array(listed)).max() < 1e-6
    back = crs.transform(*own, "LOCAL:像 4548", "EPSG:4547")
    assert np.abs(np.array(back) - np.array(crs.transform(LON, LAT, crs.CGCS2000, "EPSG:4547"))).max() < 1e-6


def test_a_raised_plane_lengthens_by_height_over_radius() -> None:
    local_grids.keep(LocalGrid("h", TM, (115.0, 0.0, 1.0, 500_000.0, 0.0, 637.8)))
    x, _y = crs.transform(np.array([115.0, 115.01]), np.array([30.2, 30.2]), crs.CGCS2000, "LOCAL:h")
    local_grids.keep(LocalGrid("g", TM, (115.0, 0.0, 1.0, 500_000.0, 0.0, 0.0)))
    flat, _z = crs.transform(np.array([115.0, 115.01]), np.array([30.2, 30.2]), crs.CGCS2000, "LOCAL:g")
    assert np.ptp(x) / np.ptp(flat) == pytest.approx(1 + 637.8 / 6_378_137, abs=1e-9)


def test_four_parameters_come_back_from_control_pairs_with_their_residuals() -> None:
    true = LocalGrid("四参数", PLANE, local_grids.from_four(1234.567, -765.432, 300.0, 12.5), "", "EPSG:4547")
    found = fit("四参数", PLANE, _grid_pairs(true), base="EPSG:4547")
    x, y = np.array([600_000.0]), np.array([3_340_000.0])
    assert np.abs(np.array(found.grid.from_base(x, y)) - np.array(true.from_base(x, y))).max() < 1e-6
    assert np.abs(found.residuals).max() < 1e-6
    noisy = fit("四参数", PLANE, _grid_pairs(true, noise=0.02), base="EPSG:4547")
    assert 0.01 < noisy.rms < 0.05
    assert noisy.spare == 14


def test_a_wrong_control_point_stands_out() -> None:
    true = LocalGrid("a", PLANE, local_grids.from_four(10.0, 20.0, 60.0, 3.0), "", "EPSG:4547")
    pairs = _grid_pairs(true, noise=0.01)
    pairs[4] = Pair("4", pairs[4].north + 1.0, *[getattr(pairs[4], n) for n in ("east", "to_north", "to_east")])
    found = fit("a", PLANE, pairs, base="EPSG:4547")
    assert found.gross == {4}


def test_seven_parameters_lead_out_of_xian_1980() -> None:
    true = LocalGrid("七参数", SPACE, SECRET, "EPSG:2383")
    pairs = _grid_pairs(true)
    found = fit("七参数", SPACE, pairs, base="EPSG:4547", source="EPSG:2383")
    assert np.abs(found.residuals).max() < 2e-3, "heights are not known: less than two millimetres"
    local_grids.keep(found.grid)
    north, east = np.array([3_342_700.0]), np.array([600_100.0])
    want = crs.transform(*true.to_base(east, north), crs.CGCS2000, "EPSG:4547")
    got = crs.transform(east, north, "EPSG:2383", "EPSG:4547")
    assert np.abs(np.array(got) - np.array(want)).max() < 3e-3
    zoned = crs.transform(east + 38e6, north, "EPSG:2362", "EPSG:4547")
    assert np.abs(np.array(zoned) - np.array(want)).max() < 3e-3, "another grid of the same datum"
    back = crs.transform(*got, "EPSG:4547", "EPSG:2383")
    assert np.abs(np.array(back) - np.array([east, north])).max() < 2e-3


def test_the_small_angles_are_those_of_epsg_method_9606() -> None:
    from pyproj import Transformer

    names = ("x", "y", "z", "rx", "ry", "rz", "s")
    text = " ".join(f"+{name}={value}" for name, value in zip(names, SECRET, strict=True))
    peer = Transformer.from_pipeline(f"+proj=helmert {text} +convention=position_vector")
    xyz = local_grids.geocentric(LON, LAT, local_grids.ellipsoid_of("EPSG:4610"))
    assert np.abs(np.column_stack(peer.transform(*xyz.T)) - local_grids.helmert(xyz, SECRET)).max() < 1e-6
    assert np.abs(local_grids.helmert_back(local_grids.helmert(xyz, SECRET), SECRET) - xyz).max() < 1e-6


@pytest.mark.parametrize("code", ["EPSG:2383", "EPSG:2362", "EPSG:4610", "EPSG:2435", "EPSG:4214"])
def test_old_datums_are_refused_without_parameters(code: str) -> None:
    x, y = (LON, LAT) if crs.is_geographic(code) else (LON * 0 + 6e5, LAT * 0 + 3.34e6)
    for source, target in ((code, "EPSG:4547"), ("EPSG:4547", code)):
        with pytest.raises(InputRefused, match="19"):
            crs.transform(x, y, source, target)
    with pytest.raises(InputRefused):
        notation.read("X=3342741 Y=600147", "EPSG:4547", code)


def test_parameters_of_one_datum_do_not_serve_the_other() -> None:
    local_grids.keep(LocalGrid("七参数", SPACE, SECRET, "EPSG:2383"))
    with pytest.raises(InputRefused):
        crs.transform(np.array([6e5]), np.array([3.34e6]), "EPSG:2435", "EPSG:4547")


def test_parameters_lie_enciphered_in_the_users_folder_and_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    grid = LocalGrid("城建坐标", PLANE, local_grids.from_four(1234.5678, 8765.4321, 77.7777, 9.9999), "", "EPSG:4547")
    local_grids.keep(grid)
    file = tmp_path / "点.csv"
    x, y = grid.from_base(np.array([600_050.0]), np.array([3_340_050.0]))
    file.write_text(f"编号,北坐标,东坐标\n1,{y[0]:.3f},{x[0]:.3f}\n", "utf-8")
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store)
        (report,) = run(store, [file], as_layer="hydrant", crs=grid.code)
        (row,) = store.select("hydrant", ["geom"])
        assert isinstance(row["geom"], bytes)
        place = shapely.from_wkb(row["geom"])
        assert (place.x, place.y) == pytest.approx((600_050, 3_340_050), abs=1e-3)
        assert report.status != "refused"
        _files, told = layer_files(store, "shp", tmp_path / "out", crs=grid.code)
        layer_files(store, "gpkg", tmp_path / "out.gpkg", crs=grid.code)
    assert "城建坐标" in told
    assert not list((tmp_path / "out").glob("*.prj"))
    with pytest.raises(InputRefused):
        cli.run(["crs", "list"]) or local_grids.named("LOCAL:没有")
    shown = capfd.readouterr().out + caplog.text + repr(grid) + report.as_text() + json.dumps(report.as_json())
    secrets = ["1234.5678", "8765.4321", "77.7777", "9.9999", *(repr(value) for value in grid.values if value)]
    whole = b"".join(path.read_bytes() for path in [*tmp_path.rglob("*"), *_home().rglob("*")] if path.is_file())
    assert not [s for s in secrets if s in shown or s.encode() in whole or np.float64(s).tobytes() in whole]


def _home() -> Path:
    return local_grids._place().parent.parent


def test_the_file_is_the_owners_alone_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    local_grids.keep(LocalGrid("a", TM, (115.0, 0.0, 1.0, 500_000.0, 0.0, 0.0)))
    place = local_grids._place()
    for file in (place, place.with_suffix(".key")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    place.write_bytes(b"damaged")
    with pytest.raises(StoreError, match="local_grids"):
        local_grids.grids()
    assert local_grids.codes() == []


def test_pairs_are_read_as_they_are_copied_from_a_workbook() -> None:
    text = "点名\t北坐标\t东坐标\tX2000\tY2000\nG1\t1.5\t2.5\t3.5\t4.5\n\nG2\t5\t6\t7\t8\n"
    assert pairs_of(text) == [Pair("G1", 1.5, 2.5, 3.5, 4.5), Pair("G2", 5, 6, 7, 8)]
    assert pairs_of("1 2 3 4\n5 6 7 8") == [Pair("1", 1, 2, 3, 4), Pair("2", 5, 6, 7, 8)]
    with pytest.raises(InputRefused, match="2"):
        pairs_of("1,2,3,4\n1,2,x,4")


@pytest.mark.parametrize(
    ("pairs", "kind", "source"),
    [
        ([Pair("1", 0, 0, 0, 0)], PLANE, ""),
        ([Pair("1", 0, 0, 0, 0), Pair("2", 0, 0, 0, 0)], PLANE, ""),
        ([Pair(str(n), 3.34e6, 6e5 + n * 1e3, 3.34e6, 6e5 + n * 1e3) for n in range(4)], SPACE, "EPSG:2383"),
        ([Pair(str(n), 3.34e6 + n * n * 1e3, 6e5 + n * 1e3, 3.34e6, 6e5 + n) for n in range(4)], SPACE, ""),
    ],
)
def test_pairs_that_fix_nothing_are_refused(pairs: list[Pair], kind: str, source: str) -> None:
    with pytest.raises(InputRefused):
        fit("a", kind, pairs, base="EPSG:4547", source=source)


def test_the_commands_define_fit_list_and_forget(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tm.json"
    file.write_text(json.dumps({"kind": "tm", "meridian": 115.0, "plane_height": 50}), "utf-8")
    assert cli.run(["crs", "define", "城建", str(file)]) == 0
    true = LocalGrid("a", PLANE, local_grids.from_four(10.0, 20.0, 60.0, 3.0), "", "EPSG:4547")
    lines = [f"{p.name},{p.north},{p.east},{p.to_north},{p.to_east}" for p in _grid_pairs(true)]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("\n".join(lines), "gb18030")
    assert cli.run(["crs", "fit", "四参数", str(pairs)]) == 0
    out = capfd.readouterr().out
    assert "LOCAL:四参数" in out
    assert cli.run(["crs", "list", "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert [row["kind"] for row in found] == ["tm", "plane"]
    assert cli.run(["crs", "forget", "城建"]) == 0
    assert list(local_grids.grids()) == ["四参数"]
    file.write_text("{}", "utf-8")
    assert cli.run(["crs", "define", "x", str(file)]) == 3


def test_a_local_grid_is_not_the_system_of_a_project_and_why_is_told(tmp_path: Path) -> None:
    local_grids.keep(LocalGrid("甲", TM, (114.9, 0.0, 1.0, 500_000.0, -3_000_000.0, 20.0)))
    with pytest.raises(InputRefused, match=r"parameters stay|本机"):
        Store.create(tmp_path / "p.gpkg", crs="LOCAL:甲")
    assert not (tmp_path / "p.gpkg").exists()
