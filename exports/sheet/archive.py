"""From reportlab's file to an archival one: PDF/A-3a and PDF/UA-1.

Adds colour profile, XMP metadata, structure tree and attached data
(ISO 19005-3, ISO 14289-1). Output is byte for byte the same for the same data.
"""

import functools
import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from exports.sheet.structure import Element, Structure

SEAL_MARK = "FS1"  # version of the verification scheme, first word of the keywords
_LOST_END = b"\r\nendstream"
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
        _put_structure(pdf, structure)
        _put_attachments(pdf, attached, about.day)
        out.write_bytes(_saved(pdf))


def _saved(pdf: Any) -> bytes:  # noqa: ANN401 - pikepdf objects take any attribute
    """Return the file's bytes, none of whose streams ends in a carriage return.

    Strict readers take such a byte and the line end after it for one line end
    and find the stream too short (ISO 19005-3, 6.1.7.1). Streams of our own
    are wrapped; when one of those that qpdf makes for small objects ends so,
    the file is written without them, a few kilobytes larger.
    """
    import pikepdf

    for each in pdf.objects:
        if isinstance(each, pikepdf.Stream):
            _protect(each)
    packed = _bytes_of(pdf, pikepdf.ObjectStreamMode.generate)
    return packed if _LOST_END not in packed else _bytes_of(pdf, pikepdf.ObjectStreamMode.disable)


def _bytes_of(pdf: Any, mode: Any) -> bytes:  # noqa: ANN401 - see above
    stream = io.BytesIO()
    pdf.save(stream, deterministic_id=True, object_stream_mode=mode, fix_metadata_version=False, min_version="1.7")
    return stream.getvalue()


def _protect(stream: Any) -> None:  # noqa: ANN401 - see above
    """Compress a stream that is not, and write it as hexadecimal digits if its last byte is a carriage return."""
    from pikepdf import Array, Name

    if stream.get("/Type") == Name.Metadata:
        return  # stays readable for programs that look for it without knowing PDF
    if "/Filter" not in stream:
        stream.write(zlib.compress(stream.read_bytes()), filter=Name.FlateDecode)
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
            digest.update(name.encode() + pictures[name].read_raw_bytes())
    return digest.hexdigest().upper()


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
    texts = {key: escape(value) for key, value in info.items()}
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


def _put_structure(pdf: Any, structure: Structure) -> None:  # noqa: ANN401 - see above
    from pikepdf import Array, Dictionary, Name

    root = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    writer = _TreeWriter(pdf)
    root.K = Array([writer.write(structure.root, root)])
    numbers: list[Any] = []
    for index, owners in enumerate(structure.pages):
        page = pdf.pages[index].obj
        page.StructParents = index
        page.Tabs = Name.S
        numbers += [index, Array([writer.written[id(owner)] for owner in owners])]
    root.ParentTree = pdf.make_indirect(Dictionary(Nums=Array(numbers)))
    root.ParentTreeNextKey = len(structure.pages)
    pdf.Root.StructTreeRoot = root


class _TreeWriter:
    """Turns elements into PDF objects (PDF 32000-1, 14.7.2)."""

    def __init__(self, pdf: Any) -> None:  # noqa: ANN401 - see above
        self._pdf = pdf
        self._pages = [page.obj for page in pdf.pages]
        self.written: dict[int, Any] = {}

    def write(self, element: Element, parent: Any) -> Any:  # noqa: ANN401 - see above
        from pikepdf import Array, Dictionary, Name, String

        entry = self._pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name("/" + element.role), P=parent))
        self.written[id(element)] = entry
        if element.alt:
            entry.Alt = String(element.alt)
        attributes = _attributes(element)
        if attributes is not None:
            entry.A = attributes
        kids = [self._kid(kid, entry) for kid in element.kids]
        if kids:
            entry.K = Array(kids)
        return entry

    def _kid(self, kid: Element | tuple[int, int], entry: Any) -> Any:  # noqa: ANN401 - see above
        from pikepdf import Dictionary, Name

        if isinstance(kid, Element):
            return self.write(kid, entry)
        page, number = kid
        return Dictionary(Type=Name.MCR, Pg=self._pages[page], MCID=number)


def _attributes(element: Element) -> Any:  # noqa: ANN401 - see above
    from pikepdf import Array, Dictionary, Name

    if element.box is not None:
        return Dictionary(O=Name.Layout, BBox=Array([round(value, 2) for value in element.box]), Placement=Name.Block)
    if not element.scope and element.span == (1, 1):
        return None
    entries = Dictionary(O=Name.Table)
    if element.scope:
        entries.Scope = Name("/" + element.scope)
    columns, rows = element.span
    if columns > 1:
        entries.ColSpan = columns
    if rows > 1:
        entries.RowSpan = rows
    return entries


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
