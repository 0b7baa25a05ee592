"""What a widget owes to somebody who does not see it, has no mouse, or has thick fingers."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

LEAST = 36  # px
INSIDE = 24  # px: a part of a control that the control itself also does by key, such as the cross that clears a line
LED = {"finder_list"}  # a list that the arrow keys lead through from the line above it
_USED = (
    QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QAbstractItemView, QAbstractSlider,
    QAbstractSpinBox, QTabBar,
)  # fmt: skip


def controls(page: QWidget) -> Iterator[QWidget]:
    """Yield the visible widgets of a page that a person works with, but not the parts that Qt made for itself."""
    for widget in [page, *page.findChildren(QWidget)]:
        if isinstance(widget, _USED) and widget.isVisible() and not _is_part(widget):
            yield widget


def _is_part(widget: QWidget) -> bool:
    if (
        widget.objectName() in LED
        or isinstance(widget, QScrollBar | QHeaderView)
        or widget.objectName().startswith("qt_")
    ):
        return True
    parent = widget.parentWidget()
    if isinstance(parent, QComboBox | QAbstractSpinBox | QLineEdit | QTabBar):
        return True
    return isinstance(widget.window(), QMenu) or (
        isinstance(parent, QAbstractItemView) and isinstance(widget, QAbstractButton)  # the corner of a table
    )


def name_of(widget: QWidget) -> str:
    """Return what a screen reader says of a widget."""
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name).strip()


def nameless(page: QWidget) -> list[str]:
    """Return the controls that a screen reader could not name."""
    return [told(widget) for widget in controls(page) if not any(sign.isalnum() for sign in name_of(widget))]


def unreachable(page: QWidget) -> list[str]:
    """Return the controls that Tab never comes to."""
    chain = set()
    at: QWidget | None = page.window().nextInFocusChain()
    while at is not None and at is not page.window() and at not in chain:
        chain.add(at)
        at = at.nextInFocusChain()
    wrong = []
    for widget in controls(page):
        takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        proxy = widget.focusProxy()
        if (widget.isEnabled() and not takes and proxy is None and not _is_of_group(widget)) or widget not in chain:
            wrong.append(told(widget))
    return wrong


def _is_of_group(widget: QWidget) -> bool:
    """Say whether arrows reach a button: of a group that Tab enters once, or of a row of tools with menus and keys."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if group is None:
        return False
    return any(bool(button.focusPolicy() & Qt.FocusPolicy.TabFocus) for button in group.buttons())


def small(page: QWidget) -> list[str]:
    """Return the controls that are too small for a gloved finger; lists are judged by their rows."""
    wrong = []
    for widget in controls(page):
        if isinstance(widget, QAbstractScrollArea):
            continue
        if widget.height() < LEAST or widget.width() < INSIDE:
            wrong.append(f"{told(widget)} {widget.width()} x {widget.height()}")
    return wrong


def flat_rows(page: QWidget) -> list[str]:
    """Return the lists whose rows are too flat."""
    found = []
    for view in controls(page):
        if isinstance(view, QAbstractItemView) and view.model() is not None and view.model().rowCount():
            height = view.visualRect(view.model().index(0, 0)).height()
            if 0 < height < LEAST - 1:  # the line below a row of a table belongs to it
                found.append(f"{told(view)} {height}")
    return found


_HAN = re.compile(r"[\u4e00-\u9fff]")
_ENGLISH = re.compile(r"(?<![\w./:%-])[A-Za-z]{3,}(?![\w./:@-])")
_SAME_IN_BOTH = {
    "EPSG", "GNSS", "GPS", "CGCS", "PDF", "CSV", "QGIS", "Excel", "RTK", "MPa", "TCP", "Ctrl", "Shift", "Enter", "Esc",
    "English", "NMEA", "GeoPackage", "DXF", "KML", "GeoJSON", "Shapefile", "Word", "kVA", "USB", "SHP", "GPX", "CASS",
}  # fmt: skip


def english(page: QWidget) -> list[str]:
    """Return the texts of a page that are English although the program speaks Chinese."""
    found = []
    for widget in page.findChildren(QWidget):
        texts = [widget.toolTip(), widget.accessibleName()]
        if isinstance(widget, QAbstractButton | QLabel):
            texts.append(widget.text())
        if isinstance(widget, QLineEdit):
            texts.append(widget.placeholderText())
        for text in texts:
            words = set(_ENGLISH.findall(re.sub(r"<[^>]*>", " ", text))) - _SAME_IN_BOTH
            if words and not _HAN.search(text):
                found.append(f"{told(widget)}: {text}")
    return found


def told(widget: QWidget) -> str:
    """Return a widget for the report of a test."""
    place = widget.mapTo(widget.window(), QPoint(0, 0))
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} {widget.objectName() or '?'} “{text}” at {place.x()},{place.y()}"
