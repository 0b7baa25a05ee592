"""The rooms of the house: who may import whom, and what belongs to us."""

import ast
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("fieldsurvey", "layers", "survey_forms", "exports", "ui")
TOP_LEVEL = {
    *PACKAGES, "tests", "benchmarks", "pyproject.toml", "README.md", ".ci", "Makefile", "LICENSE", "CHANGELOG.md",
    "CONTRIBUTING.md", "ARCHITECTURE.md", "requirements.lock", "requirements-dev.lock", ".gitignore", "docs",
}  # fmt: skip


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [name for name in listed.stdout.split("\0") if name]


@pytest.mark.parametrize("name", PACKAGES)
def test_the_package_is_ours(name: str) -> None:
    assert set(packages_distributions().get(name, ["fieldsurvey"])) == {"fieldsurvey"}
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_top_level_is_the_agreed_one() -> None:
    assert {name.split("/")[0] for name in _tracked()} <= TOP_LEVEL


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("ui.app", ("geopandas", "pandas", "pyxform", "reportlab", "pyproj", "openpyxl", "pikepdf")),
        (
            "ui.app",
            ("layers.io", "exports.batch", "fieldsurvey.plan.build", "ui.plan", "ui.review.panel", "ui.exports.panel"),
        ),
        ("fieldsurvey.cli", ("PySide6", "geopandas", "pandas", "pyxform", "reportlab", "pyproj")),
        ("survey_forms", ("pyxform", "openpyxl")),
    ],
)
def test_heavy_libraries_are_not_on_the_start_up_path(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[n for n in {heavy!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_no_path_of_a_machine_and_no_package_index_is_committed() -> None:
    machine = re.compile(
        r"(?<![\w.])/(?:work|farm|home|root|Users)/\w|/tmp/[a-z]|https?://[^ ]*/simple\b|(?<!emit-)index-url"
    )
    here = Path(__file__).relative_to(ROOT).as_posix()
    texts = (".py", ".toml", ".md", ".lock", ".txt", ".cfg", ".json", ".csv", ".po", "Makefile", "run")
    found = [
        name
        for name in _tracked()
        if name.endswith(texts) and name != here and machine.search((ROOT / name).read_text("utf-8", "replace"))
    ]
    assert not found


def test_source_files_stay_within_500_lines() -> None:
    sources = [ROOT / n for n in _tracked() if n.endswith(".py") and n.split("/")[0] in PACKAGES]
    assert not [p.name for p in sources if len(p.read_text("utf-8").splitlines()) > 500]


def test_no_constant_is_given_a_second_value() -> None:
    """The later value would stand in every place that means the earlier one, and no linter says so."""
    twice = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            body = ast.parse(path.read_text("utf-8")).body
            targets = [target for line in body if isinstance(line, ast.Assign) for target in line.targets]
            targets += [line.target for line in body if isinstance(line, ast.AnnAssign)]
            names = Counter(
                each.id
                for target in targets
                for each in ast.walk(target)
                if isinstance(getattr(each, "ctx", None), ast.Store) and isinstance(each, ast.Name)
            )
            twice += [f"{path.relative_to(ROOT)}: {name}" for name, times in names.items() if times > 1]
    assert not twice
