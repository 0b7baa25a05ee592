"""The tabs on the edges of the map: a click puts the panel beside it away, another brings it back."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from fieldsurvey.i18n import _

_SIZE = QSize(36, 44)  # px: small, as it stands on the map; large enough for a finger


class Edge(QToolButton):
    """The tab of one panel. Its arrow shows where the edge goes."""

    def __init__(self, word: str, parent: QWidget, *, is_left: bool) -> None:
        """Make a tab.

        Args:
            word: What the panel is called.
            parent: What the tab stands on.
            is_left: Whether the panel is left of the tab.
        """
        super().__init__(parent)
        self._word, self._is_left = word, is_left
        self._is_away: bool | None = None
        self._key = ""
        self.setProperty("role", "edge_left" if is_left else "edge_right")
        self.setFixedSize(_SIZE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus on the map
        self.show_state(is_away=False)

    def set_key(self, key: str) -> None:
        """Tell the key that does the same."""
        self._key, self._is_away = key, None

    def show_state(self, *, is_away: bool) -> None:
        """Show what a click does now."""
        if is_away == self._is_away:
            return
        self._is_away = is_away
        self.setText("›" if self._is_left == is_away else "‹")
        told = (_("Show: {word}") if is_away else _("Put away: {word}")).format(word=self._word)
        self.setAccessibleName(told)
        self.setToolTip(f"{told} ({self._key})" if self._key else told)
