"""Reports: what helps a developer is in them, what a person typed is not."""

from pathlib import Path

from fieldsurvey.incident import fatal_file, report_of, reports_folder, take_fatal, write_report

PERSON = "李四13712345678"


def _fail(name: str) -> None:
    try:
        dict[str, int]()[name]
    except KeyError as error:
        text = f"no record of {name} in /data/li/{name}.gpkg"
        raise ValueError(text) from error


def _caught() -> ValueError:
    try:
        _fail(PERSON)
    except ValueError as error:
        return error
    raise AssertionError


def test_a_report_names_kinds_and_places_and_no_person() -> None:
    told = report_of(_caught())
    assert "KeyError" in told
    assert "ValueError: no record of ██###########" in told
    assert "test_incident.py" in told
    assert "_fail" in told
    for private in ("李四", "13712345678", "/data/li"):
        assert private not in told


def test_only_the_newest_reports_stay() -> None:
    error = _caught()
    written = [write_report(error) for _number in range(25)]
    assert sorted(reports_folder().glob("report-*.txt")) == written[-20:]


def test_a_fault_is_told_once() -> None:
    assert take_fatal() is None
    fatal_file().write_text("Fatal Python error: Segmentation fault", "utf-8")
    found = take_fatal()
    assert isinstance(found, Path)
    assert "Segmentation" in found.read_text("utf-8")
    assert take_fatal() is None
