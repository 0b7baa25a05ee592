"""Signatures on sheets: made in order, kept valid by each other, and broken by any change."""

import io
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pikepdf
import pytest

pytest.importorskip("pyhanko", reason="pyHanko is not installed")

from exports.sheet.document import render
from exports.signing.keys import KeyFile, KeyRefused, Token
from exports.signing.look import Look
from exports.signing.sign import TimestampFailed, places, sign, target_of
from exports.verify import Unreadable, verify
from fieldsurvey.errors import InputRefused
from tests.unit.exports.conftest import MakeSheet
from tests.unit.exports.signers import PASSWORD, Office

PEOPLE = ("李建国", "王晓梅", "𬭚文")
HSM = Path(os.environ.get("FIELDSURVEY_SOFTHSM", "/usr/lib/softhsm/libsofthsm2.so"))


@pytest.fixture(scope="module")
def office() -> Office:
    return Office()


@pytest.fixture
def sheet(surveyed: MakeSheet, tmp_path: Path) -> Path:
    render(surveyed(), tmp_path / "sheet.pdf")
    return tmp_path / "sheet.pdf"


@pytest.fixture
def signed(sheet: Path, office: Office, tmp_path: Path) -> Path:
    """A sheet signed by surveyor, reviewer and auditor."""
    for name in PEOPLE:
        key = KeyFile(office.person(name, tmp_path), PASSWORD)
        sheet = sign(sheet, key, picture=_picture(tmp_path) if name == PEOPLE[0] else None).out
    return sheet


def _picture(folder: Path) -> Path:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(image).ellipse((10, 10, 290, 290), outline=(200, 20, 30), width=12)
    image.save(folder / "seal.png")
    return folder / "seal.png"


def _flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_three_people_sign_in_order_and_each_is_told(signed: Path) -> None:
    found = verify(signed)
    assert found.matches
    assert found.signatures == 3
    for place, name in zip(("调查人签字", "复核人签字", "审核人签字"), PEOPLE, strict=True):
        assert any(place in sentence and name in sentence for sentence in found.findings)


def test_the_unsigned_sheet_stays(sheet: Path, office: Office, tmp_path: Path) -> None:
    before = sheet.read_bytes()
    made = sign(sheet, KeyFile(office.person("甲", tmp_path), PASSWORD))
    assert made.out == target_of(sheet) == tmp_path / "sheet_已签.pdf"
    assert sheet.read_bytes() == before
    assert made.out.read_bytes().startswith(before)


def test_nobody_signs_before_his_turn_or_twice(sheet: Path, office: Office, tmp_path: Path) -> None:
    key = KeyFile(office.person("甲", tmp_path), PASSWORD)
    with pytest.raises(InputRefused, match="调查人签字"):
        sign(sheet, key, place="审核人")
    first = sign(sheet, key, place="调查人").out
    with pytest.raises(InputRefused, match="调查人签字"):
        sign(first, key, place="调查人")


def test_a_seal_has_its_own_place(sheet: Path, office: Office, tmp_path: Path) -> None:
    key = KeyFile(office.person("示范社区", tmp_path), PASSWORD)
    made = sign(sheet, key, place="社区居委会盖章", picture=_picture(tmp_path))
    assert [each.label for each in places(made.out) if each.is_signed] == ["社区居委会盖章"]


def test_an_unknown_place_is_told_with_those_that_are_free(sheet: Path, office: Office, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="街道办盖章"):
        sign(sheet, KeyFile(office.person("甲", tmp_path), PASSWORD), place="局长")


def test_a_signed_sheet_is_still_an_archive_file(sheet: Path, office: Office, tmp_path: Path) -> None:
    page = pytest.importorskip("page")
    made = sign(sheet, KeyFile(office.person("㙍", tmp_path), PASSWORD), picture=_picture(tmp_path))
    for profile in ("3a", "ua1"):
        report = page.validate_pdf(made.out, profile=profile)
        assert not [(failure.rule_id, failure.message) for failure in report.failures]


def test_no_stream_that_a_signature_adds_ends_with_a_carriage_return(sheet: Path, signed: Path) -> None:
    """Readers may take it for a part of the line end that follows, and find the stream too short."""
    added = signed.read_bytes()[sheet.stat().st_size :]
    assert added.count(b"/XRef") == len(PEOPLE)
    assert b"\r\nendstream" not in added


def test_no_stream_of_any_look_ends_with_a_carriage_return() -> None:
    looks = [Look("王晓梅", f"2026年1月{day}日").drawn(width, 18) for day in range(1, 25) for width in range(150, 170)]
    assert not [content for content in looks if b"\r\nendstream" in content]


def test_a_sheet_with_three_signatures_breaks_no_other_archive_rule(signed: Path) -> None:
    """The validator wants every signature to cover the whole file; an earlier of several covers its own revision."""
    page = pytest.importorskip("page")
    broken = {failure.rule_id for failure in page.validate_pdf(signed, profile="3a").failures}
    assert broken <= {"PDFA3A-SIGNATURE-BYTERANGE-001"}
    assert not page.validate_pdf(signed, profile="ua1").failures


