"""Many sheets into a folder: progress, cancel, and a failure that costs one sheet only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl

if TYPE_CHECKING:
    from exports.sheet.collect import Collector
    from exports.sheet.template import Template
    from fieldsurvey.store import Store

_UNSAFE = '<>:"/\\|?*'  # characters that Windows does not allow in a file name


class SheetsFailed(FieldSurveyError):
    """Some sheets could not be made; the others are there.

    Attributes:
        failed: Name of the community and reason, for each sheet that failed.
        written: The files that were made.
    """

    exit_code = 1

    def __init__(self, failed: dict[str, str], written: Sequence[Path]) -> None:
        self.failed, self.written = failed, list(written)
        named = "; ".join(f"{name}: {why}" for name, why in failed.items())
        super().__init__(
            _("{failed} of {all} sheets could not be made. {named}").format(
                failed=len(failed), all=len(failed) + len(self.written), named=named
            )
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    uid: str
    code: str
    name: str

    @property
    def file_name(self) -> str:
        return file_name(f"{self.code}_{self.name}", self.uid)


def file_name(text: str, otherwise: str = "_") -> str:
    """Return the name of a PDF that every system takes.

    >>> file_name("LJ1_东区/西区"), file_name(" . ", "7F")
    ('LJ1_东区 西区.pdf', '7F.pdf')
    """
    readable = "".join(" " if char in _UNSAFE or ord(char) < 32 else char for char in text)
    return f"{readable.strip(' .') or otherwise}.pdf"


def sheets(
    store: "Store",
    codes: Sequence[str] | None,
    out_dir: Path,
    limit: int | None = None,
    control: JobControl | None = None,
    *,
    template: str = "assessment",
    restricted: bool = True,
) -> list[Path]:
    """Write one sheet per community; return the files.

    Call it in the thread of the store. Each file appears when it is whole; an
    older one of the same name is replaced.

    Args:
        store: The project.
        codes: 小区编码 of the communities wanted; None: all, in order of code.
        out_dir: Folder, made if missing.
        limit: At most so many.
        control: Progress and cancel.
        template: Name of a shipped template (评估表, 申报表, 审批表) or a template file.
        restricted: Whether pipes, power and gas sites are on the maps.

    Raises:
        InputRefused: If a code is unknown, the template has a fault, or the folder cannot be made.
        SheetsFailed: If some sheets could not be made, after all others were.
        JobCancelled: If the user stopped; finished sheets stay.
    """
    from exports.sheet.collect import collector
    from exports.sheet.template import template_of

    control, kind = control or JobControl(), template_of(template)
    wanted = _wanted(store, codes)[:limit]
    make_folder(out_dir)
    source = collector(store, restricted=restricted)
    written: list[Path] = []
    failed: dict[str, str] = {}
    for done, each in enumerate(wanted):
        control.step(done, len(wanted), each.name)
        try:
            written.append(_write(source, each, out_dir, kind))
        except (FieldSurveyError, OSError) as error:
            failed[f"{each.code} {each.name}".strip()] = str(error)
    if failed:
        raise SheetsFailed(failed, written)
    return written


def _wanted(store: "Store", codes: Sequence[str] | None) -> list[_Wanted]:
    rows = store.select("community", ["code", "name"], order="code")
    every = [_Wanted(str(row["uid"]), str(row["code"] or ""), str(row["name"] or "")) for row in rows]
    if codes is None:
        return every
    by_code = {each.code: each for each in every}
    unknown = [code for code in codes if code not in by_code]
    if unknown:
        raise InputRefused(_("No community has the code {codes}.").format(codes=", ".join(unknown)))
    return [by_code[code] for code in dict.fromkeys(codes)]


def make_folder(folder: Path) -> None:
    """Make a folder if it is missing.

    Raises:
        InputRefused: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputRefused(
            _("The folder {folder} cannot be used: {why}").format(folder=folder, why=error.strerror)
        ) from error


def _write(source: "Collector", wanted: _Wanted, folder: Path, template: "Template") -> Path:
    from exports.sheet.document import render
    from exports.sheet.template import ASSESSMENT, shipped

    name = wanted.file_name
    out = folder / (name if template is shipped(ASSESSMENT) else f"{Path(name).stem}_{file_name(template.name)}")
    render(source.sheet(wanted.uid), out, template)
    return out
