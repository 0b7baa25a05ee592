"""What leads from one page to another, as annotations (PDF 32000-1, 12.5.6.5)."""

from collections.abc import Sequence
from typing import Any

from exports.sheet.structure import LinkPlace

_PRINTED = 4  # annotation flag: archives want every annotation to be printed


def put_links(pdf: Any, links: Sequence[LinkPlace], first: int) -> dict[LinkPlace, int]:  # noqa: ANN401 - see archive
    """Add an annotation for each link, told in words (ISO 14289-1, 7.18.5); return their object numbers.

    Args:
        pdf: The document.
        links: What leads where.
        first: Number of the first in the numbering of the structure's parents.
    """
    from pikepdf import Array, Dictionary, Name, String

    by_page: dict[int, list[Any]] = {}
    numbers: dict[LinkPlace, int] = {}
    pages = [page.obj for page in pdf.pages] if links else []
    for index, link in enumerate(links, first):
        target = pages[link.target]
        made = pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=Array([round(value, 2) for value in link.box]),
                Border=Array([0, 0, 0]),
                F=_PRINTED,
                P=pages[link.page],
                Dest=Array([target, Name.XYZ, 0, target.MediaBox[3], 0]),
                Contents=String(link.label),
                StructParent=index,
            )
        )
        by_page.setdefault(link.page, []).append(made)
        numbers[link] = made.objgen[0]
    for page, annotations in by_page.items():
        pages[page].Annots = Array([*pages[page].get("/Annots", Array()), *annotations])
    return numbers
