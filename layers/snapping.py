"""Snapping to what is there: vertices, crossings, middles and edges, straight from the columns, no index to build."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from layers.picking import rings_of
from layers.raw_types import Floats
from layers.sidecar import Sidecar

World = tuple[float, float]
_MOST_CROSSED = 60  # edges whose crossings are looked for: more lie under the pointer only from afar


class SnapKind(StrEnum):
    """What was snapped to, the strongest first."""

    VERTEX = "vertex"
    CROSSING = "crossing"
    MIDDLE = "middle"
    EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Snap:
    """Where the pointer was drawn to.

    Attributes:
        place: East and north, m.
        kind: What is there.
        table, uid: Of the feature.
        edge: Begin and end of the edge snapped to; for a vertex, that of an edge that begins or ends there.
    """

    place: World
    kind: SnapKind
    table: str
    uid: str
    edge: tuple[World, World]


@dataclass(frozen=True, slots=True)
class _Edges:
    begin: Floats
    end: Floats
    owner: list[tuple[str, str]]


def snap(
    sidecar: Sidecar, tables: Iterable[str], place: World, radius: float, without: frozenset[str] = frozenset()
) -> Snap | None:
    """Return the strongest thing within a radius (m), None if there is nothing.

    Args:
        sidecar: The layers.
        tables: Those to snap to.
        place: East and north of the pointer.
        radius: m.
        without: Records that are not snapped to: the one being moved.
    """
    edges = _near(sidecar, tables, place, radius, without)
    if not len(edges.begin):
        return None
    spot = np.array(place)
    for find in (_vertex, _crossing, _middle, _edge):
        found = find(edges, spot, radius)
        if found is not None:
            at, kind, index = found
            table, uid = edges.owner[index]
            begin, end = edges.begin[index].tolist(), edges.end[index].tolist()
            return Snap((float(at[0]), float(at[1])), kind, table, uid, ((begin[0], begin[1]), (end[0], end[1])))
    return None


_Found = tuple[Floats, SnapKind, int]


def _near(sidecar: Sidecar, tables: Iterable[str], place: World, radius: float, without: frozenset[str]) -> _Edges:
    box = (place[0] - radius, place[1] - radius, place[0] + radius, place[1] + radius)
    begins, ends, owner = [np.empty((0, 2))], [np.empty((0, 2))], list[tuple[str, str]]()
    for table in tables:
        for columns, index in sidecar.parts(table, box):
            for number in index.tolist():
                uid = columns.uids[number].decode()
                if uid in without:
                    continue
                for ring in rings_of(columns, number):
                    xy = ring / 1e3 + np.array(columns.origin)
                    one, other = (xy, xy) if len(xy) == 1 else (xy[:-1], xy[1:])
                    near = _touches(one, other, box)
                    begins.append(one[near])
                    ends.append(other[near])
                    owner += [(table, uid)] * int(near.sum())
    return _Edges(np.concatenate(begins), np.concatenate(ends), owner)


def _touches(
    one: Floats, other: Floats, box: tuple[float, float, float, float]
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    low, high = np.minimum(one, other), np.maximum(one, other)
    return (low[:, 0] <= box[2]) & (high[:, 0] >= box[0]) & (low[:, 1] <= box[3]) & (high[:, 1] >= box[1])


def _vertex(edges: _Edges, spot: Floats, radius: float) -> _Found | None:
    corners = np.concatenate([edges.begin, edges.end])
    away = np.hypot(*(corners - spot).T)
    best = int(away.argmin())
    return (corners[best], SnapKind.VERTEX, best % len(edges.begin)) if away[best] <= radius else None


def _crossing(edges: _Edges, spot: Floats, radius: float) -> _Found | None:
    count = len(edges.begin)
    if not 2 <= count <= _MOST_CROSSED:
        return None
    one, other = np.triu_indices(count, 1)
    step, turn = edges.end[one] - edges.begin[one], edges.end[other] - edges.begin[other]
    gap = edges.begin[other] - edges.begin[one]
    cross = step[:, 0] * turn[:, 1] - step[:, 1] * turn[:, 0]
    is_real = np.abs(cross) > 1e-9
    safe = np.where(is_real, cross, 1.0)
    t = (gap[:, 0] * turn[:, 1] - gap[:, 1] * turn[:, 0]) / safe
    u = (gap[:, 0] * step[:, 1] - gap[:, 1] * step[:, 0]) / safe
    inside = is_real & (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
    if not inside.any():
        return None
    places = edges.begin[one[inside]] + t[inside, None] * step[inside]
    away = np.hypot(*(places - spot).T)
    best = int(away.argmin())
    return (places[best], SnapKind.CROSSING, int(one[inside][best])) if away[best] <= radius else None


def _middle(edges: _Edges, spot: Floats, radius: float) -> _Found | None:
    middles = (edges.begin + edges.end) / 2
    away = np.hypot(*(middles - spot).T)
    best = int(away.argmin())
    return (middles[best], SnapKind.MIDDLE, best) if away[best] <= radius / 2 else None


def _edge(edges: _Edges, spot: Floats, radius: float) -> _Found | None:
    step = edges.end - edges.begin
    length = np.maximum((step**2).sum(axis=1), 1e-12)
    share = np.clip(((spot - edges.begin) * step).sum(axis=1) / length, 0, 1)
    places = edges.begin + share[:, None] * step
    away = np.hypot(*(places - spot).T)
    best = int(away.argmin())
    return (places[best], SnapKind.EDGE, best) if away[best] <= radius else None


def trace(ring: Sequence[World], begin: World, end: World) -> list[World]:
    """Return the vertices between two vertices of a line or ring, the shorter way round; none if they are not on it.

    A ring is closed: its last vertex is its first.
    """
    closed = len(ring) > 3 and ring[0] == ring[-1]
    corners = list(ring[:-1] if closed else ring)
    try:
        a, b = (_index(corners, place) for place in (begin, end))
    except ValueError:
        return []
    straight = corners[a + 1 : b] if a <= b else corners[b + 1 : a][::-1]
    if not closed:
        return straight
    around = (corners[b + 1 :] + corners[:a])[::-1] if a <= b else corners[a + 1 :] + corners[:b]
    return min(straight, around, key=lambda way: _length([begin, *way, end]))


def _index(corners: Sequence[World], place: World) -> int:
    for index, corner in enumerate(corners):
        if abs(corner[0] - place[0]) < 2e-3 and abs(corner[1] - place[1]) < 2e-3:
            return index
    raise ValueError(place)


def _length(way: Sequence[World]) -> float:
    return float(np.hypot(*np.diff(np.array(way), axis=0).T).sum())
