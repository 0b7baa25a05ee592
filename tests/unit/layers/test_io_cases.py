"""Independent robustness cases: each ends as expected, or its deviation is named here with the reason."""

import csv
from pathlib import Path

import pytest

from layers.io.importer import run
from tests.builders import make_project
from tests.conftest import SHARED

CASES = SHARED / "cases" / "importers"
_STATUS = {"import": "imported", "import_with_warning": "imported_with_warning", "refuse": "refused"}
DEVIATIONS = {
    # Its tables are those of gpkg-all-geoms, where the manifest expects a warning for the same empty geometries and the
    # same missing CRS (so do gpkg-empty-geoms and gpkg-null-crs): the view is read, and what is odd is told here too.
    "gpkg-view": "the tables beside the view hold empty geometries and state no CRS, which are told",
}


def _cases() -> list[dict[str, str]]:
    if not CASES.exists():
        return []
    with (CASES / "manifest.csv").open(encoding="utf-8-sig", newline="") as source:
        return [row for row in csv.DictReader(source) if (CASES / row["dir"] / row["main"]).exists()]


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not on this machine")
def test_every_case_ends_as_expected_or_deviates_by_name(tmp_path: Path) -> None:
    cases = _cases()
    assert len(cases) >= 67
    with make_project(tmp_path / "p.gpkg") as store:
        reports = run(store, [CASES / case["dir"] / case["main"] for case in cases], dry_run=True)
    wrong = {
        case["id"]: f"expected {case['expected']}, got {report.status}: {report.error}"
        for case, report in zip(cases, reports, strict=True)
        if str(report.status) != _STATUS[case["expected"]]
    }
    assert set(wrong) == set(DEVIATIONS), wrong
    reports_of = {case["id"]: report for case, report in zip(cases, reports, strict=True)}
    assert reports_of["gpkg-view"].layers.keys() > reports_of["gpkg-all-geoms"].layers.keys()
    told = {warning.code for warning in reports_of["gpkg-view"].warnings}
    told.discard("already_there")  # rows that the other case has brought
    assert told == {warning.code for warning in reports_of["gpkg-all-geoms"].warnings}
