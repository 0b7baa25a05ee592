"""The photos of a community for whoever gets its file: as taken, or with what is personal taken out.

Inside the office the originals go in. To the outside, or where personal data
are to stay out, a photo with covers on it goes in as a copy on which the
covered places cannot be made out, and every other one without what the camera
wrote into it: place, device, names.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exports.photo_copies import drawn
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.marks import Mark
from fieldsurvey.store.photos import read, take

AS_TAKEN, BARE, COVERED = "原片", "去除元数据", "遮挡后副本"
UNREADABLE, ABSENT = "无法读取，未放入", "未同步到本机"
TOLD = {  # what is said of so many photos, for whoever gets the file
    ABSENT: "照片{}张：尚未同步到本机。",
    COVERED: "照片原片{}张：人脸、车牌等处已由人工遮挡，只放入遮挡后的副本。",
    BARE: "照片{}张的拍摄位置、设备等信息：已从文件中去除，画面未改动。",
    UNREADABLE: "照片{}张：文件无法读取，无法去除其中的信息，未放入。",
}
_WHOLE = 1 << 16  # px: no photo is longer, so that a copy of this size is not made smaller
_SOI, _EOI, _SOS = b"\xff\xd8", 0xD9, 0xDA  # Source: ITU-T T.81, annex B
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # what ends a scan: inside it 0xFF is followed by these only
_DRAWN_WITH = (b"JFIF\0", b"ICC_PROFILE\0", b"Adobe")  # what a picture needs of APPn; all others go, and comments
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class Packed:
    """A photo as it goes out.

    Attributes:
        content: The file; empty if there is none that may go out.
        suffix: Ending of its name.
        done: What was done to it, one of the words above.
    """

    content: bytes
    suffix: str
    done: str


def packed(path: Path, marks: Sequence[Mark], *, as_taken: bool) -> Packed:
    """Return a photo for the file of its community.

    Args:
        path: The original.
        marks: What is drawn on it; of these only covers count.
        as_taken: Whether everything on and in it may go out.
    """
    if as_taken:
        return Packed(path.read_bytes(), path.suffix or ".jpg", AS_TAKEN)
    covers = [mark for mark in marks if mark.kind == "cover"]
    try:
        data = read(path)
        if not covers and (bare := without_metadata(data)):
            return Packed(bare, ".jpg", BARE)
        upright = take(data, path.name, [_WHOLE])[1][_WHOLE]
    except InputRefused:
        return Packed(b"", "", UNREADABLE)
    return Packed(drawn(upright, covers), ".jpg", COVERED) if covers else Packed(upright, ".jpg", BARE)


def without_metadata(data: bytes) -> bytes:
    """Return a JPEG without what the camera and other programs wrote into it, its picture untouched.

    Which way up it is stays. Empty for another kind of file and for a damaged one.
    """
    if not data.startswith(_SOI):
        return b""
    kept, at = [_SOI, _turned(data)], 2
    while found := _MARKER.match(data, at):
        if found[1][0] == _EOI:  # what phones put behind it goes: films, further pictures with places of their own
            return b"".join([*kept, data[at : at + 2]])
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if found[1][0] == _SOS:
            after = _MARKER.search(data, end)
            end = after.start() if after else len(data)
        if _is_drawn_with(found[1][0], data[at + 4 : at + 16]):
            kept.append(data[at:end])
        at = end
    return b""


def _is_drawn_with(marker: int, head: bytes) -> bool:
    return head.startswith(_DRAWN_WITH) if 0xE0 <= marker <= 0xEF else marker != 0xFE


def _turned(data: bytes) -> bytes:
    """Return the segment that says which way up a photo is, and nothing else; empty if it is upright."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            turn = image.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError):
        return b""
    if turn not in range(2, 9):
        return b""
    exif = Image.Exif()
    exif[_ORIENTATION] = turn
    content = exif.tobytes()
    return b"\xff\xe1" + (len(content) + 2).to_bytes(2) + content
