"""The check as a command: of a project, or of a hand-over file before anybody imports it."""

from pathlib import Path

from fieldsurvey.errors import InputRefused, UsageError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from layers.topology.check import check, mend
from layers.topology.data import from_file, from_store
from layers.topology.findings import Finding


def check_path(path: Path, control: JobControl, *, fix: bool = False) -> tuple[list[Finding], int]:
    """Return what is wrong in a project or file, and how many records were mended before.

    Raises:
        UsageError: If a file that is no project should be mended.
        InputRefused: If it cannot be read.
        JobCancelled: If the user stopped it.
    """
    if not path.exists():
        raise InputRefused(_("There is no file {file}.").format(file=path))
    if not is_project(path):
        if fix:
            raise UsageError(_("{file} is no project. Import it, then mend the project.").format(file=path.name))
        return check(from_file(path), control), 0
    with Store.open(path, read_only=not fix) as store:
        findings = check(from_store(store), control)
        mended = mend(store, findings) if fix else 0
        return (check(from_store(store), control) if mended else findings), mended


def is_project(path: Path) -> bool:
    """Say whether a file is a project of this program."""
    if path.suffix.lower() != ".gpkg":
        return False
    try:
        Store.open(path, read_only=True).close()
    except InputRefused:
        return False
    return True


def as_json(finding: Finding) -> dict[str, object]:
    """Return a finding as printed by the command line."""
    east, north = finding.place or (None, None)
    return {
        "rule": finding.rule.value,
        "layer": finding.table,
        "id": finding.number,
        "uid": finding.uid,
        "east": east,
        "north": north,
        "text": finding.text,
        "fixable": finding.fix is not None,
    }
