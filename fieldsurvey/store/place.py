"""Where a project file lies: on a disk of this machine, or behind a network."""

import sys
from pathlib import Path

# File systems of the kernel's and of FUSE's network clients; locks and shared memory do not hold there (SYNC 2).
_REMOTE = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "davfs", "fuse.davfs", "fuse.sshfs",
    "fuse.gvfsd-fuse",
}  # fmt: skip
_COLUMNS = 3  # device, place, type: what is read of a line
_DRIVE_REMOTE = 4  # GetDriveTypeW


def is_remote(path: Path) -> bool:
    """Say whether a file lies on a network drive, as far as the system tells."""
    if sys.platform == "win32":
        return _is_remote_on_windows(path)
    return file_system_of(path.absolute(), mount_table()) in _REMOTE


def mount_table() -> str:
    """Return what this system has mounted where (proc(5)); empty if it does not tell."""
    try:
        return Path("/proc/self/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""


def file_system_of(path: Path, mounts: str) -> str:
    r"""Return the type of the file system that holds a path.

    Args:
        path: An absolute path.
        mounts: Text of /proc/self/mounts (proc(5), fstab(5)): device, place, type; blanks in a place are `\040`.

    >>> file_system_of(Path("/mnt/office/a.gpkg"), "x / ext4 rw 0 0\n//nas/o /mnt/office cifs rw 0 0")
    'cifs'
    """
    depth, kind = -1, ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < _COLUMNS:
            continue
        place = Path(parts[1].replace(r"\040", " ").replace(r"\011", "\t").replace(r"\134", "\\"))
        if path.is_relative_to(place) and len(place.parts) >= depth:  # of two on one place the later one is seen
            depth, kind = len(place.parts), parts[2]
    return kind


def _is_remote_on_windows(path: Path) -> bool:
    import ctypes

    anchor = path.absolute().anchor
    if anchor.startswith("\\\\"):
        return True
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    return int(kernel.GetDriveTypeW(anchor)) == _DRIVE_REMOTE
