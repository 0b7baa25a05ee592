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
