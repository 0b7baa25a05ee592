"""An earlier state of a project, to be drawn beside the newest: a moment of its own history, or another file.

`python -m layers.earlier COPY MEDIA WHEN FOLDER` makes a copy of the project
what it was at a moment and builds its columns; it prints one JSON line per
step. WHEN is milliseconds since 1970; 0 leaves the copy as it is.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fieldsurvey.assess import community_progress
from fieldsurvey.children import answer_of
from fieldsurvey.errors import FieldSurveyError, InputRefused, StoreError
from fieldsurvey.geo import crs
from fieldsurvey.i18n import N_, _
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from layers import sidecar, style_values
from layers.sidecar import Sidecar
from layers.symbology import Codes, LayerStyle

_ROUND = "survey_round"  # the question of every form that tells its round (domain page 6.1)
_ROUNDS = {
    "baseline": N_("baseline survey"), "recheck": N_("recheck"), "pre_design": N_("before design"),
    "acceptance": N_("acceptance"), "followup": N_("follow-up"),
}  # fmt: skip
_MOST_DAYS = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that a project can be shown at.

    Attributes:
        name: What it is called, in the user's language.
        when_ms: Milliseconds since 1970, by the authors' clocks.
    """

    name: str
    when_ms: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier state, ready to be drawn.

    Attributes:
        name: What it is called.
        project: File that holds it.
        layers: Its columns.
        states, conditions: Community uid -> survey state and overall condition.
    """

    name: str
    project: Path
    layers: Sidecar
    states: Mapping[str, str]
    conditions: Mapping[str, str]

    def values(self, styles: Iterable[LayerStyle]) -> tuple[dict[str, Codes], dict[str, dict[str, str]]]:
        """Return the classes and labels that styles go by, as they were. Not for the GUI thread."""
        with Store.open(self.project, read_only=True) as store:
            return style_values.read(store, styles)


def moments(store: Store) -> list[Moment]:
    """Return the moments worth looking back at: the end of each survey round and of each day, newest first."""
    found = [
        Moment(_("End of round: {name}, {day}").format(name=_(_ROUNDS.get(code, code)), day=_day(when)), when)
        for code, when in sorted(store.last_given(_ROUND).items(), key=lambda item: -item[1])
    ]
    for when, edits in store.days()[:_MOST_DAYS]:
        found.append(Moment(_("{day}, {n} edits").format(day=_day(when), n=edits), when))
    return found


def _day(when_ms: int) -> str:
    return datetime.fromtimestamp(when_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def other_project(path: Path, target: str) -> Path:
    """Return a project file that can be laid beside one in the system `target`.

    Raises:
        InputRefused: If it is no project, or in another system.
    """
    with Store.open(path, read_only=True) as store:
        if store.crs != target:
            raise InputRefused(
                _("{file} is in {other}, this project in {crs}. Choose a round in the same system.").format(
                    file=path.name, other=crs.name_of(store.crs), crs=crs.name_of(target)
                )
            )
    return path


def prepared(copy: Path, media: Path, moment: Moment, control: JobControl) -> Earlier:
    """Return a state whose project file is `copy`; the work is done in a child process. Not for the GUI thread.

    Args:
        copy: A copy of the project, which becomes what it was; with a moment of 0, any closed project file.
        media: Folder of its photos and datasets.
        moment: When, and what it is called.
        control: Progress and cancel.

    Raises:
        StoreError: If the child ended without a result.
        JobCancelled: If the user stopped it.
    """
    folder = copy.with_suffix(".columns") if moment.when_ms else sidecar.folder_for(copy, 0)
    arguments = [str(copy), str(media), str(moment.when_ms), str(folder)]
    code, told = answer_of("layers.earlier", arguments, control)
    layers = sidecar.opened(folder)
    if code or layers is None:
        raise StoreError(str(told.get("error") or _("The earlier state could not be worked out; look at another one.")))
    with Store.open(copy, read_only=True) as store:
        progress = community_progress(store)
    states = {uid: str(each.state) for uid, each in progress.items()}
    return Earlier(moment.name, copy, layers, states, {uid: each.condition for uid, each in progress.items()})


def main(arguments: list[str]) -> int:
    """Work as the child process."""
    copy, media, when, folder = Path(arguments[0]), Path(arguments[1]), int(arguments[2]), Path(arguments[3])
    try:
        if when:
            from fieldsurvey.store.backup import write_past

            write_past(copy, media, when, with_media=False)
        sidecar.build(copy, folder)
    except FieldSurveyError as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
