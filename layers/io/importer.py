"""From hand-over files into the project: inspect, plan, write.

Nothing is written until all files have been read and checked, in a child
process; then they are written in one transaction. A stop at any place leaves
the project as it was; one bad file never stops the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fieldsurvey.errors import FieldSurveyError, InputRefused, RecordLocked, UsageError
from fieldsurvey.geo import crs as crs_
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.model.schema import GeometryType, Value
from fieldsurvey.store import Store
from layers.io import clean
from layers.io.mapping import LayerMapping, propose, proposed
from layers.io.matching import Known, LayerPlan
from layers.io.own import by_kind, taken_apart
from layers.io.planning import Context, plan_layer
from layers.io.raw import RawLayer
from layers.io.readers import Request
from layers.io.reading import Reader
from layers.io.recipe import Recipe, fitting, load
from layers.io.report import FileReport, Status

_SAMPLE = 5
_SHOWN = 5000
_REPORT_ROWS = 500
_PROJECT_CRS = "EPSG:4547"


@dataclass(frozen=True, slots=True)
class LayerPreview:
    """One layer of a file before the import.

    Attributes:
        name: Name in the file.
        count: Features or rows.
        kind: Kind of geometry; None for a table.
        mapping: Proposed table and columns.
        samples: Source field -> first values.
        geometries: Geometries in the project CRS, at most 5,000, for a quick drawing.
    """

    name: str
    count: int
    kind: GeometryType | None
    mapping: LayerMapping
    samples: Mapping[str, list[object]]
    geometries: object


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file before the import: its layers, and what is already known to be doubtful."""

    report: FileReport
    layers: list[LayerPreview] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Options:
    """What a person decided for a file; the words are those of run()."""

    as_layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    mapping: Recipe = field(default_factory=dict)
    repair: bool = True
    known: Known = Known.FILL


def inspect(
    file: Path,
    *,
    target: str = _PROJECT_CRS,
    crs: str | None = None,
    encoding: str | None = None,
    as_layer: str | None = None,
    control: JobControl | None = None,
) -> Inspection:
    """Read a file and propose what to do with it; a refusal stands in the report.

    Args:
        file: The file.
        target: Reference system of the project, in which the geometries of the preview are.
        crs: As for run().
        encoding: As for run().
        as_layer: As for run().
        control: Progress and cancel.

    Raises:
        JobCancelled: If the user stopped it.
    """
    report = FileReport(file)
    found = Inspection(report)
    try:
        with Reader() as reader:
            layers = reader.read(Request(file, target, crs, encoding), report, control or JobControl())
        for raw in layers:
            kind = clean.kind_of(raw.geometries)
            mapping = proposed(raw, kind, as_layer)
            samples = {name: values[:_SAMPLE] for name, values in raw.fields.items()}
            shown = None if raw.geometries is None else raw.geometries[:_SHOWN]
            found.layers.append(LayerPreview(raw.name, len(raw), kind, mapping, samples, shown))
    except FieldSurveyError as error:
        report.refuse(str(error))
    return found


def run(
    store: Store,
    files: Sequence[Path],
    *,
    as_layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    mapping: Path | Mapping[str, object] | None = None,
    dry_run: bool = False,
    repair: bool = True,
    known: Known = Known.FILL,
    control: JobControl | None = None,
) -> list[FileReport]:
    """Import files in one transaction; return one report per file. A file that is refused does not stop the others.

    Args:
        store: The project.
        files: Files in any supported format, also ZIP archives of them.
        as_layer: Target table for every layer; None: by name and fields.
        crs: Reference system of the files: EPSG code, GCJ-02 or BD-09; None: as stated, else guessed.
        encoding: Text encoding; None: as stated, else found.
        mapping: What a person decided on tables and columns.
        dry_run: Read and check, write nothing.
        repair: Mend areas that cross themselves; what they were as drawn stays in the history.
        known: What becomes of features that the project holds already.
        control: Progress and cancel; a stop leaves the project as it was.

    Raises:
        UsageError: If as_layer or encoding does not exist.
        InputRefused: If the mapping or the CRS is wrong.
        JobCancelled: If the user stopped it.
    """
    options = Options(as_layer, crs, encoding, load(mapping), repair, known)
    return run_each(store, [(file, options) for file in files], dry_run=dry_run, control=control)


def run_each(
    store: Store,
    files: Sequence[tuple[Path, Options]],
    *,
    dry_run: bool = False,
    control: JobControl | None = None,
) -> list[FileReport]:
    """Import files as run() does, each with options of its own."""
    control = control or JobControl()
    for _file, options in files:
        _check_options(options.crs, options.encoding, options.as_layer)
    chosen = [options for _file, options in files]
    reports = [FileReport(file) for file, _options in files]
    read: list[list[RawLayer]] = []
    with Reader() as reader:
        for number, (report, options) in enumerate(zip(reports, chosen, strict=True)):
            read.append(_read(reader, store, report, options, _part_of(control, number, len(reports))))
    plans = _planned(store, reports, read, chosen, control)
    if dry_run:
        return reports
    with store.transaction():
        for (file, options), found, report in zip(files, plans, reports, strict=True):
            if locked := _write(store, found, file.name, options, control):
                text = _("{n} features are approved and locked; what the file says of them was left out.")
                report.warn("locked", text.format(n=locked))
    _repair(store, {uid: wkb for found in plans for plan in found for uid, wkb in plan.repairs.items()})
    return reports


