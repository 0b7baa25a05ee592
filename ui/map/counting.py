"""Classes of communities that are counted from the records and stored nowhere: survey state and overall condition."""

from collections.abc import Mapping
from dataclasses import replace

from layers.style import STATES
from layers.symbology import CONDITION, STATE, codes_for
from ui.map.painter import Look


def counted(look: Look, states: Mapping[str, str], conditions: Mapping[str, str]) -> Look:
    """Return a look with the classes and marks of communities as they were counted.

    Args:
        look: Its style of communities says whether one of the two is shown.
        states: Community uid -> survey state.
        conditions: Community uid -> overall condition.
    """
    style = look.styles.get("community")
    values = {STATE: states, CONDITION: conditions}.get(style.column if style else "")
    codes, marks = dict(look.codes), {}
    if style is not None and values is not None:
        codes["community"] = codes_for(style, values)
        marks = {uid: STATES[state][1] for uid, state in values.items()} if style.column == STATE else {}
    return replace(look, codes=codes, marks=marks)
