"""Windows to draw in: on a photo, a drawing, a signature."""

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtGui import QColor, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QDialog, QHBoxLayout, QInputDialog, QPushButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.model.marks import Mark
from ui.photos.canvas import MarkCanvas
from ui.widgets import button, titled

_INK = (20, 30, 90)
_SHEETS = {"draw": (1200, 900), "signature": (1200, 450)}  # px


class DrawDialog(QDialog):
    """A canvas with its tools."""

    def __init__(self, title: str, canvas: MarkCanvas, kinds: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("draw_dialog")
        self.setWindowTitle(title)
        self.canvas = canvas
        self._tools = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.addLayout(self._tool_line(kinds))
        layout.addWidget(canvas, 1)
        if len(kinds) > 1:
            layout.addWidget(
                titled(_("Space puts a mark, arrow keys move it, Shift moves its end, Backspace takes it."), "hint")
            )
        layout.addLayout(self._foot())
        canvas.text_wanted.connect(self._ask_text)
        for keys, slot in (("Ctrl+Z", canvas.undo), ("Ctrl+Y", canvas.redo), ("Ctrl+Return", self.accept)):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)
        self.choose(kinds[0])
        canvas.setFocus()

    def _tool_line(self, kinds: tuple[str, ...]) -> QHBoxLayout:
        words = {
            "arrow": _("Arrow"),
            "circle": _("Circle"),
            "text": _("Text"),
            "line": _("Line by hand"),
            "cover": _("Cover"),
        }
        line = QHBoxLayout()
        for number, kind in enumerate(kinds, 1):
            tool = QPushButton(f"{words[kind]} ({number})" if len(kinds) > 1 else words[kind])
            tool.setObjectName(f"tool_{kind}")
            tool.setCheckable(True)
            tool.setMinimumHeight(40)
            tool.setAutoDefault(False)
            tool.clicked.connect(partial(self.choose, kind))
            QShortcut(QKeySequence(str(number)), self).activated.connect(partial(self.choose, kind))
            self._tools.addButton(tool)
            line.addWidget(tool)
        line.addStretch(1)
        for name, text, slot in (
            ("draw_undo", _("Take back"), self.canvas.undo),
            ("draw_clear", _("Clear all"), self.canvas.clear),
        ):
            tool = button(name, text, slot)
            tool.setAutoDefault(False)
            line.addWidget(tool)
        return line

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.addStretch(1)
        cancel, done = button("draw_cancel", _("Cancel"), self.reject), button("draw_done", _("Done"), self.accept)
        done.setProperty("role", "primary")
        done.setDefault(True)
        foot.addWidget(cancel)
        foot.addWidget(done)
        return foot

    def choose(self, kind: str, _checked: bool = False) -> None:
        """Draw with a tool from now on."""
        self.canvas.kind = kind
        tool = self.findChild(QPushButton, f"tool_{kind}")
        if tool is not None:
            tool.setChecked(True)
        self.canvas.setFocus()

    @Slot(float, float)
    def _ask_text(self, x: float, y: float) -> None:
        text, is_sure = QInputDialog.getText(self, _("Text"), _("What is to stand on the photo?"))
        if is_sure and text.strip():
            self.canvas.put(Mark("text", ((x, y),), text.strip()))


def ask_marks(picture: QImage, marks: tuple[Mark, ...], parent: QWidget) -> tuple[Mark, ...] | None:
    """Let a person draw on a photo; return all marks, None if the window was left."""
    canvas = MarkCanvas(picture, marks)
    dialog = DrawDialog(_("Draw on the photo"), canvas, ("arrow", "circle", "text", "line", "cover"), parent)
    return canvas.marks if dialog.exec() == QDialog.DialogCode.Accepted else None


def ask_drawing(kind: str, parent: QWidget) -> QImage | None:
    """Let a person draw on a white sheet, or sign; return the picture, None if nothing was drawn."""
    sheet = QImage(*_SHEETS[kind], QImage.Format.Format_RGB32)
    sheet.fill(QColor("white"))
    canvas = MarkCanvas(sheet, colour=_INK)
    kinds = ("line",) if kind == "signature" else ("line", "arrow", "circle", "text")
    dialog = DrawDialog(_("Signature") if kind == "signature" else _("Drawing"), canvas, kinds, parent)
    is_done = dialog.exec() == QDialog.DialogCode.Accepted
    return canvas.rendered() if is_done and canvas.marks else None
