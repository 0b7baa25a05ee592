"""From reportlab's file to an archival one: PDF/A-3a and PDF/UA-1.

Adds colour profile, XMP metadata, structure tree and attached data
(ISO 19005-3, ISO 14289-1). Output is byte for byte the same for the same data.
"""

import functools
import hashlib
import io
import zlib
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from exports.sheet.links import put_links
from exports.sheet.packing import LEVEL, packed
from exports.sheet.signature_places import put_places
from exports.sheet.structure import Element, LinkPlace, Structure

SEAL_MARK = "FS1"  # version of the verification scheme, first word of the keywords
_ICC_DATE = slice(24, 36)  # creation date in the profile header (ICC.1:2010, 7.2.8): would differ on every run
_FIXED_DATE = bytes.fromhex("07e8 0001 0001 0000 0000 0000")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the PDF.

    Attributes:
        name: File name.
        content: Bytes.
        mime: MIME type.
        description: What it is, for the reader's list of attachments.
        relationship: Data or Source (ISO 19005-3, annex E).
    """

    name: str
    content: bytes
    mime: str
    description: str
    relationship: str = "Data"


@dataclass(frozen=True, slots=True)
class Description:
    """What the document says about itself.

    Attributes:
        title: Title.
        author: Who made it.
        subject: Number of the sheet.
        day: Day of the data, ISO 8601 date.
        digest: Verification code of the data.
    """

    title: str
    author: str
    subject: str
    day: str
    digest: str


def finish(draft: bytes, structure: Structure, about: Description, attached: list[Attachment], out: Path) -> None:
    """Write the archival file.

    Args:
        draft: The PDF as reportlab wrote it.
        structure: Its logical structure.
        about: Metadata.
        attached: Files to put inside.
        out: Where to write.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(draft)) as pdf:
        _put_colour_profile(pdf)
        _put_metadata(pdf, about)
        _put_attachments(pdf, attached, about.day)
        tree = _put_structure(pdf, structure)
        with out.open("wb") as file:
            file.writelines(_saved(pdf, tree))


def _saved(pdf: Any, tree: dict[int, bytes]) -> list[bytes]:  # noqa: ANN401 - pikepdf objects take any attribute
    """Return the file's bytes in parts, none of whose streams ends in a carriage return.

    Strict readers take such a byte and the line end after it for one line end
    and find the stream too short (ISO 19005-3, 6.1.7.1).

    Args:
        pdf: The document.
        tree: Objects that stand in it by number only.
    """
    import pikepdf

    objects, streams = {}, {}
    for each in pdf.objects:
        number = each.objgen[0]
        if isinstance(each, pikepdf.Stream):
            protect(each)
            raw = each.read_raw_bytes()
            each.stream_dict.Length = len(raw)
            streams[number] = each.stream_dict.unparse(), raw
        elif number not in tree:
            objects[number] = each.unparse(resolved=True)
    return packed(objects | tree, streams, pdf.Root.objgen[0], pdf.docinfo.objgen[0])


def protect(stream: Any) -> None:  # noqa: ANN401 - see above
    """Compress a stream that is not, and write it as hexadecimal digits if its last byte is a carriage return.

    A carriage return before the line end in front of endstream can be read as
    a part of that line end, which makes the stream a byte shorter than told.
    """
    from pikepdf import Array, Name

    if stream.get("/Type") == Name.Metadata:
        return  # stays readable for programs that look for it without knowing PDF
    if "/Filter" not in stream:
        stream.write(zlib.compress(stream.read_bytes(), LEVEL), filter=Name.FlateDecode)
    raw = stream.read_raw_bytes()
    if raw.endswith(b"\r"):
        wrapped = [Name.ASCIIHexDecode, *(stream.Filter if isinstance(stream.Filter, Array) else [stream.Filter])]
        stream.write(raw.hex().encode() + b">", filter=Array(wrapped))


