"""Safe HTML from text that people wrote: rendered in a bounded child, cleaned, or shown as plain text with the reason."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from marketplace.bounded import BoundedError, TimedOut, call

MAX_BYTES = 256 * 1024
MAX_LINE = 20_000
_SECONDS = 2.0
_BATCH_TEXTS = 1000
_BATCH_BYTES = 2 * 1024 * 1024
_BATCH_ANSWER = 32_000_000
_MEMORY_MB = 512
_CHILD = "marketplace.markdown.child.render_texts"


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML that may go into a page as it is; `plain` when it is only the escaped text, and `note` says why."""

    html: str
    plain: bool = False
    note: str = ""


def render(text: str) -> Rendered:
    """Render one text."""
    return render_many([text])[0]


def render_many(texts: Iterable[str]) -> list[Rendered]:
    """Render many texts with few children; a text that misbehaves falls back alone, its neighbors are not touched."""
    done: list[Rendered] = []
    batch: list[str] = []
    size = 0
    for text in map(_storable, texts):
        if batch and (len(batch) >= _BATCH_TEXTS or size + len(text) > _BATCH_BYTES):
            done += _render_batch(batch)
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    return done + (_render_batch(batch) if batch else [])


def _storable(text: str) -> str:
    """Replace what a database or a browser cannot hold: NUL and half characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _render_batch(texts: Sequence[str]) -> list[Rendered]:
    reasons = [_too_big(text) for text in texts]
    waiting = [text for text, reason in zip(texts, reasons, strict=True) if not reason]
    answers = iter(_ask(waiting) if waiting else [])
    return [as_plain(text, reason) if reason else next(answers) for text, reason in zip(texts, reasons, strict=True)]


def _ask(texts: Sequence[str]) -> list[Rendered]:
    """Render in one child; when the child fails, halve until the one text that breaks it is alone."""
    seconds = _SECONDS + 0.02 * (len(texts) - 1)
    try:
        answer = call(_CHILD, list(texts), seconds=seconds, memory_mb=_MEMORY_MB, max_answer=_BATCH_ANSWER)
        if not isinstance(answer, list) or len(answer) != len(texts):
            raise BoundedError("The renderer answered for another number of texts.")
        return [_read(text, item) for text, item in zip(texts, answer, strict=True)]
    except BoundedError as problem:
        if len(texts) == 1:
            return [as_plain(texts[0], "it takes too long to format" if isinstance(problem, TimedOut) else "it cannot be formatted safely")]
        middle = len(texts) // 2
        return _ask(texts[:middle]) + _ask(texts[middle:])


def _read(text: str, item: object) -> Rendered:
    if not isinstance(item, Mapping):
        raise BoundedError("The renderer answered in another shape.")
    made, reason = item.get("html"), item.get("reason")
    if isinstance(reason, str) and reason:
        return as_plain(text, reason)
    if not isinstance(made, str):
        raise BoundedError("The renderer answered without text.")
    return Rendered(made)


def _too_big(text: str) -> str:
    size = len(text.encode())
    if size > MAX_BYTES:
        return f"it has {size // 1024} KB and at most {MAX_BYTES // 1024} KB are formatted"
    longest = max(map(len, text.splitlines()), default=0)
    if longest > MAX_LINE:
        return f"a line has {longest:,} characters and at most {MAX_LINE:,} are formatted"
    return ""


def as_plain(text: str, reason: str) -> Rendered:
    """Show the text as it was written, escaped, at most as long as a formatted one could be."""
    shown = text.encode()[:MAX_BYTES].decode("utf-8", "ignore")
    cut = f" Only the first {MAX_BYTES // 1024} KB are shown." if len(shown) < len(text) else ""
    return Rendered(f"<pre>{html.escape(shown)}</pre>", plain=True, note=f"Shown as plain text because {reason}.{cut}")
