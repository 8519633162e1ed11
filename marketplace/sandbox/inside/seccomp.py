"""The filter of system calls: a short program in the kernel's own language that lets through what is listed, and refuses the rest."""

import ctypes
import errno
import os
import struct
from typing import TypeAlias

from marketplace.sandbox.inside.kernel import LIBC, must
from marketplace.sandbox.inside.syscalls import numbers

Line: TypeAlias = tuple[int, int, int, int]  # operation, lines to skip when true, when false, value

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LOAD, _IF_EQUAL, _IF_ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW: Line = (_RETURN, 0, 0, 0x7FFF0000)
# Python tries other ways after EACCES where it gives up after EPERM.
_REFUSE: Line = (_RETURN, 0, 0, 0x00050000 | errno.EACCES)
_KILL: Line = (_RETURN, 0, 0, 0x80000000)

_TO_WRITE = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
_SHARED_ANONYMOUS, _GROWS_DOWN_OR_HUGE = 0x21, 0x40100
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


def _argument(number: int) -> Line:
    """Load the low half of an argument: all arguments that are looked at are ints to the kernel."""
    return (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * number)


def _none_of(argument: int, bits: int) -> list[Line]:
    return [_argument(argument), (_IF_ANY_BIT, 0, 1, bits), _REFUSE]


def _not_all_of(argument: int, bits: int) -> list[Line]:
    return [_argument(argument), (_AND, 0, 0, bits), (_IF_EQUAL, 0, 1, bits), _REFUSE]


def _one_of(argument: int, values: tuple[int, ...]) -> list[Line]:
    tests: list[Line] = [(_IF_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [_argument(argument), *tests, _REFUSE]


def _conditions() -> dict[str, list[Line]]:
    return {
        # Mappings of these kinds are not counted by RLIMIT_DATA.
        "mmap": _not_all_of(3, _SHARED_ANONYMOUS) + _none_of(3, _GROWS_DOWN_OR_HUGE),
        "open": _none_of(1, _TO_WRITE),
        "openat": _none_of(2, _TO_WRITE),
        # Not F_SETOWN and F_SETSIG, which make the kernel send any signal to any process of the same account.
        "fcntl": _one_of(1, (0, 1, 2, 3, 1030)),  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC
        "tgkill": _one_of(0, (os.getpid(),)),
        "prlimit64": _one_of(0, (0,)),
    }


def program(machine: str, wanted: frozenset[str] = frozenset()) -> list[Line]:
    """Return the filter for this process on this machine."""
    conditions = _conditions()
    lines: list[Line] = [(_LOAD, 0, 0, _ARCHITECTURE), (_IF_EQUAL, 1, 0, ARCHITECTURES[machine]), _KILL, (_LOAD, 0, 0, _NUMBER)]
    for name, number in numbers(machine, wanted).items():
        body = [*conditions.get(name, []), _ALLOW]
        lines += [(_IF_EQUAL, 0, len(body), number), *body]
    return [*lines, _REFUSE]


def install(wanted: frozenset[str] = frozenset()) -> None:
    """Put the filter on this process for good; it must have `no_new_privs` already."""
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"there is no list of system calls for {machine}")
    lines = program(machine, wanted)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    header = struct.pack("@HP", len(lines), ctypes.addressof(code))
    must(LIBC.prctl(_PR_SET_SECCOMP, _MODE_FILTER, header, 0, 0), "seccomp")
