"""New projects, and the sample project: here store, import and forms are put together."""

import json
import sys
from pathlib import Path

from fieldsurvey import samples
from fieldsurvey.children import answer_of
from fieldsurvey.errors import FieldSurveyError, StoreError
from fieldsurvey.i18n import _, language, set_language
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store

_INSTALLED = "forms"  # the state of the default forms whose tables are in a project


def new_project(path: Path, *, crs: str = "EPSG:4547", name: str = "") -> Store:
    """Make a project file with the asset tables and the default forms, and open it.

    Raises:
        InputRefused: If the file exists already or the CRS is unknown.
    """
    store = Store.create(path, crs=crs, name=name or path.stem)
    install_forms(store)
    return store


def install_forms(store: Store) -> None:
    """Add the tables of the default forms, and new columns of forms that grew; let the forms judge merges.

    Forms that the project has already are not even read: opening a project
    must not wait for them.
    """
    from survey_forms import DefaultForms, form_tables
    from survey_forms.definitions import fingerprint
    from survey_forms.rules import merge_rules
    from survey_forms.shelf import ProjectForms, keep_default

    forms, state = DefaultForms(), fingerprint()
    if store.setting(_INSTALLED) != state:
        with store.transaction():
            for form in forms.values():
                for table in form_tables(form):
                    store.add_table(table)
                keep_default(store, form)
            store.set_setting(_INSTALLED, state)
    store.rules_of_merge = merge_rules(ProjectForms(store, forms))


def sample_project(path: Path, control: JobControl | None = None) -> Store:
    """Make the sample project: the synthetic city, its forms, and records of some communities.

    Raises:
        InputRefused: If the file exists already.
        JobCancelled: If the user stopped it; no file is left behind.
    """
    from layers.io.importer import run

    control = control or JobControl()
    store = new_project(path, name=_("Sample project Huangshi"))
    try:
        run(store, [samples.city()], control=control)
        _fill_in(store, control)
    except BaseException:
        store.close()
        remove_project(path)
        raise
    return store


def sample_project_beside(path: Path, control: JobControl) -> None:
    """Make the sample project in a child process, which takes along the 120 MB that it needed.

    Raises:
        StoreError: If it could not be made; no file is left behind.
        JobCancelled: If the user stopped it; no file is left behind.
    """
    is_ours = not path.exists()
    code: int | None = None
    try:
        code, told = answer_of("fieldsurvey.projects", [str(path), language()], control)
    finally:
        if code != 0 and is_ours:  # the child could not tidy up
            remove_project(path)
    if code or told.get("error"):
        raise StoreError(told.get("error") or _("The sample project could not be made. Try again."))


def remove_project(path: Path) -> None:
    """Delete a project file with what belongs to it; used for unfinished ones only."""
    import shutil

    from fieldsurvey.paths import media_folder

    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.rmtree(media_folder(path), ignore_errors=True)


def _fill_in(store: Store, control: JobControl) -> None:
    from fieldsurvey.plan.sample import fill_sample_office
    from fieldsurvey.plan.sample_works import fill_sample_plan
    from survey_forms.sample import fill_sample_records
    from survey_forms.sample_review import fill_review
    from survey_forms.sample_society import fill_society

    fill_sample_records(store, control)
    fill_society(store, control)
    fill_sample_office(store)
    fill_sample_plan(store)
    fill_review(store)


def main(arguments: list[str]) -> int:
    """Work as the child process: make the sample project."""
    path, spoken = arguments
    set_language(spoken)
    error = ""
    try:
        sample_project(Path(path)).close()
    except FieldSurveyError as trouble:
        error = str(trouble)
    sys.stdout.write(json.dumps({"error": error}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
