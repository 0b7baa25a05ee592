"""What can be wrong with a form, told to its author: where, what, and what to do."""

from fieldsurvey.errors import InputRefused


class FormError(InputRefused):
    """A form cannot be used."""


class ExpressionError(FormError):
    """An expression cannot be understood or computed."""


class CompileError(FormError):
    """The XLSForm compiler refuses a workbook.

    Attributes:
        sheet: Sheet; empty if it is not known.
        row: Row from 1; 0 if it is not known.
        what: What is wrong, without the place.
    """

    def __init__(self, message: str, sheet: str = "", row: int = 0, what: str = "") -> None:
        super().__init__(message)
        self.sheet, self.row, self.what = sheet, row, what or message
