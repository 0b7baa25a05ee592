"""Links in the colours of the theme: Qt colours a link when its text is set, and never again."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QLabel


class LinkLabel(QLabel):
    """A label with a link in it."""

    def changeEvent(self, event: QEvent) -> None:
        """Set the text anew in the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and (text := self.text()):
            self.clear()  # a label does not set the text it has
            self.setText(text)


def ink(document: QTextDocument, colour: QColor) -> None:
    """Write the links of a document in a colour."""
    inked = QTextCharFormat()
    inked.setForeground(colour)
    cursor, block = QTextCursor(document), document.begin()
    while block.isValid():
        spans, part = list[tuple[int, int]](), block.begin()
        while not part.atEnd():
            fragment = part.fragment()
            if fragment.charFormat().isAnchor():
                spans.append((fragment.position(), fragment.length()))
            part += 1
        for start, length in spans:  # afterwards: a changed format ends what is gone through
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(inked)
        block = block.next()
