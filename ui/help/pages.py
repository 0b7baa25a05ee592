"""The pages of the manual: Markdown files beside this one, a folder for each language."""

from dataclasses import dataclass
from pathlib import Path

from fieldsurvey.i18n import LANGUAGES, language

_HERE = Path(__file__).parent
INDEX = "index"
# In the order of a day; each is a file of both folders.
NAMES = (
    INDEX, "start", "today", "map", "form", "table", "import", "review", "conflicts", "plan", "sync", "export",
    "search", "promises", "trouble",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        name: Name of its file.
        title: Its headline.
        text: Its Markdown.
    """

    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of a page that holds what was looked for."""

    page: Page
    line: str


def folder() -> Path:
    """Return the folder of the pages in the language of the window."""
    return _HERE / (language() if language() in LANGUAGES else LANGUAGES[-1])


def page(name: str) -> Page:
    """Return a page; the first one if there is none of that name."""
    known = name if name in NAMES else INDEX
    text = (folder() / f"{known}.md").read_text("utf-8")
    return Page(known, text.partition("\n")[0].lstrip("# ").strip(), text)


def pages() -> list[Page]:
    """Return all pages in their order."""
    return [page(name) for name in NAMES]


def find(words: str) -> list[Hit]:
    """Return, for each page that holds all of the words, the line that holds most of them; headlines first."""
    wanted = words.lower().split()
    found: list[tuple[bool, Hit]] = []
    for one in pages() if wanted else []:
        text = one.text.lower()
        if all(word in text for word in wanted):
            lines = [line.strip("#*-> |") for line in one.text.splitlines() if line.strip()]
            best = max(lines, key=lambda line: sum(word in line.lower() for word in wanted))
            found.append((all(word in one.title.lower() for word in wanted), Hit(one, best)))
    return [hit for _is_title, hit in sorted(found, key=lambda pair: not pair[0])]
