"""The sheets that come with the program, as template files that an office can copy and change."""

from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = {"assessment": "评估表", "application": "申报表", "approval": "审批表"}
