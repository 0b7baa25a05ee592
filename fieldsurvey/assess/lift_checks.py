"""The single checks behind the first judgement on a lift: each says its outcome and why, in one sentence.

Source: domain page 3.9, T-L1 to T-L13; T-B3 for altered structures; fields of form f11.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fieldsurvey.assess.records import Record, codes, number
from fieldsurvey.assess.rules.ruleset import RuleSet
from fieldsurvey.i18n import N_, _

FORM_COLUMNS = (
    "floors", "existing_lift", "safety_grade", "in_plan_demolish", "stair_type", "entry_mode", "site_use",
    "space_depth", "space_width", "road_left", "gap_opposite", "sun_affected", "pipes_conflict", "transformer_ok",
    "owners_total", "owners_voted", "owners_agree", "area_total", "area_voted", "area_agree", "stage",
)  # fmt: skip
_TABLE_CLASS = {"water_line": "js", "drain_line": "ps", "gas_line": "rq", "power_line": "dl"}
_PIPE_WORDS: Mapping[str, str] = {
    "js": N_("water"), "ps": N_("drainage"), "ys": N_("storm water"), "ws": N_("sewage"), "hs": N_("combined sewage"),
    "rq": N_("gas"), "rl": N_("heat"), "dl": N_("power"), "ld": N_("street lighting"), "tx": N_("telecom"),
    "ds": N_("cable television"), "xs": N_("fire water"), "gy": N_("industrial pipes"), "zh": N_("utility trench"),
    "bm": N_("unknown pipes"),
}  # fmt: skip
_NOT_VOTED = frozenset({"", "none", "willing"})
_EXACT = 1e-6


class Outcome(StrEnum):
    """What a check says."""

    OK = "ok"
    CONDITION = "condition"  # can be met by works or by a step that is still to be taken
    NO = "no"
    OPEN = "open"  # not recorded, or for a specialist to say


@dataclass(frozen=True, slots=True)
class LiftCheck:
    """One thing that was looked at.

    Attributes:
        id: The threshold it belongs to, such as T-L1.
        outcome: What it says.
        text: Why, in one sentence.
    """

    id: str
    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one stairwell.

    Attributes:
        rules: The thresholds.
        storeys: Of the building; None: not known.
        form: Its f11 record; empty without one.
        house: The f02 record of its building; empty without one.
        is_condemned: Whether the community is to be expropriated or rebuilt.
        free: Largest free box on the map, width and depth in m; None: no outline of the building.
        free_without_gas: The same if gas pipes were diverted.
        crossed: Tables of the pipes drawn at the place of the shaft.
    """

    rules: RuleSet
    storeys: int | None
    form: Record
    house: Record
    is_condemned: bool
    free: tuple[float, float] | None
    free_without_gas: tuple[float, float] | None
    crossed: tuple[str, ...]

    @property
    def floors(self) -> int | None:
        """Storeys: of the form, else of the ledger."""
        said = number(self.form.get("floors"))
        return self.storeys if said is None else int(said)

    @property
    def pipes(self) -> tuple[str, ...]:
        """Classes of pipes to be diverted, codes of the list pipe_class: what the form says, else what is drawn."""
        said = codes(self.form.get("pipes_conflict"))
        return tuple(said) if self.form else tuple(_TABLE_CLASS[table] for table in self.crossed)


def measured_width_depth(case: Case) -> tuple[float | None, float | None]:
    """Return the free width and depth in m: measured on site, else from the map."""
    width, depth = number(case.form.get("space_width")), number(case.form.get("space_depth"))
    if width is not None and depth is not None:
        return width, depth
    return case.free or (None, None)


def _storeys(case: Case) -> LiftCheck:
    least = case.rules.value("T-L1")
    if case.floors is None:
        return LiftCheck("T-L1", Outcome.OPEN, _("The number of storeys is not recorded."))
    said = {"floors": case.floors, "least": least}
    if case.floors < least:
        text = _("{floors} storeys; the city supports lifts from {least:g} storeys.")
        return LiftCheck("T-L1", Outcome.NO, text.format(**said))
    return LiftCheck("T-L1", Outcome.OK, _("{floors} storeys (at least {least:g}).").format(**said))


def _recorded(case: Case) -> LiftCheck | None:
    if case.form:
        return None
    return LiftCheck("f11", Outcome.OPEN, _("Form f11 is not filled in: votes, entry and power are not known."))


