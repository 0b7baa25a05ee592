"""The audit log of a filling-in: what was done when, as ODK clients write it.

Source: ODK documentation, "Logging enumerator behavior": audit.csv with event,
node, start, end, and old and new values where the form asks to track changes.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from survey_forms.form import Form

FILE = "audit.csv"


@dataclass(frozen=True, slots=True)
class Event:
    """One line: what, where, when (ms since 1970), and the answer before and after."""

    name: str
    node: str
    start: int
    end: int
    before: str
    after: str


class Audit:
    """The log of one filling-in.

    Attributes:
        events: In the order they happened.
    """

    def __init__(self, now: Callable[[], datetime], *, track_changes: bool) -> None:
        self._now, self._track = now, track_changes
        self.events: list[Event] = []
        self._entered = self._millis()
        self.record("form start")

    @classmethod
    def wanted(cls, form: Form, now: Callable[[], datetime]) -> "Audit | None":
        """Return a log if the form has a node meta/audit, else None."""
        bind = next((bind for path, bind in form.binds.items() if path.endswith("/meta/audit")), None)
        if bind is None:
            return None
        return cls(now, track_changes=bind.extra.get("odk:track-changes") in {"true", "true()"})

    def enter(self) -> None:
        """Note that a question came on the screen: the start of the next event."""
        self._entered = self._millis()

    def record(self, name: str, node: str = "", before: str = "", after: str = "") -> None:
        """Note an event; that of a question lasts from enter() until now."""
        now = self._millis()
        start = self._entered if name == "question" else now
        changes = (before, after) if self._track else ("", "")
        self.events.append(Event(name, node, start, now, *changes))
        self._entered = now

    def text(self) -> str:
        """Return the log as CSV."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        head = ["event", "node", "start", "end"] + (["old-value", "new-value"] if self._track else [])
        writer.writerow(head)
        for event in self.events:
            row = [event.name, event.node, event.start, event.end if event.name == "question" else ""]
            writer.writerow([*row, event.before, event.after] if self._track else row)
        return out.getvalue()

    def _millis(self) -> int:
        return int(self._now().timestamp() * 1000)
