"""Reference systems of China: axis order, zone numbers, names, and the old datums that we do not convert."""

import numpy as np
import pytest

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo import crs

_ESRI_38 = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
    'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ((115.0, 30.1, 115.2, 30.3), "EPSG:4490"),
        ((38_590_000.0, 3_330_000.0, 38_600_000.0, 3_345_000.0), "EPSG:4526"),
        ((20_300_000.0, 3_330_000.0, 20_310_000.0, 3_345_000.0), "EPSG:4498"),
        ((590_000.0, 3_330_000.0, 600_000.0, 3_345_000.0), "EPSG:4547"),
        ((1.0, 1.0, 5_000.0, 5_000.0), ""),
        ((38_590_000.0, 3_330_000.0, 39_400_000.0, 3_345_000.0), ""),
    ],
)
def test_the_size_of_the_numbers_tells_the_system(bounds: tuple[float, float, float, float], code: str) -> None:
    found = crs.guess(bounds)
    assert found.code == code
    assert not found.sure
    assert found.how


def test_the_name_that_arcgis_writes_is_recognised() -> None:
    assert crs.short_code(_ESRI_38) == "EPSG:4547"


@pytest.mark.parametrize(("code", "known"), [("EPSG:2382", True), ("EPSG:2434", True), ("EPSG:4547", False)])
def test_an_old_national_datum_is_named(code: str, known: bool) -> None:
    assert bool(crs.old_datum(code)) is known


def test_an_unknown_code_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputRefused, match="EPSG:4547"):
        crs.parsed("EPSG:999999")


def test_x_is_east_whatever_the_authority_says() -> None:
    x, y = crs.transform(np.array([115.0]), np.array([30.0]), "EPSG:4490", "EPSG:4547")
    assert 590_000 < x[0] < 600_000
    assert 3_300_000 < y[0] < 3_400_000


def test_the_zone_number_is_only_a_prefix() -> None:
    x, y = crs.transform(np.array([38_594_751.375]), np.array([3_331_580.477]), "EPSG:4526", "EPSG:4547")
    assert (x[0], y[0]) == pytest.approx((594_751.375, 3_331_580.477), abs=1e-6)
