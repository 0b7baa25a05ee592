"""Where sentences come from: a serial port, a network port, or a recorded log. Each runs in a thread of its own."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fieldsurvey.errors import FieldSurveyError, InputRefused, StoreError
from fieldsurvey.i18n import _
from fieldsurvey.positioning.fixes import Assembler, Fix, fixes
from fieldsurvey.positioning.nmea import Reader

SPEEDS = (9600, 115200, 4800, 38400, 57600, 19200, 230400, 460800)
_WAIT = 0.5  # s between two looks at the stop flag
_CHUNK = 1024
_COOKIE = re.compile(rb"^#\s*Delay-Cookie:\s*(\S)", re.MULTILINE)


class Source(Protocol):
    """Something that yields bytes of a receiver."""

    def read(self, stop: threading.Event) -> Iterator[bytes]:
        """Yield bytes until there are no more, or until stop is set; empty bytes while nothing came."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """A recorded log, played at its own pace or as fast as it goes.

    Attributes:
        path: The log.
        pace: Seconds between two moments of the log; 0: at once.
    """

    path: Path
    pace: float = 0.0

    def read(self, stop: threading.Event) -> Iterator[bytes]:
        """Yield the log line by line."""
        for line in log_bytes(self.path).splitlines(keepends=True):
            if stop.is_set():
                return
            if self.pace and line[3:6] == b"GGA":
                stop.wait(self.pace)
            yield line


@dataclass(frozen=True, slots=True)
class TcpSource:
    """A receiver, or a telephone with a GNSS app, in the network."""

    host: str
    port: int

    def read(self, stop: threading.Event) -> Iterator[bytes]:
        """Yield what the receiver sends.

        Raises:
            InputRefused: If it cannot be reached or closes the line.
        """
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as line:
                line.settimeout(_WAIT)
                while not stop.is_set():
                    try:
                        data = line.recv(_CHUNK)
                    except TimeoutError:
                        yield b""
                        continue
                    if not data:
                        break
                    yield data
        except OSError as error:
            raise InputRefused(
                _("The receiver at {host}:{port} cannot be reached: {why}. Check address and network.").format(
                    host=self.host, port=self.port, why=error.strerror or error
                )
            ) from error


@dataclass(frozen=True, slots=True)
class SerialSource:
    """A receiver at a serial port (COM3, /dev/ttyUSB0), also over Bluetooth."""

    port: str
    speed: int = SPEEDS[0]

    def read(self, stop: threading.Event) -> Iterator[bytes]:
        """Yield what the receiver sends.

        Raises:
            InputRefused: If the port is not there, taken, or was unplugged.
        """
        import serial

        try:
            with serial.Serial(self.port, self.speed, timeout=_WAIT) as line:
                while not stop.is_set():
                    yield line.read(_CHUNK) if line.in_waiting >= _CHUNK else line.read(max(line.in_waiting, 1))
        except serial.SerialException as error:
            text = _(
                "The port {port} cannot be read: {why}. Is the receiver plugged in, and no other program using it?"
            )
            raise InputRefused(text.format(port=self.port, why=error)) from error


def serial_ports() -> list[tuple[str, str]]:
    """Return the serial ports of this computer: name and what is plugged in."""
    from serial.tools import list_ports

    return [(port.device, port.description or port.device) for port in list_ports.comports()]


def log_bytes(path: Path) -> bytes:
    """Return a log, without the marks that recording programs put between two packets.

    Raises:
        InputRefused: If it cannot be read, or holds a binary protocol and no sentences.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputRefused(_("{file} cannot be read: {why}.").format(file=path.name, why=error.strerror)) from error
    cookie = _COOKIE.search(data)
    return data.replace(cookie[1], b"") if cookie else data


def replay(path: Path) -> list[Fix]:
    """Return all fixes of a recorded log.

    Raises:
        InputRefused: If it holds a binary protocol and no sentences.
    """
    reader = Reader()
    sentences = reader.feed(log_bytes(path) + b"\n")
    if not sentences:
        raise InputRefused(
            _("{file} holds no NMEA sentences. Set the receiver to send NMEA instead of its own protocol.").format(
                file=path.name
            )
        )
    return list(fixes(sentences))


class Receiver:
    """Reads a source in a thread and tells each fix."""

    def __init__(
        self, source: Source, told: Callable[[Fix], None], ended: Callable[[FieldSurveyError | None], None]
    ) -> None:
        """Start.

        Args:
            source: What to read.
            told: Called with every fix, in the receiver's thread.
            ended: Called once at the end, with what went wrong, or None.
        """
        self._source, self._told, self._ended = source, told, ended
        self._stop = threading.Event()
        self.reader = Reader()
        self._thread = threading.Thread(target=self._run, name="receiver")
        self._thread.start()

    def close(self) -> None:
        """Stop and wait for the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        trouble: FieldSurveyError | None = None
        assembler = Assembler()
        try:
            for data in self._source.read(self._stop):
                sentences = self.reader.feed(data)
                for sentence in sentences:
                    if (fix := assembler.take(sentence)) is not None:
                        self._told(fix)
                if not sentences and not data and (fix := assembler.flush()) is not None:
                    self._told(fix)  # the receiver rests: its moment is complete
            if (fix := assembler.flush()) is not None and not self._stop.is_set():
                self._told(fix)
        except FieldSurveyError as error:
            trouble = error
        except OSError as error:
            trouble = StoreError(str(error))
        self._ended(trouble)
