"""Places of a form: picked on the map, or taken from the receiver."""

from collections.abc import Sequence
from functools import partial
from typing import cast

import numpy as np
from PySide6.QtCore import QObject, Slot

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.geo import crs
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.positioning.averaging import Average, average
from fieldsurvey.positioning.fixes import Fix
from survey_forms import Kind, Question
from survey_forms.records import Subject
from ui.forms.choosing import MapChoiceEditor
from ui.forms.panel import FormPanel
from ui.forms.places import PlaceEditor, Position, read_line
from ui.jobs import JobRunner
from ui.map.picking import MapPicker, Mark
from ui.map.tool import World
from ui.positioning.controller import Positioning
from ui.project.holder import StoreHolder

_SHAPES = {Kind.GEOTRACE: "line", Kind.GEOSHAPE: "area"}
_FIXES, _MOST_FIXES = 5, 60  # of one place: enough to leave outliers out; a minute at one a second


class FormPlaces(QObject):
    """Brings places into the open form; belongs to FormController."""

    def __init__(self, panel: FormPanel, store: JobRunner, holder: StoreHolder, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._store, self._holder = panel, store, holder
        self._subject: Subject | None = None
        self._picker: MapPicker | None = None
        self._positioning: Positioning | None = None
        self._path = self._fix_path = ""
        self._fixes: list[Fix] = []

    def use_map(self, picker: MapPicker, positioning: Positioning) -> None:
        """Let places be picked on a map, and taken from a receiver."""
        self._picker, self._positioning = picker, positioning
        self._panel.place_wanted.connect(self._pick)
        self._panel.fix_wanted.connect(self._use_receiver)
        picker.picked.connect(partial(self._has_place, is_whole=True))
        picker.grown.connect(partial(self._has_place, is_whole=False))
        picker.cancelled.connect(self._back)
        positioning.moved.connect(self._fix)

    def begin(self, subject: Subject | None) -> None:
        """Another form is on the screen, or none: a place on its way to the one before is let go."""
        if subject != self._subject:
            self._path = self._fix_path = ""
            if self._picker is not None:
                self._picker.stop()
        self._subject = subject

    def here(self) -> str:
        """Return the place of the receiver now, for forms that note it by themselves; empty without one. Any thread."""
        positioning = self._positioning
        if positioning is None or not positioning.is_running or not positioning.track:
            return ""
        fix = positioning.track[-1]
        return f"{fix.lat:.8f} {fix.lon:.8f} {fix.height or 0:.2f} {fix.accuracy or 0:.2f}"

    # --- on the map ----------------------------------------------------------------------------------------------

    def _question(self, path: str) -> Question | None:
        session = self._panel.session
        is_there = session is not None and session.engine.find(path) is not None
        return session.question(path) if session is not None and is_there else None

    @Slot(str)
    def _pick(self, path: str) -> None:
        """Show on the map what the answer has already and what can be chosen, then let the person pick."""
        session, question = self._panel.session, self._question(path)
        if session is None or question is None:
            return
        self._path = path
        shape = _SHAPES.get(question.kind, "point")
        has = (read_line(session.value(path)) or []) if shape != "point" else []
        if shape == "area" and len(has) > 1 and has[0] == has[-1]:
            has = has[:-1]
        editor = self._panel.editor(path)
        offered = editor.offered() if isinstance(editor, MapChoiceEditor) else []
        if not (has or offered):
            self._start((shape, [], []))
            return

        def work(_control: JobControl) -> tuple[str, list[World], list[Mark]]:
            places = self._on_grid([*has, *(place for place, _label in offered)])
            names = [label for _place, label in offered]
            return shape, places[: len(has)], list(zip(places[len(has) :], names, strict=True))

        job = self._store.start(work, quick=True)
        job.succeeded.connect(self._start)
        job.failed.connect(self._fail)

    def _on_grid(self, positions: Sequence[Position]) -> list[World]:
        if not positions:
            return []
        longitude, latitude = np.array(positions, dtype=float).T
        east, north = crs.transform(longitude, latitude, crs.CGCS2000, self._holder.store.crs)
        return list(zip(east.tolist(), north.tolist(), strict=True))

    @Slot(object)
    def _start(self, found: object) -> None:
        shape, corners, marks = cast("tuple[str, list[World], list[Mark]]", found)
        if self._picker is not None and self._path:
            self._panel.say(_("Now on the map: click the place."))
            self._picker.start(shape, corners, marks)

    def _has_place(self, corners: list[World], *, is_whole: bool) -> None:
        """Take what was picked; an unfinished trace or shape only where the form wants to judge it at every corner."""
        path, question = self._path, self._question(self._path) if self._path else None
        if question is None or not corners:
            return
        least = 3 if question.kind is Kind.GEOSHAPE else 2
        is_incremental = question.parameters.get("incremental") == "true" and len(corners) >= least
        if not (is_whole or is_incremental):
            return

        def work(_control: JobControl) -> list[Position]:
            east, north = np.array(corners, dtype=float).T
            longitude, latitude = crs.transform(east, north, self._holder.store.crs, crs.CGCS2000)
            return list(zip(longitude.tolist(), latitude.tolist(), strict=True))

        job = self._store.start(work, quick=True)
        job.succeeded.connect(partial(self._put if is_whole else self._put_unfinished, path))
        job.failed.connect(self._fail)

    def _put(self, path: str, positions: object) -> None:
        if self._question(path) is not None:
            self._panel.say("")
            self._panel.put_place(path, cast("list[Position]", positions))

    def _put_unfinished(self, path: str, positions: object) -> None:
        """Show a shape that grows, and leave the keyboard with the map."""
        editor = self._panel.editor(path) if self._question(path) is not None else None
        if isinstance(editor, PlaceEditor):
            editor.put(cast("list[Position]", positions))

    @Slot(bool)
    def _back(self, is_browsing: bool) -> None:
        path, self._path = self._path, ""
        if path and self._question(path) is not None:
            self._panel.say("")
            if is_browsing:
                self._panel.go_to(path)

    # --- from the receiver -----------------------------------------------------------------------------------------

    @Slot(str)
    def _use_receiver(self, path: str) -> None:
        """Begin to listen; the same button again ends it."""
        if self._positioning is None or not self._positioning.is_running:
            self._panel.say(_("No receiver is connected. Connect one on the map: Receiver (GNSS)."))
            return
        self._fixes = []
        self._fix_path = "" if self._fix_path == path else path
        self._panel.say(_("Averaging … stand still.") if self._fix_path else _("The receiver's place was not taken."))

    @Slot(float, float, object)
    def _fix(self, _east: float, _north: float, fix: Fix) -> None:
        question = self._question(self._fix_path) if self._fix_path else None
        if question is None or self._positioning is None:
            return
        self._fixes.append(fix)
        found = average(self._fixes)
        if found is None or len(self._fixes) < _FIXES:
            return
        why = self._positioning.refusal(found) or _refusal(question, found)
        if not why:
            self._take(question, found)
        elif len(self._fixes) >= _MOST_FIXES:
            self._fix_path = ""
            self._panel.say(why)
        else:
            self._panel.say(_("Averaging … stand still.") + f" ±{found.accuracy:.1f} m")

    def _take(self, question: Question, found: Average) -> None:
        path, self._fix_path = self._fix_path, ""
        session = self._panel.session
        if session is None:
            return
        point = f"{found.lat:.8f} {found.lon:.8f} {found.height or 0:.2f} {found.accuracy:.2f}"
        before = session.value(path) if question.kind in _SHAPES else ""
        self._panel.set_answer(path, _with_corner(before, point, is_closed=question.kind is Kind.GEOSHAPE))
        self._panel.say(
            _("{used} fixes, accuracy ±{accuracy} m.").format(used=found.used, accuracy=f"{found.accuracy:.2f}")
        )

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._panel.say(str(error))


def _with_corner(text: str, point: str, *, is_closed: bool) -> str:
    """Return a trace or shape with one more corner; a shape stays closed.

    >>> _with_corner("1 1 0 0", "2 2 0 0", is_closed=False)
    '1 1 0 0; 2 2 0 0'
    >>> _with_corner("1 1 0 0; 2 2 0 0", "3 3 0 0", is_closed=True)
    '1 1 0 0; 2 2 0 0; 3 3 0 0; 1 1 0 0'
    """
    corners = [piece.strip() for piece in text.split(";") if piece.strip()]
    if is_closed and len(corners) > 3 and corners[0] == corners[-1]:
        corners = corners[:-1]
    corners.append(point)
    return "; ".join([*corners, corners[0]] if is_closed and len(corners) > 2 else corners)


def _refusal(question: Question, found: Average) -> str:
    """Return why a place is not good enough for its question; empty if it is.

    Source: XLSForm reference, parameters capture-accuracy and warning-accuracy, which XForms calls
    accuracyThreshold and unacceptableAccuracyThreshold.
    """
    for name in ("accuracyThreshold", "unacceptableAccuracyThreshold"):
        try:
            wanted = float(question.parameters[name])
        except (KeyError, ValueError):
            continue
        if wanted > 0 and found.accuracy > wanted:
            text = _("Accuracy ±{told} m; this question asks for ±{asked:g} m. Wait, or go where the sky is open.")
            return text.format(told=f"{found.accuracy:.2f}", asked=wanted)
    return ""
