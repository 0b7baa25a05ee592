"""Icons of one family: drawn with one line, in the colour of the text, sharp at any scale."""

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication

FOLDER = Path(__file__).parent / "icons"
_SIZES = (20, 24, 40, 48)  # px: as they are shown, at 100 % and 200 %
_INK = "#000000"  # the colour in the files
_NAME = "icon_name"  # dynamic property: which icon a widget wears


def exists(name: str) -> bool:
    """Say whether there is an icon of a name."""
    return (FOLDER / f"{name}.svg").exists()


def icon(name: str) -> QIcon:
    """Return an icon in the colours of the theme that is worn now.

    Raises:
        FileNotFoundError: If there is none of that name: a bug of the caller.
    """
    palette = QGuiApplication.palette()
    found = QIcon()
    for mode, state, role in (
        (QIcon.Mode.Normal, QIcon.State.Off, QPalette.ColorRole.ButtonText),
        (QIcon.Mode.Normal, QIcon.State.On, QPalette.ColorRole.Link),
        (QIcon.Mode.Disabled, QIcon.State.Off, QPalette.ColorRole.PlaceholderText),
    ):
        for image in _drawn(name, palette.color(role).name()):
            found.addPixmap(QPixmap.fromImage(image), mode, state)
    return found


def wear(wearer: QAbstractButton | QAction, name: str) -> None:
    """Give a button or an action an icon that changes with the theme."""
    wearer.setProperty(_NAME, name)
    wearer.setIcon(icon(name))


def change_all(app: QApplication) -> None:
    """Draw every icon that is worn anew, in the colours of another theme.

    Not asked of the window: PySide keeps below it what it hands out of Qt's own parts, when they are long gone.
    """
    for widget in app.allWidgets():
        for wearer in (widget, *widget.actions()):
            name = wearer.property(_NAME)
            if name and isinstance(wearer, QAbstractButton | QAction):
                wearer.setIcon(icon(name))


@lru_cache(maxsize=256)
def _drawn(name: str, colour: str) -> list[QImage]:
    """Return an icon in one colour, in each size."""
    renderer = QSvgRenderer(QByteArray(_text(name).replace(_INK, QColor(colour).name()).encode()))
    return [_image(renderer, size) for size in _SIZES]


@lru_cache(maxsize=128)
def _text(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text("utf-8")


def _image(renderer: QSvgRenderer, size: int) -> QImage:
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image
