"""How the map figure draws each layer: colours of CJJ 61-2017 for pipes, symbols, legend texts.

Order in the tables is drawing order and order in the legend.
"""

from dataclasses import dataclass

from exports.sheet.canvas import Colour
from exports.sheet.data import MapItem


@dataclass(frozen=True, slots=True)
class AreaStyle:
    """An area.

    Attributes:
        layer: Asset table.
        legend: Text in the legend.
        fill: Colour inside.
        line: Colour of the outline.
    """

    layer: str
    legend: str
    fill: Colour
    line: Colour


@dataclass(frozen=True, slots=True)
class PipeStyle:
    """A pipe or cable.

    Attributes:
        layer: Asset table.
        legend: Text in the legend.
        code: Class code of CJJ 61-2017 that is written on the line.
        colour: RGB of CJJ 61-2017, appendix C.
        dash: Dash pattern in points, so that lines differ in black and white too.
    """

    layer: str
    legend: str
    code: str
    colour: Colour
    dash: tuple[float, ...] = ()

    @property
    def casing(self) -> Colour:
        """A darker tone of the colour: pure cyan or green alone is too faint on white paper."""
        red, green, blue = self.colour
        return red * 0.6, green * 0.6, blue * 0.6


@dataclass(frozen=True, slots=True)
class PointStyle:
    """A point symbol.

    Attributes:
        layer: Asset table.
        legend: Text in the legend.
        shape: circle, square, triangle or diamond.
        letter: Character inside the symbol.
        colour: Fill.
        kinds: Values of MapItem.kind that get this symbol; empty: all that are left.
    """

    layer: str
    legend: str
    shape: str
    letter: str
    colour: Colour
    kinds: tuple[str, ...] = ()

    def takes(self, item: MapItem) -> bool:
        """Say whether an item gets this symbol."""
        return not self.kinds or any(kind in item.kind for kind in self.kinds)


BOUNDARY: Colour = (0.78, 0.05, 0.05)
BOUNDARY_DASH = (7.0, 2.0, 1.5, 2.0)
SPACE: Colour = (0.80, 0.05, 0.45)
SPACE_DASH = (3.0, 1.6)
HOUSING: Colour = (0.945, 0.910, 0.830)
OTHER_BUILDING: Colour = (0.860, 0.820, 0.900)
BUILDING_LINE: Colour = (0.38, 0.36, 0.33)
ROAD: Colour = (0.930, 0.930, 0.925)
ROAD_LINE: Colour = (0.74, 0.74, 0.74)
AROUND: Colour = (0.930, 0.930, 0.930)
AROUND_LINE: Colour = (0.78, 0.78, 0.78)
PAPER: Colour = (0.985, 0.985, 0.978)

AREAS = (
    AreaStyle("green", "绿地", (0.860, 0.930, 0.830), (0.62, 0.75, 0.58)),
    AreaStyle("parking", "停车场地", (0.800, 0.860, 0.950), (0.45, 0.55, 0.75)),
)

# CJJ 61-2017, appendix C: 给水 0,255,255; 排水 76,57,38; 燃气 255,0,255; 电力 255,0,0.
PIPES = (
    PipeStyle("drain_line", "排水管线 PS", "PS", (0.298, 0.224, 0.149), (4.0, 1.4)),
    PipeStyle("water_line", "给水管线 JS", "JS", (0.0, 1.0, 1.0)),
    PipeStyle("gas_line", "燃气管线 RQ", "RQ", (1.0, 0.0, 1.0), (6.0, 1.2, 1.2, 1.2)),
    PipeStyle("power_line", "电力线路 DL", "DL", (1.0, 0.0, 0.0), (1.8, 1.4)),
)

_RED: Colour = (0.84, 0.09, 0.09)
_GREY: Colour = (0.45, 0.45, 0.45)
_MAGENTA: Colour = (0.80, 0.0, 0.80)
_TEAL: Colour = (0.0, 0.45, 0.50)
# What a hydrant that gives no water is called in the ledgers and in list hydrant_state of the forms.
_FAILED = ("无水", "缺件", "失效", "损坏", "漏水", "埋压", "压力不足", "待修", "故障")

POINTS = (
    PointStyle("valve", "阀门", "diamond", "", _TEAL),
    PointStyle("gate", "出入口", "triangle", "", (0.10, 0.10, 0.10)),
    PointStyle("gas_regulator", "燃气调压设施", "square", "调", _MAGENTA),
    PointStyle("transformer", "变压器", "square", "变", _RED),
    PointStyle("hydrant", "失效消火栓", "circle", "×", _GREY, _FAILED),
    PointStyle("hydrant", "消火栓", "circle", "栓", _RED),
)
LAYERS = (
    "building", "internal_road", "road",
    *(style.layer for style in AREAS), *(style.layer for style in PIPES),
    *dict.fromkeys(style.layer for style in POINTS),
)  # fmt: skip
