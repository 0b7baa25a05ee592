"""NMEA 0183 sentences out of a stream of bytes that may hold anything.

A sentence counts only with a right checksum: a wrong one has lost or changed
characters, and a changed digit is a wrong place.
"""

from dataclasses import dataclass

_LONGEST = 256  # bytes: the standard says 82, receivers exceed it
_MOST_WAITING = 4096  # bytes kept while no sentence ends


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    Attributes:
        talker: Two letters of the satellite system: GP, GN, BD, GB, GL, GA …
        kind: Three letters: GGA, RMC …
        fields: The rest, split at commas.
    """

    talker: str
    kind: str
    fields: tuple[str, ...]


class Reader:
    """Takes bytes as they come and hands out whole sentences.

    Attributes:
        broken: Sentences that were thrown away for their checksum.
        binary: Bytes that cannot belong to any sentence.
    """

    def __init__(self) -> None:
        self._waiting = b""
        self.broken = self.binary = 0

    def feed(self, data: bytes) -> list[Sentence]:
        """Return the sentences that are complete now."""
        self._waiting += data
        found: list[Sentence] = []
        while (end := _line_end(self._waiting)) >= 0:
            line, self._waiting = self._waiting[:end], self._waiting[end + 1 :]
            if (sentence := self._sentence(line)) is not None:
                found.append(sentence)
        if len(self._waiting) > _MOST_WAITING:
            self.binary += len(self._waiting) - _LONGEST
            self._waiting = self._waiting[-_LONGEST:]
        return found

    def _sentence(self, line: bytes) -> Sentence | None:
        begin = line.rfind(b"$")  # what stands before the last one was cut off
        if begin < 0:
            self.binary += sum(byte > 126 or byte < 9 for byte in line)
            return None
        self.binary += sum(byte > 126 or byte < 9 for byte in line[:begin])
        body, star, told = line[begin + 1 :].partition(b"*")
        if not star or not _is_right(body, told.strip()) or not body.isascii():
            self.broken += 1
            return None
        head, *fields = body.decode("ascii").split(",")
        if len(head) != 5 or not head.isalnum() or head[0] == "P":
            return None
        return Sentence(head[:2], head[2:], tuple(fields))


def _line_end(data: bytes) -> int:
    ends = [end for end in (data.find(b"\n"), data.find(b"\r")) if end >= 0]
    return min(ends, default=-1)


def _is_right(body: bytes, told: bytes) -> bool:
    if len(body) > _LONGEST or len(told) < 2:
        return False
    total = 0
    for byte in body:
        total ^= byte
    try:
        return int(told[:2], 16) == total
    except ValueError:
        return False
