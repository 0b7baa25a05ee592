"""How layers look, as data: colours, widths, scales, order. Shared by map and sheets."""

from collections.abc import Mapping
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass, field
from functools import lru_cache

from fieldsurvey.i18n import N_

# Palette of the screens page; every colour comes with a word, and conditions also differ in print.
CONDITIONS: Mapping[str, tuple[str, str]] = {
    "good": ("#2C7BB6", N_("good")),
    "basic": ("#8FC6DE", N_("basically good")),
    "general": ("#F2C14E", N_("moderately damaged")),
    "severe": ("#E8743B", N_("severely damaged")),
    "danger": ("#A3122A", N_("dangerous")),
    "none": ("#6B6B6B", N_("missing")),
    "unsurveyed": ("#D0D0D0", N_("could not be looked at")),
}
STATES: Mapping[str, tuple[str, str, str]] = {
    "not_started": ("#9AA0A6", "○", N_("not started")),
    "draft": ("#C79A1B", "◐", N_("draft")),
    "complete": ("#2C7BB6", "●", N_("submitted")),
    "returned": ("#D9622B", "↩", N_("returned")),
    "superseded": ("#8A5A00", "⟳", N_("open for revision")),
    "reviewed": ("#2E8B57", "✓", N_("reviewed")),
    "approved": ("#14532D", "✔", N_("approved")),
}
NO_VALUE = "#E6E6E6"

# CJJ 61-2017 appendix: colours of pipe classes; printed legends name these.
CJJ61: Mapping[str, tuple[str, str]] = {
    "water_line": ("JS", "#00FFFF"),
    "drain_line": ("PS", "#4C3926"),
    "gas_line": ("RQ", "#FF00FF"),
    "power_line": ("DL", "#FF0000"),
}
_LEAST_CONTRAST = 3.0
_DARK = 0.18  # luminance of a ground that is dark
_WHITE = "#FFFFFF"


INNER = "@inner"  # what is no column: whether a record belongs to a community

STREETS: Mapping[str, float] = {"road": 3.0, "internal_road": 3.0}  # m on the ground for each px of the style's width


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.1, definition)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 … 21 (WCAG 2.1)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lightened(colour: str, ground: str) -> str:
    """Return the colour, lightened as little as needed to stand out 3:1 from a dark ground.

    >>> lightened("#4C3926", "#23262B")
    '#7E7063'
    """
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for percent in range(0, 101, 2):
        shade = "#" + "".join(f"{round(part + (255 - part) * percent / 100):02X}" for part in parts)
        if contrast(shade, ground) >= _LEAST_CONTRAST:
            return shade
    return "#FFFFFF"


def darkened(colour: str, ground: str) -> str:
    """Return the colour, darkened as little as needed to stand out 3:1 from a light ground.

    >>> darkened("#00FFFF", "#FFFFFF")
    '#00A3A3'
    """
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for percent in range(100, -1, -2):
        shade = "#" + "".join(f"{round(part * percent / 100):02X}" for part in parts)
        if contrast(shade, ground) >= _LEAST_CONTRAST:
            return shade
    return "#000000"


def dimmed(colour: str, most: float) -> str:
    """Return the colour, darkened until its luminance is `most`; its hue stays, and half of its saturation.

    >>> dimmed("#C6DCEC", 0.05)
    '#30424F'
    """
    if luminance(colour) <= most:
        return colour
    hue, light, saturation = rgb_to_hls(*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)))
    shade, low = colour, 0.0
    for _step in range(8):  # to the last of 256 steps
        middle = (low + light) / 2
        parts = hls_to_rgb(hue, middle, saturation / 2)
        shade = "#" + "".join(f"{round(part * 255):02X}" for part in parts)
        low, light = (low, middle) if luminance(shade) > most else (middle, light)
    return shade


@dataclass(frozen=True, slots=True)
class Style:
    """One layer.

    Attributes:
        table: Table of the project.
        fill: Fill colour of areas, or of point symbols; empty: none.
        line: Outline or line colour; empty: none.
        width: Line width in px.
        symbol: Shape of points: circle, square, triangle, diamond, cross.
        size: Size of points in px.
        closest, farthest: Scale denominators between which it is drawn.
        label_farthest: Scale denominator up to which labels are drawn; 0: never.
        label_size: Height of labels in px.
        by_kind: Value of the class column -> fill colour, in the order of the classes.
        inner_width, inner_farthest, inner_least: Of what belongs to a community, width in px, farthest scale, and size
            in px below which it is left out.
    """

    table: str
    fill: str = ""
    line: str = ""
    width: float = 1.0
    symbol: str = ""
    size: float = 6.0
    farthest: float = 1e12
    label_farthest: float = 0.0
    label_size: int = 12
    class_column: str = ""
    by_kind: Mapping[str, str] = field(default_factory=dict)
    inner_width: float = 0.0
    inner_farthest: float = 0.0
    inner_least: float = 0.0


_GROUND = "#F7F5F0"
_HOUSE = {"住宅": "#E9D5B5"}
_HYDRANT = {"完好": "#1B8A3A", "无水": "#A3122A", "漏水": "#D9622B", "埋压": "#7A1FA2", "缺件": "#C79A1B"}


def pipe_colour(table: str, ground: str = _GROUND) -> str:
    """Return the colour of a pipe layer on a light ground: the standard's, darkened until it can be seen."""
    return darkened(CJJ61[table][1], ground)


