"""The stages of the tour, each run as `python -m ui.tour.stages NAME JSON`."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from fieldsurvey import samples
from fieldsurvey.model.schema import Value
from fieldsurvey.settings import Settings, save
from ui.app import application
from ui.tour.hand import LAST_WORDS, WRONG, Hand, TourError

HANDOVER = (
    "小区边界_38带/小区边界.shp",
    "楼栋/楼栋面.shp",
    "老旧小区台账_模拟.xlsx",
    "单元门_百度BD09.geojson",
    "消防栓_模拟_GBK.csv",
    "变压器_测量坐标_XY.csv",
)
_FORMS = ("f01_community", "f06_power", "f07_gas", "f09_fire")

Plan = Mapping[str, Any]


def take_in(plan: Plan) -> None:
    """Make a project in the window and import what the departments handed over."""
    with _hand(None, plan) as hand:
        hand.type_into(hand.window.start.person, "李工")
        hand.picture("01-start")
        hand.window.opening.make_project(Path(plan["project"]))
        hand.open()
        folder = samples.handover()
        hand.window.importer.add_files([folder / name for name in HANDOVER])
        hand.wait("files inspected", lambda: hand.window.importer.files.count() == len(HANDOVER))
        hand.picture("02-import-preview")
        hand.click("import_go")
        hand.wait("hand-over files imported", lambda: not hand.window.importer.go.isHidden())
        hand.window.importer.add_files([samples.city()])
        hand.wait("networks inspected", lambda: hand.window.importer.files.count() == 1)
        hand.click("import_go")
        hand.wait("networks imported", lambda: not hand.window.importer.go.isHidden())
        hand.picture("03-imported")
        hand.click("import_show_map")
        hand.wait("totals", lambda: "105,056" in hand.window.communities.totals.text())
        hand.wait("map of everything", hand.window.project.is_map_current)
        hand.picture("04-map")


def fill_in(plan: Plan) -> None:
    """Find a community by pinyin initials, fill in five forms, refuse a wrong value, begin the sixth; be killed."""
    with _hand(Path(plan["project"]), plan) as hand:
        hand.open()
        _find(hand, plan)
        hand.picture("05-community")
        hand.open_form("f04_water")
        hand.fill_required(_facts(hand, plan))
        hand.answer(hand.row("main_dn"), WRONG)
        hand.click("form_complete")
        hand.wait("refusal", lambda: "还不能完成" in hand.window.form_panel.status.text())
        hand.picture("06-wrong-value-refused")
        hand.answer(hand.row("main_dn"), "100")
        hand.complete()
        hand.picture("07-form-complete")
        hand.close_form()
        for form_id in _FORMS:
            hand.open_form(form_id)
            hand.fill_required(_facts(hand, plan))
            hand.complete()
            hand.close_form()
        hand.open_form("f11_elevator", str(plan["stairwell"]))
        hand.answer(hand.row("remarks"), LAST_WORDS)
        hand.answer(hand.row("space_depth"), WRONG)
        hand.wait("draft on the disk", hand.window.form.is_kept)
        hand.picture("08-before-the-power-cut")
        sys.stdout.write("kept\n")
        sys.stdout.flush()
        hand.pause(600_000)


def go_on(plan: Plan) -> None:
    """After the power cut: the draft is there; finish the sixth form."""
    with _hand(Path(plan["project"]), plan) as hand:
        hand.open()
        _find(hand, plan)
        hand.open_form("f11_elevator", str(plan["stairwell"]))
        if hand.row("space_depth").editor.focus.property("text") != WRONG:
            raise TourError("the draft was not restored")
        hand.picture("09-restored-after-the-power-cut")
        hand.answer(hand.row("space_depth"), "3.2")
        facts = {**_facts(hand, plan), "floors": 6, "unit_households": 12, "building": "1栋", "unit": "1单元"}
        hand.fill_required(facts)
        hand.complete()
        hand.picture("10-lift-form-complete")


def edit_and_sync(plan: Plan) -> None:
    """Change the diameter of the main on one laptop and sync."""
    save(Settings(login=str(plan["login"]), name=str(plan["name"])))
    with _hand(Path(plan["project"]), plan) as hand:
        hand.open()
        hand.wait("person set", lambda: hand.window.holder.is_open)
        if plan.get("diameter"):
            _find(hand, plan)
            hand.open_form("f04_water")
            hand.answer(hand.row("main_dn"), str(plan["diameter"]))
            hand.answer(hand.row(str(plan["other"])), "3")
            if plan.get("photo"):
                hand.add_photo(Path(plan["photo"]))
            hand.complete()
            hand.close_form()
        hand.sync(str(plan["url"]), str(plan["token"]))
        hand.pause(800)
        hand.picture(str(plan["picture"]))


def print_sheet(plan: Plan) -> None:
    """Preview the assessment sheet and save it."""
    with _hand(Path(plan["project"]), plan) as hand:
        hand.open()
        _find(hand, plan)
        hand.click("show_sheet")
        hand.wait("preview", lambda: "页" in hand.window.exports.message.text())
        hand.pause(1200)
        hand.picture("14-sheet-preview")
        hand.window.exports.export_sheets([str(plan["code"])], Path(plan["out"]))
        hand.wait("sheet written", lambda: "已写出" in hand.window.exports.message.text())
        hand.window.show_workspace("plan")
        hand.picture("15-plan")


@contextmanager
def _hand(project: Path | None, plan: Plan) -> Iterator[Hand]:
    """Open a window; if a step does not happen, the picture of it is kept; close the window either way."""
    hand = Hand(project, Path(plan["out"]))
    try:
        yield hand
    except TourError:
        hand.window.grab().save(str(Path(plan["out"]) / "failed.png"))
        raise
    finally:
        hand.close()


def _find(hand: Hand, plan: Plan) -> None:
    search = hand.window.communities.search
    hand.type_into(search, str(plan["initials"]))
    hand.wait("found", lambda: hand.window.communities.model.row_of(str(plan["community"])) >= 0)
    hand.window.communities.select(str(plan["community"]))
    hand.window.communities.list.setFocus()
    QTest.keyClick(hand.window.communities.list, Qt.Key.Key_Return)
    hand.wait("community", lambda: hand.window.forms.uid == plan["community"])


def _facts(hand: Hand, plan: Plan) -> dict[str, Value]:
    now = hand.window.project.current
    if now is None:
        raise TourError("no project")
    facts: dict[str, Value] = {**now.communities[str(plan["community"])], "built_year": 1986, "gfa": 30_000.0}
    session = hand.window.form_panel.session
    if session is not None and session.form.id == "f01_community":
        facts["built_year"] = int(session.value("/data/built_year_first") or 1986)  # came with the hand-over files
    return facts


STAGES: Mapping[str, Callable[[Plan], None]] = {
    "take-in": take_in,
    "fill-in": fill_in,
    "go-on": go_on,
    "sync": edit_and_sync,
    "sheet": print_sheet,
}

if __name__ == "__main__":
    application()
    STAGES[sys.argv[1]](json.loads(sys.argv[2]))
