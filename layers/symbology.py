"""How layers look, as data that a person can change: saved in the project, drawn by the map, told by the legend."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _
from layers.columns import Columns
from layers.raw_types import Bytes, Ints
from layers.style import BY_TABLE, CONDITIONS, HIDDEN_AT_FIRST, INNER, LAYERS, NO_VALUE, STATES, Style

SINGLE, CATEGORISED, GRADUATED, BY_SCALE = "single", "categorised", "graduated", "scale"
KINDS = (SINGLE, CATEGORISED, GRADUATED, BY_SCALE)
SHAPES = ("circle", "square", "triangle", "diamond", "cross")
DASHES = ("", "dash", "dot")
STATE, CONDITION = "@state", "@condition"  # columns that are counted, not stored
FAR = 1e12
MOST_CLASSES = 250  # codes are bytes; 0 is every other value
_VERSION = 1
# Ten colours that people with red-green blindness tell apart (P. Tol, "Colour schemes", SRON/EPS/TN/09-002, "muted").
PALETTE = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777",
)  # fmt: skip
RAMP = ("#2C7BB6", "#8FC6DE", "#F2C14E", "#E8743B", "#A3122A")  # the condition palette: low to high


@dataclass(frozen=True, slots=True)
class Symbol:
    """How one feature is drawn.

    Attributes:
        fill: Colour of areas and points, #rrggbb; empty: none.
        line: Colour of outlines and lines; empty: none.
        width: Line width, px.
        shape: Shape of points, one of SHAPES; empty for lines and areas.
        size: Size of points, px.
        dash: One of DASHES.
        opacity: 0 … 1.
    """

    fill: str = ""
    line: str = ""
    width: float = 1.0
    shape: str = ""
    size: float = 6.0
    dash: str = ""
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class StyleClass:
    """One class of a layer.

    Attributes:
        label: What the legend says.
        symbol: How it is drawn.
        value: The value, of a categorised layer.
        low, high: low <= value < high, of a graduated layer; low <= scale denominator < high, of one by scale.
        farthest: Scale denominator up to which the class is drawn.
        least: Size in px below which a feature of it is left out on the screen.
    """

    label: str
    symbol: Symbol
    value: str = ""
    low: float = 0.0
    high: float = FAR
    farthest: float = FAR
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class LabelStyle:
    """The labels of a layer.

    Attributes:
        column: Column whose value is written; empty: no labels.
        size: Height, px.
        farthest: Scale denominator up to which labels are drawn.
        priority: The higher goes first where there is no room for all.
        halo: Whether a light edge sets the text off.
    """

    column: str = ""
    size: int = 12
    farthest: float = 2_500.0
    priority: int = 0
    halo: bool = True


@dataclass(frozen=True, slots=True)
class LayerStyle:
    """One layer.

    Attributes:
        table: Table of the project.
        symbol: How it is drawn; of the kinds with classes, how what is in no class is drawn.
        kind: One of KINDS.
        column: Column that decides the class; "form.column" takes the answers of a form, STATE and CONDITION count.
        classes: The classes in the order of the legend.
        label: The labels.
        nearest, farthest: Scale denominators between which it is drawn.
        visible: Whether it is switched on.
    """

    table: str
    symbol: Symbol = field(default_factory=Symbol)
    kind: str = SINGLE
    column: str = ""
    classes: tuple[StyleClass, ...] = ()
    label: LabelStyle = field(default_factory=LabelStyle)
    nearest: float = 0.0
    farthest: float = FAR
    visible: bool = True

    def is_drawn_at(self, scale: float) -> bool:
        """Say whether the layer is on the map at a scale denominator."""
        return self.visible and self.nearest <= scale <= self.farthest

    def symbols(self, scale: float) -> tuple[Symbol, ...]:
        """Return the symbol of every code at a scale: first that of no class."""
        if self.kind == BY_SCALE:
            return (next((c.symbol for c in self.classes if c.low <= scale < c.high), self.symbol),)
        if self.kind == SINGLE:
            return (self.symbol,)
        return (self.symbol, *(c.symbol for c in self.classes))

    def hidden(self, scale: float) -> frozenset[int]:
        """Return the codes of the classes that are not drawn at a scale denominator."""
        if self.kind not in {CATEGORISED, GRADUATED}:
            return frozenset()
        return frozenset(number for number, one in enumerate(self.classes, 1) if scale > one.farthest)

    def code(self, value: object) -> int:
        """Return the class of a value: 0 for none, else 1 + its place."""
        if value is None or value == "":
            return 0
        for place, one in enumerate(self.classes, 1):
            if self.kind == CATEGORISED and str(value) == one.value:
                return place
            if self.kind == GRADUATED and isinstance(value, int | float) and one.low <= value < one.high:
                return place
        return 0


class Codes:
    """The class of every feature of a layer, by record; brought into the order of the columns once."""

    def __init__(self, by_uid: Mapping[str, int]) -> None:
        uids = np.array(list(by_uid), "S32")
        order = np.argsort(uids)
        self._uids, self._codes = uids[order], np.array(list(by_uid.values()), np.uint8)[order]
        self._aligned: dict[int, tuple[Columns, Bytes]] = {}

    def of(self, columns: Columns, index: Ints) -> Bytes:
        """Return the codes of some features, shape of index; 0 for a record that has none."""
        known = self._aligned.get(id(columns))
        if known is None or known[0] is not columns:
            known = self._aligned[id(columns)] = (columns, self._align(columns))
        return np.asarray(known[1][index])

    def _align(self, columns: Columns) -> Bytes:
        if not len(self._uids):
            return np.zeros(len(columns), np.uint8)
        place = np.minimum(np.searchsorted(self._uids, columns.uids), len(self._uids) - 1)
        return np.where(self._uids[place] == columns.uids, self._codes[place], 0).astype(np.uint8)


def is_baked(style: LayerStyle) -> bool:
    """Say whether the classes are those that stand in the side-car already."""
    known = BY_TABLE.get(style.table)
    if style.column == INNER:
        return known is not None and known.class_column == INNER and style.kind == CATEGORISED
    return (
        known is not None
        and style.kind == CATEGORISED
        and style.column == known.class_column != ""
        and [c.value for c in style.classes] == list(known.by_kind)
    )


def codes_for(style: LayerStyle, values: Mapping[str, object]) -> Codes:
    """Return the classes of records, by uid -> value of the style's column."""
    known: dict[object, int] = {}  # values are few, and records many
    for value in values.values():
        if value not in known:
            known[value] = style.code(value)
    return Codes({uid: known[value] for uid, value in values.items()})


