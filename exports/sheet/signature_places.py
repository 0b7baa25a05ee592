"""Empty signature fields in a file, for those who sign it electronically (PDF 32000-1, 12.7.4.5).

They are made together with the file: a field that is added while signing
would not be in the structure tree, and the file no longer accessible.
"""

from collections.abc import Sequence
from typing import Any

from exports.sheet.structure import SignaturePlace

_PRINTED = 4  # annotation flag: archives want every annotation to be printed


def put_places(pdf: Any, places: Sequence[SignaturePlace], pages: int) -> dict[str, int]:  # noqa: ANN401 - see archive
    """Add a field for each place; return their object numbers by name.

    Args:
        pdf: The document.
        places: Where may be signed.
        pages: Number of pages: fields follow them in the numbering of the structure's parents.
    """
    from pikepdf import Array, Dictionary, Name, String

    if not places:
        return {}
    fields = []
    for index, place in enumerate(places, pages):
        page = pdf.pages[place.page].obj
        west, south, east, north = place.box
        look = pdf.make_stream(b"")
        look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, east - west, north - south])
        widget = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Sig,
            T=String(place.name),
            TU=String(place.label),
            Rect=Array([round(value, 2) for value in place.box]),
            F=_PRINTED,
            P=page,
            AP=Dictionary(N=look),
            StructParent=index,
        )
        fields.append(pdf.make_indirect(widget))
        page.Annots = Array([*page.get("/Annots", Array()), fields[-1]])
    pdf.Root.AcroForm = Dictionary(Fields=Array(fields), SigFlags=0)
    return {place.name: each.objgen[0] for place, each in zip(places, fields, strict=True)}
