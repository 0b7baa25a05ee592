"""The districts of the first city and their administrative codes (GB/T 2260, domain page 5.7)."""

_CODES = {
    "黄石港": "420202",
    "西塞山": "420203",
    "下陆": "420204",
    "铁山": "420205",
    "阳新": "420222",
    "大冶": "420281",
}


def district_code(name: str) -> str:
    """Return the code of a district, with or without 区, 县 or 市; "other" for any other, empty for no name.

    >>> district_code("下陆区"), district_code("阳新"), district_code("开发区")
    ('420204', '420222', 'other')
    """
    plain = name.strip()
    return _CODES.get(plain.rstrip("区县市"), "other") if plain else ""
