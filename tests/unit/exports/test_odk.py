"""Records travel as ODK submissions and come back: as XML with files, as CSV, as XLSX."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from exports import odk
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.schema import Value
from fieldsurvey.projects import new_project
from fieldsurvey.store import Store
from survey_forms.submission import read
from tests.builders import add_community

WATER: dict[str, Value] = {
    "community_id": "枫叶山", "survey_round": "baseline", "surveyor": "王工", "survey_date": "2026-11-24",
    "gps": "30.2 115.04 20 3", "supply_mode": "tank_pump", "main_dn": 100, "pressure_top": 0.12, "secondary": "yes",
    "tank_material": "=SUM(A1)", "reno_suggest": "repair add", "remarks": '带"引号",逗号\n第二行 <&>',
}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Store]:
    with new_project(tmp_path / "one.gpkg") as store:
        yield store


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    with new_project(tmp_path / "other.gpkg") as store:
        yield store


def fill(store: Store) -> str:
    community = add_community(store)
    head: dict[str, Value] = {
        "community_uid": community,
        "subject_uid": community,
        "status": "draft",
        "form_version": "2026112400",
    }
    uid = store.create_record("f04_water", {**head, "saved_at": "2026-11-24T08:00:00.000Z", **WATER})
    for ordinal, name in enumerate(("立管.jpg", "阀门.jpg"), 1):
        photo = store.media.add_bytes(b"\xff\xd8" + bytes([ordinal]) * 50, name, "image/jpeg")
        row: dict[str, Value] = {"parent_uid": uid, "ordinal": ordinal, "photo": photo, "photo_kind": "defect"}
        store.create_record("f04_water__photos", {**row, "photo_caption": f"第{ordinal}张"})
    return uid


def state(store: Store) -> tuple[list[dict[str, Value]], list[dict[str, Value]]]:
    """Return all that is in the tables of the form, but for what every copy numbers by itself."""
    own = {"fid", "_rev", "uid", "geom"}
    mains = [{k: v for k, v in row.items() if k not in own} | {"id": row["uid"]} for row in store.select("f04_water")]
    rows = store.select("f04_water__photos", order="ordinal")
    return mains, [{k: v for k, v in row.items() if k not in own} for row in rows]


@pytest.mark.parametrize("source", ["submissions", "f04_water.csv", "f04_water.xlsx"])
def test_a_round_trip_loses_nothing(project: Store, other: Store, tmp_path: Path, source: str) -> None:
    fill(project)
    odk.export(project, "f04", tmp_path / "out")
    taken = odk.take(other, "f04", tmp_path / "out" / "f04_water" / source)
    assert (taken.created, taken.refused) == (1, ())
    assert state(other) == state(project)
    for row in other.select("f04_water__photos"):
        assert other.media.path(str(row["photo"])) is not None


def test_what_was_exported_is_exported_the_same_again(project: Store, other: Store, tmp_path: Path) -> None:
    fill(project)
    odk.export(project, "f04", tmp_path / "out")
    odk.take(other, "f04", tmp_path / "out")
    odk.export(other, "f04", tmp_path / "again")
    files = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*.[xcj]*"))
    assert len(files) >= 6
    for path in (path for path in files if path.suffix != ".xlsx"):  # a workbook holds the moment of its making
        assert (tmp_path / "again" / path).read_bytes() == (tmp_path / "out" / path).read_bytes(), path


def test_taking_twice_doubles_nothing(project: Store, tmp_path: Path) -> None:
    uid = fill(project)
    odk.export(project, "f04", tmp_path)
    again = odk.take(project, "f04", tmp_path / "f04_water" / "submissions")
    assert (again.created, again.changed, again.unchanged) == (0, 0, 1)
    project.save(uid, {"main_dn": 150})
    back = odk.take(project, "f04", tmp_path / "f04_water" / "submissions")
    assert back.changed == 1
    assert [row["main_dn"] for row in project.select("f04_water")] == [100]


FOREIGN = """<?xml version="1.0"?>
<data id="f04_water" version="7" xmlns:orx="http://openrosa.org/xforms" xmlns:x="urn:x" x:client="kobo">
 <community_id>枫叶山</community_id><main_dn>约 100</main_dn><main_length>12.50</main_length>
 <extra><deep a="1">未知 &lt;值&gt;</deep></extra>
 <photos><photo>missing.jpg</photo><photo_caption>一</photo_caption><x:tag>t</x:tag></photos>
 <orx:meta><orx:instanceID>urn:somebody:17</orx:instanceID><orx:instanceName>名</orx:instanceName></orx:meta>
