"""The file of one community: what is inside, and what stays out unless asked for."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from PIL import Image

from exports.dossier import dossier
from fieldsurvey.cli import run
from fieldsurvey.errors import InputRefused, JobCancelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.marks import Mark
from fieldsurvey.store import Store
from fieldsurvey.store.album import draw_on
from tests.builders import add_community, make_project


def wkb(shape: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shape))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "city.gpkg", forms=True) as store:
        yield store


@pytest.fixture
def community(store: Store, tmp_path: Path) -> str:
    area = shapely.MultiPolygon([shapely.box(500_000, 3_300_000, 500_100, 3_300_080)])
    uid = store.create_record("community", {"code": "A1", "name": "枫叶山", "geom": wkb(area)})
    for number, x in enumerate((500_010, 500_500), 1):  # the second one lies in another community
        house = shapely.MultiPolygon([shapely.box(x, 3_300_010, x + 30, 3_300_022)])
        store.create_record("building", {"name": f"{number}栋", "geom": wkb(house)})
    pipe = shapely.MultiLineString([[(500_000, 3_300_005), (500_090, 3_300_005)]])
    store.create_record("gas_line", {"geom": wkb(pipe)})
    store.create_record(
        "f04_water", {"community_uid": uid, "status": "complete", "surveyor": "=1+1", "survey_date": "2026-11-10"}
    )
    for room in ("301", "302"):
        values = {"building_no": "3栋", "unit_no": "1单元", "room_no": room}
        store.create_record("f18_willingness", {"community_uid": uid, "status": "complete", **values})
    return uid


def inside(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.usefixtures("community")
def test_only_what_lies_in_the_community_is_inside(store: Store, tmp_path: Path) -> None:
    dossier(store, "A1", tmp_path / "a.zip")
    files = inside(tmp_path / "a.zip")
    (name,) = [name for name in files if name.endswith("building.geojson")]
    features = json.loads(files[name])["features"]
    assert [feature["properties"]["name"] for feature in features] == ["1栋"]
    assert features[0]["geometry"]["coordinates"][0][0][0][0] > 500_000
    assert files["1_评估表/A1_评估表.pdf"].startswith(b"%PDF-")
    assert files["2_现状图/现状图.pdf"].startswith(b"%PDF-")


@pytest.mark.usefixtures("community")
def test_pipes_and_personal_records_stay_out_and_the_note_says_so(store: Store, tmp_path: Path) -> None:
    made = dossier(store, "A1", tmp_path / "a.zip")
    files = inside(tmp_path / "a.zip")
    assert not [name for name in files if "gas_line" in name]
    assert b'"gas_line"' not in files["2_现状图/现状图.geojson"]
    assert b"301" not in b"".join(content for name, content in files.items() if name.endswith((".csv", ".xml")))
    assert table(files["5_调查记录_CSV/f18_willingness_按单元份数.csv"])[1] == ["3栋 1单元", "2"]
    note = files["说明.txt"].decode("utf-8-sig")
    assert all(sentence in note for sentence in made.left_out)
    assert "个人信息" in note
    assert "燃气管线" in note


@pytest.mark.usefixtures("community")
def test_both_are_inside_when_asked_for(store: Store, tmp_path: Path) -> None:
    made = dossier(store, "A1", tmp_path / "a.zip", personal=True, restricted=True)
    files = inside(tmp_path / "a.zip")
    assert not made.left_out
    assert [name for name in files if name.endswith("gas_line.geojson")]
    assert b'"gas_line"' in files["2_现状图/现状图.geojson"]
    (name,) = [name for name in files if name.startswith("5_") and "f18" in name]
    assert "301" in files[name].decode()


@pytest.mark.usefixtures("community")
def test_a_text_that_looks_like_a_formula_does_not_run(store: Store, tmp_path: Path) -> None:
    dossier(store, "A1", tmp_path / "a.zip")
    (content,) = [
        content for name, content in inside(tmp_path / "a.zip").items() if name.startswith("5_调查记录_CSV/f04")
    ]
    assert "'=1+1" in table(content)[1]


def test_history_names_every_change(store: Store, community: str, tmp_path: Path) -> None:
    store.save(community, {"name": "枫叶山小区"})
    dossier(store, "A1", tmp_path / "a.zip")
    lines = table(inside(tmp_path / "a.zip")["7_修改历史/修改历史.csv"])
    assert ["小区", "修改", "小区名称", "枫叶山", "枫叶山小区"] in [line[2:] for line in lines]


@pytest.fixture
def shot(store: Store, community: str, tmp_path: Path) -> bytes:
    """A photo as a telephone takes it: it says where, lies on its side, and has a film behind it. It is in a record."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Telephone of Ms Li"
    exif.get_ifd(0x8825)[1] = "N"
    picture = Image.effect_mandelbrot((400, 300), (-2.2, -1.5, 1.2, 1.5), 60).convert("RGB")
    file = tmp_path / "shot.jpg"
    picture.save(file, exif=exif, comment="Ms Li")
    file.write_bytes(file.read_bytes() + b"film \xff\xd9 of Ms Li")
    (record,) = store.select("f04_water", where={"community_uid": community})
    for sha in (store.media.add_file(file), "ab" * 32):  # the second one is not here
        values = {"parent_uid": record["uid"], "photo": sha, "photo_caption": "水表间"}
        store.create_record("f04_water__photos", values)
    return file.read_bytes()


