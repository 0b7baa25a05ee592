"""The file writer of the sheets, read back by qpdf."""

import io
import random
import zlib

import pikepdf
import pytest

from exports.sheet.archive import digest_of_pages, protect
from exports.sheet.packing import packed


def _file(texts: list[str]) -> bytes:
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R/Texts[" + b" ".join(b"%d 0 R" % (n + 10) for n in range(len(texts))) + b"]>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/Resources<<>>/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        5: b"<</Title(x)>>",
    }
    objects |= {n + 10: b"<FEFF" + text.encode("utf-16-be").hex().encode() + b">" for n, text in enumerate(texts)}
    content = zlib.compress(b"0 0 m 9 9 l S")
    streams = {4: (b"<</Filter/FlateDecode/Length %d>>" % len(content), content)}
    return b"".join(packed(objects, streams, 1, 5))


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1500])
def test_every_object_is_read_back(count: int) -> None:
    texts = [f"小区{n}㙍𬭚" for n in range(count)]
    with pikepdf.open(io.BytesIO(_file(texts))) as pdf:
        assert [str(text) for text in pdf.Root.Texts] == texts
        assert pdf.pages[0].Contents.read_bytes() == b"0 0 m 9 9 l S"
        assert str(pdf.docinfo.Title) == "x"
        assert pdf.check_pdf_syntax() == []


def test_no_stream_ends_in_a_carriage_return_whatever_the_content() -> None:
    source = random.Random(7)
    for _round in range(600):
        texts = [str(source.random()) for _text in range(source.randint(1, 9))]
        written = _file(texts)
        assert b"\r\nendstream" not in written
        with pikepdf.open(io.BytesIO(written)) as pdf:
            assert [str(text) for text in pdf.Root.Texts] == texts


def test_the_same_objects_give_the_same_bytes() -> None:
    assert _file(["甲", "乙"]) == _file(["甲", "乙"])


def test_the_verification_code_survives_what_is_done_to_an_unlucky_stream() -> None:
    """One foot in 256 ends in a carriage return when it is compressed, and is then written in digits."""
    drawn = (b"0 0 m 9 9 l S %" + b"a" * length for length in range(256))
    unlucky = next(each for each in map(zlib.compress, drawn) if each.endswith(b"\r"))
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Foot=pdf.make_stream(unlucky)))
        foot = page.obj.Resources.XObject.Foot
        foot.Filter, foot.Subtype = pikepdf.Name.FlateDecode, pikepdf.Name.Form
        before = digest_of_pages(pdf)
        protect(foot)
        assert foot.read_raw_bytes() != unlucky
        assert digest_of_pages(pdf) == before
