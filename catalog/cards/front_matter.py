"""YAML at the head of a README: read without aliases, tags or surprises, and written so that every reader agrees."""

import math
import re
from collections.abc import Mapping

import yaml

from marketplace.yaml_guard import YamlRefusedError, refuse_bombs

MAX_FRONT = 512 * 1024

_HEAD = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?:(.*?)\r?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_BASE: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FrontMatterError(Exception):
    """The YAML cannot be read; the argument says where and why."""


class _Loader(_BASE):  # type: ignore[misc, valid-type]
    """Plain data only. Words stay words: `no` is Norwegian and a date is what was written."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, object]:  # noqa: FBT001, FBT002  # given by PyYAML
        """Take every key as the word that was written."""
        found = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is not a word", key.start_mark)
            found[str(key.value)] = self.construct_object(value, deep=True)
        return found


# Each pattern is narrower than that of YAML 1.1, so that whatever the writer below leaves unquoted reads the same everywhere.
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789"),
    ("float", r"[-+]?[0-9]{1,20}\.[0-9]{0,20}(?:[eE][-+][0-9]{1,3})?", "-+0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


class _Writer(yaml.SafeDumper):
    """Writes the same list twice rather than once with an alias, which we and others refuse to read."""

    def ignore_aliases(self, data: object) -> bool:
        """Never use an alias."""
        return True


def _represent(writer: yaml.SafeDumper, words: str) -> yaml.ScalarNode:
    # Readers take these for line breaks and fold them to a space unless they are escaped.
    breaks = any(character in words for character in "\r\x85\u2028\u2029\ufeff")
    return writer.represent_scalar("tag:yaml.org,2002:str", words, style='"' if breaks else None)


_Writer.add_representer(str, _represent)


def split(text: str) -> tuple[str | None, str]:
    """Return the YAML between the two lines of dashes (None when there is none) and the text after it."""
    match = _HEAD.match(text)
    return (match[1] or "", text[match.end() :]) if match else (None, text)


def load(source: str, warnings: list[str]) -> dict[str, object]:
    """Return the mapping in the YAML; what is odd but readable is added to the warnings."""
    if len(source) > MAX_FRONT:
        raise FrontMatterError(f"it has {len(source) // 1024} KB and at most {MAX_FRONT // 1024} KB are read")
    try:
        refuse_bombs(source, _Loader)
        node = yaml.compose(source, Loader=_Loader)
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise FrontMatterError("it is not a list of keys with values")
        _warn_of_doubles(node, warnings)
        found = plain(yaml.load(source, Loader=_Loader))  # noqa: S506  # derived from the safe loader
    except YamlRefusedError as problem:
        raise FrontMatterError(f"{problem} (line {problem.line})") from problem
    except yaml.MarkedYAMLError as problem:
        line = f" in line {problem.problem_mark.line + 1}" if problem.problem_mark else ""
        raise FrontMatterError(f"{problem.problem or problem.context or 'a mistake'}{line}") from problem
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as problem:
        raise FrontMatterError("it holds characters or values that YAML does not allow") from problem
    return found if isinstance(found, dict) else {}


def _warn_of_doubles(node: yaml.Node, warnings: list[str]) -> None:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if str(key.value) in seen:
                warnings.append(f"{str(key.value)[:60]} is there twice in line {key.start_mark.line + 1}; the last one counts.")
            seen.add(str(key.value))
            _warn_of_doubles(value, warnings)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _warn_of_doubles(item, warnings)


def plain(value: object) -> object:
    """Return the value as JSON can carry it and a database can hold it: text keys, no NUL, no half characters."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {str(plain(str(key))): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def dump(front: Mapping[str, object], text: str) -> str:
    """Return the README with the mapping at its head."""
    if not front and _HEAD.match(text) is None:
        return text
    head = yaml.dump(dict(front), Dumper=_Writer, allow_unicode=True, sort_keys=False, width=10_000) if front else ""
    return f"---\n{head}---\n{text}"
