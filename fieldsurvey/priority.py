"""Processes that work beside the window let it go first."""

import contextlib
import os
import sys

_NICENESS = 5
_BELOW_NORMAL = 0x4000  # BELOW_NORMAL_PRIORITY_CLASS of Windows
_SET_INFORMATION = 0x0200  # PROCESS_SET_INFORMATION


def lower(process: int) -> None:
    """Have the system run programs of usual priority, the window among them, before a child process.

    With as many workers as cores, the window would otherwise wait for its turn
    longer than a keystroke may take. On a machine at rest nothing is slower.
    Where the system does not allow it, or the process has ended, nothing changes.

    Args:
        process: Its number.
    """
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            import ctypes

            kernel = ctypes.windll.kernel32
            handle = kernel.OpenProcess(_SET_INFORMATION, False, process)
            kernel.SetPriorityClass(handle, _BELOW_NORMAL)
            kernel.CloseHandle(handle)
        else:
            os.setpriority(os.PRIO_PROCESS, process, _NICENESS)
