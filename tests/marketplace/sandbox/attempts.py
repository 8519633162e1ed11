"""What a hostile task would try, one function an attempt; standard library only, for it runs where nothing else is."""

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time

GIB = 1 << 30
MARK = b"the last bytes of a large file"
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
FAILED = ctypes.c_void_p(-1).value


def works(result):
    """The result of a C call, or the error it left."""
    if result in {-1, FAILED, None}:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def walk(payload, files):
    """Try every attempt that is named, one after the other, and say how each went."""
    return {name: told(name, payload, files) for name in payload["names"]}


def told(name, payload, files):
    try:
        return f"ALLOWED: {ATTEMPTS[name](payload, files)}"[:200]
    except (OSError, KeyError, MemoryError, RuntimeError) as refused:
        return f"denied: {type(refused).__name__}"


def alone(payload, files):
    """Make the one attempt of those that may end the process."""
    return ENDINGS[payload["name"]](payload, files)


def connects(kind, family, address):
    with socket.socket(family, kind) as line:
        line.settimeout(3)
        line.connect(address)
        return line.send(b"leak")


def maps(size, flags):
    address = works(LIBC.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0))
    for offset in range(0, size, 64 << 20):
        ctypes.memset(address + offset, 1, 1)
    works(LIBC.munmap(ctypes.c_void_p(address), ctypes.c_size_t(size)))
    return size


def fills(folder):
    path = f"{folder}/filled-by-the-sandbox-{os.getpid()}"
    try:
        with open(path, "wb") as out:
            return out.write(bytes(10_000_000))
    finally:
        if os.path.exists(path):
            os.unlink(path)


def forks(p, files):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def starts_a_thread(p, files):
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    return "a thread ran"


def has_signal_sent(p, files):
    reading, writing = (os.open(files[0], os.O_RDONLY), 2)
    os.close(reading)
    works(LIBC.fcntl(writing, 8, p["parent"]))  # F_SETOWN
    return works(LIBC.fcntl(writing, 10, int(signal.SIGCONT)))  # F_SETSIG


def reopens(p, files):
    descriptor = os.open(files[0], os.O_RDONLY)
    os.close(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR))


def raises_the_stack(p, files):
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    if hard != resource.RLIM_INFINITY and hard < GIB:
        raise PermissionError
    return hard


def other_processes(p, files):
    if not [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]:
        raise PermissionError


def reads_memory_of(pid):
    class Vector(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    here = ctypes.create_string_buffer(1)
    own = Vector(ctypes.addressof(here), 1)
    theirs = Vector(ctypes.addressof(here), 1)
    return works(LIBC.process_vm_readv(pid, ctypes.byref(own), 1, ctypes.byref(theirs), 1, 0))


def writes_through_a_mapping(p, files):
    with open(files[0], "r+b") as stream, mmap.mmap(stream.fileno(), 0) as mapped:
        mapped[0:1] = mapped[0:1]


def ends_in_a_program(p, files):
    """An `execve` that works never comes back, so it is tried with a program that is none."""
    try:
        os.execv(files[0], [files[0]])
    except OSError as refused:
        if refused.errno not in {13, 1}:
            return "the kernel looked at the file"
        raise
    return "never reached"


def calls(number, *arguments):
    return works(LIBC.syscall(number, *arguments))


ATTEMPTS = {
    "TCP to outside": lambda p, f: connects(socket.SOCK_STREAM, socket.AF_INET, ("1.1.1.1", 443)),
    "TCP to a listener of this machine": lambda p, f: connects(socket.SOCK_STREAM, socket.AF_INET, ("127.0.0.1", p["port"])),
    "UDP": lambda p, f: connects(socket.SOCK_DGRAM, socket.AF_INET, ("127.0.0.1", p["port"])),
    "a unix socket of the parent": lambda p, f: connects(socket.SOCK_STREAM, socket.AF_UNIX, p["unix"]),
    "an abstract unix socket": lambda p, f: connects(socket.SOCK_STREAM, socket.AF_UNIX, p["abstract"]),
    "a pair of sockets": lambda p, f: socket.socketpair(),
    "read /etc/shadow": lambda p, f: open("/etc/shadow").read(1),
    "read /etc/passwd": lambda p, f: open("/etc/passwd").read(1),
    "read the settings": lambda p, f: open(f"{p['project']}/settings.py").read(),
    "list the project": lambda p, f: os.listdir(p["project"]),
    "list where the files lie": lambda p, f: os.listdir(p["store"]),
    "read a file beside the given ones": lambda p, f: open(f"{p['store']}/another").read(),
    "SECRET_KEY in the environment": lambda p, f: os.environ["SECRET_KEY"],
    "the environment of the parent": lambda p, f: open(f"/proc/{p['parent']}/environ", "rb").read(1),
    "the memory of the parent": lambda p, f: reads_memory_of(p["parent"]),
    "see other processes": other_processes,
    "the name of the machine": lambda p, f: os.uname().nodename,
    "write the given file": lambda p, f: open(f[0], "r+b").close(),
    "write the given file through a mapping": writes_through_a_mapping,
    "cut the given file": lambda p, f: os.close(os.open(f[0], os.O_RDONLY | os.O_TRUNC)),
    "cut the given file by name": lambda p, f: os.truncate(f[0], 1),
    "change the mode of the given file": lambda p, f: os.chmod(f[0], 0o644),
    "change the times of the given file": lambda p, f: os.utime(f[0]),
    "remove the given file": lambda p, f: os.unlink(f[1]),
    "link the given file": lambda p, f: os.link(f[0], f"{p['store']}/linked"),
    "open the given file again to write": reopens,
    "write into the project": lambda p, f: open(f"{p['project']}/x", "w").close(),
    "make a folder": lambda p, f: os.mkdir(f"{p['store']}/made"),
    "write into /": lambda p, f: fills("/"),
    "write beside Python": lambda p, f: fills(os.path.dirname(os.__file__)),
    "write into /tmp": lambda p, f: fills("/tmp"),
    "write into /dev/shm": lambda p, f: fills("/dev/shm"),
    "3 GiB of memory": lambda p, f: len(bytearray(3 * GIB)),
    "3 GiB of shared memory": lambda p, f: maps(3 * GIB, 0x21),
    "3 GiB that grow downwards": lambda p, f: maps(3 * GIB, 0x122),
    "3 GiB in a file of memory": lambda p, f: os.ftruncate(os.memfd_create("x"), 3 * GIB),
    "raise the stack": raises_the_stack,
    "start a process": forks,
    "start a thread": starts_a_thread,
    "start a program": ends_in_a_program,
    "mount": lambda p, f: works(LIBC.mount(b"none", p["store"].encode(), b"tmpfs", 0, None)),
    "a user namespace of its own": lambda p, f: works(LIBC.unshare(0x10000000)),
    "trace the parent": lambda p, f: works(LIBC.ptrace(0x4206, p["parent"], 0, 0)),
    "signal the parent": lambda p, f: os.kill(p["parent"], 0),
    "have the parent signalled": has_signal_sent,
    "bound the parent": lambda p, f: resource.prlimit(p["parent"], resource.RLIMIT_CORE),
    "io_uring": lambda p, f: calls(425, 4, ctypes.create_string_buffer(120)),
    "bpf": lambda p, f: calls(p["numbers"]["bpf"], 0, None, 0),
    "keyrings": lambda p, f: calls(p["numbers"]["keyctl"], 0, -3, 0),
    "another alarm": lambda p, f: signal.setitimer(signal.ITIMER_REAL, 1000),
}


def spins(p, files):
    while True:
        pass


def floods(descriptors, line=b"x" * 1_000_000):
    for _ in range(60):
        for descriptor in descriptors:
            try:
                os.write(descriptor, line)
            except OSError:
                continue
    return "flooded"


def says(line, files=None):
    """Write on every descriptor that could be the answer's, and end."""
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, line)
        except OSError:
            continue
    os._exit(0)


