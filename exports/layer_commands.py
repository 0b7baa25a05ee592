"""`fieldsurvey export gpkg|shp|geojson|dxf|xlsx|kml`: layers for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from fieldsurvey.terminal import ProjectFile, put, say, terminal_control

LayersOut = Annotated[Path, typer.Option(help="gpkg、dxf、xlsx：文件 / file；其他：文件夹 / others: folder")]
LayerNames = Annotated[list[str] | None, typer.Option(help="图层 / layer")]
OutCrs = Annotated[str | None, typer.Option(help="坐标系 / CRS")]


def _export_layers(
    project: Path, kind: str, out: Path, layer: list[str] | None, crs: str | None, encoding: str = "UTF-8"
) -> None:
    from exports.layers_out import layer_files
    from fieldsurvey.store import Store

    with Store.open(project) as store:
        written, warning = layer_files(
            store, kind, out, layers=layer or (), crs=crs, encoding=encoding, control=terminal_control()
        )
    put("\n".join(map(str, written)))
    if warning:
        say(warning)


def export_gpkg(project: ProjectFile, out: LayersOut, layer: LayerNames = None, crs: OutCrs = None) -> None:
    """图层导出为 GeoPackage / layers as one GeoPackage."""
    _export_layers(project, "gpkg", out, layer, crs)


def export_shp(
    project: ProjectFile,
    out: LayersOut,
    layer: LayerNames = None,
    crs: OutCrs = None,
    encoding: Annotated[str, typer.Option(help="UTF-8 | GBK")] = "UTF-8",
) -> None:
    """图层导出为 Shapefile / layers as shapefiles."""
    _export_layers(project, "shp", out, layer, crs, encoding)


def export_geojson(project: ProjectFile, out: LayersOut, layer: LayerNames = None, crs: OutCrs = None) -> None:
    """图层导出为 GeoJSON / layers as GeoJSON."""
    _export_layers(project, "geojson", out, layer, crs)


def export_dxf(project: ProjectFile, out: LayersOut, layer: LayerNames = None, crs: OutCrs = None) -> None:
    """图层导出为 DXF 图 / layers as one DXF drawing."""
    _export_layers(project, "dxf", out, layer, crs)


def export_xlsx(project: ProjectFile, out: LayersOut, layer: LayerNames = None, crs: OutCrs = None) -> None:
    """图层导出为 Excel 工作簿 / layers as one workbook."""
    _export_layers(project, "xlsx", out, layer, crs)


def export_kml(project: ProjectFile, out: LayersOut, layer: LayerNames = None) -> None:
    """图层导出为 KML / layers as KML, in WGS 84."""
    _export_layers(project, "kml", out, layer, None)


def add_layer_commands(app: typer.Typer) -> None:
    """Add the commands to `fieldsurvey export`."""
    app.command("gpkg")(export_gpkg)
    app.command("shp")(export_shp)
    app.command("geojson")(export_geojson)
    app.command("dxf")(export_dxf)
    app.command("xlsx")(export_xlsx)
    app.command("kml")(export_kml)
