"""Writing the objects of a PDF into a file, small ones packed together (PDF 32000-1, 7.5.7 and 7.5.8).

qpdf compresses its object streams token by token, which costs a sheet more
than all of its drawing; here they are compressed at once.
"""

import hashlib
import struct
import zlib
from collections.abc import Mapping

Stream = tuple[bytes, bytes]  # dictionary, data as stored
LEVEL = 3  # of zlib: half the time of the usual 6 for one hundredth of the file
_HEAD = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n"
_GROUP = 200  # objects in one object stream: readers unpack the whole of it for one object
_FREE, _PLAIN, _PACKED = 0, 1, 2


def packed(objects: Mapping[int, bytes], streams: Mapping[int, Stream], root: int, info: int) -> list[bytes]:
    """Return the file in parts that follow each other. The same objects give the same bytes.

    Args:
        objects: Number -> text of every object that is no stream.
        streams: Number -> every stream, none of whose data ends in a carriage return.
        root: Number of the catalogue.
        info: Number of the information dictionary.
    """
    parts, places, position = [_HEAD], {0: (_FREE, 0, 65535)}, len(_HEAD)
    size = max([*objects, *streams]) + 1
    numbers = sorted(objects)
    written = dict(streams)
    for start in range(0, len(numbers), _GROUP):
        group = numbers[start : start + _GROUP]
        places |= {number: (_PACKED, size, index) for index, number in enumerate(group)}
        written[size] = _object_stream({number: objects[number] for number in group})
        size += 1
    for number, (dictionary, content) in sorted(written.items()):
        places[number] = (_PLAIN, position, 0)
        parts.append(_stream(number, dictionary, content))
        position += len(parts[-1])
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    identity = digest.hexdigest()[:32]
    trailer = f"/Root {root} 0 R /Info {info} 0 R /ID [<{identity}> <{identity}>]".encode()
    places[size] = (_PLAIN, position, 0)
    parts.append(_stream(size, *_cross_references(places, size + 1, trailer)))
    return [*parts, f"startxref\n{position}\n%%EOF\n".encode()]


def _stream(number: int, dictionary: bytes, content: bytes) -> bytes:
    return b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (number, dictionary, content)


def _object_stream(objects: Mapping[int, bytes]) -> Stream:
    offsets, at = [], 0
    for number, text in objects.items():
        offsets.append(b"%d %d" % (number, at))
        at += len(text) + 1
    head = b" ".join(offsets) + b"\n"
    content = head + b"\n".join(objects.values())
    while (data := zlib.compress(content, LEVEL)).endswith(b"\r"):
        content += b" "
    entries = (len(objects), len(head), len(data))
    return b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>" % entries, data


def _cross_references(places: Mapping[int, tuple[int, int, int]], size: int, trailer: bytes) -> Stream:
    """Return the cross-reference stream; a number that no object has is free."""
    rows = b"".join(struct.pack(">BIH", *places.get(number, (_FREE, 0, 65535))) for number in range(size))
    data, filters = zlib.compress(rows, LEVEL), b"/FlateDecode"
    if data.endswith(b"\r"):
        data, filters = data.hex().encode() + b">", b"[/ASCIIHexDecode/FlateDecode]"
    head = b"<</Type/XRef/Size %d/W[1 4 2]/Filter%s/Length %d" % (size, filters, len(data))
    return head + trailer + b">>", data