def _pipes(table: str) -> "Style":
    """Return the style of a pipe layer: from afar the mains alone, nearer what hangs on them, thinner."""
    return Style(
        table, line=pipe_colour(table), width=2.2, farthest=16_000, class_column=INNER, inner_width=1.4,
        inner_farthest=6_000, inner_least=6,
    )  # fmt: skip


LAYERS: tuple[Style, ...] = (
    Style("district", line="#B8AFA0", width=1.5, label_farthest=0),
    Style("landuse", fill="#EFEDE6", farthest=60_000),
    Style("hill", fill="#DCE8D2"),
    Style("water_body", fill="#C6DCEC", line="#9DBFD6"),
    Style("green", fill="#D5E8C8", farthest=15_000),
    Style("parking", fill="#E4E2DE", line="#C9C5BD", farthest=8_000),
    Style("community", line="#7A6A55", width=1.6, label_farthest=60_000, label_size=14),
    Style("road", line="#FFFFFF", width=3.0, farthest=120_000),
    Style("internal_road", line="#FFFFFF", width=2.0, farthest=12_000),
    Style("railway", line="#8A8A8A", width=1.5),
    Style(
        "building", fill="#DCD6CC", line="#A39A8C", width=0.8, farthest=40_000, label_farthest=2_500, label_size=12,
        class_column="kind", by_kind=_HOUSE,
    ),
    _pipes("drain_line"),
    _pipes("water_line"),
    _pipes("gas_line"),
    _pipes("power_line"),
    Style("outfall", fill="#4C3926", symbol="triangle", size=9, farthest=30_000),
    Style("manhole", fill="#FFFFFF", line="#4C3926", symbol="circle", size=5, farthest=1_500),
    Style("valve", fill="#FFFFFF", line="#007A7A", symbol="diamond", size=7, farthest=1_500),
    Style("pole", fill="#555555", symbol="circle", size=4, farthest=2_000),
    Style("lamp", fill="#E0B000", symbol="circle", size=4, farthest=2_000),
    Style("gate", fill="#333333", symbol="square", size=6, farthest=5_000),
    Style("stairwell", fill="#5B6B8C", symbol="square", size=4, farthest=2_000),
    Style("gas_regulator", fill="#CC00CC", line="#FFFFFF", symbol="square", size=8, farthest=8_000),
    Style("transformer", fill="#D40000", line="#FFFFFF", symbol="square", size=8, farthest=8_000),
    Style(
        "hydrant", fill="#1B8A3A", line="#FFFFFF", symbol="circle", size=8, farthest=8_000, class_column="state",
        by_kind=_HYDRANT,
    ),
    Style("photo", fill="#0B57D0", line="#FFFFFF", symbol="diamond", size=7, farthest=4_000),
)  # fmt: skip
BY_TABLE: Mapping[str, Style] = {style.table: style for style in LAYERS}
HIDDEN_AT_FIRST = frozenset({"lamp", "pole", "stairwell", "landuse"})


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours around the layers: light, dark, or sun (black on white, no greys).

    Attributes:
        ground: Paper of the map.
        text: Labels.
        halo: Around labels.
        selection: Outline of the selected community.
        fill_alpha: Opacity of community fills, 0 … 255.
        street: What is white in a light theme: streets.
        under_pipes: The ground from which pipes stand out least: of the paper, streets and filled communities.
    """

    ground: str = _GROUND
    text: str = "#2A2118"
    halo: str = "#FFFFFF"
    selection: str = "#0B57D0"
    fill_alpha: int = 90
    street: str = _WHITE
    under_pipes: str = "#D8D7D5"


# What lies on the ground, and its greatest luminance in a dark theme: houses lighter than what they stand on.
_AREAS: Mapping[str, float] = {
    "landuse": 0.03, "hill": 0.045, "water_body": 0.05, "green": 0.045, "parking": 0.04, "building": 0.17,
}  # fmt: skip

THEMES: Mapping[str, Theme] = {
    "light": Theme(),
    "dark": Theme("#23262B", "#F2F2F2", "#15171A", "#8AB4F8", 70, "#0E1013", "#23262B"),
    "sun": Theme("#FFFFFF", "#000000", "#FFFFFF", "#0000FF", 130, _WHITE, "#CBCED1"),
}


@lru_cache(maxsize=512)
def fill_colour(table: str, colour: str, theme: Theme) -> str:
    """Return the colour in which a theme shows an area or a sign: in a dark one no area glares, and no sign is lost.

    >>> [fill_colour("water_body", BY_TABLE["water_body"].fill, THEMES[name]) for name in ("light", "dark")]
    ['#C6DCEC', '#30424F']
    """
    if not colour or luminance(theme.ground) >= _DARK:
        return colour
    if table in _AREAS:
        return dimmed(colour, _AREAS[table])
    is_sign = table in BY_TABLE and bool(BY_TABLE[table].symbol)
    return lightened(colour, theme.ground) if is_sign else colour


@lru_cache(maxsize=512)
def line_colour(table: str, colour: str, theme: Theme) -> str:
    """Return the colour in which a theme shows a line: pipes stand out 3:1 from the ground, streets are not blinding.

    >>> [line_colour("water_line", pipe_colour("water_line"), THEMES[name]) for name in ("light", "dark")]
    ['#008585', '#00FFFF']
    """
    if table in STREETS:
        return theme.street if colour == _WHITE else colour
    if table not in CJJ61 or not colour:
        return colour
    plain = CJJ61[table][1] if colour == pipe_colour(table) else colour
    is_dark = luminance(theme.under_pipes) < _DARK
    return (lightened if is_dark else darkened)(plain, theme.under_pipes)
