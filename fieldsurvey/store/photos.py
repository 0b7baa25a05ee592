"""What a photo says of itself: size, time, place and direction; small upright copies of it."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

if TYPE_CHECKING:
    from PIL import Image

_KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "HEIF": "image/heic", "MPO": "image/jpeg"}
_MAX_PIXELS = 200_000_000
_GPS, _EXIF = 0x8825, 0x8769  # Source: Exif 2.32, tags of the sub-directories
_TAKEN = 0x9003  # DateTimeOriginal
_DIRECTION = 17  # GPSImgDirection


@dataclass(frozen=True, slots=True)
class Photo:
    """Facts of a photo.

    Attributes:
        mime: Kind of file.
        size: Width and height in pixels as stored, before it is turned upright.
        taken: Local time as "YYYY-MM-DD HH:MM:SS"; empty if unknown.
        position: Longitude and latitude in degrees WGS 84, or None.
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
    image = _opened(path)
    exif = image.getexif()
    gps = exif.get_ifd(_GPS)
    taken = str(exif.get_ifd(_EXIF).get(_TAKEN) or "").strip("\0 ")
    size = image.size
    _decoded(image, (64, 64), path.name)
    day, _gap, time = taken.partition(" ")
    place = _position(gps)
    direction = _number(gps.get(_DIRECTION))
    return Photo(_KINDS[str(image.format)], size, f"{day.replace(':', '-')} {time}".strip(), place, direction)


def small(path: Path, box: tuple[int, int]) -> bytes:
    """Return a small upright copy of a photo as JPEG.

    Raises:
        InputRefused: If it is no photo that can be read.
    """
    from PIL import ImageOps

    image = _decoded(_opened(path), (box[0] * 2, box[1] * 2), path.name)
    upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail(box)
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=85)
    return out.getvalue()


def _opened(path: Path) -> "Image.Image":
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    try:
        image = Image.open(path, formats=["JPEG", "PNG", "HEIF"])
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputRefused(_("{file} is no photo: JPEG, PNG and HEIC can be read.").format(file=path.name)) from error
    if math.prod(image.size) > _MAX_PIXELS:
        image.close()
        raise InputRefused(_("{file} is too large for a photo.").format(file=path.name))
    return image


def _decoded(image: "Image.Image", box: tuple[int, int], name: str) -> "Image.Image":
    try:
        image.draft("RGB", box)
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        image.close()
        raise InputRefused(_("{file} is broken: its picture cannot be read to the end.").format(file=name)) from error
    return image


def _position(gps: dict[int, object]) -> tuple[float, float] | None:
    latitude, longitude = _degrees(gps.get(2), gps.get(1)), _degrees(gps.get(4), gps.get(3))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return longitude, latitude


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
