"""The assessment sheet of one community (小区改造现状评估表)."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exports.sheet.data import SheetData
    from fieldsurvey.store import Store


def collect(store: "Store", community_uid: str) -> "SheetData":
    """Return the values of one community's sheet. Call it in the thread of the store.

    Raises:
        InputRefused: If there is no such community.
    """
    from exports.sheet.collect import collect as read

    return read(store, community_uid)


def render(data: "SheetData", out: Path) -> None:
    """Write a sheet as PDF. Any thread; the libraries for it are loaded at the first call.

    Raises:
        MissingCharacters: If a text has characters that no typeface has.
    """
    from exports.sheet.document import render as write

    write(data, out)
