"""Single documents into a folder: records as paper, lift sheets, problem lists, comparisons.

Each appears when it is whole; one that cannot be made is named and costs no other.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from exports.batch import SheetsFailed, file_name, make_folder
from exports.dossier import PERSONAL_FORMS, RESTRICTED_FORMS
from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.i18n import _, speaking
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import TableKind

if TYPE_CHECKING:
    from exports.sheet.paper import Paper
    from fieldsurvey.store import Store


@dataclass(frozen=True, slots=True)
class _Job:
    label: str
    file: str
    make: "Callable[[], Paper]"


def record_sheets(
    store: "Store",
    code: str,
    out_dir: Path,
    control: JobControl | None = None,
    *,
    forms: Sequence[str] = (),
    personal: bool = False,
    restricted: bool = False,
) -> list[Path]:
    """Write one sheet for every record of a community; return the files.

    Call it in the thread of the store, as all functions here.

    Args:
        store: The project.
        code: 小区编码.
        out_dir: Folder, made if missing.
        control: Progress and cancel.
        forms: Tables of the forms wanted; empty: all.
        personal: Whether answers of residents (f18) are written.
        restricted: Whether pipe records (f19, f20) are written.

    Raises:
        InputRefused: If the code or a form is unknown, or the folder cannot be made.
        SheetsFailed: If some could not be made, after all others were.
        JobCancelled: If the user stopped; finished ones stay.
    """
    from exports.sheet.filled import filled_form, filled_paper

    uid, _name = _community(store, code)
    tables = {name: table.zh for name, table in store.tables().items() if table.kind is TableKind.FORM}
    unknown = [form for form in forms if form not in tables]
    if unknown:
        raise InputRefused(_("This project has no form {form}.").format(form=_(", ").join(unknown)))
    hidden = frozenset() if personal else PERSONAL_FORMS
    hidden |= frozenset() if restricted else RESTRICTED_FORMS
    jobs = []
    for table, title in sorted(tables.items()):
        if (forms and table not in forms) or table in hidden:
            continue
        for number, row in enumerate(store.select(table, ["uid"], where={"community_uid": uid}), 1):

            def make(table: str = table, record: str = str(row["uid"])) -> "Paper":
                return filled_paper(filled_form(store, table, record))

            jobs.append(_Job(f"{title} {number}", f"{code}_{table}_{number:03d}", make))
    return _write(jobs, out_dir, control)


def lift_sheets(
    store: "Store", code: str, out_dir: Path, control: JobControl | None = None, *, restricted: bool = True
) -> list[Path]:
    """Write a feasibility sheet for every stairwell of four storeys and more; return the files.

    Args:
        store: The project.
        code: 小区编码.
        out_dir: Folder, made if missing.
        control: Progress and cancel.
        restricted: Whether pipes, power and gas are on the figure.

    Raises:
        InputRefused: If the code is unknown, a parameter makes no sense, or the folder cannot be made.
        SheetsFailed: If some could not be made, after all others were.
        JobCancelled: If the user stopped; finished ones stay.
    """
    from exports.sheet.collect import CHINA
    from exports.sheet.lift_sheet import lift_paper, lift_sheet
    from fieldsurvey.assess.lift import LiftJudgement, lifts

    uid, _name = _community(store, code)
    community = store.select("community", where={"uid": uid}, limit=1)[0]
    today = datetime.now(CHINA).date().isoformat()
    with speaking("zh_CN"):
        found = lifts(store, uid)
    jobs = []
    for number, judged in enumerate(found, 1):

        def make(judged: LiftJudgement = judged) -> "Paper":
            return lift_paper(lift_sheet(store, community, judged, today, restricted=restricted))

        label = " ".join(filter(None, (judged.building, judged.unit)))
        jobs.append(_Job(label, f"{code}_加装电梯_{number:03d}_{label}", make))
    return _write(jobs, out_dir, control)


def problem_lists(
    store: "Store", codes: Sequence[str] | None, out_dir: Path, control: JobControl | None = None
) -> list[Path]:
    """Write the problem list of each community; return the files.

    Args:
        store: The project.
        codes: 小区编码; None: all.
        out_dir: Folder, made if missing.
        control: Progress and cancel.

    Raises:
        InputRefused: If a code is unknown, or the folder cannot be made.
        SheetsFailed: If some could not be made, after all others were.
        JobCancelled: If the user stopped; finished ones stay.
    """
    from exports.sheet.problem_list import problem_list, problem_paper

    if codes is None:
        codes = [str(row["code"]) for row in store.select("community", ["code"], order="code") if row["code"]]
    jobs = []
    for code in codes:
        uid, name = _community(store, code)

        def make(community: str = uid) -> "Paper":
            return problem_paper(problem_list(store, community))

        jobs.append(_Job(name, f"{code}_{name}_问题清单", make))
    return _write(jobs, out_dir, control)


def comparison(
    store: "Store",
    code: str,
    out: Path,
    control: JobControl | None = None,
    *,
    since: str = "",
    other: Path | None = None,
    rounds: tuple[str, str] | None = None,
) -> Path:
    """Write what changed in a community: since a day, against another project file, or between two survey rounds.

    Args:
        store: The project.
        code: 小区编码.
        out: The PDF.
        control: Progress and cancel.
        since: Day, ISO 8601: compared with what stood when it began.
        other: An earlier copy of the project, such as a backup.
        rounds: Codes of two survey rounds.

    Raises:
        InputRefused: If nothing or something unknown is to be compared.
        JobCancelled: If the user stopped; nothing is written.
    """
    from exports.sheet.comparison import compare_rounds, compare_versions, comparison_paper
    from exports.sheet.paper import write

    if (bool(since), other is not None, rounds is not None).count(True) != 1:
        raise InputRefused(_("Please say what to compare with: a day, another project file, or two survey rounds."))
    control = control or JobControl()
    uid, name = _community(store, code)
    control.step(0, 2, name)
    if rounds is not None:
        found = compare_rounds(store, uid, *rounds)
    else:
        with _earlier(store, since, other) as old:
            told = f"{since} 零时" if since else f"项目文件 {other.name if other else ''}"
            found = compare_versions(old, store, uid, told, "现在")
    control.step(1, 2, out.name)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write(comparison_paper(found), out)
    except OSError as error:
        raise InputRefused(_("{file} cannot be written: {why}").format(file=out.name, why=error.strerror)) from error
    return out


@contextmanager
def _earlier(store: "Store", since: str, other: Path | None) -> "Iterator[Store]":
    """Open the earlier version: the other file, or the project as it was when a day began in China."""
    from exports.sheet.collect import CHINA
    from fieldsurvey.store import Store as Opened

    if other is not None:
        with Opened.open(other, read_only=True) as old:
            yield old
        return
    try:
        day = datetime.fromisoformat(since).replace(tzinfo=CHINA)
    except ValueError as error:
        raise InputRefused(_("{day} is no day. Please write it like 2026-10-01.").format(day=since)) from error
    before = int((day - timedelta(milliseconds=1)).timestamp() * 1000)
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-compare-") as folder:
        path = Path(folder) / "earlier.gpkg"
        store.project_at(before, path)
        with Opened.open(path, read_only=True) as old:
            yield old


def _community(store: "Store", code: str) -> tuple[str, str]:
    rows = store.select("community", ["name"], where={"code": code}, limit=1)
    if not rows:
        raise InputRefused(_("No community has the code {codes}.").format(codes=code))
    return str(rows[0]["uid"]), str(rows[0]["name"] or code)


def _write(jobs: Sequence[_Job], folder: Path, control: JobControl | None) -> list[Path]:
    from exports.sheet.paper import write

    control = control or JobControl()
    make_folder(folder)
    written: list[Path] = []
    failed: dict[str, str] = {}
    for done, job in enumerate(jobs):
        control.step(done, len(jobs), job.label)
        out = folder / file_name(job.file)
        try:
            write(job.make(), out)
            written.append(out)
        except (FieldSurveyError, OSError) as error:
            failed[job.label] = str(error)
    if failed:
        raise SheetsFailed(failed, written)
    return written
