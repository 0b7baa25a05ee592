"""Pages of text on paper."""

from pathlib import Path

from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

_MARGIN = 15  # mm


def write_pdf(document: QTextDocument, path: Path, title: str) -> None:
    """Print pages of text to a PDF file in A4; the old file stays until the new one is whole.

    Raises:
        InputRefused: If the file cannot be written.
    """
    part = path.with_name(f".part-{path.name}")
    try:
        part.touch()
        writer = QPdfWriter(str(part))
        writer.setTitle(title)
        size, margins = QPageSize(QPageSize.PageSizeId.A4), QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter))
        document.print_(writer)
        del writer  # the file is whole only then
        part.replace(path)
    except OSError as error:
        raise InputRefused(_("{file} cannot be written: {why}.").format(file=path, why=error.strerror)) from error
