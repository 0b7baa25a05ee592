"""What can be wrong with a form, told to its author: where, what, and what to do."""

from fieldsurvey.errors import InputRefused


class FormError(InputRefused):
    """A form cannot be used."""


class ExpressionError(FormError):
    """An expression cannot be understood or computed."""
