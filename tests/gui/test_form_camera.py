"""A photo and a film that are really taken, by keys: everything but the lens is real. About 8 s."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fieldsurvey.store import Store
from survey_forms.shelf import add, prepare
from tests.builders import add_community, make_project
from tests.conftest import ROOT

pytest.importorskip("PySide6.QtMultimediaWidgets", exc_type=ImportError, reason="Qt's multimedia libraries are missing")

_FORM = """| survey |
| | type | name | label |
| | image | shot | Shot |
| | video | film | Film |
| settings |
| | form_id | version |
| | seen | 1 |
"""
_SEEN = (30, 140, 220)  # what tests.gui.picturing holds before the camera


def _is_like(colour: list[int]) -> bool:
    return all(abs(found - held) <= 12 for found, held in zip(colour, _SEEN, strict=True))


@pytest.mark.timeout(200)
def test_a_photo_and_a_film_are_taken_by_keys_and_kept_with_the_project(tmp_path: Path) -> None:
    path, source = tmp_path / "p.gpkg", tmp_path / "seen.md"
    source.write_text(_FORM, "utf-8")
    with make_project(path, forms=True) as store:
        uid = add_community(store)
        table = add(store, prepare(source)).entry.table
    command = [sys.executable, "-m", "tests.gui.picturing", str(path), table, uid]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["photo"] == [640, 480]
    assert _is_like(told["photo_colour"]), told
    assert _is_like(told["film_colour"]), told
    assert told["film_ms"] >= 1_000
    with Store.open(path) as store:
        assert {"image/jpeg", "video/mp4"} <= {blob.mime for blob in store.blobs()}