# --- made from the values ------------------------------------------------------------------------------------------


def categorised(style: LayerStyle, column: str, values: Iterable[object]) -> LayerStyle:
    """Return a style with a class for each value, the frequent first; more than the palette holds repeat colours."""
    counts: dict[str, int] = {}
    for value in values:
        if value is not None and value != "":
            counts[str(value)] = counts.get(str(value), 0) + 1
    names = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_CLASSES]
    classes = tuple(
        StyleClass(name, _coloured(style.symbol, PALETTE[place % len(PALETTE)]), name)
        for place, name in enumerate(names)
    )
    return replace(style, kind=CATEGORISED, column=column, classes=classes)


def graduated(style: LayerStyle, column: str, values: Iterable[object], count: int = 5) -> LayerStyle:
    """Return a style with `count` classes that hold equally many features (quantiles), from cool to warm.

    Raises:
        InputRefused: If the column holds no numbers.
    """
    numbers = np.array([value for value in values if isinstance(value, int | float)], float)
    if not len(numbers):
        raise InputRefused(
            _("The column {name} holds no numbers. Choose another, or colour by value.").format(name=column)
        )
    cuts: list[float] = np.unique(np.quantile(numbers, np.linspace(0, 1, count + 1))).tolist()
    edges = [*(cuts[:-1] or cuts), float(np.nextafter(cuts[-1], np.inf))]
    colours = [RAMP[round(place * (len(RAMP) - 1) / max(len(edges) - 2, 1))] for place in range(len(edges) - 1)]
    classes = tuple(
        StyleClass(f"{low:,.10g} – {high:,.10g}", _coloured(style.symbol, colour), "", low, high)
        for low, high, colour in zip(edges[:-1], edges[1:], colours, strict=True)
    )
    return replace(style, kind=GRADUATED, column=column, classes=classes)


