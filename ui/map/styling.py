"""The styles of the open project: read when it opens, applied to the map, kept at every change."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal, Slot

from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from layers import style_values
from layers.style_values import SETTING, Field, fields_of
from layers.symbology import Codes, LayerStyle, from_json, to_json

if TYPE_CHECKING:
    from ui.map.workspace import MapWorkspace

_Read = tuple[dict[str, LayerStyle], dict[str, Codes], dict[str, dict[str, str]]]


class MapStyling(QObject):
    """Reads and keeps styles.

    Signals:
        applied: () the map has other styles.
    """

    applied = Signal()

    def __init__(self, workspace: "MapWorkspace") -> None:
        super().__init__(workspace)
        self._workspace = workspace

    def read(self) -> None:
        """Read the styles of the project, and the values they go by."""

        def work(_control: JobControl) -> _Read:
            store = self._workspace.holder.store
            styles = from_json(store.setting(SETTING))
            return styles, *style_values.read(store, styles.values())

        self._workspace.run(work, self._apply)

    def refresh(self) -> None:
        """Read the values again: answers have changed."""
        styles = list(self._workspace.canvas.look.styles.values())
        self._workspace.run(lambda control: self._values(styles, control), self._apply)

    def _values(self, styles: list[LayerStyle], _control: JobControl) -> _Read:
        return {style.table: style for style in styles}, *style_values.read(self._workspace.holder.store, styles)

    @Slot(object)
    def _apply(self, found: _Read | None) -> None:
        if found is not None:
            styles, codes, texts = found
            canvas = self._workspace.canvas
            canvas.set_look(replace(canvas.look, styles=styles, codes=codes, texts=texts))
            self.applied.emit()

    def keep(self, styles: dict[str, LayerStyle]) -> None:
        """Draw with other styles, and keep them in the project."""

        def work(control: JobControl) -> _Read:
            self._workspace.holder.store.set_setting(SETTING, to_json(list(styles.values())))
            return self._values(list(styles.values()), control)

        self._workspace.run(work, self._apply)

    def keep_one(self, style: LayerStyle) -> None:
        """Keep the style of one layer."""
        self.keep({**self._workspace.canvas.look.styles, style.table: style})

    def fields(self, table: str, then: Callable[[list[Field]], None]) -> None:
        """Ask for the columns that a layer may be coloured by."""

        def give(found: object) -> None:
            then(cast("list[Field]", found or []))

        self._workspace.run(lambda _control: fields_of(self._workspace.holder.store.tables(), table), give)

    def values(self, table: str, column: str, then: Callable[[list[Value]], None]) -> None:
        """Ask for the values of a column."""

        def give(found: object) -> None:
            then(list(cast("dict[str, Value]", found or {}).values()))

        self._workspace.run(lambda _c: style_values.values_of(self._workspace.holder.store, table, column), give)
