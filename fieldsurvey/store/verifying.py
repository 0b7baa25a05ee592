"""Backups are verified by a child process: in a large project that takes seconds and much memory for a moment."""

import json
import sys
from pathlib import Path

from fieldsurvey.children import answer_of
from fieldsurvey.errors import FieldSurveyError, StoreError
from fieldsurvey.i18n import _, language, set_language
from fieldsurvey.jobs import JobControl
from fieldsurvey.store.backup import Backup, backups, is_checked, verify


def verify_beside(project: Path, control: JobControl, made: Backup | None = None) -> None:
    """Verify a backup, or the newest if nobody has: the one made at closing is looked at when the project is opened.

    Raises:
        StoreError: As backup.verify(), or if the child ended without a result.
        JobCancelled: If the user stopped it; then it is looked at next time.
    """
    wanted = made or next(reversed(backups(project)), None)
    if wanted is None or is_checked(wanted):
        return
    arguments = [str(wanted.path), str(project), language()]
    _code, told = answer_of("fieldsurvey.store.verifying", arguments, control)
    error = told.get("error", _("The backup could not be checked; it is checked next time."))
    if error:
        raise StoreError(error)


def main(arguments: list[str]) -> int:
    """Work as the child process."""
    path, project, spoken = arguments
    set_language(spoken)
    error = ""
    try:
        verify(Backup(Path(path), 0), Path(project))
    except (FieldSurveyError, OSError) as trouble:
        error = str(trouble)
    sys.stdout.write(json.dumps({"error": error}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
