"""Many sheets into a folder: on all cores, with progress and cancel, and a failure that costs one sheet only.

A sheet that lies there already, whole and with the verification code of its
present data, is left as it is: an export that was stopped goes on where it was.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from exports.sheet_folder import SheetFolder
from fieldsurvey import i18n
from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _, labelled
from fieldsurvey.jobs import JobControl

if TYPE_CHECKING:
    from exports.sheet_writer import Answer, Order, Wanted
    from fieldsurvey.store import Store

_UNSAFE = '<>:"/\\|?*'  # characters that Windows does not allow in a file name
_FEW = 12  # sheets that are drawn sooner here than other processes have started
_SHOWN = 10  # files that a sentence names
_MOST = 8  # processes: each takes 200 MB


class SheetsFailed(FieldSurveyError):
    """Some sheets could not be made; the others are there.

    Attributes:
        failed: Name of the community and reason, for each sheet that failed.
        written: The files that were made.
    """

    exit_code = 1

    def __init__(self, failed: dict[str, str], written: Sequence[Path]) -> None:
        self.failed, self.written = failed, list(written)
        named = _("; ").join(labelled(name, why) for name, why in failed.items())
        super().__init__(
            _("{failed} of {all} sheets could not be made. {named}").format(
                failed=len(failed), all=len(failed) + len(self.written), named=named
            )
        )


def file_name(text: str, otherwise: str = "_") -> str:
    """Return the name of a PDF that every system takes.

    >>> file_name("LJ1_东区/西区"), file_name(" . ", "7F")
    ('LJ1_东区 西区.pdf', '7F.pdf')
    """
    readable = "".join(" " if char in _UNSAFE or ord(char) < 32 else char for char in text)
    return f"{readable.strip(' .') or otherwise}.pdf"


@dataclass(frozen=True, slots=True)
class SheetsWritten:
    """What a batch did.

    Attributes:
        files: The sheets that are there now, in order.
        kept: How many of them were there before and are left as they were.
        failed: Name of the community and reason, for each sheet that could not be made.
        replaced: Sheets under earlier names of these communities, which are taken away: nobody had touched them.
        stale: Sheets under earlier names that a person signed or changed, or of communities that are no more: left.
    """

    files: tuple[Path, ...]
    kept: int
    failed: dict[str, str]
    replaced: tuple[Path, ...] = ()
    stale: tuple[Path, ...] = ()

    def told(self) -> list[str]:
        """Return sentences on what was found in the folder."""
        told = []
        if self.kept:
            text = _("{n} of them were there already and say the same; they are left as they were.")
            told.append(text.format(n=self.kept))
        if self.replaced:
            text = _("Sheets of communities that have a new name since took the place of these: {files}")
            told.append(text.format(files=_named(self.replaced)))
        if self.stale:
            text = _("Left in the folder, but out of date, for the community has another name or is no more: {files}")
            told.append(text.format(files=_named(self.stale)))
        return told


def _named(files: Sequence[Path]) -> str:
    shown = _(", ").join(file.name for file in files[:_SHOWN])
    return shown if len(files) <= _SHOWN else _("{files} and {n} more").format(files=shown, n=len(files) - _SHOWN)


def sheets(
    store: "Store",
    codes: Sequence[str] | None,
    out_dir: Path,
    limit: int | None = None,
    control: JobControl | None = None,
    *,
    template: str = "assessment",
    restricted: bool = True,
    tell: Callable[[str], None] = lambda _sentence: None,
) -> list[Path]:
    """Write one sheet per community; return the files. See write_sheets(); tell gets what was found in the folder.

    Raises:
        SheetsFailed: If some sheets could not be made, after all others were.
    """
    made = write_sheets(store, codes, out_dir, limit, control, template=template, restricted=restricted)
    for sentence in made.told():
        tell(sentence)
    if made.failed:
        raise SheetsFailed(made.failed, made.files)
    return list(made.files)


def write_sheets(
    store: "Store",
    codes: Sequence[str] | None,
    out_dir: Path,
    limit: int | None = None,
    control: JobControl | None = None,
    *,
    template: str = "assessment",
    restricted: bool = True,
    today: str = "",
    processes: int | None = None,
) -> SheetsWritten:
    """Write one sheet per community.

    Call it in the thread of the store, which is free for short jobs meanwhile:
    many sheets are drawn by other processes from a private copy of the project.
    Each file appears when it is whole; an older one that says something else
    is replaced.

    Args:
        store: The project.
        codes: 小区编码 of the communities wanted; None: all, in order of code.
        out_dir: Folder, made if missing.
        limit: At most so many.
        control: Progress and cancel.
        template: Name of a shipped template (评估表, 申报表, 审批表) or a template file.
        restricted: Whether pipes, power and gas sites are on the maps.
        today: Day that the sheets are made on, ISO 8601; empty: today in China.
        processes: How many draw; 0: none but this one; None: one for each core, if there are enough sheets.

    Raises:
        InputRefused: If a code is unknown, the template has a fault, or the folder cannot be made.
        JobCancelled: If the user stopped; finished sheets stay, none is half written.
    """
    from exports.sheet.template import template_of
    from exports.sheet_writer import Order, today_in_china

    control = control or JobControl()
    template_of(template)  # a fault is told before the work
    wanted = _wanted(store, codes)[:limit]
    make_folder(out_dir)
    order = Order(
        project=str(store.path), media=str(store.media.folder.resolve()), out=str(out_dir.resolve()),
        template=str(Path(template).resolve()) if Path(template).is_file() else template,
        restricted=restricted, today=today or today_in_china(), language=i18n.language(),
    )  # fmt: skip
    count = _processes(len(wanted)) if processes is None else processes
    answers = _elsewhere(store, order, wanted, control, count) if count else _here(store, order, wanted)
    found: list[Answer] = []
    try:
        _follow(answers, found, len(wanted), control)
    finally:
        taken, left = _settled(store, order, wanted, found)
    return replace(_summed(found), replaced=tuple(taken), stale=tuple(left))


def _settled(
    store: "Store", order: "Order", wanted: "Sequence[Wanted]", found: "Sequence[Answer]"
) -> tuple[list[Path], list[Path]]:
    """Note which file is whose; return those under earlier names: taken away, and left."""
    from exports.sheet.template import template_of

    folder, kind = SheetFolder.read(Path(order.out)), template_of(order.template).name
    uids = {each.number: each.uid for each in wanted}
    there = {uids[answer.number]: (Path(answer.file), not answer.kept) for answer in found if answer.file}
    gone = folder.uids(kind) - {str(row["uid"]) for row in store.select("community", ["code"])}
    return folder.settle(there, kind, gone)


def _processes(wanted: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if wanted <= _FEW else min(cores, _MOST, wanted // (_FEW // 2))


def _here(store: "Store", order: "Order", wanted: "Sequence[Wanted]") -> "Iterator[Answer]":
    from exports.sheet_writer import SheetWriter

    writer = SheetWriter(store, order)
    for each in wanted:
        yield writer.write(each)


def _elsewhere(
    store: "Store", order: "Order", wanted: "Sequence[Wanted]", control: JobControl, processes: int
) -> "Iterator[Answer]":
    from exports.sheet_pool import drawn

    with tempfile.TemporaryDirectory(prefix="fieldsurvey-sheets-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "project.gpkg"
        store.copy_to(copy)
        yield from drawn(replace(order, project=str(copy), folder=folder), wanted, control, processes)


def _follow(answers: "Iterator[Answer]", found: "list[Answer]", total: int, control: JobControl) -> None:
    """Take the answers one by one and report each."""
    control.step(0, total, "")
    for answer in answers:
        found.append(answer)
        if len(found) < total:
            control.step(len(found), total, answer.name)


def _summed(found: "list[Answer]") -> SheetsWritten:
    """Return all answers, in the order of the communities."""
    found.sort(key=lambda answer: answer.number)
    return SheetsWritten(
        tuple(Path(answer.file) for answer in found if answer.file),
        sum(answer.kept for answer in found),
        {answer.name: answer.why for answer in found if answer.why},
    )


def _wanted(store: "Store", codes: Sequence[str] | None) -> "list[Wanted]":
    from exports.sheet_writer import Wanted

    rows = store.select("community", ["code", "name"], order="code")
    every = [(str(row["uid"]), str(row["code"] or ""), str(row["name"] or "")) for row in rows]
    by_code = {code: (uid, code, name) for uid, code, name in every}
    unknown = [code for code in codes or () if code not in by_code]
    if unknown:
        raise InputRefused(_("No community has the code {codes}.").format(codes=_(", ").join(unknown)))
    chosen = every if codes is None else [by_code[code] for code in dict.fromkeys(codes)]
    return [
        Wanted(number, uid, f"{code} {name}".strip(), file_name(f"{code}_{name}", uid))
        for number, (uid, code, name) in enumerate(chosen)
    ]


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
