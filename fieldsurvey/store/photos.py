"""What a photo says of itself: size, time, place and direction; small upright copies of it."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fieldsurvey.errors import InputRefused
from fieldsurvey.geo.datum import gcj02_to_wgs84
from fieldsurvey.i18n import _

if TYPE_CHECKING:
    from PIL import Image

_KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "HEIF": "image/heic", "MPO": "image/jpeg"}
_MAX_PIXELS = 200_000_000
_MAX_BYTES = 512 << 20
_QUALITY = 80
_REDUCED_QUALITY = 90
_GPS, _EXIF = 0x8825, 0x8769  # Source: Exif 2.32, tags of the sub-directories
_TAKEN = 0x9003  # DateTimeOriginal
_DIRECTION, _DATUM = 17, 18  # GPSImgDirection, GPSMapDatum


@dataclass(frozen=True, slots=True)
class Photo:
    """Facts of a photo.

    Attributes:
        mime: Kind of file.
        size: Width and height in pixels as stored, before it is turned upright.
        taken: Local time as "YYYY-MM-DD HH:MM:SS"; empty if unknown.
        position: Longitude and latitude in degrees WGS 84, or None; GCJ-02 is taken back where the photo says so.
        direction: Of the camera, in degrees clockwise from north, or None.
    """

    mime: str
    size: tuple[int, int]
    taken: str = ""
    position: tuple[float, float] | None = None
    direction: float | None = None

    def summary(self) -> str:
        """Return the facts as one line for people."""
        parts = [f"{self.size[0]} × {self.size[1]}"]
        parts += [_("taken {time}").format(time=self.taken)] if self.taken else []
        parts += [f"{self.position[1]:.6f}, {self.position[0]:.6f}"] if self.position else []
        parts += [_("facing {n}°").format(n=round(self.direction))] if self.direction is not None else []
        return _("Photo kept: {facts}").format(facts=" · ".join(parts))


def inspect(path: Path) -> Photo:
    """Decode a photo, at reduced size where its kind allows, and return what it says of itself.

    Raises:
        InputRefused: If it is no JPEG, PNG or HEIC, is broken, or is larger than 200 million pixels.
    """
    return take(read(path), path.name)[0]


def read(path: Path) -> bytes:
    """Return the bytes of a photo file.

    Raises:
        InputRefused: If it cannot be read, or is too large for a photo.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputRefused(_("{file} is too large for a photo.").format(file=path.name))
        return path.read_bytes()
    except OSError as error:
        raise InputRefused(_("{file} cannot be read: {why}").format(file=path.name, why=error.strerror)) from error


def take(data: bytes, name: str, sizes: Sequence[int] = ()) -> tuple[Photo, dict[int, bytes]]:
    """Decode a photo once, whole; return what it says of itself, and upright copies of it as JPEG.

    Args:
        data: The file.
        name: Its name, for the sentence about a wrong one.
        sizes: Longest sides of the copies wanted, in pixels, without metadata.

    Raises:
        InputRefused: If it is no JPEG, PNG or HEIC, is broken, or is larger than 200 million pixels.
    """
    from PIL import Image, ImageOps

    image = _opened(data, name)
    exif, kind, size = image.getexif(), _KINDS[str(image.format)], image.size
    gps = exif.get_ifd(_GPS)
    taken = str(exif.get_ifd(_EXIF).get(_TAKEN) or "").strip("\0 ")
    day, _gap, time = taken.partition(" ")
    moment = f"{day.replace(':', '-')} {time}".strip()
    facts = Photo(kind, size, moment, _position(gps), _direction(gps))
    largest = max(sizes, default=64)
    _decode(image, (largest, largest), name)
    copies: dict[int, bytes] = {}
    if sizes:
        upright = ImageOps.exif_transpose(image).convert("RGB")
        for side in sorted(sizes, reverse=True):
            upright.thumbnail((side, side), Image.Resampling.LANCZOS)
            copies[side] = as_jpeg(upright)
    return facts, copies


def reduced(data: bytes, name: str, pixels: int) -> bytes:
    """Return a photo whose longer side has at most so many pixels, with its EXIF; one that is no larger unchanged.

    Source: XLSForm reference, parameter max-pixels of image.

    Raises:
        InputRefused: As take().
    """
    from PIL import Image

    image = _opened(data, name)
    if max(image.size) <= pixels:
        return data
    kind = "PNG" if image.format == "PNG" else "JPEG"
    exif = image.info.get("exif", b"")  # the turn it names stays true: the picture is not turned here
    _decode(image, (pixels, pixels), name)
    smaller = image if kind == "PNG" else image.convert("RGB")
    smaller.thumbnail((pixels, pixels), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    smaller.save(out, kind, quality=_REDUCED_QUALITY, exif=exif)
    return out.getvalue()


def as_jpeg(image: "Image.Image") -> bytes:
    """Return a picture as JPEG without metadata."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _opened(data: bytes, name: str) -> "Image.Image":
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "HEIF"])
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputRefused(_("{file} is no photo: JPEG, PNG and HEIC can be read.").format(file=name)) from error
    if math.prod(image.size) > _MAX_PIXELS:
        raise InputRefused(_("{file} is too large for a photo.").format(file=name))
    return image


def _decode(image: "Image.Image", box: tuple[int, int], name: str) -> None:
    try:
        image.draft("RGB", box)  # lets the JPEG decoder skip detail: half of the time
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise InputRefused(_("{file} is broken: its picture cannot be read to the end.").format(file=name)) from error


def _position(gps: dict[int, object]) -> tuple[float, float] | None:
    latitude, longitude = _degrees(gps.get(2), gps.get(1)), _degrees(gps.get(4), gps.get(3))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    if latitude == longitude == 0:  # what receivers write while they have no fix
        return None
    if "GCJ" in str(gps.get(_DATUM, "")).upper():
        east, north = gcj02_to_wgs84(np.array([longitude]), np.array([latitude]))
        return round(float(east[0]), 7), round(float(north[0]), 7)
    return longitude, latitude


def _direction(gps: dict[int, object]) -> float | None:
    found = _number(gps.get(_DIRECTION))
    return found % 360 if found is not None else None


def _degrees(parts: object, reference: object) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    numbers = [number for part in parts if (number := _number(part)) is not None]
    if len(numbers) != 3:
        return None
    value = numbers[0] + numbers[1] / 60 + numbers[2] / 3600
    return -value if str(reference) in {"S", "W"} else value


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None
