"""Sounds, films and files in the real window: chosen, recorded, refused, opened, cleared. About 6 s."""

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from fieldsurvey.errors import InputRefused
from fieldsurvey.store import Store
from fieldsurvey.store.photos import inspect, reduced
from fieldsurvey.store.recordings import recording_mime
from survey_forms import Kind
from survey_forms.records import Subject
from survey_forms.shelf import add, prepare
from tests.builders import add_community, make_project
from ui.app import build
from ui.forms.files import FileEditor, RecordingEditor
from ui.main_window import MainWindow
from ui.photos import camera, recorder
from ui.photos.editor import files_as_sources

_FORM = """| survey |
| | type | name | label | appearance | parameters |
| | audio | sound | Sound | | quality=low |
| | video | film | Film | selfie | |
| | file | paper | Paper | | |
| | audio | other | Other | | quality=external |
| | image | shot | Shot | | max-pixels=100 |
| settings |
| | form_id | version |
| | rooms | 1 |
"""


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    path, source = tmp_path / "p.gpkg", tmp_path / "rooms.md"
    source.write_text(_FORM, "utf-8")
    with make_project(path, forms=True) as store:
        uid = add_community(store)
        table = add(store, prepare(source)).entry.table
    found = build(path)
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.project.current is not None, timeout=15_000)
    with qtbot.waitSignal(found.form.opened, timeout=10_000):
        found.open_form(Subject(table, uid, uid))
    yield found
    found.close()


def _sound(file: Path) -> Path:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(16_000))
    return file


def _editor(window: MainWindow, name: str) -> FileEditor:
    window.form_panel.go_to(f"/data/{name}")
    editor = window.form_panel.row(name).editor
    assert isinstance(editor, FileEditor)
    return editor


def _value(window: MainWindow, name: str) -> str:
    session = window.form_panel.session
    assert session is not None
    return session.value(f"/data/{name}")


