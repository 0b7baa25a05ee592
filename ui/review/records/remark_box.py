"""Where a remark is written: for a question or the whole record, with a place on the map if there is one."""

from collections.abc import Sequence

import shapely
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QWidget

from fieldsurvey.assess.review.remarks import Pin
from fieldsurvey.i18n import _, labelled
from fieldsurvey.model.review import Step
from ui.map.picking import MapPicker
from ui.map.tool import World
from ui.widgets import button, titled


class RemarkBox(QFrame):
    """Gathers remarks for one step.

    Signals:
        finished: (Step, list of Pin) the step is to be taken with these remarks.
        left: () the person went back.
    """

    finished = Signal(object, list)
    left = Signal()

    def __init__(self, picker: MapPicker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("remark_box")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._picker, self._step = picker, Step.RETURN
        self._pins: list[Pin] = []
        self._place: bytes | None = None
        self.title = titled("", "heading")
        self.about = QComboBox()
        self.about.setObjectName("remark_about")
        self.about.setAccessibleName(_("What the remark is about"))
        self.about.setMinimumHeight(36)
        self.text = QLineEdit()
        self.text.setObjectName("remark_text")
        self.text.setAccessibleName(_("Remark"))
        self.text.setMinimumHeight(36)
        self.text.returnPressed.connect(self._finish)
        self.gathered = QLabel()
        self.gathered.setWordWrap(True)
        self.gathered.setProperty("role", "hint")
        self.pin = button("remark_place", _("Pin on the map"), self._pick)
        self.more = button("remark_more", _("One more remark"), self._add)
        self.send = button("remark_send", "", self._finish)
        self.send.setProperty("role", "primary")
        self.cancel = button("remark_cancel", _("Back (Esc)"), self.close_box)
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 6, 8, 6)
        grid.addWidget(self.title, 0, 0, 1, 2)
        grid.addWidget(self.about, 1, 0)
        grid.addWidget(self.text, 1, 1)
        grid.addWidget(self.gathered, 2, 0, 1, 2)
        line = QHBoxLayout()
        for each in (self.pin, self.more, self.cancel, self.send):
            line.addWidget(each)
        grid.addLayout(line, 3, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        picker.picked.connect(self._has_place)
        self.hide()

    def ask(self, step: Step, fields: Sequence[tuple[str, str]], field: str) -> None:
        """Ask for the remarks of a step.

        Args:
            step: What will be done with them.
            fields: (column, label) of what a remark may be about; "" stands for all of it.
            field: What is chosen at first.
        """
        self._step, self._pins, self._place = step, [], None
        is_return = step is Step.RETURN
        self.title.setText(_("What should be looked at?") if is_return else _("Why is it opened for revision?"))
        self.send.setText(_("Return it (Enter)") if is_return else _("Open for revision (Enter)"))
        self.about.clear()
        for name, label in fields:
            self.about.addItem(label, name)
        self.about.setCurrentIndex(max(self.about.findData(field), 0))
        self.text.clear()
        self.pin.setText(_("Pin on the map"))
        self._tell()
        self.show()
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def close_box(self) -> None:
        """Go back; nothing is sent."""
        self._picker.stop()
        self.hide()
        self.left.emit()

    @Slot()
    def _pick(self) -> None:
        self._picker.start("point")

    @Slot(object)
    def _has_place(self, corners: list[World]) -> None:
        if self.isVisible():
            self._place = bytes(shapely.to_wkb(shapely.Point(corners[0])))
            self.pin.setText(_("⌖ Pinned; pin anew"))
            self.text.setFocus()

    def _take(self) -> None:
        if self.text.text().strip():
            self._pins.append(Pin(self.text.text().strip(), str(self.about.currentData() or ""), self._place))
            self.text.clear()
            self._place = None
            self.pin.setText(_("Pin on the map"))

    @Slot()
    def _add(self) -> None:
        self._take()
        self._tell()
        self.text.setFocus()

    def _tell(self) -> None:
        labels = {self.about.itemData(n): self.about.itemText(n) for n in range(self.about.count())}
        lines = [f"{labelled(labels.get(pin.field, ''), pin.text)}{' ⌖' if pin.place else ''}" for pin in self._pins]
        self.gathered.setText("\n".join(lines))
        self.gathered.setVisible(bool(lines))

    @Slot()
    def _finish(self) -> None:
        self._take()
        self.finished.emit(self._step, list(self._pins))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back; keys typed here decide nothing."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_box()
        event.accept()
