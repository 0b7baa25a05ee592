"""Forms of other projects: each loads and survives a random filling-in, or is refused with one sentence."""

import io
import zipfile
from pathlib import Path

import pytest

from survey_forms import FormError, load_form
from survey_forms.check import check
from tests.conftest import SHARED

FOLDER = SHARED / "cases" / "forms"
SUFFIXES = {".xml", ".xlsx", ".xls", ".xlsm", ".csv", ".md"}
FORMS = sorted(
    path
    for path in FOLDER.rglob("*")
    if path.suffix.lower() in SUFFIXES
    and not path.name.startswith(("README", "LICENSE", "bench1000", "bench300.xlsx"))
    and path.stat().st_size < 1 << 20  # the two larger ones are the same questions as a workbook, and a list
)
REFUSED = {  # lists of choices and broken forms among them, and what the sentence must speak of
    "simple-dag-cycle.xml": "a → a", "bad_calc.xlsx": "badcalc", "group_name_test.xls": "3", "gps.csv": "location",
    "include.csv": "include", "include.md": "include", "include.xls": "include", "include.xlsx": "include",
    "include_json.csv": "include", "include_json.md": "include", "include_json.xls": "include",
    "include_json.xlsx": "include", "unknown_question_type.xls": "relevan", "hhplotdetails.csv": "survey",
    "external-secondary-comma-complex.csv": "survey", "external-secondary-csv-bom.csv": "survey",
    "external-secondary-semicolon-complex.csv": "survey", "external-data.csv": "survey", "header_only.csv": "survey",
    "fruits.csv": "survey", "beneficiaries.csv": "survey", "geodataCsv.csv": "survey", "csv-attachment.csv": "survey",
    "lgas.xml": "XML", "external-data.xml": "XML", "issue_449_last_saved.xml": "XML",
    "xml-attachment.xml": "XML",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not FORMS, reason="the shared forms are not on this machine")


@pytest.mark.parametrize("part", range(8))
def test_every_form_loads_and_survives_or_is_refused_in_one_sentence(part: int) -> None:
    for path in FORMS[part::8]:
        findings = check(path, seed=part, edits=60)
        told = [str(finding) for finding in findings if finding.fatal]
        assert all("\n" not in text and len(text) < 600 for text in told), (path.name, told)
        assert bool(told) == (path.name in REFUSED), (path.name, told)
        assert not told or REFUSED[path.name] in told[0], (path.name, told)
        assert not [f for f in findings if "depends on the order" in f.message or "先后顺序" in f.message], path.name


def test_files_beside_a_form_fill_its_lists() -> None:
    from survey_forms import Session

    folder = FOLDER / "javarosa" / "org" / "javarosa" / "xform" / "parse"
    for name in ("external-select-csv.xml", "external-select-geojson.xml"):
        session = Session(load_form(folder / name))
        asked = [path for path in session.leaves() if session.question(path).itemset]
        assert all(choice.label for path in asked for choice in session.choices(path)), name
        assert any(session.choices(path) for path in asked), name


def workbook(folder: Path, rows: list[list[str]], name: str = "form.xlsx") -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "survey"
    for row in rows:
        book.active.append(row)
    path = folder / name
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (["calculate", "a", "", "nosuch(1)"], "nosuch"),
        (["calculate", "a", "", "regex(${t}, '[')"], "["),
        (["calculate", "a", "", "${a} + 1"], "a → a"),
        (["calculate", "a", "", "instance('towns')/list/name"], "towns"),
    ],
)
def test_an_author_is_told_the_cell(tmp_path: Path, row: list[str], told: str) -> None:
    path = workbook(tmp_path, [["type", "name", "label", "calculation"], ["text", "t", "T"], row])
    (finding,) = [finding for finding in check(path) if finding.fatal]
    assert told in finding.message
    assert finding.spot is not None
    assert (finding.spot.sheet, finding.spot.row, finding.spot.column) == ("survey", 3, "D (calculation)")


def test_a_list_that_is_missing_is_told_with_its_row(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["type", "name", "label"], ["text", "t", "T"], ["select_one nolist", "s", "S"]])
    import openpyxl

    book = openpyxl.load_workbook(path)
    book.create_sheet("choices").append(["list_name", "name", "label"])
    book["choices"].append(["other", "a", "A"])
    book.save(path)
    (finding,) = check(path)
    assert "nolist" in finding.message
    assert finding.spot is not None
    assert finding.spot.row == 3


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        _zip({"xl/worksheets/sheet1.xml": b" " * (40 << 20)}),
        _zip({"xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        _zip({f"xl/{i}.xml": b"<a/>" for i in range(6000)}),
        b"PK\x03\x04 not an archive",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not a workbook",
        _zip({"hello.txt": b"hi"}),
        b"",
    ],
    ids=["bomb", "entities", "many parts", "broken zip", "broken xls", "no workbook", "empty"],
)
def test_hostile_workbooks_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "form.xlsx"
    path.write_bytes(data)
    with pytest.raises(FormError) as told:
        load_form(path)
    assert "\n" not in str(told.value)


def test_xml_in_another_encoding_is_read(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0" encoding="{}"?><h:html xmlns="http://www.w3.org/2002/xforms" '
        'xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>表</h:title><model><instance><data id="d"><a/></data>'
        '</instance></model></h:head><h:body><input ref="/data/a"><label>问</label></input></h:body></h:html>'
    )
    for encoding in ("utf-8", "utf-16", "gb18030"):
        path = tmp_path / f"{encoding}.xml"
        path.write_bytes(text.format(encoding).encode(encoding))
        assert load_form(path).questions()[0].label("zh") == "问"
