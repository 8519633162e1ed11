"""Chat templates are small programs: only those that format text pass."""

import re

from catalog.artifacts.readers.texts import subscripts
from catalog.artifacts.readers.types import Broken, TooMuch, Unsafe

LENGTH_LIMIT = 256 * 1024
OPENING = re.compile(r"\{\{|\{%|\{#")
CLOSING = {"{{": "}}", "{%": "%}"}
STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
FORBIDDEN = re.compile(
    r"__|(?<![\w.])(?:lipsum|cycler|joiner|self|config|request)\b(?=\s*[.\[(|])"
    r"|\b(?:attr|getattr|mro|subclasses|globals|builtins|func_globals|gi_frame|cr_frame|im_func|f_globals)\b"
    r"|^[-+\s]*(?:import|include|extends|from)\b"
)
# Pieces from which the name of an internal can be put together.
FORBIDDEN_TEXT = re.compile(r"__|^_|_$|^attr$|\\[xuUN0-7]|%c|:c\}")
FIX = "Use a template that only loops over messages and prints them, or ask governance to look at this exact file."


def check(template: str, where: str) -> None:
    """Refuse a template that reaches for Python internals, other files or attribute tricks."""
    if len(template) > LENGTH_LIMIT:
        raise TooMuch(f"The chat template has {len(template):,} characters; at most {LENGTH_LIMIT:,} are checked.", where=where)
    at, blocks = 0, list[str]()
    while match := OPENING.search(template, at):
        if match.group(0) == "{#":
            end = template.find("#}", match.end())
            at = len(template) if end < 0 else end + 2
        else:
            at = _block(template, match.end(), CLOSING[match.group(0)], where, blocks)
    if lookup := subscripts.computed(blocks):
        message = f"The chat template looks something up by a name that it puts together: “{lookup}”."
        raise Unsafe(message, where=where, fix=FIX, check="files.template")


def _block(template: str, start: int, closing: str, where: str, blocks: list[str]) -> int:
    """Check one block, minding that its end may also stand inside quotes; return where it ends."""
    code: list[str] = []
    at = start
    while not template.startswith(closing, at):
        if at >= len(template):
            raise Broken("The chat template has a block that never ends.", where=f"{where}, character {start}", check="files.template")
        text = STRING.match(template, at)
        if text:
            _refuse(FORBIDDEN_TEXT.search(text.group(0)[1:-1]), where, at)
            code.append("''")
            at = text.end()
        else:
            code.append(template[at])
            at += 1
    blocks.append("".join(code))
    _refuse(FORBIDDEN.search(blocks[-1]), where, start)
    return at + 2


def _refuse(hit: re.Match[str] | None, where: str, at: int) -> None:
    if hit:
        raise Unsafe(
            f"The chat template uses “{hit.group(0).strip()}”, which can reach beyond formatting text.",
            where=f"{where}, character {at}",
            fix=FIX,
            check="files.template",
        )
