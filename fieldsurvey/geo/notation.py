"""Coordinates as people write them: degrees, minutes and seconds, or metres with either axis first.

Chinese survey papers write X for north and Y for east, and zone numbers before
the easting (domain page 5.1); map programs write x for east.
"""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs
from fieldsurvey.i18n import _

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_ANGLE = (
    rf"(?P<d>{_NUMBER})\s*[°度d:]\s*(?:(?P<m>\d+(?:\.\d+)?)\s*['′分m:]?\s*)?"
    r"(?:(?P<s>\d+(?:\.\d+)?)\s*(?:[\"″秒s]|''|′′)?)?"
)
_SIDE = r"(?P<side>北纬|南纬|东经|西经|[NSEW北南东西])"
_SIDE_FIRST = re.compile(rf"(?:{_SIDE}\s*)?{_ANGLE}", re.IGNORECASE)
_SIDE_LAST = re.compile(rf"{_ANGLE}\s*{_SIDE}?", re.IGNORECASE)
_NAMED = re.compile(
    rf"(?P<name>[XYEN]|北坐标|东坐标|横坐标|纵坐标|经度|纬度|lon|lng|lat)\s*[=:：]?\s*(?P<number>{_NUMBER})(?![\d.]*\s*[°度])",
    re.IGNORECASE,
)
_NORTH, _EAST = {"x", "n", "北坐标", "纵坐标", "纬度", "lat"}, {"y", "e", "东坐标", "横坐标", "经度", "lon", "lng"}
_SOUTH_WEST = {"s", "w", "南", "西", "南纬", "西经"}
_ZONED = 1_000_000.0  # an easting above carries a zone number


@dataclass(frozen=True, slots=True)
class Reading:
    """A place that a text stands for.

    Attributes:
        east, north: m in the system asked for.
        how: How it was read, for the user to check.
    """

    east: float
    north: float
    how: str


def read(text: str, target: str, source: str = "") -> Reading:
    """Return the place that a text stands for.

    Args:
        text: "30°12′03.6″N 115°02′24″E", "115.04, 30.2", "X=3342741.451 Y=600146.644", "38600146.644 3342741.451" …
        target: System of the result, EPSG code.
        source: System of the text; empty: degrees are CGCS2000, metres are in the target system.

    Raises:
        InputRefused: If it is no coordinate, or lies outside what the systems can hold.
    """
    plain = unicodedata.normalize("NFKC", text).replace(",", " ").replace(";", " ").strip()
    x, y, is_degrees = _pair(plain, text)
    code = source or (crs.CGCS2000 if is_degrees else target)
    if not source and not is_degrees and x > _ZONED:
        found = crs.guess((x, y, x, y))
        code = found.code or target
    east, north = (float(value[0]) for value in crs.transform(np.array([x]), np.array([y]), code, target))
    if not np.isfinite([east, north]).all():
        raise InputRefused(
            _("{text} lies outside what {crs} can hold.").format(text=text.strip(), crs=crs.name_of(code))
        )
    how = _("longitude {x:.6f}°, latitude {y:.6f}°") if is_degrees else _("east {x:.3f} m, north {y:.3f} m")
    return Reading(east, north, f"{how.format(x=x, y=y)} ({crs.name_of(code)})")


def _pair(plain: str, text: str) -> tuple[float, float, bool]:
    """Return x (east), y (north), and whether they are degrees."""
    named = {match["name"].lower(): float(match["number"]) for match in _NAMED.finditer(plain)}
    north = next((value for name, value in named.items() if name in _NORTH), None)
    east = next((value for name, value in named.items() if name in _EAST), None)
    if north is not None and east is not None:
        if "x" in named and 100_000 <= named["x"] < 1_000_000 < named.get("y", 0) < 6_500_000:
            east, north = named["x"], named["y"]  # x as map programs write it: six digits can only be an easting
        return east, north, _are_degrees(east, north)
    if marked := _marked(plain):
        return (*marked, True)
    numbers = [float(number) for number in re.findall(_NUMBER, plain)]
    if len(numbers) != 2:
        raise InputRefused(
            _("“{text}” is no coordinate. Examples: 115.04 30.2, 30°12′N 115°2′E, X=3342741 Y=600147.").format(
                text=text.strip()
            )
        )
    one, other = numbers
    if _are_degrees(one, other):
        x, y = (one, other) if abs(one) > 90 or (70 < one < 140 and abs(other) < 60) else (other, one)
        return x, y, True
    return (one, other, False) if _is_easting(one, other) else (other, one, False)


def _is_easting(one: float, other: float) -> bool:
    """Say whether the first of two numbers in metres is the easting: it has six digits, or eight with the zone."""
    return not (1_000_000 < one < 6_500_000 and (100_000 <= other < 1_000_000 or other > 10_000_000))


def _are_degrees(one: float, other: float) -> bool:
    return abs(one) <= 180 and abs(other) <= 180 and min(abs(one), abs(other)) <= 90


def _marked(plain: str) -> tuple[float, float] | None:
    """Return longitude and latitude of two angles with degree marks; None if there are no two."""
    angles: list[tuple[float, str]] = []
    pattern = _SIDE_FIRST if re.match(_SIDE, plain, re.IGNORECASE) else _SIDE_LAST
    for match in pattern.finditer(plain):
        value = abs(float(match["d"])) + float(match["m"] or 0) / 60 + float(match["s"] or 0) / 3600
        side = (match["side"] or "").lower()
        is_minus = match["d"].startswith("-") or side in _SOUTH_WEST
        angles.append((-value if is_minus else value, side))
    if len(angles) != 2:
        return None
    (one, side), (other, _side) = angles
    is_latitude_first = side in {"n", "s", "北", "南", "北纬", "南纬"} or (not side and abs(one) <= 90 < abs(other))
    return (other, one) if is_latitude_first else (one, other)
