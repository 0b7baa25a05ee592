"""The process that opens files from outside: what happens in it stays in it.

    python -m layers.io.child

One request per line on standard input, one answer per line on standard output
(JSON). GDAL, ezdxf and openpyxl run here, under limits that the operating
system keeps; the window and the project file are in another process.
"""

import contextlib
import errno
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress

_REPORT_SECONDS = 0.1


def main() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # whatever a library prints does not mix with the answers
    for line in sys.stdin:
        request = json.loads(line)
        _limit(int(request["memory"]))
        _put(answers, _answer(request, _control(answers)))


def _put(answers: TextIO, value: dict[str, Any]) -> None:
    answers.write(json.dumps(value, ensure_ascii=False) + "\n")
    answers.flush()


def _limit(memory: int) -> None:
    """Keep this process within bytes of memory, and let it leave no core file; Windows has no such limit."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _control(answers: TextIO) -> JobControl:
    last = [0.0]

    def report(progress: Progress) -> None:
        now = time.monotonic()
        if now - last[0] >= _REPORT_SECONDS:
            last[0] = now
            _put(answers, {"progress": [progress.done, progress.total, progress.note]})

    return JobControl(report)


def _answer(asked: dict[str, Any], control: JobControl) -> dict[str, Any]:
    from layers.io import transfer
    from layers.io.readers import Request, read
    from layers.io.report import FileReport

    file, folder = Path(asked["file"]), Path(asked["folder"])
    report = FileReport(file)
    request = Request(file, asked["target"], asked["crs"], asked["encoding"], bool(asked["repair"]))
    saved: list[dict[str, Any]] = []
    unpacked, out = folder / "unpacked", folder / "out"
    try:
        unpacked.mkdir()
        out.mkdir()
        saved = transfer.save(read(request, unpacked, report, control), out)
    except FieldSurveyError as error:
        report.refuse(str(error))
    except MemoryError:
        report.refuse(_("{file} needs more memory than this computer can give. Split it.").format(file=file.name))
    except RecursionError:
        report.refuse(_("{file} is nested too deeply and was not read.").format(file=file.name))
    except OSError as error:
        report.refuse(_system(error).format(file=file.name))
    return {"report": report.as_json(), "layers": saved}


def _system(error: OSError) -> str:
    """Return what the operating system's error means; its own words are in a language of its own."""
    if isinstance(error, PermissionError):
        return _("{file} may not be read: you have no right to, or another program holds it open. Copy it elsewhere.")
    if isinstance(error, IsADirectoryError | NotADirectoryError):
        return _("{file} is a folder. Choose the files in it.")
    if isinstance(error, FileNotFoundError):
        return _("There is no file {file}.")
    if error.errno == errno.ENOSPC:
        return _("{file} needs more room on the disk than there is. Free some, then import again.")
    return _("{file} cannot be read: the disk or the network gives an error. Copy it elsewhere and try again.")


if __name__ == "__main__":
    main()
