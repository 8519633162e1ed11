"""Whether one name can be taken for another: one or two letters apart, or with characters that look alike; pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

REMEMBERED = 50_000  # the names of a large catalog, folded once
NUMBERS = re.compile(r"[-_.\s]*v?\d+(?:[._]\d+)*[bkm]?(?![a-z])", re.IGNORECASE)
Pairs = tuple[tuple[str, str], ...]


class Looks(NamedTuple):
    """A name in small letters, what the eye takes it for, and without what tells versions, sizes and languages apart."""

    folded: str
    shape: str
    stem: str
    letters: frozenset[str]


@lru_cache(REMEMBERED)
def looks(name: str, alike: Pairs, pairs: Pairs, variants: frozenset[str]) -> Looks:
    """Return how a name looks."""
    folded = _fold(name)
    shape = folded.translate({ord(char): other for char, other in alike})
    for pair, single in pairs:
        shape = shape.replace(pair, single)
    stem = "-".join(word for word in _fold(NUMBERS.sub("-", name)).split("-") if word not in variants)
    return Looks(folded, shape.replace("-", ""), stem, frozenset(stem))


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[-_.\s]+", "-", plain).strip("-")


def imitated(name: str, known: Iterable[str], data: Mapping[str, Any]) -> list[str]:
    """Return the known names that a name can be taken for; one that is known itself imitates nobody, nor do versions of one family."""
    alike, pairs, variants = tuple(data["looks_like"].items()), tuple(data["pairs"].items()), frozenset(data["variants"])
    every = [(other, looks(other, alike, pairs, variants)) for other in known]
    mine = looks(name, alike, pairs, variants)
    if any(mine.folded == theirs.folded or mine.stem == theirs.stem for _, theirs in every):
        return []
    return [other for other, theirs in every if _is_imitation(mine, theirs, data["least"], data["two_from"])]


def _is_imitation(mine: Looks, theirs: Looks, least: int, two_from: int) -> bool:
    if mine.shape == theirs.shape:
        return len(theirs.folded) >= least
    # Two changes bring in and take away two letters at most.
    if abs(len(mine.stem) - len(theirs.stem)) > 2 or len(mine.letters ^ theirs.letters) > 4:
        return False
    if min(len(mine.stem), len(theirs.stem)) < least:
        return False
    return apart(mine.stem, theirs.stem, 2) <= (2 if len(theirs.stem) >= two_from else 1)


def apart(first: str, second: str, most: int) -> int:
    """Return in how many letters two words differ: one too many, one too few, another one, or two neighbours changed over."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    before, row = [0] * (len(second) + 1), list(range(len(second) + 1))
    for i, char in enumerate(first, start=1):
        older, before, row = before, row, [i] + [0] * len(second)
        for j, other in enumerate(second, start=1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == second[j - 2] and first[i - 2] == other:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]
