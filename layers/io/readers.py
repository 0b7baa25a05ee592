"""Any hand-over file to its layers, brought into the project's reference system. Runs in the child process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.assets import ASSET_BY_NAME
from layers.io import archive, cjj61, clean, kml, locating, not_data, tables, vector
from layers.io.mapping import proposed
from layers.io.raw import Geometries, RawLayer
from layers.io.report import FileReport

_MOST_COLUMNS = 1000  # SQLite holds 2,000 in a table, of which later files may need some
_APART = frozenset({"community", "building", "district"})  # areas of which no two share ground


@dataclass(frozen=True, slots=True)
class Request:
    """What to read and how.

    Attributes:
        file: File or, for a file geodatabase, folder.
        target: Reference system of the project.
        crs: Reference system as a person stated it; None: as the file states it, else guessed.
        encoding: Encoding as a person stated it; None: as stated, else found.
        repair: Mend areas that cross themselves.
    """

    file: Path
    target: str
    crs: str | None = None
    encoding: str | None = None
    repair: bool = True


def read(request: Request, folder: Path, report: FileReport, control: JobControl) -> list[RawLayer]:
    """Return the layers of a file, their geometries checked, located, repaired, in the project's system.

    Args:
        request: What to read.
        folder: Place for what has to be unpacked.
        report: Takes what a person should know.
        control: Progress and cancel.

    Raises:
        InputRefused: If the file cannot be taken.
    """
    layers = cjj61.recognise(read_raw(request.file, folder, report, request.encoding), report)
    for layer in control.steps(layers, request.file.name):
        _keep_columns(layer, report)
        source = locating.locate(layer, request.crs, report)
        if layer.geometries is None:
            continue
        geometries = clean.finite(layer.geometries, report)
        if source:
            geometries = clean.reprojected(geometries, source, request.target, report)
        layer.geometries = geometries
        if request.repair:
            layer.geometries = clean.repaired(geometries, report)
            layer.drawn_as = _changed(geometries, layer.geometries)
        else:
            clean.tell_broken(geometries, report)
        _tell_overlaps(layer, report)
    return layers


def _keep_columns(layer: RawLayer, report: FileReport) -> None:
    """Leave out columns beyond what a table can hold; those without any value first."""
    if len(layer.fields) <= _MOST_COLUMNS:
        return
    filled = [name for name, values in layer.fields.items() if any(value is not None for value in values)]
    if len(filled) > _MOST_COLUMNS:
        text = _("{name} has {n} columns; the first {most} were read.")
        report.warn("columns_skipped", text.format(name=layer.name, n=len(filled), most=_MOST_COLUMNS))
    layer.fields = {name: layer.fields[name] for name in filled[:_MOST_COLUMNS]}


def _tell_overlaps(layer: RawLayer, report: FileReport) -> None:
    if layer.geometries is not None:
        table = proposed(layer, clean.kind_of(layer.geometries)).table
        if table in _APART:
            clean.tell_overlaps(layer.geometries, ASSET_BY_NAME[table].label, report)


def _changed(before: Geometries, after: Geometries) -> dict[int, shapely.Geometry]:
    """Return the geometries as drawn of those that were repaired, by row."""
    return {row: old for row, (old, new) in enumerate(zip(before, after, strict=True)) if old is not new}


def read_raw(file: Path, folder: Path, report: FileReport, encoding: str | None) -> list[RawLayer]:
    """Return the layers of a file of any supported kind as found in it.

    Raises:
        InputRefused: If it cannot be read.
    """
    suffix = file.suffix.lower()
    if file.is_dir() and suffix != ".gdb":
        raise not_data.folder(file)
    if suffix == ".zip":
        return _read_archive(file, folder, report, encoding)
    reader = _reader(suffix)
    if reader is not None:
        return reader(file, report, encoding)
    raise not_data.refusal(file)


_Reader = Callable[[Path, FileReport, str | None], list[RawLayer]]


def _reader(suffix: str) -> _Reader | None:
    if suffix in tables.SUFFIXES:
        return tables.read
    if suffix == ".dxf":
        from layers.io import dxf

        return dxf.read_checked
    if suffix in kml.SUFFIXES:
        return kml.read
    return vector.read if suffix in vector.SUFFIXES else None


def _read_archive(file: Path, folder: Path, report: FileReport, encoding: str | None) -> list[RawLayer]:
    if not file.exists():
        raise InputRefused(_("There is no file {file}.").format(file=file))
    members = archive.with_geodatabases(archive.unpack(file, folder, report))
    bases = {base for member in members for base in member.parents if base.suffix.lower() == ".gdb"}
    wanted = [*sorted(bases), *(member for member in _data(members) if not bases.intersection(member.parents))]
    if not wanted:
        raise not_data.of_archive(file, members)
    if len(wanted) == 1:
        return read_raw(wanted[0], folder, report, encoding)
    layers: list[RawLayer] = []
    refused = 0
    for member in wanted:
        try:
            layers += read_raw(member, folder, report, encoding)
        except InputRefused as error:
            refused += 1
            report.warn("member_refused", str(error))
            last = error
    if refused == len(wanted):
        raise last
    return layers


def _data(members: list[Path]) -> list[Path]:
    """Return the members that hold data of their own: not the attribute table of a shapefile, not a read-me."""
    shapefiles = {member.with_suffix("") for member in members if member.suffix.lower() == ".shp"}
    mapinfo = {member.with_suffix("") for member in members if member.suffix.lower() == ".tab"}
    tables_and_maps = vector.SUFFIXES | tables.SUFFIXES | kml.SUFFIXES | {".dxf"}
    found = [
        member
        for member in members
        if member.suffix.lower() in tables_and_maps
        and not (member.suffix.lower() == ".dbf" and member.with_suffix("") in shapefiles)
        and not (member.suffix.lower() == ".dat" and member.with_suffix("") in mapinfo)
    ]
    return [member for member in found if member.suffix.lower() != ".txt"] or found
