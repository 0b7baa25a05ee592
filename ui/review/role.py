"""What the person on this laptop is in the review, asked where no hub says it."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog

from fieldsurvey.i18n import _
from fieldsurvey.model.role import ROLE_WORDS, Role

if TYPE_CHECKING:
    from ui.main_window import MainWindow


def ask_role(window: "MainWindow") -> None:
    """Ask for the role, and remember it; the hub judges by its own accounts in any case."""
    words = [_(word) for word in ROLE_WORDS.values()]
    roles = list(ROLE_WORDS)
    now = window.settings.role if window.settings.role in set(Role) else Role.SURVEYOR
    question = _("What are you in this survey?")
    word, is_sure = QInputDialog.getItem(window, _("My role …"), question, words, roles.index(Role(now)), False)
    if is_sure:
        role = roles[words.index(word)]
        window.remembered.change(role=str(role))
        window.review.records.set_role(str(role))
