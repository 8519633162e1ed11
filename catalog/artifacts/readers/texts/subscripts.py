"""What a chat template looks up by a name that it puts together: `x[expression]` reaches attributes too, so that the expression must be plain.

The code of a block comes here with every text in it replaced by '' (the texts themselves are judged where they stand).
"""

import re
from collections.abc import Iterator

# Ways to make a text out of others, by which the name of an internal could be put together from harmless pieces.
MAKES_TEXT = re.compile(
    r"~|\b(?:replace|join|format|list|first|last|split|reverse|string|map|lower|upper|strip|lstrip|rstrip|trim|batch|slice|center)\b"
)
PIECES = re.compile(r"[\[+~|]")
PLAIN = re.compile(r"\s*(?:''|[\w.\s+\-*/%:()|\[\]]*)\s*")
SET = re.compile(r"^[-+ ]*set\s+([\w.]+(?: ?, ?[\w.]+)*)\s*=(.*)$")
FOR = re.compile(r"^[-+ ]*for\s+([\w.,\s()]+?)\s+in\s+(.*)$")
MACRO = re.compile(r"^[-+ ]*macro\s+(\w+) ?\((.*)\)")
NAMESPACE = re.compile(r"namespace ?\((.*)\)")
ARGUMENT = re.compile(r"\b(\w+)\s*=\s*([^,]*)")
NAME = re.compile(r"[A-Za-z_][\w.]*")
ATTRIBUTE = re.compile(r"\battribute\s*=\s*(?!'' ?[,)])|\b(?:selectattr|rejectattr|groupby) ?\( ?(?!'' ?[,)])")
SUBSCRIBED = re.compile(r"[\w)\]']$")
WORDS = re.compile(r"\b(?:in|if|else|and|or|not|is|return)$")
LOOKUPS = re.compile(r"\[ ?'' ?\]|\( ?'' ?\)|(?:==|!=|\bin) ?''|'' ?(?:==|!=|(?:not )?in\b)")
SPACE = re.compile(r"\s+")
ROUNDS = 8
BLOCK_LIMIT = 4000
LOOKUP_LIMIT = 500
MACRO_LIMIT = 50
BEFORE = 40


def computed(blocks: list[str]) -> str:
    """Return what is looked up by a name that was put together; empty when nothing is."""
    blocks = [SPACE.sub(" ", code) for code in blocks]
    if any(len(code) > BLOCK_LIMIT for code in blocks) or sum(bool(MACRO.match(code)) for code in blocks) > MACRO_LIMIT:
        return "a block too long to follow, or too many macros"
    made = _made(blocks)
    for code in blocks:
        if match := ATTRIBUTE.search(code):
            return match.group(0).strip()
        for before, inside in _subscripts(code):
            if before == "'" or not PLAIN.fullmatch(inside) or MAKES_TEXT.search(inside) or made & set(NAME.findall(inside)):
                return f"[{inside.strip()[:60]}]"
    return ""


def _made(blocks: list[str]) -> set[str]:
    """Return the names that may hold a text which was put together."""
    made: set[str] = set()
    assigned = [pair for code in blocks for pair in _assigned(code, blocks)]
    # A text as it stands was judged by itself; only its pieces are of interest.
    texts = {name for names, expression in assigned if expression.strip() == "''" for name in names}
    for _ in range(ROUNDS):
        before = len(made)
        for names, expression in assigned:
            if expression.strip() != "''" and _is_made(expression, texts, made):
                made |= names
        if len(made) == before:
            break
    return made


def _is_made(expression: str, texts: set[str], made: set[str]) -> bool:
    used = set(NAME.findall(expression))
    pieces = "''" in LOOKUPS.sub("", expression) or (used & texts and PIECES.search(expression))
    return bool(pieces or MAKES_TEXT.search(expression) or made & used)


def _assigned(code: str, blocks: list[str]) -> Iterator[tuple[set[str], str]]:
    """Yield names with the expression that they are given."""
    target = SET.match(code)
    if target:
        yield set(NAME.findall(target.group(1))), target.group(2)
    loop = FOR.match(code)
    if loop and MAKES_TEXT.search(loop.group(2)):  # any other loop runs over what the caller hands in
        yield set(NAME.findall(loop.group(1))), loop.group(2)
    if match := NAMESPACE.search(code):
        owner = f"{target.group(1).strip()}." if target else ""
        for name, expression in ARGUMENT.findall(match.group(1)):
            yield {f"{owner}{name}"}, expression
    if match := MACRO.match(code):
        yield from _handed_in(match.group(1), set(NAME.findall(match.group(2))), blocks)


def _handed_in(macro: str, parameters: set[str], blocks: list[str]) -> Iterator[tuple[set[str], str]]:
    """Yield the parameters of a macro with what it is called with, when that is put together."""
    call = re.compile(rf"\b{macro} ?\(([^)]*)\)")
    for other in blocks:
        for arguments in call.findall(other) if not MACRO.match(other) else []:
            if MAKES_TEXT.search(arguments):
                yield parameters, arguments


def _subscripts(code: str) -> Iterator[tuple[str, str]]:
    """Yield what stands in square brackets behind something, with the last character before them."""
    for match in re.finditer(r"\[", code):
        before = code[max(0, match.start() - BEFORE) : match.start()].rstrip()
        if not SUBSCRIBED.search(before) or WORDS.search(before):
            continue
        depth, at = 1, match.end()
        while at < len(code) and depth and at - match.end() < LOOKUP_LIMIT:
            depth += {"[": 1, "]": -1}.get(code[at], 0)
            at += 1
        yield before[-1], code[match.end() : at - 1] if not depth else "~"
