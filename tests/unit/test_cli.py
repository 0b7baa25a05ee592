"""The command line as outside checks call it: exit codes, data on standard output, sentences on standard error."""

import json
from pathlib import Path

import pytest

from fieldsurvey.cli import run


def test_a_project_is_made_checked_and_imported_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, points = tmp_path / "p.gpkg", tmp_path / "消火栓.csv"
    points.write_text("编号,经度,纬度\n1,115.04,30.2\n", "utf-8")
    assert run(["new", str(project)]) == 0
    assert run(["import", str(project), str(points), "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert report["layers"] == [{"name": "hydrant", "count": 1}]
    assert run(["check", str(project), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["whole"] is True


def test_a_refused_file_ends_with_three(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "p.gpkg"
    run(["new", str(project)])
    assert run(["import", str(project), str(tmp_path / "no.shp")]) == 3
    assert "没有文件" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["nosuch"], 2), (["import"], 2), (["check", "no.gpkg"], 3), (["export", "sheets", "no.gpkg", "--out", "x"], 3)],
)
def test_wrong_use_and_missing_files_have_their_codes(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    assert capsys.readouterr().err.strip()


def test_forms_are_exported_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forms", "export", str(tmp_path)]) == 0
    assert run(["forms", "check", str(tmp_path / "f11_elevator.xlsx")]) == 0
    assert "0" in capsys.readouterr().out
