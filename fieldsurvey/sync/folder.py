"""The way over a shared folder or a USB stick: every replica adds packages, all read them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import NO_CHAIN
from fieldsurvey.store import Blob
from fieldsurvey.sync.package import SUFFIX, Batch, Package, write
from fieldsurvey.sync.peers import Heads, Hello
from fieldsurvey.sync.wire import Parcel


class FolderCarrier:
    """A folder of packages. It answers like a replica whose log is the union of the packages in it."""

    def __init__(self, folder: Path) -> None:
        """Read what is in the folder; damaged packages are left out and told by `damaged`.

        Raises:
            SyncError: If there is no such folder.
        """
        if not folder.is_dir():
            raise SyncError(_("There is no folder {folder}. Is the USB stick plugged in?").format(folder=folder))
        self._folder = folder
        self.damaged: list[str] = []
        self._packages = [package for path in sorted(folder.glob(f"*{SUFFIX}")) if (package := self._opened(path))]
        self._mine: Hello | None = None
        self._batches: list[Batch] = []
        self._blobs: dict[Blob, Path] = {}

    def _opened(self, path: Path) -> Package | None:
        try:
            return Package(path)
        except SyncError as error:
            self.damaged.append(str(error))
            return None

    def close(self) -> None:
        """Close the packages."""
        for package in self._packages:
            package.close()

    def hello(self, mine: Hello) -> Hello:
        """Exchange states.

        Raises:
            SyncError: If the folder belongs to another project.
        """
        self._mine = mine
        others = [package.hello for package in self._packages]
        for other in others:
            if mine.project and other.project != mine.project:
                raise SyncError(_("The folder {folder} belongs to another project.").format(folder=self._folder.name))
        tables = list(dict.fromkeys(table for other in others for table in other.tables))
        actors = list(dict.fromkeys(actor for other in others for actor in other.actors))
        first = others[0] if others else mine
        heads = {origin: (upto, NO_CHAIN) for origin, upto in self._covered().items()}
        return Hello(
            first.project, first.name, first.crs, f"folder:{first.project}", "", heads, tables, actors, "files"
        )

    def _covered(self) -> dict[int, int]:
        """Return, per origin, how far the packages reach without holes."""
        spans = sorted(span for package in self._packages for span in package.spans())
        reached: dict[int, int] = {}
        for origin, first, upto in spans:
            if first <= reached.get(origin, 0) + 1:
                reached[origin] = max(reached.get(origin, 0), upto)
        return reached

    def missing_blobs(self, blobs: Sequence[Blob]) -> list[Blob]:
        """Return which files no package holds."""
        have = {blob.sha256 for blob in self.blobs()}
        return [blob for blob in blobs if blob.sha256 not in have]

    def send_blob(self, blob: Blob, path: Path) -> None:
        """Put a file into the package that finish_push() writes."""
        self._blobs[blob] = path

    def push(self, batch: bytes, origin: int, upto: int) -> int:
        """Put a batch into the package that finish_push() writes."""
        first = self._covered().get(origin, 0)
        first = max([first, *(b.upto for b in self._batches if b.origin == origin)]) + 1
        self._batches.append(Batch(origin, first, upto, batch))
        return upto

    def finish_push(self) -> None:
        """Write one package with everything that was pushed."""
        if self._mine is None or not (self._batches or self._blobs):
            return
        origin = self._mine.hub_id.rpartition(":")[2]
        write(self._folder / f"{now_millis()}-{origin}{SUFFIX}", self._mine, self._batches, self._blobs)

    def pull(self, cursor: int, heads: Heads, areas: Sequence[int] | None) -> Iterator[tuple[list[Parcel], int]]:
        """Yield the batches that reach beyond what we have."""
        del areas
        for package in self._packages:
            spans = package.spans()
            if all(upto <= heads.get(origin, (0, b""))[0] for origin, _first, upto in spans):
                continue
            for parcel in package.parcels():
                yield [parcel], cursor

    def chains(self, origin: int, seqs: Sequence[int]) -> list[bytes | None]:
        """Return nothing: packages do not decide between two lines."""
        del origin
        return [None for _seq in seqs]

    def blobs(self) -> list[Blob]:
        """Return every file in the packages."""
        return list({blob.sha256: blob for package in self._packages for blob in package.blobs()}.values())

    def fetch_blob(self, blob: Blob, part: Path) -> None:
        """Append to a partial file what is still lacking."""
        for package in self._packages:
            if blob in package.blobs():
                done = part.stat().st_size if part.exists() else 0
                with part.open("ab") as out:
                    package.copy_blob(blob, out, done)
                return


class FileCarrier(FolderCarrier):
    """One package file: read if it is there, written if it is not."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._folder = file.parent
        self.damaged = []
        self._packages = [Package(file)] if file.exists() else []
        self._mine, self._batches, self._blobs = None, [], {}

    def finish_push(self) -> None:
        """Write the file; one that was there before is somebody's and stays."""
        if self._mine is not None and not self._file.exists():
            write(self._file, self._mine, self._batches, self._blobs)
