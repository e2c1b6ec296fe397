"""Stops one thread of another process and keeps it stopped, as a bug that hangs it would."""

import ctypes
import signal
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
libc = ctypes.CDLL(None, use_errno=True)
thread = int(sys.argv[1])
for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
    if libc.ptrace(request, thread, 0, 0) == -1:
        sys.exit(f"ptrace: errno {ctypes.get_errno()}")
signal.pause()
