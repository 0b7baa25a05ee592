"""The office side: one project file behind HTTP, accounts, nothing else to install."""

from fieldsurvey.hub.serving import serve

__all__ = ["serve"]
