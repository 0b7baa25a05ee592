"""Local grids from control pairs: points whose coordinates are known in both systems.

The residuals are what a surveyor judges the fit by: each pair is measured
against the transformation that all of them make.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs
from fieldsurvey.geo.local_grids import PLANE, SPACE, LocalGrid, ellipsoid_of, geocentric, geographic_of
from fieldsurvey.i18n import _

Floats = npt.NDArray[np.float64]
_LEAST = {PLANE: 2, SPACE: 3}
_SECOND = np.pi / 180 / 3600
_FLAT = 1e-3  # of the longer extent: points that lie closer to a line than this fix no rotation in space
_COLUMNS = 4
_GROSS, _LEAST_GROSS = 3.0, 0.02  # times the RMS of the others, and m: a pair to look at again


@dataclass(frozen=True, slots=True)
class Pair:
    """One control point; north and east in m, as survey papers write them.

    Attributes:
        name: Its number.
        north, east: In the local or old system.
        to_north, to_east: In the base system.
    """

    name: str
    north: float
    east: float
    to_north: float
    to_east: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit and how well it meets the pairs.

    Attributes:
        grid: The grid.
        residuals: North and east, given minus computed in the base system, m, shape (n, 2).
        rms: Root of the mean square of their lengths, per degree of freedom, m; 0 with nothing over.
        spare: Observations beyond those that the parameters need.
        gross: Pairs that stand out: the others, fitted without them, miss them by more than three times their own RMS.
    """

    grid: LocalGrid
    residuals: Floats
    rms: float
    spare: int
    gross: frozenset[int] = frozenset()


def fit(name: str, kind: str, pairs: Sequence[Pair], *, base: str, source: str = "") -> Fitted:
    """Return the grid that control pairs make.

    Args:
        name: What to call it.
        kind: PLANE (four parameters) or SPACE (seven).
        pairs: At least two, or three.
        base: Plane system of the second coordinates, on CGCS2000.
        source: System of the first coordinates; for SPACE an old national one; empty: a local plane.

    Raises:
        InputRefused: If there are too few, they coincide, or a plane of the base is no plane.
    """
    if len(pairs) < _LEAST[kind]:
        text = _("{n} control pairs are too few: at least {least}; one more shows how good they are.")
        raise InputRefused(text.format(n=len(pairs), least=_LEAST[kind]))
    if crs.is_geographic(base) or crs.old_datum(base):
        raise InputRefused(_("The second coordinates are metres in a CGCS2000 grid, such as EPSG:4547."))
    given = np.array([(pair.east, pair.north) for pair in pairs])
    wanted = np.array([(pair.to_east, pair.to_north) for pair in pairs])
    if min(np.ptp(given, axis=0).max(), np.ptp(wanted, axis=0).max()) < 1.0:
        raise InputRefused(_("The control points lie on one spot. Take points at the edges of the area."))
    found = _fitted(name, kind, given, wanted, base, source)
    return replace(found, gross=_gross(kind, given, wanted, base, source) if found.spare > 2 else frozenset())


def _fitted(name: str, kind: str, given: Floats, wanted: Floats, base: str, source: str) -> Fitted:
    values = _four(given, wanted) if kind == PLANE else _seven(given, wanted, source, base)
    count = len(given)
    grid = LocalGrid(name, kind, values, source, base if kind == PLANE else crs.CGCS2000, count)
    residuals = _residuals(grid, given, wanted, base)
    spare = 2 * count - len(values[2:] if kind == PLANE else values)
    rms = float(np.sqrt(2 * (residuals**2).sum() / spare)) if spare > 0 else 0.0
    return Fitted(replace(grid, rms=round(rms, 4)), residuals, rms, max(spare, 0))


def _residuals(grid: LocalGrid, given: Floats, wanted: Floats, base: str) -> Floats:
    """Return north and east, given minus computed."""
    x, y = grid.to_base(given[:, 0], given[:, 1])
    if grid.kind == SPACE:
        x, y = crs.transform(x, y, crs.CGCS2000, base)
    return np.column_stack((wanted[:, 1] - y, wanted[:, 0] - x))


