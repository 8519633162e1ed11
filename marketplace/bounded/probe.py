"""What a bounded child says of its own bounds; asked by the doctor."""

import resource


def bounds(payload: object) -> dict[str, int]:
    """Return the hard limits this process really runs under."""
    names = {"data": resource.RLIMIT_DATA, "files": resource.RLIMIT_NOFILE, "written": resource.RLIMIT_FSIZE, "processes": resource.RLIMIT_NPROC}
    return {name: resource.getrlimit(which)[1] for name, which in names.items()}
