"""Coordinate reference systems: one place that fixes axis order and knows China's codes.

x is always east (or longitude), y north (or latitude), whatever the authority
says. PROJ is loaded on first use: it costs a quarter of a second.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import datum
from fieldsurvey.i18n import N_, _

if TYPE_CHECKING:
    from fieldsurvey.geo.local_grids import LocalGrid

Floats = npt.NDArray[np.float64]

CGCS2000 = "EPSG:4490"
GCJ02, BD09 = "GCJ-02", "BD-09"
_LOCAL = "LOCAL:"  # begins the code of a grid of the person's own (local_grids.py)
# Geographic codes of the old national systems. EPSG has no accurate way from them to CGCS2000 (domain page 5.1).
_OLD_DATUMS = {4610: "Xian 1980", 4214: "Beijing 1954", 4555: "New Beijing"}
# CGCS2000 / 3-degree Gauss-Kruger by central meridian: code without and with zone number in the easting.
_PLAIN_114, _ZONE_38 = "EPSG:4547", "EPSG:4526"
_ZONED = {38: "EPSG:4526", 39: "EPSG:4527", 37: "EPSG:4525", 20: "EPSG:4498", 19: "EPSG:4497"}


_ZONE, _FIRST_ZONE = 1_000_000, 13  # m that a zone number counts in an easting; the westernmost zone of China
_CHINA = (73.0, 3.0, 136.0, 54.0)  # degrees: west, south, east, north
_WEB_NEAR = (12_200_000.0, 2_200_000.0, 13_000_000.0, 4_900_000.0)  # m; central China in Web Mercator


@dataclass(frozen=True, slots=True)
class Guess:
    """A reference system and how it was found.

    Attributes:
        code: EPSG code, GCJ-02 or BD-09; empty if unknown.
        how: One sentence for the user.
        sure: False when a person should look.
    """

    code: str
    how: str
    sure: bool


@lru_cache(maxsize=64)
def parsed(code: str) -> Any:  # noqa: ANN401 - pyproj has no type information
    """Return the pyproj CRS of an EPSG code or WKT.

    Raises:
        InputRefused: If PROJ does not know it.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(code)
    except CRSError as error:
        raise InputRefused(
            _("{crs} is no known coordinate system. Example: EPSG:4547 (CGCS2000, 114°E).").format(crs=code[:60])
        ) from error


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> Any:  # noqa: ANN401 - pyproj has no type information
    from pyproj import Transformer

    return Transformer.from_crs(parsed(source), parsed(target), always_xy=True)  # noqa: TID251 - the one place


def transform(x: Floats, y: Floats, source: str, target: str, *, roughly: bool = False) -> tuple[Floats, Floats]:
    """Return coordinates in another system.

    Args:
        x: East or longitude, shape (n,).
        y: North or latitude, shape (n,).
        source: EPSG code, WKT, GCJ-02 or BD-09 (degrees), or LOCAL:name.
        target: EPSG code, WKT or LOCAL:name.
        roughly: Whether the tens of metres between an old national datum and CGCS2000 may be passed over, because
            the person is told of them.

    Raises:
        InputRefused: If there is no way between them: PROJ knows none, the parameters of a local grid are not on
            this computer, or an old national datum has none.

    Returns:
        x and y, shape (n,); inf where the transformation is not defined.
    """
    from pyproj.exceptions import ProjError

    if source in {GCJ02, BD09}:
        x, y = (datum.gcj02_to_wgs84 if source == GCJ02 else datum.bd09_to_wgs84)(x, y)
        source = CGCS2000
    if source == target:
        return x, y
    if (grid := _own_way(source, target, roughly=roughly)) is not None:
        return transform(*grid.to_base(x, y), grid.base, target, roughly=roughly)
    if (grid := _own_way(target, source, roughly=roughly)) is not None:
        return grid.from_base(*transform(x, y, source, grid.base, roughly=roughly))
    try:
        out_x, out_y = _transformer(source, target).transform(x, y)
    except ProjError as error:
        text = _("There is no way from {source} to {target}; name another coordinate system.")
        raise InputRefused(text.format(source=name_of(source), target=name_of(target))) from error
    return np.asarray(out_x, float), np.asarray(out_y, float)


