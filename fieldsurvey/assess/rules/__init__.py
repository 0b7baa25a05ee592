"""The map rules R1 to R17: what was recorded and drawn, checked against thresholds that are data."""

from fieldsurvey.assess.rules.ruleset import RuleSet, Threshold, default_rules
from fieldsurvey.model.finding import Finding, Result, Tally

__all__ = ["Finding", "Result", "RuleSet", "Tally", "Threshold", "default_rules"]
