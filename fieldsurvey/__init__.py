"""FieldSurvey: field survey and review for the renovation of old residential communities."""

__version__ = "0.1.0"
