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
    """Return (latitude, longitude) in degrees of all points in the arguments: geopoints, traces, sets of nodes.

    Raises:
        ValueError: If one is no point on earth.
    """
    texts: list[str] = []
    for argument in arguments:
        value = argument(context)
        texts += [string_value(node) for node in value] if isinstance(value, list) else [to_text(value)]
    return [_point(piece) for text in texts for piece in text.split(";") if piece.strip()]


def _point(text: str) -> _Point:
    numbers = text.split()
    if len(numbers) < 2:
        raise ValueError(text)
    latitude, longitude = float(numbers[0]), float(numbers[1])
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError(text)
    return latitude, longitude


def _distance(context: Context, arguments: Sequence[Compiled]) -> Value:
    try:
        points = _points(context, arguments)
    except ValueError:
        return math.nan
    if not points:
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
        return 0.0 if points else math.nan
    total = 0.0
    for (lat_a, lon_a), (lat_b, lon_b) in zip(points, [*points[1:], points[0]], strict=True):
        total += math.radians(lon_b - lon_a) * (2 + math.sin(math.radians(lat_a)) + math.sin(math.radians(lat_b)))
    return round(abs(total * RADIUS**2 / 2), 2)


def _geofence(context: Context, arguments: Sequence[Compiled]) -> Value:
    """Say whether a point lies inside a closed shape, on the plane of latitude and longitude."""
    try:
        point, shape = _points(context, arguments[:1]), _points(context, arguments[1:])
    except ValueError:
        return False
    if len(point) != 1 or len(shape) < 4 or shape[0] != shape[-1]:
        return False
    (y, x), inside = point[0], False
    for (y1, x1), (y2, x2) in pairwise(shape):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _intersects(context: Context, arguments: Sequence[Compiled]) -> Value:
    """Say whether the line of a trace or shape crosses itself."""
    try:
        points = _points(context, arguments)
    except ValueError:
        return False
    lines = list(pairwise(points))
    return any(
        _cross(*lines[i], *lines[j])
        for i in range(len(lines))
        for j in range(i + 2, len(lines))
        if not (i == 0 and j == len(lines) - 1 and points[0] == points[-1])
    )


def _cross(a: _Point, b: _Point, c: _Point, d: _Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) <= 0 and _side(c, d, a) * _side(c, d, b) <= 0 and _overlap(a, b, c, d)


def _side(a: _Point, b: _Point, c: _Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _overlap(a: _Point, b: _Point, c: _Point, d: _Point) -> bool:
    return all(min(a[k], b[k]) <= max(c[k], d[k]) and min(c[k], d[k]) <= max(a[k], b[k]) for k in (0, 1))


FUNCTIONS: dict[str, tuple[int, int | None, Function]] = {
    "distance": (1, None, _distance),
    "area": (1, 1, _area),
    "geofence": (2, 2, _geofence),
    "intersects": (1, 1, _intersects),
}
