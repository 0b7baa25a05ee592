"""Files that are often handed over, but hold no layer that could be read: what to do with each instead."""

from collections.abc import Sequence
from pathlib import Path

from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import N_, _

_KINDS: tuple[tuple[str, str], ...] = (
    (".dwg .dwt .dws", N_("{file} is a DWG drawing. Save it as DXF in the CAD program.")),
    (".dgn", N_("{file} is a drawing of MicroStation. Save it as DXF in the CAD program.")),
    (
        ".doc .docx .pdf .jpg .jpeg .png .bmp .gif .heic .webp .wps .ofd .ppt .pptx .mp4 .mov .mp3 .html .htm .caj",
        N_("{file} holds no map data. Attach it to a record as a document instead."),
    ),
    (".mdb .accdb", N_("{file} is an Access database. Export its tables to Excel.")),
    (
        ".mbtiles .tif .tiff .img .jp2 .ecw .sid .vrt",
        N_("{file} is a base map, not a layer of features. Add it to the layers of the map as a base map."),
    ),
    (".rar .7z .tar .gz .tgz .bz2 .xz", N_("{file} is an archive of another kind. Unpack it, or pack it as ZIP.")),
    (".ods .et .ett .xlsb .numbers .xlt .xltx", N_("{file} is a workbook of another kind. Save it as .xlsx.")),
    (
        ".shx .prj .cpg .qpj .sbn .sbx .idx .qmd .mid .map .id .ind .xsd",
        N_("{file} is only a part of a layer. Choose the file that holds the features (.shp, .tab, .mif, .gml)."),
    ),
    (
        ".wl .wt .wp .mpj .e00 .sde .smu .udb .udd .udbx .lpk .mpk",
        N_("{file} is in a format of another map program. Export it as Shapefile or GeoPackage there."),
    ),
    (
        ".qgz .qgs .mxd .aprx .lyr .lyrx .qml .sld .wor",
        N_("{file} says how a map looks and holds no features. Choose the layers themselves."),
    ),
    (".las .laz .ply .pcd .rcp", N_("{file} is a cloud of points, which is not imported.")),
)
_BY_SUFFIX = {suffix: text for suffixes, text in _KINDS for suffix in suffixes.split()}


def refusal(file: Path) -> InputRefused:
    """Return the refusal of a file whose kind is not read."""
    suffix = file.suffix.lower()
    if suffix in _BY_SUFFIX:
        return InputRefused(_(_BY_SUFFIX[suffix]).format(file=file.name))
    return InputRefused(_("Files of the kind {suffix} are not supported.").format(suffix=suffix or file.name))


def folder(place: Path) -> InputRefused:
    """Return the refusal of a folder."""
    return InputRefused(_("{file} is a folder. Choose the files in it.").format(file=place.name))


def of_archive(archive: Path, members: Sequence[Path]) -> InputRefused:
    """Return the refusal of an archive without data: what to do with the first member that people mistake for it."""
    known = [member for member in members if member.suffix.lower() in _BY_SUFFIX]
    if known:
        text = _("{file} contains no file that can be imported. {why}")
        return InputRefused(text.format(file=archive.name, why=refusal(known[0])))
    return InputRefused(_("{file} contains no file that can be imported.").format(file=archive.name))
