"""The whole job once, in the real window: a proof that can be watched.

Every stage runs in a process of its own, so that one can be killed in the
middle. What a stage did is read from the project files afterwards, not from
the script's own variables.
"""

from ui.tour.guide import run_tour

__all__ = ["run_tour"]
