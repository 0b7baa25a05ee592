"""ZIP archives of hand-over files, opened without trusting them."""

import hashlib
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io.report import FileReport

_MAX_BYTES = 2 << 30  # unpacked
_MAX_RATIO = 200  # unpacked / packed: more is a bomb
_UTF8_FLAG, _LOCKED = 0x800, 0x1
_DRIVE = re.compile(r"[A-Za-z]:")
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]|[ .]+$')  # in the names of files under Windows
_LONGEST = 120  # bytes of a name: file systems take 255, and a path has more parts
_GEODATABASE = "a00000001.gdbtable"  # the catalogue of every file geodatabase
_LITTER = frozenset({"__macosx", ".ds_store", "thumbs.db", "desktop.ini"})  # what systems put into folders unasked


def unpack(path: Path, folder: Path, report: FileReport, *, inner: bool = False) -> list[Path]:
    """Write the members of an archive into the folder, flat by sub-folder; return them.

    An archive inside the archive is opened too, told; one inside that is not.

    Names without the UTF-8 flag are read as GB18030, as Windows writes them in China.

    Raises:
        InputRefused: If it is no archive, a bomb, or names a place outside the folder.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            items = [item for item in archive.infolist() if not (item.is_dir() or _is_litter(_name(item)))]
            _check(path, items)
            written = [_write(archive, item, folder, report, inner=inner) for item in items]
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, LookupError, ValueError, RuntimeError) as error:
        raise InputRefused(_("{file} is no readable ZIP archive.").format(file=path.name)) from error
    found = [place for place in written if place is not None]
    return found if inner else [member for place in found for member in _opened(place, report)]


def _opened(place: Path, report: FileReport) -> list[Path]:
    if place.suffix.lower() != ".zip":
        return [place]
    report.warn("zip_in_zip", _("{name} is an archive inside the archive; it was opened too.").format(name=place.name))
    return unpack(place, place.with_suffix(""), report, inner=True)


def _check(path: Path, items: list[zipfile.ZipInfo]) -> None:
    total = sum(item.file_size for item in items)
    packed = sum(item.compress_size for item in items) or 1
    if total > _MAX_BYTES or (total > 1 << 20 and total / packed > _MAX_RATIO):
        raise InputRefused(_("{file} unpacks to far more than it holds and was not opened.").format(file=path.name))
    for item in items:
        place = PurePosixPath(_name(item))
        if item.flag_bits & _LOCKED:
            raise InputRefused(_("{file} is protected with a password. Unpack it first.").format(file=path.name))
        if place.is_absolute() or ".." in place.parts or _DRIVE.match(str(place)):
            raise InputRefused(
                _("{file} contains {name}, which points outside the archive; nothing was unpacked.").format(
                    file=path.name, name=_name(item)
                )
            )


def _name(item: zipfile.ZipInfo) -> str:
    if item.flag_bits & _UTF8_FLAG:
        return item.filename.replace("\\", "/")
    raw = item.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).replace("\\", "/")
        except UnicodeDecodeError:
            continue
    return item.filename


def _write(
    archive: zipfile.ZipFile, item: zipfile.ZipInfo, folder: Path, report: FileReport, *, inner: bool
) -> Path | None:
    place = PurePosixPath(_name(item))
    if inner and place.suffix.lower() == ".zip":
        report.warn("zip_in_zip", _("The archive inside the archive, {name}, was not opened.").format(name=place.name))
        return None
    target = folder.joinpath(*map(_fit, place.parts))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(archive.read(item))
    return target


def with_geodatabases(members: list[Path]) -> list[Path]:
    """Return the members, those of a file geodatabase whose folder lost its ending .gdb in a folder that has it."""
    lost = {m.parent for m in members if m.name.lower() == _GEODATABASE and m.parent.suffix.lower() != ".gdb"}
    moved = {base: base.rename(base / ".." / f"{base.name}.gdb") for base in lost}
    return [moved[m.parent].resolve() / m.name if m.parent in moved else m for m in members]


def _is_litter(name: str) -> bool:
    """Say whether a member is no hand-over file: a resource fork, a preview, the lock of an open workbook."""
    parts = PurePosixPath(name).parts
    return bool(parts) and (
        parts[-1].startswith(("._", "~$")) or any(part.lower() in _LITTER for part in (parts[0], parts[-1]))
    )


def _fit(part: str) -> str:
    """Return a name that any system takes; parts of one shapefile stay together.

    >>> _fit("a:b?.shp"), len(_fit("长" * 200 + ".shp").encode()) <= 130
    ('a_b_.shp', True)
    """
    plain = _FORBIDDEN.sub("_", part)
    if len(plain.encode()) <= _LONGEST:
        return plain
    stem, dot, suffix = plain.rpartition(".")
    stem, suffix = (stem, dot + suffix) if dot and len(suffix) <= 10 else (plain, "")
    mark = hashlib.sha256(stem.encode()).hexdigest()[:8]
    return stem.encode()[: _LONGEST - 10].decode("utf-8", "ignore") + "_" + mark + suffix
