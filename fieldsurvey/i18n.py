"""Translation of everything a user reads: Chinese first, English second.

Source texts are English. `_()` translates when a text is shown, `N_()` only
marks a constant for the catalogue. The catalogues lie in `locales/`, one
gettext domain per room, so that rooms can be worked on side by side.
"""

import gettext
import os
from pathlib import Path

LANGUAGES = ("zh_CN", "en")
DOMAINS = (  # one per room
    "core", "sync", "hub", "layers", "forms", "shelf", "exports", "map", "formui", "ui", "rules", "plan", "assess",
    "review", "desk",
)  # fmt: skip
LOCALES = Path(__file__).parent / "locales"


class _Catalogue:
    """The language in use; replaced as a whole by set_language()."""

    language = ""
    texts: gettext.NullTranslations = gettext.NullTranslations()


def set_language(language: str) -> None:
    """Use a language of LANGUAGES from now on; an unknown one means English."""
    texts = gettext.NullTranslations()
    for domain in DOMAINS:
        found = gettext.translation(domain, LOCALES, [language], fallback=True)
        found.add_fallback(texts)
        texts = found
    _Catalogue.language, _Catalogue.texts = language, texts


def language() -> str:
    """Return the language in use, chosen at first use from FIELDSURVEY_LANG or Chinese."""
    if not _Catalogue.language:
        set_language(os.environ.get("FIELDSURVEY_LANG", LANGUAGES[0]))
    return _Catalogue.language


def _(text: str) -> str:
    """Return the text in the user's language."""
    language()
    return _Catalogue.texts.gettext(text)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Return the form of the text that fits the number n."""
    language()
    return _Catalogue.texts.ngettext(singular, plural, n)


def N_(text: str) -> str:  # noqa: N802 - the name every gettext user knows
    """Mark a constant for translation; it is translated by _() when shown."""
    return text