def _own_way(code: str, other: str, *, roughly: bool) -> "LocalGrid | None":
    """Return the grid by which a system is left on the way to another; None where PROJ knows the way.

    Raises:
        InputRefused: If a person's own parameters are needed and are not there.
    """
    from fieldsurvey.geo import local_grids

    if local_grids.is_local(code):
        return local_grids.named(code)
    old = old_datum(code)
    if not old or old == old_datum(other):
        return None
    found = local_grids.way_from(code)
    if found is None and not roughly:
        raise InputRefused(
            _("{old} has no exact way to another system. Enter local parameters or control pairs first.").format(
                old=old
            )
        )
    return found


def check(code: str) -> None:
    """See that a code can be used on this computer.

    Raises:
        InputRefused: If PROJ does not know it, or the parameters of a local grid are not here.
    """
    if code.startswith(_LOCAL):
        from fieldsurvey.geo import local_grids

        local_grids.named(code)
    elif code not in {GCJ02, BD09}:
        parsed(code)


def is_geographic(code: str) -> bool:
    """Say whether coordinates are degrees."""
    if code.startswith(_LOCAL):
        return False
    return code in {GCJ02, BD09} or bool(parsed(code).is_geographic)


def is_web_mercator(code: str) -> bool:
    """Say whether a system is that of web maps, in which lengths at Huangshi are 16 % too large.

    >>> is_web_mercator("EPSG:3857"), is_web_mercator("EPSG:4547")
    (True, False)
    """
    return (
        code not in {GCJ02, BD09}
        and not code.startswith(_LOCAL)
        and (parsed(code).to_epsg() in _WEB or "Pseudo-Mercator" in str(parsed(code).name))
    )


def has_place(code: str) -> bool:
    """Say whether a system is tied to the Earth; that of a building site, or a damaged one, is not."""
    from pyproj.exceptions import ProjError

    if code in {GCJ02, BD09} or code.startswith(_LOCAL):
        return True
    try:
        _transformer(code, CGCS2000)
    except (ProjError, InputRefused):
        return False
    return True


@lru_cache(maxsize=64)
def old_datum(code: str) -> str:
    """Return the name of the old national datum of a system, or nothing."""
    if code in {GCJ02, BD09, CGCS2000} or code.startswith(_LOCAL):
        return ""
    base = parsed(code).geodetic_crs
    epsg = base.to_epsg(min_confidence=20) if base is not None else None
    return _OLD_DATUMS.get(epsg or 0, "")


def short_code(wkt: str) -> str:
    """Return the EPSG code that a WKT or PROJ text stands for, else the text itself.

    ESRI's names (CGCS2000_3_Degree_GK_CM_114E) are recognised by their parameters.
    """
    found = parsed(wkt)
    codes = (found.to_epsg(min_confidence=70), found.to_epsg(min_confidence=25))
    return next((f"EPSG:{code}" for code in codes if code and _means_the_same(found, parsed(f"EPSG:{code}"))), wkt)


def _means_the_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - pyproj has no type information
    """Say whether two systems give a place the same numbers: a grid of a city may bear the name of a national one."""
    from pyproj.exceptions import ProjError

    if one.ellipsoid is None or not one.is_projected:
        return True
    if not np.isclose(one.ellipsoid.inverse_flattening, other.ellipsoid.inverse_flattening, rtol=0, atol=1e-5):
        return False
    west, south, east, north = other.area_of_use.bounds if other.area_of_use else _CHINA
    place = ((west + east) / 2, (south + north) / 2)
    try:
        first, second = (
            _transformer(each.geodetic_crs.to_wkt(), each.to_wkt()).transform(*place) for each in (one, other)
        )
        return bool(np.allclose(first, second, rtol=0, atol=1e-3))
    except ProjError:
        return False


