"""What the window gives to every workspace: the tables, histories, undo, the trash."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from ui.main_window import MainWindow
    from ui.map.details import Feature


def make_tables(window: "MainWindow") -> QWidget:
    """Return the table workspace of a window."""
    from ui.tables.panel import TablesPanel

    made = TablesPanel(window.store_runner, window.holder, window.canvas, window.remembered)
    made.map_wanted.connect(lambda features: _show_on_map(window, features))
    return made


def _show_on_map(window: "MainWindow", features: "list[Feature]") -> None:
    window.show_workspace("map")
    window.canvas.select_features(frozenset(features))
    window.canvas.zoom_to_feature(*features[0])
