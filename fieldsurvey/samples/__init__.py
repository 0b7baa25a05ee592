"""The sample data that comes with the program, unpacked on first use."""

import hashlib
import lzma
import shutil
import zipfile
from pathlib import Path

from fieldsurvey.paths import user_cache

_HERE = Path(__file__).parent


def city() -> Path:
    """Return the sample city as a GeoPackage (EPSG:4547), unpacked into the cache."""
    packed = _HERE / "city.gpkg.xz"
    target = _cached(packed, "city.gpkg")
    if not target.exists():
        part = target.with_suffix(".part")
        with lzma.open(packed) as source, part.open("wb") as out:
            shutil.copyfileobj(source, out)
        part.replace(target)
    return target


def handover() -> Path:
    """Return a folder with the sample hand-over files, unpacked into the cache."""
    packed = _HERE / "handover.zip"
    target = _cached(packed, "handover")
    if not target.exists():
        part = target.with_name("handover.part")
        with zipfile.ZipFile(packed) as archive:  # our own archive: its names are known
            archive.extractall(part)
        part.replace(target)
    return target


def _cached(packed: Path, name: str) -> Path:
    """Return the place for the unpacked data; it changes with the content, so an update is never shadowed."""
    folder = user_cache() / "samples" / hashlib.sha256(packed.read_bytes()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
