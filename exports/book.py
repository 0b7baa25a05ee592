"""The plan book of a city: cover, contents, summary, a chapter for each district with its sheets, index. One PDF.

Drawn community by community into one file (PDF/A-3a, PDF/UA-1): no more than
one sheet is in memory as values. A sheet that cannot be made leaves a page
that says why; the others are not touched.
"""

import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exports.heap import seldom_collected
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value

if TYPE_CHECKING:
    from exports.book_layout import Layout, SheetPages, Words
    from exports.sheet.structure import Structure
    from fieldsurvey.store import Store

Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class BookMade:
    """What was written.

    Attributes:
        out: The file.
        pages: Its pages.
        sheets: Communities with a sheet.
        failed: Code and name -> reason, for each sheet that could not be made.
    """

    out: Path
    pages: int
    sheets: int
    failed: Mapping[str, str]

    def told(self) -> list[str]:
        """Return sentences for the user on the sheets that are missing."""
        text = _("No sheet for {community}: {why}")
        return [text.format(community=label, why=why) for label, why in self.failed.items()]


def plan_book(
    store: "Store", out: Path, control: JobControl | None = None, *, today: str = "", restricted: bool = True
) -> BookMade:
    """Write the plan book of all communities of the project.

    Call it in the thread of the store.

    Args:
        store: The project.
        out: Where to write; replaced when the new file is whole.
        control: Progress and cancel.
        today: Day that the book is made on, ISO 8601; empty: today in China.
        restricted: Whether pipes, power and gas sites are on the maps.

    Raises:
        InputRefused: If the file cannot be written.
        JobCancelled: If the user stopped; nothing is written.
    """
    with seldom_collected():
        return _Maker(store, control or JobControl(), today, restricted=restricted).make(out)


class _Maker:
    def __init__(self, store: "Store", control: JobControl, today: str, *, restricted: bool) -> None:
        from exports.sheet.collect import CHINA, Collector
        from exports.sheet.forms import InstalledForms

        self._store, self._control, self._restricted = store, control, restricted
        self._today = today or datetime.now(CHINA).date().isoformat()
        self._source = Collector(store, InstalledForms(), self._today, restricted=restricted)
        self._rows = _rows(store)
        self._unit = (store.setting("organisation") or "").strip('"')
        self._done = 0

    def make(self, out: Path) -> BookMade:
        from exports.book_layout import Layout, label_of
        from exports.book_plan import plan_blocks

        try:
            out.parent.mkdir(parents=True, exist_ok=True)  # told before the work, not after it
        except OSError as error:
            raise _unwritable(out, error) from error
        layout = Layout(self._words(), self._rows, plan_blocks(self._store))
        draft, structure, data = self._drawn(layout)
        self._control.step(len(self._rows), len(self._rows) + 1, out.name)
        self._finish(draft, structure, data, out)
        labels = {str(row["uid"]): label_of(row) for row in self._rows}
        failed = {labels[uid]: why for uid, why in layout.failed.items()}
        return BookMade(out, len(structure.pages), len(labels) - len(failed), failed)

    def _drawn(self, layout: "Layout") -> "tuple[bytes, Structure, bytes]":
        """Return the PDF, its structure and its data."""
        from exports.book_layout import BookCanvas
        from exports.sheet.data import digest_of
        from exports.sheet.furniture import put_foot

        words, stream = self._words(), io.BytesIO()
        canvas = BookCanvas(stream, words.short_title, self._unit, words.number)
        layout.draw(canvas, self._sheet, self._step)
        data = self._data(layout)
        put_foot(canvas, words.number, digest_of(data), canvas.page)
        canvas.save()
        return stream.getvalue(), canvas.structure, data

    def _sheet(self, row: Row) -> "SheetPages":
        from exports.book_layout import label_of, sheet_pages

        return sheet_pages(label_of(row), self._source.sheet(str(row["uid"])))

    def _step(self, row: Row) -> None:
        from exports.book_layout import label_of

        self._control.step(self._done, len(self._rows) + 1, label_of(row))
        self._done += 1

    def _words(self) -> "Words":
        from exports.book_layout import Words, printable
        from exports.sheet import wording

        years = sorted({year for row in self._rows if isinstance(year := row["plan_year"], int)})
        span = f"（{years[0]}年）" if len(years) == 1 else f"（{years[0]}—{years[-1]}年）" if years else ""
        year, month, day = (int(part) for part in self._today.split("-"))
        unit = printable(self._unit)
        return Words(
            title=("老旧小区改造", "计划册", *([span] if span else [])),
            short_title=f"老旧小区改造计划册{span}",
            number=f"JH-{self._today.replace('-', '')}",
            foot=(*([unit] if unit else []), f"{year}年{month}月{day}日"),
            mark=wording.INTERNAL if self._restricted else "",
            figures="　".join(self._figures()),
        )

    def _figures(self) -> Iterator[str]:
        """Yield how much the book is about, as far as the ledger knows."""
        yield f"小区{len(self._rows):,}个"
        for column, name, unit in (("building_count", "楼栋", "栋"), ("household_count", "户数", "户")):
            known = [value for row in self._rows if isinstance(value := row[column], int)]
            if known:
                yield f"{name}{sum(known):,}{unit}"

    def _data(self, layout: "Layout") -> bytes:
        """Return the book's data as canonical JSON: the ledger figures, what is missing, and every sheet's data."""
        rows = [{name: value for name, value in row.items() if not isinstance(value, bytes)} for row in self._rows]
        head = {"communities": rows, "made": self._today, "missing": layout.failed}
        sheets = [layout.data.pop(uid) for row in self._rows if (uid := str(row["uid"])) in layout.data]
        text = json.dumps(head, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        return text[:-1] + b',"sheets":[' + b",".join(sheets) + b"]}"

    def _finish(self, draft: bytes, structure: "Structure", data: bytes, out: Path) -> None:
        from exports.sheet.archive import Attachment, Description, finish
        from exports.sheet.data import digest_of
        from exports.sheet.names import DATA_NAME

        words = self._words()
        unit = self._unit or "FieldSurvey"
        about = Description(words.short_title, unit, f"编号 {words.number}", self._today, digest_of(data))
        attached = [Attachment(DATA_NAME, data, "application/json", "本册数据，核验码由它计算")]
        partial = out.with_name(f".{out.name}.{os.getpid()}.part")
        try:
            finish(draft, structure, about, attached, partial)
            self._control.breathe()
            partial.replace(out)
        except OSError as error:
            raise _unwritable(out, error) from error
        finally:
            partial.unlink(missing_ok=True)


def _unwritable(out: Path, error: OSError) -> InputRefused:
    return InputRefused(_("{file} cannot be written: {why}").format(file=out.name, why=error.strerror))


def _rows(store: "Store") -> Sequence[Row]:
    """Return the communities in the order of the book, in characters that can be printed."""
    from exports.book_layout import printable
    from exports.book_tables import COLUMNS

    rows: list[Row] = [
        {name: printable(value) if isinstance(value, str) else value for name, value in row.items() if name != "geom"}
        for row in store.select("community", list(COLUMNS))
    ]
    return sorted(rows, key=lambda row: (row["district"] is None, *(str(row[name] or "") for name in _ORDER)))


_ORDER = ("district", "code", "name", "uid")
