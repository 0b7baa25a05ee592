"""Every word on the screen goes through `_()`; every date, number and unit through ui/shown.py."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "ui"
FILES = sorted(path for path in UI.rglob("*.py") if "tour" not in path.parts)  # the tour speaks to who runs it
HAN = re.compile(r"[㐀-鿿]")
WORD = re.compile(r"(?<![&<#{%\w.])[A-Za-z]{2,}")
MARKUP = re.compile(r"<[^>]*>|&\w+;|\{[^}]*\}")
TRANSLATES = {"_", "N_", "ngettext"}
SHOWS = {
    "setText", "setToolTip", "setStatusTip", "setWindowTitle", "setTitle", "setPlaceholderText", "setAccessibleName",
    "setAccessibleDescription", "setHtml", "setPlainText", "setSuffix", "setPrefix", "setSpecialValueText",
    "setHeaderLabels", "setHorizontalHeaderLabels", "setLabelText", "setInformativeText", "showMessage", "addItem",
    "addItems", "insertItem", "addAction", "addMenu", "addTab", "setTabText", "addRow", "QLabel", "QPushButton",
    "QToolButton", "QCheckBox", "QRadioButton", "QGroupBox", "QAction", "QMenu", "QListWidgetItem", "QTreeWidgetItem",
    "QTableWidgetItem", "QStandardItem", "QDockWidget", "titled", "say", "tell_trouble", "information", "warning",
    "critical", "question", "getText", "getItem", "getInt", "getDouble", "getOpenFileName", "getSaveFileName",
    "getExistingDirectory", "EmptyState",
}  # fmt: skip
# Chinese that is data: what languages call themselves, units as columns have them, and words of the filter itself.
DATA = {"中文", "中 / EN", "年", "月", "日", "㎡", "或", "、", "万元", "权重", "[NSEW北南东西]", "SWsw南西", "EWew东西"}
# Names of things that are called the same in every language.
NAMES = {
    "EPSG",
    "GNSS",
    "GPS",
    "CGCS",
    "GCJ",
    "BD",
    "WGS",
    "DN",
    "PDF",
    "CSV",
    "QGIS",
    "Excel",
    "RTK",
    "MPa",
    "TCP",
    "CRS",
}


def literals(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts below a node that are not handed to a translation, and are no pattern to search by."""
    if isinstance(node, ast.Call) and _called(node) in TRANSLATES | {"compile"}:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from literals(child)


def _called(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _docstrings(tree: ast.AST) -> set[int]:
    """Return the constants that are documentation: expressions that stand alone."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _is_log(call: ast.Call) -> bool:
    function = call.func
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "_log"


def _shown(argument: ast.expr) -> Iterator[ast.Constant]:
    """Yield the texts of an argument that end up on the screen; not those that only choose, name or compare."""
    if isinstance(argument, ast.Constant | ast.JoinedStr | ast.BinOp | ast.IfExp | ast.List | ast.Tuple | ast.BoolOp):
        parts = [argument] if isinstance(argument, ast.Constant) else list(ast.iter_child_nodes(argument))
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part
            elif isinstance(part, ast.expr) and part is not argument and not isinstance(part, ast.FormattedValue):
                yield from _shown(part)


def untranslated(source: str) -> list[tuple[int, str]]:
    """Return line and text of everything on the screen that does not go through `_()`."""
    tree = ast.parse(source)
    documentation = _docstrings(tree)
    found = [
        (node.lineno, str(node.value))
        for node in literals(tree)
        if id(node) not in documentation and HAN.search(str(node.value)) and str(node.value).strip() not in DATA
    ]
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _called(call) in SHOWS and not _is_log(call):
            for argument in [*call.args, *(k.value for k in call.keywords if k.arg in {"text", "title", "label"})]:
                found += [(c.lineno, str(c.value)) for c in _shown(argument) if _has_words(str(c.value))]
    return found


_CODE = (
    r"[a-z][a-z0-9_]*|\s*\(?[A-Z][\w+]*\+[\w+]*\)?|https?://\S+|[\w./*-]+\.\w+|\w+ \((?:\*\.[\w*]+ ?)+\)|text-align.*"
)


def _has_words(text: str) -> bool:
    plain = MARKUP.sub(" ", text)
    return any(word not in NAMES for word in WORD.findall(plain)) and not _is_code(text)


def _is_code(text: str) -> bool:
    """Say whether a text is no sentence but a name of the program: of an icon, a key, a column, a kind of files."""
    return bool(re.fullmatch(_CODE, text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(UI).as_posix())
def test_every_word_on_the_screen_is_translated(path: Path) -> None:
    assert not untranslated(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "label.setText('Save now')",
        "QLabel(f'{n} rows left')",
        "button('x', _('Go')); say('完成')",
        "x = {'a': '已完成'}",
        "box.addItem('All ' + name)",
        "w.setToolTip('Save' if a else _('Keep'))",
        "QMessageBox.warning(w, _('A'), 'It failed')",
    ],
)
def test_the_search_finds_what_is_forgotten(source: str) -> None:
    assert untranslated(source)


@pytest.mark.parametrize(
    "source",
    [
        "label.setText(_('Save now'))",
        "w.setObjectName('save')",
        "label.setText(f'{n:,} / {m}')",
        "x = N_('Saved')",
        "box.addItem(_('All'), 'all')",
        "def f():\n    '''Says 完成.'''",
        "label.setText(f'<b>{name}</b>')",
    ],
)
def test_the_search_leaves_alone_what_is_right(source: str) -> None:
    assert not untranslated(source)


_OWN_FORMATS = re.compile(r"\.strftime\(|\.toString\(\s*[\"']yyyy|QLocale\(\)\.toString")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(UI).as_posix())
def test_dates_are_written_by_the_one_helper(path: Path) -> None:
    if path.name != "shown.py":
        assert not _OWN_FORMATS.findall(path.read_text("utf-8"))
