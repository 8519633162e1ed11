"""Reading the name of a licence: SPDX expressions, names that hubs use, licences of models; pure, by the rules in licences.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from license_expression import ExpressionError, Licensing, get_spdx_licensing

LONGEST = 300


@dataclass(frozen=True)
class Licence:
    """What was declared, and what it means: `spdx` is its one way to write it, `unknown` the part that nobody knows."""

    declared: str
    spdx: str = ""
    names: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    unknown: str = ""
    denied: tuple[tuple[str, str], ...] = ()

    @property
    def known(self) -> bool:
        """Whether something is declared and all of it is known."""
        return bool(self.declared) and not self.unknown


@cache
def _spdx() -> Licensing:
    return get_spdx_licensing()


def read(declared: str, data: Mapping[str, Any]) -> Licence:
    """Read a declared licence; where it offers a choice, the least demanding one that is not refused counts."""
    text = " ".join(declared.split())[:LONGEST]
    if not text:
        return Licence("")
    own = _own(text, data)
    if own:
        return _judged(text, own, [[own]], data)
    try:
        parsed = _spdx().parse(data["aliases"].get(text.lower(), text), validate=True, strict=True)
    except (ExpressionError, ValueError, RecursionError):
        return Licence(text, unknown=text)
    # A name that somebody made up for his own list of terms says nothing to us.
    if parsed is None or any(str(symbol).startswith("LicenseRef-") for symbol in parsed.symbols):
        return Licence(text, unknown=text)
    return _judged(text, str(parsed), _choices(parsed), data)


def _own(text: str, data: Mapping[str, Any]) -> str:
    """Return the name under which we know a licence that SPDX does not list."""
    folded = text.lower().removeprefix("licenseref-")
    return next((name for name, title in data["others"].items() if folded in {name, title.lower()}), "")


def _choices(parsed: Any) -> list[list[str]]:
    """Return the ways in which the expression can be met, each as the names that hold together."""
    kind = type(parsed).__name__
    if kind == "OR":
        return [way for part in parsed.args for way in _choices(part)][:64]
    if kind == "AND":
        ways: list[list[str]] = [[]]
        for part in parsed.args:
            ways = [[*before, *way] for before in ways for way in _choices(part)][:64]
        return ways
    return [[str(parsed)]]


def _judged(declared: str, spdx: str, choices: Sequence[Sequence[str]], data: Mapping[str, Any]) -> Licence:
    order = list(data["groups"])
    best = max(choices, key=lambda way: (not any(denial(name, data) for name in way), min(order.index(group_of(name, data)) for name in way)))
    groups = frozenset(group_of(name, data) for name in best)
    denied = tuple((name, why) for name in best if (why := denial(name, data)))
    return Licence(declared, spdx, tuple(name for way in choices for name in way), groups, "", denied)


def group_of(name: str, data: Mapping[str, Any]) -> str:
    """Return what a licence asks, as the first group with a pattern that fits."""
    plain = name.partition(" WITH ")[0]
    return next((group for group, patterns in data["groups"].items() if any(fnmatchcase(plain, pattern) for pattern in patterns)), "permissive")


def denial(name: str, data: Mapping[str, Any]) -> str:
    """Say why a licence is refused here; empty when it is not."""
    plain = name.partition(" WITH ")[0]
    return next((str(why) for pattern, why in data["deny"].items() if fnmatchcase(plain, pattern)), "")


def same_text(name: str, text: str) -> bool:
    """Whether a licence of this name has this text: "only" and "or later" share one."""
    plain = name.partition(" WITH ")[0].removeprefix("LicenseRef-").removesuffix("+")
    return plain.removesuffix("-only").removesuffix("-or-later").lower() == text.lower()


def most_telling(found: Sequence[str], data: Mapping[str, Any]) -> list[str]:
    """Leave out what another one that was found contains."""
    hidden = {inner for outer in found for inner in data["before"].get(outer, ())}
    return [key for key in found if key not in hidden]
