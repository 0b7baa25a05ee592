"""The assessment sheet of one community (小区改造现状评估表)."""
