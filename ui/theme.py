"""The look: calm, large targets, three themes.

Fusion under a style sheet of our own. PySide6-Qlementine 1.5.1 was tried for it: under a style
sheet its combo boxes end the program, and so does its menu bar; without one its hints have a contrast below 2:1.
"""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from exports.sheet.fonts import FOLDER

_PIXELS = 14
_POINTS_PER_INCH = 72.0


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours of a theme."""

    window: str
    base: str
    text: str
    soft: str
    line: str
    accent: str
    on_accent: str
    error: str
    done: str


THEMES = {
    "light": Colours("#F4F2ED", "#FFFFFF", "#221C15", "#6A6259", "#D5CFC4", "#0B57D0", "#FFFFFF", "#B3261E", "#A8C7FA"),
    "dark": Colours("#1F2226", "#2A2E33", "#F2F2F2", "#B4B8BD", "#454B52", "#8AB4F8", "#10151C", "#F2B8B5", "#2F5DA8"),
    "sun": Colours("#FFFFFF", "#FFFFFF", "#000000", "#000000", "#000000", "#0000C0", "#FFFFFF", "#B00000", "#C8D8FF"),
}

_SHEET = """
* {{ font-size: 14px; }}
QWidget {{ color: {text}; }}
QMainWindow, QDialog, #page, #rail {{ background: {window}; }}
#finder, #palette {{ border: 2px solid {accent}; }}
QLabel[role="title"] {{ font-size: 17px; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: 15px; font-weight: 600; }}
QLabel[role="hint"] {{ color: {soft}; font-size: 13px; }}
QLabel[role="totals"] {{ font-size: 13px; }}
QLabel[role="error"] {{ color: {error}; font-size: 13px; font-weight: 600; }}
QLineEdit, QPlainTextEdit, QComboBox {{ background: {base}; border: 1px solid {line}; border-radius: 6px;
  padding: 6px 8px; min-height: 22px; selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus {{ border: 2px solid {accent}; padding: 5px 7px; }}
QAbstractSpinBox {{ min-height: 36px; }}
QComboBox {{ padding-right: 30px; }}
QComboBox::drop-down {{ subcontrol-origin: padding; subcontrol-position: center right; width: 28px; border: none; }}
QComboBox::down-arrow {{ image: url("{icons}/down-{shade}.svg"); width: 12px; height: 12px; }}
QToolButton::menu-indicator {{ image: none; }}
QLineEdit:read-only {{ background: {window}; }}
QPushButton, QToolButton {{ background: {base}; border: 1px solid {line}; border-radius: 6px; padding: 6px 12px;
  min-height: 24px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {accent}; padding: 5px 11px; }}
QPushButton:disabled {{ color: {soft}; }}
QPushButton:checked, QToolButton:checked {{ border: 2px solid {accent}; padding: 5px 11px; font-weight: 600; }}
QPushButton[role="primary"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; font-weight: 600; }}
QPushButton[role="primary"]:disabled {{ background: {window}; color: {soft}; border-color: {line}; }}
#form_previous, #form_draft, #form_complete, #form_next {{ padding: 6px; }}
#layers, #legend_more {{ padding: 5px 8px; }}
#layers:focus, #legend_more:focus, #legend_more:checked {{ padding: 4px 7px; }}
#next_up {{ margin: 0 8px 0 0; padding: 4px 12px; }}
*[role="edge_left"], *[role="edge_right"] {{ padding: 0; min-height: 0; font-size: 18px; font-weight: 600; }}
*[role="edge_left"]:focus, *[role="edge_right"]:focus {{ padding: 0; }}
*[role="edge_left"] {{ border-left: none; border-top-left-radius: 0; border-bottom-left-radius: 0; }}
*[role="edge_right"] {{ border-right: none; border-top-right-radius: 0; border-bottom-right-radius: 0; }}
#whole_legend, #tip[floating="true"] {{ background: {base}; border: 1px solid {line}; border-radius: 8px; }}
#whole_legend QTreeView {{ border: none; }}
#rail QToolButton {{ border: none; border-radius: 8px; padding: 8px 2px; min-width: 52px; background: transparent; }}
#rail[low="true"] QToolButton {{ padding: 0 2px; min-width: 44px; min-height: 26px; }}
#rail QToolButton:checked {{ background: {base}; color: {accent}; font-weight: 600; border: 1px solid {line}; }}
#rail QToolButton:focus {{ border: 2px solid {accent}; }}
QLineEdit > QToolButton {{ border: none; background: transparent; padding: 0; min-height: 0; }}
#map_tools {{ spacing: 2px; border: none; padding: 0 4px; margin: 0; }}
#map_tools QToolButton {{ padding: 5px 4px; min-height: 24px; border-color: transparent; background: transparent; }}
#map_tools #qt_toolbar_ext_button {{ padding: 0; min-height: 0; border-color: {line}; background: {base}; }}
#map_tools QToolButton:checked {{ background: {base}; border-color: {accent}; color: {accent}; font-weight: 600; }}
#map_tools QToolButton:focus {{ border: 2px solid {accent}; padding: 4px 3px; }}
QListView, QTableView, QTreeView, QScrollArea, QTextBrowser {{ background: {base}; border: 1px solid {line};
  border-radius: 6px; gridline-color: {line}; alternate-background-color: {window}; outline: 0; }}
QListView:focus, QTableView:focus, QTreeView:focus, QScrollArea:focus, QTextBrowser:focus {{
  border: 2px solid {accent}; }}
QScrollArea > QWidget > QWidget {{ background: {base}; }}
QScrollArea[role="room"], QScrollArea[role="room"] > QWidget, QScrollArea[role="room"] > QWidget > QWidget {{
  background: {window}; border: none; }}
QLabel[role="empty"] {{ color: {soft}; font-size: 15px; }}
QListView::item, QTreeView::item {{ min-height: 36px; padding: 0 6px; }}
QListView::item:selected, QTableView::item:selected, QTreeView::item:selected {{ background: {accent};
  color: {on_accent}; }}
QTableCornerButton::section {{ background: {window}; border: none; }}
QHeaderView::section {{ background: {window}; border: none; border-bottom: 1px solid {line}; padding: 8px 6px;
  font-weight: 600; }}
QGroupBox {{ border: 1px solid {line}; border-radius: 8px; margin-top: 14px; padding: 10px 8px 8px 8px;
  font-weight: 600; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 10px; padding: 0 4px; }}
QProgressBar {{ border: 1px solid {line}; border-radius: 6px; background: {window}; text-align: center;
  font-size: 12px; }}
QProgressBar::chunk {{ background: {done}; border-radius: 5px; }}
QStatusBar {{ background: {base}; border-top: 1px solid {line}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ padding: 2px 10px; font-size: 13px; }}
QSplitter::handle {{ background: {window}; width: 6px; }}
QMenuBar {{ background: {window}; }}
QMenuBar::item {{ padding: 6px 12px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {accent}; color: {on_accent}; border-radius: 4px; }}
QMenu {{ background: {base}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 8px 24px; }}
QScrollBar:vertical {{ background: transparent; width: 14px; margin: 0; border: none; }}
QScrollBar:horizontal {{ background: transparent; height: 14px; margin: 0; border: none; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; margin: 3px; min-height: 36px; min-width: 36px; }}
QScrollBar::handle:hover {{ background: {soft}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {base}; color: {text}; border: 1px solid {line}; padding: 6px; }}
QCheckBox, QRadioButton {{ spacing: 8px; min-height: 34px; border: 2px solid transparent; border-radius: 6px; }}
QCheckBox:focus, QRadioButton:focus, QSlider:focus {{ border: 2px solid {accent}; }}
QSlider {{ border: 2px solid transparent; border-radius: 6px; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {line}; }}
QTabBar::tab {{ background: transparent; border: 2px solid transparent; padding: 8px 16px; min-height: 20px; }}
QTabBar::tab:selected {{ color: {accent}; font-weight: 600; border-bottom: 2px solid {accent}; }}
QTabBar::tab:focus {{ border: 2px solid {accent}; border-radius: 6px; }}
QCheckBox::indicator, QRadioButton::indicator, QListView::indicator, QTreeView::indicator, QTableView::indicator {{
  width: 18px; height: 18px; border: 2px solid {soft}; border-radius: 4px; background: {base}; }}
QRadioButton::indicator {{ border-radius: 11px; }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border-color: {accent}; }}
QCheckBox::indicator:checked, QRadioButton::indicator:checked, QListView::indicator:checked,
QTreeView::indicator:checked, QTableView::indicator:checked {{ border-color: {accent}; background: {accent};
  image: url("{icons}/check-{mark}.svg"); }}
