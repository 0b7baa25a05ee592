"""What an office checks in pipeline survey tables after CJJ 61, beyond numbers and lengths (domain page 5.6)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fieldsurvey.i18n import _
from layers.io.report import FileReport

_BRANCHES = {"三通": 3, "四通": 4, "五通": 5}  # features of a point, and the segments that meet in it
_LEVELS = 0.02  # m: what ground, depth and pipe level may differ by; they are written in centimetres
_STEEPEST = 0.5  # fall per metre: more is a slip in a level or a depth
_FEW = 5


@dataclass(frozen=True, slots=True)
class PointRow:
    """One row of a point table.

    Attributes:
        feature: Such as 三通 or 转折点; may be empty.
        appurtenance: Such as 阀门 or 检修井; may be empty.
        ground: Level of the ground, m; NaN if it is not there.
    """

    feature: str = ""
    appurtenance: str = ""
    ground: float = float("nan")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a segment.

    Attributes:
        point: Its number.
        depth: Cover, m; NaN if it is not there.
        level: Level of the pipe, m; NaN if it is not there.
    """

    point: str
    depth: float = float("nan")
    level: float = float("nan")


@dataclass(frozen=True, slots=True)
class Run:
    """One segment: its ends, its length on the map in m (NaN without a place), and its class."""

    start: End
    end: End
    length: float
    kind: str


def check(runs: Sequence[Run], points: Mapping[str, PointRow], report: FileReport, *, kinds: bool) -> None:
    """Put into the report what does not agree, one sentence for each kind, with examples.

    Args:
        runs: Segments.
        points: By number.
        report: Takes the sentences.
        kinds: Whether the point table has columns for features and appurtenances.
    """
    if kinds:
        text = _("{n} points are neither a feature nor an appurtenance, or both: {names}.")
        _tell(report, "point_kind", text, _where(points, lambda row: bool(row.feature) == bool(row.appurtenance)))
        _tell(
            report,
            "branches",
            _("{n} branches do not join as many lines as they say: {names}."),
            _branches(runs, points),
        )
    text = _("{n} points: ground level is not depth plus pipe level: {names}.")
    _tell(report, "levels", text, _levels(runs, points))
    _tell(
        report, "level_differs", _("{n} points have another level in each of their lines: {names}."), _differing(runs)
    )
    text = _("{n} lines fall by more than half a metre per metre: {names}.")
    _tell(report, "slope", text, _steep(runs, points))
    _tell_parts(runs, report)


def _where(points: Mapping[str, PointRow], test: Callable[[PointRow], bool]) -> list[str]:
    return [name for name, row in points.items() if test(row)]


def _ends(runs: Sequence[Run]) -> Iterable[End]:
    for run in runs:
        yield run.start
        yield run.end


def _branches(runs: Sequence[Run], points: Mapping[str, PointRow]) -> list[str]:
    """Return the branches that join another number of lines than their name says; a line told twice counts once."""
    neighbours: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        neighbours[run.start.point].add(run.end.point)
        neighbours[run.end.point].add(run.start.point)
    found = []
    for name, row in points.items():
        wanted = next((count for word, count in _BRANCHES.items() if word in row.feature), 0)
        if wanted and len(neighbours[name] - {name}) != wanted:
            found.append(f"{name} ({row.feature} {len(neighbours[name] - {name})})")
    return found


def _levels(runs: Sequence[Run], points: Mapping[str, PointRow]) -> list[str]:
    found = dict.fromkeys(
        end.point
        for end in _ends(runs)
        if end.point in points and abs(points[end.point].ground - end.depth - end.level) > _LEVELS
    )
    return list(found)


def _differing(runs: Sequence[Run]) -> list[str]:
    levels: defaultdict[str, list[float]] = defaultdict(list)
    for end in _ends(runs):
        if np.isfinite(end.level):
            levels[end.point].append(end.level)
    return [name for name, found in levels.items() if max(found) - min(found) > _LEVELS]


def _steep(runs: Sequence[Run], points: Mapping[str, PointRow]) -> list[str]:
    found = []
    for run in runs:
        fall = abs(_level(run.start, points) - _level(run.end, points))
        if run.length > 0 and fall > _STEEPEST * max(run.length, 1.0):
            found.append(f"{run.start.point}-{run.end.point}")
    return found


def _level(end: End, points: Mapping[str, PointRow]) -> float:
    """Return the level of the pipe: as written, else ground less cover; NaN if neither is known."""
    if np.isfinite(end.level) or end.point not in points:
        return end.level
    return points[end.point].ground - end.depth


def _tell_parts(runs: Sequence[Run], report: FileReport) -> None:
    """Tell into how many parts each class of pipes falls; the network of a street is one."""
    for kind in sorted({run.kind for run in runs}):
        parts = _parts([run for run in runs if run.kind == kind])
        if len(parts) > 1:
            small = "、".join(min(part) for part in parts[-_FEW:])
            text = _("The lines of class {kind} fall into {n} parts that do not touch; the smallest begin at {names}.")
            report.note("parts", text.format(kind=kind or "?", n=len(parts), names=small))


def _parts(runs: Sequence[Run]) -> list[set[str]]:
    """Return the points of each connected part, the largest first."""
    head: dict[str, str] = {}

    def find(name: str) -> str:
        head.setdefault(name, name)
        while head[name] != name:
            head[name] = head[head[name]]
            name = head[name]
        return name

    for run in runs:
        head[find(run.start.point)] = find(run.end.point)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for name in head:
        groups[find(name)].add(name)
    sizes = Counter({root: len(group) for root, group in groups.items()})
    return [groups[root] for root, _size in sizes.most_common()]


def _tell(report: FileReport, code: str, text: str, names: Sequence[str]) -> None:
    if names:
        report.warn(code, text.format(n=len(names), names="、".join(names[:_FEW])))
