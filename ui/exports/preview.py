"""What an export will look like, page by page; as long as there is nothing to see, what to do."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from fieldsurvey.i18n import _
from ui.widgets import titled

_WIDEST = 460  # pixels of the sentence in the middle


class Preview(QStackedWidget):
    """Pages of a PDF, drawn by QtPdf in threads of its own, or a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = QPdfDocument(self)
        self.view = QPdfView(self)
        self.view.setObjectName("export_view")
        self.view.setAccessibleName(_("Preview"))
        self.view.setPageMode(QPdfView.PageMode.MultiPage)
        self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self.view.setDocument(self.document)
        self.told = titled("", "empty")
        self.told.setObjectName("export_empty")
        self.told.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.told.setMaximumWidth(_WIDEST)
        empty = QWidget()
        layout = QHBoxLayout(empty)
        layout.addStretch(1)
        layout.addWidget(
            self.told, _WIDEST
        )  # all the room up to its widest: it would break a sentence of ten characters
        layout.addStretch(1)
        self.addWidget(empty)
        self.addWidget(self.view)

    def say(self, sentence: str) -> None:
        """Show a sentence instead of pages."""
        self.told.setText(sentence)
        self.setCurrentIndex(0)

    def show_file(self, file: Path) -> None:
        """Show a PDF from its first page."""
        self.document.load(str(file))
        self.setCurrentWidget(self.view)
        self.view.verticalScrollBar().setValue(0)
