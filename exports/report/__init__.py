"""The city as a folder of web pages for leaders who open a browser: no server, no network, nothing to install."""

from exports.report.maker import ReportMade, city_report

__all__ = ["ReportMade", "city_report"]
