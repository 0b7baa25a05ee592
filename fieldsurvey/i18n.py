"""Translation of everything a user reads: Chinese first, English second.

Source texts are English. `_()` translates when a text is shown, `N_()` only
marks a constant for the catalogue. The catalogues lie in `locales/`, one
gettext domain per room, so that rooms can be worked on side by side.
"""

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = ("zh_CN", "en")
DOMAINS = (  # one per room
    "core", "sync", "hub", "layers", "forms", "shelf", "exports", "sheets", "map", "formui", "ui", "rules", "plan",
    "assess", "review", "daily", "desk",
)  # fmt: skip
LOCALES = Path(__file__).parent / "locales"


class _Catalogue:
    """The language in use; replaced as a whole by set_language()."""

    language = ""
    texts: gettext.NullTranslations = gettext.NullTranslations()


_spoken: ContextVar[tuple[str, gettext.NullTranslations] | None] = ContextVar("spoken", default=None)


def set_language(language: str) -> None:
    """Use a language of LANGUAGES from now on; an unknown one means English."""
    _Catalogue.language, _Catalogue.texts = language, _texts_of(language)


@cache
def _texts_of(language: str) -> gettext.NullTranslations:
    texts = gettext.NullTranslations()
    for domain in DOMAINS:
        found = gettext.translation(domain, LOCALES, [language], fallback=True)
        found.add_fallback(texts)
        texts = found
    return texts


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use another language inside, in this thread only: an official form is Chinese whatever the window speaks."""
    token = _spoken.set((language, _texts_of(language)))
    try:
        yield
    finally:
        _spoken.reset(token)


def language() -> str:
    """Return the language in use, chosen at first use from FIELDSURVEY_LANG or Chinese."""
    if (spoken := _spoken.get()) is not None:
        return spoken[0]
    if not _Catalogue.language:
        set_language(os.environ.get("FIELDSURVEY_LANG", LANGUAGES[0]))
    return _Catalogue.language


def _texts() -> gettext.NullTranslations:
    if (spoken := _spoken.get()) is not None:
        return spoken[1]
    language()
    return _Catalogue.texts


def _(text: str) -> str:
    """Return the text in the user's language."""
    return _texts().gettext(text)


def labelled(label: object, text: object) -> str:
    """Return what belongs to a label behind it, with the colon of the user's language.

    >>> with speaking("en"):
    ...     labelled("Pressure", "0.08 MPa")
    'Pressure: 0.08 MPa'
    """
    return _("{label}: {text}").format(label=label, text=text)


def noted(text: object, note: object) -> str:
    """Return a text with a note behind it, in the brackets of the user's language; without a note the text alone.

    >>> with speaking("en"):
    ...     noted("2,980", "ledger 214")
    '2,980 (ledger 214)'
    """
    return _("{text} ({note})").format(text=text, note=note) if note else str(text)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Return the form of the text that fits the number n."""
    return _texts().ngettext(singular, plural, n)


def N_(text: str) -> str:  # noqa: N802 - the name every gettext user knows
    """Mark a constant for translation; it is translated by _() when shown."""
    return text
