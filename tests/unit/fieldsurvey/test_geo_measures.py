"""Lengths and areas against GeographicLib's own figures, and coordinates as people write them."""

import csv
import re

import numpy as np
import pytest

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs, measures
from fieldsurvey.geo.notation import read
from tests.conftest import SHARED

E, N = 600_146.644, 3_342_741.451  # 115.04°E 30.20°N in EPSG:4547, domain page 5.1


@pytest.mark.parametrize(
    "text",
    [
        "115.04, 30.2", "30.2 115.04", "115°02′24″E 30°12′00″N", "30°12'00\"N, 115°2'24\"E",
        "30°12′00″N115°02′24″E", "N30°12′ E115°2.4′",
        "北纬30度12分 东经115度02分24秒", "１１５．０４，３０．２", "lon=115.04 lat=30.2",
        "600146.644 3342741.451", "X=3342741.451 Y=600146.644", "x: 3342741.451, y: 600146.644",
        "3342741.451,600146.644", "Y=38600146.644 X=3342741.451", "38600146.644 3342741.451",
        "东坐标 600146.644 北坐标 3342741.451", "E 600146.644 N 3342741.451", "X=600146.644 Y=3342741.451",
    ],
)  # fmt: skip
def test_every_way_of_writing_is_the_same_place(text: str) -> None:
    found = read(text, "EPSG:4547")
    assert (found.east, found.north) == pytest.approx((E, N), abs=0.02)


@pytest.mark.parametrize("text", ["", "黄石", "115.04", "1 2 3"])
def test_what_is_no_coordinate_is_refused_in_words(text: str) -> None:
    with pytest.raises(InputRefused):
        read(text, "EPSG:4547")


def test_an_old_datum_without_parameters_is_refused() -> None:
    with pytest.raises(InputRefused, match="1980"):
        read("600146.644 3342741.451", "EPSG:4547", "EPSG:2383")


def test_lengths_and_areas_agree_with_geographiclib() -> None:
    with (SHARED / "data" / "transforms" / "geodesic_reference.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        _agree(row)


def _agree(row: dict[str, str]) -> None:
    numbers = [float(number) for number in re.findall(r"[\d.]+", row["coords_lng_lat"])]
    places = list(zip(numbers[::2], numbers[1::2], strict=True))
    if row["id"].endswith("gk"):
        xy = crs.transform(np.array(numbers[::2]), np.array(numbers[1::2]), "EPSG:4490", "EPSG:4547")
        got = measures.grid_area(list(zip(xy[0].tolist(), xy[1].tolist(), strict=True)))
    elif row["id"].startswith("dist"):
        got = measures.ellipsoidal_length(places, "EPSG:4490")
    else:
        got = measures.ellipsoidal_area(places, "EPSG:4490")
    assert got == pytest.approx(float(row["value"]), abs=0.05)


def test_a_kilometre_of_the_grid_is_longer_than_on_the_ground() -> None:
    line = [(E, N), (E + 1000, N)]
    assert measures.grid_length(line) == pytest.approx(1000)
    assert measures.ellipsoidal_length(line, "EPSG:4547") == pytest.approx(1000 / 1.000122, abs=0.02)


def test_bearing_and_polar_undo_each_other() -> None:
    for degrees in np.linspace(0, 359, 37).tolist():
        there = measures.polar((E, N), 25.0, degrees)
        assert measures.bearing((E, N), there) == pytest.approx(degrees, abs=1e-6)
        assert measures.grid_length([(E, N), there]) == pytest.approx(25.0)


def test_area_of_a_rectangle() -> None:
    ring = [(E, N), (E + 200, N), (E + 200, N + 100), (E, N + 100)]
    assert measures.grid_area(ring) == pytest.approx(20_000)
    assert measures.ellipsoidal_area(ring, "EPSG:4547") == pytest.approx(20_000, rel=5e-4)
