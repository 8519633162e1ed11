"""Reading the YAML of a policy: every mistake is collected with its place before anything is believed."""

from collections.abc import Iterator, Mapping, Sequence

import yaml

from marketplace.yaml_guard import YamlRefusedError, refuse_bombs

MAX_POLICY = 256 * 1024
_TIERS = ("T1", "T2", "T3", "T4")
_SEVERITIES = ("info", "low", "medium", "high", "critical")
_NEEDED = {"tracks", "valid_days", "stop_grace_days", "decision_days", "waivers", "waiver_needed"}
_DAYS = {"valid_days": (1, 3650), "stop_grace_days": (0, 365), "decision_days": (1, 365)}
_ACCESS = {"longest_days": (1, 3650), "default_days": (1, 3650), "decide_in_working_days": (1, 365)}
_FACT = "fact."
Problems = Iterator[str]


class PolicyError(Exception):
    """The policy has mistakes; `problems` names each with its place."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(f"The policy has {len(problems)} mistake{'s' if len(problems) != 1 else ''}: " + " ".join(problems))
        self.problems = list(problems)


_BASE: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc, valid-type]
    """Refuses a key that is there twice: the reader of a rule must see the one that counts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002  # given by PyYAML
        """Build a mapping with unique keys."""
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is there twice", key.start_mark)
            seen.add(key.value)
        built: dict[object, object] = super().construct_mapping(node, deep=deep)
        return built


def read_policy(text: str) -> Mapping[str, object]:
    """Return the checked source of a policy, or raise `PolicyError` with everything that is wrong."""
    source = _parse(text)
    problems = list(_top(source))
    if not problems:
        problems = [*_questions(source["questions"]), *_facts(source["facts"]), *_tracks(source["tracks"])]
        problems += _access(source.get("access", {}))
        names = _names(source)
        problems += [*_rules(source["tiers"], names), *_requirements(source["requirements"], source["tracks"])]
    if problems:
        raise PolicyError(problems)
    return source


def _parse(text: str) -> dict[str, object]:
    if len(text) > MAX_POLICY:
        raise PolicyError([f"The text has {len(text):,} characters; at most {MAX_POLICY:,} are read."])
    try:
        refuse_bombs(text, _Loader)
        source = yaml.load(text, Loader=_Loader)  # noqa: S506  # derived from the safe loader
    except YamlRefusedError as problem:
        raise PolicyError([f"line {problem.line}: {problem}."]) from problem
    except yaml.MarkedYAMLError as problem:
        place = f"line {problem.problem_mark.line + 1}: " if problem.problem_mark else ""
        raise PolicyError([f"{place}{problem.problem or 'this is not YAML'}."]) from problem
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as problem:
        raise PolicyError(["The text is not YAML."]) from problem
    if not isinstance(source, dict):
        raise PolicyError(["The policy is not a mapping of keys to values."])
    return source


_KINDS: dict[str, tuple[type, str]] = {
    "name": (str, "a text"),
    "version": (int, "a whole number"),
    "questions": (list, "a list"),
    "tiers": (list, "a list"),
    "facts": (dict, "a mapping"),
    "tracks": (dict, "a mapping"),
    "requirements": (dict, "a mapping"),
}


def _top(source: Mapping[str, object]) -> Problems:
    yield from _keys("", source, set(_KINDS), {"access"})
    for key, (kind, words) in _KINDS.items():
        value = source.get(key)
        if key not in source:
            continue
        if not isinstance(value, kind) or isinstance(value, bool):
            yield f"{key}: is not {words}."
        elif key != "facts" and not value:
            yield f"{key}: is empty."
    version = source.get("version")
    if isinstance(version, int) and version < 0:
        yield "version: counts from 1."


def _keys(place: str, item: Mapping[str, object], needed: set[str], allowed: set[str]) -> Problems:
    dot = f"{place}." if place else ""
    yield from (f"{dot}{key}: is missing." for key in sorted(needed - set(item)))
    yield from (f"{dot}{key}: there is no such key." for key in item if key not in needed | allowed)


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value) and len(set(value)) == len(value)


def _is_names(value: object) -> bool:
    """Whether the value maps words to words."""
    return isinstance(value, dict) and bool(value) and all(isinstance(word, str) and word for pair in value.items() for word in pair)


def _questions(items: object) -> Problems:
    seen = set()
    for number, item in enumerate(items if isinstance(items, list) else [], start=1):
        place = f"questions[{number}]"
        if not isinstance(item, dict):
            yield f"{place}: is not a mapping."
            continue
        yield from _keys(place, item, {"key", "title", "help", "options"}, set())
        yield from (f"{place}.{key}: is not a text." for key in ("key", "title", "help") if key in item and not isinstance(item[key], str))
        if "options" in item and not _is_names(item["options"]):
            yield f'{place}.options: is not a mapping of values to words (quote "yes" and "no").'
        if str(item.get("key")) in seen or str(item.get("key")).startswith(_FACT):
            yield f"{place}.key: {item.get('key')!r} is taken."
        seen.add(str(item.get("key")))


def _facts(facts: object) -> Problems:
    for name, values in (facts if isinstance(facts, dict) else {}).items():
        if not isinstance(name, str) or not values or not _is_words(values):
            yield f'facts.{name}: is not a list of words (quote "yes" and "no").'


def _tracks(tracks: object) -> Problems:
    if not _is_names(tracks):
        yield "tracks: is not a mapping of keys to titles."


