"""What a person draws on a photo: kept beside it as data of its own, the photo itself is never touched."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Spot = tuple[float, float]  # across and down, as parts of the upright photo's width and height, 0 … 1
KINDS = {"arrow": 2, "circle": 2, "text": 1, "line": 2, "cover": 2}  # kind -> how many spots it needs at least
MOST_MARKS = 200
_MOST_SPOTS = 2_000
_MOST_LETTERS = 200
_HEAD = 0.030  # length of an arrow's head, as a part of the longer side
_SPREAD = math.radians(26)


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing drawn on a photo.

    Attributes:
        kind: One of KINDS: an arrow from its first spot to its second, an ellipse in the box of two, a text that
            begins at its spot, a line drawn by hand, or a cover that makes the box of two unrecognisable.
        spots: Where.
        text: The words of a text.
    """

    kind: str
    spots: tuple[Spot, ...]
    text: str = ""


def to_json(marks: Iterable[Mark]) -> str:
    """Return marks as they are stored; empty if there are none."""
    raw = [{"kind": mark.kind, "spots": _rounded(mark.spots), "text": mark.text} for mark in marks]
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":")) if raw else ""


def from_json(text: str) -> tuple[Mark, ...]:
    """Return stored marks; what is no mark is left out, since a photo must be shown whatever came with it."""
    try:
        raw = json.loads(text) if text else []
    except ValueError:
        return ()
    found = [_mark(entry) for entry in raw[:MOST_MARKS]] if isinstance(raw, list) else []
    return tuple(mark for mark in found if mark is not None)


def arrow_head(start: Spot, end: Spot, longer: float) -> tuple[Spot, Spot]:
    """Return the two ends of an arrow's head, in the units of its spots.

    Args:
        start: Where the arrow begins, in pixels.
        end: What it points at, in pixels.
        longer: The longer side of the picture, in pixels.
    """
    back = math.atan2(start[1] - end[1], start[0] - end[0])
    length = _HEAD * longer
    left, right = (
        (end[0] + length * math.cos(back + turn), end[1] + length * math.sin(back + turn))
        for turn in (_SPREAD, -_SPREAD)
    )
    return left, right


def _rounded(spots: Iterable[Spot]) -> list[list[float]]:
    return [[round(x, 4), round(y, 4)] for x, y in spots]


def _mark(raw: Any) -> Mark | None:  # noqa: ANN401 - JSON
    try:
        kind, text = str(raw["kind"]), str(raw.get("text", ""))[:_MOST_LETTERS]
        spots = tuple((float(x), float(y)) for x, y in raw["spots"][:_MOST_SPOTS])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    is_inside = all(-1 <= value <= 2 for spot in spots for value in spot)
    return Mark(kind, spots, text) if kind in KINDS and len(spots) >= KINDS[kind] and is_inside else None