def _coloured(symbol: Symbol, colour: str) -> Symbol:
    return replace(symbol, fill=colour) if symbol.fill or symbol.shape else replace(symbol, line=colour)


# --- the styles a project begins with ------------------------------------------------------------------------------


def default_styles() -> dict[str, LayerStyle]:
    """Return the styles of the asset layers, in the order in which they are drawn."""
    return {style.table: _default(style) for style in LAYERS}


def _default(style: Style) -> LayerStyle:
    symbol = Symbol(style.fill, style.line, style.width, style.symbol, style.size)
    label = LabelStyle("name" if style.label_farthest else "", style.label_size, style.label_farthest, style.label_size)
    made = LayerStyle(
        style.table, symbol, label=label, farthest=style.farthest, visible=style.table not in HIDDEN_AT_FIRST
    )
    if style.table == "community":
        return by_state(made)
    if style.class_column == INNER:
        return by_part(made)
    if style.by_kind:
        classes = tuple(StyleClass(name, replace(symbol, fill=colour), name) for name, colour in style.by_kind.items())
        return replace(made, kind=CATEGORISED, column=style.class_column, classes=classes)
    return made


def by_state(style: LayerStyle) -> LayerStyle:
    """Return a style of communities by how far their survey is."""
    symbol = replace(style.symbol, fill=NO_VALUE)
    classes = tuple(
        StyleClass(f"{mark} {word}", replace(symbol, fill=c), state) for state, (c, mark, word) in STATES.items()
    )
    return replace(style, symbol=symbol, kind=CATEGORISED, column=STATE, classes=classes)


def by_condition(style: LayerStyle) -> LayerStyle:
    """Return a style of communities by their overall condition."""
    symbol = replace(style.symbol, fill=NO_VALUE)
    classes = tuple(StyleClass(word, replace(symbol, fill=c), code) for code, (c, word) in CONDITIONS.items())
    return replace(style, symbol=symbol, kind=CATEGORISED, column=CONDITION, classes=classes)


def by_part(style: LayerStyle) -> LayerStyle:
    """Return a style of a network in which what belongs to a community is thinner, and drawn only when near."""
    known = BY_TABLE[style.table]
    symbol = replace(style.symbol, width=known.inner_width)
    inside = StyleClass(N_("inside communities"), symbol, "1", farthest=known.inner_farthest, least=known.inner_least)
    return replace(style, kind=CATEGORISED, column=INNER, classes=(inside,))


# --- kept in the project -------------------------------------------------------------------------------------------


def to_json(styles: Sequence[LayerStyle]) -> str:
    """Return styles as the text that is kept in the project."""
    return json.dumps({"version": _VERSION, "layers": [asdict(style) for style in styles]}, ensure_ascii=False)


def from_json(text: str) -> dict[str, LayerStyle]:
    """Return the styles of a project: the defaults where it says nothing, in its order.

    What cannot be read is left at its default: a style must never keep a project from being opened.
    """
    known = default_styles()
    try:
        entries = json.loads(text)["layers"] if text else []
        found = {str(entry["table"]): _layer(entry) for entry in entries}
    except (ValueError, KeyError, TypeError):
        return known
    return {**{table: found.get(table, style) for table, style in known.items()}, **found}


def _layer(entry: Mapping[str, object]) -> LayerStyle:
    raw = dict(entry)
    classes = tuple(StyleClass(**{**one, "symbol": Symbol(**one["symbol"])}) for one in raw.pop("classes"))  # type: ignore[attr-defined]
    symbol, label = Symbol(**raw.pop("symbol")), LabelStyle(**raw.pop("label"))  # type: ignore[arg-type]
    made = LayerStyle(**raw, symbol=symbol, classes=classes, label=label)  # type: ignore[arg-type]
    if made.kind not in KINDS or len(classes) > MOST_CLASSES:
        raise ValueError(made.kind)
    return made
