"""ClamAV: each file is sent to a clamd that runs apart, by its own protocol; set CLAMD_URL to turn it on.

The bytes go as a stream, so clamd needs no access to the store. Every file has a session of its own with a numbered request: an answer with
another number is an answer about something else. Whatever is not exactly "OK" or "FOUND" is no answer, and the check could not run.
"""

import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from catalog.artifacts.readers.types import shorten
from governance.validation.checks.base import Check, CheckAnswer, Found, Subject, SubjectFile, count, no_files, not_applicable
from governance.validation.states import SECURITY, Severity, Verdict

CHUNK = 1024 * 1024
SECONDS = 30.0
BYTES_PER_SECOND = 5_000_000
MOST_SAID = 4_096
CLEAN = re.compile(rb"1: stream: OK\0")
INFECTED = re.compile(rb"1: stream: ([^\0]{1,300}) FOUND\0")
TOO_LARGE = re.compile(rb"(1: )?INSTREAM size limit exceeded\. ERROR\0")
VERSION = re.compile(r"ClamAV [\w.+-]{1,30}(/\d{1,10})?")
ASK_AGAIN = 60.0
FIX_AWAY = "Start clamd, or take CLAMD_URL out; then run the checks again."
FIX_LARGE = "Nothing to mend: a reviewer says that it was seen. Raise StreamMaxLength of clamd and CLAMD_MOST_BYTES to have it scanned."


class NoAnswerError(OSError):
    """Clamd said nothing that can be used."""


class ClamAV:
    """Asks clamd about every file that it takes."""

    id = "antivirus"
    version = "1"
    stage = SECURITY
    title = "No known malware (ClamAV)"
    severity = Severity.CRITICAL
    beside = True
    scans = True
    _engines: dict[str, tuple[float, str]] = {}

    def __init__(self, url: str, most: int) -> None:
        self.url, self.most = url, most

    def engine(self) -> str:
        """Return the version of clamd and of its signatures; empty when it does not say."""
        known = self._engines.get(self.url)
        if known is None or time.monotonic() - known[0] > ASK_AGAIN:
            known = self._engines[self.url] = (time.monotonic(), self._asked_version())
        return known[1]

    def _asked_version(self) -> str:
        try:
            with _line(self.url, 5) as line:
                line.sendall(b"zVERSION\0")
                found = VERSION.match(_heard(line, time.monotonic() + 5).decode("ascii", "replace"))
        except OSError:
            return ""
        return found[0] if found else ""

    def look_at(self, file: SubjectFile) -> Mapping[str, Any]:
        """Send one file; say whether it is clean, what was found in it, or that it is larger than clamd takes."""
        if file.size > self.most:
            return {"too_large": True}
        try:
            said = self._sent(file)
        except NoAnswerError as fault:
            return {"error": str(fault)}
        except OSError as fault:
            return {"error": f"Clamd does not answer ({fault.strerror or type(fault).__name__})."}
        if CLEAN.fullmatch(said):
            return {"clean": True}
        if found := INFECTED.fullmatch(said):
            return {"found": shorten(found[1].decode("utf-8", "replace"), 200)}
        if TOO_LARGE.fullmatch(said):
            return {"too_large": True}
        return {"error": "Clamd gave an answer that is none, or about something else."}

    def _sent(self, file: SubjectFile) -> bytes:
        if file.local is None:
            raise NoAnswerError("Its bytes are not in the store.")
        end = time.monotonic() + SECONDS + file.size / BYTES_PER_SECOND
        with file.local.open("rb") as stream, _line(self.url, SECONDS) as line:
            line.sendall(b"zIDSESSION\0zINSTREAM\0")
            while chunk := stream.read(CHUNK):
                line.settimeout(max(0.01, end - time.monotonic()))
                line.sendall(len(chunk).to_bytes(4, "big") + chunk)
            line.sendall(b"\0\0\0\0")
            return _heard(line, end)

    def sum_up(self, subject: Subject, said: Mapping[str, Mapping[str, Any]]) -> CheckAnswer:
        """Say what clamd said of all files; what it did not look at is named, and is never passed."""
        if subject.hosted:
            return not_applicable()
        if not subject.files:
            return no_files()
        bad = [_found(path, answer) for path, answer in said.items() if "found" in answer]
        large = [_large(path) for path, answer in said.items() if "too_large" in answer]
        lost = [_lost(path, answer) for path, answer in said.items() if not answer.keys() & {"clean", "found", "too_large"}]
        verdict = Verdict.ERROR if lost else Verdict.FAIL if bad else Verdict.WARN if large else Verdict.PASS
        evidence = {"engine": self.engine(), "files": [{"path": path, **answer} for path, answer in list(said.items())[:500]]}
        return CheckAnswer(verdict, _sentence(len(said), len(bad), len(large), len(lost)), evidence, (*bad, *lost, *large), quarantines=bool(bad))

    def run(self, subject: Subject) -> CheckAnswer:
        """Look at every file and sum up; a run keeps what was said of single files instead."""
        return self.sum_up(subject, {file.path: self.look_at(file) for file in subject.files})


def _found(path: str, answer: Mapping[str, Any]) -> Found:
    message = f"ClamAV found {answer['found']} in {path}."
    return Found(Severity.CRITICAL, "code", message, path, str(answer["found"]), "Do not open this file; find out where it came from.")


def _large(path: str) -> Found:
    return Found(Severity.LOW, "other", f"{path} is larger than ClamAV looks at, so it did not.", path, fix=FIX_LARGE)


def _lost(path: str, answer: Mapping[str, Any]) -> Found:
    return Found(Severity.HIGH, "other", f"ClamAV could not look at {path}. {answer.get('error', '')}".strip(), path, fix=FIX_AWAY)


def _sentence(total: int, bad: int, large: int, lost: int) -> str:
    if lost:
        return f"ClamAV could not look at {count(lost, 'file')} of {total:,}." + (f" It found malware in {bad:,}." if bad else "")
    if bad:
        return f"ClamAV found malware in {count(bad, 'file')} of {total:,}. The version is quarantined."
    if large:
        return f"{count(large, 'file')} of {total:,} too large for ClamAV to look at; in the others it found nothing."
    return f"ClamAV found nothing in {count(total, 'file')}."


@contextmanager
def _line(url: str, seconds: float) -> Iterator[socket.socket]:
    """Connect to clamd: `unix:/run/clamav/clamd.ctl` or `tcp://host:3310`."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(seconds)
            line.connect(parts.path)
            yield line
    else:
        with socket.create_connection((parts.hostname or "", parts.port or 3310), seconds) as line:
            yield line


def _heard(line: socket.socket, end: float) -> bytes:
    """Return one answer with the zero byte that ends it, within the time."""
    said = b""
    while not said.endswith(b"\0"):
        if (left := end - time.monotonic()) <= 0:
            raise NoAnswerError("Clamd did not answer in time.")
        line.settimeout(left)
        try:
            more = line.recv(MOST_SAID)
        except TimeoutError as late:
            raise NoAnswerError("Clamd did not answer in time.") from late
        if not more or len(said) > MOST_SAID:
            raise NoAnswerError("Clamd went away in the middle of its answer, or says too much.")
        said += more
    return said


def antivirus() -> tuple[Check, ...]:
    """Return the check when CLAMD_URL says where clamd listens."""
    return (ClamAV(settings.CLAMD_URL, settings.CLAMD_MOST_BYTES),) if settings.CLAMD_URL else ()
