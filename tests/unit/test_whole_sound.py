"""A sound that grows while a form is open is whole up to any moment."""

from pathlib import Path

import pytest

from fieldsurvey.store.recordings import recording_mime, whole_sound

_16_KHZ, _BODY = 8, 200


def _piece(number: int) -> bytes:
    """Return one piece of an ADTS sound: AAC LC, 16 kHz, one channel."""
    size = 7 + _BODY
    head = bytes(
        [0xFF, 0xF1, 1 << 6 | _16_KHZ << 2, 1 << 6 | size >> 11, size >> 3 & 255, (size & 7) << 5 | 0x1F, 0xFC]
    )
    return head + bytes([number]) * _BODY


def _sound(file: Path, pieces: int) -> bytes:
    data = b"".join(_piece(number) for number in range(pieces))
    file.write_bytes(data)
    return data


def test_a_whole_sound_is_left_as_it_is_and_its_seconds_are_told(tmp_path: Path) -> None:
    data = _sound(tmp_path / "x", 50)
    assert whole_sound(tmp_path / "x") == pytest.approx(50 * 1024 / 16_000)
    assert (tmp_path / "x").read_bytes() == data
    assert recording_mime(tmp_path / "x", "audio") == "audio/aac"
    assert whole_sound(tmp_path / "not there") == 0


@pytest.mark.parametrize("cut", [1, 6, 7, 100, 206])
def test_what_was_cut_anywhere_ends_with_its_last_whole_piece(tmp_path: Path, cut: int) -> None:
    data = _sound(tmp_path / "x", 3)
    (tmp_path / "x").write_bytes(data[: 2 * 207 + cut])
    assert whole_sound(tmp_path / "x") == pytest.approx(2 * 1024 / 16_000)
    assert (tmp_path / "x").read_bytes() == data[: 2 * 207]


def test_blocks_of_zeros_that_a_power_cut_leaves_are_no_sound(tmp_path: Path) -> None:
    data = _sound(tmp_path / "x", 3)
    with (tmp_path / "x").open("ab") as file:
        file.write(bytes(4096))
    assert whole_sound(tmp_path / "x") > 0
    assert (tmp_path / "x").read_bytes() == data