QRadioButton::indicator:checked {{ image: url("{icons}/dot-{mark}.svg"); }}
QCheckBox::indicator:indeterminate, QTreeView::indicator:indeterminate {{ border-color: {accent};
  background: {accent}; image: url("{icons}/dash-{mark}.svg"); }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: {line}; background: {window}; }}
*[role="bare"] {{ border: 1px solid {line}; border-radius: 6px; padding: 2px 10px; }}
*[role="bare"]::indicator {{ width: 0; height: 0; border: none; }}
*[role="bare"]:checked {{ border: 2px solid {accent}; padding: 1px 9px; font-weight: 600; }}
*[role="bare"]:focus {{ border-color: {accent}; }}
"""

_STYLED = "fieldsurvey_styled"
# For fingers and gloves: everything that is pressed is at least 48 px high.
_TOUCH = """
* { font-size: 16px; }
QLabel[role="title"] { font-size: 19px; }
QLabel[role="heading"] { font-size: 17px; }
QLabel[role="hint"], QLabel[role="error"] { font-size: 15px; }
QPushButton, QToolButton { min-height: 34px; }
QLineEdit, QPlainTextEdit, QComboBox { min-height: 34px; }
QAbstractSpinBox { min-height: 48px; }
QCheckBox, QRadioButton { min-height: 48px; spacing: 12px; }
QCheckBox::indicator, QRadioButton::indicator, QListView::indicator { width: 26px; height: 26px; }
QRadioButton::indicator { border-radius: 15px; }
QListView::item, QTreeView::item { min-height: 48px; }
QMenu::item, QMenuBar::item { padding: 12px 24px; }
QScrollBar:vertical { width: 26px; }
QSlider { min-height: 48px; }
QSlider::handle { width: 32px; }
"""


def load_font() -> str:
    """Give the application the vendored Chinese typeface; return its family."""
    families: list[str] = []
    number = QFontDatabase.addApplicationFont(str(FOLDER / "Hei.ttf"))
    if number >= 0:
        families = QFontDatabase.applicationFontFamilies(number)
    return families[0] if families else ""


def prepare(app: QApplication, name: str, family: str) -> None:
    """Give the application font, style and colours of a theme; `dress` gives a window the rest."""
    font = QFont(family) if family else app.font()
    dpi = app.primaryScreen().logicalDotsPerInch()
    # in points: of a font that is measured in pixels Qt's own dialogs (the page of the print dialog) ask -1 points
    font.setPointSizeF(_PIXELS * _POINTS_PER_INCH / dpi)
    app.setFont(font)
    if not app.property(_STYLED):  # a second style under a style sheet costs a second and once crashed in Qt
        app.setStyle("Fusion")
        app.setProperty(_STYLED, True)
    app.setPalette(palette(THEMES[name]))


def dress(window: QWidget, name: str, *, touch: bool = False) -> None:
    """Give a window, its dialogs and all that comes into it later, the style sheet of a theme.

    The window has it, not the application: under a sheet of the application Qt
    works out the looks of all that is inside a part each time the part is put
    into another, which is most of the time it takes to put a workspace
    together. What has no parent (the list of a QCompleter) is dressed by
    whoever shows it.

    Args:
        window: The window, put together already.
        name: Name of the theme.
        touch: Whether targets are larger.
    """
    window.setStyleSheet(sheet(name, touch=touch))


def sheet(name: str, *, touch: bool = False) -> str:
    """Return the style sheet of a theme."""
    colours = THEMES[name]
    parts = {part: getattr(colours, part) for part in colours.__slots__}
    parts |= {"icons": (Path(__file__).parent / "icons").as_posix(), "shade": "light" if name == "dark" else "dark"}
    parts["mark"] = "dark" if name == "dark" else "light"  # stands on the accent
    return _SHEET.format(**parts) + (_TOUCH if touch else "")


def palette(colours: Colours) -> QPalette:
    """Return the palette of a theme, for what the style sheet does not say."""
    found = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, colours.window), (roles.Base, colours.base), (roles.AlternateBase, colours.window),
        (roles.Text, colours.text), (roles.WindowText, colours.text), (roles.Button, colours.base),
        (roles.ButtonText, colours.text), (roles.Highlight, colours.accent), (roles.HighlightedText, colours.on_accent),
        (roles.ToolTipBase, colours.base), (roles.ToolTipText, colours.text), (roles.PlaceholderText, colours.soft),
        (roles.Link, colours.accent),
    ):  # fmt: skip
        found.setColor(role, QColor(colour))
    return found
