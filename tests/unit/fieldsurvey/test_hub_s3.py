"""Files of a hub in an S3-compatible store, against a small server that checks every signature."""

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from fieldsurvey.errors import StoreError, UsageError
from fieldsurvey.hub import admin
from fieldsurvey.hub.accounts import Accounts
from fieldsurvey.hub.s3 import ID_VARIABLE, KEY_VARIABLE, S3Store, signature
from fieldsurvey.store import Blob
from fieldsurvey.store.media import DATASET_MIME

_ID, _SECRET = "office", "correct horse battery"


class _S3(ThreadingHTTPServer):
    """Keeps objects in memory. Its check of signatures is written apart from the client, from the same document."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.failures = 0
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: _S3
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name of the base class
        pass

    def _answer(self, code: int, data: bytes = b"", size: int | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data) if size is None else size))
        self.end_headers()
        self.wfile.write(data)

    def _is_signed(self, body: bytes) -> bool:
        match = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
            r"SignedHeaders=(\S+), Signature=(\w+)",
            self.headers.get("Authorization", ""),
        )
        if match is None or match[1] != _ID or self.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            return False
        names = match[4].split(";")
        if names != sorted(names) or not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
            return False
        path, _mark, query = self.path.partition("?")
        request = [self.command, quote(unquote(path)), query, *[f"{n}:{self.headers[n]}" for n in names], "", match[4]]
        request.append(self.headers["x-amz-content-sha256"])
        scope = f"{match[2]}/{match[3]}/s3/aws4_request"
        hashed = hashlib.sha256("\n".join(request).encode()).hexdigest()
        key = b"AWS4" + _SECRET.encode()
        for step in scope.split("/"):
            key = hmac.digest(key, step.encode(), "sha256")
        text = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{hashed}"
        return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), match[5])

    def _served(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.failures:
            self.server.failures -= 1
            self._answer(503)
        elif not self._is_signed(body):
            self._answer(403)
        elif self.command == "PUT":
            self.server.objects[self.path] = body
            self._answer(200)
        elif self.path not in self.server.objects:
            self._answer(404)
        else:
            data = self.server.objects[self.path]
            match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            data = data[int(match[1]) :] if match else data
            self._answer(206 if match else 200, b"" if self.command == "HEAD" else data, len(data))

    do_GET = do_PUT = do_HEAD = _served  # noqa: N815 - names that the base class looks for


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[_S3]:
    monkeypatch.setenv(ID_VARIABLE, _ID)
    monkeypatch.setenv(KEY_VARIABLE, _SECRET)
    server = _S3()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_signature_is_that_of_the_published_example() -> None:
    """GET Object with a range, from "Authenticating Requests: Using the Authorization Header" of Amazon S3."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = {
        "host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9", "x-amz-content-sha256": empty,
        "x-amz-date": "20130524T000000Z",
    }  # fmt: skip
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    url = "https://examplebucket.s3.amazonaws.com/test.txt"
    names, mark = signature("GET", url, headers, empty, secret, "us-east-1")
    assert names == "host;range;x-amz-content-sha256;x-amz-date"
    assert mark == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_objects_go_and_come_back_also_in_part(s3: _S3, tmp_path: Path) -> None:
    store = S3Store(s3.url, "survey", "a photo/围", "cn-north-1")
    file = tmp_path / "file"
    file.write_bytes(b"0123456789" * 200_000)
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    assert store.size(sha) is None
    s3.failures = 1
    store.put(sha, file, sha)
    assert store.size(sha) == 2_000_000
    assert b"".join(store.get(sha, 1_999_995)) == b"56789"
    store.close()


def test_a_wrong_key_and_a_store_that_is_away_are_told(s3: _S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "wrong")
    store = S3Store(s3.url, "survey")
    with pytest.raises(StoreError, match="403"):
        store.size("a")
    store.close()
    gone = S3Store("http://127.0.0.1:9", "survey")
    with pytest.raises(StoreError, match="S3"):
        gone.size("a")
    gone.close()
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(UsageError, match=KEY_VARIABLE):
        S3Store(s3.url, "survey")


def test_uploads_resume_and_end_in_the_store(s3: _S3, tmp_path: Path) -> None:
    admin.init(tmp_path / "hub", "办公室", blobs="s3://survey/photos", s3_endpoint=s3.url)
    assert _SECRET not in (tmp_path / "hub" / "hub.json").read_text("utf-8")
    blobs = admin.open_blobs(tmp_path / "hub", Accounts(tmp_path / "hub").settings)
    data = bytes(range(256)) * 300
    for mime in ("image/jpeg", DATASET_MIME):
        content = data + mime.encode()
        sha = hashlib.sha256(content).hexdigest()
        blob = Blob(sha, len(content), "a", mime)
        assert blobs.append(blob, 0, content[:1000]) == 1000
        assert (blobs.have(sha), blobs.whole(sha)) == (1000, False)
        assert blobs.append(blob, 1000, content[1000:]) == len(content)
        assert (blobs.have(sha), blobs.whole(sha)) == (len(content), True)
        assert b"".join(blobs.read(sha, 0)) == content
        assert s3.objects[urlsplit(f"{s3.url}/survey/photos/{sha}").path] == content
    other = admin.open_blobs(tmp_path / "hub2", Accounts(tmp_path / "hub").settings)
    fetched = other.local(sha)
    assert fetched is not None
    assert fetched.read_bytes() == content
    for found in (blobs, other):
        found.close()