def digest_of_pages(pdf: Any) -> str:  # noqa: ANN401 - pikepdf objects take any attribute
    """Return the SHA-256 of what the pages draw: operators and pictures, in order. Upper-case hexadecimal."""
    from pikepdf import Array, Dictionary

    digest = hashlib.sha256()
    for page in pdf.pages:
        contents = page.obj.get("/Contents", Array())
        for stream in contents if isinstance(contents, Array) else (contents,):
            digest.update(stream.read_bytes())
        pictures = page.resources.get("/XObject", Dictionary())
        for name in sorted(pictures.keys()):
            digest.update(name.encode() + _before_protection(pictures[name]))
    return digest.hexdigest().upper()


def _before_protection(stream: Any) -> bytes:  # noqa: ANN401 - see above
    """Return the data of a stream as they were before protect(): the same picture has the same ones everywhere."""
    from pikepdf import Array, Name

    raw: bytes = stream.read_raw_bytes()
    filters = stream.get("/Filter")
    is_hexadecimal = isinstance(filters, Array) and len(filters) > 0 and filters[0] == Name.ASCIIHexDecode
    return bytes.fromhex(raw.rstrip(b">").decode("ascii")) if is_hexadecimal else raw


@functools.cache
def _colour_profile() -> bytes:
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_ICC_DATE] = _FIXED_DATE
    return bytes(profile)


def _put_colour_profile(pdf: Any) -> None:  # noqa: ANN401 - pikepdf objects take any attribute
    from pikepdf import Array, Dictionary, Name, String

    profile = pdf.make_stream(_colour_profile())
    profile.N = 3
    profile.Alternate = Name.DeviceRGB
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB IEC61966-2.1"),
        Info=String("sRGB IEC61966-2.1"),
        RegistryName=String("http://www.color.org"),
        DestOutputProfile=profile,
    )
    pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])


def _put_metadata(pdf: Any, about: Description) -> None:  # noqa: ANN401 - see above
    from pikepdf import Dictionary, Name, String

    stamp = _pdf_date(about.day)
    info = {"Title": about.title, "Author": about.author, "Subject": about.subject, "Creator": "FieldSurvey"}
    info["Keywords"] = f"{SEAL_MARK} {about.digest} {digest_of_pages(pdf)}"
    for key, value in {**info, "Producer": "FieldSurvey", "CreationDate": stamp, "ModDate": stamp}.items():
        pdf.docinfo[Name("/" + key)] = String(value)
    if "/Trapped" in pdf.docinfo:
        del pdf.docinfo["/Trapped"]
    texts = {key: escape(value, quote=False) for key, value in info.items()}
    metadata = pdf.make_stream(_XMP.format(**texts, Stamp=f"{about.day}T00:00:00+08:00").encode())
    metadata.Type, metadata.Subtype = Name.Metadata, Name.XML
    pdf.Root.Metadata = metadata
    pdf.Root.Lang = String("zh-CN")
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    pdf.Root.MarkInfo = Dictionary(Marked=True)


def _pdf_date(day: str) -> str:
    """Return midnight in China as a PDF date.

    >>> _pdf_date("2026-11-24")
    "D:20261124000000+08'00'"
    """
    return f"D:{day.replace('-', '')}000000+08'00'"


def _put_structure(pdf: Any, structure: Structure) -> dict[int, bytes]:  # noqa: ANN401 - see above
    """Point from pages, fields and catalogue to the structure tree; return its objects by number.

    They are written as text: made one by one they would cost as much as drawing the sheet.
    """
    from pikepdf import Dictionary, Name

    fields = put_places(pdf, structure.places, len(structure.pages))
    links = put_links(pdf, structure.links, len(structure.pages) + len(structure.places))
    root = pdf.make_indirect(Dictionary())  # last: the tree's own objects are numbered from here
    pdf.Root.StructTreeRoot = root
    for index in range(len(structure.pages)):
        page = pdf.pages[index].obj
        page.StructParents = index
        page.Tabs = Name.S
    return _Tree([page.obj.objgen[0] for page in pdf.pages], root.objgen[0], fields, links).written(structure)


