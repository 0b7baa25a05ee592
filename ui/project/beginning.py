"""A project with everything that was handed over, put together in the store thread."""

from typing import TYPE_CHECKING
from zlib import crc32

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _, labelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store

if TYPE_CHECKING:
    from ui.project.handover import Handover


def begin(handover: "Handover", control: JobControl) -> tuple[Store, list[str]]:
    """Make the project; return it, and a sentence for everything that could not be taken.

    Files are not read here: they are shown for import once the project is open.

    Raises:
        InputRefused: If the file exists already or the CRS is unknown.
        JobCancelled: If the user stopped it; no file is left behind.
    """
    from fieldsurvey.plan.begin import begin_plan
    from fieldsurvey.projects import new_project, remove_project

    control.step(0, None, _("Making the project …"))
    store = new_project(handover.path, crs=handover.crs, name=handover.name)
    try:
        left_out = _take_forms(store, handover, control)
        store.add_actors([(crc32(login.encode()), login, name) for login, name in handover.people])
        try:
            begin_plan(store, handover.years, handover.prices)
        except FieldSurveyError as error:
            left_out.append(str(error))
    except BaseException:
        store.close()
        remove_project(handover.path)
        raise
    return store, left_out


def _take_forms(store: Store, handover: "Handover", control: JobControl) -> list[str]:
    from survey_forms import shelf

    left_out: list[str] = []
    for form in control.steps(list(handover.forms), _("Reading forms")):
        try:
            shelf.add(store, shelf.prepare(form))
        except FieldSurveyError as error:
            left_out.append(labelled(form.name, error))
    return left_out
