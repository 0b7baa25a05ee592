"""M19: septic tanks away from houses and groundwater intakes (T-D12), water tanks away from sewers (T-W6)."""

import numpy as np

from fieldsurvey.assess.rules.brought import tell_not_recorded
from fieldsurvey.assess.rules.inputs import Flags, Layer
from fieldsurvey.assess.rules.site import Site, Tests, nearest

INTAKES = "layer_water_intake"
_SEPTIC, _TANK, _FOUL = "化粪池", ("水池", "水箱"), ("污水", "合流")
_TANKS = (("f19_pipe_point", "appurtenance"), ("manhole", "kind"))


def check_septic(site: Site) -> None:
    """M19: the nearest house, intake and sewer of every tank that is drawn."""
    for table, column in _TANKS:
        layer = site.inputs[table]
        septic = np.array([_SEPTIC in text for text in layer.text(column)], dtype=bool)
        _judge(site, "T-D12.building", layer, septic, "building")
        if site.inputs.exists(INTAKES):
            _judge(site, "T-D12.intake", layer, septic, INTAKES)
    points, drains = site.inputs["f19_pipe_point"], site.inputs["drain_line"]
    tanks = np.array([any(word in text for word in _TANK) for text in points.text("appurtenance")], dtype=bool)
    foul = np.array([any(word in text for word in _FOUL) for text in drains.text("pipe_class")], dtype=bool)
    _judge(site, "T-W6.sewer", points, tanks, "drain_line", foul)
    if not site.inputs.exists(INTAKES):
        tell_not_recorded(site, "T-D12.intake")
    _tell_undrawn(site)


def _judge(site: Site, threshold: str, layer: Layer, mask: Flags, table: str, usable: Flags | None = None) -> None:
    """Judge the distance of some points of a layer to the nearest feature of another one."""
    others = site.inputs[table]
    rows = site.wanted(layer, mask)
    found, metres = nearest(layer, others, rows, usable)
    empty = not site.inputs.exists(table)
    doubts = ["no_layer" if empty else ("" if drawn else "no_geometry") for drawn in layer.drawn[rows]]
    accuracy = site.rules.accuracy(layer.table, table)
    site.judge(threshold, layer, Tests(rows, metres, others=found, other=others, accuracy=accuracy, doubts=doubts))


def _tell_undrawn(site: Site) -> None:
    """Where a community has no septic tank drawn, the rule is open: that none is drawn does not say there is none."""
    communities = site.inputs["community"]
    known: set[str] = set()
    for table, column in _TANKS:
        layer = site.inputs[table]
        known |= {str(c) for c, text in zip(layer.communities, layer.text(column), strict=True) if _SEPTIC in text}
    rows = site.wanted(communities, np.array([str(uid) not in known for uid in communities.uids], dtype=bool))
    tell_not_recorded(site, "T-D12.building", rows)
