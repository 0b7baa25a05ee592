"""Grids that no authority lists: local city grids and the ways out of the old national datums.

Their parameters may be state secrets (domain page 5.1), so they belong to a
person on one computer: typed or loaded there, kept enciphered in the user's
folder, and never in a project file, a sync, a log or an export. A grid is
named by its code "LOCAL:name"; only the name travels.
"""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.geo import crs
from fieldsurvey.i18n import N_, _
from fieldsurvey.paths import user_data

Floats = npt.NDArray[np.float64]
PREFIX = "LOCAL:"
TM, PLANE, SPACE = "tm", "plane", "space"  # transverse Mercator; four parameters; seven parameters
KINDS = {
    TM: N_("transverse Mercator"),
    PLANE: N_("4 parameters (plane)"),
    SPACE: N_("7 parameters (space)"),
}
_COUNTS = {TM: 6, PLANE: 6, SPACE: 7}
_MERIDIANS, _SCALES = (60.0, 150.0), (0.9, 1.1)
_SECOND = math.pi / 180 / 3600
_ROUNDS = 6  # of Bowring's iteration: below a micrometre after three


@dataclass(frozen=True, slots=True, repr=False)
class LocalGrid:
    """One grid; its numbers are not part of what repr() or a log shows.

    Attributes:
        name: What people call it.
        kind: TM, PLANE or SPACE.
        values: TM: central meridian and latitude of origin (degrees), scale, false easting and northing (m), height
            of the plane of projection (m). PLANE: east and north of a point in this grid, of the same point in `base`
            (m), and a and b of base = point + [[a, -b], [b, a]] · (x - point). SPACE: three shifts (m), three
            rotations (seconds of arc, position vector convention), scale (parts per million), towards CGCS2000.
        source: EPSG code of the old system that the coordinates are in; empty for a local plane.
        base: System that PLANE leads to; CGCS2000 in degrees for the others.
        pairs: Control pairs that it was fitted from; 0: typed.
        rms: Their residual, m.
    """

    name: str
    kind: str
    values: tuple[float, ...]
    source: str = ""
    base: str = crs.CGCS2000
    pairs: int = 0
    rms: float = 0.0

    def __repr__(self) -> str:
        return f"LocalGrid({self.name!r}, {self.kind!r})"

    @property
    def code(self) -> str:
        """How it is named where a coordinate system is asked for."""
        return self.source or PREFIX + self.name

    def to_base(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return coordinates of this grid in its base system."""
        if self.kind == TM:
            lon, lat = _projection(self.values)(x, y, inverse=True)
            return np.asarray(lon, float), np.asarray(lat, float)
        if self.kind == PLANE:
            east, north, to_east, to_north, a, b = self.values
            return to_east + a * (x - east) - b * (y - north), to_north + b * (x - east) + a * (y - north)
        lon, lat = crs.transform(x, y, self.source, geographic_of(self.source))
        moved = helmert(geocentric(lon, lat, ellipsoid_of(self.source)), self.values)
        return geodetic(moved, ellipsoid_of(crs.CGCS2000))

    def from_base(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return coordinates of the base system in this grid."""
        if self.kind == TM:
            east, north = _projection(self.values)(x, y)
            return np.asarray(east, float), np.asarray(north, float)
        if self.kind == PLANE:
            east, north, to_east, to_north, a, b = self.values
            dx, dy, size = x - to_east, y - to_north, a * a + b * b
            return east + (a * dx + b * dy) / size, north + (a * dy - b * dx) / size
        back = helmert_back(geocentric(x, y, ellipsoid_of(crs.CGCS2000)), self.values)
        lon, lat = geodetic(back, ellipsoid_of(self.source))
        return crs.transform(lon, lat, geographic_of(self.source), self.source)


@lru_cache(maxsize=8)
def _projection(values: tuple[float, ...]) -> Any:  # noqa: ANN401 - pyproj has no type information
    """Return the projection of a TM grid: on the ellipsoid of CGCS2000, raised by the height of the plane."""
    from pyproj import Proj

    meridian, origin, scale, east, north, height = values
    major, flattening = ellipsoid_of(crs.CGCS2000)
    return Proj(
        proj="tmerc", lon_0=meridian, lat_0=origin, k=scale, x_0=east, y_0=north, a=major + height, rf=1 / flattening
    )


def geographic_of(code: str) -> str:
    """Return the code of the geographic system on a plane system's datum."""
    base = crs.parsed(code).geodetic_crs
    return f"EPSG:{base.to_epsg(min_confidence=20)}"


@lru_cache(maxsize=8)
def ellipsoid_of(code: str) -> tuple[float, float]:
    """Return the semi-major axis (m) and the flattening of a system's ellipsoid."""
    found = crs.parsed(code).ellipsoid
    return float(found.semi_major_metre), 1 / float(found.inverse_flattening)


def geocentric(lon: Floats, lat: Floats, ellipsoid: tuple[float, float]) -> Floats:
    """Return X, Y, Z (m) of points on an ellipsoid, degrees in, shape (n, 3)."""
    major, flattening = ellipsoid
    squared = flattening * (2 - flattening)
    lam, phi = np.radians(lon), np.radians(lat)
    radius = major / np.sqrt(1 - squared * np.sin(phi) ** 2)
    flat = radius * np.cos(phi)
    return np.column_stack((flat * np.cos(lam), flat * np.sin(lam), radius * (1 - squared) * np.sin(phi)))


def geodetic(xyz: Floats, ellipsoid: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return longitude and latitude in degrees of X, Y, Z (m); the height is dropped."""
    major, flattening = ellipsoid
    squared = flattening * (2 - flattening)
    flat = np.hypot(xyz[:, 0], xyz[:, 1])
    phi = np.arctan2(xyz[:, 2], flat * (1 - squared))
    for _round in range(_ROUNDS):
        radius = major / np.sqrt(1 - squared * np.sin(phi) ** 2)
        phi = np.arctan2(xyz[:, 2] + squared * radius * np.sin(phi), flat)
    return np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0])), np.degrees(phi)


def _matrix(values: tuple[float, ...]) -> Floats:
    """Return the scaled rotation of seven parameters; small angles (Bursa-Wolf, EPSG method 9606)."""
    rx, ry, rz = (value * _SECOND for value in values[3:6])
    return (1 + values[6] * 1e-6) * np.array([[1, -rz, ry], [rz, 1, -rx], [-ry, rx, 1]])


def helmert(xyz: Floats, values: tuple[float, ...]) -> Floats:
    """Return X, Y, Z moved by seven parameters."""
    return np.asarray(np.array(values[:3]) + xyz @ _matrix(values).T)


def helmert_back(xyz: Floats, values: tuple[float, ...]) -> Floats:
    """Return X, Y, Z moved back by seven parameters, exactly."""
    return np.asarray(np.linalg.solve(_matrix(values), (xyz - np.array(values[:3])).T).T)


def from_four(shift_north: float, shift_east: float, seconds: float, ppm: float) -> tuple[float, ...]:
    """Return the values of a PLANE grid from four parameters as survey papers give them.

    X' = dX + k (X cos α - Y sin α), Y' = dY + k (X sin α + Y cos α), with X
    north and Y east, α in seconds of arc and k = 1 + ppm / 10⁶.
    """
    angle, scale = seconds * _SECOND, 1 + ppm * 1e-6
    return (0.0, 0.0, shift_east, shift_north, scale * math.cos(angle), -scale * math.sin(angle))


# --- checking and keeping ------------------------------------------------------------------------------------------


def checked(grid: LocalGrid) -> LocalGrid:
    """Return a grid that makes sense.

    Raises:
        InputRefused: If it does not; no number of it is repeated.
    """
    if not grid.name.strip() or any(sign in grid.name for sign in ":\n\t"):
        raise InputRefused(_("Give the grid a name without colons."))
    if grid.kind not in KINDS or len(grid.values) != _COUNTS[grid.kind] or not np.isfinite(grid.values).all():
        raise InputRefused(_("The parameters of {name} are incomplete.").format(name=grid.name))
    if grid.kind == TM and not _is_sound_tm(grid.values):
        raise InputRefused(
            _("{name}: the central meridian lies within China, the scale near 1.").format(name=grid.name)
        )
    if grid.kind == PLANE and not _SCALES[0] < math.hypot(*grid.values[4:]) < _SCALES[1]:
        raise InputRefused(
            _("{name}: the scale is far from 1. Check the columns of north and east.").format(name=grid.name)
        )
    if grid.kind == SPACE and not crs.old_datum(grid.source):
        raise InputRefused(_("{name}: seven parameters lead from Xian 1980 or Beijing 1954.").format(name=grid.name))
    if grid.kind != TM:
        crs.parsed(grid.base)
    return grid


def _is_sound_tm(values: tuple[float, ...]) -> bool:
    meridian, origin, scale = values[:3]
    return _MERIDIANS[0] < meridian < _MERIDIANS[1] and abs(origin) < 60 and _SCALES[0] < scale < _SCALES[1]


def grids() -> dict[str, LocalGrid]:
    """Return the grids of this person by name.

    Raises:
        StoreError: If their file is damaged, or from another computer.
    """
    place = _place()
    try:
        stamp = place.stat().st_mtime_ns
    except OSError:
        return {}
    return dict(_read(place, stamp))


@lru_cache(maxsize=2)
def _read(place: Path, _stamp: int) -> Mapping[str, LocalGrid]:
    from cryptography.fernet import Fernet, InvalidToken

    try:
        plain = json.loads(Fernet(_key(place)).decrypt(place.read_bytes()))
        found = [LocalGrid(**{**one, "values": tuple(one["values"])}) for one in plain]
    except (OSError, ValueError, TypeError, KeyError, InvalidToken) as error:
        raise StoreError(
            _("The local grids in {file} cannot be read here. Remove the file and enter them again.").format(file=place)
        ) from error
    return {grid.name: grid for grid in found}


def keep(grid: LocalGrid) -> None:
    """Keep a grid under its name, for this person on this computer.

    Raises:
        InputRefused: If it makes no sense.
        StoreError: If the user's folder cannot be written.
    """
    _write({**grids(), grid.name: checked(grid)})


def forget(name: str) -> None:
    """Remove a grid.

    Raises:
        InputRefused: If there is none of that name.
    """
    kept = grids()
    if name not in kept:
        raise InputRefused(_("There is no local grid {name}.").format(name=name))
    del kept[name]
    _write(kept)


def _write(kept: Mapping[str, LocalGrid]) -> None:
    from cryptography.fernet import Fernet

    place = _place()
    part = place.with_suffix(".part")
    try:
        data = Fernet(_key(place)).encrypt(json.dumps([asdict(one) for one in kept.values()]).encode())
        _put(part, data)
        part.replace(place)
    except OSError as error:
        raise StoreError(_("{file} cannot be written: {why}.").format(file=place, why=error.strerror)) from error
    _read.cache_clear()


def _place() -> Path:
    return user_data() / "local_grids.bin"


def _key(place: Path) -> bytes:
    """Return the key of the file, which lies apart from it; the first call makes it."""
    from cryptography.fernet import Fernet

    key = place.with_suffix(".key")
    if not key.exists():
        _put(key, Fernet.generate_key())
    return key.read_bytes()


def _put(place: Path, data: bytes) -> None:
    """Write a file that only its owner reads."""
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data)


def is_local(code: str) -> bool:
    """Say whether a code names a grid of this person's own."""
    return code.startswith(PREFIX)


def named(code: str) -> LocalGrid:
    """Return the grid that a code names.

    Raises:
        InputRefused: If it is not on this computer.
    """
    name = code.removeprefix(PREFIX)
    found = grids().get(name)
    if found is None:
        raise InputRefused(
            _("The parameters of {name} are not on this computer. Ask whoever is entitled to them.").format(name=name)
        )
    return found


def way_from(code: str) -> LocalGrid | None:
    """Return the grid that leads out of an old national system; None if there is none.

    Four parameters are for exactly one system; seven are for all systems of the same old datum.
    """
    old = crs.old_datum(code)
    if not old:
        return None
    known = grids().values()
    exact = [one for one in known if one.source == code]
    same = [one for one in known if one.kind == SPACE and crs.old_datum(one.source) == old]
    found = next(iter([*exact, *same]), None)
    if found is None or found.source == code:
        return found
    return LocalGrid(found.name, SPACE, found.values, code, found.base, found.pairs, found.rms)


def codes() -> list[str]:
    """Return the codes of the grids that can be chosen by name; none if their file cannot be read."""
    try:
        return [PREFIX + one.name for one in grids().values() if not one.source]
    except StoreError:
        return []
