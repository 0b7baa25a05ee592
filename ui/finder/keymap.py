"""The whole keyboard map: in a window that can be searched, and printed."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _
from ui.finder.commands import actions_of, menu_of, name_of, shown_keys
from ui.printing import write_pdf
from ui.widgets import Reading, button, titled

if TYPE_CHECKING:
    from ui.main_window import MainWindow

Line = tuple[str, str]  # keys, what they do

# What has no name on a button or in a menu: keys of the places where they work.
_PLACES: Sequence[tuple[str, Sequence[Line]]] = (
    (N_("Everywhere"), (
        ("Tab, Shift+Tab", N_("next, previous control")),
        ("Esc", N_("one step back; nothing is lost")),
        ("F6", N_("next part of the workspace, where not all fit")),
        ("F10", N_("menu bar")),
    )),
    (N_("List of communities"), (
        ("↓", N_("from the search line into the list")),
        ("Enter", N_("open the community")),
    )),
    (N_("Map"), (
        ("← → ↑ ↓", N_("move the map")),
        ("+, -", N_("zoom in, zoom out")),
        ("Home", N_("whole map")),
        ("Enter", N_("open the selected community; with a tool: finish")),
        ("Space", N_("with a tool: a point in the middle of the map")),
        ("Backspace", N_("with a tool: take the last point back")),
        ("P, O, T, N", N_("drawing: parallel, right angle, trace, no snapping")),
        ("Delete", N_("changing an outline: remove the vertex")),
        ("0-9", N_("drawing: type a length, then Enter")),
    )),
    (N_("Form"), (
        ("Enter", N_("next question")),
        ("Ctrl+↓, Ctrl+↑", N_("next, previous question")),
        ("Ctrl+Enter, Ctrl+Shift+Enter", N_("next, previous page")),
        ("F8", N_("next question that stands against completing")),
        ("Shift+F8", N_("list of problems")),
        ("Ctrl+Z, Ctrl+Y, Ctrl+Shift+Z", N_("take an answer back, do it again")),
        ("Ctrl+D", N_("in a list of the form: fill the value downwards")),
        ("Esc", N_("close the form; what was typed is kept")),
        ("Ctrl+V", N_("paste a photo")),
    )),
    (N_("Review"), (
        ("1", N_("accept")),
        ("2", N_("return with a remark")),
        ("3", N_("override a finding, approve a record")),
        ("4", N_("supersede a record")),
        ("N, P", N_("next, previous")),
        ("F", N_("open the form")),
    )),
    (N_("Conflicts"), (
        ("1, 2, 3, 4, 5", N_("keep the value in that place")),
        ("B", N_("keep both texts")),
        ("T", N_("type another value")),
        ("U", N_("take the last decision back")),
        ("F", N_("open the form")),
        ("N, P", N_("next, previous")),
    )),
    (N_("Marks on a photo"), (
        ("← → ↑ ↓", N_("move the cross")),
        ("Space", N_("set a point")),
        ("Delete", N_("remove the last mark")),
        ("Ctrl+Z, Ctrl+Y", N_("undo, redo")),
        ("Ctrl+Enter", N_("done")),
    )),
)  # fmt: skip


def key_lines(window: "MainWindow") -> list[tuple[str, list[Line]]]:
    """Return every key and what it does, under headings, in the language of the window."""
    found: dict[str, list[Line]] = {}
    for name in window.workspaces.names:
        rail = window.findChild(QToolButton, f"rail_{name}")
        if isinstance(rail, QToolButton) and not rail.shortcut().isEmpty():
            found.setdefault(_("Workspaces"), []).append((shown_keys(rail.shortcut()), rail.text()))
    for action in actions_of(window):
        if not action.shortcut().isEmpty():
            line = (shown_keys(action.shortcut()), name_of(action))
            place = found.setdefault(menu_of(action) or _("Commands"), [])
            if line not in place:
                place.append(line)
    for heading, lines in _PLACES:
        found.setdefault(_(heading), []).extend((keys, _(text)) for keys, text in lines)
    return list(found.items())


def as_html(groups: Sequence[tuple[str, Sequence[Line]]], wanted: str = "") -> str:
    """Return the map as a page; with words, only the lines that hold them."""
    needle = wanted.strip().lower()
    parts = [f"<h2>{html.escape(_('Keyboard'))}</h2>"]
    for heading, lines in groups:
        fits = [line for line in lines if needle in " ".join((heading, *line)).lower()]
        if fits:
            rows = "".join(
                f"<tr><td width='38%'><b>{html.escape(keys)}</b></td><td>{html.escape(text)}</td></tr>"
                for keys, text in fits
            )
            parts.append(f"<h3>{html.escape(heading)}</h3><table width='100%' cellpadding='3'>{rows}</table>")
    return "".join(parts) if len(parts) > 1 else f"<p>{html.escape(_('No key fits to this.'))}</p>"


class KeyMap(QDialog):
    """The keyboard map."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self.setObjectName("keymap")
        self.setWindowTitle(_("Keyboard"))
        self.resize(640, 620)
        self._groups = key_lines(window)
        self.search = QLineEdit()
        self.search.setObjectName("keymap_search")
        self.search.setAccessibleName(_("Search keys and commands"))
        self.search.setPlaceholderText(_("Search keys and commands"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show)
        self.page = Reading()
        self.page.setObjectName("keymap_page")
        self.page.setAccessibleName(_("Keyboard"))
        self.told = titled("", "hint")
        layout = QVBoxLayout(self)
        for widget in (self.search, self.page, self.told):
            layout.addWidget(widget, 1 if widget is self.page else 0)
        row = QHBoxLayout()
        row.addStretch(1)
        for entry in (
            button("keymap_pdf", _("Save as PDF …"), self._ask_pdf),
            button("keymap_print", _("Print …"), self._ask_print),
            button("keymap_close", _("Close"), self.accept),
        ):
            row.addWidget(entry)
        layout.addLayout(row)
        self._show("")

    @Slot(str)
    def _show(self, wanted: str) -> None:
        self.page.setHtml(as_html(self._groups, wanted))

    def _document(self) -> QTextDocument:
        document = QTextDocument(self)
        font = self.font()
        font.setPointSizeF(10)
        document.setDefaultFont(font)
        document.setHtml(as_html(self._groups))
        return document

    @Slot()
    def _ask_pdf(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, _("Save as PDF …"), _("Keyboard") + ".pdf", "PDF (*.pdf)")
        if name:
            self.save_pdf(Path(name))

    def save_pdf(self, path: Path) -> None:
        """Print the whole map to a file, and say so."""
        try:
            write_pdf(self._document(), path, _("Keyboard"))
        except InputRefused as error:
            self.told.setText(str(error))
            return
        self.told.setText(_("Saved: {file}").format(file=path))

    @Slot()
    def _ask_print(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        dialog = QPrintDialog(printer, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._document().print_(printer)
