"""Views one can go back to, and places one comes back to."""

import json
from dataclasses import dataclass

from layers.viewport import Viewport

_MOST = 50
_SAME = 0.02  # of the view: a smaller move is the same view


class ViewHistory:
    """The views of a session, as previous and next."""

    def __init__(self) -> None:
        self._views: list[Viewport] = []
        self._at = -1

    def note(self, view: Viewport) -> None:
        """Remember a view that was looked at; what lay ahead is dropped, a view like the last replaces it."""
        if self._at >= 0 and _alike(self._views[self._at], view):
            self._views[self._at] = view
            return
        self._views = [*self._views[: self._at + 1], view][-_MOST:]
        self._at = len(self._views) - 1

    def back(self) -> Viewport | None:
        """Return the view before, None at the beginning."""
        if self._at <= 0:
            return None
        self._at -= 1
        return self._views[self._at]

    def forward(self) -> Viewport | None:
        """Return the view after, None at the end."""
        if self._at + 1 >= len(self._views):
            return None
        self._at += 1
        return self._views[self._at]


def _alike(one: Viewport, other: Viewport) -> bool:
    return (
        abs(one.metres - other.metres) < _SAME * one.metres
        and abs(one.east - other.east) < _SAME * one.metres * one.width
        and abs(one.north - other.north) < _SAME * one.metres * one.height
    )


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place with a name.

    Attributes:
        name: What the person called it.
        east, north: Its centre, m in the project CRS.
        scale: Scale denominator.
    """

    name: str
    east: float
    north: float
    scale: float


def bookmarks_to_json(marks: list[Bookmark]) -> str:
    """Return bookmarks as the text that is kept in the project."""
    return json.dumps([[m.name, m.east, m.north, m.scale] for m in marks], ensure_ascii=False)


def bookmarks_from_json(text: str) -> list[Bookmark]:
    """Return the bookmarks of a project; none if the text is not theirs."""
    try:
        return [Bookmark(str(n), float(e), float(nn), float(s)) for n, e, nn, s in json.loads(text or "[]")]
    except (ValueError, TypeError):
        return []
