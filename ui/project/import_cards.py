"""One card for each doubt of an import: what was found, why, and accept or change."""

from collections.abc import Sequence
from functools import lru_cache

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from fieldsurvey.geo import crs
from fieldsurvey.geo.local_grids import codes
from fieldsurvey.i18n import N_, _, labelled, language
from layers.io.report import FileReport
from layers.io.report import Warning as Told
from ui.widgets import button

SYSTEMS = (
    "EPSG:4547",
    "EPSG:4526",
    "EPSG:4548",
    "EPSG:4527",
    "EPSG:4490",
    "EPSG:4326",
    "GCJ-02",
    "BD-09",
    "EPSG:2383",
    "EPSG:2435",
)  # fmt: skip - what offices around Huangshi hand over (domain page 5.1)
ENCODINGS = ("GB18030", "utf-8", "big5", "utf-16", "cp1252")
_OF_CRS = frozenset({
    "crs_guessed", "crs_unknown", "shifted_datum", "crs_contradicted", "crs_unusable", "axes_swapped", "old_datum",
    "outside_crs", "crs_of_its_own",
})  # fmt: skip
_OF_ENCODING = frozenset({"encoding_guessed"})
_OF_REPAIR = frozenset({"repaired", "not_repaired"})
_MAKE, _LEAVE = N_("mend them (undo brings them back)"), N_("keep them as drawn")


class DoubtCard(QFrame):
    """A finding with its evidence.

    Signals:
        changed: (str) the person chose something else.
    """

    changed = Signal(str)

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        self.title.setWordWrap(True)
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.accept = button(f"{name}_accept", _("Accept"), self._accepted)
        self.change = button(f"{name}_change", _("Change …"), self._changing)
        self.choice = QComboBox()
        self.choice.setObjectName(f"{name}_choice")
        self.choice.setAccessibleName(title)
        self.choice.setMinimumHeight(40)
        self.choice.activated.connect(self._chosen)
        self._title = title
        texts = QVBoxLayout()
        texts.addWidget(self.title)
        texts.addWidget(self.why)
        row = QHBoxLayout(self)
        row.addLayout(texts, 1)
        for widget in (self.choice, self.accept, self.change):
            row.addWidget(widget)

    def offer(self, values: Sequence[tuple[str, str]], *, free: bool) -> None:
        """Set what may be chosen: (label, value); free: anything may be typed."""
        self.choice.clear()
        for label, value in values:
            self.choice.addItem(label, value)
        if free and not self.choice.isEditable():
            editor = QLineEdit()
            self.choice.setLineEdit(editor)
            editor.returnPressed.connect(self._chosen)

    def tell(self, value: str, why: Sequence[str], *, doubtful: bool) -> None:
        """Show a finding; one without doubt asks for nothing."""
        mark = "⚠" if doubtful else "✓"
        self.title.setText(f"{mark} {labelled(self._title, value)}" if value else f"{mark} {self._title}")
        self.why.setText("\n".join(why))
        self.why.setVisible(bool(why))
        self.accept.setVisible(doubtful)
        self.change.show()
        self.choice.hide()
        self.show()

    @Slot()
    def _accepted(self) -> None:
        self.title.setText(self.title.text().replace("⚠", "✓", 1))
        self.accept.hide()
        self.change.setFocus()

    @Slot()
    def _changing(self) -> None:
        self.choice.show()
        self.accept.hide()
        self.change.hide()
        self.choice.setFocus()

    @Slot()
    def _chosen(self) -> None:
        index = self.choice.currentIndex()
        typed = self.choice.currentText().strip()
        known = index >= 0 and self.choice.itemText(index) == typed
        self.changed.emit(str(self.choice.itemData(index)) if known else typed)


class Doubts(QWidget):
    """The cards of one file.

    Signals:
        crs_changed: (str) another reference system.
        encoding_changed: (str) another encoding.
        repair_changed: (bool) mend or keep areas that cross themselves.
    """

    crs_changed = Signal(str)
    encoding_changed = Signal(str)
    repair_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_doubts")
        self.crs = DoubtCard("import_crs", _("Coordinate system"))
        self.crs.changed.connect(self.crs_changed)
        self.encoding = DoubtCard("import_encoding", _("Encoding"))
        self.encoding.offer([(name, name) for name in ENCODINGS], free=True)
        self.encoding.changed.connect(self.encoding_changed)
        self.repair = DoubtCard("import_repair", _("Areas that cross themselves"))
        self.repair.offer([(_(_MAKE), "mend"), (_(_LEAVE), "keep")], free=False)
        self.repair.changed.connect(self._repair)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for card in (self.crs, self.encoding, self.repair):
            card.hide()
            layout.addWidget(card)

    @Slot(str)
    def _repair(self, value: str) -> None:
        self.repair_changed.emit(value == "mend")

    def tell(self, report: FileReport) -> list[Told]:
        """Show the cards of a report; return what has no card of its own."""
        self.crs.offer(systems(), free=True)  # with the local grids of this moment
        told = [*report.warnings, *report.notes]
        self._tell(self.crs, crs.name_of(report.crs) if report.crs else "", report.crs_how, told, _OF_CRS)
        self._tell(self.encoding, report.encoding, report.encoding_how, told, _OF_ENCODING)
        self._tell(self.repair, "", "", told, _OF_REPAIR)
        return [each for each in told if each.code not in _OF_CRS | _OF_ENCODING | _OF_REPAIR]

    def _tell(self, card: DoubtCard, value: str, how: str, told: Sequence[Told], codes: frozenset[str]) -> None:
        mine = [plain(each.message) for each in told if each.code in codes]
        if not value and not mine:
            card.hide()
            return
        card.tell(value, mine or [how], doubtful=bool(mine))


def systems() -> list[tuple[str, str]]:
    """Return name and code of the systems that are offered; quick once they were asked for in a worker."""
    return [(_named(code, language()), code) for code in (*SYSTEMS, *codes())]


@lru_cache(maxsize=256)
def _named(code: str, _spoken: str) -> str:
    return f"{crs.name_of(code)} ({code})"


def plain(message: str) -> str:
    """Return a message without the command line options it names: the window has cards for them."""
    for option in ("--crs", "--encoding"):
        message = message.replace(f" ({option})", "").replace(f"({option})", "")
    return message
