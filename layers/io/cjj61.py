"""Pipeline survey tables after CJJ 61-2017: lines drawn between survey points, and the checks an office asks for.

The line table names its ends by point number (S_Point, E_Point or 起点点号,
终点点号) or gives their coordinates (S_X, S_Y: X is north); the point table
gives them for each number. Column names as seen in use, codes and checks:
domain page 5.6.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from fieldsurvey.i18n import _
from layers.io import cjj61_checks
from layers.io.angles import number
from layers.io.cjj61_checks import End, PointRow, Run
from layers.io.raw import RawLayer
from layers.io.report import FileReport

_POINT_NO = ("point_no", "exp_no", "pointno", "点号", "管线点号", "物探点号", "图上点号", "s_point")
_START = ("s_point", "s_exp", "sp_no", "起点点号", "起始点号", "本点号", "起点编号", "起点物探号")
_END = ("e_point", "e_exp", "ep_no", "终点点号", "终止点号", "连接点号", "终点编号", "连接方向", "终点物探号")
_ENDS_XY = (
    ("s_x", "起点x", "起点x坐标"),
    ("s_y", "起点y", "起点y坐标"),
    ("e_x", "终点x", "终点x坐标"),
    ("e_y", "终点y", "终点y坐标"),
)
_DEPTHS = (("s_deep", "起点埋深", "本点埋深"), ("e_deep", "终点埋深", "连接点埋深"))
_LEVELS = (
    ("s_h", "s_z", "s_level", "起点高程", "起点管线高程", "起点管顶高程", "起点管底高程", "本点高程"),
    ("e_h", "e_z", "e_level", "终点高程", "终点管线高程", "终点管顶高程", "终点管底高程", "连接点高程"),
)
_FEATURE = ("feature", "特征", "特征点", "管线点特征")
_APPURTENANCE = ("subsid", "appurtenance", "附属物", "附属物名称", "附属设施")
_GROUND = ("surf_h", "ground_z", "ground_h", "地面高程", "地面高", "高程", "h")
_CLASS = ("type", "管线类型", "管线种类", "管类", "管线类别", "code", "管线代码")
_SHORT, _LONG = 0.05, 75.0  # m between two survey points (domain page 5.6)
_DEEPEST = 15.0  # m; deeper cover is a slip of the decimal point
_SAME = 0.005  # m
_CLASSES = {
    "JS": "water_line", "JY": "water_line", "SS": "water_line", "ZS": "water_line", "JP": "water_line",
    "JZ": "water_line", "XS": "water_line", "LS": "water_line", "JH": "water_line",
    "PS": "drain_line", "YS": "drain_line", "WS": "drain_line", "HS": "drain_line",
    "RQ": "gas_line", "MQ": "gas_line", "YH": "gas_line", "TR": "gas_line",
    "DL": "power_line", "GD": "power_line", "LD": "power_line", "XH": "power_line", "DC": "power_line",
    "GG": "power_line",
}  # fmt: skip
_ALIASES = {"DX": "TX"}  # the edition of 2003 wrote DX for what is TX since 2017


@dataclass(frozen=True, slots=True)
class _Segment:
    row: int
    start: str
    end: str
    line: shapely.Geometry | None


def recognise(layers: Sequence[RawLayer], report: FileReport) -> list[RawLayer]:
    """Return the layers of a file with its pipe tables as lines; any other layer as it is."""
    points, rows = _points(layers), _point_rows(layers)
    found: list[RawLayer] = []
    for layer in layers:
        names = _by_name(layer)
        start, end = _first(names, _START), _first(names, _END)
        if layer.geometries is not None or start is None or end is None or start == end:
            found.append(layer)
            continue
        found += _lines(layer, start, end, points, rows, report)
    return found


def _point_rows(layers: Sequence[RawLayer]) -> dict[str, PointRow]:
    """Return what the point tables of a file say of each point besides its place."""
    found: dict[str, PointRow] = {}
    for layer in layers:
        names = _by_name(layer)
        number_column = _first(names, _POINT_NO)
        if layer.geometries is None or number_column is None:
            continue
        columns = [_first(names, wanted) for wanted in (_FEATURE, _APPURTENANCE, _GROUND)]
        for row, value in enumerate(layer.fields[number_column]):
            if value is not None:
                feature, appurtenance, ground = (layer.fields[c][row] if c else None for c in columns)
                found[_text(value)] = PointRow(_text(feature), _text(appurtenance), number(ground))
    return found


def _by_name(layer: RawLayer) -> dict[str, str]:
    return {re.sub(r"[(（].*?[)）]|\s", "", name).lower(): name for name in reversed(layer.fields)}


def _first(names: dict[str, str], wanted: Sequence[str]) -> str | None:
    return next((names[name] for name in wanted if name in names), None)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value or "").strip()


def _points(layers: Sequence[RawLayer]) -> dict[str, list[shapely.Point]]:
    """Return the places of each point number in the point tables of a file."""
    found: defaultdict[str, list[shapely.Point]] = defaultdict(list)
    for layer in layers:
        name = _first(_by_name(layer), _POINT_NO)
        if layer.geometries is not None and name is not None:
            for value, point in zip(layer.fields[name], layer.geometries, strict=True):
                if point is not None and value is not None and point.geom_type == "Point":
                    found[_text(value)].append(point)
    return found


def _lines(
    layer: RawLayer,
    start: str,
    end: str,
    points: dict[str, list[shapely.Point]],
    rows: dict[str, PointRow],
    report: FileReport,
) -> list[RawLayer]:
    names = _by_name(layer)
    ends = [_first(names, wanted) for wanted in _ENDS_XY]
    segments = []
    for row, (one, other) in enumerate(zip(layer.fields[start], layer.fields[end], strict=True)):
        if one is None and other is None:
            continue
        line = _own_line(layer, row, ends) if all(ends) else _between(_text(one), _text(other), points)
        segments.append(_Segment(row, _text(one), _text(other), line))
    _check(segments, points, report)
    _check_depths(layer, segments, report)
    has_kinds = any(row.feature or row.appurtenance for row in rows.values())
    cjj61_checks.check(_runs(layer, segments), rows, report, kinds=has_kinds)
    return _by_class(layer, segments, _first(names, _CLASS), report)


def _runs(layer: RawLayer, segments: Sequence[_Segment]) -> list[Run]:
    """Return the segments as the checks see them."""
    names = _by_name(layer)
    depths, levels = ([_first(names, wanted) for wanted in group] for group in (_DEPTHS, _LEVELS))
    kind = _first(names, _CLASS)

    def read(column: str | None, row: int) -> float:
        return number(layer.fields[column][row]) if column else float("nan")

    def end(name: str, at: int, row: int) -> End:
        return End(name, read(depths[at], row), read(levels[at], row))

    return [
        Run(
            end(each.start, 0, each.row),
            end(each.end, 1, each.row),
            float(each.line.length) if each.line is not None else float("nan"),
            _text(layer.fields[kind][each.row]).upper()[:2] if kind else "",
        )
        for each in segments
    ]


def _own_line(layer: RawLayer, row: int, ends: Sequence[str | None]) -> shapely.Geometry | None:
    north1, east1, north2, east2 = (number(layer.fields[name or ""][row]) for name in ends)
    places = [(east1, north1), (east2, north2)]
    return shapely.LineString(places) if np.isfinite(places).all() else None


def _between(start: str, end: str, points: dict[str, list[shapely.Point]]) -> shapely.Geometry | None:
    if start not in points or end not in points:
        return None
    return shapely.LineString([points[start][0], points[end][0]])


def _by_class(layer: RawLayer, segments: list[_Segment], column: str | None, report: FileReport) -> list[RawLayer]:
    """Return one layer for each of our tables that the pipe classes stand for; other classes stay together."""
    groups: defaultdict[str, list[_Segment]] = defaultdict(list)
    aliased = 0
    for segment in segments:
        code = _text(layer.fields[column][segment.row]).upper()[:2] if column else ""
        if code in _ALIASES and column:
            layer.fields[column][segment.row] = _ALIASES[code]
            aliased += 1
        groups[_CLASSES.get(code, "")].append(segment)
    if aliased:
        text = _("{n} lines of class DX (edition of 2003) were taken as TX.")
        report.note("class_renamed", text.format(n=aliased))
    found = []
    for table, members in groups.items():
        shapes = np.full(len(members), None, object)
        shapes[:] = [member.line for member in members]
        fields = {name: [values[member.row] for member in members] for name, values in layer.fields.items()}
        found.append(RawLayer(layer.name, fields, shapes, layer.crs, table))
    return found


# --- checks ----------------------------------------------------------------------------------------------------------


def _check(segments: list[_Segment], points: dict[str, list[shapely.Point]], report: FileReport) -> None:
    """Put into the report what is wrong with a network, one sentence for each kind, with examples."""
    used = {name for segment in segments for name in (segment.start, segment.end)}
    pairs = Counter(frozenset((segment.start, segment.end)) for segment in segments if segment.start != segment.end)
    lengths = {segment: float(segment.line.length) for segment in segments if segment.line is not None}
    _tell(report, "point_twice", _("{n} point numbers occur more than once: {names}."),
          [name for name, places in points.items() if len(places) > 1])  # fmt: skip
    _tell(report, "one_place_two_numbers", _("{n} places bear two point numbers: {names}."), _doubled(points))
    _tell(report, "no_run", _("{n} lines begin and end at one point: {names}."),
          [segment.start for segment in segments if segment.start == segment.end])  # fmt: skip
    _tell(report, "line_twice", _("{n} lines occur twice or reversed: {names}."),
          ["-".join(sorted(pair)) for pair, times in pairs.items() if times > 1])  # fmt: skip
    _tell(report, "point_missing", _("{n} points of lines are in no point table: {names}."),
          sorted(used - set(points)) if points else [])  # fmt: skip
    _tell(report, "point_unused", _("{n} points belong to no line: {names}."), sorted(set(points) - used))
    _tell(report, "length", _("{n} lines are shorter than 0.05 m or longer than 75 m: {names}."),
          [f"{s.start}-{s.end}" for s, length in lengths.items() if not _SHORT <= length <= _LONG])  # fmt: skip


def _doubled(points: dict[str, list[shapely.Point]]) -> list[str]:
    names = [name for name, places in points.items() for _place in places]
    shapes = np.array([place for places in points.values() for place in places], object)
    if len(shapes) < 2:
        return []
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_SAME)
    pairs = {tuple(sorted((names[a], names[b]))) for a, b in zip(first, second, strict=True) if names[a] != names[b]}
    return ["/".join(pair) for pair in sorted(pairs)]


def _check_depths(layer: RawLayer, segments: list[_Segment], report: FileReport) -> None:
    """Tell points whose cover differs between their lines by more than the survey writes, and cover that cannot be."""
    names = _by_name(layer)
    columns = [_first(names, wanted) for wanted in _DEPTHS]
    found: defaultdict[str, list[float]] = defaultdict(list)
    for segment in segments:
        for name, column in zip((segment.start, segment.end), columns, strict=True):
            if column is not None and np.isfinite(depth := number(layer.fields[column][segment.row])):
                found[name].append(depth)
    _tell(report, "depth", _("{n} points have a cover below 0 or above 15 m: {names}."),
          [name for name, depths in found.items() if min(depths) < 0 or max(depths) > _DEEPEST])  # fmt: skip
    _tell(report, "depth_differs", _("{n} points have another depth in each of their lines: {names}."),
          [name for name, depths in found.items() if max(depths) - min(depths) > _SAME])  # fmt: skip


def _tell(report: FileReport, code: str, text: str, names: Sequence[str]) -> None:
    if names:
        report.warn(code, text.format(n=len(names), names="、".join(names[:5])))
