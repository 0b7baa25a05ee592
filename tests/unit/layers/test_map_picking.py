"""Looking up: what is at a place, in an area, after an edit; views and bookmarks; values that match."""

from pathlib import Path

import pytest
import shapely

from fieldsurvey.errors import InputRefused, JobCancelled
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.assets import ASSET_BY_NAME
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from layers import history, sidecar
from layers.history import Bookmark, ViewHistory
from layers.picking import geometry_of, identify, inside
from layers.selecting import Test as Condition
from layers.selecting import matching
from layers.sidecar import Sidecar
from layers.viewport import Viewport
from tests.builders import add_community, make_project, point, square


def _ring(x: float) -> bytes:
    area = shapely.box(x, 3_340_000, x + 100, 3_340_100) - shapely.box(x + 40, 3_340_040, x + 60, 3_340_060)
    return bytes(shapely.to_wkb(shapely.multipolygons([area])))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store, "甲", geom=_ring(600_000))
        add_community(store, "乙", geom=square(600_200))
        store.create_record("hydrant", {"geom": point(600_050, 3_340_010), "state": "完好"})
        line = shapely.MultiLineString([[(600_000, 3_340_020), (600_300, 3_340_020)]])
        store.create_record("water_line", {"geom": bytes(shapely.to_wkb(line))})
    return path


def _built(path: Path, folder: Path) -> Sidecar:
    sidecar.build(path, folder)
    found = sidecar.opened(folder)
    assert found is not None
    return found


def test_points_and_lines_come_before_areas_and_holes_are_outside(project: Path, tmp_path: Path) -> None:
    found = _built(project, tmp_path / "side")
    tables = ("community", "water_line", "hydrant")
    hits = identify(found, tables, 600_051, 3_340_011, 3)
    assert [hit.table for hit in hits] == ["hydrant", "community"]
    assert identify(found, tables, 600_050, 3_340_050, 3) == []
    assert [hit.table for hit in identify(found, tables, 600_150, 3_340_021, 3)] == ["water_line"]


def test_a_polygon_chooses_what_it_touches(project: Path, tmp_path: Path) -> None:
    found = _built(project, tmp_path / "side")
    chosen = inside(found, ("community", "hydrant"), shapely.box(600_045, 3_340_000, 600_055, 3_340_015))
    assert sorted(table for table, _uid in chosen) == ["community", "hydrant"]


def test_geometry_comes_back_as_it_was(project: Path, tmp_path: Path) -> None:
    found = _built(project, tmp_path / "side")
    columns = found.layers["community"]
    areas = sorted(round(geometry_of(columns, number).area) for number in range(len(columns)))
    assert areas == [9600, 10_000]


def test_an_edit_lies_over_the_columns_until_they_are_built_anew(project: Path, tmp_path: Path) -> None:
    base = _built(project, tmp_path / "side")
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        rows = {str(row["name"]): str(row["uid"]) for row in store.select("community", ["name"])}
        store.save(rows["乙"], {"geom": square(601_000)})
        new = add_community(store, "丙", geom=square(602_000))
        store.delete(rows["甲"])
        edited = base.patched(store, {rows["甲"], rows["乙"], new})
    at = {
        x: [h.label for h in identify(edited, ("community",), x, 3_340_050, 1)]
        for x in (600_010, 600_250, 601_050, 602_050)
    }
    assert at == {600_010: [], 600_250: [], 601_050: ["乙"], 602_050: ["丙"]}
    again = _built(project, tmp_path / "again")
    assert edited.counter == again.counter
    assert {part.uids[i] for part, index in edited.parts("community", (0, 0, 1e7, 1e7)) for i in index} == set(
        again.layers["community"].uids
    )
    assert edited.find("community", rows["甲"]) is None


def test_before_there_is_a_side_car_the_view_is_read_from_the_file(project: Path) -> None:
    from fieldsurvey.store import Store

    with Store.open(project, read_only=True) as store:
        found = sidecar.direct(store)
    assert found.extent() == (600_000, 3_340_000, 600_300, 3_340_100)


def test_previous_and_next_view() -> None:
    views = [Viewport(x, 0, 1, 100, 100) for x in (0.0, 500.0, 1000.0)]
    seen = ViewHistory()
    for view in views:
        seen.note(view)
    assert seen.back() == views[1]
    assert seen.back() == views[0]
    assert seen.back() is None
    assert seen.forward() == views[1]
    seen.note(Viewport(9000, 0, 1, 100, 100))
    assert seen.forward() is None


def test_bookmarks_survive_and_nonsense_does_not_hurt() -> None:
    marks = [Bookmark("泵房", 600_000.5, 3_340_000.25, 500.0)]
    assert history.bookmarks_from_json(history.bookmarks_to_json(marks)) == marks
    assert history.bookmarks_from_json("{nonsense") == []


@pytest.mark.parametrize(
    ("test", "wanted", "uids"),
    [
        (Condition.EQUAL, "100", "a"), (Condition.OTHER, "100", "bc"), (Condition.ABOVE, "99,5", "ab"),
        (Condition.BELOW, "150", "a"), (Condition.EMPTY, "", "c"), (Condition.CONTAINS, "20", "b"),
    ],
)  # fmt: skip
def test_values_are_compared_as_numbers(test: Condition, wanted: str, uids: str) -> None:
    rows: list[dict[str, Value]] = [
        {"uid": "a", "diameter_mm": 100},
        {"uid": "b", "diameter_mm": 200},
        {"uid": "c", "diameter_mm": None},
    ]
    column = ASSET_BY_NAME["water_line"].column("diameter_mm")
    assert "".join(matching(rows, column, test, wanted)) == uids


def test_a_word_where_a_number_is_needed_is_told() -> None:
    with pytest.raises(InputRefused):
        matching([], ASSET_BY_NAME["water_line"].column("diameter_mm"), Condition.ABOVE, "大")


def test_a_side_car_that_was_cut_short_is_not_used(project: Path, tmp_path: Path) -> None:
    before = _built(project, tmp_path / "side").layers["hydrant"]
    found = sidecar.opened(tmp_path / "side")
    assert found is not None
    assert found.layers["hydrant"].uids.tolist() == before.uids.tolist()
    assert found.layers["hydrant"].xy.shape == (1, 2)
    arrays = tmp_path / "side" / "hydrant" / "arrays.bin"
    arrays.write_bytes(arrays.read_bytes()[:100])
    assert sidecar.opened(tmp_path / "side") is None


def test_a_layer_is_read_some_rows_at_a_time_and_a_stop_leaves_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(project) as store:
        for number in range(7):
            store.create_record("community", {"name": f"丙{number}", "geom": _ring(600_400 + 150 * (number * 3 % 7))})
    whole = _built(project, tmp_path / "whole").layers["community"]
    monkeypatch.setattr(sidecar, "_TOGETHER", 2)
    seen: list[Progress] = []
    sidecar.build(project, tmp_path / "parts", JobControl(seen.append))
    found = sidecar.opened(tmp_path / "parts")
    assert found is not None
    parts = found.layers["community"]
    for number in range(9):
        other = parts.uids.tolist().index(whole.uids[number])
        assert geometry_of(parts, other).equals(geometry_of(whole, number))
        assert parts.label(other) == whole.label(number)
    done = [step.done for step in seen]
    assert done == sorted(done)
    assert len(set(done)) > 5
    assert seen[-1].done == seen[-1].total == 11

    def stop(progress: Progress) -> None:
        if progress.done > 4:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        sidecar.build(project, tmp_path / "stopped", JobControl(stop))
    assert sidecar.opened(tmp_path / "stopped") is None
