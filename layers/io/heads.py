"""Where a table begins: titles above its head, heads of several rows, tables without one, remarks below."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSET_BY_NAME
from layers.io import coordinates
from layers.io.angles import number
from layers.io.mapping import FIELD_ALIASES
from layers.io.report import FileReport

Row = Sequence[object]
Rows = Sequence[Row]

_CHINA = (3.0, 73.0, 136.0)  # degrees: southernmost latitude, longitudes in the west and the east
_DEPTH = 12  # filled rows in which a head may begin
_COMMON = frozenset({
    "序号", "编号", "备注", "面积", "电话", "联系人", "联系电话", "数量", "单位", "点号", "高程", "日期", "项目名称",
    "地块", "区域", "起点点号", "终点点号", "点名", "户主", "照片", "说明", "特征", "附属物", "no", "remark",
})  # fmt: skip
_ERRORS = frozenset({"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!"})
_PLAIN_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_MEASURED = re.compile(
    r"(?!(?:19|20)\d\d\.\d{1,2}$)[-+]?(?:\d+\.\d+|\d{6,})(?:[eE][-+]?\d+)?"
)  # as no heading is; 2020.1 is a month
_TITLE = re.compile(r"[\u4e00-\u9fff]\s*[:：]|^(?:附件|附表|表\s*\d)|(?:一览|汇总|统计|登记|调查|明细|成果)表$|^\s*#")
_REMARK = re.compile(r"^\s*(?:注|说明|备注|填表|制表|审核|填报|测量|复核|检查|单位负责人|负责人|日期)\S{0,6}\s*[:：]")


def cell(value: object) -> object:
    """Return what stands in a cell; None for nothing, blanks, and errors of a formula."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        return None if text in _ERRORS else text or None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def filled(rows: Rows) -> list[Row]:
    """Return the rows in which anything stands."""
    return [row for row in rows if any(cell(value) is not None for value in row)]


def find(rows: Rows) -> tuple[int, int] | None:
    """Return first and last row of the head; None if there is none. Blank rows must be gone.

    The head is the first row with several different texts, none of them
    measured; if it looks like a title and a row of headings follows, that one.
    Rows that refine it belong to it.
    """
    width = max((len(_texts(row)) for row in rows[:_DEPTH]), default=0)
    for index, row in enumerate(rows[: max(min(_DEPTH, len(rows) - 1), 0)]):
        if len(set(_texts(row))) >= min(2, width) and not _is_data(row):
            first = _below_titles(rows, index)
            last = first
            while last + 2 < len(rows) and (_refines(rows[last], rows[last + 1]) or _fills(rows[last], rows[last + 1])):
                last += 1
            return (first, last) if first + 1 < len(rows) else None
    return None


def _texts(row: Row) -> list[str]:
    return [str(value).strip() for value in row if cell(value) is not None]


def _is_data(row: Row) -> bool:
    """Say whether a row is measured: numbers only, or more than one with decimals or many digits."""
    texts = _texts(row)
    if all(_PLAIN_NUMBER.fullmatch(text) for text in texts):
        return True
    return sum(bool(_MEASURED.fullmatch(text)) for text in texts) >= 2


def _below_titles(rows: Rows, index: int) -> int:
    """Return the row of headings below titles that begin at a row; that row itself if it is none."""
    here = _known(rows[index])
    for below in range(index + 1, min(index + 5, len(rows) - 1)):
        if _is_data(rows[below]) or _fills(rows[index], rows[below]) or _refines(rows[index], rows[below]):
            break
        better = _known(rows[below])
        wider = len(set(_texts(rows[below]))) > len(set(_texts(rows[index])))
        is_title = here < 2 and any(map(_TITLE.search, _texts(rows[index])))
        if (better >= 2 and better > 2 * here) or (wider and is_title):
            return below
    return index


def _known(row: Row) -> int:
    """Return how many cells of a row are headings that we know; a letter alone is as often a value."""
    texts = {text for text in _texts(row) if len(text) > 1}
    return sum(_plain(text) in _words() or bool(coordinates.role(text)) for text in texts)


def _plain(text: str) -> str:
    return re.sub(r"[(（].*?[)）]|\s", "", unicodedata.normalize("NFKC", text)).lower()


@cache
def _words() -> frozenset[str]:
    labels = {column.zh.lower() for table in ASSET_BY_NAME.values() for column in table.columns}
    return _COMMON | labels | {alias for aliases in FIELD_ALIASES.values() for alias in aliases}


def _refines(upper: Row, lower: Row) -> bool:
    """Say whether a row is a second line of the head: it repeats merged cells and splits one that spans several."""
    pairs = list(zip(upper, lower, strict=False))
    same = sum(a == b and a is not None for a, b in pairs)
    split = [b for a, b in pairs if a != b and b is not None]
    spans = len([a for a, _b in pairs if a is not None]) > len({str(a) for a, _b in pairs if a is not None})
    return same >= 2 and bool(split) and spans and all(isinstance(value, str) for value in split)


