"""Receivers' logs against what gpsd makes of them, simulated walks against the truth, and nothing wrong from noise."""

import csv
import math
import socket
import threading
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from fieldsurvey.errors import FieldSurveyError, InputRefused
from fieldsurvey.positioning.averaging import Gate, average
from fieldsurvey.positioning.fixes import Fix, Quality, fixes
from fieldsurvey.positioning.nmea import Reader
from fieldsurvey.positioning.receivers import LogSource, Receiver, TcpSource, replay
from tests.conftest import SHARED

DATA = SHARED / "data" / "gnss_photos"
BINARY = {"bu303-moving.log", "ublox-neo-m8n.log"}
LOGS = sorted(path.name for path in (DATA / "nmea").glob("*.log"))


def _expected() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with (DATA / "nmea_expected_fixes_by_gpsd.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row["lat"]:
                found.setdefault(row["file"], []).append(row)
    return found


def _metres(fix: Fix, lat: float, lon: float) -> float:
    return math.hypot((fix.lat - lat) * 111_320, (fix.lon - lon) * 111_320 * math.cos(math.radians(lat)))


@pytest.mark.parametrize("name", [name for name in LOGS if name not in BINARY])
def test_a_log_replays_to_the_fixes_of_gpsd(name: str) -> None:
    got = replay(DATA / "nmea" / name)
    wanted = _expected().get(name, [])
    assert wanted
    for row in wanted:
        clock = row["time"][11:19]
        near = [f for f in got if not clock or (f.at is not None and f.at.strftime("%H:%M:%S") == clock)] or got
        assert min(_metres(f, float(row["lat"]), float(row["lon"])) for f in near) < 0.5, row
    for fix in got:  # and no fix that gpsd does not know: none lies where the receiver never was
        assert min(_metres(fix, float(r["lat"]), float(r["lon"])) for r in wanted) < 100


@pytest.mark.parametrize("name", sorted(BINARY))
def test_a_binary_log_is_refused_in_words(name: str) -> None:
    with pytest.raises(InputRefused, match="NMEA"):
        replay(DATA / "nmea" / name)


def test_an_old_receiver_after_the_rollover_of_the_week_tells_the_right_day() -> None:
    days = {fix.at.date().isoformat() for fix in replay(DATA / "nmea" / "april6_2019.log") if fix.at}
    assert days == {"2019-04-07"}


def _truth(name: str) -> dict[datetime, tuple[float, float, int]]:
    with (DATA / "simulated" / f"{name}.truth.csv").open(encoding="utf-8-sig") as file:
        return {
            datetime.fromisoformat(row["time_utc"]): (
                float(row["true_lat_wgs84"]), float(row["true_lng_wgs84"]), int(row["quality"] or 0)
            )
            for row in csv.DictReader(file)
        }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "most"),
    [("single_1hz", 25), ("rtk_1hz_gap", 25), ("corrupt_sentences", 25), ("midnight_utc", 25), ("bds_only_5hz", 25)],
)
def test_a_simulated_walk_stays_on_its_path(name: str, most: float) -> None:
    truth = _truth(name)
    got = replay(DATA / "simulated" / f"{name}.nmea")
    known = [fix for fix in got if fix.at in truth]
    assert len(known) > 0.6 * len([t for t in truth.values() if t[2]])
    for fix in known:
        lat, lon, quality = truth[fix.at]  # type: ignore[index]
        assert _metres(fix, lat, lon) < (0.5 if fix.quality is Quality.FIXED else most), fix
        assert not quality or fix.quality == quality


def test_noise_and_torn_sentences_never_make_a_wrong_point() -> None:
    text = (DATA / "simulated" / "single_1hz.nmea").read_bytes()[:20_000]
    clean = {(f.lat, f.lon) for f in fixes(Reader().feed(text + b"\n"))}
    random = np.random.default_rng(5)
    for _round in range(200):
        noisy = bytearray(text[:4000])
        for place in random.integers(0, len(noisy), 40).tolist():
            noisy[place] = int(random.integers(0, 256))
        reader = Reader()
        got = [f for start in range(0, len(noisy), 97) for f in fixes(reader.feed(bytes(noisy[start : start + 97])))]
        for fix in got:
            assert min(_metres(fix, lat, lon) for lat, lon in clean) < 60


def test_a_jump_by_multipath_is_left_out_of_the_mean() -> None:
    random = np.random.default_rng(1)
    spots = random.normal(0, 1.0, (40, 2)) / 111_320
    good = [Fix(115 + x, 30 + y, hdop=1.0) for x, y in spots.tolist()]
    jumps = [Fix(115 + 40 / 111_320, 30, hdop=1.0)] * 4
    found = average([*good, *jumps])
    assert found is not None
    assert found.rejected >= 4
    assert _metres(Fix(found.lon, found.lat), 30, 115) < 0.6


def test_single_fixes_do_not_spoil_rtk_ones() -> None:
    rtk = [Fix(115, 30, quality=Quality.FIXED, sigma=0.02)] * 5
    single = [Fix(115.001, 30, quality=Quality.SINGLE, hdop=1.0)] * 20
    found = average([*single, *rtk])
    assert found is not None
    assert (found.lon, found.quality, found.used) == (115, Quality.FIXED, 5)


def test_the_gate_tells_what_is_missing() -> None:
    gate = Gate(1.0, Quality.FLOAT)
    assert gate.refusal(Quality.SINGLE, 0.5)
    assert "2.00" in gate.refusal(Quality.FIXED, 2.0)
    assert not gate.refusal(Quality.FIXED, 0.02)


def _listen(source: object) -> tuple[list[Fix], list[FieldSurveyError | None]]:
    got: list[Fix] = []
    ends: list[FieldSurveyError | None] = []
    over = threading.Event()

    def ended(error: FieldSurveyError | None) -> None:
        ends.append(error)
        over.set()

    receiver = Receiver(source, got.append, ended)  # type: ignore[arg-type]
    assert over.wait(20)
    receiver.close()
    return got, ends


def test_a_receiver_in_the_network_is_heard() -> None:
    log = DATA / "nmea" / "ublox-zed-f9p-nmea.log"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _address = server.accept()
            with line:
                line.sendall(log.read_bytes())

        thread = threading.Thread(target=serve)
        thread.start()
        got, ends = _listen(TcpSource("127.0.0.1", server.getsockname()[1]))
        thread.join()
    assert got == replay(log)
    assert ends == [None]


def test_a_receiver_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    got, ends = _listen(TcpSource("127.0.0.1", port))
    assert not got
    assert isinstance(ends[0], InputRefused)


def test_a_log_is_played_like_a_receiver() -> None:
    log: Path = DATA / "simulated" / "rtk_1hz_gap.nmea"
    got, _ends = _listen(LogSource(log))
    assert got == replay(log)
