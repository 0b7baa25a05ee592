"""The legend of what is in view: made from what was drawn, not from what could be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fieldsurvey.i18n import _
from fieldsurvey.model.assets import layer_label
from layers.style import Theme, fill_colour, line_colour
from layers.symbology import BY_SCALE, SINGLE, LayerStyle, Symbol


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a legend.

    Attributes:
        table: The layer.
        text: What it says.
        symbol: What it shows.
    """

    table: str
    text: str
    symbol: Symbol


def keys(
    styles: Mapping[str, LayerStyle], seen: Mapping[str, set[int]], scale: float, theme: Theme | None = None
) -> list[Key]:
    """Return the keys of what is seen: communities first, then the layers from the top down.

    Args:
        styles: Table -> style, in the order in which they are drawn.
        seen: Table -> classes that were drawn.
        scale: Scale denominator of the view.
        theme: The colours around the layers.
    """
    order = [table for table in reversed(list(styles)) if table != "community"]
    found: list[Key] = []
    for table in ["community", *order]:
        if table in styles and table in seen:
            found += _keys(styles[table], seen[table], scale)
    return [replace(key, symbol=themed(key.symbol, key.table, theme or Theme())) for key in found]


def themed(symbol: Symbol, table: str, theme: Theme) -> Symbol:
    """Return a symbol of a layer as a theme shows it."""
    fill, line = fill_colour(table, symbol.fill, theme), line_colour(table, symbol.line, theme)
    return symbol if (fill, line) == (symbol.fill, symbol.line) else replace(symbol, fill=fill, line=line)


def _keys(style: LayerStyle, seen: set[int], scale: float) -> list[Key]:
    name = layer_label(style.table)
    symbols = style.symbols(scale)
    if style.kind in {SINGLE, BY_SCALE}:
        return [Key(style.table, name, symbols[0])]
    found = []
    for code in sorted(seen, key=lambda code: code or len(symbols)):
        if code == 0:
            text = name if style.table != "community" else _("no value")
        elif style.table == "community":
            text = translated(style.classes[code - 1].label)
        else:
            text = f"{name} {translated(style.classes[code - 1].label)}"
        found.append(Key(style.table, text, symbols[code]))
    return found


def translated(label: str) -> str:
    """Return a class label in the user's language; a mark before it stays."""
    mark, blank, word = label.partition(" ")
    return f"{mark} {_(word)}" if blank and len(mark) == 1 else _(label)
