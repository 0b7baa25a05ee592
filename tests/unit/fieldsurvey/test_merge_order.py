"""The order in which edits that came together take effect."""

from fieldsurvey.model.batch import causal
from fieldsurvey.model.revision import NO_CHAIN, Kind, Revision, dump


def _revision(rid: int, hlc: int, kind: Kind, uid: str, par: str | None = None) -> Revision:
    return Revision(rid, hlc, 0, 1, "community", uid, kind, '{"name":"枫叶山"}', par, NO_CHAIN, 0)


def test_an_edit_stands_behind_its_parents_and_behind_what_makes_its_record() -> None:
    uid, elsewhere = "a" * 32, 99  # 99 is applied, but another laptop gave that number to an edit of another record
    first = _revision(1, 50, Kind.UPDATE, uid, dump([[elsewhere], {}]))
    second = _revision(2, 40, Kind.UPDATE, uid, dump([[1], {}]))
    made = _revision(3, 60, Kind.CREATE, uid)
    other = _revision(4, 10, Kind.UPDATE, "b" * 32, dump([[98], {}]))
    ready, missing = causal([first, second, made, other], {elsewhere})
    assert [revision.rid for revision in ready] == [3, 1, 2]
    assert missing == {4: {98}}
