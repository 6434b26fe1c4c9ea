"""Whether a time server sets this machine's clock, as the kernel knows it. Asks nobody over the network.

Whatever sets a clock on Linux (chrony, systemd-timesyncd, ntpd) tells the kernel each time that it was right;
without news for half a day the kernel says that it no longer is. Reading that needs no right and no program.
"""

import ctypes
import sys

_NOT_SYNCHRONISED = 5  # TIME_ERROR of <sys/timex.h>
_ROOM = 512  # bytes; `struct timex` has about two hundred. Of zeros it asks and sets nothing


def is_synchronised() -> bool | None:
    """Whether the kernel believes the clock. None where no kernel says so: Windows, macOS, a closed container."""
    if sys.platform != "linux":
        return None
    ask = getattr(ctypes.CDLL(None), "adjtimex", None)
    answer = ask(ctypes.create_string_buffer(_ROOM)) if ask is not None else -1
    return None if answer < 0 else answer != _NOT_SYNCHRONISED
