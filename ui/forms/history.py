"""Undo and redo over the answers of one filling-in."""

from dataclasses import dataclass

from survey_forms import Session
from survey_forms.instance import generic

_MOST = 500


@dataclass(slots=True)
class Step:
    """One change: of an answer, or with an empty path of the whole form as snapshots."""

    path: str
    before: str
    after: str


class History:
    """What was done, and what was taken back. Typing in one question is one step."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._is_open = False
        self._before: str | None = None

    @property
    def is_gathering(self) -> bool:
        """Whether changes are being made into one step."""
        return self._before is not None

    def gather(self) -> None:
        """Make one step of everything until part(): five hundred photos are taken back at once."""
        if self._before is None:
            self._before = self._session.snapshot()

    def part(self) -> None:
        """End what gather() began."""
        before, self._before = self._before, None
        if before is not None and before != (after := self._session.snapshot()):
            self.note("", before, after)

    def seal(self) -> None:
        """End the step: the next change is one of its own, even in the same question."""
        self._is_open = False

    def note(self, path: str, before: str, after: str) -> None:
        """Remember a change."""
        if self._before is not None:
            return
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if self._is_open and path and last is not None and last.path == path:
            last.after = after
            return
        self._done = [*self._done[-_MOST:], Step(path, before, after)]
        self._is_open = True

    def undo(self) -> str | None:
        """Take the newest step back; return its path, None if there is nothing to take back."""
        return self._move(self._done, self._undone, forward=False)

    def redo(self) -> str | None:
        """Do again what was taken back last; return its path, None if there is nothing."""
        return self._move(self._undone, self._done, forward=True)

    def _move(self, source: list[Step], target: list[Step], *, forward: bool) -> str | None:
        if not source:
            return None
        step = source.pop()
        text = step.after if forward else step.before
        if step.path:
            self._session.answer(step.path, text)
        else:
            self._session.rewind(text)
        target.append(step)
        self._is_open = False
        return step.path


def sets_others(session: Session, path: str) -> bool:
    """Say whether answering a question makes the form set other values, which undo must take back too."""
    return any(action.trigger == generic(path) for action in session.form.actions)
