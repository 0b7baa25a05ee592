"""A page is compared with its stored picture. Make it again with FIELDSURVEY_GOLDEN=1 and look at the difference."""

import os
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageFilter

from exports.sheet.document import render
from tests.unit.exports.conftest import MakeSheet

GOLDEN = Path(__file__).parents[2] / "golden"
DPI = 60
TOLERANCE = 0.004  # mean difference, 0..1: hinting of glyphs between versions of the renderer


@pytest.mark.parametrize("page", [0, 1])
def test_a_page_looks_as_it_was_approved(surveyed: MakeSheet, tmp_path: Path, page: int) -> None:
    render(surveyed(), tmp_path / "sheet.pdf")
    with pypdfium2.PdfDocument(tmp_path / "sheet.pdf") as document:
        now = document[page].render(scale=DPI / 72).to_pil().convert("L")
    stored = GOLDEN / f"sheet-page-{page + 1}.png"
    if os.environ.get("FIELDSURVEY_GOLDEN"):
        now.save(stored, optimize=True)
    with Image.open(stored) as kept:
        assert now.size == kept.size
        assert _difference(now, kept) < TOLERANCE


def _difference(a: Image.Image, b: Image.Image) -> float:
    blurred = [np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=float) for image in (a, b)]
    return float(np.abs(blurred[0] - blurred[1]).mean() / 255)
