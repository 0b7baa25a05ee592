"""Runs the stages one after another and checks, from the files, that each did what it shows."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fieldsurvey.assess import community_progress, totals
from fieldsurvey.assess.totals import PLAN
from fieldsurvey.hub import admin
from fieldsurvey.model.schema import Value
from fieldsurvey.paths import media_folder
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from survey_forms.sample import street_scene
from ui.tour.hand import LAST_WORDS, WRONG, TourError

_STAGE_SECONDS = 300
_DONE = ("f01_community", "f04_water", "f06_power", "f07_gas", "f09_fire")


def run_tour(out: Path) -> int:
    """Run the whole job, one picture a step and the PDF into a folder; return 0, or 1 if a step did not happen."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fieldsurvey-tour-") as folder:
        try:
            _Guide(Path(folder), out.absolute()).run()
        except TourError as error:
            _say(f"✕ {error}")
            return 1
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class _Guide:
    def __init__(self, folder: Path, out: Path) -> None:
        self._folder, self._out = folder, out
        self._project = folder / "黄石.gpkg"
        self._plan: dict[str, object] = {"project": str(self._project), "out": str(out)}

    def run(self) -> None:
        self._step("hand-over files imported", self._import)
        self._step("five forms filled in, a wrong value refused, the sixth begun; killed", self._fill_in)
        self._step("reopened, draft restored, sixth form complete", self._go_on)
        self._step("two laptops synced through a hub, one conflict seen by both", self._sync)
        self._step("assessment sheet printed", self._sheet)

    def _step(self, what: str, work: Callable[[], None]) -> None:
        work()
        _say(f"✓ {what}")

    # --- stages --------------------------------------------------------------------------------------------------

    def _start(self, stage: str, **more: object) -> "subprocess.Popen[str]":
        home = str(more.pop("home", self._folder / "home-a"))
        environment = {**os.environ, "FIELDSURVEY_HOME": home, "FIELDSURVEY_LANG": "zh_CN"}
        environment.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
        command = [sys.executable, "-m", "ui.tour.stages", stage, json.dumps({**self._plan, **more})]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def _run(self, stage: str, **more: object) -> None:
        child = self._start(stage, **more)
        try:
            child.communicate(timeout=_STAGE_SECONDS)
        except subprocess.TimeoutExpired as error:
            child.kill()
            child.communicate()
            raise TourError(f"stage {stage} took too long") from error
        _need(child.returncode == 0, f"stage {stage} ended with {child.returncode}")

    def _import(self) -> None:
        self._run("take-in")
        with Store.open(self._project) as store:
            found = totals(store)
            _need((found.communities, found.households) == (PLAN.communities, PLAN.households), f"totals {found}")
            _need(found.investment_wan == PLAN.investment_wan, f"investment {found.investment_wan}")
            _need(store.count("stairwell") >= 2618, "stairwells")
            self._choose(store)

    def _choose(self, store: Store) -> None:
        """Choose a community that needs all six forms."""
        from pypinyin import Style, lazy_pinyin

        progress = community_progress(store)
        for row in store.select("community", ["code", "name"], order="code"):
            forms = progress[str(row["uid"])].forms
            if all(forms[form].needed for form in (*_DONE, "f11_elevator")):
                initials = "".join(lazy_pinyin(str(row["name"]), style=Style.FIRST_LETTER))
                self._plan |= {"community": row["uid"], "code": row["code"], "initials": initials}
                self._plan |= {"stairwell": forms["f11_elevator"].needed[0]}
                return
        raise TourError("no community needs all six forms")

    def _fill_in(self) -> None:
        child = self._start("fill-in")
        line = _first_line(child)
        if os.name == "nt":
            child.kill()
        else:
            os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        _need(line == "kept", f"stage fill-in ended with {child.returncode} before the draft was kept")
        with Store.open(self._project) as store:
            for form in _DONE:
                _need(self._records(store, form) == ["complete"], f"{form}: {self._records(store, form)}")
            _need(store.count("f11_elevator") == 0, "the sixth form must not be a record yet")
            kept = store.draft(f"f11_elevator:{self._plan['stairwell']}")
            _need(kept is not None and LAST_WORDS in kept[0] and WRONG in kept[0], "the draft did not survive")
        report = check(self._project)
        _need(report.is_whole, report.as_text())

    def _go_on(self) -> None:
        self._run("go-on")
        with Store.open(self._project) as store:
            _need(self._records(store, "f11_elevator") == ["complete"], "the lift form is not complete")
            (row,) = store.select("f11_elevator", ["space_depth", "remarks"])
            _need((row["space_depth"], row["remarks"]) == (3.2, LAST_WORDS), f"lift form: {row}")

    def _records(self, store: Store, form: str) -> list[Value]:
        rows = store.select(form, ["status"], where={"community_uid": str(self._plan["community"])})
        return [row["status"] for row in rows]

    def _sync(self) -> None:
        other = self._folder / "laptop-b" / "黄石.gpkg"
        other.parent.mkdir()
        shutil.copy(self._project, other)
        if media_folder(self._project).exists():
            shutil.copytree(media_folder(self._project), media_folder(other))
        with _hub(self._folder / "hub") as (url, token):
            common = {"url": url, "token": token}
            photo = self._folder / "主管.jpg"
            photo.write_bytes(street_scene(1))
            first = {"diameter": "150", "other": "leaks_12m", "photo": str(photo), "picture": "11-sync-a", **common}
            self._run("sync", login="li", name="李工", **first)
            home, path = str(self._folder / "home-b"), str(other)
            more = {"project": path, "home": home, "login": "zhao", "name": "赵工", **common}
            self._run("sync", diameter="200", other="hydrant_on_main", picture="12-conflict-on-laptop-b", **more)
            self._run("sync", login="li", name="李工", picture="13-conflict-on-laptop-a", **common)
        for laptop in (self._project, other):
            with Store.open(laptop) as store:
                conflicts = store.conflicts()
                _need([conflict.field for conflict in conflicts] == ["main_dn"], f"{laptop}: {conflicts}")
                _need({version.value for version in conflicts[0].versions} == {150, 200}, "both values are kept")
                (row,) = store.select("f04_water", ["leaks_12m", "hydrant_on_main"])
                _need((row["leaks_12m"], row["hydrant_on_main"]) == (3, 3), "edits of other fields merged")
                (picture,) = store.select("f04_water__photos", ["photo"])
                _need(store.media.path(str(picture["photo"])), f"{laptop}: the photo did not arrive")

    def _sheet(self) -> None:
        from exports.verify import verify

        self._run("sheet")
        sheets = list(self._out.glob("*.pdf"))
        _need(len(sheets) == 1, f"{len(sheets)} sheets")
        _need(verify(sheets[0]).matches, "the sheet does not match its data")


def _need(truth: object, otherwise: str) -> None:
    if not truth:
        raise TourError(otherwise)


def _first_line(child: "subprocess.Popen[str]") -> str:
    """Return the first line a child prints; a child that hangs is killed."""
    timer = threading.Timer(_STAGE_SECONDS, child.kill)
    timer.start()
    try:
        return child.stdout.readline().strip() if child.stdout else ""
    finally:
        timer.cancel()


@contextmanager
def _hub(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a hub and yield its address and a token."""
    admin.init(folder, "办公室")
    token = admin.add_user(folder, "wang", "王工")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "fieldsurvey", "hub", "serve", str(folder), "--port", str(port)]
    hub = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}", token
    finally:
        hub.terminate()
        hub.wait()


def _wait_for(port: int) -> None:
    pause = threading.Event()
    for _attempt in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            pause.wait(0.05)
        else:
            return
    raise TourError("the hub did not start")
