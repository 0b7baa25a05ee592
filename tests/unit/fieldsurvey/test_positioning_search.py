"""A receiver is found at whatever port and speed it speaks; how a place was measured is kept beside what it became."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import shapely

from fieldsurvey.errors import JobCancelled
from fieldsurvey.jobs import JobControl, Progress
from fieldsurvey.positioning.averaging import Gate, average, gate_from_json, gate_to_json
from fieldsurvey.positioning.fixes import Quality
from fieldsurvey.positioning.receivers import SPEEDS, Receiver, SerialSource, replay, search
from fieldsurvey.store import positions
from tests.builders import add_community, make_project
from tests.conftest import SHARED

LOGS = SHARED / "data" / "gnss_photos"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are of Unix")
NOISE = bytes(range(256)) * 2


@contextmanager
def _speaking(log: Path, speed: int) -> Iterator[str]:
    """Yield the name of a terminal at which a receiver speaks; at another speed than its own it is noise."""
    import termios

    code = getattr(termios, f"B{speed}")
    ours, theirs = os.openpty()
    stop = threading.Event()
    lines = log.read_bytes().splitlines(keepends=True)

    def speak() -> None:
        number = 0
        while not stop.is_set():
            is_right = termios.tcgetattr(theirs)[5] == code
            data = b"".join(lines[number : number + 6]) if is_right else NOISE
            os.write(ours, data)
            number = (number + 6) % len(lines)
            stop.wait(0.05)

    import tty

    tty.setraw(theirs)
    os.set_blocking(ours, False)
    thread = threading.Thread(target=lambda: _quietly(speak))
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        stop.set()
        thread.join()
        os.close(ours)
        os.close(theirs)


def _quietly(speak: object) -> None:
    while True:
        try:
            speak()  # type: ignore[operator]
        except BlockingIOError:  # nobody reads: as at a real port, what was sent is lost
            threading.Event().wait(0.02)
            continue
        return


@pytest.mark.parametrize("speed", [4800, 9600, 38400, 115200])
def test_a_receiver_is_found_at_its_speed(speed: int) -> None:
    log = LOGS / "nmea" / "ublox-zed-f9p-nmea.log"
    with _speaking(log, speed) as port:
        found = search(JobControl(), [("/dev/not-there", "nothing"), (port, "ZED-F9P")], listen=1.5)
    assert [(heard.port, heard.speed) for heard in found] == [(port, speed), ("/dev/not-there", 0)]
    assert found[0].sentences >= 2
    assert found[1].trouble


def test_a_port_with_noise_only_is_no_receiver() -> None:
    with _speaking(LOGS / "nmea" / "ublox-zed-f9p-nmea.log", 50) as port:
        (heard,) = search(JobControl(), [(port, "?")], listen=0.15)
    assert (heard.sentences, heard.speed, heard.trouble) == (0, 0, "")


def test_the_search_can_be_stopped_and_tells_how_far_it_is() -> None:
    told: list[str] = []

    def tell(progress: Progress) -> None:
        told.append(progress.note)
        threading.Timer(0.3, control.cancel).start()

    control = JobControl(tell)
    ours, theirs = os.openpty()
    port = os.ttyname(theirs)
    with pytest.raises(JobCancelled):
        search(control, [(port, "silent")], listen=60.0)
    os.close(ours)
    os.close(theirs)
    assert told == [f"{port} {SPEEDS[0]}"]


def test_what_was_found_is_then_read() -> None:
    log = LOGS / "nmea" / "ublox-zed-f9p-nmea.log"
    got, over = [], threading.Event()

    def told(fix: object) -> None:
        got.append(fix)
        if len(got) > 3:
            over.set()

    with _speaking(log, 115200) as port:
        receiver = Receiver(SerialSource(port, 115200), told, lambda _error: over.set())
        assert over.wait(20)
        receiver.close()
    known = replay(log)
    places = {(fix.lon, fix.lat) for fix in known}
    assert {(fix.lon, fix.lat) for fix in got} <= places  # type: ignore[attr-defined]


def test_the_mean_tells_how_it_came_about() -> None:
    fixes = replay(LOGS / "simulated" / "rtk_1hz_gap.nmea")[:30]
    found = average(fixes)
    assert found is not None
    assert found.hdop == pytest.approx(sorted(f.hdop for f in fixes if f.hdop is not None)[15], abs=0.3)
    assert found.satellites == min(
        f.satellites for f in fixes if f.satellites is not None and f.quality == found.quality
    )
    assert found.began is not None
    assert found.ended is not None
    assert 0 < (found.ended - found.began).total_seconds() <= 30
    assert found.accuracy >= found.spread > 0


def test_how_a_point_was_measured_is_kept_with_it_and_goes_with_undo(tmp_path: Path) -> None:
    found = average(replay(LOGS / "simulated" / "rtk_1hz_gap.nmea")[:10])
    assert found is not None
    with make_project(tmp_path / "p.gpkg") as store:
        community = add_community(store)
        line = shapely.MultiLineString([[(600_010, 3_340_010), (600_050, 3_340_020), (600_090, 3_340_030)]])
        with store.transaction():
            uid = store.create_record("water_line", {"geom": bytes(line.wkb), "community_uid": community})
            places = [((600_050.0, 3_340_020.0), found), ((1.0, 2.0), found)]
            assert positions.keep(store, "water_line", uid, line, places) == 1
        (row,) = positions.of_feature(store, uid)
        assert (row["corner"], row["used"], row["community_uid"]) == (2, found.used, community)
        assert row["quality"] == found.quality.name.lower()
        assert row["satellites"] == found.satellites
        store.undo()
        assert positions.of_feature(store, uid) == []


def test_the_gate_of_a_project_survives_as_text() -> None:
    gate = Gate(0.05, Quality.FIXED)
    assert gate_from_json(gate_to_json(gate)) == gate
    for text in ("", "[]", "{", '{"quality": 99}'):
        assert gate_from_json(text) == Gate()
