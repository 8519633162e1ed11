"""Landlock: the kernel lets this process read under the given paths, and open nothing else on any file system."""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from marketplace.sandbox.inside.kernel import LIBC, must

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every machine
_ASK_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
# How many rights over files each version of Landlock knows (13; refer; truncate; ioctl), and since when it knows more than files.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_RIGHTS, _NETWORK_SINCE, _SCOPES_SINCE = 16, 4, 6


def version() -> int:
    """Return the version of Landlock in this kernel; 0 when it has none, or when it is switched off."""
    return max(0, int(LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


def allow_only(readable: Iterable[str], known: int) -> None:
    """Leave this process the right to read what lies under these paths, and take every other right that Landlock knows."""
    rights = (1 << _RIGHTS.get(known, _NEWEST_RIGHTS)) - 1
    network, scopes = 3 * (known >= _NETWORK_SINCE), 3 * (known >= _SCOPES_SINCE)
    handled = struct.pack("=QQQ", rights, network, scopes)
    ruleset = must(LIBC.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0), "landlock")
    for path in readable:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        granted = _READ_FILE | _READ_FOLDER if stat.S_ISDIR(os.fstat(handle).st_mode) else _READ_FILE
        must(LIBC.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", granted, handle), 0), "landlock rule")
        os.close(handle)
    must(LIBC.syscall(_RESTRICT_SELF, ruleset, 0), "landlock")
    os.close(ruleset)
