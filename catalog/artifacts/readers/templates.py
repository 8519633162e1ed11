"""Chat templates are small programs: only those that format text pass."""

import re

from catalog.artifacts.readers.types import TooMuch, Unsafe

LENGTH_LIMIT = 256 * 1024
BLOCK = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
REACHES_OUT = re.compile(
    r"__|\b(?:attr|getattr|mro|subclasses|globals|builtins|func_globals|gi_frame|cr_frame|im_func|f_globals|lipsum|cycler|joiner|self|config|request)\b"
    r"|^[-+\s]*(?:import|include|extends|from)\b"
)
FIX = "Use a template that only loops over messages and prints them, or ask governance to look at this exact file."


def check(template: str, where: str) -> None:
    """Refuse a template that reaches for Python internals, other files or attribute tricks."""
    if len(template) > LENGTH_LIMIT:
        raise TooMuch(f"The chat template has {len(template):,} characters; at most {LENGTH_LIMIT:,} are checked.", where=where)
    for number, match in enumerate(BLOCK.finditer(template), start=1):
        inside = match.group(1) if match.group(1) is not None else match.group(2)
        hit = REACHES_OUT.search(STRING.sub(_inner, inside))
        if hit:
            raise Unsafe(
                f"The chat template uses “{hit.group(0).strip()}”, which can reach beyond formatting text.",
                where=f"{where}, block {number}",
                fix=FIX,
                check="files.template",
            )


def _inner(match: re.Match[str]) -> str:
    """Text in quotes is only text, unless it names an internal: then it stays and is found."""
    return match.group(0)[1:-1] if "__" in match.group(0) or "\\" in match.group(0) else "''"
