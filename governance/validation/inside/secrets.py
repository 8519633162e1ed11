"""Finds secrets in text, by the detectors of detect-secrets and patterns of our own; answers with places and kinds, never with a secret."""

import importlib
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OVERLAP = 400
CONFIGURATION = (".yaml", ".yml", ".ini", ".cfg", ".toml", ".properties", ".env", ".conf")


@dataclass(frozen=True)
class Hit:
    """Something that looks like a secret: what, in which line, and whether its form alone makes it one."""

    what: str
    line: int
    sure: bool


@dataclass(frozen=True)
class Finder:
    """The detectors, made once for all texts."""

    detectors: tuple["_Detector", ...]
    keyword: Any
    groups: tuple[Mapping[re.Pattern[str], int], Mapping[re.Pattern[str], int]]  # of values in quotes, of bare values
    heuristics: tuple[Callable[[str], bool], ...]
    rules: Mapping[str, Any]

    def search(self, text: str, name: str) -> list[Hit]:
        """Return what was found in a text, by line, each kind once a line."""
        found = {hit: None for hit in self._by_form(text)}
        if name.rpartition("/")[2].lower() not in self.rules["keyword"]["not_in"] and self.keyword.any.search(text):
            found |= dict.fromkeys(self._by_name(text, name))
        sure = {hit.line for hit in found if hit.sure}
        hits = sorted((hit for hit in found if hit.sure or hit.line not in sure), key=lambda hit: (hit.line, hit.what))
        return hits[: self.rules["bounds"]["hits"]]

    def _by_form(self, text: str) -> Iterator[Hit]:
        for detector in self.detectors:
            for expression in detector.expressions:
                for match in expression.finditer(text):
                    secrets = list(detector.judge(_around(text, match)))
                    if any(self._is_meant(secret, match.group()) for secret in secrets):
                        yield Hit(detector.what, text.count("\n", 0, match.start()) + 1, detector.sure)

    def _is_meant(self, secret: str, around: str) -> bool:
        """Whether this is no example of a manual, and no place that something fills in later."""
        examples = self.rules["known_examples"]
        template = secret[:1] in "<{$%[" or secret.strip("*x.") == ""
        return not template and not any(example in around for example in examples)

    def _by_name(self, text: str, name: str) -> Iterator[Hit]:
        rules = self.rules["keyword"]
        groups = self.groups[name.lower().endswith(CONFIGURATION)]
        harmless, placeholder = frozenset(rules["harmless"]), re.compile(rules["placeholder"])
        for number, line in self._lines(text):
            if not self.keyword.any.search(line):
                continue
            for value in self.keyword.detector.analyze_string(line, denylist_regex_to_group=groups):
                short = len(value) < rules["least"] or value.lower() in harmless
                if not short and not placeholder.match(value) and not any(test(value) for test in self.heuristics):
                    yield Hit(rules["what"], number, sure=False)

    def _lines(self, text: str) -> Iterator[tuple[int, str]]:
        most = self.rules["bounds"]["line"]
        for number, line in enumerate(text.split("\n"), start=1):
            for start in range(0, max(1, len(line)), most - OVERLAP):
                yield number, line[start : start + most]


@dataclass(frozen=True)
class _Detector:
    what: str
    sure: bool
    expressions: tuple[re.Pattern[str], ...]
    judge: Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class _Keyword:
    detector: Any
    any: re.Pattern[str]


def finder(rules: Mapping[str, Any]) -> Finder:
    """Make the detectors that the rules name."""
    # The detectors import it to try a secret at its service. Nobody may do that here, and it takes long to load.
    sys.modules.setdefault("requests", types.ModuleType("requests"))
    detectors = [_library(name, what, sure=True) for name, what in rules["certain"].items()]
    detectors += [_library(name, what, sure=False) for name, what in rules["likely"].items()]
    detectors += [_own(pattern, what) for what, pattern in rules["patterns"].items()]
    keyword = importlib.import_module("detect_secrets.plugins.keyword")
    heuristic = importlib.import_module("detect_secrets.filters.heuristic")
    return Finder(
        detectors=tuple(detectors),
        keyword=_Keyword(keyword.KeywordDetector(), re.compile("|".join(keyword.DENYLIST), re.IGNORECASE)),
        groups=(keyword.QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP, keyword.CONFIG_DENYLIST_REGEX_TO_GROUP),
        heuristics=(heuristic.is_sequential_string, heuristic.is_potential_uuid, heuristic.is_templated_secret,
                    heuristic.is_prefixed_with_dollar_sign, heuristic.is_not_alphanumeric_string),
        rules=rules,
    )  # fmt: skip


def _library(name: str, what: str, *, sure: bool) -> _Detector:
    module, _, wanted = name.partition(".")
    detector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), wanted)()
    return _Detector(what, sure, tuple(detector.denylist), detector.analyze_string)


def _own(pattern: str, what: str) -> _Detector:
    expression = re.compile(pattern)
    return _Detector(what, True, (expression,), expression.findall)  # noqa: FBT003


def _around(text: str, match: re.Match[str]) -> str:
    """Return the part of the line that a match stands in."""
    start = max(text.rfind("\n", 0, match.start()) + 1, match.start() - OVERLAP)
    end = text.find("\n", match.end())
    return text[start : min(len(text) if end < 0 else end, match.end() + OVERLAP)]
