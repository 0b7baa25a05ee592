"""On which very edits was an edit made? A number alone does not say: a copied laptop may have given it away twice.

`par` therefore ends with four bytes over the chain values of the versions it names (SYNC section 8). They are looked at
where edits come from a laptop or a package: what was built on another line than the one that is here is not taken.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from fieldsurvey.model import merge
from fieldsurvey.model.revision import Revision

_KEY = "chk"  # in the `par` of deletes and approvals; in that of edits it is the third item
_DIGITS = 8


def check_of(chains: Iterable[bytes]) -> str:
    """Return the check over the chain values of the parents, in the order of their numbers."""
    return hashlib.sha256(b"".join(chains)).hexdigest()[:_DIGITS]


def with_check(par: str, check: str) -> str:
    """Return `par` with the check of what it names.

    >>> with_check('[[5],{}]', "00c0ffee"), with_check('{"saw":[5],"del":[]}', "00c0ffee")
    ('[[5],{},"00c0ffee"]', '{"saw":[5],"del":[],"chk":"00c0ffee"}')
    """
    return f'{par[:-1]},"{check}"]' if par.startswith("[") else f'{par[:-1]},"{_KEY}":"{check}"}}'


def check_in(revision: Revision) -> str:
    """Return the check that an edit carries; empty: none, as of edits that were written anew under other numbers."""
    par = revision.parents()
    if isinstance(par, list):
        return str(par[2]) if len(par) > 2 else ""
    return str(par.get(_KEY, "")) if par else ""


def is_check(value: object) -> bool:
    """Say whether a value has the form of a check."""
    return isinstance(value, str) and len(value) == _DIGITS and not set(value) - set("0123456789abcdef")


def without_check(par: object) -> object:
    """Return a parsed `par` without its check: its parents get other chain values."""
    if isinstance(par, list):
        return par[:2]
    return {key: value for key, value in par.items() if key != _KEY} if isinstance(par, dict) else par


def built_elsewhere(
    revisions: Sequence[Revision], chains_of: Callable[[Sequence[int]], Mapping[int, bytes]]
) -> Revision | None:
    """Return the first edit that was made on other edits than those that are here under these numbers; None: none.

    Args:
        revisions: What came.
        chains_of: Numbers -> the chain values of those that are here.
    """
    parents = {r.rid: sorted(merge.required(r)) for r in revisions if check_in(r)}
    came = {r.rid: r.chain for r in revisions}
    wanted = sorted(set[int]().union(*parents.values()) - came.keys())
    known = {**chains_of(wanted), **came}
    for revision in revisions:
        needs = parents.get(revision.rid)
        if needs and all(rid in known for rid in needs) and check_of(known[r] for r in needs) != check_in(revision):
            return revision
    return None
