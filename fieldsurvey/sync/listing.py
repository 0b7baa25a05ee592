"""What goes and comes in an exchange, as people count it: records by community and layer, and files."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from fieldsurvey.i18n import _
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.revision import Kind, Revision
from fieldsurvey.store import Blob, Store
from fieldsurvey.store.media import DATASET_MIME


@dataclass(frozen=True, slots=True)
class Item:
    """Records of one layer or form in one community.

    Attributes:
        community: Its name; empty for what belongs to none.
        layer: The layer or form, as people call it.
        made, changed, deleted, approved: Records.
        imported: Rows of imported datasets.
    """

    community: str
    layer: str
    made: int
    changed: int
    deleted: int
    approved: int
    imported: int

    @property
    def words(self) -> str:
        """What is to be told of it, such as "3 new, 1 deleted"."""
        parts = (
            (self.made, _("{n} new")),
            (self.changed, _("{n} changed")),
            (self.deleted, _("{n} deleted")),
            (self.approved, _("{n} approved")),
            (self.imported, _("{n} rows imported")),
        )
        return _(", ").join(text.format(n=n) for n, text in parts if n)


@dataclass(frozen=True, slots=True)
class Listing:
    """One direction of an exchange.

    Attributes:
        items: Records, by community and layer.
        files: Photos and datasets.
        unseen: Revisions beyond those that were looked at.
    """

    items: tuple[Item, ...] = ()
    files: tuple[Blob, ...] = ()
    unseen: int = 0

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(blob.size for blob in self.files)

    @property
    def photos(self) -> tuple[Blob, ...]:
        """The files without datasets."""
        return tuple(blob for blob in self.files if blob.mime != DATASET_MIME)


@dataclass(slots=True)
class _Group:
    made: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)
    imported: int = 0


class Tally:
    """Counts the revisions and files of one direction."""

    def __init__(self) -> None:
        self.revisions = 0
        self._groups: dict[tuple[int, str], _Group] = {}
        self._named: dict[int, str] = {}
        self._files: dict[str, Blob] = {}

    def add(self, revisions: Iterable[Revision]) -> None:
        """Count revisions."""
        for revision in revisions:
            self.revisions += 1
            self._add(revision)

    def _add(self, revision: Revision) -> None:
        scope = revision.scope
        if revision.table == "community":
            scope = scope_of(revision.uid)
            if revision.kind is Kind.CREATE and (name := revision.fields().get("name")):
                self._named[scope] = str(name)
        group = self._groups.setdefault((scope, revision.table), _Group())
        match revision.kind:
            case Kind.CREATE:
                group.made.add(revision.uid)
            case Kind.DELETE:
                group.deleted.add(revision.uid)
            case Kind.APPROVE:
                group.approved.add(revision.uid)
            case Kind.IMPORT:
                group.imported += int(revision.fields().get("rows") or 0)
            case _:
                group.changed.add(revision.uid)

    def file(self, blob: Blob) -> None:
        """Count a file."""
        self._files[blob.sha256] = blob

    def listing(self, store: Store, unseen: int = 0) -> Listing:
        """Return what was counted, in words of the project."""
        rows = store.select("community", ["uid", "name"]) if "community" in store.tables() else []
        names = self._named | {scope_of(str(row["uid"])): str(row["name"] or "") for row in rows}
        labels = {name: table.label for name, table in store.tables().items()}
        items = [
            Item(
                names.get(scope, ""),
                labels.get(table, table),
                len(group.made),
                len(group.changed - group.made),
                len(group.deleted),
                len(group.approved),
                group.imported,
            )
            for (scope, table), group in self._groups.items()
        ]
        items.sort(key=lambda item: (not item.community, item.community, item.layer))
        return Listing(tuple(items), tuple(self._files.values()), unseen)
