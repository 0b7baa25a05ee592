"""小区现状图: the map figure of a sheet, all in vectors."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from exports.sheet import map_style
from exports.sheet.canvas import BLACK, WHITE, Colour, SheetCanvas
from exports.sheet.data import MapData
from exports.sheet.faces import HEI
from exports.sheet.map_frame import Frame, Shapes, frame_for, path
from exports.sheet.map_items import NONE, Layers, Shown, sorted_items
from exports.sheet.map_legend import Entry, draw_legend, legend_height
from exports.sheet.map_marks import draw_grid_ticks, draw_north_arrow, draw_symbol, emptiest_corner
from exports.sheet.map_problems import PROBLEM, draw_problems
from exports.sheet.structure import Element
from exports.sheet.typography import TextStyle, draw_text, text_width

MAP_HEIGHT = 410.0  # points of the map itself; legend and lines below come on top
_NUMBER = TextStyle(HEI, 5.2, 6)
_STREET = TextStyle(HEI, 6.4, 8, colour=(0.42, 0.42, 0.42))
_CODE = TextStyle(HEI, 4.8, 6)
_DEFAULT_ROAD_M = 3.5
_HOUSING = "住宅"


@dataclass(frozen=True)
class MapFigure:
    """The figure: map, legend, scale bar, lines about coordinates and use.

    Attributes:
        data: What to show.
        width: Width in points.
        title: Alternative text.
        notes: Lines under the legend, left and right.
        problems: Number, and easting and northing in metres, of each problem point.
        problems_legend: What those points are.
        room: Height of the map itself in points.
        spaces: Areas (WKB) that the document is about, outlined over everything else.
        spaces_legend: What they are.
    """

    data: MapData
    width: float
    title: str
    notes: tuple[str, str]
    problems: tuple[tuple[str, tuple[float, float]], ...] = ()
    problems_legend: str = PROBLEM.legend
    room: float = MAP_HEIGHT
    spaces: tuple[bytes, ...] = ()
    spaces_legend: str = ""

    @cached_property
    def frame(self) -> Frame:
        """The window on the ground."""
        return frame_for(self.data.bounds, self.width, self.room)

    @cached_property
    def _sorted(self) -> tuple[Layers, Layers]:
        return sorted_items(self.data, self.frame, self._outline)

    @property
    def _shown(self) -> Layers:
        return self._sorted[0]

    def _of(self, layer: str) -> Shown:
        return self._shown.get(layer, NONE)

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return self.room + legend_height(len(self._entries))

    def split(self, _width: float, _room: float) -> None:
        """A figure stays whole."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, _width: float) -> None:
        """Draw the figure."""
        bottom = top - self.room
        below = legend_height(len(self._entries))
        box = (x, bottom - below, x + self.width, top)
        with canvas.marked(Element("Figure", alt=self.title, box=box)):
            with canvas.state():
                canvas.box(x, bottom, self.width, self.room, "W n")
                canvas.op(f"1 0 0 1 {x:.2f} {bottom:.2f} cm 1 j 1 J")
                self._draw_ground(canvas)
                self._draw_networks(canvas)
                self._draw_labels(canvas)
                self._draw_north(canvas)
                self._draw_spaces(canvas)
                draw_problems(canvas, self._problems(), self.frame)
                draw_grid_ticks(canvas, self.frame)
            canvas.stroke_style(BLACK, 0.6)
            canvas.box(x, bottom, self.width, self.room)
            draw_legend(canvas, self._entries, self.frame.scale, self.notes, (x, bottom, self.width))
            canvas.stroke_style(BLACK, 1.1)
            canvas.box(x, bottom - below, self.width, self.room + below)

    def _draw_spaces(self, canvas: SheetCanvas) -> None:
        if self.spaces:
            shapes = shapely.from_wkb(np.array(self.spaces, dtype=object))
            canvas.stroke_style(map_style.SPACE, 1.3, map_style.SPACE_DASH)
            canvas.op(path(shapes, self.frame) + "S")

    def _draw_around(self, canvas: SheetCanvas) -> None:
        """Draw the neighbourhood faintly: it says where the community lies, no more."""
        shapes = {layer: shown.path() for layer, shown in self._sorted[1].items()}
        canvas.fill_colour(map_style.PAPER)
        canvas.box(0, 0, self.frame.width, self.frame.height, "f")
        for layer in ("internal_road", *(pipe.layer for pipe in map_style.PIPES)):
            canvas.stroke_style(map_style.AROUND_LINE, 0.4)
            canvas.op(shapes.get(layer, "") + "S")
        self._fill(canvas, shapes.get("building", ""), map_style.AROUND, map_style.AROUND_LINE)

    def _draw_ground(self, canvas: SheetCanvas) -> None:
        self._draw_around(canvas)
        canvas.fill_colour(WHITE)
        canvas.op(self._boundary() + "f*")
        for layer in ("road", "internal_road"):
            self._draw_roads(canvas, layer)
        for area in map_style.AREAS:
            self._fill(canvas, self._of(area.layer).path(), area.fill, area.line)
        buildings = self._of("building")
        housing = [_HOUSING in item.kind for item in buildings.items]
        self._fill(canvas, buildings.path([not each for each in housing]), *_building(is_housing=False))
        self._fill(canvas, buildings.path(housing), *_building(is_housing=True))

    def _fill(self, canvas: SheetCanvas, shape: str, fill: Colour, line: Colour) -> None:
        canvas.fill_colour(fill)
        canvas.stroke_style(line, 0.35)
        canvas.op(shape + "B*")

    def _draw_roads(self, canvas: SheetCanvas, layer: str) -> None:
        """Draw all edges before all surfaces, so that crossings are open."""
        roads = self._of(layer)
        widths = [round(item.width or _DEFAULT_ROAD_M, 1) for item in roads.items]
        paths = {width: roads.path([each == width for each in widths]) for width in sorted(set(widths))}
        for edge, colour in ((0.9, map_style.ROAD_LINE), (0.0, map_style.ROAD)):
            for width, shape in paths.items():
                canvas.stroke_style(colour, width * self.frame.per_metre + edge)
                canvas.op(shape + "S")

    def _draw_networks(self, canvas: SheetCanvas) -> None:
        for pipe in map_style.PIPES:
            shape = self._of(pipe.layer).path()
            canvas.stroke_style(pipe.casing, 1.5, pipe.dash)
            canvas.op(shape + "S")
            canvas.stroke_style(pipe.colour, 0.9, pipe.dash)
            canvas.op(shape + "S")
        canvas.stroke_style(map_style.BOUNDARY, 1.6, map_style.BOUNDARY_DASH)
        canvas.op(self._boundary() + "S")
        for symbol, items in self._symbols:
            for px, py in items:
                draw_symbol(canvas, symbol, px, py)

    @cached_property
    def _outline(self) -> Shapes:
        found = [shapely.from_wkb(self.data.boundary)] if self.data.boundary else []
        return np.array(found, dtype=object)

    def _boundary(self) -> str:
        return path(self._outline, self.frame)

    @cached_property
    def _symbols(self) -> list[tuple[map_style.PointStyle, list[list[float]]]]:
        """Return the places on paper of each point symbol; the first style that takes an item draws it."""
        found: list[tuple[map_style.PointStyle, list[list[float]]]] = []
        for style in map_style.POINTS:
            layer = self._of(style.layer)
            rivals = [
                each for each in map_style.POINTS if each.layer == style.layer and each.kinds and each is not style
            ]
            mine = [
                style.takes(item) and (bool(style.kinds) or not any(rival.takes(item) for rival in rivals))
                for item in layer.items
            ]
            if any(mine):
                points = shapely.get_coordinates(layer.geometries[np.array(mine, dtype=bool)])
                found.append((style, self.frame.to_paper(points).tolist()))
        return found

    def _draw_labels(self, canvas: SheetCanvas) -> None:
        self._label_streets(canvas)
        for place, pipe in enumerate(map_style.PIPES):
            self._label_pipe(canvas, pipe, 0.34 + 0.11 * place)
        buildings = self._of("building")
        if not buildings.items:
            return
        geometries = buildings.geometries
        spots = self.frame.to_paper(shapely.get_coordinates(shapely.point_on_surface(geometries))).tolist()
        sizes = (shapely.bounds(geometries)[:, 2:] - shapely.bounds(geometries)[:, :2]) * self.frame.per_metre
        for item, (px, py), (width, height) in zip(buildings.items, spots, sizes.tolist(), strict=True):
            if item.label and max(width, height) >= text_width(item.label, _NUMBER) and min(width, height) > 5:
                draw_text(canvas, item.label, _NUMBER, px, py - 1.8, "centre")

    def _label_streets(self, canvas: SheetCanvas) -> None:
        """Write each street's name once, along the longest piece in view."""
        roads = self._of("road")
        longest: dict[str, Shapes] = {}
        for item, geometry in zip(roads.items, shapely.clip_by_rect(roads.geometries, *self.frame.view), strict=True):
            line = _longest_part(geometry)
            if item.label and line is not None and line.length > getattr(longest.get(item.label), "length", 0.0):
                longest[item.label] = line
        for name, line in longest.items():
            self._write_along(canvas, name, _STREET, line, 0.5)

    def _label_pipe(self, canvas: SheetCanvas, pipe: map_style.PipeStyle, share: float) -> None:
        """Write the class code of CJJ 61 on the longest line of a pipe layer."""
        if pipe.layer not in self._shown:
            return
        longest = _longest_part(shapely.clip_by_rect(self._of(pipe.layer).geometries, *self.frame.view))
        if longest is not None:
            self._write_along(canvas, pipe.code, _CODE.but(colour=pipe.casing), longest, share, plate=True)

    def _write_along(
        self, canvas: SheetCanvas, text: str, style: TextStyle, line: Shapes, middle: float, *, plate: bool = False
    ) -> None:
        room = line.length * self.frame.per_metre
        width = text_width(text, style)
        if room < width + 4:
            return
        spots = [line.interpolate(share, normalized=True) for share in (middle, middle - 0.02, middle + 0.02)]
        (px, py), (ax, ay), (bx, by) = self.frame.to_paper(np.array([(p.x, p.y) for p in spots])).tolist()
        dx, dy = (bx - ax, by - ay) if (bx - ax, by - ay) > (0.0, 0.0) else (ax - bx, ay - by)
        length = float(np.hypot(dx, dy)) or 1.0
        cos, sin = dx / length, dy / length
        with canvas.state():
            canvas.op(f"{cos:.4f} {sin:.4f} {-sin:.4f} {cos:.4f} {px:.2f} {py:.2f} cm")
            if plate:
                canvas.fill_colour(WHITE)
                canvas.box(-width / 2 - 0.8, -2.6, width + 1.6, 5.2, "f")
            draw_text(canvas, text, style, 0, -style.size * 0.36, "centre")

    def _draw_north(self, canvas: SheetCanvas) -> None:
        drawn = [shown.geometries for layers in self._sorted for shown in layers.values()]
        shapes = np.concatenate([*drawn, self._outline])
        draw_north_arrow(canvas, *emptiest_corner(shapes, self.frame))

    def _problems(self) -> list[tuple[str, float, float]]:
        """Return number and place on paper of the problem points in view."""
        if not self.problems:
            return []
        spots = self.frame.to_paper(np.array([point for _number, point in self.problems])).tolist()
        numbered = ((number, x, y) for (number, _point), (x, y) in zip(self.problems, spots, strict=True))
        return [each for each in numbered if 0 < each[1] < self.frame.width and 0 < each[2] < self.frame.height]

    @cached_property
    def _entries(self) -> list[Entry]:
        """Return the legend: what is in view, in drawing order."""
        entries = (
            [Entry("line", "小区范围", map_style.BOUNDARY, dash=map_style.BOUNDARY_DASH)] if self.data.boundary else []
        )
        if self.spaces:
            entries.append(Entry("line", self.spaces_legend, map_style.SPACE, dash=map_style.SPACE_DASH))
        kinds = [item.kind for item in self._of("building").items]
        if any(_HOUSING in kind for kind in kinds):
            entries.append(Entry("area", "住宅楼", *_building(is_housing=True)))
        if any(_HOUSING not in kind for kind in kinds):
            entries.append(Entry("area", "其他建筑", *_building(is_housing=False)))
        entries += [
            Entry("area", each.legend, each.fill, each.line) for each in map_style.AREAS if each.layer in self._shown
        ]
        if {"road", "internal_road"} & set(self._shown):
            entries.append(Entry("area", "道路", map_style.ROAD, map_style.ROAD_LINE))
        entries += [
            Entry("line", each.legend, each.colour, each.casing, each.dash)
            for each in map_style.PIPES
            if each.layer in self._shown
        ]
        entries += [Entry("symbol", style.legend, BLACK, symbol=style) for style, _places in self._symbols]
        return [*entries, Entry("symbol", self.problems_legend, BLACK, symbol=PROBLEM)] if self._problems() else entries


def _longest_part(geometries: Shapes) -> Shapes:
    """Return the longest single line in one geometry or an array of them, or None."""
    parts = shapely.get_parts(shapely.get_parts(np.atleast_1d(geometries)))
    lengths = shapely.length(parts)
    return parts[lengths.argmax()] if lengths.size and lengths.max() > 0 else None


def _building(*, is_housing: bool) -> tuple[Colour, Colour]:
    return (map_style.HOUSING if is_housing else map_style.OTHER_BUILDING), map_style.BUILDING_LINE
