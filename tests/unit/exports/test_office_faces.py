"""The office's own typefaces in place of ours."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from exports.batch import write_sheets
from exports.sheet.faces import SONG, SONG_BOLD, chain, face, read_office_face
from exports.sheet.fonts import FOLDER
from exports.sheet.page import Paragraph
from exports.sheet.paper import Paper, write
from exports.sheet.typography import TextStyle, choose_faces, text_width
from fieldsurvey import settings
from fieldsurvey.errors import InputRefused
from tests.builders import add_community, make_project

FANG = FOLDER / "Kai.ttf"  # stands for the office's file: no 仿宋 may be given away with a program


@pytest.fixture(autouse=True)
def _ours_again() -> Iterator[None]:
    choose_faces("", "")
    yield
    choose_faces("", "")


def _fonts(pdf: Path) -> set[str]:
    import pikepdf

    with pikepdf.open(pdf) as document:
        return {str(font.BaseFont).split("+")[1] for page in document.pages for font in page.Resources.Font.values()}


def _paper(out: Path) -> set[str]:
    blocks = [
        Paragraph("老旧小区改造评估表", TextStyle(SONG_BOLD, 22, 30)),
        Paragraph("团城山㙍", TextStyle(SONG, 12, 18)),
    ]
    write(Paper(title="t", header="h", number="n", unit="u", made="2026-11-29", blocks=blocks, data=b"{}"), out)
    return _fonts(out)


def test_papers_are_set_in_the_faces_of_the_settings_and_ours_stand_in_for_what_they_lack(tmp_path: Path) -> None:
    ours = _paper(tmp_path / "ours.pdf")
    choose_faces(str(FANG), "")
    theirs = _paper(tmp_path / "theirs.pdf")
    assert not any("Kai" in name for name in ours)
    assert any("Kai" in name for name in theirs)
    assert chain(SONG).pick("山")[0].name == "SongOffice"
    lacking = next(chr(code) for code in sorted(face(SONG).glyphs) if code not in chain(SONG).pick("山")[0].glyphs)
    assert chain(SONG).pick(lacking)[0].name == SONG
    assert text_width("“山”", TextStyle()) == 30.0  # quotes are as wide as characters, or come from ours


def test_a_process_that_draws_takes_the_faces_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.sheet.faces._chosen", {})
    settings.save(replace(settings.Settings(), title_font=str(FANG)))
    chain.cache_clear()
    assert chain(SONG_BOLD).pick("山")[0].name == "SongBoldOffice"
    assert chain(SONG).pick("山")[0].name == SONG


@pytest.mark.parametrize("content", [b"", b"no typeface", b"OTTO" + bytes(400), b"\0\1\0\0" + bytes(90)])
def test_a_file_that_is_no_typeface_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "仿宋.ttf"
    file.write_bytes(content)
    with pytest.raises(InputRefused, match=r"字体文件 仿宋\.ttf 不能使用"):
        read_office_face(SONG, file)
    with pytest.raises(InputRefused, match="不能使用"):
        read_office_face(SONG, tmp_path / "none.ttf")


def test_a_batch_draws_anew_what_is_set_in_other_faces(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        add_community(store)
        kept = [write_sheets(store, None, tmp_path / "out").kept for _time in range(2)]
        choose_faces("", str(FANG))
        kept += [write_sheets(store, None, tmp_path / "out").kept for _time in range(2)]
        choose_faces("", "")
        kept.append(write_sheets(store, None, tmp_path / "out").kept)
    assert kept == [0, 1, 0, 1, 0]
