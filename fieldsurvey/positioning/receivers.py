"""Where sentences come from: a serial port, a network port, or a recorded log. Each runs in a thread of its own."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fieldsurvey.errors import FieldSurveyError, InputRefused, StoreError
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.positioning.fixes import Assembler, Fix, fixes
from fieldsurvey.positioning.nmea import Reader

SPEEDS = (9600, 115200, 4800, 38400, 57600, 19200, 230400, 460800)
_LISTEN, _TICK = 1.6, 0.1  # s at each speed, and between two looks
_LEAST, _ENOUGH = 2, 4  # sentences with right checksums: one may be chance
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


@dataclass(frozen=True, slots=True)
class Heard:
    """A port at which a receiver was heard.

    Attributes:
        port: Its name.
        what: What is plugged in, as the system calls it.
        speed: At which sentences with right checksums came; 0: the port could not be opened.
        sentences: How many came.
        trouble: Why it could not be opened.
    """

    port: str
    what: str
    speed: int = 0
    sentences: int = 0
    trouble: str = ""


def search(control: JobControl, ports: Sequence[tuple[str, str]] | None = None, listen: float = _LISTEN) -> list[Heard]:
    """Try every port at every speed until sentences come; return the ports, those with a receiver first.

    Args:
        control: Progress and cancel; looked at every tenth of a second.
        ports: Name and what is plugged in; None: all of this computer.
        listen: Seconds at each speed: receivers speak once a second.

    Raises:
        JobCancelled: If the user stopped it.
    """
    known = serial_ports() if ports is None else list(ports)
    steps = [(port, speed) for port in known for speed in SPEEDS]
    found: dict[str, Heard] = {}
    for number, ((port, what), speed) in enumerate(steps):
        if port in found:
            continue
        control.step(number, len(steps), f"{port} {speed}")
        heard = _listen(port, what, speed, listen, control)
        if heard.sentences or heard.trouble:
            found[port] = heard
    rest = [Heard(port, what) for port, what in known if port not in found]
    return sorted([*found.values(), *rest], key=lambda heard: -heard.sentences)


def _listen(port: str, what: str, speed: int, seconds: float, control: JobControl) -> Heard:
    import serial

    reader, count = Reader(), 0
    end = time.monotonic() + seconds
    try:
        with serial.Serial(port, speed, timeout=_TICK) as line:
            line.reset_input_buffer()
            while time.monotonic() < end and count < _ENOUGH:
                control.breathe()
                count += len(reader.feed(line.read(max(line.in_waiting, 1))))
    except (serial.SerialException, OSError, ValueError) as error:  # taken, unplugged, or a speed it does not know
        return Heard(port, what, trouble=str(error))
    return Heard(port, what, speed, count if count >= _LEAST else 0)


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
