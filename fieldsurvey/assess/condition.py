"""The condition grade of a whole house from the grades of its parts.

Source: 房屋完损等级评定标准 (1984), combining rule as given on domain page 3.0
(read in a secondary source); a danger anywhere overrides. The result is a
first judgement, not an appraisal: only licensed bodies issue those.
"""

from collections.abc import Sequence

GRADES = ("good", "basic", "general", "severe", "danger")  # 完好, 基本完好, 一般损坏, 严重损坏, 危险
_SPARE_ITEMS = 2  # finish or service items that may be one step worse than the house
_MISSING = frozenset({"", "unsurveyed"})


def combined(main: Sequence[str], minor: Sequence[str], finishes: Sequence[str], services: Sequence[str]) -> str:
    """Return the grade of a house, a code of GRADES, or "unsurveyed" where it hangs on what nobody looked at.

    Args:
        main: Grades of foundation, bearing members and roof.
        minor: Grades of the other structural items.
        finishes: Grades of the finishes.
        services: Grades of the services.
    """
    grades = [*main, *minor, *finishes, *services]
    if "danger" in grades:
        return "danger"
    fill_ins = ("good", "severe")
    best, worst = (
        _combined(*(_ranks(part, stand_in) for part in (main, minor, [*finishes, *services]))) for stand_in in fill_ins
    )
    return GRADES[best] if main and best == worst else "unsurveyed"


def building_grade(struct_cond: str, decor_cond: str, equip_cond: str, override: str = "") -> str:
    """Return the grade of a house as form f02 records it; what the surveyor decided stands.

    Args:
        struct_cond: Grade of the structure; empty: not recorded.
        decor_cond: Grade of the finishes.
        equip_cond: Grade of the services.
        override: The overall grade that the surveyor gave; empty or "unsurveyed": none.
    """
    if override not in _MISSING:
        return override
    return combined([struct_cond], [], [decor_cond], [equip_cond])


def _ranks(grades: Sequence[str], stand_in: str) -> list[int]:
    """Return grades as steps from good; what is not there counts as severe, what was not seen as the stand-in."""
    severe = GRADES.index("severe")
    seen = [stand_in if grade in _MISSING else grade for grade in grades]
    return [severe if grade == "none" else GRADES.index(grade) for grade in seen]


def _combined(main: list[int], minor: list[int], rest: list[int]) -> int:
    for step in range(GRADES.index("severe")):
        if max([0, *main]) > step or max([0, *minor, *rest]) > step + 1:
            continue
        worse_minor, worse_rest = (sum(grade > step for grade in part) for part in (minor, rest))
        if worse_rest <= _SPARE_ITEMS and not worse_minor:
            return step
        # from 基本完好 on, one structural item together with one finish or service item
        if step and worse_minor == 1 and worse_rest <= 1:
            return step
    return GRADES.index("severe")
