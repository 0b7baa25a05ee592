"""Blocks of a page: tables, figures, filling."""

import pytest
import shapely

from exports.sheet.canvas import MM
from exports.sheet.data import shown
from exports.sheet.faces import HEI, KAI, chain
from exports.sheet.fonts import FOLDER
from exports.sheet.map_frame import frame_for
from exports.sheet.map_marks import emptiest_corner
from exports.sheet.opinions import SEAL_RADIUS
from exports.sheet.page import TEXT_HEIGHT, TEXT_WIDTH, Heading, Paragraph, fill_pages
from exports.sheet.table import Cell, Number, Table
from exports.sheet.template import ASSESSMENT, shipped
from exports.sheet.typography import TextStyle, text_width
from layers.map_furniture import SCALES


def table(rows: int, text: str = "内容") -> Table:
    head = (Cell(Paragraph("表头"), header="Column"),)
    return Table((200.0,), (head, *((Cell(Paragraph(text)),) for _ in range(rows))), head=1)


@pytest.mark.parametrize("width", [12.0, 20.0, 33.3, 60.0])
def test_a_figure_never_wraps(width: float) -> None:
    number = Number("1,234.5", TextStyle(size=9.2))
    assert number.height(width) == number.style.leading
    assert text_width(number.text, number.fitted(max(width, 20))) <= max(width, 20) + 0.01


def test_the_header_is_repeated_where_a_table_continues() -> None:
    pages = fill_pages([table(100)])
    tables = [page[0].block for page in pages]
    assert len(tables) > 1
    assert all(isinstance(each, Table) and each.rows[0][0] == table(1).rows[0][0] for each in tables)
    assert sum(len(each.rows) - 1 for each in tables if isinstance(each, Table)) == 100


def test_a_row_higher_than_a_page_continues_on_the_next() -> None:
    pages = fill_pages([table(1, "很长的说明。" * 900)])
    assert len(pages) > 1
    assert all(placed.block.height(TEXT_WIDTH) <= TEXT_HEIGHT + 0.1 for page in pages for placed in page)


def test_a_heading_stays_with_what_follows() -> None:
    filler = Paragraph("\n".join(["行"] * int((TEXT_HEIGHT - 40) / TextStyle().leading)))
    pages = fill_pages([filler, Heading("二、下一节"), table(3)])
    assert isinstance(pages[1][0].block, Heading)


def test_a_paragraph_is_divided_between_lines() -> None:
    parts = Paragraph("甲乙丙丁" * 100).split(200, 50)
    assert parts is not None
    assert "".join(part.text for part in parts if isinstance(part, Paragraph)) == "甲乙丙丁" * 100


def test_seal_places_are_at_least_fifty_millimetres_wide() -> None:
    assert 2 * SEAL_RADIUS >= 50 * MM
    assert sum(len(box.seals) for part in shipped(ASSESSMENT).parts for box in part.boxes) == 9


def test_the_scale_is_round_and_shows_the_whole_community() -> None:
    frame = frame_for((0.0, 0.0, 210.0, 180.0), TEXT_WIDTH, 410)
    west, south, east, north = frame.view
    assert frame.scale in SCALES
    assert west <= 0
    assert east >= 210
    assert south <= 0
    assert north >= 180


def test_the_north_arrow_takes_the_corner_where_nothing_is() -> None:
    import numpy as np

    frame = frame_for((0.0, 0.0, 210.0, 180.0), TEXT_WIDTH, 410)
    west, south, east, north = frame.view
    crowd = shapely.box(west, south, (west + east) / 2, north)
    right_bottom = shapely.box(west, south, east, (south + north) / 2)
    x, y = emptiest_corner(np.array([crowd, right_bottom], dtype=object), frame)
    assert x > frame.width / 2
    assert y > frame.height / 2


def test_a_missing_character_comes_from_another_face() -> None:
    assert chain(KAI).pick("“")[0].name == "Song"
    assert chain(HEI).pick("䶮")[0].name == HEI


def test_the_renamed_face_does_not_use_its_reserved_names() -> None:
    content = (FOLDER / "Kai.ttf").read_bytes()
    for name in ("LXGW", "霞鹜"):
        assert name.encode("utf-16-be") not in content
        assert name.encode() not in content


def test_the_verification_code_is_shown_in_groups() -> None:
    assert shown("ABCD1234EF567890FFFF") == "ABCD 1234 EF56 7890"
