"""What an import did, for people and for programs (ARCHITECTURE section 8)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from fieldsurvey.errors import StoreError
from fieldsurvey.i18n import _

_MOST_ALIKE = 20  # sentences of one kind in a report


class Status(StrEnum):
    """How a file ended."""

    IMPORTED = "imported"
    WITH_WARNING = "imported_with_warning"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the word the contract uses
    """Something a person should know.

    Attributes:
        code: Stable name.
        message: One sentence.
    """

    code: str
    message: str


@dataclass(slots=True)
class FileReport:
    """One file.

    Attributes:
        file: The file.
        status: How it ended.
        layers: Target table -> rows taken.
        labels: Target table -> its name for people.
        crs: Reference system used.
        crs_how: How it was found.
        encoding: Text encoding used.
        encoding_how: How it was found.
        warnings: What a person should know.
        notes: What was done and needs no look.
        error: Why it was refused.
    """

    file: Path
    status: Status = Status.IMPORTED
    layers: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    crs: str = ""
    crs_how: str = ""
    encoding: str = ""
    encoding_how: str = ""
    warnings: list[Warning] = field(default_factory=list)
    notes: list[Warning] = field(default_factory=list)
    error: str = ""

    def warn(self, code: str, message: str) -> None:
        """Add a warning once."""
        _add(self.warnings, Warning(code, message))
        if self.status is Status.IMPORTED:
            self.status = Status.WITH_WARNING

    def note(self, code: str, message: str) -> None:
        """Add something that was done as it should be, once; it changes nothing in how the file ended."""
        _add(self.notes, Warning(code, message))

    def refuse(self, why: str) -> None:
        """End with a refusal."""
        self.status, self.error = Status.REFUSED, why

    def as_json(self) -> dict[str, object]:
        """Return the report as the command line prints it."""
        return {
            "file": str(self.file),
            "status": str(self.status),
            "layers": [{"name": name, "count": count} for name, count in self.layers.items()],
            "crs": self.crs or None,
            "crs_how": self.crs_how or None,
            "encoding": self.encoding or None,
            "encoding_how": self.encoding_how or None,
            "warnings": [{"code": warning.code, "message": warning.message} for warning in self.warnings],
            "notes": [{"code": note.code, "message": note.message} for note in self.notes],
            "error": self.error or None,
        }

    def as_text(self) -> str:
        """Return the report as lines for a terminal."""
        words = {
            Status.IMPORTED: _("imported"),
            Status.WITH_WARNING: _("imported, please look"),
            Status.REFUSED: _("refused"),
        }
        head = f"{self.file.name}: {words[self.status]}"
        counts = [f"  {self.labels.get(name, name)} {count}" for name, count in self.layers.items()]
        notes = [f"  ! {warning.message}" for warning in self.warnings]
        notes += [f"  · {note.message}" for note in self.notes]
        return "\n".join([head, *counts, *notes, *([f"  {self.error}"] if self.error else [])])


def _add(told: list[Warning], one: Warning) -> None:
    """Add a sentence once; of many of one kind, the first."""
    alike = sum(each.code == one.code for each in told)
    if alike < _MOST_ALIKE and one not in told:
        told.append(one)
    elif alike == _MOST_ALIKE and one not in told:
        told.append(Warning(one.code, _("More of this kind was found and is not listed.")))


def save(reports: Sequence[FileReport], path: Path) -> None:
    """Write the reports of an import into a file: JSON by its suffix, else text with the reasons for every guess.

    Raises:
        StoreError: If the disk refuses.
    """
    if path.suffix.lower() == ".json":
        text = json.dumps([report.as_json() for report in reports], ensure_ascii=False, indent=1)
    else:
        text = "\n\n".join(f"{report.as_text()}\n{_evidence(report)}".rstrip() for report in reports)
    try:
        path.write_text(text + "\n", "utf-8-sig" if path.suffix.lower() == ".txt" else "utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise StoreError(_("{file} cannot be written: {why}").format(file=path.name, why=why)) from error


def _evidence(report: FileReport) -> str:
    lines = []
    if report.crs_how:
        name = report.crs or "-"
        lines.append("  " + _("Coordinate system {name}: {how}").format(name=name, how=report.crs_how))
    if report.encoding_how:
        lines.append("  " + _("Encoding {name}: {how}").format(name=report.encoding, how=report.encoding_how))
    return "\n".join(lines)
