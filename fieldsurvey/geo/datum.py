"""GCJ-02 and BD-09, the shifted datums of Chinese web maps.

The official algorithm is not public. This is the open formula; it agrees with
the map services to about a metre (0.67 m median against published values), so
it serves for finding and showing things, never as a survey transformation.
The inverse is iterated, because one step alone is off by up to a metre.

Source: the formula as published in many open projects (for instance
"eviltransform", BSD); constants of the Krassovsky 1940 ellipsoid. Checked
against recorded pairs of six projects in the tests.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_Shift = Callable[[Floats, Floats], tuple[Floats, Floats]]

_A = 6378245.0  # semi-major axis, m
_EE = 0.00669342162296594323  # first eccentricity squared
_BD = np.pi * 3000.0 / 180.0
_ROUNDS = 10


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return GCJ-02 of WGS 84 positions in degrees, shape (n,); outside China nothing is shifted."""
    inside = (lon > 72.004) & (lon < 137.8347) & (lat > 0.8293) & (lat < 55.8271)
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + waves
    d_lat += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    d_lat += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + waves
    d_lon += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    d_lon += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _EE * np.sin(phi) ** 2
    d_lat = np.degrees(d_lat / (_A * (1.0 - _EE) / (magic * np.sqrt(magic))))
    d_lon = np.degrees(d_lon / (_A / np.sqrt(magic) * np.cos(phi)))
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return BD-09 of GCJ-02 positions in degrees, shape (n,)."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return WGS 84 of GCJ-02 positions in degrees, shape (n,)."""
    return _inverse(wgs84_to_gcj02, lon, lat)


def bd09_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return GCJ-02 of BD-09 positions in degrees, shape (n,)."""
    return _inverse(gcj02_to_bd09, lon, lat)


def bd09_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return WGS 84 of BD-09 positions in degrees, shape (n,)."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _inverse(forward: _Shift, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Find what the shift maps onto the given positions; the shift is small and smooth, so this converges fast."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    x, y = lon.copy(), lat.copy()
    for _round in range(_ROUNDS):
        there_x, there_y = forward(x, y)
        x, y = x + (lon - there_x), y + (lat - there_y)
    return x, y
