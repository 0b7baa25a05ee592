"""The manual: pages left, the text right, a line that searches all of it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QImage, QResizeEvent, QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout

from fieldsurvey.i18n import _
from ui.help.pages import find, folder, page, pages
from ui.widgets import Reading

if TYPE_CHECKING:
    from ui.main_window import MainWindow

_NAME = Qt.ItemDataRole.UserRole
_LINE_HEIGHT = 140  # percent
_BELOW_PICTURE = 12.0  # px
_PICTURE = "\ufffc"  # what stands in the text for one


class ManualText(Reading):
    """A page; its pictures are never wider than it."""

    def loadResource(self, kind: int, url: QUrl | str) -> object:
        """Return a picture, made smaller where it would not fit."""
        found = super().loadResource(kind, url)
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return found
        picture = QImage(str(folder() / QUrl(url).toString()))
        most = self.viewport().width() - 2 * round(self.document().documentMargin()) - 1
        if picture.isNull() or picture.width() <= most:
            return found
        return picture.scaledToWidth(max(1, most), Qt.TransformationMode.SmoothTransformation)


def _air(document: QTextDocument) -> None:
    """Put air between the lines; below a picture a little, for a share of its height would be a hole."""
    airy, pictured = QTextBlockFormat(), QTextBlockFormat()
    airy.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    pictured.setBottomMargin(_BELOW_PICTURE)
    block = document.begin()
    while block.isValid():
        QTextCursor(block).mergeBlockFormat(pictured if _PICTURE in block.text() else airy)
        block = block.next()


class HelpWindow(QDialog):
    """Stays beside the window while one works."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window, Qt.WindowType.Window)
        self.setObjectName("help")
        self.setWindowTitle(_("Manual"))
        self.resize(980, 680)
        self.name = ""
        self.search = QLineEdit()
        self.search.setObjectName("help_search")
        self.search.setAccessibleName(_("Search the manual"))
        self.search.setPlaceholderText(_("Search the manual"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._list)
        self.search.returnPressed.connect(self._open_first)
        self.list = QListWidget()
        self.list.setObjectName("help_list")
        self.list.setAccessibleName(_("Pages"))
        self.list.setWordWrap(True)
        self.list.currentItemChanged.connect(self._chosen)
        self.text = ManualText()
        self.text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # the width must not depend on it
        self.text.setObjectName("help_text")
        self.text.setAccessibleName(_("Manual"))
        self.text.setSearchPaths([str(folder())])
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._follow)
        left = QVBoxLayout()
        left.addWidget(self.search)
        left.addWidget(self.list, 1)
        row = QHBoxLayout(self)
        row.addLayout(left, 2)
        row.addWidget(self.text, 5)
        self._list("")

    def show_page(self, name: str) -> None:
        """Show a page of the manual."""
        self.search.clear()
        for row in range(self.list.count()):
            if self.list.item(row).data(_NAME) == page(name).name:
                self.list.setCurrentRow(row)
        self._read(page(name).name)

    def _read(self, name: str) -> None:
        self.name = name
        self.text.setMarkdown(page(name).text)
        _air(self.text.document())
        self.text.moveCursor(QTextCursor.MoveOperation.Start)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the pictures to the page anew."""
        super().resizeEvent(event)
        if self.name:
            at = self.text.verticalScrollBar().value()
            self._read(self.name)
            self.text.verticalScrollBar().setValue(at)

    @Slot(str)
    def _list(self, words: str) -> None:
        self.list.clear()
        lines = [(hit.page, f"{hit.page.title}\n{hit.line[:80]}") for hit in find(words)]
        for one, text in lines if words.strip() else [(one, one.title) for one in pages()]:
            item = QListWidgetItem(text)
            item.setData(_NAME, one.name)
            self.list.addItem(item)
        if not self.list.count():
            item = QListWidgetItem(_("No page holds these words."))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)

    @Slot(QListWidgetItem)
    def _chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None and (name := item.data(_NAME)):
            self._read(str(name))
            if words := self.search.text().strip():
                self.text.find(words.split()[0])

    @Slot()
    def _open_first(self) -> None:
        self.list.setCurrentRow(0)
        self.text.setFocus()

    @Slot(QUrl)
    def _follow(self, url: QUrl) -> None:
        if url.fileName().endswith(".md"):
            self.show_page(url.fileName().removesuffix(".md"))
