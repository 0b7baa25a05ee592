"""What kind of sound or film a file is, by its first bytes; names lie more often than bytes do."""

import os
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

AUDIO, VIDEO = "audio", "video"
_MAX_BYTES = 4 << 30
_HEAD = 64
_BOTH = frozenset({AUDIO, VIDEO})
# Source: the magic numbers of RFC 3533 (Ogg), RFC 9639 (FLAC), RFC 9559 (Matroska), ISO/IEC 14496-12 (ftyp),
# RFC 4867 (AMR), ISO/IEC 13818-1 and -7 (MPEG-PS, ADTS), RIFF and ASF as Microsoft describes them.
_STARTS: tuple[tuple[bytes, str, frozenset[str]], ...] = (
    (b"fLaC", "flac", frozenset({AUDIO})),
    (b"ID3", "mpeg", frozenset({AUDIO})),
    (b"#!AMR", "amr", frozenset({AUDIO})),
    (b"OggS", "ogg", _BOTH),
    (b"\x1a\x45\xdf\xa3", "x-matroska", _BOTH),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "x-ms-asf", _BOTH),
    (b"\x00\x00\x01\xba", "mpeg", frozenset({VIDEO})),
    (b"\x00\x00\x01\xb3", "mpeg", frozenset({VIDEO})),
)
_SUFFIXES = {
    "audio/mp4": ".m4a", "audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/ogg": ".ogg", "audio/x-matroska": ".mka",
    "audio/x-ms-asf": ".wma", "audio/flac": ".flac", "audio/amr": ".amr", "audio/aac": ".aac", "video/mp4": ".mp4",
    "video/quicktime": ".mov", "video/x-msvideo": ".avi", "video/ogg": ".ogv", "video/x-matroska": ".mkv",
    "video/x-ms-asf": ".wmv", "video/mpeg": ".mpg",
}  # fmt: skip
_ADTS_HEAD = 7  # bytes
_ADTS_SAMPLES = dict(
    enumerate((96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350))
)  # a second, by the number in the head of a piece
RECORDING_SUFFIXES = frozenset(_SUFFIXES.values())


def recording_mime(path: Path, wanted: str) -> str:
    """Return the MIME type of a sound or film.

    Args:
        path: The file.
        wanted: AUDIO or VIDEO; containers that hold both are taken for what is wanted.

    Raises:
        InputRefused: If it cannot be read, is empty or too large, or is none.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise InputRefused(_("{file} cannot be read: {why}").format(file=path.name, why=error.strerror)) from error
    if size > _MAX_BYTES:
        raise InputRefused(_("{file} is larger than {n} GiB.").format(file=path.name, n=_MAX_BYTES >> 30))
    kind, may_be = _kind(head)
    if wanted not in may_be:
        raise InputRefused(_no_recording(path, wanted, may_be))
    return f"{wanted}/{kind}"


def whole_sound(path: Path) -> float:
    """Cut off the piece that a power cut left unfinished at the end of an ADTS sound; return its seconds.

    Such a sound is a chain of pieces that each say how long they are, so one that is cut anywhere can be heard up to
    there, and one behind the other is a sound again. Source: ISO/IEC 13818-7, adts_frame.

    Args:
        path: The sound; a file that is not there has 0 s.

    Raises:
        OSError: If it cannot be read or written.
    """
    if not path.exists():
        return 0.0
    data, at, seconds = path.read_bytes(), 0, 0.0
    while at + _ADTS_HEAD <= len(data) and data[at] == 0xFF and data[at + 1] & 0xF6 == 0xF0:
        size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        samples = _ADTS_SAMPLES.get(data[at + 2] >> 2 & 15)
        if size < _ADTS_HEAD or at + size > len(data) or samples is None:
            break
        at += size
        seconds += 1024 / samples
    if at < len(data):
        os.truncate(path, at)
    return seconds


def suffix_of(mime: str, name: str) -> str:
    """Return the ending that other programs know a kept file by."""
    return _SUFFIXES.get(mime, Path(name).suffix or ".bin")


def _kind(head: bytes) -> tuple[str, frozenset[str]]:
    """Return the subtype of a file and whether it may hold sound, film or both."""
    for start, kind, may_be in _STARTS:
        if head.startswith(start):
            return kind, may_be
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide"}:
        return ("quicktime", frozenset({VIDEO})) if head[8:10] == b"qt" or head[4:8] != b"ftyp" else ("mp4", _BOTH)
    if head[:4] == b"RIFF":
        found = {b"WAVE": ("wav", frozenset({AUDIO})), b"AVI ": ("x-msvideo", frozenset({VIDEO}))}
        return found.get(head[8:12], ("", frozenset[str]()))
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac", frozenset({AUDIO})
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "mpeg", frozenset({AUDIO})
    return "", frozenset()


def _no_recording(path: Path, wanted: str, may_be: frozenset[str]) -> str:
    if may_be == {VIDEO}:
        return _("{file} is a film; this question asks for a sound.").format(file=path.name)
    if may_be == {AUDIO}:
        return _("{file} is a sound; this question asks for a film.").format(file=path.name)
    if wanted == AUDIO:
        return _("{file} is no sound: M4A, MP3, WAV, OGG, FLAC, AAC and AMR can be kept.").format(file=path.name)
    return _("{file} is no film: MP4, MOV, AVI, MKV, WebM and MPEG can be kept.").format(file=path.name)