def _fills(upper: Row, lower: Row) -> bool:
    """Say whether a row is a second line of a head whose cells are not merged: it stands only where the first spans."""
    above = [cell(value) for value in upper] + [None] * max(len(lower) - len(upper), 0)
    below = [cell(value) for value in lower] + [None] * max(len(upper) - len(lower), 0)
    stands = [column for column, value in enumerate(below) if value is not None]
    if len(stands) < 2 or _is_data(lower) or len(stands) == len(below):
        return False
    blank = all(above[column] is not None for column in range(len(below)) if below[column] is None)
    return (
        blank
        and all(_spans(above, column) for column in stands)
        and any(above[c] is None for c in stands) | (len({above[column] for column in stands}) < len(stands))
    )


def _spans(above: Sequence[object], column: int) -> bool:
    """Say whether the heading at a column goes on to the right or from the left."""
    here = above[column]
    if here is None:
        return column > 0
    following = above[column + 1] if column + 1 < len(above) else here
    return following is None or following == here or (column > 0 and above[column - 1] == here)


def names(rows: Rows, first: int, last: int, report: FileReport) -> list[str]:
    """Return one name per column: the lowest text of the head, with the one above where it stands under several.

    A repeated name gets a number. A column without a name keeps its values
    under its number, told.
    """
    head, body = [_spread(rows, row, last) for row in range(first, last + 1)], rows[last + 1 :]
    width = max(len(row) for row in rows[first:])
    stacks = [_stack(head, column) for column in range(width)]
    lowest = Counter(stack[-1] for stack in stacks if stack)
    found: list[str] = []
    for column, stack in enumerate(stacks):
        name = "".join(stack[-2:]) if stack and lowest[stack[-1]] > 1 else stack[-1] if stack else ""
        if not name and any(column < len(row) and cell(row[column]) is not None for row in body):
            name = _("column {n}").format(n=column + 1)
            report.warn("unnamed_column", _("A column without a heading was kept as “{name}”.").format(name=name))
        if name and name in found:
            text = _("The column {name} occurs twice; the second is called {name}_2.")
            report.warn("duplicate_column", text.format(name=name))
            name = next(each for n in range(2, width + 2) if (each := f"{name}_{n}") not in found)
        found.append(name)
    return found


def _spread(rows: Rows, row: int, last: int) -> list[object]:
    """Return a row of the head, its texts carried to the right over blanks below which a heading stands."""
    carried: list[object] = []
    below = rows[row + 1] if row < last else ()
    for column, value in enumerate(rows[row]):
        blank = cell(value) is None and column < len(below) and cell(below[column]) is not None
        carried.append(carried[-1] if blank and carried else value)
    return carried


def _stack(head: Rows, column: int) -> list[str]:
    """Return the different texts over a column, from top to bottom."""
    texts = [
        re.sub(r"\s+", "", str(row[column])) for row in head if column < len(row) and cell(row[column]) is not None
    ]
    return list(dict.fromkeys(texts))


def without_remarks(rows: Rows) -> list[Row]:
    """Return the rows of a table without the remarks at its end: one or two cells, such as 填表人：张三."""
    kept = list(rows)
    while kept and len(texts := _texts(kept[-1])) <= 2 and any(map(_REMARK.match, texts)):
        kept.pop()
    return kept


def is_headless(rows: Rows) -> bool:
    """Say whether a table is numbers, or measured points, from its first row on. Blank rows must be gone."""
    if not all(len(row) > 1 and _is_data(row) for row in rows[:_DEPTH]):
        return False
    return len(rows) > 1 or (len(rows) == 1 and any(_coordinates(rows, at) for at in range(len(rows[0]) - 1)))


def headless_names(rows: Rows) -> list[str]:
    """Return names for the columns of a table without a head: point number, code and coordinates where they are plain.

    The data files of CASS are such tables: number, code, easting, northing, height.
    """
    width = max(map(len, rows))
    found = [_("column {n}").format(n=column + 1) for column in range(width)]
    for column in range(width - 1):
        if (pair := _coordinates(rows, column)) is None:
            continue
        found[column], found[column + 1] = pair
        if column:
            found[0] = "点号"
        if column == 2:  # the order of CASS
            found[1] = "编码"
        if column + 2 < width:
            found[column + 2] = "高程"
        break
    return found


def _coordinates(rows: Rows, column: int) -> tuple[str, str] | None:
    """Return the headings for two columns that plainly hold coordinates."""
    x, y = (
        np.array([number(row[at]) if at < len(row) else np.nan for row in rows], float) for at in (column, column + 1)
    )
    if not np.isfinite(x).any() or not np.isfinite(y).any():
        return None
    if coordinates.is_north_first(x, y):
        return ("北坐标", "东坐标")
    if coordinates.is_north_first(y, x):
        return ("东坐标", "北坐标")
    low, high = float(np.nanmin([x, y])), float(np.nanmax([x, y]))
    if low > _CHINA[0] and high < _CHINA[2] and max(np.nanmin(x), np.nanmin(y)) > _CHINA[1]:
        return ("经度", "纬度") if np.nanmin(x) > np.nanmax(y) else ("纬度", "经度")
    return None
