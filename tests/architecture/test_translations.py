"""Chinese first: the catalogue is complete, compiled and keeps its placeholders."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from fieldsurvey.cli import app
from tests.architecture.catalogues import FOLDER, PLACEHOLDER, compiled, missing, translations


def test_every_text_has_chinese() -> None:
    assert not missing()


def test_translations_keep_their_placeholders() -> None:
    known = translations()
    broken = {k: v for k, v in known.items() if sorted(PLACEHOLDER.findall(k)) != sorted(PLACEHOLDER.findall(v))}
    assert not broken


@pytest.mark.parametrize("po", sorted(FOLDER.glob("*.po")), ids=lambda path: path.stem)
def test_the_compiled_catalogue_is_up_to_date(po: object) -> None:
    from gettext import GNUTranslations
    from io import BytesIO
    from pathlib import Path

    assert isinstance(po, Path)
    fresh = GNUTranslations(BytesIO(compiled(po)))._catalog  # type: ignore[attr-defined]
    with po.with_suffix(".mo").open("rb") as stored:
        kept = GNUTranslations(stored)._catalog  # type: ignore[attr-defined]
    assert {k: v for k, v in fresh.items() if k} == {k: v for k, v in kept.items() if k}


# Typed by the user, or shown as it must be typed.
_AS_TYPED = ("主机:端口", "东,北", "点名,北,东,目标北,目标东")
_HAN = r"\u3400-\u9fff“”（）《》"
_HALF_WIDTH = re.compile(rf"[{_HAN}][,;:!?](?: |$|[{_HAN}])|[,;:!?] ?[{_HAN}]|[}})][:;,] |\([^()]*[{_HAN}][^()]*\)")


def test_chinese_is_punctuated_in_full_width() -> None:
    """GB/T 15834: a comma, colon, semicolon or bracket in Chinese text takes the width of a character."""
    texts = [text for text in translations().values() if not any(typed in text for typed in _AS_TYPED)]
    mixed = [text for text in texts if _HALF_WIDTH.search(text)]
    assert not mixed


def _helps(command: Any) -> Iterator[str]:
    """Yield the help of a command, of its options, and of all commands below it."""
    for one in (command, *command.params):
        yield getattr(one, "help", None) or ""
    for below in getattr(command, "commands", {}).values():
        yield from _helps(below)


def test_the_help_of_commands_is_punctuated_in_full_width_where_it_is_chinese() -> None:
    texts = [text.partition(" / ")[0] for text in _helps(typer.main.get_command(app)) if " / " in text]
    assert len(texts) > 100
    assert not [text for text in texts if _HALF_WIDTH.search(text) and not any(typed in text for typed in _AS_TYPED)]
