"""The measure: one file by gunicorn's sendfile, nobody asked."""

import os
from pathlib import Path

FILE = Path(os.environ.get("BENCHMARK_FILE", "/dev/null"))


def application(environ, start_response):
    """Answer any path with the file; /healthz without it."""
    if environ["PATH_INFO"] == "/healthz":
        start_response("200 OK", [("Content-Length", "0")])
        return []
    file = FILE.open("rb")
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(FILE.stat().st_size))])
    return environ["wsgi.file_wrapper"](file, 256 * 1024)
