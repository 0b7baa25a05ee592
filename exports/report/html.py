"""Small pieces of HTML and SVG. Every text is escaped here; nothing on a page comes from anywhere else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

STYLE = """
:root{--ink:#1f2733;--soft:#5b6673;--line:#d5dbe3;--ground:#f5f7fa;--accent:#1f5f99}
*{box-sizing:border-box}
body{margin:0;font:15px/1.6 "Noto Sans SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif;
 color:var(--ink);background:var(--ground)}
main{max-width:1160px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:28px;margin:8px 0 4px}
h2{font-size:20px;margin:34px 0 10px;border-left:5px solid var(--accent);padding-left:10px}
h3{font-size:16px;margin:20px 0 8px}
p.note,.note{color:var(--soft);font-size:13px}
.cards{display:flex;flex-wrap:wrap;gap:12px;margin:18px 0}
.card{background:#fff;border:1px solid var(--line);border-radius:8px;padding:12px 18px;min-width:140px;flex:1}
.card b{display:block;font-size:21px;line-height:1.4;font-variant-numeric:tabular-nums}.card span{color:var(--soft)}
.panel{background:#fff;border:1px solid var(--line);border-radius:8px;padding:14px 16px;margin:10px 0;overflow-x:auto}
table{border-collapse:collapse;width:100%;background:#fff}
th,td{border:1px solid var(--line);padding:6px 9px;text-align:left;vertical-align:top}
th{background:#eef1f5;font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n,td:first-child{white-space:nowrap}
tr.sum td{font-weight:600;background:#eef1f5}
a{color:var(--accent)}
svg{display:block;width:100%;height:auto}
.pick{position:absolute;opacity:0}
.maps label{display:inline-block;border:1px solid var(--line);background:#fff;border-radius:18px;padding:6px 16px;
 margin:0 6px 8px 0;cursor:pointer}
.legend span{display:inline-block;margin-right:16px;font-size:13px}
.legend i{display:inline-block;width:13px;height:13px;margin-right:5px;vertical-align:-2px;border:1px solid #0003}
@media print{body{background:#fff}.panel,.card{break-inside:avoid}.maps label{display:none}}
"""


_BESIDE = 24  # px between the labels of a chart and its bars, and before them


class Html(str):
    """A text that is HTML already; any other text is escaped."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        title: Its head.
        is_number: Whether it is set to the right.
    """

    title: str
    is_number: bool = False


def page(title: str, body: Iterable[str], *, more_style: str = "") -> str:
    """Return a whole page; body is HTML already."""
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{more_style}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def heading(text: str, level: int = 2, anchor: str = "") -> str:
    """Return a heading."""
    name = f' id="{escape(anchor)}"' if anchor else ""
    return f"<h{level}{name}>{escape(text)}</h{level}>"


def note(text: str) -> str:
    """Return small print."""
    return f'<p class="note">{escape(text)}</p>'


def link(text: str, target: str) -> Html:
    """Return a link to another page of the folder."""
    return Html(f'<a href="{escape(target)}">{escape(text)}</a>')


def cards(figures: Mapping[str, str]) -> str:
    """Return large figures side by side, each with what it is."""
    told = "".join(f'<div class="card"><b>{escape(v)}</b><span>{escape(k)}</span></div>' for k, v in figures.items())
    return f'<div class="cards">{told}</div>'


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, total: Sequence[str] | None = None) -> str:
    """Return a table; cells are texts, or links made by link()."""
    head = "".join(f'<th scope="col"{_number(column)}>{escape(column.title)}</th>' for column in columns)
    lines = [_row(columns, row) for row in rows]
    if total is not None:
        lines.append(_row(columns, total, ' class="sum"'))
    return f'<div class="panel"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def _row(columns: Sequence[Column], cells: Sequence[str], kind: str = "") -> str:
    made = (
        f"<td{_number(column)}>{cell if isinstance(cell, Html) else escape(cell)}</td>"
        for column, cell in zip(columns, cells, strict=True)
    )
    return f"<tr{kind}>{''.join(made)}</tr>"


def _number(column: Column) -> str:
    return ' class="n"' if column.is_number else ""


def bars(title: str, values: Sequence[tuple[str, float, str]], colour: str = "#1f5f99", of: float | None = None) -> str:
    """Return a bar chart: (label, value, value as printed), lengths to scale from zero; of: what a whole row is."""
    if not values:
        return ""
    row, room = 30, 640
    left = _BESIDE + max(_width_of(label) for label, _value, _printed in values)
    largest = of or max(value for _label, value, _printed in values) or 1.0
    height = row * len(values) + 8
    drawn = []
    for index, (label, value, printed) in enumerate(values):
        y, width = index * row + 6, max(value, 0.0) / largest * room
        drawn.append(
            f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{left}" y="{y}" width="{width:.1f}" height="20" fill="{colour}"/>'
            f'<text x="{left + width + 6:.1f}" y="{y + 15}">{escape(printed)}</text>'
        )
    told = "；".join(f"{label} {printed}" for label, _value, printed in values)
    svg = (
        f'<svg viewBox="0 0 {left + room + 170} {height}" role="img" aria-label="{escape(f"{title}：{told}")}" '
        f'font-size="14" fill="#1f2733">{"".join(drawn)}</svg>'
    )
    return f'<div class="panel"><h3>{escape(title)}</h3>{svg}</div>'


def stacked(
    title: str, parts: Sequence[str], rows: Sequence[tuple[str, Sequence[float]]], colours: Sequence[str]
) -> str:
    """Return stacked bars with their legend: a label and the value of each part for each row, to one scale."""
    height, room = 30, 640
    left = _BESIDE + max((_width_of(label) for label, _values in rows), default=0)
    largest = max((sum(values) for _label, values in rows), default=0.0) or 1.0
    drawn, told = [], []
    for index, (label, values) in enumerate(rows):
        x, y = float(left), index * height + 6
        drawn.append(f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>')
        for value, colour in zip(values, colours, strict=True):
            width = value / largest * room
            drawn.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="20" fill="{colour}"/>')
            x += width
        drawn.append(f'<text x="{x + 6:.1f}" y="{y + 15}">{sum(values):,.10g}</text>')
        told.append(f"{label} " + "、".join(f"{part} {value:,.10g}" for part, value in zip(parts, values, strict=True)))
    words = escape(f"{title}：" + "；".join(told))
    svg = (
        f'<svg viewBox="0 0 {left + room + 170} {height * len(rows) + 8}" role="img" '
        f'aria-label="{words}" font-size="14" fill="#1f2733">{"".join(drawn)}</svg>'
    )
    return f'<div class="panel"><h3>{escape(title)}</h3>{legend(dict(zip(parts, colours, strict=True)))}{svg}</div>'


def _width_of(label: str) -> int:
    """Return about how wide a label is at 14 px."""
    return round(sum(14 if ord(sign) > 0xFF else 8 for sign in label))


def legend(entries: Mapping[str, str]) -> str:
    """Return a legend: what -> colour."""
    told = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>' for name, colour in entries.items()
    )
    return f'<div class="legend">{told}</div>'
