"""Functions that the tests of bounded calls run in the child; each misbehaves in one way."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path


def echo(payload):
    return payload


def add(payload):
    return payload["a"] + payload["b"]


def modules(_):
    return sorted(name for name in sys.modules if "." not in name)


def environment(_):
    return dict(os.environ)


def descriptors(_):
    return sorted(int(path.name) for path in Path("/proc/self/fd").iterdir())


def limits(_):
    names = ("RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_CORE")
    return {name: list(resource.getrlimit(getattr(resource, name))) for name in names}


def spin(_):
    while True:
        pass


def sleep(payload):
    time.sleep(payload)


def hog(payload):
    return len(bytearray(payload))


def die(payload):
    os.kill(os.getpid(), payload)


def fail(payload):
    sys.stderr.write("x" * 2_000_000)
    raise RuntimeError(payload)


def leave(payload):
    sys.exit(payload)


def large(payload):
    return "x" * payload


def print_first(_):
    print("this is not an answer")
    os.write(1, b"nor is this\n")
    return "clean"


def not_a_number(_):
    return float("nan")


def not_json(_):
    return object()


def garbage(_):
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, b"{not json")
        except OSError:
            continue
        os._exit(0)


def nested(payload):
    value = []
    for _ in range(payload):
        value = [value]
    return value


def silent(_):
    os._exit(0)


def write(payload):
    Path(payload).write_bytes(b"x" * 10)
    return "written"


def read(payload):
    return Path(payload).read_text()


def leave_a_child(payload):
    resource.setrlimit(resource.RLIMIT_NPROC, resource.getrlimit(resource.RLIMIT_NPROC))
    return subprocess.Popen(["/bin/sleep", str(payload)]).pid


def ignore_signals(_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pass