def _excluded(case: Case) -> LiftCheck | None:
    grade = str(case.form.get("safety_grade") or case.house.get("safety_grade") or "")
    demolition = case.form.get("in_plan_demolish")
    excluded = (
        (case.form.get("existing_lift") == "yes", N_("There is a lift already.")),
        (case.is_condemned or demolition == "yes", N_("The building is planned for expropriation or demolition.")),
        (grade in {"c", "d"}, N_("The building is graded {grade}.")),
        (number(case.form.get("owners_total")) == 1, N_("There is a single owner only.")),
    )
    for is_so, text in excluded:
        if is_so:
            return LiftCheck("T-L2", Outcome.NO, _(text).format(grade=grade.upper()))
    if not case.form:
        return None
    if demolition != "no":
        text = _("Whether the building is planned for expropriation or demolition is not recorded.")
        return LiftCheck("T-L2", Outcome.OPEN, text)
    if grade not in {"a", "b"}:
        return LiftCheck("T-L2", Outcome.CONDITION, _("A qualified report on the safety of the building is needed."))
    return LiftCheck(
        "T-L2", Outcome.OK, _("Nothing excludes the building; graded {grade}.").format(grade=grade.upper())
    )


def _structure(case: Case) -> LiftCheck | None:
    if {"none"} >= set(codes(case.house.get("struct_alter"))):
        return None
    text = _("The structure was altered: a structural opinion is needed first.")
    return LiftCheck("T-B3", Outcome.CONDITION, text)


def _votes(case: Case) -> LiftCheck | None:
    if not case.form:
        return None
    names = ("owners_total", "owners_voted", "owners_agree", "area_total", "area_voted", "area_agree")
    counts = [number(case.form.get(name)) for name in names]
    stage = str(case.form.get("stage") or "")
    if stage in _NOT_VOTED and not counts[1]:
        return LiftCheck("T-L3", Outcome.CONDITION, _("The owners have not voted yet."))
    known = [count for count in counts if count is not None]
    if len(known) < len(counts) or known[0] <= 0 or known[3] <= 0:
        return LiftCheck("T-L3", Outcome.OPEN, _("The vote is not recorded completely, by owners and by area."))
    owners, area = known[:3], known[3:]
    part, agree = case.rules.value("T-L3.part"), case.rules.value("T-L3.agree")
    took = min(_share(owners[1], owners[0]), _share(area[1], area[0]))
    agreed = min(_share(owners[2], owners[1]), _share(area[2], area[1]))
    text = _("Taking part {took:.1f} % (at least {part:g} %), in favour {agreed:.1f} % (at least {agree:g} %).")
    has_passed = took >= part and agreed >= agree
    said = text.format(took=took, part=part, agreed=agreed, agree=agree)
    return LiftCheck("T-L3", Outcome.OK if has_passed else Outcome.NO, said)


def _share(part: float, whole: float) -> float:
    """Return a share in %, as exact as the thresholds are printed: the shipped 66.67 % stands for two thirds."""
    return round(100 * part / whole, 2) if whole > 0 else 0.0


def _space(case: Case) -> LiftCheck:
    width, depth = measured_width_depth(case)
    if width is None or depth is None:
        return LiftCheck("T-L11", Outcome.OPEN, _("The free space is not known: the building is not drawn."))
    needs = case.rules.value("T-L11.width"), case.rules.value("T-L11.depth")
    said = {"width": width, "depth": depth, "w": needs[0], "d": needs[1]}
    is_measured = number(case.form.get("space_width")) is not None
    margin = min(width - needs[0], depth - needs[1])
    if not is_measured and abs(margin) < case.rules.accuracy("building") - _EXACT:
        text = _("Free space {width:.1f} × {depth:.1f} m, too near to the needed {w:g} × {d:g} m: measure on site.")
        return LiftCheck("T-L11", Outcome.OPEN, text.format(**said))
    if margin >= -_EXACT:
        text = _("Free space {width:.1f} × {depth:.1f} m (needed {w:g} × {d:g} m).")
        return LiftCheck("T-L11", Outcome.OK, text.format(**said))
    without = case.free_without_gas
    if not is_measured and without is not None and without[0] >= needs[0] and without[1] >= needs[1]:
        return LiftCheck("T-L7", Outcome.CONDITION, _("There is room only once the gas pipe is diverted."))
    text = _("Free space {width:.1f} × {depth:.1f} m only (needed {w:g} × {d:g} m).")
    return LiftCheck("T-L11", Outcome.NO, text.format(**said))


