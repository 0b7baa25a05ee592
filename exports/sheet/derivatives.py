"""Smaller copies of photos for print, made once and kept by content hash."""

import os
import tempfile
from pathlib import Path

PIXELS = 900  # longer side: 280 dpi at the 80 mm that a photo is wide on the sheet
QUALITY = 80


def derivative(original: Path, sha256: str, cache: Path) -> Path:
    """Return a JPEG of the photo, upright, at most PIXELS wide and high, without its metadata.

    Args:
        original: The photo as taken.
        sha256: Its content hash, which names the copy.
        cache: Folder of the copies.

    Raises:
        OSError: If the photo cannot be read as an image.
    """
    from PIL import Image, ImageOps

    target = cache / f"{sha256}-{PIXELS}.jpg"
    if target.exists():
        return target
    with Image.open(original) as photo:
        photo.draft("RGB", (PIXELS, PIXELS))  # lets the JPEG decoder skip detail: half of the time
        upright = ImageOps.exif_transpose(photo).convert("RGB")
    upright.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    upright.info.clear()
    cache.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=cache, suffix=".jpg")
    with os.fdopen(handle, "wb") as file:
        upright.save(file, "JPEG", quality=QUALITY)
    Path(name).replace(target)
    return target
