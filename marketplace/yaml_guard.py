"""What makes YAML from strangers dangerous is refused before anything is built from it."""

import yaml

MAX_EVENTS = 100_000
MAX_DEPTH = 20


class YamlRefusedError(ValueError):
    """The text is not read; the argument says what it has, `line` where."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.line = line


def refuse_bombs(text: str, loader: type[yaml.SafeLoader]) -> None:
    """Walk the events, which costs no memory, and refuse what would grow, build things, or go on for ever."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if (why := _why_not(event, depth, count)) is not None:
            raise YamlRefusedError(why, event.start_mark.line + 1 if event.start_mark else 1)


def _why_not(event: yaml.Event, depth: int, count: int) -> str | None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "anchors and aliases (& and *) are not read; write the value out"
    if getattr(event, "tag", None):
        return "tags (!) are not read"
    if depth > MAX_DEPTH:
        return f"it is nested more than {MAX_DEPTH} levels deep"
    return "it has too many entries" if count > MAX_EVENTS else None
