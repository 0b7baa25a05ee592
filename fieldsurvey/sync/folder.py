"""The way over a shared folder or a USB stick: every replica adds packages, all read them."""

import glob
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from fieldsurvey.clock import now_millis
from fieldsurvey.errors import SyncError
from fieldsurvey.i18n import _
from fieldsurvey.model.revision import NO_CHAIN
from fieldsurvey.store import Blob
from fieldsurvey.sync.keys import Signer
from fieldsurvey.sync.package import PART_BYTES, SUFFIX, Batch, Package, write
from fieldsurvey.sync.peers import Heads, Hello
from fieldsurvey.sync.wire import Parcel


class FolderCarrier:
    """A folder of packages. It answers like a replica whose log is the union of the packages in it.

    Attributes:
        damaged: Packages that could not be read, each a sentence.
    """

    def __init__(self, folder: Path, signer: Signer | None = None, part_bytes: int = PART_BYTES) -> None:
        """Read what is in the folder; damaged packages are left out and told by `damaged`.

        Raises:
            SyncError: If there is no such folder.
        """
        if not folder.is_dir():
            raise SyncError(_("There is no folder {folder}. Is the USB stick plugged in?").format(folder=folder))
        self._begin(folder, signer, part_bytes)
        self._packages = self._opened(sorted(folder.glob(f"*{SUFFIX}")))

    def _begin(self, folder: Path, signer: Signer | None, part_bytes: int) -> None:
        self._folder, self._signer, self._part_bytes = folder, signer, part_bytes
        self.damaged: list[str] = []
        self._mine: Hello | None = None
        self._batches: list[Batch] = []
        self._blobs: dict[Blob, Path] = {}

    def _opened(self, paths: Sequence[Path]) -> list[Package]:
        found: list[Package] = []
        for path in paths:
            try:
                found.append(Package(path))
            except SyncError as error:
                self.damaged.append(str(error))
        return found

    def close(self) -> None:
        """Close the packages."""
        for package in self._packages:
            package.close()

    def packages(self) -> list[Package]:
        """Return the packages that could be opened."""
        return list(self._packages)

    def writers(self) -> list[tuple[str, str]]:
        """Return, per package, its name and the key of whoever signed it (empty: nobody)."""
        return [(package.path.name, package.key) for package in self._packages]

    def leave_out(self, name: str) -> None:
        """Take nothing from a package: its writer is not to be believed."""
        for package in [package for package in self._packages if package.path.name == name]:
            package.close()
            self._packages.remove(package)

    def statements(self) -> list[Hello]:
        """Return what hubs signed in the packages: acknowledgements."""
        found = [package.hello for package in self._packages]
        return [hello for hello in found if hello.kind == "hub" and hello.is_signed]

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
        name = f"folder:{first.project}"
        signed = [head for other in others for head in other.signed_heads]
        clocks = [offset for other in others for offset in other.clocks]
        return Hello(
            first.project, first.name, first.crs, name, "", heads, tables, actors, "files",
            signed_heads=signed, clocks=clocks,
        )  # fmt: skip

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

    def push(self, batch: bytes, origin: int, first: int, upto: int) -> int:
        """Put a batch into the package that finish_push() writes."""
        self._batches.append(Batch(origin, first, upto, batch))
        return upto

    def finish_push(self) -> None:
        """Write one package with everything that was pushed."""
        if self._mine is None or not (self._batches or self._blobs or self._mine.kind == "hub"):
            return
        origin = self._mine.hub_id.rpartition(":")[2]
        self._write(self._folder / f"{now_millis()}-{origin}{SUFFIX}")

    def _write(self, target: Path) -> None:
        assert self._mine is not None  # noqa: S101 - whoever writes has said hello
        write(target, self._mine, self._batches, self._blobs, self._signer, self._part_bytes)

    def pull(self, cursor: int, heads: Heads, areas: Sequence[int] | None) -> Iterator[tuple[Collection[Parcel], int]]:
        """Yield the packages that reach beyond what we have, each as one whole."""
        del areas
        for package in self._packages:
            spans = package.spans()
            if any(upto > heads.get(origin, (0, b""))[0] for origin, _first, upto in spans):
                yield package.parcels(), cursor

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
    """One package file, with its further parts: read if it is there, written if it is not."""

    def __init__(self, file: Path, signer: Signer | None = None, part_bytes: int = PART_BYTES) -> None:
        """Read the file if it is there.

        Raises:
            SyncError: If it is damaged.
        """
        self._begin(file.parent, signer, part_bytes)
        self._file = file
        self._packages = [Package(file)] if file.exists() else []
        if file.exists():
            others = sorted(file.parent.glob(f"{glob.escape(file.stem)}-*{SUFFIX}"))
            self._packages += self._opened([path for path in others if path.stem[len(file.stem) + 1 :].isdecimal()])

    def finish_push(self) -> None:
        """Write the file; one that was there before is somebody's and stays."""
        if self._mine is not None and not self._file.exists():
            self._write(self._file)
