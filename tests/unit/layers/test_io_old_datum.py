"""Old national datums are never converted in silence, whoever names them."""

from pathlib import Path

from layers.io.importer import run
from tests.builders import make_project


def test_an_old_datum_that_the_user_states_is_told_as_inexact(tmp_path: Path) -> None:
    file = tmp_path / "消火栓.csv"
    file.write_text("编号,wkt\n1,POINT (595000 3331000)\n", "utf-8")
    with make_project(tmp_path / "p.gpkg") as store:
        (report,) = run(store, [file], crs="EPSG:2383", dry_run=True)
    assert "old_datum" in {warning.code for warning in report.warnings}
