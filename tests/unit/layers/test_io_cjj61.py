"""Pipe tables after CJJ 61: lines between survey points, classes to tables, and the checks of domain page 5.6."""

from pathlib import Path

import shapely

from layers.io.importer import run
from tests.builders import make_project

_POINTS = [
    ["点号", "特征", "附属物", "X", "Y", "地面高程"],
    ["JS1", "", "阀门", 3_340_000.0, 600_000.0, 20.1],
    ["JS2", "三通", "", 3_340_000.0, 600_030.0, 20.2],
    ["JS3", "", "消火栓", 3_340_000.0, 600_130.0, 20.2],
    ["JS4", "", "", 3_340_000.002, 600_030.0, 20.2],
    ["DX1", "", "", 3_340_010.0, 600_000.0, 20.2],
    ["DX2", "", "", 3_340_010.0, 600_020.0, 20.2],
]
_LINES = [
    ["起点点号", "终点点号", "起点埋深", "终点埋深", "管线类型", "材质", "管径"],
    ["JS1", "JS2", 0.8, 0.9, "JS", "ZT", 150],
    ["JS2", "JS3", 1.2, 0.9, "JS", "ZT", 150],
    ["JS2", "JS1", 0.9, 0.8, "JS", "ZT", 150],
    ["JS3", "JS9", 0.9, 0.9, "JS", "ZT", 150],
    ["DX1", "DX2", 0.5, 0.5, "DX", "GX", None],
]


def test_lines_are_drawn_between_points_and_checked(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for name, rows in (("点表", _POINTS), ("线表", _LINES)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    file = tmp_path / "管线.xlsx"
    book.save(file)
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [file])
        found = store.select("water_line")
    codes = {warning.code for warning in report.warnings}
    assert {"line_twice", "point_missing", "length", "one_place_two_numbers", "depth_differs"} <= codes
    assert {note.code for note in report.notes} >= {"class_renamed"}
    assert len(found) == 3
    assert isinstance(found[0]["geom"], bytes)
    line = shapely.from_wkb(found[0]["geom"])
    assert [tuple(xy) for xy in shapely.get_coordinates(line).tolist()] == [(600_000, 3_340_000), (600_030, 3_340_000)]
    assert (found[0]["diameter_mm"], found[0]["material"], found[0]["depth"]) == (150, "ZT", 0.8)


def test_lines_with_their_own_coordinates_need_no_point_table(tmp_path: Path) -> None:
    file = tmp_path / "线表.csv"
    head = "S_Exp,S_X,S_Y,S_Deep,E_Exp,E_X,E_Y,E_Deep,Type\n"
    file.write_text(head + "WS1,3340000,600000,1.5,WS2,3340020,600000,1.6,WS\n", "utf-8")
    with make_project(tmp_path / "p.gpkg") as store:
        run(store, [file])
        (row,) = store.select("drain_line")
    assert isinstance(row["geom"], bytes)
    assert shapely.from_wkb(row["geom"]).length == 20
    assert row["pipe_class"] == "WS"


def test_levels_branches_kinds_and_parts_are_checked(tmp_path: Path) -> None:
    import openpyxl

    points = [
        ["点号", "特征", "附属物", "X", "Y", "地面高程"],
        ["YS1", "", "雨水井", 3_340_000.0, 600_000.0, 20.0],
        ["YS2", "三通", "", 3_340_000.0, 600_020.0, 20.0],
        ["YS3", "转折点", "检修井", 3_340_000.0, 600_040.0, 20.0],
        ["YS4", "", "", 3_340_010.0, 600_040.0, 20.0],
        ["YS8", "", "雨水井", 3_340_100.0, 600_000.0, 20.0],
        ["YS9", "", "雨水井", 3_340_100.0, 600_010.0, 20.0],
    ]
    lines = [
        ["起点点号", "终点点号", "起点埋深", "终点埋深", "起点管底高程", "终点管底高程", "管线类型"],
        ["YS1", "YS2", 1.0, 1.2, 19.0, 18.8, "YS"],
        ["YS2", "YS3", 1.2, 1.5, 18.7, 18.5, "YS"],  # the level of YS2 differs, and is not ground less depth
        ["YS3", "YS4", 1.5, 9.5, 18.5, 10.5, "YS"],  # eight metres down on ten
        ["YS8", "YS9", 1.0, 1.0, 19.0, 19.0, "YS"],
    ]
    book = openpyxl.Workbook()
    for name, rows in (("点表", points), ("线表", lines)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    book.save(tmp_path / "管线.xlsx")
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [tmp_path / "管线.xlsx"], dry_run=True)
    told = {warning.code: warning.message for warning in report.warnings}
    assert "YS3" in told["point_kind"]
    assert "YS4" in told["point_kind"]
    assert "YS1" not in told["point_kind"]
    assert "YS2" in told["branches"]
    assert "YS2" in told["levels"]
    assert "YS2" in told["level_differs"]
    assert "YS3-YS4" in told["slope"]
    assert "YS1-YS2" not in told["slope"]
    (parts,) = [note.message for note in report.notes if note.code == "parts"]
    assert "2" in parts
    assert "YS8" in parts


def test_a_sound_network_passes_in_silence(tmp_path: Path) -> None:
    head = "S_Exp,S_X,S_Y,S_Deep,E_Exp,E_X,E_Y,E_Deep,Type\n"
    lines = "WS1,3340000,600000,1.5,WS2,3340020,600000,1.6,WS\nWS2,3340020,600000,1.6,WS3,3340040,600000,1.7,WS\n"
    (tmp_path / "线表.csv").write_text(head + lines, "utf-8")
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [tmp_path / "线表.csv"], dry_run=True)
    codes = {warning.code for warning in report.warnings} | {note.code for note in report.notes}
    assert not codes & {
        "point_kind",
        "branches",
        "levels",
        "level_differs",
        "slope",
        "parts",
        "depth_differs",
    }
