"""Which system calls a confined process may make: name -> its numbers on x86_64 and on aarch64 (None: not there)."""

Numbers = dict[str, tuple[int | None, int | None]]

READ: Numbers = {  # what is open, and what may be opened for reading
    "read": (0, 63), "readv": (19, 65), "pread64": (17, 67), "preadv": (295, 69), "lseek": (8, 62), "close": (3, 57),
    "open": (2, None), "openat": (257, 56), "fcntl": (72, 25), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "fstat": (5, 80), "newfstatat": (262, 79), "stat": (4, None), "lstat": (6, None), "statx": (332, 291),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
    "getdents64": (217, 61), "getcwd": (79, 17),
}  # fmt: skip
ANSWER: Numbers = {"write": (1, 64), "writev": (20, 66), "poll": (7, None), "ppoll": (271, 73), "pselect6": (270, 72)}
MEMORY: Numbers = {
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226), "brk": (12, 214), "madvise": (28, 233),
}  # fmt: skip
ITSELF: Numbers = {  # signals to itself, its own numbers, time, chance
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "restart_syscall": (219, 128), "tgkill": (234, 131), "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293),
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getrusage": (98, 165), "prlimit64": (302, 261), "getrandom": (318, 278),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
ALWAYS: Numbers = READ | ANSWER | MEMORY | ITSELF

# What a task may ask for beyond that: numerical libraries look at the machine before they begin. None of it reaches outside.
ON_REQUEST: Numbers = {
    "uname": (63, 160), "sysinfo": (99, 179), "getcpu": (309, 168), "sched_getaffinity": (204, 123), "sched_yield": (24, 124),
    "get_mempolicy": (239, 236),
}  # fmt: skip


def numbers(machine: str, wanted: frozenset[str] = frozenset()) -> dict[str, int]:
    """Return the numbers of all allowed calls on this machine; `wanted` names those on request."""
    column = ("x86_64", "aarch64").index(machine)
    chosen = ALWAYS | {name: ON_REQUEST[name] for name in wanted}
    return {name: number for name, pair in chosen.items() if (number := pair[column]) is not None}
