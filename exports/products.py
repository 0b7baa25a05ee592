"""Everything that can leave the program, as a list: what it is, what may be chosen for it, how it is made.

The window shows this list; a new export is a row here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _, labelled
from fieldsurvey.jobs import JobControl

if TYPE_CHECKING:
    from fieldsurvey.store import Store

CRS_OFFERED = ("", "EPSG:4547", "EPSG:4526", "EPSG:4548", "EPSG:4490", "EPSG:4326")  # domain page 5.1; empty: project's


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for an export.

    Attributes:
        codes: 小区编码 of the communities; None: all.
        is_internal: Whether pipes, power and gas may be in it.
        personal: Whether answers of residents may be in it.
        crs: Reference system of layers; empty: that of the project.
        since: For comparisons: day, ISO 8601.
        other: For comparisons: an earlier project file; None: the day counts.
        template: For sheets from a template: its file.
    """

    codes: tuple[str, ...] | None = None
    is_internal: bool = False
    personal: bool = False
    crs: str = ""
    since: str = ""
    other: Path | None = None
    template: str = ""

    @property
    def code(self) -> str:
        """The one community.

        Raises:
            InputRefused: If none or several are chosen.
        """
        if self.codes is None or len(self.codes) != 1:
            raise InputRefused(_("This is made for one community; please choose it."))
        return self.codes[0]


@dataclass(frozen=True, slots=True)
class Written:
    """What an export wrote.

    Attributes:
        files: The files.
        told: Sentences on what was left out or failed.
    """

    files: tuple[Path, ...]
    told: tuple[str, ...] = ()


Make = Callable[["Store", Choice, Path, JobControl], Written]


@dataclass(frozen=True, slots=True)
class Product:
    """One thing to export.

    Attributes:
        key: Its name in the program.
        title: What it is called, a text for _().
        make: Makes it; called in the thread of the store.
        suffix: Ending of its file; empty: it fills a folder.
        asks: What may be chosen: one, many (communities), internal, personal, crs, since, template.
        has_preview: Whether a PDF of it can be looked at first.
    """

    key: str
    title: str
    make: Make
    suffix: str = ""
    asks: frozenset[str] = frozenset()
    has_preview: bool = False


def _sheets(template: str) -> Make:
    def make(store: "Store", choice: Choice, target: Path, control: JobControl) -> Written:
        from exports.batch import write_sheets

        wanted = template or choice.template
        if not wanted:
            raise InputRefused(_("Please choose the template file."))
        made = write_sheets(store, choice.codes, target, None, control, template=wanted, restricted=choice.is_internal)
        told = [
            _("No sheet for {community}: {why}").format(community=name, why=why) for name, why in made.failed.items()
        ]
        told += made.told()
        if not choice.is_internal:
            told.append(_("Left out: pipes, power and gas on the maps."))
        return Written(made.files, tuple(told))

    return make


def _papers(name: str, *options: str) -> Make:
    """Return the maker of documents for one community; options are those of Choice that it takes."""

    def make(store: "Store", choice: Choice, target: Path, control: JobControl) -> Written:
        from exports import papers
        from exports.batch import SheetsFailed

        given = {"restricted": choice.is_internal, "personal": choice.personal}
        call = getattr(papers, name)
        try:
            files: Sequence[Path] = call(store, choice.code, target, control, **{key: given[key] for key in options})
        except SheetsFailed as failed:
            return Written(tuple(failed.written), (str(failed),))
        return Written(tuple(files), _left_out(choice, options))

    return make


def _left_out(choice: Choice, options: Sequence[str]) -> tuple[str, ...]:
    told = []
    if "restricted" in options and not choice.is_internal:
        told.append(_("Left out: pipes, power and gas."))
    if "personal" in options and not choice.personal:
        told.append(_("Left out: answers of residents."))
    return tuple(told)


def _problems(store: "Store", choice: Choice, target: Path, control: JobControl) -> Written:
    from exports.papers import problem_lists

    return Written(tuple(problem_lists(store, choice.codes, target, control)))


def _comparison(store: "Store", choice: Choice, target: Path, control: JobControl) -> Written:
    from exports.papers import comparison

    since = "" if choice.other else choice.since
    return Written((comparison(store, choice.code, target, control, since=since, other=choice.other),))


def _dossier(store: "Store", choice: Choice, target: Path, control: JobControl) -> Written:
    from exports.dossier import dossier

    made = dossier(store, choice.code, target, control, personal=choice.personal, restricted=choice.is_internal)
    return Written((made.out,), made.left_out)


