"""Cut the vendored typefaces from full ones: `python exports/sheet/fonts/build_fonts.py SOURCE_FOLDER`.

Run by hand when a face is replaced. Needs fontTools, which the program itself
does not: everybody else uses the files that lie here.
"""

import importlib
import shutil
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WHOLE = ("Song.ttf", "Hei.ttf")
CUT = ("SongBold.ttf", "HeiBold.ttf", "Kai.ttf")
IDEOGRAPHS = (range(0x3400, 0xA000), range(0x20000, 0x33480))
KAI = "FieldSurvey Kai"
_KAI_NAMES = {
    0: "Copyright notice: see LICENSE-Kai-OFL.txt",
    1: KAI,
    2: "Regular",
    3: f"{KAI}:1.250",
    4: KAI,
    5: "Version 1.250; GB 2312 and rare characters",
    6: "FieldSurveyKai-Regular",
    13: "SIL Open Font License, Version 1.1",
    14: "https://openfontlicense.org",
}


def characters(coverage: set[int]) -> list[int]:
    """Return what a cut face keeps: GB 2312, marks, and the ideographs of the source that GBK lacks.

    The source faces hold of those only the 196 rare ones of the 通用规范汉字表.

    Args:
        coverage: Code points of the source face.
    """
    return sorted(c for c in coverage if _in_charset(c, "gb2312") or _is_mark(c) or _is_rare(c))


def _in_charset(code: int, charset: str) -> bool:
    try:
        chr(code).encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _is_mark(code: int) -> bool:
    return code < 0x100 or 0x2000 <= code < 0x2700 or 0x3000 <= code < 0x3100 or 0x3200 <= code < 0x3400


def _is_rare(code: int) -> bool:
    return any(code in block for block in IDEOGRAPHS) and not _in_charset(code, "gbk")


def cut(source: Path, target: Path) -> None:
    """Write the part of a face that characters() names; Kai gets its own name, as its licence asks."""
    fonts: Any = importlib.import_module("fontTools.ttLib")
    subset: Any = importlib.import_module("fontTools.subset")
    font = fonts.TTFont(source, recalcTimestamp=False)
    options = subset.Options(name_IDs=["*"], name_languages=["*"], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters(set(font.getBestCmap())))
    subsetter.subset(font)
    if source.stem == "Kai":
        rename(font)
    font.save(target)


def rename(font: Any) -> None:  # noqa: ANN401 - fontTools is untyped
    """Replace every name: the reserved ones of the source may not appear in a changed file."""
    font["OS/2"].achVendID = "    "
    names = font["name"]
    names.names = []
    for number, text in _KAI_NAMES.items():
        names.setName(text, number, 3, 1, 0x409)


def main(source: Path) -> None:
    """Write all faces beside this file."""
    for name in WHOLE:
        shutil.copyfile(source / name, HERE / name)
    for name in CUT:
        cut(source / name, HERE / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
