"""Small widgets that every room needs."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QLabel, QPushButton


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
