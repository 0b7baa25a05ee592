"""The sheet of one community as a file: its template, its data, one PDF."""

from dataclasses import replace
from pathlib import Path

import shapely

from exports.sheet.archive import Attachment
from exports.sheet.data import SheetData
from exports.sheet.geojson import map_geojson
from exports.sheet.names import MAP_NAME
from exports.sheet.page import Block
from exports.sheet.paper import Paper, write
from exports.sheet.parts import filled, sheet_blocks
from exports.sheet.template import ASSESSMENT, Template, shipped
from fieldsurvey.errors import FieldSurveyError

SHEET_ERRORS = (FieldSurveyError, OSError, ValueError, ArithmeticError, LookupError, shapely.errors.ShapelyError)


def render(data: SheetData, out: Path, template: Template | None = None) -> None:
    """Write the sheet of one community as PDF; an existing file is replaced when the new one is whole.

    Args:
        data: What the sheet says.
        out: Where to write.
        template: Which parts, in which words; None: the assessment sheet.

    Raises:
        MissingCharacters: If a text has characters that no typeface has.
        OSError: If the file cannot be written.
    """
    kind = template or shipped(ASSESSMENT)
    data = as_form(data, kind)
    geometry = map_geojson(data)
    write(
        Paper(
            title=filled(kind.title, data),
            header=filled(kind.header, data),
            number=data.number,
            unit=data.unit,
            made=data.made,
            blocks=sheet_blocks(data, kind),
            data=data.canonical(),
            attached=(Attachment(MAP_NAME, geometry, "application/geo+json", "现状图的图形数据", "Source"),),
        ),
        out,
    )


def as_form(data: SheetData, kind: Template) -> SheetData:
    """Return the data as the sheet of a template carries them: under its number and name."""
    return replace(data, number=f"{kind.number}-{data.number.partition('-')[2]}", form=kind.name)


def parts(data: SheetData) -> list[Block]:
    """Return the blocks of an assessment sheet in order."""
    return sheet_blocks(data, shipped(ASSESSMENT))