class _Tree:
    """Writes elements as PDF objects (PDF 32000-1, 14.7.2).

    Args:
        pages: Object number of each page.
        root: Number of the tree's root; elements are numbered from there.
        fields: Object number of each signature field by name.
        links: Object number of each link's annotation.
    """

    def __init__(self, pages: list[int], root: int, fields: dict[str, int], links: dict[LinkPlace, int]) -> None:
        self._pages, self._root, self._next, self._fields, self._links = pages, root, root + 1, fields, links
        self._objects: dict[int, bytes] = {}
        self._holders: dict[str | LinkPlace, int] = {}  # signature field or link -> its element
        self._numbers: dict[int, int] = {}

    def written(self, structure: Structure) -> dict[int, bytes]:
        """Return the objects of the whole tree by number."""
        document = self._write(structure.root, self._root)
        owners = [
            f"{index} [{' '.join(f'{self._numbers[id(owner)]} 0 R' for owner in page)}]"
            for index, page in enumerate(structure.pages)
        ]
        held: list[str | LinkPlace] = [*(place.name for place in structure.places), *structure.links]
        owners += [f"{index} {self._holders[each]} 0 R" for index, each in enumerate(held, len(structure.pages))]
        head = f"<</Type/StructTreeRoot/K[{document} 0 R]/ParentTree {self._next} 0 R"
        self._objects[self._root] = f"{head}/ParentTreeNextKey {len(owners)}>>".encode()
        self._objects[self._next] = f"<</Nums[{' '.join(owners)}]>>".encode()
        return self._objects

    def _write(self, element: Element, parent: int) -> int:
        number = self._numbers[id(element)] = self._next
        self._next += 1
        parts = [f"<</Type/StructElem/S/{element.role}/P {parent} 0 R"]
        if element.alt:
            parts.append(f"/Alt<FEFF{element.alt.encode('utf-16-be').hex().upper()}>")
        if element.role in _DESCRIBED and (attributes := _attributes(element)):
            parts.append(f"/A<<{attributes}>>")
        if element.signed:
            self._holders[element.signed] = number
            parts.append(f"/K<</Type/OBJR/Obj {self._fields[element.signed]} 0 R>>")
        if element.kids:
            kids = [self._kid(kid, number) for kid in element.kids]
            if element.leads is not None:
                self._holders[element.leads] = number
                kids.append(f"<</Type/OBJR/Obj {self._links[element.leads]} 0 R>>")
            parts.append(f"/K[{' '.join(kids)}]")
        self._objects[number] = "".join([*parts, ">>"]).encode()
        return number

    def _kid(self, kid: Element | tuple[int, int], parent: int) -> str:
        if isinstance(kid, Element):
            return f"{self._write(kid, parent)} 0 R"
        page, number = kid
        return f"<</Type/MCR/Pg {self._pages[page]} 0 R/MCID {number}>>"


_DESCRIBED = {"TH", "TD", "Figure"}  # roles whose elements may have attributes


def _attributes(element: Element) -> str:
    if element.box is not None:
        return f"/O/Layout/BBox[{' '.join(f'{value:.2f}' for value in element.box)}]/Placement/Block"
    columns, rows = element.span
    entries = [
        f"/Scope/{element.scope}" if element.scope else "",
        f"/ColSpan {columns}" if columns > 1 else "",
        f"/RowSpan {rows}" if rows > 1 else "",
    ]
    return "/O/Table" + "".join(entries) if any(entries) else ""


def _put_attachments(pdf: Any, attached: list[Attachment], day: str) -> None:  # noqa: ANN401 - see above
    from pikepdf import Array, AttachedFileSpec, Name, String

    files = Array()
    for each in attached:
        spec = AttachedFileSpec(
            pdf,
            each.content,
            filename=each.name,
            description=each.description,
            mime_type=each.mime,
            creation_date=_pdf_date(day),
            mod_date=_pdf_date(day),
            relationship=Name("/" + each.relationship),
        )
        spec.obj.UF = String(each.name)
        pdf.attachments[each.name] = spec
        files.append(spec.obj)
    pdf.Root.AF = files


# ISO 19005-3, 6.6.2 (identification) and ISO 14289-1, 5; PDF/A wants the schema of pdfuaid described.
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{Title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{Author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{Subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>zh-CN</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>{Creator}</xmp:CreatorTool><xmp:CreateDate>{Stamp}</xmp:CreateDate>
<xmp:ModifyDate>{Stamp}</xmp:ModifyDate><pdf:Producer>FieldSurvey</pdf:Producer><pdf:Keywords>{Keywords}</pdf:Keywords>
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
