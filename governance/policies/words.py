"""A policy in words, for people who do not read YAML; pure."""

from dataclasses import dataclass

from governance.policies.rules import AccessTerms, Policy, Requirements, Rule, Tier, TrackNeed


@dataclass(frozen=True)
class TierWords:
    """What a tier asks, in sentences."""

    tier: Tier
    agree: str
    limits: tuple[str, ...]


@dataclass(frozen=True)
class RuleWords:
    """A rule of tiering, in a sentence."""

    tier: Tier
    when: str
    because: str
    blocked: bool


def tiers_in_words(policy: Policy) -> list[TierWords]:
    """Say of each tier who has to agree and what limits hold."""
    return [TierWords(tier, _agree(needed), _limits(needed)) for tier, needed in policy.requirements]


def rules_in_words(policy: Policy) -> list[RuleWords]:
    """Say each rule of tiering in its order: the first that holds decides."""
    return [RuleWords(rule.tier, _when(rule, policy), rule.because, rule.blocked) for rule in policy.rules]


def access_in_words(terms: AccessTerms) -> str:
    """Say how long access lasts and how soon a request is decided."""
    return (
        f"Access to a model is given for at most {_days(terms.longest_days, 'day')}, usually {_days(terms.default_days, 'day')}. "
        f"A request is decided within {_days(terms.decide_in_working_days, 'business day')}."
    )


def _agree(needed: Requirements) -> str:
    if needed.auto_approve_below:
        otherwise = f"; otherwise {_people(needed.tracks or needed.fallback_tracks)}"
        return f"Approved automatically when no finding is {needed.auto_approve_below} or worse{otherwise}."
    people = _people(needed.tracks or needed.fallback_tracks)
    return f"{people[:1].upper()}{people[1:]}."


def _people(tracks: tuple[TrackNeed, ...]) -> str:
    count = sum(track.quorum for track in tracks)
    names = ", ".join(f"{track.title} ({track.quorum})" if track.quorum > 1 else track.title for track in tracks)
    return f"{count} {'person has' if count == 1 else 'people have'} to agree: {names}"


def _limits(needed: Requirements) -> tuple[str, ...]:
    lines = [
        f"Decision within {_days(needed.decision_days, 'business day')}.",
        f"Valid for {_days(needed.valid_days, 'day')}.",
        f"After the end, registered production consumers may pull the same files again for {_days(needed.stop_grace_days, 'day')}."
        if needed.stop_grace_days
        else "After the end, nobody may pull it again.",
        f"A waiver is possible for: {_words(needed.waivers)}." if needed.waivers else "No waiver is possible.",
    ]
    if needed.waiver_needed:
        lines.append(f"A waiver is needed for: {_words(needed.waiver_needed)}.")
    return tuple(lines)


def _days(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _words(keys: frozenset[str]) -> str:
    return ", ".join(sorted(key.replace("_", " ") for key in keys))


def _when(rule: Rule, policy: Policy) -> str:
    if not rule.when:
        return "In all other cases"
    return "; ".join(f"{_title(name, policy)}: {' or '.join(_options(name, values, policy))}" for name, values in rule.when)


def _title(name: str, policy: Policy) -> str:
    question = next((question for question in policy.questions if question.key == name), None)
    return question.title.rstrip("?") if question else name.removeprefix("fact.").replace("_", " ").capitalize()


def _options(name: str, values: frozenset[str], policy: Policy) -> list[str]:
    """The words of the options, in the order of the question."""
    question = next((question for question in policy.questions if question.key == name), None)
    if question is None:
        return sorted(values)
    return [words for value, words in question.options if value in values]