</data>"""


def test_what_our_tables_cannot_hold_survives(project: Store, tmp_path: Path) -> None:
    community = add_community(project)
    (tmp_path / "in.xml").write_text(FOREIGN, "utf-8")
    assert odk.take(project, "f04", tmp_path / "in.xml").created == 1
    (row,) = project.select("f04_water")
    assert (row["community_uid"], row["main_dn"], row["main_length"]) == (community, None, 12.5)
    project.save(str(row["uid"]), {"surveyor": "李工"})
    odk.export(project, "f04", tmp_path / "out")
    (path,) = (tmp_path / "out").rglob("submission.xml")
    text = path.read_text("utf-8")
    for kept in (
        "<main_dn>约 100</main_dn>", "<main_length>12.50</main_length>", '<deep a="1">未知 &lt;值&gt;</deep>',
        "<photo>missing.jpg</photo>", "<x:tag>t</x:tag>", "urn:somebody:17", "<orx:instanceName>名</orx:instanceName>",
        'x:client="kobo"', "<surveyor>李工</surveyor>",
    ):  # fmt: skip
        assert kept in text, kept
    assert read(text).attribute("id") == "f04_water"


def test_tables_have_the_columns_of_odk_central(project: Store, tmp_path: Path) -> None:
    uid = fill(project)
    odk.export(project, "f04", tmp_path)
    with (tmp_path / "f04_water" / "f04_water.csv").open(encoding="utf-8-sig") as source:
        (main,) = csv.DictReader(source)
    with (tmp_path / "f04_water" / "f04_water-photos.csv").open(encoding="utf-8-sig") as source:
        photos = list(csv.DictReader(source))
    key = "uuid:" + re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", uid)
    assert main["KEY"] == main["meta-instanceID"] == key
    assert (main["gps-Latitude"], main["gps-Longitude"], main["gps-Accuracy"]) == ("30.2", "115.04", "3")
    assert (main["AttachmentsPresent"], main["AttachmentsExpected"]) == ("2", "2")
    assert [(row["PARENT_KEY"], row["KEY"]) for row in photos] == [(key, f"{key}/photos[{n}]") for n in (1, 2)]
    assert next(iter(main)) == "SubmissionDate"
    assert list(main)[-1] == "FormVersion"


def test_an_answer_that_is_not_asked_is_not_exported(project: Store, tmp_path: Path) -> None:
    uid = fill(project)
    project.save(uid, {"secondary": "no", "tank_material": None})
    odk.export(project, "f04", tmp_path)
    (path,) = tmp_path.rglob("submission.xml")
    assert "tank_material" not in path.read_text("utf-8")


def test_a_formula_stays_a_text_in_the_workbook(project: Store, tmp_path: Path) -> None:
    import openpyxl

    fill(project)
    odk.export(project, "f04", tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "f04_water" / "f04_water.xlsx").worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=SUM(A1)"]
    assert [cell.data_type for cell in cells] == ["s"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"x,y\n1,2\n", "KEY"),
        ("a.xlsx", b"PK not a workbook", "a.xlsx"),
        ("a.csv", b"\xff\xfe\x00", "a.csv"),
    ],
)
def test_what_is_no_table_of_submissions_is_refused(
    project: Store, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputRefused, match=re.escape(told)):
        odk.take(project, "f04", tmp_path / name)


@pytest.mark.parametrize(
    "xml",
    [
        "<data id='f06_power'><meta><instanceID>a</instanceID></meta></data>",
        "<data id='f04_water'/>",
        "<data id='f04_water'><broken></data>",
        '<!DOCTYPE d [<!ENTITY b "c">]><data id="f04_water">&b;</data>',
    ],
    ids=["another form", "nobody", "broken", "entities"],
)
def test_a_submission_that_cannot_be_taken_is_told_and_the_others_go_on(
    project: Store, tmp_path: Path, xml: str
) -> None:
    (tmp_path / "bad.xml").write_text(xml, "utf-8")
    (tmp_path / "good.xml").write_text(FOREIGN, "utf-8")
    taken = odk.take(project, "f04", tmp_path)
    assert (taken.created, len(taken.refused)) == (1, 1)


def test_an_unknown_form_is_told(project: Store, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="f99"):
        odk.export(project, "f99", tmp_path)
