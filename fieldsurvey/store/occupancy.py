"""Who has a project open: told to the next one who tries.

SQLite lets several programs write one after another, which is right for
commands. Two windows, each with its own picture of the project, would not
know of each other; so a window holds a lock on a small file beside the
project. The operating system lets go of it when the process ends, however it
ends.
"""

import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self

from fieldsurvey.errors import StoreBusy, StoreError
from fieldsurvey.i18n import _

_LOCKED_BYTE = 1 << 20  # far behind the text, which others must be able to read while it is locked


class Occupancy:
    """The hold on a project file, from its making until release()."""

    def __init__(self, project: Path, person: str = "") -> None:
        """Take hold of a project.

        Args:
            project: The project file.
            person: Who works with it, in words for others.

        Raises:
            StoreBusy: If another window has it.
            StoreError: If nothing may be written beside it.
        """
        self._project, self._place = project, project.with_name(project.name + ".open")
        try:
            self._file: IO[str] = self._place.open("a+", encoding="utf-8")
        except OSError as error:
            text = _("Nothing can be written beside {file}: {reason}. Copy it to a folder where you may write.")
            raise StoreError(text.format(file=project.name, reason=error.strerror)) from error
        try:
            _lock(self._file)
        except OSError as error:
            holder = _told(self._file)
            self._file.close()
            raise StoreBusy(_sentence(project, holder)) from error
        self.tell(person)

    def tell(self, person: str) -> None:
        """Say who works with it."""
        told = {"person": person, "host": socket.gethostname(), "pid": os.getpid(), "since": _now()}
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(told, ensure_ascii=False))
        self._file.flush()

    def release(self) -> None:
        """Let go of it. Once; afterwards others may open the project."""
        if sys.platform == "win32":  # an open file cannot be removed there
            self._file.close()
            self._place.unlink(missing_ok=True)
        else:
            self._place.unlink(missing_ok=True)
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _lock(file: IO[str]) -> None:
    """Lock without waiting; OSError if another has it."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _told(file: IO[str]) -> dict[str, str]:
    file.seek(0)
    try:
        told = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else {}


def _sentence(project: Path, holder: dict[str, str]) -> str:
    try:
        since = datetime.fromisoformat(holder["since"]).astimezone().strftime("%Y-%m-%d %H:%M")
        return _(
            "{file} is open already: {person}, on the computer {host}, since {since}. Close it there, or open a copy."
        ).format(file=project.name, person=holder["person"] or _("name not given"), host=holder["host"], since=since)
    except (KeyError, ValueError):  # it is being written in this moment
        return _("{file} is open already in another window. Close it there, or open a copy.").format(file=project.name)
