"""New projects, and the sample project: here store, import and forms are put together."""

from pathlib import Path

from fieldsurvey import samples
from fieldsurvey.i18n import _
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
