"""Whose certificate it is: confirmed once, exactly that one afterwards, and nothing is said to another."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldsurvey import cli
from fieldsurvey.errors import InputRefused, SyncError
from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.devices import Devices
from fieldsurvey.hub.tls import fingerprint, own_certificate
from fieldsurvey.paths import user_data
from fieldsurvey.sync.certificates import look, pin_from_text, pin_of, readable
from fieldsurvey.sync.enrolment import credentials
from fieldsurvey.sync.session import sync
from tests.builders import add_community, make_project
from tests.hubs import ROOT, free_port, until


@contextmanager
def _serving(folder: Path, port: int, *options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "fieldsurvey", "hub", "serve", str(folder), "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while f":{port}" not in process.stderr.readline():
        pass
    try:
        yield f"{'https' if options else 'http'}://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()


def _answer(url: str) -> None:
    """Wait until the hub speaks TLS."""

    def speaks() -> bool:
        with contextlib.suppress(SyncError):
            look(url)
            return True
        return False

    until(speaks, "the hub speaks TLS")


def test_a_certificate_is_confirmed_once_and_no_other_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, port = tmp_path / "hub", free_port()
    admin.init(folder, "办公室")
    admin.add_user(folder, "wang", "王工")
    code = Devices(folder, Accounts(folder)).new_code("wang")
    with make_project(tmp_path / "p.gpkg") as store:
        add_community(store)
        with _serving(folder, port, "--tls") as url:
            _answer(url)
            mark = fingerprint(folder / "tls" / "cert.pem")
            enroll = ["enroll", "--hub", url, "--code", code]
            assert cli.run(enroll) == 3
            assert mark in capsys.readouterr().err
            assert cli.run([*enroll, "--fingerprint", "AB" * 32]) == 4
            assert "证书" in capsys.readouterr().err
            assert cli.run([*enroll[:-1], "ABCD", "--fingerprint", mark]) == 4
            assert "登记码" in capsys.readouterr().err
            assert cli.run([*enroll, "--fingerprint", mark.replace(":", " ").lower()]) == 0  # it was not used up
            assert sync(store, url).sent == 1
            with pytest.raises(SyncError, match="https"):
                sync(store, url.replace("https", "http"), token="x")
            (user_data() / "hubs.json").unlink()
            token = admin.add_user(folder, "wang", "王工")
            command = ["sync", str(tmp_path / "new.gpkg"), "--hub", url, "--token", token]
            assert cli.run(command) == 4
            assert "权威机构" in capsys.readouterr().err
            assert cli.run([*command, "--fingerprint", mark]) == 0
            assert cli.run(command) == 0
        shutil.rmtree(folder / "tls")
        add_community(store, "二")
        with _serving(folder, port, "--tls") as url:
            _answer(url)
            with pytest.raises(SyncError, match="证书"):
                sync(store, url)
            assert store.unsent() == 1


def test_a_fingerprint_is_read_as_people_type_it() -> None:
    pin = "0123456789abcdef" * 4
    for text in (pin, pin.upper(), readable(pin), readable(pin).replace(":", " "), readable(pin).replace(":", "：")):
        assert pin_from_text(text) == pin
    for wrong in ("", pin[:-1], pin + "00", "g" * 64):
        with pytest.raises(InputRefused):
            pin_from_text(wrong)


def test_credentials_from_before_pins_still_hold(tmp_path: Path) -> None:
    certificate, _key = own_certificate(tmp_path, "127.0.0.1")
    old = {"token": "t", "key": "k", "certificate": certificate.read_text("ascii")}
    (user_data() / "hubs.json").write_text(json.dumps({"https://a": old}), "utf-8")
    known = credentials("https://a/")
    assert known is not None
    assert known.pin == pin_of(certificate)


def test_a_port_that_is_taken_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    admin.init(tmp_path / "hub", "办公室")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.run(["hub", "serve", str(tmp_path / "hub"), "--port", str(port)]) == 2
    assert str(port) in capsys.readouterr().err
