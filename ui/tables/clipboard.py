"""Rows for the clipboard: tabs for text, HTML for tables, nothing that a spreadsheet would run as a formula."""

import html
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, CSV injection: what spreadsheets take for the beginning of one


def harmless(text: str, *, is_number: bool = False) -> str:
    r"""Return a text that a spreadsheet shows and does not run; on one line.

    >>> harmless("=1+1"), harmless("-3", is_number=True), harmless("a\tb")
    ("'=1+1", '-3', 'a b')
    """
    plain = " ".join(text.split())
    return plain if is_number or not plain.startswith(_FORMULA) else f"'{plain}"


def as_tabs(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[bool]) -> str:
    """Return rows as text with tabs, for Excel and WPS.

    Args:
        heads: Heads of the columns.
        rows: Texts of the cells.
        numbers: Whether a column holds numbers.
    """
    lines = ["\t".join(harmless(head) for head in heads)]
    lines += ["\t".join(harmless(t, is_number=n) for t, n in zip(row, numbers, strict=True)) for row in rows]
    return "\r\n".join(lines) + "\r\n"


def as_html(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[bool]) -> str:
    """Return rows as an HTML table, for Word and mail; texts are marked as texts, so that codes keep their zeros."""
    text = "mso-number-format:'\\@'"
    top = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
    lines = [
        "".join(
            f'<td align="right">{html.escape(cell)}</td>' if n else f'<td style="{text}">{html.escape(cell)}</td>'
            for cell, n in zip(row, numbers, strict=True)
        )
        for row in rows
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<html><head><meta charset="utf-8"></head><body><table border="1"><tr>{top}</tr>{body}</table></body></html>'
    )
