"""Numbers, dates and sizes of files reach the screen through ui/shown.py, which knows how people here write them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "ui"
BY_HAND = {"strftime"}


def by_hand(text: str) -> Iterator[tuple[int, str]]:
    """Yield what formats a value with thousands, or a time, by itself: line and what."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            spec = "".join(str(part.value) for part in node.format_spec.values if isinstance(part, ast.Constant))
            if "," in spec or "%" in spec.rstrip("%"):
                yield node.lineno, spec
        elif isinstance(node, ast.Attribute) and node.attr in BY_HAND:
            yield node.lineno, node.attr


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: path.relative_to(UI).as_posix())
def test_numbers_are_shown_by_one_room(path: Path) -> None:
    if path.name != "shown.py":
        assert not list(by_hand(path.read_text("utf-8")))


@pytest.mark.parametrize("text", ['f"{n:,}"', 'f"{n:,.2f} m"', 'f"{d:%Y-%m-%d}"', "d.strftime('%H')"])
def test_what_is_formatted_by_hand_is_noticed(text: str) -> None:
    assert list(by_hand(text))


@pytest.mark.parametrize("text", ['f"{n}"', 'f"{share:.0%}"', 'f"{n:.2f}"', '_("{n:,} rows").format(n=n)'])
def test_what_cannot_mislead_is_let_through(text: str) -> None:
    assert not list(by_hand(text))