def packed_photo(store: Store, tmp_path: Path, *, personal: bool = False) -> tuple[bytes, list[str], str]:
    """Return the photo in the file, its line in the list, and all that the note says."""
    made = dossier(store, "A1", tmp_path / "a.zip", personal=personal, restricted=True)
    files = inside(tmp_path / "a.zip")
    (photo,) = [content for name, content in files.items() if name.startswith("3_") and name.endswith(".jpg")]
    assert any("照片1张：尚未同步" in sentence for sentence in made.left_out)
    return photo, table(files["3_照片/照片目录.csv"])[1], files["说明.txt"].decode("utf-8-sig")


def test_photos_come_as_they_were_taken_where_personal_data_may(store: Store, shot: bytes, tmp_path: Path) -> None:
    photo, line, note = packed_photo(store, tmp_path, personal=True)
    assert photo == shot
    assert line[1:3] == ["001.jpg", "供水：水表间"]
    assert "照片为原片" in note


def test_elsewhere_a_photo_says_nothing_of_who_took_it_where(store: Store, shot: bytes, tmp_path: Path) -> None:
    photo, line, note = packed_photo(store, tmp_path)
    assert b"Li" in shot
    assert b"Li" not in photo
    with Image.open(io.BytesIO(photo)) as bare, Image.open(io.BytesIO(shot)) as taken:
        assert dict(bare.getexif()) == {0x0112: 6}  # which way up it is
        assert bare.tobytes() == taken.tobytes()
    assert line[6] == "去除元数据"
    assert "照片1张的拍摄位置" in note


def test_what_a_person_covered_cannot_be_made_out(store: Store, community: str, shot: bytes, tmp_path: Path) -> None:
    sha = hashlib.sha256(shot).hexdigest()
    draw_on(store, sha, (Mark("cover", ((0.0, 0.0), (1.0, 0.5))), Mark("text", ((0.5, 0.8),), "裂缝")), community)
    photo, line, note = packed_photo(store, tmp_path)
    with Image.open(io.BytesIO(photo)) as covered:
        assert covered.size == (300, 400)  # upright, as large as it was taken
        assert not dict(covered.getexif())
        colours = [len(covered.crop((0, top, 300, top + 200)).getcolors(1 << 20) or []) for top in (0, 200)]
    assert colours[0] * 4 < colours[1]  # a few squares above, the picture below
    assert line[6] == "遮挡后副本"
    assert "照片原片1张" in note


@pytest.mark.usefixtures("community")
def test_the_same_project_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        dossier(store, "A1", tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("stop_at", [0, 2, 4])
@pytest.mark.usefixtures("community")
def test_a_stopped_export_leaves_the_old_file(store: Store, tmp_path: Path, stop_at: int) -> None:
    out = tmp_path / "a.zip"
    out.write_bytes(b"old")
    control = JobControl(lambda progress: control.cancel() if progress.done == stop_at else None)
    with pytest.raises(JobCancelled):
        dossier(store, "A1", out, control)
    assert out.read_bytes() == b"old"
    assert not list(tmp_path.glob(".a.zip*"))


@pytest.mark.usefixtures("community")
def test_sheet_and_map_are_accessible_archive_files(store: Store, tmp_path: Path) -> None:
    page = pytest.importorskip("page")
    dossier(store, "A1", tmp_path / "a.zip")
    for name, content in inside(tmp_path / "a.zip").items():
        if name.endswith(".pdf"):
            (tmp_path / "out.pdf").write_bytes(content)
            for profile in ("3a", "ua1"):
                report = page.validate_pdf(tmp_path / "out.pdf", profile=profile)
                assert not [(failure.rule_id, failure.message) for failure in report.failures]


def test_the_command_says_what_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, out = tmp_path / "own.gpkg", tmp_path / "a.zip"
    with make_project(project) as store:
        add_community(store, code="A1")
    assert run(["export", "dossier", str(project), "--community", "A1", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == str(out)
    assert "燃气管线" in printed.err


def test_an_unknown_code_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="X9"):
        dossier(store, "X9", tmp_path / "a.zip")
