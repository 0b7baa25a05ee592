"""The map of the city and of each district as SVG: communities coloured by what is asked, without any script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import shapely

_WIDTH, _HEIGHT, _MARGIN = 1080.0, 660.0, 30.0
_TOLERANCE = 0.4  # px that a simplified outline may be off
_SMALLEST = 4.5  # px: a community that is smaller on the map is drawn as a dot
_NAMED = 60  # communities up to which names are written


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that the map can show.

    Attributes:
        key: Letters that begin the classes of its groups.
        title: What the button says.
        colours: Group -> colour, in the order of the legend.
    """

    key: str
    title: str
    colours: Mapping[str, str]

    def group(self, name: str) -> str:
        """Return the class of a group."""
        return f"{self.key}{list(self.colours).index(name)}"


@dataclass(frozen=True, slots=True)
class Spot:
    """One community on the map.

    Attributes:
        name: What a pointer shows.
        shape: Its area in metres, project CRS.
        groups: Topic key -> group.
        target: Page it leads to.
        size: Households, for the size of its dot.
    """

    name: str
    shape: Any
    groups: Mapping[str, str]
    target: str
    size: float


def buttons(topics: Sequence[Topic]) -> str:
    """Return the invisible radio buttons behind the labels; they stand first on the page, before all maps."""
    return "".join(
        f'<input class="pick" type="radio" name="topic" id="t-{topic.key}" aria-label="{escape(topic.title)}"'
        f"{' checked' if not index else ''}>"
        for index, topic in enumerate(topics)
    )


def chooser(topics: Sequence[Topic], legends: Mapping[str, str], drawn: str) -> str:
    """Return labels, legends and map; what is chosen colours every map of the page.

    Args:
        topics: What can be shown, the first at the beginning.
        legends: Topic key -> HTML of its legend.
        drawn: The map.
    """
    labels = "".join(f'<label for="t-{topic.key}">{escape(topic.title)}</label>' for topic in topics)
    told = "".join(f'<div class="l l-{topic.key}">{legends[topic.key]}</div>' for topic in topics)
    return f'<div class="panel maps">{labels}{told}{drawn}</div>'


def chooser_style(topics: Sequence[Topic]) -> str:
    """Return the style sheet that makes the buttons work, without any script."""
    rules = [".l{display:none}.c{stroke:#333;stroke-width:.6;fill-opacity:.88}"]
    for topic in topics:
        chosen, label = f"#t-{topic.key}:checked~*", f"label[for=t-{topic.key}]"
        rules.append(f"{chosen} .l-{topic.key}{{display:block}}{chosen} {label}{{background:var(--accent);color:#fff}}")
        rules.append(f"#t-{topic.key}:focus-visible~* {label}{{outline:3px solid #f2c14e}}")
        rules += [f"{chosen} .{topic.group(name)}{{fill:{colour}}}" for name, colour in topic.colours.items()]
    return "".join(rules)


def city_map(title: str, spots: Sequence[Spot], topics: Sequence[Topic], outlines: Mapping[str, Any]) -> str:
    """Return the map.

    Args:
        title: What it shows, for those who cannot see it.
        spots: The communities.
        topics: What they are coloured by.
        outlines: District -> area, drawn behind.
    """
    shapes = [spot.shape for spot in spots] or list(outlines.values())
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    per_metre = min((_WIDTH - 2 * _MARGIN) / max(east - west, 1.0), (_HEIGHT - 2 * _MARGIN) / max(north - south, 1.0))
    origin = ((west + east) / 2, (south + north) / 2)

    def placed(shape: Any) -> Any:  # noqa: ANN401 - shapely has no types
        simple = shapely.simplify(shape, _TOLERANCE / per_metre)
        middle = (_WIDTH / 2, _HEIGHT / 2)
        return shapely.transform(
            simple, lambda xy: np.column_stack(
                [(xy[:, 0] - origin[0]) * per_metre + middle[0], middle[1] - (xy[:, 1] - origin[1]) * per_metre]
            )
        )  # fmt: skip

    ground = [
        f'<path d="{_path(placed(shape))}" fill="#fff" stroke="#9aa7b5" stroke-width="1.2"/>'
        for shape in outlines.values()
    ]
    drawn = [_spot(spot, placed(spot.shape), topics, is_named=len(spots) <= _NAMED) for spot in spots]
    head = f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(title)}" '
    inside = "".join([*ground, *drawn, _scale_bar(per_metre), _north()])
    return f'{head}style="background:#eef2f6" font-size="11">{inside}</svg>'


def _spot(spot: Spot, shape: Any, topics: Sequence[Topic], *, is_named: bool) -> str:  # noqa: ANN401 - see above
    classes = " ".join(["c", *(topic.group(spot.groups[topic.key]) for topic in topics)])
    x, y = shape.centroid.x, shape.centroid.y
    west, south, east, north = shape.bounds
    if max(east - west, north - south) < 2 * _SMALLEST:
        radius = min(14.0, max(_SMALLEST, spot.size**0.5 / 4))
        figure = f'<circle class="{classes}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
        end = "</circle>"
    else:
        figure, end = f'<path class="{classes}" d="{_path(shape)}">', "</path>"
    told = "，".join([spot.name, *(f"{topic.title}：{spot.groups[topic.key]}" for topic in topics)])
    label = (
        f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle" fill="#333">{escape(spot.name)}</text>'
        if is_named
        else ""
    )
    return f'<a href="{escape(spot.target)}">{figure}<title>{escape(told)}</title>{end}{label}</a>'


def _path(shape: Any) -> str:  # noqa: ANN401 - see above
    rings = shapely.get_rings(shapely.get_parts(shape))
    parts = []
    for ring in rings:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1].tolist())
        parts.append(f"M{points}Z")
    return "".join(parts)


def _scale_bar(per_metre: float) -> str:
    length = next(
        step
        for step in (50_000, 20_000, 10_000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
        if step * per_metre <= 220
    )
    word = f"{length // 1000} 千米" if length >= 1000 else f"{length} 米"
    width, y = length * per_metre, _HEIGHT - 18
    return (
        f'<path d="M24 {y - 6}V{y}H{24 + width:.1f}V{y - 6}" fill="none" stroke="#333" stroke-width="1.4"/>'
        f'<text x="{28 + width:.1f}" y="{y + 1}">{word}</text>'
    )


def _north() -> str:
    x = _WIDTH - 34
    arrow = f'<path d="M{x} 18L{x + 9} 46L{x} 39L{x - 9} 46Z" fill="#333"/>'
    return f'{arrow}<text x="{x}" y="60" text-anchor="middle">北</text>'