def _access(item: object) -> Problems:
    """Say what is wrong with the terms of access; whatever they leave out has a default."""
    if not isinstance(item, dict):
        yield "access: is not a mapping."
        return
    yield from _keys("access", item, set(), set(_ACCESS))
    wrong = list(_numbers_of_days("access", item, _ACCESS))
    yield from wrong
    longest, usual = item.get("longest_days"), item.get("default_days")
    if not wrong and longest is not None and usual is not None and usual > longest:
        yield f"access.default_days: {usual} is more than longest_days, {longest}."


def _names(source: Mapping[str, object]) -> dict[str, set[str]]:
    """Return what a condition may name, with the values it may have."""
    questions, facts = source["questions"], source["facts"]
    names = {}
    for item in questions if isinstance(questions, list) else []:
        if isinstance(item, dict) and _is_names(item.get("options")):
            names[str(item.get("key"))] = set(item["options"])
    for name, values in (facts if isinstance(facts, dict) else {}).items():
        if _is_words(values):
            names[f"{_FACT}{name}"] = set(values)
    return names


def _rules(items: object, names: Mapping[str, set[str]]) -> Problems:
    rules = items if isinstance(items, list) else []
    for number, item in enumerate(rules, start=1):
        place = f"tiers[{number}]"
        if not isinstance(item, dict):
            yield f"{place}: is not a mapping."
            continue
        yield from _rule(place, item)
        yield from _conditions(f"{place}.when", item.get("when", {}), names)
        if not item.get("when") and number < len(rules):
            yield f"{place}: has no condition, so the rules after it never apply."
    if rules and isinstance(rules[-1], dict) and rules[-1].get("when"):
        yield f"tiers[{len(rules)}]: the last rule must have no condition, so that every use gets a tier."


def _rule(place: str, item: Mapping[str, object]) -> Problems:
    yield from _keys(place, item, {"tier", "because"}, {"when", "blocked"})
    if "tier" in item and item["tier"] not in _TIERS:
        yield f"{place}.tier: {item['tier']!r} is not one of {', '.join(_TIERS)}."
    if "because" in item and not (isinstance(item["because"], str) and item["because"].strip()):
        yield f"{place}.because: is not a sentence."
    if not isinstance(item.get("blocked", False), bool):
        yield f"{place}.blocked: is not true or false."


def _conditions(place: str, when: object, names: Mapping[str, set[str]]) -> Problems:
    if not isinstance(when, dict):
        yield f"{place}: is not a mapping of questions to values."
        return
    for name, values in when.items():
        if name not in names:
            yield f"{place}.{name}: there is no such question or fact."
        elif not values or not _is_words(values):
            yield f"{place}.{name}: is not a list of different values."
        else:
            yield from (f"{place}.{name}: {value!r} is not one of its options." for value in values if value not in names[name])


def _requirements(items: object, tracks: object) -> Problems:
    tiers = items if isinstance(items, dict) else {}
    yield from _keys("requirements", tiers, set(_TIERS), set())
    for tier in _TIERS:
        item, place = tiers.get(tier), f"requirements.{tier}"
        if item is None:
            continue
        if not isinstance(item, dict):
            yield f"{place}: is not a mapping."
            continue
        yield from _keys(place, item, _NEEDED, {"fallback_tracks", "auto_approve_below"})
        yield from _quorums(f"{place}.tracks", item.get("tracks", {}), tracks)
        yield from _quorums(f"{place}.fallback_tracks", item.get("fallback_tracks", {}), tracks)
        yield from _numbers_of_days(place, item, _DAYS)
        yield from _waivers(place, item)
        yield from _automatic(place, tier, item)


def _quorums(place: str, needs: object, tracks: object) -> Problems:
    if not isinstance(needs, dict):
        yield f"{place}: is not a mapping of tracks to numbers of people."
        return
    for track, quorum in needs.items():
        if not isinstance(tracks, dict) or track not in tracks:
            yield f"{place}.{track}: there is no such track."
        if isinstance(quorum, bool) or not isinstance(quorum, int) or not 1 <= quorum <= 20:
            yield f"{place}.{track}: {quorum!r} is not a number of people from 1 to 20."


def _numbers_of_days(place: str, item: Mapping[str, object], bounds: Mapping[str, tuple[int, int]]) -> Problems:
    for key, (least, most) in bounds.items():
        value = item.get(key, least)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            yield f"{place}.{key}: {value!r} is not a number of days from {least} to {most}."


def _waivers(place: str, item: Mapping[str, object]) -> Problems:
    possible, needed = item.get("waivers", []), item.get("waiver_needed", [])
    for key, value in (("waivers", possible), ("waiver_needed", needed)):
        if not _is_words(value):
            yield f"{place}.{key}: is not a list of different words."
    if _is_words(possible) and isinstance(possible, list) and isinstance(needed, list):
        yield from (f"{place}.waiver_needed: {matter!r} is not among the waivers." for matter in needed if matter not in possible)


def _automatic(place: str, tier: str, item: Mapping[str, object]) -> Problems:
    limit = item.get("auto_approve_below")
    if limit is not None and tier != "T4":
        yield f"{place}.auto_approve_below: only T4 may be approved without a person."
    if limit is not None and limit not in _SEVERITIES:
        yield f"{place}.auto_approve_below: {limit!r} is not one of {', '.join(_SEVERITIES)}."
    if not item.get("tracks") and not (limit and item.get("fallback_tracks")):
        yield f"{place}.tracks: nobody would decide; name a track, or auto_approve_below with fallback_tracks."