def _repair(store: Store, repairs: Mapping[str, bytes]) -> None:
    """Replace areas as drawn by areas repaired, as one step: undo brings back what was drawn, history keeps both."""
    if repairs:
        with store.transaction():
            for uid, wkb in repairs.items():
                store.save(uid, {"geom": wkb})


def _check_options(crs: str | None, encoding: str | None, as_layer: str | None) -> None:
    if crs:
        crs_.check(crs)
    if encoding:
        try:
            "".encode(encoding)
        except LookupError as error:
            raise UsageError(_("There is no encoding {name}. Example: GB18030.").format(name=encoding)) from error
    if as_layer:
        propose("", [], None, as_layer)


def _part_of(control: JobControl, number: int, files: int) -> JobControl:
    """Return a control for one file of several: a file counts as a hundred steps."""

    def report(progress: Progress) -> None:
        share = progress.done * 100 // progress.total if progress.total else 0
        control.step(number * 100 + share, files * 100, progress.note)

    return JobControl(report)


def _read(reader: Reader, store: Store, report: FileReport, options: Options, control: JobControl) -> list[RawLayer]:
    """Return the layers of a file; none, and a refusal in the report, if it cannot be taken."""
    file = report.file
    if file.exists() and file.resolve() == store.path.resolve():
        report.refuse(_("{file} is the open project itself.").format(file=file.name))
        return []
    request = Request(file, store.crs, options.crs, options.encoding, options.repair)
    try:
        return reader.read(request, report, control)
    except InputRefused as error:
        report.refuse(str(error))
        return []


def _planned(
    store: Store,
    reports: Sequence[FileReport],
    read: Sequence[list[RawLayer]],
    chosen: Sequence[Options],
    control: JobControl,
) -> list[list[LayerPlan]]:
    """Return the writes of each file, worked out before anything is written; later files see those of earlier ones."""
    context = Context(store)
    plans: list[list[LayerPlan]] = []
    for report, layers, options in zip(reports, read, chosen, strict=True):
        refused = report.status is Status.REFUSED
        plans.append([] if refused else _plans(context, layers, report, options, control))
    return plans


def _plans(
    context: Context, layers: Sequence[RawLayer], report: FileReport, options: Options, control: JobControl
) -> list[LayerPlan]:
    """Work out the writes of a file: communities and buildings first, since others refer to them."""
    chosen = [piece for raw in layers for piece in _pieces(raw, options, report)]
    order = {name: index for index, name in enumerate(["community", "building"])}
    chosen.sort(key=lambda item: order.get(item[1].table, len(order)))
    plans: list[LayerPlan] = []
    for number, (raw, mapping, kind) in enumerate(chosen):
        control.step(number, len(chosen), f"{report.file.name} {raw.name}")
        if len(raw):
            plans.append(plan_layer(raw, mapping, kind, context, report, options.known))
    if layers and not any(len(raw) for raw in layers):
        report.warn("empty", _("{file} holds no features.").format(file=report.file.name))
    _count(chosen, plans, report)
    return plans


def _pieces(
    raw: RawLayer, options: Options, report: FileReport
) -> list[tuple[RawLayer, LayerMapping, GeometryType | None]]:
    """Return a layer with its mapping; one of mixed geometry that goes to none of our tables, by kind of geometry."""
    raw = taken_apart(raw, report)
    kind = clean.kind_of(raw.geometries)
    mapping = fitting(options.mapping, raw.name, raw.fields) or proposed(raw, kind, options.as_layer)
    if mapping.table or kind is None:
        return [(raw, mapping, kind)]
    pieces = by_kind(raw)
    return [(piece, LayerMapping("", {}), clean.kind_of(piece.geometries)) for piece in pieces]


def _count(
    prepared: Sequence[tuple[RawLayer, LayerMapping, GeometryType | None]],
    plans: Iterable[LayerPlan],
    report: FileReport,
) -> None:
    """Write into the report how many rows each layer gave; an empty layer is listed with none."""
    for raw, mapping, _kind in prepared:
        if not len(raw):
            report.layers.setdefault(mapping.table or raw.name, 0)
    for plan in plans:
        report.labels[plan.table.name] = plan.table.label
        report.layers[plan.table.name] = report.layers.get(plan.table.name, 0) + len(plan.rows) + len(plan.updates)


def _write(store: Store, plans: Iterable[LayerPlan], source: str, options: Options, control: JobControl) -> int:
    """Write the layers of a file; return how many features were left as they are because they are locked."""
    locked = 0
    for plan in plans:
        store.add_table(plan.table)
        if plan.rows:
            store.import_rows(plan.table.name, plan.rows, source=source, control=control)
        for number, (uid, changes) in enumerate(plan.updates.items()):
            if number % _REPORT_ROWS == 0:
                control.step(number, len(plan.updates), source)
            try:
                _update(store, uid, changes, options.known)
            except RecordLocked:
                locked += 1
    return locked


def _update(store: Store, uid: str, changes: Mapping[str, Value], rule: Known) -> None:
    """Write to a feature that is there; what somebody wrote while the import was planned is not blank any more."""
    now = store.get(uid)
    if now is None:
        return
    left = {name: value for name, value in changes.items() if rule is Known.UPDATE or now.values.get(name) is None}
    if left:
        store.save(uid, left)