def test_a_sound_is_kept_by_content_named_opened_and_cleared(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, editor = _sound(tmp_path / "voice.wav"), _editor(window, "sound")
    window.form_panel.file_chosen.emit("/data/sound", str(sound))
    qtbot.waitUntil(lambda: bool(_value(window, "sound")), timeout=10_000)
    assert "voice.wav" in editor.facts.text()
    opened: list[Path] = []
    monkeypatch.setattr("ui.forms.keeping.QDesktopServices.openUrl", lambda url: opened.append(Path(url.toLocalFile())))
    editor.open.click()
    qtbot.waitUntil(lambda: bool(opened), timeout=10_000)
    assert (opened[0].suffix, opened[0].read_bytes()) == (".wav", sound.read_bytes())
    sha, path = _value(window, "sound"), window.project.current.path  # type: ignore[union-attr]
    editor.remove.click()
    assert _value(window, "sound") == ""
    assert editor.open.isHidden()
    window.close()
    with Store.open(path) as store:
        kept, blob = store.media.path(sha), store.blob(sha)
        assert kept is not None
        assert blob is not None
        assert (blob.mime, kept.read_bytes()) == ("audio/wav", sound.read_bytes())


def test_what_is_recorded_is_the_answer_and_what_cannot_be_recorded_is_told(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = _editor(window, "sound")
    assert isinstance(editor, RecordingEditor)
    asked: list[tuple[Kind, str]] = []
    answers = iter(["没有麦克风", None, _sound(tmp_path / "r.wav")])

    def answer(kind: Kind, quality: str, _parent: object, **_more: bool) -> Path | str | None:
        asked.append((kind, quality))
        return next(answers)

    monkeypatch.setattr("ui.forms.keeping.ask_recording", answer)
    editor.record.click()
    assert window.form_panel.status.text() == "没有麦克风"
    editor.record.click()
    assert _value(window, "sound") == ""
    editor.record.click()
    qtbot.waitUntil(lambda: bool(_value(window, "sound")), timeout=10_000)
    assert asked[0] == (Kind.AUDIO, "low")


def test_a_sound_is_no_film_and_a_text_is_neither(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("words")
    for name, told in (("note.txt", "note.txt 不是录像"), ("x.wav", "x.wav 是录音")):
        if name.endswith("wav"):
            _sound(tmp_path / name)
        window.form_panel.file_chosen.emit("/data/film", str(tmp_path / name))
        qtbot.waitUntil(lambda told=told: told in window.form_panel.status.text(), timeout=10_000)  # type: ignore[misc]
    assert _value(window, "film") == ""


def test_the_look_of_a_question_decides_how_it_is_answered(window: MainWindow) -> None:
    film, other, paper = (_editor(window, name) for name in ("film", "other", "paper"))
    assert isinstance(film, RecordingEditor)
    assert isinstance(other, RecordingEditor)
    assert film.button.isHidden()
    assert film.focus is film.record
    assert other.record.isHidden()
    assert other.focus is other.button
    assert not isinstance(paper, RecordingEditor)


def test_a_program_that_came_as_a_file_is_not_started(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "setup.exe").write_bytes(b"MZ")
    window.form_panel.file_chosen.emit("/data/paper", str(tmp_path / "setup.exe"))
    qtbot.waitUntil(lambda: bool(_value(window, "paper")), timeout=10_000)
    opened: list[QUrl] = []
    monkeypatch.setattr("ui.forms.keeping.QDesktopServices.openUrl", opened.append)
    _editor(window, "paper").open.click()
    qtbot.waitUntil(lambda: bool(opened), timeout=10_000)
    assert Path(opened[0].toLocalFile()).is_dir()


def test_a_photo_is_kept_no_larger_than_its_question_allows(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:11:24 09:30:00"
    Image.effect_noise((400, 200), 40).convert("RGB").save(tmp_path / "a.jpg", exif=exif)
    with qtbot.waitSignal(window.form.photos.intake.ended, timeout=10_000):
        window.form_panel.offer_photos("/data/shot", files_as_sources([tmp_path / "a.jpg"]))
    sha, path = _value(window, "shot"), window.project.current.path  # type: ignore[union-attr]
    window.close()
    with Store.open(path) as store:
        kept = store.media.path(sha)
        assert kept is not None
        facts = inspect(kept)
        assert (facts.size, facts.taken) == ((100, 50), "2026-11-24 09:30:00")
        with Image.open(kept) as image:
            assert image.getexif()[0x0112] == 6
    small = (tmp_path / "b.png", Image.new("RGB", (80, 40)))
    small[1].save(small[0])
    assert reduced(small[0].read_bytes(), "b.png", 100) == small[0].read_bytes()


@pytest.mark.parametrize(
    ("head", "wanted", "mime"),
    [
        (b"\0\0\0\x18ftypM4A ", "audio", "audio/mp4"),
        (b"\0\0\0\x18ftypisom", "video", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video", "video/quicktime"),
        (b"ID3\x04", "audio", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio", "audio/aac"),
        (b"\x1aE\xdf\xa3", "video", "video/x-matroska"),
        (b"RIFF\0\0\0\0AVI ", "video", "video/x-msvideo"),
        (b"OggS", "audio", "audio/ogg"),
        (b"#!AMR\n", "audio", "audio/amr"),
    ],
)
def test_the_kind_of_a_recording_is_read_from_its_bytes(tmp_path: Path, head: bytes, wanted: str, mime: str) -> None:
    (tmp_path / "x").write_bytes(head)
    assert recording_mime(tmp_path / "x", wanted) == mime


@pytest.mark.parametrize("head", [b"", b"\xff\xd8\xff\xe0", b"%PDF", b"RIFF\0\0\0\0WEBP"])
def test_what_is_no_recording_is_refused(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "x").write_bytes(head)
    for wanted in ("audio", "video"):
        with pytest.raises(InputRefused, match="x 不是"):
            recording_mime(tmp_path / "x", wanted)


def test_without_a_microphone_and_a_camera_a_sentence_says_so(window: MainWindow) -> None:
    media = pytest.importorskip("PySide6.QtMultimedia", exc_type=ImportError, reason="Qt's multimedia libraries lack")
    if media.QMediaDevices.audioInputs() or media.QMediaDevices.videoInputs():
        pytest.skip("this machine has a microphone or a camera")
    told = [recorder.ask_recording(kind, "", window) for kind in (Kind.AUDIO, Kind.VIDEO)]
    assert told == ["未找到麦克风。请连接麦克风，或选择文件。", "未找到摄像头。请连接摄像头，或选择文件。"]
    assert camera.ask_photo(window) == told[1]


def test_the_window_for_recording_says_what_can_be_done_and_what_went_wrong(qtbot: QtBot, window: MainWindow) -> None:
    pytest.importorskip("PySide6.QtMultimedia", exc_type=ImportError, reason="Qt's multimedia libraries are missing")
    dialog = recorder.RecordDialog(Kind.AUDIO, "low", window)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.keep.isEnabled()
    dialog._fail("no device")
    assert "no device" in dialog.told.text()
    assert not dialog.keep.isEnabled()
    dialog.reject()
