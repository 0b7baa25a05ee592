"""`fieldsurvey crs`: the local grids of this person, which never travel with a project."""

import json
from pathlib import Path
from typing import Annotated

import typer

from fieldsurvey.errors import InputRefused, UsageError
from fieldsurvey.geo import local_grids
from fieldsurvey.geo.fitting import Fitted, Pair, fit, read_pairs
from fieldsurvey.geo.local_grids import PLANE, SPACE, LocalGrid
from fieldsurvey.i18n import _
from fieldsurvey.terminal import AsJson, put, put_json, say

crs_app = typer.Typer(no_args_is_help=True, help="地方坐标系（仅限本机） / local grids of this computer")
GridName = Annotated[str, typer.Argument(metavar="NAME", help="名称 / name")]
_KINDS = {4: PLANE, 7: SPACE}


@crs_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """列出地方坐标系，不显示参数 / list the local grids, without their parameters."""
    rows = [
        {"code": one.code, "name": one.name, "kind": one.kind, "pairs": one.pairs, "rms_m": one.rms}
        for one in local_grids.grids().values()
    ]
    if as_json:
        put_json(rows)
        return
    for row in rows:
        kind = _(local_grids.KINDS[str(row["kind"])])
        put(f"{row['code']}\t{row['name']}\t{kind}\t{row['pairs']}\t{row['rms_m']:.4f} m")


@crs_app.command("define")
def define(name: GridName, file: Annotated[Path, typer.Argument(help="参数文件 .json / file with parameters")]) -> None:
    """从文件读入参数 / take parameters from a file: they do not stand in the history of a terminal.

    The file is {"kind": "tm", "meridian": 115, "scale": 1, "false_easting": 500000, "false_northing": 0,
    "origin": 0, "plane_height": 0}; or {"kind": "4", "source": "", "base": "EPSG:4547", "dx": , "dy": ,
    "seconds": , "ppm": } with x north; or {"kind": "7", "source": "EPSG:2383", "dx": , "dy": , "dz": , "rx": ,
    "ry": , "rz": , "ppm": }.
    """
    try:
        raw = json.loads(file.read_text("utf-8-sig"))
        grid = _from_json(name, raw)
    except OSError as error:
        raise InputRefused(_("{file} cannot be read: {why}").format(file=file.name, why=error.strerror)) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputRefused(
            _("{file} holds no parameters; see fieldsurvey crs define --help.").format(file=file.name)
        ) from error
    local_grids.keep(grid)
    put(grid.code)


def _from_json(name: str, raw: dict[str, object]) -> LocalGrid:
    def number(key: str, other: float | None = None) -> float:
        return float(str(raw[key] if other is None else raw.get(key, other)))

    kind = str(raw["kind"])
    if kind == "tm":
        defaults = (("origin", 0.0), ("scale", 1.0), ("false_easting", 500_000.0), ("false_northing", 0.0))
        values = (number("meridian"), *(number(*one) for one in defaults), number("plane_height", 0.0))
        return LocalGrid(name, local_grids.TM, values)
    if kind == "4":
        values = local_grids.from_four(number("dx"), number("dy"), number("seconds"), number("ppm"))
        return LocalGrid(name, PLANE, values, str(raw.get("source", "")), str(raw["base"]))
    if kind == "7":
        values = tuple(number(key) for key in ("dx", "dy", "dz", "rx", "ry", "rz", "ppm"))
        return LocalGrid(name, SPACE, values, str(raw["source"]))
    raise ValueError(kind)


@crs_app.command("fit")
def fit_(
    name: GridName,
    pairs: Annotated[Path, typer.Argument(help="控制点：点名,北,东,目标北,目标东 / control pairs .csv")],
    parameters: Annotated[int, typer.Option(help="4 | 7")] = 4,
    source: Annotated[str, typer.Option("--from", help="原坐标系 EPSG:2383 …；空：地方平面 / old system")] = "",
    base: Annotated[str, typer.Option(help="目标坐标系 / base system")] = "EPSG:4547",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只计算残差 / residuals only")] = False,
) -> None:
    """由控制点求参数并列出残差 / fit a grid to control pairs and print the residuals, not the parameters."""
    if parameters not in _KINDS:
        raise UsageError(_("A grid is fitted with 4 or 7 parameters."))
    points = read_pairs(pairs)
    found = fit(name, _KINDS[parameters], points, base=base, source=source)
    _tell(points, found)
    if not dry_run:
        local_grids.keep(found.grid)
        put(found.grid.code)


def _tell(points: list[Pair], found: Fitted) -> None:
    for number, (point, (north, east)) in enumerate(zip(points, found.residuals.tolist(), strict=True)):
        put(f"{point.name}\t{north:+.4f}\t{east:+.4f} m{'  !' if number in found.gross else ''}")
    if found.spare:
        say(_("RMS {rms:.4f} m from {n} pairs.").format(rms=found.rms, n=len(points)))
    else:
        say(_("Without a pair to spare nothing shows how good this is. Add control points."))


@crs_app.command("forget")
def forget(name: GridName) -> None:
    """删除 / remove a grid."""
    local_grids.forget(name)
