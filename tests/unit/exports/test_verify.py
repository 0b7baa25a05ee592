"""A sheet that was touched is told."""

from pathlib import Path

import pikepdf
import pytest

from exports.sheet.document import render
from exports.sheet.names import DATA_NAME
from exports.verify import Unreadable, verify
from tests.unit.exports.conftest import MakeSheet


@pytest.fixture
def sheet(surveyed: MakeSheet, tmp_path: Path) -> Path:
    render(surveyed(), tmp_path / "sheet.pdf")
    return tmp_path / "sheet.pdf"


def test_an_untouched_sheet_matches(sheet: Path) -> None:
    assert verify(sheet).matches


def test_changed_data_are_told(sheet: Path) -> None:
    with pikepdf.open(sheet, allow_overwriting_input=True) as pdf:
        content = pdf.attachments[DATA_NAME].get_file().read_bytes().replace(b"severe", b"good")
        pdf.attachments[DATA_NAME] = pikepdf.AttachedFileSpec(pdf, content, filename=DATA_NAME)
        pdf.save(sheet)
    found = verify(sheet)
    assert not found.matches
    assert len(found.findings) == 2  # the data, and that nobody signed


def test_changed_pages_are_told(sheet: Path) -> None:
    with pikepdf.open(sheet, allow_overwriting_input=True) as pdf:
        pdf.pages[0].contents_add(b"0 0 100 100 re f")
        pdf.save(sheet)
    assert not verify(sheet).matches


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 nothing", b"hello"])
def test_a_file_that_is_no_pdf_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pdf").write_bytes(content)
    with pytest.raises(Unreadable, match=r"x\.pdf"):
        verify(tmp_path / "x.pdf")


def test_a_pdf_of_another_program_is_refused(tmp_path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(tmp_path / "other.pdf")
    with pytest.raises(Unreadable):
        verify(tmp_path / "other.pdf")
