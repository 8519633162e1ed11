"""Asking checks: one after the other, those that wait for another process beside each other, and per file only what is not known yet."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, fields, replace
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from governance.validation.checks.base import Check, CheckAnswer, Subject, SubjectFile
from governance.validation.ruleset import Rules
from governance.validation.states import Verdict
from governance.validation.work.ending import could_not_run
from governance.validation.work.leasing import LeaseLostError, Pulse
from governance.validation.work.memory import Speaker, recall, remember

log = structlog.get_logger(__name__)
AT_ONCE = 2
LOOK_UP_EVERY = 5.0
UNSEEN = {"beat", "digests", "readings", "card", "files"}  # of a subject: noise, or told apart below


@dataclass
class Asked:
    """One check that was asked: its answer and how long it took."""

    check: Check
    answer: CheckAnswer
    milliseconds: int
    learned: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # path -> what was said of a file for the first time
    speaker: Speaker | None = None  # who said it


def inputs_of(rules: Rules, subject: Subject, releases: Iterable[str] = ()) -> dict[str, str]:
    """Return per check a digest over its rules and everything it could look at: equal digests, equal answers."""
    seen = {part.name: getattr(subject, part.name) for part in fields(subject) if part.name not in UNSEEN}
    seen |= {
        "files": [(file.path, file.size, file.sha256, file.local is not None) for file in subject.files],
        "readings": {path: reading.to_json() for path, reading in subject.readings.items()},
        "releases": sorted(releases),
        "card": [subject.card.revision, dict(subject.card.values), dict(subject.card.sources), subject.card.schema.tier],
    }
    whole = hashlib.sha256(json.dumps(seen, sort_keys=True, default=_in_order).encode()).hexdigest()
    rows = {row["id"]: json.dumps(row, sort_keys=True) for row in rules.content["checks"]}
    lists = json.dumps(rules.content["lists"], sort_keys=True)
    return {check.id: hashlib.sha256(f"{rows[check.id]}{lists}{whole}".encode()).hexdigest() for check in rules.checks}


def _in_order(value: object) -> object:
    """Return what JSON does not know in an order of its own; what has no order of its own is never equal to anything."""
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else dict(value) if isinstance(value, Mapping) else str(value)


def ask_stage(todo: Sequence[Check], subject: Subject, pulse: Pulse) -> Iterator[Asked]:
    """Ask the checks of one stage; those that say `beside` wait for others and run beside the rest."""
    speakers = {check.id: speaker_of(check) for check in todo if hasattr(check, "look_at")}
    known = {check.id: recall(speakers[check.id], subject.files) if check.id in speakers else {} for check in todo}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            slow = [(check, pool.submit(ask, check, subject, known[check.id])) for check in todo if getattr(check, "beside", False)]
            for check in todo:
                if not getattr(check, "beside", False):
                    yield replace(ask(check, subject, known[check.id]), speaker=speakers.get(check.id))
            for check, future in slow:
                yield replace(awaited(future, pulse), speaker=speakers.get(check.id))
        except BaseException:
            pulse.over.set()  # nobody waits for the rest
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def awaited(future: "Future[Asked]", beat: Callable[[], None]) -> Asked:
    """Wait for an answer, keeping the lease."""
    while not wait([future], timeout=LOOK_UP_EVERY).done:
        beat()
    return future.result()


def speaker_of(check: Check) -> Speaker:
    """Return who speaks when a check looks at one file: its version, and the version of the engine it asks."""
    engine = getattr(check, "engine", None)
    return Speaker(f"check/{check.id}", f"{check.version} {engine() if engine else ''}".strip())


def learn(asked: Asked, subject: Subject) -> None:
    """Keep what a check said of single files."""
    if asked.learned and asked.speaker is not None:
        by_path = {file.path: file for file in subject.files}
        remember(asked.speaker, [(by_path[path], said) for path, said in asked.learned.items()])


def ask(check: Check, subject: Subject, known: Mapping[str, Any]) -> Asked:
    """Return what a check says; whatever goes wrong inside it is "could not run", never passed."""
    begun = time.monotonic()
    learned: dict[str, Mapping[str, Any]] = {}
    answer = _answer(check, subject, known, learned)
    return Asked(check, answer, int(1000 * (time.monotonic() - begun)), learned)


def _answer(check: Check, subject: Subject, known: Mapping[str, Any], learned: dict[str, Mapping[str, Any]]) -> CheckAnswer:
    tiers = getattr(check, "tiers", ())
    if tiers and subject.tier not in tiers:
        return CheckAnswer(Verdict.NA, f"Asked only in tier {', '.join(sorted(tiers))}; this version is {subject.tier}.")
    try:
        answer: object = per_file(check, subject, known, learned) if hasattr(check, "look_at") else check.run(subject)
    except (LeaseLostError, SoftTimeLimitExceeded):
        raise
    except Exception as fault:
        log.exception("check_crashed", check=check.id, version=subject.version)
        return could_not_run(f"{check.title}: this check stumbled ({type(fault).__name__}) and could not run.")
    if not isinstance(answer, CheckAnswer) or answer.verdict not in Verdict.values or not answer.sentence:
        return could_not_run(f"{check.title}: this check gave no usable answer.")
    return answer


def per_file(check: Any, subject: Subject, known: Mapping[str, Any], learned: dict[str, Mapping[str, Any]]) -> object:
    """Let a check look at the files that it does not know yet, then sum up."""
    said: dict[str, Mapping[str, Any]] = {}
    for file in subject.files:
        subject.beat()
        said[file.path] = known[file.path] if file.path in known else _looked(check, file)
        if file.path not in known and "error" not in said[file.path]:
            learned[file.path] = said[file.path]
    return check.sum_up(subject, said)


def _looked(check: Any, file: SubjectFile) -> Mapping[str, Any]:
    """What a check says of one file; what went wrong is said as `error` and not kept."""
    if file.local is None:
        return {"error": "Its bytes are not in the store."}
    try:
        said: Mapping[str, Any] = check.look_at(file)
    except OSError as fault:
        return {"error": f"The file could not be read ({type(fault).__name__})."}
    return said
