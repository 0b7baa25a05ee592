"""Local grids in the window: typed, fitted from a pasted table with residuals, offered where a system is asked for."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from fieldsurvey.geo import local_grids
from fieldsurvey.geo.local_grids import PLANE, SPACE, TM, LocalGrid
from layers.io.report import FileReport
from ui.exports.choices import Choices
from ui.map.dialogs import GoToDialog
from ui.map.grid_dialogs import PairsDialog, ParametersDialog
from ui.map.grids_panel import GridsPanel
from ui.project.import_cards import Doubts


def _ok(dialog: PairsDialog | ParametersDialog) -> bool:
    return dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def _copied(noise_at: int = -1) -> str:
    """Return control pairs as a workbook copies them."""
    grid = LocalGrid("a", PLANE, local_grids.from_four(100.0, -50.0, 600.0, 8.0), "", "EPSG:4547")
    x = np.array([600_000.0, 604_000.0, 608_000.0, 603_000.0, 606_000.0])
    y = np.array([3_340_000.0, 3_343_000.0, 3_339_000.0, 3_336_000.0, 3_345_000.0])
    east, north = grid.from_base(x, y)
    if noise_at >= 0:
        north[noise_at] += 0.5
    east = east + np.array([1, -1, 1, -1, 1]) * 0.004
    rows = [f"G{n}\t{north[n]:.4f}\t{east[n]:.4f}\t{y[n]:.4f}\t{x[n]:.4f}" for n in range(5)]
    return "\n".join(["点名\tX\tY\tX2000\tY2000", *rows])


def test_pairs_are_pasted_and_a_wrong_one_is_marked(qtbot: QtBot) -> None:
    dialog = PairsDialog()
    qtbot.addWidget(dialog)
    assert not _ok(dialog)
    QApplication.clipboard().setText(_copied(noise_at=2))
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    told = [cell.text() for row in range(5) if (cell := dialog.table.item(row, 5)) is not None]
    assert [row for row, text in enumerate(told) if "⚠" in text] == [2]
    assert not _ok(dialog), "a grid has a name"
    dialog.name.setText("城建")
    assert _ok(dialog)
    cell = dialog.table.item(2, 1)
    assert cell is not None
    cell.setText("x")
    assert not _ok(dialog)
    assert "3" in dialog.told.text()


def test_a_fit_is_kept_listed_and_offered(qtbot: QtBot) -> None:
    dialog = PairsDialog()
    qtbot.addWidget(dialog)
    QApplication.clipboard().setText(_copied())
    qtbot.keyClick(dialog.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    dialog.name.setText("城建")
    assert dialog.made is not None
    panel = GridsPanel()
    qtbot.addWidget(panel)
    panel.keep(dialog.made)
    assert panel.list.count() == 1
    asked = GoToDialog("EPSG:4547")
    qtbot.addWidget(asked)
    asked.system.setCurrentIndex(asked.system.findText("LOCAL:城建"))
    x, y = dialog.made.from_base(np.array([600_000.0]), np.array([3_340_000.0]))
    asked.text.setText(f"X={y[0]:.3f} Y={x[0]:.3f}")
    assert asked.found is not None
    assert (asked.found.east, asked.found.north) == pytest.approx((600_000, 3_340_000), abs=2e-3)
    panel.list.setCurrentRow(0)
    panel._forget()
    assert local_grids.grids() == {}


@pytest.mark.parametrize("kind", [TM, PLANE, SPACE])
def test_a_grid_is_typed(qtbot: QtBot, kind: str) -> None:
    dialog = ParametersDialog(kind)
    qtbot.addWidget(dialog)
    assert not _ok(dialog)
    dialog.name.setText("甲")
    for field in dialog.fields:
        if not field.text():
            field.setText("1.5")
    assert _ok(dialog)
    dialog.fields[-1].setText("1,5")
    assert not _ok(dialog)
    assert dialog.made is None


def test_a_grid_defined_while_the_window_is_open_is_offered_where_files_leave_and_come_in(qtbot: QtBot) -> None:
    leaving, coming = Choices(), Doubts()
    for widget in (leaving, coming):
        qtbot.addWidget(widget)
        widget.show()
    coming.tell(FileReport(Path("a.shp")))
    leaving.crs.setCurrentIndex(leaving.crs.findData("EPSG:4490"))
    assert leaving.crs.findData("LOCAL:甲") == coming.crs.choice.findData("LOCAL:甲") == -1
    local_grids.keep(LocalGrid("甲", TM, (114.9, 0.0, 1.0, 500_000.0, -3_000_000.0, 20.0)))
    leaving.hide()
    leaving.show()
    coming.tell(FileReport(Path("b.shp")))
    assert leaving.crs.findData("LOCAL:甲") > 0
    assert leaving.crs.currentData() == "EPSG:4490"
    assert coming.crs.choice.findData("LOCAL:甲") > 0
