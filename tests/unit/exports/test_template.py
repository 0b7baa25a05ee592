"""Sheets as data: what an office may change, and how a fault is told."""

from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from exports.sheet.data import GateSeen, Proposal, SheetData, Work
from exports.sheet.document import render
from exports.sheet.template import Template, TemplateRefused, read_template, shipped, template_of
from exports.sheet.templates import NAMES
from exports.verify import verify
from fieldsurvey.errors import InputRefused
from tests.unit.exports.conftest import MakeSheet

HEAD = 'name = "初审表"\ntitle = "{name}初审表"\nheader = "初审表 · {name}"\nnumber = "CS"\n'
PROPOSAL = Proposal(
    works=(Work("B01 供水管网", "基础类", "1200m", 850.0, 102.0, "中央补助"),),
    sums=(102.0, 10.2, 5.61, 117.81),
    unpriced=("条目 B02 没有数量。",),
    consent=(300, 280, 252, 320),
    gates=(GateSeen("N1", "范围", "通过", "2000年以前建成"), GateSeen("N6", "意愿", "待核", "")),
    need=71.5,
    readiness=40.0,
    priority=60.1,
    advice="建议列入储备，先核实N6",
)


@pytest.fixture
def proposed(surveyed: MakeSheet) -> SheetData:
    return surveyed(proposal=PROPOSAL)


def made(path: Path, text: str) -> Template:
    path.write_text(text, encoding="utf-8")
    return read_template(path)


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_sheets_are_archive_files_with_their_own_name(name: str, proposed: SheetData, tmp_path: Path) -> None:
    page = pytest.importorskip("page")
    out = tmp_path / "sheet.pdf"
    render(proposed, out, shipped(name))
    for profile in ("3a", "ua1"):
        report = page.validate_pdf(out, profile=profile)
        assert not [(failure.rule_id, failure.message) for failure in report.failures]
    assert NAMES[name] in text_of(out)
    assert verify(out).matches


def test_the_assessment_sheet_has_money_will_gates_and_advice(proposed: SheetData, tmp_path: Path) -> None:
    render(proposed, tmp_path / "sheet.pdf")
    told = text_of(tmp_path / "sheet.pdf")
    for words in ("供水管网", "117.81", "90.0%", "87.5%", "2000年以前建成", "71.5", "建议列入储备"):
        assert words in told


def test_an_office_changes_words_columns_and_order(proposed: SheetData, tmp_path: Path) -> None:
    text = HEAD + (
        '[[part]]\nshow = "text"\ntext = "{place} {code}"\n'
        '[[part]]\nshow = "systems"\nheading = "现状"\ncolumns = ["系统", "主要问题"]\n'
        'rename = { "主要问题" = "存在问题" }\n'
        '[[part]]\nshow = "profile"\nheading = "基本"\nrows = ["户数"]\n'
    )
    render(proposed, tmp_path / "sheet.pdf", made(tmp_path / "t.toml", text))
    told = text_of(tmp_path / "sheet.pdf")
    assert "㙍湖新村初审表" in told
    assert "CS-T0001-20261112" in told
    assert told.index("一、现状") < told.index("二、基本")
    assert "存在问题" in told
    assert "完损等级" not in told
    assert "小区编码" not in told


def test_a_logo_stands_beside_the_title(proposed: SheetData, tmp_path: Path) -> None:
    from PIL import Image

    page = pytest.importorskip("page")
    Image.new("RGBA", (300, 100), (20, 60, 140, 255)).save(tmp_path / "logo.png")
    text = HEAD + 'logo = "logo.png"\n[[part]]\nshow = "profile"\n'
    render(proposed, tmp_path / "sheet.pdf", made(tmp_path / "t.toml", text))
    assert not page.validate_pdf(tmp_path / "sheet.pdf", profile="3a").failures
    with pypdfium2.PdfDocument(tmp_path / "sheet.pdf") as document:
        image = document[0].render().to_pil().convert("RGB")
    assert (20, 60, 140) in {colour for _count, colour in image.getcolors(1 << 20) or ()}


PART = '[[part]]\nshow = "profile"\n'
FAULTS = {
    "title = ": (1, "TOML"),
    HEAD: (1, "[[part]]"),
    HEAD.replace("{name}初", "{nam}初") + PART: (2, "{nam}"),
    HEAD + PART + "x = 1\n": (7, "x"),
    HEAD + '[[part]]\nshow = "profil"\n': (6, "profil"),
    HEAD + PART + '[[part]]\nshow = "systems"\ncolumns = ["等级"]\n': (9, "等级"),
    HEAD + PART + 'columns = ["系统"]\n': (7, "columns"),
    HEAD + PART + "heading = 5\n": (7, "heading"),
    HEAD + PART + 'heading = "😀"\n': (7, "U+1F600"),
    HEAD + '[[part]]\nshow = "photos"\nmost = 0\n': (7, "1"),
    HEAD + '[[part]]\nshow = "opinions"\n': (6, "part.box"),
    HEAD + '[[part]]\nshow = "opinions"\n[[part.box]]\nkey = "街道"\ncaption = "街道"\n': (8, "key"),
    HEAD + 'logo = "none.png"\n' + PART: (5, "none.png"),
    HEAD.replace("CS", "一号") + PART: (4, "PG"),
    HEAD + '[[part]]\nshow = "text"\n': (5, "text"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_told_with_file_line_and_reason(text: str, tmp_path: Path) -> None:
    line, words = FAULTS[text]
    with pytest.raises(TemplateRefused) as caught:
        made(tmp_path / "表.toml", text)
    told = str(caught.value)
    assert "表.toml" in told
    assert f" {line}" in told
    assert words in told


def test_a_template_is_found_by_its_name(tmp_path: Path) -> None:
    assert template_of("申报表") is shipped("application")
    with pytest.raises(InputRefused, match="审批表"):
        template_of("立项表")


def test_no_half_template_crashes(tmp_path: Path) -> None:
    """Each line of a good file is left out once: a template, or a refusal."""
    from exports.sheet.templates import FOLDER

    lines = (FOLDER / "approval.toml").read_text(encoding="utf-8").splitlines()
    told = []
    for left_out in range(len(lines)):
        try:
            made(tmp_path / "t.toml", "\n".join(line for at, line in enumerate(lines) if at != left_out))
        except TemplateRefused as error:
            told.append(str(error))
    assert told
    assert all("t.toml" in sentence for sentence in told)


def test_what_was_not_planned_is_told(surveyed: MakeSheet, tmp_path: Path) -> None:
    render(replace(surveyed(), proposal=Proposal(advice="建议列入储备")), tmp_path / "sheet.pdf")
    told = text_of(tmp_path / "sheet.pdf")
    assert "缺f23" in told
    assert "缺f18" in told
