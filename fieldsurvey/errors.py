"""What can go wrong and may be shown to the user as it is.

A FieldSurveyError carries one finished sentence in the user's language: what
is wrong, where, and what to do. Anything else that is raised is a bug.
"""

from typing import ClassVar


class FieldSurveyError(Exception):
    """An error whose text is meant for the user.

    Attributes:
        exit_code: What the command line ends with (ARCHITECTURE section 8):
            1 problems found, 2 wrong use, 3 refused input, 4 the machine.
    """

    exit_code: ClassVar[int] = 4


class UsageError(FieldSurveyError):
    """The command or the settings make no sense."""

    exit_code = 2


class InputRefused(FieldSurveyError):
    """A file or value from outside cannot be taken; nothing was changed."""

    exit_code = 3


class RecordLocked(InputRefused):
    """The record was approved; only an approver opens it for revision."""


class StoreError(FieldSurveyError):
    """The project file could not be read or written: disk, rights, damage."""


class StoreBusy(StoreError):
    """Another program holds the project file."""


class ProjectTooNew(InputRefused):
    """The project was written by a newer version of this program."""


class SyncError(FieldSurveyError):
    """An exchange did not finish; what was confirmed stays confirmed.

    Attributes:
        retryable: True when the same call may work later (network, server).
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class AnotherLine(SyncError):
    """A laptop or a package has other edits under a number that is known here; only the hub settles that."""


class JobCancelled(Exception):
    """The user stopped the work. Never shown as an error."""