def _book(store: "Store", choice: Choice, target: Path, control: JobControl) -> Written:
    from exports.book import plan_book

    made = plan_book(store, target, control, restricted=choice.is_internal)
    told = () if choice.is_internal else (_("Left out: pipes, power and gas on the maps."),)
    return Written((made.out,), (*made.told(), *told))


def _report(store: "Store", choice: Choice, target: Path, control: JobControl) -> Written:
    from exports.report import city_report

    made = city_report(store, target / _("City report"), control, restricted=choice.is_internal)
    return Written((made.index,), (*made.left_out, *(labelled(name, why) for name, why in made.failed.items())))


def _plan(store: "Store", _choice: Choice, target: Path, control: JobControl) -> Written:
    from exports.plan import plan_table

    plan_table(store, target, control)
    return Written((target,))


def _layers(kind: str) -> Make:
    def make(store: "Store", choice: Choice, target: Path, control: JobControl) -> Written:
        from exports.layers_out import SENSITIVE, layer_files
        from fieldsurvey.model.schema import TableKind

        assets = [
            name
            for name, table in store.tables().items()
            if table.geometry and table.kind is TableKind.ASSET and store.count(name)
        ]
        chosen = [name for name in assets if choice.is_internal or name not in SENSITIVE]
        files, warning = layer_files(store, kind, target, layers=chosen, crs=choice.crs or None, control=control)
        left = _left_out(choice, ("restricted",)) if len(chosen) < len(assets) else ()
        return Written(tuple(files), (*filter(None, warning.split("\n")), *left))

    return make


def _blank(_store: "Store", _choice: Choice, target: Path, control: JobControl) -> Written:
    from exports.blank import blank_forms

    return Written(tuple(blank_forms(target, None, control)))


_ONE, _MANY, _INTERNAL = "one", "many", "internal"
_SHEET = frozenset({_ONE, _MANY, _INTERNAL})
_LAYERS = frozenset({_INTERNAL, "crs"})
PRODUCTS: tuple[Product, ...] = (
    Product("sheets", N_("Assessment sheets"), _sheets("评估表"), "", _SHEET, has_preview=True),
    Product("application", N_("Application sheets"), _sheets("申报表"), "", _SHEET, has_preview=True),
    Product("approval", N_("Approval sheets"), _sheets("审批表"), "", _SHEET, has_preview=True),
    Product("template", N_("Sheets from a template of your own"), _sheets(""), "", _SHEET | {"template"},
            has_preview=True),
    Product("records", N_("Survey records on paper"), _papers("record_sheets", "personal", "restricted"), "",
            frozenset({_ONE, _INTERNAL, "personal"}), has_preview=True),
    Product("lifts", N_("Lift feasibility of every stairwell"), _papers("lift_sheets", "restricted"), "",
            frozenset({_ONE, _INTERNAL}), has_preview=True),
    Product("problems", N_("Problem lists with photos"), _problems, "", frozenset({_ONE, _MANY}), has_preview=True),
    Product("compare", N_("What changed in a community"), _comparison, ".pdf", frozenset({_ONE, "since"}),
            has_preview=True),
    Product("dossier", N_("All on one community (ZIP)"), _dossier, ".zip", frozenset({_ONE, _INTERNAL, "personal"})),
    Product("book", N_("Plan book of the city"), _book, ".pdf", frozenset({_INTERNAL})),
    Product("report", N_("City report as web pages"), _report, "", frozenset({_INTERNAL})),
    Product("plan", N_("Three-year plan (Excel)"), _plan, ".xlsx"),
    Product("gpkg", N_("Map layers: GeoPackage"), _layers("gpkg"), ".gpkg", _LAYERS),
    Product("xlsx", N_("Map layers: Excel"), _layers("xlsx"), ".xlsx", _LAYERS),
    Product("shp", N_("Map layers: shapefiles"), _layers("shp"), "", _LAYERS),
    Product("dxf", N_("Map layers: DXF drawing"), _layers("dxf"), ".dxf", _LAYERS),
    Product("geojson", N_("Map layers: GeoJSON"), _layers("geojson"), "", _LAYERS),
    Product("kml", N_("Map layers: KML"), _layers("kml"), "", frozenset({_INTERNAL})),
    Product("blank", N_("Empty forms for paper days"), _blank),
)  # fmt: skip
BY_KEY = {product.key: product for product in PRODUCTS}
