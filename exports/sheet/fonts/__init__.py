"""The vendored typefaces: files, not code."""

from pathlib import Path

FOLDER = Path(__file__).parent
