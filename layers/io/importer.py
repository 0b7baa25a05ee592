"""From hand-over files into the project: inspect, plan, write.

Nothing is written until a file has been read, checked and planned as a whole;
then it is one transaction. One bad file never stops the others.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely

from fieldsurvey.errors import FieldSurveyError, InputRefused, UsageError
from fieldsurvey.geo import crs as crs_
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import GeometryType
from fieldsurvey.store import Store
from layers.io import archive, clean, tables, vector
from layers.io.mapping import LayerMapping, load, propose
from layers.io.planning import Context, LayerPlan, plan_layer
from layers.io.raw import RawLayer
from layers.io.report import FileReport

_DATUM_WORDS = (
    ("gcj02", crs_.GCJ02),
    ("gcj-02", crs_.GCJ02),
    ("火星", crs_.GCJ02),
    ("bd09", crs_.BD09),
    ("bd-09", crs_.BD09),
    ("百度", crs_.BD09),
)
_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class LayerPreview:
    """One layer of a file before the import.

    Attributes:
        name: Name in the file.
        count: Features or rows.
        kind: Kind of geometry; None for a table.
        mapping: Proposed table and columns.
        samples: Source field -> first values.
        geometries: Geometries as in the file, at most 5,000, for a quick drawing.
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


def inspect(
    file: Path, *, crs: str | None = None, encoding: str | None = None, as_layer: str | None = None
) -> Inspection:
    """Read a file and propose what to do with it; a refusal stands in the report."""
    report = FileReport(file)
    found = Inspection(report)
    try:
        with tempfile.TemporaryDirectory(prefix="fieldsurvey-") as folder:
            for raw in read(file, Path(folder), report, encoding):
                kind = clean.kind_of(raw.geometries)
                _locate(raw, crs, report)
                mapping = propose(raw.name, raw.fields, kind, as_layer)
                samples = {name: values[:_SAMPLE] for name, values in raw.fields.items()}
                shown = None if raw.geometries is None else raw.geometries[:5000]
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
    control: JobControl | None = None,
) -> list[FileReport]:
    """Import files, each in one transaction; return one report per file.

    Args:
        store: The project.
        files: Files in any supported format, also ZIP archives of them.
        as_layer: Target table for every layer; None: by name and fields.
        crs: Reference system of the files: EPSG code, GCJ-02 or BD-09; None: as stated, else guessed.
        encoding: Text encoding; None: as stated, else found.
        mapping: What a person decided on tables and columns.
        dry_run: Read and check, write nothing.
        control: Progress and cancel; what is finished stays.

    Raises:
        UsageError: If as_layer or encoding does not exist.
        InputRefused: If the mapping or the CRS is wrong.
        JobCancelled: If the user stopped it.
    """
    control = control or JobControl()
    chosen = load(mapping)
    _check_options(crs, encoding, as_layer)
    reports = []
    for file in control.steps(files, _("Import")):
        report = FileReport(file)
        reports.append(report)
        try:
            _import_file(store, file, report, _Options(as_layer, crs, encoding, chosen, dry_run), control)
        except (InputRefused, UsageError) as error:
            report.layers.clear()
            report.refuse(str(error))
    return reports


@dataclass(frozen=True, slots=True)
class _Options:
    as_layer: str | None
    crs: str | None
    encoding: str | None
    mapping: Mapping[str, LayerMapping]
    dry_run: bool


def _check_options(crs: str | None, encoding: str | None, as_layer: str | None) -> None:
    if crs and crs not in {crs_.GCJ02, crs_.BD09}:
        crs_.parsed(crs)
    if encoding:
        try:
            "".encode(encoding)
        except LookupError as error:
            raise UsageError(_("There is no encoding {name}. Example: GB18030.").format(name=encoding)) from error
    if as_layer:
        propose("", [], None, as_layer)


def _import_file(store: Store, file: Path, report: FileReport, options: _Options, control: JobControl) -> None:
    if file.exists() and file.resolve() == store.path.resolve():
        raise InputRefused(_("{file} is the open project itself.").format(file=file.name))
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-") as folder:
        layers = read(file, Path(folder), report, options.encoding)
    context = Context(store)
    plans: list[LayerPlan] = []
    prepared = [(raw, *_prepared(raw, store.crs, report, options)) for raw in layers]
    order = {name: index for index, name in enumerate(["community", "building"])}
    prepared.sort(key=lambda item: order.get(item[1].table, len(order)))
    for raw, mapping, kind in prepared:
        control.step(len(plans), len(prepared), f"{file.name} {raw.name}")
        if len(raw):
            plans.append(plan_layer(raw, mapping, kind, context, report))
    if not any(len(raw) for raw in layers):
        report.warn("empty", _("{file} holds no features.").format(file=file.name))
    if not options.dry_run:
        _write(store, plans, file.name, control)
    _count(prepared, plans, report)


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
        report.layers[plan.table.name] = report.layers.get(plan.table.name, 0) + len(plan.rows) + len(plan.updates)


