"""What a pipe is: its class and pressure in the words of departments, and the thresholds that follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from fieldsurvey.assess.rules.inputs import Flags, Indices, Layer, Objects

PIPES = ("water_line", "drain_line", "gas_line", "power_line")
_SMALL_DN = 200  # mm, GB 50289-2016 table 4.1.9
_OVERHEAD = ("架空", "LGJ", "overhead")


@dataclass(frozen=True, slots=True)
class Span:
    """Which thresholds a pipe may fall under.

    Attributes:
        low, high: Ids of the mildest and the strictest; the same where class and size are known.
        reason: Why they differ.
    """

    low: str
    high: str
    reason: str = ""


def water(prefix: str) -> Callable[[Layer, int], Span]:
    """Return what gives the span of a water pipe by its diameter."""

    def span(layer: Layer, row: int) -> Span:
        size = layer.values["diameter_mm"][row]
        if not isinstance(size, int | float) or size <= 0:
            return Span(f"{prefix}.small", f"{prefix}.large", "no_diameter")
        name = f"{prefix}.{'small' if size <= _SMALL_DN else 'large'}"
        return Span(name, name)

    return span


# The first text that is in the class of a pipe decides; service pipes are low pressure behind the regulator.
_PRESSURE = (
    ("次高压A", ("subhigh_a", "subhigh_a")), ("次高压B", ("subhigh_b", "subhigh_b")),
    ("次高压", ("subhigh_b", "subhigh_a")),
    ("subhigh", ("subhigh_b", "subhigh_a")), ("中压A", ("medium_a", "medium_a")), ("med_a", ("medium_a", "medium_a")),
    ("中压B", ("medium_b", "medium_b")), ("med_b", ("medium_b", "medium_b")), ("中压", ("medium_b", "medium_a")),
    ("低压", ("low", "low")), ("low", ("low", "low")), ("引入管", ("low", "low")),
)  # fmt: skip


def gas(names: Mapping[str, str]) -> Callable[[Layer, int], Span]:
    """Return what gives the span of a gas pipe by its pressure; names: pressure -> threshold."""

    def span(layer: Layer, row: int) -> Span:
        text = str(layer.values["pipe_class"][row] or "").replace(" ", "").replace("(", "").replace("级", "")
        low, high = next((ends for word, ends in _PRESSURE if word in text), ("low", "subhigh_a"))
        unknown = "" if low == high else ("pressure_range" if low != "low" else "no_pressure")
        span = Span(names[low], names[high], unknown)
        return span if span.low != span.high else Span(span.low, span.high)

    return span


def fixed(name: str) -> Callable[[Layer, int], Span]:
    """Return what gives every pipe the same threshold."""
    return lambda layer, row: Span(name, name)


def cable(layer: Layer, row: int) -> Span:
    """Return the span of a cable beside a drain: power, telecom, or either where nothing is said."""
    text = str(layer.values["pipe_class"][row] or "")
    if not text:
        return Span("T-D11.power", "T-D11.telecom", "no_class")
    name = (
        "T-D11.telecom" if any(word in text for word in ("通信", "电信", "TX", "DX", "光", "弱电")) else "T-D11.power"
    )
    return Span(name, name)


TO_BUILDING: Mapping[str, Callable[[Layer, int], Span]] = {
    "water_line": water("T-W9"),
    "drain_line": fixed("T-D9"),
    "gas_line": gas(
        {name: f"T-G3.{name}" for name in ("low", "medium_a", "medium_b")}
        | {name: f"T-G4.{name}" for name in ("subhigh_a", "subhigh_b")}
    ),
    "power_line": fixed("T-E6"),
}
TO_DRAIN: Mapping[str, Callable[[Layer, int], Span]] = {
    "water_line": water("T-W8"),
    "gas_line": gas(
        dict.fromkeys(("medium_a", "medium_b"), "T-D10.medium")
        | {name: f"T-D10.{name}" for name in ("low", "subhigh_a", "subhigh_b")}
    ),
    "power_line": cable,
}


def buried(layer: Layer) -> Flags:
    """Return which lines are in the ground: all but overhead power lines."""
    if layer.table != "power_line":
        return np.ones(len(layer), dtype=bool)
    words = zip(layer.text("pipe_class"), layer.text("material"), strict=True)
    return np.array([not any(mark in a + b for mark in _OVERHEAD) for a, b in words], dtype=bool)


def ends(lines: Objects) -> tuple[Objects, Indices]:
    """Return the end points of all parts of lines, and the line each belongs to."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    return np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)]), np.concatenate([owner, owner])