def test_any_bit_that_is_changed_is_told(signed: Path) -> None:
    content, dice = signed.read_bytes(), random.Random(7)
    for _turn in range(40):
        signed.write_bytes(_flipped(content, dice.randrange(len(content) * 8)))
        try:
            assert not verify(signed).matches
        except Unreadable:
            continue


def test_what_is_added_after_signing_is_told(signed: Path) -> None:
    with pikepdf.open(signed) as pdf:
        size, root = int(pdf.trailer.Size), pdf.Root.objgen[0]
        pages = pdf.Root.Pages.objgen[0]
    content = signed.read_bytes()
    start = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    at = len(content)
    added = b"%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj\n" % (root, pages)
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size %d/Root %d 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    signed.write_bytes(content + added + table % (root, at, size, root, start, at + len(added)))
    try:
        assert not verify(signed).matches
    except Unreadable:
        return


def test_a_page_that_is_drawn_over_after_signing_is_told(signed: Path, tmp_path: Path) -> None:
    from pyhanko.pdf_utils.generic import StreamObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signed.read_bytes()))
    writer.add_stream_to_page(0, writer.add_object(StreamObject(stream_data=b"0 0 100 100 re f")))
    out = io.BytesIO()
    writer.write(out)
    signed.write_bytes(out.getvalue())
    assert not verify(signed).matches


def test_bytes_after_the_end_are_told(signed: Path) -> None:
    signed.write_bytes(signed.read_bytes() + b"\n")
    found = verify(signed)
    assert not found.matches


def test_a_trusted_issuer_is_named_and_another_is_not_enough(signed: Path, office: Office, tmp_path: Path) -> None:
    assert verify(signed, [office.root(tmp_path)]).matches
    (tmp_path / "other").mkdir()
    assert not verify(signed, [Office("别的机构").root(tmp_path / "other")]).matches


@pytest.mark.parametrize("password", ["", "falsch"])
def test_a_wrong_password_is_told_and_shown_nowhere(
    sheet: Path, office: Office, tmp_path: Path, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = KeyFile(office.person("甲", tmp_path), password)
    with pytest.raises(KeyRefused, match=r"甲\.p12") as caught:
        sign(sheet, key)
    assert not password or password not in f"{caught.value}{key!r}{caplog.text}"
    assert PASSWORD not in repr(KeyFile(key.path, PASSWORD))


def test_an_expired_certificate_signs_nothing(sheet: Path, office: Office, tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="20"):
        sign(sheet, KeyFile(office.person("旧", tmp_path, days=-1), PASSWORD))
    assert not target_of(sheet).exists()


def test_a_picture_that_is_none_is_told(sheet: Path, office: Office, tmp_path: Path) -> None:
    (tmp_path / "seal.png").write_bytes(b"no picture")
    with pytest.raises(InputRefused, match=r"seal\.png"):
        sign(sheet, KeyFile(office.person("甲", tmp_path), PASSWORD), picture=tmp_path / "seal.png")


def test_a_file_without_places_is_refused(office: Office, tmp_path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(tmp_path / "other.pdf")
    with pytest.raises(InputRefused):
        sign(tmp_path / "other.pdf", KeyFile(office.person("甲", tmp_path), PASSWORD))


@pytest.fixture
def clock(office: Office) -> Iterator[str]:
    """Address of a time-stamp service on this machine."""
    from asn1crypto import keys, tsp, x509
    from cryptography.hazmat.primitives import serialization
    from pyhanko.sign.timestamps import DummyTimeStamper

    key, certificate = office.clock()
    binary = serialization.Encoding.DER
    bare = key.private_bytes(binary, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    stamper = DummyTimeStamper(x509.Certificate.load(certificate.public_bytes(binary)), keys.PrivateKeyInfo.load(bare))

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            body = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_time_stamp_service_confirms_the_moment(sheet: Path, office: Office, tmp_path: Path, clock: str) -> None:
    made = sign(sheet, KeyFile(office.person("甲", tmp_path), PASSWORD), timestamp_url=clock)
    assert made.has_time_stamp
    found = verify(made.out, [office.root(tmp_path)])
    assert found.matches
    assert "测试时间戳" in "\n".join(found.findings)


def test_without_an_answer_of_the_service_nothing_is_signed(sheet: Path, office: Office, tmp_path: Path) -> None:
    key = KeyFile(office.person("甲", tmp_path), PASSWORD)
    with pytest.raises(TimestampFailed, match=r"127\.0\.0\.1:9"):
        sign(sheet, key, timestamp_url="http://127.0.0.1:9/")
    assert not target_of(sheet).exists()


def test_a_key_in_a_token_signs(sheet: Path, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    if not HSM.exists() or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM (Debian: softhsm2) is not installed")
    from tests.unit.exports.signers import fill_token

    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    command = ["softhsm2-util", "--init-token", "--free", "--label", "desk", "--pin", "1234", "--so-pin", "1234"]
    subprocess.run([*command, "--module", HSM], check=True, capture_output=True)
    fill_token(HSM, "desk", "1234", office, "审核专用")
    made = sign(sheet, Token(HSM, "desk", "审核专用", "1234"))
    assert verify(made.out, [office.root(tmp_path)]).matches
    with pytest.raises(KeyRefused):
        sign(sheet, Token(HSM, "desk", "审核专用", "9999"))
