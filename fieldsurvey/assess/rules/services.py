"""R14: how far the services of daily life are on foot, from the gates of a community along the roads."""

from collections.abc import Mapping

import numpy as np
import shapely

from fieldsurvey.assess.rules import network
from fieldsurvey.assess.rules.hydrants import roads
from fieldsurvey.assess.rules.inputs import Layer
from fieldsurvey.assess.rules.site import Site, Tests
from fieldsurvey.i18n import N_

# Circle -> kinds of service (codes of the form f16). Source: domain page 3.15.
CIRCLES: Mapping[str, tuple[str, ...]] = {
    "T-R14.near": ("market", "store", "express", "culture"),
    "T-R14.mid": ("clinic", "primary"),
    "T-R14.far": ("service_station", "elder", "canteen", "childcare", "kindergarten"),
}
KINDS: Mapping[str, str] = {
    "market": N_("food market"),
    "store": N_("convenience store"),
    "express": N_("parcel point"),
    "culture": N_("activity room"),
    "clinic": N_("clinic"),
    "primary": N_("primary school"),
    "service_station": N_("community service station"),
    "elder": N_("elder care"),
    "canteen": N_("canteen"),
    "childcare": N_("nursery"),
    "kindergarten": N_("kindergarten"),
}
_SNAP = 100.0  # m from a gate or a service to the road
REACH = 1500.0  # m: the largest circle, and a margin


def check_services(site: Site) -> None:
    """R14: for each circle, the service that is farthest; the finding names all kinds that are too far or lacking."""
    communities, services = site.inputs["community"], site.inputs["f16_services"]
    rows = site.wanted(communities)
    surveyed = set(services.communities[services.drawn])
    asked = np.array([str(communities.uids[row]) in surveyed for row in rows], dtype=bool)
    _tell_unsurveyed(site, communities, rows[~asked])
    rows = rows[asked]
    if not len(rows):
        return
    lines, _widths = roads(site.inputs)
    starts, owner = _starts(site, communities)
    graph = network.build(lines, np.concatenate([services.geoms, starts]), _SNAP)
    stops, gates = graph.stops[: len(services)], graph.stops[len(services) :]
    kinds = services.text("kind")
    for threshold, wanted in CIRCLES.items():
        table = np.full((len(wanted), len(communities)), np.inf)
        for k, kind in enumerate(wanted):
            sources = [stop for stop, own in zip(stops, kinds, strict=True) if own == kind and stop != -1]
            metres, _from = network.spread(graph, sources, REACH)
            for gate, community in zip(gates, owner, strict=True):
                table[k, community] = min(table[k, community], metres.get(gate, np.inf))
        _judge(site, communities, rows, threshold, wanted, table[:, rows])


def _judge(
    site: Site, communities: Layer, rows: np.ndarray, threshold: str, kinds: tuple[str, ...], table: np.ndarray
) -> None:
    limit = site.rules.value(threshold)
    far = [" ".join(kind for k, kind in enumerate(kinds) if not table[k, n] <= limit) for n in range(len(rows))]
    accuracy = site.rules.accuracy("f16_services")
    site.judge(threshold, communities, Tests(rows, table.max(axis=0), accuracy=accuracy, at_least=False, notes=far))


def _tell_unsurveyed(site: Site, communities: Layer, rows: np.ndarray) -> None:
    for threshold in CIRCLES:
        tests = Tests(rows, np.full(len(rows), np.nan), at_least=False, doubts=["no_services"] * len(rows))
        site.judge(threshold, communities, tests)


def _starts(site: Site, communities: Layer) -> tuple[np.ndarray, list[int]]:
    """Return where people leave: the gates of each community, else the point inside it, and whose they are."""
    gates = site.inputs["gate"]
    owner = [communities.find(str(uid)) for uid in gates.communities]
    points = [(gates.geoms[n], place) for n, place in enumerate(owner) if place >= 0 and gates.drawn[n]]
    without = set(range(len(communities))) - {place for _point, place in points}
    points += [(shapely.point_on_surface(communities.geoms[n]), n) for n in sorted(without)]
    geoms = np.empty(len(points), dtype=object)
    geoms[:] = [point for point, _place in points]
    return geoms, [place for _point, place in points]
