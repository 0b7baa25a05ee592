"""Dates of other calendars, against days that are known from almanacs."""

from datetime import date, timedelta

import pytest

from survey_forms.calendars import CALENDARS, calendar_of


@pytest.mark.parametrize(
    ("name", "gregorian", "parts"),
    [
        ("ethiopian", date(2000, 9, 11), (1993, 1, 1)),  # Enkutatash
        ("ethiopian", date(2023, 9, 12), (2016, 1, 1)),  # a day later after a leap year
        ("ethiopian", date(2023, 9, 11), (2015, 13, 6)),
        ("coptic", date(2024, 9, 11), (1741, 1, 1)),
        ("islamic", date(2000, 4, 6), (1421, 1, 1)),
        ("islamic", date(2024, 7, 8), (1446, 1, 1)),
        ("persian", date(2000, 3, 20), (1379, 1, 1)),  # Nowruz
        ("persian", date(2025, 3, 20), (1403, 12, 30)),  # a leap year
        ("persian", date(2025, 3, 21), (1404, 1, 1)),
        ("buddhist", date(2026, 11, 29), (2569, 11, 29)),
        ("bikram-sambat", date(2023, 4, 14), (2080, 1, 1)),
        ("bikram-sambat", date(1943, 4, 14), (2000, 1, 1)),
        ("myanmar", date(2024, 4, 17), (1386, 1, 9)),  # New Year
        ("myanmar", date(2015, 7, 31), (1377, 4, 15)),  # full moon of the second Waso
        ("myanmar", date(2018, 7, 27), (1380, 4, 15)),  # full moon of Waso
    ],
)
def test_a_known_day_has_its_date_in_each_calendar(name: str, gregorian: date, parts: tuple[int, int, int]) -> None:
    assert CALENDARS[name].parts(gregorian) == parts
    assert CALENDARS[name].day(*parts) == gregorian


@pytest.mark.parametrize("name", sorted(CALENDARS))
def test_every_day_of_seventy_years_comes_back(name: str) -> None:
    calendar, day = CALENDARS[name], date(1955, 1, 1)
    before: tuple[int, int, int] | None = None
    while day < date(2026, 1, 1):
        parts = calendar.parts(day)
        assert parts is not None
        assert calendar.day(*parts) == day
        assert parts != before
        before, day = parts, day + timedelta(1)


def test_what_is_no_day_of_the_calendar_is_none() -> None:
    assert CALENDARS["ethiopian"].read("2017-01-31") == ""
    assert CALENDARS["bikram-sambat"].read("1900-01-01") == ""
    assert CALENDARS["bikram-sambat"].show("1900-01-01") == ""
    assert CALENDARS["myanmar"].read("1300-01-01") == ""
    assert CALENDARS["persian"].read("9999-01-01") == ""
    assert CALENDARS["buddhist"].show("nonsense") == ""
    assert CALENDARS["persian"].read("１４０３年１２月３０日") == "2025-03-20"
    assert calendar_of("gregorian month-year") is None
    assert calendar_of("no-calendar islamic") is CALENDARS["islamic"]