def _gross(kind: str, given: Floats, wanted: Floats, base: str, source: str) -> frozenset[int]:
    found = set()
    for number in range(len(given)):
        others = np.arange(len(given)) != number
        try:
            fitted = _fitted("", kind, given[others], wanted[others], base, source)
        except InputRefused:  # the others lie on a line
            continue
        missed = float(np.hypot(*_residuals(fitted.grid, given[[number]], wanted[[number]], base)[0]))
        if missed > max(_GROSS * fitted.rms, _LEAST_GROSS):
            found.add(number)
    return frozenset(found)


def _four(given: Floats, wanted: Floats) -> tuple[float, ...]:
    """Return the values of a PLANE grid: least squares about the centre, where all is well conditioned."""
    centre, to = given.mean(axis=0), wanted.mean(axis=0)
    (dx, dy), (ex, ey) = (given - centre).T, (wanted - to).T
    size = float((dx**2 + dy**2).sum())
    a, b = float((dx * ex + dy * ey).sum()) / size, float((dx * ey - dy * ex).sum()) / size
    return (float(centre[0]), float(centre[1]), float(to[0]), float(to[1]), a, b)


def _seven(given: Floats, wanted: Floats, source: str, base: str) -> tuple[float, ...]:
    """Return the values of a SPACE grid: linear in shifts and scaled rotations, about the centre."""
    if not crs.old_datum(source):
        raise InputRefused(_("Seven parameters lead from Xian 1980 or Beijing 1954: say which grid the first are in."))
    spread = np.linalg.svd(given - given.mean(axis=0), compute_uv=False)
    if spread[1] < _FLAT * spread[0]:
        raise InputRefused(_("The control points lie on one line. Seven parameters need points around the area."))
    lon, lat = crs.transform(given[:, 0], given[:, 1], source, geographic_of(source))
    here = geocentric(lon, lat, ellipsoid_of(source))
    there = geocentric(*crs.transform(wanted[:, 0], wanted[:, 1], base, crs.CGCS2000), ellipsoid_of(crs.CGCS2000))
    centre, to = here.mean(axis=0), there.mean(axis=0)
    x, y, z = (here - centre).T
    none = np.zeros_like(x)
    columns = (
        np.column_stack((x, y, z)), np.column_stack((none, -z, y)), np.column_stack((z, none, -x)),
        np.column_stack((-y, x, none)),
    )  # fmt: skip
    design = np.stack([column.ravel() for column in columns], axis=1)
    scale, rx, ry, rz = np.linalg.lstsq(design, (there - to).ravel(), rcond=None)[0]
    turned = np.array([[scale, -rz, ry], [rz, scale, -rx], [-ry, rx, scale]])
    shift = to - turned @ centre
    seconds = np.array([rx, ry, rz]) / scale / _SECOND
    return (*map(float, shift), *map(float, seconds), float(scale - 1) * 1e6)


def read_pairs(path: Path) -> list[Pair]:
    """Return the pairs of a table: name, north, east, north and east in the base system.

    Raises:
        InputRefused: If the file cannot be read, or a line has no four numbers.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputRefused(_("{file} cannot be read: {why}").format(file=path.name, why=error.strerror)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", "replace")
    return pairs_of(text)


def pairs_of(text: str) -> list[Pair]:
    """Return the pairs of a text: lines with commas, tabs, semicolons or blanks, as copied from a workbook.

    Raises:
        InputRefused: If a line behind the heading has no four numbers.
    """
    found: list[Pair] = []
    for number, line in enumerate(text.splitlines(), 1):
        cells = _cells(line)
        if not cells:
            continue
        numbers = _numbers(cells[-_COLUMNS:])
        if numbers is None:
            if not found:
                continue  # the heading
            raise InputRefused(_("Line {n} has no four numbers: north, east, north, east.").format(n=number))
        name = cells[0] if len(cells) > _COLUMNS else str(len(found) + 1)
        found.append(Pair(name, *numbers))
    return found


def _cells(line: str) -> list[str]:
    plain = line.replace("，", ",").replace("；", ";").strip()
    sign = next((sign for sign in "\t,;" if sign in plain), "")
    cells = next(csv.reader(io.StringIO(plain), delimiter=sign), []) if sign else plain.split()
    return [cell.strip() for cell in cells]


def _numbers(cells: Sequence[str]) -> tuple[float, float, float, float] | None:
    try:
        north, east, to_north, to_east = (float(cell) for cell in cells)
    except ValueError:
        return None
    if not np.isfinite([north, east, to_north, to_east]).all():
        return None
    return north, east, to_north, to_east
