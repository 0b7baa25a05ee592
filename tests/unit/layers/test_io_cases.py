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
DEVIATIONS = {
    "dxf-lwpolyline-closed": _NO_CRS,
    "dxf-blocks": _NO_CRS,
    "dxf-arrayed": _NO_CRS,
    "dxf-unicode": "refused: its only entities are texts that GDAL does not list as a layer",
    "dxf-bin-r12": "refused in one sentence, which the case allows in its note",
    "gpkg-view": "the view is read; the file also holds empty and mixed geometries, which are told",
    "gpkg-5208": "all 6 features are sound points with texts: there is nothing to warn of",
}


def _cases() -> list[dict[str, str]]:
    if not CASES.exists():
        return []
    with (CASES / "manifest.csv").open(encoding="utf-8-sig", newline="") as source:
        return [row for row in csv.DictReader(source) if (CASES / row["dir"] / row["main"]).exists()]


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not on this machine")
def test_every_case_ends_as_expected_or_deviates_by_name(tmp_path: Path) -> None:
    wrong: dict[str, str] = {}
    assert len(_cases()) >= 67
    with make_project(tmp_path / "p.gpkg") as store:
        for case in _cases():
            (report,) = run(store, [CASES / case["dir"] / case["main"]], dry_run=True)
            if str(report.status) != _STATUS[case["expected"]]:
                wrong[case["id"]] = f"expected {case['expected']}, got {report.status}: {report.error}"
    assert set(wrong) == set(DEVIATIONS), wrong
