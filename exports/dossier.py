"""一小区一档案: everything the project has on one community in one ZIP file.

Sheet, map, photos, layers, records and history, in folders with Chinese names
and a list of what is inside and what was left out. Unless asked for, personal
data (f18, domain page 4.2: counts only) and pipe networks with power and gas
sites (domain page 5.3: internal) stay out, also from the sheet and its map.
"""

import csv
import io
import json
import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from exports.layers_out import SENSITIVE
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Table, TableKind, Value

if TYPE_CHECKING:
    from exports.sheet.data import SheetData
    from fieldsurvey.model.marks import Mark
    from fieldsurvey.store import Store

PERSONAL_FORMS = frozenset({"f18_willingness"})
RESTRICTED_FORMS = frozenset({"f19_pipe_point", "f20_pipe_segment"})
_SHEET, _MAP, _PHOTOS, _LAYERS, _RECORDS, _ODK, _HISTORY = (
    "1_评估表", "2_现状图", "3_照片", "4_图层_GeoJSON", "5_调查记录_CSV", "6_调查记录_ODK", "7_修改历史",
)  # fmt: skip
CHINA = timezone(timedelta(hours=8))
_FIXED = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file
_KINDS = {"c": "新建", "u": "修改", "d": "删除", "z": "恢复", "r": "解决冲突", "a": "审核", "i": "导入"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheet programs take for a formula


@dataclass(frozen=True, slots=True)
class DossierMade:
    """What was written.

    Attributes:
        out: The file.
        files: Names inside.
        left_out: Sentences on what is not inside.
    """

    out: Path
    files: tuple[str, ...]
    left_out: tuple[str, ...]


def dossier(
    store: "Store",
    code: str,
    out: Path,
    control: JobControl | None = None,
    *,
    personal: bool = False,
    restricted: bool = False,
) -> DossierMade:
    """Write the file of one community.

    Call it in the thread of the store.

    Args:
        store: The project.
        code: 小区编码.
        out: The ZIP file; replaced when the new one is whole.
        control: Progress and cancel.
        personal: Whether answers of residents (f18) are put in.
        restricted: Whether pipes, power and gas sites are put in.
            Only with both of them are photos put in as taken: without, covered and without their metadata.

    Raises:
        InputRefused: If no community has the code, or the file cannot be written.
        JobCancelled: If the user stopped; nothing is written.
    """
    rows = store.select("community", where={"code": code}, limit=1)
    if not rows:
        raise InputRefused(_("No community has the code {codes}.").format(codes=code))
    control = control or JobControl()
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            made = _Dossier(store, rows[0], archive, personal=personal, restricted=restricted).write(control)
        control.breathe()
        partial.replace(out)
    except OSError as error:
        raise InputRefused(_("{file} cannot be written: {why}").format(file=out.name, why=error.strerror)) from error
    finally:
        partial.unlink(missing_ok=True)
    return replace(made, out=out)


@dataclass(slots=True)
class _Dossier:
    store: "Store"
    community: Mapping[str, Value]
    archive: zipfile.ZipFile
    personal: bool
    restricted: bool
    files: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def write(self, control: JobControl) -> DossierMade:
        from exports.sheet.collect import collect

        data = collect(self.store, self._uid, restricted=self.restricted)
        if not self.restricted:
            self.left_out.append("评估表和现状图中的管线、电力和燃气设施（内部资料）。")
        steps: Sequence[tuple[str, Callable[[], None]]] = (
            (_("Sheet"), lambda: self._sheet(data)),
            (_("Photos"), lambda: self._photos(data.community_uid)),
            (_("Layers"), self._layers),
            (_("Records"), self._records),
            (_("History"), self._history),
        )
        for done, (name, work) in enumerate(steps):
            control.step(done, len(steps), name)
            work()
        self._put("说明.txt", self._readme(data).encode("utf-8-sig"))
        return DossierMade(Path(), tuple(self.files), tuple(self.left_out))

    @property
    def _uid(self) -> str:
        return str(self.community["uid"])

    @property
    def _has_originals(self) -> bool:
        return self.personal and self.restricted

    def _put(self, name: str, content: bytes) -> None:
        entry = zipfile.ZipInfo(name, _FIXED)
        entry.compress_type = zipfile.ZIP_STORED if name.endswith((".jpg", ".pdf")) else zipfile.ZIP_DEFLATED
        self.archive.writestr(entry, content)
        self.files.append(name)

    def _sheet(self, data: "SheetData") -> None:
        from exports.sheet.document import render
        from exports.sheet.geojson import map_geojson

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sheet.pdf"
            render(data, path)
            self._put(f"{_SHEET}/{data.code}_评估表.pdf", path.read_bytes())
        if data.map.boundary:
            self._put(f"{_MAP}/现状图.pdf", map_page(data))
            self._put(f"{_MAP}/现状图.geojson", map_geojson(data))
        else:
            self.left_out.append("现状图：项目中没有该小区的范围。")

    def _photos(self, uid: str) -> None:
        """Put the photos with a list that says what each shows and what was done to it."""
        from exports.dossier_photos import TOLD
        from exports.sheet.forms import InstalledForms
        from exports.sheet.records import records_of
        from fieldsurvey.store.album import marks_in

        lines: list[Sequence[object]] = [("序号", "文件", "内容", "类别", "日期", "调查人", "处理", "SHA-256")]
        marks = marks_in(self.store, uid)
        done: Counter[str] = Counter()
        shots = [(record, shot) for record in records_of(self.store, uid, InstalledForms()) for shot in record.photos]
        for number, (record, shot) in enumerate(shots, 1):
            sha = str(shot.raw("photo") or "")
            name, how = self._photo(number, sha, marks.get(sha, ()))
            done[how] += 1
            shows = "：".join(filter(None, (record.title, shot.words("photo_caption"))))
            lines.append((number, name, shows, shot.words("photo_kind"), record.day, record.surveyor, how, sha))
        if len(lines) > 1:
            self._put(f"{_PHOTOS}/照片目录.csv", _csv(lines))
        self.left_out += [sentence.format(done[how]) for how, sentence in TOLD.items() if done[how]]

    def _photo(self, number: int, sha: str, marks: "Sequence[Mark]") -> tuple[str, str]:
        """Put one photo; return its name inside, empty if it is not there, and what was done to it."""
        from exports.dossier_photos import ABSENT, packed

        path = self.store.media.path(sha) if sha else None
        if path is None or not path.exists():
            return "", ABSENT
        made = packed(path, marks, as_taken=self._has_originals)
        name = f"{number:03d}{made.suffix}" if made.content else ""
        if name:
            self._put(f"{_PHOTOS}/{name}", made.content)
        return name, made.done

    def _layers(self) -> None:
        """Put what lies in the community, one file for each layer, in the project's CRS."""
        geom = self.community.get("geom")
        if not isinstance(geom, bytes):
            return
        area = shapely.from_wkb(geom)
        shapely.prepare(area)
        west, south, east, north = map(float, area.bounds)
        hidden = []
        for name, table in self.store.tables().items():
            if table.kind is not TableKind.ASSET or not table.geometry or name == "district":
                continue
            if name in SENSITIVE and not self.restricted:
                hidden.append(table.zh)
                continue
            if name == "community":
                features = [(self.community, area)]
            else:
                found = self.store.select(name, bbox=(west, south, east, north))
                features = [
                    (row, shape)
                    for row in found
                    if isinstance(row["geom"], bytes) and area.intersects(shape := shapely.from_wkb(row["geom"]))
                ]
            if features:
                self._put(f"{_LAYERS}/{table.zh}_{name}.geojson", _geojson(table, features, self.store.crs))
        if hidden:
            self.left_out.append(f"图层（内部资料）：{'、'.join(hidden)}。")

    def _forms(self) -> Iterator[tuple[str, Table, list[dict[str, Any]]]]:
        """Yield the forms that may go out, with their records; what may not is noted."""
        for name, table in sorted(self.store.tables().items()):
            if table.kind is TableKind.FORM and (rows := self.store.select(name, where={"community_uid": self._uid})):
                if name in RESTRICTED_FORMS and not self.restricted:
                    continue
                if name in PERSONAL_FORMS and not self.personal:
                    continue
                yield name, table, rows

    def _records(self) -> None:
        from exports.odk import submission_of
        from exports.sheet.forms import InstalledForms
        from survey_forms import shelf

        forms = InstalledForms()
        blobs = {blob.sha256: blob for blob in self.store.blobs()}
        for name, table, rows in self._forms():
            self._put(f"{_RECORDS}/{name}_{table.zh}.csv", _table_csv(table, rows, forms.labels(name)))
            form = shelf.form_of(self.store, name)
            for row in rows:
                submission = submission_of(self.store, form, str(row["uid"]), blobs)
                self._put(f"{_ODK}/{name}/{row['uid']}.xml", submission.xml.encode())
        self._note_withheld()

    def _note_withheld(self) -> None:
        """Say which records are not inside; of the residents' survey give the counts by unit."""
        from exports.sheet.profile import joined

        tables = self.store.tables()
        for name in sorted(PERSONAL_FORMS & tables.keys()) if not self.personal else ():
            rows = self.store.select(name, where={"community_uid": self._uid})
            if rows:
                counts = Counter(joined(row, "building_no", "unit_no") for row in rows)
                self._put(f"{_RECORDS}/{name}_按单元份数.csv", _csv([("楼栋 单元", "份数"), *sorted(counts.items())]))
                self.left_out.append(f"{tables[name].zh}记录{len(rows)}份（个人信息，只列各单元份数）。")
        for name in sorted(RESTRICTED_FORMS & tables.keys()) if not self.restricted else ():
            if rows := self.store.select(name, ["uid"], where={"community_uid": self._uid}):
                self.left_out.append(f"{tables[name].zh}记录{len(rows)}份（地下管线，内部资料）。")

    def _history(self) -> None:
        """Put who changed what and when, for the community and every record that is inside."""
        tables = self.store.tables()
        lines: list[Sequence[object]] = [("时间", "人员", "对象", "操作", "字段", "原值", "新值")]
        subjects = [(tables["community"], self._uid)]
        subjects += [(table, str(row["uid"])) for _name, table, rows in self._forms() for row in rows]
        for table, uid in subjects:
            names = {column.name: column.zh for column in table.columns} | {"geom": "图形", "status": "状态"}
            for entry in self.store.history(uid):
                moment = datetime.fromtimestamp(entry.at_ms / 1000, CHINA).strftime("%Y-%m-%d %H:%M:%S")
                head = (moment, entry.actor, table.zh, _KINDS.get(entry.kind, entry.kind))
                changed = [
                    (*head, names.get(name, name), _text(entry.old.get(name)), _text(value))
                    for name, value in entry.values.items()
                ]
                lines += changed or [(*head, "", "", "")]
        self._put(f"{_HISTORY}/修改历史.csv", _csv(lines))

    def _readme(self, data: "SheetData") -> str:
        left = [f"（{number}）{text}" for number, text in enumerate(self.left_out, 1)] or ["无。"]
        scope = [
            "含管线、电力和燃气设施：内部资料，注意保管，不得公开。" if self.restricted else "不含内部资料图层。",
            "含居民意愿记录：个人信息，按规定保管和销毁。" if self.personal else "不含居民个人记录。",
            "照片为原片：可能含人脸、车牌和拍摄位置，不得对外提供。"
            if self._has_originals
            else "照片不含拍摄位置等信息；人脸、车牌只在有人工遮挡的照片上不可辨认，对外提供前请逐张核对。",
        ]
        lines = [
            f"{data.name}　一小区一档案", "", f"小区编码：{data.code}", f"所属：{data.place or '未登记'}",
            f"制作日期：{data.made}　{data.software}", f"坐标系：{data.map.crs}（{self.store.crs}），单位：米", "",
            "使用范围：", *scope, "本单位自定义表格的记录原样列出，对外提供前请自行核对是否含个人信息。", "",
            "未包含的内容：", *left, "", "文件清单：", *self.files,
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n"


def map_page(data: "SheetData") -> bytes:
    """Return the map of a community as a PDF of one page with its legend."""
    from exports.sheet import wording
    from exports.sheet.faces import SONG_BOLD
    from exports.sheet.map_figure import MapFigure
    from exports.sheet.page import TEXT_WIDTH, Block, Paragraph, Space
    from exports.sheet.paper import Paper, written
    from exports.sheet.typography import TextStyle

    title = f"{data.name}现状图"
    notes = (f"{data.map.crs}　成图日期 {data.made}", wording.INTERNAL)
    head = TextStyle(SONG_BOLD, 18, 26, align="centre", role="H1")
    figure = MapFigure(data.map, TEXT_WIDTH, f"{title}：小区范围、建筑、道路和设施", notes)
    blocks: list[Block] = [Paragraph(title, head), Space(8), figure]
    told = "本图所属评估表的数据，核验码由它计算"
    return written(Paper(title, title, data.number, data.unit, data.made, blocks, data.canonical(), told))


def _geojson(table: Table, features: Sequence[tuple[Mapping[str, Value], Any]], crs: str) -> bytes:
    """Return a GeoJSON collection in the project's CRS, which its member "crs" (GeoJSON 2008) names."""
    name = f"urn:ogc:def:crs:{crs.replace(':', '::')}"
    columns = [column.name for column in table.columns]
    made = [
        {
            "type": "Feature",
            "id": str(row["uid"]),
            "properties": {column: row.get(column) for column in columns},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for row, shape in features
    ]
    head = {"type": "FeatureCollection", "name": table.name, "crs": {"type": "name", "properties": {"name": name}}}
    return json.dumps({**head, "features": made}, ensure_ascii=False, separators=(",", ":")).encode()


def _table_csv(table: Table, rows: Sequence[Mapping[str, Value]], labels: Any) -> bytes:  # noqa: ANN401 - Labels, loaded late
    """Return records with Chinese heads and labels for codes, one line each."""
    from exports.sheet.answers import Answers

    heads = ["标识", *(f"{column.zh}（{column.unit}）" if column.unit else column.zh for column in table.columns)]
    lines = [
        [row["uid"], *(_text(answers.words(column.name) or row.get(column.name)) for column in table.columns)]
        for row in rows
        for answers in [Answers(row, labels)]
    ]
    return _csv([heads, *lines])


def _text(value: Value) -> str:
    return "（图形）" if isinstance(value, bytes) else "" if value is None else str(value)


def _csv(lines: Sequence[Sequence[object]]) -> bytes:
    """Return CSV in UTF-8 with a mark that spreadsheet programs look for; texts that they would run are quoted."""
    stream = io.StringIO()
    csv.writer(stream).writerows([[_harmless(value) for value in line] for line in lines])
    return stream.getvalue().encode("utf-8-sig")


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
