"""Checks of values that the map can judge: names, years, sums, sizes."""

from collections.abc import Iterator

import shapely

from fieldsurvey.i18n import _
from layers.topology.data import Dataset, Layer
from layers.topology.findings import Finding, Fix, Rule, found

_FIRST_YEAR = 1840
_MOST_FLOORS = 50
_LEAST_STOREY, _MOST_STOREY = 2.1, 8.0  # m: GB 50096 wants 2.80 m in dwellings; cellars and halls need room
_AREA_SHARE = 0.03  # between the recorded and the drawn site area: what a scale of 1:500 leaves open
_DIAMETERS = {"water_line": (15, 4000), "gas_line": (15, 2000), "drain_line": (50, 6000)}  # mm


def check(data: Dataset, year: int) -> Iterator[Finding]:
    """Yield values that cannot be; `year` is the current one."""
    for name in ("community", "building"):
        if name in data:
            yield from _years(data[name], year)
            yield from _blanks(data[name])
    if "community" in data:
        yield from _nameless(data["community"])
        yield from _site_areas(data["community"])
    if "building" in data:
        yield from _floors(data["building"])
    if "community" in data and "building" in data:
        yield from _sums(data["community"], data["building"])
    for name, limits in _DIAMETERS.items():
        if name in data:
            yield from _diameters(data[name], limits)


def _years(layer: Layer, year: int) -> Iterator[Finding]:
    for index, built in enumerate(layer.column("built_year")):
        if isinstance(built, int) and not _FIRST_YEAR <= built <= year:
            text = _("{number} is said to be built in {year}.").format(number=layer.numbers[index], year=built)
            yield found(Rule.YEAR_RANGE, layer, index, text)


def _nameless(layer: Layer) -> Iterator[Finding]:
    for index, name in enumerate(layer.column("name")):
        if not str(name or "").strip():
            text = _("The community {number} has no name.").format(number=layer.numbers[index])
            yield found(Rule.NULL_NAME, layer, index, text)


def _blanks(layer: Layer) -> Iterator[Finding]:
    for index, name in enumerate(layer.column("name")):
        plain = str(name or "").strip()
        if name and plain and plain != name:
            text = _("The name “{name}” begins or ends with a blank.").format(name=name)
            yield found(Rule.BLANK_IN_NAME, layer, index, text, fix=Fix({"name": plain}))


def _floors(layer: Layer) -> Iterator[Finding]:
    for index, (floors, height) in enumerate(zip(layer.column("floors"), layer.column("height"), strict=True)):
        if not isinstance(floors, int):
            continue
        storey = float(height) / floors if isinstance(height, int | float) and floors > 0 and height else None
        if not 0 < floors <= _MOST_FLOORS or (storey is not None and not _LEAST_STOREY <= storey <= _MOST_STOREY):
            text = _("{number} is said to have {floors} storeys at a height of {height} m.")
            words = text.format(number=layer.numbers[index], floors=floors, height=height or "?")
            yield found(Rule.FLOORS_RANGE, layer, index, words)


def _sums(community: Layer, building: Layer) -> Iterator[Finding]:
    sums: dict[str, int] = {}
    complete: dict[str, bool] = {}
    for uid, count in zip(building.column("community_uid"), building.column("household_count"), strict=True):
        if uid:
            sums[str(uid)] = sums.get(str(uid), 0) + (count if isinstance(count, int) else 0)
            complete[str(uid)] = complete.get(str(uid), True) and isinstance(count, int)
    for index, told in enumerate(community.column("household_count")):
        uid = community.uids[index]
        if isinstance(told, int) and complete.get(uid) and sums[uid] != told:
            text = _("{number} is said to have {told} households; its buildings have {sum}.")
            words = text.format(number=community.numbers[index], told=told, sum=sums[uid])
            yield found(Rule.SUM_MISMATCH, community, index, words)


def _site_areas(layer: Layer) -> Iterator[Finding]:
    for index, (told, drawn) in wrong_areas(layer).items():
        text = _("{number} is said to have {told:,.0f} ㎡; its outline has {drawn:,.0f} ㎡.")
        words = text.format(number=layer.numbers[index], told=told, drawn=drawn)
        yield found(Rule.AREA_MISMATCH, layer, index, words)


def _diameters(layer: Layer, limits: tuple[int, int]) -> Iterator[Finding]:
    for index, size in enumerate(layer.column("diameter_mm")):
        if isinstance(size, int | float) and size and not limits[0] <= size <= limits[1]:
            text = _("{number} is said to be DN {size}.").format(number=layer.numbers[index], size=size)
            yield found(Rule.DIAMETER_RANGE, layer, index, text)


def wrong_areas(layer: Layer) -> dict[int, tuple[float, float]]:
    """Return index -> recorded and drawn area of communities whose outline was moved, grown, or drawn for another."""
    areas = shapely.area(layer.geometries)
    found_: dict[int, tuple[float, float]] = {}
    for index, told in enumerate(layer.column("site_area")):
        drawn = float(areas[index])
        if isinstance(told, int | float) and told > 0 and drawn > 0 and abs(drawn - told) > _AREA_SHARE * told:
            found_[index] = (float(told), drawn)
    return found_
