"""Small widgets that every room needs."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton

from fieldsurvey.i18n import _
from ui import icon


def button(name: str, text: str, slot: Callable[..., Any] | SignalInstance | None = None) -> QPushButton:
    """Return a button that a gloved finger hits, named for tests."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setMinimumHeight(40)
    if slot is not None:
        made.clicked.connect(slot)
    return made


def titled(text: str, role: str = "title") -> QLabel:
    """Return a label in the role of a title, heading, hint or error."""
    label = QLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label


def closable(title: QLabel, name: str, slot: Callable[..., Any] | SignalInstance) -> QHBoxLayout:
    """Return the head of a panel: its title, and a button that closes it."""
    close = QToolButton()
    close.setObjectName(name)
    icon.wear(close, "close")
    close.setToolTip(_("Close"))
    close.setAccessibleName(_("Close"))
    close.setMinimumSize(36, 36)
    close.clicked.connect(slot)
    head = QHBoxLayout()
    head.addWidget(title, 1)
    head.addWidget(close)
    return head