def zone_numbers(code: str) -> tuple[int, ...]:
    """Return the zone number that begins the eastings of a Gauss-Kruger system, else those that could; none for others.

    >>> zone_numbers("EPSG:4526"), zone_numbers("EPSG:4547"), zone_numbers("EPSG:3857")
    ((38,), (38,), ())
    """
    values = {each.name: float(each.value) for each in getattr(parsed(code).coordinate_operation, "params", ())}
    meridian, east = values.get("Longitude of natural origin"), values.get("False easting")
    if meridian is None or east is None or parsed(code).coordinate_operation.method_name != "Transverse Mercator":
        return ()
    if east >= _FIRST_ZONE * _ZONE:
        return (int(east // _ZONE),)
    return tuple(int(zone) for zone in (meridian / 3, (meridian + 3) / 6) if zone == int(zone) and zone >= _FIRST_ZONE)


def has_zone(code: str) -> bool:
    """Say whether the eastings of a system begin with a zone number.

    >>> has_zone("EPSG:4526"), has_zone("EPSG:4547")
    (True, False)
    """
    values = {each.name: float(each.value) for each in getattr(parsed(code).coordinate_operation, "params", ())}
    return values.get("False easting", 0.0) >= _FIRST_ZONE * _ZONE


def name_of(code: str) -> str:
    """Return a name for people: 2000国家大地坐标系 3度带 114° and the like; PROJ's own name otherwise."""
    if code in {GCJ02, BD09}:
        return code
    if code.startswith(_LOCAL):
        return _("{name} (local grid)").format(name=code.removeprefix(_LOCAL))
    found = parsed(code)
    match = re.fullmatch(r"CGCS2000 / 3-degree Gauss-Kruger (?:CM (\d+)E|zone (\d+))", str(found.name))
    if match is None and found.is_geographic:
        return _("{name}, degrees").format(name=_DATUMS.get(str(found.name), str(found.name)))
    if match is None:
        return str(found.name)
    meridian = match[1] or str(int(match[2]) * 3)
    return _("CGCS2000 3-degree zone, {meridian}°E").format(meridian=meridian)


_WEB = frozenset({3857, 3785, 900913})
_DATUMS = {"China Geodetic Coordinate System 2000": "CGCS2000"}
_DEGREES = N_("the numbers are degrees")
_PLAIN = N_("the easting has six digits and fits the zone of 114°E")
_OF_THE_WEB = N_("the numbers are those of a web map (Web Mercator) in central China")
_WITH_ZONE = N_("the easting has eight digits and begins with zone {zone}")


def fits_grid(bounds: tuple[float, float, float, float]) -> bool:
    """Say whether minx, miny, maxx, maxy in metres lie in one of the grids that guess() knows."""
    return bool(found := guess(bounds).code) and found != CGCS2000


def guess(bounds: tuple[float, float, float, float]) -> Guess:
    """Guess the system from minx, miny, maxx, maxy, for data around Huangshi.

    Source: domain page 5.1: eight digits in the easting carry the zone number.
    """
    min_x, min_y, max_x, max_y = bounds
    if -180 <= min_x <= max_x <= 180 and -90 <= min_y <= max_y <= 90:
        return Guess(CGCS2000, _(_DEGREES), sure=False)
    zone = min_x // 1_000_000  # not a number where there is no coordinate at all
    if zone in _ZONED and zone == max_x // 1_000_000 and 0 < min_y < 10_000_000:
        return Guess(_ZONED[int(zone)], _(_WITH_ZONE).format(zone=int(zone)), sure=False)
    if 100_000 <= min_x <= max_x < 1_000_000 and 1_000_000 < min_y <= max_y < 6_500_000:
        return Guess(_PLAIN_114, _(_PLAIN), sure=False)
    west, south, east, north = _WEB_NEAR
    if west <= min_x <= max_x <= east and south <= min_y <= max_y <= north:
        return Guess("EPSG:3857", _(_OF_THE_WEB), sure=False)
    return Guess("", _("the numbers fit no system in use here"), sure=False)
