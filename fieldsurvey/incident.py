"""Reports of what went wrong in the program, without anything that people typed.

A report holds versions, the kind of the error and the places in the program
that led to it. Texts of errors may quote a name or an address, so only their
shape is kept: signs beyond ASCII and digits are struck out, and so are the
folders of the person.
"""

import platform
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path

from fieldsurvey import __version__
from fieldsurvey.paths import user_data

_PARTS = ("PySide6", "shapely", "pyproj", "numpy", "reportlab", "pysqlite3-binary")
_MOST_REPORTS = 20
_FATAL = "fatal.txt"


def shape_of(text: str) -> str:
    """Return a text without what may be personal.

    >>> shape_of("KeyError: '李四' in /data/li/p.gpkg, 13712345678")
    "KeyError: '██' in /…/p.gpkg, ###########"
    """
    text = re.sub(r"(?:[A-Za-z]:)?(?:[/\\][^/\\\s'\":,]+)+[/\\]", "/…/", text)
    return re.sub(r"[^\x00-\x7f…]", "█", re.sub(r"\d", "#", text))


def report_of(error: BaseException) -> str:
    """Return the report of an error."""
    lines = [f"FieldSurvey {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}"]
    lines += [f"{part} {_version(part)}" for part in _PARTS]
    for link in _chain(error):
        lines += ["", f"{type(link).__name__}: {shape_of(str(link))}"]
        for frame in traceback.extract_tb(link.__traceback__):
            lines.append(f"  {_place(frame.filename)}:{frame.lineno} {frame.name}: {frame.line or ''}")
    return "\n".join(lines) + "\n"


def write_report(error: BaseException) -> Path:
    """Write the report of an error to a file of the user, and return where; the oldest go.

    Raises:
        OSError: If it cannot be written.
    """
    folder = reports_folder()
    at = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    path = folder / f"report-{at}.txt"
    path.write_text(report_of(error), "utf-8")
    for old in sorted(folder.glob("report-*.txt"))[:-_MOST_REPORTS]:
        old.unlink(missing_ok=True)
    return path


def reports_folder() -> Path:
    """Return the folder of the reports."""
    folder = user_data() / "reports"
    folder.mkdir(exist_ok=True)
    return folder


def fatal_file() -> Path:
    """Return where the interpreter writes when it is torn down: a fault in a library, not an exception."""
    return reports_folder() / _FATAL


def take_fatal() -> Path | None:
    """Return the report of a fault that ended the last run, once; None if it ended well."""
    found = fatal_file()
    try:
        if not found.exists() or found.stat().st_size == 0:
            return None
        at = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        return found.replace(found.with_name(f"report-{at}-fatal.txt"))
    except OSError:
        return None


def _version(part: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # it takes longer than all the rest of this

    try:
        return version(part)
    except PackageNotFoundError:
        return "-"


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and what led to it, the first cause first."""
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in found:
        found.insert(0, link)
        link = link.__cause__ or link.__context__
    return found


def _place(filename: str) -> str:
    """Return a file of the program or of a library, without the folders above."""
    parts = Path(filename).parts
    for root in ("site-packages", "fieldsurvey", "ui", "layers", "exports", "survey_forms", "lib"):
        if root in parts:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(root) :])
    return Path(filename).name