def says_twice(p, files):
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, b'{"answer": "forged"}\n')
        except OSError:
            continue
    return "honest"


def endlessly(depth):
    return endlessly(depth + 1) + 1


def nested(p, files):
    says(b'{"answer": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n")


ENDINGS = {
    "an endless loop": spins,
    "an endless sleep": lambda p, f: time.sleep(3600),
    "a large answer": lambda p, f: "x" * 60_000_000,
    "a flood on every descriptor": lambda p, f: floods(range(3, 10)),
    "a flood of last words": lambda p, f: floods([2]),
    "a second answer": says_twice,
    "no JSON": lambda p, f: says(b"{no json}\n"),
    "NaN returned": lambda p, f: {"x": float("nan")},
    "NaN said": lambda p, f: says(b'{"answer": NaN}\n'),
    "Infinity said": lambda p, f: says(b'{"answer": [1, -Infinity]}\n'),
    "half a character": lambda p, f: "\ud800",
    "half an answer": lambda p, f: says(b'{"answer": "allow'),
    "an answer that is not text": lambda p, f: says(b'{"answer": "\xff"}\n'),
    "an answer of another shape": lambda p, f: says(json.dumps({"answer": 1, "profile": "bubblewrap"}).encode() + b"\n"),
    "a list for an answer": lambda p, f: says(b"[1]\n"),
    "a deep answer": nested,
    "something that JSON has no word for": lambda p, f: object(),
    "an end without an answer": lambda p, f: os._exit(0),
    "an end with a number": lambda p, f: os._exit(7),
    "sys.exit": lambda p, f: sys.exit(0),
    "a segmentation fault": lambda p, f: ctypes.string_at(0),
    "abort": lambda p, f: os.abort(),
    "an endless depth": lambda p, f: endlessly(0),
}


def instead_of_reading(payload, files):
    """What a reader that was taken over does; the name of the file says what."""
    return ENDINGS[payload["files"][0]["name"].removesuffix(".json")](payload, files)


def reads_another(payload, files):
    """Answer in the right shape about other bytes."""
    reading = {"format": "json", "verdict": "allow", "findings": [], "facts": {}, "profile": ""}
    entry = {"name": payload["files"][0]["name"], "size": os.stat(files[0]).st_size, "sha256": "0" * 64, "problem": "", "reading": reading}
    return {"version": "1", "files": [entry]}


def reads_the_end(payload, files):
    """Map the whole file and read its last bytes: large files need no memory."""
    with open(files[0], "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return [len(mapped), mapped[-len(MARK) :].decode(), sum(mapped[at] for at in range(0, len(mapped), 256 << 20))]


def imports(payload, files):
    """Load what readers use of the standard library, native parts too."""
    return [__import__(name).__name__ for name in ("zipfile", "lzma", "bz2", "zlib", "decimal", "hashlib", "sqlite3", "xml.etree.ElementTree")]


def multiplies(payload, files):
    """Multiply with numpy."""
    import numpy as np

    side = np.arange(250_000, dtype=np.float64).reshape(500, 500)
    return float((side @ np.linalg.inv(side + np.eye(500) * 1e6)).sum())


def where(payload, files):
    """What the process knows of its place."""
    return {"files": list(files), "modules": sorted(sys.modules), "environment": dict(os.environ), "path": sys.path, "here": os.getcwd()}
