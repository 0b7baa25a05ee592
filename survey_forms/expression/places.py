"""Areas and distances in expressions, on a sphere, to the centimetre, as the ODK functions define them."""

import math
from collections.abc import Sequence
from itertools import pairwise

from survey_forms.expression.evaluate import Compiled, Context, Function
from survey_forms.expression.nodes import string_value
from survey_forms.expression.values import Value, to_text

RADIUS = 6_378_100.0  # m, the sphere that the ODK clients use
_Point = tuple[float, float]


def _points(context: Context, arguments: Sequence[Compiled]) -> list[_Point]:
    """Return (latitude, longitude) in degrees of all points in the arguments: geopoints, traces, sets of nodes."""
    texts: list[str] = []
    for argument in arguments:
        value = argument(context)
        texts += [string_value(node) for node in value] if isinstance(value, list) else [to_text(value)]
    pairs = [piece.split() for text in texts for piece in text.split(";") if piece.strip()]
    return [(float(pair[0]), float(pair[1])) for pair in pairs if len(pair) >= 2]


def _distance(context: Context, arguments: Sequence[Compiled]) -> Value:
    try:
        points = _points(context, arguments)
    except ValueError:
        return math.nan
    return round(sum(_between(a, b) for a, b in pairwise(points)), 2)


def _between(a: _Point, b: _Point) -> float:
    """Return the great-circle distance in metres (haversine)."""
    phi_a, phi_b = math.radians(a[0]), math.radians(b[0])
    half_lat, half_lon = (phi_b - phi_a) / 2, math.radians(b[1] - a[1]) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lon) ** 2
    return 2 * RADIUS * math.asin(min(1.0, math.sqrt(chord)))


def _area(context: Context, arguments: Sequence[Compiled]) -> Value:
    """Return the area in m² of a closed shape on the sphere."""
    try:
        points = _points(context, arguments)
    except ValueError:
        return math.nan
    if len(points) < 3:
        return 0.0
    total = 0.0
    for (lat_a, lon_a), (lat_b, lon_b) in zip(points, [*points[1:], points[0]], strict=True):
        total += math.radians(lon_b - lon_a) * (2 + math.sin(math.radians(lat_a)) + math.sin(math.radians(lat_b)))
    return round(abs(total * RADIUS**2 / 2), 2)


FUNCTIONS: dict[str, tuple[int, int | None, Function]] = {
    "distance": (1, None, _distance),
    "area": (1, 1, _area),
}
