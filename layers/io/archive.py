"""ZIP archives of hand-over files, opened without trusting them."""

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.io.report import FileReport

_MAX_BYTES = 2 << 30  # unpacked
_MAX_RATIO = 200  # unpacked / packed: more is a bomb
_UTF8_FLAG = 0x800


def unpack(path: Path, folder: Path, report: FileReport, *, inner: bool = False) -> list[Path]:
    """Write the members of an archive into the folder, flat by sub-folder; return them.

    An archive inside the archive is opened too, told; one inside that is not.

    Names without the UTF-8 flag are read as GB18030, as Windows writes them in China.

    Raises:
        InputRefused: If it is no archive, a bomb, or names a place outside the folder.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            items = [item for item in archive.infolist() if not item.is_dir()]
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
        if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
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
    if place.parts[0] == "__MACOSX":
        return None
    target = folder.joinpath(*place.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(archive.read(item))
    return target
