"""Files of a hub in an S3 server that we did not write (moto), which checks signatures and rights by itself."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

boto3 = pytest.importorskip("boto3")
server = pytest.importorskip("moto.server")

import httpx  # noqa: E402 - after the skip

from fieldsurvey.errors import StoreError  # noqa: E402
from fieldsurvey.hub import admin  # noqa: E402
from fieldsurvey.hub.s3 import ID_VARIABLE, KEY_VARIABLE, S3Store  # noqa: E402
from fieldsurvey.store import Store  # noqa: E402
from fieldsurvey.sync.session import sync  # noqa: E402
from tests.builders import add_community, make_project  # noqa: E402
from tests.hubs import RunningHub  # noqa: E402

_REGION = "us-east-1"


@pytest.fixture(scope="module")
def bucket() -> Iterator[tuple[str, Any, Any]]:
    """Address of a server that lets one user into one bucket; that user's client of another make, and his keys."""
    running = server.ThreadedMotoServer(port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    assert host
    anyone = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": _REGION, "endpoint_url": url}
    iam = boto3.client("iam", **anyone)
    iam.create_user(UserName="hub")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="hub", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="hub")["AccessKey"]
    httpx.post(f"{url}/moto-api/reset-auth", content=b"0", trust_env=False).raise_for_status()  # from now on it checks
    client = boto3.client(
        "s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"], region_name=_REGION,
        endpoint_url=url,
    )  # fmt: skip
    client.create_bucket(Bucket="survey")
    yield url, client, key
    client.close()
    iam.close()
    running.stop()


@pytest.fixture(autouse=True)
def _keys(bucket: tuple[str, Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ID_VARIABLE, bucket[2]["AccessKeyId"])
    monkeypatch.setenv(KEY_VARIABLE, bucket[2]["SecretAccessKey"])


def test_photos_of_laptops_lie_in_the_bucket_and_go_on_from_there(bucket: tuple[str, Any, Any], tmp_path: Path) -> None:
    url, client, _key = bucket
    admin.init(tmp_path / "hub", "办公室", blobs="s3://survey/照片", s3_endpoint=url)
    token = admin.add_user(tmp_path / "hub", "wang", "王工")
    photo = os.urandom(2_500_000)
    with make_project(tmp_path / "a.gpkg") as one, RunningHub(tmp_path / "hub") as hub:
        add_community(one)
        sha = one.media.add_bytes(photo, "门头.jpg", "image/jpeg")
        assert sync(one, hub.url, token=token).blobs_sent == 1
        assert client.get_object(Bucket="survey", Key=f"照片/{sha}")["Body"].read() == photo
        assert not list((tmp_path / "hub" / "project.media").glob("??/*"))
        with Store.create(tmp_path / "b.gpkg", project=one.project) as two:
            two.media.part(sha).write_bytes(photo[:1_000_001])  # what an earlier try brought
            assert sync(two, hub.url, token=token).blobs_received == 1
            found = two.media.path(sha)
            assert found is not None
            assert found.read_bytes() == photo


def test_a_wrong_key_is_refused_by_the_server(bucket: tuple[str, Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    url, _client, _key = bucket
    monkeypatch.setenv(KEY_VARIABLE, "wrong")
    store = S3Store(url, "survey")
    with pytest.raises(StoreError, match="403"):
        store.size("a")
    store.close()
