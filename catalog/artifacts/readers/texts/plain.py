"""Text that people and libraries read: UTF-8 text, Markdown, YAML and JSON in their strict forms."""

import json
from typing import Any

import yaml

from catalog.artifacts.readers.types import Broken, TooMuch, Unsafe, shorten
from catalog.artifacts.readers.window import Window

TEXT_LIMIT = 64 * 1024 * 1024
JSON_LIMIT = 48 * 1024 * 1024
YAML_LIMIT = 512 * 1024
DEPTH_LIMIT = 100
TOKEN_LIMIT = 200_000
ALLOWED_CONTROLS = frozenset("\t\n\r\f")
FIX = "Save the file as plain UTF-8 text."
FIX_YAML = "Write plain YAML: no tags (!), no anchors (&) and no aliases (*)."
FIX_JSON = "Write plain JSON: every key once, no NaN or Infinity, no comments."


def text(window: Window, limit: int = TEXT_LIMIT) -> str:
    """Read the whole file as plain text."""
    if window.left > limit:
        raise TooMuch(f"The text has {window.left:,} bytes; at most {limit:,} are checked.", fix="Split or shorten the file.")
    raw = window.take(window.left)
    try:
        found = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("The text is not valid UTF-8.", where=f"byte {error.start}", fix=FIX) from error
    for char in sorted(set(found)):
        if (char < " " and char not in ALLOWED_CONTROLS) or char == "\x7f":
            raise Broken(f"The text contains the control character U+{ord(char):04X}.", where=f"character {found.index(char)}", fix=FIX)
    return found


def parse_json(window: Window) -> Any:
    """Read strict JSON: no key twice, no NaN, no endless nesting."""
    content = text(window, JSON_LIMIT)
    try:
        return _decoder.decode(content)
    except RecursionError as error:
        raise Broken("The JSON is nested too deeply.", fix=FIX_JSON) from error
    except ValueError as error:
        where = f"character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Broken(f"This is not strict JSON: {shorten(str(error), 200)}.", where=where, fix=FIX_JSON) from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in found if names.count(key) > 1) if len(names) < 10_000 else "a key"
        raise ValueError(f"“{shorten(twice, 80)}” stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_constant)


def parse_yaml(content: str, where: str) -> Any:
    """Read YAML without tags, anchors, aliases or several documents."""
    if len(content) > YAML_LIMIT:
        raise TooMuch(f"The YAML has {len(content):,} characters; at most {YAML_LIMIT:,} are checked.", where=where)
    try:
        _check_tokens(content, where)
        return yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise Broken("This is not valid YAML.", where=f"{where}{line}", fix=FIX_YAML) from error


def _check_tokens(content: str, where: str) -> None:
    depth = 0
    for count, token in enumerate(yaml.scan(content, Loader=yaml.SafeLoader)):
        line = f"{where}, line {token.start_mark.line + 1}"
        if isinstance(token, yaml.TagToken):
            raise Unsafe("The YAML uses a tag, which can ask for Python objects.", where=line, fix=FIX_YAML, check="files.yaml")
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.DirectiveToken):
            raise Broken("The YAML uses an anchor, an alias or a directive.", where=line, fix=FIX_YAML)
        depth += isinstance(token, OPENING) - isinstance(token, CLOSING)
        if depth > DEPTH_LIMIT or count > TOKEN_LIMIT:
            raise TooMuch("The YAML is nested too deeply or too long.", where=line, fix=FIX_YAML)


OPENING = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
