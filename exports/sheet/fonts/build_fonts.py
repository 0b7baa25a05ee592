"""Makes the vendored fonts from full ones: `python build_fonts.py FOLDER_WITH_FULL_FONTS`. Needs fontTools.

Song and Hei stay whole. SongBold, HeiBold and Kai keep GB 2312, Latin, marks
and the characters beyond U+9FA5; for the rest the sheets fall back to Song.
Kai gets a name of its own, because its licence reserves the original one.
"""

import shutil
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

WHOLE, CUT = ("Song.ttf", "Hei.ttf"), ("SongBold.ttf", "HeiBold.ttf", "Kai.ttf")
NAMES = {"Kai.ttf": "FieldSurvey Kai"}


def wanted(font: TTFont) -> list[int]:
    """Return the code points to keep."""
    gb2312 = {ord(bytes((a, b)).decode("gb2312")) for a in range(0xA1, 0xF8) for b in range(0xA1, 0xFF) if _known(a, b)}
    plain = set(range(0x20, 0x250)) | set(range(0x2000, 0x2700)) | set(range(0x3000, 0x3400)) | set(range(0xFF00, 0xFFF0))
    return [code for code in font.getBestCmap() if code in gb2312 | plain or code >= 0x9FA6]


def _known(a: int, b: int) -> bool:
    try:
        bytes((a, b)).decode("gb2312")
    except UnicodeDecodeError:
        return False
    return True


def rename(font: TTFont, name: str) -> None:
    """Replace every name record that carries the reserved names."""
    plain = name.replace(" ", "")
    for record in list(font["name"].names):
        if record.nameID in {1, 4, 16}:
            record.string = name
        elif record.nameID == 6:
            record.string = plain
        elif record.nameID in {3, 18, 20, 21, 22, 25}:
            font["name"].removeNames(nameID=record.nameID)


def main(source: Path, target: Path) -> None:
    """Write all five fonts."""
    for name in WHOLE:
        shutil.copy(source / name, target / name)
    for name in CUT:
        font = TTFont(source / name)
        options = subset.Options(notdef_outline=True, glyph_names=False, hinting=False, name_IDs=["*"], name_languages=["*"])
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=wanted(font))
        cutter.subset(font)
        if name in NAMES:
            rename(font, NAMES[name])
        font.save(target / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