def read(file: Path, folder: Path, report: FileReport, encoding: str | None) -> list[RawLayer]:
    """Return the layers of a file of any supported kind; a folder is a file geodatabase.

    Raises:
        InputRefused: If it cannot be read.
    """
    suffix = file.suffix.lower()
    if suffix == ".zip":
        return _read_archive(file, folder, report, encoding)
    if suffix in tables.SUFFIXES:
        return tables.read(file, report, encoding)
    if suffix in vector.SUFFIXES:
        return vector.read(file, report, encoding)
    if suffix == ".dwg":
        raise InputRefused(_("{file} is a DWG drawing. Save it as DXF in the CAD program.").format(file=file.name))
    raise InputRefused(_("Files of the kind {suffix} are not supported.").format(suffix=suffix or file.name))


def _read_archive(file: Path, folder: Path, report: FileReport, encoding: str | None) -> list[RawLayer]:
    if not file.exists():
        raise InputRefused(_("There is no file {file}.").format(file=file))
    members = archive.unpack(file, folder, report)
    shapefiles = {member.with_suffix("") for member in members if member.suffix.lower() == ".shp"}
    known = vector.SUFFIXES | tables.SUFFIXES
    wanted = [
        member
        for member in members
        if member.suffix.lower() in known
        and not (member.suffix.lower() == ".dbf" and member.with_suffix("") in shapefiles)
        and member.suffix.lower() != ".txt"
    ]
    if not wanted:
        raise InputRefused(_("{file} contains no file that can be imported.").format(file=file.name))
    return [layer for member in wanted for layer in read(member, folder, report, encoding)]


def _prepared(
    raw: RawLayer, target: str, report: FileReport, options: _Options
) -> tuple[LayerMapping, GeometryType | None]:
    """Bring the geometries of a layer into the project CRS, checked and repaired; return what to do with the layer."""
    source = _locate(raw, options.crs, report)
    if raw.geometries is not None:
        geometries = clean.finite(raw.geometries, report)
        if source:
            geometries = clean.reprojected(geometries, source, target, report)
        raw.geometries = clean.repaired(geometries, report)
    kind = clean.kind_of(raw.geometries)
    mapping = options.mapping.get(raw.name) or propose(raw.name, raw.fields, kind, options.as_layer)
    return mapping, kind


def _locate(raw: RawLayer, stated: str | None, report: FileReport) -> str:
    """Return the reference system of a layer, and write into the report how it was found."""
    if raw.geometries is None or shapely.is_missing(raw.geometries).all():
        return ""
    if stated:
        report.crs, report.crs_how = stated, _("as you said")
        _warn_of_old_datum(stated, report)
        return stated
    if raw.crs:
        return _stated(raw, report)
    found = crs_.guess(_bounds(raw))
    report.crs, report.crs_how = found.code, found.how
    if found.code:
        text = _("No coordinate system is stated; {name} was assumed because {how}. Say --crs if that is wrong.")
        report.warn("crs_guessed", text.format(name=crs_.name_of(found.code), how=found.how))
    else:
        text = _("No coordinate system is stated and {how}; the coordinates were kept as they are. Say --crs.")
        report.warn("crs_unknown", text.format(how=found.how))
    return found.code


def _stated(raw: RawLayer, report: FileReport) -> str:
    code = crs_.short_code(raw.crs)
    hint = _datum_hint(raw, report.file) if crs_.is_geographic(code) else ""
    if hint:
        report.crs, report.crs_how = hint, _("the file name or its contents say so")
        text = _("It says {hint}, a shifted web map system; corrected to about a metre. Say --crs if that is wrong.")
        report.warn("shifted_datum", text.format(hint=hint))
        return hint
    report.crs, report.crs_how = code, _("stated by the file")
    _warn_of_old_datum(code, report)
    return code


def _warn_of_old_datum(code: str, report: FileReport) -> None:
    if old := crs_.old_datum(code):
        text = _(
            "{old} has no exact way to CGCS2000; positions may be off by tens of metres. Ask for local parameters."
        )
        report.warn("old_datum", text.format(old=old))


def _datum_hint(raw: RawLayer, file: Path) -> str:
    text = (
        file.stem + " " + " ".join(clean.text_of([name, *values[:20]]) for name, values in raw.fields.items())
    ).lower()
    return next((name for word, name in _DATUM_WORDS if word in text), "")


def _bounds(raw: RawLayer) -> tuple[float, float, float, float]:
    boxes = shapely.bounds(raw.geometries)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return (np.inf, np.inf, -np.inf, -np.inf)
    low, high = np.percentile(boxes[:, :2], 1, axis=0), np.percentile(boxes[:, 2:], 99, axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def _write(store: Store, plans: Iterable[LayerPlan], source: str, control: JobControl) -> None:
    with store.transaction():
        for plan in plans:
            store.add_table(plan.table)
            if plan.rows:
                store.import_rows(plan.table.name, plan.rows, source=source, control=control)
            for uid, changes in plan.updates.items():
                store.save(uid, changes)
