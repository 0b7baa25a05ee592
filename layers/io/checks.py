"""Is a file what its name says, is it whole, and does it keep to itself?

GDAL goes by content, not by name, opens cut off files without a word and
follows pointers to other files and servers; so these are looked at first.
"""

import re
import struct
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io import audit, siblings
from layers.io.report import FileReport

SQLITE = frozenset({".gpkg", ".sqlite", ".db"})
XML = frozenset({".gml", ".gpx"})
_TAIL = 1 << 16  # bytes in which the end of an XML file must stand
MAX_BYTES = 4 << 30


def check_size(path: Path) -> None:
    """Refuse what is not there, empty, or larger than can be read.

    Raises:
        InputRefused: With the reason.
    """
    if not path.exists():
        raise InputRefused(_("There is no file {file}.").format(file=path))
    size = path.stat().st_size if path.is_file() else 1
    if size == 0:
        raise InputRefused(_("{file} is empty.").format(file=path.name))
    if size > MAX_BYTES:
        raise InputRefused(_("{file} is larger than 4 GiB. Split it by district.").format(file=path.name))


def check_content(path: Path, report: FileReport) -> None:
    """Look whether a file is what its name says, whole, and without pointers to elsewhere.

    Raises:
        InputRefused: With the reason.
    """
    suffix = path.suffix.lower()
    if path.is_file():
        check_reference(path)
    if suffix in SQLITE:
        _check_sqlite(path)
    elif suffix in XML:
        _check_xml(path, report)
    elif suffix == ".shp":
        _check_shapefile(path, report)
    elif suffix == ".dbf":
        _check_dbf(path, report)


def check_reference(path: Path) -> None:
    """Refuse files that only point to others, under whatever name: GDAL goes by content, not by suffix.

    Raises:
        InputRefused: If it does.
    """
    with path.open("rb") as source:
        head = source.read(1 << 12)
    if any(mark in head for mark in (b"<OGRVRT", b"<VRTDataset", b"<GDAL_WMS", b"<WFS_Capabilities", b"<OGRWFS")):
        raise InputRefused(
            _("{file} only points to other files or servers. Hand over the data itself.").format(file=path.name)
        )
    if re.match(rb"\s*[\"']?(?:https?:|ftp:|/vsi)", head, re.IGNORECASE):
        raise InputRefused(
            _("{file} only points to other files or servers. Hand over the data itself.").format(file=path.name)
        )


def holds_tiles(path: Path) -> bool:
    """Say whether a GeoPackage holds pictures of a map; its table of contents names their kind."""
    return b"gpkg_tile_matrix_set" in path.read_bytes()[: 1 << 20]


def _check_sqlite(path: Path) -> None:
    with path.open("rb") as source:
        head = source.read(100)
    if not head.startswith(b"SQLite format 3\0"):
        raise InputRefused(_("{file} is no GeoPackage: its content is something else.").format(file=path.name))
    page = int.from_bytes(head[16:18], "big")
    pages, size = int.from_bytes(head[28:32], "big"), path.stat().st_size
    if pages and pages * (65536 if page == 1 else page) > size:
        raise InputRefused(
            _("{file} is cut off: {have} of {whole} bytes are there. Ask for the file again.").format(
                file=path.name, have=size, whole=pages * (65536 if page == 1 else page)
            )
        )


def _check_xml(path: Path, report: FileReport) -> None:
    with path.open("rb") as source:
        head = source.read(1 << 16).replace(b"\0", b"")  # UTF-16 too
        source.seek(max(path.stat().st_size - _TAIL, 0))
        tail = source.read().replace(b"\0", b"")
    if (root := re.search(rb"<([\w:.-]+)", head)) and b"</" + root[1] not in tail and b"/>" not in tail[-64:]:
        text = _("{file} is cut off: its end is missing. What is left was read.")
        report.warn("truncated", text.format(file=path.name))
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise own_entities(path)


def own_entities(path: Path) -> InputRefused:
    """Return the refusal of an XML file with a DTD of its own."""
    text = _("{file} defines its own XML entities, which can be used for attacks. Save it again without a DTD.")
    return InputRefused(text.format(file=path.name))


def _check_shapefile(path: Path, report: FileReport) -> None:
    """Compare the lengths that the headers state with those on the disk."""
    with path.open("rb") as source:
        head = source.read(100)
    if len(head) < 100 or struct.unpack(">i", head[:4])[0] != 9994:
        raise InputRefused(_("{file} is no shapefile: its content is something else.").format(file=path.name))
    stated, size = struct.unpack(">i", head[24:28])[0] * 2, path.stat().st_size
    if stated > size:
        report.warn(
            "truncated",
            _("{file} is cut off: {have} of {whole} bytes are there. What is left was read.").format(
                file=path.name, have=size, whole=stated
            ),
        )
    dbf = siblings.of(path, ".dbf")
    for suffix, what in ((".shx", _("index")), (".dbf", _("attribute table"))):
        if siblings.of(path, suffix) is None:
            report.warn("part_missing", _("{file} comes without its {what} ({suffix}).").format(
                file=path.name, what=what, suffix=suffix
            ))  # fmt: skip
    if dbf is not None:
        _check_dbf(dbf, report)
    audit.check_records(path, dbf, siblings.of(path, ".shx"), report)


def _check_dbf(dbf: Path, report: FileReport) -> None:
    with dbf.open("rb") as source:
        head = source.read(32)
    if len(head) < 32:
        report.warn("truncated", _("{file} is cut off.").format(file=dbf.name))
        return
    records, header, record = struct.unpack("<IHH", head[4:12])
    if header + records * record > dbf.stat().st_size + 1:
        report.warn("truncated", _("{file} is cut off: part of the attributes is missing.").format(file=dbf.name))
