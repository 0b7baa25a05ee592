"""What the sync workspace shows besides the exchange itself: how things stand, what is held, what was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from fieldsurvey.i18n import _, language
from fieldsurvey.store import Store, backup
from ui import shown

if TYPE_CHECKING:
    from fieldsurvey.sync.diary import Entry


@dataclass(frozen=True, slots=True)
class Standing:
    """How a copy of the project stands.

    Attributes:
        words: In one or two sentences.
        held: What the office holds back of the edits made here: (what, why).
        past: Exchanges: (when, with whom, how it ended).
    """

    words: str
    held: Sequence[tuple[str, str]]
    past: Sequence[tuple[str, str, str]]


def standing(store: Store) -> Standing:
    """Read how a project stands. Runs in the store thread."""
    from fieldsurvey.sync import diary
    from fieldsurvey.sync.quarantine import held_here

    entries = diary.entries(store)
    past = [(_moment(entry.at_ms), entry.target, _ended(entry)) for entry in entries]
    last = diary.last_ok(store)
    return Standing(f"{_words(store, last)}\n{_safety(store, last)}", held_here(store), past)


def _words(store: Store, last: "Entry | None") -> str:
    unsent = store.unsent()
    waiting = _("{n} edits made here are not confirmed by the office yet.").format(n=unsent) if unsent else ""
    if last is None:
        return _joined(_("Never synced."), waiting)
    done = _("Last synced {when} with {target}.").format(when=_moment(last.at_ms), target=last.target)
    return _joined(done, waiting or _("All edits made here are at the office."))


def _joined(*sentences: str) -> str:
    """Return sentences one after another: in Chinese nothing stands between them."""
    return ("" if language().startswith("zh") else " ").join(filter(None, sentences))


def _safety(store: Store, last: "Entry | None") -> str:
    """Return what else keeps edits safe and in order: the newest backup, and the clock as the office measured it."""
    from fieldsurvey.sync import clocks

    told = [_("No backup yet.")]
    if newest := backup.backups(store.path)[-1:]:
        is_checked = backup.is_checked(newest[0])
        text = _("Last backup {when}, checked.") if is_checked else _("Last backup {when}, not checked yet.")
        told = [text.format(when=_moment(newest[0].at_ms))]
    if last is not None and last.target.startswith("http"):
        told.append(
            clocks.warning(store.own_clock_off_ms()) or _("The clock of this computer agrees with the office's.")
        )
    return " ".join(told)


def _ended(entry: "Entry") -> str:
    if not entry.is_ok:
        return f"⚠ {entry.text}"
    text = _("✓ sent {sent} edits, {out} files\nreceived {received} edits, {back} files")
    done = text.format(sent=entry.sent, out=entry.files_sent, received=entry.received, back=entry.files_received)
    return f"{done}\n{entry.text}".strip()


def _moment(at_ms: int) -> str:
    return shown.short(at_ms)


def table(name: str, label: str, columns: Sequence[str]) -> QTreeWidget:
    """Return an empty list with named columns."""
    made = QTreeWidget()
    made.setObjectName(name)
    made.setAccessibleName(label)
    made.setHeaderLabels(list(columns))
    made.setRootIsDecorated(False)
    made.setWordWrap(True)
    made.setUniformRowHeights(False)
    return made


def fill(tree: QTreeWidget, rows: Sequence[Sequence[str]], empty: str) -> None:
    """Show rows, or a sentence where there are none."""
    tree.clear()
    for row in rows or [(empty,)]:
        item = QTreeWidgetItem(list(row))
        for column, text in enumerate(row):
            item.setToolTip(column, text)
        tree.addTopLevelItem(item)
    for column in range(tree.columnCount() - 1):
        tree.resizeColumnToContents(column)