def _pipes(case: Case) -> LiftCheck | None:
    pipes = [pipe for pipe in case.pipes if pipe in _PIPE_WORDS]
    if case.form and not case.form.get("pipes_conflict"):
        return None
    if not pipes:
        return LiftCheck("T-L7", Outcome.OK, _("No pipes at the place of the shaft."))
    names = _(", ").join(_(_PIPE_WORDS[pipe]) for pipe in pipes)
    text = _("Pipes under the shaft or within {reach:g} m are to be diverted first: {pipes}.")
    return LiftCheck("T-L7", Outcome.CONDITION, text.format(reach=case.rules.value("T-L7"), pipes=names))


def _road(case: Case) -> LiftCheck | None:
    left, least = number(case.form.get("road_left")), case.rules.value("T-L6")
    if left is None:
        return None
    if left >= least - _EXACT:
        return LiftCheck("T-L6", Outcome.OK, _("{left:.1f} m of road are left (at least {least:g} m).").format(
            left=left, least=least
        ))  # fmt: skip
    if case.form.get("site_use") == "road":
        text = _("Only {left:.1f} m of road would be left; a fire lane needs {least:g} m.")
        return LiftCheck("T-L6", Outcome.NO, text.format(left=left, least=least))
    text = _("Only {left:.1f} m of road would be left: whether it is a fire lane is for the fire department to say.")
    return LiftCheck("T-L6", Outcome.OPEN, text.format(left=left))


def _opposite(case: Case) -> LiftCheck | None:
    gap, least = number(case.form.get("gap_opposite")), case.rules.value("T-L8")
    if gap is None:
        return None
    is_enough = gap >= least - _EXACT
    text = (
        _("{gap:.1f} m to the opposite building (at least {least:g} m).")
        if is_enough
        else _("Only {gap:.1f} m to the opposite building; {least:g} m are needed.")
    )
    return LiftCheck("T-L8", Outcome.OK if is_enough else Outcome.NO, text.format(gap=gap, least=least))


_ENTRIES: Mapping[str, tuple[Outcome, str]] = {
    "level": (Outcome.OK, N_("Entry is level with the flats.")),
    "half": (Outcome.OK, N_("Entry is at the half landings.")),
    "gallery": (Outcome.CONDITION, N_("Entry needs a link corridor.")),
    "no": (Outcome.NO, N_("There is no way to enter the flats from a lift.")),
}


def _entry(case: Case) -> LiftCheck | None:
    if not case.form:
        return None
    unknown = (Outcome.OPEN, N_("How the flats would be entered is not recorded."))
    outcome, text = _ENTRIES.get(str(case.form.get("entry_mode")), unknown)
    if case.form.get("stair_type") == "inner" and outcome is not Outcome.NO:
        return LiftCheck("T-L10", Outcome.OPEN, _("The stairs are inside the house: the way in is to be designed."))
    return LiftCheck("T-L10", outcome, _(text))


def _daylight(case: Case) -> LiftCheck | None:
    if not case.form:
        return None
    answer = case.form.get("sun_affected")
    if answer == "no":
        return LiftCheck("T-L12", Outcome.OK, _("Daylight of the lower flats is not affected."))
    if answer == "yes":
        return LiftCheck("T-L12", Outcome.OPEN, _("Daylight of the lower flats is affected: it is to be calculated."))
    return LiftCheck("T-L12", Outcome.OPEN, _("Whether daylight is affected is not recorded."))


def _power(case: Case) -> LiftCheck | None:
    if not case.form:
        return None
    answer = case.form.get("transformer_ok")
    if answer == "yes":
        return LiftCheck("T-L13", Outcome.OK, _("The power supply is sufficient."))
    if answer == "no":
        return LiftCheck("T-L13", Outcome.CONDITION, _("The power supply is to be strengthened."))
    return LiftCheck("T-L13", Outcome.CONDITION, _("The power company is to confirm the supply."))


CHECKS: tuple[Callable[[Case], LiftCheck | None], ...] = (
    _recorded, _storeys, _excluded, _structure, _votes, _space, _road, _pipes, _opposite, _entry, _daylight, _power,
)  # fmt: skip
