"""One record in full below the table: every filled column, also those that the table does not show."""

import html
from collections.abc import Mapping

from PySide6.QtWidgets import QWidget

from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Value
from ui.tables.columns import Layout, head, shown_value
from ui.widgets import Reading

_PER_LINE = 4


class DetailStrip(Reading):
    """Label and value of what a record holds, four pairs a line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("table_detail")
        self.setAccessibleName(_("The record in full"))
        self.setOpenLinks(False)
        self.setMinimumHeight(72)
        self.show_nothing()

    def show_nothing(self) -> None:
        """Say what would be here."""
        self.setHtml(html.escape(_("Choose a row: the record stands here in full.")))

    def show_record(self, layout: Layout, values: Mapping[str, Value], names: Mapping[str, Mapping[str, str]]) -> None:
        """Show a record."""
        pairs = [
            (head(field), shown_value(field, values.get(name), names.get(name, {})))
            for name, field in layout.fields.items()
            if values.get(name) not in {None, ""}
        ]
        cells = [
            f'<td style="padding: 2px 6px">{html.escape(label)}</td>'
            f'<td style="padding: 2px 24px 2px 6px"><b>{html.escape(text)}</b></td>'
            for label, text in pairs
            if text
        ]
        lines = ["".join(cells[n : n + _PER_LINE]) for n in range(0, len(cells), _PER_LINE)]
        self.setHtml("<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>")
