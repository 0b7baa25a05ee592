"""What people do at a machine: make, open, save, delete, bring back, decide."""

import random
from collections.abc import Callable

import shapely

from fieldsurvey.errors import InputRefused
from fieldsurvey.model.merge import DELETED
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Row, Store
from fieldsurvey.sync.simulate.ledger import Ledger, shown
from fieldsurvey.sync.simulate.sites import COMMUNITIES, FIELDS, PLACE, Crash, Site

SHARED = tuple(f"{number:032x}" for number in (1, 2, 3))  # records that more than one person makes under one name


class People:
    """The people of a history; what they did and saw goes into the ledger."""

    def __init__(self, rng: random.Random, ledger: Ledger) -> None:
        self._rng, self._ledger = rng, ledger
        self._count = 0

    def act(self, site: Site) -> None:
        """Do something at a machine."""
        does = self._rng.choices(
            (self._create, self._open, self._save, self._delete, self._undelete, self._resolve, self._import),
            (20, 32, 34, 5, 2, 10, 1),
        )
        does[0](site)

    def _value(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def _values(self, least: int) -> dict[str, str]:
        names = self._rng.sample(FIELDS, self._rng.randint(least, len(FIELDS)))
        return {name: self._value() for name in names}

    def _doing(self, site: Site, work: Callable[[Store], object], note: Callable[[], None]) -> None:
        """Do one durable step and note it once it is acknowledged, or found done after a stop."""
        origin, before = site.store.origin, site.store.version_vector().get(site.store.origin, (0, b""))
        try:
            work(site.store)
        except InputRefused:
            return
        except Crash:
            site.reopen()
            if site.store.version_vector().get(origin, (0, b"")) != before:
                note()
            raise
        note()

    def _create(self, site: Site) -> None:
        uid = f"{self._rng.getrandbits(128):032x}"
        if self._rng.random() < 0.15:
            uid = self._rng.choice(SHARED)
            if site.store.history(uid):
                return
        changes = self._values(0)
        values: dict[str, Value] = {**changes, "geom": self._geometry()}
        if self._rng.random() < 0.7:
            values["community_uid"] = self._rng.choice(COMMUNITIES)
        self._doing(
            site,
            lambda store: store.create_record(PLACE.name, values, uid=uid),
            lambda: self._ledger.wrote(uid, changes),
        )

    def _geometry(self) -> bytes | None:
        if self._rng.random() < 0.7:
            return None
        return bytes(shapely.to_wkb(shapely.Point(self._rng.randint(0, 99), self._rng.randint(0, 99))))

    def _some(self, site: Site) -> str | None:
        rows = site.store.select(PLACE.name, ["uid"])
        return self._rng.choice(sorted(str(row["uid"]) for row in rows)) if rows else None

    def _open(self, site: Site) -> None:
        uid = self._some(site)
        row = site.store.get(uid) if uid else None
        if row is not None:
            site.forms = [*site.forms[-4:], (row, self._rivals(site.store, row.uid))]

    def _form(self, site: Site) -> tuple[Row, frozenset[str]] | None:
        """Return a form that stands open, perhaps since long ago."""
        if not site.forms:
            self._open(site)
        return site.forms.pop(self._rng.randrange(len(site.forms))) if site.forms else None

    def _save(self, site: Site) -> None:
        form = self._form(site)
        if form is None:
            return
        row, _listed = form
        changes = self._values(1)
        values: dict[str, Value] = dict(changes)
        if self._rng.random() < 0.1:
            values["geom"] = self._geometry()
        if self._rng.random() < 0.15:
            values["community_uid"] = self._rng.choice(COMMUNITIES)  # the record moves to another area

        def note() -> None:
            self._ledger.wrote(row.uid, changes)
            self._ledger.replaced |= shown({name: row.values[name] for name in changes})

        self._doing(site, lambda store: store.save(row.uid, values, row.token), note)

    def _delete(self, site: Site) -> None:
        form = self._form(site)
        if form is None:
            return
        row, listed = form
        seen = shown(row.values) | listed
        self._doing(
            site, lambda store: store.delete(row.uid, row.token), lambda: self._ledger.deleted[row.uid].update(seen)
        )

    def _rivals(self, store: Store, uid: str) -> frozenset[str]:
        """Return the rival values that the screen lists beside the form."""
        return frozenset(v.value for c in store.conflicts(uid) for v in c.versions if isinstance(v.value, str))

    def _undelete(self, site: Site) -> None:
        gone = sorted(set(self._ledger.deleted) - {str(row["uid"]) for row in site.store.select(PLACE.name, ["uid"])})
        if gone:
            uid = self._rng.choice(gone)
            self._doing(site, lambda store: store.undelete(uid), lambda: None)

    def _resolve(self, site: Site) -> None:
        conflicts = site.store.conflicts()
        if not conflicts:
            return
        conflict = self._rng.choice(conflicts)
        if conflict.field == DELETED:
            self._decide_deletion(site, conflict.uid)
            return
        if conflict.field not in FIELDS:
            choice = {conflict.field: self._rng.choice(conflict.versions).value}
            self._doing(site, lambda store: store.resolve(conflict.uid, choice), lambda: None)
            return
        listed = {v.value for v in conflict.versions if isinstance(v.value, str)}
        value = self._rng.choice([*sorted(listed), self._value()])

        def note() -> None:
            self._ledger.wrote(conflict.uid, {conflict.field: value})
            self._ledger.resolved |= listed - {value}

        self._doing(site, lambda store: store.resolve(conflict.uid, {conflict.field: value}), note)

    def _decide_deletion(self, site: Site, uid: str) -> None:
        row = site.store.get(uid)
        if row is None or self._rng.random() < 0.5:
            self._doing(site, lambda store: store.undelete(uid), lambda: None)
            return
        seen = shown(row.values) | self._rivals(site.store, uid)
        self._doing(site, lambda store: store.delete(uid, row.token), lambda: self._ledger.deleted[uid].update(seen))

    def _import(self, site: Site) -> None:
        """Import a list; others may have made one of its records, or import it from a list of their own."""
        uids = [f"{self._rng.getrandbits(128):032x}" for _row in range(self._rng.randint(1, 3))]
        if self._rng.random() < 0.3:
            uids[0] = self._rng.choice(SHARED)
        rows: list[dict[str, Value]] = [
            {"uid": uid, "geom": self._geometry(), "a": self._value(), "community_uid": self._home()} for uid in uids
        ]

        def note() -> None:
            for row in rows:
                self._ledger.wrote(str(row["uid"]), {"a": str(row["a"])})

        self._doing(site, lambda store: store.import_rows(PLACE.name, rows, source="list.csv"), note)

    def _home(self) -> str | None:
        return self._rng.choice(COMMUNITIES) if self._rng.random() < 0.3 else None
